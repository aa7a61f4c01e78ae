//! `ls`, `stat`, `set`, `watch`, `limits`, `completions`, and the help.

use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use ipc_conformance::namespaces;
use ipc_msgq::{Key, Queue};
use nix::sys::signal::Signal;
use serde_json::Value;

use crate::children::end;
use crate::tools::{BINARY, Scratch, command, ended, is_orphan, is_root, listed, run, soon};

/// The kernel's record is in the document, each value by its documented name and type.
#[test]
fn ls_prints_one_json_document() {
    let queue = Scratch::new();
    let row = listed(*queue).unwrap();
    assert_eq!(row["key"], queue.key.get().cast_unsigned());
    assert_eq!((&row["messages"], &row["used_bytes"]), (&0.into(), &0.into()));
    assert_eq!((&row["last_sender"], &row["last_receiver"]), (&Value::Null, &Value::Null));
    assert_eq!(row["perms"], "0600");
    assert!(row["owner"].is_string());
    queue.put(1, b"12345");
    let row = listed(*queue).unwrap();
    assert_eq!((&row["messages"], &row["used_bytes"]), (&1.into(), &5.into()));
    assert_eq!((&row["last_sender"], &row["orphan"]), (&std::process::id().into(), &false.into()));
}

/// The table has a heading and a line for the queue, with the key as `ipcs` shows it.
#[test]
fn ls_prints_a_table() {
    let queue = Scratch::new();
    queue.put(1, b"12345");
    let table = run(&["ls"]).text();
    let heading: Vec<&str> = table.lines().next().unwrap().split_whitespace().collect();
    assert_eq!(heading[..6], ["KEY", "ID", "OWNER", "PERMS", "BYTES", "MSGS"]);
    let line = table.lines().find(|line| line.starts_with(&queue.key.to_string())).unwrap();
    let cells: Vec<&str> = line.split_whitespace().collect();
    assert_eq!((cells[1], cells[3], cells[4], cells[5]), (&*queue.id(), "0600", "5", "1"));
    assert_eq!(cells[7], std::process::id().to_string(), "the last sender, which runs");
}

/// Another user's process counts as alive, though it cannot be sent a signal.
#[test]
fn ls_knows_that_another_users_process_lives() {
    let queue = Scratch::new();
    queue.put(1, b"12345");
    let mut ls = std::process::Command::new("setpriv");
    ls.args(["--reuid=65534", "--regid=65534", "--clear-groups", BINARY, "ls", "--json"]);
    let Ok(output) =
        ls.output().map_err(drop).and_then(|output| output.status.success().then_some(output).ok_or(()))
    else {
        return ipc_conformance::skipped("this needs root, setpriv(1), and a binary that others may run");
    };
    let rows: Value = serde_json::from_slice(&output.stdout).unwrap();
    let row =
        rows.as_array().unwrap().iter().find(|row| row["id"] == queue.id().parse::<i32>().unwrap()).unwrap();
    assert_eq!((&row["last_sender_lives"], &row["orphan"]), (&true.into(), &false.into()));
}

/// A queue is an orphan when its last users have ended, and not while a process sleeps on it.
#[test]
fn ls_tells_orphans() {
    let queue = Scratch::new();
    run(&["send", &queue.id(), "hello"]).text();
    assert_eq!(
        (listed(*queue).unwrap()["last_sender_lives"].as_bool(), is_orphan(*queue)),
        (Some(false), Some(true))
    );
    let mut receiver = command(&["recv", &queue.id(), "--type", "9"]).spawn().unwrap();
    soon("a sleeper is seen", || listed(*queue).unwrap()["sleepers"][0] == receiver.id());
    assert_eq!(is_orphan(*queue), Some(false));
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    assert_eq!(is_orphan(*queue), Some(true));
}

