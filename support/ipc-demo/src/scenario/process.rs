//! A process of a scenario, seen from the scenario.

use std::os::unix::process::ExitStatusExt as _;
use std::panic::Location;
use std::rc::Rc;
use std::thread;
use std::time::{Duration, Instant};

use ipc_core::{Call as _, Error, Result};
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use super::context::STEP_TIMEOUT;
use super::event::{Call, Event, Kind, Source};
use super::object::{KernelObject, Performer, Step as _};
use super::performer::{self, outcome};
use super::play::Play;
use super::reply::Reply;
use super::timeline::call_text;
use super::{Failure, ScenarioResult};
use crate::helper_process::{Control, HelperProcess};
use crate::system_call;

type StepOf<O> = <<O as KernelObject>::Performer as Performer>::Step;

/// A process of a scenario. Killed when this value is dropped.
#[derive(Debug)]
pub struct Process<O: KernelObject> {
    name: String,
    helper: HelperProcess,
    control: Control,
    /// The step that has not been answered yet, and the line of the scenario that began it.
    now: Option<(StepOf<O>, &'static Location<'static>)>,
    /// True if it was seen sleeping before it answered.
    slept: bool,
    play: Rc<Play<O>>,
}

/// The end of a process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// By itself, with this status.
    Exited(i32),
    /// By this signal.
    Killed(Signal),
}

impl<O: KernelObject> Process<O> {
    pub(super) fn spawn(name: &str, part: O::Part, play: &Rc<Play<O>>) -> Result<Self> {
        let (helper, control) = performer::spawn(play.object.invite(part)?)?;
        play.started(name, helper.pid());
        let process =
            Self { name: name.into(), helper, control, now: None, slept: false, play: Rc::clone(play) };
        process.record(Event::new(Kind::Start))?;
        Ok(process)
    }

