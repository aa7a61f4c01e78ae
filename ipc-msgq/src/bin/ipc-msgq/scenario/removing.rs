//! The end of a queue.

use std::time::Instant;

use ipc_msgq::list;

use super::Scene;
use super::reply::What;
use super::stage::{PATIENCE, Stage};
use crate::command::users::{Sleepers, is_orphan};

pub const REMOVE_TOO_EARLY: Scene = Scene {
    name: "remove-too-early",
    claim: "A queue that is removed takes with it what was not received.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        for text in ["one", "two", "three"] {
            sender.does(&format!("send 1 {text}"))?;
        }
        let reply = receiver.does("recv any 100")?;
        stage.claim(reply.text() == Some("one"), "one was received in time")?;
        stage.claim(stage.used()?.0 == 2, "two are in the queue")?;
        sender.does("remove")?;
        let reply = receiver.does("recv any 100")?;
        stage.claim(reply.errno() == Some("EINVAL"), "the queue is gone, and \"two\" and \"three\" with it")
    },
};

pub const REMOVE_SAFELY: Scene = Scene {
    name: "remove-safely",
    claim: "Nothing is lost if first nobody may send, then everything is received, and then the queue is removed.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        let mut remover = stage.player("remover")?;
        for text in ["one", "two", "three"] {
            sender.does(&format!("send 1 {text}"))?;
        }
        let reply = remover.does("drain 50")?;
        stage.claim(
            reply.number() == Some(3),
            "nobody receives, so after 50 ms the queue is as it was, with all 3",
        )?;
        remover.sets_out("drain 20000")?;
        let started = Instant::now();
        while stage.queue.stat()?.capacity > 0 && started.elapsed() < PATIENCE {
            std::thread::yield_now();
        }
        let reply = sender.does("try-send 1 four")?;
        stage.claim(reply.what == What::Full, "the queue is closed to what is new")?;
        for text in ["one", "two", "three"] {
            let reply = receiver.does("recv any 100")?;
            stage.claim(reply.text() == Some(text), "the receiver gets what was sent before")?;
        }
        let reply = remover.end()?;
        stage.claim(reply.number() == Some(0), "everything was received, and then the queue was removed")?;
        let reply = receiver.does("recv any 100")?;
        stage.claim(reply.errno() == Some("EINVAL"), "it is gone")
    },
};

pub const ORPHAN: Scene = Scene {
    name: "orphan",
    claim: "A queue outlives its users: killed, they leave it behind with what is in it.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        sender.does("send 1 one")?;
        sender.does("send 1 two")?;
        receiver.does("recv any 100")?;
        stage.claim(
            orphan(stage)? == Some(false),
            "its last sender and its last receiver live: it is no orphan",
        )?;
        sender.kill()?;
        stage.claim(orphan(stage)? == Some(false), "its last receiver lives")?;
        receiver.kill()?;
        stage.claim(orphan(stage)? == Some(true), "both are dead, and it is still there: an orphan")?;
        stage.claim(stage.used()?.0 == 1, "the kernel keeps what it holds")?;
        let mut heir = stage.player("heir")?;
        heir.begin("recv 2 100")?;
        heir.sleeps(1)?;
        stage.claim(orphan(stage)? == Some(false), "who sleeps at it uses it, too")?;
        heir.kill()?;
        let mut remover = stage.player("remover")?;
        remover.does("remove")?;
        stage.claim(orphan(stage)?.is_none(), "somebody had to remove it")
    },
};

/// Returns the orphan column of `ls` for the queue; `None` if it does not exist.
fn orphan(stage: &Stage) -> ipc_core::Result<Option<bool>> {
    let sleepers = Sleepers::look()?;
    let entry = list()?.into_iter().find(|entry| entry.queue == stage.queue);
    Ok(entry.map(|entry| is_orphan(&entry, &sleepers)))
}
