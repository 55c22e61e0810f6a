//! The codes of the interface, and which error of the library has which.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use std::ffi::{CStr, c_char, c_int};

use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::musig2::Musig2Error;
use pointlock::curve::CurveError;
use pointlock::invoice::InvoiceError;
use pointlock::invoice::ktime::KtimeError;
use pointlock::invoice::proof::ProofError;
use pointlock::lock::LockError;

use crate::refusal::Refusal;

/// What a call returns. A code keeps its number and its meaning; new ones may come.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Error {
    /// The call did what it was asked for.
    None = 0,
    /// A pointer is null that may not be.
    NullPointer = 1,
    /// A pointer is not aligned for what it points to.
    Misaligned = 2,
    /// A length is not the one that it has to be.
    Length = 3,
    /// What would be written overlaps something else that the call was given.
    Overlap = 4,
    /// The library has a fault: please report it. Nothing was written.
    Panic = 5,
    /// The library has another version of this interface than the header.
    Version = 6,
    /// The library was already used when it was to be randomised.
    ContextInUse = 7,
    /// A list has too few or too many items.
    Count = 8,
    /// A handle is of another type than the argument, or was freed.
    Handle = 9,
    /// A scalar is zero.
    ScalarZero = 10,
    /// A scalar is not below the group order.
    ScalarOutOfRange = 11,
    /// Bytes are no point of the curve, or a pointlock_point was never written.
    Point = 12,
    /// A sum of points is at infinity.
    PointAtInfinity = 13,
    /// A pre-signature has a wrong prefix, or a scalar that is out of range.
    PreSignatureEncoding = 20,
    /// A pre-signature is not for this key, message and lock point.
    PreSignatureInvalid = 21,
    /// A signature is not for this key and message.
    SignatureInvalid = 22,
    /// A signature was made from another pre-signature.
    NonceMismatch = 23,
    /// A scalar is not the secret of the point that it should open.
    SecretMismatch = 24,
    /// A derived scalar is zero, which happens to nobody: take other randomness.
    Degenerate = 25,
    /// An aggregate key is at infinity.
    KeyAtInfinity = 30,
    /// Session randomness is all zeros, as a buffer is that has made a nonce.
    RandomnessUsed = 31,
    /// A secret nonce has signed before, or has failed to.
    NonceSpent = 32,
    /// A public nonce is no pair of points.
    PublicNonce = 33,
    /// The final nonce of an adaptor session is at infinity.
    FinalNonceAtInfinity = 34,
    /// A secret nonce belongs to another key.
    ForeignNonce = 35,
    /// A key is not among the signers.
    NotASigner = 36,
    /// A session has another public nonce for this signer.
    NonceNotInSession = 37,
    /// There is no signer of this index.
    NoSuchSigner = 38,
    /// A partial signature is not its signer's in this session.
    PartialSignatureInvalid = 39,
    /// A session with a lock point is needed, or one without.
    WrongSession = 40,
    /// What was signed does not verify: the machine miscalculated, and nothing is given out.
    MachineFault = 41,
    /// The lock of an edge is at infinity.
    LockAtInfinity = 50,
    /// Blinds add up to zero.
    BlindsCancel = 51,
    /// A blind cancels the lock.
    BlindCancelsLock = 52,
    /// A blind cancels the lock secret.
    BlindCancelsSecret = 53,
    /// An invoice has no polynomial of payment points.
    NoPolynomial = 60,
    /// An invoice has no payment points at all.
    NoPaymentPoints = 61,
    /// A payer's key has an odd y.
    PayerKeyOdd = 62,
    /// A signature is not the payer's over this x and this lock.
    PayerSignature = 63,
    /// An invoice is refused; the sentence of the fault names its field.
    Invoice = 64,
    /// A proof of payment can't be read; the sentence of the fault names its field.
    ProofEncoding = 65,
    /// A proof of payment does not prove it.
    ProofInvalid = 66,
    /// A proof of payment is for another verifier.
    OtherVerifier = 67,
    /// A proof of payment is over another challenge.
    OtherChallenge = 68,
    /// Something that this version of the header has no code for; the sentence of the fault says what.
    Other = 99,
}

