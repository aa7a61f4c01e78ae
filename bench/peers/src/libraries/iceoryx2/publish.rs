//! Publish/subscribe: a service for each direction.

use ::iceoryx2::port::publisher::Publisher;
use ::iceoryx2::port::subscriber::Subscriber;
use ::iceoryx2::prelude::*;
use ipc_core::Result;
use ipc_demo::cpus::Role;
use ipc_demo::helper_process::HelperProcess;

use super::{BUFFER, NAME, bytes, from, node, other};
use crate::libraries::refused;
use crate::link::{Link, Transfer};
use crate::setup::{Setup, Waiting};

pub(super) struct PublishSubscribe {
    pub(super) publisher: Publisher<ipc::Service, [u8], ()>,
    pub(super) subscriber: Subscriber<ipc::Service, [u8], ()>,
    waiting: Waiting,
    pub(super) node: Node<ipc::Service>,
}

impl PublishSubscribe {
    pub(super) fn new(role: Role, setup: &Setup) -> Result<Self> {
        let node = node(setup)?;
        let service = |role| {
            let service = node.service_builder(&from(role)?).publish_subscribe::<[u8]>();
            let service =
                service.enable_safe_overflow(false).subscriber_max_buffer_size(BUFFER).max_subscribers(1);
            service.max_publishers(1).open_or_create().map_err(refused(NAME))
        };
        let ours = service(role)?;
        let publisher = ours.publisher_builder().initial_max_slice_len(setup.size);
        let publisher = publisher.backpressure_strategy(BackpressureStrategy::RetryUntilDelivered);
        Ok(Self {
            publisher: publisher.create().map_err(refused(NAME))?,
            subscriber: service(other(role))?.subscriber_builder().create().map_err(refused(NAME))?,
            waiting: setup.waiting()?,
            node,
        })
    }
}

impl Link for PublishSubscribe {
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

#[allow(unsafe_code)]
impl Transfer for PublishSubscribe {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        let mut sample = self.publisher.loan_slice_uninit(size).map_err(refused(NAME))?;
        write(bytes(sample.payload_mut()));
        // SAFETY: `write` has written all of it.
        let sample = unsafe { sample.assume_init() };
        sample.send().map_err(refused(NAME)).map(drop)
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let sample = self.waiting.until(|| self.subscriber.receive().map_err(refused(NAME)))?;
        read(&sample)
    }
}
