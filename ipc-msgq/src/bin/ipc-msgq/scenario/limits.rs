//! Messages that fit a queue, and messages that do not.

use super::Scenario;
use super::reply::CallResult;

pub const SIZE_EXCLUDES_TYPE: Scenario = Scenario {
    name: "size-excludes-type",
    claim: "The size given to msgsnd and msgrcv is that of the text; the type in front of it does not count.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        sender.run("send 1 sixteen bytes :)")?;
        context.check(context.used()? == (1, 16), "the queue holds 16 bytes, not the struct's 24")?;
        let reply = receiver.run("recv any 15")?;
        context.check(reply.errno() == Some("E2BIG"), "a size of 15 is too small")?;
        let reply = receiver.run("recv any 16")?;
        context.check(reply.text() == Some("sixteen bytes :)"), "a size of 16 is enough")
    },
};

pub const TOO_LONG: Scenario = Scenario {
    name: "too-long",
    claim: "A message longer than the buffer stays in the queue (E2BIG), or is truncated on request (MSG_NOERROR).",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        sender.run("send 1 0123456789 and more")?;
        let reply = receiver.run("recv any 10")?;
        context.check(reply.errno() == Some("E2BIG"), "it does not fit in 10 bytes")?;
        context.check(context.used()? == (1, 19), "it is still in the queue, complete")?;
        let reply = receiver.run("recv-cut any 10")?;
        let cut = CallResult::Got { kind: 1, cut: true, text: "0123456789".into() };
        context.check(reply.result == cut, "with MSG_NOERROR its first 10 bytes are received")?;
        context.check(context.used()? == (0, 0), "and the rest is lost")
    },
};

pub const QUEUE_FULL: Scenario = Scenario {
    name: "queue-full",
    claim: "msgsnd sleeps on a full queue until a message is received; with IPC_NOWAIT it fails with EAGAIN.",
    run: |context| {
        let (mut sender, mut receiver) = (context.worker("sender")?, context.worker("receiver")?);
        context.shrink(30)?;
        for _ in 0..3 {
            sender.run("send 1 0123456789")?;
        }
        let reply = sender.run("try-send 1 x")?;
        context.check(reply.result == CallResult::Full, "the queue is full: not even one more byte fits")?;
        sender.start("send 2 patient")?;
        sender.wait_until_asleep(1)?;
        context.pause()?;
        context.check(sender.is_asleep(1)?, "it sleeps as long as there is no room")?;
        receiver.run("recv any 100")?;
        let reply = sender.finish()?;
        context.check(reply.result == CallResult::Done(0), "it woke when a message was received")?;
        let reply = receiver.run("recv 2 100")?;
        context.check(reply.text() == Some("patient"), "and its message is in the queue")
    },
};

pub const FULL_BOTH_WAYS: Scenario = Scenario {
    name: "full-both-ways",
    claim: "Two processes that send before they receive sleep forever, since both directions share the capacity; the cure \
            is to receive when there is no room to send.",
    run: |context| {
        context.shrink(4096)?;
        context.log("each sends 16 messages of 512 bytes to the other; 8 of them fill the queue")?;
        let mut naive = [context.worker("naive 1")?, context.worker("naive 2")?];
        naive[0].start("exchange naive-1 16")?;
        naive[1].start("exchange naive-2 16")?;
        for worker in &mut naive {
            worker.wait_until_asleep(1)?;
        }
        context.pause()?;
        let asleep =
            !naive.iter().map(|worker| worker.is_asleep(1)).collect::<Result<Vec<_>, _>>()?.contains(&false);
        context
            .check(asleep && context.used()? == (8, 4096), "both sleep in msgsnd, and no process receives")?;
        for worker in naive {
            worker.kill()?;
        }
        let mut clean_up = context.worker("clean-up")?;
        while clean_up.run_silently("try-recv any 512")?.result != CallResult::Nothing {}
        clean_up.log("received what they had sent")?;
        let mut careful = [context.worker("careful 1")?, context.worker("careful 2")?];
        careful[0].start_announced("exchange careful-1 16")?;
        careful[1].start_announced("exchange careful-2 16")?;
        for worker in &mut careful {
            let reply = worker.finish()?;
            context.check(reply.number() == Some(16), "it sent and received everything")?;
        }
        context.check(
            context.used()? == (0, 0),
            "the cure: send without waiting, and receive when there is no room",
        )
    },
};
