//! `client`: sends requests to a `serve`.

use std::ffi::OsString;
use std::io::{BufRead as _, stdin};
use std::os::unix::ffi::OsStringExt as _;
use std::time::Duration;

use clap::Args;
use ipc_core::{Advise as _, Call as _, Result};
use ipc_demo::units::parse_duration;
use ipc_demo::{has_input, print_bytes};
use ipc_msgq::server::{self, longest_request};
use nix::errno::Errno;

use super::Status;
use super::name::{self, Name};

/// Send requests to a `serve`, and print the answers
#[derive(Args, Debug)]
pub struct ClientArgs {
    #[command(flatten)]
    server: Name,
    /// Wait no longer than this for each answer: 5, 2s, 100ms
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "10", allow_negative_numbers = true)]
    timeout: Duration,
    /// The request (default: each line of standard input is one)
    #[arg(value_name = "REQUEST")]
    request: Option<OsString>,
}

impl ClientArgs {
    pub fn run(self) -> Result<Status> {
        let queue = self.server.open()?;
        let longest = longest_request(queue)?;
        let mut client = None;
        let mut ask = |text: &[u8]| {
            if text.len() > longest {
                let advice =
                    || format!("a request has at most {longest} bytes (kernel.msgmax, less its header)");
                return Err(Errno::EINVAL).call("msgsnd").advise(Errno::EINVAL, advice);
            }
            let client = match &mut client {
                Some(client) => client,
                // Connects only once there is a request.
                None => client.insert(name::of(queue, server::Client::join(queue, self.timeout))?),
            };
            let answer = name::of(queue, client.request(text))?;
            print_bytes(&[&*answer, b"\n"].concat())
        };
        if let Some(request) = self.request {
            ask(&request.into_vec())?;
        } else {
            has_input()?;
            stdin().lock().split(b'\n').try_for_each(|line| ask(&line.call("read")?))?;
        }
        Ok(Status::Done)
    }
}
