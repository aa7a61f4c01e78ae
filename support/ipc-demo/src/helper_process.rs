//! This program, started again as a helper of its own: the peer of a demo, of a measurement, of a test.
//!
//! ```text
//! PROGRAM helper ROLE ARGUMENT [ADDRESS]
//! ```
//!
//! The *role* names what the helper does; the *argument*, one value as JSON, is all that it has to know. Where the two
//! meet at an address, [`Mechanism::invite`] adds that. A program with helpers asks
//! [`Invitation::of_this_process`] first, before it looks at its own arguments.
//!
//! A helper with a [`Control`] is given orders while it runs: each order and each answer is a line of JSON, through the
//! helper's standard input and output. Most helpers of a demo or a measurement need none: their orders travel over the
//! link itself, as they must between two terminals, which have no other channel.

use std::env;
use std::io::{BufRead as _, Read as _, Write as _};
use std::os::fd::AsFd as _;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitStatus, Stdio};
use std::time::Duration;

use ipc_core::{Advise, Call, Deadline, Error, Mechanism, Result, wait_readable};
use nix::errno::Errno;
use serde::Serialize;
use serde::de::DeserializeOwned;

/// The first argument of a helper.
const HELPER: &str = "helper";

/// Returns the command that runs this program as a helper in `role`.
///
/// # Errors
/// `ENOENT`: there is no `/proc`, which holds the path of this program.
///
/// # Panics
/// `argument` cannot be JSON: a map whose keys are not text.
pub fn command(role: &str, argument: &impl Serialize) -> Result<Command> {
    let path =
        env::current_exe().map_err(|error| error.raw_os_error().map_or(Errno::ENOENT, Errno::from_raw));
    let path = path.call("readlink").on("/proc/self/exe").advise(Errno::ENOENT, || "mount /proc".into())?;
    let mut command = Command::new(path);
    command.args([HELPER, role, &json(argument)]);
    Ok(command)
}

fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).expect("orders and answers are plain data")
}

/// The task of this process, if it is a helper.
#[derive(Clone, Debug)]
pub struct Invitation {
    /// The name of what it does.
    pub role: String,
    argument: String,
    address: Option<String>,
}

impl Invitation {
    /// Returns the task of this process, or `None` if it was started by a user.
    #[must_use]
    pub fn of_this_process() -> Option<Self> {
        let mut words = env::args_os().skip(1).map(|word| word.to_string_lossy().into_owned());
        if words.next()? != HELPER {
            return None;
        }
        Some(Self { role: words.next()?, argument: words.next()?, address: words.next() })
    }

    /// Returns the argument.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): it is of another role.
    pub fn argument<T: DeserializeOwned>(&self) -> Result<T> {
        let Self { role, argument, .. } = self;
        let invalid =
            |error| Error::Usage(format!("invalid argument '{argument}' of the helper '{role}': {error}"));
        serde_json::from_str(argument).map_err(invalid)
    }

    /// Returns the address where the other side is.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): there is none.
    pub fn address(&self) -> Result<&str> {
        let missing = || Error::Usage(format!("the helper '{}' needs an address", self.role));
        self.address.as_deref().ok_or_else(missing)
    }

    /// Returns the orders of the process that started this one. They end with that process.
    pub fn orders<T: DeserializeOwned>() -> impl Iterator<Item = Result<T>> {
        let lines = std::io::stdin().lock().lines().map_while(std::result::Result::ok);
        lines.map(|line| parse(line.as_bytes()))
    }

    /// Sends an answer to the process that started this one.
    ///
    /// # Errors
    /// `EPIPE`: that process has ended.
    pub fn answer(answer: &impl Serialize) -> Result<()> {
        let mut out = std::io::stdout().lock();
        out.write_all((json(answer) + "\n").as_bytes()).and_then(|()| out.flush()).call("write")
    }
}

fn parse<T: DeserializeOwned>(line: &[u8]) -> Result<T> {
    serde_json::from_slice(line).map_err(|_| Error::Corrupt("a line that was not agreed on"))
}

/// Starts `command`; an error names the call that failed.
///
/// # Errors
/// `clone`, with `EAGAIN` or `ENOMEM`: no more processes are possible. `pipe2`: this process has no free descriptor.
/// `execve`, with all other errors: the program does not exist, or cannot be run.
pub fn spawn(command: &mut Command) -> Result<Child> {
    let errno = match command.spawn() {
        Ok(child) => return Ok(child),
        Err(error) => error.raw_os_error().map_or(Errno::EIO, Errno::from_raw),
    };
    match errno {
        Errno::EAGAIN | Errno::ENOMEM => Err(errno).call("clone"),
        Errno::EMFILE | Errno::ENFILE => Err(errno).call("pipe2"),
        _ => Err(errno).call("execve").on(command.get_program().display()),
    }
}

/// A child process. It does not outlive this value: if dropped before its end was [waited for](Self::wait), it is
/// killed.
#[derive(Debug)]
pub struct HelperProcess(Child);

/// The interval at which [`HelperProcess::accept`] checks that the child is still there.
const LOOK_EVERY: Duration = Duration::from_millis(50);

impl HelperProcess {
    /// Starts `command`, and closes the descriptors that it holds for the child: a copy of the child's end of a pipe
    /// that stayed open here would keep this side from ever seeing the end of file.
    ///
    /// # Errors
    /// As [`spawn`].
    pub fn spawn(mut command: Command) -> Result<Self> {
        spawn(&mut command).map(Self)
    }

