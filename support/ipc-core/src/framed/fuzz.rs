//! Arbitrary bytes in a stream, in parts of any length, with errors in between: the reader gets exactly the frames it
//! contains.

use proptest::prelude::*;

use super::frame::HEADER;
use super::tests::choppy::{chops_and_failures, holding};
use super::{MAX_MESSAGE, Mode};
use crate::Error;
use ipc_conformance::fuzz;

/// Generates the contents of a stream: good frames, and the false lengths of a hostile peer.
fn bytes() -> impl Strategy<Value = Vec<u8>> {
    let length = prop_oneof![4 => 0..40_u32, 1 => 4080..4110_u32];
    let frame = (length, any::<u8>())
        .prop_map(|(len, byte)| [&len.to_le_bytes()[..], &vec![byte; len as usize]].concat());
    let lie = prop_oneof![any::<u32>(), (0_u32..32).prop_map(|n| 1 << n), Just(MAX_MESSAGE as u32 + 1)];
    let lie = lie.prop_map(|len| len.to_le_bytes().to_vec());
    let garbage = prop::collection::vec(any::<u8>(), 0..20);
    let part = prop_oneof![8 => frame, 1 => lie, 1 => garbage];
    prop::collection::vec(part, 0..8).prop_map(|parts| parts.concat())
}

#[test]
fn a_stream_of_any_bytes_is_read_as_it_is() {
    let calls = prop::collection::vec((prop_oneof![0..60_usize, 4000..9000_usize], any::<bool>()), 1..30);
    fuzz(&(bytes(), chops_and_failures(), calls), |(bytes, reads, calls)| {
        let mut link = holding(&bytes, reads);
        let mut left = &bytes[..];
        let most = calls.iter().map(|&(room, _)| room).max().unwrap_or(0);
        for (room, may_wait) in calls {
            let next = left.split_first_chunk().map(|(len, rest)| (u32::from_le_bytes(*len) as usize, rest));
            let mut buffer = vec![0; room];
            let mode = if may_wait { Mode::Block } else { Mode::Try };
            match link.receiver.read_frame(&mut buffer, mode) {
                Ok(Some(read)) => {
                    let (len, rest) = next.expect("there is no frame");
                    prop_assert!(read == len && buffer[..len] == rest[..len], "{len} other bytes");
                    left = &rest[len..];
                }
                Ok(None) => prop_assert!(!may_wait, "not now, of a call that waits"),
                Err(Error::BufferTooSmall { needed }) => {
                    prop_assert!(needed > room && next.is_some_and(|(len, _)| len == needed));
                }
                Err(Error::Disconnected) => prop_assert!(left.is_empty()),
                Err(Error::Corrupt(_)) => match next {
                    None => prop_assert!(!left.is_empty(), "nothing is missing"),
                    Some((len, rest)) => prop_assert!(len > MAX_MESSAGE || len > rest.len(), "a good frame"),
                },
                Err(error) => prop_assert!(error.errno() == Some(nix::errno::Errno::EIO), "{error}"),
            }
            prop_assert!(
                link.receiver.reader.capacity() <= (64 << 10) + 2 * HEADER + most,
                "more than the caller has room for"
            );
        }
        Ok(())
    });
}
