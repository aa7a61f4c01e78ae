//! The behaviour of `hybrid` on a real machine: two threads, a ring between them, and real waits.

use std::time::{Duration, Instant};
use std::{fs, thread};

use ipc_conformance::watchdog::watched;
use ipc_core::{
    Endpoint, Receiver, Result, Sender, Wait, Waiting,
    ring::{Attachment, HeapMemory, Region, RingLink, SEGMENT_LEN},
};
use nix::sched::{CpuSet, sched_getaffinity, sched_setaffinity};
use nix::unistd::Pid;

type Link = RingLink<HeapMemory>;

fn pair() -> (Link, Link) {
    let memory = HeapMemory::new(SEGMENT_LEN);
    let mut attachment = Attachment::create(Region::new(memory.clone()).unwrap(), Link::LAYOUT).unwrap();
    let joined = Link::join(Region::new(memory).unwrap()).unwrap().expect("the owner waits");
    attachment.wait_for_peer("here", Duration::ZERO).unwrap();
    (Link::new(attachment), joined)
}

/// A link that counts the calls that try to receive.
struct Counted {
    link: Link,
    tries: u64,
    calls: u64,
}

impl Endpoint for Counted {
    fn max_message(&self) -> usize {
        self.link.max_message()
    }
}

impl Sender for Counted {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.link.send(message)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        self.link.send_timeout(message, timeout)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.link.try_send(message)
    }
}

impl Receiver for Counted {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.calls += 1;
        self.link.recv(buffer)
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.calls += 1;
        self.link.recv_timeout(buffer, timeout)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.tries += 1;
        self.link.try_recv(buffer)
    }
}

fn allowed_cpus() -> Vec<usize> {
    let set = sched_getaffinity(Pid::from_raw(0)).unwrap();
    (0..CpuSet::count()).filter(|&cpu| set.is_set(cpu).unwrap()).collect()
}

/// Binds the calling thread to `cpu`.
fn bind(cpu: usize) {
    let mut set = CpuSet::new();
    set.set(cpu).unwrap();
    sched_setaffinity(Pid::from_raw(0), &set).unwrap();
}

/// Returns the CPU time of the calling thread, in user and in system mode; `None` if the kernel does not tell.
fn cpu_time() -> Option<Duration> {
    let statistics = fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    statistics.split_whitespace().next()?.parse().ok().map(Duration::from_nanos)
}

const GO_TO_THE_OTHER_CPU: u8 = 1;

/// Echoes every message, and moves to `other_cpu` when told to.
fn echo(mut link: Waiting<Link>, other_cpu: usize) {
    let mut message = [0];
    while link.recv(&mut message).is_ok() {
        if message[0] == GO_TO_THE_OTHER_CPU {
            bind(other_cpu);
        }
        link.send(&message).unwrap();
    }
}

/// On one core each poll fails, since the peer cannot run meanwhile; then on two cores each poll succeeds.
#[test]
fn polling_ends_on_one_core_and_comes_back_on_two() {
    let cpus = allowed_cpus();
    let [first, second, ..] = cpus[..] else {
        return ipc_conformance::skipped("only one CPU may be used here");
    };
    watched(move || {
        bind(first);
        let (ours, theirs) = pair();
        let mut link = Waiting::new(Counted { link: ours, tries: 0, calls: 0 }, Wait::Hybrid);
        let peer = thread::spawn(move || echo(Waiting::new(theirs, Wait::Hybrid), second)); // created on `first`
        let mut round_trip = |message: u8| {
            let before = link.link_mut().calls;
            link.send(&[message]).unwrap();
            link.recv(&mut [0]).unwrap();
            (link.link_mut().tries, link.link_mut().calls > before)
        };

        // The scheduler decides how many of the waits sleep: it may let the peer answer before we check.
        let rounds = 5000;
        let tries = (0..rounds).map(|_| round_trip(0).0).last().unwrap();
        assert!(tries < rounds * 100, "{tries} polls in {rounds} waits"); // a polling wait makes a thousand

        round_trip(GO_TO_THE_OTHER_CPU);
        let mut in_a_row = 0;
        while in_a_row < 200 {
            in_a_row = if round_trip(0).1 { 0 } else { in_a_row + 1 };
        }
        drop(link);
        peer.join().unwrap();
    });
}

/// Ten answers in a second. The limit is thirty times the cost measured on an idle machine.
#[test]
fn a_silent_peer_costs_next_to_no_cpu_time() {
    if cpu_time().is_none() {
        return ipc_conformance::skipped("no /proc/thread-self/schedstat here");
    }
    watched(|| {
        let (ours, theirs) = pair();
        let peer = thread::spawn(move || {
            let mut link = Waiting::new(theirs, Wait::Hybrid);
            while link.recv(&mut [0]).is_ok() {
                thread::sleep(Duration::from_millis(100));
                link.send(&[0]).unwrap();
            }
        });
        let mut link = Waiting::new(ours, Wait::Hybrid);
        let (began, cpu) = (Instant::now(), cpu_time().unwrap());
        for _ in 0..10 {
            link.send(&[0]).unwrap();
            link.recv(&mut [0]).unwrap();
        }
        let (waited, used) = (began.elapsed(), cpu_time().unwrap().saturating_sub(cpu));
        assert!(used < waited / 10, "{used:?} of CPU time in {waited:?}");
        drop(link);
        peer.join().unwrap();
    });
}
