//! A task for a pair, and its result.

use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_demo::exchange::{self, Sample, Usage, Workload};

/// A task for a pair.
#[derive(Clone, Copy, Debug)]
pub struct Task {
    /// The exchange.
    pub order: Workload,
    /// The round trips between two readings of the clock: see [`exchange::ping_in_batches`].
    pub batch: u64,
    /// Open loop: messages per second, each at its time. `None`: each as soon as the previous one is over.
    pub rate: Option<u64>,
    /// A stream: the number of messages between two flushes; 1 sends each by itself.
    pub flush_every: u64,
}

impl From<Workload> for Task {
    /// Times each round trip by itself.
    fn from(order: Workload) -> Self {
        Self { order, batch: 1, rate: None, flush_every: 1 }
    }
}

/// The result of a task.
#[derive(Debug)]
pub struct TaskResult {
    /// Round trips: their sum. Throughput: the time between the first and the last message, by the receiver's clock.
    pub elapsed: Duration,
    /// The time of each round trip, in nanoseconds; empty for throughput. Open loop: from the moment at which it was
    /// meant to start.
    pub times: Histogram<u64>,
    /// Open loop: the time of each round trip from its real start.
    pub service: Option<Histogram<u64>>,
    /// The time that each message was on its way to pong, where that was ordered.
    pub one_way: Option<Histogram<u64>>,
    /// The resources that ping used.
    pub ping: Usage,
    /// The resources that pong used.
    pub pong: Usage,
}

impl TaskResult {
    /// Returns a result with nothing but the elapsed time.
    #[must_use]
    pub fn in_time(elapsed: Duration) -> Self {
        let none = Usage::default();
        Self { elapsed, times: exchange::histogram(), service: None, one_way: None, ping: none, pong: none }
    }
}

impl From<Sample> for TaskResult {
    fn from(sample: Sample) -> Self {
        let Sample { times, service, elapsed, usage, report } = sample;
        Self { elapsed, times, service, one_way: report.one_way, ping: usage, pong: report.usage }
    }
}

#[cfg(test)]
mod tests {
    use ipc_demo::exchange::PeerReport;

    use super::*;

    #[test]
    fn each_side_keeps_what_it_has_measured() {
        let usage = |minor_faults| Usage { minor_faults, ..Usage::default() };
        let [times, service, one_way] = [1, 2, 3].map(|time| {
            let mut times = exchange::histogram();
            times.record(time).unwrap();
            times
        });
        let report =
            PeerReport { elapsed: Duration::from_secs(9), usage: usage(5), one_way: Some(one_way.clone()) };
        let (elapsed, ours) = (Duration::from_secs(7), usage(4));
        let sample =
            Sample { times: times.clone(), service: Some(service.clone()), elapsed, usage: ours, report };
        let played = TaskResult::from(sample);
        assert_eq!((played.elapsed, played.ping, played.pong), (elapsed, usage(4), usage(5)));
        assert_eq!((played.times, played.service, played.one_way), (times, Some(service), Some(one_way)));
    }
}
