use core::fmt;

use secp256k1::{Scalar, SecretKey};
use subtle::{Choice, ConditionallySelectable, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::{CurveError, Point, context};

/// The group order n, as four 64-bit words, least significant first.
const ORDER: [u64; 4] =
    [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff];

/// A scalar from 1 to n − 1 that somebody keeps secret: a lock secret, a blind, a key.
///
/// Encoding: 32 bytes, big endian. Not `Copy`; erased on drop; `Debug` prints no digit of it; equality
/// takes constant time.
#[derive(Clone)]
pub struct SecretScalar(SecretKey);

impl SecretScalar {
    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] and [`CurveError::ScalarOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        SecretKey::from_slice(bytes).map(Self).map_err(|_| {
            if *bytes == [0; 32] { CurveError::ScalarZero } else { CurveError::ScalarOutOfRange }
        })
    }

    /// Reads a hash as an integer mod n, in constant time.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] when that is zero, which no hash will show.
    pub fn from_hash(hash: &[u8; 32]) -> Result<Self, CurveError> {
        Self::from_bytes(&Zeroizing::new(reduce(hash)))
    }

    /// The 32 big-endian bytes, in the clear.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0.secret_bytes())
    }

    /// This scalar times the generator. Constant time.
    pub fn to_point(&self) -> Point {
        Point::from_public_key(self.0.public_key(context()))
    }

    /// The sum mod n.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] when the two are opposite.
    pub fn add(&self, other: &Self) -> Result<Self, CurveError> {
        self.0.add_tweak(&Scalar::from(other.0)).map(Self).map_err(|_| CurveError::ScalarZero)
    }

    /// The difference `self − other` mod n.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] when the two are equal.
    pub fn sub(&self, other: &Self) -> Result<Self, CurveError> {
        self.add(&other.negate())
    }

    /// The product mod n, which is never zero.
    pub fn mul(&self, other: &Self) -> Self {
        Self(
            self.0
                .mul_tweak(&Scalar::from(other.0))
                .expect("n is prime: the product of two scalars from 1 to n − 1 is not zero"),
        )
    }

    /// The sum with a public scalar, which may be zero.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] when the two are opposite.
    pub fn add_public(&self, other: &PublicScalar) -> Result<Self, CurveError> {
        self.0.add_tweak(&other.0).map(Self).map_err(|_| CurveError::ScalarZero)
    }

    /// The product with a public scalar.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] when that one is zero.
    pub fn mul_public(&self, other: &PublicScalar) -> Result<Self, CurveError> {
        self.0.mul_tweak(&other.0).map(Self).map_err(|_| CurveError::ScalarZero)
    }

    /// n minus this scalar.
    #[must_use]
    pub fn negate(&self) -> Self {
        Self(self.0.negate())
    }

    /// Minus this scalar if `choice`, this scalar otherwise, without a branch.
    #[must_use]
    pub(crate) fn negate_if(&self, choice: Choice) -> Self {
        let mut chosen = self.dangerous_to_bytes();
        let negated = self.negate().dangerous_to_bytes();
        for (byte, negated) in chosen.iter_mut().zip(negated.iter()) {
            byte.conditional_assign(negated, choice);
        }
        Self::from_bytes(&chosen).expect("a valid scalar and its negation are both valid")
    }

    pub(crate) fn as_secret_key(&self) -> &SecretKey {
        &self.0
    }

    /// Publishes the scalar: for values that a protocol reveals on purpose, such as the s of a signature.
    pub fn dangerous_reveal(&self) -> PublicScalar {
        PublicScalar(Scalar::from(self.0))
    }
}

impl From<SecretKey> for SecretScalar {
    fn from(key: SecretKey) -> Self {
        Self(key)
    }
}

impl ConstantTimeEq for SecretScalar {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.dangerous_to_bytes().ct_eq(&*other.dangerous_to_bytes())
    }
}

impl PartialEq for SecretScalar {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SecretScalar {}

impl Zeroize for SecretScalar {
    /// Overwrites the scalar; what remains is a valid but well-known value.
    fn zeroize(&mut self) {
        self.0.non_secure_erase();
    }
}

impl Drop for SecretScalar {
    fn drop(&mut self) {
        self.zeroize();
    }
}

impl ZeroizeOnDrop for SecretScalar {}

impl fmt::Debug for SecretScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretScalar(…)")
    }
}

/// A scalar from 0 to n − 1 that everybody may know: the s' of a pre-signature, a challenge, a coefficient.
///
/// Encoding: 32 bytes, big endian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PublicScalar(Scalar);

impl PublicScalar {
    /// Zero.
    pub const ZERO: Self = Self(Scalar::ZERO);
    /// One.
    pub const ONE: Self = Self(Scalar::ONE);

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        Scalar::from_be_bytes(*bytes).map(Self).map_err(|_| CurveError::ScalarOutOfRange)
    }

    /// Reads a hash as an integer mod n.
    pub fn from_hash(hash: &[u8; 32]) -> Self {
        Self(Scalar::from_be_bytes(reduce(hash)).expect("reduced mod n just now"))
    }

    /// The 32 big-endian bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_be_bytes()
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.0 == Scalar::ZERO
    }

    /// The sum mod n.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        match self.as_secret_key() {
            None => *other,
            Some(key) => key.add_tweak(&other.0).map_or(Self::ZERO, |sum| Self(Scalar::from(sum))),
        }
    }

    /// The difference `self − other` mod n.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.negate())
    }

    /// The product mod n.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        match self.as_secret_key() {
            None => Self::ZERO,
            Some(key) => {
                key.mul_tweak(&other.0).map_or(Self::ZERO, |product| Self(Scalar::from(product)))
            }
        }
    }

    /// The negation mod n.
    #[must_use]
    pub fn negate(&self) -> Self {
        self.as_secret_key().map_or(Self::ZERO, |key| Self(Scalar::from(key.negate())))
    }

    /// The point, unless this is zero.
    ///
    /// # Errors
    ///
    /// [`CurveError::PointAtInfinity`].
    pub fn to_point(&self) -> Result<Point, CurveError> {
        let key = self.as_secret_key().ok_or(CurveError::PointAtInfinity)?;
        Ok(Point::from_public_key(key.public_key(context())))
    }

    /// The same number as a secret, for use where a secret is meant.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`].
    pub fn to_secret(&self) -> Result<SecretScalar, CurveError> {
        self.as_secret_key().map(SecretScalar).ok_or(CurveError::ScalarZero)
    }

    pub(crate) fn as_scalar(&self) -> &Scalar {
        &self.0
    }

    /// None for zero.
    fn as_secret_key(&self) -> Option<SecretKey> {
        SecretKey::from_slice(&self.0.to_be_bytes()).ok()
    }
}

