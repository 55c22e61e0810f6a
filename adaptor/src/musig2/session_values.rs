//! What all signers of a session compute alike: BIP-327's GetSessionValues, with a lock point where there is one.
//!
//! ```text
//! b  = H_MuSig/noncecoef(33(R1 + T) ‖ 33(R2) ‖ x(Q) ‖ m)
//! R' = R1 + T + b·R2
//! e  = H_BIP0340/challenge(x(R') ‖ x(Q) ‖ m)
//! ```
//!
//! T enters before b is hashed. Where it enters after, R' = R1 + b·R2 + T, whoever picks T last picks among
//! as many challenges as it likes for nonces that are fixed already, and that is all the ROS attack needs
//! (`tests/musig2_ros.rs` carries it out).

use super::{AggregateNonce, KeyAggContext, Musig2Error};
use crate::curve::{Point, PublicScalar, Tag};

static NONCE_COEFFICIENT: Tag = Tag::new("MuSig/noncecoef");
static CHALLENGE: Tag = Tag::new("BIP0340/challenge");

/// b, R' and e.
#[derive(Clone, Debug)]
pub(super) struct SessionValues {
    pub(super) nonce_coefficient: PublicScalar,
    pub(super) final_nonce: Point,
    pub(super) challenge: PublicScalar,
}

impl SessionValues {
    /// Without a lock point. Where the final nonce is at infinity, G takes its place, as BIP-327 has it: the
    /// session goes on, fails, and so shows which partial signature is wrong.
    pub(super) fn plain(keys: &KeyAggContext, nonce: &AggregateNonce, message: &[u8]) -> Self {
        let coefficient = nonce_coefficient(keys, nonce, message);
        let final_nonce = nonce.effective(&coefficient).0.unwrap_or_else(generator);
        Self::with_final_nonce(keys, coefficient, final_nonce, message)
    }

    /// With a lock point. No G here: a pre-signature whose nonce is not R1 + T + b·R2 locks nothing.
    pub(super) fn locked(
        keys: &KeyAggContext,
        nonce: &AggregateNonce,
        message: &[u8],
        lock_point: &Point,
    ) -> Result<Self, Musig2Error> {
        let nonce = nonce.locked(lock_point);
        let coefficient = nonce_coefficient(keys, &nonce, message);
        let final_nonce =
            nonce.effective(&coefficient).0.ok_or(Musig2Error::FinalNonceAtInfinity)?;
        // R1 + b·R2 at infinity: the signers' nonces cancel, and R' is the lock point alone.
        if final_nonce == *lock_point {
            return Err(Musig2Error::FinalNonceAtInfinity);
        }
        Ok(Self::with_final_nonce(keys, coefficient, final_nonce, message))
    }

    fn with_final_nonce(
        keys: &KeyAggContext,
        nonce_coefficient: PublicScalar,
        final_nonce: Point,
        message: &[u8],
    ) -> Self {
        let challenge = PublicScalar::from_hash(&CHALLENGE.hash(&[
            &final_nonce.x_only().serialize(),
            &keys.x_only().serialize(),
            message,
        ]));
        Self { nonce_coefficient, final_nonce, challenge }
    }
}

fn nonce_coefficient(keys: &KeyAggContext, nonce: &AggregateNonce, message: &[u8]) -> PublicScalar {
    let x_only = keys.x_only().serialize();
    PublicScalar::from_hash(&NONCE_COEFFICIENT.hash(&[&nonce.to_bytes(), &x_only, message]))
}

fn generator() -> Point {
    PublicScalar::ONE.to_point().expect("1·G is not at infinity")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::SecretScalar;
    use crate::musig2::PublicNonce;

    fn point(byte: u8) -> Point {
        SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
    }

    /// R' by the equations, from scalars: r1 + t + b·r2.
    #[test]
    fn lock_point_is_bound_by_the_coefficient() {
        let keys = KeyAggContext::new(&[point(1), point(2)]).unwrap();
        let nonce = AggregateNonce::from(&PublicNonce { first: point(3), second: point(4) });
        let locked = SessionValues::locked(&keys, &nonce, &[5; 32], &point(6)).unwrap();
        let other = SessionValues::locked(&keys, &nonce, &[5; 32], &point(7)).unwrap();
        let plain = SessionValues::plain(&keys, &nonce, &[5; 32]);
        assert_ne!(locked.nonce_coefficient, other.nonce_coefficient);
        assert_ne!(locked.nonce_coefficient, plain.nonce_coefficient);
        let scalar = |byte| PublicScalar::from_bytes(&[byte; 32]).unwrap();
        let expected = scalar(3).add(&scalar(6)).add(&scalar(4).mul(&locked.nonce_coefficient));
        assert_eq!(Ok(locked.final_nonce), expected.to_point());
    }

    /// Both halves cancelled: plain sessions go on with G, adaptor sessions stop.
    #[test]
    fn final_nonce_at_infinity() {
        let keys = KeyAggContext::new(&[point(1), point(2)]).unwrap();
        let infinite = AggregateNonce::from_bytes(&[0; 66]).unwrap();
        let plain = SessionValues::plain(&keys, &infinite, &[5; 32]);
        assert_eq!(plain.final_nonce, generator());
        // R' = T: T alone is left of it.
        let refused = SessionValues::locked(&keys, &infinite, &[5; 32], &point(6)).unwrap_err();
        assert_eq!(refused, Musig2Error::FinalNonceAtInfinity);
        // R1 = −T and R2 at infinity: R' is at infinity, and R1 + T is hashed as zeros.
        let mut bytes = [0; 66];
        bytes[..33].copy_from_slice(&point(6).negate().to_bytes());
        let cancelling = AggregateNonce::from_bytes(&bytes).unwrap();
        let refused = SessionValues::locked(&keys, &cancelling, &[5; 32], &point(6)).unwrap_err();
        assert_eq!(refused, Musig2Error::FinalNonceAtInfinity);
        // R1 = −T alone is no reason to stop.
        bytes[33..].copy_from_slice(&point(4).to_bytes());
        let half = AggregateNonce::from_bytes(&bytes).unwrap();
        assert!(SessionValues::locked(&keys, &half, &[5; 32], &point(6)).is_ok());
    }
}
