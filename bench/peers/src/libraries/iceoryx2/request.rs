//! Request/response: a request opens a channel of its own, on which its responses come.

use ::iceoryx2::active_request::ActiveRequest;
use ::iceoryx2::pending_response::PendingResponse;
use ::iceoryx2::port::client::Client;
use ::iceoryx2::port::server::Server;
use ::iceoryx2::prelude::*;
use ipc_core::{Error, Result};
use ipc_demo::cpus::Role;

use super::{ByName, NAME, node, sys};
use crate::libraries::refused;
use crate::link::Transfer;
use crate::setup::{Setup, Waiting};

type S = ipc::Service;
pub(super) type ByteClient = Client<S, [u8], (), [u8], ()>;
pub(super) type Asked = PendingResponse<S, [u8], (), [u8], ()>;
pub(super) type Taken = ActiveRequest<S, [u8], (), [u8], ()>;

pub(super) struct RequestResponse {
    side: Side,
    waiting: Waiting,
    _node: Node<S>,
}

/// The client asks, and holds the request until its response has come; the server holds it until it has answered.
enum Side {
    Client(ByteClient, Option<Asked>),
    Server(Server<S, [u8], (), [u8], ()>, Option<Taken>),
}

impl ByName for RequestResponse {
    fn new(role: Role, setup: &Setup) -> Result<Self> {
        let node = node(setup)?;
        let name: ServiceName = "requests".try_into().map_err(refused(NAME))?;
        let service = node.service_builder(&name).request_response::<[u8], [u8]>();
        let service = service.open_or_create().map_err(refused(NAME))?;
        let side = match role {
            Role::Ping => {
                let client = service.client_builder().initial_max_slice_len(setup.size);
                Side::Client(client.create().map_err(refused(NAME))?, None)
            }
            Role::Pong => {
                let server = service.server_builder().initial_max_slice_len(setup.size);
                Side::Server(server.create().map_err(refused(NAME))?, None)
            }
        };
        Ok(Self { side, waiting: setup.waiting()?, _node: node })
    }
}

impl Transfer for RequestResponse {
    #[inline]
    fn send(&mut self, size: usize, write: impl FnOnce(&mut [u8])) -> Result<()> {
        match &mut self.side {
            Side::Client(client, pending) => {
                *pending = Some(sys::ask(client, size, write).map_err(refused(NAME))?);
            }
            Side::Server(_, active) => {
                let request = active.take().ok_or(Error::Corrupt("a response without a request"))?;
                sys::answer(&request, size, write).map_err(refused(NAME))?;
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