    /// Returns the number of the process.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.helper.pid()
    }

    /// Has the process execute a step, and does not wait.
    ///
    /// # Errors
    /// The process has ended.
    #[track_caller]
    pub fn start(&mut self, step: StepOf<O>) -> Result<()> {
        self.begin(step, Location::caller(), false)
    }

    /// Does the same, and the timeline shows it: for steps that take a while.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    #[track_caller]
    pub fn start_announced(&mut self, step: StepOf<O>) -> Result<()> {
        self.begin(step, Location::caller(), true)
    }

    fn begin(
        &mut self,
        step: StepOf<O>,
        source: &'static Location<'static>,
        is_announced: bool,
    ) -> Result<()> {
        self.now = Some((step, source));
        self.record(Event { is_announced, ..self.of_step(Kind::Begin) })?;
        self.order()
    }

    /// Tells the process to execute its step.
    fn order(&mut self) -> Result<()> {
        self.slept = false;
        self.now.as_ref().map_or(Ok(()), |(step, _)| self.control.send(step))
    }

    /// Waits until the process has executed its step.
    ///
    /// # Errors
    /// The process has ended, or its step takes [too long](STEP_TIMEOUT).
    pub fn finish(&mut self) -> Result<Reply> {
        let reply = self.reply()?;
        self.record_reply(&reply)?;
        Ok(reply)
    }

    /// Returns the reply if the process has executed its step by now.
    ///
    /// # Errors
    /// The process has ended.
    pub fn try_finish(&mut self) -> Result<Option<Reply>> {
        let reply = self.control.receive::<Reply>(Duration::ZERO)?;
        reply.as_ref().map_or(Ok(()), |reply| self.record_reply(reply))?;
        Ok(reply)
    }

    /// Has the process execute a step, and waits until it is done.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    #[track_caller]
    pub fn run(&mut self, step: StepOf<O>) -> Result<Reply> {
        self.start(step)?;
        self.finish()
    }

    /// Does the same, without recording it.
    ///
    /// # Errors
    /// As [`finish`](Self::finish).
    #[track_caller]
    pub fn run_silently(&mut self, step: StepOf<O>) -> Result<Reply> {
        self.now = Some((step, Location::caller()));
        self.order()?;
        self.reply()
    }

    fn reply(&mut self) -> Result<Reply> {
        self.control.receive(STEP_TIMEOUT)?.ok_or_else(|| {
            let step = self.call().as_ref().map(call_text).unwrap_or_default();
            let what = format!("the {} is still executing '{step}'", self.name);
            Error::TimedOut { what, waited: STEP_TIMEOUT }
        })
    }

    fn record_reply(&mut self, reply: &Reply) -> Result<()> {
        let outcome = self.now.as_ref().map(|(step, _)| outcome(step, reply));
        let slept_ms = self.slept.then(|| (reply.took.as_secs_f64() * 1e4).round() / 10.0);
        self.record(Event { outcome, ok: Some(reply.is_ok()), slept_ms, ..self.of_step(Kind::Return) })
    }

    fn source(location: &Location<'_>) -> Source {
        Source::at(location, O::FOLDER)
    }

    fn call(&self) -> Option<Call> {
        self.now.as_ref().map(|(step, _)| step.call())
    }

    /// Returns an event of the step, as of the line that began it.
    fn of_step(&self, kind: Kind) -> Event {
        let source = self.now.as_ref().map(|&(_, source)| Self::source(source));
        Event { call: self.call(), source, ..Event::new(kind) }
    }

    fn record(&self, event: Event) -> Result<()> {
        self.play.record(Event { actor: Some(self.name.clone()), pid: Some(self.pid()), ..event })
    }

    /// Makes a remark on what the process does.
    ///
    /// # Errors
    /// It cannot be printed.
    pub fn note(&self, text: &str) -> Result<()> {
        self.record(Event { text: Some(text.into()), ..Event::new(Kind::Note) })
    }

    /// Waits until `threads` threads of the process sleep in a call on the object.
    ///
    /// # Errors
    /// The claim fails if the step ends before.
    pub fn wait_until_asleep(&mut self, threads: usize) -> ScenarioResult {
        let started = Instant::now();
        while !self.is_asleep(threads)? {
            if let Some(reply) = self.try_finish()? {
                let outcome = self.now.as_ref().map(|(step, _)| outcome(step, &reply)).unwrap_or_default();
                let how = format!("the {} did not sleep; it returned: {outcome}", self.name);
                return Err(Failure::ClaimFailed(how));
            }
            if started.elapsed() > STEP_TIMEOUT {
                let what = format!("the {} does not fall asleep", self.name);
                return Err(Error::TimedOut { what, waited: STEP_TIMEOUT }.into());
            }
            thread::sleep(Duration::from_millis(1));
        }
        self.slept = true;
        let text = (threads > 1).then(|| format!("with {threads} threads"));
        self.record(Event { text, ..self.of_step(Kind::Sleep) })?;
        Ok(())
    }

    /// Returns whether that many threads of the process sleep now in a call on the object, as seen from outside.
    ///
    /// # Errors
    /// The process cannot be inspected.
    pub fn is_asleep(&self, threads: usize) -> Result<bool> {
        if system_call::is_shown(self.pid()) {
            return Ok(self.play.sleepers(self.pid())? == threads);
        }
        // A kernel that does not report the call may still report that the thread sleeps, possibly too early: this
        // allows some time to get from the pipe to the call.
        thread::sleep(Duration::from_millis(50));
        Ok(system_call::asleep(self.pid())? >= threads)
    }

    /// Sends a signal to the process.
    ///
    /// # Errors
    /// As [kill(2)](https://man7.org/linux/man-pages/man2/kill.2.html).
    #[track_caller]
    pub fn signal(&self, signal: Signal) -> Result<()> {
        let (text, source) = (Some(format!("gets {signal}")), Some(Self::source(Location::caller())));
        self.record(Event { text, source, ..Event::new(Kind::Signal) })?;
        kill(Pid::from_raw(self.pid().cast_signed()), signal).call("kill")
    }

    /// Lets the process end by itself.
    ///
    /// # Errors
    /// As [`HelperProcess::wait`].
    pub fn exit(mut self) -> Result<()> {
        self.control.close();
        self.helper.wait()?;
        self.play.ended(self.pid());
        self.record(Event::new(Kind::Exit))
    }

    /// Kills the process, as in a crash.
    ///
    /// # Errors
    /// As [`HelperProcess::wait`].
    #[track_caller]
    pub fn kill(mut self) -> Result<()> {
        self.helper.kill();
        self.helper.wait()?;
        self.ended_by(Signal::SIGKILL, Location::caller())
    }

    /// Has the process execute a step that ends it; returns how it ended.
    ///
    /// # Errors
    /// The process replied, or takes [too long](STEP_TIMEOUT).
    #[track_caller]
    pub fn run_to_its_end(mut self, step: StepOf<O>) -> std::result::Result<Ended, Failure> {
        let source = Location::caller();
        self.begin(step, source, false)?;
        match self.control.receive::<Reply>(STEP_TIMEOUT) {
            Err(Error::Disconnected) => {}
            Err(error) => return Err(error.into()),
            Ok(None) => {
                let what = format!("the {} has not ended", self.name);
                return Err(Error::TimedOut { what, waited: STEP_TIMEOUT }.into());
            }
            Ok(Some(reply)) => {
                self.record_reply(&reply)?;
                return Err(Failure::ClaimFailed(format!("the {} goes on", self.name)));
            }
        }
        let status = self.helper.wait()?;
        if let Some(signal) = status.signal().and_then(|number| Signal::try_from(number).ok()) {
            self.ended_by(signal, source)?;
            return Ok(Ended::Killed(signal));
        }
        self.play.ended(self.pid());
        self.record(Event::new(Kind::Exit))?;
        Ok(Ended::Exited(status.code().unwrap_or(0)))
    }

    fn ended_by(&mut self, signal: Signal, source: &'static Location<'static>) -> Result<()> {
        self.play.ended(self.pid());
        let (text, source) = (Some(format!("is killed ({signal})")), Some(Self::source(source)));
        self.record(Event { text, source, ..Event::new(Kind::Kill) })
    }
}

impl<O: KernelObject> Drop for Process<O> {
    fn drop(&mut self) {
        self.play.ended(self.pid());
    }
}
