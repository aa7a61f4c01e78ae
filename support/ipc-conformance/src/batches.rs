//! Fed messages: a batch keeps every promise that a message sent by itself does, and leaves when it should.

use std::time::{Duration, Instant};

use ipc_core::{Endpoint, Error, Mechanism, Receiver, Result, Sender, Transport};
use libtest_mimic::{Failed, Trial};

use super::endings::{promptly, we_close};
use super::halves::{dropped_without_room, sender_dropped};
use super::messages::{Hail, HandOver, all_there, at_once, go_on, stop};
use super::scripts::{ALL_THERE, check_numbered, disconnected, idle, longest, numbered};
use super::{Bench, Outcome, ensure};

/// The script of a peer that receives messages of any length up to the last.
pub(super) const COLLECT_ANY: &str = "collect-any";
/// The script of a peer that fills the medium and its own batch before it receives.
pub(super) const BRIMFUL: &str = "brimful";
/// The script of a peer that receives some messages, says so, and then receives no more.
pub(super) const TAKE: &str = "take";

/// Messages that any medium holds.
const FEW: u64 = 5;

/// The length of the messages that fill a medium: short enough for any batch.
const LONG: usize = 1000;

/// A limit to what is fed to a peer that takes nothing. It is more than the buffers of TCP grow to.
const TOO_MANY: u64 = 30_000;

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    vec![
        bench.trial("fed messages arrive in order among others", |bench| order(bench, false)),
        bench.trial("fed messages arrive under a hail of signals", |bench| order(bench, true)),
        bench.trial("a fed message that is too large leaves the batch alone", too_large),
        bench.trial("a batch leaves before its link waits to receive", flushed_before_a_wait),
        bench.trial("two sides with full batches do not wait for each other", brimful),
        bench.trial("a batch without room is not now, and loses nothing", not_now),
        bench.trial("a batch keeps its deadlines", deadlines),
        bench.trial("a batch leaves when its link is dropped", |bench| we_close(bench, HandOver::Feed)),
        bench.trial("a batch leaves when its half is dropped", |bench| sender_dropped(bench, HandOver::Feed)),
        bench.trial("a batch leaves by a drop that has to wait for room", |bench| {
            dropped_without_room(bench, HandOver::Feed)
        }),
        bench.trial("a drop does not wait for a peer that takes nothing", drop_ends),
        bench.trial("after a kill, the unsent messages are counted", |bench| promptly(|| killed(bench))),
    ]
}

/// Feeds and sends messages of many lengths, flushes now and then, and leaves the last flush to the wait for the answer.
fn order<M: Mechanism + 'static>(bench: Bench<M>, under_signals: bool) -> Outcome {
    let (mut link, _peer) = bench.meet(COLLECT_ANY)?;
    let _hail = under_signals.then(Hail::on_this_thread).transpose()?;
    let max = link.max_message();
    for number in 0..1000 {
        let size = match number % 50 {
            10 => 20_000.min(max), // goes out behind the batch
            20 => 4096,
            30 => 4097,
            rest => rest as usize * 7,
        };
        let message = longest(number, size);
        match number % 100 {
            0 => link.send(&message)?,
            1 => while link.try_send(&message)?.is_none() {},
            2 | 10 => while link.feed_timeout(&message, Duration::from_micros(30))?.is_none() {},
            3 | 60 => while link.try_feed(&message)?.is_none() {},
            _ => link.feed(&message)?,
        }
        if number % 300 == 7 {
            link.flush()?;
            ensure!(link.unsent() == 0, "{} messages are left after a flush", link.unsent());
        }
    }
    all_there(&mut link)
}

fn too_large<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let max = link.max_message();
    let long = vec![1; max + 1];
    link.feed(b"before")?;
    let unsent = link.unsent();
    for answer in [
        link.feed(&long),
        link.try_feed(&long).map(drop),
        link.feed_timeout(&long, Duration::from_secs(5)).map(drop),
    ] {
        let refused =
            matches!(answer, Err(Error::TooLarge { len, max: said }) if len == max + 1 && said == max);
        ensure!(refused, "{} bytes where {max} fit: {answer:?}", max + 1);
        ensure!(link.unsent() == unsent, "{unsent} messages were in the batch, now {}", link.unsent());
    }
    link.feed(b"after")?;
    let mut answer = [0; 16];
    for expected in [&b"before"[..], b"after"] {
        let len = link.recv(&mut answer)?;
        ensure!(&answer[..len] == expected, "after the refusal came {:?}", &answer[..len]);
    }
    Ok(())
}

/// Asks questions by `feed` only: each way to receive sends them first.
fn flushed_before_a_wait<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let mut buffer = [0; 16];
    for way in 0..4_u8 {
        link.feed(&[way])?;
        let len = match way {
            0 => link.recv(&mut buffer)?,
            1 => link.recv_timeout(&mut buffer, Duration::from_secs(60))?.ok_or("no answer in a minute")?,
            2 => loop {
                if let Some(len) = link.try_recv(&mut buffer)? {
                    break len;
                }
            },
            _ => {
                let answer = link.messages().next().ok_or("no more messages")??;
                buffer[..answer.len()].copy_from_slice(&answer);
                answer.len()
            }
        };
        ensure!(buffer[..len] == [way], "way {way}: {:?}", &buffer[..len]);
        ensure!(link.unsent() == 0, "way {way}: {} messages are left", link.unsent());
    }
    Ok(())
}

