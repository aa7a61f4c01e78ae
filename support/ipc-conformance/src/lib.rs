//! The contract as a test suite: every mechanism runs it, over all its variants and wait strategies.
//!
//! ```ignore
//! fn main() -> std::process::ExitCode {
//!     let facts = Facts::of_path(Calls { send: 1, receive: 1 });
//!     Suite::of::<ipc_fifo::Variants>(env!("CARGO_BIN_EXE_ipc-fifo"))
//!         .variant::<Fifo>(facts, |link, garbage| { ... })
//!         .run()
//! }
//! ```
//!
//! The peer is a real second process: this same program, started again with the name of a script to run. Each case
//! runs under a watchdog, makes its own objects, and leaves nothing behind.
//!
//! | file | what it checks |
//! |---|---|
//! | `facts.rs` | the facts about a variant that the suite needs |
//! | `declared.rs` | [`Declared`]: cases in which a mechanism beyond the six promises something else |
//! | `messages.rs` | order, boundaries and bytes; too long; too small; "not now"; signals |
//! | `typed.rs` | structs as messages, and iterators over messages |
//! | `batches.rs` | fed messages: order, room, flushes, the unsent ones |
//! | `deadlines.rs` | calls with a timeout |
//! | `halves.rs` | a link that is split for two threads |
//! | `endings.rs` | closed and killed peers, on either side |
//! | `last_word.rs` | the messages that a peer sends just before it is killed |
//! | `hostile.rs` | a peer that writes garbage, or half a message |
//! | `calls.rs` | the number of system calls per message |
//! | `clocks.rs` | that no wait depends on the wall clock |
//! | `leaks.rs` | the objects left after any kind of end |
//! | `addresses.rs` | any text in place of an address |
//! | `command_line.rs` | the demo: JSON, exit statuses, bad input |
//! | `demo.rs`, `demo_cases.rs` | the demo under test, and its cases |
//! | `pong.rs` | a `pong` of the demo in a terminal of its own |
//! | `terminals.rs` | the demo in two terminals |
//! | `ownership.rs` | the objects to remove and to leave alone, in an unfriendly world |
//! | `namespaces.rs` | the demo in two IPC namespaces that share a directory for temporary files |
//! | `first_process.rs` | the demo as process 1 of a container |
//! | `inherited.rs` | the demo with inherited settings of the parent |
//! | `threads.rs` | the threads of the demo that sleep in the background |
//! | `pid_namespaces.rs` | the demo in two pid namespaces, either side killed |
//! | `scarcity.rs` | the demo with few descriptors, and with truncated memory |
//! | `remains.rs` | the check that nothing is left |
//! | `scripts.rs`, `peer.rs` | the scripts of the peer process, and that process |
//! | `allowance.rs` | [`Allowance`]: waits for room for POSIX queues |
//! | `fuzz.rs` | [`fuzz()`]: a property of any input, tried for some time |
//! | `asleep.rs` | [`asleep_until_killed`]: for a crate's own tests, a side that sleeps without looking |
//! | `example.rs` | [`example()`], [`example_with`], [`example_in_c`], [`pair_of_examples`]: for a crate's own tests, examples that are run |
//! | `scenarios.rs` | [`scenarios`]: for a crate's own tests, what holds for all its scenarios |
//! | `json_schema.rs` | [`json_schema`]: whether a document conforms to its schema |
//! | `other.rs` | [`other`]: for a mechanism's own tests, another process |
//! | `skipped.rs` | [`skipped`]: a test that cannot run here says so, and is counted |
//! | `watchdog.rs` | [`watchdog`]: a hanging test fails soon, by name, and leaves no process |

mod addresses;
mod allowance;
mod asleep;
mod batches;
mod calls;
mod clocks;
mod command_line;
mod deadlines;
mod declared;
mod demo;
mod demo_cases;
mod endings;
mod example;
mod facts;
pub mod first_process;
mod fuzz;
mod halves;
mod hostile;
mod inherited;
pub mod json_schema;
mod last_word;
mod leaks;
mod messages;
pub mod namespaces;
pub mod other;
mod ownership;
mod peer;
mod pid_namespaces;
mod pong;
mod remains;
mod scarcity;
pub mod scenarios;
mod scripts;
mod skipped;
mod sys;
mod terminals;
mod threads;
mod typed;
mod users;
pub mod watchdog;

use std::marker::PhantomData;
use std::process::{Command, ExitCode};
use std::thread;

pub use ipc_core::ring::{Bytes, scribble};
use ipc_core::{Mechanism, Result, Setup, Variants, Visitor, Wait, Waiting};
use ipc_demo::helper_process::{HelperProcess, Invitation};
use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::signal::Signal;