impl Error {
    /// All codes there are.
    const ALL: [Self; 46] = [
        Self::None,
        Self::NullPointer,
        Self::Misaligned,
        Self::Length,
        Self::Overlap,
        Self::Panic,
        Self::Version,
        Self::ContextInUse,
        Self::Count,
        Self::Handle,
        Self::ScalarZero,
        Self::ScalarOutOfRange,
        Self::Point,
        Self::PointAtInfinity,
        Self::PreSignatureEncoding,
        Self::PreSignatureInvalid,
        Self::SignatureInvalid,
        Self::NonceMismatch,
        Self::SecretMismatch,
        Self::Degenerate,
        Self::KeyAtInfinity,
        Self::RandomnessUsed,
        Self::NonceSpent,
        Self::PublicNonce,
        Self::FinalNonceAtInfinity,
        Self::ForeignNonce,
        Self::NotASigner,
        Self::NonceNotInSession,
        Self::NoSuchSigner,
        Self::PartialSignatureInvalid,
        Self::WrongSession,
        Self::MachineFault,
        Self::LockAtInfinity,
        Self::BlindsCancel,
        Self::BlindCancelsLock,
        Self::BlindCancelsSecret,
        Self::NoPolynomial,
        Self::NoPaymentPoints,
        Self::PayerKeyOdd,
        Self::PayerSignature,
        Self::Invoice,
        Self::ProofEncoding,
        Self::ProofInvalid,
        Self::OtherVerifier,
        Self::OtherChallenge,
        Self::Other,
    ];

    /// The name of the code in C.
    pub(crate) fn name(self) -> &'static CStr {
        match self {
            Self::None => c"POINTLOCK_ERROR_NONE",
            Self::NullPointer => c"POINTLOCK_ERROR_NULL_POINTER",
            Self::Misaligned => c"POINTLOCK_ERROR_MISALIGNED",
            Self::Length => c"POINTLOCK_ERROR_LENGTH",
            Self::Overlap => c"POINTLOCK_ERROR_OVERLAP",
            Self::Panic => c"POINTLOCK_ERROR_PANIC",
            Self::Version => c"POINTLOCK_ERROR_VERSION",
            Self::ContextInUse => c"POINTLOCK_ERROR_CONTEXT_IN_USE",
            Self::Count => c"POINTLOCK_ERROR_COUNT",
            Self::Handle => c"POINTLOCK_ERROR_HANDLE",
            Self::ScalarZero => c"POINTLOCK_ERROR_SCALAR_ZERO",
            Self::ScalarOutOfRange => c"POINTLOCK_ERROR_SCALAR_OUT_OF_RANGE",
            Self::Point => c"POINTLOCK_ERROR_POINT",
            Self::PointAtInfinity => c"POINTLOCK_ERROR_POINT_AT_INFINITY",
            Self::PreSignatureEncoding => c"POINTLOCK_ERROR_PRE_SIGNATURE_ENCODING",
            Self::PreSignatureInvalid => c"POINTLOCK_ERROR_PRE_SIGNATURE_INVALID",
            Self::SignatureInvalid => c"POINTLOCK_ERROR_SIGNATURE_INVALID",
            Self::NonceMismatch => c"POINTLOCK_ERROR_NONCE_MISMATCH",
            Self::SecretMismatch => c"POINTLOCK_ERROR_SECRET_MISMATCH",
            Self::Degenerate => c"POINTLOCK_ERROR_DEGENERATE",
            Self::KeyAtInfinity => c"POINTLOCK_ERROR_KEY_AT_INFINITY",
            Self::RandomnessUsed => c"POINTLOCK_ERROR_RANDOMNESS_USED",
            Self::NonceSpent => c"POINTLOCK_ERROR_NONCE_SPENT",
            Self::PublicNonce => c"POINTLOCK_ERROR_PUBLIC_NONCE",
            Self::FinalNonceAtInfinity => c"POINTLOCK_ERROR_FINAL_NONCE_AT_INFINITY",
            Self::ForeignNonce => c"POINTLOCK_ERROR_FOREIGN_NONCE",
            Self::NotASigner => c"POINTLOCK_ERROR_NOT_A_SIGNER",
            Self::NonceNotInSession => c"POINTLOCK_ERROR_NONCE_NOT_IN_SESSION",
            Self::NoSuchSigner => c"POINTLOCK_ERROR_NO_SUCH_SIGNER",
            Self::PartialSignatureInvalid => c"POINTLOCK_ERROR_PARTIAL_SIGNATURE_INVALID",
            Self::WrongSession => c"POINTLOCK_ERROR_WRONG_SESSION",
            Self::MachineFault => c"POINTLOCK_ERROR_MACHINE_FAULT",
            Self::LockAtInfinity => c"POINTLOCK_ERROR_LOCK_AT_INFINITY",
            Self::BlindsCancel => c"POINTLOCK_ERROR_BLINDS_CANCEL",
            Self::BlindCancelsLock => c"POINTLOCK_ERROR_BLIND_CANCELS_LOCK",
            Self::BlindCancelsSecret => c"POINTLOCK_ERROR_BLIND_CANCELS_SECRET",
            Self::NoPolynomial => c"POINTLOCK_ERROR_NO_POLYNOMIAL",
            Self::NoPaymentPoints => c"POINTLOCK_ERROR_NO_PAYMENT_POINTS",
            Self::PayerKeyOdd => c"POINTLOCK_ERROR_PAYER_KEY_ODD",
            Self::PayerSignature => c"POINTLOCK_ERROR_PAYER_SIGNATURE",
            Self::Invoice => c"POINTLOCK_ERROR_INVOICE",
            Self::ProofEncoding => c"POINTLOCK_ERROR_PROOF_ENCODING",
            Self::ProofInvalid => c"POINTLOCK_ERROR_PROOF_INVALID",
            Self::OtherVerifier => c"POINTLOCK_ERROR_OTHER_VERIFIER",
            Self::OtherChallenge => c"POINTLOCK_ERROR_OTHER_CHALLENGE",
            Self::Other => c"POINTLOCK_ERROR_OTHER",
        }
    }

    /// The name without its beginning.
    pub(crate) fn word(self) -> &'static str {
        self.name().to_str().map_or("", |name| name.trim_start_matches("POINTLOCK_ERROR_"))
    }
}

