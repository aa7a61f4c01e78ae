//! The values that an exchange records, checks and reports: exact, against a scripted peer.

use super::super::ping::request;
use super::*;

type Link = Thread<fn()>;
type Heard = mpsc::Receiver<Vec<u8>>;

fn workload(pattern: Pattern, verify: bool, size: usize, count: u64) -> Workload {
    Workload { pattern, verify, size, count }
}

/// Makes a link whose peer sends these messages, and has received nothing yet.
fn scripted<'a>(said: impl IntoIterator<Item = &'a [u8]>) -> (Link, Heard) {
    let ((out, heard), (theirs, come)) = (channel(), channel());
    for message in said {
        theirs.send(message.to_vec()).unwrap();
    }
    (Thread { out, come, before: || {} }, heard)
}

/// Returns the messages that carry a report.
fn sent(report: &PeerReport) -> Vec<Vec<u8>> {
    let (mut link, heard) = scripted([]);
    report.send(&mut link).unwrap();
    heard.try_iter().collect()
}

/// Serves the workloads of `play`, and returns the final result of `pong`.
fn served<T>(play: impl FnOnce(Link) -> T) -> (Result<Served>, T) {
    let ((out, their_come), (their_out, come)) = (channel(), channel());
    thread::scope(|scope| {
        let link = Thread { out: their_out, come: their_come, before: || {} };
        let pong = scope.spawn(|| pong(&mut Waiting::new(link, Wait::Block), |_| {}));
        let played = play(Thread { out, come, before: || {} });
        (pong.join().unwrap(), played)
    })
}

/// A histogram stores times exactly up to 2047, and above that as the last of 4 or 8 neighbours.
#[test]
fn ten_thousand_times_have_known_percentiles() {
    let mut times = histogram();
    (1..=10_000).for_each(|time| times.record(time).unwrap());
    let Summary { min, p50, p90, p99, p999, max, mean } = Summary::from(&times);
    assert_eq!([min, p50, p90, p99, p999, max], [1, 5003, 9007, 9903, 9991, 10007]);
    assert!((mean - 5000.5).abs() < 1.0, "{mean}");
}

#[test]
fn a_batch_counts_as_often_as_it_has_rounds_with_their_mean() {
    let mut told = Vec::new();
    let workload = workload(Pattern::RoundTrip, false, 64, 10);
    let played = |ping: &mut Link| {
        ping_in_batches(ping, &workload, 4, |round, time| told.push((round, time))).unwrap()
    };
    let sample = played_with(|| {}, played);
    let mut expected = histogram();
    for ((_, time), rounds) in told.iter().zip([4, 4, 2]) {
        expected.record_n(time.as_nanos() as u64 / rounds, rounds).unwrap();
    }
    assert_eq!(told.iter().map(|(round, _)| *round).collect::<Vec<_>>(), [3, 7, 9]);
    assert_eq!(sample.times, expected);
    assert_eq!(sample.elapsed, told.iter().map(|(_, time)| *time).sum());
}

#[test]
fn each_message_of_each_order_is_served() {
    let (served, ()) = served(|mut link| {
        stream(&mut link, &workload(Pattern::Stream, true, 64, 7), 1).unwrap();
        ping(&mut link, &workload(Pattern::RoundTrip, true, 1024, 5), |_, _| {}).unwrap();
    });
    assert_eq!(served.unwrap().messages, 12, "the longest message that the link carries is one of them");
}

/// A pong that echoed its input would avoid writing a megabyte.
#[test]
fn pong_writes_every_byte_of_its_answer() {
    for pattern in [Pattern::RoundTrip, Pattern::OneWay] {
        let play = |mut link: Link| {
            request(&mut link, &workload(pattern, false, 16, 3)).unwrap();
            for round in 0..3 {
                link.send(&[[0; 8], [0xaa; 8]].concat()).unwrap(); // a time long ago, and bytes
                let mut answer = [0xaa; 16];
                receive(&mut link, &mut answer).unwrap();
                assert_eq!(answer, [round; 16], "{pattern:?}");
            }
            PeerReport::receive(&mut link).unwrap();
        };
        served(play).0.unwrap();
    }
}

#[test]
fn pong_finds_a_wrong_message_where_it_is_to_verify() {
    for pattern in [Pattern::RoundTrip, Pattern::Stream] {
        for verify in [false, true] {
            let workload = workload(pattern, verify, 64, 1);
            let (served, _) = served(|mut link| {
                request(&mut link, &workload).unwrap();
                link.send(&[7; 64]).unwrap();
                let mut answer = [0; 64];
                pattern == Pattern::RoundTrip && receive(&mut link, &mut answer).is_ok()
            });
            assert_eq!(matches!(served, Err(Error::Corrupt(_))), verify, "{pattern:?}: {served:?}");
        }
    }
}

