//! Whole sessions with 1 to 5 signers and tweaks of all kinds, and what goes wrong in them.

use alloc::vec;
use alloc::vec::Vec;

use proptest::prelude::*;
use secp256k1::Message;

use super::*;
use crate::curve::{Keypair, Point, PublicScalar, SecretScalar, context};
use crate::{AdaptorError, schnorr};

const MESSAGE: [u8; 32] = [0x6d; 32];

fn keypair(seed: u8) -> Keypair {
    Keypair::from_secret_bytes(&[seed; 32]).unwrap()
}

fn lock_secret() -> SecretScalar {
    SecretScalar::from_bytes(&[0x74; 32]).unwrap()
}

/// A group of signers between the rounds.
struct Group {
    signers: Vec<Keypair>,
    keys: KeyAggContext,
    nonces: Vec<SecretNonce>,
    public_nonces: Vec<PublicNonce>,
}

impl Group {
    fn new(seeds: &[u8], tweaks: &[(bool, [u8; 32])]) -> Self {
        let signers: Vec<Keypair> = seeds.iter().copied().map(keypair).collect();
        let public_keys: Vec<Point> = signers.iter().map(Keypair::public_key).collect();
        let keys =
            tweaks.iter().fold(
                KeyAggContext::new(&public_keys).unwrap(),
                |keys, tweak| match tweak {
                    (true, tweak) => keys.with_xonly_tweak(tweak).unwrap(),
                    (false, tweak) => keys.with_plain_tweak(tweak).unwrap(),
                },
            );
        let nonces: Vec<SecretNonce> = signers
            .iter()
            .enumerate()
            .map(|(i, signer)| {
                let mut rand = [i as u8 + 1; 32];
                SecretNonce::generate(&mut rand, signer, &keys.x_only(), &MESSAGE, None).unwrap()
            })
            .collect();
        let public_nonces = nonces.iter().map(SecretNonce::public_nonce).collect();
        Self { signers, keys, nonces, public_nonces }
    }

    fn plain(&self) -> Session {
        Session::new(&self.keys, &self.public_nonces, &MESSAGE).unwrap()
    }

    fn locked(&self) -> AdaptorSession {
        let lock_point = lock_secret().to_point();
        Session::with_lock_point(&self.keys, &self.public_nonces, &MESSAGE, &lock_point).unwrap()
    }

    fn sign<Lock>(self, session: &Session<Lock>) -> Vec<PartialSignature> {
        let signers = self.nonces.into_iter().zip(&self.signers);
        signers.map(|(nonce, signer)| session.sign_partial(nonce, signer).unwrap()).collect()
    }
}

fn tweaks() -> impl Strategy<Value = Vec<(bool, [u8; 32])>> {
    // Below n: the first byte is not ff.
    let tweak = (any::<bool>(), any::<[u8; 32]>()).prop_map(|(x_only, mut tweak)| {
        tweak[0] &= 0x7f;
        (x_only, tweak)
    });
    proptest::collection::vec(tweak, 0..4)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn plain_sessions_end_in_a_signature(
        seeds in proptest::collection::vec(1..=0xfeu8, 1..=5), tweaks in tweaks()
    ) {
        let group = Group::new(&seeds, &tweaks);
        let (keys, session) = (group.keys.clone(), group.plain());
        let signature = session.aggregate(&group.sign(&session)).unwrap();
        let message = Message::from_digest(MESSAGE);
        prop_assert!(context().verify_schnorr(&signature, &message, &keys.x_only()).is_ok());
    }

    #[test]
    fn adaptor_sessions_end_in_a_pre_signature(
        seeds in proptest::collection::vec(1..=0xfeu8, 1..=5), tweaks in tweaks()
    ) {
        let group = Group::new(&seeds, &tweaks);
        let (key, session, t) = (group.keys.x_only(), group.locked(), lock_secret());
        prop_assert_eq!(session.message(), &MESSAGE);
        let pre_signature = session.aggregate(&group.sign(&session)).unwrap();
        prop_assert_eq!(pre_signature.verify(&key, &MESSAGE, &t.to_point()), Ok(()));
        // Equation for equation the single signer's.
        let single = schnorr::PreSignature::from_bytes(&pre_signature.to_bytes()).unwrap();
        prop_assert_eq!(single.verify(&key, &MESSAGE, &t.to_point()), Ok(()));
        let signature = pre_signature.adapt_verified(&t, &key, &MESSAGE).unwrap();
        prop_assert_eq!(&pre_signature.nonce_x()[..], &signature.as_ref()[..32]);
        prop_assert_eq!(pre_signature.extract(&signature, &key, &MESSAGE, &t.to_point()), Ok(t));
        let read = PreSignature::from_slice(&pre_signature.to_bytes());
        prop_assert_eq!(read, Ok(pre_signature));
    }

    #[test]
    fn the_last_signer_gets_the_same(
        seeds in proptest::collection::vec(1..=0xfeu8, 1..=5), last: prop::sample::Index
    ) {
        let mut group = Group::new(&seeds, &[]);
        let last = last.index(seeds.len());
        let session = group.locked();
        let expected = {
            let twin = Group::new(&seeds, &[]);
            session.aggregate(&twin.sign(&session)).unwrap()
        };
        let (nonce, signer) = (group.nonces.remove(last), group.signers.remove(last));
        let others = group.sign(&session);
        let (own, pre_signature) = session.sign_partial_last(nonce, &signer, &others).unwrap();
        prop_assert_eq!(pre_signature, expected);
        let mut all = others;
        all.insert(last, own);
        prop_assert_eq!(session.aggregate(&all).unwrap(), expected);
    }

    #[test]
    fn the_culprit_is_named(
        seeds in proptest::collection::vec(1..=0xfeu8, 2..=5),
        culprit: prop::sample::Index,
        bit in 0..256usize,
        tweaks in tweaks(),
    ) {
        let group = Group::new(&seeds, &tweaks);
        let culprit = culprit.index(seeds.len());
        let session = group.locked();
        let mut partials = group.sign(&session);
        let mut bytes = partials[culprit].to_bytes();
        bytes[bit / 8] ^= 1 << (bit % 8);
        prop_assume!(PartialSignature::from_bytes(&bytes).is_ok());
        partials[culprit] = PartialSignature::from_bytes(&bytes).unwrap();
        let expected = Musig2Error::InvalidPartialSignature { signer: culprit };
        prop_assert_eq!(session.aggregate(&partials), Err(expected));
    }

    #[test]
    fn partial_signatures_read_what_they_write(bytes: [u8; 32]) {
        if let Ok(partial) = PartialSignature::from_bytes(&bytes) {
            prop_assert_eq!(partial.to_bytes(), bytes);
        }
    }
}

