//! A private NATS server for a test: on a free port of 127.0.0.1, with a store of its own, gone when the test is over,
//! however it ends.
//!
//! ```
//! # if !testserver::is_there() { return Ok(()) }
//! let server = testserver::Server::start()?;
//! assert!(server.url().starts_with("nats://127.0.0.1:"));
//! # Ok::<(), std::io::Error>(())
//! ```
//!
//! | file | contents |
//! |---|---|
//! | `config.rs` | [`Config`]: what a test may want otherwise than by default |
//! | `folder.rs` | the folder of a server, and what an earlier one has left |
//! | `process.rs` | the server as a process, and the shell that ends it with the test |
//! | `authority.rs` | [`Authority`]: a small certificate authority |

mod authority;
mod config;
mod folder;
mod process;

use std::io::{self, ErrorKind};
use std::net::{IpAddr, Ipv4Addr};
use std::path::{Path, PathBuf};
use std::{env, fs};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

pub use authority::{Authority, Certificate};
pub use config::Config;
use folder::Folder;
use process::Running;

/// A NATS server with JetStream. Dropping it ends it and removes its store.
#[derive(Debug)]
pub struct Server {
    folder: Folder,
    config: Config,
    port: u16,
    running: Option<Running>,
}

impl Server {
    /// Starts a server with the default configuration, and returns when it accepts connections.
    ///
    /// # Errors
    /// There is no `nats-server`, or it does not start; its last words are in the error.
    pub fn start() -> io::Result<Self> {
        Self::with(Config::default())
    }

    /// Starts a server with this configuration, in the network namespace of the calling thread.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn with(config: Config) -> io::Result<Self> {
        let mut server = Self { folder: Folder::new()?, config, port: 0, running: None };
        server.run()?;
        Ok(server)
    }

    /// The address for a client.
    #[must_use]
    pub fn url(&self) -> String {
        let scheme = if self.config.certificate.is_some() { "tls" } else { "nats" };
        format!("{scheme}://{}:{}", self.address(), self.port)
    }

    /// The address that it listens on.
    #[must_use]
    pub fn address(&self) -> IpAddr {
        self.config.listen.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST))
    }

    /// The port that it listens on; the same after a [`restart`](Self::restart).
    #[must_use]
    pub const fn port(&self) -> u16 {
        self.port
    }

    /// The process id.
    ///
    /// # Panics
    /// It was killed and not restarted.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.running.as_ref().expect("the server runs").pid
    }

    /// The folder with all that belongs to it.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// Kills it, as a crash would. The store stays.
    pub fn kill(&mut self) {
        if let Some(running) = self.running.take() {
            running.kill();
        }
    }

    /// Kills it if it runs, and starts it again on the same port and store.
    ///
    /// # Errors
    /// As [`start`](Self::start).
    pub fn restart(&mut self) -> io::Result<()> {
        self.kill();
        self.run()
    }

    /// Stops it in the middle of whatever it does (SIGSTOP): to its clients, as a network that was cut.
    ///
    /// # Errors
    /// It has ended.
    pub fn suspend(&self) -> io::Result<()> {
        self.signal(Signal::SIGSTOP)
    }

    /// Lets it go on.
    ///
    /// # Errors
    /// It has ended.
    pub fn resume(&self) -> io::Result<()> {
        self.signal(Signal::SIGCONT)
    }

    fn signal(&self, signal: Signal) -> io::Result<()> {
        Ok(kill(Pid::from_raw(self.pid().cast_signed()), signal)?)
    }

    fn run(&mut self) -> io::Result<()> {
        let text = self.config.text(self.folder(), self.address(), self.port);
        fs::write(self.folder().join("server.conf"), text)?;
        let (running, port) = Running::start(&program()?, self.folder())?;
        self.running = Some(running);
        self.port = port;
        Ok(())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.kill(); // before its folder goes
    }
}

/// Starts a server for the test that calls this. Without `nats-server`, the test is skipped: that is said, with the
/// reason, and `None` returned. In CI (where the environment has `CI`), it is a failure instead.
///
/// # Panics
/// There is none, and this is CI; or it does not start.
#[must_use]
pub fn for_this_test() -> Option<Server> {
    is_there().then(|| Server::start().expect("the server starts"))
}

/// Returns whether there is a server to start; otherwise says that the test is skipped.
///
/// # Panics
/// There is none, and this is CI.
#[must_use]
pub fn is_there() -> bool {
    match program() {
        Ok(_) => true,
        Err(error) if env::var_os("CI").is_some() => panic!("{error}"),
        Err(error) => {
            ipc_conformance::skipped(&error.to_string());
            false
        }
    }
}

/// Returns the path of the program: `NATS_SERVER`, or where packages put it, which may not be in an ordinary user's
/// `PATH`.
///
/// # Errors
/// There is none.
pub fn program() -> io::Result<PathBuf> {
    if let Some(named) = env::var_os("NATS_SERVER") {
        return Ok(named.into());
    }
    let path = env::var_os("PATH").unwrap_or_default();
    let more = ["/usr/local/sbin", "/usr/sbin", "/usr/local/bin"].map(PathBuf::from);
    let places = env::split_paths(&path).chain(more).map(|folder| folder.join("nats-server"));
    places.into_iter().find(|path| path.is_file()).ok_or_else(|| {
        io::Error::new(ErrorKind::NotFound, "no nats-server here: on Debian, `apt-get install nats-server`")
    })
}
