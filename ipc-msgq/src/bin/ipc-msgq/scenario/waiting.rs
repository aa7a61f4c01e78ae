//! Waiting calls, and the events that end them.

use nix::sys::signal::Signal;

use super::Scene;
use super::reply::What;
use super::stage::PAUSE;

pub const BLOCKING: Scene = Scene {
    name: "blocking",
    claim: "msgrcv sleeps until there is a message.",
    play: |stage| {
        let (mut receiver, mut sender) = (stage.player("receiver")?, stage.player("sender")?);
        receiver.begin("recv any 100")?;
        receiver.sleeps(1)?;
        stage.pause()?;
        stage.claim(receiver.is_asleep(1)?, "it sleeps on as long as there is nothing")?;
        sender.does("send 1 hello.txt")?;
        let reply = receiver.end()?;
        stage.claim(reply.text() == Some("hello.txt"), "the message woke it")?;
        stage.claim(reply.took >= PAUSE, "its call took as long as it slept")
    },
};

pub const NONBLOCKING: Scene = Scene {
    name: "nonblocking",
    claim: "With IPC_NOWAIT, msgrcv returns at once: with a message, or with ENOMSG.",
    play: |stage| {
        let (mut receiver, mut sender) = (stage.player("receiver")?, stage.player("sender")?);
        let reply = receiver.does("try-recv any 100")?;
        stage.claim(reply.what == What::Nothing, "an empty queue: it goes on without a message")?;
        sender.does("send 1 hello.txt")?;
        let reply = receiver.does("try-recv any 100")?;
        stage.claim(reply.text() == Some("hello.txt"), "a message is there: it has it")
    },
};

pub const REMOVED_WHILE_WAITING: Scene = Scene {
    name: "removed-while-waiting",
    claim: "Who sleeps at a queue that is removed wakes up with EIDRM.",
    play: |stage| {
        let mut receiver = stage.player("receiver")?;
        let (mut sender, mut remover) = (stage.player("sender")?, stage.player("remover")?);
        stage.shrink(10)?;
        sender.does("send 1 0123456789")?;
        sender.begin("send 1 more")?;
        sender.sleeps(1)?;
        receiver.begin("recv 2 100")?;
        receiver.sleeps(1)?;
        remover.does("remove")?;
        let replies = [receiver.end()?, sender.end()?];
        stage.claim(replies.iter().all(|reply| reply.errno() == Some("EIDRM")), "both were told EIDRM")?;
        let reply = receiver.does("recv 2 100")?;
        stage.claim(reply.errno() == Some("EINVAL"), "who comes later is told EINVAL: there is no such id")
    },
};

pub const INTERRUPTED: Scene = Scene {
    name: "interrupted",
    claim: "A handled signal ends msgrcv and msgsnd with EINTR, even if its handler was installed with SA_RESTART.",
    play: |stage| {
        let (mut receiver, mut sender) = (stage.player("receiver")?, stage.player("sender")?);
        stage.shrink(10)?;
        for player in [&mut receiver, &mut sender] {
            player.does("handle-usr1")?;
        }
        receiver.begin("recv 2 100")?;
        receiver.sleeps(1)?;
        receiver.signal(Signal::SIGUSR1)?;
        let reply = receiver.end()?;
        stage.claim(reply.errno() == Some("EINTR"), "msgrcv was not restarted")?;
        sender.does("send 1 0123456789")?;
        sender.begin("send 2 again")?;
        sender.sleeps(1)?;
        sender.signal(Signal::SIGUSR1)?;
        let reply = sender.end()?;
        stage.claim(reply.errno() == Some("EINTR"), "msgsnd was not restarted")?;
        stage.claim(stage.used()? == (1, 10), "what was not sent is not in the queue")?;
        receiver.does("recv 1 100")?;
        sender.does("send 2 again")?;
        let reply = receiver.does("recv 2 100")?;
        stage.claim(reply.text() == Some("again"), "repeated, both calls succeed, and nothing was lost")
    },
};
