//! A queue and a socket in one `poll(2)`.
//!
//! ```text
//! $ cargo run -p ipc-msgq --example poll
//! ```

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::os::fd::AsFd;
use std::os::unix::net::UnixStream;
use std::thread;

use ipc_msgq::{Message, MessageType, Queue, Select};
use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

/// Receives from both until the socket is closed and the message `end` has come from the queue.
pub fn main() -> Result<(), Box<dyn Error>> {
    let queue = Queue::private(0o600)?.owned();
    let readiness = queue.readiness(Select::Any)?;
    let (mut here, mut there) = UnixStream::pair()?;
    here.set_nonblocking(true)?;

    thread::scope(|scope| {
        scope.spawn(|| {
            for text in ["one", "two", "three", "end"] {
                queue.send(&Message::new(MessageType::ONE, text.as_bytes())).expect("the queue is there");
                if text != "end" {
                    there.write_all(text.as_bytes()).expect("the socket is open");
                }
            }
            there.shutdown(std::net::Shutdown::Both).expect("the socket is open");
        });

        let (mut message, mut bytes) = (Message::with_capacity(100), [0; 100]);
        let (mut queue_open, mut socket_open) = (true, true);
        // ANCHOR: loop
        while queue_open || socket_open {
            let wanted = if socket_open { PollFlags::POLLIN } else { PollFlags::empty() };
            let mut fds =
                [PollFd::new(readiness.as_fd(), PollFlags::POLLIN), PollFd::new(here.as_fd(), wanted)];
            match poll(&mut fds, PollTimeout::NONE) {
                Err(Errno::EINTR) => continue,
                ready => ready?,
            };
            // Called even if only the socket was ready: `try_recv` costs nothing while there is no message.
            while readiness.try_recv(&mut message)?.is_some() {
                let text = String::from_utf8_lossy(message.text());
                println!("queue:  {text}");
                queue_open &= text != "end";
            }
            match here.read(&mut bytes) {
                Ok(0) => socket_open = false,
                Ok(len) => println!("socket: {}", String::from_utf8_lossy(&bytes[..len])),
                Err(error) if error.kind() == ErrorKind::WouldBlock => {}
                Err(error) => return Err(error.into()),
            }
        }
        // ANCHOR_END: loop
        Ok(())
    })
}
