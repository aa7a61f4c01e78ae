//! What a process can do with a queue, and its wording: in the kernel's terms.

use std::time::Duration;

use ipc_demo::scenario::{self, Call, Value, quoted};
use ipc_msgq::Key;
use serde::{Deserialize, Serialize};

/// One thing that a process does.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub enum Step {
    Get {
        key: String,
    },
    Send {
        kind: i64,
        text: String,
        flag: Flag,
    },
    Receive {
        wanted: Wanted,
        room: usize,
        flag: Flag,
    },
    Remove,
    /// Close the queue for senders, and remove it if it becomes empty in time.
    Drain {
        limit: Duration,
    },
    /// Install a handler of SIGUSR1.
    HandleUsr1,
    /// Answer this many clients, each in a thread.
    Serve {
        clients: i64,
    },
    /// Send `count` messages to the other side and receive as many. The other side does the same.
    Exchange {
        to: i64,
        from: i64,
        count: i64,
        receives_meanwhile: bool,
    },
}

/// The flag of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Flag {
    None,
    NoWait,
    NoError,
}

/// The message that a receiver wants.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub enum Wanted {
    Any,
    Exactly(i64),
    UpTo(i64),
    Except(i64),
}

pub fn msgget(key: Key) -> Step {
    Step::Get { key: key.to_string() }
}

pub fn msgsnd(kind: i64, text: &str) -> Step {
    Step::Send { kind, text: text.into(), flag: Flag::None }
}

pub const fn msgrcv(wanted: Wanted, room: usize) -> Step {
    Step::Receive { wanted, room, flag: Flag::None }
}

pub const fn remove() -> Step {
    Step::Remove
}

pub const fn drain(limit: Duration) -> Step {
    Step::Drain { limit }
}

pub const fn handle_usr1() -> Step {
    Step::HandleUsr1
}

pub const fn serve(clients: i64) -> Step {
    Step::Serve { clients }
}

/// Sends all messages of type `to`, then receives as many of type `from`.
pub const fn send_then_receive(to: i64, from: i64, count: i64) -> Step {
    Step::Exchange { to, from, count, receives_meanwhile: false }
}

/// Does the same, but receives whenever there is no room to send.
pub const fn send_and_receive(to: i64, from: i64, count: i64) -> Step {
    Step::Exchange { to, from, count, receives_meanwhile: true }
}

impl Step {
    /// Makes the call return at once (`IPC_NOWAIT`).
    pub fn nowait(self) -> Self {
        self.with(Flag::NoWait)
    }

    /// Makes the call cut a message that is too long (`MSG_NOERROR`).
    pub fn noerror(self) -> Self {
        self.with(Flag::NoError)
    }

    fn with(mut self, new: Flag) -> Self {
        if let Self::Send { flag, .. } | Self::Receive { flag, .. } = &mut self {
            *flag = new;
        }
        self
    }
}

impl scenario::Step for Step {
    fn call(&self) -> Call {
        let words = |words: String| Call { name: words, args: Vec::new() };
        match self {
            Self::Get { key } => Call::new("msgget", [key.clone()]),
            Self::Send { kind, text, flag } => {
                Call::new("msgsnd", [format!("type {kind}"), quoted(text)].into_iter().chain(flag.name()))
            }
            Self::Receive { wanted, room, flag } => {
                Call::new("msgrcv", [wanted.words(), format!("{room} bytes")].into_iter().chain(flag.name()))
            }
            Self::Remove => Call::new("msgctl", ["IPC_RMID".into()]),
            Self::Drain { limit } => {
                let limit = limit.as_millis();
                words(format!("blocks all senders, and removes the queue if it is empty within {limit} ms"))
            }
            Self::HandleUsr1 => Call::new("sigaction", ["SIGUSR1".into(), "SA_RESTART".into()]),
            Self::Serve { clients } => words(format!("serves {clients} clients")),
            Self::Exchange { count, receives_meanwhile: false, .. } => {
                words(format!("sends {count} messages, then receives {count}"))
            }
            Self::Exchange { count, .. } => {
                words(format!("sends {count} messages and receives {count} at the same time"))
            }
        }
    }

    fn outcome(&self, value: &Value) -> String {
        let number = value.number;
        match self {
            Self::Get { .. } => format!("id {number}"),
            Self::Receive { .. } => {
                let cut = if value.is_cut { ", cut" } else { "" };
                format!("type {number}, {}{cut}", quoted(value.text.as_deref().unwrap_or_default()))
            }
            Self::Drain { .. } if number == 0 => "empty, so removed".into(),
            Self::Drain { .. } => format!("{number} messages left, so reopened"),
            Self::Serve { .. } => format!("{number} requests answered"),
            Self::Exchange { .. } => format!("sent all, received {number}"),
            Self::Send { .. } | Self::Remove | Self::HandleUsr1 => "done".into(),
        }
    }

    fn failure(&self, errno: &str) -> String {
        match errno {
            "ENOMSG" => "no message (ENOMSG)".into(),
            "EAGAIN" => "no room (EAGAIN)".into(),
            errno => errno.into(),
        }
    }
}

impl Flag {
    fn name(self) -> Option<String> {
        match self {
            Self::None => None,
            Self::NoWait => Some("IPC_NOWAIT".into()),
            Self::NoError => Some("MSG_NOERROR".into()),
        }
    }
}

impl Wanted {
    fn words(self) -> String {
        match self {
            Self::Any => "any type".into(),
            Self::Exactly(kind) => format!("type {kind}"),
            Self::UpTo(kind) => format!("up to type {kind}"),
            Self::Except(kind) => format!("any type but {kind}"),
        }
    }
}
