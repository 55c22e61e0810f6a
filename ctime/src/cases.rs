//! The library's verbs, each with its secrets marked.
//!
//! Every case ends in [`reached`]: a run without complaint shows something only if the secret came as far as the result.

use pointlock::adaptor::{ecdsa, musig2, schnorr};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar};
use pointlock::dleq::{self, Bases};
use pointlock::hold::{HeldBlind, ReleaseSecret};
use pointlock::invoice::ktime::{
    NoteHash, PayerKey, PayerScalar, PaymentPolynomial, PaymentTerms, PointSecret,
};
use pointlock::invoice::proof::{Challenge, PaymentProof, ProofRequest, Verifier};
use pointlock::invoice::{PaymentPoints, StaticInvoiceBuilder};
use pointlock::lock::{self, Blind, Preimage, RouteLocks};
use pointlock::onion::blinded::{BlindedPath, PathSecret};
use pointlock::onion::{OnionError, Packet, SharedSecret};
use subtle::ConstantTimeEq;

use crate::{Case, client};

/// The cases, by the names that the test calls them by.
pub(crate) const CASES: &[Case] = &[
    ("curve.from_hash", from_hash),
    ("curve.arithmetic", arithmetic),
    ("curve.equality", equality),
    ("curve.mul_secret", mul_secret),
    ("curve.keypair", keypair),
    ("curve.sign_schnorr", sign_schnorr),
    ("dleq.prove", dleq_prove),
    ("schnorr.pre_sign", schnorr_pre_sign),
    ("schnorr.pre_sign_verified", schnorr_pre_sign_verified),
    ("schnorr.pre_sign_batch", schnorr_pre_sign_batch),
    ("schnorr.adapt", schnorr_adapt),
    ("ecdsa.adaptor", ecdsa_adaptor),
    ("musig2.sign_partial", musig2_sign_partial),
    ("musig2.adapt", musig2_adapt),
    ("lock.route", lock_route),
    ("lock.claim", lock_claim),
    ("lock.preimage", lock_preimage),
    ("ktime.polynomial", ktime_polynomial),
    ("proof.create", proof_create),
    ("hold.held_blind", held_blind),
    ("hold.release_hash", release_hash),
    ("onion.build", onion_build),
    ("onion.peel", onion_peel),
    ("blinded.build", blinded_build),
    ("blinded.open", blinded_open),
];

const MESSAGE: [u8; 32] = [0x4d; 32];

/// 32 secret bytes.
pub(crate) fn secret_bytes(byte: u8) -> [u8; 32] {
    let mut bytes = [byte; 32];
    client::mark_secret(&mut bytes);
    bytes
}

/// A secret scalar.
pub(crate) fn secret(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&secret_bytes(byte)).expect("in range")
}

/// A point of which nobody here knows the scalar.
pub(crate) fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).expect("in range").to_point()
}

/// A key pair with a secret key.
fn secret_keypair(byte: u8) -> Keypair {
    Keypair::new(secret(byte))
}

/// Requires that a secret has reached the result.
fn reached<T: ?Sized>(result: &T) {
    assert!(client::is_secret(result), "no secret in the result: this case shows nothing");
}

fn reached_scalar(scalar: &SecretScalar) {
    reached(&*scalar.dangerous_to_bytes());
}

fn from_hash() {
    for byte in [0x01, 0xff] {
        reached_scalar(&SecretScalar::from_hash(&secret_bytes(byte)).expect("not n"));
    }
}

fn arithmetic() {
    let (a, b) = (secret(1), secret(2));
    let public = PublicScalar::from_bytes(&[3; 32]).expect("in range");
    reached_scalar(&a.add(&b).expect("not opposite"));
    reached_scalar(&a.sub(&b).expect("not equal"));
    reached_scalar(&a.mul(&b));
    reached_scalar(&a.negate());
    reached_scalar(&a.add_public(&public).expect("not opposite"));
    reached_scalar(&a.mul_public(&public).expect("not zero"));
}

fn equality() {
    reached(&secret(1).ct_eq(&secret(2)));
    reached(&(secret(1) == secret(2)));
    reached(&(Preimage::new(secret_bytes(1)) == Preimage::new(secret_bytes(2))));
}

