//! The negative controls: code that leaks, about which memcheck has to complain.
//!
//! The first show that it sees leaks at all. The others do what the cases do, with a mistake, and show that neither
//! `boundary.rs` nor `known.supp` hides it: those let verdicts and public points through, and verification, but no
//! variable-time arithmetic of libsecp256k1 on a secret, and nothing that our own code does.

use std::hint::black_box;

use pointlock::curve::{Point, SecretScalar, Tag, double_mul_public};

use crate::Case;
use crate::cases::{point, secret, secret_bytes};

/// The controls, by the names that the test calls them by.
pub(crate) const CASES: &[Case] = &[
    ("leak.branch", branch),
    ("leak.lookup", lookup),
    ("leak.comparison", comparison),
    ("leak.nonce_sign", nonce_sign),
    ("leak.variable_time_multiplication", variable_time_multiplication),
    ("leak.verification_of_a_secret", verification_of_a_secret),
    ("leak.secret_point", secret_point),
];

fn branch() {
    if secret_bytes(1)[31] & 1 == 1 {
        black_box("odd");
    }
}

/// No branch, but a cache line that depends on the secret.
fn lookup() {
    static TABLE: [u8; 256] = [7; 256];
    black_box(black_box(&TABLE)[usize::from(secret_bytes(1)[31])]);
}

/// Stops at the first byte that differs. (Of arrays of 32 bytes the compiler makes a comparison without a branch.)
fn comparison() {
    let (secret, guess) = (secret_bytes(1), [1; 32]);
    black_box(black_box(&secret[..]) == black_box(&guess[..]));
}

/// `schnorr::pre_sign` as far as the nonce's sign, which it takes with a branch: not by the parity of R', which is
/// public, but by a bit of k.
fn nonce_sign() {
    static NONCE: Tag = Tag::new("SchnorrAdaptor/nonce");
    let lock_point = point(3);
    let hash = NONCE.hash(&[&secret_bytes(1), &lock_point.to_bytes()]);
    let nonce = SecretScalar::from_hash(&hash).expect("not n");
    let nonce_point = nonce.to_point().add(&lock_point).expect("not opposite");
    black_box(nonce_point.to_bytes());
    let is_odd = nonce.dangerous_to_bytes()[31] & 1 == 1;
    black_box(if is_odd { nonce.negate() } else { nonce });
}

/// The multiplication for public scalars.
fn variable_time_multiplication() {
    black_box(point(1).mul_public(&secret(2).dangerous_reveal()).expect("not zero"));
}

/// What verification computes with, called with a secret from elsewhere.
fn verification_of_a_secret() {
    let secret = secret(2).dangerous_reveal();
    black_box(double_mul_public(&secret, &secret, &point(1)).expect("not opposite"));
}

/// A Diffie-Hellman secret serialised as if it were public.
fn secret_point() {
    let product: Point = point(1).mul_secret(&secret(2));
    black_box(product.to_bytes());
}
