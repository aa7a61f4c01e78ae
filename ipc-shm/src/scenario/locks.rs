//! Locks and semaphores: which process sleeps, and what wakes it.

use super::Scenario;
use super::object::{lay_out, make_semaphores};
use super::page::Place::Text;
use super::step::MutexCall::{Consistent, Init, Lock, Unlock};
use super::step::Semaphore::{Free, Full, LockA, LockB};
use super::step::{give, load, mutex, store_text, take};

pub const DEAD_HOLDER: Scenario = Scenario {
    name: "dead-holder",
    claim: "A semaphore whose holder is killed stays taken; with SEM_UNDO it is given back, and a robust mutex also \
            says that its holder died.",
    run: |context| {
        make_semaphores(context, &[LockA, LockB])?;
        let mut holder = context.process("holder", ())?;
        holder.run(mutex(Init))?;
        holder.run(take(LockA))?;
        holder.run(take(LockB).with_undo())?;
        let reply = holder.run(mutex(Lock))?;
        context.check(reply.number() == Some(0), "it holds three locks")?;
        let mut waiters = [
            context.process("waiter A", ())?,
            context.process("waiter B", ())?,
            context.process("waiter C", ())?,
        ];
        let steps = [take(LockA), take(LockB), mutex(Lock)];
        for (process, step) in waiters.iter_mut().zip(steps) {
            process.start(step)?;
            process.wait_until_asleep(1)?;
        }
        let attached = context.object().attached()?;
        context.question(
            "A is a semaphore, B one that was taken with SEM_UNDO, C a robust mutex. Their holder is killed. Which of the \
             three processes wake?",
            &["All: the kernel frees what a process held", "None", "Waiter B and waiter C"],
            2,
        )?;
        holder.kill()?;
        let [waiter_a, waiter_b, waiter_c] = &mut waiters;
        let reply = waiter_b.finish()?;
        context
            .check(reply.is_ok(), "B: the kernel has taken the semop back, and says nothing of a death")?;
        let reply = waiter_c.finish()?;
        context.check(
            reply.number() == Some(libc::EOWNERDEAD.into()),
            "C: the mutex says that its holder died, so what it guards may be half-changed",
        )?;
        let replies =
            [waiter_c.run(mutex(Consistent))?, waiter_c.run(mutex(Unlock))?, waiter_b.run(mutex(Lock))?];
        let is_mended = replies.iter().all(|reply| reply.number() == Some(0));
        context.check(is_mended, "mended, and declared so: C is a lock as before")?;
        context.pause()?;
        context.check(
            waiter_a.is_asleep(1)?,
            "A: its waiter still sleeps, and no process is left that could give it back",
        )?;
        context.check(
            context.object().attached()? == attached - 1,
            "nattch fell by one: the kernel keeps account of memory, but not of a plain semaphore",
        )
    },
};

pub const LOCK_STEP: Scenario = Scenario {
    name: "lock-step",
    claim: "With two semaphores, free and full, a writer and a reader take turns: each sleeps until the other gives.",
    run: |context| {
        lay_out(context, &[Text])?;
        make_semaphores(context, &[Free, Full])?;
        let (mut writer, mut reader) = (context.process("writer", ())?, context.process("reader", ())?);
        reader.start(take(Full))?;
        reader.wait_until_asleep(1)?;
        context.pause()?;
        context.check(reader.is_asleep(1)?, "nothing is full: the reader sleeps")?;
        writer.run(take(Free))?;
        writer.run(store_text("one"))?;
        writer.run(give(Full))?;
        let reply = reader.finish()?;
        context.check(reply.is_ok(), "the writer's \"full\" woke it")?;
        context.question(
            "The reader is awake, but has not read yet. The writer wants to store the second text. What does its take do?",
            &["It returns: the reader was told", "It sleeps", "It fails with EAGAIN"],
            1,
        )?;
        writer.start(take(Free))?;
        writer.wait_until_asleep(1)?;
        let reply = reader.run(load(Text))?;
        context.check(
            reply.text() == Some("one") && writer.is_asleep(1)?,
            "the writer cannot overwrite what is being read",
        )?;
        reader.run(give(Free))?;
        let reply = writer.finish()?;
        context.check(reply.is_ok(), "the reader's \"free\" woke it")?;
        reader.start(take(Full))?;
        reader.wait_until_asleep(1)?;
        writer.run(store_text("two"))?;
        context.check(reader.is_asleep(1)?, "the text is stored, but the reader was not told")?;
        writer.run(give(Full))?;
        reader.finish()?;
        let reply = reader.run(load(Text))?;
        context.check(reply.text() == Some("two"), "each text was read once, in order")
    },
};
