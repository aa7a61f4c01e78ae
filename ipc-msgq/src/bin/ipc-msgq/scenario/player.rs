//! A process of a scene, seen from the scene.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Result};
use ipc_demo::peer;
use ipc_msgq::QueueId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::reply::Reply;
use super::stage::{Clock, Failure, PATIENCE, Played};
use super::story::{outcome, told};
use crate::command::users::{asleep, call_of, tasks};

/// Another process: this same program as `actor`. Killed when this value is dropped.
#[derive(Debug)]
pub struct Player {
    name: String,
    child: Child,
    /// `None` once the process was told to leave.
    orders: Option<ChildStdin>,
    replies: Receiver<String>,
    /// The order that has not been answered yet.
    order: String,
    queue: QueueId,
    clock: Clock,
    /// True if it was seen sleeping before it answered.
    slept: bool,
    /// True if it ends by itself, rather than being killed.
    apart: bool,
}

impl Player {
    /// Starts the process. If it is `apart` from this process's group, Ctrl-C does not reach it.
    pub fn start(name: &str, queue: QueueId, clock: Clock, apart: bool) -> Result<Self> {
        let mut command = peer::this_program()?;
        command.args(["actor", &queue.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        if apart {
            command.process_group(0);
        }
        let mut child = peer::spawn(&mut command)?;
        let orders = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        let (to_us, replies) = channel();
        // The thread ends with the process.
        thread::spawn(move || lines.map_while(std::io::Result::ok).try_for_each(|line| to_us.send(line)));
        Ok(Self {
            name: name.into(),
            child,
            orders,
            replies,
            order: String::new(),
            queue,
            clock,
            slept: false,
            apart,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends an order and does not wait.
    pub fn begin(&mut self, order: &str) -> Result<()> {
        order.clone_into(&mut self.order);
        self.slept = false;
        let orders = self.orders.as_mut().ok_or_else(|| Error::Usage("it has left".into()))?;
        writeln!(orders, "{order}").call("write")
    }

    /// Does the same, with a line in the story: for orders that take a while.
    pub fn sets_out(&mut self, order: &str) -> Result<()> {
        self.begin(order)?;
        self.says(&format!("{}: begins", told(order)))
    }

    /// Waits until the process has executed its order.
    pub fn end(&mut self) -> Result<Reply> {
        let line = self.replies.recv_timeout(PATIENCE).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                let what = format!("the {} still does '{}'", self.name, told(&self.order));
                Error::TimedOut { what, waited: PATIENCE }
            }
            RecvTimeoutError::Disconnected => Error::Disconnected,
        })?;
        self.answered(&line)
    }

    /// Returns the reply if the process has executed its order by now.
    pub fn try_end(&mut self) -> Result<Option<Reply>> {
        self.replies.try_recv().ok().map(|line| self.answered(&line)).transpose()
    }

    /// Sends an order and waits until it is done.
    pub fn does(&mut self, order: &str) -> Result<Reply> {
        self.begin(order)?;
        self.end()
    }

    /// Does the same, without a line in the story.
    pub fn quietly(&mut self, order: &str) -> Result<Reply> {
        self.begin(order)?;
        read(&self.replies.recv_timeout(PATIENCE).map_err(|_| Error::Disconnected)?)
    }

    fn answered(&self, line: &str) -> Result<Reply> {
        let reply = read(line)?;
        let took = reply.took.as_secs_f64() * 1e3;
        let slept = if self.slept { format!(", having slept {took:.1} ms") } else { String::new() };
        self.says(&format!("{}: {}{slept}", told(&self.order), outcome(&self.order, &reply.what)))?;
        Ok(reply)
    }

    /// Adds a line to the story.
    pub fn says(&self, what: &str) -> Result<()> {
        self.clock.tell(&self.name, Some(self.pid()), what)
    }

    /// Waits until `threads` threads of the process sleep in a call on the queue.
    pub fn sleeps(&mut self, threads: usize) -> Played {
        let started = Instant::now();
        while !self.is_asleep(threads)? {
            if let Some(reply) = self.try_end()? {
                let how = format!("the {} did not sleep, but: {}", self.name, reply.what);
                return Err(Failure::Otherwise(how));
            }
            if started.elapsed() > PATIENCE {
                let what = format!("the {} does not come to sleep", self.name);
                return Err(Error::TimedOut { what, waited: PATIENCE }.into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.slept = true;
        let threads = if threads == 1 { String::new() } else { format!(", with {threads} threads") };
        self.says(&format!("{}: sleeps{threads}", told(&self.order)))?;
        Ok(())
    }

    /// Returns whether the process sleeps now, as seen from outside.
    pub fn is_asleep(&self, threads: usize) -> Result<bool> {
        let pid = self.pid();
        if fs::read_to_string(format!("/proc/{pid}/syscall")).is_ok() {
            let mut on_queue = 0;
            for task in tasks(pid)? {
                on_queue += usize::from(call_of(pid, task)?.is_some_and(|call| call.queue == self.queue));
            }
            return Ok(on_queue == threads);
        }
        // A kernel that does not report the call may still report that the thread sleeps, possibly too early: this
        // allows some time to get from the pipe to the call.
        thread::sleep(Duration::from_millis(50));
        Ok(asleep(pid)? >= threads)
    }

    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.says(&format!("gets {signal}"))?;
        kill(Pid::from_raw(self.pid().cast_signed()), signal).call("kill")
    }

    /// Lets the process end by itself.
    pub fn leave(mut self) -> Result<()> {
        self.orders = None;
        self.child.wait().call("wait4")?;
        self.says("has ended")
    }

    /// Kills the process, as in a crash.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().call("kill")?;
        self.child.wait().call("wait4")?;
        self.says("was killed (SIGKILL)")
    }
}

impl Drop for Player {
    fn drop(&mut self) {
        self.orders = None;
        if !self.apart {
            let _ = self.child.kill(); // it may have ended
        }
        let _ = self.child.wait();
    }
}

fn read(line: &str) -> Result<Reply> {
    Reply::parse(line).ok_or(Error::Corrupt("an actor's reply"))
}
