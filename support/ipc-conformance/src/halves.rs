//! The contract of a link that is split for two threads: each half keeps the link's promises, whatever the other does.

use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipc_core::{Endpoint, Error, Mechanism, Receiver, Result, Sender, Split, Transport, Waiting};
use libtest_mimic::{Failed, Trial};

use super::endings::{promptly, wait_for_standstill};
use super::messages::HandOver;
use super::scripts::{check_numbered, disconnected, longest, numbered};
use super::{Bench, Outcome, ensure};

/// The script of a peer that is split too: it sends as many long messages as it receives, both at once.
pub(super) const FLOOD: &str = "flood";
/// The script of a peer that receives to the end, and then sends.
pub(super) const COLLECT_AND_EMIT: &str = "collect-and-emit";
/// The script of a peer that lets the medium fill, receives to the end, and says how many messages came.
pub(super) const COUNT_TO_END: &str = "count-to-end";
/// The script of a peer that sends to the end, and then receives to the end.
pub(super) const SEND_TO_END: &str = "send-to-end";
/// The script of a side that splits its link, and drops one half long before the other.
pub(super) const LEAVE_BY_HALVES: &str = "leave-by-halves";

/// Long enough that a message comes in several parts, and that a hundred of them fill any medium.
const LONG: usize = 100_000;

/// More messages than any medium holds.
const MANY: u64 = 300;

/// Messages that any medium holds.
const FEW: u64 = 5;

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    let mut trials = vec![
        bench.trial("halves send and receive at once", both_ways),
        bench.trial("a sender that is dropped ends one direction", |bench| {
            sender_dropped(bench, HandOver::Send)
        }),
        bench.trial("a sender that is dropped where there is no room is noticed", |bench| {
            dropped_without_room(bench, HandOver::Send)
        }),
        bench.trial("a receiver that is dropped leaves the sender", receiver_dropped),
        bench.trial("a half that waits does not hold up the other", independent),
        bench.trial("a killed peer is noticed by both halves", |bench| promptly(|| killed(bench))),
    ];
    if bench.facts.tells_of_a_dropped_receiver {
        trials.push(bench.trial("a receiver that is dropped ends the other direction", told_of_the_receiver));
    }
    trials
}

/// Fills both directions at once, from either side: a half that waited for the other would never return.
fn both_ways<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (link, mut peer) = bench.meet(&format!("{FLOOD} {MANY}"))?;
    flood(link, MANY)?;
    let status = peer.wait()?;
    ensure!(status.success(), "the peer missed something: {status}");
    Ok(())
}

/// Plays one side of the flood, in two threads.
pub(super) fn flood<L: Split>(link: Waiting<L>, count: u64) -> Result<()> {
    let (mut sender, mut receiver) = link.split();
    let size = LONG.min(sender.max_message());
    thread::scope(|scope| {
        let sending =
            scope.spawn(move || (0..count).try_for_each(|number| sender.send(&longest(number, size))));
        let mut buffer = vec![0; size];
        for number in 0..count {
            let len = receiver.recv(&mut buffer)?;
            if buffer[..len] != longest(number, size) {
                return Err(Error::Corrupt("another message than was sent"));
            }
        }
        sending.join().expect("it does not panic")?; // the sender was dropped in its thread
        disconnected(receiver.recv(&mut buffer))
    })
}

/// The peer, which has not split its link, gets everything, then the end, and can answer.
pub(super) fn sender_dropped<M: Mechanism + 'static>(bench: Bench<M>, hand_over: HandOver) -> Outcome {
    let (mut link, mut peer) = bench.meet(&format!("{COLLECT_AND_EMIT} {FEW}"))?;
    hand_over.call(&mut link, &numbered(0))?;
    let (mut sender, mut receiver) = link.split(); // what is in a batch goes along
    for number in 1..FEW {
        hand_over.call(&mut sender, &numbered(number))?;
    }
    drop(sender);
    for number in 0..FEW {
        check_numbered(&mut receiver, number)?;
    }
    disconnected(receiver.recv(&mut [0; 400]))?;
    let status = peer.wait()?;
    ensure!(status.success(), "the peer missed something: {status}");
    Ok(())
}

/// Plays the peer.
pub(super) fn collect_and_emit(link: &mut impl Transport, count: u64) -> Result<()> {
    for number in 0..count {
        check_numbered(link, number)?;
    }
    for _ in 0..2 {
        disconnected(link.recv(&mut [0; 400]))?;
        disconnected(link.try_recv(&mut [0; 400]))?;
    }
    (0..count).try_for_each(|number| link.send(&numbered(number)))
}

/// There may be no room for whatever marks the end, nor for a batch.
pub(super) fn dropped_without_room<M: Mechanism + 'static>(bench: Bench<M>, hand_over: HandOver) -> Outcome {
    let (link, _peer) = bench.meet(COUNT_TO_END)?;
    let (mut sender, mut receiver) = link.split();
    let mut taken = 0_u64;
    let patience = Duration::from_millis(1);
    while taken < 100_000 && hand_over.call_within(&mut sender, &[7; 1024], patience)?.is_some() {
        taken += 1;
    }
    drop(sender);
    let mut answer = [0; 8];
    receiver.recv(&mut answer)?;
    let came = u64::from_le_bytes(answer);
    ensure!(came == taken, "{taken} messages were taken, {came} came");
    Ok(())
}

/// Plays the peer.
pub(super) fn count_to_end(link: &mut impl Transport) -> Result<()> {
    thread::sleep(Duration::from_millis(100)); // too short only makes the case easier
    let mut came = 0_u64;
    loop {
        match link.recv(&mut [0; 1024]) {
            Ok(_) => came += 1,
            // A stream ends in the middle of the message that found no room.
            Err(Error::Disconnected | Error::Corrupt(_)) => return link.send(&came.to_le_bytes()),
            Err(error) => return Err(error),
        }
    }
}

