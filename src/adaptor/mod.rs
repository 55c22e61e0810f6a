//! Adaptor signatures: a signature that somebody can finish only with the secret of a lock point, and that
//! gives this secret away to whoever holds both the unfinished and the finished one.
//!
//! Four verbs, the same in every scheme. T = t·G is the lock point, t its secret:
//!
//! | verb | who | from | to |
//! | --- | --- | --- | --- |
//! | `pre_sign` | the signer | key, message, T | pre-signature |
//! | `verify` | the one who will be paid | pre-signature, public key, message, T | yes or why not |
//! | `adapt` | who knows t | pre-signature, t | signature |
//! | `extract` | the signer | pre-signature, signature | t |
//!
//! | scheme | module | pre-signature | finished signature |
//! | --- | --- | --- | --- |
//! | Schnorr | [`schnorr`] | 65 bytes | BIP-340 |
//! | ECDSA | `ecdsa`, with the feature of this name | 162 bytes | ECDSA |
//! | MuSig2 | [`musig2`] | 65 bytes | BIP-340 under the aggregate key |
//!
//! The pre-signatures of the schemes are types of their own: the one can't be given to the other's verbs, and
//! none passes for a signature.

mod error;

#[cfg(feature = "ecdsa")]
pub mod ecdsa;
pub mod musig2;
pub mod schnorr;

pub use error::AdaptorError;
