//! `rm`.

use ipc_msgq::{Message, MessageType};

use crate::tools::{Scratch, is_root, listed, run};

/// Several at once, by id and by key, as with `ipcrm`; nothing is printed.
#[test]
fn rm_removes_what_was_named() {
    let queues = [Scratch::new(), Scratch::new(), Scratch::new()];
    let [a, b, c] = &queues;
    let (key, decimal) = (b.key.to_string(), c.key.get().to_string());
    assert_eq!(run(&["rm", "-q", &a.id(), "-Q", &key, "--key", &decimal]).text(), "");
    assert!(queues.iter().all(|queue| queue.stat().is_err()));
    let queues = [Scratch::new(), Scratch::new()];
    run(&["rm", &queues[0].id(), &queues[1].id()]).text();
    assert!(queues.iter().all(|queue| queue.stat().is_err()));
}

/// With `--dry-run` it says what, and leaves it.
#[test]
fn rm_can_only_say() {
    let queue = Scratch::new();
    queue.put(1, b"12345");
    let said = run(&["rm", "--id", &queue.id(), "--dry-run"]).text();
    assert!(said.starts_with(&format!("would remove queue {} (key {}", queue.id(), queue.key)), "{said}");
    assert!(said.ends_with("1 message, 5 bytes)\n"), "{said}");
    assert!(queue.stat().is_ok());
}

/// One that is not there is an error, and the others are removed all the same.
#[test]
fn rm_goes_on_after_an_error() {
    let (gone, queue) = (Scratch::new(), Scratch::new());
    run(&["rm", "--id", &gone.id()]).text();
    let error = run(&["rm", "--id", &gone.id(), "--id", &queue.id()]).error(1);
    assert!(error.contains(&format!("no queue has id {}", gone.id())), "{error}");
    assert!(queue.stat().is_err());
}

/// `--orphans` finds what dead processes left, and says which. What somebody uses stays. (Without `--dry-run` it
/// would remove the queues of other tests, too: see below.)
#[test]
fn rm_finds_orphans() {
    let (orphan, used) = (Scratch::new(), Scratch::new());
    run(&["send", "--id", &orphan.id(), "left behind"]).text();
    used.send(&Message::new(MessageType::ONE, b"mine")).unwrap();
    let said = run(&["rm", "--orphans", "--dry-run"]).text();
    assert!(said.contains(&format!("would remove queue {} (key {}", orphan.id(), orphan.key)), "{said}");
    assert!(!said.contains(&format!("queue {} ", used.id())), "{said}");
    assert!(orphan.stat().is_ok());
}

/// `--orphans` removes, in an IPC namespace of its own, so that it meets no other test's queues.
#[test]
fn rm_removes_orphans() {
    let script = format!(
        "set -e; id=$({0} create); {0} send --id $id 'left behind'; used=$({0} create); \
         {0} recv --id $used & sleeper=$!; \
         for i in $(seq 500); do {0} ls --json | grep -q '\"sleepers\": \\[$' && break; sleep 0.02; done; \
         {0} rm --orphans; echo; {0} ls --json | grep -c '\"id\"'; kill $sleeper",
        crate::tools::BINARY
    );
    let unshare = std::process::Command::new("unshare").args(["--ipc", "sh", "-c", &script]).output();
    let Some(output) = unshare.ok().filter(|output| output.status.success() || is_root()) else {
        ipc_core::conformance::skipped("an IPC namespace takes root, and unshare(1)");
        return;
    };
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.starts_with("removed queue "), "{said} {}", String::from_utf8_lossy(&output.stderr));
    assert!(said.contains("1 message, 11 bytes)\n\n1\n"), "only the one that is slept at is left: {said}");
}

/// Another user's queue is left alone, even by root, unless it is told.
#[test]
fn rm_spares_what_belongs_to_others() {
    if !is_root() {
        ipc_core::conformance::skipped("only root can have a queue of another user to try it on");
        return;
    }
    let queue = Scratch::new();
    run(&["set", "--id", &queue.id(), "--owner", "65534"]).text();
    let error = run(&["rm", "--id", &queue.id()]).error(1);
    assert!(error.contains("belongs to") && error.contains("--force"), "{error}");
    let said = run(&["rm", "--orphans", "--dry-run"]).text();
    assert!(
        listed(*queue).unwrap()["orphan"] == true && !said.contains(&format!("queue {} ", queue.id())),
        "{said}"
    );
    run(&["rm", "--id", &queue.id(), "--force"]).text();
    assert!(queue.stat().is_err());
}
