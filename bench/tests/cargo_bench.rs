//! Tests of `cargo bench`: what it prints, what it leaves, and Ctrl-C. The program is the one that `cargo bench` runs, in a
//! build like that of these tests.

mod common;

use std::fs;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use common::{
    Output, bench, ctrl_c, group_has_ended, locks, run, system_v_objects, system_v_objects_of, until,
    until_within,
};
use ipc_bench::results::case::Kind;
use ipc_bench::results::document::Document;
use ipc_bench::results::{output, registry};
use ipc_conformance::Allowance;
use ipc_conformance::watchdog::Watchdog;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use tempfile::TempDir;

/// The program, built by cargo: its path is known to cargo alone.
static PROGRAM: LazyLock<PathBuf> = LazyLock::new(|| {
    let target = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("it is in the target directory");
    let mut cargo = Command::new(env!("CARGO"));
    // With the features that all packages together ask for, as in a test of the workspace: nothing is built twice.
    cargo.args(["test", "--workspace", "--bench", "compare", "--no-run", "--offline", "--locked", "--quiet"]);
    cargo.args(["--message-format", "json", "--target-dir"]).arg(target);
    if !cfg!(debug_assertions) {
        cargo.arg("--release");
    }
    let built = cargo.current_dir(env!("CARGO_MANIFEST_DIR")).output().expect("cargo can be run");
    let messages = String::from_utf8(built.stdout).expect("JSON is text");
    let path = messages.lines().find_map(|line| {
        let message: serde_json::Value = serde_json::from_str(line).ok()?;
        let is_it = message["target"]["name"] == "compare";
        is_it.then(|| message["executable"].as_str().map(PathBuf::from))?
    });
    path.unwrap_or_else(|| panic!("not built: {}", String::from_utf8_lossy(&built.stderr)))
});

/// The longest that one run takes where others keep the machine busy. It measures more than other tests do.
const LONGEST: Duration = Duration::from_secs(150);

/// A run and all its descendants: a process group.
struct Program {
    child: Child,
    _watchdog: Watchdog,
}

impl Program {
    fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id().cast_signed())
    }

    /// Waits until it and all its descendants have ended.
    fn output(self) -> Output {
        let pid = self.child.id();
        let ended = self.child.wait_with_output().expect("a child can be waited for");
        until("all that it has started has ended", || group_has_ended(pid));
        let [stdout, stderr] =
            [ended.stdout, ended.stderr].map(|text| String::from_utf8(text).expect("UTF-8"));
        Output { status: ended.status.code(), signal: ended.status.signal(), stdout, stderr }
    }
}

/// The directories of one run: for temporary files, for saved runs, and cargo's target directory.
struct Dirs {
    tmp: TempDir,
    data: TempDir,
    target: TempDir,
}

impl Dirs {
    fn new() -> Self {
        let [tmp, data, target] = [(); 3].map(|()| TempDir::new().unwrap());
        Self { tmp, data, target }
    }

    /// Starts the program as `cargo bench -- ARGS` does.
    fn start(&self, args: &[&str]) -> Program {
        let mut command = Command::new(&*PROGRAM); // building it is no part of what is watched
        let watchdog = Watchdog::over(format!("cargo bench {args:?}"), LONGEST);
        command.args(args).arg("--bench");
        command.env("TMPDIR", self.tmp.path()).env("CARGO_TARGET_DIR", self.target.path());
        command.env("XDG_DATA_HOME", self.data.path());
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        Program { child: piped.process_group(0).spawn().expect("it was built"), _watchdog: watchdog }
    }

    /// Returns a command of the harness that finds the runs saved here.
    fn harness(&self, args: &[&str]) -> Output {
        run(bench().args(args).env("XDG_DATA_HOME", self.data.path()))
    }

    fn page(&self) -> PathBuf {
        self.target.path().join("ipc-report/index.html")
    }

    fn log(&self) -> PathBuf {
        self.page().with_file_name("criterion.txt")
    }

    /// Returns the saved runs.
    fn runs(&self) -> Vec<PathBuf> {
        let entries = fs::read_dir(self.data.path().join("ipc-bench")).into_iter().flatten();
        entries.map(|entry| entry.unwrap().path()).collect()
    }

