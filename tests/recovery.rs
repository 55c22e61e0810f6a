//! A receiver that has lost everything but its seed: what comes back, and what it must not claim any more.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeSet;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit, Nonce};
use pointlock::claims::{ClaimBook, ClaimError, ClaimStore, MemoryClaimStore};
use pointlock::curve::{Keypair, Point, SecretScalar, Tag};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::invoice::{ChainHash, PaymentPoints, StaticInvoice, StaticInvoiceBuilder};
use pointlock::journal::{JournalHead, RecordError, Recordable};
use pointlock::onion::blinded::PaymentRelay;
use pointlock::payment::{
    AttemptSeed, Deadlines, Era, HopBlinds, InvoiceNumber, PartOrder, PathRelay, Payee, Payer,
    PayerSeed, Payment, PublishError, Receiver, ReceiverAction, ReceiverConfig, ReceiverError,
    ReceiverEvent, ReceiverPaths, ReceiverSeed, RecoveryError, Refusal, Role, Sender, SenderAction,
    SenderEvent, Tail, UsedNumbers,
};

const HEIGHT: u32 = 900_000;
const TIME: u64 = 1_750_000_000;
const K: usize = 2;

fn seed() -> ReceiverSeed {
    ReceiverSeed::new([7; 32])
}

fn node(number: u8) -> Point {
    SecretScalar::from_bytes(&[number; 32]).unwrap().to_point()
}

fn first() -> InvoiceNumber {
    Era::FIRST.number(0)
}

// What is derived.

/// Made again from the seed, what is kept of a path is what was kept of it when it was made.
#[test]
fn paths_are_made_again() {
    let (invoice, receiver) = (seed().invoice(&first()), seed().node_key().to_point());
    let relay = |number| PathRelay {
        node_id: node(number),
        short_channel_id: u64::from(number),
        relay: PaymentRelay {
            cltv_expiry_delta: 40,
            fee_proportional_millionths: 5,
            fee_base_msat: 1,
        },
    };
    for relays in [vec![], vec![relay(1)], vec![relay(1), relay(2)]] {
        for index in [0, 1, u32::MAX] {
            let node_ids: Vec<Point> = relays.iter().map(|relay| relay.node_id).collect();
            let (_, made) = invoice.payment_path(index, &relays, receiver, 36, HEIGHT).unwrap();
            let again = invoice.kept_payment_path(index, &node_ids, receiver).unwrap();
            let kept = |path| ReceiverPaths { payments: vec![path], messages: vec![] }.to_record();
            assert_eq!(kept(made), kept(again));
            let (_, made) = invoice.message_path(index, &node_ids, receiver).unwrap();
            assert_eq!(made, invoice.kept_message_path(index));
        }
    }
    let far = vec![node(1); 300];
    let refused = invoice.kept_payment_path(0, &far, receiver).unwrap_err();
    assert_eq!(refused, PublishError::PathsMismatch);
}

/// No secret is another one: neither of the same invoice nor of another, nor of another era or seed.
#[test]
fn nothing_is_derived_twice() {
    let mut seen = BTreeSet::new();
    let mut put = |secret: [u8; 32]| assert!(seen.insert(secret));
    for seed in [seed(), ReceiverSeed::new([8; 32])] {
        put(*seed.node_key().dangerous_to_bytes());
        for era in [Era::FIRST, Era::new([1; 16])] {
            for index in [0, 1, 256] {
                let invoice = seed.invoice(&era.number(index));
                put(*invoice.point_secret().dangerous_to_bytes());
                for k in [1, 2] {
                    let polynomial = invoice.polynomial(k).unwrap();
                    polynomial.coefficients().iter().for_each(|z| put(*z.dangerous_to_bytes()));
                }
                for path in [0, 1] {
                    let messages = invoice.kept_message_path(path);
                    let payments = invoice.kept_payment_path(path, &[], node(1)).unwrap();
                    put(messages.path_id);
                    put(payments.path_id);
                    put(messages.first_path_key.x_only().serialize());
                    put(payments.secrets[0].path_key().x_only().serialize());
                }
            }
        }
    }
}

