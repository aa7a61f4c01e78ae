//! Messages that fit a stream, and messages that do not.

use super::object::FULL;
use super::step::{acknowledge, receive};
use super::{Scenario, is_refused};

pub const TOO_LONG: Scenario = Scenario {
    name: "too-long",
    claim: "A message has to keep two limits, the server's and the stream's; a receiver gets it whole.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        context.object().set(|config| config.max_message_size = 100)?;
        context.note("the longest message of the stream is set to 100 bytes")?;
        let most = context.object().max_payload();
        let reply = sender.run(context.object().publish_long("1", most + 1))?;
        context.check(
            is_refused(&reply, "max payload size exceeded"),
            "the server told its limit when the client connected: the client does not even try",
        )?;
        context.question(
            "A message of 101 bytes, and a stream that takes 100. What does publish do?",
            &["It sends the first 100 bytes", "The server refuses the message", "It sends two messages"],
            1,
        )?;
        let reply = sender.run(context.object().publish_long("1", 101))?;
        context.check(is_refused(&reply, "10054 "), "the server refused it")?;
        context.check(context.object().messages()? == Some(0), "nothing of it is in the stream")?;
        sender.run(context.object().publish_long("1", 100))?;
        let reply = receiver.run(receive())?;
        let whole = reply.text().is_some_and(|text| text.len() == 100);
        context.check(whole, "what was accepted is received whole: a receiver gives no size")
    },
};

pub const QUEUE_FULL: Scenario = Scenario {
    name: "queue-full",
    claim: "A full stream refuses a message; its publisher does not sleep, and has to try again.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        context.object().set(|config| config.max_messages = 3)?;
        context.note("the capacity of the stream is set to 3 messages")?;
        for _ in 0..3 {
            sender.run(context.object().publish("1", "0123456789"))?;
        }
        context.question(
            "The stream is full. What does publish do?",
            &["It sleeps until there is room", "It fails", "It drops the oldest message"],
            1,
        )?;
        let reply = sender.run(context.object().publish("1", "one more"))?;
        context.check(is_refused(&reply, FULL), "the server refused it, and the publisher went on")?;
        context.check(context.object().messages()? == Some(3), "the three are still there")?;
        sender.start_announced(context.object().publish_again_and_again("2", "patient"))?;
        context.pause()?;
        receiver.run(receive())?;
        let is_tried = sender.try_finish()?.is_none() && context.object().messages()? == Some(3);
        context.check(is_tried, "a message that was only received still takes its place")?;
        receiver.run(acknowledge())?;
        let reply = sender.finish()?;
        context.check(reply.number() > Some(1), "once it was acknowledged, an attempt succeeded")?;
        context.check(context.object().messages()? == Some(3), "and the message is in the stream")
    },
};
