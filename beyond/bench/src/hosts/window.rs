//! The sender's loop: as many messages under way as the window allows. It knows no mechanism.

use std::time::{Duration, Instant};

use ipc_core::{Error, Result};
use serde::{Deserialize, Serialize};
use tokio::runtime::{Builder, Runtime};
use tokio::time::timeout;

use super::medium::Part;
use crate::{Tally, message};

/// The time that an acknowledgement may take: packets that are lost again and again take long.
const PATIENCE: Duration = Duration::from_secs(20);

/// A mechanism, as the sender uses it.
pub(super) trait Sending {
    /// Sends a message, or adds it to those that leave with `flush`.
    async fn send(&mut self, message: &[u8]) -> Result<()>;

    /// Sends what was held back.
    async fn flush(&mut self) -> Result<()> {
        Ok(())
    }

    /// Waits for acknowledgements; returns how many came, at least one.
    async fn acknowledged(&mut self) -> Result<u64>;
}

/// What was sent and acknowledged, and in which time.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub(super) struct Sent {
    pub tally: Tally,
    /// From the first message to the last acknowledgement, by the sender's clock.
    pub elapsed: Duration,
}

/// Sends for the time of `part`, and waits for what is under way then.
pub(super) async fn send_all(medium: &mut impl Sending, part: &Part) -> Result<Sent> {
    let mut message = vec![0; part.size];
    let (mut tally, mut acknowledged) = (Tally::default(), 0);
    let started = Instant::now();
    loop {
        while tally.messages - acknowledged < part.window && started.elapsed() < part.each {
            message::write(tally.messages, &mut message);
            tally.add(&message);
            medium.send(&message).await?;
        }
        if acknowledged == tally.messages {
            return Ok(Sent { tally, elapsed: started.elapsed() });
        }
        medium.flush().await?;
        let late = |_| Error::TimedOut { what: "no acknowledgement".into(), waited: PATIENCE };
        acknowledged += timeout(PATIENCE, medium.acknowledged()).await.map_err(late)??;
    }
}

/// Returns a runtime with one thread besides the caller's: connections live on while no call waits for them.
pub(super) fn runtime() -> Result<Runtime> {
    use ipc_core::Call as _;
    Builder::new_multi_thread().worker_threads(1).enable_all().build().call("clone")
}
