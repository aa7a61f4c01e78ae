//! Publish/subscribe: a service for each direction.

use ::iceoryx2::port::publisher::Publisher;
use ::iceoryx2::port::subscriber::Subscriber;
use ::iceoryx2::prelude::*;
use ipc_core::Result;
use ipc_demo::cpus::Role;

use super::{BUFFER, ByName, NAME, from, node, other, sys};
use crate::libraries::refused;
use crate::link::Transfer;
use crate::setup::{Setup, Waiting};

pub(super) type BytePublisher = Publisher<ipc::Service, [u8], ()>;

pub(super) struct PublishSubscribe {
    publisher: BytePublisher,
    pub(super) subscriber: Subscriber<ipc::Service, [u8], ()>,
    waiting: Waiting,
    pub(super) node: Node<ipc::Service>,
}

impl ByName for PublishSubscribe {
    fn new(role: Role, setup: &Setup) -> Result<Self> {
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

impl Transfer for PublishSubscribe {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        sys::publish(&self.publisher, size, write).map_err(refused(NAME))
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let sample = self.waiting.until(|| self.subscriber.receive().map_err(refused(NAME)))?;
        read(&sample)
    }
}
