use core::fmt;

/// How many slots a window is counted in.
const SLOTS: usize = 16;

/// How many onion messages a node reads: a limit that a flood can't turn against those who are no part of it.
///
/// A message costs its sender nothing, so that no rule by content or by order can keep strangers out: with "first come, first
/// served" whoever sends most is served. This refuses at random. If n times as many messages come as the node wants to read, each of them, honest or
/// not, is read with a chance of 1/n. If no more come than it wants to read, all are.
///
/// ```text
/// chance = min(1, most / c)       c  the messages of the last window, this one among them, read or not
/// ```
///
/// It is the driver's, and stands before a role: nothing of it is in the role's state, nor in a journal. A driver asks it before it peels a
/// message. One that also limits each neighbour (BOLT 4 recommends it) has one of these for each, and this one behind them.
///
/// An honest payment is delayed by a flood, and no more than delayed: the holder sends an announcement again and again, freshly wrapped, each
/// of them with a chance of its own. After m of them the receiver has read none with a chance of (1 − 1/n)^m. If the holder is flooded
/// as well, its answers fare likewise, and it is (1 − 1/n²)^m: a driver repeats the more often the nearer the cutoff is. What has not come through at the cutoff height fails back.
///
/// ```
/// use pointlock::payment::MessageLimiter;
///
/// // Ten messages a second. The time is the driver's, in milliseconds; so are eight bytes of fresh entropy for each message.
/// let mut limiter = MessageLimiter::new(10, 1_000);
/// assert!((0..10).all(|message| limiter.admits(message * 100, [0xff; 8])));
/// ```
///
/// # What breaks it
///
/// Entropy that a stranger can foresee: it chooses the moments at which it is admitted. And a flood that begins: the first `most` messages
/// after a silence are all read, so that a window in which n times as many come at once has up to (1 + ln n) times as many read.
#[derive(Clone)]
pub struct MessageLimiter {
    most: u32,
    slot_ms: u64,
    /// The messages of each slot of the last window, by its number modulo [`SLOTS`].
    counts: [u32; SLOTS],
    /// The number of the newest slot.
    newest: u64,
}

impl MessageLimiter {
    /// A limit of `most` messages in each window of so many milliseconds. With less than 16 milliseconds it has 16.
    pub fn new(most: u32, window_ms: u64) -> Self {
        let slot_ms = (window_ms / SLOTS as u64).max(1);
        Self { most, slot_ms, counts: [0; SLOTS], newest: 0 }
    }

    /// Whether to read a message that has come at `now_ms`. Each message needs `entropy` of its own. A clock that goes back counts as one that
    /// stands still.
    #[must_use]
    pub fn admits(&mut self, now_ms: u64, entropy: [u8; 8]) -> bool {
        self.turn_to(now_ms / self.slot_ms);
        let newest = &mut self.counts[(self.newest % SLOTS as u64) as usize];
        *newest = newest.saturating_add(1);
        // The slot that has begun and the 15 before it lie within one window, so that this never counts too many.
        let count: u64 = self.counts.iter().map(|count| u64::from(*count)).sum();
        let drawn = u128::from(u64::from_be_bytes(entropy));
        // drawn / 2^64 < most / count
        drawn * u128::from(count) < u128::from(self.most) << 64
    }

    fn turn_to(&mut self, slot: u64) {
        let passed = slot.saturating_sub(self.newest);
        for behind in 1..=passed.min(SLOTS as u64) {
            self.counts[((self.newest + behind) % SLOTS as u64) as usize] = 0;
        }
        self.newest = self.newest.max(slot);
    }
}

impl fmt::Debug for MessageLimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let window_ms = self.slot_ms * SLOTS as u64;
        f.debug_struct("MessageLimiter")
            .field("most", &self.most)
            .field("window_ms", &window_ms)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::Tag;

    static DRAWN: Tag = Tag::new("limiter test");

    fn drawn(seed: u64, message: u64) -> [u8; 8] {
        let hash = DRAWN.hash(&[&seed.to_be_bytes(), &message.to_be_bytes()]);
        *hash.first_chunk().unwrap()
    }

    proptest! {
        /// Whatever the entropy: as long as no window has more messages than it may.
        #[test]
        fn below_the_rate_none_is_refused(
            most in 1u32..30,
            gaps in proptest::collection::vec(0u64..400, 1..200),
        ) {
            let mut limiter = MessageLimiter::new(most, 1_600);
            let (mut now, mut before) = (0, Vec::<u64>::new());
            for gap in gaps {
                now += gap;
                // One more would be too many for the window that ends here.
                let full = before.iter().filter(|then| **then + 1_600 > now).count();
                if full as u32 == most {
                    continue;
                }
                before.push(now);
                prop_assert!(limiter.admits(now, [0xff; 8]));
            }
        }

        /// At n times the rate everybody has about 1/n: those who come first in their window, those who come last, and one among
        /// thousands.
        #[test]
        fn in_a_flood_everybody_has_the_same_chance(times in 2u64..21, seed in any::<u64>()) {
            const MOST: u64 = 50;
            const WINDOWS: u64 = 120;
            let mut limiter = MessageLimiter::new(MOST as u32, 1_600);
            let per_window = MOST * times;
            // By the place in the window: the honest are at 1 in 10, and say so nowhere.
            let mut admitted = [0u64; 10];
            for message in 0..per_window * (WINDOWS + 1) {
                let now = message * 1_600 / per_window;
                let read = limiter.admits(now, drawn(seed, message));
                if message >= per_window {
                    admitted[(message % per_window * 10 / per_window) as usize] += u64::from(read);
                }
            }
            let expected = (MOST * WINDOWS / 10) as f64;
            for count in admitted {
                // 600 are expected; 6 standard deviations are 147, and the slots give 3 percent more.
                prop_assert!((count as f64 - expected * 1.03).abs() < 147.0, "{admitted:?}");
            }
        }
    }

    /// However the flood is timed, nobody has less than most / c.
    #[test]
    fn a_burst_before_it_does_not_shut_a_message_out() {
        let mut admitted = 0;
        for seed in 0..2_000 {
            let mut limiter = MessageLimiter::new(10, 1_600);
            for message in 0..199 {
                let _ = limiter.admits(0, drawn(seed, message));
            }
            admitted += u32::from(limiter.admits(10, drawn(seed, 199)));
        }
        // 1 in 20: 100 are expected, with a standard deviation of 9.7.
        assert!((60..140).contains(&admitted), "{admitted}");
    }

    #[test]
    fn the_window_passes_and_clocks_may_go_back() {
        let mut limiter = MessageLimiter::new(1, 1_600);
        assert!(limiter.admits(5_000, [0xff; 8]));
        assert!(!limiter.admits(5_000, [0xff; 8]));
        assert!(!limiter.admits(100, [0xff; 8]));
        assert!(limiter.admits(5_000 + 1_700, [0xff; 8]));
        assert!(limiter.admits(u64::MAX, [0xff; 8]));
        // Nothing is admitted where nothing may be.
        assert!(!MessageLimiter::new(0, 0).admits(0, [0; 8]));
    }
}
