//! The smallest use of a message queue: a parent sends a message to its child, which answers and ends.
//!
//! ```console
//! $ cargo run -p ipc-msgq --no-default-features --example msgq_smallest
//! HELLO
//! ```

use std::error::Error;
use std::process::Command;

use ipc_msgq::{Message, MessageType, Queue, QueueId};

fn main() -> Result<(), Box<dyn Error>> {
    let [request, answer] = [1, 2].map(|number| MessageType::new(number).expect("1 or more"));
    let mut message = Message::with_capacity(100);
    if let Some(id) = std::env::args().nth(1) {
        let queue = Queue::from_id(QueueId::new(id.parse()?)); // the child: the id means the same in every process
        queue.recv(request, &mut message)?; // msgrcv(2)
        queue.send(&Message::new(answer, &message.text().to_ascii_uppercase()))?; // msgsnd(2)
        return Ok(());
    }
    let queue = Queue::private(0o600)?.owned(); // msgget(2); removed by msgctl(2) when this is dropped
    let mut child = Command::new(std::env::current_exe()?).arg(queue.id().to_string()).spawn()?;
    queue.send(&Message::new(request, b"hello"))?;
    child.wait()?;
    queue.try_recv(answer, &mut message)?.ok_or("no answer")?; // it outlives its sender, in the queue
    println!("{}", String::from_utf8_lossy(message.text()));
    Ok(())
}
