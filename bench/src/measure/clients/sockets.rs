//! Many connections to one listener: the server sleeps in one `epoll_wait(2)` for all of them.

use std::collections::HashMap;
use std::net::{TcpListener, TcpStream};
use std::os::fd::{AsFd, AsRawFd as _, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixListener;

use ipc_core::ownership::{self, OwnershipLock};
use ipc_core::{Call, Error, Result};
use ipc_socket::UnixStream;
use nix::errno::Errno;
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use nix::sys::socket::{
    AddressFamily, Backlog, MsgFlags, SockFlag, SockType, UnixAddr, bind, connect, listen, recv, send, socket,
};

use super::load_generator::{self, Requester};
use super::part::{Clients, Part, ServerObjects, in_background};

/// The longest request: the server holds one for each client.
pub(super) const LONGEST: usize = 64 << 10;

/// Starts to listen on the loopback interface, and to serve; returns the address.
pub(super) fn serve_tcp(part: &Part) -> Result<(String, ServerObjects)> {
    let size = part.size;
    let listener = TcpListener::bind("127.0.0.1:0").call("bind")?;
    listen(&listener, Backlog::MAXCONN).call("listen")?; // it listens already, but with a shorter backlog
    let address = listener.local_addr().call("getsockname")?.to_string();
    in_background(move || answer_all(&Listener::Tcp(listener), size))?;
    Ok((address, Box::new(())))
}

/// Starts to listen at a path, and to serve; returns the path.
pub(super) fn serve_unix(part: &Part, kind: SockType) -> Result<(String, ServerObjects)> {
    let size = part.size;
    let making = ownership::CreationGuard::new();
    let ownership = OwnershipLock::take::<UnixStream>(None)?;
    let path = ownership.path("clients");
    let listener = unix(kind)?;
    bind(listener.as_raw_fd(), &UnixAddr::new(&path).call("bind")?).call("bind")?;
    drop(making);
    listen(&listener, Backlog::MAXCONN).call("listen")?; // earlier connections would be refused
    in_background(move || answer_all(&Listener::Unix(listener.into()), size))?;
    Ok((path.display().to_string(), Box::new(ownership)))
}

fn unix(kind: SockType) -> Result<OwnedFd> {
    socket(AddressFamily::Unix, kind, SockFlag::SOCK_CLOEXEC, None).call("socket")
}

/// A client's connection, as the server sees it: a partly received request, or a partly sent answer.
struct Connection {
    socket: OwnedFd,
    message: Vec<u8>,
    /// The bytes of the request received.
    got: usize,
    /// The bytes of the answer sent.
    sent: usize,
}

/// The event that a connection waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Next {
    Request,
    Room,
    /// The client has left.
    Nothing,
}

/// Accepts connections, and sends each request back as the answer.
fn answer_all(listener: &Listener, size: usize) -> Result<()> {
    const LISTENER: u64 = u64::MAX;
    let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC).call("epoll_create1")?;
    epoll.add(listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER)).call("epoll_ctl")?;
    let mut connections: HashMap<u64, Connection> = HashMap::new();
    let mut events = [EpollEvent::empty(); 64];
    loop {
        let ready = match epoll.wait(&mut events, EpollTimeout::NONE) {
            Err(Errno::EINTR) => continue,
            ready => ready.call("epoll_wait")?,
        };
        for event in &events[..ready] {
            if event.data() == LISTENER {
                let socket = listener.accept()?;
                let number = socket.as_raw_fd() as u64;
                epoll.add(&socket, EpollEvent::new(EpollFlags::EPOLLIN, number)).call("epoll_ctl")?;
                connections.insert(number, Connection { socket, message: vec![0; size], got: 0, sent: 0 });
                continue;
            }
            let Some(connection) = connections.get_mut(&event.data()) else { continue };
            let waited_for_room = connection.got == size;
            match connection.go_on() {
                Next::Nothing => {
                    connections.remove(&event.data()); // closed, and so removed from the epoll, too
                }
                Next::Room if !waited_for_room => connection.wait_for(&epoll, EpollFlags::EPOLLOUT)?,
                Next::Request if waited_for_room => connection.wait_for(&epoll, EpollFlags::EPOLLIN)?,
                Next::Room | Next::Request => {}
            }
        }
    }
}

