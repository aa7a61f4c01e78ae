//! Contract 1, 2, 3 and 5: sent messages arrive; messages that cannot be sent or received are errors; signals do not
//! surface.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use ipc_core::{Call, Endpoint, Error, Mechanism, Receiver, Result, Sender, ThreadId, Transport, Wait};
use ipc_demo::exchange::Payload;
use ipc_demo::helper_process::HelperProcess;
use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::scripts::{ALL_THERE, LAST, LONGEST, check_numbered, disconnected, longest, numbered};
use super::watchdog::PATIENCE;
use super::{Bench, Outcome, ensure};
use crate::sys;

const SIZES: [usize; 10] = [0, 1, 63, 64, 65, 4095, 4096, 4097, 64 << 10, usize::MAX];
const VERIFY: Payload = Payload { verify: true };

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    let mut trials = vec![
        bench.trial("every size comes back unchanged", sizes),
        bench.trial("a thousand messages arrive in order", order),
        bench.trial("a thousand messages come in order", reverse_order),
        bench.trial("too large is refused and the link still works", too_large),
        bench.trial("too small a buffer keeps the message", too_small),
        bench.trial("not now is a value", not_now),
        bench.trial("signals do not surface", signals),
    ];
    if bench.wait == Wait::Block {
        trials.push(bench.trial("half a message is not now", half_a_message)); // the same under every strategy
    }
    trials
}

/// The call by which a case hands messages over, for what is promised of both.
#[derive(Clone, Copy)]
pub(super) enum HandOver {
    Send,
    Feed,
}

impl HandOver {
    pub(super) fn call(self, sender: &mut impl Sender, message: &[u8]) -> Result<()> {
        match self {
            Self::Send => sender.send(message),
            Self::Feed => sender.feed(message),
        }
    }

    pub(super) fn call_within(
        self,
        sender: &mut impl Sender,
        message: &[u8],
        timeout: Duration,
    ) -> Result<Option<()>> {
        match self {
            Self::Send => sender.send_timeout(message, timeout),
            Self::Feed => sender.feed_timeout(message, timeout),
        }
    }
}

/// Sends sizes up to the longest this link carries (`usize::MAX` stands for that one).
fn sizes<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let max = link.max_message();
    let sizes = SIZES.map(|size| if size == usize::MAX { max } else { size });
    for (number, size) in sizes.into_iter().filter(|&size| size <= max).enumerate() {
        let mut message = vec![0; size];
        VERIFY.write(number as u64, &mut message);
        link.send(&message)?;
        let mut answer = vec![0; max];
        let len = link.recv(&mut answer)?;
        ensure!(answer[..len] == message, "{size} bytes went out, {len} others came back");
    }
    Ok(())
}

fn order<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("collect")?;
    for number in 0..1000 {
        link.send(&numbered(number))?;
    }
    all_there(&mut link)
}

fn reverse_order<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("emit 1000")?;
    for number in 0..1000 {
        check_numbered(&mut link, number)?;
    }
    Ok(())
}

fn too_large<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let max = link.max_message();
    let long = vec![1; max + 1];
    for answer in [link.send(&long), link.try_send(&long).map(drop)] {
        let refused =
            matches!(answer, Err(Error::TooLarge { len, max: said }) if len == max + 1 && said == max);
        ensure!(refused, "{} bytes where {max} fit: {answer:?}", max + 1);
    }
    link.send(b"still works")?;
    let mut answer = [0; 16];
    let len = link.recv(&mut answer)?;
    ensure!(&answer[..len] == b"still works", "after the refusal came {:?}", &answer[..len]);
    Ok(())
}

/// Receives into a short buffer: a short message, and one that the crates do not copy twice, part of which may be in
/// the buffer already.
fn too_small<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    for size in [100, link.max_message().min(20_000)] {
        let message = longest(size as u64, size);
        link.send(&message)?;
        link.send(b"the next")?;
        for room in [size / 2, 0, 10, size - 1] {
            let answer = link.recv(&mut vec![0; room]);
            let kept = matches!(answer, Err(Error::BufferTooSmall { needed }) if needed == size);
            ensure!(kept, "{size} bytes, room for {room}: {answer:?}");
        }
        let mut exact = vec![0; size];
        let len = link.recv(&mut exact)?;
        ensure!(exact[..len] == message, "the kept message lost bytes: {len} of {size}");
        let mut answer = [0; 16];
        let len = link.recv(&mut answer)?;
        ensure!(&answer[..len] == b"the next", "the message behind it is {:?}", &answer[..len]);
    }
    Ok(())
}

/// Fills the medium while the peer is stopped, then lets it drain.
fn not_now<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, mut peer) = bench.meet("collect")?;
    at_once(&mut peer, "try_recv, for a first message", || {
        // A long buffer may be received into in another way.
        for room in [64, 8192] {
            ensure!(link.try_recv(&mut vec![0; room])?.is_none(), "a message came that no peer sent");
        }
        Ok(())
    })?;
    stop(&peer)?;
    let mut sent = 0;
    at_once(&mut peer, "try_send, for room", || {
        while sent < 100_000 && link.try_send(&numbered(sent))?.is_some() {
            sent += 1;
        }
        Ok(())
    })?;
    go_on(&peer)?;
    ensure!(sent < 100_000, "{sent} messages went into a medium that no peer drained");
    for number in sent..sent + 50 {
        link.send(&numbered(number))?;
    }
    all_there(&mut link)
}

