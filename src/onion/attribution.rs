use alloc::boxed::Box;
use core::fmt;

use subtle::ConstantTimeEq;

use super::keys::{KeyType, apply_stream, hmac};
use super::{OnionError, SharedSecret};

/// How many hops a failure's attribution reaches back over.
const MAX_HOPS: usize = 20;

/// Bytes of a hold time.
const TIME_LENGTH: usize = 4;

/// Bytes of an HMAC, of which the rest is cut off.
const CUT_LENGTH: usize = 4;

/// One for each place that each hop can have: 20 + 19 + … + 1.
const HMACS: usize = MAX_HOPS * (MAX_HOPS + 1) / 2;

const TIMES_LENGTH: usize = MAX_HOPS * TIME_LENGTH;

/// How long a hop held an HTLC or PTLC, in units of 100 ms: from when it was offered until the hop told how it had ended. Zero is what a
/// hop says that does not tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HoldTime(u32);

impl HoldTime {
    /// It is not told.
    pub const UNKNOWN: Self = Self(0);

    /// So many units of 100 ms.
    pub const fn from_units(units: u32) -> Self {
        Self(units)
    }

    /// From milliseconds, rounded down; as long as can be said, if it was longer.
    pub fn from_millis(millis: u64) -> Self {
        Self(u32::try_from(millis / 100).unwrap_or(u32::MAX))
    }

    /// In units of 100 ms.
    pub const fn units(self) -> u32 {
        self.0
    }

    /// In milliseconds.
    pub fn to_millis(self) -> u64 {
        u64::from(self.0) * 100
    }
}

/// What goes back beside a failure, or beside a preimage, and tells the sender who has changed it on the way, and how long each hop
/// held the payment (BOLT 4, `attribution_data`).
///
/// ```text
/// hold times   20 · 4 bytes, of the hop that has it in its hands and of those behind it
/// HMACs        of 4 bytes: 20 of the hop that has it in its hands, 19 of the one behind it, …
/// HMAC(x, y)   by x's um key over packet ‖ hold times of y + 1 hops ‖ HMAC(x + 1, y − 1) ‖ … ‖ HMAC(x + y, 0)
/// ```
///
/// x counts from the hop that has it in its hands, y are the hops between x and the end that the HMAC reckons with. A hop does not know
/// how far the end is, so it makes one for each y; the sender looks at that of the right y. Each hop adds its key stream (`ammagext`) over
/// all of it. 920 bytes. They are boxed, since every open payment has room for a failure.
#[derive(Clone, PartialEq, Eq)]
pub struct AttributionData(Box<[u8; Self::LENGTH]>);

/// What the sender reads of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Attribution {
    /// How long each hop says that it held the payment, from N_1 on, as far as the HMACs hold. A hop's time has those of all hops
    /// behind it in it.
    pub hold_times: Vec<HoldTime>,
    /// The first hop, counted from 0 for N_1, whose HMAC is wrong, if one is that should be right. Either this hop changed what it had
    /// signed, or the hop before it, to which it gave it, did; or one of them does not know this field.
    pub broken_at: Option<usize>,
}

impl Attribution {
    /// The two who blame each other: the hop before, None for the sender itself, and the one whose HMAC is wrong.
    pub fn blamed(&self) -> Option<(Option<usize>, usize)> {
        self.broken_at.map(|hop| (hop.checked_sub(1), hop))
    }
}

impl AttributionData {
    /// Length in bytes.
    pub const LENGTH: usize = TIMES_LENGTH + HMACS * CUT_LENGTH;

    /// Of the hop at which a failure begins, or a preimage. `covered` is the failure before its own layer, nothing for a preimage.
    pub fn new(shared_secret: &SharedSecret, covered: &[u8], hold_time: HoldTime) -> Self {
        Self(Box::new([0; Self::LENGTH])).signed(shared_secret, covered, hold_time)
    }

    /// Of the next hop on the way back, of what it was given. `covered` is the failure as it was given to it, nothing for a
    /// preimage.
    #[must_use]
    pub fn wrap(self, shared_secret: &SharedSecret, covered: &[u8], hold_time: HoldTime) -> Self {
        self.shifted_back().signed(shared_secret, covered, hold_time)
    }

