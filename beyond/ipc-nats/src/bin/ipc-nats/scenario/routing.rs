//! The receiver that gets a message.

use std::time::Instant;

use ipc_core::{Error, Result};
use ipc_demo::scenario::{Reply, STEP_TIMEOUT};

use super::look::until_asleep;
use super::step::{acknowledge, receive};
use super::{Process, Scenario};

pub const TWO_RECEIVERS: Scenario = Scenario {
    name: "two-receivers",
    claim: "With two receivers that share a consumer, each message goes to exactly one of them.",
    run: |context| {
        let mut receivers = [context.process("receiver 1", ())?, context.process("receiver 2", ())?];
        let mut sender = context.process("sender", ())?;
        for (receiver, waiting) in receivers.iter_mut().zip(1..) {
            receiver.start(receive())?;
            until_asleep(context, receiver, waiting)?;
        }
        context.question(
            "Both receivers wait. One message is published. Which of them gets it?",
            &["Both, each a copy", "Exactly one of them"],
            1,
        )?;
        sender.run(context.object().publish("1", "first"))?;
        let (winner, reply) = first_to_finish(&mut receivers)?;
        let other = &receivers[1 - winner];
        context.check(
            reply.text() == Some("first") && other.is_asleep(1)?,
            "one received it, the other still waits",
        )?;
        sender.run(context.object().publish("1", "second"))?;
        let (second, reply) = first_to_finish(&mut receivers)?;
        context.check(
            second != winner && reply.text() == Some("second"),
            "the next message goes to the one that still waits",
        )?;
        for receiver in &mut receivers {
            receiver.run(acknowledge())?;
        }
        context.check(context.object().messages()? == Some(0), "no copy is left")
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
    claim: "A consumer with a filter gets only messages of that subject, so one stream serves several windows.",
    run: |context| {
        let mut windows = [context.process("window 1", ())?, context.process("window 2", ())?];
        let mut sender = context.process("sender", ())?;
        for ((window, kind), waiting) in windows.iter_mut().zip(["1", "2"]).zip(1..) {
            window.run(context.object().read_only(kind))?;
            window.start(receive())?;
            until_asleep(context, window, waiting)?;
        }
        sender.run(context.object().publish("2", "for window 2"))?;
        let reply = windows[1].finish()?;
        context.check(reply.text() == Some("for window 2"), "window 2 received its message")?;
        context.check(windows[0].is_asleep(1)?, "window 1 still waits")?;
        windows[1].run(acknowledge())?;
        sender.run(context.object().publish("2", "for window 2, later"))?;
        context.question(
            "The older message has subject 2. Window 1 reads subject 1. What does it get?",
            &["The older message", "The message of subject 1", "Nothing until subject 2 is received"],
            1,
        )?;
        sender.run(context.object().publish("1", "for window 1"))?;
        let reply = windows[0].finish()?;
        context
            .check(reply.text() == Some("for window 1"), "an older message of subject 2 is passed over")?;
        windows[0].run(acknowledge())?;
        context.check(context.object().messages()? == Some(1), "which is still in the stream")
    },
};
