//! A separate world for each test: namespaces that hold only the demos' objects, so that "nothing is left" can be
//! checked exactly. All processes started in it end with it.

use std::io::Read;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::sync::OnceLock;
use std::{env, fs, thread};

use nix::mount::{MsFlags, mount};
use nix::sys::resource::{Resource, setrlimit};

use crate::demo::{self, Demo, End, PATIENCE};
use crate::kills::TRIES;
use crate::lab::Fault;
use crate::subject::Subject;
use crate::tally::{Tally, Wrong, is_told};

/// The first argument of a world's first process.
const WORLD: &str = "world";

/// The environment of a test.
#[derive(Debug)]
pub struct World {
    pub subject: Subject,
    /// A file system for this test alone.
    pub place: PathBuf,
    queues: PathBuf,
    /// Files that the test itself has made, and that are no leak.
    pub known: Vec<PathBuf>,
    /// True if every point is to be tried, and not only those that differ.
    pub everything: bool,
}

/// The number of messages that a POSIX queue holds in a world, instead of the usual ten: so few that the queues of a
/// demo, and of a killed one before it, take no more of the limit than the usual ones of a single link.
const MESSAGES: &str = "4";

/// The variable that asks for every point.
const EVERYTHING: &str = "IPC_FAULTS_ALL";

/// unshare(1), with the namespaces of a world.
const NAMESPACES: [&str; 7] =
    ["--ipc", "--mount", "--net", "--pid", "--fork", "--kill-child", "--mount-proc"];

/// Returns how this user gets a world; `None` where that is forbidden. A user other than root needs a user namespace,
/// too.
fn way() -> Option<&'static [&'static str]> {
    static WAY: OnceLock<Option<&'static [&'static str]>> = OnceLock::new();
    const WAYS: [&[&str]; 2] = [&[], &["--user", "--map-root-user"]];
    *WAY.get_or_init(|| WAYS.into_iter().find(|way| can_mount(way)))
}

fn can_mount(way: &[&str]) -> bool {
    let mut command = Command::new("unshare");
    command.args(NAMESPACES).args(way).args(["mount", "-t", "tmpfs", "none", "/dev/shm"]);
    command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
}

/// The reason why there is no world here.
pub const NO_WORLD: &str = "namespaces of its own need root or a user namespace, and unshare(1) and mount(8)";

/// Runs the test `fault` of `subject` in a world; `None` where there can be none. The result is its output. All worlds
/// have their own file systems at the same `place`.
pub fn run(subject: &Subject, fault: &str, place: &Path) -> Option<std::io::Result<Output>> {
    let way = way()?;
    let start = || {
        let mut command = Command::new("unshare");
        command.args(NAMESPACES).args(way).arg(env::current_exe()?).args([WORLD, &subject.name(), fault]);
        // Cleared, so that no variable of the user's directs a demo elsewhere.
        command
            .env_clear()
            .envs(env::vars().filter(|(name, _)| name == "PATH" || name.starts_with("IPC_FAULTS")));
        command.env("TMPDIR", place.join("tmp")).env("IPC_FAULTS_PLACE", place);
        let mut child =
            command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn()?;
        let _open = child.stdin.take(); // see `end_with_the_lab`
        child.wait_with_output()
    };
    Some(start())
}

/// Returns the subject and the fault of the world that this process was started for, if any.
pub fn told(args: &[String]) -> Option<(Subject, &'static Fault)> {
    let [_, word, subject, fault] = args else { return None };
    if word == WORLD { Some((Subject::named(subject)?, Fault::named(fault)?)) } else { None }
}

impl World {
    /// Turns this process, the first of its namespaces, into the first of a world.
    pub fn enter(subject: Subject) -> std::io::Result<Self> {
        assert_eq!(std::process::id(), 1, "a world begins with a process namespace of its own");
        end_with_the_lab();
        let place = PathBuf::from(env::var_os("IPC_FAULTS_PLACE").expect("a world is told its place"));
        let new = |kind: &str, at: &Path, options: Option<&str>| {
            mount(Some("none"), at, Some(kind), MsFlags::MS_NOSUID, options)
        };
        new("tmpfs", &place, Some("size=64m,mode=0755"))?;
        new("tmpfs", Path::new("/dev/shm"), Some("size=64m,mode=1777"))?;
        let queues = place.join("queues");
        fs::create_dir(&queues)?;
        fs::create_dir(place.join("tmp"))?;
        new("mqueue", &queues, None)?;
        // All queues of a user count towards one total, which the kernel compares with the limit of the process. Where
        // it cannot be raised, queues of fewer messages let several worlds have some at once.
        let _ = setrlimit(Resource::RLIMIT_MSGQUEUE, 1 << 30, 1 << 30);
        let _ = fs::write("/proc/sys/fs/mqueue/msg_default", MESSAGES);
        if subject.variant == "tcp" {
            let status = Command::new("ip").args(["link", "set", "lo", "up"]).status()?;
            assert!(status.success(), "ip link set lo up");
        }
        Ok(Self { subject, place, queues, known: Vec::new(), everything: env::var_os(EVERYTHING).is_some() })
    }

