//! Waiting calls, and the events that end them.

use ipc_demo::scenario::PAUSE;
use nix::sys::signal::Signal;

use super::Scenario;
use super::object::shrink;
use super::step::Wanted::{Any, Exactly};
use super::step::{handle_usr1, msgrcv, msgsnd, remove};

pub const BLOCKING: Scenario = Scenario {
    name: "blocking",
    claim: "msgrcv sleeps until there is a message.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        context.question(
            "The queue is empty. What does msgrcv do?",
            &["It fails with ENOMSG", "It sleeps", "It returns an empty message"],
            1,
        )?;
        receiver.start(msgrcv(Any, 100))?;
        receiver.wait_until_asleep(1)?;
        context.pause()?;
        context.check(receiver.is_asleep(1)?, "it sleeps as long as the queue is empty")?;
        sender.run(msgsnd(1, "hello.txt"))?;
        let reply = receiver.finish()?;
        context.check(reply.text() == Some("hello.txt"), "the message woke it")?;
        context.check(reply.took >= PAUSE, "its call took as long as it slept")
    },
};

pub const NONBLOCKING: Scenario = Scenario {
    name: "nonblocking",
    claim: "With IPC_NOWAIT, msgrcv returns at once: with a message, or with ENOMSG.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        context.question(
            "The queue is empty. What does msgrcv do with IPC_NOWAIT?",
            &["It fails with ENOMSG", "It sleeps", "It returns 0"],
            0,
        )?;
        let reply = receiver.run(msgrcv(Any, 100).nowait())?;
        context
            .check(reply.errno() == Some("ENOMSG"), "the queue is empty: it continues without a message")?;
        sender.run(msgsnd(1, "hello.txt"))?;
        let reply = receiver.run(msgrcv(Any, 100).nowait())?;
        context.check(reply.text() == Some("hello.txt"), "a message is there: it is received")
    },
};

pub const CRASH_AFTER_RECEIVE: Scenario = Scenario {
    name: "crash-after-receive",
    claim: "A message is lost if its receiver is killed after msgrcv, before it has handled it.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        let mut heir = context.process("heir", ())?;
        sender.run(msgsnd(1, "order 17"))?;
        let reply = receiver.run(msgrcv(Any, 100))?;
        context.check(reply.text() == Some("order 17"), "the receiver has it")?;
        context.question(
            "The receiver is killed before it has handled the message. What becomes of the message?",
            &["It is lost", "The kernel puts it back", "It stays, for a process with the same name"],
            0,
        )?;
        receiver.kill()?;
        context.check(context.object().used()? == (0, 0), "msgrcv had removed it from the queue")?;
        let reply = heir.run(msgrcv(Any, 100).nowait())?;
        context.check(reply.errno() == Some("ENOMSG"), "no other process receives it")
    },
};

pub const REMOVED_WHILE_WAITING: Scenario = Scenario {
    name: "removed-while-waiting",
    claim: "A process that sleeps on a queue wakes with EIDRM when the queue is removed.",
    run: |context| {
        let mut receiver = context.process("receiver", ())?;
        let (mut sender, mut remover) = (context.process("sender", ())?, context.process("remover", ())?);
        shrink(context, 10)?;
        sender.run(msgsnd(1, "0123456789"))?;
        sender.start(msgsnd(1, "more"))?;
        sender.wait_until_asleep(1)?;
        receiver.start(msgrcv(Exactly(2), 100))?;
        receiver.wait_until_asleep(1)?;
        context.question(
            "Both processes sleep in a call on the queue, which is now removed. What do they do?",
            &["They sleep on, forever", "They wake with EIDRM", "They are killed"],
            1,
        )?;
        remover.run(remove())?;
        let replies = [receiver.finish()?, sender.finish()?];
        context.check(
            replies.iter().all(|reply| reply.errno() == Some("EIDRM")),
            "both calls failed with EIDRM",
        )?;
        let reply = receiver.run(msgrcv(Exactly(2), 100))?;
        context
            .check(reply.errno() == Some("EINVAL"), "a later call fails with EINVAL: the id no longer exists")
    },
};

pub const INTERRUPTED: Scenario = Scenario {
    name: "interrupted",
    claim: "A handled signal ends msgrcv and msgsnd with EINTR, even if its handler was installed with SA_RESTART.",
    run: |context| {
        let (mut receiver, mut sender) = (context.process("receiver", ())?, context.process("sender", ())?);
        shrink(context, 10)?;
        for process in [&mut receiver, &mut sender] {
            process.run(handle_usr1())?;
        }
        receiver.start(msgrcv(Exactly(2), 100))?;
        receiver.wait_until_asleep(1)?;
        context.question(
            "The receiver has a handler for SIGUSR1, installed with SA_RESTART. What does msgrcv do?",
            &["It is restarted, and sleeps on", "It fails with EINTR"],
            1,
        )?;
        receiver.signal(Signal::SIGUSR1)?;
        let reply = receiver.finish()?;
        context.check(reply.errno() == Some("EINTR"), "msgrcv was not restarted")?;
        sender.run(msgsnd(1, "0123456789"))?;
        sender.start(msgsnd(2, "again"))?;
        sender.wait_until_asleep(1)?;
        sender.signal(Signal::SIGUSR1)?;
        let reply = sender.finish()?;
        context.check(reply.errno() == Some("EINTR"), "msgsnd was not restarted")?;
        context.check(context.object().used()? == (1, 10), "the unsent message is not in the queue")?;
        receiver.run(msgrcv(Exactly(1), 100))?;
        sender.run(msgsnd(2, "again"))?;
        let reply = receiver.run(msgrcv(Exactly(2), 100))?;
        context.check(reply.text() == Some("again"), "repeated, both calls succeed, and nothing was lost")
    },
};
