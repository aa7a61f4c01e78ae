//! The demos under test, each in its own process: this same program, with a variable that names the demo.

use std::io::{BufRead, BufReader, Read};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::process::{Child, ChildStderr, ChildStdout, Command, ExitCode, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Error, Result};
use nix::sys::resource::{Resource, setrlimit};
use nix::sys::signal::{Signal, killpg};
use nix::sys::wait::WaitStatus;
use nix::unistd::Pid;

use crate::subject::Subject;
use crate::tracer;

/// The variable that names the mechanism.
const DEMO: &str = "IPC_FAULTS_DEMO";
/// The program name of a demo that is to be traced. Its child has another name.
const TRACED: &str = "traced";

/// The time that a demo waits for its peer, and the time that it may then take to end.
pub const TIMEOUT: Duration = Duration::from_millis(400);
pub const PROMPT: Duration = Duration::from_secs(1);
/// The time after which a demo counts as hung.
pub const PATIENCE: Duration = Duration::from_secs(10);

/// The variable that makes a demo `ipc-bench clean` instead.
pub const CLEAN: &str = "IPC_FAULTS_CLEAN";
/// The variable with the number of descriptors that a demo may have.
pub const DESCRIPTORS: &str = "IPC_FAULTS_DESCRIPTORS";

/// Plays the demo that this process was started for, if any.
pub fn play_if_told() -> Option<ExitCode> {
    if std::env::var_os(CLEAN).is_some() {
        return Some(ipc_demo::report(clean()));
    }
    if let Some(most) = std::env::var(DESCRIPTORS).ok().and_then(|number| number.parse().ok()) {
        setrlimit(Resource::RLIMIT_NOFILE, most, most).expect("a limit may be lowered");
    }
    let mechanism = std::env::var(DEMO).ok()?;
    if std::env::args_os().next().is_some_and(|name| name == TRACED) {
        tracer::begin().expect("a child may be traced");
    }
    tracer::mark();
    Subject::play(&mechanism)
}

/// A demo that was started.
#[derive(Debug)]
pub struct Demo {
    child: Child,
    stdout: BufReader<ChildStdout>,
    stderr: BufReader<ChildStderr>,
    /// The part of standard error that was read already.
    told: Vec<u8>,
}

/// The end of a demo.
#[derive(Debug)]
pub struct End {
    pub status: ExitStatus,
    /// True if it had to be killed.
    pub hung: bool,
    pub when: Instant,
    pub stderr: String,
}

/// Does the work of `ipc-bench clean`: fails if an object could not be removed.
pub fn clean() -> Result<()> {
    match ipc_bench::doctor::clean::clean(Duration::ZERO)? {
        cleaned if cleaned.left == 0 => Ok(()),
        cleaned => Err(Error::Usage(cleaned.story)),
    }
}

/// Returns the demo of `subject` with these arguments, in its own process group.
pub fn command(subject: &Subject, args: &[&str]) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("a program has a path"));
    command.args(args).args(["--variant", subject.variant]);
    command.env(DEMO, subject.mechanism).process_group(0);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Returns the demo without any privilege, though this is root in its namespaces: permissions apply to it.
pub fn powerless(subject: &Subject, args: &[&str]) -> Command {
    wrapped("setpriv", &["--bounding-set=-all", "--inh-caps=-all"], &patient(subject, args))
}

/// Does the same, with time enough for a busy machine too: for a demo that has to work.
pub fn unhurried(subject: &Subject, args: &[&str]) -> Command {
    powerless(subject, &[args, &["--timeout", "5"]].concat())
}

/// Returns the demo as another user.
pub fn as_user(subject: &Subject, user: u32, args: &[&str]) -> Command {
    let (user, group) = (format!("--reuid={user}"), format!("--regid={user}"));
    wrapped(
        "setpriv",
        &[&user, &group, "--clear-groups", "--bounding-set=-all", "--inh-caps=-all"],
        &patient(subject, args),
    )
}

/// Returns a demo with few messages and a short timeout, unless these arguments say otherwise. The number of messages is
/// not the choice of a pong.
pub fn patient(subject: &Subject, args: &[&str]) -> Command {
    let mut command = command(subject, args);
    if args.first() != Some(&"pong") && !args.contains(&"--count") {
        command.args(["--count", "1"]);
    }
    if !args.contains(&"--timeout") {
        command.args(["--timeout", &TIMEOUT.as_secs_f64().to_string()]);
    }
    command
}

