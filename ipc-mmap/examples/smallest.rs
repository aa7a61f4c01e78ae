//! The smallest memory map: one process maps a file and stores a number, another process maps the file and loads it.
//! The system calls: `openat`, `ftruncate`, `mmap`, `munmap`, `unlink`; for the number itself there is none.

#[path = "smallest/sys.rs"]
mod sys;

use std::env;
use std::error::Error;
use std::fs::File;
use std::process::Command;
use std::sync::atomic::Ordering;

use sys::Number;

fn main() -> Result<(), Box<dyn Error>> {
    if let Some(path) = env::args().nth(1) {
        // The other process: it starts after the number was stored, so there is nothing to wait for.
        let number = Number::map(&File::options().read(true).write(true).open(path)?)?;
        println!("the second process loaded: {}", number.get().load(Ordering::Relaxed));
        return Ok(());
    }
    let file = tempfile::NamedTempFile::new()?; // a fresh name for this user alone, removed in the end
    file.as_file().set_len(8)?;
    let number = Number::map(file.as_file())?;
    number.get().store(42, Ordering::Relaxed);
    let mut second = Command::new(env::current_exe()?).arg(file.path()).spawn()?;
    second.wait()?;
    Ok(())
}
