//! The files in `c/`: their functions, and what each can play.

use std::ffi::{CStr, c_char, c_int};

use ipc_demo::exchange::Pattern;

use super::super::any;
use super::{File, Functions, Numbers, Opaque, Order};
use crate::link::BATCH;
use crate::participants::Exchange;

/// Declares the functions of one file.
macro_rules! functions {
    ($create:ident, $open:ident, $play:ident, $close:ident, $remove:expr) => {{
        #[allow(unsafe_code)] // SAFETY: the file defines them so
        unsafe extern "C" {
            fn $create(numbers: *mut Numbers, name: *const c_char, size: usize) -> c_int;
            fn $open(
                side: *mut *mut Opaque,
                role: c_int,
                waiting: c_int,
                numbers: *const Numbers,
                name: *const c_char,
                size: usize,
            ) -> c_int;
            fn $play(side: *mut Opaque, order: *const Order) -> i64;
            fn $close(side: *mut Opaque);
        }
        Functions { create: $create, open: $open, play: $play, close: $close, remove: $remove }
    }};
}

#[allow(unsafe_code)] // SAFETY: the files define them so
unsafe extern "C" {
    fn peers_compiler() -> *const c_char;
    fn peers_sysv_remove(name: *const c_char);
    fn peers_posix_remove(name: *const c_char);
}

#[cfg(feature = "boost")]
#[allow(unsafe_code)] // SAFETY: as above
unsafe extern "C" {
    fn peers_boost_version() -> *const c_char;
    fn peers_boost_remove(name: *const c_char);
}

pub(super) static FILES: &[File] = &[
    File {
        name: "c-pipe",
        label: || in_c("pipe"),
        beside: ("pipe", "anonymous"),
        flush_every: 1,
        refusal: any,
        functions: functions!(peers_pipe_create, peers_pipe_open, peers_pipe_play, peers_pipe_close, None),
    },
    File {
        name: "c-pipe-blocks",
        label: || in_c("pipe in blocks"),
        beside: ("pipe", "anonymous"),
        flush_every: BATCH,
        refusal: |exchange| in_blocks(exchange, 4 << 10),
        functions: functions!(
            peers_pipe_blocks_create,
            peers_pipe_blocks_open,
            peers_blocks_play,
            peers_blocks_close,
            None
        ),
    },
    File {
        name: "c-stream-blocks",
        label: || in_c("unix stream in blocks"),
        beside: ("socket", "unix-stream"),
        flush_every: BATCH,
        refusal: |exchange| in_blocks(exchange, 64 << 10),
        functions: functions!(
            peers_stream_blocks_create,
            peers_stream_blocks_open,
            peers_blocks_play,
            peers_blocks_close,
            None
        ),
    },
    File {
        name: "c-stream",
        label: || in_c("unix stream"),
        beside: ("socket", "unix-stream"),
        flush_every: 1,
        refusal: any,
        functions: functions!(
            peers_stream_create,
            peers_stream_open,
            peers_stream_play,
            peers_stream_close,
            None
        ),
    },
    File {
        name: "c-sysv",
        label: || in_c("System V queue"),
        beside: ("msgq", "sysv"),
        flush_every: 1,
        refusal: any,
        functions: functions!(
            peers_sysv_create,
            peers_sysv_open,
            peers_sysv_play,
            peers_sysv_close,
            Some(peers_sysv_remove)
        ),
    },
    File {
        name: "c-posix",
        label: || in_c("POSIX queue"),
        beside: ("msgq", "posix"),
        flush_every: 1,
        refusal: any,
        functions: functions!(
            peers_posix_create,
            peers_posix_open,
            peers_posix_play,
            peers_posix_close,
            Some(peers_posix_remove)
        ),
    },
    File {
        name: "c-slot",
        label: || in_c("one slot"),
        beside: ("mmap", "memfd"),
        flush_every: 1,
        refusal: |exchange| match exchange.pattern {
            Pattern::Stream => Some("a slot carries one message at a time: no stream"),
            _ => only_polls(exchange),
        },
        functions: functions!(peers_slot_create, peers_slot_open, peers_slot_play, peers_slot_close, None),
    },
    File {
        name: "c-ring",
        label: || in_c("ring in batches"),
        beside: ("mmap", "memfd"),
        flush_every: BATCH,
        refusal: only_polls,
        functions: functions!(peers_ring_create, peers_ring_open, peers_ring_play, peers_ring_close, None),
    },
    #[cfg(feature = "boost")]
    File {
        name: "boost",
        label: || {
            let version = text(peers_boost_version).replace('_', ".");
            format!("boost {version} message_queue")
        },
        beside: ("shm", "posix"),
        flush_every: 1,
        refusal: any,
        functions: functions!(
            peers_boost_create,
            peers_boost_open,
            peers_boost_play,
            peers_boost_close,
            Some(peers_boost_remove)
        ),
    },
];

fn in_blocks(exchange: &Exchange, block: usize) -> Option<&'static str> {
    match exchange.pattern {
        Pattern::Stream if exchange.size > block => Some("a message is longer than a block"),
        Pattern::Stream => None,
        _ => Some("a round trip has nothing to gather"),
    }
}

fn only_polls(exchange: &Exchange) -> Option<&'static str> {
    (!exchange.polls()).then_some("memory alone has nothing to sleep in")
}

/// Returns the text that a function of the files returns.
#[allow(unsafe_code)]
fn text(of: unsafe extern "C" fn() -> *const c_char) -> String {
    // SAFETY: it takes nothing, and returns a constant that ends with a zero.
    let text = unsafe { CStr::from_ptr(of()) };
    text.to_string_lossy().into_owned()
}

fn in_c(what: &str) -> String {
    format!("C ({}) {what}", text(peers_compiler))
}
