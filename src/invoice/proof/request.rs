use std::fmt;

use sha2::{Digest, Sha256};

/// Who a proof is for: 32 bytes that stand for the verifier, and for nobody else.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Verifier([u8; 32]);

impl Verifier {
    /// The SHA-256 hash of the verifier's name or key: what a payer can compare with whom it believes to talk to, such as a
    /// domain name, or a node id of 33 bytes.
    pub fn named(name: impl AsRef<[u8]>) -> Self {
        Self(Sha256::digest(name).into())
    }

    /// A hash known from elsewhere.
    pub const fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({self})")
    }
}

/// The verifier's nonce: 32 bytes that it draws for one proof, and takes one proof for.
///
/// Without it the holder of a proof could show it a second time, as if it were a new one.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Challenge([u8; 32]);

impl Challenge {
    /// From fresh entropy.
    pub const fn new(entropy: [u8; 32]) -> Self {
        Self(entropy)
    }

    /// A fresh challenge. With the feature `rand_core`.
    #[cfg(feature = "rand_core")]
    pub fn from_rng<R: crate::rand_core::CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self(*crate::curve::fresh(rng))
    }

    /// The 32 bytes.
    pub const fn to_bytes(self) -> [u8; 32] {
        self.0
    }
}

impl fmt::Display for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for Challenge {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Challenge({self})")
    }
}

/// What a verifier asks for: a proof to itself, over a challenge that it has given to nobody before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ProofRequest {
    /// Who asks. The payer checks that it is whom it talks to: else the proof can be passed on to somebody else.
    pub verifier: Verifier,
    /// The verifier's nonce.
    pub challenge: Challenge,
}
