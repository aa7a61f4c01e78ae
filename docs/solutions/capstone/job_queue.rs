//! # A job queue that loses nothing: solved
//!
//! The boss gives each worker one job at a time, under a type of its own, so it knows what a dead one had. Another design: a
//! worker says which job it has taken; but between the two calls a kill still loses it.

use std::collections::{BTreeSet, VecDeque};
use std::fs::File;
use std::io::{Result, Write as _};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

#[path = "../../exercises/msgq/sys.rs"]
mod sys;

/// The type of a message that acknowledges a job.
const ACK: i64 = 1;

/// The type of a job for this worker, and no other.
fn jobs_of(worker: u32) -> i64 {
    i64::from(worker) + 1
}

/// A worker, and the job that it has been given and has not acknowledged.
struct Hand {
    worker: Child,
    job: Option<u32>,
}

/// Has all jobs done by two workers, and starts another one for each that is killed.
fn boss(queue: i32, jobs: u32, log: &Path) -> Result<()> {
    let mut waiting: VecDeque<u32> = (0..jobs).collect();
    let mut acknowledged = BTreeSet::new();
    let start = || Ok::<_, std::io::Error>(Hand { worker: start_worker(queue, log)?, job: None });
    let mut hands = [start()?, start()?];
    while acknowledged.len() < jobs as usize {
        for hand in &mut hands {
            // First whether it is dead, then what it has acknowledged: the dead say nothing more, so nothing is missed.
            let is_dead = hand.worker.try_wait()?.is_some();
            while let Ok((_, job)) = sys::msgrcv(queue, ACK, libc::IPC_NOWAIT) {
                acknowledged.insert(job.parse::<u32>().expect("a job"));
            }
            hand.job = hand.job.filter(|job| !acknowledged.contains(job));
            if is_dead {
                waiting.extend(hand.job);
                // It may not have taken its job yet. The next process with this id must not find it.
                while sys::msgrcv(queue, jobs_of(hand.worker.id()), libc::IPC_NOWAIT).is_ok() {}
                *hand = start()?;
            }
            // One job for each: so the boss knows who has what, and that at most one job is done again.
            if hand.job.is_none() {
                hand.job = waiting.pop_front();
                if let Some(job) = hand.job {
                    sys::msgsnd(queue, jobs_of(hand.worker.id()), &job.to_string(), 0)?;
                }
            }
        }
        thread::sleep(Duration::from_millis(2));
    }
    stop(hands.map(|hand| hand.worker))
}

/// A worker: takes jobs until it is killed.
fn work(queue: i32, log: &Path) -> Result<()> {
    loop {
        let (_, job) = sys::msgrcv(queue, jobs_of(std::process::id()), 0)?;
        let job = job.parse().expect("a job");
        do_job(job, log)?;
        // Done and acknowledged are two steps, and a kill may come between: then the job is done again. To acknowledge first
        // would be worse: then it would be lost.
        acknowledge(queue, job, log)?;
    }
}

fn main() -> Result<()> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match args.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["worker", queue, log] => work(queue.parse().expect("the id of a queue"), Path::new(log)),
        [jobs, log] => all(jobs.parse().expect("a number"), Path::new(log)),
        _ => all(12, &std::env::temp_dir().join(format!("course-jobs-{}", std::process::id()))),
    }
}

fn all(jobs: u32, log: &Path) -> Result<()> {
    let queue = sys::Queue::new()?;
    boss(queue.0, jobs, log)?;
    println!("all {jobs} jobs are acknowledged");
    Ok(())
}

/// Does a job, which takes 20 ms, or what `JOB_MS` says.
fn do_job(job: u32, log: &Path) -> Result<()> {
    let time = std::env::var("JOB_MS").ok().and_then(|time| time.parse().ok()).unwrap_or(20);
    note(log, "begin", job)?;
    thread::sleep(Duration::from_millis(time));
    note(log, "end", job)
}

/// Acknowledges a job that is done. From then on it must not be done again.
fn acknowledge(queue: i32, job: u32, log: &Path) -> Result<()> {
    sys::msgsnd(queue, ACK, &job.to_string(), 0)?;
    note(log, "ack", job)
}

/// Adds a line to the log, in one write.
fn note(log: &Path, what: &str, job: u32) -> Result<()> {
    let line = format!("{what} {job} {}\n", std::process::id());
    File::options().append(true).create(true).open(log)?.write_all(line.as_bytes())
}

fn start_worker(queue: i32, log: &Path) -> Result<Child> {
    Command::new(std::env::current_exe()?).args(["worker", &queue.to_string()]).arg(log).spawn()
}

/// Ends the workers when there is nothing left to do.
fn stop(mut workers: [Child; 2]) -> Result<()> {
    workers.iter_mut().try_for_each(|worker| worker.kill().and_then(|()| worker.wait().map(drop)))
}
