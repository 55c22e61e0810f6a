//! Proofs of payment: one for each payer, amount, note, invoice and verifier.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/proofs.rs"]
mod proofs;

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::dleq::{self, Bases, DleqError};
use pointlock::invoice::ktime::{
    KtimeError, NoteHash, PayerKey, PaymentPolynomial, PaymentTerms, PointSecret,
};
use pointlock::invoice::proof::ProofError::LeafHashes;
use pointlock::invoice::proof::{
    Challenge, InvoiceKind, PayerProof, PaymentProof, PointProof, ProofContents, ProofError,
    ProofMessage, ProofRequest, ProvenPayment, Verifier,
};
use pointlock::invoice::{Field, InvoiceError, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::PaymentHash;
use pointlock::wire::TlvStream;
use proptest::prelude::*;

const PAYER_KEY: u64 = 65_601;
const AMOUNT: u64 = 65_603;
const NOTE_HASH: u64 = 65_605;
const VERIFIER: u64 = 65_607;
const CHALLENGE: u64 = 65_609;
const VALUE: u64 = 65_611;
const DLEQ: u64 = 65_613;
const PAYER_SIGNATURE: u64 = 65_615;
const OWN_TYPES: [u64; 8] =
    [PAYER_KEY, AMOUNT, NOTE_HASH, VERIFIER, CHALLENGE, VALUE, DLEQ, PAYER_SIGNATURE];

struct Paid {
    receiver: Keypair,
    invoice: StaticInvoice,
    key: PayerKey,
    terms: PaymentTerms,
    secret: PointSecret,
    polynomial: PaymentPolynomial,
}

fn request() -> ProofRequest {
    ProofRequest {
        verifier: Verifier::named("shop.example"),
        challenge: Challenge::new([0x77; 32]),
    }
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
        let secret = PointSecret::new(polynomial.evaluate(&terms.x().unwrap()).unwrap());
        Self { receiver, invoice, key, terms, secret, polynomial }
    }

    fn prove(&self) -> PaymentProof {
        self.prove_with(&self.terms, &self.key, &self.secret).unwrap()
    }

    fn prove_with(
        &self,
        terms: &PaymentTerms,
        key: &PayerKey,
        secret: &PointSecret,
    ) -> Result<PaymentProof, ProofError> {
        PaymentProof::create(&self.invoice, terms, key, secret, &request(), &[1; 32])
    }

    fn issuer(&self) -> Point {
        self.receiver.public_key()
    }

    /// What is hidden from a forger: z(x).
    fn point_secret(&self) -> SecretScalar {
        self.polynomial.evaluate(&self.terms.x().unwrap()).unwrap()
    }

    fn message(&self) -> ProofMessage {
        ProofMessage::new(&self.terms, &request())
    }
}

/// The proof with these fields of its encoding replaced, and signed anew by the payer: so that this signature is not what refuses it.
fn replaced(proof: &PaymentProof, fields: &[(u64, &[u8])]) -> Result<PaymentProof, ProofError> {
    let mut records = proofs::records(&proof.to_bytes());
    records.extend(fields.iter().map(|(tlv_type, value)| (*tlv_type, value.to_vec())));
    PaymentProof::from_bytes(&proofs::signed(&records, &payer_keypair(1)))
}

/// The proof with another invoice around it, by the payer.
fn moved(proof: &PaymentProof, invoice: &StaticInvoice) -> Result<PaymentProof, ProofError> {
    let own = OWN_TYPES.map(|tlv_type| (tlv_type, value(proof, tlv_type)));
    PaymentProof::from_bytes(&proofs::around(invoice.as_bytes(), &own, &payer_keypair(1)))
}

fn value(proof: &PaymentProof, tlv_type: u64) -> Vec<u8> {
    TlvStream::parse(&proof.to_bytes()).unwrap().get(tlv_type).unwrap().value().to_vec()
}

fn not_shown(refused: Result<ProvenPayment<'_>, ProofError>) -> bool {
    refused == Err(ProofError::NotShown(DleqError::Invalid))
}

