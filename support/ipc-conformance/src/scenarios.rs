//! The scenarios of a mechanism: what holds for all of them, whatever they show.

mod cut;

use std::fs;
use std::io::Read as _;
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::{Command, ExitCode, ExitStatus, Output, Stdio};

use libtest_mimic::{Arguments, Trial};
use nix::pty::{OpenptyResult, Winsize, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::tcgetattr;
use nix::unistd::{Pid, write};
use serde_json::Value;

use crate::json_schema;
use crate::watchdog::{WHOLE_CASE, Watchdog};

pub use cut::Cut;

/// A program with scenarios.
#[derive(Clone, Copy, Debug)]
pub struct Scenarios {
    /// Its path.
    pub program: &'static str,
    /// The names of its scenarios, in order.
    pub names: &'static [&'static str],
}

/// The schema of a run.
const SCHEMA: &str = include_str!("../../../docs/src/schema/scenario-1.json");

/// The calls of a scenario that have something happen.
const CAUSES: [&str; 6] = [".run(", ".start(", ".start_announced(", ".signal(", ".kill(", ".run_to_its_end("];

impl Scenarios {
    /// Runs all checks, as a test program of its own. The program has to be built with the feature `step`.
    #[must_use]
    pub fn test(self, cut: Cut) -> ExitCode {
        let trial = |name: &str, check: fn(&Self)| {
            Trial::test(name, move || {
                check(&self);
                Ok(())
            })
        };
        let trials = vec![
            trial("the list is complete", Self::are_listed),
            trial("every scenario holds", Self::hold),
            trial("every run is recorded", Self::are_recorded),
            trial("a claim that does not hold is an error", Self::notice_a_false_claim),
            trial("a run can be stepped through", Self::can_be_stepped_through),
            Trial::test("a scenario that is cut short leaves nothing", move || {
                self.leave_nothing(cut.name, cut.until, cut.is_left);
                Ok(())
            }),
            Trial::test("the next run removes what is left where all processes are killed", move || {
                self.leave_nothing_for_long(cut.name, cut.until, cut.is_left);
                Ok(())
            }),
        ];
        libtest_mimic::run(&Arguments::from_args(), trials).exit_code()
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(self.program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    /// Runs the program to its end; returns its status, its output and its errors.
    fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let _watchdog = Watchdog::over(format!("{} {arguments:?}", self.program), WHOLE_CASE);
        let Output { status, stdout, stderr } = self.command(arguments).output().expect("it can be run");
        let text = |bytes| String::from_utf8(bytes).expect("it prints text");
        (status.code(), text(stdout), text(stderr))
    }

    /// Checks that `--list` has the scenarios, and no others, within 80 columns.
    pub fn are_listed(&self) {
        let (status, listed, stderr) = self.run(&["scenario", "--list"]);
        assert_eq!((status, &*stderr), (Some(0), ""));
        assert!(listed.lines().all(|line| line.chars().count() <= 80), "{listed}");
        let lines = listed.lines().filter(|line| !line.starts_with(' ')); // without those that continue one
        let names: Vec<&str> = lines.filter_map(|line| line.split_whitespace().next()).collect();
        assert_eq!(names, self.names);
    }

    /// Checks that each scenario finds its claims true, with at least two processes, on a timeline of 80 columns.
    pub fn hold(&self) {
        for name in self.names {
            let (status, output, stderr) = self.run(&["scenario", name]);
            assert_eq!((status, &*stderr), (Some(0), ""), "{name}: {output}");
            assert!(output.starts_with(&format!("{name}: ")), "{output}");
            assert!(output.ends_with("All checks passed.\n"), "{output}");
            assert!(output.contains('✓') && !output.contains('✗'), "{output}");
            assert!(output.matches(" starts\n").count() >= 2, "at least two processes: {output}");
            assert!(output.lines().all(|line| line.chars().count() <= 80), "{output}");
        }
    }

    /// Checks that the record of each run conforms to the published schema, and is a story: time goes on, each process is
    /// known, each call has a line of code that makes it, and before the end the reader is asked what happens.
    pub fn are_recorded(&self) {
        let schema: Value = serde_json::from_str(SCHEMA).expect("the schema is JSON");
        assert_eq!(json_schema::wrong_schema(&schema), [""; 0]);
        for name in self.names {
            let (status, output, stderr) = self.run(&["scenario", name, "--json"]);
            assert_eq!((status, &*stderr), (Some(0), ""), "{name}: {output}");
            let run: Value = serde_json::from_str(&output).expect("one JSON document");
            assert_eq!(json_schema::wrong(&schema, &run), [""; 0], "{name}");
            assert_eq!((run["scenario"].as_str(), run["holds"].as_bool()), (Some(*name), Some(true)));
            is_a_story(&run);
        }
    }

    /// Checks that a claim which does not hold ends with status 1 and an error that names it, in both forms.
    pub fn notice_a_false_claim(&self) {
        for form in ["null", "\"json\""] {
            let (status, output, stderr) = self.run(&["helper", "false-claim", form]);
            assert_eq!(status, Some(1), "{output}{stderr}");
            let told = ["kernel", "server"]
                .iter()
                .any(|keeper| stderr.starts_with(&format!("error: the {keeper} behaved differently: ")));
            assert!(told && stderr.lines().count() == 1, "{stderr}");
            assert!(!output.contains("All checks passed"), "{output}");
            let failed = if form == "null" { "✗ " } else { "\"holds\": false" };
            assert!(output.contains(failed), "{output}");
        }
    }

    /// Checks the view on the whole terminal: it opens, ends by a key and by a signal, and leaves the terminal as it was.
    /// Where there is no terminal, the program says so.
    pub fn can_be_stepped_through(&self) {
        let (status, output, stderr) = self.run(&["scenario", self.names[0], "--step"]);
        assert_eq!((status, &*output), (Some(2), ""));
        assert!(stderr.contains("--step needs a terminal, and standard output is none"), "{stderr}");
        let keys: [&[u8]; 3] = [b"q", b"\x03", b"\x1b[C\x1b[C\x1b[D  q"];
        for keys in keys {
            let status = self.view(|_, master| write(master, keys).map(drop));
            assert_eq!(status.code(), Some(0), "{keys:?}");
        }
        let status = self.view(|pid, _| kill(pid, Signal::SIGTERM));
        assert_eq!(status.signal(), Some(Signal::SIGTERM as i32));
    }

    /// Opens the view of the first scenario on a new terminal, and ends it by `end`. Checks that the terminal is as before.
    fn view(&self, end: impl FnOnce(Pid, &OwnedFd) -> nix::Result<()>) -> ExitStatus {
        let _watchdog = Watchdog::over(format!("{} --step", self.program), WHOLE_CASE);
        let size = Winsize { ws_row: 24, ws_col: 80, ws_xpixel: 0, ws_ypixel: 0 };
        let OpenptyResult { master, slave } = openpty(&size, None).expect("a terminal");
        let before = tcgetattr(&slave).expect("it is a terminal");
        let stdio = || Stdio::from(slave.try_clone().expect("a descriptor"));
        let mut command = self.command(&["scenario", self.names[0], "--step"]);
        command.stdin(stdio()).stdout(stdio()).stderr(stdio()).env("TERM", "xterm");
        let mut program = command.spawn().expect("it can be run");
        drop(command); // it holds the other end of the terminal
        let mut screen = Screen::of(&master);
        screen.read_until("q quit");
        assert_ne!(tcgetattr(&slave).expect("it is a terminal"), before, "each key is read at once");
        end(Pid::from_raw(program.id().cast_signed()), &master).expect("it runs");
        screen.read_until("\x1b[?1049l"); // back to the normal screen
        let status = program.wait().expect("it is a child");
        assert_eq!(tcgetattr(&slave).expect("it is a terminal"), before);
        status
    }
}

/// What a program writes to a terminal.
struct Screen {
    terminal: fs::File,
    text: String,
}

impl Screen {
    fn of(master: &OwnedFd) -> Self {
        Self { terminal: master.try_clone().expect("a descriptor").into(), text: String::new() }
    }

