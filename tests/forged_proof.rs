//! Why a proof of payment is no signature under Z(x): with k claims of others one is made for a payment that was never claimed,
//! and without z(x).
//!
//! In plain words. A polynomial of degree k is known at k places; at any other place x* it is not known. But what is known of it
//! is more than nothing. z(x*) is a number that can be computed, plus an unknown number times the product of all (x* − x_j).
//! A Schnorr signature under Z(x*) is one equation, s = r + e·z(x*), where R = r·G may be anything, as long as it is chosen before
//! e. So the forger takes for R the *derivative* of the polynomial at x*, plus a little of its own: R = a·G + Z'(x*). That too
//! is a number that can be computed, plus the same unknown number times the derivative of that product. In s the unknown
//! number is then multiplied by P'(x*) + e·P(x*), with P(X) the product of all (X − x_j), and if that is zero, s can be computed.
//! It is zero if
//!
//! ```text
//! 1/(x* − x_1) + … + 1/(x* − x_k) = −e
//! ```
//!
//! R, and so e, are chosen first; the x_j are hashes, and the forger decides which of them get claimed, by paying with one note
//! or another. To choose k of many numbers so that they add up to a given one is a generalised birthday problem
//! ([`solver`]), the easier the larger k is. With k = 1,024 a list of 22 million notes is enough: a minute, and 5 sat for each
//! claim, for a receipt over 1 BTC.
//!
//! What the plain test does: it replays three solutions from `test-vectors/forged_proof.json`, with real claims. One makes a
//! proof of the former kind (in this file's code), which verifies. One makes a proof of equal logarithms for a *base of which
//! the forger knows the logarithm*: [`dleq`] accepts it, as it must, so what helps is not the second equation. And one does
//! as much as can be done with the base that a proof of payment has, a hash: one of its two equations holds, the other
//! does not, and the proof is refused.
//!
//! The solutions were found by `cargo test --release --test forged_proof -- --ignored --nocapture`, which finds them again:
//! four minutes of one core, 4 GB of memory.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/proofs.rs"]
mod proofs;
#[path = "forged_proof/solver.rs"]
mod solver;

use std::path::Path;

use pointlock::adaptor::schnorr::verify_signature;
use pointlock::claims::{ClaimBook, ClaimStore, Claimed, LockSet, MemoryClaimStore};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar, Tag};
use pointlock::dleq::{self, Bases, DleqError, Statement};
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::ktime::{
    NoteHash, PayerKey, PaymentPolynomial, PaymentTerms, PolynomialId,
};
use pointlock::invoice::proof::{
    Challenge, PaymentProof, ProofError, ProofMessage, ProofRequest, Verifier,
};
use pointlock::invoice::{StaticInvoice, merkle};
use pointlock::wire::{TlvStream, TlvWriter, tu64};
use secp256k1::schnorr::Signature;
use serde::Deserialize;

static BIP340_CHALLENGE: Tag = Tag::new("BIP0340/challenge");
static BIP374_CHALLENGE: Tag = Tag::new("BIP0374/challenge");
static PAYER_KEY: Tag = Tag::new("pointlock/payer_key");
static PROOF: Tag = Tag::new("pointlock/proof");

/// What was chosen, and which notes get paid.
#[derive(Deserialize)]
struct Attack {
    k: usize,
    /// How many notes there are to choose from: the notes are the numbers below, 8 bytes each.
    notes: usize,
    receiver_secret_key: String,
    polynomial_entropy: String,
    payer_entropy: String,
    claimed_msat: u64,
    forger_entropy: String,
    forged_msat: u64,
    verifier: String,
    challenge: String,
    solutions: Solutions,
}

#[derive(Deserialize)]
struct Solutions {
    signature: Vec<u64>,
    known_base: Vec<u64>,
    hashed_base: Vec<u64>,
}

fn bytes32(text: &str) -> [u8; 32] {
    hex::decode(text).unwrap().try_into().unwrap()
}

