//! `create`: creates or opens a queue.

use clap::Args;
use ipc_core::{Advise, Result};
use ipc_demo::print;
use ipc_msgq::{Key, Queue};
use nix::errno::Errno;

use super::Status;
use super::name::{KeyName, NEW_KEY, parse_mode};

/// Create a queue, or open the one with this key, and print its id
///
/// Without KEY the queue gets a new, unused key, as with ipcmk -Q.
#[derive(Args, Debug)]
pub struct CreateArgs {
    #[arg(value_name = "KEY", help = NEW_KEY, allow_negative_numbers = true)]
    key: Option<KeyName>,
    /// Make a queue without a key (`IPC_PRIVATE`)
    ///
    /// Only processes that are told its id can use it.
    #[arg(long, conflicts_with_all = ["key", "exclusive"])]
    private: bool,
    /// Permissions for owner, group and others
    ///
    /// 4 is to receive, 2 to send. They are those of a new queue; one that exists keeps its own.
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode, default_value = "0600")]
    mode: u32,
    /// Fail if a queue with this key already exists
    #[arg(short = 'x', long)]
    exclusive: bool,
}

impl CreateArgs {
    pub fn run(self) -> Result<Status> {
        let queue = match self.key.as_ref().map(KeyName::key).transpose()? {
            Some(key) if self.exclusive => Queue::create(key, self.mode).advise(Errno::EEXIST, || {
                format!("a queue with key {key} already exists (`ipc-msgq rm {key}` removes it)")
            })?,
            Some(key) => Queue::open_or_create(key, self.mode)?,
            None if self.private => Queue::private(self.mode)?,
            None => fresh(self.mode)?,
        };
        print(&format!("{}\n", queue.id()))?;
        Ok(Status::Done)
    }
}

fn fresh(mode: u32) -> Result<Queue> {
    loop {
        match Queue::create(Key::fresh(), mode) {
            Err(error) if error.errno() == Some(Errno::EEXIST) => {} // one in two billion
            made => return made,
        }
    }
}
