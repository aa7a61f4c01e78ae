//! The cases that cannot be played with many clients, and the reason for each: one line for people.

use ipc_core::Wait;
use nix::libc::PIPE_BUF;
use nix::sys::resource::{Resource, getrlimit};

use super::fifo;
use crate::present::table;
use crate::results::case::Case;

/// The longest request to a socket: the server holds one for each client.
const LONGEST: usize = 64 << 10;

/// The most clients that a server of `ipc-msgq` accepts.
const SEATS: usize = 4096;

/// The descriptors of the server besides those of its clients.
const OTHERS: usize = 32;

/// The message for a strategy other than `block`.
pub const NEEDS_BLOCK: &str = "many clients are measured with --wait block only: a server that polls for a thousand clients serves nobody else";

/// Returns the reason why a case of [`Kind::Clients`](crate::results::case::Kind::Clients) cannot be played here; `None` if it can.
#[must_use]
pub fn refusal(case: &Case) -> Option<String> {
    if case.wait != Wait::Block {
        return Some(NEEDS_BLOCK.into());
    }
    let longest = match (case.member.profile.name, case.variant) {
        ("socket", _) => LONGEST,
        ("fifo", _) => PIPE_BUF - fifo::HEADER,
        ("msgq", "sysv") => longest_in_queue(),
        (name, _) => return Some(serves_one(name).into()),
    };
    if case.size > longest {
        let longest = table::bytes(longest);
        return Some(format!("a request is too long: {longest} at most from one of many clients"));
    }
    too_many(case)
}

/// Returns true if this harness can build a server of many clients from the case's mechanism.
#[must_use]
pub fn serves_many(case: &Case) -> bool {
    matches!((case.member.profile.name, case.variant), ("socket" | "fifo", _) | ("msgq", "sysv"))
}

fn serves_one(name: &str) -> &'static str {
    match name {
        "msgq" => {
            "a POSIX queue cannot be received from by sender: for many clients each needs a queue of its own"
        }
        "pipe" => "an anonymous pipe has two ends and no name: no further client can join",
        _ => {
            "one memory is one link of two: a server of many would need one for each, and a way to wait for all"
        }
    }
}

fn longest_in_queue() -> usize {
    let read = std::fs::read_to_string("/proc/sys/kernel/msgmax");
    // `ipc-msgq` puts a byte and the session's number in front of a request.
    let header = 1 + size_of::<u64>();
    read.ok().and_then(|text| text.trim().parse::<usize>().ok()).unwrap_or(8192).saturating_sub(header)
}

/// Returns a refusal if the server needs too many descriptors: one for each connection, or each FIFO.
fn too_many(case: &Case) -> Option<String> {
    let (clients, name) = (case.clients, case.member.profile.name);
    if name == "msgq" {
        return (clients > SEATS)
            .then(|| format!("{clients} clients are too many: a server of ipc-msgq has {SEATS} seats"));
    }
    let Ok((_, hard)) = getrlimit(Resource::RLIMIT_NOFILE) else { return None };
    let needed = clients + OTHERS;
    (hard < needed as u64).then(|| {
        format!("{clients} clients take {needed} descriptors of a process, and it may have {hard}: raise ulimit -Hn")
    })
}