    fn read_until(&mut self, until: &str) {
        let mut buffer = [0; 4096];
        while !self.text.contains(until) {
            let len = self.terminal.read(&mut buffer).expect("the program runs");
            self.text += &String::from_utf8_lossy(&buffer[..len]);
        }
    }
}

fn is_a_story(run: &Value) {
    let list = |value: &Value| value.as_array().cloned().expect("a list");
    let (actors, events) = (list(&run["actors"]), list(&run["events"]));
    let kinds: Vec<&str> = events.iter().filter_map(|event| event["kind"].as_str()).collect();
    let question = kinds.iter().position(|&kind| kind == "question").expect("a question");
    assert!(kinds[question..].contains(&"check"), "the answer to the question is checked: {run:#}");
    let options = list(&events[question]["question"]["options"]);
    assert!(events[question]["question"]["answer"].as_u64() < Some(options.len() as u64), "{run:#}");
    let times: Vec<f64> = events.iter().filter_map(|event| event["t_ms"].as_f64()).collect();
    assert!(times.is_sorted(), "{times:?}");
    for event in events {
        let is_known = |actor: &Value| actor["name"] == event["actor"] && actor["pid"] == event["pid"];
        assert!(event["actor"].is_null() || actors.iter().any(is_known), "{event:#}");
        let kind = event["kind"].as_str().expect("it conforms");
        if ["begin", "sleep", "return"].contains(&kind) {
            assert!(!event["call"].is_null() && !event["source"].is_null(), "{event:#}");
        }
        if let Some(file) = event.pointer("/source/file").and_then(Value::as_str) {
            let repository = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
            let code = fs::read_to_string(repository.join(file)).expect(file);
            let number = event["source"]["line"].as_u64().expect("it conforms") as usize;
            let line = code.lines().nth(number - 1).expect("the file is that long");
            assert!(CAUSES.iter().any(|cause| line.contains(cause)), "{file}:{number}: {line}");
        }
    }
}
