//! Who signs before whom: each wrong order is refused by name, or does not compile (see the module `signing`).

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/scene.rs"]
mod scene;

use bitcoin::OutPoint;
use pointlock::adaptor::AdaptorError;
use pointlock_channel::*;
use scene::*;
use static_assertions::assert_not_impl_any;

// Nothing but verification makes these.
assert_not_impl_any!(CoveredCommitment: From<Commitment>, Default);
assert_not_impl_any!(CompleteCommitment: From<Commitment>, Default, Clone);

const X: Party = Party::Opener;
const Y: Party = Party::Accepter;

fn scene() -> Scene {
    Scene::with_edges(OutPoint::null())
}

fn pre_signatures(scene: &Scene, number: u64) -> PreSignatures {
    scene.commitment(X, number).pre_sign_claims(scene.secrets_of(X)).unwrap()
}

/// Four updates, both commitments each time, in the order of the messages.
#[test]
fn a_channel_goes_on_as_long_as_both_sign() {
    let scene = scene();
    let mut revoked = RevokedSecrets::new();
    let mut standing = scene.signed(X, 0);
    for number in 1..5 {
        let next = scene.signed(X, number);
        let (complete, covered) = std::mem::replace(&mut standing, next);
        let revocation = complete.revoke(&standing.0, scene.secrets_of(X)).unwrap();
        assert_eq!(revocation.number, number - 1);
        revoked.insert(revocation.number, &revocation.secret).unwrap();
        covered.revoked(&revocation.secret).unwrap();
        let expected = scene.secrets_of(X).seed.point(number + 1).unwrap();
        assert_eq!(revocation.next_point, expected);
    }
}

#[test]
fn pre_signatures_of_every_ptlc_are_needed_those_that_stood_there_before_too() {
    let mut scene = scene();
    let before = pre_signatures(&scene, 1);
    // A PTLC is added: those of the former commitment don't count for it, and the new one alone does not do.
    scene.edges.push(edge(X, 3, 40_000, EXPIRY, &point_secret(0x57)));
    let commitment = scene.commitment(X, 1);
    let expected =
        SigningError::OtherCommitment { expected: commitment.txid(), actual: before.txid };
    assert_eq!(CoveredCommitment::new(commitment.clone(), &before).unwrap_err(), expected);
    let renamed = PreSignatures { txid: commitment.txid(), ..before };
    let expected = SigningError::PreSignatureCount { expected: 3, actual: 2 };
    assert_eq!(CoveredCommitment::new(commitment.clone(), &renamed).unwrap_err(), expected);
    let all = pre_signatures(&scene, 1);
    let mut fresh = all.clone();
    fresh.pre_signatures.truncate(1);
    let expected = SigningError::PreSignatureCount { expected: 3, actual: 1 };
    assert_eq!(CoveredCommitment::new(commitment.clone(), &fresh).unwrap_err(), expected);
    CoveredCommitment::new(commitment, &all).unwrap();
}

/// The same terms but for one thing: what is signed for one commitment is worth nothing on the other.
#[test]
fn pre_signatures_for_another_point_amount_or_commitment_are_refused() {
    let scene = scene();
    let commitment = scene.commitment(X, 1);
    let source = AdaptorError::InvalidPreSignature;
    let refused = |given: PreSignatures| {
        let given = PreSignatures { txid: commitment.txid(), ..given };
        CoveredCommitment::new(commitment.clone(), &given).unwrap_err()
    };
    let changed = |change: &dyn Fn(&mut Scene)| {
        let mut other = scene.clone();
        change(&mut other);
        pre_signatures(&other, 1)
    };
    // Number 0 stands first, by its expiry.
    let named = |number| SigningError::PreSignature { offerer: X, number, source };
    let point = changed(&|other| other.edges[1] = edge(X, 1, 50_000, EXPIRY + 1, &point_secret(9)));
    assert_eq!(refused(point), named(1));
    let amount = changed(&|other| other.edges[0] = edge(X, 0, 50_001, EXPIRY, &secret_of(0)));
    assert!(matches!(refused(amount), SigningError::PreSignature { .. }));
    assert_eq!(refused(pre_signatures(&scene, 2)), named(0));
    let mut foreign = scene.clone();
    foreign.channel = Scene::with_edges(OutPoint { vout: 1, ..OutPoint::null() }).channel;
    assert_eq!(refused(pre_signatures(&foreign, 1)), named(0));
    CoveredCommitment::new(commitment.clone(), &pre_signatures(&scene, 1)).unwrap();
}

