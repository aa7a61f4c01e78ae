//! A place where code and commands run.

use std::mem;
use std::net::{IpAddr, Ipv4Addr};
use std::os::fd::AsRawFd as _;
use std::path::PathBuf;
use std::process::{self, Child, Command, Output, Stdio};
use std::sync::mpsc;
use std::thread::{self, JoinHandle};

use ipc_core::{Call as _, Result};

use crate::namespace::Namespace;
use crate::sys;

/// One of the two hosts.
#[derive(Debug)]
pub struct Host {
    address: Ipv4Addr,
    starter: Starter,
    namespace: Namespace,
}

impl Host {
    pub(crate) fn new(address: Ipv4Addr) -> Result<Self> {
        let namespace = Namespace::new()?;
        let inside = Namespace(namespace.0.try_clone().call("dup")?);
        Ok(Self { address, starter: Starter::new(inside)?, namespace })
    }

    /// The address of this host, for both. There are no names.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        IpAddr::V4(self.address)
    }

    /// The file by which another process can enter while this one lives: `nsenter --net=FILE`.
    #[must_use]
    pub fn namespace(&self) -> PathBuf {
        format!("/proc/{}/fd/{}", process::id(), self.namespace.0.as_raw_fd()).into()
    }

    /// Runs code on this host, in a thread of its own. Sockets belong to the host where they were made, wherever they
    /// are used afterwards; threads and processes, to that of the thread that started them.
    pub fn enter<T: Send>(&self, code: impl FnOnce() -> T + Send) -> T {
        let inside = || {
            self.namespace.enter().expect("the namespace is ours");
            code()
        };
        let outcome = thread::scope(|scope| scope.spawn(inside).join());
        outcome.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
    }

    /// Starts a command on this host. It is killed when the [`Hosts`](crate::Hosts) are dropped or this process is
    /// killed; what it has started itself is not.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn spawn(&self, command: &mut Command) -> Result<Child> {
        self.starter.start(command)
    }

    /// Runs a command on this host to its end, and returns its output. It has no input.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn output(&self, command: &mut Command) -> Result<Output> {
        let piped = command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        self.spawn(piped)?.wait_with_output().call("waitpid")
    }
}

/// A thread that lives on the host and starts its commands: the kernel kills them when it ends.
#[derive(Debug)]
struct Starter {
    /// `None` when it is to end.
    orders: Option<mpsc::Sender<Order>>,
    thread: Option<JoinHandle<()>>,
}

type Started = (Command, std::io::Result<Child>);
type Order = (Command, mpsc::Sender<Started>);

impl Starter {
    fn new(namespace: Namespace) -> Result<Self> {
        let (orders, incoming) = mpsc::channel::<Order>();
        let work = move || {
            namespace.enter().expect("the namespace is ours");
            for (mut command, reply) in incoming {
                sys::die_with_this_thread(&mut command);
                let started = command.spawn();
                let _ = reply.send((command, started)); // it waits for it
            }
        };
        let thread = thread::Builder::new().name("host".into()).spawn(work).call("clone")?;
        Ok(Self { orders: Some(orders), thread: Some(thread) })
    }

    fn start(&self, command: &mut Command) -> Result<Child> {
        let (reply, answer) = mpsc::channel();
        let order = (mem::replace(command, Command::new("")), reply);
        self.orders.as_ref().expect("it is open until dropped").send(order).expect("the thread lives");
        let (same, started) = answer.recv().expect("it answers");
        *command = same;
        started.call("execve")
    }
}

impl Drop for Starter {
    fn drop(&mut self) {
        drop(self.orders.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join(); // a panic has been reported
        }
    }
}
