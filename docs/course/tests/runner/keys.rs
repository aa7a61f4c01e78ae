//! `watch` at a real terminal: what each key does, and that the terminal is left as it was found.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::ExitStatusExt as _;
use std::process::{Child, ExitStatus, Stdio};
use std::thread;
use std::time::Duration;

use ipc_conformance::other::ctrl_c;
use ipc_conformance::watchdog::{WHOLE_CASE, Watchdog};
use nix::pty::{OpenptyResult, openpty};
use nix::sys::signal::{Signal, kill};
use nix::sys::termios::{Termios, tcgetattr};
use nix::unistd::Pid;

use crate::tiny::{Tiny, given, solved};

/// `watch`, at a terminal of its own; killed when this is dropped.
struct AtTerminal {
    watch: Child,
    keyboard: File,
    screen: File,
    /// The end of the terminal that the program has.
    line: OwnedFd,
    before: Termios,
}

impl AtTerminal {
    fn start(tiny: &Tiny) -> Self {
        let OpenptyResult { master, slave: line } = openpty(None, None).expect("a terminal");
        let before = tcgetattr(&line).expect("it is a terminal");
        let stdio = || Stdio::from(line.try_clone().expect("a descriptor"));
        let mut command = tiny.command(&["watch"]);
        command.stdin(stdio()).stdout(stdio()).stderr(stdio()).env("TERM", "xterm");
        let watch = command.spawn().expect("it starts");
        let keyboard = master.try_clone().expect("a descriptor").into();
        Self { watch, keyboard, screen: master.into(), line, before }
    }

    /// Returns what comes on the screen up to this text.
    fn until(&mut self, text: &str) -> String {
        let mut said = String::new();
        let mut letter = [0];
        let mut bytes = Vec::new();
        while !said.ends_with(text) {
            self.screen.read_exact(&mut letter).expect("the program runs");
            bytes.push(letter[0]);
            if bytes.ends_with(&text.as_bytes()[text.len() - 1..]) {
                said = String::from_utf8_lossy(&bytes).into_owned();
            }
        }
        said
    }

    /// Presses a key as soon as each key is handed over at once.
    fn press(&mut self, key: u8) {
        while self.modes() == self.before {
            thread::sleep(Duration::from_millis(5));
        }
        self.keyboard.write_all(&[key]).expect("it is a terminal");
    }

    fn modes(&self) -> Termios {
        tcgetattr(&self.line).expect("it is a terminal")
    }

    /// Waits for the end; the terminal has to be as it was found.
    fn ended(&mut self) -> ExitStatus {
        let status = self.watch.wait().expect("a child");
        assert_eq!(self.modes(), self.before, "the terminal is not as it was found");
        status
    }
}

impl Drop for AtTerminal {
    fn drop(&mut self) {
        let _ = self.watch.kill();
        let _ = self.watch.wait();
    }
}

const KEYS: &str = "q quit";

#[test]
fn each_key_does_what_is_written_there() {
    let _watchdog = Watchdog::over("watch at a terminal", WHOLE_CASE);
    let tiny = Tiny::new();
    tiny.commit();
    let mut watch = AtTerminal::start(&tiny);
    assert!(watch.until(KEYS).contains("one and one are two"));
    watch.press(b'h');
    watch.until("Hint 1 of 2: look");
    watch.press(b'l');
    watch.until("0 of 2  one, two");
    tiny.solve("one");
    watch.until("Solved.");
    watch.until(KEYS);
    // A success stays on the screen until `n`.
    watch.press(b'h');
    let kept = watch.until("Hint 2 of 2: add");
    assert!(!kept.contains("two and two are four"), "{kept}");
    watch.press(b'n');
    watch.until("two and two are four");
    watch.until(KEYS);
    watch.press(b'r');
    watch.until("y/n");
    watch.press(b'n');
    watch.until("Not reset.");
    assert_eq!(tiny.read("exercises/sum/two.rs"), given("2 + 2"));
    tiny.solve("two");
    watch.until("Solved.");
    watch.until(KEYS);
    watch.press(b'r');
    watch.until("y/n");
    watch.press(b'y');
    watch.until("is again as it was given.");
    watch.until("two and two are four");
    assert_eq!(tiny.read("exercises/sum/two.rs"), given("2 + 2"));
    assert_eq!(tiny.read("exercises/.kept/sum_two.rs"), solved("2 + 2"));
    watch.until(KEYS);
    watch.press(b'q');
    assert!(watch.ended().success());
}

#[test]
fn a_signal_or_ctrl_c_leaves_the_terminal_as_it_was_found() {
    let _watchdog = Watchdog::over("watch at a terminal", WHOLE_CASE);
    let tiny = Tiny::new();
    for signal in [ctrl_c(), Signal::SIGTERM] {
        let mut watch = AtTerminal::start(&tiny);
        watch.until(KEYS);
        while watch.modes() == watch.before {
            thread::sleep(Duration::from_millis(5));
        }
        kill(Pid::from_raw(watch.watch.id().cast_signed()), signal).expect("it runs");
        assert_eq!(watch.ended().signal(), Some(signal as i32));
    }
    let mut watch = AtTerminal::start(&tiny);
    watch.until(KEYS);
    watch.press(3); // what Ctrl-C sends
    assert!(watch.ended().success());
}
