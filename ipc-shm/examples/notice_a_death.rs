//! Three ways to notice that another process was killed, and how long each of them takes. Run it with
//! `cargo run -p ipc-shm --example notice_a_death`.

use std::process::Command;
use std::sync::mpsc::channel;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::process::{PeerProcess, ProcessId, WakeAtEnd};
use ipc_core::{Result, wait_readable};

const ROUNDS: u32 = 11;

fn main() -> Result<()> {
    // ANCHOR: ways
    time("look every 100 ms", |peer| {
        while peer.is_alive() {
            thread::sleep(Duration::from_millis(100));
        }
        Ok(())
    })?;
    time("sleep in poll(2) on a pidfd", |peer| match peer.pidfd() {
        Some(pidfd) => wait_readable([pidfd], Duration::MAX).map(drop),
        None => Ok(()),
    })?;
    time("be woken by a thread that does", |peer| {
        let (wake, woken) = channel();
        let _watch = WakeAtEnd::of(peer.id(), move || _ = wake.send(()));
        _ = woken.recv();
        Ok(())
    })
    // ANCHOR_END: ways
}

/// Kills a process in each round, and prints how long `notice` took to return after that.
fn time(way: &str, notice: impl Fn(&PeerProcess) -> Result<()>) -> Result<()> {
    let mut took = Vec::new();
    for round in 0..ROUNDS {
        let mut victim = Command::new("sleep").arg("1000").spawn().expect("there is a program `sleep`");
        let id = ProcessId::of(victim.id());
        let killer = thread::spawn(move || {
            // Each time at another moment between two looks.
            thread::sleep(Duration::from_millis(30) + Duration::from_millis(7) * round);
            let killed = Instant::now();
            victim.kill().expect("it is our child");
            (killed, victim)
        });
        // It runs, or is a zombie, until it is waited for.
        let peer = PeerProcess::watch(id?.expect("it is there"))?;
        notice(&peer)?;
        let noticed = Instant::now();
        let (killed, mut victim) = killer.join().expect("it does not panic");
        _ = victim.wait();
        took.push(noticed.saturating_duration_since(killed));
    }
    took.sort();
    let (median, worst) = (took[took.len() / 2], took[took.len() - 1]);
    println!("{way:<32} median {median:>9.3?}  worst {worst:>9.3?}");
    Ok(())
}