fn mul_secret() {
    reached(&point(1).mul_secret(&secret(2)));
}

fn keypair() {
    reached_scalar(secret_keypair(1).secret_key());
    // The even point's key is −d for one of the two.
    assert_ne!(secret_keypair(1).public_key().is_odd(), secret_keypair(9).public_key().is_odd());
}

fn sign_schnorr() {
    let signature = secret_keypair(1).sign_schnorr(&MESSAGE, &secret_bytes(2));
    reached(signature.as_ref());
}

/// With the generator of the curve, which has a multiplication of its own, and with another one.
fn dleq_prove() {
    for bases in [Bases::new(point(3)), Bases::with_generator(point(5), point(3))] {
        let (statement, proof) =
            dleq::prove(&secret(1), &bases, Some(&MESSAGE), &secret_bytes(2)).expect("no fault");
        reached(&statement.value);
        reached(&proof.to_bytes());
    }
}

fn schnorr_pre_sign() {
    let pre_signature =
        schnorr::pre_sign(&secret_keypair(1), &MESSAGE, &point(3), &secret_bytes(2));
    reached(&pre_signature.expect("not degenerate").to_bytes());
}

fn schnorr_pre_sign_verified() {
    let pre_signature =
        schnorr::pre_sign_verified(&secret_keypair(1), &MESSAGE, &point(3), &secret_bytes(2));
    reached(&pre_signature.expect("no fault").to_bytes());
}

/// The sums R' = k·G + T are of variable time, and of points that the pre-signatures give away.
fn schnorr_pre_sign_batch() {
    let items = [(MESSAGE, point(3)), (MESSAGE, point(4)), ([0x4e; 32], point(3))];
    let made = schnorr::pre_sign_batch(&secret_keypair(1), &items, &secret_bytes(2));
    for pre_signature in made.expect("not degenerate") {
        reached(&pre_signature.to_bytes());
    }
}

fn schnorr_adapt() {
    // R' with odd and with even y.
    for prefix in [2, 3] {
        let mut bytes = [1; 65];
        bytes[0] = prefix;
        let pre_signature = schnorr::PreSignature::from_bytes(&bytes).expect("in range");
        reached(pre_signature.adapt(&secret(3)).as_ref());
    }
}

/// Both verbs. `boundary.rs` asserts that the secret key arrives in the pre-signature.
fn ecdsa_adaptor() {
    let pre_signature = ecdsa::pre_sign(&secret_keypair(1), &MESSAGE, &point(3), &secret_bytes(2))
        .expect("not degenerate");
    reached(&pre_signature.adapt(&secret(3)));
}

fn musig2_sign_partial() {
    let (own, other) = (secret_keypair(1), secret_keypair(2));
    let keys = musig2::KeyAggContext::new(&[own.public_key(), other.public_key()])
        .and_then(|keys| keys.with_taproot_tweak(None))
        .expect("keys that do not cancel");
    let nonce = |byte, keypair| {
        let mut session_rand = secret_bytes(byte);
        musig2::SecretNonce::generate(&mut session_rand, keypair, &keys.x_only(), &MESSAGE, None)
            .expect("fresh entropy")
    };
    let (own_nonce, other_nonce) = (nonce(4, &own), nonce(5, &other));
    let public_nonces = [own_nonce.public_nonce(), other_nonce.public_nonce()];
    let plain = musig2::Session::new(&keys, &public_nonces, &MESSAGE).expect("as many as keys");
    let partial = plain.sign_partial(other_nonce, &other).expect("no fault");
    reached(&partial.to_bytes());
    let session =
        musig2::AdaptorSession::with_lock_point(&keys, &public_nonces, &MESSAGE, &point(3))
            .expect("nonces that do not cancel");
    let partial = session.sign_partial(own_nonce, &own).expect("no fault");
    reached(&partial.to_bytes());
}

fn musig2_adapt() {
    let pre_signature = musig2::PreSignature::from_bytes(&[2; 65]).expect("in range");
    reached(pre_signature.adapt(&secret(3)).as_ref());
}

fn lock_route() {
    let blinds = [1, 2, 3].map(|byte| Blind::new(secret(byte)));
    let route = RouteLocks::new(&point(9), &blinds).expect("blinds that do not cancel");
    reached_scalar(route.final_blind().as_scalar());
}

