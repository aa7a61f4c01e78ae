//! `watch`: shows changes as they happen.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io::{IsTerminal as _, stdout};
use std::thread;
use std::time::{Duration, SystemTime};

use clap::Args;
use ipc_core::Result;
use ipc_demo::units::parse_duration;
use ipc_demo::{has_reader, print};

use super::Status;
use super::ls::{Row, as_table, rows};
use super::text::{count, moment, shortened};
use super::users::MinAge;

/// Show the queues as they change, until interrupted
///
/// On a terminal it is a table, otherwise a line for each change.
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// The time between two looks: 1, 0.5, 100ms
    ///
    /// A queue that exists only in between is not seen.
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1", allow_negative_numbers = true)]
    interval: Duration,
    #[command(flatten)]
    min_age: MinAge,
}

/// Moves the cursor home and erases from there to the end: overwriting text with the same text does not flicker.
const REDRAW: &str = "\x1b[H\x1b[J";

impl WatchArgs {
    pub fn run(self) -> Result<Status> {
        let terminal = stdout().is_terminal();
        let mut before = BTreeMap::new();
        loop {
            let now = rows(self.min_age.min_age)?;
            let heading = format!("{}, every {} s\n", moment(SystemTime::now()), self.interval.as_secs_f64());
            if terminal {
                print(&format!("{REDRAW}{heading}\n{}", as_table(&now)))?;
            }
            let now: BTreeMap<i32, Row> = now.into_iter().map(|row| (row.id, row)).collect();
            if !terminal {
                print(&changes(&before, &now))?;
            }
            before = now;
            thread::sleep(self.interval);
            has_reader()?; // even if there is nothing to write
        }
    }
}

/// Returns a line for each queue that is new or gone, and for each thing that has changed about one.
fn changes(before: &BTreeMap<i32, Row>, now: &BTreeMap<i32, Row>) -> String {
    let mut lines = String::new();
    let time = moment(SystemTime::now());
    let mut tell = |id: i32, what: &str| {
        let _ = writeln!(lines, "{time} queue {id} {what}"); // writing to a String cannot fail
    };
    for (&id, row) in now {
        let old = before.get(&id);
        let is_as_before = |same: fn(&Row, &Row) -> bool| old.is_some_and(|old| same(old, row));
        if !is_as_before(|old, new| (old.key, &old.owner, &old.perms) == (new.key, &new.owner, &new.perms)) {
            let verb = if old.is_some() { "changed" } else { "appeared" };
            let owner = shortened(&row.owner, 10);
            tell(id, &format!("{verb}: key {:#010x}, {owner}, {}", row.key, row.perms));
        }
        let is_full = old.is_some() || row.messages > 0;
        if is_full
            && !is_as_before(|old, new| (old.messages, old.used_bytes) == (new.messages, new.used_bytes))
        {
            tell(id, &format!("holds {}, {}", count(row.messages, "message"), count(row.used_bytes, "byte")));
        }
        match (old.is_some_and(|old| old.orphan), row.orphan) {
            (false, true) => tell(id, "is an orphan"),
            (true, false) => tell(id, "is an orphan no more"),
            _ => {}
        }
    }
    for &id in before.keys().filter(|id| !now.contains_key(id)) {
        tell(id, "disappeared");
    }
    lines
}
