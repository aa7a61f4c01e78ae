//! # A path that was left: solved
//!
//! Only connecting tells whether a server listens at a path. Removing the path before each `bind`, as is often seen,
//! takes it from a server that is alive: its clients then reach the new one, and it waits forever.

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::fs::FileTypeExt;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::thread;
use std::time::Duration;

fn main() -> io::Result<()> {
    let path = std::env::args().nth(1).expect("usage: stale_path PATH");
    let path = Path::new(&path);
    give_up_after(Duration::from_secs(20));
    let listener = listen(path)?;
    println!("listening");
    serve(&listener)?;
    std::fs::remove_file(path)
}

/// Listens at `path`, even if a dead server has left it.
fn listen(path: &Path) -> io::Result<UnixListener> {
    match UnixListener::bind(path) {
        Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_abandoned(path)? => {
            // Between the question and this line another server may have come. Where that matters, hold a lock
            // (`flock` of a file beside it) from before the question to behind the bind.
            std::fs::remove_file(path)?;
            UnixListener::bind(path)
        }
        bound => bound,
    }
}

/// Whether the path is that of a socket without a listener.
fn is_abandoned(path: &Path) -> io::Result<bool> {
    // First: to connect to a file that is no socket is refused in the same words.
    if !std::fs::symlink_metadata(path)?.file_type().is_socket() {
        return Ok(false);
    }
    match UnixStream::connect(path) {
        Ok(_) => Ok(false), // a server is there; we hang up again
        Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => Ok(true),
        Err(error) => Err(error),
    }
}

/// Answers each caller, until one says stop.
fn serve(listener: &UnixListener) -> io::Result<()> {
    for caller in listener.incoming() {
        let mut caller = caller?;
        let mut line = String::new();
        BufReader::new(&caller).read_line(&mut line)?;
        if line == "stop\n" {
            return Ok(());
        }
        // A caller who has gone already does not matter.
        let _ = writeln!(caller, "process {} is here", std::process::id());
    }
    Ok(())
}

/// So that a mistake does not leave a process behind. Not a part of the exercise.
fn give_up_after(limit: Duration) {
    thread::spawn(move || {
        thread::sleep(limit);
        eprintln!("gave up");
        std::process::exit(3);
    });
}
