//! Clients that share a thread ([`ClientsRun::Multiplexed`](crate::results::case::ClientsRun::Multiplexed)): each sends its
//! next request when it has its answer.

use std::os::fd::AsFd;
use std::time::Duration;

use ipc_core::{Call, Error, Result};
use ipc_demo::exchange::Payload;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};

use super::part::{Clients, Part, Tally};
use super::threads::{Exchange, Threads};
use super::wire::{self, TurnOrder};
use crate::results::case::ClientsRun;

/// A client that can send requests, and whose answers can be waited for.
pub(super) trait Requester: AsFd {
    /// Sends a request. Waits if there is no room for it: the server takes requests whatever else there is.
    fn ask(&mut self, request: &[u8]) -> Result<()>;

    /// Receives the answer. Waits if it has not arrived.
    fn answer(&mut self, answer: &mut [u8]) -> Result<()>;
}

/// Runs clients in the way that the part says.
pub(super) fn run<C: Requester + Send + 'static>(part: &Part, clients: Vec<C>) -> Result<Box<dyn Clients>> {
    match part.clients_run {
        ClientsRun::Threads => Threads::start(clients, part.size),
        ClientsRun::Multiplexed => Ok(Box::new(LoadGenerator::new(clients, part.size)?)),
    }
}

impl<C: Requester + Send + 'static> Exchange for C {
    fn exchange(&mut self, message: &mut Vec<u8>) -> Result<()> {
        self.ask(message)?;
        self.answer(message)
    }
}

/// Several clients in one thread, asleep while no answer has arrived.
pub(super) struct LoadGenerator<C> {
    all: Vec<(C, Pending)>,
    epoll: Epoll,
    message: Vec<u8>,
}

/// The request whose answer a client waits for.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Pending {
    /// The number of requests sent in all.
    pub(super) number: u64,
    /// The time at which the last one was sent.
    pub(super) since: Duration,
}

/// The time that an answer may take on a loaded machine. Reached only when something hangs.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(30);

impl<C: Requester> LoadGenerator<C> {
    /// Makes one exchange with each client, and checks it.
    pub(super) fn new(clients: Vec<C>, size: usize) -> Result<Self> {
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).call("epoll_create1")?;
        for (at, client) in clients.iter().enumerate() {
            epoll.add(client, EpollEvent::new(EpollFlags::EPOLLIN, at as u64)).call("epoll_ctl")?;
        }
        let all = clients.into_iter().map(|client| (client, Pending::default())).collect();
        let mut clients = Self { all, epoll, message: vec![0; size] };
        let now = wire::now()?;
        clients.play(&TurnOrder { start: now, from: now, until: now, verify: true })?;
        Ok(clients)
    }

    fn ask(&mut self, at: usize, payload: Payload) -> Result<()> {
        let (client, pending) = &mut self.all[at];
        pending.number += 1;
        pending.since = wire::now()?;
        payload.write(pending.number, &mut self.message);
        client.ask(&self.message)
    }
}

