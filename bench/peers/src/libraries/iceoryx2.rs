//! [iceoryx2](https://docs.rs/iceoryx2): services with a name in shared memory. A sample is written where it is read; what
//! travels is its offset. Many publishers and subscribers may meet at one service.
//!
//! | participant | waits by | plays |
//! |---|---|---|
//! | `iceoryx2` | polling `receive`: publish/subscribe has no call that sleeps | both |
//! | `iceoryx2-event` | an event service beside it, in whose listener the receiver sleeps | both |
//! | `iceoryx2-request` | polling: request/response | round trips |

mod event;
mod publish;
mod request;
mod sys;

use ::iceoryx2::prelude::*;
use ipc_core::Result;
use ipc_demo::cpus::Role;
use ipc_demo::exchange::Pattern;
use ipc_demo::helper_process::HelperProcess;

use super::refused;
use crate::link::{Link, Transfer};
use crate::participants::{Exchange, Participant};
use crate::setup::Setup;

const NAME: &str = "iceoryx2";

/// The samples that fit between the two: enough that a stream does not run in lock-step.
const BUFFER: usize = 256;

pub fn all() -> [Participant; 3] {
    let beside = ("shm", "posix");
    let all = [
        Participant::of::<publish::PublishSubscribe>(
            NAME,
            || format!("iceoryx2 {} publish", env!("VERSION_ICEORYX2")),
            beside,
            no_sleep,
        ),
        Participant::of::<event::WithEvents>(
            "iceoryx2-event",
            || format!("iceoryx2 {} event", env!("VERSION_ICEORYX2")),
            beside,
            no_poll,
        ),
        Participant::of::<request::RequestResponse>(
            "iceoryx2-request",
            || format!("iceoryx2 {} request", env!("VERSION_ICEORYX2")),
            beside,
            no_stream,
        ),
    ];
    all.map(|participant| Participant { clean, ..participant })
}

/// Removes the shared memory of this exchange: the library keeps a segment of its own for each prefix, and that of a process
/// that was killed. Its files go with the directory of the exchange.
fn clean(setup: &Setup) {
    let prefix = format!("{}_", setup.name);
    for entry in std::fs::read_dir("/dev/shm").into_iter().flatten().flatten() {
        if entry.file_name().to_string_lossy().starts_with(&prefix) {
            let _ = std::fs::remove_file(entry.path()); // both processes have ended
        }
    }
}

fn config(setup: &Setup) -> Result<Config> {
    let mut config = Config::default();
    let root = setup.dir.join("iceoryx2").display().to_string();
    config.global.set_root_path(&Path::new(root.as_bytes()).map_err(refused(NAME))?);
    config.global.prefix = FileName::new(format!("{}_", setup.name).as_bytes()).map_err(refused(NAME))?;
    Ok(config)
}

fn no_sleep(exchange: &Exchange) -> Option<&'static str> {
    (!exchange.polls()).then_some("publish/subscribe has no call that sleeps: see its event service")
}

fn no_poll(exchange: &Exchange) -> Option<&'static str> {
    exchange.polls().then_some("a receiver that polls needs no event service")
}

fn no_stream(exchange: &Exchange) -> Option<&'static str> {
    if exchange.pattern == Pattern::Stream {
        return Some("each request has a response: no stream in one direction");
    }
    (!exchange.polls()).then_some("request/response has no call that sleeps")
}

/// Returns a node whose files are in the directory of this exchange.
fn node(setup: &Setup) -> Result<Node<ipc::Service>> {
    set_log_level(LogLevel::Error);
    NodeBuilder::new().config(&config(setup)?).create().map_err(refused(NAME))
}

/// An end that needs nothing of the other but the names of their services.
trait ByName: Transfer + Sized {
    fn new(role: Role, setup: &Setup) -> Result<Self>;
}

impl<E: ByName> Link for E {
    type Meeting = Self;

    fn create(setup: &Setup) -> Result<Self> {
        Self::new(Role::Ping, setup)
    }

    fn accept(meeting: Self, _: &mut HelperProcess, _: &Setup) -> Result<Self> {
        Ok(meeting)
    }

    fn join(setup: &Setup, _: &str) -> Result<Self> {
        Self::new(Role::Pong, setup)
    }
}

/// Returns the name of the service for what `role` sends.
fn from(role: Role) -> Result<ServiceName> {
    let name = match role {
        Role::Ping => "from ping",
        Role::Pong => "from pong",
    };
    name.try_into().map_err(refused(NAME))
}

fn other(role: Role) -> Role {
    match role {
        Role::Ping => Role::Pong,
        Role::Pong => Role::Ping,
    }
}
