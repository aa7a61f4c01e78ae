use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::thread;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::{kernel, program};

/// How long a job takes here.
const JOB_MS: u64 = 40;

/// The lines of the log so far: what, which job, which process.
fn log(path: &Path) -> Vec<(String, u32, u32)> {
    let text = fs::read_to_string(path).unwrap_or_default();
    let lines = text.lines().filter_map(|line| {
        let [what, job, process] = line.split(' ').collect::<Vec<_>>()[..] else { return None };
        Some((what.to_owned(), job.parse().ok()?, process.parse().ok()?))
    });
    lines.collect()
}

/// Has so many jobs done, and kills a worker so long after it wrote a line of this kind, again and again.
fn kill_workers(jobs: u32, after: &str, pauses: &[u64]) {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("log");
    let mut command = program::command("capstone_job_queue");
    command.arg(jobs.to_string()).arg(&path).env("JOB_MS", JOB_MS.to_string());
    let mut boss = program::start(&mut command);
    let send = |process: u32, signal| {
        // It may have ended, which its log will say.
        let _ = kill(Pid::from_raw(process.cast_signed()), signal);
    };
    for pause in pauses {
        let seen = log(&path).len();
        let mut begun = None;
        kernel::comes_true(|| {
            begun = log(&path).into_iter().skip(seen).find(|(what, ..)| what == "begin");
            begun.is_some() || (seen > 0 && kernel::children(boss.id).is_empty())
        });
        let Some((_, job, worker)) = begun else { break };
        // The boss sleeps until the worker is dead: so it learns of all that happened at once.
        send(boss.id, Signal::SIGSTOP);
        let line = (after.to_owned(), job, worker);
        let comes = kernel::comes_true(|| log(&path).contains(&line));
        thread::sleep(Duration::from_millis(*pause));
        if comes && kernel::children(boss.id).contains(&worker) {
            send(worker, Signal::SIGKILL);
            kernel::comes_true(|| !kernel::children(boss.id).contains(&worker));
        }
        send(boss.id, Signal::SIGCONT);
    }
    let said = boss.line();
    let log = log(&path);
    let done: BTreeSet<u32> = log.iter().filter(|(what, ..)| what == "end").map(|(_, job, _)| *job).collect();
    let lost: Vec<u32> = (0..jobs).filter(|job| !done.contains(job)).collect();
    assert!(
        lost.is_empty(),
        "a worker was killed {pauses:?} ms after '{after}', and these jobs were lost: {lost:?}"
    );
    assert_eq!(said, format!("all {jobs} jobs are acknowledged\n"), "what the boss says in the end");
    let mut acknowledged = BTreeSet::new();
    for (what, job, worker) in log {
        match &*what {
            "ack" => drop(acknowledged.insert(job)),
            "begin" => assert!(
                !acknowledged.contains(&job),
                "job {job} was acknowledged, and process {worker} does it again"
            ),
            _ => {}
        }
    }
    assert!(boss.succeeds_within(Duration::from_secs(30)), "the boss should end well");
}

#[test]
fn without_a_kill_each_job_is_done_once() {
    kill_workers(30, "end", &[]);
}

#[test]
fn a_worker_killed_in_the_middle_of_a_job_loses_nothing() {
    kill_workers(20, "begin", &[0, JOB_MS / 2, JOB_MS / 4, 0, JOB_MS / 2, JOB_MS - 5]);
}

#[test]
fn a_worker_killed_when_it_is_done_loses_nothing() {
    kill_workers(20, "end", &[0, 0, 1, 0, 2, 0]);
}

#[test]
fn what_was_acknowledged_is_not_done_again() {
    kill_workers(20, "ack", &[0, 0, 1, 0, 0, 2]);
}
