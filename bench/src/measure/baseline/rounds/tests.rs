//! Tests of taking turns, and of the result when one subject is slower: with the real exchange, over a ring between
//! two threads.

use std::sync::{Arc, Mutex};
use std::thread;

use ipc_conformance::watchdog::PATIENCE;
use ipc_core::ring::{Attachment, HeapMemory, Region, RingLink, SEGMENT_LEN};
use ipc_core::{Endpoint, Receiver, Sender, Wait, Waiting};
use ipc_demo::cpus::Cpus;
use ipc_demo::exchange;

use super::*;
use crate::measure::ping_pong::play_one;
use crate::measure::task::Task;
use crate::results::case::Placement;
use crate::results::registry::SIX;

/// A link that takes its time to send.
struct Slow<T>(T, Duration);

impl<T: Endpoint> Endpoint for Slow<T> {
    fn max_message(&self) -> usize {
        self.0.max_message()
    }
}

impl<T: Sender> Sender for Slow<T> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        thread::sleep(self.1);
        self.0.send(message)
    }

    fn send_timeout(&mut self, message: &[u8], timeout: Duration) -> Result<Option<()>> {
        thread::sleep(self.1);
        self.0.send_timeout(message, timeout)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.0.try_send(message)
    }
}

impl<T: Receiver> Receiver for Slow<T> {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        self.0.recv(buffer)
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], timeout: Duration) -> Result<Option<usize>> {
        self.0.recv_timeout(buffer, timeout)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.0.try_recv(buffer)
    }
}

fn case(kind: Kind) -> Case {
    let placement = Placement::resolve(Cpus::Same).expect("there is a CPU");
    Case::of(&SIX[3], "ring", kind, 64, Wait::Block, placement)
}

/// Returns two threads that play. Ping takes `delay` to send what is timed, and logs its name for each task: as a
/// capital where each message is checked.
fn pair(name: char, delay: Duration, log: &Arc<Mutex<String>>) -> Pair {
    let log = Arc::clone(log);
    let ping = move |channel: &crate::measure::pair::TaskChannel| {
        let memory = HeapMemory::new(SEGMENT_LEN);
        let (ours, theirs) = (Region::new(memory.clone())?, Region::new(memory)?);
        let mut attachment = Attachment::create(ours, RingLink::<HeapMemory>::LAYOUT).unwrap();
        let pong = thread::spawn(|| {
            let link = RingLink::join(theirs)?.expect("the owner waits");
            exchange::pong(&mut Waiting::new(link, Wait::Block), |_| {})
        });
        attachment.wait_for_peer("this test", PATIENCE)?;
        let mut link = Slow(RingLink::new(attachment), Duration::ZERO);
        channel.report_ready(link.max_message(), None);
        for task in channel.tasks() {
            log.lock().unwrap().push(if task.order.verify { name.to_ascii_uppercase() } else { name });
            link.1 = if task.order.verify { Duration::ZERO } else { delay };
            channel.report(play_one(&mut link, &task)?);
        }
        drop(link);
        pong.join().expect("it does not panic").map(drop)
    };
    Pair::on_thread(ping).expect("two threads can be started")
}

#[test]
fn they_take_turns_and_the_slower_one_is_seen() {
    // On an overloaded machine, the quick one waits for a CPU as well; but not that long most of the time.
    const DELAY: Duration = Duration::from_millis(30);
    for kind in Kind::USUAL {
        let (case, log) = (case(kind), Arc::<Mutex<String>>::default());
        let plan = RoundsPlan::new(Effort::Count(3), kind);
        let subject = |name, delay| {
            let log = Arc::clone(&log);
            Subject::new(case, move || Ok(pair(name, delay, &log)))
        };
        let mut both = [subject('q', Duration::ZERO), subject('s', DELAY)];
        interleave(&mut both, plan, &|| false).unwrap();
        assert_eq!(*log.lock().unwrap(), "QS".to_owned() + &"qs".repeat(FEWEST_ROUNDS));
        let [quick, slow] = both;
        let ratio = slow.ratio_to(&quick);
        assert!(ratio.median > 1.0, "{kind:?}: {ratio:?}");
        if kind == Kind::RoundTrip {
            let each = DELAY.as_nanos() as f64;
            assert!(slow.times.iter().all(|&time| time >= each), "{DELAY:?} each: {:?}", slow.times);
        }
        assert!((ratio.median * quick.ratio_to(&slow).median - 1.0).abs() < 1e-9);
    }
}