#[test]
fn pre_signatures_out_of_order_are_named() {
    let scene = scene();
    let commitment = scene.commitment(X, 1);
    let mut given = pre_signatures(&scene, 1);
    given.pre_signatures.swap(0, 1);
    let vout = commitment.edge_output(X, 1).unwrap().unwrap().vout();
    let expected = SigningError::PreSignatureOrder { offerer: X, number: 0, vout };
    assert_eq!(CoveredCommitment::new(commitment, &given).unwrap_err(), expected);
}

#[test]
fn a_commitment_is_complete_with_every_signature_and_in_their_order() {
    let scene = scene();
    let (complete, _) = scene.signed(X, 1);
    let nonce = scene.secrets_of(X).verification_nonces(&scene.channel).public(1).unwrap();
    let refused = |change: &dyn Fn(&mut CommitmentSignatures)| {
        let mut signatures = complete.signatures().clone();
        change(&mut signatures);
        CompleteCommitment::new(scene.commitment(X, 1), nonce, signatures).unwrap_err()
    };
    // X has offered three, and is offered an HTLC: four signatures. Two PTLCs pay it.
    let expected = SigningError::SignatureCount { expected: 4, actual: 3 };
    assert_eq!(refused(&|given| given.signatures.truncate(3)), expected);
    let expected = SigningError::PreSignatureCount { expected: 2, actual: 1 };
    assert_eq!(refused(&|given| given.pre_signatures.truncate(1)), expected);
    assert!(matches!(
        refused(&|given| given.signatures.swap(0, 3)),
        SigningError::EdgeSignature { .. }
    ));
    assert!(matches!(
        refused(&|given| given.pre_signatures.swap(0, 1)),
        SigningError::PreSignatureOrder { offerer: Y, .. }
    ));
    let other = scene.signed(X, 2).0.signatures().clone();
    let partial = refused(&|given| given.partial = other.partial);
    assert!(matches!(partial, SigningError::Funding { .. }));
    let stages = refused(&|given| given.pre_signatures.clone_from(&other.pre_signatures));
    assert!(matches!(stages, SigningError::PreSignature { offerer: Y, .. }));
    CompleteCommitment::new(scene.commitment(X, 1), nonce, complete.signatures().clone()).unwrap();
}

#[test]
fn revocation_asks_for_the_next_commitment_of_this_channel() {
    let scene = scene();
    let secrets = scene.secrets_of(X);
    let (one, two) = (scene.signed(X, 1).0, scene.signed(X, 2).0);
    // What is refused comes back, and is still good.
    let refused = |one: CompleteCommitment, next: &CompleteCommitment, expected| {
        let refused = one.revoke(next, secrets).unwrap_err();
        assert_eq!(refused.error, expected);
        refused.commitment
    };
    let expected = SigningError::NotNext { number: 1, expected: 2, actual: 3 };
    let one = refused(one, &scene.signed(X, 3).0, expected);
    let expected = SigningError::NotNext { number: 1, expected: 2, actual: 1 };
    let one = refused(one, &scene.signed(X, 1).0, expected);
    let elsewhere = Scene::with_edges(OutPoint { vout: 1, ..OutPoint::null() });
    let one = refused(one, &elsewhere.signed(X, 2).0, SigningError::OtherChannel);
    let one = refused(one, &scene.signed(Y, 2).0, SigningError::OtherChannel);
    one.revoke(&two, secrets).unwrap();
}

#[test]
fn one_commitment_of_a_number_is_published_and_one_signature_of_the_peers() {
    let mut scene = scene();
    let (complete, covered) = scene.signed(X, 1);
    let secrets = scene.secrets_of(X).clone();
    let recorded = complete.record();
    // Signed again after a reconnection: for the same txid, with another nonce.
    let nonce = secrets.verification_nonces(&scene.channel).public(1).unwrap();
    let again = covered.countersign(scene.secrets_of(Y), &mut [9; 32], &nonce).unwrap();
    let again = CompleteCommitment::new(scene.commitment(X, 1), nonce, again).unwrap();
    assert_eq!(again.publish(&secrets, &recorded).unwrap_err(), SigningError::NotRecorded);
    // Another candidate of the same number.
    scene.edges.pop();
    let candidate = scene.signed(X, 1).0;
    assert_eq!(candidate.publish(&secrets, &recorded).unwrap_err(), SigningError::NotRecorded);
    let once = complete.publish(&secrets, &recorded).unwrap();
    assert_eq!(complete.publish(&secrets, &recorded).unwrap(), once);
}