/// A listening socket. Of the kinds of UNIX sockets the standard library supports only streams, but they are accepted
/// alike.
enum Listener {
    Tcp(TcpListener),
    Unix(UnixListener),
}

impl Listener {
    fn accept(&self) -> Result<OwnedFd> {
        match self {
            Self::Tcp(listener) => {
                let (socket, _) = listener.accept().call("accept4")?;
                socket.set_nodelay(true).call("setsockopt")?;
                Ok(socket.into())
            }
            Self::Unix(listener) => listener.accept().map(|(socket, _)| socket.into()).call("accept4"),
        }
    }
}

impl AsFd for Listener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        match self {
            Self::Tcp(listener) => listener.as_fd(),
            Self::Unix(listener) => listener.as_fd(),
        }
    }
}

impl Connection {
    /// Receives the bytes that have arrived, and sends the request back when it is complete. On any error, the client
    /// has left.
    fn go_on(&mut self) -> Next {
        let (fd, flags) = (self.socket.as_raw_fd(), MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL);
        if self.got < self.message.len() {
            match recv(fd, &mut self.message[self.got..], flags) {
                Ok(0) => return Next::Nothing,
                Ok(len) => self.got += len,
                Err(Errno::EAGAIN | Errno::EINTR) => {}
                Err(_) => return Next::Nothing,
            }
        }
        if self.got < self.message.len() {
            return Next::Request;
        }
        match send(fd, &self.message[self.sent..], flags) {
            Ok(len) => self.sent += len,
            Err(Errno::EAGAIN | Errno::EINTR) => {}
            Err(_) => return Next::Nothing,
        }
        if self.sent < self.message.len() {
            return Next::Room;
        }
        (self.got, self.sent) = (0, 0);
        Next::Request
    }

    fn wait_for(&self, epoll: &Epoll, what: EpollFlags) -> Result<()> {
        let mut event = EpollEvent::new(what, self.socket.as_raw_fd() as u64);
        epoll.modify(&self.socket, &mut event).call("epoll_ctl")
    }
}

/// A client's connection, as the client sees it.
pub(super) struct SocketClient(OwnedFd);

/// Connects all clients of this process to a port.
pub(super) fn join_tcp(part: &Part) -> Result<Box<dyn Clients>> {
    join(part, || {
        let stream = TcpStream::connect(&part.address).call("connect")?;
        stream.set_nodelay(true).call("setsockopt")?;
        Ok(SocketClient(stream.into()))
    })
}

/// Connects all clients of this process to a path.
pub(super) fn join_unix(part: &Part, kind: SockType) -> Result<Box<dyn Clients>> {
    join(part, || {
        let socket = unix(kind)?;
        let address = UnixAddr::new(part.address.as_str()).call("connect")?;
        connect(socket.as_raw_fd(), &address).call("connect")?;
        Ok(SocketClient(socket))
    })
}

fn join(part: &Part, connect: impl Fn() -> Result<SocketClient>) -> Result<Box<dyn Clients>> {
    let clients = part.clients.clone().map(|_| connect()).collect::<Result<_>>()?;
    load_generator::run(part, clients)
}

impl AsFd for SocketClient {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}

impl Requester for SocketClient {
    fn ask(&mut self, mut request: &[u8]) -> Result<()> {
        while !request.is_empty() {
            match send(self.0.as_raw_fd(), request, MsgFlags::MSG_NOSIGNAL) {
                Ok(len) => request = &request[len..],
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(gone(errno)),
            }
        }
        Ok(())
    }

    fn answer(&mut self, answer: &mut [u8]) -> Result<()> {
        let mut got = 0;
        while got < answer.len() {
            match recv(self.0.as_raw_fd(), &mut answer[got..], MsgFlags::empty()) {
                Ok(0) => return Err(Error::Disconnected),
                Ok(len) => got += len,
                Err(Errno::EINTR) => {}
                Err(errno) => return Err(gone(errno)),
            }
        }
        Ok(())
    }
}

fn gone(errno: Errno) -> Error {
    match errno {
        Errno::EPIPE | Errno::ECONNRESET => Error::Disconnected,
        errno => Err::<(), _>(errno).call("a call at a socket").expect_err("it is one"),
    }
}
