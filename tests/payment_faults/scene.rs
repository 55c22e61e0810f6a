//! What these tests share: payments made by hand that a role accepts, to be changed; and what a role says to them.

use pointlock::curve::{Point, Tag};
use pointlock::edge::EdgeId;
use pointlock::hold::{HeldBlind, HoldId, HoldState, ReleaseSecret};
use pointlock::lock::{Blind, Lock, LockSecret, PaymentHash};
use pointlock::onion::blinded::{BlindedPath, BlindingError, OnionMessage, RecipientData};
use pointlock::onion::{OnionError, Packet};
use pointlock::payment::{
    AttemptId, FinalPayload, ForwardPayload, ForwarderError, ForwarderEvent, HoldOrder, NodeAction,
    OfferOrigin, PaymentSecret, Proposal, ReceiverError, ReceiverEvent, Refusal, ReleaseHeld,
    SenderError, SenderEvent, Tweak, View,
};
use pointlock::wire::TlvWriter;
use pointlock_sim::{Contract, Fact, Who};

use crate::nodes::{
    AMOUNT_MSAT, HEIGHT, Known, LockKind, MIN_FINAL_DELTA, Net, channel_to, invoice_secret,
    node_id, node_key, number_of, policy, secret_of, start,
};

pub(crate) fn entropy(index: u8) -> [u8; 32] {
    [index; 32]
}

pub(crate) fn blind(name: &str, index: usize) -> Blind {
    Blind::new(secret_of(name, index))
}

/// A packet for these nodes, under a point lock.
pub(crate) fn build(hops: &[(Who, Vec<u8>)], session: usize) -> Packet {
    build_under(Lock::Point(secret_of("any", 0).to_point()), hops, session)
}

/// A packet for these nodes. A hash is covered by the HMACs; points are not.
pub(crate) fn build_under(lock: Lock, hops: &[(Who, Vec<u8>)], session: usize) -> Packet {
    let associated_data = match lock {
        Lock::Hash(hash) => hash.0.to_vec(),
        Lock::Point(_) => Vec::new(),
    };
    let hops: Vec<(Point, &[u8])> =
        hops.iter().map(|(node, bytes)| (node_id(*node), bytes.as_slice())).collect();
    Packet::build(secret_of("session", session), &hops, &associated_data).unwrap().0
}

pub(crate) fn failures(net: &Net) -> Vec<(Who, Refusal)> {
    net.facts()
        .filter_map(|fact| match fact {
            Fact::Failed { by, reason, .. } => Some((*by, reason.clone())),
            _ => None,
        })
        .collect()
}

pub(crate) fn is_paid(net: &Net) -> bool {
    net.facts().any(|fact| matches!(fact, Fact::Paid { .. }))
}

/// What of a role a test can see.
pub(crate) fn snapshot(net: &Net, node: Who) -> (usize, View, usize) {
    match node {
        Who::Sender(index) => {
            let sender = &net.senders[index];
            (sender.log().len(), sender.view().clone(), 0)
        }
        Who::Forwarder(index) => {
            let forwarder = &net.forwarders[index - 1];
            let open = forwarder.role().ledger().open().count;
            (forwarder.log().len(), forwarder.view().clone(), open)
        }
        Who::Receiver => (net.receiver.log().len(), net.receiver.view().clone(), 0),
    }
}

pub(crate) fn refuses_sender(net: &mut Net, event: SenderEvent, expected: impl Into<SenderError>) {
    let before = (snapshot(net, Who::Sender(0)), net.tasks.len());
    assert_eq!(net.tell_sender(0, event).unwrap_err(), expected.into());
    assert_eq!((snapshot(net, Who::Sender(0)), net.tasks.len()), before);
}

pub(crate) fn refuses_forwarder(
    net: &mut Net,
    node: Who,
    event: ForwarderEvent,
    expected: impl Into<ForwarderError>,
) {
    let before = (snapshot(net, node), net.tasks.len());
    assert_eq!(net.tell_forwarder(number_of(node), event).unwrap_err(), expected.into());
    assert_eq!((snapshot(net, node), net.tasks.len()), before);
}

pub(crate) fn refuses_receiver(
    net: &mut Net,
    event: ReceiverEvent,
    expected: impl Into<ReceiverError>,
) {
    let before = (snapshot(net, Who::Receiver), net.tasks.len());
    assert_eq!(net.tell_receiver(event).unwrap_err(), expected.into());
    assert_eq!((snapshot(net, Who::Receiver), net.tasks.len()), before);
}

pub(crate) struct FinalCase {
    pub(crate) payload: FinalPayload,
    pub(crate) lock: Lock,
    pub(crate) amount_msat: u64,
    pub(crate) expiry: u32,
}

