//! Batches by bare calls, over a byte stream: many messages are gathered in a block, which is written and read at once.
//! Both sides know the length of the messages, so that no header is needed.

use std::time::Duration;

use ipc_demo::cpus::Role;
use ipc_demo::exchange::Workload;
use nix::errno::Errno;

use super::loops::{play, write_all};

/// The most bytes that are read at once: the default capacity of a pipe.
const READ_AHEAD: usize = 64 << 10;

/// Returns true if pieces of a length hold several messages of an order: then they are gathered, and not cut.
pub(super) const fn in_blocks(order: &Workload, piece: usize) -> bool {
    piece != usize::MAX && piece > order.size
}

/// Plays one side of a stream in blocks of at most `block` bytes.
pub(super) fn play_in_blocks(
    role: Role,
    order: &Workload,
    block: usize,
    mut write: impl FnMut(&[u8]) -> nix::Result<usize>,
    mut read: impl FnMut(&mut [u8]) -> nix::Result<usize>,
) -> nix::Result<Duration> {
    let size = order.size;
    let (mut gathered, mut left) = (Vec::with_capacity(block), order.count);
    let mut came = vec![0; READ_AHEAD + size];
    let (mut start, mut end) = (0, 0);
    play(
        role,
        order,
        |message| {
            gathered.extend_from_slice(message.text());
            left -= 1;
            if gathered.len() + size > block || left == 0 {
                write_all(&gathered, usize::MAX, &mut write)?;
                gathered.clear();
            }
            Ok(())
        },
        |message| {
            while end - start < size {
                came.copy_within(start..end, 0); // the beginning of a message
                (start, end) = (0, end - start);
                end += match read(&mut came[end..])? {
                    0 => return Err(Errno::EPIPE), // the other side has ended
                    len => len,
                };
            }
            message.text_mut().copy_from_slice(&came[start..][..size]);
            start += size;
            Ok(())
        },
    )
}
