//! The queue over NATS JetStream.

mod connection;
mod inbox;
mod inventory;
mod link;
mod mechanism;
mod names;
mod options;
mod outbox;
mod presence;
mod state;
mod streams;

pub use connection::{Connection, ServerIdentity, TIMEOUT};
pub use inventory::{Listed, clean, list};
pub use link::{Link, LinkReceiver, LinkSender};
pub use mechanism::{File, Memory, Nats, Storage, Variants};
pub use names::{Address, LinkName, Side};
pub use options::{DEFAULT_URL, ServerOptions};
pub use streams::{MARK, MAX_AGE, ROOM};
