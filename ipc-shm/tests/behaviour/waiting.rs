//! A side that waits: asleep as long as the peer lives, awake as soon as that has ended.

use std::fs;
use std::sync::mpsc::{Sender as Tell, channel};
use std::thread;
use std::time::Duration;

use ipc_core::{Error, Mechanism, Receiver, Sender, Split};
use ipc_shm::{Key, Ring};
use nix::unistd::gettid;

use crate::tools::{PATIENCE, playing, setup, wait_until};

/// Several of the slices in which a side would sleep that has to look by itself.
const SEVERAL_SLICES: Duration = Duration::from_millis(400);

/// Returns the number of times that a thread of this process has gone to sleep.
fn sleeps(thread: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    line.unwrap().trim().parse().unwrap()
}

/// Has a thread make `call` until it fails, and tell its id first.
fn until_the_end(
    tell: &Tell<i32>,
    mut call: impl FnMut() -> Result<(), Error> + Send + 'static,
) -> thread::JoinHandle<Error> {
    let tell = tell.clone();
    thread::spawn(move || {
        tell.send(gettid().as_raw()).unwrap();
        loop {
            if let Err(error) = call() {
                return error;
            }
        }
    })
}

/// Neither half wakes to look whether the peer is alive, not even now and then.
#[test]
fn both_halves_of_a_ring_sleep_until_the_peer_is_killed() {
    let key = Key::fresh();
    let mut meeting = Ring::create(Some(&key.to_string()), &setup()).unwrap();
    let mut joiner = playing(&format!("join {key} ring"));
    let mut link = meeting.accept(PATIENCE).unwrap();
    link.recv(&mut [0; 8]).unwrap();
    let (mut sender, mut receiver) = link.split();
    let (tell, told) = channel();
    let halves = [
        until_the_end(&tell, move || sender.send(&[7; 4096])),
        until_the_end(&tell, move || receiver.recv(&mut [0; 8]).map(drop)),
    ];
    for thread in told.iter().take(halves.len()) {
        wait_until("the half sleeps on", || {
            let before = sleeps(thread);
            thread::sleep(SEVERAL_SLICES);
            before > 0 && sleeps(thread) == before
        });
    }
    joiner.kill();
    for half in halves {
        assert!(matches!(half.join().unwrap(), Error::Disconnected));
    }
}
