//! Bare C: what the same exchange takes without any library, in processes of one thread. The files are in `c/`; each
//! offers the same five functions.

mod files;
mod sys;

use std::process::Command;
use std::time::Duration;

use ipc_core::Result;
use ipc_demo::cpus::Role;
use ipc_demo::exchange::{Pattern, Workload};
use ipc_demo::helper_process::HelperProcess;

use self::files::FILES;
use self::sys::{Functions, Opened, Order};
use crate::link::Side;
use crate::participants::{Accept, Participant, Where};
use crate::setup::Setup;

/// Returns a participant for each file.
pub fn all() -> impl Iterator<Item = Participant> {
    FILES.iter().map(|file| Participant {
        name: file.name.into(),
        implementation: file.implementation,
        beside: file.beside,
        flush_every: file.flush_every,
        refusal: file.refusal,
        sides: Where::Processes { create, join },
        clean: |setup| functions(setup).remove(setup),
    })
}

fn functions(setup: &Setup) -> &'static Functions {
    let found = FILES.iter().find(|file| file.name == setup.participant);
    found.expect("the participant was found by this name").functions
}

fn create(setup: &Setup, command: &mut Command) -> Result<Accept> {
    let numbers = functions(setup).create(setup)?;
    command.arg(numbers.argument());
    Ok(Box::new(move |_: &mut HelperProcess, setup: &Setup| {
        Ok(Box::new(functions(setup).open(setup, Role::Ping, numbers)?))
    }))
}

fn join(setup: &Setup, address: &str) -> Result<Box<dyn Side>> {
    Ok(Box::new(functions(setup).open(setup, Role::Pong, address.parse()?)?))
}

impl Side for Opened {
    fn play(&mut self, order: &Workload) -> Result<Duration> {
        let &Workload { pattern, verify, size, count, .. } = order;
        let order = Order { round_trip: pattern != Pattern::Stream, verify, size, count };
        Opened::play(self, &order).map(Duration::from_nanos)
    }
}