#[test]
fn proves_to_one_verifier() {
    let paid = Paid::new(1);
    let proof = paid.prove();
    assert_eq!(proof.verify(&paid.issuer(), &request()).map(|proven| proven.terms), Ok(paid.terms));
    assert_eq!(proof.request(), &request());
    // z(x) is nowhere in it.
    let secret = paid.point_secret().dangerous_to_bytes();
    assert!(proof.to_bytes().windows(32).all(|window| window != secret.as_slice()));

    let ProofRequest { verifier, challenge } = request();
    for bit in 0..256 {
        let flipped = |mut bytes: [u8; 32]| {
            bytes[bit / 8] ^= 1 << (bit % 8);
            bytes
        };
        let other =
            ProofRequest { verifier, challenge: Challenge::new(flipped(challenge.to_bytes())) };
        let refused = proof.verify(&paid.issuer(), &other);
        assert_eq!(refused, Err(ProofError::OtherChallenge), "bit {bit}");
        let other = ProofRequest {
            verifier: Verifier::from_bytes(flipped(verifier.to_bytes())),
            challenge,
        };
        let refused = proof.verify(&paid.issuer(), &other);
        assert_eq!(refused, Err(ProofError::OtherVerifier), "bit {bit}");
    }
    let stranger = keypair(9).public_key();
    assert!(matches!(
        proof.verify(&stranger, &request()),
        Err(ProofError::Invoice(error)) if matches!(*error, InvoiceError::Issuer { .. })
    ));
}

/// A verifier that asks for a proof in another one's name, or passes a challenge on, has a proof for the other one. Nobody
/// writes another name into it.
#[test]
fn not_to_be_relabelled() {
    let paid = Paid::new(1);
    let proof = paid.prove();
    let other = ProofRequest {
        verifier: Verifier::named("bank.example"),
        challenge: Challenge::new([0x78; 32]),
    };
    for fields in [
        [(VERIFIER, other.verifier.to_bytes()), (CHALLENGE, request().challenge.to_bytes())],
        [(VERIFIER, request().verifier.to_bytes()), (CHALLENGE, other.challenge.to_bytes())],
        [(VERIFIER, other.verifier.to_bytes()), (CHALLENGE, other.challenge.to_bytes())],
        // The two exchanged.
        [(VERIFIER, request().challenge.to_bytes()), (CHALLENGE, request().verifier.to_bytes())],
    ] {
        let asked = ProofRequest {
            verifier: Verifier::from_bytes(fields[0].1),
            challenge: Challenge::new(fields[1].1),
        };
        let fields = fields.each_ref().map(|(tlv_type, value)| (*tlv_type, value.as_slice()));
        let relabelled = replaced(&proof, &fields).unwrap();
        assert_eq!(relabelled.verify(&paid.issuer(), &asked), Err(ProofError::PayerSignature));
        let asked_for = PaymentProof::create(
            &paid.invoice,
            &paid.terms,
            &paid.key,
            &paid.secret,
            &asked,
            &[1; 32],
        );
        assert_eq!(
            asked_for.unwrap().verify(&paid.issuer(), &asked).map(|proven| proven.terms),
            Ok(paid.terms)
        );
    }
}

#[test]
fn no_flipped_bit_verifies() {
    let paid = Paid::new(1);
    let bytes = paid.prove().to_bytes();
    for bit in 0..bytes.len() * 8 {
        let mut broken = bytes.clone();
        broken[bit / 8] ^= 1 << (bit % 8);
        let verified = PaymentProof::from_bytes(&broken)
            .and_then(|proof| proof.verify(&paid.issuer(), &request()).map(|proven| proven.terms));
        assert!(verified.is_err(), "bit {bit}");
    }
}