/// X pre-signs its commitment with one PTLC, and again when another of the same amount has taken its place: the transaction is the same, and Y
/// takes what stands there with the secret of what has ended.
#[test]
fn of_two_twins_the_peer_chooses_the_secret() {
    let mut scene = Scene::at(OutPoint::null());
    let (ended, stands) = (point_secret(0x71), point_secret(0x72));
    scene.edges = vec![edge(X, 0, 50_000, EXPIRY, &ended)];
    let early = scene.covered(X, 1);
    scene.edges = vec![edge(X, 1, 50_000, EXPIRY + 1, &stands)];
    let (complete, covered) = scene.signed(X, 1);
    assert_eq!(complete.commitment().txid(), early.commitment().txid());
    let claim = |covered: &CoveredCommitment, number, secret| {
        let claim = covered.claim(scene.secrets_of(Y), number, secret).unwrap();
        let script = script_of(0x33);
        let payout = Payout { script: &script, fee: bitcoin::Amount::from_sat(500) };
        spend(&[claim], Some(payout), &Default::default(), &[7; 32]).unwrap()
    };
    let message = |covered: &CoveredCommitment| {
        let commitment = covered.commitment();
        let (output, ..) = commitment.claimable_by_other().next().unwrap();
        commitment.claim_sighash(output).unwrap()
    };
    // Whatever X has signed of the one is good for the other.
    assert_eq!(message(&early), message(&covered));
    let secrets = scene.secrets_of(X);
    let stolen = complete.extract(secrets, 1, &claim(&early, 0, &ended));
    assert!(matches!(stolen, Err(ChannelError::NoSecret { .. })), "{stolen:?}");
    let honest = complete.extract(secrets, 1, &claim(&covered, 1, &stands)).unwrap();
    assert_eq!(pointlock::lock::LockSecret::Scalar(honest), stands);

    // So X asks first.
    assert!(complete.commitment().is_twin_of(early.commitment()));
    assert!(!complete.commitment().is_twin_of(covered.commitment()));
    assert!(!scene.commitment(X, 2).is_twin_of(early.commitment()));
    scene.edges = vec![edge(X, 1, 50_001, EXPIRY + 1, &stands)];
    assert!(!scene.commitment(X, 1).is_twin_of(early.commitment()));
    // What Y offers has its expiry in the script, and no point either.
    let offered = |secret, expiry| {
        let edges = vec![edge(Y, 0, 50_000, expiry, secret)];
        Scene { edges, ..scene.clone() }.commitment(X, 1)
    };
    assert!(offered(&stands, EXPIRY).is_twin_of(&offered(&ended, EXPIRY)));
    assert!(!offered(&stands, EXPIRY).is_twin_of(&offered(&ended, EXPIRY + 1)));
}

#[test]
fn neither_signs_in_the_others_place() {
    let scene = scene();
    let expected = ChannelError::WrongParty { expected: X, actual: Y };
    let commitment = scene.commitment(X, 1);
    let refused = commitment.pre_sign_claims(scene.secrets_of(Y)).unwrap_err();
    assert_eq!(refused, SigningError::Channel(expected));
    let nonce = scene.secrets_of(X).verification_nonces(&scene.channel).public(1).unwrap();
    let covered = scene.covered(X, 1);
    let expected = ChannelError::WrongParty { expected: Y, actual: X };
    let refused = covered.countersign(scene.secrets_of(X), &mut [1; 32], &nonce).unwrap_err();
    assert_eq!(refused, SigningError::Channel(expected));
    let refused = covered.countersign(&secrets(0x40), &mut [1; 32], &nonce).unwrap_err();
    assert_eq!(refused, SigningError::Channel(ChannelError::ForeignSecrets));
    covered.countersign(scene.secrets_of(Y), &mut [1; 32], &nonce).unwrap();
}
