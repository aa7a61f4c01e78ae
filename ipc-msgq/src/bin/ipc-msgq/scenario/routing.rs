//! The routing of messages to receivers.

use std::time::Instant;

use ipc_core::{Error, Result};

use super::Scene;
use super::player::Player;
use super::reply::Reply;
use super::stage::PATIENCE;

pub const TWO_RECEIVERS: Scene = Scene {
    name: "two-receivers",
    claim: "With two receivers at one queue, each message goes to exactly one of them.",
    play: |stage| {
        let mut receivers = [stage.player("receiver 1")?, stage.player("receiver 2")?];
        let mut sender = stage.player("sender")?;
        for receiver in &mut receivers {
            receiver.begin("recv any 100")?;
            receiver.sleeps(1)?;
        }
        sender.does("send 1 first")?;
        let (winner, reply) = whoever_answers(&mut receivers)?;
        let other = &receivers[1 - winner];
        stage
            .claim(reply.text() == Some("first") && other.is_asleep(1)?, "one has it, the other sleeps on")?;
        sender.does("send 1 second")?;
        let (second, reply) = whoever_answers(&mut receivers)?;
        stage.claim(
            second != winner && reply.text() == Some("second"),
            "the next goes to the one that still waits",
        )?;
        stage.claim(stage.used()? == (0, 0), "no copy is left for anybody")
    },
};

fn whoever_answers(players: &mut [Player; 2]) -> Result<(usize, Reply)> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        for (number, player) in players.iter_mut().enumerate() {
            if let Some(reply) = player.try_end()? {
                return Ok((number, reply));
            }
        }
        std::thread::yield_now();
    }
    Err(Error::TimedOut { what: "neither has a message".into(), waited: PATIENCE })
}

pub const ROUTE_BY_TYPE: Scene = Scene {
    name: "route-by-type",
    claim: "A receiver that asks for a type gets that type alone, so one queue serves several windows.",
    play: |stage| {
        let mut windows = [stage.player("window 1")?, stage.player("window 2")?];
        let mut sender = stage.player("sender")?;
        for (window, order) in windows.iter_mut().zip(["recv 1 100", "recv 2 100"]) {
            window.begin(order)?;
            window.sleeps(1)?;
        }
        sender.does("send 2 for window 2")?;
        let reply = windows[1].end()?;
        stage.claim(reply.message() == Some((2, "for window 2")), "window 2 has what is for it")?;
        stage.claim(windows[0].is_asleep(1)?, "window 1 sleeps on")?;
        sender.does("send 2 for window 2, later")?;
        sender.does("send 1 for window 1")?;
        let reply = windows[0].end()?;
        stage.claim(
            reply.message() == Some((1, "for window 1")),
            "window 1 passes over an older message of type 2",
        )?;
        stage.claim(stage.used()?.0 == 1, "which still waits")
    },
};

pub const SELECT_ORDER: Scene = Scene {
    name: "select-order",
    claim: "The oldest that fits: of any type, of one, of the lowest up to one, of any but one.",
    play: |stage| {
        let (mut sender, mut receiver) = (stage.player("sender")?, stage.player("receiver")?);
        for message in ["5 a", "2 b", "3 c", "2 d", "5 e"] {
            sender.does(&format!("send {message}"))?;
        }
        for (select, message, why) in [
            ("<=3", (2, "b"), "up to 3 (msgtyp -3): the lowest type first, and of that the oldest"),
            ("any", (5, "a"), "any (msgtyp 0): the oldest of all"),
            ("2", (2, "d"), "exactly 2 (msgtyp 2), although a 3 is older"),
            ("!5", (3, "c"), "any but 5 (msgtyp 5 with MSG_EXCEPT)"),
            ("any", (5, "e"), "any: the last"),
        ] {
            let reply = receiver.does(&format!("try-recv {select} 100"))?;
            stage.claim(reply.message() == Some(message), why)?;
        }
        Ok(())
    },
};