    /// Returns the directory of the demos' objects.
    pub fn temporary(&self) -> PathBuf {
        self.place.join("tmp")
    }

    /// Returns an address for this subject, always the same: no other process is here.
    pub fn address(&self) -> String {
        match (self.subject.variant, self.subject.address) {
            ("posix", _) => "/faults".into(),
            ("tcp", _) => "127.0.0.1:7007".into(),
            (_, Some("KEY" | "KEY|/NAME")) => "0x00fa0175".into(),
            _ => self.temporary().join("address").display().to_string(),
        }
    }

    /// Runs the subject under a fault: in two terminals, and alone. `command` makes a command from a demo's arguments.
    /// It works or it says why; nothing is left either way. Returns whether it works.
    pub fn attempt(&self, name: &str, command: impl Fn(&[&str]) -> Command, tally: &mut Tally) -> bool {
        let mut ends = Vec::new();
        if self.subject.address.is_some() {
            tally.points += 1;
            ends = self.until_told(|| {
                let mut pong = Demo::start(command(&["pong", &self.address()]));
                let address = pong.address().unwrap_or_else(|| self.address());
                let ping = Demo::start(command(&["ping", &address]));
                vec![ping.end(PATIENCE), pong.end(PATIENCE)]
            });
            tally.judge(name, &ends);
            self.nothing_left_after_clean(name, tally);
        }
        tally.points += 1;
        let alone = self.until_told(|| vec![Demo::start(command(&[])).end(PATIENCE)]);
        tally.judge(name, &alone);
        self.nothing_left_after_clean(name, tally);
        ends.iter().chain(&alone).all(|end| end.status.success())
    }

    /// Runs demos again that failed without a reason: on a busy machine, one may give up before the other has come. A
    /// fault that they do not name comes again.
    fn until_told(&self, run: impl Fn() -> Vec<End>) -> Vec<End> {
        for _ in 1..TRIES {
            let ends = run();
            if is_told(&ends) && ends.iter().all(|end| !end.hung) {
                return ends;
            }
            self.scrub();
        }
        run()
    }

    /// Cleans, and reports what is left.
    pub fn nothing_left_after_clean(&self, name: &str, tally: &mut Tally) {
        let cleaned = demo::clean();
        let left = self.left();
        if !left.is_empty() {
            tally.wrong(Wrong::Leak, format!("{name}: {} (clean: {cleaned:?})", left.join(", ")));
            self.scrub();
        }
    }

    /// Returns all that is left but should not be: files, POSIX objects and System V objects.
    pub fn left(&self) -> Vec<String> {
        let mut left = Vec::new();
        for directory in [&self.temporary(), Path::new("/dev/shm"), &self.queues] {
            walk(directory, &mut left);
        }
        for kind in ["msg", "shm", "sem"] {
            let table = fs::read_to_string(format!("/proc/sysvipc/{kind}")).unwrap_or_default();
            for line in table.lines().skip(1) {
                let mut words = line.split_ascii_whitespace();
                left.push(format!(
                    "{kind} with key {}, id {}",
                    words.next().unwrap_or(""),
                    words.next().unwrap_or("")
                ));
            }
        }
        left.retain(|path| !self.known.iter().any(|known| known == Path::new(path)));
        left
    }

    /// Removes the remains by hand, so that the next point starts with nothing.
    pub fn scrub(&self) {
        for directory in [&self.temporary(), Path::new("/dev/shm"), &self.queues] {
            for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
                let path = entry.path();
                let _ = fs::remove_dir_all(&path).or_else(|_| fs::remove_file(&path)); // left() will report it
            }
        }
        remove_system_v();
    }
}

/// Removes all System V objects of this IPC namespace, which holds only those of the demos.
pub fn remove_system_v() {
    let _ = Command::new("ipcrm").arg("--all").stderr(Stdio::null()).status();
}

/// Collects all paths below a directory.
fn walk(directory: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(directory).into_iter().flatten().flatten() {
        found.push(entry.path().display().to_string());
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            walk(&entry.path(), found);
        }
    }
}

/// Ends this process, and with it all others of the world, when the lab that waits for it has ended in any way.
fn end_with_the_lab() {
    thread::spawn(|| {
        let _ = std::io::stdin().read(&mut [0]);
        std::process::exit(1);
    });
}
