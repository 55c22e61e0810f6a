use std::fmt;

use secp256k1::schnorr::Signature;

use super::{ProofError, ProofMessage};
use crate::curve::Point;
use crate::dleq::{self, Bases, Statement};
use crate::invoice::ktime::{PayerKey, PayerPublicKey, PointSecret, is_signed};

/// The proof itself, without what it is about: V = z(x)·H, that it is that, and A's signature. It is made and verified as a
/// part of a [`PaymentProof`](super::PaymentProof).
///
/// Encoding: 161 bytes, 33(V) ‖ the proof of equal logarithms (64) ‖ A's BIP-340 signature (64).
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PointProof {
    pub(super) value: Point,
    pub(super) equality: dleq::Proof,
    pub(super) payer_signature: Signature,
}

impl PointProof {
    /// Length of the encoding in bytes.
    pub const LENGTH: usize = 161;

    /// Reads 161 bytes.
    ///
    /// # Errors
    ///
    /// [`ProofError::Length`], [`ProofError::Value`] and [`ProofError::Dleq`].
    pub fn from_slice(bytes: &[u8]) -> Result<Self, ProofError> {
        let wrong_length = ProofError::Length { expected: Self::LENGTH, actual: bytes.len() };
        if bytes.len() != Self::LENGTH {
            return Err(wrong_length);
        }
        let (value, rest) = bytes.split_at(Point::LENGTH);
        let (equality, payer_signature) = rest.split_at(dleq::Proof::LENGTH);
        Ok(Self {
            value: Point::from_slice(value).map_err(ProofError::Value)?,
            equality: dleq::Proof::from_slice(equality).map_err(ProofError::Dleq)?,
            payer_signature: Signature::from_slice(payer_signature).map_err(|_| wrong_length)?,
        })
    }

    /// The 161 bytes.
    pub fn to_bytes(&self) -> [u8; 161] {
        let mut bytes = [0; Self::LENGTH];
        bytes[..33].copy_from_slice(&self.value.to_bytes());
        bytes[33..97].copy_from_slice(&self.equality.to_bytes());
        bytes[97..].copy_from_slice(self.payer_signature.as_ref());
        bytes
    }

    /// V.
    pub fn value(&self) -> Point {
        self.value
    }

    /// That log_G Z(x) = log_H V.
    pub fn equality(&self) -> &dleq::Proof {
        &self.equality
    }

    /// A's signature over m.
    pub fn payer_signature(&self) -> &Signature {
        &self.payer_signature
    }

    pub(super) fn create(
        message: &ProofMessage,
        secret: &PointSecret,
        key: &PayerKey,
        aux_rand: &[u8; 32],
    ) -> Result<Self, ProofError> {
        let bases = Bases::new(message.base());
        let (statement, equality) =
            dleq::prove(secret.as_scalar(), &bases, Some(message.as_bytes()), aux_rand)
                .map_err(ProofError::Prove)?;
        let payer_signature = key.sign(message.as_bytes(), aux_rand);
        Ok(Self { value: statement.value, equality, payer_signature })
    }

    /// `point` is Z(x), computed from the invoice.
    pub(super) fn verify(
        &self,
        message: &ProofMessage,
        payer: &PayerPublicKey,
        point: Point,
    ) -> Result<(), ProofError> {
        if !is_signed(&self.payer_signature, &payer.to_point().x_only(), message.as_bytes()) {
            return Err(ProofError::PayerSignature);
        }
        let bases = Bases::new(message.base());
        let statement = Statement { bases, point, value: self.value };
        self.equality.verify(&statement, Some(message.as_bytes())).map_err(ProofError::NotShown)
    }
}

impl fmt::Debug for PointProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PointProof({})", hex::encode(self.to_bytes()))
    }
}
