//! A pair of demos, one of them stopped by the tracer.

use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::{Signal, kill};

use crate::demo::{self, Demo, End, PATIENCE, PROMPT, TIMEOUT};
use crate::tracer::{self, Deed, Order, Point, Target, Trace};
use crate::world::World;

/// The traced process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// The process that waits in the first terminal.
    Pong,
    /// The process in the other terminal.
    Ping,
    /// The process that spawns its own peer.
    Parent,
    /// The peer that the parent spawns.
    Child,
}

/// The result of a run.
#[derive(Debug)]
pub struct Round {
    pub trace: Trace,
    /// The process that was started under the tracer.
    pub held: Option<End>,
    /// The process beside it, if it was started.
    pub other: Option<End>,
}

/// Runs the pair once, with an intervention at a point.
pub fn play(world: &World, part: Part, deed: Option<(Point, Deed)>) -> Round {
    let target = if part == Part::Child { Target::Child } else { Target::Itself };
    let order = Order { target, deed, late: false };
    let demo = |args: &[&str]| demo::patient(&world.subject, args);
    let (held, trace, other) = match part {
        Part::Pong => {
            let mut pong = Demo::start_traced(demo(&["pong", &world.address()]));
            let mut ping = None;
            let leader = pong.pid();
            let trace = tracer::run(leader, order, PATIENCE, || {
                ping = pong.address().map(|address| Demo::start(demo(&["ping", &address])));
            });
            (pong, trace, ping)
        }
        Part::Ping => {
            let mut pong = Demo::start(demo(&["pong", &world.address()]));
            let address = pong.address().unwrap_or_else(|| world.address());
            let ping = Demo::start_traced(demo(&["ping", &address]));
            let trace = tracer::run(ping.pid(), order, PATIENCE, || ());
            (ping, trace, Some(pong))
        }
        Part::Parent | Part::Child => {
            let parent = Demo::start_traced(demo(&[]));
            let trace = tracer::run(parent.pid(), order, PATIENCE, || ());
            (parent, trace, None)
        }
    };
    let trace = trace.expect("a child can be traced");
    let other = other.map(|other| other.end(PATIENCE));
    let held = held.traced_end(&trace);
    Round { trace, held, other }
}

/// Kills the peer of `survivor`, which has the wall clock set back each time it waits. Returns what is wrong with when
/// it ends.
pub fn wrong_with_survivor(world: &World, survivor: Part, patience: Duration) -> Option<&'static str> {
    let order = Order { target: Target::Itself, deed: None, late: true };
    let address = world.address();
    let demo = |args: &[&str]| demo::command(&world.subject, args);
    let endless = ["ping", &address, "--count", "1000000000"];
    let kill_later = |pid| {
        thread::spawn(move || {
            thread::sleep(Duration::from_millis(300)); // they have met by then
            let killed = Instant::now();
            let _ = kill(pid, Signal::SIGKILL); // an error means that it has ended
            killed
        })
    };
    let mut other = None;
    let (held, killed) = if survivor == Part::Pong {
        let pong = Demo::start_traced(demo(&["pong", &address]));
        let mut killed = None;
        let trace = tracer::run(pong.pid(), order, patience, || {
            let ping = Demo::start(demo(&endless));
            killed = Some(kill_later(ping.pid()));
            other = Some(ping);
        });
        (trace, killed)
    } else {
        let mut pong = Demo::start(demo(&["pong", &address]));
        pong.address();
        let ping = Demo::start_traced(demo(&endless));
        let killed = kill_later(pong.pid());
        other = Some(pong);
        (tracer::run(ping.pid(), order, patience, || ()), Some(killed))
    };
    let (trace, Some(killed)) = (held.expect("a child can be traced"), killed) else {
        return Some("never told where it waits");
    };
    let killed = killed.join().expect("it only waits and kills");
    drop(other.map(|other| other.end(patience)));
    let mut ends = trace.ends.values().map(|(_, when)| *when);
    if trace.hung || ends.clone().any(|when| when.saturating_duration_since(killed) > PROMPT + PROMPT) {
        Some("late to see its peer killed")
    } else if ends.any(|when| when < killed) {
        Some("ended before its peer was killed")
    } else {
        None
    }
}

impl Round {
    /// Returns the ends of the two.
    pub fn ends(&self) -> impl Iterator<Item = &End> {
        self.held.iter().chain(&self.other)
    }

    /// True if one of them ended later after the intervention than it should: within its timeout, and promptly.
    pub fn late(&self) -> bool {
        let Some(done) = self.trace.done else { return self.trace.hung };
        let latest = self
            .trace
            .ends
            .values()
            .map(|(_, when)| *when)
            .chain(self.other.iter().map(|end| end.when))
            .max();
        self.trace.hung || latest.is_some_and(|when: Instant| when - done > TIMEOUT + PROMPT)
    }

    /// Describes the ends of both, for a report.
    pub fn story(&self) -> String {
        self.ends().map(End::story).collect::<Vec<_>>().join(" | ")
    }
}