/// A receiver with an invoice; and a payment that it accepts, to be changed.
pub(crate) fn final_case(kind: LockKind) -> (Net, FinalCase) {
    let mut net = start(1, 0);
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
        payment_secret: Some(PaymentSecret::of_invoice(&invoice.invoice_id())),
        total_msat: AMOUNT_MSAT,
        final_blind,
        part: None,
        withheld: None,
        payer: None,
        keysend: None,
    };
    (net, FinalCase { payload, lock, amount_msat: AMOUNT_MSAT, expiry })
}

/// None when it claims.
pub(crate) fn receive(net: &mut Net, case: &FinalCase, session: usize) -> Option<Refusal> {
    receive_packet(net, case, final_packet(case, session))
}

pub(crate) fn final_packet(case: &FinalCase, session: usize) -> Packet {
    build_under(case.lock, &[(Who::Receiver, case.payload.to_bytes())], session)
}

pub(crate) fn receive_packet(net: &mut Net, case: &FinalCase, packet: Packet) -> Option<Refusal> {
    let edge =
        net.fund_terms(Who::Sender(0), Who::Receiver, case.lock, case.amount_msat, case.expiry);
    let edge_id = edge.outgoing().unwrap().id;
    let secrets = net.receiver.view().secrets().len();
    net.commit(edge, None, packet);
    let reason = match net.tasks.pop_back().unwrap() {
        (Who::Receiver, NodeAction::Fail { incoming, reason, .. }) => {
            assert_eq!(incoming, edge_id);
            // Nothing was computed that could leak.
            assert_eq!(net.receiver.view().secrets().len(), secrets);
            Some(reason)
        }
        (Who::Receiver, NodeAction::Claimable { incoming }) => {
            assert_eq!(incoming, edge_id);
            assert_eq!(claiming(net, edge_id).lock(), case.lock);
            None
        }
        other => panic!("{other:?}"),
    };
    assert!(net.tasks.is_empty());
    reason
}

