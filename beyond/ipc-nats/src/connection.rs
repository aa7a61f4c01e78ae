//! A connection to a server, for code that is not asynchronous.

use std::future::Future;
use std::io;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use async_nats::jetstream::{self, Context};
use async_nats::{Client, ConnectError, ConnectErrorKind, Event};
use bytes::Bytes;
use ipc_core::{Advise as _, Call as _, Error, Result};
use nix::errno::Errno;
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

use crate::ServerOptions;

/// The longest wait for a server to answer.
pub const TIMEOUT: Duration = Duration::from_secs(5);

/// The most messages that a subscription keeps for its reader. The client takes whatever the server sends, as fast as it
/// comes, so this is all that bounds its memory; what is beyond it is dropped. (The default of the client is 65,536.)
pub const BACKLOG: usize = 1024;

/// A connection to a server.
///
/// The client of NATS is asynchronous: besides what the caller asks for, it answers the server's pings, and connects again
/// after a cut. A thread of this connection does that. If it were done only while a call waits for something, a caller that
/// works for a few minutes would be cut off.
#[derive(Debug)]
pub struct Connection {
    options: ServerOptions,
    client: Client,
    jetstream: Context,
    losses: Arc<Losses>,
    /// Last: what is above uses it. `None` only while it is dropped.
    runtime: Option<Runtime>,
}

/// What happened to a connection without its user's doing.
#[derive(Debug, Default)]
struct Losses {
    connected: watch::Sender<u64>,
    /// A lower bound: the client forgets some of these events when many come at once.
    dropped: AtomicU64,
}

/// The server behind a connection, as it describes itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerIdentity {
    /// Its version: `2.9.10`.
    pub version: String,
    /// Its name, which it chooses itself unless it is given one.
    pub name: String,
    /// The longest message that it accepts, in bytes.
    pub max_payload: usize,
}

impl Connection {
    /// Connects to the server.
    ///
    /// # Errors
    /// [`Usage`](Error::Usage): the options are invalid. [`Refused`](Error::Refused): there is no server, it does not let
    /// this user in, its certificate is not to be trusted, or it has no JetStream. The text says which, and what to do.
    pub fn open(options: &ServerOptions) -> Result<Self> {
        options.check()?;
        let losses = Arc::new(Losses::default());
        let seen = Arc::clone(&losses);
        let for_client = options
            .for_client()?
            .name("ipc-nats")
            .connection_timeout(TIMEOUT)
            .request_timeout(Some(TIMEOUT))
            .subscription_capacity(BACKLOG)
            .reconnect_delay_callback(|attempts| Duration::from_millis(20 * attempts.min(25) as u64))
            .event_callback(move |event| {
                seen.note(&event);
                std::future::ready(())
            });
        // One worker: it waits for the server, mostly.
        let runtime = Builder::new_multi_thread().worker_threads(1).thread_name("nats").enable_all().build();
        let runtime = runtime.call("clone")?;
        let client =
            runtime.block_on(for_client.connect(&options.url)).map_err(|error| refused(options, &error))?;
        if !client.server_info().jetstream {
            return Err(Error::Refused(format!(
                "the server at {} has no JetStream: start it with `nats-server -a 127.0.0.1 -js`",
                options.url
            )));
        }
        let mut jetstream = {
            let _in_runtime = runtime.enter(); // it starts a task of its own
            jetstream::new(client.clone())
        };
        jetstream.set_timeout(TIMEOUT);
        Ok(Self { options: options.clone(), client, jetstream, losses, runtime: Some(runtime) })
    }

    /// Returns how it was opened.
    #[must_use]
    pub const fn options(&self) -> &ServerOptions {
        &self.options
    }

    /// Returns the client: publish and subscribe, request and reply.
    #[must_use]
    pub const fn client(&self) -> &Client {
        &self.client
    }

    /// Returns the client's JetStream: streams and consumers.
    #[must_use]
    pub const fn jetstream(&self) -> &Context {
        &self.jetstream
    }

    /// Runs a future to its end; the calling thread sleeps meanwhile.
    pub fn wait<F: Future>(&self, future: F) -> F::Output {
        self.runtime().block_on(future)
    }

