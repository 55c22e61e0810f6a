//! Public nonces and their sum: BIP-327's NonceAgg.

use alloc::vec::Vec;
use core::fmt;

use super::Musig2Error;
use crate::curve::{CurveError, Point, PublicScalar, multi_mul_public};

/// What a signer sends in the first round: the points of its two secret nonces.
///
/// Encoding: 66 bytes, two compressed points.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct PublicNonce {
    pub(super) first: Point,
    pub(super) second: Point,
}

impl PublicNonce {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 66;

    /// Reads two compressed points.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::PublicNonce`], which names the half.
    pub fn from_bytes(bytes: &[u8; 66]) -> Result<Self, Musig2Error> {
        let (first, second) = halves(bytes);
        let error = |half| move |source| Musig2Error::PublicNonce { half, source };
        Ok(Self {
            first: Point::from_bytes(first).map_err(error(1))?,
            second: Point::from_bytes(second).map_err(error(2))?,
        })
    }

    /// The two compressed points.
    pub fn to_bytes(&self) -> [u8; 66] {
        joined(&self.first.to_bytes(), &self.second.to_bytes())
    }
}

impl fmt::Display for PublicNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for PublicNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PublicNonce({self})")
    }
}

/// The sum of all signers' public nonces, half by half. Either half can be at infinity, if some signer wants it.
///
/// Encoding: 66 bytes, two compressed points; infinity is 33 zero bytes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct AggregateNonce {
    first: Sum,
    second: Sum,
}

impl AggregateNonce {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 66;

    /// The sum of the public nonces. Their order does not matter.
    pub fn sum(public_nonces: &[PublicNonce]) -> Self {
        let half =
            |half: fn(&PublicNonce) -> &Point| Sum(Point::sum(public_nonces.iter().map(half)).ok());
        Self { first: half(|nonce| &nonce.first), second: half(|nonce| &nonce.second) }
    }

    /// Reads two compressed points or 33 zero bytes each.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::AggregateNonce`], which names the half.
    pub fn from_bytes(bytes: &[u8; 66]) -> Result<Self, Musig2Error> {
        let (first, second) = halves(bytes);
        let error = |half| move |source| Musig2Error::AggregateNonce { half, source };
        Ok(Self {
            first: Sum::from_bytes(first).map_err(error(1))?,
            second: Sum::from_bytes(second).map_err(error(2))?,
        })
    }

    /// The two compressed points, or 33 zero bytes each.
    pub fn to_bytes(&self) -> [u8; 66] {
        joined(&self.first.to_bytes(), &self.second.to_bytes())
    }

    /// This with the lock point in its first half: R1 + T and R2.
    pub(super) fn locked(&self, lock_point: &Point) -> Self {
        Self { first: self.first.add(&Sum(Some(*lock_point))), second: self.second }
    }

    /// R1 + b·R2.
    pub(super) fn effective(&self, nonce_coefficient: &PublicScalar) -> Sum {
        let terms = [(PublicScalar::ONE, self.first.0), (*nonce_coefficient, self.second.0)];
        let terms: Vec<(PublicScalar, Point)> =
            terms.into_iter().filter_map(|(factor, half)| Some((factor, half?))).collect();
        Sum(multi_mul_public(&PublicScalar::ZERO, &terms).ok())
    }
}

impl From<&PublicNonce> for AggregateNonce {
    /// The sum of the one.
    fn from(nonce: &PublicNonce) -> Self {
        Self { first: Sum(Some(nonce.first)), second: Sum(Some(nonce.second)) }
    }
}

impl fmt::Display for AggregateNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.to_bytes()))
    }
}

impl fmt::Debug for AggregateNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "AggregateNonce({self})")
    }
}

/// A sum of points, which is at infinity (`None`) when they cancel: the one place where infinity is a value
/// and no error, because a single signer who speaks last could otherwise stop a session without being named.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) struct Sum(pub(super) Option<Point>);

impl Sum {
    fn from_bytes(bytes: &[u8; 33]) -> Result<Self, CurveError> {
        if *bytes == [0; 33] {
            Ok(Self(None))
        } else {
            Point::from_bytes(bytes).map(Some).map(Self)
        }
    }

    fn to_bytes(self) -> [u8; 33] {
        self.0.map_or([0; 33], |point| point.to_bytes())
    }

    fn add(&self, other: &Self) -> Self {
        match (&self.0, &other.0) {
            (Some(one), Some(other)) => Self(one.add(other).ok()),
            (None, sum) | (sum, None) => Self(*sum),
        }
    }
}

fn halves(bytes: &[u8; 66]) -> (&[u8; 33], &[u8; 33]) {
    let first = bytes.first_chunk().expect("66 bytes begin with 33");
    let second = bytes.last_chunk().expect("66 bytes end with 33");
    (first, second)
}

fn joined(first: &[u8; 33], second: &[u8; 33]) -> [u8; 66] {
    let mut bytes = [0; 66];
    bytes[..33].copy_from_slice(first);
    bytes[33..].copy_from_slice(second);
    bytes
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::SecretScalar;

    fn nonce(first: u8, second: u8) -> PublicNonce {
        let point = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point();
        PublicNonce { first: point(first), second: point(second) }
    }

    #[test]
    fn infinity_is_33_zero_bytes() {
        let one = nonce(1, 2);
        let opposite = PublicNonce { first: one.first.negate(), second: one.second.negate() };
        let sum = AggregateNonce::sum(&[one, opposite]);
        assert_eq!(sum.to_bytes(), [0; 66]);
        assert_eq!(AggregateNonce::from_bytes(&[0; 66]), Ok(sum));
        assert!(sum.effective(&PublicScalar::ONE).0.is_none());
        // T comes into the first half, and cancels it where it can.
        assert_eq!(sum.locked(&one.first).to_bytes()[..33], one.first.to_bytes());
        let cancelled = AggregateNonce::from(&one).locked(&one.first.negate());
        assert_eq!(cancelled.to_bytes()[..33], [0; 33]);
        assert_eq!(cancelled.to_bytes()[33..], one.second.to_bytes());
        // A signer's own nonce has no such freedom.
        assert!(PublicNonce::from_bytes(&[0; 66]).is_err());
    }

    #[test]
    fn refusals_name_the_half() {
        let good = nonce(1, 2).to_bytes();
        assert!(PublicNonce::from_bytes(&good).is_ok());
        for (half, at) in [(1, 0), (2, 33)] {
            let mut bad = good;
            bad[at] = 4;
            let source = CurveError::PointPrefix { prefix: 4 };
            let expected = Musig2Error::PublicNonce { half, source };
            assert_eq!(PublicNonce::from_bytes(&bad), Err(expected));
            let expected = Musig2Error::AggregateNonce { half, source };
            assert_eq!(AggregateNonce::from_bytes(&bad), Err(expected));
        }
    }

    proptest! {
        #[test]
        fn decoders_do_not_panic_and_what_they_read_they_write(
            bytes in proptest::array::uniform32(any::<u8>()),
            half in 0usize..2,
            prefix in 0u8..5,
        ) {
            let mut encoding = nonce(1, 2).to_bytes();
            encoding[33 * half] = prefix;
            encoding[33 * half + 1..33 * half + 33].copy_from_slice(&bytes);
            if let Ok(nonce) = PublicNonce::from_bytes(&encoding) {
                prop_assert_eq!(nonce.to_bytes(), encoding);
            }
            if let Ok(nonce) = AggregateNonce::from_bytes(&encoding) {
                prop_assert_eq!(nonce.to_bytes(), encoding);
            }
        }
    }
}
