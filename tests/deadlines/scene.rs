//! One forwarder between two neighbours, with an edge that pays it and the onion that came along.

use pointlock::curve::{Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::{HeldBlind, HoldId, Limits, ReleaseSecret};
use pointlock::lock::{Blind, Lock, LockSecret, next_lock};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{BlindedPath, OnionMessage, RecipientData};
use pointlock::payment::{
    Deadlines, ForwardPayload, Forwarder, ForwarderAction, ForwarderConfig, ForwarderError,
    ForwarderEvent, ForwardingPolicy, HoldOrder, Recorded, Tweak,
};
use pointlock::wire::IntroductionNode;

pub(crate) const HEIGHT: u32 = 800_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;
/// Blocks between the two expiries.
pub(crate) const DELTA: u32 = 40;
pub(crate) const GRACE: u32 = 3;
pub(crate) const CLAIM_MARGIN: u32 = 18;
pub(crate) const POLICY: ForwardingPolicy = ForwardingPolicy {
    fee_base_msat: 1_000,
    fee_proportional_millionths: 0,
    cltv_expiry_delta: DELTA,
};
/// When the outgoing edge expires, and the incoming one.
pub(crate) const OUT_EXPIRY: u32 = HEIGHT + 60;
pub(crate) const IN_EXPIRY: u32 = OUT_EXPIRY + DELTA;

pub(crate) fn scalar(number: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[number; 32]).unwrap()
}

pub(crate) fn node_key() -> SecretScalar {
    scalar(1)
}

pub(crate) fn before() -> Point {
    scalar(2).to_point()
}

pub(crate) fn behind() -> Point {
    scalar(3).to_point()
}

/// y_1
pub(crate) fn blind() -> Blind {
    Blind::new(scalar(4))
}

/// l_1, and l_2 = l_1 + y_1.
pub(crate) fn incoming_secret() -> LockSecret {
    LockSecret::Scalar(scalar(5))
}

pub(crate) fn outgoing_secret() -> LockSecret {
    LockSecret::Scalar(scalar(5).add(blind().as_scalar()).unwrap())
}

/// h
pub(crate) fn release() -> ReleaseSecret {
    ReleaseSecret::new(scalar(6))
}

pub(crate) const HOLD: HoldId = HoldId([7; 32]);

pub(crate) fn edge_id(number: u64) -> EdgeId {
    EdgeId::in_channel([8; 32], Direction::FromNode1, number)
}

pub(crate) fn config() -> ForwarderConfig {
    ForwarderConfig {
        node_key: node_key(),
        policy: POLICY,
        deadlines: Deadlines::for_contracts(),
        limits: Limits::default(),
        hold_safety_margin: DELTA + GRACE,
        hold_deltas_ahead: 0,
        hold_min_final_delta: 24,
        height: HEIGHT,
    }
}

/// The edge that pays the forwarder.
pub(crate) fn incoming() -> Edge {
    let lock = Lock::Point(scalar(5).to_point());
    Edge { id: edge_id(1), amount_msat: AMOUNT_MSAT + 1_000, expiry: IN_EXPIRY, lock }
}

/// The edge that it offers.
pub(crate) fn outgoing() -> Edge {
    let lock = Lock::Point(next_lock(&scalar(5).to_point(), &blind()).unwrap());
    Edge { id: edge_id(2), amount_msat: AMOUNT_MSAT, expiry: OUT_EXPIRY, lock }
}

/// What asks for it to be forwarded.
pub(crate) fn payload() -> ForwardPayload {
    ForwardPayload {
        short_channel_id: 9,
        amount_msat: AMOUNT_MSAT,
        expiry: OUT_EXPIRY,
        tweak: Tweak::Blind(blind()),
    }
}

/// The same, to be held until this height.
pub(crate) fn held_payload(latest_release_height: u32) -> ForwardPayload {
    let tweak = Tweak::Hold(HoldOrder {
        id: HOLD,
        held_blind: Some(HeldBlind::new(&blind(), &release()).unwrap()),
        release_hash: release().hash(),
        latest_release_height,
    });
    ForwardPayload { tweak, ..payload() }
}