    /// Waits until the server has read all that this client has written, a subscription for example: `flush` waits only
    /// until it is written. A server reads in order, so it has, once it answers what follows. No process answers at the
    /// subject of that, and the server says so at once.
    pub fn settle(&self) {
        let unused = format!("ipc-settle.{:016x}", ipc_core::random());
        let _ = self.wait(self.client.request(unused, Bytes::new())); // a failure is one of what follows
    }

    /// Runs a future beside the caller.
    pub fn spawn<F: Future<Output: Send> + Send + 'static>(&self, future: F) {
        self.runtime().spawn(future);
    }

    fn runtime(&self) -> &Runtime {
        self.runtime.as_ref().expect("it is there until the end")
    }

    /// Returns what the server says about itself.
    #[must_use]
    pub fn server(&self) -> ServerIdentity {
        let info = self.client.server_info();
        ServerIdentity { version: info.version, name: info.server_name, max_payload: info.max_payload }
    }

    /// Returns how often the connection was lost and made again.
    #[must_use]
    pub fn reconnected(&self) -> u64 {
        self.losses.connected.borrow().saturating_sub(1) // the first connection counts, too
    }

    /// Returns a value that changes when the connection was made again.
    pub(crate) fn connections(&self) -> watch::Receiver<u64> {
        self.losses.connected.subscribe()
    }

    /// Checks that no message of a subscription was dropped since the last check.
    ///
    /// # Errors
    /// [`Refused`](Error::Refused): some were, since the caller took them too slowly; the text says how many, at least.
    pub fn check_dropped(&self) -> Result<()> {
        match self.losses.dropped.swap(0, Ordering::Relaxed) {
            0 => Ok(()),
            count => Err(Error::Refused(format!(
                "at least {count} messages of a subscription were dropped, since they came faster than they were taken: \
                 take them faster, or put them into a stream"
            ))),
        }
    }
}

impl Losses {
    fn note(&self, event: &Event) {
        match event {
            Event::Connected => self.connected.send_modify(|count| *count += 1),
            Event::SlowConsumer(_) => drop(self.dropped.fetch_add(1, Ordering::Relaxed)),
            _ => {}
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background(); // waiting for its thread is not allowed in one of its own
        }
    }
}

/// Explains why there is no connection, in one line.
fn refused(options: &ServerOptions, error: &ConnectError) -> Error {
    let url = &options.url;
    if let Some(errno) = errno(error).filter(|errno| *errno != Errno::ECONNREFUSED) {
        let call = if matches!(errno, Errno::EMFILE | Errno::ENFILE) { "socket" } else { "connect" };
        return Err::<(), _>(errno).call(call).on(url).unwrap_err();
    }
    let text = format!("{error}");
    Error::Refused(match error.kind() {
        ConnectErrorKind::Authentication | ConnectErrorKind::AuthorizationViolation => match &options
            .credentials
        {
            Some(file) => {
                format!("the server at {url} does not accept the credentials in {}", file.display())
            }
            None => format!("the server at {url} wants to know who you are: name a file with --credentials"),
        },
        ConnectErrorKind::Tls => format!("TLS with the server at {url} failed: {}", cause(&text)),
        _ if text.contains("certificate") => {
            format!("the certificate of the server at {url} is not to be trusted: {}", cause(&text))
        }
        _ if text.contains("InvalidContentType") => format!("the server at {url} does not speak TLS"),
        ConnectErrorKind::Dns => format!("no host of the name in {url}: check --server"),
        ConnectErrorKind::TimedOut => {
            format!("the server at {url} does not answer (waited {} s)", TIMEOUT.as_secs())
        }
        ConnectErrorKind::Io if text.contains("refused") => format!(
            "no NATS server at {url}: start one with `nats-server -a 127.0.0.1 -js`, or name another with --server"
        ),
        _ => format!("no connection to the NATS server at {url}: {}", cause(&text)),
    })
}

/// Returns the errno behind an error, if a system call has failed.
fn errno(error: &ConnectError) -> Option<Errno> {
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        if let Some(code) = error.downcast_ref::<io::Error>().and_then(io::Error::raw_os_error) {
            return Some(Errno::from_raw(code));
        }
        cause = error.source();
    }
    None
}

/// Returns the last part of a chain of causes, which is the most exact.
fn cause(text: &str) -> &str {
    text.rsplit_once(": ").map_or(text, |(_, last)| last)
}
