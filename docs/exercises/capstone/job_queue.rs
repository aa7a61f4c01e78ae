//! # A job queue that loses nothing (write, 90 minutes)
//!
//! A boss puts jobs into a message queue, and two workers take them out. A worker may be killed at any moment: before it
//! has taken a job, in the middle of one, behind it. The boss starts another one. As given, the job that a killed worker had
//! taken is lost, and the boss waits for it forever (here: for ten seconds).
//!
//! **Goal**
//! - Each job is done and acknowledged, whichever workers are killed and when.
//! - What has been acknowledged is not done again.
//! - A job that was not acknowledged may be done again: no program can do better. (Why?)
//!
//! How is up to you: write `boss` and `work`. Use `do_job` and `acknowledge` as they are.
//!
//! Read: the book, "Capstone: a job queue".
//! Try: `capstone_job_queue 40 /tmp/my-log`, and kill a worker meanwhile: `pkill -n capstone_job`
//!
//! Run it: `cargo run -p course -- run capstone_job_queue`

use std::fs::File;
use std::io::{Result, Write as _};
use std::path::Path;
use std::process::{Child, Command};
use std::thread;
use std::time::Duration;

#[path = "../msgq/sys.rs"]
mod sys;

/// The type of a message that acknowledges a job.
const ACK: i64 = 1;

/// The type of a job.
const JOB: i64 = 2;

/// Has all jobs done by two workers, and starts another one for each that is killed.
fn boss(queue: i32, jobs: u32, log: &Path) -> Result<()> {
    for job in 0..jobs {
        sys::msgsnd(queue, JOB, &job.to_string(), 0)?;
    }
    let mut workers = [start_worker(queue, log)?, start_worker(queue, log)?];
    let mut acknowledged = 0;
    while acknowledged < jobs {
        // TODO: which job did a worker have that is dead now? Had it acknowledged that one?
        for worker in &mut workers {
            if worker.try_wait()?.is_some() {
                *worker = start_worker(queue, log)?;
            }
        }
        match sys::msgrcv(queue, ACK, libc::IPC_NOWAIT) {
            Ok(_) => acknowledged += 1,
            Err(error) if error.raw_os_error() == Some(libc::ENOMSG) => {
                thread::sleep(Duration::from_millis(2))
            }
            Err(error) => return Err(error),
        }
    }
    stop(workers)
}

/// A worker: takes jobs until it is killed.
fn work(queue: i32, log: &Path) -> Result<()> {
    loop {
        let (_, job) = sys::msgrcv(queue, JOB, 0)?;
        let job = job.parse().expect("a job");
        do_job(job, log)?;
        acknowledge(queue, job, log)?;
    }
}

// From here on, nothing is to be changed.

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
