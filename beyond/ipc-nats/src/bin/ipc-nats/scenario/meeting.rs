//! Several processes at one server.

use super::refusal::NO_RESPONDERS;
use super::step::{acknowledge, fetch, serve};
use super::{Scenario, is_refused};

pub const SENDER_FIRST: Scenario = Scenario {
    name: "sender-first",
    claim: "Messages published before the receiver started, by a process that has since ended, are still received.",
    run: |context| {
        let mut sender = context.process("sender", ())?;
        for text in ["one", "two", "three"] {
            sender.run(context.object().publish("1", text))?;
        }
        sender.exit()?;
        context.pause()?;
        let mut receiver = context.process("receiver", ())?;
        context.question(
            "The sender has ended before the receiver was started. What does the receiver get?",
            &["Nothing", "All three messages"],
            1,
        )?;
        for text in ["one", "two", "three"] {
            let reply = receiver.run(fetch())?;
            context.check(reply.text() == Some(text), "received, in order")?;
            receiver.run(acknowledge())?;
        }
        Ok(())
    },
};

pub const MULTI_CLIENT: Scenario = Scenario {
    name: "multi-client",
    claim: "One server, many clients: an answer finds its way back without a type for each, and a dead server is told at \
            once.",
    run: |context| {
        let mut server = context.process("server", ())?;
        server.run(context.object().subscribe())?;
        server.start(serve(3))?;
        server.wait_until_asleep(1)?;
        let mut clients = [
            context.process("client 1", ())?,
            context.process("client 2", ())?,
            context.process("client 3", ())?,
        ];
        for (number, client) in (1..).zip(&mut clients) {
            client.start(context.object().request(&format!("I am {number}")))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            let reply = client.finish()?;
            let own = reply.text() == Some(&format!("you said I am {number}"));
            context.check(own, &format!("client {number} received the answer to its own request"))?;
        }
        let reply = server.finish()?;
        context.check(reply.number() == Some(3), "the server answered three requests")?;
        context.check(context.object().messages()? == Some(0), "none of them was in the stream")?;
        server.kill()?;
        context.object().until_unserved()?;
        context.question(
            "The server is dead. A client sends a request. What happens?",
            &[
                "It waits until its time is up",
                "It is told at once",
                "The request is kept for the next server",
            ],
            1,
        )?;
        let reply = clients[0].run(context.object().request("is anyone there?"))?;
        context.check(is_refused(&reply, NO_RESPONDERS), "no process has subscribed, and NATS says so")
    },
};

pub const SAME_KEY_SAME_QUEUE: Scenario = Scenario {
    name: "same-key-same-queue",
    claim: "Processes that make a stream of the same name get the same stream, if they want it alike.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        sender.run(context.object().publish("1", "hello"))?;
        context.question(
            "Two processes call create_stream with the same name and the same settings. What do they get?",
            &["A stream each", "The same stream", "The second one fails"],
            1,
        )?;
        let replies = [
            sender.run(context.object().create_stream(None))?,
            receiver.run(context.object().create_stream(None))?,
        ];
        context.check(
            replies.iter().all(|reply| reply.number() == Some(1)),
            "both got the stream that there is, with its message",
        )?;
        let reply = receiver.run(fetch())?;
        context.check(reply.text() == Some("hello"), "a message sent by one is received by the other")?;
        let reply = receiver.run(context.object().create_stream(Some(3)))?;
        context.check(is_refused(&reply, "10058 "), "with another limit, the name is taken")
    },
};
