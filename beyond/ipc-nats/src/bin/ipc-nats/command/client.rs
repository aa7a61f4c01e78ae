//! `client`: sends requests to a `serve`.

use std::ffi::OsString;
use std::io::{BufRead as _, stdin};
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use async_nats::client::{Request, RequestErrorKind};
use clap::Args;
use ipc_core::{Call as _, Error, Result};
use ipc_demo::units::parse_duration;
use ipc_demo::{has_input, print_bytes};
use ipc_nats::{Connection, LinkName, ServerOptions};

use super::serve::subject;

/// Send requests to a `serve`, and print the answers
#[derive(Args, Debug)]
pub struct ClientArgs {
    /// The name that `serve` printed
    #[arg(value_name = "NAME")]
    name: LinkName,
    /// The request (default: each line of standard input is one)
    #[arg(value_name = "REQUEST")]
    request: Option<OsString>,
    /// Wait no longer than this for each answer: 5, 2s, 100ms
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10", allow_negative_numbers = true)]
    timeout: Duration,
}

impl ClientArgs {
    pub fn run(self) -> Result<()> {
        let connection = Connection::open(&ServerOptions::current())?;
        let ask = |text: Vec<u8>| {
            let answer = self.ask(&connection, text)?;
            print_bytes(&[&*answer, b"\n"].concat())
        };
        if let Some(request) = &self.request {
            return ask(request.clone().into_vec());
        }
        has_input()?;
        stdin().lock().split(b'\n').try_for_each(|line| ask(line.call("read")?))
    }

    fn ask(&self, connection: &Connection, text: Vec<u8>) -> Result<Vec<u8>> {
        let (len, max) = (text.len(), connection.server().max_payload);
        if len > max {
            return Err(Error::TooLarge { len, max });
        }
        let request = Request::new().payload(text.into()).timeout(Some(self.timeout));
        let answer = connection.wait(connection.client().send_request(subject(&self.name), request));
        answer.map(|answer| answer.payload.to_vec()).map_err(|error| match error.kind() {
            RequestErrorKind::NoResponders => Error::Refused(format!(
                "no responders: nothing serves {0} at {1}: is `ipc-nats serve {0}` running?",
                self.name,
                connection.options().url
            )),
            RequestErrorKind::TimedOut => Error::TimedOut {
                what: format!("no answer from {}: it took the request, and may have died", self.name),
                waited: self.timeout,
            },
            _ => Error::Refused(format!("no answer from {}: {error}", self.name)),
        })
    }
}
