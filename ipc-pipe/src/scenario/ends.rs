//! The ends of a pipe: who holds them, and what happens when the last one is closed.

use ipc_demo::scenario::Ended;
use nix::sys::signal::Signal;

use super::Scenario;
use super::object::{READER, WRITER, close_our_ends};
use super::step::{Action, End, close, on_sigpipe, read, write};

pub const FORGOTTEN_END: Scenario = Scenario {
    name: "forgotten-end",
    claim: "A reader sees the end of the file only when every copy of the write end is closed, in every process.",
    run: |context| {
        let mut reader = context.process("reader", READER)?;
        let mut writer = context.process("writer", WRITER)?;
        let mut forgetful = context.process("forgetful", WRITER)?;
        close_our_ends(context)?;
        forgetful.note("has inherited the write end, too, and does not use it")?;
        writer.run(write("hello"))?;
        let reply = reader.run(read(100))?;
        context.check(reply.text() == Some("hello"), "the reader received what was written")?;
        writer.exit()?;
        context.question(
            "The writer has ended. What does read return now?",
            &["0: the end of the file", "Nothing: it sleeps", "It fails with EPIPE"],
            1,
        )?;
        reader.start(read(100))?;
        reader.wait_until_asleep(1)?;
        context.pause()?;
        context
            .check(reader.is_asleep(1)?, "the writer is gone, and the reader waits for bytes all the same")?;
        forgetful.run(close(End::Write))?;
        let reply = reader.finish()?;
        context.check(reply.number() == Some(0), "when the last copy was closed, it saw the end of the file")
    },
};

pub const BROKEN_PIPE: Scenario = Scenario {
    name: "broken-pipe",
    claim: "A process that writes where no reader is left is killed by SIGPIPE; if it ignores that, write fails with EPIPE.",
    run: |context| {
        let mut reader = context.process("reader", READER)?;
        let (mut usual, mut careful) =
            (context.process("usual", WRITER)?, context.process("careful", WRITER)?);
        close_our_ends(context)?;
        usual.run(on_sigpipe(Action::Default))?;
        careful.run(on_sigpipe(Action::Ignore))?;
        let reply = usual.run(write("hello"))?;
        context
            .check(reply.number() == Some(5), "as long as there is a reader, the bytes wait in the pipe")?;
        reader.run(close(End::Read))?;
        context.question(
            "The only read end is closed, and SIGPIPE has its default action. What does write do?",
            &["It fails with EPIPE", "It kills the process", "The bytes wait in the pipe"],
            1,
        )?;
        let ended = usual.run_to_its_end(write("is anyone there?"))?;
        context.check(ended == Ended::Killed(Signal::SIGPIPE), "the default action of SIGPIPE ended it")?;
        let reply = careful.run(write("is anyone there?"))?;
        context.check(reply.errno() == Some("EPIPE"), "one that ignores SIGPIPE is told by write")
    },
};
