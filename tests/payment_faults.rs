#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! What goes wrong at each role, with a twin that is accepted. After an error nothing has changed, and the payment goes on.

#[path = "common/network.rs"]
mod network;

use bitcoin::OutPoint;
use network::{
    AMOUNT_MSAT, Action, Edge, Fact, HEIGHT, LockKind, MIN_FINAL_DELTA, Network, Node,
    SAFETY_MARGIN, Settle, TIME, contract_key, invoice_of, invoice_secret, node_id, node_key,
    policy, secret_of,
};
use pointlock::contract::{ContractError, FeeCoins};
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::hold::{
    Cap, HeldBlind, HoldError, HoldId, HoldRecord, HoldState, HoldStore, Limits, MemoryStore,
    ReleaseSecret,
};
use pointlock::invoice::{PaymentLock, PaymentPoints, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockError, LockSecret, PaymentHash, Preimage};
use pointlock::onion::sealed::seal;
use pointlock::onion::{OnionError, Packet};
use pointlock::payment::{
    AttemptId, AttemptSeed, AvailableHold, FinalPayload, ForwardPayload, Forwarder,
    ForwarderAction, ForwarderEvent, HeldAvailable, HoldOrder, HoldPlan, Payee, Payload,
    PayloadError, Payment, PaymentError, PaymentSecret, Proposal, ReceiverAction, ReceiverEvent,
    Refusal, ReleaseHeld, SecretSource, SenderAction, SenderEvent, Tweak, View,
};
use pointlock::wire::{TlvStream, TlvWriter};

fn entropy(index: u8) -> [u8; 32] {
    [index; 32]
}

fn blind(name: &str, index: usize) -> Blind {
    Blind::new(secret_of(name, index))
}

fn build(hops: &[(Node, Vec<u8>)], session: usize) -> Packet {
    let hops: Vec<(Point, &[u8])> =
        hops.iter().map(|(node, bytes)| (node_id(*node), bytes.as_slice())).collect();
    Packet::build(secret_of("session", session), &hops, &[]).unwrap().0
}

fn failures(net: &Network) -> Vec<(Node, Refusal)> {
    net.facts
        .iter()
        .filter_map(|fact| match fact {
            Fact::Failed { by, reason, .. } => Some((*by, reason.clone())),
            _ => None,
        })
        .collect()
}

fn is_paid(net: &Network) -> bool {
    net.facts.iter().any(|fact| matches!(fact, Fact::Paid { .. }))
}

// ---- Errors leave everything as it was ----

/// What of a role a test can see.
fn snapshot(net: &Network, node: Node) -> (usize, View, usize) {
    match node {
        Node::Sender(index) => {
            let sender = &net.senders[index];
            (sender.log().len(), sender.view().clone(), 0)
        }
        Node::Forwarder(index) => {
            let forwarder = &net.forwarders[index - 1];
            let open = forwarder.ledger().store().open().unwrap().len();
            (forwarder.log().len(), forwarder.view().clone(), open)
        }
        Node::Receiver => (net.receiver.log().len(), net.receiver.view().clone(), 0),
    }
}

fn refuses_sender(net: &mut Network, event: SenderEvent, expected: &PaymentError) {
    let before = (snapshot(net, Node::Sender(0)), net.tasks.len());
    assert_eq!(net.tell_sender(0, event).unwrap_err(), *expected);
    assert_eq!((snapshot(net, Node::Sender(0)), net.tasks.len()), before);
}

fn refuses_forwarder(
    net: &mut Network,
    node: Node,
    event: ForwarderEvent,
    expected: &PaymentError,
) {
    let before = (snapshot(net, node), net.tasks.len());
    assert_eq!(net.tell_forwarder(node, event).unwrap_err(), *expected);
    assert_eq!((snapshot(net, node), net.tasks.len()), before);
}

fn refuses_receiver(net: &mut Network, event: ReceiverEvent, expected: &PaymentError) {
    let before = (snapshot(net, Node::Receiver), net.tasks.len());
    assert_eq!(net.tell_receiver(event).unwrap_err(), *expected);
    assert_eq!((snapshot(net, Node::Receiver), net.tasks.len()), before);
}

// ---- The receiver, with packets made by hand ----

struct FinalCase {
    payload: FinalPayload,
    lock: Lock,
    amount_msat: u64,
    expiry: u32,
}

/// A receiver with an invoice; and a payment that it accepts, to be changed.
fn final_case(kind: LockKind) -> (Network, FinalCase) {
    let mut net = Network::new(1, 0);
    let invoice = net.publish(kind, 0);
    let secret = invoice_secret(kind, 0);
    let (lock, final_blind) = match secret.lock() {
        Lock::Point(point) => {
            let blind = blind("final", 0);
            (Lock::Point(point.add(&blind.to_point()).unwrap()), Some(blind))
        }
        lock => (lock, None),
    };
    let expiry = HEIGHT + MIN_FINAL_DELTA;
    let payload = FinalPayload {
        amount_msat: AMOUNT_MSAT,
        expiry,
        payment_secret: PaymentSecret::of_invoice(&invoice.invoice_id()),
        total_msat: AMOUNT_MSAT,
        final_blind,
        payer: None,
    };
    (net, FinalCase { payload, lock, amount_msat: AMOUNT_MSAT, expiry })
}

/// None when it claims.
fn receive(net: &mut Network, case: &FinalCase, session: usize) -> Option<Refusal> {
    let packet = build(&[(Node::Receiver, case.payload.to_bytes())], session);
    receive_packet(net, case, packet)
}

fn receive_packet(net: &mut Network, case: &FinalCase, packet: Packet) -> Option<Refusal> {
    let edge =
        net.fund_terms(Node::Sender(0), Node::Receiver, case.lock, case.amount_msat, case.expiry);
    let outpoint = edge.offered.funded().outpoint();
    let secrets = net.receiver.view().secrets().len();
    net.commit(edge, packet);
    let reason = match net.tasks.pop_back().unwrap().1 {
        Action::Receiver(ReceiverAction::Fail { incoming, reason }) => {
            assert_eq!(incoming, outpoint);
            // Nothing was computed that could leak.
            assert_eq!(net.receiver.view().secrets().len(), secrets);
            Some(reason)
        }
        Action::Receiver(ReceiverAction::Claim { incoming, secret }) => {
            assert_eq!(incoming, outpoint);
            assert_eq!(secret.lock(), case.lock);
            None
        }
        other => panic!("{other:?}"),
    };
    assert!(net.tasks.is_empty());
    reason
}

fn receiver_says(kind: LockKind, change: impl FnOnce(&mut FinalCase)) -> Option<Refusal> {
    let (mut net, mut case) = final_case(kind);
    change(&mut case);
    let said = receive(&mut net, &case, 0);
    // Whatever it was, the payment as it should be is still taken.
    let (_, twin) = final_case(kind);
    assert_eq!(receive(&mut net, &twin, 1), None);
    said
}

#[test]
fn receiver_checks_amounts() {
    use LockKind::Point;
    assert_eq!(receiver_says(Point, |case| case.amount_msat += 1_000), None);
    let low =
        |offered_msat, expected_msat| Some(Refusal::AmountTooLow { offered_msat, expected_msat });
    let less = AMOUNT_MSAT - 1_000;
    assert_eq!(receiver_says(Point, |case| case.amount_msat = less), low(less, AMOUNT_MSAT));
    // A hop can't lower it together with the payload; the sender could, and the invoice asks for more.
    let said = receiver_says(Point, |case| {
        case.amount_msat = less;
        case.payload.amount_msat = less;
        case.payload.total_msat = less;
    });
    assert_eq!(said, low(less, AMOUNT_MSAT));
    let more = AMOUNT_MSAT + 1_000;
    let said = receiver_says(Point, |case| {
        case.payload.amount_msat = more;
        case.payload.total_msat = more;
    });
    assert_eq!(said, low(AMOUNT_MSAT, more));
    // One part of two is not a payment, and no part exceeds the whole.
    for total_msat in [2 * AMOUNT_MSAT, AMOUNT_MSAT - 1] {
        assert_eq!(
            receiver_says(Point, |case| case.payload.total_msat = total_msat),
            Some(Refusal::IncompleteSet { total_msat, amount_msat: AMOUNT_MSAT })
        );
    }
}