#[test]
fn a_number_is_found_by_its_points() {
    let seed = seed();
    let numbers = || (0..10).map(|index| Era::new([9; 16]).number(index));
    let number = Era::new([9; 16]).number(7);
    let points = seed.invoice(&number).polynomial(K).unwrap().payment_points();
    assert_eq!(seed.find(numbers(), &points), Some(number));
    let z = PaymentPoints::new(vec![seed.invoice(&number).point_secret().to_point()]).unwrap();
    assert_eq!(seed.find(numbers(), &z), Some(number));
    // Of another era, another seed, another degree; with one point exchanged.
    assert_eq!(seed.find((0..10).map(|index| Era::FIRST.number(index)), &points), None);
    assert_eq!(ReceiverSeed::new([8; 32]).find(numbers(), &points), None);
    let mut forged = points.as_slice().to_vec();
    forged[1] = node(1);
    assert_eq!(seed.find(numbers(), &PaymentPoints::new(forged).unwrap()), None);
}

// What a peer keeps.

fn used() -> UsedNumbers {
    let mut used = UsedNumbers::of_a_new_seed();
    assert_eq!(used.take_next(), first());
    let mut used = used.restored(Era::new([1; 16]));
    assert_eq!(used.take_next(), Era::new([1; 16]).number(0));
    assert_eq!(used.take_next(), Era::new([1; 16]).number(1));
    used.claims = Some(JournalHead { records: 5, checksum: [2; 32] });
    used
}

#[test]
fn what_a_peer_keeps_is_read_again_and_changed_by_nobody() {
    let sealed = used().seal(&seed(), [3; 32]);
    assert_eq!(UsedNumbers::unseal(&seed(), &sealed).unwrap(), used());
    assert_eq!(used().numbers().count(), 3);
    assert!(sealed.len() < 256, "{} bytes", sealed.len());
    // Restored, the head of the claims is of no use: they are lost.
    assert_eq!(used().restored(Era::new([4; 16])).claims, None);

    let unsealed = |bytes: &[u8]| UsedNumbers::unseal(&seed(), bytes).unwrap_err();
    let other = UsedNumbers::unseal(&ReceiverSeed::new([8; 32]), &sealed).unwrap_err();
    assert_eq!(other, RecoveryError::NotOfThisSeed);
    for bit in 8..sealed.len() * 8 {
        let mut changed = sealed.clone();
        changed[bit / 8] ^= 1 << (bit % 8);
        assert_eq!(unsealed(&changed), RecoveryError::NotOfThisSeed, "bit {bit}");
    }
    for length in [0, 1, 32] {
        assert_eq!(unsealed(&sealed[..length]), RecoveryError::TooShort);
    }
    for length in [33, 48, sealed.len() - 1] {
        assert_eq!(unsealed(&sealed[..length]), RecoveryError::NotOfThisSeed);
    }
    let later = [&[2], &sealed[1..]].concat();
    assert_eq!(unsealed(&later), RecoveryError::Version { version: 2, reads: 1 });
}

/// What its owner has sealed and no release has written.
#[test]
fn a_record_without_eras_is_none() {
    let seal = |record: &[u8]| {
        let key = Tag::new("pointlock/receiver_backup").hash(&[&[7; 32], &[3; 32]]);
        let head = [&[1], &[3; 32][..]].concat();
        let payload = Payload { msg: record, aad: &head };
        let sealed = ChaCha20Poly1305::new((&key).into()).encrypt(&Nonce::default(), payload);
        [head, sealed.unwrap()].concat()
    };
    let era = [[1; 16].as_slice(), &[0; 8]].concat();
    let eras = |bytes: &[u8]| {
        let length = u8::try_from(bytes.len()).unwrap();
        UsedNumbers::unseal(&seed(), &seal(&[&[1, 74, 0, length], bytes].concat()))
    };
    let wrong = |bytes: &[u8]| match eras(bytes).unwrap_err() {
        RecoveryError::Record(RecordError::Field { field, .. }) => field,
        other => panic!("{other}"),
    };
    assert_eq!(wrong(&[0]), "eras");
    assert_eq!(wrong(&[&[2], &era[..], &era].concat()), "eras");
    assert_eq!(eras(&[&[1], &era[..]].concat()).unwrap().numbers().count(), 0);
}

// What is not claimed any more.

fn config() -> ReceiverConfig {
    ReceiverConfig {
        node_key: seed().node_key(),
        min_final_delta: 36,
        deadlines: Deadlines::for_channels(),
        height: HEIGHT,
        unix_time: TIME,
    }
}

