//! What a k-time payment point costs: the payer's Z(x), the receiver's z(x), and a proof of payment.
//!
//! `point` is what the library does, a sum of powers; `point/horner` is the same by Horner's rule, one multiplication and
//! one addition a coefficient, for comparison.

#![allow(missing_docs, reason = "criterion_group! documents nothing")]

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use pointlock::curve::{Keypair, Point};
use pointlock::invoice::ktime::{
    NoteHash, PayerKey, PayerScalar, PaymentPolynomial, PaymentTerms, PointSecret,
};
use pointlock::invoice::proof::{Challenge, PaymentProof, ProofRequest, Verifier};
use pointlock::invoice::{PaymentPoints, StaticInvoiceBuilder};

fn polynomial(k: usize) -> PaymentPolynomial {
    PaymentPolynomial::from_entropy(&[1; 32], k).expect("k is in range")
}

fn x() -> PayerScalar {
    PayerScalar::from_bytes(&[0x5a; 32]).expect("a scalar")
}

fn horner(points: &PaymentPoints, x: &PayerScalar) -> Point {
    let x = x.to_scalar();
    let (last, rest) = points.as_slice().split_last().expect("there is a point");
    rest.iter().rev().fold(*last, |sum, point| {
        let product = sum.mul_public(&x).expect("x is not zero");
        product.add(point).expect("the coefficients are random")
    })
}

fn points(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("ktime");
    for k in [1, 8, 32, 128] {
        let (polynomial, x) = (polynomial(k), x());
        let points = polynomial.payment_points();
        assert_eq!(points.point_at(&x), Ok(horner(&points, &x)));
        group.bench_function(BenchmarkId::new("point", k), |bencher| {
            bencher.iter(|| black_box(&points).point_at(black_box(&x)));
        });
        group.bench_function(BenchmarkId::new("point/horner", k), |bencher| {
            bencher.iter(|| horner(black_box(&points), black_box(&x)));
        });
        group.bench_function(BenchmarkId::new("evaluate", k), |bencher| {
            bencher.iter(|| black_box(&polynomial).evaluate(black_box(&x)));
        });
    }
    group.finish();
}

fn proofs(criterion: &mut Criterion) {
    let receiver = Keypair::from_secret_bytes(&[2; 32]).expect("a scalar");
    let aux_rand = [4; 32];
    let request = ProofRequest {
        verifier: Verifier::from_bytes([2; 32]),
        challenge: Challenge::new([3; 32]),
    };
    let mut group = criterion.benchmark_group("proof");
    for k in [1, 8, 32, 128] {
        let polynomial = polynomial(k);
        let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), 1_750_000_000)
            .interim_route(&[receiver.public_key()])
            .sign(&receiver, &aux_rand)
            .expect("a valid invoice");
        let key = PayerKey::from_entropy(&[5; 32]).expect("a scalar");
        let terms = PaymentTerms {
            payer: key.public_key(),
            invoice_id: invoice.invoice_id(),
            amount_msat: 5_000,
            note_hash: NoteHash::NONE,
        };
        let x = terms.x().expect("a hash");
        let secret = PointSecret::new(polynomial.evaluate(&x).expect("a fresh polynomial"));
        let create = || PaymentProof::create(&invoice, &terms, &key, &secret, &request, &aux_rand);
        let proof = create().expect("all belongs together");
        group.bench_function(BenchmarkId::new("create", k), |bencher| bencher.iter(create));
        group.bench_function(BenchmarkId::new("verify", k), |bencher| {
            bencher.iter(|| proof.verify(&receiver.public_key(), black_box(&request)));
        });
    }
    group.finish();
}

criterion_group!(benches, points, proofs);
criterion_main!(benches);
