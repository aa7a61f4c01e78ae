//! A process of a scenario, seen from the scenario.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::os::unix::process::CommandExt as _;
use std::process::{Child, ChildStdin, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Result};
use ipc_demo::helper_process;
use ipc_msgq::QueueId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::context::{Clock, Failure, STEP_TIMEOUT, ScenarioResult};
use super::narration::{describe, describe_result};
use super::reply::Reply;
use crate::command::users::{asleep, call_of, tasks};

/// Another process: this same program as `worker`. Killed when this value is dropped.
#[derive(Debug)]
pub struct Worker {
    name: String,
    child: Child,
    /// `None` once the process was told to exit.
    steps: Option<ChildStdin>,
    replies: Receiver<String>,
    /// The step that has not been answered yet.
    step: String,
    queue: QueueId,
    clock: Clock,
    /// True if it was seen sleeping before it answered.
    slept: bool,
    /// True if it ends by itself, rather than being killed.
    apart: bool,
}

impl Worker {
    /// Starts the process. If it is `apart` from this process's group, Ctrl-C does not reach it.
    pub fn spawn(name: &str, queue: QueueId, clock: Clock, apart: bool) -> Result<Self> {
        let mut command = helper_process::this_program()?;
        command.args(["worker", &queue.to_string()]).stdin(Stdio::piped()).stdout(Stdio::piped());
        if apart {
            command.process_group(0);
        }
        let mut child = helper_process::spawn(&mut command)?;
        let steps = child.stdin.take();
        let lines = BufReader::new(child.stdout.take().expect("it is a pipe")).lines();
        let (to_us, replies) = channel();
        // The thread ends with the process.
        thread::spawn(move || lines.map_while(std::io::Result::ok).try_for_each(|line| to_us.send(line)));
        Ok(Self {
            name: name.into(),
            child,
            steps,
            replies,
            step: String::new(),
            queue,
            clock,
            slept: false,
            apart,
        })
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Tells the process to execute a step, and does not wait.
    pub fn start(&mut self, step: &str) -> Result<()> {
        step.clone_into(&mut self.step);
        self.slept = false;
        let steps = self.steps.as_mut().ok_or_else(|| Error::Usage("the process was told to exit".into()))?;
        writeln!(steps, "{step}").call("write")
    }

    /// Does the same and logs it: for steps that take a while.
    pub fn start_announced(&mut self, step: &str) -> Result<()> {
        self.start(step)?;
        self.log(&format!("{}: begins", describe(step)))
    }

    /// Waits until the process has executed its step.
    pub fn finish(&mut self) -> Result<Reply> {
        let line = self.replies.recv_timeout(STEP_TIMEOUT).map_err(|error| match error {
            RecvTimeoutError::Timeout => {
                let what = format!("the {} is still executing '{}'", self.name, describe(&self.step));
                Error::TimedOut { what, waited: STEP_TIMEOUT }
            }
            RecvTimeoutError::Disconnected => Error::Disconnected,
        })?;
        self.answered(&line)
    }

    /// Returns the reply if the process has executed its step by now.
    pub fn try_finish(&mut self) -> Result<Option<Reply>> {
        self.replies.try_recv().ok().map(|line| self.answered(&line)).transpose()
    }

    /// Executes a step and waits until it is done.
    pub fn run(&mut self, step: &str) -> Result<Reply> {
        self.start(step)?;
        self.finish()
    }

    /// Does the same, without logging it.
    pub fn run_silently(&mut self, step: &str) -> Result<Reply> {
        self.start(step)?;
        read(&self.replies.recv_timeout(STEP_TIMEOUT).map_err(|_| Error::Disconnected)?)
    }

    fn answered(&self, line: &str) -> Result<Reply> {
        let reply = read(line)?;
        let took = reply.took.as_secs_f64() * 1e3;
        let slept = if self.slept { format!(", having slept {took:.1} ms") } else { String::new() };
        self.log(&format!(
            "{}: {}{slept}",
            describe(&self.step),
            describe_result(&self.step, &reply.result)
        ))?;
        Ok(reply)
    }

    /// Logs a line.
    pub fn log(&self, what: &str) -> Result<()> {
        self.clock.log(&self.name, Some(self.pid()), what)
    }

    /// Waits until `threads` threads of the process sleep in a call on the queue.
    pub fn wait_until_asleep(&mut self, threads: usize) -> ScenarioResult {
        let started = Instant::now();
        while !self.is_asleep(threads)? {
            if let Some(reply) = self.try_finish()? {
                let how = format!("the {} did not sleep; it returned: {}", self.name, reply.result);
                return Err(Failure::ClaimFailed(how));
            }
            if started.elapsed() > STEP_TIMEOUT {
                let what = format!("the {} does not fall asleep", self.name);
                return Err(Error::TimedOut { what, waited: STEP_TIMEOUT }.into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.slept = true;
        let threads = if threads == 1 { String::new() } else { format!(", with {threads} threads") };
        self.log(&format!("{}: sleeps{threads}", describe(&self.step)))?;
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
        self.log(&format!("gets {signal}"))?;
        kill(Pid::from_raw(self.pid().cast_signed()), signal).call("kill")
    }

    /// Lets the process end by itself.
    pub fn exit(mut self) -> Result<()> {
        self.steps = None;
        self.child.wait().call("wait4")?;
        self.log("exits")
    }

    /// Kills the process, as in a crash.
    pub fn kill(mut self) -> Result<()> {
        self.child.kill().call("kill")?;
        self.child.wait().call("wait4")?;
        self.log("is killed (SIGKILL)")
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.steps = None;
        if !self.apart {
            let _ = self.child.kill(); // it may have ended
        }
        let _ = self.child.wait();
    }
}

fn read(line: &str) -> Result<Reply> {
    Reply::parse(line).ok_or(Error::Corrupt("an invalid reply from a worker"))
}
