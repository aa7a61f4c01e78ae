//! `rm`: removes queues and the messages in them.

use std::fmt::Display;
use std::path::PathBuf;

use clap::{ArgAction, ArgGroup, Args, ValueHint};
use ipc_core::{Error, Result};
use ipc_demo::print;
use ipc_msgq::{Entry, Key, ProjectId, Queue, QueueId, list};
use nix::unistd::geteuid;

use super::Outcome;
use super::name::{by_id, by_key, of, parse_id};
use super::text::{count, user};
use super::users::{ORPHAN, Sleepers, is_orphan};

/// The text of `--help` on the certainty of `--orphans`.
const ONE_LOOK: &str = "\
With --orphans all queues are looked at first. One that has changed by the time it is to be removed is left alone; \
but somebody who comes to sleep at it in that short while is not seen, and is told that it was removed (EIDRM).";

/// Removes queues, and every message in them
#[derive(Args, Debug)]
#[command(
    after_help = format!("As with ipcrm, nothing is printed about what was named and removed.\n\n{ORPHAN}\n\n{ONE_LOOK}"),
    group = ArgGroup::new("which").required(true).multiple(true).args(["ids", "more", "keys", "path", "orphans"])
)]
#[group(skip)]
pub struct Rm {
    /// The queues with these ids
    #[arg(value_name = "N", value_parser = parse_id)]
    ids: Vec<QueueId>,
    /// The queue with this id, as with ipcrm; may be repeated
    #[arg(short = 'q', long = "id", value_name = "N", value_parser = parse_id, action = ArgAction::Append)]
    more: Vec<QueueId>,
    /// The queue with this key: decimal or 0x…; may be repeated
    #[arg(short = 'Q', long = "key", value_name = "K", action = ArgAction::Append, allow_negative_numbers = true)]
    keys: Vec<Key>,
    /// The queue with the key that ftok(3) makes of this file and a project
    #[arg(long, value_name = "FILE", requires = "project", value_hint = ValueHint::AnyPath)]
    path: Option<PathBuf>,
    /// The project of --path: 1 to 255, or a letter
    #[arg(long, value_name = "ID", requires = "path", allow_negative_numbers = true)]
    project: Option<ProjectId>,
    /// All of this user's queues that nobody seems to use; says which
    #[arg(long)]
    orphans: bool,
    /// Only say what would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Other users' queues, too (the kernel wants privilege for that)
    #[arg(short, long)]
    force: bool,
}

impl Rm {
    pub fn run(self) -> Result<Outcome> {
        let mut failed = false;
        for named in self.named() {
            if let Err(error) = named.and_then(|queue| self.remove_named(queue)) {
                complain(&error);
                failed = true;
            }
        }
        if self.orphans {
            failed |= self.remove_orphans()?;
        }
        Ok(if failed { Outcome::Failed } else { Outcome::Done })
    }

    /// Returns each queue that was named, or the reason why there is none.
    fn named(&self) -> impl Iterator<Item = Result<Queue>> {
        let ids = self.ids.iter().chain(&self.more).map(|id| by_id(*id));
        let keys = self.keys.iter().map(|key| by_key(*key));
        let path = self.path.iter().zip(self.project);
        ids.chain(keys).chain(path.map(|(path, project)| Key::ftok(path, project).and_then(by_key)))
    }

    fn remove_named(&self, queue: Queue) -> Result<()> {
        let Some(entry) = list()?.into_iter().find(|entry| entry.queue == queue) else {
            return by_id(queue.id()).map(drop); // it has just been removed, and this reports it
        };
        if !self.force && !is_ours(&entry) {
            return Err(Error::Usage(format!(
                "queue {} belongs to {}: it is removed only with --force",
                queue.id(),
                user(entry.stat.owner)
            )));
        }
        if self.dry_run { self.say(&entry) } else { remove(&entry) }
    }

    /// Removes the orphans, and returns whether one of them could not be removed.
    fn remove_orphans(&self) -> Result<bool> {
        let sleepers = Sleepers::look()?;
        let orphans = list()?.into_iter().filter(|entry| is_orphan(entry, &sleepers));
        let mut failed = false;
        for orphan in orphans.filter(|entry| self.force || is_ours(entry)) {
            // Skips one that has been used since.
            if orphan.queue.stat().is_ok_and(|stat| stat != orphan.stat) {
                continue;
            }
            if !self.dry_run
                && let Err(error) = remove(&orphan)
            {
                complain(&error);
                failed = true;
            } else {
                self.say(&orphan)?;
            }
        }
        Ok(failed)
    }

    fn say(&self, entry: &Entry) -> Result<()> {
        let verb = if self.dry_run { "would remove" } else { "removed" };
        let (id, stat) = (entry.queue.id(), &entry.stat);
        let key = stat.key.map_or_else(|| "no key".into(), |key| format!("key {key}"));
        let (messages, bytes) = (count(stat.messages, "message"), count(stat.bytes, "byte"));
        print(&format!("{verb} queue {id} ({key}, owner {}, {messages}, {bytes})\n", user(stat.owner)))
    }
}

fn is_ours(entry: &Entry) -> bool {
    entry.stat.owner == geteuid().as_raw()
}

fn remove(entry: &Entry) -> Result<()> {
    of(entry.queue, entry.queue.remove())
}

/// Reports that one of several failed; the others are still to be tried.
fn complain(error: &impl Display) {
    eprintln!("error: {error}");
}
