use alloc::boxed::Box;
use core::fmt;

use secp256k1::schnorr::Signature;
use secp256k1::{Message, Parity, XOnlyPublicKey};
use subtle::Choice;

use super::{CurveError, Point, PreparedPoint, SecretScalar, context};

/// A signing key d and its public key P = d·G, for BIP-340: P is used by its x coordinate, and d is
/// negated when y(P) is odd.
///
/// Computed once and kept, since the multiplication costs as much as a signature. Erased on drop, not
/// `Copy`, and `Debug` prints the public key only.
#[derive(Clone)]
pub struct Keypair {
    secret: SecretScalar,
    /// d or −d, whichever belongs to the point with even y.
    even_secret: SecretScalar,
    public: Point,
    x_only: XOnlyPublicKey,
    x_bytes: [u8; 32],
    /// In a box, so that where there is none all of this is written: what a move copies along with unwritten memory may be the secret.
    prepared: Option<Box<PreparedPoint>>,
}

impl Keypair {
    /// The pair of a secret key.
    pub fn new(secret: SecretScalar) -> Self {
        let public = secret.to_point();
        let (x_only, parity) = public.to_public_key().x_only_public_key();
        let even_secret = secret.negate_if(Choice::from(u8::from(parity == Parity::Odd)));
        let (x_bytes, prepared) = (x_only.serialize(), None);
        Self { secret, even_secret, public, x_only, x_bytes, prepared }
    }

    /// The pair of a secret key of 32 bytes.
    ///
    /// # Errors
    ///
    /// As [`SecretScalar::from_bytes`].
    pub fn from_secret_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        SecretScalar::from_bytes(bytes).map(Self::new)
    }

    /// The same pair with a table of multiples of P: what it signs and then verifies, against faults of the machine, is
    /// verified in half the time. For a key that signs again and again.
    #[must_use]
    pub fn with_prepared_key(self) -> Self {
        Self { prepared: Some(Box::new(PreparedPoint::new(self.public))), ..self }
    }

    /// The public key with its parity.
    pub fn public_key(&self) -> Point {
        self.public
    }

    /// The BIP-340 public key.
    pub fn x_only_public_key(&self) -> XOnlyPublicKey {
        self.x_only
    }

    /// The secret key as it was given.
    pub fn secret_key(&self) -> &SecretScalar {
        &self.secret
    }

    /// A plain BIP-340 signature; `aux_rand` is fresh entropy, or zeros.
    pub fn sign_schnorr(&self, message: &[u8; 32], aux_rand: &[u8; 32]) -> Signature {
        let mut keypair =
            secp256k1::Keypair::from_secret_key(context(), self.secret.as_secret_key());
        let signature = context().sign_schnorr_with_aux_rand(
            &Message::from_digest(*message),
            &keypair,
            aux_rand,
        );
        keypair.non_secure_erase();
        signature
    }

    /// The secret key that belongs to the even point.
    pub(crate) fn even_secret(&self) -> &SecretScalar {
        &self.even_secret
    }

    pub(crate) fn as_public_key(&self) -> &Point {
        &self.public
    }

    /// The public key with its table, if there is one.
    pub(crate) fn prepared_key(&self) -> Option<&PreparedPoint> {
        self.prepared.as_deref()
    }

    /// x(P), big endian.
    pub(crate) fn x_bytes(&self) -> &[u8; 32] {
        &self.x_bytes
    }

    /// The pair as a fault of the machine leaves it: the public key is right, and the secret one is another's.
    #[cfg(test)]
    pub(crate) fn with_faulty_secret(&self) -> Self {
        let mut bytes = self.secret.dangerous_to_bytes();
        bytes[9] ^= 4;
        let secret = SecretScalar::from_bytes(&bytes).unwrap();
        let even_secret = secret.negate_if(Choice::from(u8::from(self.public.is_odd())));
        Self { secret, even_secret, ..self.clone() }
    }
}

impl From<&secp256k1::Keypair> for Keypair {
    fn from(keypair: &secp256k1::Keypair) -> Self {
        Self::new(SecretScalar::from(keypair.secret_key()))
    }
}

impl fmt::Debug for Keypair {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Keypair(public: {}, secret: …)", self.public)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn even_secret_belongs_to_the_even_point() {
        for byte in 1..9 {
            let keypair = Keypair::from_secret_bytes(&[byte; 32]).unwrap();
            assert_eq!(keypair.even_secret().to_point(), Point::from(keypair.x_only_public_key()));
            assert_eq!(keypair.secret_key().to_point(), keypair.public_key());
        }
    }

    #[test]
    fn debug_has_no_secret() {
        let keypair = Keypair::from_secret_bytes(&[0xab; 32]).unwrap();
        assert!(!alloc::format!("{keypair:?}").contains("abab"));
    }
}
