use std::fmt;
use std::str::FromStr;

use super::parts::check_length;
use super::types::UNDER_POINTS;
use super::{DisclosedInvoice, PaymentProof, PreimageProof, ProofError};
use crate::invoice::text::{self, TextKind};
use crate::wire::TlvStream;

const HUMAN_READABLE_PART: &str = "lnp";

/// A payer proof of either kind: of BOLT 12's own with a preimage, or under points. `Display` writes the `lnp1…` text, which is read in
/// the forms in which people paste it ([`text`]).
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PayerProof {
    /// Of an invoice under a hash.
    Preimage(Box<PreimageProof>),
    /// Of a static invoice under points.
    Points(Box<PaymentProof>),
}

impl PayerProof {
    /// Reads the TLV stream. It is under points if it has any record that these have of their own.
    ///
    /// # Errors
    ///
    /// Those of [`PreimageProof::from_bytes`] and [`PaymentProof::from_bytes`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ProofError> {
        check_length(bytes)?;
        let stream = TlvStream::parse(bytes)?;
        if UNDER_POINTS.iter().any(|tlv_type| stream.get(*tlv_type).is_some()) {
            PaymentProof::read(&stream).map(|proof| Self::Points(Box::new(proof)))
        } else {
            PreimageProof::read(&stream).map(|proof| Self::Preimage(Box::new(proof)))
        }
    }

    /// The TLV stream.
    pub fn to_bytes(&self) -> Vec<u8> {
        match self {
            Self::Preimage(proof) => proof.to_bytes(),
            Self::Points(proof) => proof.to_bytes(),
        }
    }

    /// `proof_note`.
    pub fn note(&self) -> Option<&str> {
        match self {
            Self::Preimage(proof) => proof.note(),
            Self::Points(proof) => proof.note(),
        }
    }

    /// The invoice, which the one who made the proof may have made too. Its signature is verified, its signer is anybody.
    pub fn dangerous_claimed_invoice(&self) -> &DisclosedInvoice {
        match self {
            Self::Preimage(proof) => proof.dangerous_claimed_invoice(),
            Self::Points(proof) => proof.dangerous_claimed_invoice(),
        }
    }
}

impl From<PreimageProof> for PayerProof {
    fn from(proof: PreimageProof) -> Self {
        Self::Preimage(Box::new(proof))
    }
}

impl From<PaymentProof> for PayerProof {
    fn from(proof: PaymentProof) -> Self {
        Self::Points(Box::new(proof))
    }
}

impl FromStr for PayerProof {
    type Err = ProofError;

    fn from_str(text: &str) -> Result<Self, ProofError> {
        let (_, bytes) = text::decode_as(&[TextKind::PayerProof], text)
            .map_err(|error| ProofError::Text(Box::new(error)))?;
        Self::from_bytes(&bytes)
    }
}

impl fmt::Display for PayerProof {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = text::encode(HUMAN_READABLE_PART, &self.to_bytes());
        f.write_str(&text.expect("the human-readable part is valid"))
    }
}
