use alloc::collections::BTreeMap;

use super::{HoldId, Limits, ReleaseSecret};

/// Releases that overtook their hold, bounded in number and time.
///
/// In memory only: who loses them in a crash is told again by the receiver, for a release may be repeated.
#[derive(Debug, Default)]
pub(super) struct ReleaseQueue {
    waiting: BTreeMap<HoldId, (ReleaseSecret, u32)>,
}

impl ReleaseQueue {
    /// Puts a release aside until its hold arrives; false when there is no room. The first secret for an id stays:
    /// a stranger who guesses ids can't push out the right one, and the ids can't be guessed.
    pub(super) fn push(
        &mut self,
        id: HoldId,
        secret: &ReleaseSecret,
        height: u32,
        limits: &Limits,
    ) -> bool {
        if self.waiting.contains_key(&id) {
            return true;
        }
        if self.waiting.len() >= limits.queued_releases {
            return false;
        }
        self.waiting.insert(id, (secret.clone(), height.saturating_add(limits.queued_blocks)));
        true
    }

    pub(super) fn get(&self, id: &HoldId) -> Option<ReleaseSecret> {
        self.waiting.get(id).map(|(secret, _)| secret.clone())
    }

    pub(super) fn remove(&mut self, id: &HoldId) {
        self.waiting.remove(id);
    }

    /// Forgets what waited too long.
    pub(super) fn prune(&mut self, height: u32) {
        self.waiting.retain(|_, (_, until)| *until > height);
    }
}