/// Two culprits whose errors cancel: the sum is the same, and does no harm. Each is found when it is looked at.
#[test]
fn errors_that_cancel_do_no_harm() {
    let group = Group::new(&[1, 2, 3], &[]);
    let session = group.locked();
    let mut partials = group.sign(&session);
    let right = session.aggregate(&partials).unwrap();
    partials[1] = PartialSignature(partials[1].0.add(&PublicScalar::ONE));
    let invalid = |signer| Musig2Error::InvalidPartialSignature { signer };
    assert_eq!(session.aggregate(&partials), Err(invalid(1)));
    partials[2] = PartialSignature(partials[2].0.sub(&PublicScalar::ONE));
    assert_eq!(session.aggregate(&partials), Ok(right));
    let verdicts = [0, 1, 2].map(|signer| session.verify_partial(signer, &partials[signer]));
    assert_eq!(verdicts, [Ok(()), Err(invalid(1)), Err(invalid(2))]);
}

#[test]
fn nothing_is_signed_last_over_a_bad_partial_signature() {
    for bad in [0, 2] {
        let mut group = Group::new(&[1, 2, 3], &[]);
        let session = group.locked();
        let (nonce, signer) = (group.nonces.remove(1), group.signers.remove(1));
        let mut others = group.sign(&session);
        let at = if bad == 0 { 0 } else { 1 };
        others[at] = PartialSignature(others[at].0.negate());
        let refused = session.sign_partial_last(nonce, &signer, &others);
        assert_eq!(refused.unwrap_err(), Musig2Error::InvalidPartialSignature { signer: bad });
    }
    for count in [0, 1, 3] {
        let mut group = Group::new(&[1, 2, 3], &[]);
        let session = group.locked();
        let (nonce, signer) = (group.nonces.remove(2), group.signers.remove(2));
        let mut others = group.sign(&session);
        others.resize(count, others[0]);
        let refused = session.sign_partial_last(nonce, &signer, &others);
        let expected = Musig2Error::PartialSignatureCount { expected: 2, actual: count };
        assert_eq!(refused.unwrap_err(), expected);
    }
}

