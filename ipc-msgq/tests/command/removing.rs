//! `rm`.

use ipc_msgq::{Message, MessageType};

use crate::tools::{Scratch, is_orphan, is_root, listed, run};

/// Removes several at once, by id and by key, as `ipcrm` does; nothing is printed.
#[test]
fn rm_removes_the_named_queues() {
    let queues = [Scratch::new(), Scratch::new(), Scratch::new()];
    let [a, b, c] = &queues;
    assert_eq!(run(&["rm", &a.id(), &b.key.to_string(), &c.id()]).text(), "");
    assert!(queues.iter().all(|queue| queue.stat().is_err()));
}

/// `--dry-run` prints what would be removed, and leaves it.
#[test]
fn rm_can_only_print() {
    let queue = Scratch::new();
    queue.put(1, b"12345");
    let said = run(&["rm", &queue.id(), "--dry-run"]).text();
    assert!(said.starts_with(&format!("would remove queue {} (key {}", queue.id(), queue.key)), "{said}");
    assert!(said.ends_with("1 message, 5 bytes)\n"), "{said}");
    assert!(queue.stat().is_ok());
}

/// A missing queue is an error, and the others are removed all the same.
#[test]
fn rm_goes_on_after_an_error() {
    let (gone, queue) = (Scratch::new(), Scratch::new());
    run(&["rm", &gone.id()]).text();
    let error = run(&["rm", &gone.id(), &queue.id()]).error(1);
    assert!(error.contains(&format!("no queue has id {}", gone.id())), "{error}");
    assert!(queue.stat().is_err());
}

/// `--orphans` finds the queues that dead processes left, and prints which. A queue in use stays. (Without `--dry-run`
/// it would remove the queues of other tests, too: see below.)
#[test]
fn rm_finds_orphans() {
    let (orphan, used) = (Scratch::new(), Scratch::new());
    run(&["send", &orphan.id(), "left behind"]).text();
    used.send(&Message::new(MessageType::ONE, b"mine")).unwrap();
    let said = run(&["rm", "--orphans", "--min-age", "0", "--dry-run"]).text();
    assert!(said.contains(&format!("would remove queue {} (key {}", orphan.id(), orphan.key)), "{said}");
    assert!(!said.contains(&format!("queue {} ", used.id())), "{said}");
    assert!(orphan.stat().is_ok());
}

/// A script: makes an orphan, `$1`, and a queue on which a receiver sleeps, `$2`; runs `rm --orphans`; lists the rest.
const ORPHANS: &str = r#"
    set -e
    left=$("$0" create); "$0" send $left 'left behind'
    used=$("$0" create); "$0" recv $used & sleeper=$!
    until grep -qs " $(printf %#x $used) " /proc/$sleeper/syscall; do sleep 0.01; done
    echo "$left $used"; "$0" rm --orphans; "$0" rm --orphans --min-age 0
    "$0" stat $used >&2; "$0" stat $left 2>/dev/null || echo gone
    kill $sleeper"#;

/// A queue that was just made, or holds messages for a process to come, is no orphan yet.
#[test]
fn rm_spares_young_queues() {
    let queues = [Scratch::new(), Scratch::new()];
    run(&["send", &queues[1].id(), "for later"]).text();
    let finds = |queue: &Scratch, args: &[&str]| {
        let said = run(&[&["rm", "--orphans", "--dry-run"], args].concat()).text();
        said.contains(&format!("would remove queue {} ", queue.id()))
    };
    for queue in &queues {
        assert!(!finds(queue, &[]) && !finds(queue, &["--min-age", "60"]));
        assert_eq!(listed(**queue).unwrap()["orphan"], false);
        assert!(finds(queue, &["--min-age", "0"]));
    }
}

