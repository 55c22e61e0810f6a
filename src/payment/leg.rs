//! The locks and the onion of one route: of a part of a payment, or of the end of a route that a node has found itself.

mod snapshot;

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::payload::{INNER_PAYLOADS_LENGTH, RECIPIENT_PAYLOADS_LENGTH};
use super::route::RouteEnd;
use super::{
    AttemptSeed, ForwardPayload, HoldOrder, OuterPayload, PayloadError, Recipient, Route,
    RouteError, TrampolinePayload, Tweak,
};
use crate::hold::HeldBlind;
use crate::lock::{Blind, Lock, LockError, RouteLocks};
use crate::onion::blinded::hop_blind;
use crate::onion::{Packet, SharedSecret};
use crate::wire::{Features, TlvWriter};

/// Where a forwarder has its y_i from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum HopBlinds {
    /// From the secret that it shares with the sender, as every hop of a blinded path: 38 bytes less in each payload.
    #[default]
    Derived,
    /// From its payload.
    Explicit,
}

/// The forwarder of a route that holds, counted from 1, and the latest height at which a release makes sense.
#[derive(Clone, Copy, Debug)]
pub(super) struct HoldAt {
    pub(super) hop: usize,
    pub(super) latest_release: u32,
}

/// Route, locks and packet.
#[derive(Debug)]
pub(super) struct Leg {
    pub(super) route: Route,
    /// L_1 … L_n, as its maker knows them: without the blinds that others add.
    pub(super) locks: Vec<Lock>,
    /// y_0 … y_{n−1}; none for hash locks.
    pub(super) blinds: Vec<Blind>,
    pub(super) packet: Packet,
    /// With each node of the onion.
    pub(super) shared_secrets: Vec<SharedSecret>,
    /// With each node of the packet within, if there is one.
    pub(super) inner_secrets: Vec<SharedSecret>,
}

/// What is known of a leg before its onion is built.
pub(super) struct LegPlan<'a> {
    /// What the locks start from: Z, or Z + q·G, or the lock of the incoming edge.
    pub(super) start: Lock,
    pub(super) route: Route,
    pub(super) seed: &'a AttemptSeed,
    pub(super) hop_blinds: HopBlinds,
    pub(super) hold: Option<HoldAt>,
}

impl LegPlan<'_> {
    /// Whether every forwarder says that it can what it is asked for. A holder that can't would fail the payment, and the payer would learn
    /// only then that nobody waits for it.
    fn check_features(&self) -> Result<(), RouteError> {
        let under_points = matches!(self.start, Lock::Point(_));
        for (index, forwarder) in self.route.forwarders().iter().enumerate() {
            let hop = index + 1;
            let holds = self.hold.is_some_and(|hold| hold.hop == hop);
            for (asked, bits, feature) in [
                (under_points, Features::POINT_LOCKS, "option_point_locks"),
                (holds, Features::PTLC_HOLD, "option_ptlc_hold"),
            ] {
                if asked && !forwarder.features.has(bits) {
                    return Err(RouteError::FeatureMissing { hop, feature });
                }
            }
        }
        Ok(())
    }

    /// Builds it. `end` makes the payload of the last node out of the last lock and, for point locks, the sum of the blinds.
    pub(super) fn build(
        self,
        end: impl FnOnce(&Lock, Option<Blind>) -> TlvWriter,
    ) -> Result<Leg, RouteError> {
        self.check_features()?;
        let Self { start, route, seed, hop_blinds, hold } = self;
        let plan = Packet::plan(seed.onion_session(), &route.onion_nodes())?;
        let mut blinds = Vec::new();
        let (locks, final_blind) = match start {
            Lock::Hash(hash) => (alloc::vec![Lock::Hash(hash); route.lock_count()], None),
            Lock::Point(start) => {
                for hop in 0..route.lock_count() {
                    let in_path = hop > route.forwarders().len();
                    let held = hold.is_some_and(|hold| hold.hop == hop);
                    let derived = in_path || hop_blinds == HopBlinds::Derived && !held;
                    blinds.push(match hop.checked_sub(1) {
                        Some(node) if derived => derive(&plan.shared_secrets()[node])?,
                        // y_0 is nobody else's, and a node that holds must not know its own yet.
                        _ => seed.blind(hop),
                    });
                }
                let locks = RouteLocks::new(&start, &blinds)?;
                let points = locks.locks().iter().copied().map(Lock::Point).collect();
                (points, Some(locks.into_final_blind()))
            }
        };
        let last = locks.last().copied().unwrap_or(start);
        let end = end(&last, final_blind);
        let tweaks = tweaks(seed, route.forwarders().len(), &blinds, hop_blinds, hold)?;
        let associated_data = associated_data(&start);
        let (payloads, inner_secrets) = payloads(&route, seed, &end, tweaks, &start)?;
        let (packet, shared_secrets) =
            plan.build(&payloads, &associated_data, Packet::PAYLOADS_LENGTH)?;
        Ok(Leg { route, locks, blinds, packet, shared_secrets, inner_secrets })
    }
}

/// What an onion's HMACs cover beside it (BOLT 4): the payment hash. The locks of a point-locked route have nothing in common.
pub(super) fn associated_data(lock: &Lock) -> Vec<u8> {
    match lock {
        Lock::Hash(hash) => hash.0.to_vec(),
        Lock::Point(_) => Vec::new(),
    }
}

