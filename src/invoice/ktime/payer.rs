use std::fmt;

use secp256k1::Message;
use secp256k1::schnorr::Signature;

use super::{KtimeError, PayerScalar};
use crate::curve::{CurveError, Keypair, Point, SecretScalar, Tag, XOnlyPublicKey, context};

static PAYER_KEY: Tag = Tag::new("pointlock/payer_key");
static PAYMENT: Tag = Tag::new("pointlock/payment");

/// A, the key of a payer for one payment: a point of even y. Encoding: compressed, 33 bytes, the first 02.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PayerPublicKey(Point);

impl PayerPublicKey {
    /// A key from a point.
    ///
    /// # Errors
    ///
    /// [`KtimeError::PayerKeyOdd`]: of two opposite points one is a key, so that a payment has one x.
    pub fn new(point: Point) -> Result<Self, KtimeError> {
        if point.is_odd() { Err(KtimeError::PayerKeyOdd) } else { Ok(Self(point)) }
    }

    /// Reads the compressed encoding.
    ///
    /// # Errors
    ///
    /// [`KtimeError::PayerKey`] and [`KtimeError::PayerKeyOdd`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, KtimeError> {
        Self::new(Point::from_slice(bytes).map_err(KtimeError::PayerKey)?)
    }

    /// The compressed encoding.
    pub fn to_bytes(&self) -> [u8; 33] {
        self.0.to_bytes()
    }

    /// The point.
    pub fn to_point(&self) -> Point {
        self.0
    }
}

/// The secret of A. Drawn for one payment: two with the same key would be known to be of one payer, and two with the
/// same key and terms would have one x, of which the receiver claims one.
///
/// Kept for as long as the payer may want to prove the payment. Not `Clone`, erased on drop, redacted in `Debug`.
pub struct PayerKey(Keypair);

impl PayerKey {
    /// The key of 32 bytes of entropy that is fresh for this payment: H_pointlock/payer_key(entropy), negated where
    /// that gives an odd y.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`], which no hash will show.
    pub fn from_entropy(entropy: &[u8; 32]) -> Result<Self, CurveError> {
        SecretScalar::from_hash(&PAYER_KEY.hash(&[entropy])).map(Self::new)
    }

    /// A fresh key. With the feature `rand_core`.
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: crate::rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::new(SecretScalar::from_rng(rng))
    }

    /// The key of a scalar that is fresh for this payment, negated where A would have an odd y.
    pub fn new(secret: SecretScalar) -> Self {
        let keypair = Keypair::new(secret);
        if keypair.public_key().is_odd() {
            Self(Keypair::new(keypair.secret_key().negate()))
        } else {
            Self(keypair)
        }
    }

    /// The scalar of A, for the journal of the payer.
    pub(crate) fn dangerous_as_scalar(&self) -> &SecretScalar {
        self.0.secret_key()
    }

    /// The key pair, for what else this payer signs.
    pub(crate) fn as_keypair(&self) -> &Keypair {
        &self.0
    }

    /// A.
    pub fn public_key(&self) -> PayerPublicKey {
        PayerPublicKey(self.0.public_key())
    }

    /// Signs that this payer pays under `x` with `last_lock` (L_n) on the last edge: what the receiver asks for before it
    /// claims. `aux_rand` is 32 bytes of fresh entropy, or zeros (BIP-340).
    ///
    /// With P parts there is one such signature for each, over its own L_n.
    pub fn sign_payment(
        &self,
        x: &PayerScalar,
        last_lock: &Point,
        aux_rand: &[u8; 32],
    ) -> PaymentSignature {
        PaymentSignature(self.sign(&payment_hash(x, last_lock), aux_rand))
    }

    pub(in crate::invoice) fn sign(&self, message: &[u8; 32], aux_rand: &[u8; 32]) -> Signature {
        self.0.sign_schnorr(message, aux_rand)
    }
}

impl fmt::Debug for PayerKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayerKey(public: {}, secret: …)", self.0.public_key())
    }
}

/// A's BIP-340 signature over H_pointlock/payment(x ‖ 33(L_n)): that the holder of A offers this payment, and nobody
/// who saw A somewhere. 64 bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentSignature(Signature);

impl PaymentSignature {
    /// Reads 64 bytes, which may or may not be a valid signature.
    pub fn from_bytes(bytes: &[u8; 64]) -> Self {
        Self(Signature::from_slice(bytes).expect("64 bytes"))
    }

    /// The 64 bytes.
    pub fn to_bytes(&self) -> [u8; 64] {
        self.0.serialize()
    }

    /// Verifies it, for the receiver.
    ///
    /// # Errors
    ///
    /// [`KtimeError::PayerSignature`].
    pub fn verify(
        &self,
        payer: &PayerPublicKey,
        x: &PayerScalar,
        last_lock: &Point,
    ) -> Result<(), KtimeError> {
        if is_signed(&self.0, &payer.to_point().x_only(), &payment_hash(x, last_lock)) {
            Ok(())
        } else {
            Err(KtimeError::PayerSignature)
        }
    }
}

fn payment_hash(x: &PayerScalar, last_lock: &Point) -> [u8; 32] {
    PAYMENT.hash(&[&x.to_bytes(), &last_lock.to_bytes()])
}

pub(in crate::invoice) fn is_signed(
    signature: &Signature,
    key: &XOnlyPublicKey,
    message: &[u8; 32],
) -> bool {
    context().verify_schnorr(signature, &Message::from_digest(*message), key).is_ok()
}
