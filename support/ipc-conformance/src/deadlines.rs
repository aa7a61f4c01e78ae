//! Contract 5: calls with a timeout return in time, lose nothing, and notice a peer that is killed meanwhile.

use std::time::{Duration, Instant};

use ipc_core::{Endpoint, Mechanism, Receiver, Result, Sender, Transport};
use ipc_demo::exchange::Payload;
use libtest_mimic::Trial;

use super::endings::{killed_while, promptly};
use super::messages::Hail;
use super::scripts::{LONGEST, longest};
use super::{Bench, Outcome, ensure};

const VERIFY: Payload = Payload { verify: true };

/// The script of a peer that answers everything, with calls that have almost no time.
pub(super) const HASTY: &str = "hasty-echo";

/// Too short for most answers to arrive, and for most long messages to get through.
const HASTE: Duration = Duration::from_micros(30);

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    vec![
        bench.trial("a deadline is kept", |bench| kept(bench, false)),
        bench.trial("a deadline is kept under a hail of signals", |bench| kept(bench, true)),
        bench.trial("a deadline loses nothing and repeats nothing", nothing_lost),
        bench.trial("one deadline ends many calls", many_calls),
        bench.trial("a peer killed during a timed wait is noticed", |bench| {
            // One longer than the time between two checks of the peer, one shorter.
            for timeout in [Duration::from_secs(60), Duration::from_millis(20)] {
                promptly(|| {
                    killed_while(bench, false, |link| {
                        Ok(link.recv_timeout(&mut [0; 400], timeout)?.is_some())
                    })
                })?;
                promptly(|| {
                    killed_while(bench, false, |link| Ok(link.send_timeout(&[7; 1024], timeout)?.is_some()))
                })?;
            }
            Ok(())
        }),
    ]
}

/// Checks timeouts against a peer that neither sends nor receives. The watchdog of all cases checks that each wait
/// ends.
fn kept<M: Mechanism + 'static>(bench: Bench<M>, under_signals: bool) -> Outcome {
    let (mut link, _peer) = bench.meet("idle")?;
    let _hail = under_signals.then(Hail::on_this_thread).transpose()?;
    while link.send_timeout(&[7; 1024], Duration::from_millis(20))?.is_some() {}
    for milliseconds in [0, 1, 30, 250] {
        let timeout = Duration::from_millis(milliseconds);
        let started = Instant::now();
        let received = link.recv_timeout(&mut [0; 400], timeout)?;
        ensure!(received.is_none(), "a message of {received:?} bytes came that no peer sent");
        ensure!(started.elapsed() >= timeout, "recv: {timeout:?} was over after {:?}", started.elapsed());
        let started = Instant::now();
        let sent = link.send_timeout(&[7; 1024], timeout)?;
        // The buffers of TCP grow: a full one may have room again.
        let in_time = sent.is_some() || started.elapsed() >= timeout;
        ensure!(in_time, "send: {timeout:?} was over after {:?}", started.elapsed());

        let deadline = Instant::now() + timeout;
        for attempt in ["before", "after"] {
            let received = link.recv_deadline(&mut [0; 400], deadline)?;
            ensure!(received.is_none(), "a message of {received:?} bytes came that no peer sent");
            ensure!(Instant::now() >= deadline, "recv {attempt} the deadline: over too early");
        }
        let deadline = Instant::now() + timeout;
        let sent = link.send_deadline(&[7; 1024], deadline)?;
        ensure!(sent.is_some() || Instant::now() >= deadline, "send with a deadline: over too early");
    }
    Ok(())
}

/// Receives from a peer that sends without end, until a moment: each call has less time than the one before, and one that
/// is made too late still takes what is there.
fn many_calls<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet(LONGEST)?;
    let mut buffer = vec![0; link.max_message()];
    let deadline = Instant::now() + Duration::from_millis(50);
    let mut number = 0;
    let mut check = |message: &[u8]| -> Outcome {
        ensure!(*message == longest(number, message.len()), "message {number} came with other bytes");
        number += 1;
        Ok(())
    };
    while Instant::now() < deadline {
        if let Some(len) = link.recv_deadline(&mut buffer, deadline)? {
            check(&buffer[..len])?;
        }
    }
    let started = Instant::now();
    let len = insist(|| link.recv_deadline(&mut buffer, started))?;
    check(&buffer[..len])
}

/// Lets both sides time out constantly, also in the middle of a long message, and go on with the same or another call.
fn nothing_lost<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet(HASTY)?;
    let sizes = [0, 64, 5000, link.max_message().min(1 << 20)];
    let mut answer = vec![0; link.max_message()];
    for round in 0..120 {
        let mut message = vec![0; sizes[round as usize % sizes.len()]];
        VERIFY.write(round, &mut message);
        let len = if round % 3 == 0 {
            if link.send_timeout(&message, HASTE)?.is_none() {
                link.send(&message)?;
            }
            match link.recv_timeout(&mut answer, HASTE)? {
                Some(len) => len,
                None => link.recv(&mut answer)?,
            }
        } else {
            insist(|| link.send_timeout(&message, HASTE))?;
            insist(|| link.recv_timeout(&mut answer, HASTE))?
        };
        ensure!(answer[..len] == message, "round {round}: {} bytes came back as {len} others", message.len());
    }
    ensure!(link.try_recv(&mut answer)?.is_none(), "a message came twice");
    Ok(())
}

/// Repeats a call until its time is enough.
pub(super) fn insist<R>(mut call: impl FnMut() -> Result<Option<R>>) -> Result<R> {
    loop {
        if let Some(done) = call()? {
            return Ok(done);
        }
    }
}

/// Plays the peer: an echo.
pub(super) fn hasty(link: &mut impl Transport, buffer: &mut [u8]) -> Result<()> {
    loop {
        match insist(|| link.recv_timeout(buffer, HASTE)) {
            Err(ipc_core::Error::Disconnected) => return Ok(()),
            len => {
                let len = len?;
                insist(|| link.send_timeout(&buffer[..len], HASTE))?;
            }
        }
    }
}
