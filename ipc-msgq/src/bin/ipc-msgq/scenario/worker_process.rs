//! A worker of a scenario: a helper process that executes steps and replies to each.

use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Result};
use ipc_demo::helper_process::Invitation;
use ipc_msgq::{Drain, Key, Message, MessageType, Queue, QueueId, Select};
use nix::errno::Errno;
use nix::unistd::geteuid;
use signal_hook::consts::SIGUSR1;

use super::reply::{CallResult, Reply};

/// The role of a worker; its argument is the id of the queue.
pub const WORKER: &str = "worker";

/// Runs a worker.
pub fn run(invitation: &Invitation) -> Result<()> {
    let queue = Queue::from_id(QueueId::new(invitation.argument()?));
    let mut guarded = Vec::new();
    let executed = execute_all(queue, &mut guarded);
    // The scenario is over, or its process is dead.
    guarded.into_iter().for_each(remove);
    match executed {
        Err(error) if error.errno() == Some(Errno::EPIPE) => Ok(()), // dead before it has read the reply
        executed => executed,
    }
}

/// Executes steps until no more come.
fn execute_all(queue: Queue, guarded: &mut Vec<(Key, QueueId)>) -> Result<()> {
    for step in Invitation::orders::<String>() {
        let started = Instant::now();
        let result = execute(queue, &step?, guarded).or_else(|error| match error.errno() {
            Some(errno) => Ok(CallResult::Refused(format!("{errno:?}"))),
            None => Err(error),
        })?;
        Invitation::answer(&Reply { took: started.elapsed(), result })?;
    }
    Ok(())
}

fn execute(queue: Queue, step: &str, guarded: &mut Vec<(Key, QueueId)>) -> Result<CallResult> {
    let words: Vec<&str> = step.splitn(3, ' ').collect();
    Ok(match words[..] {
        ["guard", key, id] => {
            guarded.push((key.parse()?, QueueId::new(number(id)?)));
            CallResult::Done(0)
        }
        ["open", key] => CallResult::Done(Queue::open_or_create(key.parse()?, 0o600)?.id().get().into()),
        ["send", kind, text] => {
            queue.send(&message(kind, text)?)?;
            CallResult::Done(0)
        }
        ["try-send", kind, text] => {
            queue.try_send(&message(kind, text)?)?.map_or(CallResult::Full, |()| CallResult::Done(0))
        }
        ["recv", select, room] => received(queue, Message::with_capacity(number(room)?), select)?,
        ["recv-cut", select, room] => received(queue, Message::truncating(number(room)?), select)?,
        ["try-recv", select, room] => {
            let mut message = Message::with_capacity(number(room)?);
            queue
                .try_recv(parse(select)?, &mut message)?
                .map_or(CallResult::Nothing, |()| CallResult::got(&message))
        }
        // signal-hook installs its handlers with SA_RESTART.
        ["handle-usr1"] => {
            signal_hook::flag::register(SIGUSR1, Arc::new(AtomicBool::new(false))).call("sigaction")?;
            CallResult::Done(0)
        }
        ["serve", clients] => serve(queue, number(clients)?)?,
        ["exchange", how, count] => exchange(queue, how, number(count)?)?,
        ["remove"] => {
            queue.remove()?;
            CallResult::Done(0)
        }
        ["drain", milliseconds] => {
            match queue.close_and_drain(Duration::from_millis(number(milliseconds)?))? {
                Drain::Drained => CallResult::Done(0),
                Drain::NotDrained { messages, .. } => CallResult::Done(messages as i64),
            }
        }
        _ => return Err(Error::Usage(format!("invalid step '{step}'"))),
    })
}

fn received(queue: Queue, mut message: Message, select: &str) -> Result<CallResult> {
    queue.recv(parse(select)?, &mut message)?;
    Ok(CallResult::got(&message))
}

/// Starts a thread for each client, as in the course: a client sends with an odd type and receives the even one after
/// it.
fn serve(queue: Queue, clients: i64) -> Result<CallResult> {
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
    Ok(CallResult::Done(served?.iter().sum()))
}

/// Sends `count` messages to the other side and receives as many. The other side does the same.
fn exchange(queue: Queue, how: &str, count: i64) -> Result<CallResult> {
    let [to, from] = match how.chars().last() {
        Some('1') => [1, 2],
        _ => [2, 1],
    };
    let message = Message::new(kind(to)?, &[b'x'; 512]);
    let mut buffer = Message::with_capacity(512);
    let (mut sent, mut received) = (0, 0);
    if how.starts_with("naive") {
        while sent < count {
            queue.send(&message)?;
            sent += 1;
        }
    }
    while sent < count || received < count {
        if sent < count && queue.try_send(&message)?.is_some() {
            sent += 1;
        } else if sent == count {
            queue.recv(kind(from)?, &mut buffer)?; // nothing else is left to do, so it may wait
            received += 1;
        } else if queue.try_recv(kind(from)?, &mut buffer)?.is_some() {
            received += 1;
        } else {
            thread::sleep(Duration::from_millis(1)); // full of messages for the other side
        }
    }
    Ok(CallResult::Done(received))
}

/// Removes the queue of `key` if it exists, is this user's, and has this `id` where that is known.
fn remove((key, id): (Key, QueueId)) {
    if let Ok(queue) = Queue::open(key)
        && queue.id() == id
        && queue.stat().is_ok_and(|stat| stat.creator == geteuid().as_raw())
    {
        let _ = queue.remove(); // another process was faster
    }
}

fn message(kind: &str, text: &str) -> Result<Message> {
    Ok(Message::new(kind.parse()?, text.as_bytes()))
}

fn kind(number: i64) -> Result<MessageType> {
    MessageType::new(number).ok_or_else(|| Error::Usage(format!("invalid message type '{number}'")))
}

/// Parses `any`, `3`, `<=3` or `!3`.
fn parse(select: &str) -> Result<Select> {
    Ok(match (select.strip_prefix("<="), select.strip_prefix('!')) {
        _ if select == "any" => Select::Any,
        (Some(kind), _) => Select::UpTo(kind.parse()?),
        (_, Some(kind)) => Select::Except(kind.parse()?),
        _ => Select::Exactly(select.parse()?),
    })
}

fn number<T: std::str::FromStr>(word: &str) -> Result<T> {
    word.parse().map_err(|_| Error::Usage(format!("invalid number '{word}'")))
}