/// The y_i of a node that derives it.
pub(super) fn derive(shared_secret: &SharedSecret) -> Result<Blind, LockError> {
    // A hash that is zero mod n: nobody will see one.
    hop_blind(shared_secret).map_err(|_| LockError::BlindsCancel)
}

/// For N_1 … N_count.
fn tweaks(
    seed: &AttemptSeed,
    count: usize,
    blinds: &[Blind],
    hop_blinds: HopBlinds,
    hold: Option<HoldAt>,
) -> Result<Vec<Tweak>, RouteError> {
    let tweak = |hop: usize| match (hold, blinds.get(hop)) {
        (Some(hold), blind) if hold.hop == hop => {
            let release = seed.release();
            let held_blind = blind.map(|blind| HeldBlind::new(blind, &release)).transpose()?;
            Ok(Tweak::Hold(HoldOrder {
                id: seed.hold_id(),
                held_blind,
                release_hash: release.hash(),
                latest_release_height: hold.latest_release,
            }))
        }
        (_, Some(_)) if hop_blinds == HopBlinds::Explicit => Ok(Tweak::Blind(seed.blind(hop))),
        _ => Ok(Tweak::Derived),
    };
    (1..=count).map(tweak).collect()
}

type Payloads = Vec<Zeroizing<Vec<u8>>>;

/// The payloads of all nodes of the onion, of which `end` is for the last; and the secrets of the packet within.
fn payloads(
    route: &Route,
    seed: &AttemptSeed,
    end: &TlvWriter,
    tweaks: Vec<Tweak>,
    start: &Lock,
) -> Result<(Payloads, Vec<SharedSecret>), RouteError> {
    let (mut payloads, mut inner_secrets) = (Vec::new(), Vec::new());
    let mut tweaks = tweaks.into_iter();
    let outgoing = route.edges().iter().skip(1);
    for ((forwarder, next), tweak) in route.forwarders().iter().zip(outgoing).zip(&mut tweaks) {
        let payload = ForwardPayload {
            short_channel_id: forwarder.short_channel_id,
            amount_msat: next.amount_msat,
            expiry: next.expiry,
            tweak,
        };
        payloads.push(Zeroizing::new(payload.to_bytes()));
    }
    match route.end() {
        RouteEnd::Node(_) => payloads.push(Zeroizing::new(end.to_bytes())),
        RouteEnd::Path(path) => {
            let hops = path.path.onion_hops(end).into_iter();
            payloads.extend(hops.map(|(_, payload)| Zeroizing::new(payload)));
        }
        RouteEnd::Trampoline { recipient, min_final_delta, .. } => {
            let order = TrampolinePayload {
                recipient: recipient.clone(),
                other_paths: Vec::new(),
                recipient_features: None,
                amount_msat: route.last().amount_msat,
                expiry: route.last().expiry,
                min_final_delta: Some(*min_final_delta),
                recipient_packet: None,
                tweak: tweaks.next().ok_or(RouteError::NoTrampoline)?,
            };
            let (payload, secrets) = around_inner(route, seed, end, order, start)?;
            payloads.push(Zeroizing::new(payload.to_bytes()));
            inner_secrets = secrets;
        }
    }
    Ok((payloads, inner_secrets))
}

/// What the node reads that finds the rest of the route: its order is in the packet within. A recipient in the clear has the next layer
/// of that; one at the end of a path has a packet of its own, or under a hash lock none, since there is nothing to tell it.
fn around_inner(
    route: &Route,
    seed: &AttemptSeed,
    end: &TlvWriter,
    mut order: TrampolinePayload,
    start: &Lock,
) -> Result<(OuterPayload, Vec<SharedSecret>), RouteError> {
    let associated_data = associated_data(start);
    let trampoline = route.forwarders().last().ok_or(RouteError::NoTrampoline)?.node_id;
    let end = Zeroizing::new(end.to_bytes());
    let (mut nodes, mut behind) = (alloc::vec![trampoline], None);
    match order.recipient.clone() {
        Recipient::Node(node_id) => {
            nodes.push(node_id);
            behind = Some(end);
        }
        Recipient::Path(path) => {
            if let Lock::Point(_) = start {
                let key = *path.path.last_blinded_node_id();
                let (packet, _) = Packet::plan(seed.recipient_session(), &[key])?.build(
                    &[end],
                    &associated_data,
                    RECIPIENT_PAYLOADS_LENGTH,
                )?;
                order.recipient_packet = Some(packet);
            }
        }
    }
    let order = Zeroizing::new(order.to_bytes().map_err(PayloadError::Wire)?);
    let length = match behind {
        Some(_) => INNER_PAYLOADS_LENGTH,
        None => Packet::payloads_length_of(&[order.len()]),
    };
    let payloads: Vec<_> = [order].into_iter().chain(behind).collect();
    let plan = Packet::plan(seed.inner_onion_session(), &nodes)?;
    let (packet, inner_secrets) = plan.build(&payloads, &associated_data, length)?;
    let terms = route.edges().last().copied().ok_or(RouteError::NoTrampoline)?;
    let payload = OuterPayload {
        amount_msat: terms.amount_msat,
        expiry: terms.expiry,
        payment_data: None,
        tail_blind: None,
        packet,
    };
    Ok((payload, inner_secrets))
}