fn receiver_dropped<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (link, mut peer) = bench.meet(&format!("collect-to-end {FEW}"))?;
    let (mut sender, receiver) = link.split();
    drop(receiver);
    for number in 0..FEW {
        sender.send(&numbered(number))?;
    }
    drop(sender);
    let status = peer.wait()?;
    ensure!(status.success(), "the peer missed something: {status}");
    Ok(())
}

/// The peer, which has not split its link, is told when it sends, and still receives.
fn told_of_the_receiver<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (link, mut peer) = bench.meet(&format!("{SEND_TO_END} {FEW}"))?;
    let (mut sender, receiver) = link.split();
    // So that the peer has filled the medium, which both directions may share; too short makes the case easier.
    thread::sleep(Duration::from_millis(50));
    drop(receiver);
    let size = LONG.min(sender.max_message());
    for number in 0..FEW {
        sender.send(&longest(number, size))?;
    }
    thread::sleep(Duration::from_millis(10)); // so that the peer still sends; too short makes the case easier
    drop(sender);
    let status = peer.wait()?;
    ensure!(status.success(), "the peer missed something: {status}");
    Ok(())
}

/// Plays the peer.
pub(super) fn send_to_end(link: &mut impl Transport, count: u64) -> Result<()> {
    for _ in 0..100_000 {
        match link.send(&[1; 1024]) {
            Ok(()) => {}
            Err(Error::Disconnected) => {
                let mut buffer = vec![0; LONG.min(link.max_message())];
                for number in 0..count {
                    let len = link.recv(&mut buffer)?;
                    if buffer[..len] != longest(number, buffer.len()) {
                        return Err(Error::Corrupt("another message than was sent"));
                    }
                }
                return disconnected(link.recv(&mut buffer));
            }
            Err(error) => return Err(error),
        }
    }
    Err(Error::Corrupt("100 MB went to a peer that had dropped its receiver"))
}

/// Sends until there is no more room, in a thread that then waits, and returns how far it has come.
fn filling<S: Sender + Send>(sender: &mut S, sent: &AtomicU64) -> Result<Instant> {
    loop {
        match sender.send(&[7; 1024]) {
            Ok(()) => sent.fetch_add(1, Ordering::Relaxed),
            end => return disconnected(end).map(|()| Instant::now()),
        };
    }
}

/// While one half waits without a limit, the timeouts and deadlines of the other are kept.
fn independent<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (link, mut peer) = bench.meet("idle")?;
    let (mut sender, mut receiver) = link.split();
    let time = Duration::from_millis(30);
    let sent = AtomicU64::new(0);
    thread::scope(|scope| -> Outcome {
        let filling = scope.spawn(|| filling(&mut sender, &sent));
        wait_for_standstill(&sent);
        let checked = (|| -> Outcome {
            let deadline = Instant::now() + time;
            let received = receiver.recv_timeout(&mut [0; 400], time)?;
            ensure!(received.is_none() && Instant::now() >= deadline, "a timeout: {received:?}");
            let deadline = Instant::now() + time;
            let received = receiver.recv_deadline(&mut [0; 400], deadline)?;
            ensure!(received.is_none() && Instant::now() >= deadline, "a deadline: {received:?}");
            ensure!(receiver.try_recv(&mut [0; 400])?.is_none(), "a message came that no peer sent");
            Ok(())
        })();
        peer.kill();
        filling.join().map_err(|_| "the sender panicked")??;
        checked
    })?;

    let (link, mut peer) = bench.meet("idle")?;
    let (mut sender, mut receiver) = link.split();
    let waiting: JoinHandle<Result<usize>> = thread::spawn(move || receiver.recv(&mut [0; 400]));
    let checked = (|| -> Outcome {
        while sender.send_timeout(&[7; 1024], time)?.is_some() {}
        for _ in 0..2 {
            let deadline = Instant::now() + time;
            let sent = sender.send_deadline(&[7; 1024], deadline)?;
            // The buffers of TCP grow: a full one may have room again.
            ensure!(sent.is_some() || Instant::now() >= deadline, "a deadline was over too early");
        }
        Ok(())
    })();
    peer.kill();
    disconnected(waiting.join().map_err(|_| "the receiver panicked")?)?;
    checked
}

/// Kills the peer while both halves wait, and returns how soon both have noticed.
fn killed<M: Mechanism + 'static>(bench: Bench<M>) -> std::result::Result<Duration, Failed> {
    let (link, mut peer) = bench.meet("idle")?;
    let (mut sender, mut receiver) = link.split();
    let sent = AtomicU64::new(0);
    thread::scope(|scope| {
        let sending = scope.spawn(|| filling(&mut sender, &sent));
        let receiving =
            scope.spawn(move || disconnected(receiver.recv(&mut [0; 400])).map(|()| Instant::now()));
        wait_for_standstill(&sent);
        let killed = Instant::now();
        peer.kill();
        let noticed = [
            sending.join().map_err(|_| "the sender panicked")??,
            receiving.join().map_err(|_| "the receiver panicked")??,
        ];
        Ok(noticed[0].max(noticed[1]).duration_since(killed))
    })
}

/// Drops the sender, waits until the peer has left for that reason, and drops the receiver.
pub(super) fn leave_by_halves<L: Split>(link: Waiting<L>) -> Result<()> {
    let (sender, mut receiver) = link.split();
    drop(sender);
    disconnected(receiver.recv(&mut [0; 400]))
}
