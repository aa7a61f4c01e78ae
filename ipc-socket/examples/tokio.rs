//! Both halves of a link in tasks of tokio. The same works for every half that has a descriptor: that of a pipe, a FIFO,
//! a socket or a POSIX queue.
//!
//! ```text
//! $ cargo run -p ipc-socket --example socket_tokio
//! ```

use std::error::Error as AnyError;
use std::os::fd::AsRawFd;
use std::thread;
use std::time::Duration;

use ipc_socket::{Error, Mechanism, Receiver, Result, Sender, Setup, Split, UnixStream};
use tokio::io::unix::AsyncFd;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Sends a message; other tasks run while there is no room for it. Await it to its end: if the future is dropped, part
/// of a long message may have been sent, and the same one has to follow.
// ANCHOR: send
async fn send<S: Sender + AsRawFd>(half: &mut AsyncFd<S>, message: &[u8]) -> Result<()> {
    while half.get_mut().try_send(message)?.is_none() {
        // Not now: whatever made the descriptor ready before has been used up, so wait for the next edge.
        half.writable_mut().await.expect("the runtime is there").clear_ready();
    }
    Ok(())
}
// ANCHOR_END: send

/// Receives a message; other tasks run until it comes. If the future is dropped before it is ready, as `select!` does,
/// no message was taken.
// ANCHOR: recv
async fn recv<R: Receiver + AsRawFd>(half: &mut AsyncFd<R>, buffer: &mut [u8]) -> Result<usize> {
    loop {
        // First of all: one read may have brought several messages, and then the descriptor is not ready any more.
        if let Some(len) = half.get_mut().try_recv(buffer)? {
            return Ok(len);
        }
        half.readable_mut().await.expect("the runtime is there").clear_ready();
    }
}
// ANCHOR_END: recv

/// Registers a half. A descriptor must not be closed or replaced meanwhile, which a half never does to its own.
fn register<H: AsRawFd>(half: H) -> std::io::Result<AsyncFd<H>> {
    #[allow(deprecated)] // since tokio 1.54 there is `register`, which is `unsafe` for that reason
    AsyncFd::new(half)
}

/// Plays the peer, which in earnest is another process: sends everything back in capitals.
fn shout(address: &str) -> Result<()> {
    let mut link = UnixStream::join(address, &Setup::default(), TIMEOUT)?;
    let mut buffer = [0; 100];
    while let Ok(len) = link.recv(&mut buffer) {
        buffer.make_ascii_uppercase();
        link.send(&buffer[..len])?;
    }
    Ok(())
}

/// Asks in one task, and receives the answers in another.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn AnyError>> {
    let mut meeting = UnixStream::create(None, &Setup::default())?;
    let address = meeting.address();
    let peer = thread::spawn(move || shout(&address));
    let (sender, receiver) = meeting.accept(TIMEOUT)?.split();
    let (mut sender, mut receiver) = (register(sender)?, register(receiver)?);

    let asking = tokio::spawn(async move {
        for question in ["one", "two", "three"] {
            send(&mut sender, question.as_bytes()).await?;
        }
        Ok::<(), Error>(()) // the sender is dropped here: the peer learns that no more questions will come
    });
    let mut buffer = [0; 100];
    loop {
        match recv(&mut receiver, &mut buffer).await {
            Err(Error::Disconnected) => break, // the peer has answered everything, and left
            len => println!("{}", String::from_utf8_lossy(&buffer[..len?])),
        }
    }
    asking.await??;
    peer.join().expect("it does not panic")?;
    Ok(())
}
