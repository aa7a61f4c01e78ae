//! What a thread in the background has of its process, and what it has not.

use std::fs;
use std::io::{Read as _, Write as _, pipe, stderr, stdin, stdout};
use std::os::fd::{AsFd as _, AsRawFd as _};
use std::path::PathBuf;
use std::sync::mpsc::channel;

use ipc_conformance::watchdog::watched;
use nix::errno::Errno;
use nix::fcntl::{FcntlArg, fcntl};
use nix::unistd::close;

use super::*;
use crate::sys::{forked, succeeds};

/// Returns the files behind the descriptors of the calling thread.
fn descriptors() -> Vec<PathBuf> {
    let entries = fs::read_dir("/proc/thread-self/fd").unwrap();
    let all: Vec<PathBuf> = entries.map(|entry| entry.unwrap().path()).collect();
    // The descriptor of the listing itself is closed by now.
    all.iter().filter_map(|path| fs::read_link(path).ok()).collect()
}

fn blocked_signals() -> String {
    let status = fs::read_to_string("/proc/thread-self/status").unwrap();
    status.lines().find(|line| line.starts_with("SigBlk")).unwrap().to_owned()
}

#[test]
fn it_has_standard_error_alone() {
    let (_read, _write) = pipe().unwrap();
    let (tell, told) = channel();
    spawn("own", Descriptors::Own, move || tell.send(descriptors()).unwrap()).unwrap().join().unwrap();
    let stderr = fs::read_link("/proc/thread-self/fd/2").unwrap();
    assert_eq!(told.recv().unwrap(), [stderr.clone(), stderr.clone(), stderr]);
}

/// Nor has it standard input or output where there is no standard error to put in their place.
#[test]
fn without_standard_error_it_has_nothing() {
    assert!(succeeds(forked(|| {
        close(2).unwrap();
        let (tell, told) = channel();
        let look = move || {
            let (stdin, stdout, stderr) = (stdin(), stdout(), stderr());
            let standard = [stdin.as_fd(), stdout.as_fd(), stderr.as_fd()];
            tell.send(standard.map(|fd| fcntl(fd, FcntlArg::F_GETFD))).unwrap();
        };
        spawn("own", Descriptors::Own, look).unwrap().join().unwrap();
        told.recv().unwrap() == [Err(Errno::EBADF); 3]
    })));
}

/// The thread began while both ends were open, and lives when they are closed.
#[test]
fn an_end_of_file_comes_while_it_sleeps() {
    watched(|| {
        let (mut read, mut write) = pipe().unwrap();
        let (end, ended) = channel::<()>();
        let (ready, is_ready) = channel();
        let sleep = move || {
            ready.send(()).unwrap();
            let _ = ended.recv();
        };
        let thread = spawn("own", Descriptors::Own, sleep).unwrap();
        is_ready.recv().unwrap();
        write.write_all(b"all").unwrap();
        drop(write);
        let mut text = String::new();
        read.read_to_string(&mut text).unwrap();
        assert_eq!(text, "all");
        drop(end);
        thread.join().unwrap();
    });
}

#[test]
fn what_it_opens_is_its_own() {
    let (tell, told) = channel();
    let (end, ended) = channel::<()>();
    let open = move || {
        let file = fs::File::open("/dev/zero").unwrap();
        tell.send(file.as_raw_fd()).unwrap();
        let _ = ended.recv();
    };
    let thread = spawn("own", Descriptors::Own, open).unwrap();
    let number = told.recv().unwrap();
    assert_ne!(fs::read_link(format!("/proc/thread-self/fd/{number}")).ok(), Some("/dev/zero".into()));
    drop(end);
    thread.join().unwrap();
}

/// Not those that report an error of the thread itself: the kernel would end the process.
#[test]
fn it_blocks_the_signals_that_others_send() {
    let before = blocked_signals();
    for descriptors in [Descriptors::Own, Descriptors::Shared] {
        let (tell, told) = channel();
        let look = move || tell.send(SigSet::thread_get_mask().unwrap()).unwrap();
        spawn("apart", descriptors, look).unwrap().join().unwrap();
        let mask = told.recv().unwrap();
        for signal in [Signal::SIGTERM, Signal::SIGINT, Signal::SIGCHLD, Signal::SIGURG, Signal::SIGUSR1] {
            assert!(mask.contains(signal), "{signal}");
        }
        assert!(!mask.contains(Signal::SIGBUS) && !mask.contains(Signal::SIGSEGV));
    }
    assert_eq!(blocked_signals(), before, "the maker's own mask");
}

#[test]
fn shared_descriptors_are_those_of_all() {
    let (read, _write) = pipe().unwrap();
    let pipe = fs::read_link(format!("/proc/thread-self/fd/{}", read.as_raw_fd())).unwrap();
    let (tell, told) = channel();
    spawn("shared", Descriptors::Shared, move || tell.send(descriptors()).unwrap()).unwrap().join().unwrap();
    assert!(told.recv().unwrap().contains(&pipe));
}
