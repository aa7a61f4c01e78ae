//! `stat`: the kernel's record of a queue.

use std::time::SystemTime;

use clap::Args;
use ipc_core::Result;
use ipc_demo::print;
use ipc_msgq::{Key, Queue, Stat, list};
use nix::errno::Errno;
use serde_json::json;

use super::Status;
use super::name::{self, Name};
use super::text::{age, group, moment, print_json, user};
use super::users::is_alive;

/// Show everything that the kernel records about a queue
#[derive(Args, Debug)]
pub struct StatArgs {
    #[command(flatten)]
    queue: Name,
    /// Print one JSON document
    #[arg(long)]
    json: bool,
}

impl StatArgs {
    pub fn run(self) -> Result<Status> {
        let queue = self.queue.open()?;
        let stat = look(queue)?;
        if self.json {
            print_json(&document(queue, &stat))?;
        } else {
            print(&text(queue, &stat))?;
        }
        Ok(Status::Done)
    }
}

/// Returns the record even of a queue that this user may not read: any user may list it.
fn look(queue: Queue) -> Result<Stat> {
    match queue.stat() {
        Err(error) if error.errno() == Some(Errno::EACCES) => {
            let entry = list()?.into_iter().find(|entry| entry.queue == queue);
            entry.map(|entry| entry.stat).ok_or(error)
        }
        stat => name::of(queue, stat),
    }
}

fn text(queue: Queue, stat: &Stat) -> String {
    let when = |time: Option<SystemTime>| match time {
        Some(time) => format!("{} ({} ago)", moment(time), age(time)),
        None => "never".into(),
    };
    let who = |pid: Option<u32>, then: Option<SystemTime>| match pid {
        Some(pid) if is_alive(pid, then) => format!("process {pid}"),
        Some(pid) => format!("process {pid} (ended)"),
        None if then.is_some() => "a process of another pid namespace".into(),
        None => "none".into(),
    };
    let lines = [
        ("key", stat.key.map_or_else(|| "none (private)".into(), |key| key.to_string())),
        ("id", queue.id().to_string()),
        ("owner", format!("{} ({})", user(stat.owner), stat.owner)),
        ("group", format!("{} ({})", group(stat.group), stat.group)),
        ("creator", format!("{} ({})", user(stat.creator), stat.creator)),
        ("creator group", format!("{} ({})", group(stat.creator_group), stat.creator_group)),
        ("perms", format!("{:04o}", stat.mode)),
        ("sequence", stat.sequence.to_string()),
        ("messages", stat.messages.to_string()),
        ("used bytes", stat.bytes.to_string()),
        ("capacity", format!("{} bytes", stat.capacity)),
        ("last sender", who(stat.last_sender, stat.last_sent)),
        ("last receiver", who(stat.last_receiver, stat.last_received)),
        ("last sent", when(stat.last_sent)),
        ("last received", when(stat.last_received)),
        ("last changed", when(Some(stat.last_changed))),
    ];
    lines.map(|(name, value)| format!("{name:<14} {value}\n")).concat()
}

fn document(queue: Queue, stat: &Stat) -> serde_json::Value {
    json!({
        "key": stat.key.map_or(0, Key::get).cast_unsigned(),
        "id": queue.id().get(),
        "owner": user(stat.owner),
        "uid": stat.owner,
        "group": group(stat.group),
        "gid": stat.group,
        "creator_uid": stat.creator,
        "creator_gid": stat.creator_group,
        "perms": format!("{:04o}", stat.mode),
        "sequence": stat.sequence,
        "messages": stat.messages,
        "used_bytes": stat.bytes,
        "capacity": stat.capacity,
        "last_sender": stat.last_sender,
        "last_receiver": stat.last_receiver,
        "last_sent": stat.last_sent.map(moment),
        "last_received": stat.last_received.map(moment),
        "last_changed": moment(stat.last_changed),
    })
}