fn attack() -> Attack {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("test-vectors");
    let text = std::fs::read_to_string(folder.join("forged_proof.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The receiver, which keeps every rule.
struct Receiver {
    keypair: Keypair,
    polynomial: PaymentPolynomial,
    invoice: StaticInvoice,
    /// Computed once: it takes all the points.
    id: PolynomialId,
    book: ClaimBook<MemoryClaimStore>,
}

impl Receiver {
    fn new(attack: &Attack) -> Self {
        let keypair = Keypair::from_secret_bytes(&bytes32(&attack.receiver_secret_key)).unwrap();
        let entropy = bytes32(&attack.polynomial_entropy);
        let polynomial = PaymentPolynomial::from_entropy(&entropy, attack.k).unwrap();
        let invoice = invoice(&keypair, &polynomial);
        let mut book = ClaimBook::new(MemoryClaimStore::default());
        let id = polynomial.id();
        book.open(id, invoice.invoice_id(), attack.k).unwrap();
        Self { keypair, polynomial, invoice, id, book }
    }

    /// A payment has arrived: it is counted, and then claimed. Its payer learns z(x).
    fn claim(&mut self, index: usize, terms: &PaymentTerms) -> (PublicScalar, PublicScalar) {
        let x = terms.x().unwrap();
        let secret = self.polynomial.evaluate(&x).unwrap();
        let edge = EdgeId::in_channel([0; 32], Direction::FromNode1, index as u64);
        let locks = LockSet::new([(edge, secret.to_point())]).unwrap();
        assert_eq!(self.book.claim(&self.id, &x, &locks).unwrap(), Claimed::First);
        (x.to_scalar(), secret.dangerous_reveal())
    }
}

/// Field by field, so that it stays the same: the solutions are for this invoice.
fn invoice(receiver: &Keypair, polynomial: &PaymentPolynomial) -> StaticInvoice {
    let node_id = receiver.public_key().to_bytes();
    let points: Vec<[u8; 33]> =
        polynomial.payment_points().as_slice().iter().map(Point::to_bytes).collect();
    let mut writer = TlvWriter::new();
    writer.set(8, tu64(5_000)).set(10, "coffee").set(22, node_id);
    writer.set(164, tu64(1_750_000_000)).set(176, node_id);
    writer.set(3_000_000_161, points.concat()).set(3_000_000_165, node_id);
    let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    writer.set(240, receiver.sign_schnorr(&hash, &[0; 32]).serialize());
    StaticInvoice::from_bytes(&writer.to_bytes()).unwrap()
}

/// What the forger has, all of it public but the key of a payer of its own.
struct Forger {
    payer: Keypair,
    /// Of the payment that never was.
    terms: PaymentTerms,
    request: ProofRequest,
    x: PublicScalar,
    /// Z(x*)
    point: Point,
    /// a, and R = a·G + Z'(x*) of even y.
    own: PublicScalar,
    nonce: Point,
}

impl Forger {
    fn new(attack: &Attack, receiver: &Receiver) -> Self {
        let entropy = bytes32(&attack.forger_entropy);
        let payer = Keypair::new(SecretScalar::from_hash(&PAYER_KEY.hash(&[&entropy])).unwrap());
        let terms = PaymentTerms {
            payer: PayerKey::from_entropy(&entropy).unwrap().public_key(),
            invoice_id: receiver.invoice.invoice_id(),
            amount_msat: attack.forged_msat,
            note_hash: NoteHash::NONE,
        };
        let request = ProofRequest {
            verifier: Verifier::from_bytes(bytes32(&attack.verifier)),
            challenge: Challenge::new(bytes32(&attack.challenge)),
        };
        let points = receiver.polynomial.payment_points();
        let x = terms.x().unwrap().to_scalar();
        // Z'(x*), the sum of j·x*^(j − 1)·Z_j.
        let (mut power, mut summands) = (PublicScalar::ONE, Vec::new());
        for (j, coefficient) in (1..).zip(&points.as_slice()[1..]) {
            summands.push(coefficient.mul_public(&power.mul(&small(j))).unwrap());
            power = power.mul(&x);
        }
        let derivative = Point::sum(&summands).unwrap();
        let (own, nonce) = (1..)
            .map(small)
            .map(|own| (own, derivative.add(&own.to_point().unwrap()).unwrap()))
            .find(|(_, nonce)| !nonce.is_odd())
            .unwrap();
        let point = terms.payment_point(&points).unwrap();
        Self { payer, terms, request, x, point, own, nonce }
    }

    /// The payments that it gets claimed, its own or others': they differ in their notes.
    fn payments(attack: &Attack, receiver: &Receiver) -> impl Fn(u64) -> PaymentTerms + use<> {
        let key = PayerKey::from_entropy(&bytes32(&attack.payer_entropy)).unwrap();
        let first = PaymentTerms {
            payer: key.public_key(),
            invoice_id: receiver.invoice.invoice_id(),
            amount_msat: attack.claimed_msat,
            note_hash: NoteHash::NONE,
        };
        move |note| PaymentTerms { note_hash: NoteHash::of(Some(&note.to_be_bytes())), ..first }
    }

    /// s with s·G = R + e·Z(x*), from the claims of these notes. With ℓ_j the Lagrange polynomials of the x_j,
    /// z(X) = sum of z(x_j)·ℓ_j(X) + z_k·P(X), and so
    ///
    /// s = a + z'(x*) + e·z(x*) = a − sum of z(x_j)·P(x*)/((x* − x_j)²·P'(x_j)) + z_k·(P'(x*) + e·P(x*))
    fn answer(
        &self,
        attack: &Attack,
        receiver: &mut Receiver,
        e: &PublicScalar,
        notes: &[u64],
    ) -> PublicScalar {
        assert_eq!(notes.len(), attack.k);
        let payment = Self::payments(attack, receiver);
        let claims: Vec<(PublicScalar, PublicScalar)> = notes
            .iter()
            .enumerate()
            .map(|(index, note)| receiver.claim(index, &payment(*note)))
            .collect();
        // k claims, and no more; none of them is for x*.
        let (id, x) = (receiver.id, self.terms.x().unwrap());
        assert_eq!(receiver.book.slots_left(&id).unwrap(), 0);
        assert!(receiver.book.store().claim(&id, &x).unwrap().is_none());

        let distances: Vec<PublicScalar> = claims.iter().map(|(x, _)| self.x.sub(x)).collect();
        let inverses = invert_all(&distances);
        let sum = inverses.iter().fold(PublicScalar::ZERO, |sum, inverse| sum.add(inverse));
        assert_eq!(sum, e.negate(), "the notes do not solve the problem");
        let product = distances.iter().fold(PublicScalar::ONE, |product, d| product.mul(d));
        let slopes: Vec<PublicScalar> = claims
            .iter()
            .map(|(x, _)| {
                let others = claims.iter().filter(|(other, _)| other != x);
                others.fold(PublicScalar::ONE, |slope, (other, _)| slope.mul(&x.sub(other)))
            })
            .collect();
        let shares = claims.iter().zip(&inverses).zip(invert_all(&slopes));
        shares.fold(self.own, |s, (((_, z), inverse), slope)| {
            s.sub(&inverse.mul(inverse).mul(&product).mul(&slope).mul(z))
        })
    }

    /// e of a proof of equal logarithms with R for its first nonce point.
    fn equality_challenge(
        &self,
        base: &Point,
        value: &Point,
        second_nonce: &Point,
        message: &[u8; 32],
    ) -> [u8; 32] {
        let generator = Bases::new(*base).generator();
        let points = [&self.point, base, value, &generator, &self.nonce, second_nonce];
        let points = points.map(Point::to_bytes);
        BIP374_CHALLENGE.hash(&[points.as_flattened(), message])
    }
}

fn small(number: u64) -> PublicScalar {
    let mut bytes = [0; 32];
    bytes[24..].copy_from_slice(&number.to_be_bytes());
    PublicScalar::from_bytes(&bytes).unwrap()
}

/// 1/a mod n for each, with one inversion for all: a^(n − 2).
fn invert_all(numbers: &[PublicScalar]) -> Vec<PublicScalar> {
    let mut products = Vec::with_capacity(numbers.len());
    let mut product = PublicScalar::ONE;
    for number in numbers {
        products.push(product);
        product = product.mul(number);
    }
    let exponent = PublicScalar::ZERO.sub(&small(2)).to_bytes();
    let bits = (0..256).map(|bit| exponent[bit / 8] >> (7 - bit % 8) & 1 == 1);
    let mut inverse = bits.fold(PublicScalar::ONE, |power, bit| {
        let square = power.mul(&power);
        if bit { square.mul(&product) } else { square }
    });
    let mut inverses: Vec<PublicScalar> = numbers
        .iter()
        .zip(&products)
        .rev()
        .map(|(number, product)| {
            let one = inverse.mul(product);
            inverse = inverse.mul(number);
            one
        })
        .collect();
    inverses.reverse();
    inverses
}

/// A proof of payment as it was: two BIP-340 signatures over the payment and the verifier's challenge.
struct FormerProof {
    point_signature: Signature,
    payer_signature: Signature,
}

impl FormerProof {
    fn message(terms: &PaymentTerms, challenge: &Challenge) -> [u8; 32] {
        PROOF.hash(&[
            &terms.invoice_id.to_bytes(),
            &terms.amount_msat.to_be_bytes(),
            &terms.note_hash.0,
            &challenge.to_bytes(),
        ])
    }

    fn is_valid(
        &self,
        invoice: &StaticInvoice,
        issuer: &Point,
        terms: &PaymentTerms,
        challenge: &Challenge,
    ) -> bool {
        let Some(pointlock::invoice::PaymentLock::Points(points)) = invoice.lock() else {
            return false;
        };
        let message = Self::message(terms, challenge);
        let point = terms.payment_point(points).unwrap().x_only();
        let payer = terms.payer.to_point().x_only();
        invoice.verify_issuer(issuer).is_ok()
            && terms.invoice_id == invoice.invoice_id()
            && verify_signature(&self.point_signature, &point, &message).is_ok()
            && verify_signature(&self.payer_signature, &payer, &message).is_ok()
    }
}

/// e of a signature under Z(x*) of the former message. BIP-340 takes the even one of ±Z(x*) for the key.
fn signature_challenge(forger: &Forger) -> PublicScalar {
    let message = FormerProof::message(&forger.terms, &forger.request.challenge);
    let (nonce, key) = (forger.nonce.x_only().serialize(), forger.point.x_only().serialize());
    let e = PublicScalar::from_hash(&BIP340_CHALLENGE.hash(&[&nonce, &key, &message]));
    if forger.point.is_odd() { e.negate() } else { e }
}

/// The logarithm of the base that the forger has chosen itself, where it may.
const KNOWN: u64 = 7;

/// Base, value and second nonce point for a base whose logarithm is known: multiples of G, Z(x*) and R.
fn with_known_base(forger: &Forger) -> [Point; 3] {
    let generator = Bases::new(forger.point).generator();
    [generator, forger.point, forger.nonce].map(|point| point.mul_public(&small(KNOWN)).unwrap())
}

/// The same for the base of the proof, which is a hash: value and second nonce point are multiples of it that the forger knows,
/// since it can do no better.
fn with_hashed_base(forger: &Forger) -> [Point; 3] {
    let base = ProofMessage::new(&forger.terms, &forger.request).base();
    [base, base.mul_public(&small(11)).unwrap(), base.mul_public(&small(13)).unwrap()]
}

/// e ‖ s
fn equality(challenge: &[u8; 32], s: &PublicScalar) -> dleq::Proof {
    dleq::Proof::from_slice(&[*challenge, s.to_bytes()].concat()).unwrap()
}

fn message(forger: &Forger) -> [u8; 32] {
    ProofMessage::new(&forger.terms, &forger.request).to_bytes()
}

/// A proof with the forger's own signature under A, and whatever it has for the rest.
fn payment_proof(
    forger: &Forger,
    receiver: &Receiver,
    value: &Point,
    equality: &[u8; 64],
) -> Result<PaymentProof, ProofError> {
    let PaymentTerms { payer, amount_msat, note_hash, .. } = &forger.terms;
    let signature = forger.payer.sign_schnorr(&message(forger), &[0; 32]);
    let own = [
        (65_601, payer.to_bytes().to_vec()),
        (65_603, tu64(*amount_msat)),
        (65_605, note_hash.0.to_vec()),
        (65_607, forger.request.verifier.to_bytes().to_vec()),
        (65_609, forger.request.challenge.to_bytes().to_vec()),
        (65_611, value.to_bytes().to_vec()),
        (65_613, equality.to_vec()),
        (65_615, signature.serialize().to_vec()),
    ];
    let proof = proofs::around(receiver.invoice.as_bytes(), &own, &forger.payer);
    PaymentProof::from_bytes(&proof)
}

fn refused(forger: &Forger, receiver: &Receiver, proof: &PaymentProof) -> ProofError {
    proof.verify(&receiver.keypair.public_key(), &forger.request).unwrap_err()
}

#[test]
fn a_signature_under_the_point_is_forged() {
    let attack = attack();
    let mut receiver = Receiver::new(&attack);
    let forger = Forger::new(&attack, &receiver);
    let e = signature_challenge(&forger);
    let s = forger.answer(&attack, &mut receiver, &e, &attack.solutions.signature);

    let signature = [forger.nonce.x_only().serialize(), s.to_bytes()].concat();
    let former_message = FormerProof::message(&forger.terms, &forger.request.challenge);
    let proof = FormerProof {
        point_signature: Signature::from_slice(&signature).unwrap(),
        payer_signature: forger.payer.sign_schnorr(&former_message, &[0; 32]),
    };
    let (issuer, challenge) = (receiver.keypair.public_key(), forger.request.challenge);
    assert_eq!(forger.terms.amount_msat, 100_000_000_000, "1 BTC");
    assert!(proof.is_valid(&receiver.invoice, &issuer, &forger.terms, &challenge));
    // So the code above looks at both.
    let other = PaymentTerms { amount_msat: 1, ..forger.terms };
    assert!(!proof.is_valid(&receiver.invoice, &issuer, &other, &challenge));

    // In the place of the equality it proves nothing, whatever stands for the value.
    for value in with_known_base(&forger).into_iter().chain(with_hashed_base(&forger)) {
        let signature = signature.as_slice().try_into().unwrap();
        let proof = payment_proof(&forger, &receiver, &value, signature).unwrap();
        let refused = refused(&forger, &receiver, &proof);
        assert_eq!(refused, ProofError::NotShown(DleqError::Invalid));
    }
}

/// Two equations are no better than one if the forger knows how the bases are related.
#[test]
fn an_equality_to_a_base_with_a_known_logarithm_is_forged() {
    let attack = attack();
    let mut receiver = Receiver::new(&attack);
    let forger = Forger::new(&attack, &receiver);
    let [base, value, second_nonce] = with_known_base(&forger);
    let hash = forger.equality_challenge(&base, &value, &second_nonce, &message(&forger));
    let e = PublicScalar::from_hash(&hash);
    let s = forger.answer(&attack, &mut receiver, &e, &attack.solutions.known_base);

    let equality = equality(&hash, &s);
    let statement = Statement { bases: Bases::new(base), point: forger.point, value };
    assert_eq!(equality.verify(&statement, Some(&message(&forger))), Ok(()));
    // A proof of payment has no place for a base: the verifier computes it.
    let proof = payment_proof(&forger, &receiver, &value, &equality.to_bytes()).unwrap();
    let refused = refused(&forger, &receiver, &proof);
    assert_eq!(refused, ProofError::NotShown(DleqError::Invalid));
}

#[test]
fn an_equality_to_a_hashed_base_is_not() {
    let attack = attack();
    let mut receiver = Receiver::new(&attack);
    let forger = Forger::new(&attack, &receiver);
    let [base, value, second_nonce] = with_hashed_base(&forger);
    let hash = forger.equality_challenge(&base, &value, &second_nonce, &message(&forger));
    let e = PublicScalar::from_hash(&hash);
    let s = forger.answer(&attack, &mut receiver, &e, &attack.solutions.hashed_base);

    // The claims do for the first equation what they did for the signature. For the second they do nothing.
    let answered = |base: &Point, point: &Point| {
        base.mul_public(&s).unwrap().sub(&point.mul_public(&e).unwrap()).unwrap()
    };
    assert_eq!(answered(&Bases::new(base).generator(), &forger.point), forger.nonce);
    assert_ne!(answered(&base, &value), second_nonce);
    let proof = payment_proof(&forger, &receiver, &value, &equality(&hash, &s).to_bytes()).unwrap();
    let refused = refused(&forger, &receiver, &proof);
    assert_eq!(refused, ProofError::NotShown(DleqError::Invalid));

    // With z(x*), which only the receiver has, the same bytes around it are a proof: nothing else was wrong.
    let secret = receiver.polynomial.evaluate(&forger.terms.x().unwrap()).unwrap();
    let (statement, equality) =
        dleq::prove(&secret, &Bases::new(base), Some(&message(&forger)), &[0; 32]).unwrap();
    let proof = payment_proof(&forger, &receiver, &statement.value, &equality.to_bytes()).unwrap();
    let proven = proof.verify(&receiver.keypair.public_key(), &forger.request).unwrap();
    assert_eq!(proven.terms, forger.terms);
}

/// Finds the solutions again. Minutes, and 4 GB of memory: `cargo test --release --test forged_proof -- --ignored --nocapture`.
#[test]
#[ignore = "minutes of one core and 4 GB of memory: `just long-forgery`"]
fn the_solutions_are_found_again() {
    let attack = attack();
    let receiver = Receiver::new(&attack);
    let forger = Forger::new(&attack, &receiver);
    let equality_challenge = |[base, value, second_nonce]: [Point; 3]| {
        let hash = forger.equality_challenge(&base, &value, &second_nonce, &message(&forger));
        PublicScalar::from_hash(&hash)
    };
    let started = std::time::Instant::now();
    let payment = Forger::payments(&attack, &receiver);
    let distances: Vec<PublicScalar> = (0..attack.notes as u64)
        .map(|note| payment(note).x().unwrap().to_scalar())
        .map(|x| forger.x.sub(&x))
        .collect();
    let inverses: Vec<solver::Number> = distances
        .chunks(4_096)
        .flat_map(invert_all)
        .map(|inverse| solver::number(&inverse.to_bytes()))
        .collect();
    println!("{} numbers 1/(x* − x) after {:?}", inverses.len(), started.elapsed());
    let order = solver::number(&secp256k1::constants::CURVE_ORDER);
    let mut other = Vec::new();
    for (name, e, stored) in [
        ("signature", signature_challenge(&forger), &attack.solutions.signature),
        ("known_base", equality_challenge(with_known_base(&forger)), &attack.solutions.known_base),
        (
            "hashed_base",
            equality_challenge(with_hashed_base(&forger)),
            &attack.solutions.hashed_base,
        ),
    ] {
        let target = solver::number(&e.negate().to_bytes());
        let levels = attack.k.ilog2() as usize;
        let found = solver::solve(&inverses, &order, levels, &target).unwrap();
        let mut notes: Vec<u64> = found.into_iter().map(u64::from).collect();
        notes.sort_unstable();
        println!("{name}: after {:?}", started.elapsed());
        if notes != *stored {
            println!("\"{name}\": {notes:?}");
            other.push(name);
        }
    }
    assert!(other.is_empty(), "found otherwise than the file has them: {other:?}");
}