fn lock_claim() {
    let last = lock::final_secret(&secret(1), &Blind::new(secret(2))).expect("not opposite");
    let previous = lock::previous_secret(&last, &Blind::new(secret(4))).expect("not equal");
    reached_scalar(&previous);
}

fn lock_preimage() {
    reached(&Preimage::new(secret_bytes(1)).hash().0);
}

fn ktime_polynomial() {
    let polynomial = PaymentPolynomial::from_entropy(&secret_bytes(1), 3).expect("not too many");
    let x = PayerScalar::from_bytes(&[2; 32]).expect("in range");
    reached_scalar(&polynomial.evaluate(&x).expect("no root"));
}

/// The payer's side: z(x) and A's key are secret, the invoice and the request are not.
fn proof_create() {
    let receiver = Keypair::new(SecretScalar::from_bytes(&[4; 32]).expect("in range"));
    let coefficients = [1, 2].map(secret);
    let points = coefficients.each_ref().map(SecretScalar::to_point);
    let points = PaymentPoints::new(points.to_vec()).expect("two points");
    let invoice = StaticInvoiceBuilder::new(points, 1_750_000_000)
        .interim_route(&[receiver.public_key()])
        .sign(&receiver, &[0; 32])
        .expect("a valid invoice");
    let key = PayerKey::new(secret(6));
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: 5_000,
        note_hash: NoteHash::NONE,
    };
    let polynomial = PaymentPolynomial::dangerous_from_coefficients(coefficients.to_vec());
    let x = terms.x().expect("no hash is zero");
    let secret = polynomial.and_then(|polynomial| polynomial.evaluate(&x)).expect("no root");
    let request =
        ProofRequest { verifier: Verifier::named("verifier"), challenge: Challenge::new([8; 32]) };
    let secret = PointSecret::new(secret);
    let proof = PaymentProof::create(&invoice, &terms, &key, &secret, &request, &secret_bytes(7));
    reached(&proof.expect("all of it belongs together").point_proof().to_bytes());
}

fn held_blind() {
    let release = ReleaseSecret::new(secret(1));
    let held = HeldBlind::new(&Blind::new(secret(2)), &release).expect("not opposite");
    reached_scalar(held.open(&release).expect("not equal").as_scalar());
}

fn release_hash() {
    let hash = ReleaseSecret::from_bytes(&[1; 32]).expect("in range").hash();
    reached(&hash.is_of(&ReleaseSecret::new(secret(1))));
}

fn onion_build() {
    let hops = [(point(1), [1; 40]), (point(2), [2; 40])];
    let (packet, shared_secrets) = Packet::build(secret(3), &hops, b"attempt").expect("short");
    reached(&*packet.to_bytes());
    reached(&*shared_secrets[1].dangerous_to_bytes());
}

/// As far as the HMAC. What comes after reads the payload, which the hop's own decisions are to depend on.
fn onion_peel() {
    let session_key = SecretScalar::from_bytes(&[3; 32]).expect("in range");
    let (packet, _) = Packet::build(session_key, &[(point(1), [1; 40])], b"").expect("short");
    let node_secret = secret(1);
    reached(&*packet.shared_secret(&node_secret).dangerous_to_bytes());
    let refusal = packet.peel(&node_secret, b"altered").expect_err("another HMAC");
    assert_eq!(refusal, OnionError::InvalidHmac);
    reached(&packet.shared_secret(&node_secret).ct_eq(&SharedSecret::from_bytes([1; 32])));
}

fn blinded_build() {
    let hops = [(point(1), [1; 40]), (point(2), [2; 40])];
    let (path, secrets) = BlindedPath::build(secret(3), &hops).expect("two hops");
    reached(&*path.hops()[1].encrypted_recipient_data);
    reached(&*secrets[1].shared_secret().dangerous_to_bytes());
}

fn blinded_open() {
    let session_key = SecretScalar::from_bytes(&[3; 32]).expect("in range");
    let (path, _) = BlindedPath::build(session_key, &[(point(1), [1; 40])]).expect("one hop");
    let at_hop = PathSecret::new(&secret(1), path.first_path_key());
    let opened = at_hop.open(&path.hops()[0].encrypted_recipient_data).expect("for this hop");
    reached(&**opened);
}
