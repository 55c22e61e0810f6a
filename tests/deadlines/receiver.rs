//! The stages of a receiver: no secret leaves it too late, and once one has, nothing is failed.

use pointlock::curve::{Keypair, SecretScalar};
use pointlock::edge::{Edge, EdgeId, IncomingEdge};
use pointlock::invoice::{StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockSecret, next_lock};
use pointlock::onion::Packet;
use pointlock::payment::{
    ConfigError, Deadlines, EdgeError, FinalPayload, PartShare, PaymentSecret, Receiver,
    ReceiverAction, ReceiverConfig, ReceiverError, ReceiverEvent, ReceiverPaths, Recorded, Refusal,
};

use crate::scene::{AMOUNT_MSAT, CLAIM_MARGIN, HEIGHT, edge_id, node_key, scalar};

const TIME: u64 = 1_750_000_000;
const EXPIRY: u32 = HEIGHT + 60;
/// From this height on no secret leaves, unless one has.
const LATEST: u32 = EXPIRY - CLAIM_MARGIN;

fn config() -> ReceiverConfig {
    ReceiverConfig {
        node_key: node_key(),
        min_final_delta: 24,
        deadlines: Deadlines::for_contracts(),
        height: HEIGHT,
        unix_time: TIME,
    }
}

fn invoice() -> StaticInvoice {
    StaticInvoiceBuilder::new(z().to_point(), TIME)
        .interim_route(&[node_key().to_point()])
        .sign(&Keypair::new(node_key()), &[0; 32])
        .unwrap()
}

fn z() -> SecretScalar {
    scalar(30)
}

/// Part p of 2: q_p, with a blind Y of its own.
fn part(index: u16, expiry: u32) -> ReceiverEvent {
    let share = |index: u16| Blind::new(scalar(40 + index as u8));
    let final_blind = Blind::new(scalar(50 + index as u8));
    let sum = Blind::sum(&[share(1), share(2)]).unwrap().unwrap();
    let lock = next_lock(&next_lock(&z().to_point(), &sum).unwrap(), &final_blind).unwrap();
    let amount_msat = AMOUNT_MSAT / 2;
    let payload = FinalPayload {
        amount_msat,
        expiry,
        payment_secret: Some(PaymentSecret::of_invoice(&invoice().invoice_id())),
        total_msat: AMOUNT_MSAT,
        final_blind: Some(final_blind),
        part: Some(PartShare { secret: share(index), index, count: 2 }),
        withheld: None,
        payer: None,
        keysend: None,
    };
    let bytes = payload.to_bytes();
    let hops = [(node_key().to_point(), bytes.as_slice())];
    let (packet, _) = Packet::build(scalar(60 + index as u8), &hops, &[]).unwrap();
    let edge = Edge { id: id(index), amount_msat, expiry, lock: Lock::Point(lock) };
    let edge = IncomingEdge::dangerous_committed(edge);
    ReceiverEvent::IncomingCommitted { edge, path_key: None, packet }
}

fn id(index: u16) -> EdgeId {
    edge_id(100 + u64::from(index))
}

fn published() -> Recorded<Receiver> {
    let mut receiver = Recorded::new(Receiver::new(config()).unwrap());
    let paths = ReceiverPaths { payments: Vec::new(), messages: Vec::new() };
    let secret = LockSecret::Scalar(z());
    receiver.apply(ReceiverEvent::Published { invoice: invoice(), secret, paths }).unwrap();
    receiver
}

/// A receiver that both parts have reached.
fn complete() -> Recorded<Receiver> {
    let mut receiver = published();
    assert!(receiver.apply(part(1, EXPIRY)).unwrap().is_empty());
    let actions = receiver.apply(part(2, EXPIRY + 10)).unwrap();
    assert_eq!(names(&actions), ["claimable", "claimable"]);
    receiver
}

