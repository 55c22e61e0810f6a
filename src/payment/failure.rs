//! How a failure goes back to the sender (BOLT 4, "Returning Errors"; BOLT 2 for the messages).

mod snapshot;

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use super::{ForwardingPolicy, PayloadError, Refusal};
use crate::curve::Point;
use crate::edge::Edge;
use crate::onion::blinded::{BlindingError, INVALID_ONION_BLINDING};
use crate::onion::{
    AttributedFailure, Attribution, AttributionData, Failure, FailurePacket, HoldTime, OnionError,
    Packet, SharedSecret,
};
use crate::wire::write_bigsize;

const BADONION: u16 = 0x8000;
const PERM: u16 = 0x4000;
const NODE: u16 = 0x2000;
const UPDATE: u16 = 0x1000;

const TEMPORARY_NODE_FAILURE: u16 = NODE | 2;
const TEMPORARY_TRAMPOLINE_FAILURE: u16 = NODE | 25;
const TRAMPOLINE_FEE_OR_EXPIRY_INSUFFICIENT: u16 = NODE | 26;
const UNKNOWN_NEXT_TRAMPOLINE: u16 = PERM | 27;
const TEMPORARY_CHANNEL_FAILURE: u16 = UPDATE | 7;
const PERMANENT_CHANNEL_FAILURE: u16 = PERM | 8;
const FEE_INSUFFICIENT: u16 = UPDATE | 12;
const INCORRECT_CLTV_EXPIRY: u16 = UPDATE | 13;
const EXPIRY_TOO_SOON: u16 = UPDATE | 14;
const INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS: u16 = PERM | 15;
const INVALID_ONION_PAYLOAD: u16 = PERM | 22;
const EXPIRY_TOO_FAR: u16 = 21;
const MPP_TIMEOUT: u16 = 23;

/// What a node says to the neighbour that offered an edge when it fails it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FailureMessage {
    /// Encrypted for the sender: the reason of `update_fail_htlc`, and the attribution data beside it.
    Encrypted(AttributedFailure),
    /// In the clear, because there is no key to encrypt it with or it must not be told apart from others:
    /// `update_fail_malformed_htlc`.
    Malformed {
        /// Of the onion as it came, 32 bytes.
        sha256_of_onion: [u8; 32],
        /// BOLT 4's code, with the flag 0x8000.
        failure_code: u16,
    },
}

/// What a role says to a failed edge, whole but for how long this node has held it: that its driver knows, when it is about to give the
/// failure to the channel.
///
/// `Debug` shows no secret.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailureReply(Reply);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reply {
    /// Nothing is missing: it carries no time, or was made by a release that told none.
    Told(FailureMessage),
    /// This node's own, or the recipient's behind a trampoline, without this node's layer over the whole.
    Own { bare: FailurePacket, shared_secret: SharedSecret },
    /// The next node's, without this one's layer.
    PassedOn { failure: AttributedFailure, shared_secret: SharedSecret },
}

impl FailureReply {
    /// What to give to the channel. `hold_time` has passed since the edge was offered; a driver without a clock says
    /// [`HoldTime::UNKNOWN`]. It may be asked again, after a crash, with another time.
    pub fn after(&self, hold_time: HoldTime) -> FailureMessage {
        match &self.0 {
            Reply::Told(message) => message.clone(),
            Reply::Own { bare, shared_secret } => FailureMessage::Encrypted(
                AttributedFailure::first(bare.clone(), shared_secret, hold_time),
            ),
            Reply::PassedOn { failure, shared_secret } => {
                FailureMessage::Encrypted(failure.clone().wrap(shared_secret, hold_time))
            }
        }
    }
}

impl From<FailureMessage> for FailureReply {
    fn from(message: FailureMessage) -> Self {
        Self(Reply::Told(message))
    }
}

/// Where a node stands that fails a payment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// Outside of blinded paths.
    Clear,
    /// The same, but the route behind it is of this node's own finding.
    Trampoline,
    /// At the beginning of a blinded path: it answers for all of it.
    Introduction,
    /// Within a blinded path.
    Blinded,
}

/// What a node knows of an onion that it fails.
#[derive(Clone, Debug)]
pub(super) struct Origin {
    place: Place,
    sha256_of_onion: [u8; 32],
    shared_secret: SharedSecret,
    /// Of the packet within, once it is peeled: the sender's own, where the other is perhaps a trampoline's.
    inner_secret: Option<SharedSecret>,
    /// Of the route that the node has found itself.
    tail_secrets: Vec<SharedSecret>,
}