/// The queue of a running demo is no orphan.
#[test]
fn a_ping_pong_holds_its_queue() {
    let key = Key::fresh();
    let mut pong = command(&["pong", &key.to_string()]).spawn().unwrap();
    soon("it made its queue", || {
        Queue::open(key).is_ok_and(|queue| queue.stat().unwrap().last_sender == Some(pong.id()))
    });
    assert_eq!(is_orphan(Queue::open(key).unwrap()), Some(false));
    end(&mut pong, Signal::SIGTERM);
    assert!(Queue::open(key).is_err());
}

/// Every field of the kernel's record is shown.
#[test]
fn stat_shows_all_fields() {
    let queue = Scratch::new();
    queue.put(1, b"12345");
    let text = run(&["stat", &queue.key.to_string()]).text();
    for line in [
        format!("id             {}\n", queue.id()),
        "perms          0600\n".into(),
        "last received  never\n".into(),
    ] {
        assert!(text.contains(&line), "{line} in {text}");
    }
    queue.take().unwrap();
    let document = run(&["stat", &queue.id(), "--json"]).json();
    assert_eq!((&document["messages"], &document["used_bytes"]), (&0.into(), &0.into()));
    assert_eq!(document["last_receiver"], std::process::id());
    run(&["send", &queue.id(), "hello"]).text();
    let document = run(&["stat", &queue.id(), "--json"]).json();
    assert_eq!((&document["messages"], &document["used_bytes"]), (&1.into(), &5.into()));
    assert_eq!(document["last_receiver"], std::process::id());
    assert_ne!(document["last_sender"], std::process::id());
}

/// Mode and capacity are changed, and the rest stays.
#[test]
fn set_changes_what_was_said() {
    let queue = Scratch::new();
    run(&["set", &queue.id(), "--mode", "640", "--qbytes", "4K"]).text();
    let stat = queue.stat().unwrap();
    assert_eq!((stat.mode, stat.capacity, stat.owner), (0o640, 4096, nix::unistd::geteuid().as_raw()));
    if !is_root() {
        ipc_conformance::skipped("only root can give a queue to another user and be sure to get it back");
        return;
    }
    run(&["set", &queue.id(), "--owner", "65534", "--group", "0", "--qbytes", "0"]).text();
    let error = run(&["send", &queue.id(), "--nowait", "x"]).error(1);
    assert!(error.contains("is closed: its capacity is 0 bytes"), "{error}");
    assert_eq!((queue.stat().unwrap().owner, queue.stat().unwrap().mode), (65534, 0o640));
    let document = run(&["stat", &queue.id(), "--json"]).json();
    assert_eq!((&document["uid"], &document["creator_uid"]), (&65534.into(), &0.into()));
    let text = run(&["stat", &queue.id()]).text();
    let user = |name| text.lines().find(|line| line.starts_with(name)).unwrap().rsplit(' ').next();
    assert_eq!((user("owner "), user("creator ")), (Some("(65534)"), Some("(0)")));
}

/// Without a terminal, `watch` prints a line for each change, at once.
#[test]
fn watch_prints_changes() {
    let queue = Scratch::new();
    let mut watch = command(&["watch", "--interval", "0.02", "--min-age", "0"]).spawn().unwrap();
    let lines = BufReader::new(watch.stdout.take().unwrap()).lines().map(Result::unwrap);
    let name = format!("queue {} ", queue.id());
    let mut lines = lines.filter(|line| line.contains(&name));
    assert!(lines.next().unwrap().contains("appeared: key"));
    assert!(lines.next().unwrap().ends_with("is an orphan"), "no process has used it yet");
    queue.put(1, b"12345");
    assert!(lines.next().unwrap().ends_with("holds 1 message, 5 bytes"));
    assert!(lines.next().unwrap().ends_with("is an orphan no more"));
    run(&["set", &queue.id(), "--mode", "640"]).text();
    assert!(lines.next().unwrap().ends_with(", 0640"));
    run(&["send", &queue.id(), "x"]).text();
    let line = lines.next().unwrap();
    assert!(line.ends_with("holds 2 messages, 6 bytes") && line.len() <= 80, "{line}");
    assert!(lines.next().unwrap().ends_with("is an orphan"));
    drop(queue);
    assert!(lines.any(|line| line.ends_with("disappeared")));
    watch.kill().unwrap();
    watch.wait().unwrap();
}