/// The fields of a payment that another payer made, with everything else as it is.
#[test]
fn no_part_of_one_proof_fits_another() {
    let (paid, other) = (Paid::new(1), Paid::new(2));
    let (proof, other_proof) = (paid.prove(), other.prove());
    let refused = replaced(&proof, &[(PAYER_KEY, &value(&other_proof, PAYER_KEY))]);
    assert_eq!(refused, Err(ProofError::ProofSignature), "the other has not signed");
    for tlv_type in [VALUE, DLEQ, PAYER_SIGNATURE] {
        let mixed = replaced(&proof, &[(tlv_type, &value(&other_proof, tlv_type))]).unwrap();
        assert!(mixed.verify(&paid.issuer(), &request()).is_err(), "type {tlv_type}");
    }
    let in_other_invoice = moved(&proof, &other.invoice).unwrap();
    assert!(in_other_invoice.verify(&paid.issuer(), &request()).is_err());
    for (tlv_type, value) in [
        (AMOUNT, [0x13, 0x89].as_slice()),
        (AMOUNT, &[]),
        (NOTE_HASH, &NoteHash::of(Some(b"table 5")).0),
        (NOTE_HASH, &NoteHash::NONE.0),
    ] {
        let changed = replaced(&proof, &[(tlv_type, value)]).unwrap();
        let refused = changed.verify(&paid.issuer(), &request());
        assert_eq!(refused, Err(ProofError::PayerSignature), "type {tlv_type}");
    }
    // Value and equality of another proof of the same payment: for another H.
    let request_2 = ProofRequest { challenge: Challenge::new([1; 32]), ..request() };
    let second = PaymentProof::create(
        &paid.invoice,
        &paid.terms,
        &paid.key,
        &paid.secret,
        &request_2,
        &[1; 32],
    )
    .unwrap();
    let (v, dleq) = (value(&second, VALUE), value(&second, DLEQ));
    let mixed = replaced(&proof, &[(VALUE, &v), (DLEQ, &dleq)]).unwrap();
    assert!(not_shown(mixed.verify(&paid.issuer(), &request())));
}

/// Proofs of one payment with other auxiliary randomness differ, and both prove; what differs can't be mixed.
#[test]
fn two_proofs_of_one_payment() {
    let paid = Paid::new(1);
    let proof = paid.prove();
    let create = |aux_rand| {
        let Paid { invoice, terms, key, secret, .. } = &paid;
        PaymentProof::create(invoice, terms, key, secret, &request(), &[aux_rand; 32]).unwrap()
    };
    assert_eq!(create(1), proof);
    let second = create(2);
    assert_eq!(
        second.verify(&paid.issuer(), &request()).map(|proven| proven.terms),
        Ok(paid.terms)
    );
    // V is a function of the payment and the request, the rest is not.
    assert_eq!(value(&proof, VALUE), value(&second, VALUE));
    assert_ne!(value(&proof, DLEQ), value(&second, DLEQ));
    let (first, second) = (value(&proof, DLEQ), value(&second, DLEQ));
    for halves in [[&first[..32], &second[32..]], [&second[..32], &first[32..]]] {
        let mixed = replaced(&proof, &[(DLEQ, &halves.concat())]).unwrap();
        assert!(not_shown(mixed.verify(&paid.issuer(), &request())));
    }
}

