//! The polynomial, and what a payer signs.

use crate::{secret, x_of};
use pointlock::curve::{Point, PublicScalar, SecretScalar};
use pointlock::invoice::ktime::{
    KtimeError, NoteHash, PayerKey, PayerPublicKey, PayerScalar, PaymentPolynomial, PaymentTerms,
    payment_point,
};
use pointlock::invoice::{InvoiceId, PaymentPoints};
use proptest::prelude::*;
use sha2::{Digest, Sha256};

fn small(number: u8) -> PublicScalar {
    let mut bytes = [0; 32];
    bytes[31] = number;
    PublicScalar::from_bytes(&bytes).unwrap()
}

/// a⁻¹ = a^(n−2)
fn inverse(a: PublicScalar) -> PublicScalar {
    let mut exponent = secp256k1::constants::CURVE_ORDER;
    exponent[31] -= 2;
    let mut power = PublicScalar::ONE;
    for bit in 0..256 {
        power = power.mul(&power);
        if exponent[bit / 8] >> (7 - bit % 8) & 1 == 1 {
            power = power.mul(&a);
        }
    }
    power
}

/// The value at `at` of the polynomial of degree points − 1 through the points.
fn interpolate(points: &[(PublicScalar, PublicScalar)], at: PublicScalar) -> PublicScalar {
    points.iter().enumerate().fold(PublicScalar::ZERO, |sum, (i, (x_i, value))| {
        let mut term = *value;
        for (j, (x_j, _)) in points.iter().enumerate() {
            if i != j {
                term = term.mul(&at.sub(x_j)).mul(&inverse(x_i.sub(x_j)));
            }
        }
        sum.add(&term)
    })
}

fn claims_of(
    polynomial: &PaymentPolynomial,
    xs: &[PayerScalar],
) -> Vec<(PublicScalar, PublicScalar)> {
    xs.iter().map(|x| (x.to_scalar(), polynomial.evaluate(x).unwrap().dangerous_reveal())).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn what_the_payer_computes_is_what_the_receiver_opens(
        entropy: [u8; 32], k in 1usize..12, x: [u8; 32],
    ) {
        let polynomial = PaymentPolynomial::from_entropy(&entropy, k).unwrap();
        let points = polynomial.payment_points();
        prop_assert_eq!((polynomial.k(), points.k(), points.as_slice().len()), (k, k, k + 1));
        let x = x_of(x);
        prop_assert_eq!(polynomial.evaluate(&x).unwrap().to_point(), points.point_at(&x).unwrap());
    }

    /// Why the receiver counts: k+1 claims are the polynomial.
    #[test]
    fn any_k_plus_one_claims_reveal_the_polynomial(
        entropy: [u8; 32],
        xs in prop::collection::btree_set(any::<[u8; 32]>(), 3..8),
        next: [u8; 32],
    ) {
        let xs: Vec<PayerScalar> = xs.into_iter().map(x_of).collect();
        let polynomial = PaymentPolynomial::from_entropy(&entropy, xs.len() - 1).unwrap();
        let claims = claims_of(&polynomial, &xs);
        let z_0 = polynomial.coefficients()[0].dangerous_reveal();
        prop_assert_eq!(interpolate(&claims, PublicScalar::ZERO), z_0);
        let next = x_of(next);
        let stolen = interpolate(&claims, next.to_scalar()).to_point().unwrap();
        prop_assert_eq!(stolen, polynomial.payment_points().point_at(&next).unwrap());
    }

    /// Why k claims are safe: whatever z(x*) is taken to be, there is a polynomial of degree k with this value and the same
    /// k claims.
    #[test]
    fn k_claims_leave_every_other_value_open(
        entropy: [u8; 32],
        xs in prop::collection::btree_set(any::<[u8; 32]>(), 3..7),
        candidate: [u8; 32],
    ) {
        let xs: Vec<PayerScalar> = xs.into_iter().map(x_of).collect();
        let (target, claimed) = xs.split_last().unwrap();
        let polynomial = PaymentPolynomial::from_entropy(&entropy, claimed.len()).unwrap();
        let claims = claims_of(&polynomial, claimed);
        let candidate = PublicScalar::from_hash(&candidate);
        let mut points = claims.clone();
        points.push((target.to_scalar(), candidate));
        // Its values at 0 … k are those of another polynomial; it agrees where it has to.
        let other: Vec<(PublicScalar, PublicScalar)> = (0..=claimed.len() as u8)
            .map(|at| (small(at), interpolate(&points, small(at))))
            .collect();
        for (x, value) in &claims {
            prop_assert_eq!(interpolate(&other, *x), *value);
        }
        prop_assert_eq!(interpolate(&other, target.to_scalar()), candidate);
    }

    /// x is the hash of exactly these bytes, and every bit of them counts.
    #[test]
    fn x_binds_every_bit(
        key: [u8; 32], invoice: [u8; 32], amount_msat: u64, note: Vec<u8>, bit in 0usize..(32 + 8 + 32) * 8,
    ) {
        let payer = PayerKey::new(secret(key)).public_key();
        let note_hash = NoteHash::of(Some(&note));
        let terms = |bytes: &[u8; 72]| PaymentTerms {
            payer,
            invoice_id: InvoiceId::from_bytes(bytes[..32].try_into().unwrap()),
            amount_msat: u64::from_be_bytes(bytes[32..40].try_into().unwrap()),
            note_hash: NoteHash(bytes[40..].try_into().unwrap()),
        };
        let mut bytes = [0; 72];
        bytes[..32].copy_from_slice(&invoice);
        bytes[32..40].copy_from_slice(&amount_msat.to_be_bytes());
        bytes[40..].copy_from_slice(&note_hash.0);
        let x = terms(&bytes).x().unwrap();

        let tag = Sha256::digest(b"pointlock/payer");
        let hash = Sha256::new()
            .chain_update(tag).chain_update(tag)
            .chain_update(payer.to_bytes()).chain_update(bytes)
            .finalize();
        prop_assert_eq!(x.to_scalar(), PublicScalar::from_hash(&hash.into()));

        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assert_ne!(terms(&bytes).x().unwrap(), x);
    }
}

