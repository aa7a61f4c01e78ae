//! Helpers that run the harness under a watchdog.
#![allow(dead_code)] // each test uses some of it

use std::fs;
use std::io::Read;
use std::os::unix::process::{CommandExt as _, ExitStatusExt as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use ipc_conformance::watchdog;
use nix::sys::signal::{Signal, kill, killpg};
use nix::unistd::Pid;
use serde_json::Value;

/// The output of a run of the harness.
pub struct Output {
    pub status: Option<i32>,
    /// The signal that ended it.
    pub signal: Option<i32>,
    pub stdout: String,
    pub stderr: String,
}

/// Returns a command for the harness. It keeps its runs in a directory of the tests.
pub fn bench() -> Command {
    watchdog::over_this_test();
    let mut command = Command::new(env!("CARGO_BIN_EXE_ipc-bench"));
    command.env("XDG_DATA_HOME", Path::new(env!("CARGO_TARGET_TMPDIR")).join("data"));
    command
}

/// Returns the standard error of a run, without the line that says where it is saved.
pub fn said(output: &Output) -> String {
    let is_place = |line: &&str| line.starts_with("saved as ");
    output.stderr.split_inclusive('\n').filter(|line| !is_place(line)).collect()
}

/// Runs a command to its end, and checks that it leaves no process behind.
pub fn run(command: &mut Command) -> Output {
    Running::start(command.stdin(Stdio::null())).output()
}

/// A harness and all its descendants: a process group, which ends with this value.
pub struct Running {
    child: Child,
    /// Its arguments, for messages.
    words: String,
    texts: Option<[JoinHandle<String>; 2]>,
}

impl Running {
    pub fn start(command: &mut Command) -> Self {
        watchdog::over_this_test();
        let words: Vec<_> = command.get_args().map(|word| word.to_string_lossy()).collect();
        let words = words.join(" ");
        let piped = command.stdout(Stdio::piped()).stderr(Stdio::piped()).process_group(0);
        let mut child = piped.spawn().expect("the harness is built");
        let (out, err) = (child.stdout.take().expect("piped"), child.stderr.take().expect("piped"));
        Self { child, words, texts: Some([reader(out), reader(err)]) }
    }

    pub fn id(&self) -> u32 {
        self.child.id()
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.id().cast_signed())
    }

    pub fn runs(&mut self) -> bool {
        self.child.try_wait().expect("a child can be waited for").is_none()
    }

    /// Sends a signal to all of them, as a terminal does on Ctrl-C.
    pub fn signal_all(&self, signal: Signal) {
        killpg(self.pid(), signal).expect("it runs");
    }

    /// Sends a signal to the harness alone, as kill(1) and timeout(1) do.
    pub fn signal(&self, signal: Signal) {
        kill(self.pid(), signal).expect("it runs");
    }

    /// Waits until it and all its descendants have ended.
    pub fn output(mut self) -> Output {
        // Its descendants may end a moment later.
        until_within(watchdog::WHOLE_CASE, &format!("`{}` has ended", self.words), || !self.runs());
        until(&format!("all that `{}` has started has ended", self.words), || group_has_ended(self.id()));
        let status = self.child.wait().expect("it has ended");
        let [stdout, stderr] = self.texts.take().expect("once").map(|text| text.join().expect("read"));
        Output { status: status.code(), signal: status.signal(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = killpg(self.pid(), Signal::SIGKILL); // an error: all have ended
        let _ = self.child.wait();
    }
}

fn reader(mut from: impl Read + Send + 'static) -> JoinHandle<String> {
    thread::spawn(move || {
        let mut text = String::new();
        from.read_to_string(&mut text).expect("UTF-8");
        text
    })
}

/// Waits until a condition holds, and fails if that takes too long.
pub fn until(what: &str, done: impl FnMut() -> bool) {
    until_within(watchdog::PATIENCE, what, done);
}

pub fn until_within(time: Duration, what: &str, mut done: impl FnMut() -> bool) {
    let deadline = Instant::now() + time;
    while !done() {
        assert!(Instant::now() < deadline, "not within {time:?}: {what}; there is\n{}", watchdog::doing());
        thread::sleep(Duration::from_millis(2));
    }
}

/// Returns the first line of a debug build's output.
pub fn warning() -> &'static str {
    if cfg!(debug_assertions) {
        "warning: this is a debug build; for meaningful figures: cargo run --release -p ipc-bench\n"
    } else {
        ""
    }
}

/// Returns the names in a JSON object, sorted.
pub fn keys(object: &Value) -> Vec<&str> {
    let mut keys: Vec<_> = object.as_object().expect("an object").keys().map(String::as_str).collect();
    keys.sort_unstable();
    keys
}

/// The names in a row of the results.
pub const ROW: [&str; 33] = [
    "at_limit",
    "batch",
    "beside_floor",
    "bytes_per_s",
    "client_processes",
    "clients",
    "clients_run",
    "cost",
    "count",
    "cpus",
    "energy_nj",
    "fairness",
    "floor_ratio",
    "floor_ratio_spread",
    "flush_every",
    "implementation",
    "kind",
    "mechanism",
    "messages_per_s",
    "one_way_ns",
    "pacing",
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

/// Returns the directories of the ownership locks under a directory for temporary files.
pub fn locks(tmp: &Path) -> Vec<PathBuf> {
    let bases = fs::read_dir(tmp).expect("it is there").flatten().map(|entry| entry.path());
    let entries = bases.filter_map(|base| fs::read_dir(base).ok()).flatten().flatten();
    entries.map(|entry| entry.path()).collect()
}

/// Returns one line for each thing that `clean` does with the ownership locks under a directory for temporary files. It searches
/// other places too, where other programs of this user may have left objects.
pub fn cleaned(tmp: &Path) -> Vec<String> {
    let output = run(bench().arg("clean").env("TMPDIR", tmp));
    let here = tmp.to_str().expect("UTF-8");
    assert!(output.stdout.contains(&format!("looked in {here}")), "{} {}", output.stdout, output.stderr);
    let done = output.stdout.lines().filter(|line| line.contains(here) && !line.starts_with("looked in"));
    done.map(str::to_owned).collect()
}

/// Returns the System V objects of which a process is the last sender or receiver, the creator, or the last that
/// attached: the kind and the line of the kernel's table. Excludes those in `before`, of an earlier process with the
/// same pid.
pub fn system_v_objects_of(pid: u32, before: &[(&str, String)]) -> Vec<(&'static str, String)> {
    let pid = pid.to_string();
    let mut objects = system_v_objects();
    // After key, id, permissions and size or bytes come two process ids, in the case of a queue after the number of
    // messages.
    objects.retain(|(kind, line)| {
        let fields = line.split_ascii_whitespace().skip(if *kind == "msg" { 5 } else { 4 });
        fields.take(2).any(|field| field == pid)
    });
    let id = |line: &str| line.split_ascii_whitespace().nth(1).map(str::to_owned);
    objects.retain(|(kind, line)| !before.iter().any(|(other, old)| kind == other && id(line) == id(old)));
    objects
}

/// Returns all queues and segments of this IPC namespace, including those of other programs.
pub fn system_v_objects() -> Vec<(&'static str, String)> {
    let tables = ["msg", "shm"].map(|kind| (kind, fs::read_to_string(format!("/proc/sysvipc/{kind}"))));
    let lines = |(kind, table): (_, std::io::Result<String>)| {
        table.unwrap_or_default().lines().skip(1).map(|line| (kind, line.to_owned())).collect::<Vec<_>>()
    };
    tables.into_iter().flat_map(lines).collect()
}

/// Returns the process ids of a process's children.
pub fn children(pid: u32) -> Vec<String> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let lists = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("children")).ok());
    lists.flat_map(|list| list.split_ascii_whitespace().map(str::to_owned).collect::<Vec<_>>()).collect()
}

