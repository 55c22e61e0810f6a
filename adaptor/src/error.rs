#[cfg(feature = "batch")]
use alloc::{format, string::String, vec::Vec};

use thiserror::Error;

/// Why a pre-signature is refused, or can't be made, or gives no secret.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum AdaptorError {
    /// The pre-signature has another length.
    #[error("presignature: {actual} bytes, expected {expected}")]
    Length {
        /// The length of the scheme's pre-signatures, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// The text is not hexadecimal.
    #[error("presignature: not hexadecimal")]
    NotHex,
    /// The nonce point R' starts with a byte other than 02 or 03.
    #[error("presignature: nonce point has prefix {prefix:02x}, expected 02 or 03")]
    NoncePrefix {
        /// The byte that stands there.
        prefix: u8,
    },
    /// The nonce point without the lock point, R, starts with a byte other than 02 or 03 (ECDSA).
    #[error(
        "presignature: nonce point without the lock point has prefix {prefix:02x}, expected 02 or 03"
    )]
    UnlockedNoncePrefix {
        /// The byte that stands there.
        prefix: u8,
    },
    /// The nonce point R', or in an ECDSA pre-signature R, is not on the curve.
    #[error("presignature: nonce point is not on the curve")]
    NonceNotOnCurve,
    /// The x coordinate of R' is zero modulo the group order, which no signature's r may be (ECDSA).
    #[error("presignature: x coordinate of the nonce point is zero modulo the group order")]
    NonceXZero,
    /// s' is zero (ECDSA).
    #[error("presignature: s' is zero")]
    ScalarZero,
    /// The response of the proof of equal logarithms is not below the group order (ECDSA).
    #[error("presignature: the proof's response is not below the group order")]
    ProofOutOfRange,
    /// s' is not below the group order.
    #[error("presignature: s' is not below the group order")]
    ScalarOutOfRange,
    /// R = s'·G − e·P is at infinity: this s' signs with the nonce zero.
    #[error("presignature: its nonce point without the lock point is at infinity")]
    NonceAtInfinity,
    /// The pre-signature is well-formed, but not for this key, message and lock point.
    #[error("presignature is not valid for this key, message and lock point")]
    InvalidPreSignature,
    /// The signature is not valid for this key and message.
    #[error("signature is not valid for this key and message")]
    InvalidSignature,
    /// The signature was not made from this pre-signature: it has another nonce.
    #[error("signature has another nonce than the presignature")]
    NonceMismatch,
    /// What comes out is not the secret of the lock point.
    #[error("the extracted scalar is not the secret of the lock point")]
    SecretMismatch,
    /// A derived scalar is zero or a sum at infinity, which happens with a probability of 2^−128 and to nobody.
    /// Other auxiliary randomness helps.
    #[error("derived nonce is degenerate, use other auxiliary randomness")]
    DegenerateNonce,
}

/// Which items of a batch are refused, and why. Never empty, in the order of the indices.
#[cfg(feature = "batch")]
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum BatchError {
    /// Encodings that are refused without arithmetic. Nothing else was looked at.
    #[error("malformed {}", list(faults))]
    Malformed {
        /// All malformed items.
        faults: Vec<BatchFault>,
    },
    /// Items that single verification refuses.
    #[error("invalid {}", list(faults))]
    Invalid {
        /// All invalid items.
        faults: Vec<BatchFault>,
    },
}

#[cfg(feature = "batch")]
impl BatchError {
    /// The items that are refused.
    pub fn faults(&self) -> &[BatchFault] {
        match self {
            Self::Malformed { faults } | Self::Invalid { faults } => faults,
        }
    }

    /// Their indices, in order.
    pub fn indices(&self) -> impl Iterator<Item = usize> {
        self.faults().iter().map(|fault| fault.index)
    }
}

/// An item of a batch that is refused.
#[cfg(feature = "batch")]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("item {index}: {error}")]
pub struct BatchFault {
    /// Where it stands in the batch.
    pub index: usize,
    /// What single verification says.
    pub error: AdaptorError,
}

/// The first item with its reason, and how many there are.
#[cfg(feature = "batch")]
fn list(faults: &[BatchFault]) -> String {
    match faults {
        [] => String::from("items: none"),
        [only] => format!("{only}"),
        [first, others @ ..] => format!("{first} (and {} more)", others.len()),
    }
}
