//! A network namespace, held by a descriptor.

use std::fs::{self, File};
use std::thread;

use ipc_core::{Advise as _, Call as _, Error, Result};
use nix::errno::Errno;
use nix::sched::{CloneFlags, setns, unshare};
use nix::unistd::{getegid, geteuid};

/// The way to get the privilege.
const ADVICE: &str =
    "a network namespace takes root: run it as root, or below `unshare --user --map-root-user`";

/// A network namespace without a name: it vanishes when this and the last process in it are gone.
#[derive(Debug)]
pub(crate) struct Namespace(pub File);

impl Namespace {
    /// Makes one, with no interface but a loopback that is down.
    pub fn new() -> Result<Self> {
        let make = || {
            unshare(CloneFlags::CLONE_NEWNET).call("unshare").advise(Errno::EPERM, || ADVICE.into())?;
            File::open("/proc/thread-self/ns/net").call("open").map(Self)
        };
        // In a thread of its own: the caller stays where it is.
        thread::scope(|scope| scope.spawn(make).join()).expect("it does not panic")
    }

    /// Moves this thread into the namespace, with the threads and processes that it starts from now on.
    pub fn enter(&self) -> Result<()> {
        setns(&self.0, CloneFlags::CLONE_NEWNET).call("setns")
    }
}

/// Makes an ordinary user root of a new user namespace, in which he may make network namespaces. Root stays as it is.
/// A program calls this first, since a process with threads cannot change its user namespace.
///
/// # Errors
/// This system does not permit it, or there are threads.
pub fn become_root() -> Result<()> {
    if geteuid().is_root() {
        return Ok(());
    }
    let (user, group) = (geteuid(), getegid());
    unshare(CloneFlags::CLONE_NEWUSER).call("unshare").map_err(|error| match error.errno() {
        Some(Errno::EPERM | Errno::ENOSPC) => Error::Refused(format!("{error}; {ADVICE}")),
        _ => error,
    })?;
    let write = |file: &str, text: String| {
        let path = format!("/proc/self/{file}");
        fs::write(&path, text).call("write").on(path)
    };
    write("setgroups", "deny".into())?;
    write("uid_map", format!("0 {user} 1"))?;
    write("gid_map", format!("0 {group} 1"))
}
