//! How long a side that sleeps in a call does not know that its peer was killed, for each variant of the six. Run it with
//! `cargo run --release -p ipc-bench --example end_noticed [KILLS] [MECHANISM…]`.
//!
//! The clock is that of the process that sleeps: from just before the signal is sent until the call has returned. That
//! includes the time in which the kernel takes the killed process apart.

use std::num::NonZeroU32;
use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use ipc_bench::results::registry::{self, visit_all};
use ipc_core::{Error, Mechanism, Receiver, Result, Sender, Setup, Visitor};
use ipc_demo::helper_process::{self, HelperProcess, Invitation};
use ipc_demo::report;
use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, pause};

/// The role of the process that is killed.
const VICTIM: &str = "victim";

const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// The length of each message that is sent until there is no more room.
const LEN: usize = 4096;

fn main() -> ExitCode {
    report(match Invitation::of_this_process() {
        Some(invitation) => play_victim(&invitation),
        None => measure(&std::env::args().skip(1).collect::<Vec<_>>()),
    })
}

/// Measures the mechanisms named on the command line, or all.
fn measure(words: &[String]) -> Result<()> {
    let number = words.first().and_then(|word| word.parse::<NonZeroU32>().ok());
    let (kills, names) = number.map_or((11, words), |kills| (kills.get(), &words[1..]));
    for name in names {
        registry::member(name)?;
    }
    println!("from a kill to the end of a call that sleeps, in ms ({kills} kills each)");
    println!("{:<20}   recv: median   worst   send: median   worst", "");
    let mut measuring = Measuring { kills, names, outcome: Ok(()) };
    visit_all(&mut measuring);
    measuring.outcome
}

struct Measuring<'a> {
    kills: u32,
    /// None means all.
    names: &'a [String],
    outcome: Result<()>,
}

impl Visitor for Measuring<'_> {
    fn variant<M: Mechanism + 'static>(&mut self) {
        let is_wanted = self.names.is_empty() || self.names.iter().any(|name| name == M::PROFILE.name);
        if is_wanted && self.outcome.is_ok() {
            self.outcome = print::<M>(self.kills);
        }
    }
}

/// Prints the line of one variant.
fn print<M: Mechanism>(kills: u32) -> Result<()> {
    let of = |call: fn(&mut M::Link) -> Result<()>| -> Result<[f64; 2]> {
        let mut times = (0..kills).map(|round| kill_one::<M>(round, call)).collect::<Result<Vec<_>>>()?;
        times.sort();
        Ok([times[times.len() / 2], times[times.len() - 1]].map(|time| time.as_secs_f64() * 1e3))
    };
    let [median, worst] = of(|link| link.recv(&mut [0; LEN]).map(drop))?;
    let [median_of_send, worst_of_send] = of(|link| link.send(&[7; LEN]))?;
    let name = format!("{} {}", M::PROFILE.name, M::VARIANT.name);
    println!("{name:<20}   {median:>12.2} {worst:>7.2}   {median_of_send:>12.2} {worst_of_send:>7.2}");
    Ok(())
}

/// Repeats `call` until it sleeps, kills the peer, and returns the time until the call has failed.
fn kill_one<M: Mechanism>(round: u32, call: fn(&mut M::Link) -> Result<()>) -> Result<Duration> {
    let mut meeting = M::create(None, &Setup::default())?;
    let mut command = helper_process::command(VICTIM, &[M::PROFILE.name, M::VARIANT.name])?;
    meeting.invite(&mut command)?;
    let mut victim = HelperProcess::spawn(command)?;
    let mut link = victim.accept(&mut meeting, JOIN_TIMEOUT)?;
    link.recv(&mut [0; LEN])?; // it is there
    let pid = Pid::from_raw(victim.pid().cast_signed());
    // Each time at another moment between two looks of a side that looks every 100 ms.
    let asleep = Duration::from_millis(u64::from(30 + 37 * round % 100));
    let killer = thread::spawn(move || {
        thread::sleep(asleep);
        let killed = Instant::now();
        kill(pid, Signal::SIGKILL).map(|()| killed)
    });
    let error = loop {
        if let Err(error) = call(&mut link) {
            break error;
        }
    };
    let noticed = Instant::now();
    match (killer.join().expect("it does not panic"), error) {
        (Ok(killed), Error::Disconnected) => Ok(noticed.saturating_duration_since(killed)),
        (_, error) => Err(error),
    }
}

/// Joins the process that measures, and sleeps until it is killed.
fn play_victim(invitation: &Invitation) -> Result<()> {
    let mut victim =
        Victim { variant: invitation.argument()?, address: invitation.address()?, outcome: Ok(()) };
    visit_all(&mut victim);
    victim.outcome
}

struct Victim<'a> {
    /// The names of the mechanism and its variant.
    variant: [String; 2],
    address: &'a str,
    outcome: Result<()>,
}

impl Visitor for Victim<'_> {
    fn variant<M: Mechanism + 'static>(&mut self) {
        if self.variant == [M::PROFILE.name, M::VARIANT.name] {
            self.outcome = M::join(self.address, &Setup::default(), JOIN_TIMEOUT).and_then(|mut link| {
                link.send(b"here")?;
                loop {
                    pause();
                }
            });
        }
    }
}