#[test]
fn a_sum_on_the_way_may_be_zero_and_the_value_may_not() {
    let coefficients = |numbers: [PublicScalar; 3]| {
        let secrets = numbers.map(|number| number.to_secret().unwrap()).to_vec();
        PaymentPolynomial::dangerous_from_coefficients(secrets).unwrap()
    };
    let x = PayerScalar::new(small(7)).unwrap();
    // 5 − 7·X + X²: Horner's first sum is 7 − 7 at X = 7, and the value is 5.
    let passes = coefficients([small(5), small(7).negate(), small(1)]);
    assert_eq!(passes.evaluate(&x).unwrap().dangerous_reveal(), small(5));
    assert_eq!(passes.payment_points().point_at(&x), Ok(small(5).to_point().unwrap()));
    // −7·8 + X + X²: zero at X = 7.
    let zero = coefficients([small(56).negate(), small(1), small(1)]);
    assert_eq!(zero.evaluate(&x), Err(KtimeError::PointAtInfinity));
    assert_eq!(zero.payment_points().point_at(&x), Err(KtimeError::PointAtInfinity));
}

#[test]
fn a_static_point_is_the_same_for_all() {
    let point = secret([1; 32]).to_point();
    let points = PaymentPoints::new(vec![point]).unwrap();
    assert_eq!(points.point_at(&x_of([2; 32])), Ok(point));
}

#[test]
fn what_is_refused() {
    for k in [0, PaymentPolynomial::MAX_K + 1] {
        let refused = PaymentPolynomial::from_entropy(&[1; 32], k).unwrap_err();
        assert_eq!(refused, KtimeError::DegreeOutOfRange { k });
    }
    assert!(PaymentPolynomial::from_entropy(&[1; 32], PaymentPolynomial::MAX_K).is_ok());
    assert!(PaymentPolynomial::dangerous_from_coefficients(Vec::new()).is_err());
    assert_eq!(PayerScalar::new(PublicScalar::ZERO), Err(KtimeError::ZeroX));

    let key = PayerKey::new(secret([3; 32])).public_key();
    let points = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap().payment_points();
    let id = InvoiceId::from_bytes([4; 32]);
    assert!(payment_point(&points, &key.to_point(), id, 5, NoteHash::NONE).is_ok());
    let odd = key.to_point().negate();
    let refused = payment_point(&points, &odd, id, 5, NoteHash::NONE);
    assert_eq!(refused, Err(KtimeError::PayerKeyOdd));
    assert_eq!(PayerPublicKey::from_slice(&odd.to_bytes()), Err(KtimeError::PayerKeyOdd));
}

#[test]
fn coefficients_are_each_their_own() {
    let mut all: Vec<Point> = Vec::new();
    for (entropy, k) in [(1, 2), (1, 3), (2, 3)] {
        let polynomial = PaymentPolynomial::from_entropy(&[entropy; 32], k).unwrap();
        all.extend(polynomial.payment_points().as_slice());
    }
    let count = all.len();
    all.sort();
    all.dedup();
    assert_eq!(all.len(), count);
}

#[test]
fn secrets_do_not_print() {
    let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap();
    assert_eq!(format!("{polynomial:?}"), "PaymentPolynomial(k: 2, …)");
    let key = PayerKey::new(SecretScalar::from_bytes(&[0xab; 32]).unwrap());
    assert!(!format!("{key:?}").contains("abab"));
}

#[test]
fn a_payers_signature_is_for_one_x_and_one_lock() {
    let key = PayerKey::new(secret([1; 32]));
    let (payer, x, lock) = (key.public_key(), x_of([2; 32]), secret([3; 32]).to_point());
    let signature = key.sign_payment(&x, &lock, &[0; 32]);
    assert_eq!(signature.verify(&payer, &x, &lock), Ok(()));
    let other = PayerKey::new(secret([4; 32])).public_key();
    let refused = Err(KtimeError::PayerSignature);
    assert_eq!(signature.verify(&other, &x, &lock), refused);
    assert_eq!(signature.verify(&payer, &x_of([5; 32]), &lock), refused);
    assert_eq!(signature.verify(&payer, &x, &lock.negate()), refused);
}