/// Stops a peer that sends its longest messages, and another that receives none: over a stream, each is in the middle
/// of one. A call that must not wait does not wait for the rest of a message, nor for room for the rest.
fn half_a_message<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, mut peer) = bench.meet(LONGEST)?;
    let begun = link.recv(&mut []);
    ensure!(matches!(begun, Err(Error::BufferTooSmall { .. })), "the first message: {begun:?}");
    stop(&peer)?;
    let mut buffer = vec![0; link.max_message()];
    let mut number = 0;
    let mut check = |message: &[u8]| -> Outcome {
        ensure!(*message == longest(number, message.len()), "message {number} came with other bytes");
        number += 1;
        Ok(())
    };
    at_once(&mut peer, "try_recv, for the rest of a message", || {
        while let Some(len) = link.try_recv(&mut buffer)? {
            check(&buffer[..len])?;
        }
        Ok(())
    })?;
    go_on(&peer)?;
    let len = link.recv(&mut buffer)?;
    check(&buffer[..len])?;

    // Of the longest message, the first piece always finds room; of shorter ones, one does not.
    for size in [buffer.len(), buffer.len().min(5000)] {
        let (mut link, mut peer) = bench.meet("idle")?;
        let mut sent = 0;
        at_once(&mut peer, "try_send, for room for the rest of a message", || {
            while link.try_send(&longest(sent, size))?.is_some() {
                sent += 1;
            }
            Ok(())
        })?;
    }
    Ok(())
}

pub(super) fn stop(peer: &HelperProcess) -> Result<()> {
    kill(Pid::from_raw(peer.pid() as i32), Signal::SIGSTOP).call("kill")
}

pub(super) fn go_on(peer: &HelperProcess) -> Result<()> {
    kill(Pid::from_raw(peer.pid() as i32), Signal::SIGCONT).call("kill")
}

/// Makes calls that must not wait, for `what`. Kills the peer to end a call that does.
pub(super) fn at_once(
    peer: &mut HelperProcess,
    what: &str,
    calls: impl FnOnce() -> Outcome + Send,
) -> Outcome {
    thread::scope(|scope| {
        let (done, answer) = mpsc::channel();
        scope.spawn(move || done.send(calls()));
        answer.recv_timeout(PATIENCE).unwrap_or_else(|_| {
            peer.kill();
            Err(format!("a call that may not wait has waited {PATIENCE:?}: {what}").into())
        })
    })
}

/// Ends a series of numbered messages and checks that all of them arrived.
pub(super) fn all_there(link: &mut impl Transport) -> Outcome {
    link.send(LAST)?;
    let mut answer = [0; 16];
    let len = link.recv(&mut answer)?;
    ensure!(&answer[..len] == ALL_THERE, "the peer says {:?}", &answer[..len]);
    Ok(())
}

/// Plays the peer of [`all_there`]: receives messages up to `LAST`, reports that all were right, and stays until the other
/// side leaves. `is_due` says whether a message is the one of that number.
pub(super) fn collect(
    link: &mut impl Transport,
    buffer: &mut [u8],
    is_due: impl Fn(u64, &[u8]) -> bool,
) -> Result<()> {
    for number in 0.. {
        let len = link.recv(buffer)?;
        match &buffer[..len] {
            LAST => break,
            message if is_due(number, message) => {}
            _ => return Err(Error::Corrupt("another message than was sent")),
        }
    }
    link.send(ALL_THERE)?;
    disconnected(link.recv(buffer))
}

/// Makes round trips during a storm of signals.
fn signals<M: Mechanism + 'static>(bench: Bench<M>) -> Outcome {
    let (mut link, _peer) = bench.meet("echo")?;
    let _hail = Hail::on_this_thread()?;
    let max = link.max_message().min(200_000);
    let mut answer = vec![0; max];
    for round in 0..300 {
        let mut message = vec![0; if round % 10 == 0 { max } else { 64 }];
        VERIFY.write(round, &mut message);
        link.send(&message)?;
        let len = link.recv(&mut answer)?;
        ensure!(answer[..len] == message, "message {round} came back changed");
    }
    Ok(())
}

/// A storm of signals at one thread, until this is dropped. Their handler does not restart interrupted calls.
pub(super) struct Hail {
    done: Arc<AtomicBool>,
    sender: Option<JoinHandle<()>>,
}

impl Hail {
    pub(super) fn on_this_thread() -> Result<Self> {
        sys::interrupt_on(Signal::SIGUSR1).call("sigaction")?;
        let target = ThreadId::current();
        let done = Arc::new(AtomicBool::new(false));
        let sender = {
            let done = Arc::clone(&done);
            thread::spawn(move || {
                while !done.load(Ordering::Relaxed) {
                    let _ = target.signal(Signal::SIGUSR1); // the target joins this thread before it ends
                    thread::sleep(Duration::from_micros(100));
                }
            })
        };
        Ok(Self { done, sender: Some(sender) })
    }
}

impl Drop for Hail {
    fn drop(&mut self) {
        self.done.store(true, Ordering::Relaxed);
        if let Some(sender) = self.sender.take() {
            let _ = sender.join();
        }
    }
}