#[test]
fn receiver_checks_expiry() {
    use LockKind::Point;
    let expiry = HEIGHT + MIN_FINAL_DELTA;
    assert_eq!(receiver_says(Point, |case| case.expiry += 1), None);
    assert_eq!(
        receiver_says(Point, |case| case.expiry -= 1),
        Some(Refusal::ExpiryTooSoon { expiry: expiry - 1, required: expiry })
    );
    // What the sender asked for counts too: a hop that shortens it is found out.
    assert_eq!(
        receiver_says(Point, |case| case.payload.expiry += 1),
        Some(Refusal::ExpiryTooSoon { expiry, required: expiry + 1 })
    );
    assert_eq!(
        receiver_says(Point, |case| {
            case.payload.expiry -= 1;
            case.expiry -= 1;
        }),
        Some(Refusal::ExpiryTooSoon { expiry: expiry - 1, required: expiry })
    );
    // A block later the same is too late.
    let (mut net, case) = final_case(Point);
    net.block(HEIGHT + 1);
    assert_eq!(
        receive(&mut net, &case, 0),
        Some(Refusal::ExpiryTooSoon { expiry, required: expiry + 1 })
    );
}

#[test]
fn receiver_checks_the_lock() {
    use LockKind::{Hash, Point};
    let z = invoice_secret(Point, 0).lock();
    let other = Lock::Point(secret_of("other", 0).to_point());
    for lock in [z, other, Lock::Hash(PaymentHash([1; 32]))] {
        let expected = Some(Refusal::LockMismatch);
        let said = receiver_says(Point, |case| case.lock = lock);
        assert_eq!(said, expected);
    }
    // The opposite point has the same x.
    let said = receiver_says(Point, |case| {
        let Lock::Point(point) = case.lock else { panic!("a point") };
        case.lock = Lock::Point(point.negate());
    });
    assert_eq!(said, Some(Refusal::LockMismatch));
    let said = receiver_says(Point, |case| case.payload.final_blind = Some(blind("other", 1)));
    assert_eq!(said, Some(Refusal::LockMismatch));
    // Under Z itself, without Y: everybody who has paid before knows z.
    let said = receiver_says(Point, |case| {
        case.lock = z;
        case.payload.final_blind = None;
    });
    assert_eq!(said, Some(Refusal::TweakMismatch));
    // Y = −z
    let said = receiver_says(Point, |case| {
        let LockSecret::Scalar(z) = invoice_secret(Point, 0) else { panic!("a scalar") };
        case.payload.final_blind = Some(Blind::new(z.negate()));
    });
    assert_eq!(said, Some(Refusal::Lock(LockError::BlindCancelsLock)));

    let said = receiver_says(Hash, |case| case.lock = Lock::Hash(PaymentHash([1; 32])));
    assert_eq!(said, Some(Refusal::LockMismatch));
    assert_eq!(receiver_says(Hash, |case| case.lock = other), Some(Refusal::LockMismatch));
    let said = receiver_says(Hash, |case| case.payload.final_blind = Some(blind("final", 0)));
    assert_eq!(said, Some(Refusal::TweakMismatch));
}

#[test]
fn receiver_checks_the_payment_secret() {
    let (mut net, mut case) = final_case(LockKind::Point);
    let right = case.payload.payment_secret;
    for bit in [0, 100, 255] {
        let mut secret = right.0;
        secret[bit / 8] ^= 1 << (bit % 8);
        case.payload.payment_secret = PaymentSecret(secret);
        assert_eq!(receive(&mut net, &case, bit), Some(Refusal::UnknownPayment));
    }
    // Of another invoice: its lock is another.
    let other = net.publish(LockKind::Point, 1);
    case.payload.payment_secret = PaymentSecret::of_invoice(&other.invoice_id());
    assert_eq!(receive(&mut net, &case, 1), Some(Refusal::LockMismatch));
    case.payload.payment_secret = right;
    assert_eq!(receive(&mut net, &case, 2), None);
}

#[test]
fn receiver_refuses_a_replayed_onion() {
    let (mut net, case) = final_case(LockKind::Point);
    let packet = build(&[(Node::Receiver, case.payload.to_bytes())], 0);
    assert_eq!(receive_packet(&mut net, &case, packet.clone()), None);
    let replayed = Refusal::Onion(OnionError::Replayed { expiry_height: case.expiry });
    assert_eq!(receive_packet(&mut net, &case, packet), Some(replayed));
    assert_eq!(receive(&mut net, &case, 1), None);
}

#[test]
fn receiver_refuses_payloads_of_others() {
    let (mut net, case) = final_case(LockKind::Point);
    let forward = |tweak| ForwardPayload {
        next: node_id(Node::Forwarder(1)),
        amount_msat: AMOUNT_MSAT,
        expiry: case.expiry,
        tweak,
    };
    let packet = build(&[(Node::Receiver, forward(Tweak::None).to_bytes())], 0);
    assert_eq!(receive_packet(&mut net, &case, packet), Some(Refusal::RouteEnd));
    // Its own payload, but the packet goes on.
    let last = case.payload.to_bytes();
    let packet = build(&[(Node::Receiver, last.clone()), (Node::Forwarder(1), last.clone())], 1);
    assert_eq!(receive_packet(&mut net, &case, packet), Some(Refusal::RouteEnd));
    // For somebody else.
    let packet = build(&[(Node::Forwarder(1), last.clone())], 2);
    let hmac = Refusal::Onion(OnionError::InvalidHmac);
    assert_eq!(receive_packet(&mut net, &case, packet), Some(hmac));
    // Garbage, well packed.
    let packet = build(&[(Node::Receiver, vec![2, 0])], 3);
    let Some(Refusal::Payload(_)) = receive_packet(&mut net, &case, packet) else {
        panic!("a payload without an amount")
    };
    let packet = build(&[(Node::Receiver, last)], 4);
    assert_eq!(receive_packet(&mut net, &case, packet), None);
}

#[test]
fn receiver_refuses_flipped_bits() {
    let (mut net, case) = final_case(LockKind::Point);
    let packet = build(&[(Node::Receiver, case.payload.to_bytes())], 0);
    for flipped in flipped(&packet) {
        let said = receive_packet(&mut net, &case, flipped);
        assert_eq!(said, Some(Refusal::Onion(OnionError::InvalidHmac)));
    }
    assert_eq!(receive_packet(&mut net, &case, packet), None);
}

/// One bit flipped in each part of a packet, where that leaves one.
fn flipped(packet: &Packet) -> Vec<Packet> {
    let bytes = packet.to_bytes();
    let positions = [0, 1, 2, 17, 33, 34, 35, 100, 700, 1_332, 1_333, 1_334, 1_350, 1_365];
    let packets: Vec<Packet> = positions
        .iter()
        .flat_map(|position| [0, 3, 7].map(|bit| (*position, bit)))
        .filter_map(|(position, bit)| {
            let mut bytes = bytes.clone();
            bytes[position] ^= 1 << bit;
            Packet::from_bytes(&bytes).ok()
        })
        .collect();
    // The version and most of the key are refused before the role sees them.
    assert!(packets.len() > 9 * 3);
    packets
}

#[test]
fn receiver_refuses_impossible_events() {
    let (mut net, case) = final_case(LockKind::Point);
    let packet = build(&[(Node::Receiver, case.payload.to_bytes())], 0);
    let edge =
        net.fund_terms(Node::Sender(0), Node::Receiver, case.lock, case.amount_msat, case.expiry);
    let event = || ReceiverEvent::IncomingCommitted {
        contract: edge.received.clone(),
        packet: packet.clone(),
    };
    net.tell_receiver(event()).unwrap();
    let outpoint = edge.offered.funded().outpoint();
    refuses_receiver(&mut net, event(), &PaymentError::KnownContract(outpoint));

    // An invoice with another secret, or one that only its payers' own points are paid under.
    let invoice = invoice_of(&invoice_secret(LockKind::Point, 1), &[node_id(Node::Receiver)]);
    let publish = |secret| ReceiverEvent::Published { invoice: invoice.clone(), secret };
    let wrong = publish(invoice_secret(LockKind::Point, 2));
    refuses_receiver(&mut net, wrong, &PaymentError::NotTheInvoiceSecret);
    let wrong = publish(invoice_secret(LockKind::Hash, 1));
    refuses_receiver(&mut net, wrong, &PaymentError::NotTheInvoiceSecret);
    net.tell_receiver(publish(invoice_secret(LockKind::Point, 1))).unwrap();
    let invoice = polynomial();
    let secret = invoice_secret(LockKind::Point, 0);
    let event = ReceiverEvent::Published { invoice, secret };
    refuses_receiver(&mut net, event, &PaymentError::Polynomial);

    // Mail that does not open, or is of another kind.
    let to = node_id(Node::Receiver);
    let message = HeldAvailable {
        holder: node_id(Node::Forwarder(1)),
        holds: vec![AvailableHold {
            id: HoldId([1; 32]),
            release: ReleaseSecret::new(secret_of("release", 0)),
            amount_msat: AMOUNT_MSAT,
        }],
        slot: None,
    };
    let right = message.seal(&to, secret_of("ephemeral", 0)).unwrap();
    let mail = |sealed| ReceiverEvent::MailReceived { sealed, entropy: [1; 32] };
    let unopened = PaymentError::Message(PayloadError::Sealed(OnionError::InvalidSeal));
    for position in [40, right.len() - 1] {
        let mut sealed = right.clone();
        sealed[position] ^= 1;
        refuses_receiver(&mut net, mail(sealed), &unopened);
    }
    let for_another = message.seal(&node_id(Node::Forwarder(1)), secret_of("e", 0)).unwrap();
    refuses_receiver(&mut net, mail(for_another), &unopened);
    let release = ReleaseHeld { holds: vec![(HoldId([1; 32]), message.holds[0].release.clone())] };
    let of_another_kind = release.seal(&to, secret_of("e", 0)).unwrap();
    refuses_receiver(&mut net, mail(of_another_kind), &unopened);
    let empty = HeldAvailable { holds: Vec::new(), ..message.clone() };
    let empty = empty.seal(&to, secret_of("e", 0)).unwrap();
    let malformed = PaymentError::Message(PayloadError::Malformed("holds"));
    refuses_receiver(&mut net, mail(empty), &malformed);
    net.tell_receiver(mail(right)).unwrap();
}

