//! The stages of a sender.

use bitcoin::blockdata::constants::ChainHash;
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::edge::Edge;
use pointlock::invoice::{StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::LockSecret;
use pointlock::payment::{
    AttemptId, AttemptSeed, EdgeError, HopBlinds, PartOrder, Payee, Payment, PaymentId, Proposal,
    Recorded, RouteError, RouteHop, Sender, SenderAction, SenderError, SenderEvent, Tail, View,
};
use pointlock::wire::Features;

use crate::scene::{AMOUNT_MSAT, CLAIM_MARGIN, GRACE, HEIGHT, POLICY, edge_id, node_key, scalar};

const TIME: u64 = 1_750_000_000;
const FINAL_DELTA: u32 = 60;
/// When the first edge expires.
const EXPIRY: u32 = HEIGHT + FINAL_DELTA + POLICY.cltv_expiry_delta;

fn z() -> SecretScalar {
    scalar(30)
}

fn invoice() -> StaticInvoice {
    let payee = scalar(31);
    StaticInvoiceBuilder::new(z().to_point(), TIME)
        .interim_route(&[payee.to_point()])
        .sign(&Keypair::new(payee), &[0; 32])
        .unwrap()
}

fn payment(min_final_delta: u32) -> Payment {
    let forwarder = RouteHop {
        node_id: node_key().to_point(),
        short_channel_id: 9,
        policy: POLICY,
        features: Features::of_node(),
    };
    Payment {
        invoice: invoice(),
        payee: Payee::Known(scalar(31).to_point()),
        chain: ChainHash::BITCOIN,
        rate: None,
        amount_msat: AMOUNT_MSAT,
        parts: vec![part(forwarder, 70)],
        min_final_delta,
        hold: None,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME + 1,
        payer: None,
    }
}

fn part(forwarder: RouteHop, seed: u8) -> PartOrder {
    PartOrder {
        amount_msat: AMOUNT_MSAT,
        forwarders: vec![forwarder],
        tail: Tail::Receiver,
        seed: AttemptSeed::new([seed; 32]),
    }
}

fn paying() -> (Recorded<Sender>, PaymentId, AttemptId, Proposal) {
    let mut sender = Recorded::new(Sender::new());
    let order = payment(FINAL_DELTA);
    let mut actions = sender.apply(SenderEvent::Pay(order)).unwrap();
    let Some(SenderAction::Offer { attempt, proposal }) = actions.pop() else { panic!() };
    assert_eq!(proposal.expiry, EXPIRY);
    let id = sender.role().payment_of(&attempt).unwrap();
    (sender, id, attempt, proposal)
}

fn edge(proposal: &Proposal) -> Edge {
    let Proposal { amount_msat, expiry, lock, .. } = *proposal;
    Edge { id: edge_id(1), amount_msat, expiry, lock }
}

fn names(actions: &[SenderAction]) -> Vec<&'static str> {
    let name = |action: &SenderAction| match action {
        SenderAction::Offer { .. } => "offer",
        SenderAction::Withdraw { .. } => "withdraw",
        SenderAction::SendMessage { .. } => "send",
        SenderAction::Paid { .. } => "paid",
        SenderAction::AttemptFailed { .. } => "attempt failed",
        SenderAction::Failed { .. } => "failed",
        SenderAction::TimeOut { .. } => "time out",
    };
    actions.iter().map(name).collect()
}

fn block(sender: &mut Recorded<Sender>, height: u32) -> Vec<SenderAction> {
    sender.apply(SenderEvent::Block { height }).unwrap()
}

fn retry(attempt: AttemptId) -> SenderEvent {
    let order = payment(FINAL_DELTA).parts.remove(0);
    let order = PartOrder { seed: AttemptSeed::new([71; 32]), ..order };
    SenderEvent::Retry { attempt, order, height: HEIGHT }
}

#[test]
fn an_offer_that_nobody_answers_is_withdrawn() {
    let (mut sender, payment, attempt, proposal) = paying();
    let last = EXPIRY - GRACE - CLAIM_MARGIN - 1;
    assert!(block(&mut sender, last).is_empty());
    assert_eq!(names(&sender.pending()), ["offer"]);
    assert_eq!(names(&block(&mut sender, last + 1)), ["withdraw"]);
    let height = EXPIRY + 1_000;
    assert!(block(&mut sender, height).is_empty());
    assert_eq!(names(&sender.pending()), ["withdraw"]);
    let edge = edge(&proposal);
    let too_late = EdgeError::TooLate { edge: edge.id, event: "commitment", height };
    let committed = SenderEvent::OutgoingCommitted { attempt, edge };
    assert_eq!(sender.apply(committed).unwrap_err(), SenderError::Edge(too_late));
    // Until the driver says that no signature has left, it is not tried again.
    let under_way = SenderError::AttemptUnderWay(attempt);
    assert_eq!(sender.apply(retry(attempt)).unwrap_err(), under_way);
    let actions = sender.apply(SenderEvent::OfferFailed { attempt }).unwrap();
    assert_eq!(names(&actions), ["attempt failed", "failed"]);
    assert_eq!(sender.role().payment_count(), 0);
    assert_eq!(sender.role().attempts(&payment), None);
}

