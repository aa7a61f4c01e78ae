//! Messages through shared memory, between two processes that do not trust each other.
//!
//! The kernel gives two processes the same pages and then steps aside: there is no call to send, no message boundary,
//! no order, no wake-up for a reader, and no notice that the peer has died. This module builds all that, once, for
//! System V shared memory and for mapped files alike. In return, a message to a peer that is awake costs no system call
//! at all.
//!
//! The files, in reading order:
//!
//! | file | what it is |
//! |---|---|
//! | `layout.rs` | the layout of the segment |
//! | `record.rs` | a message in the ring: its length and its bytes |
//! | `spsc.rs` | one sender, one receiver: which side may touch which bytes, and how a record changes hands |
//! | `eventcount.rs`, `futex.rs` | sleeping without missing a wake-up |
//! | `attachment.rs` | taking a place at the segment, knowing the peer, leaving |
//! | `rendezvous.rs` | [`Rendezvous`]: the owner's place while it waits for the other side |
//! | `place.rs` | the attachment as the two halves of a link share it, until the peer breaks the link |
//! | `sender.rs`, `receiver.rs` | [`RingSender`], [`RingReceiver`]: the two halves |
//! | `half.rs` | how either half waits |
//! | `link.rs` | [`RingLink`]: the two together |
//! | `in_place.rs` | writing and reading messages in place, without a copy |
//! | `memory.rs` | shared bytes as Rust may touch them; the `unsafe` |
//! | `guard.rs` | turning a page that the peer has taken away into an error instead of a crash |
//! | `mapping.rs` | a mapped file as such memory |
//! | `hold.rs` | locks that show whether the other process still maps the file |
//! | `atomic.rs` | the atomics of the protocol; `tests/model.rs` substitutes those of a model checker |
//!
//! # A peer is not trusted
//! The peer can write any byte of the segment at any moment. So every value there is read once, into a variable of our
//! own, and checked there: the receiver's position must lie between the last one and what was sent since, a length
//! within that of the longest message. (Each record has room for that behind it, whatever the sender wrote there.) An
//! invalid value is reported as [`Corrupt`](crate::Error::Corrupt), and the link stays broken. It is met where it is needed:
//! messages that lie ready before it are received first, unless the other half has met it.
//! Words to sleep on need no check: a wrong one costs a needless wake-up, or a sleep that lasts until the peer notifies or
//! has ended, as if it had sent nothing.
//!
//! # A dead peer
//! A process that exits in an orderly way leaves its [`Attachment`]: it marks its side of the segment as closed and
//! wakes its peer. A process that is killed does neither. A thread of the survivor watches it ([`WakeAtEnd`]) and
//! wakes the sleepers in its place. In another pid namespace, as between two containers, the peer's pid means
//! nothing. There the sleeper wakes every 100 ms and checks the kernel's record of which processes have the memory:
//! the number of attachments of a segment, or a lock on the file.
//!
//! Where the memory can be cut, a word in a page that is gone cannot be notified. There the watcher takes a look every
//! 100 ms, and interrupts a sleeper that nothing else can wake by a signal.
//!
//! # Example
//! ```
//! use std::time::Duration;
//! use ipc_core::{Receiver, Sender};
//! use ipc_core::ring::{HeapMemory, Region, RingLink, SEGMENT_LEN, Attachment};
//!
//! let memory = HeapMemory::new(SEGMENT_LEN); // two threads share it; two processes would map a segment
//! let (ours, theirs) = (Region::new(memory.clone())?, Region::new(memory)?);
//! let mut attachment = Attachment::create(ours, RingLink::<HeapMemory>::LAYOUT)?;
//! let other = std::thread::spawn(|| RingLink::join(theirs)?.expect("the owner waits").send(b"hello"));
//! attachment.wait_for_peer("this example", Duration::from_secs(5))?;
//! let mut link = RingLink::new(attachment);
//! let mut buffer = [0; 64];
//! assert_eq!(link.recv(&mut buffer)?, 5);
//! assert_eq!(&buffer[..5], b"hello");
//! # other.join().unwrap()?;
//! # Ok::<(), ipc_core::Error>(())
//! ```

mod atomic;
mod attachment;
#[cfg(feature = "test-util")]
mod bytes;
mod eventcount;
mod futex;
pub mod guard;
mod half;
#[cfg(any(feature = "shared-file", test))]
mod hold;
mod in_place;
mod layout;
mod link;
#[cfg(feature = "shared-file")]
mod mapping;
mod memory;
mod place;
mod receiver;
mod record;
mod rendezvous;
mod sender;
mod spsc;
#[cfg(test)]
mod tests;

use std::time::Duration;

use crate::process::WakeAtEnd;

pub use attachment::{Attachment, Layout};
#[cfg(feature = "test-util")]
pub use bytes::{Bytes, scribble};
pub use in_place::{ReadGrant, WriteGrant};
pub use layout::{CAPACITY, MAX_MESSAGE, SEGMENT_LEN, data_offset};
pub use link::RingLink;
#[cfg(feature = "shared-file")]
pub use mapping::Mapping;
pub(crate) use memory::advise;
pub use memory::{HeapMemory, Memory, Region};
pub use receiver::RingReceiver;
pub use rendezvous::Rendezvous;
pub use sender::RingSender;

/// The longest time for which a side sleeps that is not sure to be woken when the other ends: a tenth of the time
/// promised.
pub const SLICE: Duration = Duration::from_millis(100);

/// The number of bytes in the ring after which a batch leaves by itself. The receiver has something to do meanwhile, and
/// finds the messages in the caches; larger batches are not faster.
const FULL_BATCH: u64 = 4096;
