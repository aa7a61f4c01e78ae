//! A process of a scenario, from the inside: the calls that it makes on its sockets and files.

use std::collections::HashMap;
use std::io::IoSlice;
use std::os::fd::{AsRawFd, OwnedFd, RawFd};
use std::path::Path;

use ipc_core::{Call as _, Result};
use ipc_demo::scenario::{self, Value};
use nix::errno::Errno;
use nix::fcntl::{OFlag, open};
use nix::sys::socket::{
    AddressFamily, Backlog, ControlMessage, MsgFlags, Shutdown, SockFlag, SockType, SockaddrIn, SockaddrLike,
    UnixAddr, bind, connect, getsockname, listen, recv, send, sendmsg, shutdown, socket,
};
use nix::sys::stat::Mode;
use nix::unistd::{Whence, lseek, read, unlink, write};

use super::step::{Address, Flag, Kind, OpenMode, Step};
use super::sys;

/// The bytes of one call where many are sent or received.
const CHUNK: usize = 64 << 10;

/// A process and its descriptors, each with a name. (SIGPIPE is ignored, as in every Rust program: `send` says EPIPE.)
#[derive(Default)]
pub struct Performer(HashMap<String, OwnedFd>);

impl scenario::Performer for Performer {
    type Start = ();

    type Step = Step;

    fn enter((): (), _: Vec<OwnedFd>) -> Result<Self> {
        Ok(Self::default())
    }

    fn perform(&mut self, step: Step) -> Result<Value> {
        match step {
            Step::Socket { socket: name, kind } => {
                let (family, kind) = kind.arguments();
                let made = socket(family, kind, SockFlag::SOCK_CLOEXEC, None).call("socket")?;
                Ok(self.keep(name, made))
            }
            Step::Bind { socket, address } => {
                let socket = self.number(&socket)?;
                bind(socket, &*address.for_kernel().call("bind")?).call("bind")?;
                port_of(socket, &address).map(Value::number)
            }
            Step::Listen { socket, backlog } => {
                let backlog = Backlog::new(backlog).call("listen")?;
                listen(self.get(&socket)?, backlog).call("listen").map(|()| Value::default())
            }
            Step::Connect { socket, address } => {
                let address = address.for_kernel().call("connect")?;
                connect(self.number(&socket)?, &*address).call("connect").map(|()| Value::default())
            }
            Step::Accept { listener, connection } => {
                let accepted = sys::accept(self.get(&listener)?).call("accept4")?;
                Ok(self.keep(connection, accepted))
            }
            Step::Send { socket, text } => {
                let sent = send(self.number(&socket)?, text.as_bytes(), MsgFlags::empty()).call("send")?;
                Ok(Value::number(sent as i64))
            }
            Step::Fill { socket } => fill(self.number(&socket)?).map(Value::number),
            Step::Receive { socket, room, flag } => receive(self.number(&socket)?, room, flag),
            Step::ReceiveAll { socket } => Ok(receive_all(self.number(&socket)?)),
            Step::Shutdown { socket } => {
                shutdown(self.number(&socket)?, Shutdown::Write).call("shutdown").map(|()| Value::default())
            }
            Step::Close { name } => {
                self.0.remove(&name).ok_or(Errno::EBADF).call("close").map(|_| Value::default())
            }
            Step::SendDescriptor { socket, file } => {
                send_descriptor(self.number(&socket)?, self.number(&file)?).map(|()| Value::default())
            }
            Step::ReceiveDescriptor { socket, file } => {
                let received = sys::receive_descriptor(self.get(&socket)?).call("recvmsg")?;
                let received = received.ok_or(Errno::ENOMSG).call("recvmsg")?;
                Ok(self.keep(file, received))
            }
            Step::Open { file, path, mode } => {
                let opened = open_file(&path, mode)?;
                Ok(self.keep(file, opened))
            }
            Step::Write { file, text } => {
                let written = write(self.get(&file)?, text.as_bytes()).call("write")?;
                Ok(Value::number(written as i64))
            }
            Step::Read { file, room } => {
                let mut buffer = vec![0; room];
                let len = read(self.get(&file)?, &mut buffer).call("read")?;
                Ok(Value::received(len as i64, &buffer[..len]))
            }
            Step::Seek { file, offset } => {
                lseek(self.get(&file)?, offset, Whence::SeekSet).call("lseek").map(Value::number)
            }
            Step::Unlink { path } => unlink(&path).call("unlink").map(|()| Value::default()),
        }
    }
}

