//! Request/response: a request opens a channel of its own, on which its responses come.

use ::iceoryx2::active_request::ActiveRequest;
use ::iceoryx2::pending_response::PendingResponse;
use ::iceoryx2::port::client::Client;
use ::iceoryx2::port::server::Server;
use ::iceoryx2::prelude::*;
use ipc_core::{Error, Result};
use ipc_demo::helper_process::HelperProcess;

use super::{NAME, bytes, node};
use crate::libraries::refused;
use crate::link::{Link, Transfer};
use crate::setup::{Setup, Waiting};

type S = ipc::Service;
type Asked = PendingResponse<S, [u8], (), [u8], ()>;
type Taken = ActiveRequest<S, [u8], (), [u8], ()>;

pub(super) struct RequestResponse {
    side: Side,
    waiting: Waiting,
    _node: Node<S>,
}

/// The client asks, and holds the request until its response has come; the server holds it until it has answered.
enum Side {
    Client(Client<S, [u8], (), [u8], ()>, Option<Asked>),
    Server(Server<S, [u8], (), [u8], ()>, Option<Taken>),
}

impl RequestResponse {
    fn new(setup: &Setup, is_client: bool) -> Result<Self> {
        let node = node(setup)?;
        let name: ServiceName = "requests".try_into().map_err(refused(NAME))?;
        let service = node.service_builder(&name).request_response::<[u8], [u8]>();
        let service = service.open_or_create().map_err(refused(NAME))?;
        let side = if is_client {
            let client = service.client_builder().initial_max_slice_len(setup.size);
            Side::Client(client.create().map_err(refused(NAME))?, None)
        } else {
            let server = service.server_builder().initial_max_slice_len(setup.size);
            Side::Server(server.create().map_err(refused(NAME))?, None)
        };
        Ok(Self { side, waiting: setup.waiting()?, _node: node })
    }
}

impl Link for RequestResponse {
    type Meeting = Self;

    fn create(setup: &Setup) -> Result<Self> {
        Self::new(setup, true)
    }

    fn accept(meeting: Self, _: &mut HelperProcess, _: &Setup) -> Result<Self> {
        Ok(meeting)
    }

    fn join(setup: &Setup, _: &str) -> Result<Self> {
        Self::new(setup, false)
    }
}

#[allow(unsafe_code)]
impl Transfer for RequestResponse {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        match &mut self.side {
            Side::Client(client, pending) => {
                let mut request = client.loan_slice_uninit(size).map_err(refused(NAME))?;
                write(bytes(request.payload_mut()));
                // SAFETY: `write` has written all of it.
                let request = unsafe { request.assume_init() };
                *pending = Some(request.send().map_err(refused(NAME))?);
            }
            Side::Server(_, active) => {
                let request = active.take().ok_or(Error::Corrupt("a response without a request"))?;
                let mut response = request.loan_slice_uninit(size).map_err(refused(NAME))?;
                write(bytes(response.payload_mut()));
                // SAFETY: as above.
                let response = unsafe { response.assume_init() };
                response.send().map_err(refused(NAME))?;
            }
        }
        Ok(())
    }

    #[inline]
    fn receive(&mut self, _: usize, read: impl FnOnce(&[u8]) -> Result<()>) -> Result<()> {
        let waiting = self.waiting;
        match &mut self.side {
            Side::Client(_, pending) => {
                let pending = pending.take().ok_or(Error::Corrupt("a response without a request"))?;
                read(&waiting.until(|| pending.receive().map_err(refused(NAME)))?)
            }
            Side::Server(server, active) => {
                let request = waiting.until(|| server.receive().map_err(refused(NAME)))?;
                read(&request)?;
                *active = Some(request);
                Ok(())
            }
        }
    }
}
