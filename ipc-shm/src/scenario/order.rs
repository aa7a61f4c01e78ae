//! The order of loads and stores: what two processes do to one place.

use std::sync::atomic::Ordering::Relaxed;

use ipc_core::Result;
use ipc_demo::scenario::Reply;

use super::object::lay_out;
use super::page::Place::{Counter, Flag, Text};
use super::step::{add, fetch_add, load, store, store_sum, store_text};
use super::{Context, Scenario};

pub const LOST_UPDATE: Scenario = Scenario {
    name: "lost-update",
    claim: "Two processes that each load, add 1 and store can lose an update; with fetch_add, none is lost.",
    run: |context| {
        lay_out(context, &[Counter])?;
        let (mut first, mut second) = (context.process("first", ())?, context.process("second", ())?);
        first.run(store(Counter, 7))?;
        first.run(load(Counter))?;
        first.run(add(1))?;
        second.note("comes in between")?;
        second.run(load(Counter))?;
        second.run(add(1))?;
        second.run(store_sum(Counter))?;
        context.question(
            "Now the first process stores its sum. Both have added 1 to 7. What does the counter hold?",
            &["9", "8", "Now 8, now 9: it depends on the processor"],
            1,
        )?;
        first.run(store_sum(Counter))?;
        context.check(
            counter(context)? == 8,
            "the first has stored over what the second had stored: one update is lost",
        )?;
        let before = [first.run(fetch_add(Counter, 1))?, second.run(fetch_add(Counter, 1))?];
        let before = before.each_ref().map(Reply::number);
        context.check(
            before == [Some(8), Some(9)] && counter(context)? == 10,
            "fetch_add is one step, with no place in between: no update is lost",
        )
    },
};

/// Returns the counter, as this process sees it.
fn counter(context: &Context) -> Result<u64> {
    context.object().look(|page| page.counter.load(Relaxed))
}

pub const FLAG_ORDER: Scenario = Scenario {
    name: "flag-order",
    claim: "A reader may trust a flag only if the text was stored before it.",
    run: |context| {
        lay_out(context, &[Flag, Text])?;
        let (mut writer, mut reader) = (context.process("writer", ())?, context.process("reader", ())?);
        writer.run(store_text("one"))?;
        let reply = reader.run(load(Flag))?;
        context
            .check(reply.number() == Some(0), "the text is there, but the reader does not look at it yet")?;
        writer.run(store(Flag, 1))?;
        let replies = [reader.run(load(Flag))?, reader.run(load(Text))?];
        context.check(
            (replies[0].number(), replies[1].text()) == (Some(1), Some("one")),
            "the text, then the flag: the reader that sees the flag sees the text",
        )?;
        reader.run(store(Flag, 0))?;
        writer.note("now does it the other way round: the flag, then the text")?;
        writer.run(store(Flag, 1))?;
        reader.run(load(Flag))?;
        context.question(
            "The reader sees the flag. What does it load as the second text?",
            &["\"two\": the load waits for it", "\"one\": the text of the last time", "Nothing: it fails"],
            1,
        )?;
        let reply = reader.run(load(Text))?;
        context.check(reply.text() == Some("one"), "the old text: nothing is stored yet but the flag")?;
        context.note(
            "Here each step ends before the next begins. Where nothing forbids it, a compiler or a processor may change the \
             order of stores, which no scene can force. Release and Acquire forbid it for what is stored before the flag.",
        )?;
        writer.run(store_text("two"))?;
        let reply = reader.run(load(Text))?;
        context.check(reply.text() == Some("two"), "it comes too late: the flag has been seen")
    },
};