/// An attempt that may have left is not tried again, before its refund is final.
#[test]
fn an_edge_is_taken_back_after_the_grace() {
    let (mut sender, _, attempt, proposal) = paying();
    let edge = edge(&proposal);
    sender.apply(SenderEvent::OutgoingCommitted { attempt, edge }).unwrap();
    assert!(block(&mut sender, EXPIRY + GRACE - 1).is_empty());
    assert_eq!(names(&block(&mut sender, EXPIRY + GRACE)), ["time out"]);
    let height = EXPIRY + GRACE + 1;
    block(&mut sender, height);
    let outgoing = edge.id;
    sender.apply(SenderEvent::OutgoingTakenBack { outgoing, height }).unwrap();
    assert!(block(&mut sender, height + 4).is_empty());
    let under_way = SenderError::AttemptUnderWay(attempt);
    assert_eq!(sender.apply(retry(attempt)).unwrap_err(), under_way);
    // It is gone again, and comes back.
    for height in (height..=height + 4).rev() {
        sender.apply(SenderEvent::BlockDisconnected { height }).unwrap();
    }
    assert_eq!(names(&sender.pending()), ["time out"]);
    block(&mut sender, height + 4);
    sender.apply(SenderEvent::OutgoingTakenBack { outgoing, height: height + 4 }).unwrap();
    assert!(block(&mut sender, height + 8).is_empty());
    assert_eq!(names(&block(&mut sender, height + 9)), ["attempt failed", "failed"]);
}

/// Money is not locked for longer than anybody takes it, nor for too short a time.
#[test]
fn the_first_edge_expires_in_time() {
    let expiry = |delta: u32| HEIGHT + delta + POLICY.cltv_expiry_delta;
    let most = HEIGHT + 2_016;
    for (delta, taken) in [(2_016 - 40, true), (2_016 - 39, false), (400_000_000, false)] {
        let mut sender = Recorded::new(Sender::new());
        let said = sender.apply(SenderEvent::Pay(payment(delta)));
        if taken {
            assert_eq!(names(&said.unwrap()), ["offer"]);
            continue;
        }
        let least = HEIGHT + GRACE + CLAIM_MARGIN + 1;
        let out_of_range =
            RouteError::ExpiryOutOfRange { hop: 1, expiry: expiry(delta), least, most };
        assert_eq!(said.unwrap_err(), SenderError::Route(out_of_range));
    }
}

/// A payment that has arrived is kept until its owner has taken what it proves it with.
#[test]
fn a_payment_that_has_arrived_is_forgotten_when_its_owner_says_so() {
    let (mut sender, payment, attempt, proposal) = paying();
    let edge = edge(&proposal);
    sender.apply(SenderEvent::OutgoingCommitted { attempt, edge }).unwrap();
    let forget = || SenderEvent::Forget { payment };
    assert_eq!(sender.apply(forget()).unwrap_err(), SenderError::PaymentUnderWay(payment));
    let secret = first_secret(sender.view());
    let fulfilled = || SenderEvent::OutgoingFulfilled { outgoing: edge.id, secret: secret.clone() };
    assert_eq!(names(&sender.apply(fulfilled()).unwrap()), ["paid"]);
    assert_eq!(sender.role().payment_count(), 1);
    sender.apply(forget()).unwrap();
    assert_eq!(sender.role().payment_count(), 0);
    assert_eq!(sender.apply(forget()).unwrap_err(), SenderError::UnknownPayment(payment));
}

/// l_1 = z + y_0, with the y_0 that the sender has drawn.
fn first_secret(view: &View) -> LockSecret {
    use pointlock::payment::SecretSource;
    let drawn = view.secrets().iter().find_map(|known| match (known.source, &known.secret) {
        (SecretSource::DrawnBlind { hop: 0, .. }, LockSecret::Scalar(y)) => Some(y),
        _ => None,
    });
    LockSecret::Scalar(z().add(drawn.unwrap()).unwrap())
}
