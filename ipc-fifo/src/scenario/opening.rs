//! Processes that come to a FIFO, and leave it: the first open, and the last close.

use super::step::{End, open, read, write};
use super::{Process, REQUESTS, Scenario};

/// The FIFO for the other direction.
const ANSWERS: &str = "answers";

pub const OPEN_ORDER: Scenario = Scenario {
    name: "open-order",
    claim: "open sleeps until the other end is opened, too; so two processes that both open first what they read never \
            wake.",
    run: |context| {
        context.object().make(ANSWERS)?;
        context.note("a second FIFO, answers, for the other direction")?;
        let mut server = context.process("server", ())?;
        let mut client = context.process("client", ())?;
        server.start(open(REQUESTS, End::Read))?;
        server.wait_until_asleep(1)?;
        context.question(
            "The server sleeps until requests is opened for writing. The client opens answers for reading first. What \
             happens?",
            &[
                "Both opens return: each process has a partner",
                "The client sleeps, too, and none wakes the other",
                "The client's open fails with ENXIO",
            ],
            1,
        )?;
        client.start(open(ANSWERS, End::Read))?;
        client.wait_until_asleep(1)?;
        context.pause()?;
        context.check(
            server.is_asleep(1)? && client.is_asleep(1)?,
            "each sleeps in its first open, and would open for writing only afterwards",
        )?;
        server.kill()?;
        client.kill()?;
        let (mut server, mut client) = (context.process("server 2", ())?, context.process("client 2", ())?);
        server.start(open(REQUESTS, End::Read))?;
        server.wait_until_asleep(1)?;
        client.run(open(REQUESTS, End::Write))?;
        let reply = server.finish()?;
        context.check(reply.is_ok(), "the client opens in the same order: its open wakes the server")?;
        server.start(open(ANSWERS, End::Write))?;
        server.wait_until_asleep(1)?;
        client.run(open(ANSWERS, End::Read))?;
        let reply = server.finish()?;
        context.check(reply.is_ok(), "and again: now both can read and write")
    },
};

pub const FALSE_END_OF_FILE: Scenario = Scenario {
    name: "false-end-of-file",
    claim: "A reader sees the end of the file when the last writer leaves, although another may come; with a write end of \
            its own, it waits.",
    run: |context| {
        let mut server = context.process("server", ())?;
        let mut client = context.process("client 1", ())?;
        server.start(open(REQUESTS, End::Read))?;
        server.wait_until_asleep(1)?;
        client.run(open(REQUESTS, End::Write))?;
        server.finish()?;
        client.run(write("one"))?;
        let reply = server.run(read(100))?;
        context.check(reply.text() == Some("one"), "the server received the first request")?;
        client.exit()?;
        context.question(
            "The only client has ended, and others will come. What does the server's next read return?",
            &[
                "0: the end of the file",
                "Nothing: it sleeps until the next client writes",
                "It fails with EPIPE",
            ],
            0,
        )?;
        let reply = server.run(read(100))?;
        context.check(reply.number() == Some(0), "the end of the file: no process has a write end")?;
        let client = next_client(context.process("client 2", ())?, "two")?;
        let reply = server.run(read(100))?;
        context.check(reply.text() == Some("two"), "it was not the end: the next client came")?;
        client.exit()?;
        server.run(open(REQUESTS, End::Write))?;
        server.note("now has a write end, which it never uses")?;
        server.start(read(100))?;
        server.wait_until_asleep(1)?;
        context.pause()?;
        context.check(server.is_asleep(1)?, "no client is there, and the server waits for the next")?;
        next_client(context.process("client 3", ())?, "three")?;
        let reply = server.finish()?;
        context.check(reply.text() == Some("three"), "which wakes it")
    },
};

/// Has a process open the FIFO, in which the server still has its read end, and write a request.
fn next_client(mut client: Process, request: &str) -> ipc_core::Result<Process> {
    client.run(open(REQUESTS, End::Write))?;
    client.run(write(request))?;
    Ok(client)
}
