//! A queue and a socket in one task of tokio.
//!
//! ```text
//! $ cargo run -p ipc-msgq --example tokio
//! ```

use std::error::Error;

use ipc_msgq::{Message, MessageType, Queue, Readiness, Select};
use tokio::io::unix::AsyncFd;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::UnixStream;

/// Waits for a message. If the future is dropped before it is ready, as `select!` does, no message was taken.
// ANCHOR: recv
async fn recv(queue: &AsyncFd<Readiness>, message: &mut Message) -> ipc_core::Result<()> {
    loop {
        let mut guard = queue.readable().await.expect("the runtime is there");
        if queue.get_ref().try_recv(message)?.is_some() {
            return Ok(());
        }
        guard.clear_ready(); // empty: wait for the next edge
    }
}
// ANCHOR_END: recv

/// Receives from both until the socket is closed and the message `end` has come from the queue.
#[tokio::main(flavor = "current_thread")]
pub async fn main() -> Result<(), Box<dyn Error>> {
    let queue = Queue::private(0o600)?.owned();
    // Since tokio 1.54 there is `register` for this. It is `unsafe`, since a descriptor must not be closed or replaced
    // while it is registered. A `Readiness` never does that to its own.
    #[allow(deprecated)]
    let readiness = AsyncFd::new(queue.readiness(Select::Any)?)?;
    let (mut here, mut there) = UnixStream::pair()?;

    let sender = *queue;
    let sending = tokio::spawn(async move {
        for text in ["one", "two", "three", "end"] {
            // Only `try_send` here: a waiting call would block every task of this thread.
            while sender.try_send(&Message::new(MessageType::ONE, text.as_bytes()))?.is_none() {
                tokio::task::yield_now().await;
            }
            there.write_all(text.as_bytes()).await.expect("the socket is open");
        }
        Ok::<(), ipc_core::Error>(())
    });

    let (mut message, mut bytes) = (Message::with_capacity(100), [0; 100]);
    let (mut queue_open, mut socket_open) = (true, true);
    // ANCHOR: select
    while queue_open || socket_open {
        tokio::select! {
            received = recv(&readiness, &mut message), if queue_open => {
                received?;
                let text = String::from_utf8_lossy(message.text());
                println!("queue:  {text}");
                queue_open = text != "end";
            }
            len = here.read(&mut bytes), if socket_open => match len? {
                0 => socket_open = false,
                len => println!("socket: {}", String::from_utf8_lossy(&bytes[..len])),
            },
        }
    }
    // ANCHOR_END: select
    sending.await??;
    Ok(())
}
