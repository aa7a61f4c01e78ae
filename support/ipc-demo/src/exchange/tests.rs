//! Workloads: on the wire, and too large.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{self, channel};
use std::thread;
use std::time::Instant;

use ipc_core::{Endpoint, Receiver, Sender, Wait, Waiting};

use super::*;

mod exact;

#[test]
fn an_order_survives_the_wire_and_garbage_does_not() {
    let mut bytes = [0; Workload::LEN];
    for pattern in [Pattern::RoundTrip, Pattern::OneWay, Pattern::Paced, Pattern::Stream] {
        let workload = Workload { pattern, verify: true, size: 4096, count: 7 };
        bytes = workload.encode();
        assert_eq!(Workload::decode(&bytes).unwrap(), workload);
    }
    for at in 0..8 {
        bytes[at] ^= 0x80;
        assert!(matches!(Workload::decode(&bytes), Err(Error::Corrupt(_))), "byte {at}");
        bytes[at] ^= 0x80;
    }
}

/// The longest message of a link between two threads, in bytes.
const LONGEST_MESSAGE: usize = 1024;

/// A link between two threads. One end may have to do something else before it receives.
struct Thread<F> {
    out: mpsc::Sender<Vec<u8>>,
    come: mpsc::Receiver<Vec<u8>>,
    before: F,
}

impl<F: FnMut()> Endpoint for Thread<F> {
    fn max_message(&self) -> usize {
        LONGEST_MESSAGE
    }
}

impl<F: FnMut()> Sender for Thread<F> {
    fn send(&mut self, message: &[u8]) -> Result<()> {
        self.out.send(message.to_vec()).map_err(|_| Error::Disconnected)
    }

    fn send_timeout(&mut self, message: &[u8], _timeout: Duration) -> Result<Option<()>> {
        self.try_send(message)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.send(message).map(Some)
    }
}

impl<F: FnMut()> Receiver for Thread<F> {
    fn recv(&mut self, buffer: &mut [u8]) -> Result<usize> {
        (self.before)();
        let message = self.come.recv().map_err(|_| Error::Disconnected)?;
        let needed = message.len();
        buffer.get_mut(..needed).ok_or(Error::BufferTooSmall { needed })?.copy_from_slice(&message);
        Ok(needed)
    }

    fn recv_timeout(&mut self, buffer: &mut [u8], _timeout: Duration) -> Result<Option<usize>> {
        self.try_recv(buffer)
    }

    fn try_recv(&mut self, buffer: &mut [u8]) -> Result<Option<usize>> {
        self.recv(buffer).map(Some)
    }
}

#[test]
fn a_workload_that_is_too_large_is_the_fault_of_its_sender() {
    for pattern in [Pattern::RoundTrip, Pattern::Stream, Pattern::OneWay, Pattern::Paced] {
        let workload = Workload { pattern, verify: false, size: LONGEST_MESSAGE + 1, count: 1 };
        let ((out, _answers), (orders, come)) = (channel(), channel());
        orders.send(workload.encode().to_vec()).unwrap();
        let told = pong(&mut Waiting::new(Thread { out, come, before: || {} }, Wait::Block), |_| {});
        assert!(matches!(told, Err(Error::Corrupt(_))), "{told:?}");
    }
}

/// Runs an exchange with a pong that does something before each time it receives.
fn played_with<T>(before: impl FnMut() + Send, play: impl FnOnce(&mut Thread<fn()>) -> T) -> T {
    played_between(before, || {}, play)
}

/// Runs an exchange whose sides both do something before each time they receive.
fn played_between<T>(
    before: impl FnMut() + Send,
    before_ping: fn(),
    play: impl FnOnce(&mut Thread<fn()>) -> T,
) -> T {
    let ((out, their_come), (their_out, come)) = (channel(), channel());
    thread::scope(|scope| {
        scope.spawn(move || {
            let link = Thread { out: their_out, come: their_come, before };
            pong(&mut Waiting::new(link, Wait::Block), |_| {}).unwrap();
        });
        play(&mut Thread { out, come, before: before_ping })
    })
}

