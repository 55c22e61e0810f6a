//! The keys of a channel: BOLT 3's, and the verification nonces of the taproot document.
//!
//! # Equations
//!
//! B = b·G is a basepoint, P = p·G the publisher's per-commitment point, h(..) SHA-256 as a scalar, R = r·G the other party's revocation
//! basepoint:
//!
//! ```text
//! derived key       B + h(33(P) ‖ 33(B))·G                          its secret  b + h(33(P) ‖ 33(B))
//! revocation key    h(33(R) ‖ 33(P))·R + h(33(P) ‖ 33(R))·P         its secret  h(33(R) ‖ 33(P))·r + h(33(P) ‖ 33(R))·p
//! p_n               2^48 − 1 − n bits of the seed flipped and hashed, from the highest one: see PerCommitmentSeed
//! nonce root        HMAC-SHA256("taproot-rev-root" ‖ funding txid, SHA-256(seed))
//! nonce of n        NonceGen(entropy: leaf n of that root, key: funding key, aggregate key: funding output's, no message)
//! ```
//!
//! # Who knows what
//!
//! The publisher knows b and p, the other party r. The revocation key's secret needs r and p, so nobody has it until the publisher tells p, which it
//! does when its next commitment is complete; from then on the other party has it, and takes everything, should the old one be published.
//!
//! # What breaks it
//!
//! - *A per-commitment secret that is told early*: all of that commitment then belongs to the other party.
//! - *A seed that two channels share*: so do all their secrets.
//! - *A verification nonce that signs twice*: see [`VerificationNonces`].
//!
//! # References
//!
//! [BOLT 3](https://github.com/lightning/bolts/blob/master/03-transactions.md), sections on keys;
//! [lightning/bolts 1330](https://github.com/lightning/bolts/pull/1330), counter-based nonces.

mod channel_secrets;
mod commitment_keys;
mod derive;
mod nonces;
mod revoked;
mod seed;

pub use channel_secrets::ChannelSecrets;
pub use commitment_keys::CommitmentKeys;
pub use derive::{derived_key, derived_secret, revocation_key, revocation_secret};
pub use nonces::VerificationNonces;
pub use revoked::RevokedSecrets;
pub use seed::{LAST_COMMITMENT, PerCommitmentSeed};

pub(crate) use derive::taproot_keypair;
