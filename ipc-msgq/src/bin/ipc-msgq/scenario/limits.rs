//! Messages that fit a queue, and messages that do not.

use super::Scene;
use super::reply::What;

pub const SIZE_EXCLUDES_TYPE: Scene = Scene {
    name: "size-excludes-type",
    claim: "The size given to msgsnd and msgrcv is that of the text; the type in front of it does not count.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        sender.does("send 1 sixteen bytes :)")?;
        stage.claim(stage.used()? == (1, 16), "the queue holds 16 bytes, not the struct's 24")?;
        let reply = receiver.does("recv any 15")?;
        stage.claim(reply.errno() == Some("E2BIG"), "a size of 15 is too little")?;
        let reply = receiver.does("recv any 16")?;
        stage.claim(reply.text() == Some("sixteen bytes :)"), "a size of 16 is enough")
    },
};

pub const TOO_LONG: Scene = Scene {
    name: "too-long",
    claim: "A message longer than the buffer stays in the queue (E2BIG), or is cut if one asks for it (MSG_NOERROR).",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        sender.does("send 1 0123456789 and more")?;
        let reply = receiver.does("recv any 10")?;
        stage.claim(reply.errno() == Some("E2BIG"), "it does not fit 10 bytes")?;
        stage.claim(stage.used()? == (1, 19), "it is still there, whole")?;
        let reply = receiver.does("recv-cut any 10")?;
        let cut = What::Got { kind: 1, cut: true, text: "0123456789".into() };
        stage.claim(reply.what == cut, "with MSG_NOERROR its beginning is received")?;
        stage.claim(stage.used()? == (0, 0), "and the rest is lost")
    },
};

pub const QUEUE_FULL: Scene = Scene {
    name: "queue-full",
    claim: "msgsnd sleeps at a full queue until a message is taken; with IPC_NOWAIT it returns EAGAIN.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        stage.shrink(30)?;
        for _ in 0..3 {
            sender.does("send 1 0123456789")?;
        }
        let reply = sender.does("try-send 1 x")?;
        stage.claim(reply.what == What::Full, "full: not one byte more")?;
        sender.begin("send 2 patient")?;
        sender.sleeps(1)?;
        stage.pause()?;
        stage.claim(sender.is_asleep(1)?, "it sleeps on as long as there is no room")?;
        receiver.does("recv any 100")?;
        let reply = sender.end()?;
        stage.claim(reply.what == What::Done(0), "the room that one message leaves woke it")?;
        let reply = receiver.does("recv 2 100")?;
        stage.claim(reply.text() == Some("patient"), "and its message is in the queue")
    },
};

pub const FULL_BOTH_WAYS: Scene = Scene {
    name: "full-both-ways",
    claim: "Two that send before they receive sleep for ever, as both ways share the room; not if who cannot send \
            receives.",
    play: |stage| {
        stage.shrink(4096)?;
        stage.tell("each is to send 16 messages of 512 bytes to the other; 8 of them fill the queue")?;
        let mut naive = [stage.player("naive 1")?, stage.player("naive 2")?];
        naive[0].begin("exchange naive-1 16")?;
        naive[1].begin("exchange naive-2 16")?;
        for player in &mut naive {
            player.sleeps(1)?;
        }
        stage.pause()?;
        let asleep =
            !naive.iter().map(|player| player.is_asleep(1)).collect::<Result<Vec<_>, _>>()?.contains(&false);
        stage.claim(
            asleep && stage.used()? == (8, 4096),
            "both sleep in msgsnd, and nobody is left to receive",
        )?;
        for player in naive {
            player.kill()?;
        }
        let mut clean_up = stage.player("clean-up")?;
        while clean_up.quietly("try-recv any 512")?.what != What::Nothing {}
        clean_up.says("has received what they had sent")?;
        let mut careful = [stage.player("careful 1")?, stage.player("careful 2")?];
        careful[0].sets_out("exchange careful-1 16")?;
        careful[1].sets_out("exchange careful-2 16")?;
        for player in &mut careful {
            let reply = player.end()?;
            stage.claim(reply.number() == Some(16), "it has sent all and received all")?;
        }
        stage.claim(
            stage.used()? == (0, 0),
            "sending without waiting, and receiving when there is no room: the cure",
        )
    },
};
