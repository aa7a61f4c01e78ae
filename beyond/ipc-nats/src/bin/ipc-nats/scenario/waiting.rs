//! Receiving with and without waiting, and what ends the wait.

use ipc_demo::scenario::PAUSE;

use super::look::until_asleep;
use super::object::NOT_FOUND;
use super::refusal::{NO_MESSAGE, NO_RESPONDERS};
use super::step::{acknowledge, fetch, receive};
use super::{Scenario, is_refused};

pub const BLOCKING: Scenario = Scenario {
    name: "blocking",
    claim: "A receive waits until there is a message.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        context.question(
            "The stream is empty. What does consumer.batch do?",
            &["It fails: no message", "It waits", "It returns an empty message"],
            1,
        )?;
        receiver.start(receive())?;
        until_asleep(context, &mut receiver, 1)?;
        context.pause()?;
        context.check(receiver.is_asleep(1)?, "it waits as long as the stream is empty")?;
        sender.run(context.object().publish("1", "hello.txt"))?;
        let reply = receiver.finish()?;
        context.check(reply.text() == Some("hello.txt"), "the message woke it")?;
        context.check(reply.took >= PAUSE, "its call took as long as it waited")?;
        context.check(context.object().messages()? == Some(1), "the stream still has the message")?;
        receiver.run(acknowledge())?;
        context.check(context.object().messages()? == Some(0), "it is gone once it is acknowledged")
    },
};

pub const NONBLOCKING: Scenario = Scenario {
    name: "nonblocking",
    claim: "A fetch returns at once: with a message, or without one.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        context.question(
            "The stream is empty. What does consumer.fetch do?",
            &["It ends without a message", "It waits", "It fails: no such stream"],
            0,
        )?;
        let reply = receiver.run(fetch())?;
        context
            .check(is_refused(&reply, NO_MESSAGE), "the stream is empty: it continues without a message")?;
        sender.run(context.object().publish("1", "hello.txt"))?;
        let reply = receiver.run(fetch())?;
        context.check(reply.text() == Some("hello.txt"), "a message is there: it is received")
    },
};

pub const REMOVED_WHILE_WAITING: Scenario = Scenario {
    name: "removed-while-waiting",
    claim: "A receive that waits ends with an error when the stream is deleted.",
    run: |context| {
        let (mut receiver, mut remover) = (context.process("receiver", ())?, context.process("remover", ())?);
        receiver.start(receive())?;
        until_asleep(context, &mut receiver, 1)?;
        context.question(
            "The receiver waits for a message of the stream, which is now deleted. What does it do?",
            &["It waits on, until its time is up", "Its receive fails", "It is disconnected"],
            1,
        )?;
        remover.run(context.object().delete())?;
        let reply = receiver.finish()?;
        context.check(is_refused(&reply, "409 "), "the server ended the receive: the consumer is gone")?;
        let reply = receiver.run(context.object().read_only("1"))?;
        context.check(is_refused(&reply, NOT_FOUND), "there is no stream for another consumer")?;
        let mut sender = context.process("sender", ())?;
        let reply = sender.run(context.object().publish("1", "hello"))?;
        context.check(is_refused(&reply, NO_RESPONDERS), "and a publisher finds no stream")
    },
};
