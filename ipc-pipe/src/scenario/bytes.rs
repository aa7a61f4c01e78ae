//! The bytes in a pipe: how many fit, and what the kernel does not keep of them.

use ipc_core::Result;

use super::object::{Ends, READER, WRITER, close_our_ends};
use super::step::{read, read_all, write, write_bytes};
use super::{Context, Process, Scenario};

pub const BOUNDARIES_LOST: Scenario = Scenario {
    name: "boundaries-lost",
    claim: "A pipe carries bytes, not messages: one read may return two writes, or half of one.",
    run: |context| {
        let (mut writer, mut reader) =
            (context.process("writer", WRITER)?, context.process("reader", READER)?);
        writer.run(write("one"))?;
        writer.run(write("two"))?;
        context.question(
            "Two writes, \"one\" and \"two\". What does a read of up to 100 bytes return?",
            &["\"one\"", "\"onetwo\"", "100 bytes, after more writes"],
            1,
        )?;
        let reply = reader.run(read(100))?;
        context.check(reply.text() == Some("onetwo"), "both, as if they had been one")?;
        writer.run(write("three four"))?;
        let replies = [reader.run(read(5))?, reader.run(read(100))?];
        let halves = replies.each_ref().map(|reply| reply.text());
        context.check(
            halves == [Some("three"), Some(" four")],
            "a short read takes a part, and the rest stays for the next",
        )
    },
};

pub const TWO_FULL: Scenario = Scenario {
    name: "two-full",
    claim: "Two processes that both write more than a pipe holds before they read sleep forever; the cure is that one reads \
            first.",
    run: |context| {
        let pipes = context.object();
        let (down, up) = (0, pipes.another()?);
        context.note("a second pipe, for the other direction")?;
        let len = pipes.capacity() + 1;
        let sides =
            [Ends { reads: Some(up), writes: Some(down) }, Ends { reads: Some(down), writes: Some(up) }];
        let mut naive = [context.process("naive 1", sides[0])?, context.process("naive 2", sides[1])?];
        let mut cured = [context.process("cured 1", sides[0])?, context.process("cured 2", sides[1])?];
        close_our_ends(context)?;
        context.question(
            "Each writes one byte more than its pipe holds, and would then read. How does that end?",
            &[
                "Both finish: the kernel makes room",
                "Both sleep in write",
                "The second write fails with EAGAIN",
            ],
            1,
        )?;
        for process in &mut naive {
            process.start(write_bytes(len))?;
            process.wait_until_asleep(1)?;
        }
        context.pause()?;
        let asleep = naive.iter().map(|process| process.is_asleep(1)).collect::<Result<Vec<_>>>()?;
        let pids = naive.each_ref().map(Process::pid);
        let is_full = pipes.used(&pids)? == [pipes.capacity(); 2];
        context.check(
            asleep == [true; 2] && is_full,
            "both pipes are full, and both processes sleep in write",
        )?;
        for process in naive {
            process.kill()?;
        }
        empty(context, &mut cured)?;
        let [first, second] = &mut cured;
        first.start_announced(write_bytes(len))?;
        let reply = second.run(read_all(len))?;
        context.check(reply.number() == Some(len as i64), "the second reads first, which makes room")?;
        let reply = first.finish()?;
        context.check(reply.number() == Some(len as i64), "so the first can write everything")?;
        second.start_announced(write_bytes(len))?;
        let reply = first.run(read_all(len))?;
        context.check(reply.number() == Some(len as i64), "and then the other way round")?;
        second.finish().map(drop).map_err(Into::into)
    },
};

/// Takes out what was written by processes that are gone.
fn empty(context: &Context, readers: &mut [Process; 2]) -> Result<()> {
    for reader in readers {
        reader.run_silently(read_all(context.object().capacity()))?;
    }
    context.note("what they had written is taken out of the pipes")
}
