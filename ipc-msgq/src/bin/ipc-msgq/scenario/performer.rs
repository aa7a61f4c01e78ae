//! A process of a scenario, from the inside: the calls that it makes on the queue.

use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;

use ipc_core::{Call, Error, Result};
use ipc_demo::scenario::{self, Value};
use ipc_msgq::{Drain, Message, MessageType, Queue, QueueId, Select};
use nix::errno::Errno;
use signal_hook::consts::SIGUSR1;

use super::step::{Flag, Step, Wanted};

/// A process that knows the id of the queue.
pub struct Performer(Queue);

impl scenario::Performer for Performer {
    type Start = i32;

    type Step = Step;

    fn enter(id: i32, _: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self(Queue::from_id(QueueId::new(id))))
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        let queue = self.0;
        Ok(match step {
            Step::Get { key } => Value::number(Queue::open_or_create(key.parse()?, 0o600)?.id().get().into()),
            Step::Send { kind, text, flag } => send(queue, &message(kind, &text)?, flag)?,
            Step::Receive { wanted, room, flag } => receive(queue, wanted, room, flag)?,
            Step::Remove => queue.remove().map(|()| Value::default())?,
            Step::Drain { limit } => match queue.close_and_drain(limit)? {
                Drain::Drained => Value::number(0),
                Drain::NotDrained { messages, .. } => Value::number(messages as i64),
            },
            // signal-hook installs its handlers with SA_RESTART.
            Step::HandleUsr1 => {
                signal_hook::flag::register(SIGUSR1, Arc::new(AtomicBool::new(false))).call("sigaction")?;
                Value::default()
            }
            Step::Serve { clients } => serve(queue, clients)?,
            Step::Exchange { to, from, count, receives_meanwhile } => {
                exchange(queue, kind(to)?, kind(from)?, count, receives_meanwhile)?
            }
        })
    }
}

fn send(queue: Queue, message: &Message, flag: Flag) -> Result<Value> {
    if flag == Flag::NoWait {
        queue.try_send(message)?.ok_or(Errno::EAGAIN).call("msgsnd")?;
    } else {
        queue.send(message)?;
    }
    Ok(Value::default())
}

fn receive(queue: Queue, wanted: Wanted, room: usize, flag: Flag) -> Result<Value> {
    let select = wanted.select()?;
    let mut message = match flag {
        Flag::NoError => Message::truncating(room),
        Flag::None | Flag::NoWait => Message::with_capacity(room),
    };
    if flag == Flag::NoWait {
        queue.try_recv(select, &mut message)?.ok_or(Errno::ENOMSG).call("msgrcv")?;
    } else {
        queue.recv(select, &mut message)?;
    }
    let is_cut = message.is_truncated();
    Ok(Value { is_cut, ..Value::received(message.kind().get(), message.text()) })
}

/// Starts a thread for each client, as in the course: a client sends with an odd type and receives the even one after
/// it.
fn serve(queue: Queue, clients: i64) -> Result<Value> {
    let serve_one = |client: i64| {
        let [request, answer] =
            [2 * client - 1, 2 * client].map(|kind| MessageType::new(kind).expect("above 0"));
        let mut message = Message::with_capacity(100);
        for served in 0.. {
            queue.recv(request, &mut message)?;
            if message.text() == b"bye" {
                return Ok(served);
            }
            let text = [b"you said ", message.text()].concat();
            queue.send(&Message::new(answer, &text))?;
        }
        unreachable!("a client says bye")
    };
    let served: Result<Vec<i64>> = thread::scope(|scope| {
        let threads: Vec<_> = (1..=clients).map(|client| scope.spawn(move || serve_one(client))).collect();
        threads.into_iter().map(|thread| thread.join().expect("the thread does not panic")).collect()
    });
    Ok(Value::number(served?.iter().sum()))
}

/// Sends `count` messages to the other side and receives as many.
fn exchange(
    queue: Queue,
    to: MessageType,
    from: MessageType,
    count: i64,
    receives_meanwhile: bool,
) -> Result<Value> {
    let message = Message::new(to, &[b'x'; 512]);
    let mut buffer = Message::with_capacity(512);
    let (mut sent, mut received) = (0, 0);
    while !receives_meanwhile && sent < count {
        queue.send(&message)?;
        sent += 1;
    }
    while sent < count || received < count {
        if sent < count && queue.try_send(&message)?.is_some() {
            sent += 1;
        } else if sent == count {
            queue.recv(from, &mut buffer)?; // nothing else is left to do, so it may wait
            received += 1;
        } else if queue.try_recv(from, &mut buffer)?.is_some() {
            received += 1;
        } else {
            thread::sleep(std::time::Duration::from_millis(1)); // full of messages for the other side
        }
    }
    Ok(Value::number(received))
}

fn message(number: i64, text: &str) -> Result<Message> {
    Ok(Message::new(kind(number)?, text.as_bytes()))
}

fn kind(number: i64) -> Result<MessageType> {
    MessageType::new(number).ok_or_else(|| Error::Usage(format!("invalid message type '{number}'")))
}

impl Wanted {
    fn select(self) -> Result<Select> {
        Ok(match self {
            Self::Any => Select::Any,
            Self::Exactly(number) => Select::Exactly(kind(number)?),
            Self::UpTo(number) => Select::UpTo(kind(number)?),
            Self::Except(number) => Select::Except(kind(number)?),
        })
    }
}
