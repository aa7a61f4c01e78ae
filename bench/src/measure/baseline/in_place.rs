//! A stream through a ring without a copy on either side: each message is written and read in the ring itself.
//!
//! The same two processes, the same ring and the same payload as in `ping_pong.rs`; only `send` and `recv` are replaced
//! by reserving and peeking. The difference is the cost of the two copies.

use std::hint::{self, black_box};
use std::time::{Duration, Instant};

use ipc_core::ring::{Memory, RingLink};
use ipc_core::{Endpoint, Error, Mechanism, Receiver, Result, Sender, Setup, Streak, Transport, Wait};
use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Payload, Workload};
use ipc_demo::helper_process::{self, HelperProcess, Invitation};
use ipc_demo::interrupt;

use crate::measure::pair::{Pair, TaskChannel};
use crate::measure::ping_pong::{JOIN_TIMEOUT, PongArguments, create};
use crate::measure::task::TaskResult;
use crate::results::case::Case;

/// The role of the child.
pub(crate) const PONG: &str = "pong-in-place";

/// The two sides, for a variant with rings.
#[derive(Debug)]
pub(crate) struct InPlace {
    mechanism: &'static str,
    variant: &'static str,
    ping: fn(Case, &TaskChannel) -> Result<()>,
    pong: fn(&PongArguments, &str) -> Result<()>,
}

impl InPlace {
    const fn of<M: Mechanism<Link: Slots>>() -> Self {
        Self { mechanism: M::PROFILE.name, variant: M::VARIANT.name, ping: ping::<M>, pong: pong::<M> }
    }

    /// Returns the sides of a variant; `None` if its messages cannot be used in place.
    pub(super) fn find(mechanism: &str, variant: &str) -> Option<&'static Self> {
        ALL.iter().find(|known| (known.mechanism, known.variant) == (mechanism, variant))
    }
}

/// The variants whose messages can be written and read in place.
static ALL: [InPlace; 4] = [
    InPlace::of::<ipc_shm::Ring>(),
    InPlace::of::<ipc_shm::Posix>(),
    InPlace::of::<ipc_mmap::File>(),
    InPlace::of::<ipc_mmap::Memfd>(),
];

/// Starts the same stream through the same ring as [`sides::start`](crate::measure::sides::start), but without copies;
/// `None` for a mechanism without a ring.
pub(crate) fn start(case: Case) -> Option<Result<Pair>> {
    let ping = InPlace::find(case.member.profile.name, case.variant)?.ping;
    Some(Pair::on_thread(move |channel| ping(case, channel)))
}

/// A link that gives access to the memory in which its messages lie.
pub(crate) trait Slots: Transport {
    /// Writes the number of messages ordered, each sent by itself or so many together.
    fn fill(&mut self, order: &Workload, flush_every: u64, polls: bool) -> Result<()>;

    /// Reads them, and returns the time from the first to the last.
    fn drain(&mut self, order: &Workload, polls: bool) -> Result<Duration>;
}

impl<M: Memory> Slots for RingLink<M> {
    fn fill(&mut self, order: &Workload, flush_every: u64, polls: bool) -> Result<()> {
        let payload = Payload { verify: order.verify };
        let mut message = vec![0; if order.verify { order.size } else { 0 }];
        let mut streak = Streak::default();
        for number in 0..order.count {
            let mut pause = Pause::default();
            let mut room = loop {
                if !polls {
                    break self.reserve(order.size)?;
                }
                match streak.note(self.try_reserve(order.size)?) {
                    Some(room) => break room,
                    None => pause.before_next_poll_of(self)?,
                }
            };
            if order.verify {
                payload.write(number, &mut message);
                room.write(0, &message);
            } else {
                room.fill(number as u8);
            }
            if flush_every == 1 {
                room.commit()?;
                continue;
            }
            room.feed()?;
            if (number + 1).is_multiple_of(flush_every) {
                self.flush()?;
            }
        }
        self.flush()
    }

