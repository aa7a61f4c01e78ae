//! What `clean` says about what it cannot remove, and about what it does not know.

#[allow(dead_code)] // shared with the other tests
mod common;

use std::fs;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _, chown};
use std::process::Command;

use common::{bench, run};
use ipc_core::lease::{Inode, Note};
use ipc_msgq::{Key, Queue};
use tempfile::TempDir;

/// What cannot be removed is named, with the reason, and stays noted until it can be. Damaged records are not acted on.
#[test]
fn clean_says_what_it_could_not_remove() {
    let tmp = TempDir::new().unwrap();
    let base = tmp.path().join(format!("ipc-suite-{}", nix::unistd::geteuid()));
    let lease = base.join("fifo-0123456789abcdef");
    let ours = tmp.path().join("ours");
    for dir in [&base, &lease, &ours] {
        fs::DirBuilder::new().mode(0o700).create(dir).unwrap();
    }
    fs::write(ours.join("theirs"), "precious").unwrap();
    let meta = fs::metadata(&ours).unwrap();
    let note = Note::Path(Inode::of(&meta), meta.dev(), ours.clone());
    fs::write(lease.join("records"), note.line()).unwrap();

    let clean = || run(bench().arg("clean").env("TMPDIR", tmp.path()));
    let output = clean();
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    let reason = format!("fifo: left {0}: rmdir {0}: Directory not empty (ENOTEMPTY)", ours.display());
    assert!(output.stdout.contains(&reason) && output.stderr.starts_with("error: "), "{}", output.stdout);
    assert!(ours.join("theirs").exists() && lease.exists());

    fs::remove_file(ours.join("theirs")).unwrap();
    fs::write(lease.join("records"), note.line().replacen("path", "Path", 1)).unwrap();
    let output = clean();
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    assert!(output.stdout.contains("damaged records (line 1)") && ours.exists(), "{}", output.stdout);

    fs::write(lease.join("records"), note.line()).unwrap();
    clean();
    assert_eq!(fs::read_dir(tmp.path()).unwrap().count(), 0);
}

/// A directory that may not be searched was not looked at, and is not told as empty.
#[test]
fn clean_says_where_it_could_not_look() {
    let tmp = TempDir::new().unwrap();
    let closed = tmp.path().join("closed");
    fs::DirBuilder::new().mode(0o700).create(&closed).unwrap();
    let mut clean = bench();
    if nix::unistd::geteuid().is_root() {
        // Another user's, and no privilege to look all the same.
        chown(&closed, Some(65534), None).unwrap();
        let program = clean.get_program().to_owned();
        clean = Command::new("setpriv");
        clean.args(["--bounding-set=-all", "--inh-caps=-all"]).arg(program);
    } else {
        fs::set_permissions(&closed, fs::Permissions::from_mode(0o000)).unwrap();
    }
    let output = run(clean.arg("clean").env("TMPDIR", &closed));
    assert_eq!(output.status, Some(1), "{}", output.stdout);
    assert!(output.stderr.contains("(EACCES)") && output.stderr.contains("set TMPDIR"), "{}", output.stderr);
    fs::remove_dir(closed).unwrap();
}

/// A directory that two variables name is looked at once.
#[test]
fn clean_looks_nowhere_twice() {
    let tmp = TempDir::new().unwrap();
    let link = tmp.path().join("link");
    std::os::unix::fs::symlink("/tmp", &link).unwrap();
    let output = run(bench().arg("clean").env("TMPDIR", &link));
    let looked = output.stdout.lines().find(|line| line.contains("looked in")).unwrap();
    assert!(looked.contains("/link") && !looked.contains(", /tmp"), "{looked}");
}

/// A queue that no process uses, noted in no place that this run knows, is shown and left alone.
#[test]
fn clean_shows_what_it_does_not_know() {
    let tmp = TempDir::new().unwrap();
    let key = Key::fresh();
    let queue = Queue::create(key, 0o600).unwrap().owned();
    let output = run(bench().arg("clean").env("TMPDIR", tmp.path()));
    let line = format!("no process uses System V queue {} with key {key}", queue.id());
    assert!(output.stdout.contains(&line), "{}", output.stdout);
    queue.stat().expect("it is still there");
}