    fn has_left_nothing(&self) {
        assert_eq!(fs::read_dir(self.tmp.path()).unwrap().count(), 0, "{:?}", locks(self.tmp.path()));
    }
}

/// Waits for the POSIX queues of a whole run, one for each wait strategy. Two such runs at once need more than a user may
/// have.
fn all_queues() -> (MutexGuard<'static, ()>, Allowance) {
    static ALONE: Mutex<()> = Mutex::new(());
    let alone = ALONE.lock().unwrap_or_else(PoisonError::into_inner);
    (alone, Allowance::wait_for(3))
}

/// Returns the only saved run.
fn saved(dirs: &Dirs) -> Document {
    let runs = dirs.runs();
    assert_eq!(runs.len(), 1, "{runs:?}");
    output::load(&runs[0]).unwrap()
}

/// The whole path in its short form: rounds, criterion, the saved run, the summary, the page.
#[test]
fn it_leaves_a_saved_run_a_page_and_criterions_reports() {
    let _alone = all_queues();
    let dirs = Dirs::new();
    let output = dirs.start(&["--quick"]).output();
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let lines: Vec<&str> = output.stdout.lines().collect();
    assert_eq!(*lines.last().unwrap(), dirs.page().to_str().unwrap(), "{}", output.stdout);
    let summary: Vec<&str> = lines.iter().copied().take_while(|line| !line.is_empty()).collect();
    assert!((8..=16).contains(&summary.len()), "{}", output.stdout);
    assert!(summary.iter().all(|line| line.chars().count() <= 80), "{}", output.stdout);
    for begin in ["Round trip  block ", "Throughput  block ", "CPU time    block "] {
        assert!(summary.iter().any(|line| line.starts_with(begin)), "{begin}: {}", output.stdout);
    }
    if cfg!(debug_assertions) {
        assert!(summary.concat().contains("a debug build, whose"), "{}", output.stdout);
        assert!(summary[0].starts_with("Disturbed: "), "{}", output.stdout);
    }
    assert!(output.stderr.starts_with("rounds that take turns, then criterion: about "), "{}", output.stderr);

    let page = fs::read_to_string(dirs.page()).unwrap();
    assert!(page.contains("cargo bench --quick"), "the page says how it was made");
    let log = fs::read_to_string(dirs.log()).unwrap();
    let timed = log.matches("time: ").count();
    assert!(log.contains("round_trip/64/pipe-anonymous") && timed > 30, "{timed} in {log}");
    assert!(dirs.target.path().join("criterion/round_trip_64").is_dir(), "criterion's own results");
    dirs.has_left_nothing();

    rows_are_complete(&saved(&dirs));
    let run = dirs.runs()[0].to_str().unwrap().to_owned();
    let figures = format!("figures from {run}");
    let found = dirs.harness(&["report"]);
    assert!(found.status == Some(0) && found.stderr.contains(&figures), "{}", found.stderr);
    let found = dirs.harness(&["choose"]);
    assert!(found.status == Some(0) && found.stderr.contains(&run), "{}", found.stderr);
    let found = dirs.harness(&["compare", &run, &run]);
    // "Unchanged" or, on a busy machine, "unclear", as the intervals are too wide.
    let ratios: Vec<_> = found.stdout.lines().filter(|line| line.contains(" × ")).collect();
    assert!(found.status == Some(0) && !ratios.is_empty(), "{}", found.stdout);
    assert!(ratios.iter().all(|line| line.contains("× 1.000")), "{}", found.stdout);
}

