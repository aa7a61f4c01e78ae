//! Times of single messages: a few figures for people, and the whole histogram from which to compute others.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer as _, V2DeflateSerializer};
use ipc_demo::exchange::Summary;
use serde::{Deserialize, Serialize};

/// A distribution of times, in nanoseconds, exact to a thousandth. Where several round trips were timed together, each
/// counts as their mean: then `min`, the percentiles and `max` are about means.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Latency {
    /// The shortest time.
    pub min: u64,
    /// The median: half of the times are no longer.
    pub p50: u64,
    /// 90 % of the times are no longer.
    pub p90: u64,
    /// 99 % of the times are no longer.
    pub p99: u64,
    /// 99.9 % of the times are no longer.
    pub p999: u64,
    /// The longest time.
    pub max: u64,
    /// The mean.
    pub mean: f64,
    /// The 95 % confidence interval of the mean, from the means of the rounds; null for fewer than two rounds.
    pub mean_interval: Option<[f64; 2]>,
    /// The whole histogram: `HdrHistogram`'s own form V2, deflated, in base64. Histograms of several runs can be added
    /// up.
    pub histogram: String,
}

impl Latency {
    /// Returns the figures of a histogram; `None` if it is empty.
    ///
    /// # Panics
    /// Never for a histogram of this crate: writing it to memory cannot fail.
    #[must_use]
    pub fn of(times: &Histogram<u64>, mean_interval: Option<[f64; 2]>) -> Option<Self> {
        if times.is_empty() {
            return None;
        }
        let Summary { min, p50, p90, p99, p999, max, mean } = times.into();
        let mut bytes = Vec::new();
        V2DeflateSerializer::new().serialize(times, &mut bytes).expect("memory takes everything");
        Some(Self {
            min,
            p50,
            p90,
            p99,
            p999,
            max,
            mean,
            // No time is below 0, whatever the formula says for a few rounds that differ.
            mean_interval: mean_interval.map(|interval| interval.map(|end| end.max(0.0))),
            histogram: BASE64_STANDARD.encode(bytes),
        })
    }

    /// Returns the histogram itself; `None` if its text was altered.
    #[must_use]
    pub fn times(&self) -> Option<Histogram<u64>> {
        let bytes = BASE64_STANDARD.decode(&self.histogram).ok()?;
        Deserializer::new().deserialize(&mut bytes.as_slice()).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ipc_demo::exchange;

    /// The values as a histogram holds them: exact up to 2047, and rounded up to the last of 4 or 8 neighbours above
    /// that.
    #[test]
    fn ten_thousand_times_have_known_percentiles() {
        let mut times = exchange::histogram();
        (1..=10_000).for_each(|time| times.record(time).unwrap());
        let Latency { min, p50, p90, p99, p999, max, mean, mean_interval, .. } =
            Latency::of(&times, Some([3.0, 7.0])).unwrap();
        assert_eq!([min, p50, p90, p99, p999, max], [1, 5003, 9007, 9903, 9991, 10007]);
        assert!((mean - 5000.5).abs() < 1.0, "{mean}");
        assert_eq!(mean_interval, Some([3.0, 7.0]));
    }

    #[test]
    fn a_histogram_survives_being_text_and_can_be_added_up() {
        let mut times = exchange::histogram();
        for time in [100, 200, 300, 40_000, 5_000_000] {
            times.record(time).unwrap();
        }
        let latency = Latency::of(&times, None).unwrap();
        let mut back = latency.times().unwrap();
        assert_eq!(back, times);
        back.add(&times).unwrap();
        assert_eq!((back.len(), back.value_at_quantile(0.5)), (10, times.value_at_quantile(0.5)));
        let wide = Latency::of(&times, Some([-5.0, 7.0])).unwrap();
        assert_eq!(wide.mean_interval, Some([0.0, 7.0]));
        assert_eq!(Latency::of(&exchange::histogram(), None), None);
        assert_eq!(Latency { histogram: "no histogram".into(), ..latency }.times(), None);
    }
}