/// Two invoices with the same points are against the receiver's rule; a proof is of one of them all the same.
#[test]
fn another_invoice_with_the_same_points() {
    let paid = Paid::new(1);
    let again = StaticInvoiceBuilder::new(paid.polynomial.payment_points(), 1_750_000_001)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[paid.receiver.public_key()])
        .sign(&paid.receiver, &[0; 32])
        .unwrap();
    let proof = moved(&paid.prove(), &again).unwrap();
    assert_eq!(proof.verify(&paid.issuer(), &request()), Err(ProofError::PayerSignature));
    // Signed anew by the payer, it lacks z(x) of the other x.
    let terms = PaymentTerms { invoice_id: again.invoice_id(), ..paid.terms };
    let message = ProofMessage::new(&terms, &request());
    let bases = Bases::new(message.base());
    let z = paid.point_secret();
    let (statement, equality) =
        dleq::prove(&z, &bases, Some(&message.to_bytes()), &[0; 32]).unwrap();
    let signature = payer_keypair(1).sign_schnorr(&message.to_bytes(), &[0; 32]);
    let fields: [(u64, &[u8]); 3] = [
        (VALUE, &statement.value.to_bytes()),
        (DLEQ, &equality.to_bytes()),
        (PAYER_SIGNATURE, signature.as_ref()),
    ];
    let signed = replaced(&proof, &fields).unwrap();
    assert!(not_shown(signed.verify(&paid.issuer(), &request())));
    // With it, it is a proof, so nothing else was wrong.
    let z = paid.polynomial.evaluate(&terms.x().unwrap()).unwrap();
    let (statement, equality) =
        dleq::prove(&z, &bases, Some(&message.to_bytes()), &[0; 32]).unwrap();
    let fields: [(u64, &[u8]); 3] = [
        (VALUE, &statement.value.to_bytes()),
        (DLEQ, &equality.to_bytes()),
        (PAYER_SIGNATURE, signature.as_ref()),
    ];
    let signed = replaced(&proof, &fields).unwrap();
    let proven = signed.verify(&paid.issuer(), &request()).unwrap();
    assert_eq!((proven.terms, proven.invoice.invoice_id()), (terms, again.invoice_id()));
}

/// A forger brings an invoice with points of its own, of which it knows every value: for whoever takes the key out of the
/// proof, all is well.
#[test]
fn a_key_from_the_proof_proves_nothing() {
    let paid = Paid::new(1);
    let forger = keypair(6);
    let own_points = PaymentPolynomial::from_entropy(&[6; 32], 3).unwrap();
    for lock in [own_points.payment_points(), paid.polynomial.payment_points()] {
        let invoice = invoice(lock.clone(), &forger);
        let terms = PaymentTerms { invoice_id: invoice.invoice_id(), ..paid.terms };
        let polynomial = [&own_points, &paid.polynomial]
            .into_iter()
            .find(|polynomial| polynomial.payment_points() == lock)
            .unwrap();
        let secret = PointSecret::new(polynomial.evaluate(&terms.x().unwrap()).unwrap());
        let proof =
            PaymentProof::create(&invoice, &terms, &paid.key, &secret, &request(), &[1; 32])
                .unwrap();
        let claimed = proof.dangerous_claimed_invoice().invoice_node_id();
        assert!(proof.verify(&claimed, &request()).is_ok());
        assert!(matches!(
            proof.verify(&paid.issuer(), &request()),
            Err(ProofError::Invoice(error)) if matches!(*error, InvoiceError::Issuer { .. })
        ));
    }
}

/// The secret of A, from the entropy that [`Paid::new`] made it of.
fn payer_keypair(entropy: u8) -> Keypair {
    static PAYER_KEY: pointlock::curve::Tag = pointlock::curve::Tag::new("pointlock/payer_key");
    let secret = SecretScalar::from_hash(&PAYER_KEY.hash(&[&[entropy; 32]])).unwrap();
    Keypair::new(secret)
}