/// The luck of one pair must not count as the merit of the code: there are several pairs.
#[test]
fn several_pairs_play_for_each() {
    let (case, log) = (case(Kind::RoundTrip), Arc::<Mutex<String>>::default());
    let plan = RoundsPlan { round: Effort::Count(1), each: Duration::ZERO, pairs: 3 };
    let started = Arc::<Mutex<u32>>::default();
    let count = Arc::clone(&started);
    let start = move || {
        *count.lock().unwrap() += 1;
        Ok(pair('x', Duration::ZERO, &log))
    };
    let mut alone = [Subject::new(case, start)];
    interleave(&mut alone, plan, &|| false).unwrap();
    assert_eq!((*started.lock().unwrap(), alone[0].times.len()), (3, 3 * FEWEST_ROUNDS.div_ceil(3)));
}

#[test]
fn an_effort_in_time_becomes_rounds_of_some_milliseconds() {
    for kind in Kind::USUAL {
        let plan = RoundsPlan::new(Effort::About(Duration::from_secs(1)), kind);
        assert_eq!(plan.each, Duration::from_secs(1));
        assert!(matches!(plan.round, Effort::About(round) if round <= Duration::from_millis(20)));
    }
}

/// A disturbance in one round affects all: so the times of one round are compared.
#[test]
fn ratios_are_those_of_the_same_round() {
    let [ours, theirs] = [[10.0, 20.0, 30.0], [5.0, 20.0, 60.0]].map(|times| Subject {
        times: times.into(),
        count: 7,
        ..Subject::new(case(Kind::RoundTrip), || Err(Error::Disconnected))
    });
    assert_eq!(ours.ratio_to(&theirs), Quartiles { p25: 0.75, median: 1.0, p75: 1.5 });
    assert_eq!(ours.quartiles(), Quartiles { p25: 15.0, median: 20.0, p75: 25.0 });
    assert_eq!((ours.rounds().messages, ours.rounds().values), (7, vec![10.0, 20.0, 30.0]));
}

#[test]
fn the_time_of_a_round_is_divided_by_its_messages() {
    let times = [(3000, 4), (0, 10)].map(|(ns, count)| each(Duration::from_nanos(ns), count));
    assert_eq!(times, [750.0, 0.1]);
}

/// When it ends early, enough rounds of each give a figure, and one fewer does not.
#[test]
fn it_may_be_over_after_the_fewest_rounds() {
    let all = FEWEST_ROUNDS + 1; // the first of which checks
    for (tasks, is_enough) in [(all, true), (all - 1, false)] {
        let log = Arc::<Mutex<String>>::default();
        let plan = RoundsPlan { round: Effort::Count(1), each: Duration::from_secs(60), pairs: 1 };
        let theirs = Arc::clone(&log);
        let start = move || Ok(pair('x', Duration::ZERO, &theirs));
        let mut alone = [Subject::new(case(Kind::RoundTrip), start)];
        let over = || log.lock().unwrap().len() >= tasks;
        assert_eq!(interleave(&mut alone, plan, &over).is_ok(), is_enough, "{tasks}");
    }
}

/// Round trips timed together have one time: the mean of all.
#[test]
fn a_batch_has_one_time() {
    let mut pair = pair('x', Duration::ZERO, &Arc::default());
    let task = Task { order: case(Kind::RoundTrip).timed(50), batch: 50, rate: None, flush_every: 1 };
    let times = pair.play(task).unwrap().times;
    assert_eq!((times.len(), times.iter_recorded().count()), (50, 1));
}