/// The receiver is asked for the secret of an edge that is claimable.
pub(crate) fn claiming(net: &mut Net, incoming: EdgeId) -> LockSecret {
    net.tell_receiver(ReceiverEvent::Claiming { incoming }).unwrap();
    match net.tasks.pop_back().unwrap() {
        (Who::Receiver, NodeAction::Claim { incoming: claimed, secret }) => {
            assert_eq!(claimed, incoming);
            secret
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn receiver_says(
    kind: LockKind,
    change: impl FnOnce(&mut FinalCase),
) -> Option<Refusal> {
    let (mut net, mut case) = final_case(kind);
    change(&mut case);
    let said = receive(&mut net, &case, 0);
    // Whatever it was, the payment as it should be is still taken.
    let (_, twin) = final_case(kind);
    assert_eq!(receive(&mut net, &twin, 1), None);
    said
}

/// One bit flipped in each part of a packet, where that leaves one.
pub(crate) fn flipped(packet: &Packet) -> Vec<Packet> {
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

pub(crate) struct ForwardCase {
    pub(crate) payload: ForwardPayload,
    pub(crate) lock: Lock,
    pub(crate) amount_msat: u64,
    pub(crate) expiry: u32,
}

pub(crate) const HOP: Who = Who::Forwarder(1);

/// N_1 before the receiver; and a payment that it forwards, to be changed.
pub(crate) fn forward_case(kind: LockKind) -> (Net, ForwardCase) {
    let net = start(1, 1);
    let (lock, tweak) = match kind {
        LockKind::Point => {
            (Lock::Point(secret_of("lock", 0).to_point()), Tweak::Blind(blind("blind", 0)))
        }
        LockKind::Hash => (Lock::Hash(PaymentHash([1; 32])), Tweak::Derived),
    };
    let fee = policy(1).fee_msat(AMOUNT_MSAT).unwrap();
    let expiry = HEIGHT + MIN_FINAL_DELTA;
    let short_channel_id = channel_to(Who::Receiver);
    let payload = ForwardPayload { short_channel_id, amount_msat: AMOUNT_MSAT, expiry, tweak };
    let case = ForwardCase {
        payload,
        lock,
        amount_msat: AMOUNT_MSAT + fee,
        expiry: expiry + policy(1).cltv_expiry_delta,
    };
    (net, case)
}

pub(crate) fn forward_packet(case: &ForwardCase, session: usize) -> Packet {
    let hops = [(HOP, case.payload.to_bytes()), (Who::Receiver, vec![2, 0])];
    build_under(case.lock, &hops, session)
}

pub(crate) fn reach_hop(net: &mut Net, case: &ForwardCase, packet: Packet) -> Contract {
    let edge = net.fund_terms(Who::Sender(0), HOP, case.lock, case.amount_msat, case.expiry);
    net.commit(edge.clone(), None, packet);
    edge
}

/// None when it offers.
pub(crate) fn forward(net: &mut Net, case: &ForwardCase, packet: Packet) -> Option<Refusal> {
    let edge = reach_hop(net, case, packet);
    let edge_id = edge.outgoing().unwrap().id;
    let said = match net.tasks.pop_back().unwrap() {
        (HOP, NodeAction::Fail { incoming, reason, .. }) => {
            assert_eq!(incoming, edge_id);
            net.tell_forwarder(number_of(HOP), ForwarderEvent::IncomingFailed { incoming })
                .unwrap();
            Some(reason)
        }
        (HOP, NodeAction::Offer { origin: OfferOrigin::Incoming(incoming), proposal }) => {
            assert_eq!(incoming, edge_id);
            assert_eq!(proposal.amount_msat, case.payload.amount_msat);
            assert_eq!(proposal.expiry, case.payload.expiry);
            None
        }
        other => panic!("{other:?}"),
    };
    assert!(net.tasks.is_empty());
    said
}

pub(crate) fn forwarder_says(
    kind: LockKind,
    change: impl FnOnce(&mut ForwardCase),
) -> Option<Refusal> {
    let (mut net, mut case) = forward_case(kind);
    change(&mut case);
    let packet = forward_packet(&case, 0);
    let said = forward(&mut net, &case, packet);
    let (_, twin) = forward_case(kind);
    let packet = forward_packet(&twin, 1);
    assert_eq!(forward(&mut net, &twin, packet), None);
    said
}

pub(crate) fn release(index: usize) -> ReleaseSecret {
    ReleaseSecret::new(secret_of("release", index))
}

pub(crate) fn hold_tweak(index: usize, y: Option<&Blind>, latest: u32) -> Tweak {
    Tweak::Hold(HoldOrder {
        id: HoldId([index as u8; 32]),
        held_blind: y.map(|y| HeldBlind::new(y, &release(index)).unwrap()),
        release_hash: release(index).hash(),
        latest_release_height: latest,
    })
}

/// A payment to hold under id `index`, with y = `blind("blind", 0)` and plenty of time.
pub(crate) fn held_case(index: usize) -> (Net, ForwardCase) {
    let (net, mut case) = forward_case(LockKind::Point);
    case.payload.expiry += 200;
    case.expiry += 200;
    case.payload.tweak = hold_tweak(index, Some(&blind("blind", 0)), HEIGHT + 100);
    (net, case)
}

/// The `path_id` of the reply paths that a holder makes.
pub(crate) fn release_path_id(node: Who) -> Vec<u8> {
    Tag::new("pointlock/release_path").hash(&[&*node_key(node).dangerous_to_bytes()]).to_vec()
}

/// A `release_held_ptlc` for N_1 of these holds, which go by their first byte, along a path of its own.
pub(crate) fn release_message(holds: &[(usize, ReleaseSecret)], session: usize) -> OnionMessage {
    let holds = holds.iter().map(|(index, h)| (HoldId([*index as u8; 32]), h.clone())).collect();
    message_to(HOP, release_path_id(HOP), &ReleaseHeld { holds }.to_tlv(), session)
}

/// A message for this node alone, along a path of one hop with this `path_id`.
pub(crate) fn message_to(
    node: Who,
    path_id: Vec<u8>,
    fields: &TlvWriter,
    session: usize,
) -> OnionMessage {
    let data = RecipientData { path_id: Some(path_id), ..RecipientData::default() };
    let hops = [(node_id(node), data.to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("reply path", session), &hops).unwrap();
    OnionMessage::build(secret_of("message", session), &path, fields).unwrap()
}

pub(crate) fn send_release(net: &mut Net, holds: &[(usize, ReleaseSecret)]) -> Vec<NodeAction> {
    let event =
        ForwarderEvent::MessageReceived { message: release_message(holds, 0), entropy: [0; 32] };
    net.tell_forwarder(number_of(HOP), event).unwrap();
    let wanted: Vec<(Who, NodeAction)> = net.tasks.drain(..).collect();
    assert!(wanted.iter().all(|(who, _)| *who == HOP));
    wanted.into_iter().map(|(_, action)| action).collect()
}

pub(crate) fn ledger_state(net: &Net, index: usize) -> HoldState {
    net.forwarders[0].role().ledger().state(&HoldId([index as u8; 32])).unwrap().clone()
}

/// The sender's offer, before it is carried out.
pub(crate) fn offer(net: &mut Net) -> (AttemptId, Proposal) {
    match net.tasks.pop_front().unwrap() {
        (Who::Sender(0), NodeAction::Offer { origin: OfferOrigin::Attempt(attempt), proposal }) => {
            (attempt, proposal)
        }
        other => panic!("{other:?}"),
    }
}

pub(crate) fn put_back(net: &mut Net, attempt: AttemptId, proposal: Proposal) {
    let action = NodeAction::Offer { origin: OfferOrigin::Attempt(attempt), proposal };
    net.tasks.push_front((Who::Sender(0), action));
}

/// What a node in the clear says to a packet that it can't peel.
pub(crate) fn invalid_hmac() -> Refusal {
    BlindingError::Onion { source: OnionError::InvalidHmac }.into()
}
