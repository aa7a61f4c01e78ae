//! The routing of messages to receivers.

use std::time::Instant;

use ipc_core::{Error, Result};

use super::Scenario;
use super::context::STEP_TIMEOUT;
use super::reply::Reply;
use super::worker::Worker;

pub const TWO_RECEIVERS: Scenario = Scenario {
    name: "two-receivers",
    claim: "With two receivers on one queue, each message goes to exactly one of them.",
    run: |context| {
        let mut receivers = [context.worker("receiver 1")?, context.worker("receiver 2")?];
        let mut sender = context.worker("sender")?;
        for receiver in &mut receivers {
            receiver.start("recv any 100")?;
            receiver.wait_until_asleep(1)?;
        }
        sender.run("send 1 first")?;
        let (winner, reply) = first_to_finish(&mut receivers)?;
        let other = &receivers[1 - winner];
        context.check(
            reply.text() == Some("first") && other.is_asleep(1)?,
            "one received it, the other still sleeps",
        )?;
        sender.run("send 1 second")?;
        let (second, reply) = first_to_finish(&mut receivers)?;
        context.check(
            second != winner && reply.text() == Some("second"),
            "the next message goes to the one that still waits",
        )?;
        context.check(context.used()? == (0, 0), "no copy is left")
    },
};

fn first_to_finish(workers: &mut [Worker; 2]) -> Result<(usize, Reply)> {
    let started = Instant::now();
    while started.elapsed() < STEP_TIMEOUT {
        for (number, worker) in workers.iter_mut().enumerate() {
            if let Some(reply) = worker.try_finish()? {
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
        let mut windows = [context.worker("window 1")?, context.worker("window 2")?];
        let mut sender = context.worker("sender")?;
        for (window, step) in windows.iter_mut().zip(["recv 1 100", "recv 2 100"]) {
            window.start(step)?;
            window.wait_until_asleep(1)?;
        }
        sender.run("send 2 for window 2")?;
        let reply = windows[1].finish()?;
        context.check(reply.message() == Some((2, "for window 2")), "window 2 received its message")?;
        context.check(windows[0].is_asleep(1)?, "window 1 still sleeps")?;
        sender.run("send 2 for window 2, later")?;
        sender.run("send 1 for window 1")?;
        let reply = windows[0].finish()?;
        context.check(
            reply.message() == Some((1, "for window 1")),
            "window 1 skips an older message of type 2",
        )?;
        context.check(context.used()?.0 == 1, "which is still in the queue")
    },
};

pub const SELECT_ORDER: Scenario = Scenario {
    name: "select-order",
    claim: "A receiver gets the oldest message that matches: any type, one type, the lowest up to one, or any but one.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        for message in ["5 a", "2 b", "3 c", "2 d", "5 e"] {
            sender.run(&format!("send {message}"))?;
        }
        for (select, message, why) in [
            ("<=3", (2, "b"), "up to 3 (msgtyp -3): the lowest type first, and its oldest message"),
            ("any", (5, "a"), "any (msgtyp 0): the oldest of all"),
            ("2", (2, "d"), "exactly 2 (msgtyp 2), although a 3 is older"),
            ("!5", (3, "c"), "any but 5 (msgtyp 5 with MSG_EXCEPT)"),
            ("any", (5, "e"), "any: the last"),
        ] {
            let reply = receiver.run(&format!("try-recv {select} 100"))?;
            context.check(reply.message() == Some(message), why)?;
        }
        Ok(())
    },
};