/// What a payer can do that does not know z(x): each proof is right but for that, and signed by A.
#[test]
fn without_the_point_secret() {
    let paid = Paid::new(1);
    let message = paid.message();
    let m = message.to_bytes();
    let signature = payer_keypair(1).sign_schnorr(&m, &[0; 32]);
    let point = paid.secret.point();
    let (hidden, known) = (message.base(), SecretScalar::from_bytes(&[9; 32]).unwrap());
    let guess = SecretScalar::from_bytes(&[5; 32]).unwrap();
    let z = paid.point_secret();
    let prove = |secret: &SecretScalar, base: Point, message: Option<&[u8; 32]>| {
        let (statement, proof) = dleq::prove(secret, &Bases::new(base), message, &[0; 32]).unwrap();
        (statement.value, proof)
    };
    let right = prove(&z, hidden, Some(&m));
    let guessed = prove(&guess, hidden, Some(&m));
    let negated = prove(&z.negate(), hidden, Some(&m));
    for (name, (value, equality)) in [
        ("a guess", guessed),
        ("a guess, and the equality of the right value", (guessed.0, right.1)),
        ("the right value, and the equality of a guess", (right.0, guessed.1)),
        ("-z(x), which opens the point with the other y", negated),
        ("the value with the other y", (right.0.negate(), right.1)),
        ("a multiple of Z(x), for a base with a known logarithm", {
            let base = known.to_point();
            let by_known = prove(&z, base, Some(&m));
            assert_eq!(by_known.0, point.mul_secret(&known), "needs no z(x)");
            by_known
        }),
        ("the base with the other y", prove(&z, hidden.negate(), Some(&m))),
        ("no message", prove(&z, hidden, None)),
        ("another message", prove(&z, hidden, Some(&[1; 32]))),
        ("Z(x) for the value", (point, right.1)),
        ("H for the value", (hidden, right.1)),
    ] {
        let fields: [(u64, &[u8]); 3] = [
            (VALUE, &value.to_bytes()),
            (DLEQ, &equality.to_bytes()),
            (PAYER_SIGNATURE, signature.as_ref()),
        ];
        let forged = replaced(&paid.prove(), &fields).unwrap();
        assert!(not_shown(forged.verify(&paid.issuer(), &request())), "{name}");
    }
    // The same way leads to a proof with z(x).
    let fields: [(u64, &[u8]); 3] = [
        (VALUE, &right.0.to_bytes()),
        (DLEQ, &right.1.to_bytes()),
        (PAYER_SIGNATURE, signature.as_ref()),
    ];
    let proof = replaced(&paid.prove(), &fields).unwrap();
    assert_eq!(proof.verify(&paid.issuer(), &request()).map(|proven| proven.terms), Ok(paid.terms));
}

/// The thief knows z(x), and everything but A's key.
#[test]
fn without_the_payers_key() {
    let paid = Paid::new(1);
    let (proof, m) = (paid.prove(), paid.message().to_bytes());
    let by = |keypair: &Keypair, message: &[u8; 32]| keypair.sign_schnorr(message, &[0; 32]);
    let x = paid.terms.x().unwrap();
    let payment = paid.key.sign_payment(&x, &paid.secret.point(), &[0; 32]);
    for signature in [
        by(&keypair(8), &m).serialize(),
        // The receiver, or a hop that has learned z(x).
        by(&Keypair::new(paid.point_secret()), &m).serialize(),
        by(&paid.receiver, &m).serialize(),
        // What A has signed elsewhere: the payment itself, a proof over another challenge.
        payment.to_bytes(),
        by(&payer_keypair(1), &x.to_bytes()).serialize(),
        by(&payer_keypair(1), &[1; 32]).serialize(),
    ] {
        let forged = replaced(&proof, &[(PAYER_SIGNATURE, &signature)]).unwrap();
        let refused = forged.verify(&paid.issuer(), &request());
        assert_eq!(refused, Err(ProofError::PayerSignature));
    }
    let signature = by(&payer_keypair(1), &m);
    let signed = replaced(&proof, &[(PAYER_SIGNATURE, signature.as_ref())]).unwrap();
    assert_eq!(
        signed.verify(&paid.issuer(), &request()).map(|proven| proven.terms),
        Ok(paid.terms)
    );
}

