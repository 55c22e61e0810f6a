//! The verbs under Criterion, to compare two versions of the code: `cargo bench`, change something, `cargo bench`.
//!
//! Criterion runs one row after the other, so two rows of one run may have seen different clock speeds. For ratios between
//! rows, take `pointlock bench`, which measures in turns.

#![allow(missing_docs, reason = "criterion_group! documents nothing")]

use std::hint::black_box;

use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use pointlock::adaptor::musig2::{AdaptorSession, KeyAggContext, SecretNonce};
use pointlock::adaptor::schnorr;
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::{Blind, Preimage, RouteLocks};
use secp256k1::{Message, Secp256k1};

const MESSAGE: [u8; 32] = [2; 32];
const AUX_RAND: [u8; 32] = [4; 32];

fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).expect("below the group order")
}

fn libsecp256k1(c: &mut Criterion) {
    let secp = Secp256k1::new();
    let keypair = secp256k1::Keypair::from_seckey_slice(&secp, &[1; 32]).expect("a valid key");
    let (public_key, message) = (keypair.x_only_public_key().0, Message::from_digest(MESSAGE));
    let signature = secp.sign_schnorr_with_aux_rand(&message, &keypair, &AUX_RAND);
    let mut group = c.benchmark_group("libsecp256k1");
    group.bench_function("schnorr_sign", |b| {
        b.iter(|| secp.sign_schnorr_with_aux_rand(black_box(&message), &keypair, &AUX_RAND));
    });
    group.bench_function("schnorr_verify", |b| {
        b.iter(|| secp.verify_schnorr(black_box(&signature), &message, &public_key));
    });
}

fn htlc(c: &mut Criterion) {
    let preimage = Preimage::new([5; 32]);
    c.bench_function("htlc/sha256", |b| b.iter(|| black_box(&preimage).hash()));
}

fn schnorr_verbs(c: &mut Criterion) {
    let (keypair, t) = (Keypair::new(scalar(1)), scalar(3));
    let (public_key, lock_point) = (keypair.x_only_public_key(), t.to_point());
    let pre_signature = schnorr::pre_sign_verified(&keypair, &MESSAGE, &lock_point, &AUX_RAND)
        .expect("valid inputs");
    let signature =
        pre_signature.adapt_verified(&t, &public_key, &MESSAGE).expect("a valid pre-signature");
    let mut group = c.benchmark_group("schnorr");
    group.bench_function("pre_sign", |b| {
        b.iter(|| schnorr::pre_sign(&keypair, black_box(&MESSAGE), &lock_point, &AUX_RAND));
    });
    group.bench_function("verify", |b| {
        b.iter(|| black_box(&pre_signature).verify(&public_key, &MESSAGE, &lock_point));
    });
    group.bench_function("adapt", |b| b.iter(|| black_box(&pre_signature).adapt(&t)));
    group.bench_function("extract", |b| {
        b.iter(|| {
            black_box(&pre_signature).extract(&signature, &public_key, &MESSAGE, &lock_point)
        });
    });
}

fn musig2_verbs(c: &mut Criterion) {
    let (alice, bob) = (Keypair::new(scalar(1)), Keypair::new(scalar(2)));
    let keys = KeyAggContext::new(&[alice.public_key(), bob.public_key()])
        .and_then(|keys| keys.with_taproot_tweak(None))
        .expect("two keys");
    let nonce = |byte, keypair| {
        SecretNonce::generate(&mut [byte; 32], keypair, &keys.x_only(), &MESSAGE, None)
            .expect("randomness other than zeros")
    };
    let public_nonces = [nonce(6, &alice).public_nonce(), nonce(7, &bob).public_nonce()];
    let lock_point = scalar(3).to_point();
    let session = AdaptorSession::with_lock_point(&keys, &public_nonces, &MESSAGE, &lock_point)
        .expect("two nonces");
    let partial = session.sign_partial(nonce(6, &alice), &alice).expect("Alice's own nonce");
    let mut group = c.benchmark_group("musig2");
    group.bench_function("partial_sign", |b| {
        // Signing uses the nonce up.
        let again = || nonce(6, &alice);
        b.iter_batched(again, |nonce| session.sign_partial(nonce, &alice), BatchSize::SmallInput);
    });
    group.bench_function("partial_verify", |b| {
        b.iter(|| session.verify_partial(0, black_box(&partial)));
    });
}

fn lock(c: &mut Criterion) {
    let payment_point = scalar(1).to_point();
    let blinds = [5, 6, 7, 8].map(|byte| Blind::new(scalar(byte)));
    c.bench_function("lock/setup/4", |b| {
        b.iter(|| RouteLocks::new(black_box(&payment_point), &blinds));
    });
}

criterion_group!(verbs, libsecp256k1, htlc, schnorr_verbs, musig2_verbs, lock);
criterion_main!(verbs);
