//! Partial signatures: BIP-327's Sign, PartialSigVerify and PartialSigAgg.
//!
//! ```text
//! sign:       s_i = ±(k_1 + b·k_2) + e·a_i·(g·gacc·d_i)              (− if y(R') is odd)
//! verify:     s_i·G − e·a_i·g·gacc·P_i = ±(R1_i + b·R2_i)
//! aggregate:  s = s_0 + … + s_{n−1} + e·g·tacc
//! ```

use core::fmt;

use subtle::Choice;

use super::session_values::SessionValues;
use super::{KeyAggContext, Musig2Error, PublicNonce, SecretNonce};
use crate::curve::{CurveError, Keypair, PublicScalar, multi_mul_public};

/// What a signer sends in the second round. Good for one session only, and not a secret: but see
/// [`AdaptorSession::sign_partial_last`](super::AdaptorSession::sign_partial_last) for when to give it.
///
/// Encoding: 32 bytes, big endian, below n.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PartialSignature(pub(super) PublicScalar);

impl PartialSignature {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 32;

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::PartialSignatureOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, Musig2Error> {
        PublicScalar::from_bytes(bytes)
            .map(Self)
            .map_err(|_| Musig2Error::PartialSignatureOutOfRange)
    }

    /// The 32 big-endian bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        self.0.to_bytes()
    }
}

impl fmt::Display for PartialSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PartialSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PartialSignature({self})")
    }
}

/// Sign, with its final verification. `signer` says which signer this is, given the public nonce.
///
/// The first step uses the secret nonce up: whatever fails after that, there is no nonce left to try again with.
/// The equation's secrets go through constant time arithmetic; its signs depend on public values only.
pub(super) fn sign(
    keys: &KeyAggContext,
    values: &SessionValues,
    secret_nonce: SecretNonce,
    keypair: &Keypair,
    signer: impl FnOnce(&PublicNonce) -> Result<usize, Musig2Error>,
) -> Result<PartialSignature, Musig2Error> {
    let (nonce_key, public_nonce) = (secret_nonce.public_key(), secret_nonce.public_nonce());
    let nonce = secret_nonce.into_effective(&values.nonce_coefficient)?;
    if nonce_key != keypair.public_key() {
        return Err(Musig2Error::ForeignNonce);
    }
    let signer = signer(&public_nonce)?;
    let factor = key_factor(keys, values, signer)?;
    let nonce = nonce.negate_if(Choice::from(u8::from(values.final_nonce.is_odd())));
    let scalar = keypair
        .secret_key()
        .mul_public(&factor)
        .and_then(|product| product.add(&nonce))
        .map_err(|_| Musig2Error::DegenerateScalar)?;
    let partial = PartialSignature(scalar.dangerous_reveal());
    // A partial signature that a fault has spoiled can give the key away. It stays here.
    verify(keys, values, signer, &public_nonce, &partial).map_err(|_| Musig2Error::SigningFault)?;
    Ok(partial)
}

/// PartialSigVerify. Variable time: everything here is public.
pub(super) fn verify(
    keys: &KeyAggContext,
    values: &SessionValues,
    signer: usize,
    public_nonce: &PublicNonce,
    partial: &PartialSignature,
) -> Result<(), Musig2Error> {
    let factor = key_factor(keys, values, signer)?;
    // s_i·G − e·a_i·g·gacc·P_i ∓ (R1_i + b·R2_i), all of it on one side: in one sum, which has to be at infinity.
    let minus_one = PublicScalar::ONE.negate();
    let (of_first, of_second) = if values.final_nonce.is_odd() {
        (PublicScalar::ONE, values.nonce_coefficient)
    } else {
        (minus_one, values.nonce_coefficient.negate())
    };
    let terms = [
        (factor.negate(), keys.keys()[signer]),
        (of_first, public_nonce.first),
        (of_second, public_nonce.second),
    ];
    match multi_mul_public(&partial.0, &terms) {
        Err(CurveError::PointAtInfinity) => Ok(()),
        _ => Err(Musig2Error::InvalidPartialSignature { signer }),
    }
}

/// PartialSigAgg: s (or s'), if the partial signatures are valid.
pub(super) fn aggregate(
    keys: &KeyAggContext,
    values: &SessionValues,
    partials: &[PartialSignature],
) -> PublicScalar {
    let tweak = values.challenge.mul(&keys.signed_tweak());
    partials.iter().fold(tweak, |sum, partial| sum.add(&partial.0))
}

/// e·a_i·g·gacc, by which the key of a signer counts in its partial signature.
fn key_factor(
    keys: &KeyAggContext,
    values: &SessionValues,
    signer: usize,
) -> Result<PublicScalar, Musig2Error> {
    let coefficient = keys
        .signed_coefficient(signer)
        .ok_or(Musig2Error::NoSuchSigner { signer, signers: keys.keys().len() })?;
    Ok(values.challenge.mul(&coefficient))
}
