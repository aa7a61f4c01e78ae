//! The address of a listener: a path, or a host and a port.

use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, TcpStream, ToSocketAddrs};
use std::os::fd::{AsRawFd, OwnedFd};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{Advise, Call, Deadline, Error, Result, Setup, set_mode};
use nix::errno::Errno;
use nix::sys::socket::{
    AddressFamily, Backlog, SockFlag, SockType, UnixAddr, bind, connect, listen, setsockopt, socket, sockopt,
};
use nix::sys::stat::{Mode, fchmod};
use nix::sys::time::{TimeVal, TimeValLike};

use crate::greeting::Listener;

/// The most bytes of a path that fit a `sockaddr_un`, without the terminating zero.
const LONGEST_PATH: usize = 107;

/// The length of the listener's queue. One connection is expected; strangers must not keep it out.
const BACKLOG: u8 = 64;

/// Listens at a path, for stream or sequenced-packet sockets. With `ownership`, the path is noted for removal.
///
/// Binds the socket to its own name at once: had it been bound under another name and renamed, `ss`, and any program
/// that asks for the address, would see the old name.
pub(crate) fn listen_at_path(
    path: &Path,
    kind: SockType,
    setup: &Setup,
    ownership: Option<&OwnershipLock>,
) -> Result<Listener> {
    let address = unix_address(path)?;
    let socket = socket(AddressFamily::Unix, kind, SockFlag::SOCK_CLOEXEC, None).call("socket")?;
    // On Linux, `bind` gives the path the socket's own mode, less the umask, so at no moment is it wider.
    let first = if ownership.is_some() { ownership::MARK } else { setup.mode };
    fchmod(&socket, Mode::from_bits_retain(first)).call("fchmod")?;
    let in_use = || {
        format!(
            "{} already exists: if no program listens there any more, remove it, or choose another path",
            path.display()
        )
    };
    let above =
        || format!("{} must be a directory that you may write to", path.parent().unwrap_or(path).display());
    let bind = || {
        bind(socket.as_raw_fd(), &address)
            .call("bind")
            .advise(Errno::EADDRINUSE, in_use)
            .advise(Errno::ENOENT, above)
            .advise(Errno::ENOTDIR, above)
            .advise(Errno::EACCES, above)
    };
    if let Some(ownership) = ownership {
        ownership.publish_marked(path, setup.mode, bind)?;
    } else {
        bind()?;
        // Exactly this mode, despite the umask.
        set_mode(path, setup.mode)
            .call("fchmodat")
            .on(path.display())
            .advise(Errno::ENOENT, || "mount /proc".into())?;
    }
    listen(&socket, Backlog::new(BACKLOG).expect("a small number")).call("listen")?;
    Ok(Listener::Unix(UnixListener::from(socket)))
}

// ANCHOR: port
/// Listens at the first of the addresses that works.
pub(crate) fn listen_at_port(address: &str) -> Result<TcpListener> {
    // std sets SO_REUSEADDR: connections of an earlier run in TIME_WAIT do not block the port.
    TcpListener::bind(&*resolve(address)?)
        .call("bind")
        .advise(Errno::EADDRINUSE, || format!("another program uses {address}: choose another port"))
        .advise(Errno::EADDRNOTAVAIL, || format!("this host does not have the address {address}"))
        .advise(Errno::EACCES, || "ports below 1024 are reserved for root".into())
}
// ANCHOR_END: port

