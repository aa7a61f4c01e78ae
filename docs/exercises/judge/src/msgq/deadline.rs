use std::thread;
use std::time::{Duration, Instant};

use crate::ipc::Queue;
use crate::{kernel, program};

const LIMIT: Duration = Duration::from_secs(30);

/// What comes of waiting for so long on a queue of the judge's, while the judge does this to it after a time.
fn wait_on(queue: &Queue, limit: u64, pause: u64, act: impl FnOnce(&Queue) + Send) -> String {
    thread::scope(|scope| {
        let actor = scope.spawn(move || {
            thread::sleep(Duration::from_millis(pause));
            act(queue);
        });
        let args = [queue.0.to_string(), limit.to_string()];
        let outcome = program::run("msgq_deadline", &args, LIMIT);
        actor.join().expect("it sends or removes");
        outcome.expect_done("Waiting should end when the limit is over.");
        outcome.stdout
    })
}

#[test]
fn it_gives_up_in_time_and_misses_nothing() {
    let outcome = program::run("msgq_deadline", &[] as &[&str], LIMIT);
    outcome.expect_done("Waiting should end when the limit is over.");
    assert_eq!(
        outcome.stdout, "None, in time: true\nSome(\"I was held up\"), before the end: true\n",
        "first nothing comes, and the whole limit is waited for; then the message comes in time"
    );
}

#[test]
fn it_does_not_oversleep() {
    for limit in [150, 700] {
        let begin = Instant::now();
        let said = wait_on(&Queue::new(), limit, 0, |_| ());
        assert!(said.starts_with("Ok(None)"), "nothing comes within {limit} ms: {said}");
        let late = begin.elapsed().saturating_sub(Duration::from_millis(limit));
        assert!(late < Duration::from_secs(2), "with a limit of {limit} ms, it gave up {late:?} too late");
    }
}

#[test]
fn with_no_time_at_all_it_takes_what_is_there() {
    let queue = Queue::new();
    queue.send(3, "I was there before");
    let said = wait_on(&queue, 0, 0, |_| ());
    assert!(
        said.starts_with("Ok(Some(\"I was there before\"))"),
        "a message is there, and the limit is 0: {said}"
    );
}

#[test]
fn a_queue_that_goes_is_an_error() {
    let said = wait_on(&Queue::new(), 6000, 900, Queue::remove);
    let removed =
        [libc::EIDRM, libc::EINVAL].iter().any(|errno| said.starts_with(&format!("Err(Some({errno}))")));
    assert!(
        removed,
        "the queue was removed while it waited: that is an error, not a limit that is over: {said}"
    );
}

/// One that asks without a pause is hardly ever seen asleep.
#[test]
fn it_sleeps_while_it_waits() {
    let queue = Queue::new();
    let args = [queue.0.to_string(), "2000".to_owned()];
    let mut running = program::start(program::command("msgq_deadline").args(&args));
    thread::sleep(Duration::from_millis(300)); // it starts
    let looks = (0..100).map(|_| {
        thread::sleep(Duration::from_millis(5));
        kernel::sleeps_in(running.id).is_some()
    });
    let asleep = looks.filter(|asleep| *asleep).count();
    assert!(asleep > 50, "of 100 times at which it was looked at while it waits, it slept at {asleep} only");
    assert!(running.line().starts_with("Ok(None)"), "nothing comes");
}
