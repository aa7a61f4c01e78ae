//! A side that waits: asleep as long as the peer lives, awake as soon as that has ended.

use ipc_conformance::asleep_until_killed;
use ipc_core::{Mechanism, Receiver};
use ipc_shm::{Key, Ring};

use crate::tools::{PATIENCE, playing, setup};

/// Neither half wakes to look whether the peer is alive, not even now and then.
#[test]
fn both_halves_of_a_ring_sleep_until_the_peer_is_killed() {
    let key = Key::fresh();
    let mut meeting = Ring::create(Some(&key.to_string()), &setup()).unwrap();
    let mut joiner = playing(&format!("join {key} ring"));
    let mut link = meeting.accept(PATIENCE).unwrap();
    link.recv(&mut [0; 8]).unwrap();
    asleep_until_killed(link, || joiner.kill());
}
