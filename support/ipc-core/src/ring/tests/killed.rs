//! A peer that is killed while this side sleeps in a ring: a real process, which only holds its place.

use std::process::{Child, Command};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use ipc_conformance::watchdog::over_this_test;

use crate::process::ProcessId;
use crate::ring::layout::{self, state};
use crate::ring::{Attachment, HeapMemory, Memory, Region, RingLink, SEGMENT_LEN};
use crate::sys::{forked, succeeds};
use crate::{Error, Receiver, Result, Sender, Split};

/// Long enough for a thread to fall asleep, on most machines.
pub(super) const A_WHILE: Duration = Duration::from_millis(50);

pub(super) struct Peer(Child);

impl Peer {
    pub(super) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Peer {
    fn drop(&mut self) {
        let _ = (self.0.kill(), self.0.wait());
    }
}

/// Returns a link, its memory, and the process on the other side.
fn linked() -> (RingLink<HeapMemory>, Region<HeapMemory>, Peer) {
    let memory = HeapMemory::new(SEGMENT_LEN);
    linked_through(|| Region::new(memory.clone()).unwrap())
}

/// Does the same with memory of any kind.
pub(super) fn linked_through<M: Memory>(region: impl Fn() -> Region<M>) -> (RingLink<M>, Region<M>, Peer) {
    over_this_test();
    let peer = Peer(Command::new("sleep").arg("600").spawn().unwrap());
    let id = ProcessId::of(peer.0.id()).unwrap().expect("it runs");
    let mut attachment = Attachment::create(region(), RingLink::<M>::LAYOUT).unwrap();
    let place = region();
    let [_, joiner] = &place.control().sides;
    joiner.namespaces.store(id.namespaces.to_bits(), Ordering::Relaxed);
    joiner.occupant.store(id.to_bits(), Ordering::Relaxed);
    joiner.state.store(state::ATTACHED, Ordering::Release);
    attachment.wait_for_peer("here", A_WHILE).unwrap();
    (RingLink::new(attachment), place, peer)
}

fn is_end<T>(answer: &Result<T>) -> bool {
    matches!(answer, Err(Error::Disconnected))
}

/// An accomplice of the peer writes both words that the two halves sleep on, all the time, as `lie` does it.
fn a_lie_about_sleepers(lie: fn(&layout::Ring)) {
    for _ in 0..10 {
        let (link, place, mut peer) = linked();
        let (mut sender, mut receiver) = link.split();
        let halves = [
            thread::spawn(move || while sender.send(&[7; 4096]).is_ok() {}),
            thread::spawn(move || while receiver.recv(&mut [0; 8]).is_ok() {}),
        ];
        thread::sleep(A_WHILE);
        let over = Arc::new(AtomicBool::new(false));
        let accomplice = thread::spawn({
            let over = Arc::clone(&over);
            move || {
                while !over.load(Ordering::Relaxed) {
                    place.control().rings.iter().for_each(lie);
                }
            }
        });
        peer.kill();
        for half in halves {
            half.join().unwrap();
        }
        over.store(true, Ordering::Relaxed);
        accomplice.join().unwrap();
    }
}

#[test]
fn the_lie_that_all_sleep_makes_no_sleep_endless() {
    a_lie_about_sleepers(|ring| {
        ring.sender.prepare_to_wait();
        ring.receiver.prepare_to_wait();
    });
}

#[test]
fn the_lie_that_all_are_awake_makes_no_sleep_endless() {
    a_lie_about_sleepers(|ring| {
        ring.sender.finish_wait();
        ring.receiver.finish_wait();
    });
}

/// A copy of the process has no watcher, but notices the end all the same.
#[test]
fn a_link_in_a_child_after_fork_notices_the_end() {
    let (mut link, _place, mut peer) = linked();
    assert_eq!(link.recv_timeout(&mut [0; 8], A_WHILE).unwrap(), None);
    let child = forked(|| is_end(&link.recv(&mut [0; 8])));
    thread::sleep(A_WHILE);
    peer.kill();
    assert!(succeeds(child));
    assert!(is_end(&link.recv(&mut [0; 8])), "and so does the parent");
}
