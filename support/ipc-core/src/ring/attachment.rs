//! The two places at a shared segment: how a process takes one, learns about the other side, and leaves.

use std::time::Duration;

use super::SLICE;
use super::atomic::Ordering;
use super::futex;
use super::layout::{CAPACITY, Control, MAGIC, Side, VERSION, state};
use super::memory::{Memory, Region};
use crate::process::{Namespaces, PeerProcess, ProcessId};
use crate::{Deadline, Error, Result};

/// The layout of the segment behind the two places. Both sides must use the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Layout {
    /// Two rings: see [`RingLink`](super::RingLink).
    Ring = 1,
    /// One slot in each direction, handed over by semaphores.
    LockStep = 2,
}

/// A process's place at a segment. Leaving it (`Drop`) tells the other side and wakes it; so does ending one direction
/// alone.
#[derive(Debug)]
pub struct Attachment<M: Memory> {
    region: Region<M>,
    /// 0 for the owner, 1 for the joiner.
    side: usize,
    /// Set as soon as the other side has come.
    peer: Option<Peer>,
}

/// The way in which the end of the other side's process is detected.
#[derive(Debug)]
enum Peer {
    /// By its pid, which is in our pid namespace.
    Process(PeerProcess),
    /// By the kernel's record of which processes have the memory. Pids of another namespace mean nothing here.
    Memory,
}

impl<M: Memory> Attachment<M> {
    /// Takes the owner's place at a fresh segment, which is all zero: in a ring, zero says that no message is there yet.
    /// (The data areas of lock step may differ.) From here on the other side can join.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): the place is taken. Other errors: this process cannot be identified, or the memory
    /// cannot be [held](Memory::hold).
    pub fn create(region: Region<M>, layout: Layout) -> Result<Self> {
        let me = ProcessId::current()?;
        let Control { header, sides: [mine, _], .. } = region.control();
        let take = || mine.occupant.compare_exchange(0, me.to_bits(), Ordering::Relaxed, Ordering::Relaxed);
        if !region.memory().hold(0)? || take().is_err() {
            return Err(Error::Usage("the shared memory has an owner already".into()));
        }
        mine.namespaces.store(me.namespaces.to_bits(), Ordering::Relaxed);
        header.version.store(VERSION, Ordering::Relaxed);
        header.layout.store(layout as u32, Ordering::Relaxed);
        header.capacity.store(CAPACITY as u64, Ordering::Relaxed);
        let attachment = Self { region, side: 0, peer: None };
        attachment.ready();
        // Last, and with release: a joiner that sees the magic sees all the rest.
        attachment.region.control().header.magic.store(MAGIC, Ordering::Release);
        Ok(attachment)
    }

