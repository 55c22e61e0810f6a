use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

/// UNIX time in seconds that never goes back: not behind what any vault on this database has seen, minus what clocks differ by.
#[derive(Debug, Default)]
pub struct Clock {
    floor: AtomicU64,
}

impl Clock {
    /// How far the clocks of machines on one database may be apart, in seconds.
    pub const TOLERANCE: u64 = 60;

    /// Now.
    pub fn now(&self) -> u64 {
        let machine = Self::machine();
        machine.max(self.floor.load(Ordering::Relaxed).saturating_sub(Self::TOLERANCE))
    }

    /// What the machine says.
    pub fn machine() -> u64 {
        SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
    }

    /// It was this late once.
    pub fn raise(&self, floor: u64) {
        self.floor.fetch_max(floor, Ordering::Relaxed);
    }

    /// By how many seconds the machine's clock is behind what was seen once, where clocks can't just differ.
    pub fn is_set_back(&self) -> Option<u64> {
        let behind = self.floor.load(Ordering::Relaxed).saturating_sub(Self::machine());
        (behind > Self::TOLERANCE).then_some(behind)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_does_not_go_back() {
        let clock = Clock::default();
        let before = clock.now();
        assert!(before > 1_700_000_000 && clock.is_set_back().is_none());
        // Another vault is half a minute ahead: that is no fault.
        clock.raise(before + 30);
        assert!(clock.is_set_back().is_none());
        clock.raise(before + 3_600);
        assert!(clock.now() >= before + 3_600 - Clock::TOLERANCE);
        assert!(clock.is_set_back().unwrap() > 3_500);
        clock.raise(5);
        assert!(clock.now() >= before + 3_600 - Clock::TOLERANCE);
    }
}
