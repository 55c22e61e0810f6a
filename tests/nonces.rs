//! The nonce of Schnorr pre-signatures hashes all that it should: whatever changes, another nonce is used.
//!
//! Two pre-signatures with one nonce (or opposite ones) under one key give the key away. The nonce point is there for
//! all to see, k·G = R' − T, so nothing but the public interface is needed. Nonces are compared by x coordinate:
//! opposite ones count as equal.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeSet;

use pointlock::adaptor::schnorr::{self, PreSignature};
use pointlock::curve::{Keypair, Point, SecretScalar, XOnlyPublicKey};

/// What a nonce is made from.
#[derive(Clone, Copy)]
struct Input {
    key: [u8; 32],
    message: [u8; 32],
    lock_point: Point,
    aux_rand: [u8; 32],
}

impl Input {
    fn new() -> Self {
        let lock_point = scalar(3).to_point();
        Self { key: [1; 32], message: [2; 32], lock_point, aux_rand: [4; 32] }
    }

    fn pre_sign(&self) -> PreSignature {
        let keypair = Keypair::from_secret_bytes(&self.key).unwrap();
        schnorr::pre_sign(&keypair, &self.message, &self.lock_point, &self.aux_rand).unwrap()
    }

    /// k·G = R' − T.
    fn nonce_point(&self) -> Point {
        nonce_point(&self.pre_sign()).sub(&self.lock_point).unwrap()
    }
}

/// R'.
fn nonce_point(pre_signature: &PreSignature) -> Point {
    Point::from_slice(&pre_signature.to_bytes()[..33]).unwrap()
}

fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

fn flip(bytes: &mut [u8], bit: usize) {
    bytes[bit / 8] ^= 1 << (bit % 8);
}

#[derive(Default)]
struct Seen(BTreeSet<XOnlyPublicKey>);

impl Seen {
    fn expect_new(&mut self, input: &Input, what: &str) {
        assert!(self.0.insert(input.nonce_point().x_only()), "the nonce repeats: {what}");
    }
}

#[test]
fn every_bit_of_every_input_changes_the_nonce() {
    let base = Input::new();
    let mut seen = Seen::default();
    seen.expect_new(&base, "base");
    for bit in 0..256 {
        let mut input = base;
        flip(&mut input.key, bit);
        seen.expect_new(&input, &format!("bit {bit} of the key"));

        let mut input = base;
        flip(&mut input.message, bit);
        seen.expect_new(&input, &format!("bit {bit} of the message"));

        let mut input = base;
        flip(&mut input.aux_rand, bit);
        seen.expect_new(&input, &format!("bit {bit} of aux_rand"));
    }
}

/// A flipped bit of x takes half of all points off the curve: so each bit looks for a point where it does not.
#[test]
fn every_bit_of_the_lock_point_changes_the_nonce() {
    let flipped = |point: &Point, bit| {
        let mut encoding = point.to_bytes();
        flip(&mut encoding[1..], bit);
        Point::from_bytes(&encoding).ok()
    };
    let points: Vec<Point> = (1..=64).map(|byte| scalar(byte).to_point()).collect();
    let mut seen = Seen::default();
    for point in &points {
        seen.expect_new(&Input { lock_point: *point, ..Input::new() }, "base points");
        let opposite = point.negate();
        seen.expect_new(
            &Input { lock_point: opposite, ..Input::new() },
            "parity of the lock point",
        );
    }
    for bit in 0..256 {
        let lock_point = points.iter().find_map(|point| flipped(point, bit)).unwrap();
        let what = format!("bit {bit} of the lock point");
        seen.expect_new(&Input { lock_point, ..Input::new() }, &what);
    }
}

/// Equal inputs, equal pre-signatures: the nonce hides no state. And d and −d are one BIP-340 key.
#[test]
fn nothing_else_changes_the_nonce() {
    let base = Input::new();
    assert_eq!(base.pre_sign(), base.pre_sign());
    let key = *scalar(1).negate().dangerous_to_bytes();
    assert_eq!(Input { key, ..base }.pre_sign(), base.pre_sign());
}

/// A plain signature of the same message by the same key, with the same randomness, has a nonce of its own.
#[test]
fn plain_signatures_share_no_nonce() {
    let input = Input::new();
    let keypair = Keypair::from_secret_bytes(&input.key).unwrap();
    let signature = keypair.sign_schnorr(&input.message, &input.aux_rand);
    let x = &signature.as_ref()[..32];
    assert_ne!(*x, input.nonce_point().x_only().serialize());
    assert_ne!(*x, input.pre_sign().nonce_x());
}

/// P, T and R' with even and odd y, all eight ways: the pre-signature holds up, and says by its first byte which R' it is.
#[test]
fn parities() {
    let mut seen = BTreeSet::new();
    for byte in 1..=64 {
        let (lock_secret, input) = (scalar(byte), Input::new());
        let lock_point = lock_secret.to_point();
        for key in [[1; 32], *scalar(1).negate().dangerous_to_bytes()] {
            let keypair = Keypair::from_secret_bytes(&key).unwrap();
            let public_key = keypair.x_only_public_key();
            let Input { message, aux_rand, .. } = input;
            let pre_signature =
                schnorr::pre_sign(&keypair, &message, &lock_point, &aux_rand).unwrap();
            pre_signature.verify(&public_key, &message, &lock_point).unwrap();
            let signature =
                pre_signature.adapt_verified(&lock_secret, &public_key, &message).unwrap();
            let extracted = pre_signature.extract(&signature, &public_key, &message, &lock_point);
            assert_eq!(extracted.unwrap(), lock_secret);

            // The other parity of R' is another pre-signature, and of no use.
            let mut bytes = pre_signature.to_bytes();
            flip(&mut bytes, 0);
            let other = PreSignature::from_bytes(&bytes).unwrap();
            assert!(other.verify(&public_key, &message, &lock_point).is_err());

            let r_is_odd = nonce_point(&pre_signature).is_odd();
            seen.insert((keypair.public_key().is_odd(), lock_point.is_odd(), r_is_odd));
        }
    }
    assert_eq!(seen.len(), 8);
}