/// `--orphans` removes, in its own IPC namespace, so that it meets no other program's queues. By default it spares what
/// was just made.
#[test]
fn rm_removes_orphans() {
    let Some(mut there) = ipc_conformance::namespaces::unshared(&["--ipc"]) else {
        return ipc_conformance::skipped(
            "a new IPC namespace needs root or a user namespace, and unshare(1)",
        );
    };
    there.args(["timeout", "30", "sh", "-c", ORPHANS, crate::tools::BINARY]);
    let output = there.output().unwrap();
    let (said, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let mut lines = said.lines();
    let (left, used) = lines.next().and_then(|ids| ids.split_once(' ')).unwrap_or_else(|| panic!("{error}"));
    let removed = lines.next().unwrap_or_default();
    assert!(removed.starts_with(&format!("removed queue {left} (key ")), "{said}{error}");
    assert!(removed.ends_with("1 message, 11 bytes)"), "{said}{error}");
    assert!(error.contains(&format!("id             {used}\n")), "it is slept at: {said}{error}");
    assert_eq!(lines.collect::<Vec<_>>(), ["gone"], "{error}");
}

/// Another user's queue is left alone, even by root, unless `--force` is given.
#[test]
fn rm_spares_the_queues_of_others() {
    if !is_root() {
        ipc_conformance::skipped("only root can have a queue of another user to try it on");
        return;
    }
    let queue = Scratch::new();
    run(&["set", &queue.id(), "--owner", "65534"]).text();
    let error = run(&["rm", &queue.id()]).error(1);
    assert!(error.contains("belongs to") && error.contains("--force"), "{error}");
    let said = run(&["rm", "--orphans", "--min-age", "0", "--dry-run"]).text();
    assert!(is_orphan(*queue) == Some(true) && !said.contains(&format!("queue {} ", queue.id())), "{said}");
    run(&["rm", &queue.id(), "--force"]).text();
    assert!(queue.stat().is_err());
}

/// A queue that cannot be inspected is no orphan: with any number of descriptors, `--orphans` spares a queue with a
/// sleeper, or reports that it could not look.
#[test]
fn rm_never_overlooks_a_sleeper() {
    let queue = Scratch::new();
    let mut receiver = crate::tools::command(&["recv", &queue.id()]).spawn().unwrap();
    crate::tools::soon("a sleeper is seen", || listed(*queue).unwrap()["sleepers"][0] == receiver.id());
    let mut said = Vec::new();
    for descriptors in 3..=20 {
        // The first free number is that of the closed standard input: the loader of programs gets by with it, and then
        // Rust's start-up takes it. So with 3 the program has none at all, however few it needs.
        let mut limited = std::process::Command::new("sh");
        limited.args(["-c", "exec prlimit \"$@\" <&-", "sh"]);
        limited.arg(format!("--nofile={descriptors}")).arg(crate::tools::BINARY);
        said.push(limited.args(["rm", "--orphans", "--min-age", "0", "--dry-run"]).output());
    }
    receiver.kill().unwrap();
    receiver.wait().unwrap();
    let mut could_not_look = 0;
    for output in said {
        let output = output.expect("every system has a shell");
        if output.status.code() == Some(127) {
            return ipc_conformance::skipped("there is no prlimit(1) here");
        }
        let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
        assert!(!out.contains(&format!("queue {} ", queue.id())), "{out}");
        could_not_look += usize::from(error.contains("(EMFILE)"));
        assert!(output.status.success() || error.lines().count() == 1, "{error}");
    }
    assert!(could_not_look > 0, "it got by with any number");
}

/// Within a pid namespace, the kernel gives no pid of a process outside. It may be alive: its queue is no orphan.
#[test]
fn rm_spares_what_another_pid_namespace_used_last() {
    let queue = Scratch::new();
    run(&["send", &queue.id(), "from elsewhere"]).text();
    for proc in [&[][..], &["--mount-proc"]] {
        let within = |args: &[&str]| {
            let mut there = ipc_conformance::namespaces::unshared(&[&["--pid", "--fork"], proc].concat())?;
            let output = there.arg(crate::tools::BINARY).args(args).output().unwrap();
            assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8(output.stdout).unwrap())
        };
        let Some(table) = within(&["ls", "--min-age", "0"]) else {
            return ipc_conformance::skipped("a pid namespace of its own is not permitted here");
        };
        let row = table.lines().find(|line| line.split_whitespace().nth(1) == Some(&queue.id())).unwrap();
        assert!(row.ends_with("  elsewhere"), "{row}");
        let said = within(&["rm", "--orphans", "--min-age", "0", "--dry-run"]).unwrap();
        assert!(!said.contains(&format!("queue {} ", queue.id())), "{said}");
        let said = within(&["stat", &queue.id()]).unwrap();
        assert!(said.contains("last sender    a process of another pid namespace"), "{said}");
    }
}
