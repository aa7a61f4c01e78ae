//! A link through shared memory in a program of tokio. It has no descriptor that a runtime could watch: its sleepers wait
//! in `futex(2)`. So each half has a thread, and a channel leads from there to the tasks.
//!
//! ```text
//! $ cargo run -p ipc-shm --example shm_tokio
//! ```

use std::error::Error;
use std::thread;
use std::time::Duration;

use ipc_shm::{Mechanism, Receiver, Result, Ring, Sender, Setup, Split};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

const TIMEOUT: Duration = Duration::from_secs(5);

/// Plays the peer, which in earnest is another process: sends everything back in capitals.
fn shout(address: &str) -> Result<()> {
    let mut link = Ring::join(address, &Setup::default(), TIMEOUT)?;
    let mut buffer = [0; 100];
    while let Ok(len) = link.recv(&mut buffer) {
        buffer.make_ascii_uppercase();
        link.send(&buffer[..len])?;
    }
    Ok(())
}

/// Asks by a sender in one thread, and receives the answers from a receiver in another.
#[tokio::main(flavor = "current_thread")]
async fn main() -> std::result::Result<(), Box<dyn Error>> {
    let mut meeting = Ring::create(None, &Setup::default())?;
    let address = meeting.address();
    let peer = thread::spawn(move || shout(&address));
    // ANCHOR: threads
    let (mut sender, mut receiver) = meeting.accept(TIMEOUT)?.split();
    let (ask, mut questions) = mpsc::channel::<String>(16);
    let sending = spawn_blocking(move || -> Result<()> {
        while let Some(question) = questions.blocking_recv() {
            sender.send(question.as_bytes())?;
        }
        Ok(()) // the sender is dropped here: the peer learns that no more questions will come
    });
    let (tell, mut answers) = mpsc::channel(16);
    let receiving = spawn_blocking(move || -> Result<()> {
        for answer in receiver.messages() {
            if tell.blocking_send(answer?).is_err() {
                break; // no task wants it any more
            }
        }
        Ok(())
    });
    // ANCHOR_END: threads

    for question in ["one", "two", "three"] {
        ask.send(question.into()).await?;
    }
    drop(ask);
    while let Some(answer) = answers.recv().await {
        println!("{}", String::from_utf8_lossy(&answer));
    }
    sending.await??;
    receiving.await??;
    peer.join().expect("it does not panic")?;
    Ok(())
}
