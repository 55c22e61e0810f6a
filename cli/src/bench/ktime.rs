//! What a payer computes to pay under a k-time payment point.

use std::error::Error;

use pointlock::curve::Tag;
use pointlock::invoice::PaymentPoints;
use pointlock::invoice::ktime::{PayerScalar, PaymentPolynomial};

use super::measure::Row;

const DEGREES: [usize; 4] = [1, 8, 32, 128];
/// So many payers of one invoice.
const PAYERS: u32 = 8;

static SCALAR: Tag = Tag::new("pointlock/bench/ktime");

/// The points of one invoice, and the x of each payer.
pub(super) struct KtimeCase {
    k: usize,
    points: PaymentPoints,
    payers: Vec<PayerScalar>,
}

/// The cases, the same in every run.
pub(super) fn cases() -> Result<Vec<KtimeCase>, Box<dyn Error>> {
    DEGREES.into_iter().map(KtimeCase::new).collect()
}

impl KtimeCase {
    fn new(k: usize) -> Result<Self, Box<dyn Error>> {
        let bytes = |payer: u32| SCALAR.hash(&[&payer.to_be_bytes()]);
        let polynomial = PaymentPolynomial::from_entropy(&bytes(PAYERS), k)?;
        let (points, mut payers) = (polynomial.payment_points(), Vec::new());
        for payer in 0..PAYERS {
            let x = PayerScalar::from_bytes(&bytes(payer))?;
            if points.point_at(&x)? != polynomial.evaluate(&x)?.to_point() {
                return Err("bench: Z(x) is not z(x) times the generator".into());
            }
            payers.push(x);
        }
        Ok(Self { k, points, payers })
    }
}

/// Z(x) by the degree of the polynomial.
pub(super) fn rows(cases: &[KtimeCase]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for KtimeCase { k, points, payers } in cases {
        rows.push(Row::new(&format!("ktime.point/{k}"), payers, |x| points.point_at(x)));
    }
    rows
}