/// The name of a code as it stands in this header, for logs; "POINTLOCK_ERROR_UNKNOWN" for a number that is no code. It need not be freed.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_error_name(code: c_int) -> *const c_char {
    let known = Error::ALL.into_iter().find(|error| *error as c_int == code);
    known.map_or(c"POINTLOCK_ERROR_UNKNOWN", Error::name).as_ptr()
}

impl From<CurveError> for Refusal {
    fn from(error: CurveError) -> Self {
        let code = match error {
            CurveError::ScalarZero => Error::ScalarZero,
            CurveError::ScalarOutOfRange => Error::ScalarOutOfRange,
            CurveError::PointAtInfinity => Error::PointAtInfinity,
            CurveError::PointPrefix { .. } | CurveError::NotOnCurve => Error::Point,
            CurveError::Length { .. } => Error::Length,
            CurveError::ContextInUse => Error::ContextInUse,
            _ => Error::Other,
        };
        Self::of(code, &error)
    }
}

impl From<AdaptorError> for Refusal {
    fn from(error: AdaptorError) -> Self {
        let code = match error {
            AdaptorError::Length { .. } => Error::Length,
            AdaptorError::NoncePrefix { .. }
            | AdaptorError::UnlockedNoncePrefix { .. }
            | AdaptorError::NonceXZero
            | AdaptorError::ScalarZero
            | AdaptorError::ProofOutOfRange
            | AdaptorError::ScalarOutOfRange => Error::PreSignatureEncoding,
            AdaptorError::NonceNotOnCurve
            | AdaptorError::NonceAtInfinity
            | AdaptorError::InvalidPreSignature => Error::PreSignatureInvalid,
            AdaptorError::InvalidSignature => Error::SignatureInvalid,
            AdaptorError::NonceMismatch => Error::NonceMismatch,
            AdaptorError::SecretMismatch => Error::SecretMismatch,
            AdaptorError::DegenerateNonce => Error::Degenerate,
            _ => Error::Other,
        };
        Self::of(code, &error)
    }
}

impl From<LockError> for Refusal {
    fn from(error: LockError) -> Self {
        let code = match error {
            LockError::NoEdges => Error::Count,
            LockError::LockAtInfinity { .. } => Error::LockAtInfinity,
            LockError::BlindsCancel => Error::BlindsCancel,
            LockError::BlindCancelsLock => Error::BlindCancelsLock,
            LockError::BlindCancelsSecret => Error::BlindCancelsSecret,
            _ => Error::Other,
        };
        let refusal = Self::of(code, &error);
        match error {
            // The blind of edge i is y_{i−1}.
            LockError::LockAtInfinity { edge } => refusal.with_index(edge - 1),
            _ => refusal,
        }
    }
}