/// Every variant was measured in rounds, sleeping and polling for a moment; spinning only in the shortest round trip, and
/// only on two CPUs. Each variant with a limit below the longest message has a row there.
fn rows_are_complete(document: &Document) {
    assert!(document.complete && document.disturbances.is_some());
    assert_eq!(document.profile, "cargo bench --quick");
    let count = |kind: Kind, wait: &str, size: usize| {
        let is_it = |row: &&_| {
            let row: &ipc_bench::results::row::Row = row;
            (row.kind, row.wait.as_str(), row.size) == (kind, wait, size)
        };
        document.results.iter().filter(is_it).count()
    };
    let all = registry::all().count();
    for kind in Kind::USUAL {
        for wait in ["block", "hybrid"] {
            assert_eq!(count(kind, wait, 64), all, "{kind:?} {wait}");
        }
    }
    let spins = if document.results[0].cpus == "split" { all } else { 0 };
    let all_spins = document.results.iter().filter(|row| row.wait == "spin").count();
    assert_eq!([count(Kind::RoundTrip, "spin", 64), all_spins], [spins; 2]);
    assert!(document.results.iter().all(|row| row.rounds.as_ref().is_some_and(|rounds| rounds.count == 6)));
    for skipped in &document.skipped {
        let at_limit = document.results.iter().any(|row| {
            row.at_limit
                && (&row.mechanism, &row.variant, row.kind, &row.wait)
                    == (&skipped.mechanism, &skipped.variant, skipped.kind, &skipped.wait)
        });
        assert!(at_limit, "{skipped}: its line ends before its limit");
    }
}

/// Criterion's arguments are criterion's: it runs alone, says what it always says, and the page stays as it is.
#[test]
fn with_a_filter_or_a_baseline_criterion_speaks() {
    let _queues = Allowance::wait_for(1);
    let dirs = Dirs::new();
    let says = |args: &[&str]| {
        let output = dirs.start(args).output();
        assert_eq!(output.status, Some(0), "{args:?}: {}", output.stderr);
        output.stdout
    };
    let name = "round_trip/64/pipe-anonymous";
    let first = says(&["--quick", "--save-baseline", "before", name]);
    assert!(first.contains(name) && first.contains("time: "), "{first}");
    assert!(!first.contains("fifo") && !first.contains("ipc-bench: criterion"), "{first}");
    let second = says(&["--quick", "--baseline", "before", name]);
    assert!(second.contains("change: "), "{second}");
    let list = says(&["--list"]);
    assert!(list.contains("throughput/1M/fifo-fifo: benchmark"), "{list}");
    assert!(!dirs.page().exists() && dirs.runs().is_empty());
    dirs.has_left_nothing();
}

/// Ctrl-C before the first round is over: nothing is there to keep, and that is said.
#[test]
fn ctrl_c_at_the_beginning_keeps_nothing() {
    let _queues = Allowance::wait_for(1);
    let dirs = Dirs::new();
    let before = system_v_objects();
    let running = dirs.start(&[]);
    let pid = running.child.id();
    until("the first pair has started", || !common::children(pid).is_empty());
    killpg(running.pid(), ctrl_c()).expect("it runs");
    let output = running.output();
    assert_eq!(output.signal, Some(ctrl_c() as i32), "{}", output.stderr);
    assert!(output.stderr.ends_with("nothing was measured, and nothing is kept\n"), "{}", output.stderr);
    assert!(output.stdout.is_empty() && !dirs.page().exists() && dirs.runs().is_empty());
    dirs.has_left_nothing();
    assert_eq!(system_v_objects_of(pid, &before), []);
}

/// A signal while criterion runs, even if only this process gets it: the rounds are kept, with a summary and a page.
#[test]
fn ended_while_criterion_runs_it_keeps_the_rounds() {
    let _alone = all_queues();
    let dirs = Dirs::new();
    let running = dirs.start(&["--quick"]);
    let has_begun = || fs::read_to_string(dirs.log()).is_ok_and(|log| log.contains("pipe-anonymous"));
    until_within(LONGEST, "criterion has begun", has_begun);
    kill(running.pid(), Signal::SIGTERM).expect("it runs");
    let output = running.output();
    assert_eq!(output.signal, Some(Signal::SIGTERM as i32), "{}", output.stderr);
    assert!(
        output.stdout.contains("Round trip") && output.stdout.contains("\nsaved as "),
        "{}",
        output.stdout
    );
    assert!(output.stdout.contains("criterion was ended early"), "{}", output.stdout);
    assert_eq!(output.stdout.lines().last(), dirs.page().to_str());
    assert!(saved(&dirs).complete, "the rounds were over");
    dirs.has_left_nothing();
}
