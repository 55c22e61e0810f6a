use thiserror::Error;

use crate::curve::CurveError;

/// Why a MuSig2 session refuses what it is given, and who is to blame.
///
/// Signers are named by their index in the list of keys, tweaks by the order in which they were applied, both
/// from 0.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Musig2Error {
    /// There is no key to aggregate.
    #[error("no keys to aggregate")]
    NoKeys,
    /// The aggregate key is at infinity, which nobody can bring about.
    #[error("aggregate key is at infinity")]
    AggregateKeyAtInfinity,
    /// The tweak is not below the group order.
    #[error("tweak {tweak} is not below the group order")]
    TweakOutOfRange {
        /// Which tweak.
        tweak: usize,
    },
    /// The tweak cancels the aggregate key.
    #[error("tweak {tweak} puts the aggregate key at infinity")]
    TweakedKeyAtInfinity {
        /// Which tweak.
        tweak: usize,
    },
    /// The session randomness is all zeros, as a buffer is that made a nonce before.
    #[error("session randomness is all zeros, or was used before")]
    SessionRandUsed,
    /// A half of a public nonce is no point.
    #[error("public nonce, half {half}: {source}")]
    PublicNonce {
        /// 1 or 2.
        half: u8,
        /// What is wrong with it.
        source: CurveError,
    },
    /// A half of an aggregate nonce is neither a point nor 33 zero bytes.
    #[error("aggregate nonce, half {half}: {source}")]
    AggregateNonce {
        /// 1 or 2.
        half: u8,
        /// What is wrong with it.
        source: CurveError,
    },
    /// A session needs one public nonce for each key.
    #[error("{actual} public nonces for {expected} signers")]
    PublicNonceCount {
        /// How many keys there are.
        expected: usize,
        /// How many nonces were given.
        actual: usize,
    },
    /// In an adaptor session the final nonce, with or without the lock point, is at infinity. Some signer chose
    /// its public nonce to this end.
    #[error("final nonce of the adaptor session is at infinity")]
    FinalNonceAtInfinity,
    /// The secret nonce was made for another key.
    #[error("secret nonce belongs to another key")]
    ForeignNonce,
    /// The key is not among the aggregated ones.
    #[error("key is not among the signers")]
    NotASigner,
    /// The session has other public nonces for this key than the one that belongs to the secret nonce.
    #[error("public nonce of the secret nonce is not in the session")]
    NonceNotInSession,
    /// There is no signer of this index.
    #[error("no signer {signer}: there are {signers}")]
    NoSuchSigner {
        /// The index that was given.
        signer: usize,
        /// How many signers there are.
        signers: usize,
    },
    /// A partial signature is not below the group order.
    #[error("partial signature is not below the group order")]
    PartialSignatureOutOfRange,
    /// Another number of partial signatures is needed.
    #[error("{actual} partial signatures, expected {expected}")]
    PartialSignatureCount {
        /// How many are needed.
        expected: usize,
        /// How many were given.
        actual: usize,
    },
    /// The partial signature of this signer does not belong to its key, its public nonce and this session.
    #[error("partial signature of signer {signer} is not valid in this session")]
    InvalidPartialSignature {
        /// Whose.
        signer: usize,
    },
    /// The own partial signature does not verify: the machine miscalculated. It was not given out.
    #[error("own partial signature does not verify: a fault of the machine")]
    SigningFault,
    /// All partial signatures are valid and their sum is not. Either all signers have agreed on public nonces that
    /// cancel, or the machine miscalculated.
    #[error("sum of valid partial signatures does not verify")]
    AggregationFault,
    /// A derived scalar is zero, which happens with a probability of 2^−128 and to nobody. A new session helps.
    #[error("a derived scalar is zero, start a new session")]
    DegenerateScalar,
}