/// Connects to the listener at a path.
pub(crate) fn connect_to_path(path: &Path, kind: SockType, timeout: Duration) -> Result<OwnedFd> {
    let address = unix_address(path)?;
    let socket = socket(AddressFamily::Unix, kind, SockFlag::SOCK_CLOEXEC, None).call("socket")?;
    // `connect` waits while the listener's queue is full: up to the send timeout, not forever.
    let deadline = Deadline::after(timeout);
    let connected = loop {
        // After a signal, only the rest of the timeout is left.
        let left = deadline.left(timeout).as_micros();
        let limit = TimeVal::microseconds(left.clamp(1, i64::MAX as u128 / 2) as i64);
        setsockopt(&socket, sockopt::SendTimeout, &limit).call("setsockopt")?;
        match connect(socket.as_raw_fd(), &address) {
            Err(Errno::EINTR) => {}
            connected => break connected,
        }
    };
    if connected == Err(Errno::EAGAIN) {
        let what = format!("too many clients are queued at {}", path.display());
        return Err(Error::TimedOut { what, waited: timeout });
    }
    connected
        .call("connect")
        .advise(Errno::EPROTOTYPE, || format!("{} is a socket of another variant", path.display()))?;
    setsockopt(&socket, sockopt::SendTimeout, &TimeVal::seconds(0)).call("setsockopt")?; // 0: no limit
    Ok(socket)
}

/// Connects to the first of the addresses that answers. They share the timeout.
pub(crate) fn connect_to_port(address: &str, timeout: Duration) -> Result<TcpStream> {
    let mut last = Errno::EADDRNOTAVAIL.into();
    let candidates = resolve(address)?;
    let deadline = Deadline::after(timeout);
    for (index, candidate) in candidates.iter().enumerate() {
        let left = deadline.left(timeout);
        let share = left / (candidates.len() - index) as u32; // so that a silent one leaves time for the others
        match TcpStream::connect_timeout(candidate, share.max(Duration::from_millis(1))) {
            // Without a listener, a port from the ephemeral range can by chance become our own as well: TCP then
            // connects the socket to itself.
            Ok(stream) if stream.local_addr().ok() == Some(*candidate) => last = Errno::ECONNREFUSED.into(),
            Ok(stream) => return Ok(stream),
            Err(error) => last = error,
        }
    }
    if last.kind() == ErrorKind::TimedOut {
        return Err(Error::TimedOut { what: format!("no answer from {address}"), waited: timeout });
    }
    let unreachable =
        || format!("no route leads to {address}: see ip route, and whether this host has a network");
    Err(last).call("connect").advise(Errno::ENETUNREACH, unreachable).advise(Errno::EHOSTUNREACH, unreachable)
}

/// Returns all addresses behind `HOST:PORT`. A name may need the resolver, which takes time.
fn resolve(address: &str) -> Result<Vec<SocketAddr>> {
    match address.to_socket_addrs() {
        Ok(found) => Ok(found.collect()),
        // The resolver has been asked, and knows no such host.
        Err(error) if error.kind() != ErrorKind::InvalidInput => {
            Err(Error::Refused(format!("the host of '{address}' is not known: {error}")))
        }
        Err(error) => Err(Error::Usage(format!(
            "invalid address '{address}': expected HOST:PORT, for example 127.0.0.1:5000 or [::1]:5000: {error}"
        ))),
    }
}

/// Returns the path of a fresh socket, or the given one.
pub(crate) fn path(address: Option<&str>, ownership: &OwnershipLock) -> Result<PathBuf> {
    match address {
        None => Ok(ownership.path("socket")),
        Some(address) => named_path(address),
    }
}

/// Returns the path that an address names; absolute, so that the other side finds it from any working directory.
pub(crate) fn named_path(address: &str) -> Result<PathBuf> {
    if address.is_empty() || address.contains(['\0', '\n']) {
        return Err(Error::Usage("the address of a UNIX socket is a path, for example /tmp/talk".into()));
    }
    if is_host_and_port(address) {
        return Err(Error::Usage(format!(
            "'{address}' is HOST:PORT, an address of the variant tcp (for a path of that name: ./{address})"
        )));
    }
    std::path::absolute(address).call("getcwd")
}

/// True if the address clearly means a port, and is not the name of a file.
fn is_host_and_port(address: &str) -> bool {
    let local = address.strip_prefix("localhost:").is_some_and(|port| port.parse::<u16>().is_ok());
    local || address.parse::<SocketAddr>().is_ok()
}

fn unix_address(path: &Path) -> Result<UnixAddr> {
    UnixAddr::new(path).map_err(|_| {
        let path = path.display();
        Error::Usage(format!("socket path too long, expected at most {LONGEST_PATH} bytes: {path}"))
    })
}
