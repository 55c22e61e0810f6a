//! What somebody sees who waits: a line on standard error every five seconds.

use std::time::{Duration, Instant};

const EVERY: Duration = Duration::from_secs(5);

/// Tells how far the analysis is, or keeps quiet.
pub(super) struct Progress(Option<Instant>);

impl Progress {
    pub(super) fn on_standard_error() -> Self {
        Self(Some(Instant::now() + EVERY))
    }

    pub(super) fn quiet() -> Self {
        Self(None)
    }

    /// Tells this, if it is time to tell something.
    pub(super) fn tell(&mut self, how_far: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.0.is_some_and(|next| next <= now) {
            self.0 = Some(now + EVERY);
            anstream::eprintln!("pointlock: {}", how_far());
        }
    }
}