/// Returns the words of a process's command line; none before its `execve`.
pub fn words(pid: &str) -> Vec<String> {
    let line = fs::read_to_string(format!("/proc/{pid}/cmdline")).unwrap_or_default();
    line.split_terminator('\0').map(str::to_owned).collect()
}

/// Returns the number of context switches, voluntary or not, of all threads of a process.
pub fn switches(pid: &str) -> u64 {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else { return 0 };
    let texts = tasks.flatten().filter_map(|task| fs::read_to_string(task.path().join("status")).ok());
    let of_thread = |text: String| -> u64 {
        let counts = text.lines().filter_map(|line| line.split_once("ctxt_switches:"));
        counts.filter_map(|(_, count)| count.trim().parse::<u64>().ok()).sum()
    };
    texts.map(of_thread).sum()
}

/// Returns true if a process is gone, or a zombie: one without a parent may stay so until `init` reaps it. The first
/// thread is a zombie before the others have ended, and they hold the process's resources.
pub fn has_ended(pid: &String) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat"));
    let is_zombie = |stat: String| stat.rsplit(')').next().is_some_and(|state| state.starts_with(" Z"));
    let is_alone = || fs::read_dir(format!("/proc/{pid}/task")).map_or(true, |tasks| tasks.count() <= 1);
    stat.map_or(true, |stat| is_zombie(stat) && is_alone())
}

/// Returns true if all processes of a group have ended, including one whose pid is unknown since it was just being
/// started.
pub fn group_has_ended(group: u32) -> bool {
    let pids = fs::read_dir("/proc").expect("it is mounted").flatten();
    let mut pids = pids.filter_map(|entry| entry.file_name().into_string().ok());
    pids.all(|pid| {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
        // After the name: state, parent, group.
        let of_group = stat.rsplit(')').next().and_then(|fields| fields.split_ascii_whitespace().nth(2));
        of_group != Some(&group.to_string()) || has_ended(&pid)
    })
}

/// Returns the signal that a terminal sends on Ctrl-C. A shell script's background processes ignore that one, and so do
/// their children: then the signal that `kill` sends.
pub fn ctrl_c() -> Signal {
    let status = fs::read_to_string("/proc/self/status").expect("/proc is mounted");
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:")).expect("it says so");
    let ignored = u64::from_str_radix(ignored.trim(), 16).expect("a mask");
    if ignored & 1 << (Signal::SIGINT as u32 - 1) == 0 { Signal::SIGINT } else { Signal::SIGTERM }
}