/// A partial signature is good for one session: not for another message, lock point or kind of session.
#[test]
fn partial_signatures_do_not_move() {
    let seeds = [1, 2];
    let group = Group::new(&seeds, &[]);
    let (plain, locked) = (group.plain(), group.locked());
    let (keys, nonces) = (group.keys.clone(), group.public_nonces.clone());
    let t = lock_secret().to_point();
    let other_lock = Session::with_lock_point(&keys, &nonces, &MESSAGE, &t.negate()).unwrap();
    let other_message = Session::with_lock_point(&keys, &nonces, &[0; 32], &t).unwrap();
    let swapped = [nonces[1], nonces[0]];
    let other_nonces = Session::with_lock_point(&keys, &swapped, &MESSAGE, &t).unwrap();
    let other_key = keys.with_plain_tweak(&[1; 32]).unwrap();
    let tweaked = Session::with_lock_point(&other_key, &nonces, &MESSAGE, &t).unwrap();
    let partials = group.sign(&locked);
    let refused = Musig2Error::InvalidPartialSignature { signer: 0 };
    for other in [other_lock, other_message, tweaked] {
        assert_eq!(other.aggregate(&partials), Err(refused));
    }
    // With the nonces of the two swapped it is the same session for everybody but the two.
    assert_eq!(other_nonces.verify_partial(0, &partials[0]), Err(refused));
    assert_eq!(plain.aggregate(&partials), Err(refused));
    assert!(locked.aggregate(&partials).is_ok());
    let partials = Group::new(&seeds, &[]).sign(&plain);
    assert_eq!(locked.aggregate(&partials), Err(refused));
    assert!(plain.aggregate(&partials).is_ok());
    // Nor from one signer to another.
    assert_eq!(plain.verify_partial(0, &partials[1]), Err(refused));
}

#[test]
fn signing_with_what_does_not_belong() {
    let session = Group::new(&[1, 2], &[]).locked();
    let nonce = || Group::new(&[1, 2], &[]).nonces.remove(0);
    let sign = |nonce, seed| session.sign_partial(nonce, &keypair(seed)).map(|_| ());
    assert_eq!(sign(nonce(), 1), Ok(()));
    assert_eq!(sign(nonce(), 2), Err(Musig2Error::ForeignNonce));
    let stranger = Group::new(&[3, 2], &[]).nonces.remove(0);
    assert_eq!(sign(stranger, 3), Err(Musig2Error::NotASigner));
    let other_session = Group::new(&[1, 2, 3], &[]).nonces.remove(0);
    assert_eq!(sign(other_session, 1), Err(Musig2Error::NonceNotInSession));
    // −d has the same x coordinate and is another key.
    let opposite = Keypair::new(keypair(1).secret_key().negate());
    assert_eq!(session.sign_partial(nonce(), &opposite), Err(Musig2Error::ForeignNonce));
    let nobody = session.verify_partial(2, &PartialSignature(PublicScalar::ONE));
    assert_eq!(nobody, Err(Musig2Error::NoSuchSigner { signer: 2, signers: 2 }));
}

#[test]
fn counts_are_checked() {
    let group = Group::new(&[1, 2, 3], &[]);
    let nonces = &group.public_nonces;
    let four = [nonces.as_slice(), &nonces[..1]].concat();
    for wrong in [&[], &nonces[..2], four.as_slice()] {
        let expected = Musig2Error::PublicNonceCount { expected: 3, actual: wrong.len() };
        assert_eq!(Session::new(&group.keys, wrong, &MESSAGE).unwrap_err(), expected);
        let t = lock_secret().to_point();
        let refused = Session::with_lock_point(&group.keys, wrong, &MESSAGE, &t);
        assert_eq!(refused.unwrap_err(), expected);
    }
    let session = group.plain();
    let partials = group.sign(&session);
    for wrong in [vec![], partials[..2].to_vec(), [&partials[..], &partials[..1]].concat()] {
        let expected = Musig2Error::PartialSignatureCount { expected: 3, actual: wrong.len() };
        assert_eq!(session.aggregate(&wrong), Err(expected));
    }
    assert!(session.aggregate(&partials).is_ok());
}

/// A key that signs twice has two nonces, and each of its signatures finds its place.
#[test]
fn one_key_may_sign_twice() {
    let group = Group::new(&[1, 1, 2, 1], &[]);
    let session = group.plain();
    let partials = group.sign(&session);
    assert!(session.aggregate(&partials).is_ok());
    for (signer, partial) in partials.iter().enumerate() {
        assert_eq!(session.verify_partial(signer, partial), Ok(()));
    }
    let refused = session.verify_partial(0, &partials[1]);
    assert_eq!(refused, Err(Musig2Error::InvalidPartialSignature { signer: 0 }));
}

/// A thief without t: neither the pre-signature as it is, nor another secret, nor another lock point.
#[test]
fn pre_signatures_need_their_secret() {
    let group = Group::new(&[1, 2], &[]);
    let (key, session, t) = (group.keys.x_only(), group.locked(), lock_secret());
    let pre_signature = session.aggregate(&group.sign(&session)).unwrap();
    for wrong in [t.negate(), t.mul(&t), keypair(1).secret_key().clone()] {
        let refused = pre_signature.adapt_verified(&wrong, &key, &MESSAGE);
        assert_eq!(refused, Err(AdaptorError::InvalidSignature));
        let refused = pre_signature.verify(&key, &MESSAGE, &wrong.to_point());
        assert_eq!(refused, Err(AdaptorError::InvalidPreSignature));
    }
    let signature = pre_signature.adapt_verified(&t, &key, &MESSAGE).unwrap();
    let other = pre_signature.extract(&signature, &key, &MESSAGE, &t.to_point().negate());
    assert_eq!(other, Err(AdaptorError::SecretMismatch));
    // A plain signature of the same signers over the same message gives nothing away.
    let group = Group::new(&[1, 2], &[]);
    let plain = group.plain();
    let signature = plain.aggregate(&group.sign(&plain)).unwrap();
    let refused = pre_signature.extract(&signature, &key, &MESSAGE, &t.to_point());
    assert_eq!(refused, Err(AdaptorError::NonceMismatch));
}