impl Performer {
    /// Keeps a descriptor under a name; returns its number.
    fn keep(&mut self, name: String, descriptor: OwnedFd) -> Value {
        let number = descriptor.as_raw_fd();
        self.0.insert(name, descriptor);
        Value::number(number.into())
    }

    fn get(&self, name: &str) -> Result<&OwnedFd> {
        self.0.get(name).ok_or(Errno::EBADF).call("fcntl")
    }

    fn number(&self, name: &str) -> Result<RawFd> {
        self.get(name).map(AsRawFd::as_raw_fd)
    }
}

impl Kind {
    const fn arguments(self) -> (AddressFamily, SockType) {
        match self {
            Self::Stream => (AddressFamily::Unix, SockType::Stream),
            Self::Seqpacket => (AddressFamily::Unix, SockType::SeqPacket),
            Self::Tcp => (AddressFamily::Inet, SockType::Stream),
        }
    }
}

impl Address {
    fn for_kernel(&self) -> nix::Result<Box<dyn SockaddrLike>> {
        Ok(match self {
            Self::Path(path) => Box::new(UnixAddr::new(path)?),
            Self::Port(port) => Box::new(SockaddrIn::new(127, 0, 0, 1, *port)),
        })
    }
}

/// Returns the port that the kernel has chosen; 0 for a path.
fn port_of(socket: RawFd, address: &Address) -> Result<i64> {
    match address {
        Address::Path(_) => Ok(0),
        Address::Port(_) => Ok(getsockname::<SockaddrIn>(socket).call("getsockname")?.port().into()),
    }
}

/// Sends until the buffers are full; returns the number of bytes.
fn fill(socket: RawFd) -> Result<i64> {
    let (text, mut sent) = (vec![b'x'; CHUNK], 0);
    loop {
        match send(socket, &text, MsgFlags::MSG_DONTWAIT) {
            Ok(bytes) => sent += bytes as i64,
            Err(Errno::EAGAIN) => return Ok(sent),
            Err(errno) => return Err(errno).call("send"),
        }
    }
}

fn receive(socket: RawFd, room: usize, flag: Flag) -> Result<Value> {
    let flags = match flag {
        Flag::None => MsgFlags::empty(),
        Flag::DontWait => MsgFlags::MSG_DONTWAIT,
        Flag::Peek => MsgFlags::MSG_PEEK,
    };
    let mut buffer = vec![0; room];
    let len = recv(socket, &mut buffer, flags).call("recv")?;
    Ok(Value::received(len as i64, &buffer[..len]))
}

/// Receives until the end; returns the number of bytes, and the errno that came instead of the end.
fn receive_all(socket: RawFd) -> Value {
    let (mut buffer, mut received) = (vec![0; CHUNK], 0);
    loop {
        match recv(socket, &mut buffer, MsgFlags::empty()) {
            Ok(0) => return Value::number(received),
            Ok(bytes) => received += bytes as i64,
            Err(errno) => return Value::received(received, format!("{errno:?}").as_bytes()),
        }
    }
}

/// Sends a descriptor. One byte has to go with it.
fn send_descriptor(socket: RawFd, file: RawFd) -> Result<()> {
    let rights = [file];
    let control = [ControlMessage::ScmRights(&rights)];
    sendmsg::<()>(socket, &[IoSlice::new(b"!")], &control, MsgFlags::empty(), None).call("sendmsg").map(drop)
}

fn open_file(path: &Path, mode: OpenMode) -> Result<OwnedFd> {
    let flags = match mode {
        OpenMode::Create => OFlag::O_CREAT | OFlag::O_EXCL | OFlag::O_RDWR,
        OpenMode::ReadOnly => OFlag::O_RDONLY,
    };
    open(path, flags | OFlag::O_CLOEXEC, Mode::S_IRUSR | Mode::S_IWUSR).call("open")
}
