//! The smallest pipe: a parent writes, its child reads. Three system calls: `pipe2`, `write`, `read`.

use std::env;
use std::error::Error;
use std::io;
use std::process::{Command, Stdio};

use nix::fcntl::OFlag;
use nix::unistd::{pipe2, read, write};

fn main() -> Result<(), Box<dyn Error>> {
    if env::args().nth(1).as_deref() == Some("child") {
        // The child finds the read end as its standard input.
        let mut buffer = [0; 64];
        let len = read(io::stdin(), &mut buffer)?;
        println!("the child read: {}", str::from_utf8(&buffer[..len])?);
        return Ok(());
    }
    let (read_end, write_end) = pipe2(OFlag::O_CLOEXEC)?;
    let this = env::current_exe()?;
    let mut child = Command::new(this).arg("child").stdin(Stdio::from(read_end)).spawn()?;
    write(&write_end, b"hello from the parent")?;
    child.wait()?;
    Ok(())
}
