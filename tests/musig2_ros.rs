//! Why the lock point must be bound in MuSig2's nonce coefficient: without it, a signer who picks lock points after
//! seeing the nonces forges a signature.
//!
//! The attack is that of Benhamouda, Lepoint, Loss, Orrù and Raykova ("On the (in)security of ROS", 2020), in
//! polynomial time. The victim holds the key P_0, the attacker P_1, and 256 sessions are open at once: all public
//! nonces are exchanged, no lock point is chosen. Unbound, the coefficient b_j of session j is then fixed, and with
//! it the victim's effective nonce N_j = R1_j + b_j·R2_j. The attacker draws two lock points for each session, gets
//! two challenges e_j⁰ and e_j¹, and fixes a nonce of its own:
//!
//! ```text
//! ρ_j = 2^j / (e_j¹ − e_j⁰)          R* = sum of ρ_j·N_j          e* = H(x(R*) ‖ x(Q) ‖ m*)
//! ```
//!
//! Choosing in session j the lock point of challenge e_j^β moves the sum of ρ_j·e_j by β·2^j, and so bit by bit to
//! e*. The victim's partial signatures, s_j·G = N_j + e_j·c·P_0, weighted with ρ_j, then sum to its part of a
//! signature of m*, which it never saw: 257 signatures from 256 sessions.
//!
//! Bound, b_j depends on the lock point, so the other choice of lock point is another N_j, and R* is a sum of nonces
//! that the victim does not use. The same code runs in both cases; the victim's is checked against the library.

#![allow(clippy::unwrap_used, reason = "tests")]

use pointlock::adaptor::musig2::{AdaptorSession, KeyAggContext, PartialSignature, PublicNonce};
use pointlock::adaptor::schnorr::verify_signature;
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar, Tag};
use secp256k1::schnorr::Signature;

/// One for each bit of a challenge.
const SESSIONS: usize = 256;

static DRAW: Tag = Tag::new("test/ros");
static NONCE_COEFFICIENT: Tag = Tag::new("MuSig/noncecoef");
static CHALLENGE: Tag = Tag::new("BIP0340/challenge");

/// Whether the lock point is hashed into the nonce coefficient.
#[derive(Clone, Copy, PartialEq)]
enum Binding {
    Bound,
    Unbound,
}

/// A scalar for everybody's dice, reproducible.
fn draw(what: &str, session: usize, index: u64) -> SecretScalar {
    let session = (session as u64).to_be_bytes();
    SecretScalar::from_hash(&DRAW.hash(&[what.as_bytes(), &session, &index.to_be_bytes()])).unwrap()
}

fn message(session: usize) -> [u8; 32] {
    DRAW.hash(&[b"message", &(session as u64).to_be_bytes()])
}

/// x^(n−2) = 1/x. Public scalars only: the running time tells nothing but what the attacker knows.
fn invert(x: &PublicScalar) -> PublicScalar {
    // −2 mod n, which is n − 2.
    let exponent = PublicScalar::ONE.add(&PublicScalar::ONE).negate();
    bits(exponent).rev().fold(PublicScalar::ONE, |power, bit| {
        let square = power.mul(&power);
        if bit { square.mul(x) } else { square }
    })
}

/// The bits of a scalar, least significant first.
fn bits(scalar: PublicScalar) -> impl DoubleEndedIterator<Item = bool> {
    let bytes = scalar.to_bytes();
    (0..256).map(move |j| (bytes[31 - j / 8] >> (j % 8)) & 1 == 1)
}

/// The keys, and c_i: by which key i is contained in the x-only aggregate key.
struct Group {
    keys: KeyAggContext,
    factors: [PublicScalar; 2],
}

impl Group {
    fn new(victim: &Keypair, attacker: &Keypair) -> Self {
        let keys = KeyAggContext::new(&[victim.public_key(), attacker.public_key()]).unwrap();
        let odd = keys.aggregate_key().is_odd();
        let factors = [0, 1].map(|signer| {
            let coefficient = keys.coefficient(signer).unwrap();
            if odd { coefficient.negate() } else { coefficient }
        });
        Self { keys, factors }
    }

    fn challenge(&self, nonce: &Point, message: &[u8; 32]) -> PublicScalar {
        let (nonce, key) = (nonce.x_only().serialize(), self.keys.x_only().serialize());
        PublicScalar::from_hash(&CHALLENGE.hash(&[&nonce, &key, message]))
    }
}

