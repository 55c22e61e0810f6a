use alloc::vec;
use alloc::vec::Vec;

/// Feature bits (BOLT 9): an even bit is one that the reader has to know, an odd one it may skip.
///
/// Encoding: big endian, bit 0 is the lowest of the last byte. Leading zeros are kept, so that what was
/// read is written again byte for byte.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Features(Vec<u8>);

/// An option that a node or a payment can have: the even bit says that it is needed, the odd one that it is there.
pub type FeatureBits = [u16; 2];

impl Features {
    /// `option_point_locks`: the node forwards under point locks. It says so in `init` and in `node_announcement`.
    pub const POINT_LOCKS: FeatureBits = [256, 257];
    /// `option_ptlc_hold`: the node holds payments. It says so in `init` and in `node_announcement`.
    pub const PTLC_HOLD: FeatureBits = [260, 261];

    /// `htlc_hold`, as LDK has it (0.2.7 and 0.3.0-rc3 agree): the node holds payments under hashes until their receiver answers. No node
    /// of this library says so; it may be a peer's.
    pub const HTLC_HOLD: FeatureBits = [152, 153];

    /// No bit at all.
    pub const NONE: Self = Self(Vec::new());

    /// The bits in these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        Self(bytes.to_vec())
    }

    /// These bits, in as few bytes as they need.
    pub fn of(bits: &[u16]) -> Self {
        let Some(highest) = bits.iter().max() else { return Self::NONE };
        let mut bytes = vec![0; usize::from(*highest) / 8 + 1];
        let last = bytes.len() - 1;
        for bit in bits {
            bytes[last - usize::from(*bit) / 8] |= 1 << (bit % 8);
        }
        Self(bytes)
    }

    /// The encoding.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The bits that are set, from the lowest on.
    pub fn bits(&self) -> impl Iterator<Item = usize> {
        let byte = |bit: usize| self.0[self.0.len() - 1 - bit / 8];
        (0..self.0.len() * 8).filter(move |bit| byte(*bit) >> (bit % 8) & 1 == 1)
    }

    /// What a node with all roles of this library says in `init` and in `node_announcement`, beside its other features: that it
    /// forwards under point locks, and holds.
    pub fn of_node() -> Self {
        Self::of(&[Self::POINT_LOCKS[1], Self::PTLC_HOLD[1]])
    }

    /// Whether one of the two bits of an option is set.
    pub fn has(&self, option: FeatureBits) -> bool {
        self.bits().any(|bit| option.iter().any(|known| usize::from(*known) == bit))
    }

    /// The lowest bit that has to be known and is not among `known`.
    pub fn unknown_required(&self, known: &[usize]) -> Option<usize> {
        self.bits().find(|bit| bit % 2 == 0 && !known.contains(bit))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bits_count_from_the_end() {
        let features = Features::of(&[0, 17, 9]);
        assert_eq!(features.as_bytes(), [2, 2, 1]);
        assert_eq!(features.bits().collect::<Vec<_>>(), [0, 9, 17]);
        assert_eq!(Features::of(&[]), Features::NONE);
        assert_eq!(Features::from_bytes(&[0, 0]).bits().next(), None);
        assert_eq!(Features::from_bytes(&[0, 1]).as_bytes(), [0, 1]);
        assert_eq!(Features::of(&[u16::MAX]).bits().collect::<Vec<_>>(), [65_535]);
    }

    #[test]
    fn an_option_is_there_by_either_bit() {
        for bit in [260, 261] {
            assert!(Features::of(&[bit]).has(Features::PTLC_HOLD));
            assert!(!Features::of(&[bit]).has(Features::POINT_LOCKS));
        }
        assert!(!Features::of(&[256, 257, 259, 262]).has(Features::PTLC_HOLD));
        assert!(!Features::NONE.has(Features::PTLC_HOLD));
        assert_eq!(Features::of_node().bits().collect::<Vec<_>>(), [257, 261]);
    }

    #[test]
    fn only_unknown_even_bits_are_in_the_way() {
        let features = Features::of(&[1, 4, 16, 33]);
        assert_eq!(features.unknown_required(&[]), Some(4));
        assert_eq!(features.unknown_required(&[4]), Some(16));
        assert_eq!(features.unknown_required(&[16, 4]), None);
        assert_eq!(Features::of(&[1, 33]).unknown_required(&[]), None);
    }
}
