//! Key aggregation: BIP-327's KeySort, KeyAgg and ApplyTweak.
//!
//! ```text
//! L    = H_KeyAgg list(33(P_0) ‖ … ‖ 33(P_{n−1}))
//! a_i  = 1 if P_i is the second distinct key, else H_KeyAgg coefficient(L ‖ 33(P_i))
//! Q    = a_0·P_0 + … + a_{n−1}·P_{n−1}
//! tweak:  Q = g·Q + t·G,  gacc = g·gacc,  tacc = t + g·tacc
//!         g = −1 for an x-only tweak of a key with odd y, else 1
//! ```

use alloc::vec::Vec;

use secp256k1::XOnlyPublicKey;

use super::Musig2Error;
use crate::curve::{Point, PublicScalar, Tag, add_multiple_of_generator, multi_mul_public};

static KEY_LIST: Tag = Tag::new("KeyAgg list");
static COEFFICIENT: Tag = Tag::new("KeyAgg coefficient");
static TAP_TWEAK: Tag = Tag::new("TapTweak");

/// The keys of all signers in their order, and the aggregate key with the tweaks applied to it so far.
///
/// All signers must list the keys in the same order; another order gives another aggregate key. A key may
/// stand in the list more than once. What the keys are need not be proven: rogue keys do no harm.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyAggContext {
    keys: Vec<Point>,
    coefficients: Vec<PublicScalar>,
    /// Q, tweaked.
    aggregate_key: Point,
    /// Whether gacc is −1: the untweaked aggregate key counts negatively.
    negated: bool,
    /// tacc, the sum of the tweaks with their signs.
    tweak: PublicScalar,
    tweak_count: usize,
}

/// Sorts keys by their encoding (BIP-327's KeySort), for signers who have agreed on no order.
pub fn key_sort(keys: &mut [Point]) {
    keys.sort_unstable();
}

impl KeyAggContext {
    /// Aggregates the keys in the order given.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::NoKeys`], and in theory [`Musig2Error::AggregateKeyAtInfinity`].
    pub fn new(keys: &[Point]) -> Result<Self, Musig2Error> {
        let first = keys.first().ok_or(Musig2Error::NoKeys)?;
        let second = keys.iter().find(|key| *key != first);
        let encoded: Vec<u8> = keys.iter().flat_map(Point::to_bytes).collect();
        let list = KEY_LIST.hash(&[&encoded]);
        let coefficients: Vec<PublicScalar> =
            keys.iter().map(|key| coefficient(&list, key, second)).collect();
        let terms: Vec<(PublicScalar, Point)> =
            coefficients.iter().copied().zip(keys.iter().copied()).collect();
        let aggregate_key = multi_mul_public(&PublicScalar::ZERO, &terms)
            .map_err(|_| Musig2Error::AggregateKeyAtInfinity)?;
        Ok(Self {
            keys: keys.to_vec(),
            coefficients,
            aggregate_key,
            negated: false,
            tweak: PublicScalar::ZERO,
            tweak_count: 0,
        })
    }

    /// Adds t·G to the aggregate key, parity and all, as unhardened BIP-32 derivation does.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::TweakOutOfRange`] and [`Musig2Error::TweakedKeyAtInfinity`].
    pub fn with_plain_tweak(self, tweak: &[u8; 32]) -> Result<Self, Musig2Error> {
        self.tweaked(tweak, false)
    }

    /// Adds t·G to the point with even y that has the x coordinate of the aggregate key, as taproot does.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::TweakOutOfRange`] and [`Musig2Error::TweakedKeyAtInfinity`].
    pub fn with_xonly_tweak(self, tweak: &[u8; 32]) -> Result<Self, Musig2Error> {
        self.tweaked(tweak, true)
    }

    /// Makes the aggregate key a taproot output key (BIP-341): the x-only tweak by H_TapTweak(x(Q) ‖ root).
    ///
    /// `None` commits to there being no scripts, which everybody who signs together should insist on when
    /// none are meant: a signer who picks its key last could hide a script path in an untweaked key.
    ///
    /// # Errors
    ///
    /// In theory, [`Musig2Error::TweakOutOfRange`] and [`Musig2Error::TweakedKeyAtInfinity`].
    pub fn with_taproot_tweak(self, merkle_root: Option<&[u8; 32]>) -> Result<Self, Musig2Error> {
        let root: &[u8] = merkle_root.map_or(&[], |root| root);
        let tweak = TAP_TWEAK.hash(&[&self.x_only().serialize(), root]);
        self.with_xonly_tweak(&tweak)
    }

    /// The keys, in their order.
    pub fn keys(&self) -> &[Point] {
        &self.keys
    }

    /// The aggregate key Q with all tweaks so far, with its parity.
    pub fn aggregate_key(&self) -> Point {
        self.aggregate_key
    }

    /// x(Q): the BIP-340 public key under which the signatures will verify.
    pub fn x_only(&self) -> XOnlyPublicKey {
        self.aggregate_key.x_only()
    }

    /// The coefficient a_i by which the key of this signer is multiplied.
    pub fn coefficient(&self, signer: usize) -> Option<PublicScalar> {
        self.coefficients.get(signer).copied()
    }

    /// a_i with the sign g·gacc, by which the key of this signer is contained in the x-only key.
    pub(super) fn signed_coefficient(&self, signer: usize) -> Option<PublicScalar> {
        let coefficient = self.coefficient(signer)?;
        let negated = self.negated != self.aggregate_key.is_odd();
        Some(if negated { coefficient.negate() } else { coefficient })
    }

