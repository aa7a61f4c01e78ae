//! A process of a scenario, seen from the scenario.

use std::fs;
use std::os::unix::process::CommandExt as _;
use std::panic::Location;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call, Error, Result};
use ipc_demo::helper_process::{self, Control, HelperProcess};
use ipc_msgq::QueueId;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::context::{Clock, Failure, STEP_TIMEOUT, ScenarioResult};
use super::narration::{describe, describe_result};
use super::reply::Reply;
use super::worker_process::WORKER;
use crate::command::users::{asleep, call_of, tasks};

/// A helper process in the role [`WORKER`]. Killed when this value is dropped.
#[derive(Debug)]
pub struct Worker {
    name: String,
    process: HelperProcess,
    control: Control,
    /// The step that has not been answered yet.
    step: String,
    /// The line of the scenario that began the step.
    source: &'static Location<'static>,
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
        let mut command = helper_process::command(WORKER, &queue.get())?;
        if apart {
            command.process_group(0);
        }
        let (process, control) = HelperProcess::spawn_controlled(command)?;
        Ok(Self {
            name: name.into(),
            process,
            control,
            step: String::new(),
            source: Location::caller(),
            queue,
            clock,
            slept: false,
            apart,
        })
    }

    pub fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Tells the process to execute a step, and does not wait.
    #[track_caller]
    pub fn start(&mut self, step: &str) -> Result<()> {
        step.clone_into(&mut self.step);
        self.source = Location::caller();
        self.slept = false;
        self.control.send(&step)
    }

    /// Does the same and logs it: for steps that take a while.
    #[track_caller]
    pub fn start_announced(&mut self, step: &str) -> Result<()> {
        self.start(step)?;
        self.log_step("begins")
    }

    /// Waits until the process has executed its step.
    pub fn finish(&mut self) -> Result<Reply> {
        let reply = self.reply()?;
        self.log_reply(&reply)?;
        Ok(reply)
    }

    /// Returns the reply if the process has executed its step by now.
    pub fn try_finish(&mut self) -> Result<Option<Reply>> {
        let reply = self.control.receive::<Reply>(Duration::ZERO)?;
        reply.as_ref().map_or(Ok(()), |reply| self.log_reply(reply))?;
        Ok(reply)
    }

    /// Executes a step and waits until it is done.
    #[track_caller]
    pub fn run(&mut self, step: &str) -> Result<Reply> {
        self.start(step)?;
        self.finish()
    }

    /// Does the same, without logging it.
    #[track_caller]
    pub fn run_silently(&mut self, step: &str) -> Result<Reply> {
        self.start(step)?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply> {
        self.control.receive(STEP_TIMEOUT)?.ok_or_else(|| {
            let what = format!("the {} is still executing '{}'", self.name, describe(&self.step));
            Error::TimedOut { what, waited: STEP_TIMEOUT }
        })
    }

    fn log_reply(&self, reply: &Reply) -> Result<()> {
        let took = reply.took.as_secs_f64() * 1e3;
        let slept = if self.slept { format!(", having slept {took:.1} ms") } else { String::new() };
        self.log_step(&format!("{}{slept}", describe_result(&self.step, &reply.result)))
    }

    /// Logs the step, as of the line that began it.
    fn log_step(&self, how: &str) -> Result<()> {
        let what = format!("{}: {how}", describe(&self.step));
        self.clock.log_call(&self.name, self.pid(), &what, self.source)
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
        self.log_step(&format!("sleeps{threads}"))?;
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

    #[track_caller]
    pub fn signal(&self, signal: Signal) -> Result<()> {
        self.clock.log_call(&self.name, self.pid(), &format!("gets {signal}"), Location::caller())?;
        kill(Pid::from_raw(self.pid().cast_signed()), signal).call("kill")
    }

    /// Lets the process end by itself.
    pub fn exit(mut self) -> Result<()> {
        self.control.close();
        self.process.wait()?;
        self.log("exits")
    }

    /// Kills the process, as in a crash.
    #[track_caller]
    pub fn kill(mut self) -> Result<()> {
        self.process.kill();
        self.process.wait()?;
        self.clock.log_call(&self.name, self.pid(), "is killed (SIGKILL)", Location::caller())
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        self.control.close();
        if self.apart {
            let _ = self.process.wait(); // it may have been waited for
        }
    }
}