/// What both compute from the public nonces, the lock point and the message.
struct SessionValues {
    coefficient: PublicScalar,
    final_nonce: Point,
    challenge: PublicScalar,
}

impl SessionValues {
    fn new(
        binding: Binding,
        group: &Group,
        nonces: &[[Point; 2]; 2],
        message: &[u8; 32],
        lock_point: &Point,
    ) -> Self {
        let first = nonces[0][0].add(&nonces[1][0]).unwrap();
        let second = nonces[0][1].add(&nonces[1][1]).unwrap();
        let locked = first.add(lock_point).unwrap();
        let hashed = if binding == Binding::Bound { &locked } else { &first };
        let key = group.keys.x_only().serialize();
        let coefficient = PublicScalar::from_hash(&NONCE_COEFFICIENT.hash(&[
            &hashed.to_bytes(),
            &second.to_bytes(),
            &key,
            message,
        ]));
        let final_nonce = locked.add(&second.mul_public(&coefficient).unwrap()).unwrap();
        let challenge = group.challenge(&final_nonce, message);
        Self { coefficient, final_nonce, challenge }
    }

    /// ±(k_1 + b·k_2) + e·c·d
    fn sign(
        &self,
        nonce: &[SecretScalar; 2],
        factor: &PublicScalar,
        key: &Keypair,
    ) -> PublicScalar {
        let [first, second] = nonce;
        let nonce = second.mul_public(&self.coefficient).unwrap().add(first).unwrap();
        let nonce = if self.final_nonce.is_odd() { nonce.negate() } else { nonce };
        let factor = self.challenge.mul(factor);
        key.secret_key().mul_public(&factor).unwrap().add(&nonce).unwrap().dangerous_reveal()
    }
}

/// The honest signer: fresh nonces for each session, each used once, for the lock point that it is told.
struct Victim<'a> {
    binding: Binding,
    group: &'a Group,
    keypair: &'a Keypair,
    nonces: Vec<Option<[SecretScalar; 2]>>,
}

impl Victim<'_> {
    fn open(&mut self) -> [Point; 2] {
        let session = self.nonces.len();
        let nonce = [1, 2].map(|index| draw("victim's nonce", session, index));
        let points = nonce.each_ref().map(SecretScalar::to_point);
        self.nonces.push(Some(nonce));
        points
    }

    fn sign(&mut self, session: usize, other: &[Point; 2], lock_point: &Point) -> PublicScalar {
        let nonce = self.nonces[session].take().expect("a nonce is used once");
        let nonces = [nonce.each_ref().map(SecretScalar::to_point), *other];
        let message = message(session);
        let values = SessionValues::new(self.binding, self.group, &nonces, &message, lock_point);
        values.sign(&nonce, &self.group.factors[0], self.keypair)
    }
}

fn signature(nonce: &Point, scalar: &PublicScalar) -> Signature {
    let bytes = [nonce.x_only().serialize(), scalar.to_bytes()].concat();
    Signature::from_slice(&bytes).unwrap()
}

/// One way for the attacker to go on with a session.
struct Choice {
    lock_secret: SecretScalar,
    values: SessionValues,
}

