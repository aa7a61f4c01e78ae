//! How two processes part: half of a connection, and a connection that is thrown away.

use super::Scenario;
use super::meeting::join;
use super::step::{Kind, close, fill, recv, recv_all, send, shutdown};

pub const HALF_CLOSE: Scenario = Scenario {
    name: "half-close",
    claim: "shutdown(SHUT_WR) ends one direction: the other side sees the end of what was sent, and can still answer.",
    run: |context| {
        let (mut client, mut server) = (context.process("client", ())?, context.process("server", ())?);
        join(context, &mut client, &mut server, Kind::Stream, "connection")?;
        context.note("the two are connected by a Unix stream socket")?;
        client.run(send("connection", "add 1 and 2"))?;
        client.run(send("connection", " and 3"))?;
        server.run(recv("connection", 100))?;
        server.start(recv("connection", 100))?;
        server.wait_until_asleep(1)?;
        context.pause()?;
        context
            .check(server.is_asleep(1)?, "the server does not know that this was all, and waits for more")?;
        context.question(
            "The client calls shutdown with SHUT_WR. What can the server still do?",
            &[
                "Nothing: the connection is closed",
                "It sees the end, and can still send",
                "It still sleeps: the client's socket is open",
            ],
            1,
        )?;
        client.run(shutdown("connection"))?;
        let reply = server.finish()?;
        context.check(reply.number() == Some(0), "the server has seen the end of the question")?;
        server.run(send("connection", "6"))?;
        let reply = client.run(recv("connection", 100))?;
        context.check(reply.text() == Some("6"), "the answer came back over the same connection")?;
        let reply = client.run(send("connection", "and 4?"))?;
        context.check(reply.errno() == Some("EPIPE"), "only the client's own direction has ended")?;
        server.run(close("connection"))?;
        let reply = client.run(recv("connection", 100))?;
        context.check(reply.number() == Some(0), "when the server closes, both directions have ended")
    },
};

pub const RESET: Scenario = Scenario {
    name: "reset",
    claim: "A TCP socket that is closed with unread data resets the connection: the other side loses what was under way, \
            and gets ECONNRESET.",
    run: |context| {
        let (mut client, mut server) = (context.process("client", ())?, context.process("server", ())?);
        join(context, &mut client, &mut server, Kind::Tcp, "connection")?;
        context.note("the two are connected by TCP")?;
        client.run(send("connection", "and one more thing"))?;
        let reply = server.run(recv("connection", 100).peek())?;
        context.check(
            reply.text() == Some("and one more thing"),
            "it has arrived, and MSG_PEEK leaves it unread",
        )?;
        let sent = server.run(fill("connection"))?;
        context
            .check(sent.number() > Some(0), "the server has sent as much of an answer as the buffers hold")?;
        context.question(
            "The server closes its socket, and has not read the last words of the client. What does the client receive?",
            &["The whole answer, then the end", "A part of it, then ECONNRESET", "A part of it, then it sleeps"],
            1,
        )?;
        server.run(close("connection"))?;
        let received = client.run(recv_all("connection"))?;
        context.check(received.text() == Some("ECONNRESET"), "the stream did not end: it was reset")?;
        context.check(
            received.number() < sent.number(),
            "and what the client's kernel did not have yet is lost",
        )?;
        join(context, &mut client, &mut server, Kind::Tcp, "second connection")?;
        context.note("once more, over a new connection; and this time the server reads first")?;
        client.run(send("second connection", "and one more thing"))?;
        server.run(recv("second connection", 100))?;
        let sent = server.run(fill("second connection"))?;
        server.run(close("second connection"))?;
        let received = client.run(recv_all("second connection"))?;
        context.check(
            received.number() == sent.number() && received.text().is_none(),
            "every byte has arrived, and then the end",
        )
    },
};