/// The last signer picks its nonces so that the sums cancel. Plain sessions go on and name it; adaptor sessions
/// do not start.
#[test]
fn cancelling_nonces() {
    let group = Group::new(&[1, 2], &[]);
    let [honest, _] = group.public_nonces[..] else { panic!("two signers") };
    let t = lock_secret().to_point();
    let cancelling = |first: Point| PublicNonce { first, second: honest.second.negate() };
    let public_nonces = [honest, cancelling(honest.first.negate())];
    let plain = Session::new(&group.keys, &public_nonces, &MESSAGE).unwrap();
    assert_eq!(Ok(plain.final_nonce()), PublicScalar::ONE.to_point());
    let refused = Session::with_lock_point(&group.keys, &public_nonces, &MESSAGE, &t);
    assert_eq!(refused.unwrap_err(), Musig2Error::FinalNonceAtInfinity);
    let with_lock = [honest, cancelling(honest.first.add(&t).unwrap().negate())];
    let refused = Session::with_lock_point(&group.keys, &with_lock, &MESSAGE, &t);
    assert_eq!(refused.unwrap_err(), Musig2Error::FinalNonceAtInfinity);
    let mut nonces = group.nonces.into_iter();
    let honest_partial = plain.sign_partial(nonces.next().unwrap(), &keypair(1)).unwrap();
    let made_up = PartialSignature(PublicScalar::ONE);
    let refused = plain.aggregate(&[honest_partial, made_up]);
    assert_eq!(refused, Err(Musig2Error::InvalidPartialSignature { signer: 1 }));
}

/// Signers who agree on opposite nonces harm only themselves: all is valid but the signature.
#[test]
fn nonces_cancelled_by_agreement() {
    let signers = [keypair(1), keypair(2)];
    let keys = KeyAggContext::new(&[signers[0].public_key(), signers[1].public_key()]).unwrap();
    let scalars = [SecretScalar::from_bytes(&[3; 32]), SecretScalar::from_bytes(&[4; 32])];
    let [one, two] = scalars.map(Result::unwrap);
    let encode = |scalars: [&SecretScalar; 2], signer: &Keypair| {
        let scalars = scalars.map(|scalar| *scalar.dangerous_to_bytes());
        [&scalars[0][..], &scalars[1], &signer.public_key().to_bytes()].concat()
    };
    let encodings =
        [encode([&one, &two], &signers[0]), encode([&one.negate(), &two.negate()], &signers[1])];
    let nonces = encodings.map(|bytes| SecretNonce::dangerous_from_bytes(&bytes).unwrap());
    let public_nonces = nonces.each_ref().map(SecretNonce::public_nonce);
    let session = Session::new(&keys, &public_nonces, &MESSAGE).unwrap();
    let partials: Vec<PartialSignature> = nonces
        .into_iter()
        .zip(&signers)
        .map(|(nonce, signer)| session.sign_partial(nonce, signer).unwrap())
        .collect();
    assert_eq!(session.aggregate(&partials), Err(Musig2Error::AggregationFault));
}

#[test]
fn a_spoiled_partial_signature_is_not_given_out() {
    let mut group = Group::new(&[1, 2], &[]);
    let session = group.locked();
    let spoiled = group.nonces.remove(0).with_fault();
    let refused = session.sign_partial(spoiled, &group.signers[0]);
    assert_eq!(refused, Err(Musig2Error::SigningFault));
}

#[test]
fn behind_an_aggregator() {
    let group = Group::new(&[1, 2, 3], &[(true, [9; 32])]);
    let session = group.plain();
    let sum = AggregateNonce::sum(&group.public_nonces);
    let partials: Vec<PartialSignature> = group
        .nonces
        .into_iter()
        .zip(&group.signers)
        .map(|(nonce, signer)| {
            sign_for_aggregator(&group.keys, &sum, &MESSAGE, nonce, signer).unwrap()
        })
        .collect();
    assert!(session.aggregate(&partials).is_ok());
    let stranger = Group::new(&[4, 2], &[]).nonces.remove(0);
    let refused = sign_for_aggregator(&group.keys, &sum, &MESSAGE, stranger, &keypair(4));
    assert_eq!(refused, Err(Musig2Error::NotASigner));
}
