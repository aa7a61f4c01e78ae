//! The files in `c/`: their functions, and what each can play.

use ipc_demo::exchange::Pattern;

use super::super::any;
use super::sys::{self, Functions};
use crate::link::BATCH;
use crate::participants::Exchange;

/// One of the files, or one of the ways to use it: for the fields, see [`Participant`](crate::participants::Participant).
pub(super) struct File {
    pub(super) name: &'static str,
    pub(super) implementation: fn() -> String,
    pub(super) beside: (&'static str, &'static str),
    pub(super) flush_every: u64,
    pub(super) refusal: fn(&Exchange) -> Option<&'static str>,
    pub(super) functions: &'static Functions,
}

impl File {
    /// Returns a file that plays everything, and sends each message by itself.
    const fn new(
        name: &'static str,
        implementation: fn() -> String,
        beside: (&'static str, &'static str),
        functions: &'static Functions,
    ) -> Self {
        Self { name, implementation, beside, flush_every: 1, refusal: any, functions }
    }

    const fn gathers(self) -> Self {
        Self { flush_every: BATCH, ..self }
    }

    const fn refuses(self, refusal: fn(&Exchange) -> Option<&'static str>) -> Self {
        Self { refusal, ..self }
    }
}

const PIPE: (&str, &str) = ("pipe", "anonymous");
const STREAM: (&str, &str) = ("socket", "unix-stream");
const MEMORY: (&str, &str) = ("mmap", "memfd");

pub(super) static FILES: &[File] = &[
    File::new("c-pipe", || in_c("pipe"), PIPE, &sys::peers_pipe),
    File::new("c-pipe-blocks", || in_c("pipe in blocks"), PIPE, &sys::peers_pipe_blocks)
        .gathers()
        .refuses(|exchange| in_blocks(exchange, 4 << 10)),
    File::new("c-stream-blocks", || in_c("unix stream in blocks"), STREAM, &sys::peers_stream_blocks)
        .gathers()
        .refuses(|exchange| in_blocks(exchange, 64 << 10)),
    File::new("c-stream", || in_c("unix stream"), STREAM, &sys::peers_stream),
    File::new("c-sysv", || in_c("System V queue"), ("msgq", "sysv"), &sys::peers_sysv),
    File::new("c-posix", || in_c("POSIX queue"), ("msgq", "posix"), &sys::peers_posix),
    File::new("c-slot", || in_c("one slot"), MEMORY, &sys::peers_slot).refuses(one_slot),
    File::new("c-ring", || in_c("ring in batches"), MEMORY, &sys::peers_ring).gathers().refuses(only_polls),
    #[cfg(feature = "boost")]
    File::new(
        "boost",
        || format!("boost {} message_queue", sys::boost_version()),
        ("shm", "posix"),
        &sys::peers_boost,
    ),
];

fn in_c(what: &str) -> String {
    format!("C ({}) {what}", sys::compiler())
}

fn in_blocks(exchange: &Exchange, block: usize) -> Option<&'static str> {
    match exchange.pattern {
        Pattern::Stream if exchange.size > block => Some("a message is longer than a block"),
        Pattern::Stream => None,
        _ => Some("a round trip has nothing to gather"),
    }
}

fn one_slot(exchange: &Exchange) -> Option<&'static str> {
    match exchange.pattern {
        Pattern::Stream => Some("a slot carries one message at a time: no stream"),
        _ => only_polls(exchange),
    }
}

fn only_polls(exchange: &Exchange) -> Option<&'static str> {
    (!exchange.polls()).then_some("memory alone has nothing to sleep in")
}
