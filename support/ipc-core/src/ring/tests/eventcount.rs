//! The eventcount between two threads.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::ring::eventcount::EventCount;

const ROUNDS: u64 = 20_000;

/// A place for one number, with an eventcount beside it.
#[derive(Default)]
struct Place {
    number: AtomicU64,
    eventcount: EventCount,
}

impl Place {
    fn leave(&self, number: u64) {
        self.number.store(number, Ordering::Release);
        self.eventcount.notify();
    }

    fn await_number(&self, number: u64) {
        loop {
            self.eventcount.prepare_to_wait();
            let here = self.number.load(Ordering::Acquire) == number;
            if !here {
                self.eventcount.wait(Duration::from_secs(3600));
            }
            self.eventcount.finish_wait();
            if here {
                return;
            }
        }
    }
}

/// A single missed wake-up leaves both asleep for an hour, which the watchdog does not wait for.
#[test]
fn no_call_is_ever_missed() {
    let (done, waiting) = mpsc::channel();
    thread::spawn(move || {
        let (there, back) = (Place::default(), Place::default());
        thread::scope(|scope| {
            scope.spawn(|| {
                for n in 1..=ROUNDS {
                    there.await_number(n);
                    back.leave(n);
                }
            });
            for n in 1..=ROUNDS {
                there.leave(n);
                back.await_number(n);
            }
        });
        done.send(())
    });
    waiting.recv_timeout(Duration::from_secs(30)).expect("both sleep, or it panicked");
}