    /// Reads what the next hop has sent. Of its content nothing can be checked before the sender.
    ///
    /// # Errors
    ///
    /// [`OnionError::AttributionLength`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, OnionError> {
        let length = bytes.len();
        let error = OnionError::AttributionLength { length, expected: Self::LENGTH };
        Ok(Self(Box::new(bytes.try_into().map_err(|_| error)?)))
    }

    /// The encoding.
    pub fn as_bytes(&self) -> &[u8] {
        self.0.as_slice()
    }

    /// What the sender reads when it was paid, with the secrets of its route in their order.
    pub fn open(self, shared_secrets: &[SharedSecret]) -> Attribution {
        let mut reader = AttributionReader::new(self, shared_secrets.len());
        for shared_secret in shared_secrets {
            reader.next(shared_secret, &[]);
        }
        reader.finish(shared_secrets.len())
    }

    /// With its own time and HMACs in front, and its layer over all.
    fn signed(mut self, shared_secret: &SharedSecret, covered: &[u8], hold_time: HoldTime) -> Self {
        self.0[..TIME_LENGTH].copy_from_slice(&hold_time.0.to_be_bytes());
        let key = shared_secret.key(KeyType::Um);
        for distance in 0..MAX_HOPS {
            let hmac = self.hmac(&key, covered, distance);
            self.0[place(0, distance)..][..CUT_LENGTH].copy_from_slice(&hmac);
        }
        self.layered(shared_secret)
    }

    /// HMAC(0, y), as it should be.
    fn hmac(&self, key: &[u8; 32], covered: &[u8], distance: usize) -> [u8; CUT_LENGTH] {
        let mut downstream = [0; MAX_HOPS * CUT_LENGTH];
        let length = distance * CUT_LENGTH;
        for (behind, out) in (1..=distance).zip(downstream.chunks_exact_mut(CUT_LENGTH)) {
            let from = place(behind, distance - behind);
            out.copy_from_slice(&self.0[from..from + CUT_LENGTH]);
        }
        let times = &self.0[..(distance + 1) * TIME_LENGTH];
        let whole = hmac(key, &[covered, times, &downstream[..length]]);
        *whole.first_chunk().expect("an HMAC has 32 bytes")
    }

    fn layered(mut self, shared_secret: &SharedSecret) -> Self {
        // The same key stream on and off.
        apply_stream(&shared_secret.key(KeyType::AmmagExt), 0, self.0.as_mut_slice());
        self
    }

    /// Every hop is one further away: what would be the 21st falls off, and the first places are free.
    fn shifted_back(&self) -> Self {
        let mut shifted = [0; Self::LENGTH];
        shifted[TIME_LENGTH..TIMES_LENGTH].copy_from_slice(&self.0[..TIMES_LENGTH - TIME_LENGTH]);
        self.move_hmacs(&mut shifted, |hop| (hop, hop + 1));
        Self(Box::new(shifted))
    }

    /// The reverse, by the sender. What fell off is zero.
    fn shifted_forth(&self) -> Self {
        let mut shifted = [0; Self::LENGTH];
        shifted[..TIMES_LENGTH - TIME_LENGTH].copy_from_slice(&self.0[TIME_LENGTH..TIMES_LENGTH]);
        self.move_hmacs(&mut shifted, |hop| (hop + 1, hop));
        Self(Box::new(shifted))
    }

    fn move_hmacs(&self, shifted: &mut [u8; Self::LENGTH], way: impl Fn(usize) -> (usize, usize)) {
        for hop in 0..MAX_HOPS - 1 {
            let (from, to) = way(hop);
            for distance in 0..MAX_HOPS - 1 - hop {
                let (from, to) = (place(from, distance), place(to, distance));
                shifted[to..to + CUT_LENGTH].copy_from_slice(&self.0[from..from + CUT_LENGTH]);
            }
        }
    }
}

/// Where HMAC(x, y) stands. Of each hop, the one with the greatest y comes first.
fn place(hop: usize, distance: usize) -> usize {
    let before = hop * MAX_HOPS - hop * hop.saturating_sub(1) / 2;
    TIMES_LENGTH + (before + MAX_HOPS - 1 - hop - distance) * CUT_LENGTH
}

/// Reads the data hop by hop, beside the failure that it covers.
pub(super) struct AttributionReader {
    data: AttributionData,
    /// How many hops of the route it reaches.
    reach: usize,
    hop: usize,
    read: Vec<Option<HoldTime>>,
}

