//! Clients that share a thread: whoever has its answer sends its next request.

use std::os::fd::AsFd;
use std::time::Duration;

use ipc_core::play::Payload;
use ipc_core::{Call, Error, Result};
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::roles::{Clients, Tally};
use super::wire::Order;
use super::{times, wire};

/// One client: it can ask, and can be waited for.
pub(super) trait Caller: AsFd {
    /// Sends a request. Where there is no room for it, it waits: the server takes requests whatever else there is.
    fn ask(&mut self, request: &[u8]) -> Result<()>;

    /// Receives the answer, which has come, or has begun to.
    fn answer(&mut self, answer: &mut [u8]) -> Result<()>;
}

/// Some callers in one thread, asleep while no answer has come.
pub(super) struct Callers<C> {
    all: Vec<(C, Pending)>,
    epoll: Epoll,
    message: Vec<u8>,
}

/// What a caller waits for.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    /// How many it has sent in all.
    number: u64,
    /// When it has sent the last one.
    since: Duration,
}

/// How long an answer may take on a loaded machine. Reached only when something hangs.
const PATIENCE: Duration = Duration::from_secs(30);

impl<C: Caller> Callers<C> {
    /// All of them have one exchange, which is checked.
    pub(super) fn new(callers: Vec<C>, size: usize) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).call("epoll_create1")?;
        for (at, caller) in callers.iter().enumerate() {
            epoll.add(caller, EpollEvent::new(EpollFlags::EPOLLIN, at as u64)).call("epoll_ctl")?;
        }
        let all = callers.into_iter().map(|caller| (caller, Pending::default())).collect();
        let mut callers = Self { all, epoll, message: vec![0; size] };
        let now = wire::now()?;
        callers.play(&Order { start: now, from: now, until: now, verify: true })?;
        Ok(callers)
    }

    fn ask(&mut self, at: usize, payload: Payload) -> Result<()> {
        let (caller, pending) = &mut self.all[at];
        pending.number += 1;
        pending.since = wire::now()?;
        payload.write(pending.number, &mut self.message);
        caller.ask(&self.message)
    }
}

impl<C: Caller> Clients for Callers<C> {
    fn play(&mut self, order: &Order) -> Result<Tally> {
        let payload = Payload { verify: order.verify };
        let count = self.all.len();
        let mut tally = Tally { counts: vec![0; count], all: 0, times: times() };
        order.wait_for_start()?;
        for at in 0..count {
            self.ask(at, payload)?;
        }
        let mut waiting = count;
        let mut events = [EpollEvent::empty(); 64];
        while waiting > 0 {
            let patience = EpollTimeout::try_from(PATIENCE).expect("less than a month");
            let ready = match self.epoll.wait(&mut events, patience) {
                Err(Errno::EINTR) => continue,
                Ok(0) => {
                    let what = "a client waits for its answer".into();
                    return Err(Error::TimedOut { what, waited: PATIENCE });
                }
                ready => ready.call("epoll_wait")?,
            };
            for event in &events[..ready] {
                let at = event.data() as usize;
                let (caller, pending) = &mut self.all[at];
                caller.answer(&mut self.message)?;
                let now = wire::now()?;
                payload.read(pending.number, &self.message)?;
                tally.all += 1;
                if order.counts(now) {
                    tally.counts[at] += 1;
                    tally.times.saturating_record(now.saturating_sub(pending.since).as_nanos() as u64);
                }
                if now < order.until {
                    self.ask(at, payload)?;
                } else {
                    waiting -= 1;
                }
            }
        }
        Ok(tally)
    }
}