impl Origin {
    /// For a packet as it came, before it is peeled, and what it shares with this node's own key.
    pub(super) fn new(
        packet: &Packet,
        shared_secret: &SharedSecret,
        path_key: Option<&Point>,
    ) -> Self {
        Self {
            place: if path_key.is_some() { Place::Blinded } else { Place::Clear },
            sha256_of_onion: Sha256::digest(packet.to_bytes()).into(),
            shared_secret: shared_secret.clone(),
            inner_secret: None,
            tail_secrets: Vec::new(),
        }
    }

    /// The packet was peeled, and has a place in a blinded path or not.
    pub(super) fn set_path(&mut self, in_path: bool) {
        if in_path && self.place == Place::Clear {
            self.place = Place::Introduction;
        }
    }

    /// The packet within was peeled: from here on the failure is for whoever has made that one.
    pub(super) fn set_inner(&mut self, inner_secret: SharedSecret) {
        self.inner_secret = Some(inner_secret);
    }

    /// The node has found the rest of the route itself.
    pub(super) fn set_trampoline(&mut self, tail_secrets: Vec<SharedSecret>) {
        self.place = Place::Trampoline;
        self.tail_secrets = tail_secrets;
    }

    /// The packet could not be peeled. Whatever is wrong with a payload that has data of a blinded path, it is the
    /// introduction node that says so; of a payload that is no TLV stream nobody can say whether it has any.
    pub(super) fn locate(&mut self, error: &BlindingError) {
        let of_path =
            !matches!(error, BlindingError::Onion { .. } | BlindingError::InvalidPayload { .. });
        self.set_path(of_path);
    }

    /// What to say to the neighbour that offered this edge.
    pub(super) fn message(&self, refusal: &Refusal, incoming: &Edge, height: u32) -> FailureReply {
        match self.place {
            Place::Blinded => self.malformed(INVALID_ONION_BLINDING),
            Place::Introduction => self.encrypted(&self.blinded()),
            Place::Clear | Place::Trampoline => match code(refusal) {
                code if code & BADONION != 0 => self.malformed(code),
                code => self.encrypted(&message(code, refusal, incoming.amount_msat, height)),
            },
        }
    }

    /// The same, by a forwarder that asks for this. As a trampoline it says all of it at once: the sender can't know how far its budget was
    /// from enough.
    pub(super) fn message_of_forwarder(
        &self,
        refusal: &Refusal,
        incoming: &Edge,
        height: u32,
        policy: &ForwardingPolicy,
    ) -> FailureReply {
        let in_clear = matches!(self.place, Place::Clear | Place::Trampoline);
        match code(refusal) {
            FEE_INSUFFICIENT | INCORRECT_CLTV_EXPIRY | EXPIRY_TOO_SOON
                if in_clear && self.inner_secret.is_some() =>
            {
                self.encrypted(&too_little_for(policy))
            }
            _ => self.message(refusal, incoming, height),
        }
    }

    /// What stands beside the secret when this edge is claimed (`update_fulfill_htlc`), with what the next node has said. Nodes within a
    /// blinded path say nothing, so that its length is not told; the introduction node and a trampoline answer for what is behind them.
    pub(super) fn attribution_data(
        &self,
        downstream: Option<AttributionData>,
        hold_time: HoldTime,
    ) -> Option<AttributionData> {
        match (self.place, downstream) {
            (Place::Blinded, _) => None,
            (Place::Clear, Some(data)) => Some(data.wrap(&self.shared_secret, &[], hold_time)),
            _ => Some(AttributionData::new(&self.shared_secret, &[], hold_time)),
        }
    }

    /// What to say when the next node has failed. Nothing from it, if the outgoing edge timed out.
    pub(super) fn pass_on(&self, downstream: Option<&FailureMessage>) -> FailureReply {
        match (self.place, downstream) {
            (Place::Blinded, _) => self.malformed(INVALID_ONION_BLINDING),
            (Place::Introduction, _) => self.encrypted(&self.blinded()),
            (Place::Trampoline, downstream) => self.pass_on_for_tail(downstream),
            (Place::Clear, Some(FailureMessage::Encrypted(failure))) => {
                let (failure, shared_secret) = (failure.clone(), self.shared_secret.clone());
                FailureReply(Reply::PassedOn { failure, shared_secret })
            }
            // The next node can't encrypt: this one does, and says it of the next one's onion.
            (Place::Clear, Some(FailureMessage::Malformed { sha256_of_onion, failure_code })) => {
                let code = failure_code | BADONION;
                self.encrypted(&[code.to_be_bytes().as_slice(), sha256_of_onion].concat())
            }
            (Place::Clear, None) => self.encrypted(&PERMANENT_CHANNEL_FAILURE.to_be_bytes()),
        }
    }

