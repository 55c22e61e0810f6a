//! What somebody sees who waits: a line on the terminal of standard error, from the second second on.

use std::time::{Duration, Instant};

use indicatif::ProgressBar;

const AFTER: Duration = Duration::from_secs(1);
const EVERY: Duration = Duration::from_millis(100);

/// Tells how far something is, or keeps quiet. The line goes when this does.
pub(crate) struct Progress {
    bar: ProgressBar,
    next: Option<Instant>,
}

impl Progress {
    /// Nothing is shown where standard error is no terminal.
    pub(crate) fn on_terminal() -> Self {
        Self { bar: ProgressBar::hidden(), next: Some(Instant::now() + AFTER) }
    }

    pub(crate) fn quiet() -> Self {
        Self { bar: ProgressBar::hidden(), next: None }
    }

    /// Tells this, if it is time to tell something.
    pub(crate) fn tell(&mut self, how_far: impl FnOnce() -> String) {
        let now = Instant::now();
        if self.next.is_none_or(|next| now < next) {
            return;
        }
        self.next = Some(now + EVERY);
        if self.bar.is_hidden() {
            // On standard error, and hidden again where that is no terminal.
            self.bar = ProgressBar::new_spinner();
        }
        self.bar.set_message(how_far());
        self.bar.tick();
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
