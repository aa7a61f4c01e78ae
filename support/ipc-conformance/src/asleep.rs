//! A side that waits: asleep as long as the peer lives, awake as soon as that has ended.

use std::fs;
use std::sync::mpsc::{Sender as Tell, channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipc_core::{Error, Receiver as _, Sender as _, Split};
use nix::unistd::gettid;

use crate::watchdog::PATIENCE;

/// Several of the slices in which a side would sleep that has to look by itself.
const SEVERAL_SLICES: Duration = Duration::from_millis(400);

/// Checks that neither half of `link` wakes to look whether the peer is alive, not even now and then, and that `kill`,
/// which kills the peer, wakes both.
///
/// # Panics
/// One of the two is wrong.
pub fn asleep_until_killed<L: Split>(link: L, kill: impl FnOnce())
where
    L::Sender: 'static,
    L::Receiver: 'static,
{
    let (mut sender, mut receiver) = link.split();
    let (tell, told) = channel();
    let halves = [
        until_the_end(&tell, move || sender.send(&[7; 4096])),
        until_the_end(&tell, move || receiver.recv(&mut [0; 8]).map(drop)),
    ];
    for thread in told.iter().take(halves.len()) {
        let started = Instant::now();
        loop {
            let before = sleeps(thread);
            thread::sleep(SEVERAL_SLICES);
            if before > 0 && sleeps(thread) == before {
                break;
            }
            assert!(started.elapsed() < PATIENCE, "a half does not sleep on");
        }
    }
    kill();
    for half in halves {
        assert!(matches!(half.join(), Ok(Error::Disconnected)));
    }
}

/// Has a thread make `call` until it fails, and tell its id first.
fn until_the_end(
    tell: &Tell<i32>,
    mut call: impl FnMut() -> Result<(), Error> + Send + 'static,
) -> JoinHandle<Error> {
    let tell = tell.clone();
    thread::spawn(move || {
        tell.send(gettid().as_raw()).expect("it is waited for");
        loop {
            if let Err(error) = call() {
                return error;
            }
        }
    })
}

/// Returns the number of times that a thread of this process has gone to sleep.
fn sleeps(thread: i32) -> u64 {
    let status = fs::read_to_string(format!("/proc/self/task/{thread}/status")).expect("it runs");
    let count = status.lines().find_map(|line| line.strip_prefix("voluntary_ctxt_switches:"));
    count.and_then(|count| count.trim().parse().ok()).expect("the kernel counts them")
}
