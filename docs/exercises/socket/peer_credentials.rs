//! # Who is it? (write, 20 minutes)
//!
//! A server listens at a path and tells each caller who it is. The caller may say what it likes; the server asks the
//! kernel, which knows.
//!
//! **Goal**: write `who` and `may_enter`. The option of the socket is called `SO_PEERCRED`; in the crate `nix` it is
//! `nix::sys::socket::getsockopt(&stream, nix::sys::socket::sockopt::PeerCredentials)`.
//!
//! Read: `man 7 unix` (SO_PEERCRED); the book, *Socket*, "The code: to meet" (who is let in).
//! Try: `socket_peer_credentials server /tmp/my-door` in one terminal, and in another
//! `socket_peer_credentials client /tmp/my-door "I am root"`.
//!
//! Run it: `cargo run -p course -- run socket_peer_credentials`

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

/// The kernel's knowledge of the process at the other end.
struct Peer {
    process: i32,
    user: u32,
}

fn main() -> io::Result<()> {
    give_up_after(Duration::from_secs(20));
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["server", path] => server(path, None),
        ["server", path, user] => server(path, Some(user.parse().expect("the number of a user"))),
        ["client", path, claim] => client(path, claim),
        _ => panic!("usage: peer_credentials server PATH [USER] | client PATH CLAIM"),
    }
}

/// Tells each caller who it is, whatever it claims to be. With `only`, callers of other users are refused.
fn server(path: &str, only: Option<u32>) -> io::Result<()> {
    let listener = UnixListener::bind(path)?;
    println!("listening");
    for caller in listener.incoming() {
        let mut caller = caller?;
        let mut claim = String::new();
        BufReader::new(&caller).read_line(&mut claim)?;
        let peer = who(&caller)?;
        let answer = if may_enter(&peer, only) {
            format!("you are process {} of user {}", peer.process, peer.user)
        } else {
            "not for you".to_owned()
        };
        // A caller who has gone already does not matter.
        let _ = writeln!(caller, "{answer}");
    }
    Ok(())
}

/// The process at the other end.
fn who(stream: &UnixStream) -> io::Result<Peer> {
    // TODO: ask the kernel.
    let _ = stream;
    Ok(Peer { process: 0, user: 0 })
}

/// Whether this peer may come in, if `only` one user may.
fn may_enter(peer: &Peer, only: Option<u32>) -> bool {
    // TODO
    let _ = (peer, only);
    true
}

fn client(path: &str, claim: &str) -> io::Result<()> {
    let mut server = UnixStream::connect(path)?;
    writeln!(server, "{claim}")?;
    let mut answer = String::new();
    BufReader::new(server).read_line(&mut answer)?;
    print!("{answer}");
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