impl fmt::Display for PublicScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicScalar({self})")
    }
}

/// The 256-bit integer mod n, big endian in and out, without a branch. One subtraction is enough, because
/// 2^256 < 2n.
fn reduce(bytes: &[u8; 32]) -> [u8; 32] {
    let mut words = Zeroizing::new([0u64; 4]);
    for (word, chunk) in words.iter_mut().zip(bytes.rchunks_exact(8)) {
        *word = u64::from_be_bytes(chunk.try_into().expect("a chunk of 8 bytes"));
    }
    let mut difference = Zeroizing::new([0u64; 4]);
    let mut borrow = 0u64;
    for i in 0..4 {
        let wide = (words[i] as u128).wrapping_sub(ORDER[i] as u128).wrapping_sub(borrow as u128);
        difference[i] = wide as u64;
        borrow = (wide >> 64) as u64 & 1;
    }
    let below_order = Choice::from(borrow as u8);
    let mut out = [0; 32];
    for (i, chunk) in out.rchunks_exact_mut(8).enumerate() {
        let word = u64::conditional_select(&difference[i], &words[i], below_order);
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    out
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;

    fn order_plus(delta: i8) -> [u8; 32] {
        let mut bytes = secp256k1::constants::CURVE_ORDER;
        bytes[31] = bytes[31].wrapping_add_signed(delta);
        bytes
    }

    #[test]
    fn range_is_checked_and_named() {
        assert_eq!(SecretScalar::from_bytes(&[0; 32]), Err(CurveError::ScalarZero));
        assert_eq!(SecretScalar::from_bytes(&order_plus(0)), Err(CurveError::ScalarOutOfRange));
        assert_eq!(SecretScalar::from_bytes(&[0xff; 32]), Err(CurveError::ScalarOutOfRange));
        assert!(SecretScalar::from_bytes(&order_plus(-1)).is_ok());
        assert_eq!(PublicScalar::from_bytes(&[0; 32]), Ok(PublicScalar::ZERO));
        assert_eq!(PublicScalar::from_bytes(&order_plus(0)), Err(CurveError::ScalarOutOfRange));
    }

    #[test]
    fn hashes_reduce_mod_n() {
        assert_eq!(reduce(&order_plus(0)), [0; 32]);
        assert_eq!(reduce(&order_plus(1)), PublicScalar::ONE.to_bytes());
        assert_eq!(reduce(&order_plus(-1)), order_plus(-1));
        assert_eq!(reduce(&[0; 32]), [0; 32]);
        // 2^256 − 1 − n, from the definition of n.
        let expected = "000000000000000000000000000000014551231950b75fc4402da1732fc9bebe";
        assert_eq!(hex::encode(reduce(&[0xff; 32])), expected);
        assert_eq!(SecretScalar::from_hash(&order_plus(0)), Err(CurveError::ScalarZero));
    }

    #[test]
    fn opposite_scalars_have_no_sum() {
        let scalar = SecretScalar::from_bytes(&[3; 32]).unwrap();
        assert_eq!(scalar.add(&scalar.negate()), Err(CurveError::ScalarZero));
        assert_eq!(scalar.sub(&scalar), Err(CurveError::ScalarZero));
        assert_eq!(scalar.negate_if(Choice::from(1)), scalar.negate());
        assert_eq!(scalar.negate_if(Choice::from(0)), scalar);
    }

    #[test]
    fn public_arithmetic_includes_zero() {
        let a = PublicScalar::from_bytes(&[5; 32]).unwrap();
        assert_eq!(a.sub(&a), PublicScalar::ZERO);
        assert_eq!(PublicScalar::ZERO.add(&a), a);
        assert_eq!(a.add(&PublicScalar::ZERO), a);
        assert_eq!(a.mul(&PublicScalar::ZERO), PublicScalar::ZERO);
        assert_eq!(a.mul(&PublicScalar::ONE), a);
        assert_eq!(PublicScalar::ZERO.negate(), PublicScalar::ZERO);
        assert_eq!(PublicScalar::ZERO.to_point(), Err(CurveError::PointAtInfinity));
    }

    #[test]
    fn secrets_do_not_print() {
        let scalar = SecretScalar::from_bytes(&[0xab; 32]).unwrap();
        assert_eq!(format!("{scalar:?}"), "SecretScalar(…)");
    }

    #[test]
    fn zeroize_overwrites() {
        let mut scalar = SecretScalar::from_bytes(&[0xab; 32]).unwrap();
        scalar.zeroize();
        assert_ne!(scalar, SecretScalar::from_bytes(&[0xab; 32]).unwrap());
    }
}