    /// What a node of this one's own route says is about nodes that the sender does not know. What no node of it says comes from the
    /// recipient, and is encrypted for the sender. How long the nodes of this route have held it is in this one's own time.
    fn pass_on_for_tail(&self, downstream: Option<&FailureMessage>) -> FailureReply {
        match downstream {
            Some(FailureMessage::Encrypted(failure))
                if failure.packet().clone().open(&self.tail_secrets)
                    == Err(OnionError::UnknownFailureSource) =>
            {
                let layers = self.tail_secrets.iter().chain(&self.inner_secret);
                self.own(layers.fold(failure.packet().clone(), FailurePacket::wrap))
            }
            _ => self.encrypted(&TEMPORARY_TRAMPOLINE_FAILURE.to_be_bytes()),
        }
    }

    fn blinded(&self) -> Vec<u8> {
        [INVALID_ONION_BLINDING.to_be_bytes().as_slice(), &self.sha256_of_onion].concat()
    }

    fn malformed(&self, failure_code: u16) -> FailureReply {
        FailureMessage::Malformed { sha256_of_onion: self.sha256_of_onion, failure_code }.into()
    }

    fn encrypted(&self, message: &[u8]) -> FailureReply {
        let bare = match &self.inner_secret {
            Some(inner_secret) => FailurePacket::new(inner_secret, message),
            None => FailurePacket::bare(&self.shared_secret, message),
        };
        self.own(bare.expect("a message of this node has 2 to 44 bytes"))
    }

    fn own(&self, bare: FailurePacket) -> FailureReply {
        FailureReply(Reply::Own { bare, shared_secret: self.shared_secret.clone() })
    }
}

impl FailureMessage {
    /// What the sender reads, with the secrets of its route, and of the packet within if there is one: who failed it, and who of its route
    /// has held it how long.
    pub(super) fn read(
        &self,
        outer: &[SharedSecret],
        inner: &[SharedSecret],
    ) -> (Option<Failure>, Option<Attribution>) {
        match self {
            Self::Encrypted(failure) => {
                let report = failure.clone().open_with_inner(outer, inner);
                (report.failure.ok(), report.attribution)
            }
            Self::Malformed { sha256_of_onion, failure_code } => {
                let message = [failure_code.to_be_bytes().as_slice(), sha256_of_onion].concat();
                (Failure::in_clear(0, message), None)
            }
        }
    }
}

/// BOLT 4's code for a refusal outside of blinded paths.
fn code(refusal: &Refusal) -> u16 {
    match refusal {
        // A replayed packet has none: it is neither malformed nor this sender's fault.
        Refusal::Onion(error) => error.failure_code().unwrap_or(TEMPORARY_NODE_FAILURE),
        Refusal::Blinding(BlindingError::Onion { source }) => {
            source.failure_code().unwrap_or(TEMPORARY_NODE_FAILURE)
        }
        Refusal::Blinding(BlindingError::InvalidPayload { .. }) => INVALID_ONION_PAYLOAD,
        Refusal::Blinding(_) => INVALID_ONION_BLINDING,
        Refusal::Payload(_)
        | Refusal::RouteEnd
        | Refusal::TweakMismatch
        | Refusal::Lock(_) => INVALID_ONION_PAYLOAD,
        Refusal::FeeInsufficient { .. } => FEE_INSUFFICIENT,
        Refusal::ExpiryDelta { .. } => INCORRECT_CLTV_EXPIRY,
        Refusal::ExpiryTooSoon { .. } => EXPIRY_TOO_SOON,
        Refusal::ExpiryTooFar { .. } => EXPIRY_TOO_FAR,
        Refusal::Hold(_)
        | Refusal::CutoffReached(_)
        | Refusal::TimeIsUp { .. }
        // This one says no to a message, and never to a payment.
        | Refusal::AnnouncementVoid { .. }
        // Its failure was made at the time.
        | Refusal::BeforeRestart(_) => TEMPORARY_NODE_FAILURE,
        Refusal::NoRoute => TEMPORARY_TRAMPOLINE_FAILURE,
        Refusal::UnknownRecipient => UNKNOWN_NEXT_TRAMPOLINE,
        Refusal::Downstream => TEMPORARY_CHANNEL_FAILURE,
        Refusal::SetTimedOut { .. } => MPP_TIMEOUT,
        Refusal::UnknownPayment
        | Refusal::LockMismatch
        | Refusal::PayerMismatch
        | Refusal::InvoiceMismatch
        | Refusal::InvoiceRequest(_)
        | Refusal::Payer(_)
        | Refusal::Claim(_)
        | Refusal::AmountTooLow { .. }
        | Refusal::AmountTooHigh { .. }
        | Refusal::Invoice(_)
        | Refusal::FinalExpiryTooSoon { .. }
        | Refusal::IncompleteSet { .. }
        | Refusal::PartMismatch { .. }
        | Refusal::DuplicatePart { .. } => INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS,
    }
}

