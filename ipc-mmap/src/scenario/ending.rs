//! The end of a mapped file, and the end of its processes.

use ipc_demo::scenario::Ended;
use nix::sys::signal::Signal;

use super::Scenario;
use super::step::{Flag, load, map, pages, read, store, truncate};

pub const TRUNCATED: Scenario = Scenario {
    name: "truncated",
    claim: "A process that touches a mapped page past the end of the file is killed by SIGBUS: a load cannot return an \
            error.",
    run: |context| {
        let mut reader = context.process("reader", ())?;
        let mut careful = context.process("careful", ())?;
        let mut owner = context.process("owner", ())?;
        let second_page = pages(1);
        owner.run(map(Flag::Shared))?;
        owner.run(store(0, "page 1"))?;
        owner.run(store(second_page, "page 2"))?;
        reader.run(map(Flag::Shared))?;
        let reply = reader.run(load(second_page, 6))?;
        context.check(reply.text() == Some("page 2"), "the reader sees the second page")?;
        owner.run(truncate(second_page))?;
        let reply = reader.run(load(0, 6))?;
        context.check(reply.text() == Some("page 1"), "the first page is still in the file")?;
        let reply = careful.run(read(second_page, 6))?;
        context.check(reply.number() == Some(0), "a process that calls pread is told where the file ends")?;
        context.question(
            "The reader has both pages mapped. What does a load from the second one do now?",
            &["It loads zeros", "It fails with EFAULT", "It kills the reader"],
            2,
        )?;
        let ended = reader.run_to_its_end(load(second_page, 6))?;
        context.check(ended == Ended::Killed(Signal::SIGBUS), "SIGBUS ended it: there was no call to fail")
    },
};

pub const KEPT_AFTER_KILL: Scenario = Scenario {
    name: "kept-after-kill",
    claim: "What was stored into a shared mapping is in the file, even if every process is killed before it calls msync.",
    run: |context| {
        let mut writer = context.process("writer", ())?;
        let mut reader = context.process("reader", ())?;
        writer.run(map(Flag::Shared))?;
        reader.run(map(Flag::Shared))?;
        writer.run(store(0, "these bytes stay"))?;
        let reply = reader.run(load(0, 16))?;
        context.check(reply.text() == Some("these bytes stay"), "both have the bytes in their memory")?;
        context.question(
            "Both are killed; neither has called msync, munmap or close. What is in the file?",
            &["Zeros: nothing was written to it", "All of the bytes", "No file is left"],
            1,
        )?;
        writer.kill()?;
        reader.kill()?;
        context.check(
            context.object().read()? == ["these bytes stay"],
            "the page belongs to the file, not to a process, and the kernel keeps it",
        )?;
        let mut heir = context.process("heir", ())?;
        heir.run(map(Flag::Shared))?;
        let reply = heir.run(load(0, 16))?;
        context
            .check(reply.text() == Some("these bytes stay"), "a process that comes later maps the same bytes")
    },
};
