//! Naming a queue, in the same place and the same form for every command, and the errors when it does not exist.

use std::path::PathBuf;
use std::str::FromStr;

use clap::Args;
use ipc_core::{Advise, Error, Result};
use ipc_msgq::{Key, ProjectId, Queue, QueueId};
use nix::errno::Errno;

/// The forms of a queue's name, for the help.
pub const FORMS: &str = "Its id (7) or its key (0x000a11ce), as `ls` shows them, or FILE:PROJECT for ftok(3)";

/// The forms of the key of a queue to be made, for the help.
pub const NEW_KEY: &str = "Its key: 0x000a11ce, or FILE:PROJECT for ftok(3) [default: a new, unused one]";

/// The queue that a command is about: its first word.
#[derive(Args, Debug)]
pub struct Name {
    #[arg(value_name = "QUEUE", help = FORMS, allow_negative_numbers = true)]
    queue: QueueName,
}

impl Name {
    /// Opens the queue. If it does not exist, the error comes here and not at first use.
    pub fn open(&self) -> Result<Queue> {
        self.queue.open()
    }
}

/// The name of an existing queue.
#[derive(Clone, Debug)]
pub enum QueueName {
    /// The id that the kernel gave it.
    Id(QueueId),
    /// The key that it was made with.
    Key(KeyName),
}

/// The key of a queue, which need not exist yet: its id is not known before.
#[derive(Clone, Debug)]
pub enum KeyName {
    /// The key itself.
    Key(Key),
    /// The file and the project from which ftok(3) computes it.
    Ftok(PathBuf, ProjectId),
}

impl QueueName {
    /// Opens the queue, which must exist.
    pub fn open(&self) -> Result<Queue> {
        match self {
            Self::Id(id) => by_id(*id),
            Self::Key(key) => by_key(key.key()?),
        }
    }
}

impl KeyName {
    /// Returns the key.
    pub fn key(&self) -> Result<Key> {
        match self {
            Self::Key(key) => Ok(*key),
            Self::Ftok(file, project) => Key::ftok(file, *project),
        }
    }
}

impl FromStr for QueueName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let id = text.parse().ok().filter(|number| *number >= 0).map(QueueId::new);
        match (id, key_name(text)) {
            (Some(id), _) => Ok(Self::Id(id)),
            (None, Some(key)) => key.map(Self::Key),
            (None, None) => Err(Error::Usage(format!(
                "invalid queue '{text}': expected its id or its key, as `ls` shows them (7, 0x000a11ce), or FILE:PROJECT"
            ))),
        }
    }
}

impl FromStr for KeyName {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        key_name(text).unwrap_or_else(|| {
            Err(Error::Usage(format!(
                "invalid key '{text}': expected one such as 0x000a11ce, or FILE:PROJECT"
            )))
        })
    }
}

/// Parses a key in either form; `None` if it has neither. A decimal number is an id, wherever a queue is named.
fn key_name(text: &str) -> Option<Result<KeyName>> {
    if text.starts_with("0x") || text.starts_with("0X") {
        return Some(text.parse().map(KeyName::Key));
    }
    let (file, project) = text.rsplit_once(':').filter(|(file, _)| !file.is_empty())?;
    Some(project.parse().map(|project| KeyName::Ftok(file.into(), project)))
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
fn by_key(key: Key) -> Result<Queue> {
    Queue::open(key).advise(Errno::ENOENT, || format!("no queue has key {key}: see ipc-msgq ls"))
}

/// Names the queue in an error that says that it was removed, or that this user has no permission.
pub fn of<T>(queue: Queue, result: Result<T>) -> Result<T> {
    let gone = || format!("queue {} was removed in the meantime", queue.id());
    result.advise(Errno::EIDRM, gone).advise(Errno::EINVAL, gone).advise(Errno::EACCES, || {
        format!("the mode of queue {} does not permit this: see ipc-msgq ls", queue.id())
    })
}

/// Parses permission bits on the command line, octal as for chmod(1).
pub fn parse_mode(text: &str) -> std::result::Result<u32, String> {
    let mode = u32::from_str_radix(text, 8).ok().filter(|mode| *mode <= 0o777);
    mode.ok_or_else(|| "expected an octal mode up to 777, as in 0600 or 660".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_an_id_and_a_hexadecimal_one_a_key() {
        assert!(matches!("7".parse(), Ok(QueueName::Id(id)) if id == QueueId::new(7)));
        let key = "0xa11ce".parse::<QueueName>().unwrap();
        assert!(matches!(key, QueueName::Key(KeyName::Key(key)) if key == Key::new(0xa11ce).unwrap()));
        let ftok = "./a:b:M".parse::<QueueName>().unwrap();
        assert!(matches!(ftok, QueueName::Key(KeyName::Ftok(file, _)) if file.as_os_str() == "./a:b"));
        for text in ["", "-1", "hello", ":M", "2147483648", "7 "] {
            let error = text.parse::<QueueName>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("invalid queue '{text}': expected")), "{error}");
        }
        for text in ["0x0", "0x1ffffffff", "0x", "file:0", "file:", "file:256"] {
            assert!(text.parse::<QueueName>().is_err() && text.parse::<KeyName>().is_err(), "{text}");
        }
        assert!("7".parse::<KeyName>().is_err(), "the id of a new queue is not known before");
    }
}