fn polynomial() -> StaticInvoice {
    let points = (0..2).map(|index| secret_of("coefficient", index).to_point()).collect();
    StaticInvoiceBuilder::new(PaymentLock::Points(PaymentPoints::new(points).unwrap()), TIME)
        .interim_route(&[node_id(Node::Receiver)])
        .sign(&Keypair::new(node_key(Node::Receiver)), &[0; 32])
        .unwrap()
}

// ---- A forwarder, with packets made by hand ----

struct ForwardCase {
    payload: ForwardPayload,
    lock: Lock,
    amount_msat: u64,
    expiry: u32,
}

const HOP: Node = Node::Forwarder(1);

/// N_1 before the receiver; and a payment that it forwards, to be changed.
fn forward_case(kind: LockKind) -> (Network, ForwardCase) {
    let net = Network::new(1, 1);
    let (lock, tweak) = match kind {
        LockKind::Point => {
            (Lock::Point(secret_of("lock", 0).to_point()), Tweak::Blind(blind("blind", 0)))
        }
        LockKind::Hash => (Lock::Hash(PaymentHash([1; 32])), Tweak::None),
    };
    let fee = policy(1).fee_msat(AMOUNT_MSAT).unwrap();
    let expiry = HEIGHT + MIN_FINAL_DELTA;
    let payload =
        ForwardPayload { next: node_id(Node::Receiver), amount_msat: AMOUNT_MSAT, expiry, tweak };
    let case = ForwardCase {
        payload,
        lock,
        amount_msat: AMOUNT_MSAT + fee,
        expiry: expiry + policy(1).cltv_expiry_delta,
    };
    (net, case)
}

fn forward_packet(case: &ForwardCase, session: usize) -> Packet {
    build(&[(HOP, case.payload.to_bytes()), (Node::Receiver, vec![2, 0])], session)
}

fn reach_hop(net: &mut Network, case: &ForwardCase, packet: Packet) -> Edge {
    let edge = net.fund_terms(Node::Sender(0), HOP, case.lock, case.amount_msat, case.expiry);
    net.commit(edge.clone(), packet);
    edge
}

/// None when it offers.
fn forward(net: &mut Network, case: &ForwardCase, packet: Packet) -> Option<Refusal> {
    let edge = reach_hop(net, case, packet);
    let outpoint = edge.offered.funded().outpoint();
    let said = match net.tasks.pop_back().unwrap().1 {
        Action::Forwarder(ForwarderAction::Fail { incoming, reason }) => {
            assert_eq!(incoming, outpoint);
            net.tell_forwarder(HOP, ForwarderEvent::IncomingFailed { incoming }).unwrap();
            Some(reason)
        }
        Action::Forwarder(ForwarderAction::Offer { incoming, proposal }) => {
            assert_eq!(incoming, outpoint);
            assert_eq!(proposal.amount_msat, case.payload.amount_msat);
            assert_eq!(proposal.expiry, case.payload.expiry);
            None
        }
        other => panic!("{other:?}"),
    };
    assert!(net.tasks.is_empty());
    said
}

fn forwarder_says(kind: LockKind, change: impl FnOnce(&mut ForwardCase)) -> Option<Refusal> {
    let (mut net, mut case) = forward_case(kind);
    change(&mut case);
    let packet = forward_packet(&case, 0);
    let said = forward(&mut net, &case, packet);
    let (_, twin) = forward_case(kind);
    let packet = forward_packet(&twin, 1);
    assert_eq!(forward(&mut net, &twin, packet), None);
    said
}

#[test]
fn forwarder_checks_its_fee() {
    use LockKind::Point;
    let fee = policy(1).fee_msat(AMOUNT_MSAT).unwrap();
    assert_eq!(fee, 6_000);
    let insufficient =
        |offered_msat| Some(Refusal::FeeInsufficient { offered_msat, required_msat: fee });
    assert_eq!(forwarder_says(Point, |case| case.amount_msat += 1_000), None);
    assert_eq!(forwarder_says(Point, |case| case.amount_msat -= 1_000), insufficient(fee - 1_000));
    assert_eq!(forwarder_says(Point, |case| case.amount_msat = AMOUNT_MSAT), insufficient(0));
    // More out than in.
    assert_eq!(forwarder_says(Point, |case| case.amount_msat = AMOUNT_MSAT / 2), insufficient(0));
    let said = forwarder_says(Point, |case| case.payload.amount_msat = u64::MAX);
    assert!(matches!(said, Some(Refusal::FeeInsufficient { offered_msat: 0, .. })));
}

#[test]
fn forwarder_checks_its_delta() {
    use LockKind::Point;
    let required = policy(1).cltv_expiry_delta;
    let too_close = |offered| Some(Refusal::ExpiryDelta { offered, required });
    assert_eq!(forwarder_says(Point, |case| case.expiry += 1), None);
    assert_eq!(forwarder_says(Point, |case| case.expiry -= 1), too_close(required - 1));
    assert_eq!(forwarder_says(Point, |case| case.expiry = case.payload.expiry), too_close(0));
    assert_eq!(forwarder_says(Point, |case| case.expiry = case.payload.expiry - 1), too_close(0));
    assert_eq!(forwarder_says(Point, |case| case.payload.expiry = HEIGHT + 1), None);
    for expiry in [HEIGHT, HEIGHT - 1] {
        let said = forwarder_says(Point, |case| case.payload.expiry = expiry);
        assert_eq!(said, Some(Refusal::ExpiryTooSoon { expiry, required: HEIGHT + 1 }));
    }
}

/// With a fee and a delta of nothing, what is less than nothing must not pass for it.
#[test]
fn a_forwarder_that_asks_for_nothing_pays_nothing() {
    let says = |change: fn(&mut ForwardCase)| {
        let (mut net, mut case) = forward_case(LockKind::Point);
        let mut config = net.configs[0].clone();
        config.policy.fee_base_msat = 0;
        config.policy.fee_proportional_millionths = 0;
        config.policy.cltv_expiry_delta = 0;
        net.forwarders[0] = Forwarder::new(config, MemoryStore::default());
        case.amount_msat = case.payload.amount_msat;
        case.expiry = case.payload.expiry;
        change(&mut case);
        let packet = forward_packet(&case, 0);
        forward(&mut net, &case, packet)
    };
    assert_eq!(says(|_| {}), None);
    let fee = Refusal::FeeInsufficient { offered_msat: 0, required_msat: 0 };
    assert_eq!(says(|case| case.amount_msat -= 1_000), Some(fee));
    let delta = Refusal::ExpiryDelta { offered: 0, required: 0 };
    assert_eq!(says(|case| case.expiry -= 1), Some(delta));
}

#[test]
fn forwarder_goes_by_the_height() {
    let (mut net, case) = forward_case(LockKind::Point);
    net.block(HEIGHT + MIN_FINAL_DELTA - 1);
    let packet = forward_packet(&case, 0);
    assert_eq!(forward(&mut net, &case, packet.clone()), None);
    net.block(HEIGHT + MIN_FINAL_DELTA);
    let too_soon = |height| Refusal::ExpiryTooSoon { expiry: HEIGHT + 18, required: height + 1 };
    let said = forward(&mut net, &case, forward_packet(&case, 1));
    assert_eq!(said, Some(too_soon(HEIGHT + 18)));
    // Replays are remembered up to the expiry; from then on what they ask for is past.
    let mut again = forward_case(LockKind::Point).1;
    again.expiry += 100;
    net.block(case.expiry - 1);
    let replayed = OnionError::Replayed { expiry_height: case.expiry };
    assert_eq!(forward(&mut net, &again, packet.clone()), Some(Refusal::Onion(replayed)));
    net.block(case.expiry);
    assert_eq!(forward(&mut net, &again, packet), Some(too_soon(case.expiry)));
}