const MILLISECOND: Duration = Duration::from_millis(1);

/// A stall of 50 ms hits one round trip of 500 that each start when the previous one ends, but every tenth of those
/// that are scheduled to start each millisecond.
#[test]
fn a_stall_shows_in_the_open_loop_for_each_that_it_keeps_waiting() {
    /// The number of messages that ping has sent, counted when it is about to receive; the workload is the first.
    static SENT: AtomicU64 = AtomicU64::new(0);
    let workload = Workload { pattern: Pattern::RoundTrip, verify: false, size: 64, count: 500 };
    let mut received = 0;
    let stall_once = || {
        received += 1;
        if received == 200 {
            // Not before the message is sent: on a busy machine, part of the stall would then pass unseen.
            while SENT.load(Ordering::Relaxed) < received {
                thread::yield_now();
            }
            thread::sleep(50 * MILLISECOND);
        }
    };
    let count_sent = || {
        SENT.fetch_add(1, Ordering::Relaxed);
    };
    let sample =
        played_between(stall_once, count_sent, |ping| open_loop(ping, &workload, MILLISECOND).unwrap());
    let stall = 50_000_000;
    let (open, service) = (sample.times, sample.service.unwrap());
    assert_eq!((open.len(), service.len()), (500, 500));
    assert!(open.max() >= stall && service.max() >= stall, "in both: {} {}", open.max(), service.max());
    // 50 of 500 had to wait, from 50 ms down to 1 ms: the longest hundredth is above 45 ms.
    assert!(open.value_at_quantile(0.99) > stall * 4 / 5, "{}", open.value_at_quantile(0.99));
    let late = open.len() - open.count_between(0, stall * 2 / 5);
    assert!(late >= 25, "{late}");
    // The time from the actual start contains no waiting before it: it lacks 49 ms of the first that had to wait, 48 of
    // the next, then 47, and so on. On a busy machine they wait longer, never less.
    let sum = |times: &Histogram<u64>| times.mean() * times.len() as f64;
    let waited = sum(&open) - sum(&service);
    assert!(waited > f64::from(49 * 50 / 2) * 1e6 * 0.9, "{waited}");
}

/// The stream has not ended when the sender has written everything: the receiver's clock shows that.
#[test]
fn throughput_is_that_of_a_slow_receiver() {
    let workload = Workload { pattern: Pattern::Stream, verify: false, size: 64, count: 51 };
    let mut started = None;
    let sample = played_with(
        || thread::sleep(MILLISECOND),
        |ping| {
            started = Some(Instant::now());
            stream(ping, &workload, 1).unwrap()
        },
    );
    assert!(sample.elapsed >= 50 * MILLISECOND, "{:?}", sample.elapsed);
    assert!(sample.elapsed <= started.unwrap().elapsed());
}

/// The one-way time of each message comes back with the report, however many messages that takes, together with the
/// costs of both sides.
#[test]
fn one_way_times_come_back_with_the_report() {
    let workload = Workload { pattern: Pattern::OneWay, verify: false, size: 8, count: 300 };
    let mut wait = Duration::ZERO;
    let slower_and_slower = || {
        wait += Duration::from_micros(5);
        thread::sleep(wait);
    };
    let sample = played_with(slower_and_slower, |ping| one_way(ping, &workload).unwrap());
    let times = sample.report.one_way.expect("ordered");
    assert_eq!(times.len(), 300);
    assert!(
        times.max() >= 1_000_000 && times.min() > 0 && times.min() < times.max(),
        "{} {}",
        times.min(),
        times.max()
    );
    assert!(
        times.iter_recorded().count() > 1024 / 16,
        "more than one message carries: or this proves little"
    );
    // It has slept 300 times. A thread that loses its CPU on the way to sleep may find the time over when it runs
    // again.
    assert!(sample.report.usage.voluntary_switches >= 150 && sample.usage.cpu > Duration::ZERO);
}