/// What does not belong together makes no proof.
#[test]
fn either_secret_alone_makes_none() {
    let paid = Paid::new(1);
    // A hop that learned z(x), but is not the payer, puts in a key of its own: another x, another point.
    let thief = PayerKey::from_entropy(&[8; 32]).unwrap();
    let refused = paid.prove_with(&paid.terms, &thief, &paid.secret);
    assert_eq!(refused, Err(ProofError::OtherPayer));
    let terms = PaymentTerms { payer: thief.public_key(), ..paid.terms };
    let refused = paid.prove_with(&terms, &thief, &paid.secret);
    assert_eq!(refused, Err(ProofError::NotThePointSecret));
    // The payer that was not charged, and the opposite secret, which is no lock secret.
    for secret in [SecretScalar::from_bytes(&[5; 32]).unwrap(), paid.point_secret().negate()] {
        let refused = paid.prove_with(&paid.terms, &paid.key, &PointSecret::new(secret));
        assert_eq!(refused, Err(ProofError::NotThePointSecret));
    }
    // Another amount, note or invoice than was paid.
    for terms in [
        PaymentTerms { amount_msat: 5_001, ..paid.terms },
        PaymentTerms { note_hash: NoteHash::NONE, ..paid.terms },
    ] {
        let refused = paid.prove_with(&terms, &paid.key, &paid.secret);
        assert_eq!(refused, Err(ProofError::NotThePointSecret));
    }
    let other = Paid::new(2);
    let terms = PaymentTerms { invoice_id: other.terms.invoice_id, ..paid.terms };
    let refused = paid.prove_with(&terms, &paid.key, &paid.secret).unwrap_err();
    assert!(matches!(refused, ProofError::OtherInvoice { .. }));
}

#[test]
fn a_common_point_or_hash_proves_nothing() {
    let paid = Paid::new(1);
    let z = SecretScalar::from_bytes(&[5; 32]).unwrap();
    let hash = pointlock::invoice::PaymentLock::Hash(PaymentHash([1; 32]));
    for plain in [invoice(z.to_point(), &paid.receiver), invoice(hash, &paid.receiver)] {
        let terms = PaymentTerms { invoice_id: plain.invoice_id(), ..paid.terms };
        let secret = PointSecret::new(z.clone());
        let made = PaymentProof::create(&plain, &terms, &paid.key, &secret, &request(), &[1; 32]);
        assert_eq!(made, Err(ProofError::NoPolynomial));
        let refused = moved(&paid.prove(), &plain).and_then(|put_in| {
            put_in.verify(&paid.issuer(), &request()).map(|proven| proven.terms)
        });
        assert!(matches!(
            refused,
            Err(ProofError::NoPolynomial | ProofError::Missing("payment_points"))
        ));
    }
}

/// Each payment, verifier and challenge has a message, and so an H, of its own: values of two x under one H could be
/// interpolated.
#[test]
fn no_two_payments_share_a_base() {
    let (paid, other) = (Paid::new(1), Paid::new(2));
    let terms = [
        paid.terms,
        PaymentTerms { payer: other.terms.payer, ..paid.terms },
        PaymentTerms { invoice_id: other.terms.invoice_id, ..paid.terms },
        PaymentTerms { amount_msat: 5_001, ..paid.terms },
        PaymentTerms { note_hash: NoteHash::NONE, ..paid.terms },
    ];
    let requests = [
        request(),
        ProofRequest { verifier: Verifier::named("bank.example"), ..request() },
        ProofRequest { challenge: Challenge::new([1; 32]), ..request() },
    ];
    let mut bases: Vec<Point> = Vec::new();
    for terms in terms {
        for request in requests {
            let message = ProofMessage::new(&terms, &request);
            assert!(!message.base().is_odd());
            assert!(!bases.contains(&message.base()), "{message:?}");
            bases.push(message.base());
        }
    }
}

