//! The streams of the suite at a server: which there are, and removing those that no process uses any more.

use std::time::Duration;

use async_nats::jetstream::stream::{Info, StorageType};
use futures_util::TryStreamExt as _;
use ipc_core::{Error, Result};
use time::OffsetDateTime;

use crate::names::LinkName;
use crate::{Connection, MARK, presence, streams};

/// The time after which a process that seems dead is asked again: it may have lost its connection, and be about to make
/// another.
const SECOND_THOUGHT: Duration = Duration::from_secs(3);

/// A stream of the suite, as the server tells.
#[derive(Clone, Debug)]
pub struct Listed {
    /// Its name.
    pub stream: String,
    /// The link that it belongs to; `None` if it is not one of a link's.
    pub link: Option<LinkName>,
    /// Where the server keeps it.
    pub storage: &'static str,
    /// The number of messages in it.
    pub messages: u64,
    /// Their bytes, with what the server adds to each.
    pub bytes: u64,
    /// The number of consumers.
    pub consumers: usize,
    /// The time since it was made, by the clocks of server and client.
    pub age: Duration,
    /// True if there is a process on any side of its link, or maybe; `None` if it is not one of a link's.
    pub used: Option<bool>,
}

/// Lists the streams that carry the suite's mark, by name.
///
/// # Errors
/// [`Refused`](Error::Refused): the server does not tell.
pub fn list(connection: &Connection) -> Result<Vec<Listed>> {
    connection.wait(async {
        let infos: Vec<Info> = connection.jetstream().streams().try_collect().await.map_err(|error| {
            Error::Refused(format!("the server at {} lists no streams: {error}", connection.options().url))
        })?;
        let mut listed: Vec<_> = infos.into_iter().filter(is_marked).map(Listed::of).collect();
        for entry in &mut listed {
            if let Some(link) = &entry.link {
                entry.used = Some(presence::is_used(connection.client(), link).await);
            }
        }
        listed.sort_by(|a, b| a.stream.cmp(&b.stream));
        Ok(listed)
    })
}

/// Removes the streams of links that no process uses; returns their names. Streams without the suite's mark, and those of
/// which a process is there or may be, are left alone.
///
/// # Errors
/// As [`list`]; or the server does not let this user remove a stream.
pub fn clean(connection: &Connection) -> Result<Vec<String>> {
    let unused = |listed: Vec<Listed>| listed.into_iter().filter(|entry| entry.used == Some(false));
    let suspects: Vec<_> = unused(list(connection)?).map(|entry| entry.stream).collect();
    if suspects.is_empty() {
        return Ok(suspects);
    }
    std::thread::sleep(SECOND_THOUGHT);
    let mut removed = Vec::new();
    for Listed { stream, .. } in unused(list(connection)?).filter(|entry| suspects.contains(&entry.stream)) {
        match connection.wait(connection.jetstream().delete_stream(&stream)) {
            Ok(_) => removed.push(stream),
            Err(error) if streams::is_missing(&error) => {} // another process was faster
            Err(error) => return Err(Error::Refused(format!("the stream {stream} stays: {error}"))),
        }
    }
    Ok(removed)
}

fn is_marked(info: &Info) -> bool {
    info.config.description.as_deref() == Some(MARK)
}

impl Listed {
    fn of(info: Info) -> Self {
        let age = OffsetDateTime::now_utc() - info.created;
        Self {
            link: LinkName::of_stream(&info.config.name),
            stream: info.config.name,
            storage: match info.config.storage {
                StorageType::Memory => "memory",
                StorageType::File => "file",
            },
            messages: info.state.messages,
            bytes: info.state.bytes,
            consumers: info.state.consumer_count,
            age: age.try_into().unwrap_or(Duration::ZERO), // the clocks may differ
            used: None,
        }
    }
}
