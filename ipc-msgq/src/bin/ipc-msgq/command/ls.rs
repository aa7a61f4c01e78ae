//! `ls`: all queues of the system.

use std::collections::BTreeSet;
use std::time::{Duration, SystemTime};

use clap::Args;
use ipc_core::Result;
use ipc_demo::print;
use ipc_msgq::{Entry, list};
use serde::Serialize;

use super::Status;
use super::text::{age, print_json, shortened, table, user};
use super::users::{MinAge, ORPHAN, Sleepers, is_alive, is_orphan};

/// List all queues, even those that this user may not read
#[derive(Args, Debug)]
#[command(after_long_help = format!("{COLUMNS}\n\n{ORPHAN}"))]
pub struct LsArgs {
    #[command(flatten)]
    min_age: MinAge,
    /// Print one JSON document: an array of objects
    #[arg(long)]
    json: bool,
}

const COLUMNS: &str = "\
AGE is the time since a queue was created or changed by `set`; the kernel records no other time. USED-BY has the \
processes that are known to use the queue: those that sleep on it, and the last sender and the last receiver, while they \
run; `elsewhere` is a process of another pid namespace, and `-` is none. `stat` and --json tell them apart.";

impl LsArgs {
    pub fn run(self) -> Result<Status> {
        let rows = rows(self.min_age.min_age)?;
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
pub fn rows(min_age: Duration) -> Result<Vec<Row>> {
    let entries = list()?;
    let sleepers = Sleepers::look()?;
    Ok(entries.iter().map(|entry| row(entry, &sleepers, min_age)).collect())
}

fn row(entry: &Entry, sleepers: &Sleepers, min_age: Duration) -> Row {
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
        orphan: is_orphan(entry, sleepers, min_age),
        last_sent: stat.last_sent,
        last_received: stat.last_received,
        age: age(stat.last_changed),
    }
}

/// The first six are those of `ipcs`. Nothing is wider than its column in any real queue, so a line has at most 80.
const HEADING: [&str; 8] = ["KEY", "ID", "OWNER", "PERMS", "BYTES", "MSGS", "AGE", "USED-BY"];

/// Formats the table for people.
pub fn as_table(rows: &[Row]) -> String {
    let mut cells = vec![HEADING.map(str::to_owned).to_vec()];
    cells.extend(rows.iter().map(|row| {
        vec![
            format!("{:#010x}", row.key),
            row.id.to_string(),
            shortened(&row.owner, 10),
            row.perms.clone(),
            row.used_bytes.to_string(),
            row.messages.to_string(),
            row.age.clone(),
            row.used_by(),
        ]
    }));
    table(&cells)
}

impl Row {
    /// Returns the processes that are known to use the queue; a word where there is no such process.
    fn used_by(&self) -> String {
        let alive = |pid: Option<u32>, lives: Option<bool>| pid.filter(|_| lives == Some(true));
        let last = [
            alive(self.last_sender, self.last_sender_lives),
            alive(self.last_receiver, self.last_receiver_lives),
        ];
        let users: BTreeSet<u32> = self.sleepers.iter().copied().chain(last.into_iter().flatten()).collect();
        // In another pid namespace: it has no number here.
        let elsewhere = |pid: Option<u32>, when: Option<SystemTime>| pid.is_none() && when.is_some();
        match users.len() {
            0 if self.orphan => "orphan".into(),
            0 if elsewhere(self.last_sender, self.last_sent)
                || elsewhere(self.last_receiver, self.last_received) =>
            {
                "elsewhere".into()
            }
            0 => "-".into(),
            1 | 2 => users.iter().map(u32::to_string).collect::<Vec<_>>().join(","),
            many => format!("{many} processes"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row with the longest value of each column.
    fn longest() -> Row {
        Row {
            key: u32::MAX,
            id: i32::MAX,
            owner: "a-name-of-32-bytes-is-the-longest".into(),
            uid: u32::MAX,
            perms: "0777".into(),
            used_bytes: 16384,
            messages: 16384,
            capacity: Some(16384),
            last_sender: Some(4_194_303),
            last_sender_lives: Some(true),
            last_receiver: Some(4_194_302),
            last_receiver_lives: Some(true),
            sleepers: Vec::new(),
            orphan: false,
            last_sent: Some(SystemTime::UNIX_EPOCH),
            last_received: Some(SystemTime::UNIX_EPOCH),
            age: "9999d".into(),
        }
    }

    #[test]
    fn the_longest_row_fits_80_columns() {
        let mut rows = vec![longest(); 2];
        rows[1].sleepers = (1..=9999).collect();
        let table = as_table(&rows);
        assert!(table.lines().all(|line| line.chars().count() <= 80), "{table}");
        let last: Vec<_> = table.lines().map(|line| line.rsplit("  ").next().unwrap()).collect();
        assert_eq!(last, ["USED-BY", "4194302,4194303", "10001 processes"]);
        assert!(table.contains("a-name-of+ "), "{table}");
    }

    #[test]
    fn the_users_are_the_processes_that_run() {
        let row = |change: fn(&mut Row)| {
            let mut row = longest();
            change(&mut row);
            row.used_by()
        };
        assert_eq!(row(|row| row.sleepers = vec![7]), "3 processes");
        assert_eq!(row(|row| row.last_sender_lives = Some(false)), "4194302");
        assert_eq!(row(|row| row.last_receiver = row.last_sender), "4194303", "it sends and receives");
        let ended =
            |row: &mut Row| (row.last_sender_lives, row.last_receiver_lives) = (Some(false), Some(false));
        let mut unused = longest();
        ended(&mut unused);
        assert_eq!(unused.used_by(), "-");
        unused.orphan = true;
        assert_eq!(unused.used_by(), "orphan");
        (unused.orphan, unused.last_sender) = (false, None);
        assert_eq!(unused.used_by(), "elsewhere");
    }
}
