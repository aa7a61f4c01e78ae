//! The suite: each variant of each mechanism through its public API, between the same two processes as all others.

use std::process::Command;
use std::time::Duration;

use ipc_bench::results::implementation::Implementation;
use ipc_bench::results::registry;
use ipc_core::ownership::CreationGuard;
use ipc_core::{Mechanism, Receiver as _, Result, Sender as _, Visitor, Waiting};
use ipc_demo::exchange::Pattern;
use ipc_demo::helper_process::HelperProcess;

use super::any;
use crate::link::{BATCH, Link, Transfer};
use crate::participants::{Exchange, Participant};
use crate::setup::Setup;

const JOIN_TIMEOUT: Duration = Duration::from_secs(30);

/// Returns two participants for each variant: one sends each message by itself, the other gathers them.
pub fn all() -> Vec<Participant> {
    let mut all = Collected(Vec::new());
    registry::visit_all(&mut all);
    all.0
}

struct Collected(Vec<Participant>);

impl Visitor for Collected {
    fn variant<M: Mechanism + 'static>(&mut self) {
        let (mechanism, variant) = (M::PROFILE.name, M::VARIANT.name);
        let (name, beside) = (format!("{mechanism}-{variant}"), (mechanism, variant));
        let batched = format!("{name}-batched");
        let implementation = || Implementation::Suite.name().into();
        self.0.push(Participant::of::<Suite<M, false>>(name, implementation, beside, any));
        let gathers = Participant::of::<Suite<M, true>>(batched, implementation, beside, only_streams);
        self.0.push(Participant { flush_every: BATCH, ..gathers });
    }
}

fn only_streams(exchange: &Exchange) -> Option<&'static str> {
    (exchange.pattern != Pattern::Stream).then_some("a round trip has nothing to gather")
}

/// A link of the suite, and a message: its calls take and fill slices.
struct Suite<M: Mechanism, const BATCHED: bool> {
    link: Waiting<M::Link>,
    message: Vec<u8>,
}

impl<M: Mechanism, const BATCHED: bool> Suite<M, BATCHED> {
    fn new(link: M::Link, setup: &Setup) -> Result<Self> {
        Ok(Self { link: Waiting::new(link, setup.wait()?), message: vec![1; setup.size] })
    }
}

impl<M: Mechanism, const BATCHED: bool> Link for Suite<M, BATCHED> {
    type Meeting = M;

    fn create(_: &Setup) -> Result<M> {
        let _guard = CreationGuard::new();
        M::create(None, &ipc_core::Setup::default())
    }

    fn invite(meeting: &mut M, command: &mut Command) -> Result<()> {
        meeting.invite(command)
    }

    fn accept(mut meeting: M, child: &mut HelperProcess, setup: &Setup) -> Result<Self> {
        Self::new(child.accept(&mut meeting, JOIN_TIMEOUT)?, setup)
    }

    fn join(setup: &Setup, address: &str) -> Result<Self> {
        Self::new(M::join(address, &ipc_core::Setup::default(), JOIN_TIMEOUT)?, setup)
    }
}

impl<M: Mechanism, const BATCHED: bool> Transfer for Suite<M, BATCHED> {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        write(&mut self.message[..size]);
        if BATCHED { self.link.feed(&self.message[..size]) } else { self.link.send(&self.message[..size]) }
    }

    #[inline]
    fn flush(&mut self) -> Result<()> {
        if BATCHED { self.link.flush() } else { Ok(()) }
    }

    #[inline]
    fn receive(&mut self, size: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let len = self.link.recv(&mut self.message[..size])?;
        read(&self.message[..len])
    }
}
