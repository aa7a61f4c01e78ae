//! What an acknowledgement is for.

use std::time::Duration;

use super::Scenario;
use super::step::{acknowledge, acknowledge_within, fetch, receive};

/// The time for an acknowledgement in this scenario, which waits for its end.
const SHORT: Duration = Duration::from_millis(500);

pub const CRASH_AFTER_RECEIVE: Scenario = Scenario {
    name: "crash-after-receive",
    claim: "A message whose receiver is killed before its acknowledgement is delivered again.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        let mut heir = context.process("heir", ())?;
        receiver.run(acknowledge_within(SHORT))?;
        sender.run(context.object().publish("1", "order 17"))?;
        let reply = receiver.run(receive())?;
        context.check(reply.message() == Some((1, "order 17")), "the receiver has it, for the first time")?;
        context.check(
            context.object().messages()? == Some(1),
            "and the stream keeps it, until it is acknowledged",
        )?;
        context.question(
            "The receiver is killed before it has handled the message. What becomes of the message?",
            &["It is lost", "It is delivered again", "It stays, for a process with the same name"],
            1,
        )?;
        receiver.kill()?;
        heir.start_announced(receive())?;
        let reply = heir.finish()?;
        context.check(
            reply.message() == Some((2, "order 17")),
            "500 ms after the first delivery, another receiver got it, and is told that it is the second",
        )?;
        heir.run(acknowledge())?;
        context.check(context.object().messages()? == Some(0), "acknowledged, it is gone")?;
        let reply = heir.run(fetch())?;
        context.check(!reply.is_ok(), "and does not come a third time")
    },
};
