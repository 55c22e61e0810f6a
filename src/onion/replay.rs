use alloc::collections::btree_map::Entry;
use alloc::collections::{BTreeMap, BTreeSet};

use super::OnionError;

/// The name under which a packet is remembered: H_pointlock/replay(shared secret), 32 bytes. See
/// [`SharedSecret::replay_tag`](super::SharedSecret::replay_tag).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ReplayTag([u8; 32]);

impl ReplayTag {
    /// The tag as it was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, which are no secret: for the store of a node, where they outlive the shared
    /// secret.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0
    }
}

/// The packets that a node has seen and that could still be replayed (BOLT 4, "Packet Forwarding").
///
/// A replayed packet goes the same way with the same amounts, which shows an observer who watches for
/// it where the route goes. A shared secret comes from an ephemeral key that is used once, so a
/// second packet with the same one is a replay, whatever the rest of it says.
///
/// The guard keeps no clock and writes no file: give it the tags again from the node's log after a
/// restart, before the first packet.
///
/// ```
/// use pointlock::onion::{OnionError, ReplayGuard, SharedSecret};
///
/// let mut guard = ReplayGuard::new();
/// let tag = SharedSecret::from_bytes([7; 32]).replay_tag();
/// guard.insert(tag, 800_040)?;
/// assert_eq!(guard.insert(tag, 800_040), Err(OnionError::Replayed { expiry_height: 800_040 }));
///
/// // At the height of its expiry the packet can't be forwarded any more, and is forgotten.
/// guard.prune(800_040);
/// assert!(guard.is_empty());
/// # Ok::<(), OnionError>(())
/// ```
#[derive(Clone, Debug, Default)]
pub struct ReplayGuard {
    expiries: BTreeMap<ReplayTag, u32>,
    /// The same, by their heights.
    by_height: BTreeSet<(u32, ReplayTag)>,
}

impl ReplayGuard {
    /// A guard that has seen nothing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Remembers a packet until `expiry_height`, a block height: the expiry of the incoming edge.
    ///
    /// Call it once the HMAC was found right and the incoming edge is irrevocably committed, so that
    /// nobody fills the guard for nothing. An entry stays until its expiry even if the contract fails at
    /// once: a node must limit how fast a peer commits contracts, as BOLT 4 demands for this reason.
    /// A packet whose own `outgoing_cltv_value` is above the incoming expiry must be refused, as BOLT 4
    /// says too; else it could outlive its tag.
    ///
    /// # Errors
    ///
    /// [`OnionError::Replayed`] when the packet is remembered already; the entry stays as it was.
    pub fn insert(&mut self, tag: ReplayTag, expiry_height: u32) -> Result<(), OnionError> {
        match self.expiries.entry(tag) {
            Entry::Occupied(seen) => Err(OnionError::Replayed { expiry_height: *seen.get() }),
            Entry::Vacant(entry) => {
                entry.insert(expiry_height);
                self.by_height.insert((expiry_height, tag));
                Ok(())
            }
        }
    }

    /// Takes an [`insert`](Self::insert) back: for a packet that this node could not process for a reason of its own, such as a
    /// store that failed, so that it will be given the same contract again. Never for a packet that was answered.
    pub fn forget(&mut self, tag: &ReplayTag) {
        if let Some(expiry_height) = self.expiries.remove(tag) {
            self.by_height.remove(&(expiry_height, *tag));
        }
    }

    /// Forgets what has expired at this block height: all with an expiry height of at most `height`.
    pub fn prune(&mut self, height: u32) {
        while let Some((expiry_height, tag)) = self.by_height.first().copied() {
            if expiry_height > height {
                break;
            }
            self.by_height.remove(&(expiry_height, tag));
            self.expiries.remove(&tag);
        }
    }

    /// The packets that are remembered, each with its expiry height: what [`insert`](Self::insert) is given again after a restart.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (ReplayTag, u32)> {
        self.expiries.iter().map(|(tag, expiry_height)| (*tag, *expiry_height))
    }

    /// How many packets are remembered.
    pub fn len(&self) -> usize {
        self.expiries.len()
    }

    /// Whether none is.
    pub fn is_empty(&self) -> bool {
        self.expiries.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembered_until_the_expiry_height() {
        let mut guard = ReplayGuard::new();
        let (first, second) = (ReplayTag::from_bytes([1; 32]), ReplayTag::from_bytes([2; 32]));
        guard.insert(first, 100).unwrap();
        guard.insert(second, 101).unwrap();
        guard.prune(99);
        assert_eq!(guard.len(), 2);
        guard.prune(100);
        assert_eq!(guard.len(), 1);
        assert_eq!(guard.insert(first, 200), Ok(()));
        assert_eq!(guard.insert(second, 200), Err(OnionError::Replayed { expiry_height: 101 }));
        // A refused replay does not lengthen the memory.
        guard.prune(101);
        assert_eq!(guard.insert(second, 200), Ok(()));
        guard.forget(&second);
        assert_eq!(guard.insert(second, 200), Ok(()));
    }
}