fn names(actions: &[ReceiverAction]) -> Vec<&'static str> {
    let name = |action: &ReceiverAction| match action {
        ReceiverAction::SendMessage { .. } => "send",
        ReceiverAction::ReleaseRefused { .. } => "release refused",
        ReceiverAction::Claimable { .. } => "claimable",
        ReceiverAction::Claim { .. } => "claim",
        ReceiverAction::ClaimOnChain { .. } => "claim on chain",
        ReceiverAction::SecretLate { .. } => "secret late",
        ReceiverAction::Replace { .. } => "replace",
        ReceiverAction::Fail { .. } => "fail",
    };
    actions.iter().map(name).collect()
}

fn block(receiver: &mut Recorded<Receiver>, height: u32) -> Vec<ReceiverAction> {
    receiver.apply(ReceiverEvent::Block { height }).unwrap()
}

fn claiming(
    receiver: &mut Recorded<Receiver>,
    index: u16,
) -> Result<Vec<ReceiverAction>, ReceiverError> {
    receiver.apply(ReceiverEvent::Claiming { incoming: id(index) })
}

fn restarted(receiver: Recorded<Receiver>) -> Recorded<Receiver> {
    Recorded::replay(Receiver::new(config()).unwrap(), receiver.into_log()).unwrap()
}

/// It decided to claim, died, and came back after the expiry: it wanted its claim still, so that the secret went out while the offerer took
/// the money back, and the hop before it had both amounts.
#[test]
fn a_receiver_that_comes_back_too_late_gives_no_secret_away() {
    for height in [LATEST, EXPIRY, EXPIRY + 5_000] {
        let mut receiver = restarted(complete());
        let actions = block(&mut receiver, height);
        assert_eq!(names(&actions), ["fail", "fail"], "at {height}");
        let ReceiverAction::Fail { reason: Refusal::TimeIsUp { .. }, .. } = &actions[0] else {
            panic!("{actions:?}");
        };
        for index in [1, 2] {
            let event = "claim";
            let refused = EdgeError::OutOfOrder { edge: id(index), event };
            assert_eq!(claiming(&mut receiver, index).unwrap_err(), ReceiverError::Edge(refused));
        }
        assert_eq!(names(&receiver.pending()), ["fail", "fail"]);
    }
    // One block earlier there is time.
    let mut receiver = restarted(complete());
    assert!(block(&mut receiver, LATEST - 1).is_empty());
    assert_eq!(names(&claiming(&mut receiver, 1).unwrap()), ["claim"]);
}

/// Even before a block has told it: the height that it knows decides.
#[test]
fn the_secret_is_asked_for_before_it_leaves() {
    let mut receiver = complete();
    let fail = ReceiverEvent::Settled { incoming: id(1) };
    let refused = EdgeError::OutOfOrder { edge: id(1), event: "settlement" };
    assert_eq!(
        receiver.apply(fail).unwrap_err(),
        ReceiverError::Edge(refused),
        "nobody has its secret"
    );
    let actions = claiming(&mut receiver, 1).unwrap();
    let [ReceiverAction::Claim { incoming, secret }] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(*incoming, id(1));
    let sum = z().add(&scalar(41)).and_then(|sum| sum.add(&scalar(42))).unwrap();
    assert_eq!(*secret, LockSecret::Scalar(sum.add(&scalar(51)).unwrap()));
    // To ask again changes nothing, and after a crash the claim is given out again.
    let events = receiver.log().len();
    assert_eq!(names(&claiming(&mut receiver, 1).unwrap()), ["claim"]);
    assert_eq!(receiver.log().len(), events);
    let receiver = restarted(receiver);
    assert_eq!(names(&receiver.pending()), ["claim", "claim"]);
}

/// The secrets of all parts follow from one: once one part's was given away, every part is claimed, and none is failed.
#[test]
fn a_secret_that_was_given_away_is_used_on_the_chain() {
    let mut receiver = complete();
    claiming(&mut receiver, 1).unwrap();
    let mut receiver = restarted(receiver);
    assert!(block(&mut receiver, LATEST - 1).is_empty());
    let actions = block(&mut receiver, LATEST);
    assert_eq!(names(&actions), ["claim on chain"], "the part that expires first");
    assert_eq!(names(&block(&mut receiver, LATEST + 10)), ["claim on chain", "claim on chain"]);
    assert_eq!(names(&block(&mut receiver, EXPIRY + 5_000)), ["claim on chain", "claim on chain"]);
    assert_eq!(names(&receiver.pending()), ["claim on chain", "claim on chain"]);
}

