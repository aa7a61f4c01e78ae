//! The end of a queue.

use std::time::{Duration, Instant};

use ipc_demo::scenario::STEP_TIMEOUT;
use ipc_msgq::list;

use super::step::Wanted::{Any, Exactly};
use super::step::{drain, msgrcv, msgsnd, remove};
use super::{Context, Scenario};
use crate::command::users::{Sleepers, is_orphan};

pub const REMOVE_TOO_EARLY: Scenario = Scenario {
    name: "remove-too-early",
    claim: "Removing a queue discards the messages that were not received.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        for text in ["one", "two", "three"] {
            sender.run(msgsnd(1, text))?;
        }
        let reply = receiver.run(msgrcv(Any, 100))?;
        context.check(reply.text() == Some("one"), "one was received in time")?;
        context.check(context.object().used()?.0 == 2, "two are still in the queue")?;
        context.question(
            "Two messages are still in the queue when it is removed. What becomes of them?",
            &[
                "They can be received until the queue is empty",
                "They are lost",
                "msgctl fails: the queue is not empty",
            ],
            1,
        )?;
        sender.run(remove())?;
        let reply = receiver.run(msgrcv(Any, 100))?;
        context.check(reply.errno() == Some("EINVAL"), "the queue is gone, and \"two\" and \"three\" with it")
    },
};

pub const REMOVE_SAFELY: Scenario = Scenario {
    name: "remove-safely",
    claim: "Nothing is lost if senders are blocked first, then everything is received, and only then the queue is removed.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        let mut remover = context.process("remover", ())?;
        for text in ["one", "two", "three"] {
            sender.run(msgsnd(1, text))?;
        }
        let reply = remover.run(drain(Duration::from_millis(50)))?;
        context.check(
            reply.number() == Some(3),
            "no process receives, so after 50 ms the queue is as before, with all 3 messages",
        )?;
        remover.start_announced(drain(STEP_TIMEOUT))?;
        let started = Instant::now();
        while context.object().queue.stat()?.capacity > 0 && started.elapsed() < STEP_TIMEOUT {
            std::thread::yield_now();
        }
        context.question(
            "The remover waits until the queue is empty. Can the sender still send?",
            &["Yes", "No: there is no room"],
            1,
        )?;
        let reply = sender.run(msgsnd(1, "four").nowait())?;
        context.check(reply.errno() == Some("EAGAIN"), "the queue accepts no new messages")?;
        for text in ["one", "two", "three"] {
            let reply = receiver.run(msgrcv(Any, 100))?;
            context.check(reply.text() == Some(text), "the receiver gets what was sent before")?;
        }
        let reply = remover.finish()?;
        context
            .check(reply.number() == Some(0), "everything was received, and then the queue was removed")?;
        let reply = receiver.run(msgrcv(Any, 100))?;
        context.check(reply.errno() == Some("EINVAL"), "the queue is gone")
    },
};

pub const ORPHAN: Scenario = Scenario {
    name: "orphan",
    claim: "A queue outlives its users: when they are killed, it stays, with its messages.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        sender.run(msgsnd(1, "one"))?;
        sender.run(msgsnd(1, "two"))?;
        receiver.run(msgrcv(Any, 100))?;
        context.check(
            orphan(context)? == Some(false),
            "its last sender and its last receiver are alive: it is not an orphan",
        )?;
        sender.kill()?;
        context.check(orphan(context)? == Some(false), "its last receiver is still alive")?;
        context.question(
            "Its last user is killed. What becomes of the queue and its message?",
            &["The kernel removes both", "Both stay", "The queue stays, empty"],
            1,
        )?;
        receiver.kill()?;
        context
            .check(orphan(context)? == Some(true), "both are dead, and the queue still exists: an orphan")?;
        context.check(context.object().used()?.0 == 1, "the kernel keeps its message")?;
        let mut heir = context.process("heir", ())?;
        heir.start(msgrcv(Exactly(2), 100))?;
        heir.wait_until_asleep(1)?;
        context.check(orphan(context)? == Some(false), "a process that sleeps on it uses it, too")?;
        heir.kill()?;
        let mut remover = context.process("remover", ())?;
        remover.run(remove())?;
        context.check(orphan(context)?.is_none(), "it had to be removed explicitly")
    },
};

/// Returns the orphan column of `ls` for the queue; `None` if it does not exist.
fn orphan(context: &Context) -> ipc_core::Result<Option<bool>> {
    let sleepers = Sleepers::look()?;
    let entry = list()?.into_iter().find(|entry| entry.queue == context.object().queue);
    Ok(entry.map(|entry| is_orphan(&entry, &sleepers, Duration::ZERO)))
}
