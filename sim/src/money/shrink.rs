//! A smaller history with the same end.

use super::History;

impl History {
    /// Leaves out what `fails` does not need: steps, nodes' dishonesty, terms, parts. What is left still fails.
    pub fn shrink(self, fails: impl Fn(&Self) -> bool) -> Self {
        let mut smallest = self;
        loop {
            let before = smallest.clone();
            smallest = without_steps(smallest, &fails);
            smallest = with_simpler_steps(smallest, &fails);
            smallest = with_simpler_setting(smallest, &fails);
            if smallest == before {
                return smallest;
            }
        }
    }
}

/// First halves, then quarters, at last single steps.
fn without_steps(mut history: History, fails: &impl Fn(&History) -> bool) -> History {
    let mut size = history.steps.len().div_ceil(2);
    while size > 0 {
        let mut start = 0;
        while start < history.steps.len() {
            let mut smaller = history.clone();
            let end = (start + size).min(smaller.steps.len());
            smaller.steps.drain(start..end);
            if fails(&smaller) {
                history = smaller;
            } else {
                start += size;
            }
        }
        size /= 2;
    }
    history
}

fn with_simpler_steps(mut history: History, fails: &impl Fn(&History) -> bool) -> History {
    for index in 0..history.steps.len() {
        for simpler in history.steps[index].simpler() {
            let mut smaller = history.clone();
            smaller.steps[index] = simpler;
            if fails(&smaller) {
                history = smaller;
                break;
            }
        }
    }
    history
}

fn with_simpler_setting(mut history: History, fails: &impl Fn(&History) -> bool) -> History {
    for setting in history.setting.simpler() {
        let smaller = History { setting, steps: history.steps.clone() };
        if smaller.is_playable() && fails(&smaller) {
            history = smaller;
            break;
        }
    }
    history
}
