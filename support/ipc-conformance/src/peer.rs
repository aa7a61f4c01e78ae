//! A case's other process, which plays a script. It is this same program, started again.

use std::io::Write;
use std::process::ExitCode;
use std::thread;
use std::time::Duration;

use ipc_core::{Call, Endpoint, Error, Mechanism, Receiver, Result, Sender, Setup, Transport, Wait, Waiting};
use ipc_demo::helper_process::{HelperProcess, Invitation};
use ipc_demo::interrupt;

use super::messages::collect;
use super::scripts::{
    CREATE, JOINER, LONGEST, Part, REPORT, check_numbered, command, disconnected, idle, longest, numbered,
};
use super::watchdog::PATIENCE;
use super::{Vandal, batches, calls, clocks, deadlines, halves, last_word};

/// Plays the peer if it was invited to variant `M`.
pub(super) fn play<M: Mechanism>(invitation: &Invitation, vandal: Vandal<M>) -> Option<ExitCode> {
    let Part { variant, wait, script } = invitation.argument().expect("a case names its part");
    if variant != M::VARIANT.name {
        return None;
    }
    let wait: Wait = wait.parse().expect("a case names a strategy");
    let role = &invitation.role;
    let ended = if role == JOINER {
        interrupt::clean_up_on_signals().expect("handlers can be installed");
        M::join(invitation.address().expect("a joiner has one"), &Setup::default(), PATIENCE)
            .and_then(|link| act::<M>(Waiting::new(link, wait), &script, vandal))
    } else {
        own::<M>(wait, &script, vandal)
    };
    if let Ok(report) = std::env::var(REPORT) {
        // The owner and the joiner of one case share the variable; their roles tell them apart.
        let _ = std::fs::write(format!("{report}.{role}"), format!("{ended:?}"));
    }
    Some(match ended {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{role} {script}: {error}");
            ExitCode::FAILURE
        }
    })
}

/// Makes the meeting point, spawns a joiner, prints `ready` with the address and the joiner's pid, and goes on with its
/// own part. The script is `OURS/THEIRS`.
fn own<M: Mechanism>(wait: Wait, script: &str, vandal: Vandal<M>) -> Result<()> {
    interrupt::clean_up_on_signals()?;
    if script == CREATE {
        return M::create(None, &Setup::default()).map(drop);
    }
    let (ours, theirs) = script.split_once('/').expect("an owner's script has two parts");
    let mut meeting = M::create(None, &Setup::default())?;
    let mut joiner = command::<M>(JOINER, wait, theirs);
    meeting.invite(&mut joiner)?;
    let mut joiner = HelperProcess::spawn(joiner)?;
    let link = joiner.accept(&mut meeting, PATIENCE)?;
    let address = meeting.address();
    drop(meeting);
    println!("ready {} {address}", joiner.pid());
    std::io::stdout().flush().call("write")?;
    let play = || act::<M>(Waiting::new(link, wait), ours, vandal);
    let ended = std::panic::catch_unwind(std::panic::AssertUnwindSafe(play));
    joiner.wait()?; // also after a panic: the joiner has to find out by itself
    ended.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn act<M: Mechanism>(mut link: Waiting<M::Link>, script: &str, vandal: Vandal<M>) -> Result<()> {
    let (name, number) = script.split_once(' ').unwrap_or((script, "0"));
    let number: u64 = number.parse().expect("a script's number");
    let mut buffer = vec![0; link.max_message()];
    match name {
        // Answers everything until the other side leaves.
        "echo" => loop {
            match link.recv(&mut buffer) {
                Err(Error::Disconnected) => return Ok(()),
                len => link.send(&buffer[..len?])?,
            }
        },
        clocks::CLOCKS => clocks::waits(&mut link, number, &mut buffer),
        deadlines::HASTY => deadlines::hasty(&mut link, &mut buffer),
        // Sends messages of the greatest length until the other side leaves, or this process is killed.
        LONGEST => {
            for number in 0.. {
                link.send(&longest(number, buffer.len()))?;
            }
            Ok(())
        }
        // Sends `number` numbered messages, ignores incoming ones, and leaves.
        "emit" => emit(&mut link, number),
        // As `emit`, and stays until the other side leaves, or this process is killed.
        "emit-and-stay" => {
            emit(&mut link, number)?;
            disconnected(link.recv(&mut buffer))
        }
        "collect" => collect(&mut link, &mut buffer, |number, message| *message == numbered(number)),
        batches::COLLECT_ANY => {
            collect(&mut link, &mut buffer, |number, message| *message == longest(number, message.len()))
        }
        // Receives `number` numbered messages, and then the other side's end.
        "collect-to-end" => {
            for number in 0..number {
                check_numbered(&mut link, number)?;
            }
            disconnected(link.recv(&mut buffer))
        }
        batches::BRIMFUL => batches::fill_and_receive_as_peer(&mut link),
        batches::TAKE => batches::take(&mut link, number),
        halves::FLOOD => halves::flood(link, number),
        halves::COLLECT_AND_EMIT => halves::collect_and_emit(&mut link, number),
        halves::COUNT_TO_END => halves::count_to_end(&mut link),
        halves::SEND_TO_END => halves::send_to_end(&mut link, number),
        halves::LEAVE_BY_HALVES => halves::leave_by_halves(link),
        calls::COUNTED => calls::counted(&mut link, number),
        last_word::LAST_WORD => last_word::say(&mut link),
        last_word::HEARER => last_word::hear(&mut link, &mut buffer),
        // Does nothing until it or its parent is killed.
        "idle" => {
            idle();
            Ok(())
        }
        // Waits for a message that never comes.
        "wait" => disconnected(link.recv(&mut buffer)),
        // Fills the medium, and waits for room that never comes.
        "fill" => loop {
            match link.send(&[7; 1024]) {
                Ok(()) => {}
                end => return disconnected(end),
            }
        },
        "panic" => {
            let _link = link;
            panic!("on purpose: a panic must not leak")
        }
        // Writes garbage outside the protocol: always the same pieces, however busy the machine is.
        "vandalise" => {
            let mut dice = Dice(number);
            for _ in 0..PIECES {
                let garbage = dice.garbage();
                vandal(link.link_mut(), &garbage);
                thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        }
        _ => Err(Error::Usage(format!("no script '{script}'"))),
    }
}

fn emit(link: &mut impl Transport, count: u64) -> Result<()> {
    for number in 0..count {
        link.send(&numbered(number))?;
    }
    Ok(())
}

/// The number of pieces of garbage that one peer writes. In shared memory, most of a piece hits bytes that no process
/// reads.
const PIECES: usize = 60;

/// Repeatable garbage.
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        self.0 >> 33
    }

    /// Returns random bytes; sometimes all ones, the worst values for lengths and indices.
    fn garbage(&mut self) -> Vec<u8> {
        let len = 1 + self.roll() as usize % 512;
        let ones = self.roll().is_multiple_of(4);
        (0..len).map(|_| if ones { 0xff } else { self.roll() as u8 }).collect()
    }
}
