//! `ls`: the streams of the suite at the server.

use clap::Args;
use comfy_table::{Table, TableStyle};
use ipc_core::Result;
use ipc_demo::print;
use ipc_nats::{Connection, Listed, ServerOptions, list};
use serde::Serialize;

/// List the streams of this suite at the server
#[derive(Args, Debug)]
#[command(after_long_help = "\
USED says whether a process is on any side of the link: `yes`; `no`, and then `clean` removes the stream; or `-` where it is \
not a link's stream.")]
pub struct LsArgs {
    /// Print one JSON document: an array of objects
    #[arg(long)]
    json: bool,
}

/// A row of the listing.
#[derive(Serialize)]
struct Row<'a> {
    stream: &'a str,
    storage: &'a str,
    messages: u64,
    bytes: u64,
    consumers: usize,
    age_s: u64,
    used: Option<bool>,
}

impl LsArgs {
    pub fn run(self) -> Result<()> {
        let listed = list(&Connection::open(&ServerOptions::current())?)?;
        let rows: Vec<_> = listed.iter().map(Row::of).collect();
        if self.json {
            return print(&format!("{}\n", serde_json::to_string_pretty(&rows).expect("plain data")));
        }
        let mut table = Table::new();
        table.load_style(TableStyle::new());
        table.set_header(["STREAM", "STORAGE", "MESSAGES", "BYTES", "CONSUMERS", "AGE", "USED"]);
        table.add_rows(rows.iter().map(Row::cells));
        print(&format!("{}\n", table.trim_fmt()))
    }
}

impl<'a> Row<'a> {
    fn of(listed: &'a Listed) -> Self {
        let Listed { stream, storage, messages, bytes, consumers, age, used, .. } = listed;
        Self {
            stream,
            storage,
            messages: *messages,
            bytes: *bytes,
            consumers: *consumers,
            age_s: age.as_secs(),
            used: *used,
        }
    }

    fn cells(&self) -> [String; 7] {
        let used = match self.used {
            Some(true) => "yes",
            Some(false) => "no",
            None => "-",
        };
        [
            self.stream.to_owned(),
            self.storage.to_owned(),
            self.messages.to_string(),
            self.bytes.to_string(),
            self.consumers.to_string(),
            format!("{} s", self.age_s),
            used.to_owned(),
        ]
    }
}
