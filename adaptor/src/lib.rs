//! Adaptor signatures: a signature that somebody can finish only with the secret of a lock point, and that
//! gives this secret away to whoever holds both the unfinished and the finished one.
//!
//! Four verbs, the same in every scheme. T = t·G is the lock point, t its secret:
//!
//! | verb | who | from | to |
//! | --- | --- | --- | --- |
//! | `pre_sign` | the signer | key, message, T | pre-signature |
//! | `verify` | the one who will be paid | pre-signature, public key, message, T | yes or why not |
//! | `adapt` | whoever knows t | pre-signature, t | signature |
//! | `extract` | the signer | pre-signature, signature, key, m, T | t |
//!
//! | scheme | module | pre-signature | finished signature |
//! | --- | --- | --- | --- |
//! | Schnorr | [`schnorr`] | 65 bytes | BIP-340 |
//! | ECDSA | `ecdsa`, with the feature of this name | 162 bytes | ECDSA |
//! | MuSig2 | [`musig2`] | 65 bytes | BIP-340 under the aggregate key |
//!
//! The pre-signatures of the schemes are types of their own: the one can't be given to the other's verbs, and
//! none passes for a signature.
//!
//! # What does not compile
//!
//! A pre-signature as a signature; adapted, it is one:
//!
//! ```compile_fail,E0308
//! # use pointlock_adaptor::schnorr;
//! # use pointlock_adaptor::curve::{SecretScalar, XOnlyPublicKey};
//! # fn publish(pre: schnorr::PreSignature, key: XOnlyPublicKey, message: [u8; 32], t: SecretScalar) {
//! let valid = schnorr::verify_signature(&pre, &key, &message);
//! # }
//! ```
//!
//! ```
//! # use pointlock_adaptor::schnorr;
//! # use pointlock_adaptor::curve::{SecretScalar, XOnlyPublicKey};
//! # fn publish(pre: schnorr::PreSignature, key: XOnlyPublicKey, message: [u8; 32], t: SecretScalar) {
//! let valid = schnorr::verify_signature(&pre.adapt(&t), &key, &message);
//! # }
//! ```
//!
//! One scheme's pre-signature for another's verb; its own verb takes it:
//!
//! ```compile_fail,E0308
//! # use pointlock_adaptor::{musig2, schnorr};
//! # use pointlock_adaptor::curve::SecretScalar;
//! # fn finish(pre: musig2::PreSignature, t: SecretScalar) {
//! let signature = schnorr::PreSignature::adapt(&pre, &t);
//! # }
//! ```
//!
//! ```
//! # use pointlock_adaptor::{musig2, schnorr};
//! # use pointlock_adaptor::curve::SecretScalar;
//! # fn finish(pre: musig2::PreSignature, t: SecretScalar) {
//! let signature = musig2::PreSignature::adapt(&pre, &t);
//! # }
//! ```
//!
//! A blind of the route as the secret of a lock; the lock secret that is computed with it is one:
//!
//! ```compile_fail,E0308
//! # use pointlock_adaptor::schnorr;
//! # use pointlock_adaptor::curve::SecretScalar;
//! # use pointlock_adaptor::lock::{Blind, previous_secret};
//! # fn claim(pre: schnorr::PreSignature, next: SecretScalar, blind: Blind) {
//! let signature = pre.adapt(&blind);
//! # }
//! ```
//!
//! ```
//! # use pointlock_adaptor::schnorr;
//! # use pointlock_adaptor::curve::SecretScalar;
//! # use pointlock_adaptor::lock::{Blind, previous_secret};
//! # fn claim(pre: schnorr::PreSignature, next: SecretScalar, blind: Blind) {
//! let signature = previous_secret(&next, &blind).map(|secret| pre.adapt(&secret));
//! # }
//! ```
//!
//! The modules below the schemes: [`curve`] has the scalars and points, [`lock`] the locks along a route.
//!
//! # Features
//!
//! | feature | default | adds |
//! | --- | --- | --- |
//! | `std` | yes | what libsecp256k1's bindings need of it; no module |
//! | `batch` | yes | verification of many signatures at once, through `pointlock-msm`; needs `std` |
//! | `threads` | no | batches over several cores, through `rayon`; needs `batch` |
//! | `ecdsa` | no | `ecdsa`, through `secp256k1-zkp`; needs `std` |
//! | `rand_core` | no | `curve::fresh` and `from_rng`: entropy from a generator of yours |
//!
//! Features only add. Without `std` the crate is `no_std` with `alloc`.

#![cfg_attr(not(feature = "std"), no_std)]
// docs.rs builds with nightly, and marks what needs a feature.
#![cfg_attr(docsrs, feature(doc_cfg))]

extern crate alloc;

mod error;

pub mod curve;
pub mod dleq;
#[cfg(feature = "ecdsa")]
pub mod ecdsa;
pub mod lock;
pub mod musig2;
pub mod schnorr;

pub use error::AdaptorError;
#[cfg(feature = "batch")]
pub use error::{BatchError, BatchFault};
/// The traits that a generator has: a dependant that takes them from here has the version that fits.
#[cfg(feature = "rand_core")]
pub use rand_core;