impl From<Musig2Error> for Refusal {
    fn from(error: Musig2Error) -> Self {
        let code = match error {
            Musig2Error::NoKeys
            | Musig2Error::PublicNonceCount { .. }
            | Musig2Error::PartialSignatureCount { .. } => Error::Count,
            Musig2Error::AggregateKeyAtInfinity | Musig2Error::TweakedKeyAtInfinity { .. } => {
                Error::KeyAtInfinity
            }
            Musig2Error::TweakOutOfRange { .. } | Musig2Error::PartialSignatureOutOfRange => {
                Error::ScalarOutOfRange
            }
            Musig2Error::SessionRandUsed => Error::RandomnessUsed,
            Musig2Error::PublicNonce { .. } => Error::PublicNonce,
            Musig2Error::FinalNonceAtInfinity => Error::FinalNonceAtInfinity,
            Musig2Error::ForeignNonce => Error::ForeignNonce,
            Musig2Error::NotASigner => Error::NotASigner,
            Musig2Error::NonceNotInSession => Error::NonceNotInSession,
            Musig2Error::NoSuchSigner { .. } => Error::NoSuchSigner,
            Musig2Error::InvalidPartialSignature { .. } => Error::PartialSignatureInvalid,
            Musig2Error::SigningFault | Musig2Error::AggregationFault => Error::MachineFault,
            Musig2Error::DegenerateScalar => Error::Degenerate,
            _ => Error::Other,
        };
        let refusal = Self::of(code, &error);
        match error {
            Musig2Error::TweakedKeyAtInfinity { tweak }
            | Musig2Error::TweakOutOfRange { tweak } => refusal.with_index(tweak),
            Musig2Error::InvalidPartialSignature { signer } => refusal.with_index(signer),
            _ => refusal,
        }
    }
}

impl From<KtimeError> for Refusal {
    fn from(error: KtimeError) -> Self {
        let code = match error {
            KtimeError::DegreeOutOfRange { .. } => Error::Count,
            KtimeError::PayerKey(_) => Error::Point,
            KtimeError::PayerKeyOdd => Error::PayerKeyOdd,
            KtimeError::ZeroX => Error::ScalarZero,
            KtimeError::PointAtInfinity => Error::PointAtInfinity,
            KtimeError::PayerSignature => Error::PayerSignature,
            _ => Error::Other,
        };
        Self::of(code, &error)
    }
}

impl From<InvoiceError> for Refusal {
    fn from(error: InvoiceError) -> Self {
        Self::of(Error::Invoice, &error)
    }
}

impl From<ProofError> for Refusal {
    fn from(error: ProofError) -> Self {
        let code = match error {
            ProofError::NoPolynomial => Error::NoPolynomial,
            ProofError::NotThePointSecret => Error::SecretMismatch,
            ProofError::Invoice(_) => Error::Invoice,
            ProofError::OtherVerifier => Error::OtherVerifier,
            ProofError::OtherChallenge => Error::OtherChallenge,
            ProofError::NotShown(_) | ProofError::PayerSignature => Error::ProofInvalid,
            // Whose signature is wrong, the text says.
            ProofError::InvoiceSignature | ProofError::ProofSignature => Error::ProofEncoding,
            ProofError::Prove(_) => Error::MachineFault,
            ProofError::Terms(error) => return error.into(),
            ProofError::Length { .. }
            | ProofError::Encoding(_)
            | ProofError::Missing(_)
            | ProofError::Malformed(_)
            | ProofError::UnknownField { .. }
            | ProofError::Metadata
            | ProofError::MarkerOrder { .. }
            | ProofError::MarkerRange { .. }
            | ProofError::MarkerShown { .. }
            | ProofError::MarkerGap { .. }
            | ProofError::LeafHashes { .. }
            | ProofError::MissingHashes { .. }
            | ProofError::Value(_)
            | ProofError::Dleq(_) => Error::ProofEncoding,
            _ => Error::Other,
        };
        Self::of(code, &error)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What stands in the header under each name, so that a code keeps its number.
    #[test]
    fn codes_are_those_of_the_header() {
        let header = include_str!("../include/pointlock.h");
        let mut seen = 0;
        for line in header.lines() {
            if let Some((name, number)) = line.trim().trim_end_matches(',').split_once(" = ") {
                let Ok(code) = number.parse::<c_int>() else { continue };
                let error = Error::ALL.iter().find(|error| **error as c_int == code).unwrap();
                assert_eq!(error.name().to_str().unwrap(), name);
                seen += 1;
            }
        }
        assert_eq!(seen, Error::ALL.len());
    }

    #[test]
    fn a_number_that_is_no_code_has_a_name() {
        // Each code's name is its own pointer; two unknown numbers have the same.
        assert_eq!(pointlock_error_name(-1), pointlock_error_name(1_000));
        assert_ne!(pointlock_error_name(0), pointlock_error_name(1_000));
        assert_eq!(pointlock_error_name(4), Error::Overlap.name().as_ptr());
    }
}
