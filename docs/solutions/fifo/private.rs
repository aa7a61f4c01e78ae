//! # A private place: solved

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use nix::sys::stat::Mode;
use nix::unistd::{mkdtemp, mkfifo};

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
    // `mkdtemp` makes the folder, with the mode 0700, under a name that was not there. Both in one call: to look first and
    // to make it then would leave a moment for another user.
    let private = mkdtemp(&folder.join("fifo-XXXXXX"))?;
    // Inside, no other user can make, change or even find anything. So a fixed name is good enough here, and it does not
    // matter that the umask could take bits away: it cannot take these two from ourselves, unless it is a very odd one.
    let fifo = private.join("line");
    mkfifo(&fifo, Mode::S_IRUSR | Mode::S_IWUSR)?;
    // No `EEXIST => {}`: in a fresh folder nothing can be there. An error that cannot happen is still an error.
    Ok(fifo)
}

/// Removes what `make` has made.
fn clean_up(fifo: &Path) {
    let _ = fs::remove_file(fifo);
    if let Some(private) = fifo.parent() {
        let _ = fs::remove_dir(private); // only if it is empty: never more than we have made
    }
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