    fn drain(&mut self, order: &Workload, polls: bool) -> Result<Duration> {
        let payload = Payload { verify: order.verify };
        let mut message = vec![0; order.size];
        let mut started = Instant::now();
        let mut streak = Streak::default();
        for number in 0..order.count {
            let mut pause = Pause::default();
            let arrived = loop {
                if !polls {
                    break self.peek()?;
                }
                match streak.note(self.try_peek()?) {
                    Some(arrived) => break arrived,
                    None => pause.before_next_poll_of(self)?,
                }
            };
            if number == 0 {
                started = Instant::now();
            }
            if arrived.len() != order.size {
                return Err(Error::Corrupt("a message of an unexpected length"));
            }
            if order.verify {
                arrived.read(0, &mut message);
                payload.read(number, &message)?;
            } else {
                // As in `Payload`: the words, then the bytes after the last one.
                let words = arrived.words().fold(0_u64, u64::wrapping_add);
                let whole = order.size / size_of::<u64>() * size_of::<u64>();
                black_box(
                    (whole..order.size).fold(words, |sum, at| sum.wrapping_add(arrived.get(at).into())),
                );
            }
            arrived.release()?;
        }
        Ok(started.elapsed())
    }
}

/// The pause of a poller between two polls.
#[derive(Default)]
struct Pause {
    polls: u32,
}

impl Pause {
    /// Checks only now and then whether the peer is alive, since that costs a system call.
    fn before_next_poll_of(&mut self, link: &mut impl Transport) -> Result<()> {
        hint::spin_loop();
        self.polls = self.polls.wrapping_add(1);
        if self.polls.is_multiple_of(1 << 16) { link.check_sender() } else { Ok(()) }
    }
}

/// Returns true if the strategy polls while the peer is quick.
fn polls(wait: Wait) -> bool {
    wait != Wait::Block
}

const READY: &[u8] = b"ready";

fn ping<M: Mechanism<Link: Slots>>(case: Case, channel: &TaskChannel) -> Result<()> {
    let mut meeting = create::<M>()?;
    let part = PongArguments::of(&case);
    let mut command = helper_process::command(PONG, &part)?;
    meeting.invite(&mut command)?;
    let mut child = HelperProcess::spawn(command)?;
    let mut link = child.accept(&mut meeting, JOIN_TIMEOUT)?;
    drop(meeting);
    part.cpus.bind(Role::Ping)?;
    channel.report_ready(link.max_message(), Some(child.pid()));
    for task in channel.tasks() {
        link.send(&task.order.encode())?;
        let mut answer = [0; READY.len()];
        link.recv(&mut answer)?; // the peer is awake
        link.fill(&task.order, task.flush_every, polls(case.wait))?;
        let mut time = [0; size_of::<u64>()];
        link.recv(&mut time)?;
        let elapsed = Duration::from_nanos(u64::from_le_bytes(time));
        channel.report(TaskResult::in_time(elapsed));
    }
    drop(link);
    if child.wait()?.success() { Ok(()) } else { Err(Error::Disconnected) }
}

/// Plays the child's part.
///
/// # Errors
/// As the transport; [`Usage`](Error::Usage) for a mechanism without a ring.
pub(crate) fn serve(invitation: &Invitation) -> Result<()> {
    let part: PongArguments = invitation.argument()?;
    let found = InPlace::find(&part.mechanism, &part.variant);
    let in_place =
        found.ok_or_else(|| Error::Usage(format!("{} ({}) has no ring", part.mechanism, part.variant)))?;
    (in_place.pong)(&part, invitation.address()?)
}

fn pong<M: Mechanism<Link: Slots>>(part: &PongArguments, address: &str) -> Result<()> {
    interrupt::clean_up_on_signals()?;
    part.cpus.bind(Role::Pong)?;
    let mut link = M::join(address, &Setup::default(), JOIN_TIMEOUT)?;
    let polls = polls(part.wait()?);
    loop {
        let mut bytes = [0; Workload::LEN];
        match link.recv(&mut bytes) {
            Err(Error::Disconnected) => return Ok(()),
            received => received?,
        };
        let order = Workload::decode(&bytes)?;
        link.send(READY)?;
        let elapsed = link.drain(&order, polls)?;
        link.send(&(elapsed.as_nanos() as u64).to_le_bytes())?;
    }
}