#[test]
fn a_message_without_room_for_a_time_is_refused() {
    let workload = Workload { pattern: Pattern::OneWay, verify: false, size: 7, count: 1 };
    let told =
        played_with(|| {}, |ping| [one_way(ping, &workload), paced_stream(ping, &workload, MILLISECOND, 1)]);
    assert!(told.iter().all(|told| matches!(told, Err(Error::Usage(_)))), "{told:?}");
}

/// A logger that needs 2 ms for each message, of which one comes each millisecond: the last of 50 is 50 ms late.
#[test]
fn a_paced_stream_counts_from_when_each_was_meant_to_be_sent() {
    let workload = Workload { pattern: Pattern::Stream, verify: false, size: 64, count: 50 };
    let slow = || thread::sleep(2 * MILLISECOND);
    let sample = played_with(slow, |ping| paced_stream(ping, &workload, MILLISECOND, 1).unwrap());
    let times = sample.report.one_way.expect("ordered");
    assert_eq!((times.len(), sample.times.len()), (50, 0));
    assert!(times.max() >= 45_000_000, "{}", times.max());
    assert!(times.value_at_quantile(0.5) >= 20_000_000, "the queue grows: {}", times.value_at_quantile(0.5));
    assert!(sample.elapsed >= 99 * MILLISECOND, "{:?} instead of 50 ms", sample.elapsed);
}

/// The time of a schedule that was kept is that of the schedule, whatever the time of a message is.
#[test]
fn a_schedule_that_was_kept_is_as_long_as_planned() {
    let workload = Workload { pattern: Pattern::RoundTrip, verify: false, size: 64, count: 20 };
    let paced = |ping: &mut Thread<fn()>| paced_stream(ping, &workload, 5 * MILLISECOND, 1).unwrap().elapsed;
    let open = |ping: &mut Thread<fn()>| open_loop(ping, &workload, 5 * MILLISECOND).unwrap().elapsed;
    for elapsed in [played_with(|| {}, open), played_with(|| {}, paced)] {
        assert!(elapsed >= 95 * MILLISECOND, "{elapsed:?}: 20 times 5 ms, but for a first that came late");
    }
}

/// A message that carries another number than the one that is due was lost, or overtaken.
#[test]
fn a_paced_stream_tells_of_a_lost_message() {
    let workload = Workload { pattern: Pattern::Paced, verify: false, size: 16, count: 2 };
    let ((out, _answers), (orders, come)) = (channel(), channel());
    orders.send(workload.encode().to_vec()).unwrap();
    orders.send([0; 16].to_vec()).unwrap();
    orders.send([[0; 8], 2_u64.to_le_bytes()].concat()).unwrap();
    let told = pong(&mut Waiting::new(Thread { out, come, before: || {} }, Wait::Block), |_| {});
    assert!(matches!(told, Err(Error::Corrupt("a message was lost, or is out of sequence"))), "{told:?}");
}

/// Notes its calls: `s`end, `f`eed, and a bar for a flush.
#[derive(Default)]
struct Noting(String);

impl Endpoint for Noting {
    fn max_message(&self) -> usize {
        LONGEST_MESSAGE
    }
}

impl Sender for Noting {
    fn send(&mut self, _message: &[u8]) -> Result<()> {
        self.0.push('s');
        Ok(())
    }

    fn send_timeout(&mut self, message: &[u8], _timeout: Duration) -> Result<Option<()>> {
        self.try_send(message)
    }

    fn try_send(&mut self, message: &[u8]) -> Result<Option<()>> {
        self.send(message).map(Some)
    }

    fn feed(&mut self, _message: &[u8]) -> Result<()> {
        self.0.push('f');
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        self.0.push('|');
        Ok(())
    }
}

#[test]
fn a_stream_is_fed_in_batches_or_each_message_is_sent() {
    let calls = |flush_every| {
        let mut link = Noting::default();
        (0..7).for_each(|number| ping::send_or_feed(&mut link, &[], number, flush_every).unwrap());
        link.0
    };
    assert_eq!([1, 2, 3, 7, 8].map(calls), ["sssssss", "ff|ff|ff|f", "fff|fff|f", "fffffff|", "fffffff"]);
}
