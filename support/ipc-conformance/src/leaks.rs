//! Contract 6: the objects left after any kind of end. Each case has its own directory for temporary files.

use std::process::{Command, Stdio};
use std::time::Duration;
use std::{fs, thread};

use ipc_core::{
    Call, Mechanism,
    process::{PeerProcess, ProcessId},
};
use libtest_mimic::Trial;
use nix::sys::signal::{Signal, kill};

use super::demo::until_it_measures;
use super::endings::Pair;
use super::remains::nothing_left;
use super::{Bench, Outcome, ensure, run, scripts};

pub(super) fn trials<M: Mechanism + 'static>(bench: Bench<M>) -> Vec<Trial> {
    vec![
        bench.trial("nothing is left after a normal end", |bench| {
            ended(bench, "emit 5/collect-to-end 5", |_| Ok(()), false)
        }),
        bench.trial("nothing is left of a link that was split", |bench| {
            ended(bench, "leave-by-halves/wait", |_| Ok(()), false)
        }),
        bench.trial("nothing is left after a panic", |bench| ended(bench, "panic/wait", |_| Ok(()), false)),
        bench.trial("nothing is left after Ctrl-C", |bench| {
            ended(bench, "wait/wait", |pair| send(pair.owner_pid(), Signal::SIGINT), false)
        }),
        bench.trial("nothing is left after SIGTERM of the owner", |bench| {
            ended(bench, "wait/wait", |pair| send(pair.owner_pid(), Signal::SIGTERM), false)
        }),
        bench.trial("nothing is left after SIGTERM of the joiner", |bench| {
            ended(bench, "wait/wait", |pair| send(pair.joiner, Signal::SIGTERM), false)
        }),
        bench.trial("nothing is left after SIGKILL of the joiner", |bench| {
            ended(bench, "wait/wait", |pair| send(pair.joiner, Signal::SIGKILL), false)
        }),
        bench.trial("nothing is left after SIGKILL of the owner and the next create", |bench| {
            ended(bench, "wait/wait", |pair| send(pair.owner_pid(), Signal::SIGKILL), true)
        }),
        bench.trial("nothing is left after SIGKILL of both and the next create", |bench| {
            let both =
                |pair: &Pair| send(pair.owner_pid(), Signal::SIGKILL).and(send(pair.joiner, Signal::SIGKILL));
            ended(bench, "wait/wait", both, true)
        }),
    ]
}

fn send(pid: nix::unistd::Pid, signal: Signal) -> ipc_core::Result<()> {
    kill(pid, signal).call("kill")
}

/// Starts two processes, ends them with `end`, waits until both are gone, and checks that nothing is left.
fn ended<M: Mechanism + 'static>(
    bench: Bench<M>,
    script: &str,
    end: impl Fn(&Pair) -> ipc_core::Result<()>,
    next_create: bool,
) -> Outcome {
    let place = tempfile::tempdir().call("mkdir")?;
    let mut pair = Pair::start(bench, script, place.path())?;
    let joiner = ProcessId::of(pair.joiner.as_raw() as u32)?.map(PeerProcess::watch).transpose()?;
    end(&pair)?;
    pair.wait_for_owner()?;
    // A zombie has ended: an orphan stays one until the first process reaps it, which in a container may be any
    // program.
    while joiner.as_ref().is_some_and(PeerProcess::is_alive) {
        thread::sleep(Duration::from_millis(5)); // the watchdog kills a joiner that never ends
    }
    let temporary = place.path().join("tmp");
    if next_create {
        let mut create = scripts::command::<M>(scripts::OWNER, bench.wait, scripts::CREATE);
        let (status, _, complaint) = run(create.env("TMPDIR", &temporary))?;
        ensure!(status == Some(0), "the next create failed: {complaint}");
    }
    nothing_left(&temporary, &pair.address)
}

/// Kills the owner of a link at a path while `program` plays, and returns whether the survivor removed what was left
/// when it ended. It is given ten tries: the kernel may wake the survivor, by closing the link, before it drops the
/// killed owner's lock.
///
/// # Errors
/// The program cannot be run, or did not play.
pub fn survivor_clears_up(program: &str) -> std::io::Result<bool> {
    let clears_up = || -> std::io::Result<bool> {
        let place = tempfile::tempdir()?;
        let demo = |args: &[&str]| {
            let mut command = Command::new(program);
            command.args(args).arg(place.path().join("talk")).env("TMPDIR", place.path());
            command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn()
        };
        let mut pong = demo(&["pong"])?;
        let mut ping = demo(&["ping", "--count", "1000000000"])?;
        until_it_measures(&mut ping).map_err(|failed| std::io::Error::other(format!("{failed:?}")))?;
        pong.kill()?;
        pong.wait()?;
        if ping.wait()?.success() {
            return Err(std::io::Error::other("the survivor takes the end of a killed owner for a success"));
        }
        Ok(fs::read_dir(&place)?.count() == 0)
    };
    for _ in 0..10 {
        if clears_up()? {
            return Ok(true);
        }
    }
    Ok(false)
}