#[test]
fn refusals_name_the_field() {
    let proof = Paid::new(1).prove();
    let bytes = proof.to_bytes();
    let names = [
        "proof_payer_key",
        "proof_amount",
        "proof_note_hash",
        "proof_verifier",
        "proof_challenge",
        "proof_value",
        "proof_dleq",
        "proof_payer_signature",
    ];
    let stream = TlvStream::parse(&bytes).unwrap();
    for (tlv_type, name) in OWN_TYPES.into_iter().zip(names) {
        let rest: Vec<u8> = stream
            .records()
            .iter()
            .filter(|other| other.tlv_type() != tlv_type)
            .flat_map(|other| other.bytes().to_vec())
            .collect();
        assert_eq!(PaymentProof::from_bytes(&rest), Err(ProofError::Missing(name)));
    }
    let refused = |tlv_type, value: &[u8]| replaced(&proof, &[(tlv_type, value)]).unwrap_err();
    for (tlv_type, name, length) in [
        (AMOUNT, "proof_amount", 9),
        (NOTE_HASH, "proof_note_hash", 31),
        (VERIFIER, "proof_verifier", 33),
        (CHALLENGE, "proof_challenge", 0),
        (PAYER_SIGNATURE, "proof_payer_signature", 63),
    ] {
        assert_eq!(refused(tlv_type, &vec![1; length]), ProofError::Malformed(name));
    }
    assert_eq!(refused(AMOUNT, &[0, 1]), ProofError::Malformed("proof_amount"));
    assert!(matches!(refused(VALUE, &[2; 32]), ProofError::Value(_)));
    assert!(matches!(refused(VALUE, &[0; 33]), ProofError::Value(_)), "V at infinity");
    assert!(matches!(refused(DLEQ, &[1; 65]), ProofError::Dleq(DleqError::Length { .. })));
    assert_eq!(refused(DLEQ, &[0xff; 64]), ProofError::Dleq(DleqError::ScalarOutOfRange));
    for tlv_type in [1_001, 1_006, 65_602, 242, 1_000, 4_000_000_001, u64::MAX] {
        assert_eq!(refused(tlv_type, &[1]), ProofError::UnknownField { tlv_type });
    }
    assert_eq!(refused(0, &[1]), ProofError::Metadata);
    // An even field of the invoice that is unknown may mean anything; an odd one lacks its nonce.
    assert_eq!(refused(24, &[1]), ProofError::UnknownField { tlv_type: 24 });
    for tlv_type in [25, 1_000_000_001, 3_999_999_999] {
        let LeafHashes { expected, actual } = refused(tlv_type, &[1]) else { panic!("{tlv_type}") };
        assert_eq!(expected, actual + 1, "type {tlv_type}");
    }
    // What is odd and unknown is the payer's to add, and nobody else's.
    for tlv_type in [65_599, 65_617, 999_999_999] {
        let added = replaced(&proof, &[(tlv_type, &[1])]).unwrap();
        assert!(added.verify(&Paid::new(1).issuer(), &request()).is_ok(), "type {tlv_type}");
        let mut records = proofs::records(&bytes);
        records.insert(tlv_type, vec![1]);
        let refused = PaymentProof::from_bytes(&proofs::written(&records));
        assert_eq!(refused, Err(ProofError::ProofSignature), "type {tlv_type}");
    }
    let mut odd = value(&proof, PAYER_KEY);
    odd[0] = 3;
    assert_eq!(refused(PAYER_KEY, &odd), ProofError::Terms(KtimeError::PayerKeyOdd));
}

#[test]
fn the_proof_alone() {
    let proof = Paid::new(1).prove();
    let bytes = proof.point_proof().to_bytes();
    assert_eq!(PointProof::from_slice(&bytes).as_ref(), Ok(proof.point_proof()));
    assert_eq!(
        bytes.to_vec(),
        [value(&proof, VALUE), value(&proof, DLEQ), value(&proof, PAYER_SIGNATURE)].concat()
    );
    for length in [0, 160] {
        let refused = PointProof::from_slice(&bytes[..length]);
        assert_eq!(refused, Err(ProofError::Length { expected: 161, actual: length }));
    }
    let refused = PointProof::from_slice(&[&bytes[..], &[0]].concat());
    assert_eq!(refused, Err(ProofError::Length { expected: 161, actual: 162 }));
    let mut infinity = bytes;
    infinity[..33].fill(0);
    assert!(matches!(PointProof::from_slice(&infinity), Err(ProofError::Value(_))));
    let mut large = bytes;
    large[65..97].fill(0xff);
    let refused = PointProof::from_slice(&large);
    assert_eq!(refused, Err(ProofError::Dleq(DleqError::ScalarOutOfRange)));
}