fn invoice() -> StaticInvoice {
    let key = Keypair::new(seed().node_key());
    let polynomial = seed().invoice(&first()).polynomial(K).unwrap();
    StaticInvoiceBuilder::new(polynomial.payment_points(), TIME)
        .amount_msat(5_000)
        .description("tea")
        .interim_route(&[key.public_key()])
        .sign(&key, &[0; 32])
        .unwrap()
}

fn published() -> ReceiverEvent {
    let polynomial = seed().invoice(&first()).polynomial(K).unwrap();
    let (invoice, paths) = (invoice(), ReceiverPaths::default());
    ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths }
}

fn restored() -> ReceiverEvent {
    let polynomial = seed().invoice(&first()).polynomial(K).unwrap();
    let (invoice, paths) = (invoice(), ReceiverPaths::default());
    ReceiverEvent::RestoredPolynomial { invoice, polynomial, paths }
}

/// The payment of this payer arrives: under its own x, on an edge of its own.
fn arrives(payer: u8) -> ReceiverEvent {
    let part = PartOrder {
        amount_msat: 5_000,
        forwarders: vec![],
        tail: Tail::Receiver,
        seed: AttemptSeed::new([payer; 32]),
    };
    let pay = SenderEvent::Pay(Payment {
        payee: Payee::Known(seed().node_key().to_point()),
        chain: ChainHash::BITCOIN,
        invoice: invoice(),
        amount_msat: 5_000,
        rate: None,
        parts: vec![part],
        min_final_delta: 36,
        hold: None,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME,
        payer: Some(Payer { seed: PayerSeed::new([payer; 32]), note: None }),
    });
    let mut actions = Sender::new().apply(&pay).unwrap().actions;
    let Some(SenderAction::Offer { proposal, .. }) = actions.pop() else { panic!("no offer") };
    let edge = Edge {
        id: EdgeId::in_channel([payer; 32], Direction::FromNode1, 0),
        amount_msat: proposal.amount_msat,
        expiry: proposal.expiry,
        lock: proposal.lock,
    };
    let edge = IncomingEdge::dangerous_committed(edge);
    let (path_key, packet) = (proposal.path_key, proposal.packet);
    ReceiverEvent::IncomingCommitted { edge, path_key, packet }
}

/// Tells it something new.
fn tell<S: ClaimStore>(receiver: &mut Receiver<S>, event: &ReceiverEvent) {
    assert!(receiver.apply(event).unwrap().changed);
}

/// Why a payment is failed; None when it can be claimed.
fn refusal<S: ClaimStore>(receiver: &mut Receiver<S>, payer: u8) -> Option<Refusal> {
    match &receiver.apply(&arrives(payer)).unwrap().actions[..] {
        [ReceiverAction::Fail { reason, .. }] => Some(reason.clone()),
        [ReceiverAction::Claimable { .. }, ..] => None,
        other => panic!("{other:?}"),
    }
}

fn retired() -> Refusal {
    let polynomial = seed().invoice(&first()).polynomial(K).unwrap();
    Refusal::Claim(ClaimError::Retired(polynomial.id()))
}

/// k claims in the first life, and not one more in the second. The twin, which publishes what it should restore, makes the k + 1st: with it
/// everybody who has paid knows, together with the others, all of z(X).
#[test]
fn nothing_is_claimed_under_a_polynomial_of_an_earlier_life() {
    let mut first_life = Receiver::new(config()).unwrap();
    tell(&mut first_life, &published());
    for payer in 1..=K as u8 {
        assert_eq!(refusal(&mut first_life, payer), None);
    }
    assert!(refusal(&mut first_life, 9).is_some(), "k are claimed");

    let mut second_life = Receiver::new(config()).unwrap();
    assert!(second_life.apply(&restored()).unwrap().changed);
    assert_eq!(refusal(&mut second_life, 9), Some(retired()));
    // To publish it after all opens nothing.
    tell(&mut second_life, &published());
    assert_eq!(refusal(&mut second_life, 10), Some(retired()));
    // Nor does a restart, from events or from a snapshot.
    let events = [restored(), published()];
    let mut replayed = Receiver::new(config()).unwrap().replay(&events).unwrap();
    assert_eq!(refusal(&mut replayed, 9), Some(retired()));
    let state = second_life.snapshot();
    let mut from_snapshot = Receiver::restore(config(), &state).unwrap();
    assert_eq!(refusal(&mut from_snapshot, 11), Some(retired()));

    let mut mistaken = Receiver::new(config()).unwrap();
    tell(&mut mistaken, &published());
    assert_eq!(refusal(&mut mistaken, 9), None, "the k + 1st claim");
}

