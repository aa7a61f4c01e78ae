//! `serve`: answers many clients.

use clap::Args;
use futures_util::StreamExt as _;
use ipc_core::{Error, Result};
use ipc_demo::print;
use ipc_nats::{Connection, LinkName, ServerOptions};

/// The servers with one name share its requests: each request goes to one of them.
const GROUP: &str = "servers";

/// Serve many clients, by an echo
///
/// Prints its name, and sends each request of a `client` back, until interrupted. No stream is involved: a request that
/// no server takes is not kept, and its sender is told at once. Several servers with the same name share the requests.
#[derive(Args, Debug)]
pub struct ServeArgs {
    /// The name by which clients find it (default: a new one)
    #[arg(value_name = "NAME")]
    name: Option<LinkName>,
}

/// Returns the subject of the requests to a server.
pub fn subject(name: &LinkName) -> String {
    format!("ipc-serve.{name}")
}

impl ServeArgs {
    pub fn run(self) -> Result<()> {
        let connection = Connection::open(&ServerOptions::current())?;
        let name = self.name.unwrap_or_else(LinkName::fresh);
        let client = connection.client();
        let subscribed = connection.wait(client.queue_subscribe(subject(&name), GROUP.into()));
        let mut requests = subscribed.map_err(|error| Error::Refused(format!("no subscription: {error}")))?;
        connection.settle();
        print(&format!("{name}\n"))?;
        eprintln!("from another terminal: ipc-nats client {name} hello");
        connection.wait(async {
            let mut is_told = false;
            while let Some(request) = requests.next().await {
                if let (false, Err(error)) = (is_told, connection.check_dropped()) {
                    eprintln!("warning: {error}"); // once: there may be thousands
                    is_told = true;
                }
                let Some(client_subject) = request.reply else { continue }; // it wants no answer
                let _ = client.publish(client_subject, request.payload).await; // a client may have gone meanwhile
            }
        });
        Err(Error::Disconnected)
    }
}