#[test]
fn secrets_do_not_print() {
    let paid = Paid::new(1);
    let secret = hex::encode(*paid.point_secret().dangerous_to_bytes());
    assert!(!format!("{:?}", paid.secret).contains(&secret));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn no_bytes_panic(bytes: Vec<u8>, cut: prop::sample::Index, tail: Vec<u8>) {
        let _ = PaymentProof::from_bytes(&bytes);
        let _ = PointProof::from_slice(&bytes);
        let valid = Paid::new(1).prove().to_bytes();
        prop_assert!(PaymentProof::from_bytes(&valid[..cut.index(valid.len())]).is_err());
        if !tail.is_empty() {
            prop_assert!(PaymentProof::from_bytes(&[valid, tail].concat()).is_err());
        }
    }

    #[test]
    fn every_payment_has_its_proof(
        entropy: u8,
        amount_msat: u64,
        note: Option<Vec<u8>>,
        verifier: [u8; 32],
        challenge: [u8; 32],
        aux_rand: [u8; 32],
    ) {
        let paid = Paid::new(entropy);
        let terms = PaymentTerms { amount_msat, note_hash: NoteHash::of(note.as_deref()), ..paid.terms };
        let secret = PointSecret::new(paid.polynomial.evaluate(&terms.x().unwrap()).unwrap());
        let request = ProofRequest { verifier: Verifier::from_bytes(verifier), challenge: Challenge::new(challenge) };
        let proof =
            PaymentProof::create(&paid.invoice, &terms, &paid.key, &secret, &request, &aux_rand).unwrap();
        let read = PaymentProof::from_bytes(&proof.to_bytes()).unwrap();
        prop_assert_eq!(&read, &proof);
        prop_assert_eq!(read.verify(&paid.issuer(), &request).map(|proven| proven.terms), Ok(terms));
    }
}

/// Whatever is shown of the invoice, it is the same payment; what is not shown is not there.
#[test]
fn the_payer_chooses_what_is_shown() {
    let paid = Paid::new(1);
    let create = |contents: &ProofContents| {
        let Paid { invoice, terms, key, secret, .. } = &paid;
        PaymentProof::create_with(invoice, terms, key, secret, &request(), contents, &[1; 32])
    };
    let least = create(&ProofContents::new()).unwrap();
    assert_eq!(least, paid.prove());
    let description = [Field::OFFER_DESCRIPTION];
    let all = create(&ProofContents::new().show_all().note("for the desk")).unwrap();
    let one = create(&ProofContents::new().show(description).note("for the desk")).unwrap();
    for proof in [&least, &one, &all] {
        let read: PayerProof = PayerProof::from(proof.clone()).to_string().parse().unwrap();
        let PayerProof::Points(read) = read else { panic!("it is under points") };
        let proven = read.verify(&paid.issuer(), &request()).unwrap();
        assert_eq!((proven.terms, &*read), (paid.terms, proof));
        assert_eq!(proven.invoice.invoice_id(), paid.invoice.invoice_id());
        assert_eq!(proven.invoice.kind(), InvoiceKind::Static);
        let shown = proven.invoice.value(Field::OFFER_DESCRIPTION);
        assert_eq!(shown, (*read != least).then_some(b"coffee".as_slice()));
        let amount = proven.invoice.value(Field::OFFER_AMOUNT);
        assert_eq!(amount.is_some(), *read == all);
    }
    assert_eq!(all.dangerous_claimed_invoice().omitted(), 0);
    assert_eq!(one.note(), Some("for the desk"));
    // Nobody but the payer takes the note out, or shows less.
    for tlv_type in [1_005, Field::OFFER_DESCRIPTION.tlv_type()] {
        let mut records = proofs::records(&one.to_bytes());
        records.remove(&tlv_type);
        assert!(PaymentProof::from_bytes(&proofs::written(&records)).is_err(), "{tlv_type}");
    }
    let contents = ProofContents::new().show([Field::INVREQ_METADATA]);
    assert_eq!(create(&contents), Err(ProofError::Metadata));
    for field in [Field::INVOICE_FALLBACKS, Field::SIGNATURE, Field::from_type(1_001)] {
        let refused = create(&ProofContents::new().show([field]));
        assert_eq!(refused, Err(ProofError::NotInInvoice { field }));
    }
}
