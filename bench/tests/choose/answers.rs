//! The answers: from a terminal, and from the command line.

use std::fs::File;
use std::io::Write as _;
use std::process::Stdio;

use crate::common::{Output, Running, bench, run};
use crate::invented::Saved;
use crate::program::figures;

/// On a terminal it asks for the missing answers; Ctrl-D gives one clear line.
#[test]
fn on_a_terminal_it_asks() {
    let saved = Saved::of(&figures());
    let asked = |typed: &[u8]| -> Output {
        let terminal = nix::pty::openpty(None, None).unwrap();
        let mut command = bench();
        command.args([
            "choose",
            "--results",
            &saved.path(),
            "--size",
            "64",
            "--clients",
            "1",
            "--unit",
            "stream",
        ]);
        command.args(["--outlive", "no", "--direction", "two-way"]);
        let asking = Running::start(command.stdin(Stdio::from(terminal.slave)));
        drop(command); // closes our copy of the terminal's other side
        File::from(terminal.master.try_clone().unwrap()).write_all(typed).unwrap();
        asking.output()
    };
    let output = asked(b"other-planet\nother-host\n1/min\n60fps\n\n\n");
    assert_eq!(output.status, Some(0), "{}", output.stderr);
    let first = "Who talks to whom?\n  any           any two processes of this host\n";
    assert!(output.stderr.starts_with(first), "{}", output.stderr);
    for expected in [
        "invalid answer 'other-planet': expected any, parent-child, containers or other-host\n",
        "How many messages in a second, from all clients together?\n",
        "[none] > invalid rate '1/min': expected 20000, 20k, ",
        "How long may 99 of 100 messages, or answers, take at most?\n",
        "What counts most?\n",
        "[simplicity] > ",
    ] {
        assert!(output.stderr.contains(expected), "{expected}: {}", output.stderr);
    }
    for absent in ["How many clients", "What do the two processes share?", "May two cores"] {
        assert!(!output.stderr.contains(absent), "{absent}: {}", output.stderr);
    }
    assert!(output.stdout.starts_with("socket (tcp), block: 64.1 MB/s"), "{}", output.stdout);
    assert!(output.stdout.contains("It is fast enough for 0.004 MB/s."), "{}", output.stdout);
    let output = asked(b"containers\nfate\n\n\n\n\x04");
    assert_eq!((output.status, output.stdout.as_str()), (Some(1), ""), "{}", output.stderr);
    assert!(output.stderr.contains("[net] > invalid share 'fate'"), "{}", output.stderr);
    assert!(output.stderr.ends_with("> \nerror: no answer to: What counts most?\n"), "{}", output.stderr);
}

/// Wrong answers on the command line give one clear line and status 2; results that are not there, status 1.
#[test]
fn wrong_answers_are_one_clear_line() {
    let cases: [(&[&str], &str); 11] = [
        (
            &["--rate", "often"],
            "invalid value 'often' for '--rate <N>': expected 20000, 20k, 20k/s, 20kHz or 60fps; or bytes: 1MiB/s",
        ),
        (&["--deadline", "soon"], "expected a time, such as 5, 0.5, 2s, 100ms"),
        (&["--burn-cores", "all"], "invalid value 'all' for '--burn-cores [<ANSWER>]': expected no or yes"),
        (&["--share", "ipc,fate"], "invalid share 'fate': expected all, or some of pid,ipc,shm,dir,net"),
        (
            &["--between", "friends"],
            "invalid value 'friends' for '--between <ANSWER>': expected any, parent-child, containers or other-host",
        ),
        (&["--unit", "page"], "invalid value 'page' for '--unit <ANSWER>': expected message or stream"),
        (
            &["--priority", "beauty"],
            "invalid value 'beauty' for '--priority <ANSWER>': expected latency, p99, throughput, cpu or simplicity",
        ),
        (
            &["--outlive", "me"],
            "invalid value 'me' for '--outlive <ANSWER>': expected no, processes or restart",
        ),
        (&["--clients", "0"], "invalid value '0' for '--clients <N>': expected 1 to 1000000"),
        (&["--size", "0"], "at least 1 byte"),
        (&["--results", "/nowhere"], "/nowhere: No such file"),
    ];
    for (args, reason) in cases {
        let saved = Saved::of(&figures());
        let mut command = bench();
        command.arg("choose").args(args);
        if !args.contains(&"--results") {
            command.args(["--results", &saved.path()]);
        }
        let output = run(&mut command);
        let status = if args.contains(&"--results") { 1 } else { 2 };
        assert_eq!((output.status, output.stdout.as_str()), (Some(status), ""), "{args:?}");
        let errors: Vec<_> = output.stderr.lines().filter(|line| !line.starts_with("assumed: ")).collect();
        assert!(errors.len() == 1 && errors[0].contains(reason), "{args:?}: {}", output.stderr);
    }
}