pub use allowance::Allowance;
pub use asleep::asleep_until_killed;
pub use calls::Calls;
pub use declared::Declared;
pub use example::{example, example_in_c, example_with, pair_of_examples};
pub use facts::{Addresses, Facts, PidNamespaces};
pub use fuzz::fuzz;
pub use leaks::survivor_clears_up;
pub use skipped::{skipped, skipped_as, skipped_tests};
pub use sys::refuse;
use watchdog::{PATIENCE, WHOLE_CASE, Watchdog};

/// Writes raw bytes to the medium of a link, outside the protocol, as a hostile peer would.
pub type Vandal<M> = fn(&mut <M as Mechanism>::Link, &[u8]);

/// The number of cases to run at once for each processor: in most of them both sides wait.
const CASES_PER_PROCESSOR: usize = 6;

/// The most cases to run at once, since each has several processes.
const MOST_CASES: usize = 24;

/// The result of a case; the error describes the failure.
type Outcome = std::result::Result<(), Failed>;

/// A suite for one mechanism, to be built by [`of`](Self::of) and [`variant`](Self::variant), and started by
/// [`run`](Self::run).
pub struct Suite {
    demo: demo::Program,
    /// The part of this process, if it is only the peer of a case.
    invitation: Option<Invitation>,
    /// The exit status of this process, if it was only the peer of a case.
    played: Option<ExitCode>,
    /// The variants of the mechanism that the suite still has to be given.
    untold: Vec<Listed>,
    trials: Vec<Trial>,
    /// What the variants declare, each once.
    declared: Vec<Declared>,
    /// Removes what the last cases leave to the next `create`: none comes.
    sweep: fn(),
}

/// A variant of the crate's list.
struct Listed {
    name: &'static str,
    /// The name and the kind of its ownership locks, by which it finds and removes the remains of the others.
    locks: (&'static str, bool),
    sweep: fn(),
}

/// The variants of a crate's list, in its order.
#[derive(Default)]
struct List(Vec<Listed>);

impl Visitor for List {
    fn variant<M: Mechanism + 'static>(&mut self) {
        self.0.push(Listed {
            name: M::VARIANT.name,
            locks: (M::PROFILE.name, M::IN_IPC_NAMESPACE),
            sweep: sweep::<M>,
        });
    }
}

impl Suite {
    /// Makes the suite for the mechanism with these variants, whose demo binary is `demo`.
    ///
    /// # Panics
    /// The variants do not share their ownership locks.
    #[must_use]
    pub fn of<V: Variants>(demo: &'static str) -> Self {
        inherited::become_a_program_without_a_call();
        let invitation = Invitation::of_this_process();
        let mut list = List::default();
        V::visit(&mut list);
        let List(untold) = list;
        let share = |pair: &[Listed]| pair[0].locks == pair[1].locks;
        assert!(untold.windows(2).all(share), "variants share their locks");
        Self {
            sweep: untold.first().expect("a mechanism has a variant").sweep,
            demo: demo::Program::new(demo, V::PROFILE),
            invitation,
            played: None,
            untold,
            trials: Vec::new(),
            declared: Vec::new(),
        }
    }