/// Both sides fill the medium and their batches, and then wait to receive: a side that only waited for room would wait for
/// the other, which does the same.
fn brimful<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, mut peer) = bench.meet(BRIMFUL)?;
    link.send(b"go")?;
    fill_and_receive(&mut link)?;
    drop(link);
    let status = peer.wait()?;
    ensure!(status.success(), "the peer missed something: {status}");
    Ok(())
}

/// Plays the peer.
pub(super) fn fill_and_receive_as_peer(link: &mut impl Transport) -> Result<()> {
    link.recv(&mut [0; 16])?;
    fill_and_receive(link)
}

/// Feeds until there is no more room, and receives until nothing more comes for a while.
fn fill_and_receive(link: &mut impl Transport) -> Result<()> {
    let mut fed = 0;
    while fed < TOO_MANY && link.feed_timeout(&longest(fed, LONG), Duration::from_millis(20))?.is_some() {
        fed += 1;
    }
    let mut buffer = [0; LONG];
    for next in 0.. {
        let came = match next {
            0 => link.recv(&mut buffer).map(Some),
            _ => link.recv_timeout(&mut buffer, Duration::from_secs(1)),
        };
        match came {
            Ok(Some(len)) if buffer[..len] == longest(next, LONG) => {}
            Ok(Some(_)) => return Err(Error::Corrupt("another message than was sent")),
            Ok(None) | Err(Error::Disconnected) => break,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Fills medium and batch while the peer is stopped: no call that may not wait waits, and nothing is lost, changed or
/// repeated when the peer goes on.
fn not_now<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, mut peer) = bench.meet(COLLECT_ANY)?;
    stop(&peer)?;
    let mut taken = 0;
    at_once(&mut peer, "try_feed, try_flush and try_send, for room", || {
        while taken < TOO_MANY && link.try_feed(&longest(taken, LONG))?.is_some() {
            taken += 1;
        }
        for _ in 0..3 {
            let flushed = link.try_flush()?;
            ensure!(flushed.is_some() == (link.unsent() == 0), "{flushed:?} with {} unsent", link.unsent());
            if link.try_send(&longest(taken, LONG))?.is_some() {
                taken += 1;
                ensure!(link.unsent() == 0, "a message overtook {} others", link.unsent());
            }
            if link.try_feed(&longest(taken, LONG))?.is_some() {
                taken += 1;
            }
        }
        Ok(())
    })?;
    ensure!(taken < TOO_MANY, "{taken} messages went into a medium that no peer drained");
    go_on(&peer)?;
    for number in taken..taken + 50 {
        link.feed(&longest(number, LONG))?;
    }
    all_there(&mut link)
}

fn deadlines<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("idle")?;
    while link.feed_timeout(&[7; LONG], Duration::from_millis(20))?.is_some() {}
    for milliseconds in [0, 1, 30, 250] {
        let timeout = Duration::from_millis(milliseconds);
        let timed = |what: &str, call: &mut dyn FnMut() -> Result<bool>| -> Outcome {
            let started = Instant::now();
            // The buffers of TCP grow: a full one may have room again.
            let in_time = call()? || started.elapsed() >= timeout;
            ensure!(in_time, "{what}: {timeout:?} was over after {:?}", started.elapsed());
            Ok(())
        };
        timed("feed", &mut || Ok(link.feed_timeout(&[7; LONG], timeout)?.is_some()))?;
        timed("flush", &mut || Ok(link.flush_timeout(timeout)?.is_some()))?;
        timed("recv, with a batch", &mut || Ok(link.recv_timeout(&mut [0; 400], timeout)?.is_some()))?;
    }
    Ok(())
}

/// The watchdog of all cases notices a drop that waits without end.
fn drop_ends<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, peer) = bench.meet("idle")?;
    while link.feed_timeout(&[7; LONG], Duration::from_millis(1))?.is_some() {}
    drop(link);
    drop(peer);
    Ok(())
}

/// Kills a peer that has received some of many, and returns how soon that was noticed.
fn killed<M: Mechanism + 'static>(bench: Bench<M>) -> std::result::Result<Duration, Failed> {
    let (mut link, mut peer) = bench.meet(&format!("{TAKE} {FEW}"))?;
    let mut fed = 0;
    while fed < FEW {
        link.feed(&numbered(fed))?;
        fed += 1;
    }
    let mut answer = [0; 16];
    let len = link.recv(&mut answer)?;
    ensure!(&answer[..len] == ALL_THERE, "the peer says {:?}", &answer[..len]);
    while fed < TOO_MANY && link.feed_timeout(&longest(fed, LONG), Duration::from_millis(1))?.is_some() {
        fed += 1;
    }
    let before = link.unsent() as u64;
    ensure!(before <= fed - FEW, "{before} of {fed} messages are unsent, and {FEW} were received");
    let killed = Instant::now();
    peer.kill();
    // One of them may be partly sent; no other may then take its place.
    let end = loop {
        match link.feed(&longest(fed, LONG)) {
            Ok(()) => fed += 1,
            Err(end) => break end,
        }
    };
    let noticed = killed.elapsed();
    ensure!(matches!(end, Error::Disconnected), "the end was: {end:?}");
    let unsent = link.unsent() as u64;
    ensure!((before..=fed - FEW).contains(&unsent), "{before} messages were unsent, then {unsent} of {fed}");
    disconnected(link.recv(&mut [0; 400]))?;
    ensure!(link.unsent() as u64 == unsent, "{unsent} messages were unsent, now {}", link.unsent());
    Ok(noticed)
}

/// Plays the peer.
pub(super) fn take(link: &mut impl Transport, count: u64) -> Result<()> {
    (0..count).try_for_each(|number| check_numbered(link, number))?;
    link.send(ALL_THERE)?;
    idle();
    Ok(())
}
