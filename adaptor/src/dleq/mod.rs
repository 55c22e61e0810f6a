//! Proofs that two points have one discrete logarithm, each to a base of its own (BIP-374).
//!
//! # Equations
//!
//! Everybody knows two bases G and B and two points A and C. The prover knows a with A = a·G and C = a·B:
//!
//! ```text
//! prove    t  = a xor H_BIP0374/aux(aux)
//!          k  = H_BIP0374/nonce(t ‖ 33(A) ‖ 33(C) ‖ m) mod n
//!          R1 = k·G    R2 = k·B
//!          e  = H_BIP0374/challenge(33(A) ‖ 33(B) ‖ 33(C) ‖ 33(G) ‖ 33(R1) ‖ 33(R2) ‖ m)
//!          s  = k + e·a mod n
//!          the proof is e ‖ s, and is verified before it is given away
//! verify   R1 = s·G − e·A    R2 = s·B − e·C, neither at infinity
//!          accept if s < n and e is that hash
//! ```
//!
//! m is 32 bytes, or no bytes where there is no message. e is the whole hash and is not reduced, so a proof has one
//! encoding. G is the generator of the curve unless the caller names another base: [`Bases::with_generator`].
//!
//! # Synopsis
//!
//! ```
//! use pointlock_adaptor::curve::SecretScalar;
//! use pointlock_adaptor::dleq::{self, Bases, Statement};
//! # let aux_rand = [4; 32];
//!
//! // Everybody knows the bases; here nobody is meant to know the logarithm of the second one.
//! let bases = Bases::new(SecretScalar::from_bytes(&[9; 32])?.to_point());
//! let message = [5; 32];
//!
//! // The prover knows a, and gives away A, C and the proof.
//! let a = SecretScalar::from_bytes(&[7; 32])?;
//! let (statement, proof) = dleq::prove(&a, &bases, Some(&message), &aux_rand)?;
//! assert_eq!(statement.point, a.to_point());
//!
//! // The verifier knows neither a nor how C was made.
//! proof.verify(&statement, Some(&message))?;
//! let other = Statement { value: statement.point, ..statement };
//! assert!(proof.verify(&other, Some(&message)).is_err(), "log_G A = log_B A holds for no A");
//! assert!(proof.verify(&statement, Some(&[6; 32])).is_err(), "of no use beside another message");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What it proves, and what breaks it
//!
//! - *Soundness needs no assumption on the curve.* If the two logarithms differ, then for each pair of R1 and R2 there is one e
//!   that passes, mod n. e is a hash of both, so with q hashes a false statement passes with a chance of at most
//!   about q/2^255.
//! - *A base whose logarithm somebody knows* makes the proof worth less. With B = b·G, C is b·A and R2 is b·R1: whoever knows b
//!   needs no more than a Schnorr signature under A. Where it counts that the prover has C, B is a hash, so that nobody knows b.
//! - *B chosen by the verifier* makes the prover an oracle that multiplies points of the verifier's choice by a. B has to be a
//!   hash here too, or a point that the prover has reason to trust.
//! - A nonce k that is used again, or leaks, gives a away. k hashes a, both points and the message, so two proofs share it only if
//!   all of these are the same; fresh `aux_rand` protects against faults and side channels on top.
//! - C is published. Never prove for a C that is somebody's shared secret.
//!
//! # References
//!
//! [BIP-374](https://github.com/bitcoin/bips/blob/master/bip-0374.mediawiki); Chaum, Pedersen, Wallet Databases with Observers, 1992.

mod error;
mod proof;
mod statement;

pub use error::DleqError;
pub use proof::{Proof, prove};
pub use statement::{Bases, Statement};
