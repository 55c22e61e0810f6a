use thiserror::Error;

/// Why bytes are not a scalar or a point, or why a sum is none.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum CurveError {
    /// The scalar is zero, which is no lock secret, blind or nonce.
    #[error("scalar is zero")]
    ScalarZero,
    /// The scalar is not below the group order n.
    #[error("scalar is not below the group order")]
    ScalarOutOfRange,
    /// The result is the point at infinity.
    #[error("point is at infinity")]
    PointAtInfinity,
    /// A compressed point starts with a byte other than 02 or 03.
    #[error("point has prefix {prefix:02x}, expected 02 or 03")]
    PointPrefix {
        /// The byte that stands there.
        prefix: u8,
    },
    /// The x coordinate is not below the field size, or no point of the curve has it.
    #[error("x coordinate is not on the curve")]
    NotOnCurve,
    /// The encoding has another length.
    #[error("{actual} bytes, expected {expected}")]
    Length {
        /// The length of the encoding, in bytes.
        expected: usize,
        /// The length that was given, in bytes.
        actual: usize,
    },
    /// The text is not hexadecimal.
    #[error("not hexadecimal")]
    NotHex,
    /// The context was already in use when it was to be randomised.
    #[error("the signing context is already in use")]
    ContextInUse,
}