    /// Adds the next variant: its facts, and a function that writes outside its protocol.
    ///
    /// # Panics
    /// It is not the next in the crate's list of variants, or declares a case that does not exist.
    #[must_use]
    pub fn variant<M: Mechanism + 'static>(mut self, facts: Facts, vandal: Vandal<M>) -> Self {
        let is_first = self.trials.is_empty();
        assert_eq!(self.untold.remove(0).name, M::VARIANT.name, "the crate lists its variants otherwise");
        if let Some(invitation) = &self.invitation {
            self.played = self.played.or_else(|| peer::play::<M>(invitation, vandal));
            return self;
        }
        let demo = self.demo.variant::<M>(facts, is_first);
        let others = self.trials.len();
        self.trials.extend(demo_cases::trials(demo));
        for wait in Wait::ALL {
            let bench = Bench::<M> { facts, wait, mechanism: PhantomData };
            self.trials.extend(messages::trials(bench));
            self.trials.extend(typed::trials(bench));
            self.trials.extend(batches::trials(bench));
            self.trials.extend(deadlines::trials(bench));
            self.trials.extend(endings::trials(bench));
            self.trials.extend(halves::trials(bench));
            self.trials.extend(hostile::trials(bench));
            self.trials.push(calls::trial(bench, facts.calls));
            self.trials.push(clocks::trial(bench));
        }
        let bench = Bench::<M> { facts, wait: Wait::Block, mechanism: PhantomData };
        self.trials.push(last_word::trial(bench));
        self.trials.extend(leaks::trials(bench));
        self.trials.push(addresses::trial(bench));
        let names: Vec<_> = self.trials[others..].iter().map(Trial::name).collect();
        Declared::check_names(facts.declared, &names);
        let more = facts.declared.iter().filter(|known| !self.declared.contains(known)).copied();
        self.declared.extend(more.collect::<Vec<_>>());
        self
    }

    /// Runs all cases; in the peer of a case, returns the status of its script.
    ///
    /// # Panics
    /// A variant was not added.
    #[must_use]
    pub fn run(self) -> ExitCode {
        if let Some(status) = self.played {
            return status;
        }
        let untold: Vec<_> = self.untold.iter().map(|listed| listed.name).collect();
        assert!(untold.is_empty(), "the crate also lists these variants: {untold:?}");
        heed_signals();
        let _copy = ownership::Copy::of(self.demo.path()).expect("there is room for a copy of the demo");
        let mut arguments = Arguments::from_args();
        let processors = thread::available_parallelism().map_or(1, usize::from);
        arguments.test_threads.get_or_insert((CASES_PER_PROCESSOR * processors).min(MOST_CASES));
        let conclusion = libtest_mimic::run(&arguments, self.trials);
        (self.sweep)();
        Declared::print(&self.declared);
        conclusion.exit_code()
    }
}

/// Removes what dead processes left. What cannot be removed is another's, or a case has said so.
fn sweep<M: Mechanism>() {
    drop(ipc_core::ownership::sweep::<M>());
}

/// The input of a case: one variant of the mechanism and one wait strategy.
struct Bench<M> {
    facts: Facts,
    wait: Wait,
    mechanism: PhantomData<fn() -> M>,
}

impl<M> Clone for Bench<M> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<M> Copy for Bench<M> {}

impl<M: Mechanism + 'static> Bench<M> {
    /// Makes a case, named after what it runs on.
    fn trial(self, name: &str, case: impl Fn(Self) -> Outcome + Send + 'static) -> Trial {
        let name = format!("{}::{}::{name}", M::VARIANT.name, self.wait);
        watched(name, self.facts, move || case(self))
    }

    /// Makes a meeting point and starts a peer that plays `script` there; returns the link and the peer.
    fn meet(self, script: &str) -> Result<(Waiting<M::Link>, HelperProcess)> {
        let mut meeting = M::create(None, &Setup::default())?;
        let mut command = scripts::command::<M>(scripts::JOINER, self.wait, script);
        meeting.invite(&mut command)?;
        let mut peer = HelperProcess::spawn(command)?;
        let link = peer.accept(&mut meeting, PATIENCE)?;
        Ok((Waiting::new(link, self.wait), peer))
    }
}

/// Makes a case that runs under a watchdog, and with room for POSIX queues if it makes some.
fn watched(name: String, facts: Facts, case: impl Fn() -> Outcome + Send + 'static) -> Trial {
    let shown = name.clone();
    Trial::test(name, move || {
        let case = || {
            let _watchdog = Watchdog::over(&shown, WHOLE_CASE);
            Declared::check(facts.declared, &shown, case())
        };
        if facts.makes_posix_queues { Allowance::run(case) } else { case() }
    })
}

/// Lets SIGINT and SIGHUP end this process and its children: a shell's background process ignores the first, a process
/// under `nohup` the second, and the programs under test must not.
///
/// # Panics
/// The kernel refuses, which it does for neither signal.
pub fn heed_signals() {
    for signal in [Signal::SIGINT, Signal::SIGHUP] {
        ipc_demo::interrupt::heed(signal).expect("these signals may be heeded");
    }
}

/// Lets `signal` interrupt the system calls of this process, with no other effect: a handler without `SA_RESTART`.
///
/// # Panics
/// `signal` cannot be handled.
pub fn interrupt_on(signal: Signal) {
    sys::interrupt_on(signal).expect("a signal that can be handled");
}

/// Fails a case with a formatted reason unless the condition holds.
macro_rules! ensure {
    ($condition:expr, $($reason:tt)+) => {
        if !$condition {
            return Err(format!($($reason)+).into());
        }
    };
}
use ensure;

/// Runs a command to its end and returns exit status, standard output and standard error.
fn run(command: &mut Command) -> Result<(Option<i32>, String, String)> {
    use ipc_core::Call;
    let output = command.output().call("execve")?;
    let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
    Ok((output.status.code(), text(output.stdout), text(output.stderr)))
}
