//! The report that `pong` sends after each workload.

use std::time::Duration;

use hdrhistogram::Histogram;
use ipc_core::{Error, Result, Transport};

use super::{Usage, histogram, receive};

/// The measurements of `pong` for one workload.
#[derive(Debug)]
pub struct PeerReport {
    /// The duration by its own clock. A stream: from the first message to the last.
    pub elapsed: Duration,
    /// The cost on its side.
    pub usage: Usage,
    /// The one-way time of each message to it, in nanoseconds; only for [`OneWay`](super::Pattern::OneWay) and
    /// [`Paced`](super::Pattern::Paced), where it counts from when each was meant to be sent.
    pub one_way: Option<Histogram<u64>>,
}

/// The bytes of one entry on the wire: a time and its count, two numbers.
const ENTRY: usize = 16;

/// The numbers in front of the entries: time, usage, number of entries.
const NUMBERS: usize = Usage::NUMBERS + 2;

/// The number of entries that means "no histogram".
const NONE: u64 = u64::MAX;

impl PeerReport {
    const MAGIC: [u8; 8] = *b"REPORTED";
    /// The least message length that every link must carry, in bytes.
    pub(super) const LEN: usize = 8 + NUMBERS * 8;

    /// Sends the report; the histogram follows in as many messages as it takes.
    pub(super) fn send(&self, link: &mut impl Transport) -> Result<()> {
        let entries: Vec<_> = self.one_way.iter().flat_map(Histogram::iter_recorded).collect();
        let count = self.one_way.as_ref().map_or(NONE, |_| entries.len() as u64);
        let mut head = Self::MAGIC.to_vec();
        let numbers = [self.elapsed.as_nanos() as u64].into_iter().chain(self.usage.numbers());
        for number in numbers.chain([count]) {
            head.extend(number.to_le_bytes());
        }
        link.send(&head)?;
        for part in entries.chunks(in_one_message(link)) {
            let numbers = part.iter().flat_map(|entry| [entry.value_iterated_to(), entry.count_at_value()]);
            link.send(&numbers.flat_map(u64::to_le_bytes).collect::<Vec<_>>())?;
        }
        Ok(())
    }

    /// Receives a report.
    ///
    /// # Errors
    /// Those of the transport; [`Corrupt`](Error::Corrupt): the message is not a report.
    pub(super) fn receive(link: &mut impl Transport) -> Result<Self> {
        const NO_REPORT: Error = Error::Corrupt("not the report of a workload");
        let mut head = [0; Self::LEN];
        receive(link, &mut head)?;
        let (magic, numbers) = head.split_at(Self::MAGIC.len());
        let numbers: Vec<u64> = numbers_in(numbers).collect();
        let (Ok(usage), [elapsed, .., entries]) = (numbers[1..=Usage::NUMBERS].try_into(), &numbers[..])
        else {
            return Err(NO_REPORT);
        };
        let mut report = Self {
            elapsed: Duration::from_nanos(*elapsed),
            usage: Usage::from_numbers(usage),
            one_way: None,
        };
        if magic != Self::MAGIC {
            return Err(NO_REPORT);
        }
        if *entries == NONE {
            return Ok(report);
        }
        let mut times = histogram();
        if *entries > times.distinct_values() as u64 {
            return Err(NO_REPORT); // more than the possible distinct times
        }
        let mut left = *entries as usize;
        while left > 0 {
            let some = left.min(in_one_message(link));
            let mut part = vec![0; some * ENTRY];
            receive(link, &mut part)?;
            let numbers: Vec<u64> = numbers_in(&part).collect();
            for &[time, count] in numbers.as_chunks().0 {
                times.saturating_record_n(time, count);
            }
            left -= some;
        }
        report.one_way = Some(times);
        Ok(report)
    }
}

/// Returns the number of entries in one message, which both sides of a link compute.
fn in_one_message(link: &impl Transport) -> usize {
    (link.max_message().min(4096) / ENTRY).max(1)
}

fn numbers_in(bytes: &[u8]) -> impl Iterator<Item = u64> {
    bytes.as_chunks().0.iter().map(|bytes| u64::from_le_bytes(*bytes))
}