/// The limits are those of the kernel, each by its name; the usage is that of all queues together.
#[test]
fn limits_are_shown() {
    let set = "echo 100 > /proc/sys/kernel/msgmax && echo 2000 > /proc/sys/kernel/msgmnb && \
               echo 30 > /proc/sys/kernel/msgmni && id=$(\"$2\" create) && \"$2\" send $id hello && \
               \"$2\" send $id you";
    let limits = |args: &[&str]| {
        let mut there = namespaces::limited(&["--ipc"], set, "env")?; // the command has to be "$2"
        Some(ended(
            there
                .arg(BINARY)
                .arg("limits")
                .args(args)
                .stdout(Stdio::piped())
                .stderr(Stdio::piped())
                .spawn()
                .unwrap(),
        ))
    };
    let Some(document) = limits(&["--json"]) else {
        return ipc_conformance::skipped(
            "a new IPC namespace needs root or a user namespace, and unshare(1)",
        );
    };
    let document = document.json();
    for (name, value) in
        [("msgmax", 100), ("msgmnb", 2000), ("msgmni", 30), ("queues", 1), ("messages", 2), ("bytes", 8)]
    {
        assert_eq!(document[name], value, "{name}");
    }
    let text = limits(&[]).unwrap().text();
    let lines = [
        "longest message     100 bytes (kernel.msgmax)",
        "capacity of a queue 2000 bytes (kernel.msgmnb)",
        "queues              1 of 30 (kernel.msgmni)",
        "messages in them    2",
        "bytes in them       8",
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), lines);
}

/// Each shell has a script, with the operator's commands and the demo's.
#[test]
fn completions_know_every_command() {
    for shell in ["bash", "zsh", "fish"] {
        let script = run(&["completions", shell]).text();
        for word in ["ls", "scenario", "orphans", "ping", "cpus"] {
            assert!(script.contains(word), "{word} for {shell}");
        }
        for word in ["worker", "false-claim"] {
            assert!(!script.contains(word), "{word} for {shell}");
        }
        // The script for fish contains no words other than options.
        assert_eq!(script.contains("full-both-ways"), shell != "fish");
    }
}

/// The completions that bash offers after Tab, requested from bash itself.
#[test]
fn bash_completes_options_and_scenarios() {
    let ask = "source <(\"$0\" completions bash); COMP_WORDS=(ipc-msgq \"$@\"); COMP_CWORD=$#; \
               _ipc__msgq ipc-msgq \"${!#}\" && echo \"${COMPREPLY[*]}\"";
    let cases = [
        (&["re"][..], "recv\n"),
        (&["recv", "--t"], "--type --timeout --truncate\n"),
        (&["rm", "--o"], "--orphans\n"),
        (&["scenario", "remove-"], "remove-too-early remove-safely\n"),
        (&["ping", "--wa"], "--wait\n"),
    ];
    for (words, offered) in cases {
        let bash = std::process::Command::new("bash").args(["-c", ask, BINARY]).args(words).output();
        let Ok(output) = bash else {
            ipc_conformance::skipped("there is no bash");
            return;
        };
        let stderr = String::from_utf8_lossy(&output.stderr);
        assert_eq!(String::from_utf8_lossy(&output.stdout), offered, "{words:?} {stderr}");
    }
}

/// The help shows both the demo's commands and the operator's.
#[test]
fn help_shows_every_command() {
    let help = run(&["--help"]).text();
    for word in ["pong", "ping", "--wait", "ls ", "create", "completions", "3 nothing to receive"] {
        assert!(help.contains(word), "{word} in {help}");
    }
    assert!(!help.contains("worker"), "{help}");
    assert!(run(&["ls", "--help"]).text().contains("The kernel does not know the users of a queue"));
}
