//! Proofs of payment: one for each payer, amount, note, invoice and verifier.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::ktime::{
    KtimeError, NoteHash, PayerKey, PaymentPolynomial, PaymentProof, PaymentTerms,
};
use pointlock::invoice::{InvoiceError, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::PaymentHash;
use pointlock::wire::{TlvStream, TlvWriter};
use proptest::prelude::*;

const CHALLENGE: [u8; 32] = [0x77; 32];

struct Paid {
    receiver: Keypair,
    invoice: StaticInvoice,
    key: PayerKey,
    terms: PaymentTerms,
    point_secret: SecretScalar,
}

fn keypair(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

fn invoice(lock: impl Into<pointlock::invoice::PaymentLock>, receiver: &Keypair) -> StaticInvoice {
    StaticInvoiceBuilder::new(lock, 1_750_000_000)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[receiver.public_key()])
        .sign(receiver, &[0; 32])
        .unwrap()
}

impl Paid {
    fn new(entropy: u8) -> Self {
        let receiver = keypair(2);
        let polynomial = PaymentPolynomial::from_entropy(&[entropy; 32], 3).unwrap();
        let invoice = invoice(polynomial.payment_points(), &receiver);
        let key = PayerKey::from_entropy(&[entropy; 32]).unwrap();
        let terms = PaymentTerms {
            payer: key.public_key(),
            invoice_id: invoice.invoice_id(),
            amount_msat: 5_000,
            note_hash: NoteHash::of(Some(b"table 4")),
        };
        let point_secret = polynomial.evaluate(&terms.x().unwrap()).unwrap();
        Self { receiver, invoice, key, terms, point_secret }
    }

    fn prove(&self) -> PaymentProof {
        self.prove_with(&self.terms, &self.key, &self.point_secret).unwrap()
    }

    fn prove_with(
        &self,
        terms: &PaymentTerms,
        key: &PayerKey,
        point_secret: &SecretScalar,
    ) -> Result<PaymentProof, KtimeError> {
        PaymentProof::create(&self.invoice, terms, key, point_secret, &CHALLENGE, &[1; 32])
    }

    fn issuer(&self) -> Point {
        self.receiver.public_key()
    }
}

/// The proof with one field of its encoding replaced.
fn replaced(proof: &PaymentProof, tlv_type: u64, value: &[u8]) -> Result<PaymentProof, KtimeError> {
    let bytes = proof.to_bytes();
    let mut tlv = TlvWriter::new();
    for record in TlvStream::parse(&bytes).unwrap().records() {
        tlv.set(record.tlv_type(), record.value());
    }
    PaymentProof::from_bytes(&tlv.set(tlv_type, value).to_bytes())
}

fn value(proof: &PaymentProof, tlv_type: u64) -> Vec<u8> {
    TlvStream::parse(&proof.to_bytes()).unwrap().get(tlv_type).unwrap().value().to_vec()
}

#[test]
fn proves_to_one_verifier() {
    let paid = Paid::new(1);
    let proof = paid.prove();
    assert_eq!(proof.verify(&paid.issuer(), &CHALLENGE), Ok(paid.terms));
    assert_eq!((proof.invoice(), proof.claimed_terms()), (&paid.invoice, paid.terms));
    // z(x) is nowhere in it.
    let secret = paid.point_secret.dangerous_to_bytes();
    assert!(proof.to_bytes().windows(32).all(|window| window != secret.as_slice()));

    for bit in 0..256 {
        let mut challenge = CHALLENGE;
        challenge[bit / 8] ^= 1 << (bit % 8);
        let refused = proof.verify(&paid.issuer(), &challenge);
        assert_eq!(refused, Err(KtimeError::ProofPointSignature), "bit {bit}");
    }
    let stranger = keypair(9).public_key();
    assert!(matches!(
        proof.verify(&stranger, &CHALLENGE),
        Err(KtimeError::Invoice(error)) if matches!(*error, InvoiceError::Issuer { .. })
    ));
}

#[test]
fn no_flipped_bit_verifies() {
    let paid = Paid::new(1);
    let bytes = paid.prove().to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        let verified = PaymentProof::from_bytes(&broken)
            .and_then(|proof| proof.verify(&paid.issuer(), &CHALLENGE));
        assert!(verified.is_err(), "bit {bit}");
    }
}

/// The fields of a payment that another payer made, with everything else as it is.
#[test]
fn no_part_of_one_proof_fits_another() {
    let (paid, other) = (Paid::new(1), Paid::new(2));
    let (proof, other_proof) = (paid.prove(), other.prove());
    for tlv_type in [0, 2, 240, 242] {
        let mixed = replaced(&proof, tlv_type, &value(&other_proof, tlv_type)).unwrap();
        assert!(mixed.verify(&paid.issuer(), &CHALLENGE).is_err(), "type {tlv_type}");
    }
    for (tlv_type, value) in [
        (4, [0x13, 0x89].as_slice()),
        (4, &[]),
        (6, &NoteHash::of(Some(b"table 5")).0),
        (6, &NoteHash::NONE.0),
    ] {
        let refused = replaced(&proof, tlv_type, value).unwrap().verify(&paid.issuer(), &CHALLENGE);
        assert_eq!(refused, Err(KtimeError::ProofPointSignature), "type {tlv_type}");
    }
    // Both signatures are looked at.
    let swapped = replaced(&proof, 242, &value(&proof, 240)).unwrap();
    let refused = swapped.verify(&paid.issuer(), &CHALLENGE);
    assert_eq!(refused, Err(KtimeError::ProofPayerSignature));
}

