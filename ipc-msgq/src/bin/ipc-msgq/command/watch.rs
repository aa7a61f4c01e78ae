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
use super::text::{count, moment};

/// Shows the queues live, until interrupted: as a table on a terminal, otherwise as a line for each change
#[derive(Args, Debug)]
pub struct WatchArgs {
    /// The time between two updates: 1, 0.5, 100ms. A queue that exists only in between is not seen
    #[arg(long, value_name = "TIME", value_parser = parse_duration, default_value = "1", allow_negative_numbers = true)]
    interval: Duration,
}

/// Moves the cursor home and erases from there to the end: overwriting text with the same text does not flicker.
const REDRAW: &str = "\x1b[H\x1b[J";

impl WatchArgs {
    pub fn run(self) -> Result<Status> {
        let terminal = stdout().is_terminal();
        let mut before = BTreeMap::new();
        loop {
            let now = rows()?;
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

/// Returns a line for each queue that is new, changed or gone.
fn changes(before: &BTreeMap<i32, Row>, now: &BTreeMap<i32, Row>) -> String {
    let mut lines = String::new();
    let time = moment(SystemTime::now());
    for (id, row) in now.iter().filter(|(id, row)| before.get(id) != Some(row)) {
        let what = if before.contains_key(id) { "changed" } else { "appeared" };
        let Row { key, owner, perms, used_bytes, messages, orphan, .. } = row;
        let (messages, bytes) = (count(*messages, "message"), count(*used_bytes, "byte"));
        let orphan = if *orphan { ", orphan" } else { "" };
        let _ = writeln!(
            lines,
            "{time} queue {id} {what}: key {key:#010x}, owner {owner}, perms {perms}, {messages}, {bytes}{orphan}"
        );
    }
    for id in before.keys().filter(|id| !now.contains_key(id)) {
        let _ = writeln!(lines, "{time} queue {id} disappeared");
    }
    lines
}
