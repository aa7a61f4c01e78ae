//! `create` and `send`.

use std::time::Duration;

use ipc_msgq::{Key, Queue, QueueId, Settings};
use tempfile::NamedTempFile;

use crate::tools::{Scratch, command, ended, run, run_with};

/// `create` prints the id alone; the mode is 0600 by default; the second time it opens the same queue.
#[test]
fn create_prints_the_id_of_a_queue_that_others_cannot_use() {
    let key = Key::fresh();
    let create = |more: &[&str]| run(&[&["create", &key.to_string()], more].concat());
    let id = create(&["--exclusive"]).text();
    let queue = Queue::from_id(QueueId::new(id.strip_suffix('\n').unwrap().parse().unwrap())).owned();
    assert_eq!((queue.stat().unwrap().mode, queue.stat().unwrap().key), (0o600, Some(key)));
    assert_eq!(create(&[]).text(), id);
    assert!(create(&["--exclusive"]).error(1).contains("(EEXIST); a queue with key"));
}

/// Without a key, `create` takes a fresh one, as `ipcmk -Q` does; with `--private`, none.
#[test]
fn create_without_a_key() {
    for (args, has_key) in [(&["create", "--mode", "640"][..], true), (&["create", "--private"], false)] {
        let id = run(args).text().trim_end().parse().unwrap();
        let stat = Queue::from_id(QueueId::new(id)).owned().stat().unwrap();
        assert_eq!((stat.key.is_some(), stat.mode), (has_key, if has_key { 0o640 } else { 0o600 }));
    }
}

/// Every command that takes a queue takes it in the same place: by id, by key, or by file and project.
#[test]
fn every_name_leads_to_the_queue() {
    let file = NamedTempFile::new().unwrap();
    let path = file.path().to_str().unwrap();
    let named = run(&["create", &format!("{path}:A")]).text();
    let queue = Queue::from_id(QueueId::new(named.trim_end().parse().unwrap())).owned();
    let key = queue.stat().unwrap().key.unwrap();
    for name in [queue.id().to_string(), key.to_string(), format!("{path}:A"), format!("{path}:65")] {
        run(&["send", &name, "hello"]).text();
        assert_eq!(run(&["peek", &name]).text(), "hello", "{name}");
        assert!(
            run(&["stat", &name]).text().contains(&format!("\nid             {}\n", queue.id())),
            "{name}"
        );
        run(&["set", &name, "--mode", "600"]).text();
        assert_eq!(run(&["recv", &name, "--nowait"]).text(), "hello", "{name}");
        assert!(
            run(&["rm", &name, "--dry-run"]).text().contains(&format!("queue {} ", queue.id())),
            "{name}"
        );
    }
}

/// The type and the bytes arrive as given; the type is 1 by default.
#[test]
fn send_takes_its_payload_from_the_command_line() {
    let queue = Scratch::new();
    run(&["send", &queue.id(), "--type", "7", "two words"]).text();
    run(&["send", &queue.id(), "--", "--nowait"]).text();
    run(&["send", &queue.id(), ""]).text();
    let taken = [queue.take(), queue.take(), queue.take()];
    assert_eq!(
        taken.map(Option::unwrap),
        [(7, b"two words".to_vec()), (1, b"--nowait".to_vec()), (1, b"".to_vec())]
    );
}

/// Without an argument the payload is standard input, byte for byte, up to its end.
#[test]
fn send_takes_its_payload_from_standard_input() {
    let queue = Scratch::new();
    let bytes: Vec<u8> = (0..=255).cycle().take(8000).collect();
    run_with(&["send", &queue.id()], &bytes).text();
    assert_eq!(queue.take().unwrap().1, bytes);
    run_with(&["send", &queue.id()], b"").text();
    assert_eq!(queue.take(), Some((1, b"".to_vec())), "a message without bytes is one, too");
    let error = run_with(&["send", &queue.id()], &vec![0; 1 << 20]).error(1);
    assert!(error.contains("too long") && error.contains("kernel.msgmax"), "{error}");
    assert_eq!(queue.take(), None);
}

/// On a full queue, `send` waits; with `--nowait` or `--timeout` it fails and prints the fill level.
#[test]
fn send_to_a_full_queue_waits_or_fails() {
    let queue = Scratch::new();
    queue.set(&Settings { capacity: Some(10), ..Settings::default() }).unwrap();
    queue.put(1, b"0123456789");
    let error = run(&["send", &queue.id(), "--nowait", "x"]).error(1);
    assert!(error.contains("(EAGAIN)") && error.contains("is full: 10 of 10 bytes"), "{error}");
    let error = run(&["send", &queue.id(), "--timeout", "0.05", "x"]).error(1);
    assert!(error.contains("is full") && error.contains("waited 0.05 s"), "{error}");
    let sender = command(&["send", &queue.id(), "patient"]).spawn().unwrap();
    std::thread::sleep(Duration::from_millis(50)); // if this is too short, the case is easier, not wrong
    queue.take().unwrap();
    assert_eq!(ended(sender).status, Some(0));
    assert_eq!(queue.take().unwrap().1, b"patient");
    run(&["send", &queue.id(), "--nowait", "just fits!"]).text();
    assert_eq!(queue.take().unwrap().1, b"just fits!");
    let error = run(&["send", &queue.id(), "more than ten"]).error(1);
    assert!(error.contains("13 bytes never fit"), "{error}");
}

/// Messages without bytes fill a queue, too: it holds as many messages as bytes.
#[test]
fn a_queue_can_be_full_of_empty_messages() {
    let queue = Scratch::new();
    queue.set(&Settings { capacity: Some(4), ..Settings::default() }).unwrap();
    for _ in 0..4 {
        queue.put(1, b"");
    }
    let error = run(&["send", &queue.id(), "--nowait", ""]).error(1);
    assert!(
        error.contains("is full: 4 of 4 messages (a queue holds at most as many messages as bytes"),
        "{error}"
    );
}