/// An edge comes in with an onion that says this.
pub(crate) fn committed(edge: Edge, payload: &ForwardPayload) -> ForwarderEvent {
    let (forward, last) = (payload.to_bytes(), [2, 0]);
    let hops = [(node_key().to_point(), forward.as_slice()), (behind(), last.as_slice())];
    let (packet, _) = Packet::build(scalar(10), &hops, &[]).unwrap();
    let edge = IncomingEdge::dangerous_committed(edge);
    ForwarderEvent::IncomingCommitted { from: before(), edge, path_key: None, packet }
}

/// The receiver's answer to the announcement of the hold.
pub(crate) fn released() -> ForwarderEvent {
    let reply = RecipientData { path_id: Some(reply_path_id()), ..RecipientData::default() };
    let hops = [(node_key().to_point(), reply.to_bytes())];
    let (path, _) = BlindedPath::build(scalar(11), &hops).unwrap();
    let path: BlindedPath<IntroductionNode> = path.into();
    let released = pointlock::payment::ReleaseHeld { holds: vec![(HOLD, release())] };
    let message = OnionMessage::build(scalar(12), &path, &released.to_tlv()).unwrap();
    ForwarderEvent::MessageReceived { message, entropy: [13; 32] }
}

/// The `path_id` by which the forwarder knows its own reply paths: H_pointlock/release_path of its key.
fn reply_path_id() -> Vec<u8> {
    let tag = pointlock::curve::Tag::new("pointlock/release_path");
    tag.hash(&[&*node_key().dangerous_to_bytes()]).to_vec()
}

/// A forwarder that has been told of the edge, with what it wants.
pub(crate) fn told(
    edge: Edge,
    payload: &ForwardPayload,
) -> (Recorded<Forwarder>, Vec<ForwarderAction>) {
    let mut forwarder = Recorded::new(Forwarder::new(config()).unwrap());
    let actions = forwarder.apply(committed(edge, payload)).unwrap();
    (forwarder, actions)
}

/// One whose offer stands.
pub(crate) fn forwarded() -> Recorded<Forwarder> {
    let (mut forwarder, actions) = told(incoming(), &payload());
    assert!(matches!(actions.as_slice(), [ForwarderAction::Offer { .. }]), "{actions:?}");
    assert!(commit(&mut forwarder).unwrap().is_empty());
    forwarder
}

pub(crate) fn commit(
    forwarder: &mut Recorded<Forwarder>,
) -> Result<Vec<ForwarderAction>, ForwarderError> {
    let (incoming, edge) = (incoming().id, outgoing());
    forwarder.apply(ForwarderEvent::OutgoingCommitted { incoming, edge })
}

pub(crate) fn block(forwarder: &mut Recorded<Forwarder>, height: u32) -> Vec<ForwarderAction> {
    forwarder.apply(ForwarderEvent::Block { height }).unwrap()
}

/// The actions by name.
pub(crate) fn names(actions: &[ForwarderAction]) -> Vec<&'static str> {
    let name = |action: &ForwarderAction| match action {
        ForwarderAction::Offer { .. } => "offer",
        ForwarderAction::Withdraw { .. } => "withdraw",
        ForwarderAction::FindRoute { .. } => "find route",
        ForwarderAction::Claim { .. } => "claim",
        ForwarderAction::ClaimOnChain { .. } => "claim on chain",
        ForwarderAction::SecretLate { .. } => "secret late",
        ForwarderAction::Fail { .. } => "fail",
        ForwarderAction::TimeOut { .. } => "time out",
        ForwarderAction::RaiseFees { .. } => "raise fees",
        ForwarderAction::SendMessage { .. } => "send",
        ForwarderAction::Announce { .. } => "announce",
        ForwarderAction::ReleaseRefused { .. } => "release refused",
    };
    actions.iter().map(name).collect()
}

pub(crate) fn fulfilled() -> ForwarderEvent {
    ForwarderEvent::OutgoingFulfilled { outgoing: outgoing().id, secret: outgoing_secret() }
}