/// What a trampoline asks for, to a sender whose budget is below it.
fn too_little_for(policy: &ForwardingPolicy) -> Vec<u8> {
    let of_32_bits = |value: u64| u32::try_from(value).unwrap_or(u32::MAX).to_be_bytes();
    let delta = u16::try_from(policy.cltv_expiry_delta).unwrap_or(u16::MAX);
    let mut message = TRAMPOLINE_FEE_OR_EXPIRY_INSUFFICIENT.to_be_bytes().to_vec();
    message.extend_from_slice(&of_32_bits(policy.fee_base_msat));
    message.extend_from_slice(&of_32_bits(policy.fee_proportional_millionths));
    message.extend_from_slice(&delta.to_be_bytes());
    message
}

impl ForwardingPolicy {
    /// What a trampoline has said that it asks for, when the budget was too small for it (pull request 836,
    /// `trampoline_fee_or_expiry_insufficient`); None for any other failure. The way behind it costs more than that.
    pub fn asked_for_in(failure: &Failure) -> Option<Self> {
        if failure.code() != TRAMPOLINE_FEE_OR_EXPIRY_INSUFFICIENT {
            return None;
        }
        let (base, rest) = failure.data().split_first_chunk()?;
        let (proportional, rest) = rest.split_first_chunk()?;
        let (delta, _) = rest.split_first_chunk()?;
        Some(Self {
            fee_base_msat: u32::from_be_bytes(*base).into(),
            fee_proportional_millionths: u32::from_be_bytes(*proportional).into(),
            cltv_expiry_delta: u16::from_be_bytes(*delta).into(),
        })
    }
}

/// Code and data. A `channel_update` is never included: BOLT 4 lets a node leave it out.
fn message(code: u16, refusal: &Refusal, amount_msat: u64, height: u32) -> Vec<u8> {
    let mut message = code.to_be_bytes().to_vec();
    let no_update = [0, 0];
    match code {
        FEE_INSUFFICIENT => {
            message.extend_from_slice(&amount_msat.to_be_bytes());
            message.extend_from_slice(&no_update);
        }
        INCORRECT_CLTV_EXPIRY => {
            let Refusal::ExpiryDelta { expiry, .. } = refusal else { return message };
            message.extend_from_slice(&expiry.to_be_bytes());
            message.extend_from_slice(&no_update);
        }
        EXPIRY_TOO_SOON | TEMPORARY_CHANNEL_FAILURE => message.extend_from_slice(&no_update),
        INCORRECT_OR_UNKNOWN_PAYMENT_DETAILS => {
            message.extend_from_slice(&amount_msat.to_be_bytes());
            message.extend_from_slice(&height.to_be_bytes());
        }
        INVALID_ONION_PAYLOAD => {
            // The offset, which BOLT 4 asks for where the stream itself is broken.
            let (tlv_type, offset) = match refusal {
                Refusal::Blinding(BlindingError::InvalidPayload { source: error })
                | Refusal::Payload(PayloadError::Wire(error)) => (error.tlv_type(), error.offset()),
                Refusal::Payload(error) => (error.tlv_type(), None),
                _ => (None, None),
            };
            write_bigsize(&mut message, tlv_type.unwrap_or(0));
            let offset = offset.and_then(|offset| u16::try_from(offset).ok()).unwrap_or(0);
            message.extend_from_slice(&offset.to_be_bytes());
        }
        _ => {}
    }
    message
}