#[test]
fn a_refused_contract_is_known_until_it_is_gone() {
    let (mut net, mut case) = forward_case(LockKind::Point);
    case.amount_msat -= 1_000;
    let edge = reach_hop(&mut net, &case, forward_packet(&case, 0));
    let incoming = edge.offered.funded().outpoint();
    let event = ForwarderEvent::IncomingCommitted {
        from: node_id(Node::Sender(0)),
        contract: edge.received,
        packet: forward_packet(&case, 1),
    };
    refuses_forwarder(&mut net, HOP, event, &PaymentError::KnownContract(incoming));
    net.tell_forwarder(HOP, ForwarderEvent::IncomingFailed { incoming }).unwrap();
    let gone = PaymentError::OutOfOrder { contract: incoming, event: "failure" };
    refuses_forwarder(&mut net, HOP, ForwarderEvent::IncomingFailed { incoming }, &gone);
}

#[test]
fn forwarder_checks_the_tweak() {
    use LockKind::{Hash, Point};
    let mismatch = Some(Refusal::TweakMismatch);
    assert_eq!(forwarder_says(Point, |case| case.payload.tweak = Tweak::None), mismatch);
    let said = forwarder_says(Hash, |case| case.payload.tweak = Tweak::Blind(blind("blind", 0)));
    assert_eq!(said, mismatch);
    // y = −l
    let opposite = || Blind::new(secret_of("lock", 0).negate());
    let said = forwarder_says(Point, |case| case.payload.tweak = Tweak::Blind(opposite()));
    assert_eq!(said, Some(Refusal::Lock(LockError::BlindCancelsLock)));
    // A hold that fits the other kind of lock.
    let said = forwarder_says(Point, |case| case.payload.tweak = hold_tweak(0, None, HEIGHT + 10));
    assert_eq!(said, mismatch);
    let with_blind = hold_tweak(0, Some(&blind("blind", 0)), HEIGHT + 10);
    let said = forwarder_says(Hash, |case| case.payload.tweak = with_blind);
    assert_eq!(said, mismatch);
}

#[test]
fn forwarder_refuses_payloads_of_others() {
    let (mut net, case) = forward_case(LockKind::Point);
    let (_, last) = final_case(LockKind::Point);
    let last = last.payload.to_bytes();
    let own = case.payload.to_bytes();
    let packet = build(&[(HOP, last.clone()), (Node::Receiver, last.clone())], 0);
    assert_eq!(forward(&mut net, &case, packet), Some(Refusal::RouteEnd));
    let packet = build(&[(HOP, last)], 1);
    assert_eq!(forward(&mut net, &case, packet), Some(Refusal::RouteEnd));
    let packet = build(&[(HOP, own.clone())], 2);
    assert_eq!(forward(&mut net, &case, packet), Some(Refusal::RouteEnd));
    let packet = build(&[(Node::Receiver, own.clone()), (HOP, own)], 3);
    let hmac = Some(Refusal::Onion(OnionError::InvalidHmac));
    assert_eq!(forward(&mut net, &case, packet), hmac);
    let good = forward_packet(&case, 4);
    for flipped in flipped(&good) {
        assert_eq!(forward(&mut net, &case, flipped), hmac);
    }
    assert_eq!(forward(&mut net, &case, good.clone()), None);
    let replayed = OnionError::Replayed { expiry_height: case.expiry };
    assert_eq!(forward(&mut net, &case, good), Some(Refusal::Onion(replayed)));
}

// ---- Holds, with orders made by hand ----

fn release(index: usize) -> ReleaseSecret {
    ReleaseSecret::new(secret_of("release", index))
}

fn hold_tweak(index: usize, y: Option<&Blind>, latest: u32) -> Tweak {
    Tweak::Hold(HoldOrder {
        id: HoldId([index as u8; 32]),
        held_blind: y.map(|y| HeldBlind::new(y, &release(index)).unwrap()),
        release_hash: release(index).hash(),
        latest_release_height: latest,
    })
}

/// A payment to hold under id `index`, with y = `blind("blind", 0)` and plenty of time.
fn held_case(index: usize) -> (Network, ForwardCase) {
    let (net, mut case) = forward_case(LockKind::Point);
    case.payload.expiry += 200;
    case.expiry += 200;
    case.payload.tweak = hold_tweak(index, Some(&blind("blind", 0)), HEIGHT + 100);
    (net, case)
}

fn send_release(net: &mut Network, holds: &[(usize, ReleaseSecret)]) -> Vec<ForwarderAction> {
    let holds =
        holds.iter().map(|(index, secret)| (HoldId([*index as u8; 32]), secret.clone())).collect();
    let sealed = ReleaseHeld { holds }.seal(&node_id(HOP), secret_of("ephemeral", 0)).unwrap();
    net.tell_forwarder(HOP, ForwarderEvent::ReleaseReceived { sealed }).unwrap();
    net.tasks
        .drain(..)
        .map(|(_, action)| match action {
            Action::Forwarder(action) => action,
            other => panic!("{other:?}"),
        })
        .collect()
}

fn ledger_state(net: &Network, index: usize) -> HoldState {
    net.forwarders[0].ledger().state(&HoldId([index as u8; 32])).unwrap()
}

#[test]
fn wrong_releases_move_nothing() {
    let (mut net, case) = held_case(0);
    reach_hop(&mut net, &case, forward_packet(&case, 0));
    let mut second = held_case(1).1;
    second.payload.tweak = hold_tweak(1, Some(&blind("blind", 1)), HEIGHT + 100);
    reach_hop(&mut net, &second, forward_packet(&second, 1));
    assert!(net.tasks.is_empty());

    // Somebody's guess, and the secret of another hold.
    for wrong in [ReleaseSecret::new(secret_of("guess", 0)), release(1)] {
        let actions = send_release(&mut net, &[(0, wrong)]);
        let [ForwarderAction::ReleaseRefused { reason }] = actions.as_slice() else {
            panic!("{actions:?}")
        };
        let id = HoldId([0; 32]);
        assert_eq!(*reason, Refusal::Hold(HoldError::WrongReleaseSecret(id)));
        assert_eq!(ledger_state(&net, 0), HoldState::Held);
    }
    let y = LockSecret::Scalar(blind("blind", 0).as_scalar().clone());
    let knows = |net: &Network, secret: &LockSecret| {
        net.forwarders[0].view().secrets().iter().any(|known| known.secret == *secret)
    };
    assert!(!knows(&net, &y));
    // A guess is no knowledge of h.
    let source = SecretSource::Release { hold: HoldId([0; 32]) };
    assert_eq!(net.forwarders[0].view().get(source), None);

    // Messages that do not open, or are of another kind.
    let seal = |to: Node| {
        let holds = vec![(HoldId([0; 32]), release(0))];
        ReleaseHeld { holds }.seal(&node_id(to), secret_of("ephemeral", 0)).unwrap()
    };
    let unopened = PaymentError::Message(PayloadError::Sealed(OnionError::InvalidSeal));
    let mut altered = seal(HOP);
    altered[50] ^= 4;
    for sealed in [altered, seal(Node::Receiver)] {
        refuses_forwarder(&mut net, HOP, ForwarderEvent::ReleaseReceived { sealed }, &unopened);
    }

    // A wrong entry beside a right one.
    let actions = send_release(&mut net, &[(1, release(0)), (0, release(0)), (7, release(7))]);
    let [ForwarderAction::ReleaseRefused { .. }, ForwarderAction::Offer { proposal, .. }] =
        actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    let Lock::Point(incoming) = case.lock else { panic!("a point") };
    assert_eq!(proposal.lock, Lock::Point(incoming.add(&blind("blind", 0).to_point()).unwrap()));
    assert!(knows(&net, &y));
    assert_eq!(
        net.forwarders[0].view().get(source),
        Some(&LockSecret::Scalar(release(0).as_scalar().clone()))
    );
    assert!(matches!(ledger_state(&net, 0), HoldState::Releasing(_)));
    assert_eq!(ledger_state(&net, 1), HoldState::Held);
}

