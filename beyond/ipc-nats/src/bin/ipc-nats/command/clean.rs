//! `clean`: removes what dead processes left.

use clap::Args;
use ipc_core::Result;
use ipc_demo::print;
use ipc_nats::{Connection, ServerOptions, clean};

/// Remove the streams of this suite that no process uses
///
/// A stream is removed if it carries the suite's mark, and there is no process on any side of its link, on any host. What
/// seems dead is asked again after three seconds, in case it is just connecting again.
#[derive(Args, Debug)]
pub struct CleanArgs {}

impl CleanArgs {
    pub fn run(self) -> Result<()> {
        let Self {} = self;
        for stream in clean(&Connection::open(&ServerOptions::current())?)? {
            print(&format!("removed {stream}\n"))?;
        }
        Ok(())
    }
}
