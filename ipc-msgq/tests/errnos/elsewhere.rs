//! The errors that need another user, another namespace, or a control group. Skipped with a note where that is not
//! permitted.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use ipc_conformance::Allowance;
use ipc_core::{Mechanism, Result, Setup};
use ipc_msgq::posix::{self, Attributes, Posix, PosixName, PosixQueue};
use ipc_msgq::{Access, Key, Limits, Message, MessageType, Queue, QueueId, Select, Settings};
use nix::unistd::{Uid, geteuid, setgid, setuid};

use crate::tools::{child, said};

/// Plays the child's part and returns the lines to print.
pub fn play(words: &[&str]) -> Vec<String> {
    match *words {
        ["nobody", name] => {
            setuid(Uid::from_raw(65534)).unwrap();
            vec![answer(PosixQueue::unlink(&name.parse().unwrap()))]
        }
        ["nobody", key, own] => {
            setgid(65534.into()).unwrap();
            setuid(Uid::from_raw(65534)).unwrap();
            as_nobody(key.parse().unwrap(), Queue::from_id(QueueId::new(own.parse().unwrap())))
        }
        ["other", key] => {
            setgid(65534.into()).unwrap();
            setuid(Uid::from_raw(65534)).unwrap();
            let key = key.parse().unwrap();
            let accesses = [Access::Read, Access::Write, Access::ReadWrite];
            accesses.map(|access| answer(Queue::open_for(key, access).map(drop))).into()
        }
        ["unreadable"] => {
            setgid(65534.into()).unwrap();
            setuid(Uid::from_raw(65534)).unwrap();
            let meeting = Posix::create(None, &Setup { mode: 0o200, ..Setup::default() }).unwrap();
            let name = meeting.address();
            drop(meeting);
            vec![
                name.clone(),
                answer(PosixQueue::open(&name.parse().unwrap(), posix::Access::Send).map(drop)),
            ]
        }
        ["no-memory", group] => without_memory(group),
        ["queues"] => (0..3).map(|_| answer(Queue::private(0o600).map(drop))).collect(),
        _ => panic!("no part {words:?}"),
    }
}

fn answer(result: Result<()>) -> String {
    result.map_or_else(|error| error.to_string(), |()| "done".to_owned())
}

/// Makes the calls as user nobody; `own` belongs to that user now, and the queue of `key` to another.
fn as_nobody(key: Key, own: Queue) -> Vec<String> {
    let queue = Queue::open(key).expect("without asking for any access, anyone can");
    let message = &mut Message::with_capacity(1);
    let above = Limits::read().unwrap().queue_bytes + 1;
    [
        Queue::open_for(key, Access::Read).map(drop),
        Queue::open_or_create(key, 0o600).map(drop),
        queue.send(message),
        queue.recv(Select::Any, message),
        queue.peek(0, message).map(drop),
        queue.stat().map(drop),
        queue.set(&Settings { mode: Some(0o666), ..Settings::default() }),
        own.set(&Settings { capacity: Some(above), ..Settings::default() }),
        own.set(&Settings { mode: Some(0o200), ..Settings::default() }),
        own.stat().map(drop),
        own.set(&Settings { mode: Some(0o600), ..Settings::default() }), // a user that may not read may still change it
        own.stat().map(drop),
        queue.remove(),
    ]
    .map(answer)
    .into()
}

#[test]
fn eacces_and_eperm_of_another_user() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("to become another user needs root");
    }
    let key = Key::fresh();
    let queue = Queue::create(key, 0o600).unwrap().owned();
    let own = Queue::private(0o600).unwrap().owned();
    own.set(&Settings { owner: Some(65534), ..Settings::default() }).unwrap();
    let answers = said(child(&format!("nobody {key} {}", own.id())));
    let expected = [
        "msgget: Permission denied (EACCES); the queue with key",
        "msgget: Permission denied (EACCES); the queue with key",
        "msgsnd: Permission denied (EACCES)",
        "msgrcv: Permission denied (EACCES)",
        "msgrcv: Permission denied (EACCES)",
        "msgctl: Permission denied (EACCES); ",
        "msgctl: Operation not permitted (EPERM); queue ",
        "msgctl: Operation not permitted (EPERM); a capacity above kernel.msgmnb",
        "done",
        "msgctl: Permission denied (EACCES); ",
        "done",
        "done",
        "msgctl: Operation not permitted (EPERM); queue ",
    ];
    assert_eq!(answers.len(), expected.len(), "{answers:#?}");
    for (answer, expected) in answers.iter().zip(expected) {
        assert!(answer.starts_with(expected), "{answer}\n{expected}");
    }
    queue.stat().expect("it is still there");
}

/// The access asked for is the one that is checked: here others may send, but not receive.
#[test]
fn eacces_of_the_access_asked_for() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("to become another user needs root");
    }
    let key = Key::fresh();
    let _queue = Queue::create(key, 0o602).unwrap().owned();
    let refused = "msgget: Permission denied (EACCES)";
    let answers = said(child(&format!("other {key}")));
    let answers: Vec<_> = answers.iter().map(|answer| answer.split(';').next().unwrap()).collect();
    assert_eq!(answers, [refused, "done", refused]);
}

