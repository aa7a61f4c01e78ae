//! # A private place (mend, 20 minutes)
//!
//! The program makes a FIFO, prints its path, reads one line from it and removes it. It makes it with a fixed name, with
//! the mode 0666, in a folder in which every user may make files (`/tmp`; the tests give it another one). Three things go
//! wrong with that:
//! - A second copy of the program finds the name taken, or worse, reads the line that was meant for the first one.
//! - Any user can write into it.
//! - Another user who knows the name can put something there *first*: a link to a file of yours, or a FIFO.
//!
//! **Goal**: `fifo_private FOLDER` makes the FIFO in a fresh folder of its own inside `FOLDER`. That folder has the mode 0700 and a
//! name that cannot be predicted, the FIFO has the mode 0600. At the end both are gone.
//!
//! Read: the book, *FIFO*, "Two names in a directory"; `mkdtemp(3)` (`nix::unistd::mkdtemp`), `umask(2)`.
//!
//! Run it: `cargo run -p course -- run fifo_private`

use std::fs::{self, File, Permissions};
use std::io::{self, BufRead, BufReader};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::errno::Errno;
use nix::sys::stat::Mode;
use nix::unistd::mkfifo;

fn main() -> io::Result<()> {
    let folder =
        PathBuf::from(std::env::args_os().nth(1).ok_or_else(|| io::Error::other("a folder, please"))?);
    let fifo = make(&folder)?;
    let name = fifo.clone();
    give_up_after(Duration::from_secs(10), move || clean_up(&name));

    println!("{}", fifo.display());
    let mut line = String::new();
    BufReader::new(File::open(&fifo)?).read_line(&mut line)?;
    println!("read: {}", line.trim());
    clean_up(&fifo);
    Ok(())
}

/// Makes the FIFO, and returns its path.
fn make(folder: &Path) -> io::Result<PathBuf> {
    // TODO: a name that others know, in a place where others can write, open for every user.
    let fifo = folder.join("course.fifo");
    match mkfifo(&fifo, Mode::from_bits_truncate(0o666)) {
        Ok(()) => fs::set_permissions(&fifo, Permissions::from_mode(0o666))?,
        Err(Errno::EEXIST) => {} // another process has made it already: good
        Err(errno) => return Err(errno.into()),
    }
    Ok(fifo)
}

/// Removes what `make` has made.
fn clean_up(fifo: &Path) {
    // TODO: a folder, too?
    let _ = fs::remove_file(fifo);
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration, clean_up: impl FnOnce() + Send + 'static) {
    thread::spawn(move || {
        thread::sleep(limit);
        clean_up();
        eprintln!("gave up: no line arrived");
        std::process::exit(3);
    });
}