/// Returns `command`, started by the program `by`.
pub fn wrapped(by: &str, args: &[&str], command: &Command) -> Command {
    let mut wrapper = Command::new(by);
    wrapper.args(args).arg(command.get_program()).args(command.get_args()).process_group(0);
    wrapper.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
    wrapper.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    wrapper
}

impl Demo {
    pub fn start(mut command: Command) -> Self {
        let mut child = command.spawn().expect("the lab can start itself");
        let stdout = BufReader::new(child.stdout.take().expect("it is piped"));
        let stderr = BufReader::new(child.stderr.take().expect("it is piped"));
        Self { child, stdout, stderr, told: Vec::new() }
    }

    /// Starts a demo that waits for its tracer.
    pub fn start_traced(mut command: Command) -> Self {
        command.arg0(TRACED);
        Self::start(command)
    }

    pub fn pid(&self) -> Pid {
        Pid::from_raw(self.child.id() as i32)
    }

    /// Returns the next line of its output; empty when it has ended.
    pub fn line(&mut self) -> String {
        let mut line = String::new();
        let watchdog = tracer::Watchdog::over(self.pid(), PATIENCE);
        let _ = self.stdout.read_line(&mut line); // a demo that dies in the middle of a line has not printed it
        watchdog.stop();
        line
    }

    /// Returns the address in the command for the other terminal, which a pong prints first.
    pub fn address(&mut self) -> Option<String> {
        let line = self.line();
        line.split_whitespace()
            .skip_while(|word| *word != "ping")
            .nth(1)
            .map(|word| word.trim_matches('\'').to_owned())
    }

    /// Waits until it reports that it measures: both sides have met by then. Returns at its end, too.
    pub fn until_it_measures(&mut self) {
        let watchdog = tracer::Watchdog::over(self.pid(), PATIENCE);
        let mut begin = self.told.len();
        while !self.told[begin..].starts_with(b"  now ") {
            begin = self.told.len();
            match self.stderr.read_until(b'\n', &mut self.told) {
                Ok(1..) => {}
                Ok(0) | Err(_) => break,
            }
        }
        watchdog.stop();
    }

    /// Waits for its end, for at most `patience`.
    pub fn end(mut self, patience: Duration) -> End {
        let started = Instant::now();
        let mut hung = false;
        let status = loop {
            match self.child.try_wait().expect("a child can be waited for") {
                Some(status) => break status,
                None if !hung && started.elapsed() > patience => {
                    hung = true;
                    let _ = killpg(self.pid(), Signal::SIGKILL);
                }
                None => thread::sleep(Duration::from_millis(1)),
            }
        };
        let when = Instant::now();
        let stderr = self.rest();
        End { status, hung, when, stderr }
    }

    /// Returns the end that the tracer has seen.
    pub fn traced_end(self, trace: &tracer::Trace) -> Option<End> {
        let (status, when) = *trace.ends.get(&self.pid())?;
        let status = match status {
            WaitStatus::Exited(_, code) => code << 8,
            WaitStatus::Signaled(_, signal, _) => signal as i32,
            _ => return None,
        };
        let stderr = self.rest();
        Some(End { status: ExitStatus::from_raw(status), hung: trace.hung, when, stderr })
    }

    fn rest(mut self) -> String {
        let _ = self.stderr.read_to_end(&mut self.told); // ignore what cannot be read
        String::from_utf8_lossy(&self.told).into_owned()
    }
}

impl End {
    /// True if it ended abnormally: by a panic, or by a signal that it raised itself.
    pub fn panicked(&self) -> bool {
        let ours = [Signal::SIGKILL, Signal::SIGTERM, Signal::SIGINT, Signal::SIGHUP];
        let died = self.status.signal().is_some_and(|signal| ours.iter().all(|ours| *ours as i32 != signal));
        died || self.status.code() == Some(101) || self.stderr.contains("panicked at")
    }

    /// True if it says why it failed: by an errno, or by naming what is in the way.
    pub fn says_why(&self) -> bool {
        const IN_THE_WAY: [&str; 6] = [
            "/proc",
            "another user's",
            "namespace",
            "left alone",
            "raise kernel.",
            "this link carries at most",
        ];
        // A parent and its child share one standard error.
        let mut errors = self.stderr.lines().filter(|line| line.starts_with("error: "));
        errors.any(|error| error.contains("(E") || IN_THE_WAY.iter().any(|what| error.contains(what)))
    }

    /// Describes its end, for a report.
    pub fn story(&self) -> String {
        let last = self.stderr.lines().last().unwrap_or("no word");
        if self.hung { format!("hung: {last}") } else { format!("{}: {last}", self.status) }
    }
}
