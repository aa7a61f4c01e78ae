//! A side that waits: asleep as long as the peer lives, awake as soon as that has ended.

use ipc_conformance::asleep_until_killed;
use ipc_core::{Mechanism, Receiver, Split};
use ipc_shm::posix::PosixName;
use ipc_shm::{Key, Posix, Ring};

use crate::tools::{PATIENCE, playing, setup};

/// Neither half wakes to look whether the peer is alive, not even now and then.
#[test]
fn both_halves_of_a_ring_sleep_until_the_peer_is_killed() {
    let key = Key::fresh();
    let meeting = Ring::create(Some(&key.to_string()), &setup()).unwrap();
    sleep_until_the_peer_is_killed(meeting, &format!("join {key} ring"));
}

/// Nor whether the memory was cut short, which any process can do that may write to it.
#[test]
fn both_halves_of_a_ring_that_can_be_cut_sleep_until_the_peer_is_killed() {
    let name = PosixName::fresh();
    let meeting = Posix::create(Some(&name.to_string()), &setup()).unwrap();
    sleep_until_the_peer_is_killed(meeting, &format!("join {name} posix"));
}

fn sleep_until_the_peer_is_killed<M: Mechanism<Link: Split<Sender: 'static, Receiver: 'static>>>(
    mut meeting: M,
    join: &str,
) {
    let mut joiner = playing(join);
    let mut link = meeting.accept(PATIENCE).unwrap();
    link.recv(&mut [0; 8]).unwrap();
    asleep_until_killed(link, || joiner.kill());
}