impl<C: Requester> Clients for LoadGenerator<C> {
    fn play(&mut self, order: &TurnOrder) -> Result<Tally> {
        let payload = Payload { verify: order.verify };
        let count = self.all.len();
        let mut tally = Tally::of(count);
        order.wait_for_start()?;
        for at in 0..count {
            self.ask(at, payload)?;
        }
        let mut waiting = count;
        let mut events = [EpollEvent::empty(); 64];
        while waiting > 0 {
            let timeout = EpollTimeout::try_from(ANSWER_TIMEOUT).expect("less than a month");
            let ready = match self.epoll.wait(&mut events, timeout) {
                Err(Errno::EINTR) => continue,
                Ok(0) => {
                    let what = "a client waits for its answer".into();
                    return Err(Error::TimedOut { what, waited: ANSWER_TIMEOUT });
                }
                ready => ready.call("epoll_wait")?,
            };
            for event in &events[..ready] {
                let at = event.data() as usize;
                let (client, pending) = &mut self.all[at];
                client.answer(&mut self.message)?;
                let now = wire::now()?;
                payload.read(pending.number, &self.message)?;
                tally.add(at, order, pending.since, now);
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

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::os::fd::BorrowedFd;
    use std::os::unix::net::UnixStream;
    use std::thread::{self, JoinHandle};
    use std::time::Instant;

    use super::*;

    const SIZE: usize = 32;

    struct Client(UnixStream);

    impl AsFd for Client {
        fn as_fd(&self) -> BorrowedFd<'_> {
            self.0.as_fd()
        }
    }

    impl Requester for Client {
        fn ask(&mut self, request: &[u8]) -> Result<()> {
            self.0.write_all(request).call("write")
        }

        fn answer(&mut self, answer: &mut [u8]) -> Result<()> {
            self.0.read_exact(answer).call("read")
        }
    }

    /// Returns a client, and a server of its own that reports how many requests it had. From number `wrong` on, its
    /// answers are wrong.
    fn served(wrong: u64) -> (Client, JoinHandle<u64>) {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let server = move || {
            let (mut message, mut count) = ([0; SIZE], 0);
            while theirs.read_exact(&mut message).is_ok() {
                count += 1;
                message[SIZE / 2] ^= u8::from(count >= wrong);
                let _ = theirs.write_all(&message); // the client may have left, since the answer was wrong
            }
            count
        };
        (Client(ours), thread::spawn(server))
    }

    fn generator(wrong: u64) -> (Result<LoadGenerator<Client>>, Vec<JoinHandle<u64>>) {
        let (clients, servers): (Vec<_>, Vec<_>) = (0..3).map(|_| served(wrong)).unzip();
        (LoadGenerator::new(clients, SIZE), servers)
    }

    fn window(length: Duration, verify: bool) -> TurnOrder {
        let now = wire::now().unwrap();
        let (start, from) = (now.saturating_sub(Duration::from_secs(60)), Duration::ZERO); // long ago
        TurnOrder { start, from, until: now + length, verify }
    }

    /// For each client all answers count but the last, after which it sends no more requests, and the first, which was
    /// the check.
    #[test]
    fn each_answer_counts_for_its_client() {
        let (clients, servers) = generator(u64::MAX);
        let mut clients = clients.unwrap();
        let started = Instant::now();
        let tally = clients.play(&window(Duration::from_millis(50), true)).unwrap();
        let longest = tally.times.highest_equivalent(started.elapsed().as_nanos() as u64);
        drop(clients);
        let asked: Vec<_> = servers.into_iter().map(|server| server.join().unwrap()).collect();
        assert_eq!(tally.counts.iter().map(|count| count + 2).collect::<Vec<_>>(), asked);
        assert_eq!(tally.all, asked.iter().map(|count| count - 1).sum::<u64>());
        assert_eq!(tally.times.len(), tally.counts.iter().sum::<u64>());
        assert!(tally.times.max() <= longest, "from the request: {} {longest}", tally.times.max());
    }

    #[test]
    fn what_comes_behind_the_window_does_not_count() {
        let (clients, _servers) = generator(u64::MAX);
        let tally = clients.unwrap().play(&window(Duration::ZERO, true)).unwrap();
        assert_eq!((tally.counts, tally.all, tally.times.len()), (vec![0; 3], 3, 0));
    }

    #[test]
    fn a_wrong_answer_is_found_where_it_is_to_verify() {
        let (clients, _servers) = generator(1);
        assert!(matches!(clients.map(drop), Err(Error::Corrupt(_))), "the first is checked in any case");
        for verify in [false, true] {
            let (clients, _servers) = generator(2);
            let played = clients.unwrap().play(&window(Duration::ZERO, verify));
            assert_eq!(matches!(played.map(drop), Err(Error::Corrupt(_))), verify);
        }
    }
}
