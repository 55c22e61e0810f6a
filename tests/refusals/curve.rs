use pointlock::curve::{CurveError, Point, PublicScalar, SecretScalar, context, randomize_context};
use pointlock::lock::{Blind, RouteLocks, final_secret, next_lock};

use crate::variants::{Case, said};

pub(crate) fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

pub(crate) fn point(byte: u8) -> Point {
    scalar(byte).to_point()
}

pub(crate) fn blind(byte: u8) -> Blind {
    Blind::new(scalar(byte))
}

fn encoding(prefix: u8, x: u8) -> [u8; 33] {
    let mut bytes = [0; 33];
    (bytes[0], bytes[32]) = (prefix, x);
    bytes
}

pub(crate) const CASES: &[Case] = &[
    ("CurveError::ScalarZero", || said(SecretScalar::from_bytes(&[0; 32]))),
    ("CurveError::ScalarOutOfRange", || said(PublicScalar::from_bytes(&[0xff; 32]))),
    ("CurveError::PointAtInfinity", || said(point(1).add(&point(1).negate()))),
    ("CurveError::PointPrefix", || said(Point::from_bytes(&encoding(4, 1)))),
    ("CurveError::NotOnCurve", || said(Point::from_bytes(&encoding(2, 5)))),
    ("CurveError::Length", || said(Point::from_slice(&[2; 32]))),
    ("CurveError::NotHex", || said("02zz".parse::<Point>())),
    ("CurveError::ContextInUse", || {
        let _ = context();
        said::<(), CurveError>(randomize_context(&[1; 32]))
    }),
    ("LockError::NoEdges", || said(RouteLocks::new(&point(1), &[]))),
    ("LockError::LockAtInfinity", || {
        said(RouteLocks::new(&point(1), &[Blind::new(scalar(1).negate())]))
    }),
    ("LockError::BlindsCancel", || said(blind(1).sub(&blind(1)))),
    ("LockError::BlindCancelsLock", || said(next_lock(&point(1), &Blind::new(scalar(1).negate())))),
    ("LockError::BlindCancelsSecret", || {
        said(final_secret(&scalar(1), &Blind::new(scalar(1).negate())))
    }),
];