#[test]
fn ping_finds_a_wrong_answer_where_it_is_to_verify() {
    type Play = fn(&mut Link, &Workload) -> Result<Sample>;
    let plays: [Play; 2] = [
        |link, workload| ping_in_batches(link, workload, 1, |_, _| {}),
        |link, workload| open_loop(link, workload, Duration::ZERO),
    ];
    let report = sent(&PeerReport { elapsed: Duration::ZERO, usage: Usage::default(), one_way: None });
    for play in plays {
        for verify in [false, true] {
            let (mut link, _heard) = scripted([&READY[..], &[7; 64], &report[0][..]]);
            let told = play(&mut link, &workload(Pattern::RoundTrip, verify, 64, 1));
            assert_eq!(matches!(told, Err(Error::Corrupt(_))), verify, "{told:?}");
        }
        for (ready, answer) in [(READY, 63), (READY, 65), (*b"BUSY", 64)] {
            let (mut link, _heard) = scripted([&ready[..], &[7; 100][..answer], &report[0][..]]);
            let told = play(&mut link, &workload(Pattern::RoundTrip, false, 64, 1));
            assert!(matches!(told, Err(Error::Corrupt(_))), "{answer} bytes: {told:?}");
        }
    }
}

/// A timestamp of a second ago means a one-way time of a second; a future one is invalid.
#[test]
fn a_one_way_time_is_that_from_the_stamp() {
    const SECOND: u64 = 1_000_000_000;
    let stamped = |stamp: u64| {
        served(|mut link| {
            request(&mut link, &workload(Pattern::OneWay, false, 8, 1)).unwrap();
            link.send(&stamp.to_le_bytes()).unwrap();
            receive(&mut link, &mut [0; 8])?;
            PeerReport::receive(&mut link)
        })
    };
    let started = Instant::now();
    let (pong, report) = stamped(usage::clock().unwrap() - SECOND);
    pong.unwrap();
    let (times, most) = (report.unwrap().one_way.unwrap(), SECOND + started.elapsed().as_nanos() as u64);
    assert_eq!(times.len(), 1);
    assert!((SECOND..=times.highest_equivalent(most)).contains(&times.max()), "{} {most}", times.max());
    let (pong, _) = stamped(usage::clock().unwrap() + 3600 * SECOND);
    assert!(matches!(pong, Err(Error::Corrupt(_))), "{pong:?}");
}

/// The clock starts with the first message, however late it comes, and stops with the last. The receiver itself waits
/// for each, so that no other thread has to be on time.
#[test]
fn a_stream_is_timed_from_its_first_message_to_its_last() {
    const FOR_THE_ORDER: Duration = Duration::ZERO;
    const BEFORE: Duration = Duration::from_millis(150);
    const BETWEEN: Duration = Duration::from_millis(30);
    let mut pauses = [FOR_THE_ORDER, BEFORE, BETWEEN].into_iter();
    let pause = move || thread::sleep(pauses.next().unwrap_or_default());
    let (elapsed, all) = played_with(pause, |link| {
        let started = Instant::now();
        let sample = stream(link, &workload(Pattern::Stream, false, 64, 2), 1).unwrap();
        (sample.elapsed, started.elapsed())
    });
    assert!(BETWEEN <= elapsed && BEFORE + elapsed <= all, "{elapsed:?} of {all:?}");
}

/// The receiver's measurements come back unchanged, in as many messages as it takes; its time is that of a stream.
#[test]
fn a_report_survives_the_wire() {
    let mut times = histogram();
    (1..=10_000).for_each(|time| times.record_n(time, time % 7 + 1).unwrap());
    let usage = Usage { minor_faults: 5, cpu: Duration::from_nanos(1), ..Usage::default() };
    let report = PeerReport { elapsed: Duration::from_nanos(12_345), usage, one_way: Some(times.clone()) };
    let messages = sent(&report);
    assert!(messages.len() > 10, "{}", messages.len());
    let (mut link, _heard) = scripted([&READY[..]].into_iter().chain(messages.iter().map(Vec::as_slice)));
    let sample = stream(&mut link, &workload(Pattern::Stream, false, 64, 1), 1).unwrap();
    assert_eq!((sample.elapsed, sample.report.usage), (report.elapsed, usage));
    assert_eq!(sample.report.one_way, Some(times));
}

#[test]
fn what_is_no_report_is_refused() {
    let good =
        sent(&PeerReport { elapsed: Duration::ZERO, usage: Usage::default(), one_way: Some(histogram()) });
    let spoilt: [fn(&mut Vec<u8>); 3] = [
        |head| head[0] ^= 1,
        |head| head.truncate(head.len() - 1),
        |head| *head.last_chunk_mut().unwrap() = (u64::MAX - 1).to_le_bytes(), // that many entries
    ];
    for spoil in spoilt {
        let mut head = good[0].clone();
        spoil(&mut head);
        let (mut link, _heard) = scripted([&head[..]]);
        let told = PeerReport::receive(&mut link);
        assert!(matches!(told, Err(Error::Corrupt(_))), "{told:?}");
    }
}
