//! The end of a queue.

use std::time::{Duration, Instant};

use ipc_msgq::list;

use super::Scenario;
use super::context::{Context, STEP_TIMEOUT};
use super::reply::CallResult;
use crate::command::users::{Sleepers, is_orphan};

pub const REMOVE_TOO_EARLY: Scenario = Scenario {
    name: "remove-too-early",
    claim: "Removing a queue discards the messages that were not received.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        for text in ["one", "two", "three"] {
            sender.run(&format!("send 1 {text}"))?;
        }
        let reply = receiver.run("recv any 100")?;
        context.check(reply.text() == Some("one"), "one was received in time")?;
        context.check(context.used()?.0 == 2, "two are still in the queue")?;
        sender.run("remove")?;
        let reply = receiver.run("recv any 100")?;
        context.check(reply.errno() == Some("EINVAL"), "the queue is gone, and \"two\" and \"three\" with it")
    },
};

pub const REMOVE_SAFELY: Scenario = Scenario {
    name: "remove-safely",
    claim: "Nothing is lost if senders are blocked first, then everything is received, and only then the queue is removed.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        let mut remover = context.worker("remover")?;
        for text in ["one", "two", "three"] {
            sender.run(&format!("send 1 {text}"))?;
        }
        let reply = remover.run("drain 50")?;
        context.check(
            reply.number() == Some(3),
            "no process receives, so after 50 ms the queue is as before, with all 3 messages",
        )?;
        remover.start_announced("drain 20000")?;
        let started = Instant::now();
        while context.queue.stat()?.capacity > 0 && started.elapsed() < STEP_TIMEOUT {
            std::thread::yield_now();
        }
        let reply = sender.run("try-send 1 four")?;
        context.check(reply.result == CallResult::Full, "the queue accepts no new messages")?;
        for text in ["one", "two", "three"] {
            let reply = receiver.run("recv any 100")?;
            context.check(reply.text() == Some(text), "the receiver gets what was sent before")?;
        }
        let reply = remover.finish()?;
        context
            .check(reply.number() == Some(0), "everything was received, and then the queue was removed")?;
        let reply = receiver.run("recv any 100")?;
        context.check(reply.errno() == Some("EINVAL"), "the queue is gone")
    },
};

pub const ORPHAN: Scenario = Scenario {
    name: "orphan",
    claim: "A queue outlives its users: when they are killed, it stays, with its messages.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        sender.run("send 1 one")?;
        sender.run("send 1 two")?;
        receiver.run("recv any 100")?;
        context.check(
            orphan(context)? == Some(false),
            "its last sender and its last receiver are alive: it is not an orphan",
        )?;
        sender.kill()?;
        context.check(orphan(context)? == Some(false), "its last receiver is still alive")?;
        receiver.kill()?;
        context
            .check(orphan(context)? == Some(true), "both are dead, and the queue still exists: an orphan")?;
        context.check(context.used()?.0 == 1, "the kernel keeps its message")?;
        let mut heir = context.worker("heir")?;
        heir.start("recv 2 100")?;
        heir.wait_until_asleep(1)?;
        context.check(orphan(context)? == Some(false), "a process that sleeps on it uses it, too")?;
        heir.kill()?;
        let mut remover = context.worker("remover")?;
        remover.run("remove")?;
        context.check(orphan(context)?.is_none(), "it had to be removed explicitly")
    },
};

/// Returns the orphan column of `ls` for the queue; `None` if it does not exist.
fn orphan(context: &Context) -> ipc_core::Result<Option<bool>> {
    let sleepers = Sleepers::look()?;
    let entry = list()?.into_iter().find(|entry| entry.queue == context.queue);
    Ok(entry.map(|entry| is_orphan(&entry, &sleepers, Duration::ZERO)))
}
