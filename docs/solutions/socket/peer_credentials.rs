//! # Who is it?: solved
//!
//! The kernel notes who connects, when it connects. The caller cannot change it, and need not say anything. (The process
//! may end, and its number may be given to another one: the *user* is what to decide by.)

use std::io::{self, BufRead, BufReader, Write};
use std::os::unix::net::{UnixListener, UnixStream};
use std::thread;
use std::time::Duration;

use nix::sys::socket::{getsockopt, sockopt};

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
    // int getsockopt(fd, SOL_SOCKET, SO_PEERCRED, struct ucred *, socklen_t *)
    let credentials = getsockopt(stream, sockopt::PeerCredentials)?;
    Ok(Peer { process: credentials.pid(), user: credentials.uid() })
}

/// Whether this peer may come in, if `only` one user may.
fn may_enter(peer: &Peer, only: Option<u32>) -> bool {
    only.is_none_or(|user| user == peer.user)
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