impl AttributionReader {
    pub(super) fn new(data: AttributionData, hops: usize) -> Self {
        Self { data, reach: hops.min(MAX_HOPS), hop: 0, read: Vec::new() }
    }

    /// The next hop, and the failure without its layer.
    pub(super) fn next(&mut self, shared_secret: &SharedSecret, covered: &[u8]) {
        if self.hop >= self.reach {
            return;
        }
        let data = self.data.clone().layered(shared_secret);
        // As if the failure came from the end of the route: a hop before it has HMACs over zeros behind it.
        let distance = self.reach - 1 - self.hop;
        let expected = data.hmac(&shared_secret.key(KeyType::Um), covered, distance);
        let is_right: bool = expected.ct_eq(&data.0[place(0, distance)..][..CUT_LENGTH]).into();
        let time = data.0.first_chunk().copied().map(u32::from_be_bytes).unwrap_or_default();
        self.read.push(is_right.then_some(HoldTime(time)));
        self.data = data.shifted_forth();
        self.hop += 1;
    }

    /// Of so many hops, those up to the one that failed.
    pub(super) fn finish(mut self, hops: usize) -> Attribution {
        self.read.truncate(hops);
        let broken_at = self.read.iter().position(Option::is_none);
        let hold_times = self.read.into_iter().map_while(|time| time).collect();
        Attribution { hold_times, broken_at }
    }
}

impl fmt::Debug for AttributionData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AttributionData({} bytes)", Self::LENGTH)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_hmac_has_a_place_of_its_own() {
        let mut places = BTreeSet::new();
        for hop in 0..MAX_HOPS {
            for distance in 0..MAX_HOPS - hop {
                let at = place(hop, distance);
                assert!(at >= TIMES_LENGTH && at + CUT_LENGTH <= AttributionData::LENGTH);
                assert!(places.insert(at), "{hop}, {distance}");
            }
        }
        assert_eq!((places.len(), AttributionData::LENGTH), (210, 920));
        // BOLT 4's order, as it shows it for three hops: 0_2, 0_1, 0_0, 1_1, …
        assert_eq!(place(0, 19), 80);
        assert_eq!((place(0, 0), place(1, 18)), (80 + 19 * 4, 80 + 20 * 4));
        assert_eq!(place(19, 0), 916);
    }

    #[test]
    fn what_is_shifted_back_and_forth_lacks_what_fell_off() {
        let mut data = AttributionData(Box::new([0; AttributionData::LENGTH]));
        for (index, byte) in data.0.iter_mut().enumerate() {
            *byte = (index % 251) as u8 + 1;
        }
        let back = data.shifted_back();
        assert_eq!(back.0[..TIME_LENGTH], [0; TIME_LENGTH]);
        assert_eq!(back.0[TIME_LENGTH..TIMES_LENGTH], data.0[..TIMES_LENGTH - TIME_LENGTH]);
        let forth = back.shifted_forth();
        for hop in 0..MAX_HOPS {
            for distance in 0..MAX_HOPS - hop {
                let at = place(hop, distance);
                let fell_off = hop + distance == MAX_HOPS - 1;
                let expected = if fell_off { [0; 4] } else { *data.0[at..].first_chunk().unwrap() };
                assert_eq!(forth.0[at..at + CUT_LENGTH], expected, "{hop}, {distance}");
            }
        }
    }

    #[test]
    fn times_are_in_tenths_of_a_second() {
        for (millis, units) in [(0, 0), (99, 0), (100, 1), (3_599_999, 35_999)] {
            assert_eq!(HoldTime::from_millis(millis), HoldTime(units));
        }
        assert_eq!(HoldTime::from_millis(u64::MAX), HoldTime(u32::MAX));
        assert_eq!(HoldTime(3).to_millis(), 300);
    }

    #[test]
    fn a_length_is_checked() {
        for length in [0, 919, 921] {
            let error = OnionError::AttributionLength { length, expected: 920 };
            assert_eq!(AttributionData::from_bytes(&vec![0; length]), Err(error));
        }
        let data = AttributionData::from_bytes(&[7; 920]).unwrap();
        assert_eq!(data.as_bytes(), [7; 920]);
    }
}
