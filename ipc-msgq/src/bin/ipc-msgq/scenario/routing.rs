//! The routing of messages to receivers.

use std::time::Instant;

use ipc_core::{Error, Result};
use ipc_demo::scenario::{Reply, STEP_TIMEOUT};

use super::step::Wanted::{Any, Exactly, Except, UpTo};
use super::step::{msgrcv, msgsnd};
use super::{Process, Scenario};

pub const TWO_RECEIVERS: Scenario = Scenario {
    name: "two-receivers",
    claim: "With two receivers on one queue, each message goes to exactly one of them.",
    run: |context| {
        let mut receivers = [context.process("receiver 1", ())?, context.process("receiver 2", ())?];
        let mut sender = context.process("sender", ())?;
        for receiver in &mut receivers {
            receiver.start(msgrcv(Any, 100))?;
            receiver.wait_until_asleep(1)?;
        }
        context.question(
            "Both receivers sleep. One message is sent. Which of them gets it?",
            &["Both, each a copy", "Exactly one of them"],
            1,
        )?;
        sender.run(msgsnd(1, "first"))?;
        let (winner, reply) = first_to_finish(&mut receivers)?;
        let other = &receivers[1 - winner];
        context.check(
            reply.text() == Some("first") && other.is_asleep(1)?,
            "one received it, the other still sleeps",
        )?;
        sender.run(msgsnd(1, "second"))?;
        let (second, reply) = first_to_finish(&mut receivers)?;
        context.check(
            second != winner && reply.text() == Some("second"),
            "the next message goes to the one that still waits",
        )?;
        context.check(context.object().used()? == (0, 0), "no copy is left")
    },
};

fn first_to_finish(processes: &mut [Process; 2]) -> Result<(usize, Reply)> {
    let started = Instant::now();
    while started.elapsed() < STEP_TIMEOUT {
        for (number, process) in processes.iter_mut().enumerate() {
            if let Some(reply) = process.try_finish()? {
                return Ok((number, reply));
            }
        }
        std::thread::yield_now();
    }
    Err(Error::TimedOut { what: "neither received a message".into(), waited: STEP_TIMEOUT })
}

pub const ROUTE_BY_TYPE: Scenario = Scenario {
    name: "route-by-type",
    claim: "A receiver that asks for a type gets only that type, so one queue serves several windows.",
    run: |context| {
        let mut windows = [context.process("window 1", ())?, context.process("window 2", ())?];
        let mut sender = context.process("sender", ())?;
        for (window, step) in windows.iter_mut().zip([msgrcv(Exactly(1), 100), msgrcv(Exactly(2), 100)]) {
            window.start(step)?;
            window.wait_until_asleep(1)?;
        }
        sender.run(msgsnd(2, "for window 2"))?;
        let reply = windows[1].finish()?;
        context.check(reply.message() == Some((2, "for window 2")), "window 2 received its message")?;
        context.check(windows[0].is_asleep(1)?, "window 1 still sleeps")?;
        sender.run(msgsnd(2, "for window 2, later"))?;
        context.question(
            "The older message has type 2. Window 1 asks for type 1. What does it get?",
            &["The older message", "The message of type 1", "Nothing until type 2 is received"],
            1,
        )?;
        sender.run(msgsnd(1, "for window 1"))?;
        let reply = windows[0].finish()?;
        context.check(
            reply.message() == Some((1, "for window 1")),
            "window 1 skips an older message of type 2",
        )?;
        context.check(context.object().used()?.0 == 1, "which is still in the queue")
    },
};

pub const SELECT_ORDER: Scenario = Scenario {
    name: "select-order",
    claim: "A receiver gets the oldest message that matches: any type, one type, the lowest up to one, or any but one.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        for (kind, text) in [(5, "a"), (2, "b"), (3, "c"), (2, "d"), (5, "e")] {
            sender.run(msgsnd(kind, text))?;
        }
        context.question(
            "The types 5, 2, 3, 2, 5 were sent in this order. Which comes first with msgtyp -3?",
            &["5, the oldest", "3, the type that was asked for", "2, the lowest up to 3"],
            2,
        )?;
        for (wanted, message, why) in [
            (UpTo(3), (2, "b"), "up to 3 (msgtyp -3): the lowest type first, and its oldest message"),
            (Any, (5, "a"), "any (msgtyp 0): the oldest of all"),
            (Exactly(2), (2, "d"), "exactly 2 (msgtyp 2), although a 3 is older"),
            (Except(5), (3, "c"), "any but 5 (msgtyp 5 with MSG_EXCEPT)"),
            (Any, (5, "e"), "any: the last"),
        ] {
            let reply = receiver.run(msgrcv(wanted, 100).nowait())?;
            context.check(reply.message() == Some(message), why)?;
        }
        Ok(())
    },
};