#[test]
fn parts_that_wait_for_others_fail_while_there_is_time() {
    let mut receiver = published();
    receiver.apply(part(1, EXPIRY)).unwrap();
    assert!(block(&mut receiver, LATEST - 1).is_empty());
    let actions = block(&mut receiver, LATEST);
    let [ReceiverAction::Fail { reason, .. }] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(*reason, Refusal::SetTimedOut { arrived: 1, count: 2 });
    // The other part comes too late, and finds nothing.
    assert!(receiver.apply(part(2, EXPIRY + 50)).unwrap().is_empty());
    let timed_out = ReceiverEvent::PartsTimedOut { incoming: id(2) };
    assert_eq!(names(&receiver.apply(timed_out).unwrap()), ["fail"]);
}

#[test]
fn an_edge_that_expires_far_ahead_is_failed_at_once() {
    let most = HEIGHT + 2_016;
    let mut receiver = published();
    assert!(receiver.apply(part(1, most)).unwrap().is_empty());
    let actions = receiver.apply(part(2, most + 1)).unwrap();
    let [ReceiverAction::Fail { reason, .. }] = actions.as_slice() else { panic!("{actions:?}") };
    assert_eq!(*reason, Refusal::ExpiryTooFar { expiry: most + 1, most });
}

/// What is claimed or failed leaves nothing, once it is final.
#[test]
fn what_has_ended_is_forgotten() {
    let mut receiver = complete();
    claiming(&mut receiver, 1).unwrap();
    receiver.apply(ReceiverEvent::Settled { incoming: id(1) }).unwrap();
    assert_eq!(receiver.role().edge_count(), 1);
    let height = HEIGHT + 1;
    block(&mut receiver, height);
    receiver.apply(ReceiverEvent::ClaimConfirmed { incoming: id(2), height }).unwrap();
    assert!(receiver.pending().is_empty());
    receiver.apply(ReceiverEvent::BlockDisconnected { height }).unwrap();
    assert_eq!(names(&receiver.pending()), ["claim"]);
    block(&mut receiver, height);
    receiver.apply(ReceiverEvent::ClaimConfirmed { incoming: id(2), height }).unwrap();
    block(&mut receiver, height + 4);
    assert_eq!(receiver.role().edge_count(), 1);
    block(&mut receiver, height + 5);
    assert_eq!(receiver.role().edge_count(), 0);
}

/// A part that its offerer takes back ends the payment, unless its secret is out; then the operator is told.
#[test]
fn a_part_that_is_taken_back_ends_the_others() {
    let height = EXPIRY + 1;
    let taken_back = || ReceiverEvent::IncomingTakenBack { incoming: id(1), height };
    let mut receiver = complete();
    claiming(&mut receiver, 2).unwrap();
    block(&mut receiver, height);
    assert_eq!(names(&receiver.apply(taken_back()).unwrap()), ["secret late"]);
    assert_eq!(names(&receiver.pending()), ["secret late", "claim on chain"]);

    let mut receiver = published();
    receiver.apply(part(1, EXPIRY)).unwrap();
    block(&mut receiver, height - 30);
    let early = ReceiverEvent::IncomingTakenBack { incoming: id(1), height: height - 30 };
    assert!(receiver.apply(early).unwrap().is_empty(), "there is nothing to fail");
    assert!(receiver.pending().is_empty());
}

#[test]
fn the_receivers_delta_has_room_for_its_claim() {
    let with = |deadlines, min_final_delta| {
        let config = ReceiverConfig { deadlines, min_final_delta, ..config() };
        Receiver::new(config).map(|receiver| receiver.edge_count())
    };
    let (contracts, channels) = (Deadlines::for_contracts(), Deadlines::for_channels());
    assert_eq!(with(contracts, 24), Ok(0));
    assert_eq!(with(contracts, 23), Err(ConfigError::FinalDelta { delta: 23, least: 24 }));
    assert_eq!(with(channels, 36), Ok(0));
    assert_eq!(with(channels, 35), Err(ConfigError::FinalDelta { delta: 35, least: 36 }));
}
