//! Messages that fit a queue, and messages that do not.

use ipc_core::Result;

use super::Scenario;
use super::object::shrink;
use super::step::Wanted::{Any, Exactly};
use super::step::{msgrcv, msgsnd, send_and_receive, send_then_receive};

pub const SIZE_EXCLUDES_TYPE: Scenario = Scenario {
    name: "size-excludes-type",
    claim: "The size given to msgsnd and msgrcv is that of the text; the type in front of it does not count.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        sender.run(msgsnd(1, "sixteen bytes :)"))?;
        context
            .check(context.object().used()? == (1, 16), "the queue holds 16 bytes, not the struct's 24")?;
        context.question(
            "The struct has 24 bytes, of which the text has 16. Is msgsz 15 enough to receive it?",
            &["Yes", "No: E2BIG"],
            1,
        )?;
        let reply = receiver.run(msgrcv(Any, 15))?;
        context.check(reply.errno() == Some("E2BIG"), "a size of 15 is too small")?;
        let reply = receiver.run(msgrcv(Any, 16))?;
        context.check(reply.text() == Some("sixteen bytes :)"), "a size of 16 is enough")
    },
};

pub const TOO_LONG: Scenario = Scenario {
    name: "too-long",
    claim: "A message longer than the buffer stays in the queue (E2BIG), or is truncated on request (MSG_NOERROR).",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        sender.run(msgsnd(1, "0123456789 and more"))?;
        context.question(
            "A message of 19 bytes, and a buffer of 10. What does msgrcv do?",
            &[
                "It receives 10 bytes, then 9",
                "It fails, and the message stays",
                "It fails, and the message is lost",
            ],
            1,
        )?;
        let reply = receiver.run(msgrcv(Any, 10))?;
        context.check(reply.errno() == Some("E2BIG"), "it does not fit in 10 bytes")?;
        context.check(context.object().used()? == (1, 19), "it is still in the queue, complete")?;
        let reply = receiver.run(msgrcv(Any, 10).noerror())?;
        let is_beginning = reply.message() == Some((1, "0123456789")) && reply.is_cut();
        context.check(is_beginning, "with MSG_NOERROR its first 10 bytes are received")?;
        context.check(context.object().used()? == (0, 0), "and the rest is lost")
    },
};

pub const QUEUE_FULL: Scenario = Scenario {
    name: "queue-full",
    claim: "msgsnd sleeps on a full queue until a message is received; with IPC_NOWAIT it fails with EAGAIN.",
    run: |context| {
        let (mut sender, mut receiver) = (context.process("sender", ())?, context.process("receiver", ())?);
        shrink(context, 30)?;
        for _ in 0..3 {
            sender.run(msgsnd(1, "0123456789"))?;
        }
        let reply = sender.run(msgsnd(1, "x").nowait())?;
        context.check(reply.errno() == Some("EAGAIN"), "the queue is full: not even one more byte fits")?;
        context.question(
            "The queue is full. What does msgsnd do without IPC_NOWAIT?",
            &["It sleeps until there is room", "It fails with EAGAIN", "It drops the oldest message"],
            0,
        )?;
        sender.start(msgsnd(2, "patient"))?;
        sender.wait_until_asleep(1)?;
        context.pause()?;
        context.check(sender.is_asleep(1)?, "it sleeps as long as there is no room")?;
        receiver.run(msgrcv(Any, 100))?;
        let reply = sender.finish()?;
        context.check(reply.is_ok(), "it woke when a message was received")?;
        let reply = receiver.run(msgrcv(Exactly(2), 100))?;
        context.check(reply.text() == Some("patient"), "and its message is in the queue")
    },
};

pub const FULL_BOTH_WAYS: Scenario = Scenario {
    name: "full-both-ways",
    claim: "Two processes that send before they receive sleep forever, since both directions share the capacity; the cure \
            is to receive when there is no room to send.",
    run: |context| {
        shrink(context, 4096)?;
        context.note("each sends 16 messages of 512 bytes to the other; 8 of them fill the queue")?;
        context.question(
            "Each sends all 16 messages before it receives any. How does that end?",
            &["Both sleep in msgsnd", "Both finish, since each receives in the end"],
            0,
        )?;
        let mut naive = [context.process("naive 1", ())?, context.process("naive 2", ())?];
        naive[0].start(send_then_receive(1, 2, 16))?;
        naive[1].start(send_then_receive(2, 1, 16))?;
        for worker in &mut naive {
            worker.wait_until_asleep(1)?;
        }
        context.pause()?;
        let asleep =
            !naive.iter().map(|worker| worker.is_asleep(1)).collect::<Result<Vec<_>, _>>()?.contains(&false);
        context.check(
            asleep && context.object().used()? == (8, 4096),
            "both sleep in msgsnd, and no process receives",
        )?;
        for worker in naive {
            worker.kill()?;
        }
        let mut clean_up = context.process("clean-up", ())?;
        while clean_up.run_silently(msgrcv(Any, 512).nowait())?.is_ok() {}
        clean_up.note("received what they had sent")?;
        let mut careful = [context.process("careful 1", ())?, context.process("careful 2", ())?];
        careful[0].start_announced(send_and_receive(1, 2, 16))?;
        careful[1].start_announced(send_and_receive(2, 1, 16))?;
        for worker in &mut careful {
            let reply = worker.finish()?;
            context.check(reply.number() == Some(16), "it sent and received everything")?;
        }
        context.check(
            context.object().used()? == (0, 0),
            "the cure: send without waiting, and receive when there is no room",
        )
    },
};
