//! Running the harness under a watchdog.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::Value;

/// What a run of the harness left.
pub struct Output {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// How long a run may take on a loaded machine. Reached only when something hangs.
const WATCHDOG: Duration = Duration::from_secs(120);

/// The harness. What it keeps goes to a directory of the tests.
pub fn bench() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-bench"));
    command.env("XDG_DATA_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("data"));
    command
}

/// What a run says on standard error, without the line that says where it is saved.
pub fn said(output: &Output) -> String {
    let is_place = |line: &&str| line.starts_with("saved as ");
    output.stderr.split_inclusive('\n').filter(|line| !is_place(line)).collect()
}

/// Runs a command to its end.
pub fn run(command: &mut Command) -> Output {
    let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = piped.spawn().expect("the harness is built");
    let (mut out, mut err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
    let (mut stdout, mut stderr) = (String::new(), String::new());
    let status = thread::scope(|scope| {
        scope.spawn(|| out.read_to_string(&mut stdout).expect("UTF-8"));
        scope.spawn(|| err.read_to_string(&mut stderr).expect("UTF-8"));
        wait(&mut child)
    });
    Output { status, stdout, stderr }
}

/// Waits for a child to end, and kills one that does not.
pub fn wait(child: &mut Child) -> Option<i32> {
    let deadline = Instant::now() + WATCHDOG;
    loop {
        match child.try_wait().expect("a child can be waited for") {
            Some(status) => return status.code(),
            None if Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            None => {
                let _ = child.kill();
                panic!("the harness still runs after {} s", WATCHDOG.as_secs());
            }
        }
    }
}

/// What a debug build says first.
pub fn warning() -> &'static str {
    if cfg!(debug_assertions) {
        "warning: this is a debug build; for figures: cargo run --release -p ipc-bench\n"
    } else {
        ""
    }
}

/// The names in a JSON object, sorted.
pub fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The names in a row of the results.
pub const ROW: [&str; 29] = [
    "batch",
    "beside_floor",
    "bytes_per_s",
    "client_processes",
    "clients",
    "cost",
    "count",
    "cpus",
    "energy_nj",
    "fairness",
    "floor_ratio",
    "floor_ratio_spread",
    "implementation",
    "kind",
    "mechanism",
    "messages_per_s",
    "one_way_ns",
    "piece",
    "ping_cpu",
    "pong_cpu",
    "rate_per_s",
    "rounds",
    "rtt_ns",
    "service_ns",
    "size",
    "suite_ratio",
    "suite_ratio_spread",
    "variant",
    "wait",
];

/// Waits until something is so.
pub fn until(what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + Duration::from_secs(60);
    while !done() {
        assert!(Instant::now() < deadline, "not within a minute: {what}");
        thread::sleep(Duration::from_millis(5));
    }
}

/// The directories of the leases under a directory for temporary files.
pub fn leases(tmp: &Path) -> Vec<PathBuf> {
    let bases = fs::read_dir(tmp).expect("it is there").flatten().map(|entry| entry.path());
    let entries = bases.filter_map(|base| fs::read_dir(base).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// The process ids of a process's children.
pub fn children(pid: u32) -> Vec<String> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Whether a process is gone, or a zombie: one without a parent may stay so until `init` gets to it.
pub fn has_ended(pid: &String) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    stat.map_or(true, |stat| stat.rsplit(')').next().is_some_and(|state| state.starts_with(" Z")))
}
