//! # A path that was left (mend, 20 minutes)
//!
//! A server listens at a path. It is killed, and cannot start again: "Address already in use". The path of a Unix socket
//! stays when the socket is gone.
//!
//! **Goal**: the server starts, whatever a dead one has left. But a server that is *alive* keeps its path, and the second
//! one fails; and a file that is no socket is not removed. When the server ends by itself, it leaves no path behind.
//!
//! Read: the book, *Socket*, "Pitfalls" (the address) and "Break it".
//! Try: `socket_stale_path /tmp/my-door` twice, with Ctrl-C in between.
//!
//! Run it: `cargo run -p course -- run socket_stale_path`

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::UnixListener;
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
    Ok(()) // TODO: what is left now?
}

/// Listens at `path`.
fn listen(path: &Path) -> io::Result<UnixListener> {
    // TODO: what if the path is there already? Is it a dead server's, a live server's, or something else?
    UnixListener::bind(path)
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