/// Fields that contradict each other, and a list that ends in the middle of an entry.
#[test]
fn malformed_payloads_and_messages_are_refused() {
    let with = |bytes: &[u8], tlv_type, value: &[u8]| {
        let mut writer = TlvWriter::new();
        for record in TlvStream::parse(bytes).unwrap().records() {
            writer.set(record.tlv_type(), record.value());
        }
        writer.set(tlv_type, value);
        Payload::parse(&writer.to_bytes()).map(|_| ())
    };
    let held = held_case(0).1.payload.to_bytes();
    let plain = forward_case(LockKind::Point).1.payload.to_bytes();
    let misplaced = |field| Err(PayloadError::Misplaced(field));
    // y beside y + h would tell h.
    assert_eq!(with(&held, 65_537, &[1; 32]), misplaced("blind"));
    assert_eq!(with(&plain, 65_537, &[1; 32]), Ok(()));
    assert_eq!(with(&held, 65_539, &[1; 32]), misplaced("final_blind"));
    assert_eq!(with(&plain, 65_543, &[1; 32]), misplaced("held_blind"));
    assert_eq!(with(&plain, 65_545, &[1; 32]), misplaced("release_hash"));
    assert_eq!(with(&plain, 65_547, &[1]), misplaced("latest_release_height"));
    assert_eq!(with(&plain, 65_537, &[0; 32]), Err(PayloadError::Malformed("blind")));
    assert_eq!(with(&plain, 65_537, &[1; 31]), Err(PayloadError::Malformed("blind")));

    let release = |length: usize| {
        let plaintext = TlvWriter::new().set(2, vec![1; length]).to_bytes();
        let session = secret_of("ephemeral", 0);
        let sealed = seal(&node_id(HOP), session, b"release_held_ptlc", &plaintext).unwrap();
        ReleaseHeld::open(&node_key(HOP), &sealed).map(|message| message.holds.len())
    };
    assert_eq!(release(64), Ok(1));
    assert_eq!(release(128), Ok(2));
    for length in [0, 63, 65, 127, 100] {
        assert_eq!(release(length), Err(PayloadError::Malformed("holds")));
    }
}

#[test]
fn a_hold_past_its_cutoff_is_refused() {
    // By what the sender says, and by the incoming contract.
    let deltas = policy(1).cltv_expiry_delta + MIN_FINAL_DELTA + SAFETY_MARGIN;
    let try_hold = |latest, expiry: u32| {
        let (mut net, mut case) = held_case(0);
        case.payload.tweak = hold_tweak(0, Some(&blind("blind", 0)), latest);
        case.expiry = expiry;
        case.payload.expiry = expiry - policy(1).cltv_expiry_delta;
        reach_hop(&mut net, &case, forward_packet(&case, 0));
        match net.tasks.pop_back() {
            None => None,
            Some((_, Action::Forwarder(ForwarderAction::Fail { reason, .. }))) => Some(reason),
            Some(other) => panic!("{other:?}"),
        }
    };
    let far = HEIGHT + 1_000;
    let passed = |cutoff| {
        let id = HoldId([0; 32]);
        Some(Refusal::Hold(HoldError::CutoffPassed { id, cutoff, height: HEIGHT }))
    };
    assert_eq!(try_hold(HEIGHT + 1, far), None);
    assert_eq!(try_hold(HEIGHT, far), passed(HEIGHT));
    assert_eq!(try_hold(far, HEIGHT + deltas + 1), None);
    assert_eq!(try_hold(far, HEIGHT + deltas), passed(HEIGHT));
    assert_eq!(try_hold(far, HEIGHT + deltas - 5), passed(HEIGHT - 5));
}

/// Whose hold it is, for whom, and what is locked for it.
#[test]
fn caps_count_what_the_holder_sees() {
    let wide = Limits::default();
    let fee = policy(1).fee_msat(AMOUNT_MSAT).unwrap();
    let second = |limits: Limits, sender: usize, next: Node| {
        let mut net = Network::new(2, 1);
        let mut config = net.configs[0].clone();
        config.limits = limits;
        net.forwarders[0] = Forwarder::new(config, MemoryStore::default());
        let mut said = None;
        for (index, sender, next) in [(0, 0, Node::Receiver), (1, sender, next)] {
            let (_, mut case) = held_case(index);
            case.payload.next = node_id(next);
            let (lock, msat) = (case.lock, case.amount_msat);
            let edge = net.fund_terms(Node::Sender(sender), HOP, lock, msat, case.expiry);
            net.commit(edge, forward_packet(&case, index));
            said = net.tasks.pop_back().map(|(_, action)| match action {
                Action::Forwarder(ForwarderAction::Fail { reason, .. }) => reason,
                other => panic!("{other:?}"),
            });
            assert!(index == 1 || said.is_none());
        }
        said
    };
    let capped = |cap| Some(Refusal::Hold(HoldError::CapReached(cap)));
    let (receiver, elsewhere) = (Node::Receiver, Node::Forwarder(7));
    let one = Limits { holds_per_sender: 1, ..wide };
    assert_eq!(second(one, 0, elsewhere), capped(Cap::HoldsPerSender));
    assert_eq!(second(one, 1, receiver), None);
    let one = Limits { holds_per_receiver: 1, ..wide };
    assert_eq!(second(one, 1, receiver), capped(Cap::HoldsPerReceiver));
    assert_eq!(second(one, 0, elsewhere), None);
    // The sender's money waits, fee included.
    let value_msat = 2 * (AMOUNT_MSAT + fee);
    assert_eq!(second(Limits { value_msat, ..wide }, 1, elsewhere), None);
    let value_msat = value_msat - 1;
    assert_eq!(second(Limits { value_msat, ..wide }, 1, elsewhere), capped(Cap::Value));
}

/// A sender that sends one order with two contracts has one hold, and the other contract back at once: else it would
/// escape the caps, and the second would never fail back.
#[test]
fn one_hold_order_holds_one_contract() {
    for with_release in [false, true] {
        let (mut net, case) = held_case(0);
        let first = reach_hop(&mut net, &case, forward_packet(&case, 0));
        assert!(net.tasks.is_empty());
        let second = reach_hop(&mut net, &case, forward_packet(&case, 1));
        let (_, Action::Forwarder(ForwarderAction::Fail { incoming, reason })) =
            net.tasks.pop_back().unwrap()
        else {
            panic!("the second is failed")
        };
        assert_eq!(incoming, second.offered.funded().outpoint());
        assert_eq!(reason, Refusal::Hold(HoldError::IdTaken(HoldId([0; 32]))));
        net.tell_forwarder(HOP, ForwarderEvent::IncomingFailed { incoming }).unwrap();
        // The first is held as ever.
        assert_eq!(ledger_state(&net, 0), HoldState::Held);
        let outpoint = first.offered.funded().outpoint();
        if with_release {
            let actions = send_release(&mut net, &[(0, release(0))]);
            let [ForwarderAction::Offer { incoming, .. }] = actions.as_slice() else {
                panic!("{actions:?}")
            };
            assert_eq!(*incoming, outpoint);
        } else {
            net.block(HEIGHT + 100);
            let (_, Action::Forwarder(ForwarderAction::Fail { incoming, .. })) =
                net.tasks.pop_back().unwrap()
            else {
                panic!("the first fails at the cutoff")
            };
            assert_eq!(incoming, outpoint);
        }
        assert!(net.tasks.is_empty());
    }
}

/// A blind that cancels the lock, which a payer who knows z can make, must not keep a place among the holds.
#[test]
fn a_hold_that_cannot_be_forwarded_gives_its_place_back() {
    for overtaken in [false, true] {
        for zero in [false, true] {
            let (mut net, mut case) = held_case(0);
            let opposite = Blind::new(secret_of("lock", 0).negate());
            case.payload.tweak = hold_tweak(0, Some(&opposite), HEIGHT + 100);
            if zero {
                let Tweak::Hold(order) = &mut case.payload.tweak else { panic!("a hold") };
                let h = release(0).dangerous_to_bytes();
                order.held_blind = Some(HeldBlind::from_bytes(&h).unwrap());
            }
            if overtaken {
                assert!(send_release(&mut net, &[(0, release(0))]).is_empty());
            }
            let edge = reach_hop(&mut net, &case, forward_packet(&case, 0));
            if !overtaken {
                for action in send_release(&mut net, &[(0, release(0))]) {
                    net.tasks.push_back((HOP, Action::Forwarder(action)));
                }
            }
            // At the latest at the cutoff the contract is failed, once.
            net.block(HEIGHT + 100);
            let failed: Vec<OutPoint> = net
                .tasks
                .drain(..)
                .filter_map(|(_, action)| match action {
                    Action::Forwarder(ForwarderAction::Fail { incoming, .. }) => Some(incoming),
                    Action::Forwarder(ForwarderAction::ReleaseRefused { .. }) => None,
                    other => panic!("{other:?}"),
                })
                .collect();
            let outpoint = edge.offered.funded().outpoint();
            assert_eq!(failed, [outpoint], "overtaken {overtaken}, zero {zero}");
            net.tell_forwarder(HOP, ForwarderEvent::IncomingFailed { incoming: outpoint }).unwrap();
            let open = net.forwarders[0].ledger().store().open().unwrap();
            assert_eq!(open.len(), 0, "overtaken {overtaken}, zero {zero}");
        }
    }
}

