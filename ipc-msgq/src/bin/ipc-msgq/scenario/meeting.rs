//! Several processes on one queue.

use super::Scenario;

pub const SENDER_FIRST: Scenario = Scenario {
    name: "sender-first",
    claim: "Messages sent before the receiver started, by a process that has since ended, are still received.",
    run: |context| {
        let mut sender = context.worker("sender")?;
        for text in ["one", "two", "three"] {
            sender.run(&format!("send 1 {text}"))?;
        }
        sender.exit()?;
        context.pause()?;
        let mut receiver = context.worker("receiver")?;
        for text in ["one", "two", "three"] {
            let reply = receiver.run("try-recv any 100")?;
            context.check(reply.text() == Some(text), "received, in order")?;
        }
        Ok(())
    },
};

pub const MULTI_CLIENT: Scenario = Scenario {
    name: "multi-client",
    claim: "One server, many clients, one queue: a receiving thread for each client, and a type for each direction.",
    run: |context| {
        let mut server = context.worker("server")?;
        server.start("serve 3")?;
        server.wait_until_asleep(3)?;
        let mut clients =
            [context.worker("client 1")?, context.worker("client 2")?, context.worker("client 3")?];
        // All have sent their requests before the first looks for its answer.
        for (number, client) in (1..).zip(&mut clients) {
            client.run(&format!("send {} I am {number}", 2 * number - 1))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            let reply = client.run(&format!("recv {} 100", 2 * number))?;
            let own = reply.text() == Some(&format!("you said I am {number}"));
            context.check(own, &format!("client {number} received the answer to its own request"))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            client.run(&format!("send {} bye", 2 * number - 1))?;
        }
        let reply = server.finish()?;
        context.check(reply.number() == Some(3), "the server answered three requests, one in each thread")
    },
};

pub const SAME_KEY_SAME_QUEUE: Scenario = Scenario {
    name: "same-key-same-queue",
    claim: "Processes that ask for the same key get the same queue.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        let open = format!("open {}", context.key);
        let ids = [sender.run(&open)?.number(), receiver.run(&open)?.number()];
        let id = i64::from(context.queue.id().get());
        context.check(ids == [Some(id); 2], "msgget returned the same id to both")?;
        sender.run("send 1 hello")?;
        let reply = receiver.run("recv any 100")?;
        context.check(reply.text() == Some("hello"), "a message sent by one is received by the other")?;
        let another = format!("open {}", context.another_key()?);
        let reply = receiver.run(&another)?;
        context
            .check(reply.number().is_some_and(|other| other != id), "a different key gives a different queue")
    },
};
