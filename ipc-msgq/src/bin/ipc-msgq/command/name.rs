//! Identifying a queue, and the errors when it does not exist.

use std::path::PathBuf;

use clap::{Args, ValueHint};
use ipc_core::{Advise, Error, Result};
use ipc_msgq::{Key, ProjectId, Queue, QueueId};
use nix::errno::Errno;

/// The identification of an existing queue: one of the three.
#[derive(Args, Debug)]
#[group(required = true, multiple = false, args = ["id", "key", "path"])]
pub struct Name {
    /// The queue with this id, as `ls` shows it
    #[arg(short = 'q', long, value_name = "N", value_parser = parse_id, allow_negative_numbers = true)]
    id: Option<QueueId>,
    #[command(flatten)]
    address: Address,
}

/// The identification of a queue that need not exist yet: its id is not known before.
#[derive(Args, Debug)]
#[group(skip)]
pub struct Address {
    /// The queue with this key: decimal, or 0x… as `ls` shows it
    #[arg(short = 'Q', long, value_name = "K", allow_negative_numbers = true)]
    key: Option<Key>,
    /// The queue with the key that ftok(3) computes from this file and a project
    #[arg(long, value_name = "FILE", requires = "project", conflicts_with = "key", value_hint = ValueHint::AnyPath)]
    path: Option<PathBuf>,
    /// The project for --path: 1 to 255, or a letter
    #[arg(long, value_name = "ID", requires = "path", allow_negative_numbers = true)]
    project: Option<ProjectId>,
}

impl Name {
    /// Opens the queue. If it does not exist, the error comes here and not at first use.
    pub fn open(&self) -> Result<Queue> {
        match (self.id, self.address.key()?) {
            (Some(id), _) => by_id(id),
            (None, Some(key)) => by_key(key),
            (None, None) => {
                Err(Error::Usage("no queue given: expected --id, --key, or --path and --project".into()))
            }
        }
    }
}

impl Address {
    /// Returns the key, if one was given.
    pub fn key(&self) -> Result<Option<Key>> {
        match (&self.path, self.project) {
            (Some(path), Some(project)) => Key::ftok(path, project).map(Some),
            _ => Ok(self.key),
        }
    }
}

/// Returns the queue with this id, which must exist.
pub fn by_id(id: QueueId) -> Result<Queue> {
    let queue = Queue::from_id(id);
    match queue.stat() {
        Err(error) if error.errno() != Some(Errno::EACCES) => Err(error),
        _ => Ok(queue), // a user that may not read may still send
    }
    .advise(Errno::EINVAL, || format!("no queue has id {id}: see ipc-msgq ls"))
}

/// Opens the queue with this key, which must exist.
pub fn by_key(key: Key) -> Result<Queue> {
    Queue::open(key).advise(Errno::ENOENT, || format!("no queue has key {key}: see ipc-msgq ls"))
}

/// Names the queue in an error that says that it was removed, or that this user has no permission.
pub fn of<T>(queue: Queue, result: Result<T>) -> Result<T> {
    let gone = || format!("queue {} was removed in the meantime", queue.id());
    result.advise(Errno::EIDRM, gone).advise(Errno::EINVAL, gone).advise(Errno::EACCES, || {
        format!("the mode of queue {} does not permit this: see ipc-msgq ls", queue.id())
    })
}

/// Parses a queue's id on the command line.
pub fn parse_id(text: &str) -> std::result::Result<QueueId, String> {
    let number = text.parse().ok().filter(|number| *number >= 0);
    number.map(QueueId::new).ok_or_else(|| "expected a whole number from 0, as `ls` shows it".into())
}

/// Parses permission bits on the command line, octal as for chmod(1).
pub fn parse_mode(text: &str) -> std::result::Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "expected an octal mode up to 777, as in 0600 or 660".into())
}
