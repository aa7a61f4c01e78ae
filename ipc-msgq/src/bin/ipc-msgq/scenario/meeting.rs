//! Several processes on one queue.

use super::Scenario;
use super::step::Wanted::{Any, Exactly};
use super::step::{msgget, msgrcv, msgsnd, serve};

pub const SENDER_FIRST: Scenario = Scenario {
    name: "sender-first",
    claim: "Messages sent before the receiver started, by a process that has since ended, are still received.",
    run: |context| {
        let mut sender = context.process("sender", ())?;
        for text in ["one", "two", "three"] {
            sender.run(msgsnd(1, text))?;
        }
        sender.exit()?;
        context.pause()?;
        let mut receiver = context.process("receiver", ())?;
        context.question(
            "The sender has ended before the receiver was started. What does the receiver get?",
            &["Nothing: ENOMSG", "All three messages"],
            1,
        )?;
        for text in ["one", "two", "three"] {
            let reply = receiver.run(msgrcv(Any, 100).nowait())?;
            context.check(reply.text() == Some(text), "received, in order")?;
        }
        Ok(())
    },
};

pub const MULTI_CLIENT: Scenario = Scenario {
    name: "multi-client",
    claim: "One server, many clients, one queue: a receiving thread for each client, and a type for each direction.",
    run: |context| {
        let mut server = context.process("server", ())?;
        server.start(serve(3))?;
        server.wait_until_asleep(3)?;
        let mut clients = [
            context.process("client 1", ())?,
            context.process("client 2", ())?,
            context.process("client 3", ())?,
        ];
        context.question(
            "Three clients ask at once, in one queue. How does each get its own answer?",
            &[
                "It receives the oldest message",
                "It asks for a type of its own",
                "It receives all and keeps its own",
            ],
            1,
        )?;
        // All have sent their requests before the first looks for its answer.
        for (number, client) in (1..).zip(&mut clients) {
            client.run(msgsnd(2 * number - 1, &format!("I am {number}")))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            let reply = client.run(msgrcv(Exactly(2 * number), 100))?;
            let own = reply.text() == Some(&format!("you said I am {number}"));
            context.check(own, &format!("client {number} received the answer to its own request"))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            client.run(msgsnd(2 * number - 1, "bye"))?;
        }
        let reply = server.finish()?;
        context.check(reply.number() == Some(3), "the server answered three requests, one in each thread")
    },
};

pub const SAME_KEY_SAME_QUEUE: Scenario = Scenario {
    name: "same-key-same-queue",
    claim: "Processes that ask for the same key get the same queue.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        let open = msgget(context.object().key);
        context.question(
            "Two processes call msgget with the same key. What do they get?",
            &["A queue each", "The same id", "The second one fails"],
            1,
        )?;
        let ids = [sender.run(open.clone())?.number(), receiver.run(open)?.number()];
        let id = i64::from(context.object().queue.id().get());
        context.check(ids == [Some(id); 2], "msgget returned the same id to both")?;
        sender.run(msgsnd(1, "hello"))?;
        let reply = receiver.run(msgrcv(Any, 100))?;
        context.check(reply.text() == Some("hello"), "a message sent by one is received by the other")?;
        let another = msgget(context.object().another_key()?);
        let reply = receiver.run(another)?;
        context
            .check(reply.number().is_some_and(|other| other != id), "a different key gives a different queue")
    },
};
