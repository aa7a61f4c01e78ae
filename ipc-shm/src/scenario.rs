//! The scenarios of the course: real processes that load and store in one segment, and claims that are checked.
//!
//! | file | contents |
//! |---|---|
//! | `scenario/object.rs` | the segment of a scenario, its semaphores, and the process that removes them |
//! | `scenario/page.rs` | what lies in the segment |
//! | `scenario/step.rs` | what a process can do with it, in words |
//! | `scenario/performer.rs` | and in loads, stores and calls |
//! | `scenario/sys.rs` | the calls that the library has no use for |
//! | `scenario/order.rs`, `scenario/locks.rs` | the scenarios |

mod locks;
mod object;
mod order;
mod page;
mod performer;
mod step;
mod sys;

use ipc_demo::scenario::{self, Scenarios};

use object::{SharedMemory, lay_out};
use page::Place::Counter;
use step::{add, load, store, store_sum};

/// A scenario of shared memory, and what it works with.
type Scenario = scenario::Scenario<SharedMemory>;
type Context = scenario::Context<SharedMemory>;

pub const SCENARIOS: Scenarios<SharedMemory> = Scenarios {
    all: &[order::LOST_UPDATE, order::FLAG_ORDER, locks::DEAD_HOLDER, locks::LOCK_STEP],
    false_claim: Scenario {
        name: "false-claim",
        claim: "Two processes that load, add and store count both updates, whatever the order.",
        run: |context| {
            lay_out(context, &[Counter])?;
            let (mut first, mut second) = (context.process("first", ())?, context.process("second", ())?);
            first.run(store(Counter, 7))?;
            for process in [&mut first, &mut second] {
                process.run(load(Counter))?;
                process.run(add(1))?;
            }
            first.run(store_sum(Counter))?;
            second.run(store_sum(Counter))?;
            let reply = first.run(load(Counter))?;
            context.check(reply.number() == Some(9), "both updates are counted")
        },
    },
};
