//! `create`: makes or opens a queue.

use clap::Args;
use ipc_core::{Advise, Result};
use ipc_demo::print;
use ipc_msgq::{Key, Queue};
use nix::errno::Errno;

use super::Outcome;
use super::name::{Address, parse_mode};

/// Makes a queue, or finds the one that has this key, and prints its id
///
/// Without --key or --path the queue gets a fresh key that nobody else uses, as with ipcmk -Q.
#[derive(Args, Debug)]
pub struct Create {
    #[command(flatten)]
    address: Address,
    /// No key at all, `IPC_PRIVATE`: only those who are told the id can use it
    #[arg(long, conflicts_with_all = ["key", "path", "exclusive"])]
    private: bool,
    /// Who may receive (4) and send (2): owner, group, others. Plays no part if the queue is there already
    #[arg(short = 'p', long, value_name = "MODE", value_parser = parse_mode, default_value = "0600")]
    mode: u32,
    /// Fail if there is a queue with this key
    #[arg(short = 'x', long)]
    exclusive: bool,
}

impl Create {
    pub fn run(self) -> Result<Outcome> {
        let queue = match self.address.key()? {
            Some(key) if self.exclusive => Queue::create(key, self.mode).advise(Errno::EEXIST, || {
                format!("there is a queue with key {key} (ipc-msgq rm --key {key} removes it)")
            })?,
            Some(key) => Queue::open_or_create(key, self.mode)?,
            None if self.private => Queue::private(self.mode)?,
            None => fresh(self.mode)?,
        };
        print(&format!("{}\n", queue.id()))?;
        Ok(Outcome::Done)
    }
}

fn fresh(mode: u32) -> Result<Queue> {
    loop {
        match Queue::create(Key::fresh(), mode) {
            Err(error) if error.errno() == Some(Errno::EEXIST) => {} // one in two thousand million
            made => return made,
        }
    }
}
