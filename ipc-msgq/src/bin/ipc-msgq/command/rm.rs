//! `rm`: removes queues and the messages in them.

use std::fmt::Display;

use clap::{ArgGroup, Args};
use ipc_core::{Error, Result};
use ipc_demo::print;
use ipc_msgq::{Entry, Queue, list};
use nix::unistd::geteuid;

use super::Status;
use super::name::{FORMS, QueueName, by_id, of};
use super::text::{count, user};
use super::users::{MinAge, ORPHAN, Sleepers, is_orphan};

/// The text of `--help` on the certainty of `--orphans`.
const ONE_LOOK: &str = "\
With --orphans, all queues are inspected first. One that has changed before it would be removed is left alone; but a \
process that begins to wait on it in that short time is not seen, and its call fails (EIDRM).";

/// Remove queues, with all messages in them
#[derive(Args, Debug)]
#[command(
    after_help = "As with ipcrm, nothing is printed for the queues that were named and removed.",
    after_long_help = format!("As with ipcrm, nothing is printed for the queues that were named and removed.\n\n{ORPHAN}\n\n{ONE_LOOK}"),
    group = ArgGroup::new("which").required(true).multiple(true).args(["queues", "orphans"])
)]
#[group(skip)]
pub struct RmArgs {
    #[arg(value_name = "QUEUE", help = FORMS, allow_negative_numbers = true)]
    queues: Vec<QueueName>,
    /// Remove this user's orphans, and print each
    ///
    /// They are the queues that no process seems to use.
    #[arg(long)]
    orphans: bool,
    #[command(flatten)]
    min_age: MinAge,
    /// Only print what would be removed
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Also remove other users' queues, given the privilege
    #[arg(short, long)]
    force: bool,
}

impl RmArgs {
    pub fn run(self) -> Result<Status> {
        let mut failed = false;
        for name in &self.queues {
            if let Err(error) = name.open().and_then(|queue| self.remove_named(queue)) {
                report(&error);
                failed = true;
            }
        }
        if self.orphans {
            failed |= self.remove_orphans()?;
        }
        Ok(if failed { Status::Failed } else { Status::Done })
    }

    fn remove_named(&self, queue: Queue) -> Result<()> {
        let Some(entry) = list()?.into_iter().find(|entry| entry.queue == queue) else {
            return by_id(queue.id()).map(drop); // it has just been removed, and this reports it
        };
        if !self.force && !is_ours(&entry) {
            return Err(Error::Usage(format!(
                "queue {} belongs to {}: use --force to remove it",
                queue.id(),
                user(entry.stat.owner)
            )));
        }
        if self.dry_run { self.print_removed(&entry) } else { remove(&entry) }
    }

    /// Removes the orphans, and returns whether one of them could not be removed.
    fn remove_orphans(&self) -> Result<bool> {
        let sleepers = Sleepers::look()?;
        let orphans = list()?.into_iter().filter(|entry| is_orphan(entry, &sleepers, self.min_age.min_age));
        let mut failed = false;
        for orphan in orphans.filter(|entry| self.force || is_ours(entry)) {
            // Skips one that has been used since.
            if orphan.queue.stat().is_ok_and(|stat| stat != orphan.stat) {
                continue;
            }
            if !self.dry_run
                && let Err(error) = remove(&orphan)
            {
                report(&error);
                failed = true;
            } else {
                self.print_removed(&orphan)?;
            }
        }
        Ok(failed)
    }

    fn print_removed(&self, entry: &Entry) -> Result<()> {
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
fn report(error: &impl Display) {
    eprintln!("error: {error}");
}
