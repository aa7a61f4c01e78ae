//! What a process can do with its sockets and files.
//!
//! A process gives each descriptor a name, which stands for the number in the calls.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// One thing that a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    Socket {
        socket: String,
        kind: Kind,
    },
    Bind {
        socket: String,
        address: Address,
    },
    Listen {
        socket: String,
        backlog: u16,
    },
    Connect {
        socket: String,
        address: Address,
    },
    /// Take a connection from the queue, and call it by this name.
    Accept {
        listener: String,
        connection: String,
    },
    Send {
        socket: String,
        text: String,
    },
    /// Send until there is no room.
    Fill {
        socket: String,
    },
    Receive {
        socket: String,
        room: usize,
        flag: Flag,
    },
    /// Receive until the end, or an error.
    ReceiveAll {
        socket: String,
    },
    /// Say that no more will be sent.
    Shutdown {
        socket: String,
    },
    Close {
        name: String,
    },
    /// Send one descriptor over a socket.
    SendDescriptor {
        socket: String,
        file: String,
    },
    /// Receive one, and call it by this name.
    ReceiveDescriptor {
        socket: String,
        file: String,
    },
    Open {
        file: String,
        path: PathBuf,
        mode: OpenMode,
    },
    Write {
        file: String,
        text: String,
    },
    Read {
        file: String,
        room: usize,
    },
    Seek {
        file: String,
        offset: i64,
    },
    Unlink {
        path: PathBuf,
    },
}

/// The family and the type of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Kind {
    Stream,
    Seqpacket,
    Tcp,
}

/// The address of a listening socket.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Address {
    Path(PathBuf),
    /// A port of 127.0.0.1; 0 asks the kernel for a free one.
    Port(u16),
}

/// The flag of a `recv`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flag {
    None,
    DontWait,
    Peek,
}

/// How a file is opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum OpenMode {
    Create,
    ReadOnly,
}

pub fn socket(socket: &str, kind: Kind) -> Step {
    Step::Socket { socket: socket.into(), kind }
}

pub fn bind(socket: &str, address: &Address) -> Step {
    Step::Bind { socket: socket.into(), address: address.clone() }
}

pub fn listen(socket: &str, backlog: u16) -> Step {
    Step::Listen { socket: socket.into(), backlog }
}

pub fn connect(socket: &str, address: &Address) -> Step {
    Step::Connect { socket: socket.into(), address: address.clone() }
}

/// Takes a connection from the queue of the listening socket.
pub fn accept(listener: &str, connection: &str) -> Step {
    Step::Accept { listener: listener.into(), connection: connection.into() }
}

pub fn send(socket: &str, text: &str) -> Step {
    Step::Send { socket: socket.into(), text: text.into() }
}

/// Sends without waiting, until the kernel takes no more.
pub fn fill(socket: &str) -> Step {
    Step::Fill { socket: socket.into() }
}

pub fn recv(socket: &str, room: usize) -> Step {
    Step::Receive { socket: socket.into(), room, flag: Flag::None }
}

/// Receives until the other side has ended the stream, or a call fails.
pub fn recv_all(socket: &str) -> Step {
    Step::ReceiveAll { socket: socket.into() }
}

/// Says that nothing more will be sent.
pub fn shutdown(socket: &str) -> Step {
    Step::Shutdown { socket: socket.into() }
}

pub fn close(name: &str) -> Step {
    Step::Close { name: name.into() }
}

pub fn send_descriptor(socket: &str, file: &str) -> Step {
    Step::SendDescriptor { socket: socket.into(), file: file.into() }
}

/// Receives a descriptor, which gets the name `file`.
pub fn receive_descriptor(socket: &str, file: &str) -> Step {
    Step::ReceiveDescriptor { socket: socket.into(), file: file.into() }
}

/// Opens a new file.
pub fn create(file: &str, path: &Path) -> Step {
    Step::Open { file: file.into(), path: path.into(), mode: OpenMode::Create }
}

pub fn open(file: &str, path: &Path) -> Step {
    Step::Open { file: file.into(), path: path.into(), mode: OpenMode::ReadOnly }
}

pub fn write(file: &str, text: &str) -> Step {
    Step::Write { file: file.into(), text: text.into() }
}

pub fn read(file: &str, room: usize) -> Step {
    Step::Read { file: file.into(), room }
}

/// Sets the offset of an open file.
pub fn lseek(file: &str, offset: i64) -> Step {
    Step::Seek { file: file.into(), offset }
}

pub fn unlink(path: &Path) -> Step {
    Step::Unlink { path: path.into() }
}

impl Step {
    /// Makes a `recv` return at once.
    pub fn dontwait(self) -> Self {
        self.with(Flag::DontWait)
    }

    /// Makes a `recv` leave what it returns in the socket.
    pub fn peek(self) -> Self {
        self.with(Flag::Peek)
    }

    fn with(mut self, new: Flag) -> Self {
        if let Self::Receive { flag, .. } = &mut self {
            *flag = new;
        }
        self
    }
}
