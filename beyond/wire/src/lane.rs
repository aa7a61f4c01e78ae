//! One direction of the wire: the packets on their way.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use crate::{Conditions, Losses};

/// The packets that one direction of the wire holds at most. One more is dropped, as by a router whose queue is full.
pub const QUEUE: usize = 4_096;

/// What became of the packets of one direction.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Count {
    /// Delivered.
    pub delivered: u64,
    /// Lost by chance.
    pub lost: u64,
    /// Lost since the wire was cut.
    pub cut: u64,
    /// Dropped since [`QUEUE`] packets were on their way.
    pub dropped: u64,
}

#[derive(Debug)]
pub(crate) struct Lane {
    delay: Duration,
    losses: Losses,
    is_cut: bool,
    on_their_way: VecDeque<(Instant, Vec<u8>)>,
    pub count: Count,
}

impl Lane {
    pub fn new(conditions: &Conditions, losses: Losses) -> Self {
        let delay = conditions.one_way_delay;
        Self { delay, losses, is_cut: false, on_their_way: VecDeque::new(), count: Count::default() }
    }

    /// Begins anew with other conditions. What is on its way stays so.
    pub fn set(&mut self, conditions: &Conditions, losses: Losses) {
        self.delay = conditions.one_way_delay;
        self.losses = losses;
    }

    /// Loses everything that is on its way, and what is sent from now on.
    pub fn cut(&mut self) {
        self.is_cut = true;
        self.count.cut += self.on_their_way.len() as u64;
        self.on_their_way.clear();
    }

    pub fn mend(&mut self) {
        self.is_cut = false;
    }

    /// Takes a packet that a host has sent.
    pub fn take(&mut self, packet: &[u8], now: Instant) {
        if self.is_cut {
            self.count.cut += 1;
        } else if self.losses.next() == Some(true) {
            self.count.lost += 1;
        } else if self.on_their_way.len() == QUEUE {
            self.count.dropped += 1;
        } else {
            self.on_their_way.push_back((now + self.delay, packet.to_vec()));
        }
    }

    /// Returns when the first packet arrives. After a change of the delay, packets still keep their order.
    pub fn due(&self) -> Option<Instant> {
        self.on_their_way.front().map(|&(due, _)| due)
    }

    /// Removes the first packet if it has arrived.
    pub fn arrived(&mut self, now: Instant) -> Option<Vec<u8>> {
        self.due().filter(|&due| due <= now)?;
        self.count.delivered += 1;
        self.on_their_way.pop_front().map(|(_, packet)| packet)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lane(delay: u64, loss: f64) -> Lane {
        let conditions = Conditions { one_way_delay: Duration::from_millis(delay), loss, seed: 1 };
        Lane::new(&conditions, conditions.losses_from_a())
    }

    #[test]
    fn a_packet_arrives_when_its_time_has_come() {
        let (mut lane, start) = (lane(10, 0.0), Instant::now());
        lane.take(b"one", start);
        assert_eq!(lane.arrived(start + Duration::from_micros(9_999)), None);
        assert_eq!(lane.arrived(start + Duration::from_millis(10)).as_deref(), Some(&b"one"[..]));
        assert_eq!(lane.due(), None);
    }

    #[test]
    fn a_full_queue_drops_the_last() {
        let (mut lane, now) = (lane(10, 0.0), Instant::now());
        for number in 0..QUEUE + 3 {
            lane.take(&number.to_ne_bytes(), now);
        }
        assert_eq!(lane.count.dropped, 3);
        assert_eq!(lane.arrived(now + Duration::from_secs(1)).as_deref(), Some(&0_usize.to_ne_bytes()[..]));
    }

    #[test]
    fn a_cut_loses_what_is_on_its_way_too() {
        let (mut lane, now) = (lane(0, 0.0), Instant::now());
        lane.take(b"before", now);
        lane.cut();
        lane.take(b"after", now);
        lane.mend();
        assert_eq!((lane.arrived(now), lane.count.cut), (None, 2));
        lane.take(b"mended", now);
        assert_eq!(lane.arrived(now).as_deref(), Some(&b"mended"[..]));
    }
}
