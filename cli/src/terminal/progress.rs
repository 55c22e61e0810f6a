//! What somebody sees who waits: a line on the terminal of standard error, from the second second on.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

const AFTER: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(100);

/// Tells how far something is. The line goes when this does.
pub(crate) struct Progress {
    bar: ProgressBar,
    next: Instant,
}

impl Progress {
    /// Nothing is shown where standard error is no terminal.
    pub(crate) fn on_terminal() -> Self {
        Self { bar: ProgressBar::hidden(), next: Instant::now() + AFTER }
    }

    /// Tells this, if it is time to tell something.
    pub(crate) fn tell(&mut self, how_far: impl FnOnce() -> String) {
        let now = Instant::now();
        if now < self.next {
            return;
        }
        self.next = now + EVERY;
        if self.bar.is_hidden() {
            // On standard error, and hidden again where that is no terminal.
            self.bar = ProgressBar::new_spinner();
            self.bar.enable_steady_tick(EVERY);
        }
        self.bar.set_message(how_far());
    }

    /// Out of the way of what is printed next.
    pub(crate) fn hide(&mut self) {
        self.bar.finish_and_clear();
        self.bar = ProgressBar::hidden();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