/// How many of the sessions ended in a valid signature, and whether there is one more.
fn attack(binding: Binding) -> (usize, bool) {
    let victim_key = Keypair::new(draw("victim's key", 0, 0));
    let own_key = Keypair::new(draw("attacker's key", 0, 0));
    let group = Group::new(&victim_key, &own_key);
    let aggregate_key = group.keys.x_only();
    let mut victim = Victim { binding, group: &group, keypair: &victim_key, nonces: Vec::new() };

    // The first round, in all sessions.
    let victims: Vec<[Point; 2]> = (0..SESSIONS).map(|_| victim.open()).collect();
    let own_nonce = |session| [1, 2].map(|index| draw("attacker's nonce", session, index));
    let own = |session| own_nonce(session).each_ref().map(SecretScalar::to_point);

    // Two lock points for each session, both with R' even, so that the victim's nonce enters with the same sign.
    let choices: Vec<[Choice; 2]> = (0..SESSIONS)
        .map(|session| {
            let nonces = [victims[session], own(session)];
            let mut drawn = (0..).map(|index| {
                let lock_secret = draw("lock secret", session, index);
                let (message, point) = (message(session), lock_secret.to_point());
                let values = SessionValues::new(binding, &group, &nonces, &message, &point);
                Choice { lock_secret, values }
            });
            let mut even = || drawn.find(|choice| !choice.values.final_nonce.is_odd()).unwrap();
            [even(), even()]
        })
        .collect();

    // ρ_j = 2^j / (e_j¹ − e_j⁰)
    let mut power = PublicScalar::ONE;
    let weights: Vec<PublicScalar> = choices
        .iter()
        .map(|[zero, one]| {
            let weight = power.mul(&invert(&one.values.challenge.sub(&zero.values.challenge)));
            power = power.add(&power);
            weight
        })
        .collect();

    // R*, with a little added until y is even, and e*.
    let terms: Vec<Point> = victims
        .iter()
        .zip(&choices)
        .zip(&weights)
        .map(|(([first, second], choices), weight)| {
            let product = second.mul_public(&choices[0].values.coefficient).unwrap();
            first.add(&product).unwrap().mul_public(weight).unwrap()
        })
        .collect();
    let sum = Point::sum(&terms).unwrap();
    let (added, forged_nonce) = (0..)
        .map(|index| draw("added", 0, index))
        .map(|added| (added.dangerous_reveal(), sum.add(&added.to_point()).unwrap()))
        .find(|(_, nonce)| !nonce.is_odd())
        .unwrap();
    let forged_message = DRAW.hash(&[b"a message that the victim never signs"]);
    let forged_challenge = group.challenge(&forged_nonce, &forged_message);

    // e* less what the sum is if every choice is the first: its bits are the choices.
    let base = weights.iter().zip(&choices).fold(PublicScalar::ZERO, |sum, (weight, choices)| {
        sum.add(&weight.mul(&choices[0].values.challenge))
    });
    let chosen = bits(forged_challenge.sub(&base)).zip(&choices);

    // The second round, in all sessions.
    let own_factor = &group.factors[1];
    let mut forged = forged_challenge.mul(own_factor);
    forged = own_key.secret_key().mul_public(&forged).unwrap().dangerous_reveal().add(&added);
    let mut completed = 0;
    for (session, (bit, choices)) in chosen.enumerate() {
        let Choice { lock_secret, values } = &choices[usize::from(bit)];
        let partial = victim.sign(session, &own(session), &lock_secret.to_point());
        forged = forged.add(&weights[session].mul(&partial));
        let own_partial = values.sign(&own_nonce(session), own_factor, &own_key);
        let scalar = partial.add(&own_partial).add(&lock_secret.dangerous_reveal());
        let signature = signature(&values.final_nonce, &scalar);
        let valid = verify_signature(&signature, &aggregate_key, &message(session)).is_ok();
        completed += usize::from(valid);
    }
    let forgery = signature(&forged_nonce, &forged);
    (completed, verify_signature(&forgery, &aggregate_key, &forged_message).is_ok())
}

#[test]
fn unbound_lock_points_let_the_attacker_forge() {
    assert_eq!(attack(Binding::Unbound), (SESSIONS, true));
}

#[test]
fn bound_lock_points_do_not() {
    assert_eq!(attack(Binding::Bound), (SESSIONS, false));
}

/// The bound victim signs as the library has it, and the unbound one does not.
#[test]
fn the_bound_signer_is_the_librarys() {
    let keypairs = [1, 2].map(|byte| Keypair::from_secret_bytes(&[byte; 32]).unwrap());
    let group = Group::new(&keypairs[0], &keypairs[1]);
    for (binding, agrees) in [(Binding::Bound, true), (Binding::Unbound, false)] {
        let mut victim =
            Victim { binding, group: &group, keypair: &keypairs[0], nonces: Vec::new() };
        for session in 0..8 {
            let own = [1, 2].map(|index| draw("attacker's nonce", session, index).to_point());
            let lock_point = draw("lock secret", session, 0).to_point();
            let nonces = [victim.open(), own].map(|[first, second]| {
                let bytes = [first.to_bytes(), second.to_bytes()].concat();
                PublicNonce::from_bytes(&bytes.try_into().unwrap()).unwrap()
            });
            let library = AdaptorSession::with_lock_point(
                &group.keys,
                &nonces,
                &message(session),
                &lock_point,
            )
            .unwrap();
            let scalar = victim.sign(session, &own, &lock_point);
            let partial = PartialSignature::from_bytes(&scalar.to_bytes()).unwrap();
            assert_eq!(library.verify_partial(0, &partial).is_ok(), agrees);
        }
    }
}