    /// Starts `command` with a pipe each way.
    ///
    /// # Errors
    /// As [`spawn`].
    pub fn spawn_controlled(mut command: Command) -> Result<(Self, Control)> {
        let mut child = spawn(command.stdin(Stdio::piped()).stdout(Stdio::piped()))?;
        let answers = child.stdout.take().expect("it is a pipe");
        let control = Control { orders: child.stdin.take(), answers, received: Vec::new() };
        Ok((Self(child), control))
    }

    /// Returns the child's process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.0.id()
    }

    /// Waits for the child to join `meeting`, for at most `timeout`, or until it has ended.
    ///
    /// # Errors
    /// As [`Mechanism::accept`]; [`Disconnected`](Error::Disconnected) if the child ended without joining.
    pub fn accept<M: Mechanism>(&mut self, meeting: &mut M, timeout: Duration) -> Result<M::Link> {
        let deadline = Deadline::after(timeout);
        loop {
            match meeting.accept(LOOK_EVERY) {
                Err(Error::TimedOut { what, .. }) if deadline.has_passed() => {
                    return Err(Error::TimedOut { what, waited: timeout });
                }
                Err(Error::TimedOut { .. }) => {
                    if self.try_wait()?.is_some() {
                        return Err(Error::Disconnected);
                    }
                }
                accepted => return accepted,
            }
        }
    }

    /// Ends the child at once, as `kill -KILL` does: the child can neither catch that nor clean up.
    pub fn kill(&mut self) {
        let _ = self.0.kill(); // an error means that it has already ended
    }

    /// Returns the exit status if the child has ended.
    ///
    /// # Errors
    /// As [`wait`](Self::wait).
    pub fn try_wait(&mut self) -> Result<Option<ExitStatus>> {
        self.0.try_wait().call("waitpid")
    }

    /// Waits until the child has ended by itself.
    ///
    /// # Errors
    /// `ECHILD`: this process ignores SIGCHLD, so the kernel has not kept the child's exit status.
    pub fn wait(&mut self) -> Result<ExitStatus> {
        self.0.wait().call("waitpid")
    }
}

impl Drop for HelperProcess {
    fn drop(&mut self) {
        self.kill();
        let _ = self.0.wait();
    }
}

/// The pipes to a helper and from it.
#[derive(Debug)]
pub struct Control {
    /// `None` once no more orders will come.
    orders: Option<ChildStdin>,
    answers: ChildStdout,
    /// The bytes of answers that were not returned yet.
    received: Vec<u8>,
}

impl Control {
    /// Sends an order.
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): the helper has ended, or was told that no more orders will come.
    pub fn send(&mut self, order: &impl Serialize) -> Result<()> {
        let line = json(order) + "\n";
        let sent = self.orders.as_mut().map(|orders| orders.write_all(line.as_bytes()));
        if matches!(sent, Some(Ok(()))) { Ok(()) } else { Err(Error::Disconnected) }
    }

    /// Receives the next answer, waiting at most `timeout` for it; `None` means "not in time".
    ///
    /// # Errors
    /// [`Disconnected`](Error::Disconnected): the helper has ended. [`Corrupt`](Error::Corrupt): it answered something
    /// else.
    pub fn receive<T: DeserializeOwned>(&mut self, timeout: Duration) -> Result<Option<T>> {
        let deadline = Deadline::after(timeout);
        let mut buffer = [0; 4096];
        loop {
            if let Some(end) = self.received.iter().position(|&byte| byte == b'\n') {
                let line: Vec<u8> = self.received.drain(..=end).collect();
                return parse(&line).map(Some);
            }
            if !wait_readable([self.answers.as_fd()], deadline.left(Duration::MAX))? {
                return Ok(None);
            }
            match self.answers.read(&mut buffer).call("read")? {
                0 => return Err(Error::Disconnected),
                len => self.received.extend(&buffer[..len]),
            }
        }
    }

    /// Lets the helper end by itself: no more orders will come.
    pub fn close(&mut self) {
        self.orders = None;
    }
}

#[cfg(test)]
mod tests {
    use ipc_conformance::watchdog::{PATIENCE, over_this_test};

    use super::*;

    /// Starts a shell script as a helper.
    fn helper(script: &str) -> (HelperProcess, Control) {
        over_this_test();
        let mut shell = Command::new("sh");
        shell.args(["-c", script]);
        HelperProcess::spawn_controlled(shell).unwrap()
    }

    /// An answer may come in parts, and two at once; after the last order, the helper ends by itself.
    #[test]
    fn each_answer_is_a_line() {
        let (mut helper, mut control) =
            helper(r#"read x; printf '%s\n"two' "$x"; read x; echo '"'; read x; exit 7"#);
        let receive = |control: &mut Control, time| control.receive::<String>(time).unwrap();
        assert_eq!(receive(&mut control, Duration::from_millis(10)), None);
        control.send(&"one").unwrap();
        assert_eq!(receive(&mut control, PATIENCE).as_deref(), Some("one"));
        assert_eq!(receive(&mut control, Duration::from_millis(10)), None, "half an answer");
        control.send(&"go on").unwrap();
        assert_eq!(receive(&mut control, PATIENCE).as_deref(), Some("two"));
        control.close();
        assert!(matches!(control.receive::<String>(PATIENCE), Err(Error::Disconnected)));
        assert!(matches!(control.send(&"three"), Err(Error::Disconnected)));
        assert_eq!(helper.wait().unwrap().code(), Some(7));
    }

    /// Half an answer of a helper that has ended is none.
    #[test]
    fn a_line_that_is_no_answer_is_corrupt() {
        let (_helper, mut control) = helper("echo text; printf 12");
        assert!(matches!(control.receive::<u32>(PATIENCE), Err(Error::Corrupt(_))));
        assert!(matches!(control.receive::<u32>(PATIENCE), Err(Error::Disconnected)));
    }
}
