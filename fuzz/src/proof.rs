use pointlock::curve::SecretScalar;
use pointlock::invoice::ktime::{NoteHash, PayerKey, PaymentPolynomial, PaymentTerms, PointSecret};
use pointlock::invoice::proof::{
    Challenge, PaymentProof, PointProof, ProofContents, ProofMessage, ProofRequest, Verifier,
};
use pointlock::invoice::{StaticInvoice, StaticInvoiceBuilder};

use crate::input::fixed_scalar;
use crate::invoice::signer;
use crate::payer_proof::signed_anew;

/// z(X) of the seeds' invoice.
pub(crate) fn polynomial() -> PaymentPolynomial {
    PaymentPolynomial::from_entropy(&[1; 32], 2).expect("k is in range")
}

/// The invoice of the seeds' proofs, and what the payer has paid on it.
fn paid() -> (StaticInvoice, PaymentTerms) {
    let invoice = StaticInvoiceBuilder::new(polynomial().payment_points(), 1_750_000_000)
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
    (invoice, terms)
}

/// The proof of the seeds, which leaves nothing out.
pub(crate) fn valid_proof() -> PaymentProof {
    proof_that_shows(&ProofContents::new().show_all())
}

/// One that shows what it has to.
pub(crate) fn shortest_proof() -> PaymentProof {
    proof_that_shows(&ProofContents::new())
}

fn proof_that_shows(contents: &ProofContents) -> PaymentProof {
    let (invoice, terms) = paid();
    let key = PayerKey::new(fixed_scalar(3));
    let request = ProofRequest {
        verifier: Verifier::named("shop.example"),
        challenge: Challenge::new([4; 32]),
    };
    let secret = secret_of(&terms);
    PaymentProof::create_with(&invoice, &terms, &key, &secret, &request, contents, &[5; 32])
        .expect("all of it belongs together")
}

fn secret_of(terms: &PaymentTerms) -> PointSecret {
    let x = terms.x().expect("no hash is zero");
    PointSecret::new(polynomial().evaluate(&x).expect("no root is hit"))
}

/// Input: the stream of a proof of payment. It is signed anew, and what it claims is proven anew, so that the fuzzer gets behind both.
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

/// A proof by the rules of what the fuzzer claims to have paid, on the invoice of the seeds.
fn proven_anew(proof: &PaymentProof) -> Option<PaymentProof> {
    let (claimed, (invoice, terms)) = (proof.dangerous_claimed_terms(), paid());
    if claimed.payer != terms.payer {
        return None;
    }
    let terms = PaymentTerms { invoice_id: terms.invoice_id, ..claimed };
    let key = PayerKey::new(fixed_scalar(3));
    let secret = secret_of(&terms);
    let proven = PaymentProof::create(&invoice, &terms, &key, &secret, proof.request(), &[6; 32]);
    Some(proven.expect("all of it belongs together"))
}
