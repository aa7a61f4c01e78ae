//! Several processes on one queue.

use super::Scene;

pub const SENDER_FIRST: Scene = Scene {
    name: "sender-first",
    claim: "What was sent before the receiver started, by a process that has ended, is received all the same.",
    play: |stage| {
        let mut sender = stage.player("sender")?;
        for text in ["one", "two", "three"] {
            sender.does(&format!("send 1 {text}"))?;
        }
        sender.leave()?;
        stage.pause()?;
        let mut receiver = stage.player("receiver")?;
        for text in ["one", "two", "three"] {
            let reply = receiver.does("try-recv any 100")?;
            stage.claim(reply.text() == Some(text), "there it is, in order")?;
        }
        Ok(())
    },
};

pub const MULTI_CLIENT: Scene = Scene {
    name: "multi-client",
    claim: "One server, many clients, one queue: a receiving thread for each client, and a type for each way.",
    play: |stage| {
        let mut server = stage.player("server")?;
        server.begin("serve 3")?;
        server.sleeps(3)?;
        let mut clients = [stage.player("client 1")?, stage.player("client 2")?, stage.player("client 3")?];
        // All have sent their requests before the first looks for its answer.
        for (number, client) in (1..).zip(&mut clients) {
            client.does(&format!("send {} I am {number}", 2 * number - 1))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            let reply = client.does(&format!("recv {} 100", 2 * number))?;
            let own = reply.text() == Some(&format!("you said I am {number}"));
            stage.claim(own, &format!("client {number} has the answer to its own question"))?;
        }
        for (number, client) in (1..).zip(&mut clients) {
            client.does(&format!("send {} bye", 2 * number - 1))?;
        }
        let reply = server.end()?;
        stage.claim(reply.number() == Some(3), "the server has answered three questions, one in each thread")
    },
};

pub const SAME_KEY_SAME_QUEUE: Scene = Scene {
    name: "same-key-same-queue",
    claim: "Processes that ask for the same key get the same queue.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        let open = format!("open {}", stage.key);
        let ids = [sender.does(&open)?.number(), receiver.does(&open)?.number()];
        let id = i64::from(stage.queue.id().get());
        stage.claim(ids == [Some(id); 2], "msgget gave both the same id")?;
        sender.does("send 1 hello")?;
        let reply = receiver.does("recv any 100")?;
        stage.claim(reply.text() == Some("hello"), "so what one sends the other receives")?;
        let another = format!("open {}", stage.another_key()?);
        let reply = receiver.does(&another)?;
        stage.claim(reply.number().is_some_and(|other| other != id), "another key is another queue")
    },
};
