//! Publish/subscribe, with an event service beside each direction: a notification after each sample wakes the receiver.

use ::iceoryx2::port::listener::Listener;
use ::iceoryx2::port::notifier::Notifier;
use ::iceoryx2::prelude::*;
use ipc_core::Result;
use ipc_demo::cpus::Role;

use super::publish::PublishSubscribe;
use super::{ByName, NAME, from, other};
use crate::libraries::refused;
use crate::link::Transfer;
use crate::setup::Setup;

pub(super) struct WithEvents {
    samples: PublishSubscribe,
    notifier: Notifier<ipc::Service>,
    listener: Listener<ipc::Service>,
}

impl ByName for WithEvents {
    fn new(role: Role, setup: &Setup) -> Result<Self> {
        let samples = PublishSubscribe::new(role, setup)?;
        let service = |role| {
            let service = samples.node.service_builder(&from(role)?).event();
            service.open_or_create().map_err(refused(NAME))
        };
        let notifier = service(role)?.notifier_builder().create().map_err(refused(NAME))?;
        let listener = service(other(role))?.listener_builder().create().map_err(refused(NAME))?;
        Ok(Self { samples, notifier, listener })
    }
}

impl Transfer for WithEvents {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        self.samples.send(size, write)?;
        self.notifier.notify().map_err(refused(NAME)).map(drop)
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let sample = loop {
            if let Some(sample) = self.samples.subscriber.receive().map_err(refused(NAME))? {
                break sample;
            }
            self.listener.blocking_wait(|_| {}).map_err(refused(NAME))?;
        };
        read(&sample)
    }
}
