//! `client`: asks a `serve`.

use std::ffi::OsString;
use std::io::{BufRead as _, Write as _};
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use clap::Args;
use ipc_core::demo::parse_seconds;
use ipc_core::process::ProcessId;
use ipc_core::{Advise, Call, Error, Result, lease};
use ipc_msgq::{Limits, Message, MessageType, Queue};
use nix::errno::Errno;

use super::Outcome;
use super::name::{self, Name};
use super::serve::{HEADER, REQUEST};

/// Sends requests to a `serve` and prints the answers
#[derive(Args, Debug)]
pub struct Client {
    #[command(flatten)]
    server: Name,
    /// How long to wait for each answer
    #[arg(long, value_name = "SECONDS", value_parser = parse_seconds, default_value = "10", allow_negative_numbers = true)]
    timeout: Duration,
    /// The request; without it, each line of standard input is one
    #[arg(value_name = "REQUEST")]
    request: Option<OsString>,
}

impl Client {
    pub fn run(self) -> Result<Outcome> {
        let queue = self.server.open()?;
        let longest = Limits::read()?.message_bytes;
        // One that nobody else asks for: 62 random bits, and not the type of the requests.
        let answers = MessageType::new((lease::random() >> 2) as i64 + 2).expect("above 0");
        let asker = Asker { queue, answers, longest, timeout: self.timeout };
        if let Some(request) = self.request {
            asker.ask(&request.into_vec())?;
        } else {
            for line in std::io::stdin().lock().split(b'\n') {
                asker.ask(&line.call("read")?)?;
            }
        }
        Ok(Outcome::Done)
    }
}

struct Asker {
    queue: Queue,
    answers: MessageType,
    longest: usize,
    timeout: Duration,
}

impl Asker {
    /// Asks, waits for the answer and prints it as a line.
    fn ask(&self, text: &[u8]) -> Result<()> {
        let me = ProcessId::current();
        let kind = self.answers.get().to_ne_bytes();
        let request = [&kind, &me.start_time.to_ne_bytes(), &me.pid.to_ne_bytes()[..], text].concat();
        if request.len() > self.longest {
            return Err(Errno::EINVAL).call("msgsnd").advise(Errno::EINVAL, || {
                format!(
                    "a request has {} bytes at most (kernel.msgmax, less its header)",
                    self.longest - HEADER
                )
            });
        }
        let sent = self.queue.send_until(&Message::new(REQUEST, &request), self.timeout);
        name::of(self.queue, sent)?.ok_or_else(|| self.silence())?;
        let mut answer = Message::with_capacity(self.longest);
        let received = self.queue.recv_until(self.answers, &mut answer, self.timeout);
        name::of(self.queue, received)?.ok_or_else(|| self.silence())?;
        let mut stdout = std::io::stdout().lock();
        let written = stdout.write_all(answer.text()).and_then(|()| stdout.write_all(b"\n"));
        written.and_then(|()| stdout.flush()).call("write")
    }

    fn silence(&self) -> Error {
        let what = format!("nobody answers at queue {}: is it one of ipc-msgq serve?", self.queue.id());
        Error::TimedOut { what, waited: self.timeout }
    }
}
