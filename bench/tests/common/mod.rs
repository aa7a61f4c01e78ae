//! Running the harness under a watchdog.

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use nix::sys::signal::Signal;
use serde_json::Value;

/// What a run of the harness left.
pub struct Output {
    pub status: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// How long a run may take on a loaded machine. Reached only when something hangs.
const WATCHDOG: Duration = Duration::from_secs(600);

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
    let deadline = Instant::now() + WATCHDOG;
    while !done() {
        assert!(Instant::now() < deadline, "not within {} s: {what}", WATCHDOG.as_secs());
        thread::sleep(Duration::from_millis(5));
    }
}

/// The directories of the leases under a directory for temporary files.
pub fn leases(tmp: &Path) -> Vec<PathBuf> {
    let bases = fs::read_dir(tmp).expect("it is there").flatten().map(|entry| entry.path());
    let entries = bases.filter_map(|base| fs::read_dir(base).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// What `clean` does with the leases under a directory for temporary files: a line each. It looks in other places, too,
/// where other programs of this user may have left something.
pub fn cleaned(tmp: &Path) -> Vec<String> {
    let output = run(bench().arg("clean").env("TMPDIR", tmp));
    let here = tmp.to_str().expect("UTF-8");
    assert!(output.stdout.contains(&format!("looked in {here}")), "{} {}", output.stdout, output.stderr);
    let done = output.stdout.lines().filter(|line| line.contains(here) && !line.starts_with("looked in"));
    done.map(str::to_owned).collect()
}

/// The System V objects of which a process is the last sender or receiver, the creator, or the last that attached: the
/// kind and the line of the kernel's table. Apart from those in `before`, of an earlier process with the same number.
pub fn system_v_objects_of(pid: u32, before: &[(&str, String)]) -> Vec<(&'static str, String)> {
    let pid = pid.to_string();
    let mut objects = system_v_objects();
    // Behind key, id, permissions and size or bytes stand, for a queue after the number of messages, two process ids.
    objects.retain(|(kind, line)| {
        let fields = line.split_ascii_whitespace().skip(if *kind == "msg" { 5 } else { 4 });
        fields.take(2).any(|field| field == pid)
    });
    let id = |line: &str| line.split_ascii_whitespace().nth(1).map(str::to_owned);
    objects.retain(|(kind, line)| !before.iter().any(|(other, old)| kind == other && id(line) == id(old)));
    objects
}

/// All queues and segments of this IPC namespace, those of other programs included.
pub fn system_v_objects() -> Vec<(&'static str, String)> {
    let tables = ["msg", "shm"].map(|kind| (kind, fs::read_to_string(format!("/proc/sysvipc/{kind}"))));
    let lines = |(kind, table): (_, std::io::Result<String>)| {
        table.unwrap_or_default().lines().skip(1).map(|line| (kind, line.to_owned())).collect::<Vec<_>>()
    };
    tables.into_iter().flat_map(lines).collect()
}

/// The process ids of a process's children.
pub fn children(pid: u32) -> Vec<String> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// The words of a process's command line; none before it has become the program that it was started to be.
pub fn words(pid: &str) -> Vec<String> {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split_terminator('\0').map(str::to_owned).collect()
}

/// How often all threads of a process together have given up a CPU, or were made to.
pub fn switches(pid: &str) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let texts = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    let of_thread = |text: String| -> u64 {
        let counts = text.lines().filter_map(|line| line.split_once("ctxt_switches:"));
        counts.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum()
    };
    texts.map(of_thread).sum()
}

/// Whether a process is gone, or a zombie: one without a parent may stay so until `init` gets to it. The first thread is a
/// zombie before the others have ended, and they hold what the process has.
pub fn has_ended(pid: &String) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let is_zombie = |stat: String| stat.rsplit(')').next().is_some_and(|state| state.starts_with(" Z"));
    let is_alone = || fs::read_dir(format!("/proc/{pid}/task")).map_or(true, |tasks| tasks.count() <= 1);
    stat.map_or(true, |stat| is_zombie(stat) && is_alone())
}

/// Whether all processes of a group have ended, also one that nobody knows of since it was just being started.
pub fn group_has_ended(group: u32) -> bool {
    let pids = fs::read_dir("/proc").expect("it is mounted").flatten();
    let mut pids = pids.filter_map(|entry| entry.file_name().into_string().ok());
    pids.all(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // Behind the name: state, parent, group.
        let of_group = stat.rsplit(')').next().and_then(|fields| fields.split_ascii_whitespace().nth(2));
        of_group != Some(&group.to_string()) || has_ended(&pid)
    })
}

/// What a terminal sends on Ctrl-C. A script's shell has its background processes ignore that, and they have theirs
/// ignore it: then what `kill` sends.
pub fn ctrl_c() -> Signal {
    let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("it says so");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("a mask");
    if ignored & 1 << (Signal::SIGINT as u32 - 1) == 0 { Signal::SIGINT } else { Signal::SIGTERM }
}
