//! The two places at a shared segment: how a process takes one, knows of the other, and leaves.

use std::thread;
use std::time::{Duration, Instant};

use super::SLICE;
use super::atomic::Ordering;
use super::futex;
use super::layout::{CAPACITY, Control, MAGIC, Side, VERSION, state};
use super::memory::{Memory, Region};
use crate::process::{PeerProcess, ProcessId};
use crate::{Error, Result};

/// What is in the segment behind the two places. Both sides must mean the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Kind {
    /// Two rings: see [`RingLink`](super::RingLink).
    Ring = 1,
    /// One slot in each direction, handed over by semaphores.
    LockStep = 2,
}

/// A process's place at a segment. Leaving it (`Drop`) tells the other side and wakes it.
#[derive(Debug)]
pub struct Seat<M: Memory> {
    region: Region<M>,
    /// 0 for the owner, 1 for the one who joined.
    side: usize,
    /// Known as soon as the other side has come.
    peer: Option<PeerProcess>,
}

impl<M: Memory> Seat<M> {
    /// Takes the owner's place at a fresh segment, all zero but for what is in the data of rings. From here on the
    /// other side can join.
    pub fn create(region: Region<M>, kind: Kind) -> Self {
        let seat = Self { region, side: 0, peer: None };
        let Control { header, .. } = seat.region.control();
        header.version.store(VERSION, Ordering::Relaxed);
        header.kind.store(kind as u32, Ordering::Relaxed);
        header.capacity.store(CAPACITY as u64, Ordering::Relaxed);
        seat.mine().occupant.store(ProcessId::current().to_bits(), Ordering::Relaxed);
        seat.ready();
        // Last, and with release: who sees the magic sees all the rest.
        header.magic.store(MAGIC, Ordering::Release);
        seat
    }

    /// Takes the other place. `None` if the owner is not ready yet, or has left, or somebody else was faster. The
    /// owner learns of it with [`ready`](Self::ready).
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): the segment was not made by this program, or for another variant.
    pub fn claim(region: Region<M>, kind: Kind) -> Result<Option<Self>> {
        let Control { header, sides: [owner, joiner], .. } = region.control();
        match header.magic.load(Ordering::Acquire) {
            0 => return Ok(None),
            MAGIC => {}
            _ => return Err(Error::Corrupt("the shared memory was not made by this program")),
        }
        let (version, capacity) =
            (header.version.load(Ordering::Relaxed), header.capacity.load(Ordering::Relaxed));
        if (version, capacity) != (VERSION, CAPACITY as u64) {
            return Err(Error::Corrupt("the shared memory was made by another version of this program"));
        }
        if header.kind.load(Ordering::Relaxed) != kind as u32 {
            return Err(Error::Corrupt("the shared memory was made for another variant"));
        }
        let watch = PeerProcess::watch(identity(owner))?;
        let owner_waits = owner.state.load(Ordering::Acquire) == state::ATTACHED && watch.is_alive();
        if !owner_waits {
            return Ok(None);
        }
        // One who was killed between taking the place and being ready must not keep it for ever. Only what has been
        // dead when its state was looked at can have been replaced: it does nothing more in between.
        let occupant = joiner.occupant.load(Ordering::Acquire);
        let alive = occupant != 0 && PeerProcess::watch(ProcessId::from_bits(occupant))?.is_alive();
        let free = !alive && joiner.state.load(Ordering::Acquire) == state::EMPTY;
        let me = ProcessId::current().to_bits();
        let take = || joiner.occupant.compare_exchange(occupant, me, Ordering::AcqRel, Ordering::Relaxed);
        if !free || take().is_err() {
            return Ok(None);
        }
        Ok(Some(Self { region, side: 1, peer: Some(watch) }))
    }

    /// Says that this side is ready to talk.
    pub fn ready(&self) {
        let me = self.mine();
        me.state.store(state::ATTACHED, Ordering::Release);
        futex::wake(&me.state);
    }

    /// Waits until the other side is [`ready`](Self::ready).
    ///
    /// # Errors
    /// [`TimedOut`](Error::TimedOut): nobody came to `address`; call again to go on waiting.
    /// [`Corrupt`](Error::Corrupt): somebody scribbled over the segment.
    pub fn wait_for_peer(&mut self, address: &str, timeout: Duration) -> Result<()> {
        let started = Instant::now();
        let peer = self.peers();
        loop {
            let now = peer.state.load(Ordering::Acquire);
            match now {
                // It may have come, sent, and left again.
                state::ATTACHED | state::CLOSED => break,
                state::EMPTY => {}
                _ => return Err(IMPOSSIBLE_STATE),
            }
            let left = timeout.saturating_sub(started.elapsed());
            if left.is_zero() {
                return Err(Error::TimedOut {
                    what: format!("nobody has joined {address}"),
                    waited: timeout,
                });
            }
            futex::wait(&peer.state, now, left.min(SLICE));
        }
        self.peer = Some(PeerProcess::watch(identity(peer))?);
        Ok(())
    }

    /// The shared memory.
    pub const fn region(&self) -> &Region<M> {
        &self.region
    }

    /// 0 for the owner, 1 for the one who joined.
    pub const fn side(&self) -> usize {
        self.side
    }

    /// Whether the other side has said that it leaves. Then all that it ever wrote can be seen.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): it said something else.
    #[inline]
    pub fn peer_left(&self) -> Result<bool> {
        match self.peers().state.load(Ordering::Acquire) {
            state::ATTACHED => Ok(false),
            state::CLOSED => Ok(true),
            _ => Err(IMPOSSIBLE_STATE),
        }
    }

    /// Asks whether the other side's process still runs; one that was killed could not say that it leaves.
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): it does not.
    pub fn check_peer(&self) -> Result<()> {
        match &self.peer {
            Some(peer) if peer.is_alive() => Ok(()),
            _ => Err(Error::Disconnected),
        }
    }

    /// Tells the other side that this one will send and receive no more, and wakes it. Also done by `Drop`.
    pub fn leave(&self) {
        self.mine().state.store(state::CLOSED, Ordering::Release);
        futex::wake(&self.mine().state);
        let rings = &self.region.control().rings;
        rings[self.side].receiver.ring_loud();
        rings[1 - self.side].sender.ring_loud();
    }

    fn mine(&self) -> &Side {
        &self.region.control().sides[self.side]
    }

    fn peers(&self) -> &Side {
        &self.region.control().sides[1 - self.side]
    }
}

impl<M: Memory> Drop for Seat<M> {
    fn drop(&mut self) {
        self.leave();
    }
}

const IMPOSSIBLE_STATE: Error = Error::Corrupt("the peer is in an impossible state");

fn identity(side: &Side) -> ProcessId {
    ProcessId::from_bits(side.occupant.load(Ordering::Relaxed))
}

/// Tries every 10 ms until there is an answer, for a side that may come before the owner.
///
/// # Errors
/// That of `attempt`. [`TimedOut`](Error::TimedOut) with the words of `nobody` if the answer was `None` for all of
/// `timeout`.
pub fn poll_for<T>(
    timeout: Duration,
    nobody: impl FnOnce() -> String,
    mut attempt: impl FnMut() -> Result<Option<T>>,
) -> Result<T> {
    let started = Instant::now();
    loop {
        if let Some(found) = attempt()? {
            return Ok(found);
        }
        let left = timeout.saturating_sub(started.elapsed());
        if left.is_zero() {
            return Err(Error::TimedOut { what: nobody(), waited: timeout });
        }
        thread::sleep(left.min(Duration::from_millis(10)));
    }
}
