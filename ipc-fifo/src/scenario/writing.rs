//! Several processes that write into one FIFO.

use ipc_demo::scenario::{Context, Failure};

use super::object::Fifos;
use super::step::{End, open, read, runs, set_capacity, write_letters};
use super::{Process, REQUESTS, Scenario};

pub const TORN_WRITE: Scenario = Scenario {
    name: "torn-write",
    claim: "A write of up to PIPE_BUF (4096) bytes arrives in one piece; a longer one may have those of other writers in \
            between.",
    run: |context| {
        let mut reader = context.process("reader", ())?;
        let mut writers = [context.process("writer a", ())?, context.process("writer b", ())?];
        let capacity = connect(&mut reader, &mut writers)?;
        let [a, b] = &mut writers;

        let long = 3 * capacity;
        a.start(write_letters("a", long))?;
        a.wait_until_asleep(1)?;
        b.start(write_letters("b", long))?;
        b.wait_until_asleep(1)?;
        context.question(
            "Two writes, both longer than PIPE_BUF, sleep until there is room. In which order does the reader receive the \
             letters?",
            &["Every a, then every b", "Some a, some b, then more of each", "Every a; b fails with EAGAIN"],
            1,
        )?;
        let mut received = receive(&mut reader, capacity)?;
        a.wait_until_asleep(1)?;
        a.note("has written one more piece, and waits behind the other")?;
        while received.len() < 2 * long {
            received += &receive(&mut reader, capacity)?;
        }
        let wrote = [a.finish()?.number(), b.finish()?.number()];
        context.check(wrote == [Some(long as i64); 2], "each write returned as if it had been alone")?;
        context.check(runs(&received).len() > 2, "but pieces of one lie between pieces of the other")?;
        short_writes(context, &mut reader, [a, b], capacity)
    },
};

/// Does the same with writes that are no longer than `PIPE_BUF`.
fn short_writes(
    context: &Context<Fifos>,
    reader: &mut Process,
    [a, b]: [&mut Process; 2],
    capacity: usize,
) -> std::result::Result<(), Failure> {
    let short = libc::PIPE_BUF;
    a.run(write_letters("-", capacity))?;
    a.note("has filled the FIFO, so that the next two have to wait")?;
    a.start(write_letters("a", short))?;
    a.wait_until_asleep(1)?;
    b.start(write_letters("b", short))?;
    b.wait_until_asleep(1)?;
    reader.run(read(1000))?;
    context.pause()?;
    context.check(
        a.is_asleep(1)? && b.is_asleep(1)?,
        "there is room for a part, and the kernel waits for more",
    )?;
    reader.run(read(capacity - 1000))?;
    for _ in 0..2 {
        let reply = reader.run(read(short))?;
        let received = runs(reply.text().unwrap_or_default());
        context
            .check(matches!(received[..], [(_, len)] if len == short), "all of one write, in one piece")?;
    }
    a.finish()?;
    b.finish().map(drop).map_err(Into::into)
}

/// Has all open the FIFO, and makes it as small as it can be; returns how many bytes it holds then.
fn connect(reader: &mut Process, writers: &mut [Process; 2]) -> std::result::Result<usize, Failure> {
    reader.start(open(REQUESTS, End::Read))?;
    reader.wait_until_asleep(1)?;
    for writer in writers {
        writer.run(open(REQUESTS, End::Write))?;
    }
    reader.finish()?;
    let reply = reader.run(set_capacity(libc::PIPE_BUF))?;
    let capacity = reply.number().and_then(|capacity| usize::try_from(capacity).ok());
    capacity.ok_or_else(|| Failure::ClaimFailed("the capacity cannot be set".into()))
}

/// Reads the next piece.
fn receive(reader: &mut Process, room: usize) -> std::result::Result<String, Failure> {
    let reply = reader.run(read(room))?;
    let piece = reply.text().filter(|piece| !piece.is_empty()).map(str::to_owned);
    piece.ok_or_else(|| Failure::ClaimFailed("the FIFO ends before everything was read".into()))
}
