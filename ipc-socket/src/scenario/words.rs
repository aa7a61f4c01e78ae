//! The wording of what a process does: in the kernel's terms.

use std::path::Path;

use ipc_demo::scenario::{self, Call, Value, quoted};

use super::step::{Address, Flag, Kind, OpenMode, Step};

impl scenario::Step for Step {
    fn call(&self) -> Call {
        let call = |name: &str, file: &str, more: &[String]| {
            Call::new(name, [file.to_owned()].into_iter().chain(more.iter().cloned()))
        };
        match self {
            Self::Socket { kind, .. } => Call::new("socket", kind.names().map(Into::into)),
            Self::Bind { socket, address } => call("bind", socket, &[address.words()]),
            Self::Listen { socket, backlog } => call("listen", socket, &[backlog.to_string()]),
            Self::Connect { socket, address } => call("connect", socket, &[address.words()]),
            Self::Accept { listener, .. } => call("accept", listener, &[]),
            Self::Send { socket, text } => call("send", socket, &[quoted(text)]),
            Self::Fill { socket } => {
                Call::new(&format!("sends over the {socket} until there is no room"), [])
            }
            Self::Receive { socket, room, flag } => {
                let more: Vec<_> = [format!("{room} bytes")].into_iter().chain(flag.name()).collect();
                call("recv", socket, &more)
            }
            Self::ReceiveAll { socket } => {
                Call::new(&format!("receives from the {socket} until the end or an error"), [])
            }
            Self::Shutdown { socket } => call("shutdown", socket, &["SHUT_WR".into()]),
            Self::Close { name } => call("close", name, &[]),
            Self::SendDescriptor { socket, file } => {
                call("sendmsg", socket, &[format!("SCM_RIGHTS: {file}")])
            }
            Self::ReceiveDescriptor { socket, .. } => call("recvmsg", socket, &[]),
            Self::Open { path, mode, .. } => Call::new("open", [name(path), mode.flags().into()]),
            Self::Write { file, text } => call("write", file, &[quoted(text)]),
            Self::Read { file, room } => call("read", file, &[format!("{room} bytes")]),
            Self::Seek { file, offset } => call("lseek", file, &[offset.to_string(), "SEEK_SET".into()]),
            Self::Unlink { path } => Call::new("unlink", [name(path)]),
        }
    }

    fn outcome(&self, value: &Value) -> String {
        let (number, text) = (value.number, value.text.as_deref().unwrap_or_default());
        let bytes = if number == 1 { "1 byte".into() } else { format!("{number} bytes") };
        match self {
            Self::Socket { socket: name, .. }
            | Self::Accept { connection: name, .. }
            | Self::Open { file: name, .. } => format!("descriptor {number}, the {name}"),
            Self::ReceiveDescriptor { file, .. } => format!("SCM_RIGHTS: descriptor {number}, the {file}"),
            Self::Bind { address: Address::Port(0), .. } => format!("port {number}"),
            Self::Send { .. } | Self::Fill { .. } | Self::Write { .. } => bytes,
            Self::Receive { .. } if number == 0 => "0, the end".into(),
            Self::Read { .. } if number == 0 => "0, the end of the file".into(),
            Self::Receive { .. } | Self::Read { .. } => format!("{bytes}, {}", quoted(text)),
            Self::ReceiveAll { .. } if text.is_empty() => format!("{bytes}, then the end"),
            Self::ReceiveAll { .. } => format!("{bytes}, then {text}"),
            Self::Bind { .. }
            | Self::Listen { .. }
            | Self::Connect { .. }
            | Self::Shutdown { .. }
            | Self::Close { .. }
            | Self::SendDescriptor { .. }
            | Self::Seek { .. }
            | Self::Unlink { .. } => "done".into(),
        }
    }
}

/// Returns the last part of a path: the directory is that of the scenario.
fn name(path: &Path) -> String {
    format!("\"{}\"", path.file_name().unwrap_or_default().display())
}

impl Kind {
    const fn names(self) -> [&'static str; 2] {
        match self {
            Self::Stream => ["AF_UNIX", "SOCK_STREAM"],
            Self::Seqpacket => ["AF_UNIX", "SOCK_SEQPACKET"],
            Self::Tcp => ["AF_INET", "SOCK_STREAM"],
        }
    }
}

impl Address {
    fn words(&self) -> String {
        match self {
            Self::Path(path) => name(path),
            Self::Port(port) => format!("127.0.0.1:{port}"),
        }
    }
}

impl Flag {
    fn name(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::DontWait => Some("MSG_DONTWAIT".into()),
            Self::Peek => Some("MSG_PEEK".into()),
        }
    }
}

impl OpenMode {
    const fn flags(self) -> &'static str {
        match self {
            Self::Create => "O_CREAT | O_EXCL | O_RDWR",
            Self::ReadOnly => "O_RDONLY",
        }
    }
}
