//! The fault lab: the six mechanisms with an error at every point where one can occur.
//!
//! Each cell of the matrix, a variant and a kind of fault, is a test. It works in its own world: namespaces for IPC
//! objects, mounts, processes and the network, in which the demos are separate processes of this program. So "nothing
//! is left" can be checked exactly, and every process ends with the test.
//!
//! | file | what is in it |
//! |---|---|
//! | `lab.rs` | the kinds of faults |
//! | `matrix.rs` | the results, printed, and the page of the book |
//! | `world.rs` | a world, and the objects left in it |
//! | `subject.rs`, `demo.rs` | the variants; their demos as processes |
//! | `tracer.rs`, `pair.rs` | a demo stopped at every system call; a pair of demos |
//! | `errnos.rs` | the errors that the manual lists for each call |
//! | `kills.rs`, `errors.rs` | every call: a kill before it, or a failure of it |
//! | `storage.rs`, `limits.rs`, `users.rs`, `clock.rs`, `truncate.rs` | hostile worlds |
//!
//! `IPC_FAULTS_ALL=1 cargo test -p ipc-faults` tries every point with every errno, which takes some minutes more.

mod clock;
mod demo;
mod errnos;
mod errors;
mod kills;
mod lab;
mod limits;
mod matrix;
mod pair;
mod storage;
mod subject;
mod sys;
mod tally;
mod tracer;
mod truncate;
mod users;
mod world;

use std::path::Path;
use std::process::ExitCode;
use std::thread;

use ipc_conformance::Allowance;
use libtest_mimic::{Arguments, Failed, Trial};

use lab::{FAULTS, Fault};
use subject::Subject;
use tally::{Tally, Wrong};
use world::World;

/// The number of worlds at once for each processor: in most of them a process waits.
const WORLDS_PER_PROCESSOR: usize = 8;

/// The most worlds at once: each has its own namespaces and file systems, and a system has only so many of them.
const MOST_WORLDS: usize = 40;

fn main() -> ExitCode {
    if let Some(status) = demo::play_if_told() {
        return status;
    }
    ipc_conformance::heed_signals();
    let args: Vec<String> = std::env::args().collect();
    if let Some((subject, fault)) = world::told(&args) {
        let mut world = World::enter(subject).expect("what unshare(1) has made can be furnished");
        println!("{}", try_in(&mut world, fault).line());
        return ExitCode::SUCCESS;
    }
    let mut arguments = Arguments::from_args(); // first: it exits, after --help or a mistake, and would leave the place
    let place = tempfile::Builder::new()
        .prefix("ipc-faults-")
        .tempdir()
        .expect("there is a directory for temporary files");
    let mut trials = vec![Trial::test("the page of the book names the tests", matrix::page_is_true)];
    for fault in &FAULTS {
        let tried = Subject::all().into_iter().filter(|subject| (fault.spares)(subject).is_none());
        trials.extend(tried.map(|subject| {
            let (name, place) = (matrix::test(&subject, fault.name), place.path().to_owned());
            Trial::test(name.clone(), move || {
                let try_it = || try_on(&subject, fault, &name, &place);
                let takes_an_allowance = subject.name() == "msgq-posix";
                if takes_an_allowance { Allowance::run(try_it) } else { try_it() }
            })
        }));
    }
    let processors = thread::available_parallelism().map_or(1, usize::from);
    arguments.test_threads.get_or_insert((WORLDS_PER_PROCESSOR * processors).min(MOST_WORLDS));
    let conclusion = libtest_mimic::run(&arguments, trials);
    print!("{}", matrix::table());
    conclusion.exit_code()
}

/// Tries the fault, if the demos work without it: of those that do not, each error would look like its effect.
fn try_in(world: &mut World, fault: &Fault) -> Tally {
    let mut tally = Tally::default();
    if !world.attempt("no fault", |args| demo::unhurried(&world.subject, args), &mut tally) {
        tally.wrong(Wrong::Lie, "the demos do not work without any fault");
    }
    if tally.is_clean() { (fault.try_it)(world) } else { tally }
}

/// Runs the test of one cell.
fn try_on(subject: &Subject, fault: &Fault, name: &str, place: &Path) -> Result<(), Failed> {
    let Some(output) = world::run(subject, fault.name, place) else {
        ipc_conformance::skipped_as(name, world::NO_WORLD);
        matrix::note(name, "skipped".into());
        // In CI, where the lab decides, it has to run.
        return if std::env::var_os("CI").is_some() { Err(world::NO_WORLD.into()) } else { Ok(()) };
    };
    let output = output?;
    let printed = String::from_utf8_lossy(&output.stdout);
    let Some((tally, story)) = Tally::read(&printed) else {
        let complaint = String::from_utf8_lossy(&output.stderr);
        return Err(format!("{}: {printed}{complaint}", output.status).into());
    };
    for reason in story.lines().filter_map(|line| line.strip_prefix("SKIPPED: ")) {
        ipc_conformance::skipped_as(name, reason);
    }
    matrix::note(name, tally.to_string());
    if tally.is_clean() { Ok(()) } else { Err(story.into()) }
}
