//! What a wire does to the packets.

use std::time::Duration;

/// What a wire does to the packets. By default: nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Conditions {
    /// The time from one host to the other. A round trip takes twice as long.
    pub one_way_delay: Duration,
    /// The share of the packets that are lost in each direction: 0.01 is 1 %.
    pub loss: f64,
    /// Decides which packets are lost: see [`Losses`].
    pub seed: u64,
}

impl Conditions {
    /// Returns which packets from host a are lost.
    #[must_use]
    pub fn losses_from_a(&self) -> Losses {
        Losses { state: self.seed.wrapping_mul(2), share: self.loss }
    }

    /// Returns which packets from host b are lost.
    #[must_use]
    pub fn losses_from_b(&self) -> Losses {
        Losses { state: self.seed.wrapping_mul(2).wrapping_add(1), share: self.loss }
    }
}

/// Says for one packet after another whether it is lost: the same from the same seed. Endless.
#[derive(Clone, Debug)]
pub struct Losses {
    state: u64,
    share: f64,
}

impl Iterator for Losses {
    type Item = bool;

    /// Draws by `SplitMix64`: a counter, whose bits are mixed.
    fn next(&mut self) -> Option<bool> {
        self.state = self.state.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.state;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^= mixed >> 31;
        let drawn = (mixed >> 11) as f64 / (1_u64 << 53) as f64; // from 0 to just below 1
        Some(drawn < self.share)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lost(loss: f64, seed: u64) -> usize {
        Conditions { loss, seed, ..Conditions::default() }
            .losses_from_a()
            .take(100_000)
            .filter(|&lost| lost)
            .count()
    }

    #[test]
    fn the_share_is_kept_and_the_seed_decides() {
        assert_eq!((lost(0.0, 1), lost(1.0, 1)), (0, 100_000));
        assert!((900..1_100).contains(&lost(0.01, 1)), "{}", lost(0.01, 1)); // 1,000 ± 3 standard deviations
        assert_eq!(lost(0.01, 1), lost(0.01, 1));
        let conditions = Conditions { loss: 0.5, seed: 1, ..Conditions::default() };
        let (a, b) = (conditions.losses_from_a().take(64), conditions.losses_from_b().take(64));
        assert!(a.ne(b), "each direction has its own");
    }
}
