use pointlock::curve::SecretScalar;
use pointlock::invoice::ktime::{NoteHash, PayerKey, PaymentPolynomial, PaymentTerms, PointSecret};
use pointlock::invoice::proof::{
    Challenge, PaymentProof, PointProof, ProofMessage, ProofRequest, Verifier,
};
use pointlock::invoice::{Field, PaymentLock, StaticInvoice, StaticInvoiceBuilder, merkle};
use pointlock::wire::{TlvStream, TlvWriter};

use crate::input::fixed_scalar;
use crate::invoice::signer;

/// The types between which a proof's own fields stand.
const OWN_TYPES: std::ops::RangeInclusive<u64> = 1_001..=999_999_999;

/// z(X) of the seeds' invoice.
pub(crate) fn polynomial() -> PaymentPolynomial {
    PaymentPolynomial::from_entropy(&[1; 32], 2).expect("k is in range")
}

/// The proof of the seeds.
pub(crate) fn valid_proof() -> PaymentProof {
    let polynomial = polynomial();
    let invoice = StaticInvoiceBuilder::new(polynomial.payment_points(), 1_750_000_000)
        .amount_msat(5_000)
        .description("coffee")
        .interim_route(&[signer().public_key()])
        .sign(&signer(), &[0; 32])
        .expect("a valid invoice");
    let key = PayerKey::new(fixed_scalar(3));
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: 5_000,
        note_hash: NoteHash::of(Some(b"table 4")),
    };
    let request = ProofRequest {
        verifier: Verifier::named("shop.example"),
        challenge: Challenge::new([4; 32]),
    };
    PaymentProof::create(&invoice, &terms, &key, &secret_of(&terms), &request, &[5; 32])
        .expect("all of it belongs together")
}

fn secret_of(terms: &PaymentTerms) -> PointSecret {
    let x = terms.x().expect("no hash is zero");
    PointSecret::new(polynomial().evaluate(&x).expect("no root is hit"))
}

/// Input: the stream of a proof of payment. One whose invoice is by the key that is known here is signed anew, and its
/// payment proven anew, so that the fuzzer gets behind both.
pub fn payment_proof(data: &[u8]) -> bool {
    let as_it_is = PaymentProof::from_bytes(data);
    if let Ok(proof) = &as_it_is {
        check(proof, data);
    }
    let Some(signed) = signed_anew(data) else { return as_it_is.is_ok() };
    let Ok(proof) = PaymentProof::from_bytes(&signed) else { return false };
    check(&proof, &signed);
    if let Some(proven) = proven_anew(&proof) {
        check(&proven, &proven.to_bytes());
        let issuer = signer().public_key();
        assert!(proven.verify(&issuer, proven.request()).is_ok(), "it was made by the rules");
    }
    true
}

fn check(proof: &PaymentProof, data: &[u8]) {
    assert_eq!(proof.to_bytes(), data, "a proof has one encoding");
    let point_proof = proof.point_proof();
    assert_eq!(PointProof::from_slice(&point_proof.to_bytes()).as_ref(), Ok(point_proof));
    let (terms, request) = (proof.dangerous_claimed_terms(), *proof.request());
    let issuer = proof.dangerous_claimed_invoice().invoice_node_id();
    let other = ProofRequest { verifier: Verifier::from_bytes([0xee; 32]), ..request };
    assert!(proof.verify(&issuer, &other).is_err() || other == request);
    assert!(proof.verify(&fixed_scalar(9).to_point(), &request).is_err());
    // Whatever is proven has the one right value: z(x)·H.
    if let Ok(proven) = proof.verify(&issuer, &request) {
        assert_eq!((proven.terms, issuer), (terms, signer().public_key()), "by nobody's key");
        let base = ProofMessage::new(&terms, &request).base();
        let z: SecretScalar =
            polynomial().evaluate(&terms.x().expect("no hash is zero")).expect("no root");
        assert_eq!(point_proof.value(), base.mul_secret(&z));
    }
}

/// The same claim with a proof by the rules, where the fuzzer has left the payer and the points as they were.
fn proven_anew(proof: &PaymentProof) -> Option<PaymentProof> {
    let (invoice, terms) = (proof.dangerous_claimed_invoice(), proof.dangerous_claimed_terms());
    let key = PayerKey::new(fixed_scalar(3));
    let known = PaymentLock::from(polynomial().payment_points());
    if terms.payer != key.public_key() || invoice.lock() != Some(&known) {
        return None;
    }
    let secret = secret_of(&terms);
    let proven = PaymentProof::create(invoice, &terms, &key, &secret, proof.request(), &[6; 32]);
    Some(proven.expect("all of it belongs together"))
}

/// The stream with a signature of the invoice by [`signer`]; None if it is no stream, or to be signed by another key.
fn signed_anew(data: &[u8]) -> Option<Vec<u8>> {
    let stream = TlvStream::parse(data).ok()?;
    let node_id = stream.get(Field::INVOICE_NODE_ID.tlv_type())?;
    if node_id.value() != signer().public_key().to_bytes() {
        return None;
    }
    let (mut invoice, mut proof) = (TlvWriter::new(), TlvWriter::new());
    for record in stream.records() {
        proof.set(record.tlv_type(), record.value());
        if !OWN_TYPES.contains(&record.tlv_type()) {
            invoice.set(record.tlv_type(), record.value());
        }
    }
    let invoice = invoice.to_bytes();
    let root = merkle::root(&TlvStream::parse(&invoice).ok()?)?;
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = signer().sign_schnorr(&hash, &[0; 32]).serialize();
    proof.set(Field::SIGNATURE.tlv_type(), signature);
    let bytes = proof.to_bytes();
    // What is signed is what is read.
    if let Ok(proof) = PaymentProof::from_bytes(&bytes) {
        let claimed: &StaticInvoice = proof.dangerous_claimed_invoice();
        assert_eq!(claimed.signature().serialize(), signature);
    }
    Some(bytes)
}
