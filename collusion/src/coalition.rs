use std::fmt;

/// A set of parties, by their numbers in a [`Model`](super::Model).
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Coalition(u128);

impl Coalition {
    /// How many parties a model can have.
    pub const MAX_PARTIES: usize = 128;

    /// Nobody.
    pub const fn nobody() -> Self {
        Self(0)
    }

    /// The first `parties` parties; [`MAX_PARTIES`](Self::MAX_PARTIES) at most.
    pub fn everybody(parties: usize) -> Self {
        (0..parties.min(Self::MAX_PARTIES)).collect()
    }

    /// This coalition and one more party. A number from [`MAX_PARTIES`](Self::MAX_PARTIES) on changes nothing.
    #[must_use]
    pub fn with(self, party: usize) -> Self {
        Self(self.0 | Self::bit(party))
    }

    /// This coalition without a party.
    #[must_use]
    pub fn without(self, party: usize) -> Self {
        Self(self.0 & !Self::bit(party))
    }

    /// The parties that are in this one and not in the other.
    #[must_use]
    pub fn minus(self, other: Self) -> Self {
        Self(self.0 & !other.0)
    }

    /// The parties that are in both.
    #[must_use]
    pub fn intersection(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether the party is a member.
    pub fn contains(self, party: usize) -> bool {
        self.0 & Self::bit(party) != 0
    }

    /// Whether every member is one of `other` too.
    pub fn is_subset(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }

    /// Whether no member is one of `other` too.
    pub fn is_disjoint(self, other: Self) -> bool {
        self.0 & other.0 == 0
    }

    /// How many members there are.
    pub fn len(self) -> usize {
        self.0.count_ones() as usize
    }

    /// Whether there is no member.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// The members' numbers, lowest first.
    pub fn members(self) -> impl Iterator<Item = usize> {
        (0..Self::MAX_PARTIES).filter(move |party| self.contains(*party))
    }

    fn bit(party: usize) -> u128 {
        u32::try_from(party).ok().and_then(|party| 1u128.checked_shl(party)).unwrap_or(0)
    }
}

impl FromIterator<usize> for Coalition {
    fn from_iter<I: IntoIterator<Item = usize>>(parties: I) -> Self {
        parties.into_iter().fold(Self::nobody(), Self::with)
    }
}

impl fmt::Debug for Coalition {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.members()).finish()
    }
}

/// Those sets of a family that have no other of it within them, smallest first.
pub(super) fn minimal(mut family: Vec<Coalition>) -> Vec<Coalition> {
    family.sort_by_key(|coalition| (coalition.len(), *coalition));
    let mut kept: Vec<Coalition> = Vec::new();
    for coalition in family {
        if !kept.iter().any(|smaller| smaller.is_subset(coalition)) {
            kept.push(coalition);
        }
    }
    kept
}

/// Those sets of a family that are within no other of it, smallest first.
pub(super) fn maximal(mut family: Vec<Coalition>) -> Vec<Coalition> {
    family.sort_by_key(|coalition| (std::cmp::Reverse(coalition.len()), *coalition));
    let mut kept: Vec<Coalition> = Vec::new();
    for coalition in family {
        if !kept.iter().any(|larger| coalition.is_subset(*larger)) {
            kept.push(coalition);
        }
    }
    kept.sort_by_key(|coalition| (coalition.len(), *coalition));
    kept
}
