//! `ls`: all queues of the system.

use std::time::SystemTime;

use clap::Args;
use ipc_core::Result;
use ipc_demo::print;
use ipc_msgq::{Entry, list};
use serde::Serialize;

use super::Status;
use super::text::{age, print_json, table, user};
use super::users::{ORPHAN, Sleepers, is_alive, is_orphan};

/// Lists all queues, including those without read permission
#[derive(Args, Debug)]
#[command(after_help = format!("AGE is the time since a queue was created or changed by `set`; the kernel records no other time.\n\n{ORPHAN}"))]
pub struct LsArgs {
    /// Print one JSON document: an array of objects
    #[arg(long)]
    json: bool,
}

impl LsArgs {
    pub fn run(self) -> Result<Status> {
        let rows = rows()?;
        if self.json {
            print_json(&rows)?;
        } else {
            print(&as_table(&rows))?;
        }
        Ok(Status::Done)
    }
}

/// A row of the listing. JSON uses numbers: the key's 32 bits without a sign, as in `ipcs`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Row {
    pub key: u32,
    pub id: i32,
    pub owner: String,
    pub uid: u32,
    pub perms: String,
    pub used_bytes: usize,
    pub messages: usize,
    /// The capacity in bytes; null where only `/proc/sysvipc/msg` could be read.
    pub capacity: Option<usize>,
    pub last_sender: Option<u32>,
    pub last_sender_lives: Option<bool>,
    pub last_receiver: Option<u32>,
    pub last_receiver_lives: Option<bool>,
    /// Processes now waiting to send or to receive.
    pub sleepers: Vec<u32>,
    pub orphan: bool,
    #[serde(skip)]
    last_sent: Option<SystemTime>,
    #[serde(skip)]
    last_received: Option<SystemTime>,
    #[serde(skip)]
    age: String,
}

/// Returns every queue, in its present state.
pub fn rows() -> Result<Vec<Row>> {
    let entries = list()?;
    let sleepers = Sleepers::look()?;
    Ok(entries.iter().map(|entry| row(entry, &sleepers)).collect())
}

fn row(entry: &Entry, sleepers: &Sleepers) -> Row {
    let stat = &entry.stat;
    Row {
        key: stat.key.map_or(0, |key| key.get().cast_unsigned()),
        id: entry.queue.id().get(),
        owner: user(stat.owner),
        uid: stat.owner,
        perms: format!("{:04o}", stat.mode),
        used_bytes: stat.bytes,
        messages: stat.messages,
        capacity: Some(stat.capacity).filter(|capacity| *capacity > 0),
        last_sender: stat.last_sender,
        last_sender_lives: stat.last_sender.map(|pid| is_alive(pid, stat.last_sent)),
        last_receiver: stat.last_receiver,
        last_receiver_lives: stat.last_receiver.map(|pid| is_alive(pid, stat.last_received)),
        sleepers: sleepers.on(entry.queue.id()),
        orphan: is_orphan(entry, sleepers),
        last_sent: stat.last_sent,
        last_received: stat.last_received,
        age: age(stat.last_changed),
    }
}

const HEADING: [&str; 11] = [
    "KEY",
    "ID",
    "OWNER",
    "PERMS",
    "USED-BYTES",
    "MESSAGES",
    "AGE",
    "LAST-SENDER",
    "LAST-RECEIVER",
    "SLEEPERS",
    "ORPHAN",
];

/// Formats the table for people.
pub fn as_table(rows: &[Row]) -> String {
    let pid = |pid: Option<u32>, lives: Option<bool>, when: Option<SystemTime>| match pid {
        Some(pid) if lives == Some(true) => pid.to_string(),
        Some(pid) => format!("{pid} (ended)"),
        None if when.is_some() => "elsewhere".into(), // in another pid namespace: it has no number here
        None => "-".into(),
    };
    let sleepers = |row: &Row| match row.sleepers.len() {
        0 => "-".into(),
        1..=3 => row.sleepers.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
        many => format!("{many} processes"),
    };
    let mut cells = vec![HEADING.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        vec![
            format!("{:#010x}", row.key),
            row.id.to_string(),
            row.owner.clone(),
            row.perms.clone(),
            row.used_bytes.to_string(),
            row.messages.to_string(),
            row.age.clone(),
            pid(row.last_sender, row.last_sender_lives, row.last_sent),
            pid(row.last_receiver, row.last_receiver_lives, row.last_received),
            sleepers(row),
            if row.orphan { "yes" } else { "no" }.into(),
        ]
    }));
    table(&cells)
}
