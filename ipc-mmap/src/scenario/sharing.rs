//! Stores, and the processes that see them.

use super::Scenario;
use super::step::{Flag, in_copy, load, map, store};

pub const SHARED_AND_PRIVATE: Scenario = Scenario {
    name: "shared-and-private",
    claim: "A store into a shared mapping is in the file, and every process that shares it sees it at once; one into a \
            private mapping stays in its process.",
    run: |context| {
        let mut writer = context.process("writer", ())?;
        let mut reader = context.process("reader", ())?;
        let mut editor = context.process("editor", ())?;
        writer.run(map(Flag::Shared))?;
        reader.run(map(Flag::Shared))?;
        editor.run(map(Flag::Private))?;

        writer.run(store(0, "hello"))?;
        let replies = [reader.run(load(0, 5))?, editor.run(load(0, 5))?];
        context.check(
            replies.iter().all(|reply| reply.text() == Some("hello")),
            "both load what was stored, without a call",
        )?;
        context.check(context.object().read()? == ["hello"], "and a process that reads the file finds it")?;

        context.question(
            "The editor has mapped the file with MAP_PRIVATE, and stores \"draft\" over \"hello\". Who sees it?",
            &[
                "The editor alone",
                "Every process that maps the file, but none that reads it",
                "Every process, once the editor unmaps the file",
            ],
            0,
        )?;
        editor.run(in_copy(store(0, "draft")))?;
        let (own, other) = (editor.run(in_copy(load(0, 5)))?, reader.run(load(0, 5))?);
        context.check(own.text() == Some("draft"), "the editor sees its own store")?;
        context.check(
            other.text() == Some("hello") && context.object().read()? == ["hello"],
            "the reader does not, and the file is as it was",
        )?;
        writer.run(store(0, "later"))?;
        let (own, other) = (editor.run(in_copy(load(0, 5)))?, reader.run(load(0, 5))?);
        context
            .check(other.text() == Some("later"), "the reader, which shares the page, sees the next store")?;
        context.check(own.text() == Some("draft"), "the editor keeps its copy of the page")
    },
};