    /// g·tacc, by which G is contained in the x-only key.
    pub(super) fn signed_tweak(&self) -> PublicScalar {
        if self.aggregate_key.is_odd() { self.tweak.negate() } else { self.tweak }
    }

    /// ApplyTweak.
    fn tweaked(self, tweak: &[u8; 32], x_only: bool) -> Result<Self, Musig2Error> {
        let index = self.tweak_count;
        let t = PublicScalar::from_bytes(tweak)
            .map_err(|_| Musig2Error::TweakOutOfRange { tweak: index })?;
        let (key, negated, tweak) = if x_only && self.aggregate_key.is_odd() {
            (self.aggregate_key.negate(), !self.negated, self.tweak.negate())
        } else {
            (self.aggregate_key, self.negated, self.tweak)
        };
        let aggregate_key = add_multiple_of_generator(&key, &t)
            .map_err(|_| Musig2Error::TweakedKeyAtInfinity { tweak: index })?;
        Ok(Self { aggregate_key, negated, tweak: tweak.add(&t), tweak_count: index + 1, ..self })
    }
}

/// The second distinct key may have the coefficient 1, which spares a multiplication: the others' coefficients
/// depend on it.
fn coefficient(list: &[u8; 32], key: &Point, second: Option<&Point>) -> PublicScalar {
    if second == Some(key) {
        PublicScalar::ONE
    } else {
        PublicScalar::from_hash(&COEFFICIENT.hash(&[list, &key.to_bytes()]))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::{SecretScalar, double_mul_public};

    fn keys(bytes: &[u8]) -> Vec<Point> {
        bytes
            .iter()
            .map(|byte| SecretScalar::from_bytes(&[*byte; 32]).unwrap().to_point())
            .collect()
    }

    #[test]
    fn order_matters_and_sorting_removes_it() {
        let (mut one, mut other) = (keys(&[1, 2, 3]), keys(&[3, 1, 2]));
        assert_ne!(KeyAggContext::new(&one), KeyAggContext::new(&other));
        key_sort(&mut one);
        key_sort(&mut other);
        assert_eq!(KeyAggContext::new(&one), KeyAggContext::new(&other));
        assert_eq!(KeyAggContext::new(&[]), Err(Musig2Error::NoKeys));
    }

    #[test]
    fn the_second_distinct_key_counts_once() {
        let context = KeyAggContext::new(&keys(&[1, 1, 2, 3, 2])).unwrap();
        let ones: Vec<bool> = (0..5)
            .map(|signer| context.coefficient(signer).unwrap() == PublicScalar::ONE)
            .collect();
        assert_eq!(ones, [false, false, true, false, true]);
        assert_eq!(context.coefficient(5), None);
    }

    /// x(Q) with even y = sum of signed coefficients times keys + signed tweak times G, whatever the tweaks.
    #[test]
    fn signed_parts_sum_to_the_x_only_key() {
        let keys = keys(&[1, 2]);
        for byte in 0..16u8 {
            let mut context = KeyAggContext::new(&keys).unwrap();
            for round in 0..4u8 {
                let tweak = [byte * 4 + round; 32];
                context = if (byte >> round) & 1 == 1 {
                    context.with_xonly_tweak(&tweak).unwrap()
                } else {
                    context.with_plain_tweak(&tweak).unwrap()
                };
                let parts = double_mul_public(
                    &context.signed_tweak(),
                    &context.signed_coefficient(0).unwrap(),
                    &keys[0],
                );
                let rest = keys[1].mul_public(&context.signed_coefficient(1).unwrap());
                let sum = parts.unwrap().add(&rest.unwrap()).unwrap();
                assert_eq!(sum, Point::from(context.x_only()));
            }
        }
    }

    #[test]
    fn refused_tweaks_are_named() {
        let tweaked =
            || KeyAggContext::new(&keys(&[1])).unwrap().with_plain_tweak(&[7; 32]).unwrap();
        assert_eq!(
            tweaked().with_xonly_tweak(&[0xff; 32]),
            Err(Musig2Error::TweakOutOfRange { tweak: 1 })
        );
        // The discrete logarithm of the tweaked key of a single signer, negated.
        let context = tweaked();
        let cancelling = PublicScalar::from_bytes(&[1; 32])
            .unwrap()
            .mul(&context.coefficient(0).unwrap())
            .add(&PublicScalar::from_bytes(&[7; 32]).unwrap())
            .negate();
        assert_eq!(
            context.with_plain_tweak(&cancelling.to_bytes()),
            Err(Musig2Error::TweakedKeyAtInfinity { tweak: 1 })
        );
        assert!(tweaked().with_plain_tweak(&[0; 32]).is_ok());
    }

    #[test]
    fn taproot_tweak_is_the_one_of_bip341() {
        let context = KeyAggContext::new(&keys(&[1, 2])).unwrap();
        let (x, root) = (context.x_only().serialize(), [5; 32]);
        let expected = context.clone().with_xonly_tweak(&TAP_TWEAK.hash(&[&x, &root])).unwrap();
        assert_eq!(context.clone().with_taproot_tweak(Some(&root)).unwrap(), expected);
        let unspendable = context.clone().with_xonly_tweak(&TAP_TWEAK.hash(&[&x])).unwrap();
        assert_eq!(context.with_taproot_tweak(None).unwrap(), unspendable);
    }
}