/// The thief has everything but one secret.
#[test]
fn either_secret_alone_proves_nothing() {
    let paid = Paid::new(1);
    // A hop that learned z(x), but is not the payer, puts in a key of its own: another x, another point.
    let thief = PayerKey::from_entropy(&[8; 32]).unwrap();
    let refused = paid.prove_with(&paid.terms, &thief, &paid.point_secret);
    assert_eq!(refused, Err(KtimeError::OtherPayer));
    let terms = PaymentTerms { payer: thief.public_key(), ..paid.terms };
    let refused = paid.prove_with(&terms, &thief, &paid.point_secret);
    assert_eq!(refused, Err(KtimeError::NotThePointSecret));
    // The payer that was not charged.
    let guess = SecretScalar::from_bytes(&[5; 32]).unwrap();
    let refused = paid.prove_with(&paid.terms, &paid.key, &guess);
    assert_eq!(refused, Err(KtimeError::NotThePointSecret));
    // The opposite secret has the same BIP-340 key, and signs the same; it is no lock secret.
    let refused = paid.prove_with(&paid.terms, &paid.key, &paid.point_secret.negate());
    assert_eq!(refused, Err(KtimeError::NotThePointSecret));
    // Another amount, note or invoice than was paid.
    for terms in [
        PaymentTerms { amount_msat: 5_001, ..paid.terms },
        PaymentTerms { note_hash: NoteHash::NONE, ..paid.terms },
    ] {
        let refused = paid.prove_with(&terms, &paid.key, &paid.point_secret);
        assert_eq!(refused, Err(KtimeError::NotThePointSecret));
    }
    let other = Paid::new(2);
    let terms = PaymentTerms { invoice_id: other.terms.invoice_id, ..paid.terms };
    let refused = paid.prove_with(&terms, &paid.key, &paid.point_secret).unwrap_err();
    assert!(matches!(refused, KtimeError::OtherInvoice { .. }));
}

#[test]
fn a_common_point_or_hash_proves_nothing() {
    let paid = Paid::new(1);
    let z = SecretScalar::from_bytes(&[5; 32]).unwrap();
    let hash = pointlock::invoice::PaymentLock::Hash(PaymentHash([1; 32]));
    for plain in [invoice(z.to_point(), &paid.receiver), invoice(hash, &paid.receiver)] {
        let terms = PaymentTerms { invoice_id: plain.invoice_id(), ..paid.terms };
        let made = PaymentProof::create(&plain, &terms, &paid.key, &z, &CHALLENGE, &[1; 32]);
        assert_eq!(made, Err(KtimeError::NoPolynomial));
        let put_in = replaced(&paid.prove(), 0, plain.as_bytes()).unwrap();
        let refused = put_in.verify(&paid.issuer(), &CHALLENGE);
        assert_eq!(refused, Err(KtimeError::NoPolynomial));
    }
}

#[test]
fn refusals_name_the_field() {
    let proof = Paid::new(1).prove();
    let bytes = proof.to_bytes();
    let names =
        ["invoice", "payer_key", "amount_msat", "note_hash", "point_signature", "payer_signature"];
    let stream = TlvStream::parse(&bytes).unwrap();
    for (record, name) in stream.records().iter().zip(names) {
        let rest: Vec<u8> = stream
            .records()
            .iter()
            .filter(|other| other.tlv_type() != record.tlv_type())
            .flat_map(|other| other.bytes().to_vec())
            .collect();
        assert_eq!(PaymentProof::from_bytes(&rest), Err(KtimeError::Missing(name)));
    }
    assert_eq!(replaced(&proof, 4, &[0, 1]), Err(KtimeError::Malformed("amount_msat")));
    assert_eq!(replaced(&proof, 6, &[1; 31]), Err(KtimeError::Malformed("note_hash")));
    assert_eq!(replaced(&proof, 240, &[1; 65]), Err(KtimeError::Malformed("point_signature")));
    assert_eq!(replaced(&proof, 242, &[1; 63]), Err(KtimeError::Malformed("payer_signature")));
    for tlv_type in [1, 8, 244] {
        let refused = replaced(&proof, tlv_type, &[1]);
        assert_eq!(refused, Err(KtimeError::UnknownField { tlv_type }));
    }
    let mut odd = value(&proof, 2);
    odd[0] = 3;
    assert_eq!(replaced(&proof, 2, &odd), Err(KtimeError::PayerKeyOdd));
}

#[test]
fn as_text() {
    let proof = Paid::new(1).prove();
    let text = proof.to_string();
    assert!(text.starts_with("pointproof1"));
    assert_eq!(text.parse(), Ok(proof.clone()));
    assert_eq!(PaymentProof::decode(&text.to_uppercase()), Ok(proof.clone()));
    let refused = PaymentProof::decode(&proof.invoice().to_string());
    assert!(matches!(refused, Err(KtimeError::TextPrefix { actual, .. }) if actual == "lni"));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, cut: prop::sample::Index, tail: Vec<u8>, text: String) {
        let _ = PaymentProof::from_bytes(&bytes);
        let _ = PaymentProof::decode(&text);
        let valid = Paid::new(1).prove().to_bytes();
        prop_assert!(PaymentProof::from_bytes(&valid[..cut.index(valid.len())]).is_err());
        if !tail.is_empty() {
            prop_assert!(PaymentProof::from_bytes(&[valid, tail].concat()).is_err());
        }
    }
}