/// A store of holds that fails at chosen writes.
#[derive(Debug, Default)]
struct FailingStore {
    inner: MemoryStore,
    writes: usize,
    fails_at: Option<usize>,
}

#[derive(Debug)]
struct DiskFull;

impl std::fmt::Display for DiskFull {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("disk full")
    }
}

impl FailingStore {
    fn write(&mut self) -> Result<(), DiskFull> {
        self.writes += 1;
        if self.fails_at == Some(self.writes) { Err(DiskFull) } else { Ok(()) }
    }
}

impl HoldStore for FailingStore {
    type Error = DiskFull;

    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, DiskFull> {
        Ok(self.inner.get(id).unwrap())
    }

    fn open(&self) -> Result<Vec<HoldRecord>, DiskFull> {
        Ok(self.inner.open().unwrap())
    }

    fn insert(&mut self, record: HoldRecord) -> Result<bool, DiskFull> {
        self.write()?;
        Ok(self.inner.insert(record).unwrap())
    }

    fn compare_and_swap(
        &mut self,
        id: &HoldId,
        from: &HoldState,
        to: HoldState,
    ) -> Result<bool, DiskFull> {
        self.write()?;
        Ok(self.inner.compare_and_swap(id, from, to).unwrap())
    }
}

/// Two holds reach their cutoff, and the store fails between them: the block is refused, and given again it fails both.
#[test]
fn a_block_that_the_store_refused_is_repeated() {
    let (mut net, case) = held_case(0);
    let second = held_case(1).1;
    for (index, fails_at) in [3, 4].into_iter().enumerate() {
        let store = FailingStore { fails_at: Some(fails_at), ..FailingStore::default() };
        let mut forwarder = Forwarder::new(net.configs[0].clone(), store);
        let mut incoming = Vec::new();
        for (case, session) in [(&case, 10 + index), (&second, 20 + index)] {
            let (lock, msat) = (case.lock, case.amount_msat);
            let edge = net.fund_terms(Node::Sender(0), HOP, lock, msat, case.expiry);
            incoming.push(edge.offered.funded().outpoint());
            let event = ForwarderEvent::IncomingCommitted {
                from: node_id(Node::Sender(0)),
                contract: edge.received,
                packet: forward_packet(case, session),
            };
            assert!(forwarder.apply(event).unwrap().is_empty());
        }
        let block = || ForwarderEvent::Block { height: HEIGHT + 100 };
        let error = forwarder.apply(block()).unwrap_err();
        assert_eq!(error, PaymentError::Hold(HoldError::Store("disk full".into())));
        assert_eq!(forwarder.log().len(), 2);
        let actions = forwarder.apply(block()).unwrap();
        let failed: Vec<OutPoint> = actions
            .iter()
            .map(|action| match action {
                ForwarderAction::Fail { incoming, .. } => *incoming,
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(failed, incoming, "write {fails_at}");
        for incoming in incoming {
            forwarder.apply(ForwarderEvent::IncomingFailed { incoming }).unwrap();
        }
        assert!(forwarder.ledger().store().open().unwrap().is_empty());
        assert!(forwarder.apply(block()).unwrap().is_empty());
    }
}

// ---- On the way of a whole payment ----

/// The sender's offer, before it is carried out.
fn offer(net: &mut Network) -> (AttemptId, Proposal) {
    match net.tasks.pop_front().unwrap() {
        (Node::Sender(0), Action::Sender(SenderAction::Offer { attempt, proposal })) => {
            (attempt, proposal)
        }
        other => panic!("{other:?}"),
    }
}

fn put_back(net: &mut Network, attempt: AttemptId, proposal: Proposal) {
    let action = Action::Sender(SenderAction::Offer { attempt, proposal });
    net.tasks.push_front((Node::Sender(0), action));
}

/// The sender gives one hop a wrong y, or the receiver a wrong Y.
#[test]
fn a_wrong_blind_at_any_hop_claims_nothing() {
    for wrong in [None, Some(1), Some(2), Some(3), Some(4)] {
        let mut net = Network::new(1, 3);
        let invoice = net.publish(LockKind::Point, 0);
        let attempt = net.pay(0, &invoice, None, entropy(1));
        let (attempt, mut proposal) = match offer(&mut net) {
            (same, proposal) if same == attempt => (attempt, proposal),
            other => panic!("{other:?}"),
        };
        let view = net.senders[0].view();
        let y = |hop| match view.get(SecretSource::DrawnBlind { attempt, hop }).unwrap() {
            LockSecret::Scalar(scalar) => scalar.clone(),
            LockSecret::Preimage(_) => panic!("a scalar"),
        };
        let off_by_one = |hop, right: SecretScalar| {
            let one =
                SecretScalar::from_bytes(&std::array::from_fn(|i| u8::from(i == 31))).unwrap();
            Blind::new(if wrong == Some(hop) { right.add(&one).unwrap() } else { right })
        };
        let edges = net.senders[0].route(&attempt).unwrap().edges().to_vec();
        let nodes: Vec<Node> = (1..=3).map(Node::Forwarder).chain([Node::Receiver]).collect();
        let mut hops: Vec<(Node, Vec<u8>)> = (1..=3)
            .map(|hop| {
                let payload = ForwardPayload {
                    next: node_id(nodes[hop]),
                    amount_msat: edges[hop].amount_msat,
                    expiry: edges[hop].expiry,
                    tweak: Tweak::Blind(off_by_one(hop, y(hop))),
                };
                (nodes[hop - 1], payload.to_bytes())
            })
            .collect();
        let sum = (1..=3).fold(y(0), |sum, hop| sum.add(&y(hop)).unwrap());
        let last = FinalPayload {
            amount_msat: edges[3].amount_msat,
            expiry: edges[3].expiry,
            payment_secret: PaymentSecret::of_invoice(&invoice.invoice_id()),
            total_msat: AMOUNT_MSAT,
            final_blind: Some(off_by_one(4, sum)),
            payer: None,
        };
        hops.push((Node::Receiver, last.to_bytes()));
        proposal.packet = build(&hops, 0);
        put_back(&mut net, attempt, proposal);
        net.run();
        assert_eq!(is_paid(&net), wrong.is_none());
        if wrong.is_some() {
            let failures = failures(&net);
            assert_eq!(failures[0], (Node::Receiver, Refusal::LockMismatch));
            assert_eq!(failures.len(), 4);
            assert!(net.balances.is_empty());
            let z = invoice_secret(LockKind::Point, 0);
            assert!(!net.senders[0].view().secrets().iter().any(|known| known.secret == z));
        }
    }
}

/// A forwarder that puts its own lock, amount or expiry in place of what it should.
#[test]
fn what_a_hop_changes_is_found_out_further_along() {
    type Change = fn(&mut Proposal);
    let lower_amount: Change = |proposal| proposal.amount_msat -= 1_000;
    let sooner: Change = |proposal| proposal.expiry -= 1;
    let other_lock: Change = |proposal| proposal.lock = Lock::Point(secret_of("own", 0).to_point());
    let flipped: Change = |proposal| {
        let mut bytes = proposal.packet.to_bytes();
        bytes[500] ^= 1;
        proposal.packet = Packet::from_bytes(&bytes).unwrap();
    };
    let nothing: Change = |_| {};
    for (change, at, refuser, reason) in [
        (nothing, 1, None, None),
        (lower_amount, 1, Some(Node::Forwarder(2)), None),
        (lower_amount, 2, Some(Node::Receiver), None),
        (sooner, 1, Some(Node::Forwarder(2)), None),
        (sooner, 2, Some(Node::Receiver), None),
        (other_lock, 1, Some(Node::Receiver), Some(Refusal::LockMismatch)),
        (other_lock, 2, Some(Node::Receiver), Some(Refusal::LockMismatch)),
        (flipped, 1, Some(Node::Forwarder(2)), Some(Refusal::Onion(OnionError::InvalidHmac))),
        (flipped, 2, Some(Node::Receiver), Some(Refusal::Onion(OnionError::InvalidHmac))),
    ] {
        let mut net = Network::new(1, 2);
        let invoice = net.publish(LockKind::Point, 0);
        net.pay(0, &invoice, None, entropy(1));
        for _ in 0..at {
            assert!(net.step());
        }
        let Some((node, Action::Forwarder(ForwarderAction::Offer { incoming, mut proposal }))) =
            net.tasks.pop_front()
        else {
            panic!("an offer")
        };
        assert_eq!(node, Node::Forwarder(at));
        // It tells its own role what that expects, and the next node what it likes.
        let honest = net.fund(node, &proposal);
        let contract = honest.offered;
        net.tell_forwarder(node, ForwarderEvent::OutgoingCommitted { incoming, contract }).unwrap();
        change(&mut proposal);
        let mut crooked = net.fund(node, &proposal);
        if refuser.is_none() {
            crooked = net.edges[&honest.received.funded().outpoint()].clone();
        }
        net.commit(crooked, proposal.packet);
        // Only the reaction of the next nodes matters, up to the first failure or claim.
        let said = loop {
            match net.tasks.pop_front().unwrap() {
                (node, Action::Forwarder(ForwarderAction::Fail { reason, .. }))
                | (node, Action::Receiver(ReceiverAction::Fail { reason, .. })) => {
                    break Some((node, reason));
                }
                (_, Action::Receiver(ReceiverAction::Claim { .. })) => break None,
                task => {
                    net.tasks.push_front(task);
                    net.step();
                }
            }
        };
        assert_eq!(said.as_ref().map(|(node, _)| *node), refuser);
        if reason.is_some() {
            assert_eq!(said.map(|(_, reason)| reason), reason);
        }
    }
}

/// The contract that the driver reports is compared with the proposal, by both offerers.
#[test]
fn a_contract_that_was_not_proposed_is_refused() {
    type Change = fn(&mut Proposal);
    let changes: [(&'static str, Change); 4] = [
        ("lock", |proposal| {
            let Lock::Point(point) = proposal.lock else { panic!("a point") };
            proposal.lock = Lock::Point(point.negate());
        }),
        ("lock", |proposal| proposal.lock = Lock::Hash(PaymentHash([0; 32]))),
        ("amount", |proposal| proposal.amount_msat += 1_000),
        ("expiry", |proposal| proposal.expiry += 1),
    ];
    let mut net = Network::new(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    net.pay(0, &invoice, None, entropy(1));
    let (attempt, proposal) = offer(&mut net);
    for (field, change) in changes {
        let mut other = proposal.clone();
        change(&mut other);
        let contract = net.fund(Node::Sender(0), &other).offered;
        let error = PaymentError::NotAsProposed { contract: contract.funded().outpoint(), field };
        let event = SenderEvent::OutgoingCommitted { attempt, contract };
        refuses_sender(&mut net, event, &error);
    }
    let contract = net.fund(Node::Sender(0), &proposal).offered;
    let outpoint = contract.funded().outpoint();
    let unknown = AttemptId([9; 32]);
    let event = SenderEvent::OutgoingCommitted { attempt: unknown, contract };
    refuses_sender(&mut net, event, &PaymentError::UnknownAttempt(unknown));
    let event = SenderEvent::OutgoingFailed { outgoing: outpoint };
    refuses_sender(&mut net, event, &PaymentError::UnknownContract(outpoint));
    put_back(&mut net, attempt, proposal);
    net.step();

    let Some((_, Action::Forwarder(ForwarderAction::Offer { incoming, proposal }))) =
        net.tasks.pop_front()
    else {
        panic!("an offer")
    };
    for (field, change) in changes {
        let mut other = proposal.clone();
        change(&mut other);
        let contract = net.fund(HOP, &other).offered;
        let error = PaymentError::NotAsProposed { contract: contract.funded().outpoint(), field };
        let event = ForwarderEvent::OutgoingCommitted { incoming, contract };
        refuses_forwarder(&mut net, HOP, event, &error);
    }
    let contract = net.fund(HOP, &proposal).offered;
    let event = ForwarderEvent::OutgoingCommitted { incoming: outpoint, contract };
    refuses_forwarder(&mut net, HOP, event, &PaymentError::UnknownContract(outpoint));
    let action = ForwarderAction::Offer { incoming, proposal };
    net.tasks.push_front((HOP, Action::Forwarder(action)));
    net.run();
    assert!(is_paid(&net));
}

/// Before the next claim nobody has a scalar that opens anything.
#[test]
fn early_claims_open_nothing() {
    for settle in [Settle::OffChain, Settle::OnChain] {
        let mut net = Network::new(1, 3);
        net.settle = settle;
        let invoice = net.publish(LockKind::Point, 0);
        net.pay(0, &invoice, Some(1), entropy(1));
        // Until the receiver wants to claim.
        while !matches!(
            net.tasks.front(),
            Some((Node::Receiver, Action::Receiver(ReceiverAction::Claim { .. })))
        ) {
            assert!(net.step());
        }
        let edges: Vec<OutPoint> = net.edges.keys().copied().collect();
        assert_eq!(edges.len(), 4);
        for claimed in (0..4).rev() {
            // All that everybody but the receiver knows, and sums and differences of it.
            let known: Vec<SecretScalar> = net
                .forwarders
                .iter()
                .map(Forwarder::view)
                .chain([net.senders[0].view()])
                .flat_map(View::secrets)
                .filter_map(|known| match &known.secret {
                    LockSecret::Scalar(scalar) => Some(scalar.clone()),
                    LockSecret::Preimage(_) => None,
                })
                .collect();
            assert!(!known.is_empty());
            let own: Vec<&SecretScalar> = known.iter().collect();
            let pairs = own.iter().flat_map(|a| own.iter().map(move |b| (a, b)));
            let mut candidates = known.clone();
            // The sender knows all blinds: after one claim, on its own behalf, it would know z.
            if claimed == 3 {
                for (a, b) in pairs {
                    candidates.extend([a.add(b).ok(), a.sub(b).ok()].into_iter().flatten());
                }
            }
            // Contract i needs l_i, which only the claim of the next one gives to its claimer.
            let closed = if claimed == 3 { 0..4 } else { 0..claimed };
            for outpoint in &edges[closed] {
                let edge = &net.edges[outpoint];
                let keypair = contract_key(edge.claimer);
                for scalar in &candidates {
                    let secret = LockSecret::Scalar(scalar.clone());
                    let claim =
                        edge.received.claim(0, &secret, &keypair, &FeeCoins::none(), &[0; 32]);
                    assert_eq!(claim.unwrap_err(), ContractError::WrongSecret);
                }
            }
            let outpoint = edges[claimed];
            let edge = net.edges[&outpoint].clone();
            let wrong = PaymentError::WrongSecret(outpoint);
            let secret = LockSecret::Scalar(candidates[0].clone());
            match edge.offerer {
                Node::Sender(_) => {
                    let event = SenderEvent::OutgoingFulfilled { outgoing: outpoint, secret };
                    refuses_sender(&mut net, event, &wrong);
                    let secret = LockSecret::Preimage(Preimage::new([1; 32]));
                    let event = SenderEvent::OutgoingFulfilled { outgoing: outpoint, secret };
                    refuses_sender(&mut net, event, &wrong);
                }
                node => {
                    let event = ForwarderEvent::OutgoingFulfilled { outgoing: outpoint, secret };
                    refuses_forwarder(&mut net, node, event, &wrong);
                    let secret = LockSecret::Preimage(Preimage::new([1; 32]));
                    let event = ForwarderEvent::OutgoingFulfilled { outgoing: outpoint, secret };
                    refuses_forwarder(&mut net, node, event, &wrong);
                }
            }
            // The right claim, and the next contract's turn.
            assert!(net.step());
        }
        net.run();
        assert!(is_paid(&net));
    }
}

/// A transaction that claims another contract, or was altered, says nothing.
#[test]
fn claims_that_give_no_secret_are_refused() {
    let mut net = Network::new(1, 1);
    net.settle = Settle::OnChain;
    let invoice = net.publish(LockKind::Point, 0);
    net.pay(0, &invoice, None, entropy(1));
    assert!(net.step() && net.step());
    let Some((_, Action::Receiver(ReceiverAction::Claim { incoming, secret }))) = net.tasks.front()
    else {
        panic!("a claim")
    };
    let (outgoing, secret) = (*incoming, secret.clone());
    let right = net.claim_transaction(outgoing, &secret);
    let of = |transaction| ForwarderEvent::OutgoingClaimed { outgoing, transaction };

    let mut elsewhere = right.clone();
    elsewhere.input[0].previous_output.vout += 1;
    let not_spent = Box::new(ContractError::NotSpent { outpoint: outgoing });
    let error = PaymentError::Contract { contract: outgoing, source: not_spent };
    refuses_forwarder(&mut net, HOP, of(elsewhere), &error);

    let mut altered = right.clone();
    let mut stack = altered.input[0].witness.to_vec();
    stack[1][40] ^= 1;
    altered.input[0].witness = bitcoin::Witness::from_slice(&stack);
    let before = snapshot(&net, HOP);
    let error = net.tell_forwarder(HOP, of(altered)).unwrap_err();
    assert!(matches!(error, PaymentError::Contract { contract, .. } if contract == outgoing));
    assert_eq!(snapshot(&net, HOP), before);

    let unknown = OutPoint::null();
    let event = ForwarderEvent::OutgoingClaimed { outgoing: unknown, transaction: right };
    refuses_forwarder(&mut net, HOP, event, &PaymentError::UnknownContract(unknown));
    net.run();
    assert!(is_paid(&net));
}

#[test]
fn events_out_of_order_are_refused() {
    let mut net = Network::new(1, 1);
    let invoice = net.publish(LockKind::Point, 0);
    net.pay(0, &invoice, None, entropy(1));
    net.run();
    assert!(is_paid(&net));
    let outpoints: Vec<OutPoint> = net.edges.keys().copied().collect();
    let (first, second) = (net.edges[&outpoints[0]].clone(), net.edges[&outpoints[1]].clone());
    let incoming = outpoints[0];
    let packet = forward_packet(&forward_case(LockKind::Point).1, 0);

    let event = || ForwarderEvent::IncomingCommitted {
        from: node_id(Node::Sender(0)),
        contract: first.received.clone(),
        packet: packet.clone(),
    };
    refuses_forwarder(&mut net, HOP, event(), &PaymentError::KnownContract(incoming));
    let contract = second.offered.clone();
    let event = ForwarderEvent::OutgoingCommitted { incoming, contract };
    refuses_forwarder(&mut net, HOP, event, &PaymentError::KnownContract(outpoints[1]));
    let contract = first.offered.clone();
    let attempt = attempt_of(&net);
    let commitment = |contract| PaymentError::OutOfOrder { contract, event: "commitment" };
    let event = ForwarderEvent::OutgoingCommitted { incoming, contract: first.offered.clone() };
    refuses_forwarder(&mut net, HOP, event, &commitment(outpoints[0]));
    let event = SenderEvent::OutgoingCommitted { attempt, contract };
    let before = snapshot(&net, Node::Sender(0));
    assert!(net.tell_sender(0, event).is_err());
    assert_eq!(snapshot(&net, Node::Sender(0)), before);

    // Settled is settled.
    let failure = |contract| PaymentError::OutOfOrder { contract, event: "failure" };
    let fulfilment = |contract| PaymentError::OutOfOrder { contract, event: "fulfilment" };
    let event = ForwarderEvent::OutgoingFailed { outgoing: outpoints[1] };
    refuses_forwarder(&mut net, HOP, event, &failure(outpoints[1]));
    let event = ForwarderEvent::IncomingFailed { incoming };
    refuses_forwarder(&mut net, HOP, event, &failure(incoming));
    let event = SenderEvent::OutgoingFailed { outgoing: incoming };
    refuses_sender(&mut net, event, &failure(incoming));
    let secret =
        net.senders[0].view().get(SecretSource::Lock { contract: incoming }).unwrap().clone();
    let event = SenderEvent::OutgoingFulfilled { outgoing: incoming, secret };
    refuses_sender(&mut net, event, &fulfilment(incoming));
    let secret = net.forwarders[0]
        .view()
        .get(SecretSource::Lock { contract: outpoints[1] })
        .unwrap()
        .clone();
    let event = ForwarderEvent::OutgoingFulfilled { outgoing: outpoints[1], secret };
    refuses_forwarder(&mut net, HOP, event, &fulfilment(outpoints[1]));
    let event = ForwarderEvent::IncomingFailed { incoming: OutPoint::null() };
    refuses_forwarder(&mut net, HOP, event, &failure(OutPoint::null()));

    // The next payment goes as if nothing had been.
    net.facts.clear();
    net.pay(0, &invoice, None, entropy(2));
    net.run();
    assert!(is_paid(&net));
}

fn attempt_of(net: &Network) -> AttemptId {
    net.facts
        .iter()
        .find_map(|fact| match fact {
            Fact::Paid { attempt, .. } => Some(*attempt),
            _ => None,
        })
        .unwrap()
}

/// With hashes two attempts have the same lock, so that one contract would fit both.
#[test]
fn one_contract_pays_for_one_attempt() {
    let mut net = Network::new(1, 1);
    let invoice = net.publish(LockKind::Hash, 0);
    net.pay(0, &invoice, None, entropy(1));
    let (first, proposal) = offer(&mut net);
    net.pay(0, &invoice, None, entropy(2));
    let (second, _) = offer(&mut net);
    let contract = net.fund(Node::Sender(0), &proposal).offered;
    let outpoint = contract.funded().outpoint();
    let event = SenderEvent::OutgoingCommitted { attempt: first, contract: contract.clone() };
    net.tell_sender(0, event).unwrap();
    let event = SenderEvent::OutgoingCommitted { attempt: second, contract };
    refuses_sender(&mut net, event, &PaymentError::KnownContract(outpoint));
    let contract = net.fund(Node::Sender(0), &proposal).offered;
    let event = SenderEvent::OutgoingCommitted { attempt: second, contract };
    net.tell_sender(0, event).unwrap();
    // The first ends under its own name.
    net.tell_sender(0, SenderEvent::OutgoingFailed { outgoing: outpoint }).unwrap();
    assert!(matches!(
        net.tasks.back(),
        Some((_, Action::Sender(SenderAction::Failed { attempt }))) if *attempt == first
    ));
}

// ---- Orders to pay ----

#[test]
fn orders_that_cannot_be_right_are_refused() {
    let mut net = Network::new(1, 2);
    let invoice = net.publish(LockKind::Point, 0);
    let pay = |net: &Network, change: &dyn Fn(&mut Payment)| {
        let mut payment = net.payment(&invoice, entropy(1));
        change(&mut payment);
        SenderEvent::Pay(payment)
    };
    let route = [node_id(Node::Receiver)];
    let forwarder = policy(3);
    type Change = Box<dyn Fn(&mut Payment)>;
    let cases: Vec<(Change, PaymentError)> = vec![
        (
            Box::new(|payment| payment.payee = Payee::Known(node_id(Node::Forwarder(1)))),
            PaymentError::NotFromPayee,
        ),
        (Box::new(|payment| payment.invoice = polynomial()), PaymentError::Polynomial),
        (
            Box::new(|payment| payment.amount_msat -= 1),
            PaymentError::BelowInvoice { asked_msat: AMOUNT_MSAT, amount_msat: AMOUNT_MSAT - 1 },
        ),
        // The invoice says that the receiver is behind N_2.
        (Box::new(|payment| payment.forwarders.truncate(1)), PaymentError::RouteMismatch),
        (Box::new(|payment| payment.forwarders.clear()), PaymentError::RouteMismatch),
        (Box::new(|payment| payment.forwarders.reverse()), PaymentError::RouteMismatch),
        (
            Box::new(move |payment| payment.forwarders.push(forwarder.clone())),
            PaymentError::RouteMismatch,
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 0, blocks: 1 })),
            PaymentError::NoHolder { hop: 0 },
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 3, blocks: 1 })),
            PaymentError::NoHolder { hop: 3 },
        ),
        (
            Box::new(|payment| payment.hold = Some(HoldPlan { hop: 1, blocks: u32::MAX })),
            PaymentError::ExpiryOverflow { hop: 3 },
        ),
        (
            Box::new(|payment| payment.amount_msat = u64::MAX),
            PaymentError::AmountOverflow { hop: 2 },
        ),
    ];
    for (change, error) in &cases {
        let event = pay(&net, change);
        refuses_sender(&mut net, event, error);
    }
    // Expired: the last second, and the one after it.
    let last = invoice.expires_at();
    let event = pay(&net, &|payment| payment.unix_time = last + 1);
    let before = snapshot(&net, Node::Sender(0));
    assert!(matches!(net.tell_sender(0, event).unwrap_err(), PaymentError::Invoice(_)));
    assert_eq!(snapshot(&net, Node::Sender(0)), before);
    let event = pay(&net, &|payment| payment.unix_time = last);
    net.tell_sender(0, event).unwrap();

    // The seed is used now, for whatever payment.
    let (attempt, _) = offer(&mut net);
    let event = pay(&net, &|payment| payment.amount_msat += 1_000);
    refuses_sender(&mut net, event, &PaymentError::SeedReused(attempt));
    let mut payment = net.payment(&invoice, entropy(2));
    payment.payee = Payee::WhoeverSigned;
    payment.seed = AttemptSeed::new(entropy(2));
    net.tell_sender(0, SenderEvent::Pay(payment)).unwrap();

    // An invoice without a route can't be paid yet.
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 0) else { panic!("a scalar") };
    let built = StaticInvoiceBuilder::new(z.to_point(), TIME)
        .sign(&Keypair::new(node_key(Node::Receiver)), &[0; 32]);
    if let Ok(invoice) = built {
        let payment = net.payment(&invoice, entropy(3));
        refuses_sender(&mut net, SenderEvent::Pay(payment), &PaymentError::RouteMismatch);
    }
    let alone = invoice_of(&invoice_secret(LockKind::Point, 0), &route);
    let mut payment = net.payment(&alone, entropy(3));
    payment.forwarders.clear();
    net.tell_sender(0, SenderEvent::Pay(payment)).unwrap();
}