/// What was recorded may be claimed again where the record has come back, and nothing beside it.
#[test]
fn a_copy_of_the_claims_brings_the_recorded_ones_back() {
    let mut first_life = Receiver::new(config()).unwrap();
    tell(&mut first_life, &published());
    assert_eq!(refusal(&mut first_life, 1), None);
    let mut copy = ClaimBook::new(first_life.claims().store().clone());
    copy.retire_all().unwrap();

    let mut second_life = Receiver::with_store(config(), copy.into_store()).unwrap();
    tell(&mut second_life, &restored());
    assert_eq!(refusal(&mut second_life, 1), None, "the same x, the same locks");
    assert_eq!(refusal(&mut second_life, 2), Some(retired()));
    let id = seed().invoice(&first()).polynomial(K).unwrap().id();
    assert_eq!(second_life.claims().slots_left(&id), Ok(0));
}

/// Also one that this life has published: the owner has found out that the count is not the last one.
#[test]
fn a_polynomial_that_is_open_can_be_retired_like_this() {
    let mut receiver = Receiver::new(config()).unwrap();
    tell(&mut receiver, &published());
    assert_eq!(refusal(&mut receiver, 1), None);
    tell(&mut receiver, &restored());
    assert_eq!(refusal(&mut receiver, 2), Some(retired()));
}

#[test]
fn what_is_restored_has_to_be_what_it_was() {
    let mut receiver = Receiver::new(config()).unwrap();
    let polynomial = seed().invoice(&Era::FIRST.number(1)).polynomial(K).unwrap();
    let (invoice, paths) = (invoice(), ReceiverPaths::default());
    let other = ReceiverEvent::RestoredPolynomial { invoice, polynomial, paths };
    let refused = receiver.apply(&other).unwrap_err();
    assert_eq!(refused, PublishError::NotTheInvoicePolynomial.into());
    // One polynomial, two invoices.
    let mut store = MemoryClaimStore::default();
    let id = seed().invoice(&first()).polynomial(K).unwrap().id();
    let elsewhere = pointlock::invoice::InvoiceId::from_bytes([1; 32]);
    store.insert_polynomial(id, elsewhere, K as u32).unwrap();
    let mut receiver = Receiver::with_store(config(), store).unwrap();
    let refused = receiver.apply(&restored()).unwrap_err();
    let in_use = ClaimError::PolynomialInUse { polynomial: id, invoice: elsewhere };
    assert_eq!(refused, ReceiverError::Claims(in_use));
    assert!(Receiver::new(config()).unwrap().apply(&restored()).is_ok());
}

/// A payment that was recorded, and failed at its deadline before anybody asked for its secret, keeps its slot: that the secret did not
/// leave is nothing that a restored journal could prove. Its payer pays again under another x.
#[test]
fn a_slot_is_never_given_back() {
    let mut receiver = Receiver::new(config()).unwrap();
    tell(&mut receiver, &published());
    let arrived = arrives(1);
    let ReceiverEvent::IncomingCommitted { edge, .. } = &arrived else { panic!("an edge") };
    let deadline = edge.edge().expiry - Deadlines::for_channels().claim_margin;
    tell(&mut receiver, &arrived);
    let failed = receiver.apply(&ReceiverEvent::Block { height: deadline }).unwrap().actions;
    assert!(matches!(failed[..], [ReceiverAction::Fail { .. }]), "{failed:?}");
    let id = seed().invoice(&first()).polynomial(K).unwrap().id();
    assert_eq!(receiver.claims().slots_left(&id), Ok(K as u32 - 1));
    // One that is claimed costs no more.
    let mut twin = Receiver::new(config()).unwrap();
    tell(&mut twin, &published());
    let claimable = twin.apply(&arrived).unwrap().actions;
    let [ReceiverAction::Claimable { incoming }] = claimable[..] else { panic!("{claimable:?}") };
    tell(&mut twin, &ReceiverEvent::Claiming { incoming });
    assert_eq!(twin.claims().slots_left(&id), Ok(K as u32 - 1));
}
