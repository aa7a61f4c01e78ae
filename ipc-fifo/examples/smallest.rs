//! The smallest FIFO: one process makes a name and writes, another process finds the name and reads. The system calls:
//! `mkfifo` (`mknodat`), `open`, `write`, `read`, `unlink`.

use std::env;
use std::error::Error;
use std::fs;
use std::process::Command;

use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(path) = env::args().nth(1) {
        // The other process: `open` waits until there is a writer, and the end of file comes when that closes.
        println!("the reader read: {}", fs::read_to_string(path)?);
        return Ok(());
    }
    let folder = tempfile::tempdir()?; // a fresh one for this user alone, removed in the end
    let path = folder.path().join("fifo");
    mkfifo(&path, Mode::S_IRUSR | Mode::S_IWUSR)?;
    let mut reader = Command::new(env::current_exe()?).arg(&path).spawn()?;
    fs::write(&path, "hello from the writer")?; // `open` waits until there is a reader
    reader.wait()?;
    Ok(())
}
