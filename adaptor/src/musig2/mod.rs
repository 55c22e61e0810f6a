//! MuSig2 (BIP-327): n signers, one key, one signature; and the same under a lock point.
//!
//! To the chain the signature is a BIP-340 signature by one key. Two rounds: all exchange public nonces, then
//! all exchange partial signatures. With a lock point T = t·G the sum of the partial signatures is no signature yet
//! but a [`PreSignature`], which t finishes.
//!
//! # Equations
//!
//! Signer i has the key P_i = d_i·G and the nonces R1_i = k1_i·G, R2_i = k2_i·G. R1 and R2 are the sums of the nonces,
//! a_i are coefficients that hash all keys:
//!
//! ```text
//! Q   = sum of a_i·P_i                          the aggregate key (and tweaks: see KeyAggContext)
//! b   = H_MuSig/noncecoef(33(R1 + T) ‖ 33(R2) ‖ x(Q) ‖ m)
//! R'  = R1 + T + b·R2
//! e   = H_BIP0340/challenge(x(R') ‖ x(Q) ‖ m)
//! s_i = ±(k1_i + b·k2_i) ± e·a_i·d_i            partial signature (first sign: y(R'), second: y(Q))
//! s'  = sum of s_i                              pre-signature 33(R') ‖ s'
//! ```
//!
//! The plain session is this without T, and follows BIP-327 to the letter. `verify`, `adapt` and `extract` are those of
//! [`schnorr`](super::schnorr) under Q.
//!
//! # Synopsis
//!
//! ```
//! use pointlock_adaptor::musig2::{AdaptorSession, KeyAggContext, SecretNonce};
//! use pointlock_adaptor::curve::{Keypair, SecretScalar};
//!
//! // Alice pays Bob for the secret t, from an output that belongs to both. Both know the message and T.
//! let alice = Keypair::from_secret_bytes(&[1; 32])?;
//! let bob = Keypair::from_secret_bytes(&[2; 32])?;
//! let t = SecretScalar::from_bytes(&[3; 32])?;
//! let (message, lock_point) = ([4; 32], t.to_point());
//! let keys = KeyAggContext::new(&[alice.public_key(), bob.public_key()])?.with_taproot_tweak(None)?;
//!
//! // Each makes a nonce from 32 bytes of fresh entropy. They exchange the public halves.
//! let (mut alice_rand, mut bob_rand) = ([5; 32], [6; 32]);
//! let alice_nonce =
//!     SecretNonce::generate(&mut alice_rand, &alice, &keys.x_only(), &message, None)?;
//! let bob_nonce = SecretNonce::generate(&mut bob_rand, &bob, &keys.x_only(), &message, None)?;
//! let public_nonces = [alice_nonce.public_nonce(), bob_nonce.public_nonce()];
//!
//! // Both compute the same session.
//! let session = AdaptorSession::with_lock_point(&keys, &public_nonces, &message, &lock_point)?;
//!
//! // Bob, who knows t, signs first. Alice, who wants to learn it, signs last: she then has the pre-signature.
//! let bobs = session.sign_partial(bob_nonce, &bob)?;
//! let (alices, pre_signature) = session.sign_partial_last(alice_nonce, &alice, &[bobs])?;
//!
//! // With Alice's partial signature Bob has it too, finishes it and is paid.
//! let signature = session.aggregate(&[alices, bobs])?.adapt(&t);
//!
//! // Alice sees the signature, and with it learns t.
//! let learned = pre_signature.extract(&signature, &keys.x_only(), &message, &lock_point)?;
//! assert_eq!(learned, t);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *A nonce in two sessions* gives the key away, and so do nonces that differ by something known. [`SecretNonce`]
//!   can be neither copied nor stored nor used twice. A virtual machine that is cloned or rolled back between the
//!   rounds copies it all the same.
//! - *Randomness that repeats.* Key, aggregate key, message and an extra input are hashed in as well, so it takes the
//!   same session twice; with the same session twice, an attacker's second public nonce is enough.
//! - *Giving one's partial signature first* when one wants to extract. See [`AdaptorSession::sign_partial_last`].
//! - *A second signature for the same output without T*, a refund for example, makes the pre-signature worthless as a
//!   lock: see the contract that uses this for what may be signed when.
//! - *A lock point outside the coefficient b.* Whoever picks T after seeing the nonces can then forge, with 256
//!   sessions at once and in seconds (`tests/musig2_ros.rs` does it). In the equation above T is inside of b.
//! - *An untweaked aggregate key as a taproot output*: see [`KeyAggContext::with_taproot_tweak`].
//!
//! # References
//!
//! [BIP-327](https://github.com/bitcoin/bips/blob/master/bip-0327.mediawiki), whose deterministic signing is left
//! out; the paper, Nick, Ruffing, Seurin, [MuSig2](https://eprint.iacr.org/2020/1261); libsecp256k1-zkp's `musig`
//! module, with whose adaptor sessions this agrees byte for byte; Benhamouda et al.,
//! [On the (in)security of ROS](https://eprint.iacr.org/2020/945).

mod error;
mod key_agg;
mod nonce_agg;
mod nonce_gen;
mod partial;
mod pre_signature;
mod session;
mod session_values;

pub use error::Musig2Error;
pub use key_agg::{KeyAggContext, key_sort};
pub use nonce_agg::{AggregateNonce, PublicNonce};
pub use nonce_gen::{NonceOptions, SecretNonce};
pub use partial::PartialSignature;
pub use pre_signature::PreSignature;
pub use session::{AdaptorSession, Locked, Plain, Session, sign_for_aggregator};

/// The vector tests in here, of what takes raw secret nonces, read the same files as those in `tests/`.
#[cfg(test)]
#[path = "../../../tests/common/standards.rs"]
mod standards;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod vector_tests;
