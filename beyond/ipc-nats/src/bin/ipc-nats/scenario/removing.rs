//! The end of a stream.

use std::time::Duration;

use ipc_demo::scenario::STEP_TIMEOUT;

use super::object::NOT_FOUND;
use super::refusal::NO_RESPONDERS;
use super::step::{acknowledge, drain, receive, set_max_age};
use super::{Scenario, is_refused};

pub const REMOVE_TOO_EARLY: Scenario = Scenario {
    name: "remove-too-early",
    claim: "Deleting a stream discards the messages that were not received.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        for text in ["one", "two", "three"] {
            sender.run(context.object().publish("1", text))?;
        }
        let reply = receiver.run(receive())?;
        context.check(reply.text() == Some("one"), "one was received in time")?;
        receiver.run(acknowledge())?;
        context.check(context.object().messages()? == Some(2), "two are still in the stream")?;
        context.question(
            "Two messages are still in the stream when it is deleted. What becomes of them?",
            &[
                "They can be received until the stream is empty",
                "They are lost",
                "It fails: the stream is not empty",
            ],
            1,
        )?;
        sender.run(context.object().delete())?;
        let reply = receiver.run(context.object().read_only("1"))?;
        let gone = is_refused(&reply, NOT_FOUND) && context.object().messages()?.is_none();
        context.check(gone, "the stream is gone, and \"two\" and \"three\" with it")
    },
};

pub const REMOVE_SAFELY: Scenario = Scenario {
    name: "remove-safely",
    claim: "Nothing is lost if no message can come any more, then all are acknowledged, and only then the stream is deleted.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        let mut remover = context.process("remover", ())?;
        for text in ["one", "two", "three"] {
            sender.run(context.object().publish("1", text))?;
        }
        let reply = remover.run(drain(Duration::from_millis(50)))?;
        context.check(
            reply.number() == Some(3),
            "no process receives, so after 50 ms the stream is as before, with all 3 messages",
        )?;
        remover.start_announced(drain(STEP_TIMEOUT))?;
        context.object().until_closed()?;
        context.question(
            "The remover waits until the stream is empty. Can the sender still publish?",
            &["Yes", "No: no stream has the subject"],
            1,
        )?;
        let reply = sender.run(context.object().publish("1", "four"))?;
        context.check(is_refused(&reply, NO_RESPONDERS), "no stream takes new messages")?;
        for text in ["one", "two", "three"] {
            let reply = receiver.run(receive())?;
            context.check(reply.text() == Some(text), "the receiver gets what was sent before")?;
            receiver.run(acknowledge())?;
        }
        let reply = remover.finish()?;
        context.check(
            reply.number() == Some(0),
            "everything was acknowledged, and then the stream was deleted",
        )?;
        context.check(context.object().messages()?.is_none(), "the stream is gone")
    },
};

pub const ORPHAN: Scenario = Scenario {
    name: "orphan",
    claim: "A stream outlives its users, with its messages, until these are older than its max_age.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        let mut operator = context.process("operator", ())?;
        sender.run(context.object().publish("1", "one"))?;
        sender.run(context.object().publish("1", "two"))?;
        receiver.run(receive())?;
        receiver.run(acknowledge())?;
        sender.kill()?;
        receiver.kill()?;
        context.check(
            context.object().messages()? == Some(1),
            "both are dead, and the server keeps the message",
        )?;
        context.question(
            "No process uses the stream any more. It is told to keep messages for 500 ms. What becomes of it?",
            &["Nothing: the age counts once a message is received", "It stays, empty", "It is deleted, too"],
            1,
        )?;
        operator.run(set_max_age(Duration::from_millis(500)))?;
        context.object().until_empty()?;
        context.check(true, "the server has discarded the message, which no process will ever receive")?;
        context.check(context.object().messages()? == Some(0), "the stream is still there, empty")?;
        operator.run(context.object().delete())?;
        context.check(context.object().messages()?.is_none(), "it had to be deleted explicitly")
    },
};
