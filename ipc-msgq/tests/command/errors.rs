//! One clear line for each error, which names the cause.

use ipc_conformance::{namespaces, skipped};
use ipc_msgq::Key;

use crate::tools::{Scratch, run};

/// The demo's help, which names these commands too, describes the exit status once.
#[test]
fn help_has_one_exit_status() {
    let help = run(&["--help"]).text();
    assert_eq!(help.matches("Exit status").count(), 1, "{help}");
    assert!(help.contains("3 nothing to receive"), "{help}");
}

/// Wrong usage has status 2.
#[test]
fn wrong_usage_is_reported_in_one_line() {
    let cases: &[(&[&str], &str)] = &[
        (&["recv"], "<QUEUE>"),
        (&["recv", "1", "2"], "unexpected argument '2'"),
        (&["recv", "-1"], "invalid value '-1' for '<QUEUE>': expected its id"),
        (&["recv", "x"], "invalid value 'x' for '<QUEUE>': expected its id"),
        (&["send", "0x0", "x"], "expected a 32-bit number"),
        (&["send", "0x1ffffffff", "x"], "expected a 32-bit number"),
        (
            &["send", "/tmp", "x"],
            "invalid value '/tmp' for '<QUEUE>': expected its id or its key, as `ls` shows them",
        ),
        (&["send", "/tmp:0", "x"], "invalid project id"),
        (&["send", "/tmp:256", "x"], "invalid project id"),
        (&["create", "5"], "invalid value '5' for '[KEY]': expected one such as 0x000a11ce, or FILE:PROJECT"),
        (&["send", "1", "--type", "0", "x"], "'--type <N>': expected a whole number from 1"),
        (&["recv", "1", "--type", "-3"], "'--type <N>': expected a whole number from 1"),
        (&["recv", "1", "--type", "1", "--except", "2"], "expected --except N, or --type N --except"),
        (&["recv", "1", "--except"], "no type to exclude"),
        (&["recv", "1", "--type", "1", "--up-to", "2"], "cannot be used with"),
        (&["recv", "1", "--hex", "--lines"], "cannot be used with"),
        (&["recv", "1", "--timeout", "soon"], "expected a time, such as 5, 0.5, 2s"),
        (&["recv", "1", "--timeout", "1", "--nowait"], "cannot be used with"),
        (&["recv", "1", "--count", "0"], "--count"),
        (&["create", "--mode", "888"], "expected an octal mode"),
        (&["create", "--mode", "01777"], "expected an octal mode"),
        (&["set", "1"], "--owner <USER>|--group <GROUP>|--mode <MODE>|--qbytes <BYTES>"),
        (&["set", "1", "--owner", "no-such-user"], "expected the name or number of a user"),
        (&["set", "1", "--owner", "4294967295"], "expected the name or number of a user"),
        (&["rm"], "--orphans"),
        (&["rm", "--dry-run"], "--orphans"),
        (&["rm", "--force"], "--orphans"),
        (&["set", "1", "--qbytes", "1X"], "expected a length in bytes"),
        (&["ls", "everything"], "everything"),
        (&["completions", "cobol"], "cobol"),
        (&["scenario"], "--list"),
        (&["scenario", "no-such"], "invalid value 'no-such' for '[NAME]' [possible values: blocking, "),
        (&["recv", "1", "--truncate"], "--size <BYTES>"),
        (&["peek", "1", "first"], "expected a whole number from 0"),
        (&["peek", "1", "-1"], "expected a whole number from 0"),
        (&["ls", "--min-age", "old"], "expected a time, such as"),
        (&["juggle"], "juggle"),
        (&["sen", "1", "x"], "some similar subcommands exist: 'set', 'scenario', 'send'"),
    ];
    for (args, reason) in cases {
        let error = run(args).error(2);
        assert!(error.contains(reason), "{args:?}: no '{reason}' in: {error}");
        let command =
            if ["juggle", "sen"].contains(&args[0]) { String::new() } else { format!(" {}", args[0]) };
        assert!(error.ends_with(&format!("; try 'ipc-msgq{command} --help'")), "{args:?}: {error}");
    }
}

/// A missing queue has status 1, with its name and advice.
#[test]
fn a_missing_queue_is_reported_in_one_line() {
    let queue = Scratch::new();
    let (id, key) = (queue.id(), Key::fresh().to_string());
    drop(queue);
    for command in ["recv", "send", "peek", "stat", "rm"] {
        let error = run(&[command, &id]).error(1);
        assert!(
            error.contains("(EINVAL)") && error.contains(&format!("no queue has id {id}: see")),
            "{error}"
        );
        let error = run(&[command, &key]).error(1);
        assert!(
            error.contains("(ENOENT)") && error.contains(&format!("no queue has key {key}: see")),
            "{error}"
        );
        let error = run(&[command, "/no/such/file:A"]).error(1);
        assert!(error.contains("(ENOENT)") && error.contains("/no/such/file"), "{error}");
    }
}

/// An error about a limit of the kernel names the limit, on both sides, and is not reported as the peer's end.
#[test]
fn a_queue_too_small_for_the_exchange_is_reported() {
    let limit = "echo 40 > /proc/sys/kernel/msgmnb";
    let Some(mut demo) = namespaces::limited(&["--ipc"], limit, env!("CARGO_BIN_EXE_ipc-msgq")) else {
        return skipped("a new IPC namespace needs root or a user namespace, and unshare(1)");
    };
    let output = demo.args(["--count", "5", "--size", "16"]).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains("but this link carries at most 39: raise its limit (kernel.msgmax"), "{said}");
    assert!(!said.contains("the peer is gone"), "{said}");
}
