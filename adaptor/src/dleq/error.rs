use thiserror::Error;

/// Why a proof of equal logarithms is refused, or can't be made.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum DleqError {
    /// The proof has another length.
    #[error("proof: {actual} bytes, expected {expected}")]
    Length {
        /// The length of a proof, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// The text is not hexadecimal.
    #[error("proof: not hexadecimal")]
    NotHex,
    /// s is not below the group order.
    #[error("proof: s is not below the group order")]
    ScalarOutOfRange,
    /// R1 or R2 is at infinity: this s answers e with the nonce zero.
    #[error("proof: a nonce point is at infinity")]
    NonceAtInfinity,
    /// The proof is well-formed, but not for these bases, points and message.
    #[error("proof: not valid for these points and this message")]
    Invalid,
    /// The proof that was made just now does not verify: a fault of the machine, and the proof never leaves.
    #[error("the proof does not verify: a fault, try again")]
    Fault,
    /// A derived scalar is zero, which happens with a probability of 2^−255 and to nobody. Other auxiliary randomness helps.
    #[error("derived nonce is degenerate, use other auxiliary randomness")]
    DegenerateNonce,
}
