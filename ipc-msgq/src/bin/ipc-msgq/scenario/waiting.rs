//! Waiting calls, and the events that end them.

use nix::sys::signal::Signal;

use super::Scenario;
use super::context::PAUSE;
use super::reply::CallResult;

pub const BLOCKING: Scenario = Scenario {
    name: "blocking",
    claim: "msgrcv sleeps until there is a message.",
    run: |context| {
        let (mut receiver, mut sender) = (context.worker("receiver")?, context.worker("sender")?);
        receiver.start("recv any 100")?;
        receiver.wait_until_asleep(1)?;
        context.pause()?;
        context.check(receiver.is_asleep(1)?, "it sleeps as long as the queue is empty")?;
        sender.run("send 1 hello.txt")?;
        let reply = receiver.finish()?;
        context.check(reply.text() == Some("hello.txt"), "the message woke it")?;
        context.check(reply.took >= PAUSE, "its call took as long as it slept")
    },
};

pub const NONBLOCKING: Scenario = Scenario {
    name: "nonblocking",
    claim: "With IPC_NOWAIT, msgrcv returns at once: with a message, or with ENOMSG.",
    run: |context| {
        let (mut receiver, mut sender) = (context.worker("receiver")?, context.worker("sender")?);
        let reply = receiver.run("try-recv any 100")?;
        context.check(
            reply.result == CallResult::Nothing,
            "the queue is empty: it continues without a message",
        )?;
        sender.run("send 1 hello.txt")?;
        let reply = receiver.run("try-recv any 100")?;
        context.check(reply.text() == Some("hello.txt"), "a message is there: it is received")
    },
};

pub const REMOVED_WHILE_WAITING: Scenario = Scenario {
    name: "removed-while-waiting",
    claim: "A process that sleeps on a queue wakes with EIDRM when the queue is removed.",
    run: |context| {
        let mut receiver = context.worker("receiver")?;
        let (mut sender, mut remover) = (context.worker("sender")?, context.worker("remover")?);
        context.shrink(10)?;
        sender.run("send 1 0123456789")?;
        sender.start("send 1 more")?;
        sender.wait_until_asleep(1)?;
        receiver.start("recv 2 100")?;
        receiver.wait_until_asleep(1)?;
        remover.run("remove")?;
        let replies = [receiver.finish()?, sender.finish()?];
        context.check(
            replies.iter().all(|reply| reply.errno() == Some("EIDRM")),
            "both calls failed with EIDRM",
        )?;
        let reply = receiver.run("recv 2 100")?;
        context
            .check(reply.errno() == Some("EINVAL"), "a later call fails with EINVAL: the id no longer exists")
    },
};

pub const INTERRUPTED: Scenario = Scenario {
    name: "interrupted",
    claim: "A handled signal ends msgrcv and msgsnd with EINTR, even if its handler was installed with SA_RESTART.",
    run: |context| {
        let (mut receiver, mut sender) = (context.worker("receiver")?, context.worker("sender")?);
        context.shrink(10)?;
        for worker in [&mut receiver, &mut sender] {
            worker.run("handle-usr1")?;
        }
        receiver.start("recv 2 100")?;
        receiver.wait_until_asleep(1)?;
        receiver.signal(Signal::SIGUSR1)?;
        let reply = receiver.finish()?;
        context.check(reply.errno() == Some("EINTR"), "msgrcv was not restarted")?;
        sender.run("send 1 0123456789")?;
        sender.start("send 2 again")?;
        sender.wait_until_asleep(1)?;
        sender.signal(Signal::SIGUSR1)?;
        let reply = sender.finish()?;
        context.check(reply.errno() == Some("EINTR"), "msgsnd was not restarted")?;
        context.check(context.used()? == (1, 10), "the unsent message is not in the queue")?;
        receiver.run("recv 1 100")?;
        sender.run("send 2 again")?;
        let reply = receiver.run("recv 2 100")?;
        context.check(reply.text() == Some("again"), "repeated, both calls succeed, and nothing was lost")
    },
};
