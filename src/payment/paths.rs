use alloc::vec::Vec;

use super::PublishError;
use crate::curve::{Point, SecretScalar};
use crate::invoice::{BlindedPayInfo, PaymentPath};
use crate::onion::blinded::{
    BlindedPath, PathSecret, PaymentConstraints, PaymentRelay, RecipientData,
};
use crate::wire::Features;

/// All bitcoin there will be, in millisatoshi: a path of this library's making sets no limit of its own.
const MAX_MSAT: u64 = 21_000_000 * 100_000_000 * 1_000;

/// What a receiver keeps of a blinded path that it has made, as long as it waits for payments along it.
#[derive(Clone, Debug)]
pub struct ReceiverPath {
    /// By which it knows the path again; 32 bytes that nobody can guess, other ones for each path.
    pub path_id: [u8; 32],
    /// What it shares with each hop, itself the last.
    pub secrets: Vec<PathSecret>,
}

/// What a receiver keeps of a path for messages that it has made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MessagePath {
    /// By which it knows the path again; 32 bytes that nobody can guess, other ones for each path.
    pub path_id: [u8; 32],
    /// The path's first key.
    pub first_path_key: Point,
}

/// All that a receiver keeps of the blinded paths of an invoice, in the order of the invoice.
#[derive(Clone, Debug, Default)]
pub struct ReceiverPaths {
    /// Of `invoice_paths`, for payments.
    pub payments: Vec<ReceiverPath>,
    /// Of `invoice_message_paths`, for announcements of held payments.
    pub messages: Vec<MessagePath>,
}

impl MessagePath {
    /// Makes a path over `relays` (maybe none), whose node ids these are, to `receiver`: the path, which goes into the invoice
    /// ([`message_paths`](crate::invoice::StaticInvoiceBuilder::message_paths)), and what its maker keeps ([`ReceiverPaths::messages`]).
    /// `session_key` and `path_id` are fresh entropy, for this path alone.
    ///
    /// # Errors
    ///
    /// [`PublishError::PathsMismatch`] for too many hops.
    pub fn build(
        session_key: SecretScalar,
        path_id: [u8; 32],
        relays: &[Point],
        receiver: Point,
    ) -> Result<(BlindedPath, Self), PublishError> {
        let next = relays.iter().skip(1).chain([&receiver]);
        let mut hops: Vec<(Point, RecipientData)> = relays
            .iter()
            .zip(next)
            .map(|(relay, next)| {
                (*relay, RecipientData { next_node_id: Some(*next), ..Default::default() })
            })
            .collect();
        hops.push((
            receiver,
            RecipientData { path_id: Some(path_id.to_vec()), ..Default::default() },
        ));
        let path = build(session_key, hops)?.0;
        let first_path_key = *path.first_path_key();
        Ok((path, Self { path_id, first_path_key }))
    }
}

/// A node that forwards on a blinded path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathRelay {
    /// The node.
    pub node_id: Point,
    /// Its channel to the next node of the path.
    pub short_channel_id: u64,
    /// What it keeps of amount and expiry.
    pub relay: PaymentRelay,
}

impl ReceiverPath {
    /// Makes a path over `relays` (maybe none) to `receiver`: the path, which goes into the invoice
    /// ([`paths`](crate::invoice::StaticInvoiceBuilder::paths)), and what its maker keeps ([`ReceiverPaths::payments`]).
    ///
    /// Payments along it have to arrive with `min_final_delta` blocks left, and the first edge may expire at `max_cltv_expiry` at the
    /// latest. `session_key` and `path_id` are fresh entropy, for this path alone.
    ///
    /// All hops get data of the same length.
    ///
    /// # Errors
    ///
    /// [`PublishError::PathsMismatch`] when fees or deltas exceed what an invoice can say, or there are too many hops.
    pub fn build(
        session_key: SecretScalar,
        path_id: [u8; 32],
        relays: &[PathRelay],
        receiver: Point,
        min_final_delta: u16,
        max_cltv_expiry: u32,
    ) -> Result<(PaymentPath, Self), PublishError> {
        let constraints = PaymentConstraints { max_cltv_expiry, htlc_minimum_msat: 0 };
        let mut data: Vec<(Point, RecipientData)> = Vec::new();
        for hop in relays {
            let for_hop = RecipientData {
                short_channel_id: Some(hop.short_channel_id),
                payment_relay: Some(hop.relay),
                payment_constraints: Some(constraints),
                ..RecipientData::default()
            };
            data.push((hop.node_id, for_hop));
        }
        let for_itself = RecipientData {
            path_id: Some(path_id.to_vec()),
            payment_constraints: Some(constraints),
            ..RecipientData::default()
        };
        data.push((receiver, for_itself));
        let (path, secrets) = build(session_key, data)?;
        let terms = aggregate(relays, min_final_delta).ok_or(PublishError::PathsMismatch)?;
        let pay_info = BlindedPayInfo {
            fee_base_msat: terms.fee_base_msat,
            fee_proportional_millionths: terms.fee_proportional_millionths,
            cltv_expiry_delta: terms.cltv_expiry_delta,
            htlc_minimum_msat: constraints.htlc_minimum_msat,
            htlc_maximum_msat: MAX_MSAT,
            features: Features::NONE,
        };
        Ok((PaymentPath::new(path, pay_info), Self { path_id, secrets }))
    }
}

/// A path whose hops all get data of the same length.
fn build(
    session_key: SecretScalar,
    mut hops: Vec<(Point, RecipientData)>,
) -> Result<(BlindedPath, Vec<PathSecret>), PublishError> {
    let longest = hops.iter().map(|(_, data)| data.to_bytes().len()).max().unwrap_or(0);
    for (_, data) in &mut hops {
        // Two bytes more than the longest, so that a padding fits into each.
        if !data.pad(longest + 2) {
            return Err(PublishError::PathsMismatch);
        }
    }
    let hops: Vec<(Point, Vec<u8>)> =
        hops.iter().map(|(node_id, data)| (*node_id, data.to_bytes())).collect();
    BlindedPath::build(session_key, &hops).map_err(|_| PublishError::PathsMismatch)
}

/// What the hops of a path keep together (BOLT 4, "Route Blinding"), from the last one on:
///
/// base = ⌈(base_i · 10^6 + base · (10^6 + prop_i)) / 10^6⌉, prop = ⌈((prop + prop_i) · 10^6 + prop · prop_i) / 10^6⌉
fn aggregate(relays: &[PathRelay], min_final_delta: u16) -> Option<PaymentRelay> {
    const MILLION: u128 = 1_000_000;
    let (mut base, mut proportional, mut delta) = (0u128, 0u128, min_final_delta);
    for PathRelay { relay, .. } in relays.iter().rev() {
        let (own_base, own_proportional) =
            (u128::from(relay.fee_base_msat), u128::from(relay.fee_proportional_millionths));
        base = (own_base * MILLION + base * (MILLION + own_proportional)).div_ceil(MILLION);
        proportional = ((proportional + own_proportional) * MILLION
            + proportional * own_proportional)
            .div_ceil(MILLION);
        delta = delta.checked_add(relay.cltv_expiry_delta)?;
        u32::try_from(base).ok().and(u32::try_from(proportional).ok())?;
    }
    Some(PaymentRelay {
        cltv_expiry_delta: delta,
        fee_proportional_millionths: u32::try_from(proportional).ok()?,
        fee_base_msat: u32::try_from(base).ok()?,
    })
}