/// The kernel returns EPERM, the manual page says EACCES.
#[test]
fn eacces_of_another_users_posix_queue() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("to become another user needs root");
    }
    drop(Allowance::wait_for(1));
    let (name, small) = (PosixName::fresh(), Attributes { capacity: 1, longest: 8, messages: 0 });
    let _queue = PosixQueue::create(&name, posix::Access::Receive, small, 0o666).unwrap();
    let answers = said(child(&format!("nobody {name}")));
    PosixQueue::unlink(&name).expect("it is still there");
    assert_eq!(answers, ["mq_unlink: Permission denied (EACCES)"]);
}

/// A queue goes with its ownership lock even if its mode keeps its own owner from receiving.
#[test]
fn eacces_of_ones_own_posix_queue() {
    if !geteuid().is_root() {
        return ipc_conformance::skipped("to become another user needs root");
    }
    let answers = said(child("unreadable"));
    let name: PosixName = answers[0].parse().unwrap();
    let _ = PosixQueue::unlink(&name); // if it is still there, the test has failed
    assert_eq!(answers[1], format!("mq_open: No such file or directory (ENOENT); there is no queue {name}"));
}

/// Returns the command in its own IPC namespace, after a line of shell; `None`, with a note, where that is not
/// permitted. Such a namespace ends with its last process, and every queue in it.
fn in_a_namespace(first: &str, plain: &Command) -> Option<Command> {
    // Another user may become root in a user namespace.
    let ways: [&[&str]; 2] = [&["--ipc"], &["--ipc", "--user", "--map-root-user"]];
    let permitted = |way: &&&[&str]| {
        let test = Command::new("unshare").args(**way).args(["sh", "-c", first]).output();
        test.is_ok_and(|run| run.status.success())
    };
    let Some(way) = ways.iter().find(permitted) else {
        ipc_conformance::skipped("a new IPC namespace needs root or a user namespace, and unshare(1)");
        return None;
    };
    let mut inside = Command::new("unshare");
    inside.args(*way).args(["sh", "-c", &format!("{first} && exec timeout -s KILL 60 \"$@\""), "sh"]);
    inside.arg(plain.get_program()).args(plain.get_args());
    inside.envs(plain.get_envs().filter_map(|(name, value)| Some((name, value?))));
    Some(inside)
}

/// One queue more than `kernel.msgmni`, which each namespace has separately.
#[test]
fn enospc_of_a_full_system() {
    let limited = "echo 2 > /proc/sys/kernel/msgmni";
    let Some(inside) = in_a_namespace(limited, &child("queues")) else { return };
    let answers = said(inside);
    assert_eq!(answers[..2], ["done", "done"]);
    assert!(answers[2].starts_with("msgget: No space left on device (ENOSPC); kernel.msgmni"), "{answers:?}");
}

/// A control group for memory, removed at the end.
struct Group(PathBuf);

impl Drop for Group {
    fn drop(&mut self) {
        let _ = fs::remove_dir(&self.0);
    }
}

/// Makes a group in which too little memory is an error. Usually the kernel kills a process instead; version 1 can be
/// told not to.
fn group() -> Option<Group> {
    let group = Group(format!("/sys/fs/cgroup/memory/ipc-msgq-test-{}", std::process::id()).into());
    fs::create_dir(&group.0).ok()?;
    fs::write(group.0.join("memory.limit_in_bytes"), "16M").ok()?;
    fs::write(group.0.join("memory.oom_control"), "1").ok()?;
    Some(group)
}

/// Messages and queues are kernel memory, and are charged to the group of the process that makes them.
#[test]
fn enomem_of_a_group_without_memory() {
    let Some(group) = group() else {
        return ipc_conformance::skipped("this needs root and a control group (version 1) for memory");
    };
    let part = format!("no-memory {}", group.0.display());
    let Some(inside) = in_a_namespace("true", &child(&part)) else { return };
    let expected = ["msgsnd: Out of memory (ENOMEM)", "msgget: Out of memory (ENOMEM)"];
    assert_eq!(said(inside), expected);
}

/// Sends, and then makes queues, until the memory is exhausted. In between, this function must use no more itself: it
/// would wait for memory indefinitely.
fn without_memory(group: &str) -> Vec<String> {
    let message = Message::new(MessageType::ONE, &vec![1; Limits::read().unwrap().message_bytes]);
    let mut queues = vec![None; Limits::read().unwrap().queues];
    fs::write(format!("{group}/cgroup.procs"), std::process::id().to_string()).unwrap();
    let mut no_memory = Vec::with_capacity(2);
    for place in &mut queues {
        match Queue::private(0o600) {
            Ok(queue) => *place = Some(queue),
            Err(error) => {
                no_memory.push(error);
                break;
            }
        }
        while no_memory.is_empty() {
            match place.expect("made above").try_send(&message) {
                Ok(Some(())) => {}
                Ok(None) => break,
                Err(error) => no_memory.push(error),
            }
        }
    }
    for queue in queues.into_iter().flatten() {
        queue.remove().unwrap();
    }
    no_memory.iter().map(ToString::to_string).collect()
}