    /// Takes the other place. Returns `None` if the owner is not ready yet, or has left, or another process was faster.
    /// The owner learns of it through [`ready`](Self::ready).
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): the segment was not made by this program, or for another variant. Other errors: it
    /// cannot be determined whether the owner is alive.
    pub fn claim(region: Region<M>, layout: Layout) -> Result<Option<Self>> {
        let Control { header, sides: [owner, joiner], .. } = region.control();
        match header.magic.load(Ordering::Acquire) {
            0 => return region.intact().map(|()| None),
            MAGIC => {}
            _ => return Err(Error::Corrupt("the shared memory was not made by this program")),
        }
        let (version, capacity) =
            (header.version.load(Ordering::Relaxed), header.capacity.load(Ordering::Relaxed));
        if (version, capacity) != (VERSION, CAPACITY as u64) {
            return Err(Error::Corrupt("the shared memory was made by another version of this program"));
        }
        if header.layout.load(Ordering::Relaxed) != layout as u32 {
            return Err(Error::Corrupt("the shared memory was made for another variant"));
        }
        let peer = Peer::of(owner)?;
        if owner.state.load(Ordering::Acquire) != state::ATTACHED || !peer.is_alive(&region, 0)? {
            return Ok(None);
        }
        let me = ProcessId::current()?;
        // In this order: the owner frees the place of an occupant that does not hold it.
        let take = || joiner.occupant.compare_exchange(0, me.to_bits(), Ordering::AcqRel, Ordering::Relaxed);
        if !region.memory().hold(1)? || take().is_err() {
            return Ok(None);
        }
        joiner.namespaces.store(me.namespaces.to_bits(), Ordering::Release);
        Ok(Some(Self { region, side: 1, peer: Some(peer) }))
    }

    /// Announces that this side is ready to talk.
    pub fn ready(&self) {
        let me = self.mine();
        me.state.store(state::ATTACHED, Ordering::Release);
        futex::wake(&me.state);
    }

    /// Waits until the other side is [`ready`](Self::ready).
    ///
    /// # Errors
    /// [`TimedOut`](Error::TimedOut): no process joined `address`; call again to go on waiting.
    /// [`Corrupt`](Error::Corrupt): another process scribbled over the segment.
    pub fn wait_for_peer(&mut self, address: &str, timeout: Duration) -> Result<()> {
        let deadline = Deadline::after(timeout);
        let peer = self.peers();
        loop {
            let now = peer.state.load(Ordering::Acquire);
            self.region.intact()?;
            match now {
                // The other side may have come, sent, and left again.
                state::EMPTY => self.free_if_abandoned()?,
                come => break check(come)?,
            }
            let left = deadline.left(SLICE);
            if left.is_zero() {
                return Err(Error::TimedOut {
                    what: format!("no peer has joined {address}"),
                    waited: timeout,
                });
            }
            futex::wait(&peer.state, now, left);
        }
        self.peer = Some(Peer::of(peer)?);
        Ok(())
    }

    /// Frees the place of a process that was killed after taking it and before being ready.
    fn free_if_abandoned(&self) -> Result<()> {
        let place = self.peers();
        let occupant = place.occupant.load(Ordering::Acquire);
        // The process must be dead before its state is read: then the state cannot change afterwards.
        if occupant == 0 || Peer::of(place)?.is_alive(&self.region, 1)? {
            return Ok(());
        }
        if place.state.load(Ordering::Acquire) == state::EMPTY {
            place.namespaces.store(0, Ordering::Relaxed);
            let _ = place.occupant.compare_exchange(occupant, 0, Ordering::AcqRel, Ordering::Relaxed);
        }
        Ok(())
    }

    /// Returns the shared memory.
    pub const fn region(&self) -> &Region<M> {
        &self.region
    }

    /// Returns 0 for the owner, 1 for the joiner.
    pub const fn side(&self) -> usize {
        self.side
    }

    /// Returns whether the other side has come and announced no end: whether it both sends and receives.
    #[inline]
    pub(super) fn peer_is_here(&self) -> bool {
        self.peers().state.load(Ordering::Acquire) == state::ATTACHED
    }

    /// Returns whether the other side has announced that it sends no more. Then everything it wrote is visible.
    ///
    /// # Errors
    /// [`Corrupt`](Error::Corrupt): its state is impossible.
    pub fn peer_sends_no_more(&self) -> Result<bool> {
        self.peer_ended(state::SENDS_NO_MORE)
    }

    /// Returns whether the other side has announced that it receives no more.
    ///
    /// # Errors
    /// As [`peer_sends_no_more`](Self::peer_sends_no_more).
    pub fn peer_receives_no_more(&self) -> Result<bool> {
        self.peer_ended(state::RECEIVES_NO_MORE)
    }

    fn peer_ended(&self, what: u32) -> Result<bool> {
        let now = self.peers().state.load(Ordering::Acquire);
        check(now)?;
        Ok(now & what != 0)
    }

    /// Checks that the other side's process still runs; a killed one could not announce that it leaves.
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): the process has ended.
    pub fn check_peer(&self) -> Result<()> {
        match &self.peer {
            Some(peer) if peer.is_alive(&self.region, 1 - self.side)? => Ok(()),
            _ => Err(Error::Disconnected),
        }
    }

    /// Returns the other side's process, if it can be watched by its pid: by [`WakeAtEnd`](crate::process::WakeAtEnd).
    pub const fn peers_process(&self) -> Option<ProcessId> {
        match &self.peer {
            Some(Peer::Process(process)) => Some(process.id()),
            Some(Peer::Memory) | None => None,
        }
    }

    /// Announces that this side will send no more, and wakes the other side.
    pub fn end_sending(&self) {
        self.end(state::SENDS_NO_MORE);
        self.region.control().rings[self.side].receiver.notify_all();
    }

    /// Announces that this side will receive no more, and wakes the other side.
    pub fn end_receiving(&self) {
        self.end(state::RECEIVES_NO_MORE);
        self.region.control().rings[1 - self.side].sender.notify_all();
    }

    /// Announces an end. One of two threads can be here for each direction.
    fn end(&self, what: u32) {
        let broken = if self.region.intact().is_ok() { 0 } else { state::BROKEN };
        self.mine().state.fetch_or(state::ATTACHED | what | broken, Ordering::Release);
        futex::wake(&self.mine().state);
    }

    fn mine(&self) -> &Side {
        &self.region.control().sides[self.side]
    }

    fn peers(&self) -> &Side {
        &self.region.control().sides[1 - self.side]
    }
}

/// Announces that this side will send and receive no more.
impl<M: Memory> Drop for Attachment<M> {
    fn drop(&mut self) {
        if self.mine().state.load(Ordering::Relaxed) & state::CLOSED != state::CLOSED {
            self.end(state::CLOSED);
            let rings = &self.region.control().rings;
            rings[self.side].receiver.notify_all();
            rings[1 - self.side].sender.notify_all();
        }
    }
}

/// Checks the state of a side that has come.
fn check(now: u32) -> Result<()> {
    if now & state::ATTACHED == 0 || now > state::CLOSED | state::BROKEN {
        Err(IMPOSSIBLE_STATE)
    } else if now & state::BROKEN != 0 {
        Err(Error::Corrupt("the shared memory was truncated while the peer had it mapped"))
    } else {
        Ok(())
    }
}

const IMPOSSIBLE_STATE: Error = Error::Corrupt("the peer is in an impossible state");

impl Peer {
    /// Starts to watch the process that sits at `side`.
    fn of(side: &Side) -> Result<Self> {
        let namespaces = Namespaces::from_bits(side.namespaces.load(Ordering::Acquire));
        if namespaces != ProcessId::current()?.namespaces {
            return Ok(Self::Memory);
        }
        let id = ProcessId::from_bits(side.occupant.load(Ordering::Relaxed), namespaces);
        PeerProcess::watch(id).map(Self::Process)
    }

    fn is_alive<M: Memory>(&self, region: &Region<M>, side: usize) -> Result<bool> {
        match self {
            Self::Process(process) => Ok(process.is_alive()),
            Self::Memory => region.memory().is_held(side),
        }
    }
}
