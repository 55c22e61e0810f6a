//! Every variant of [`CollusionError`] is produced by some test: here, or in one that names it. The other crates' tables are in
//! `tests/refusals/` and `sim/tests/refusals/`.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "../../tests/common/variants.rs"]
mod variants;

use pointlock::curve::SecretScalar;
use pointlock::edge::{Direction, EdgeId};
use pointlock::hold::HoldId;
use pointlock::invoice::InvoiceId;
use pointlock::lock::LockSecret;
use pointlock::payment::{AttemptId, Observer, PaymentId, SecretSource, View};
use pointlock_collusion::{
    Atom, AttemptSymbols, CollusionError, Form, InvoiceKind, Model, Symbols,
};
use variants::{Case, said};

const NEVER: &[(&str, &str)] = &[(
    "CollusionError::TooManyCoalitions",
    "it takes hours of search, or a scene of more parties than any",
)];

fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

fn secret(byte: u8) -> LockSecret {
    LockSecret::Scalar(scalar(byte))
}

fn edge() -> EdgeId {
    EdgeId::in_channel([0; 32], Direction::FromNode1, 1)
}

fn symbols() -> Symbols {
    let mut symbols = Symbols::new();
    let kind = InvoiceKind::Points { coefficients: 1 };
    symbols.add_invoice(InvoiceId::from_bytes([1; 32]), kind);
    symbols
        .add_attempt(AttemptSymbols {
            id: AttemptId([2; 32]),
            name: "1".to_owned(),
            invoice: 0,
            x: None,
            parts: Vec::new(),
            edges: 2,
            hold: None,
            path: None,
            tail_of: None,
        })
        .unwrap();
    symbols
}

/// What learning a secret of this source says.
fn learns(source: SecretSource) -> String {
    let mut view = View::default();
    view.learned(source, &secret(3));
    let mut model = Model::new(symbols());
    let party = model.add_party("hop");
    said(model.learn(party, &view))
}

const Z: Atom = Atom::Coefficient { invoice: 0, power: 0 };
const Y: Atom = Atom::Blind { attempt: 0, hop: 0 };

/// z and y_0 are known, and one claims l_1.
fn with_lock(z: &LockSecret, y: &LockSecret, lock: &LockSecret) -> (Model, usize) {
    let mut model = Model::new(symbols());
    let party = model.add_party("hop");
    model.disclose(party, "z", "", Form::atom(Z), z.clone()).unwrap();
    model.disclose(party, "y_0", "", Form::atom(Y), y.clone()).unwrap();
    let target = model.add_target(0, 1, lock.lock(), party, None).unwrap();
    (model, target)
}

const CASES: &[Case] = &[
    ("CollusionError::UnknownInvoice", || {
        learns(SecretSource::Payment { invoice: InvoiceId::from_bytes([9; 32]) })
    }),
    ("CollusionError::UnknownAttempt", || {
        learns(SecretSource::DrawnBlind { attempt: AttemptId([9; 32]), hop: 0 })
    }),
    ("CollusionError::UnknownEdge", || learns(SecretSource::Lock { edge: edge() })),
    ("CollusionError::UnknownHold", || learns(SecretSource::Release { hold: HoldId([9; 32]) })),
    ("CollusionError::NotModelled", || {
        learns(SecretSource::WithheldShare { payment: PaymentId([9; 32]) })
    }),
    ("CollusionError::NoSuchEdge", || said(symbols().add_edge(edge(), 0, 3))),
    ("CollusionError::LockMismatch", || {
        let (model, _) = with_lock(&secret(3), &secret(4), &secret(9));
        said(model.analyse())
    }),
    // Opposite ones: the lock would be at infinity.
    ("CollusionError::ZeroSecret", || {
        let opposite = LockSecret::Scalar(scalar(3).negate());
        let (model, target) = with_lock(&secret(3), &opposite, &secret(9));
        said::<_, CollusionError>(model.lock_secret(target))
    }),
];

#[test]
fn every_variant_is_produced() {
    let elsewhere = variants::named_in_tests(&["collusion/tests"]);
    let counts = variants::check(&["collusion/src"], &[CASES], &elsewhere, NEVER);
    println!("{counts:?}");
    assert_eq!(counts["all"], 14, "{counts:?}");
}

/// The twin: what is known is learned.
#[test]
fn what_the_symbols_have_is_learned() {
    let mut view = View::default();
    view.learned(SecretSource::DrawnBlind { attempt: AttemptId([2; 32]), hop: 0 }, &secret(4));
    let mut model = Model::new(symbols());
    let party = model.add_party("hop");
    model.learn(party, &view).unwrap();
    let (model, target) = with_lock(&secret(3), &secret(4), &secret(7));
    assert_eq!(model.lock_secret(target), Ok(secret(7)));
    model.analyse().unwrap();
}
