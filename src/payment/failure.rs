//! How a failure goes back to the sender (BOLT 4, "Returning Errors"; BOLT 2 for the messages).

mod snapshot;

use alloc::vec::Vec;

use sha2::{Digest, Sha256};

use super::{PayloadError, Refusal};
use crate::curve::Point;
use crate::edge::Edge;
use crate::onion::blinded::{BlindingError, INVALID_ONION_BLINDING};
use crate::onion::{Failure, FailurePacket, Packet, SharedSecret};
use crate::wire::write_bigsize;

const BADONION: u16 = 0x8000;
const PERM: u16 = 0x4000;
const NODE: u16 = 0x2000;
const UPDATE: u16 = 0x1000;

const TEMPORARY_NODE_FAILURE: u16 = NODE | 2;
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
    /// Encrypted for the sender: the reason of `update_fail_htlc`.
    Encrypted(FailurePacket),
    /// In the clear, for there is no key to encrypt it with or it must not be told apart from others:
    /// `update_fail_malformed_htlc`.
    Malformed {
        /// Of the onion as it came, 32 bytes.
        sha256_of_onion: [u8; 32],
        /// BOLT 4's code, with the flag 0x8000.
        failure_code: u16,
    },
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
        }
    }

    /// The packet was peeled, and has a place in a blinded path or not.
    pub(super) fn set_path(&mut self, in_path: bool) {
        if in_path && self.place == Place::Clear {
            self.place = Place::Introduction;
        }
    }

    /// The node has found the rest of the route itself.
    pub(super) fn set_trampoline(&mut self) {
        self.place = Place::Trampoline;
    }

    /// The packet could not be peeled. Whatever is wrong with a payload that has data of a blinded path, it is the
    /// introduction node that says so; of a payload that is no TLV stream nobody can say whether it has any.
    pub(super) fn locate(&mut self, error: &BlindingError) {
        let of_path =
            !matches!(error, BlindingError::Onion { .. } | BlindingError::InvalidPayload { .. });
        self.set_path(of_path);
    }

    /// What to say to the neighbour that offered this edge.
    pub(super) fn message(
        &self,
        refusal: &Refusal,
        incoming: &Edge,
        height: u32,
    ) -> FailureMessage {
        match self.place {
            Place::Blinded => self.malformed(INVALID_ONION_BLINDING),
            Place::Introduction => self.encrypted(&self.blinded()),
            Place::Clear | Place::Trampoline => match code(refusal) {
                code if code & BADONION != 0 => self.malformed(code),
                code => self.encrypted(&message(code, refusal, incoming.amount_msat, height)),
            },
        }
    }

    /// What to say when the next node has failed. Nothing from it, if the outgoing edge timed out.
    pub(super) fn pass_on(&self, downstream: Option<&FailureMessage>) -> FailureMessage {
        match (self.place, downstream) {
            (Place::Blinded, _) => self.malformed(INVALID_ONION_BLINDING),
            (Place::Introduction, _) => self.encrypted(&self.blinded()),
            // What comes back is encrypted for this node, and about nodes that the sender does not know.
            (Place::Trampoline, _) => self.encrypted(&TEMPORARY_NODE_FAILURE.to_be_bytes()),
            (Place::Clear, Some(FailureMessage::Encrypted(packet))) => {
                FailureMessage::Encrypted(packet.clone().wrap(&self.shared_secret))
            }
            // The next node can't encrypt: this one does, and says it of the next one's onion.
            (Place::Clear, Some(FailureMessage::Malformed { sha256_of_onion, failure_code })) => {
                let code = failure_code | BADONION;
                self.encrypted(&[code.to_be_bytes().as_slice(), sha256_of_onion].concat())
            }
            (Place::Clear, None) => self.encrypted(&PERMANENT_CHANNEL_FAILURE.to_be_bytes()),
        }
    }

    fn blinded(&self) -> Vec<u8> {
        [INVALID_ONION_BLINDING.to_be_bytes().as_slice(), &self.sha256_of_onion].concat()
    }

    fn malformed(&self, failure_code: u16) -> FailureMessage {
        FailureMessage::Malformed { sha256_of_onion: self.sha256_of_onion, failure_code }
    }

    fn encrypted(&self, message: &[u8]) -> FailureMessage {
        let packet = FailurePacket::new(&self.shared_secret, message)
            .expect("a message of this node has 2 to 44 bytes");
        FailureMessage::Encrypted(packet)
    }
}

impl FailureMessage {
    /// What the sender reads, with the secrets of its route.
    pub(super) fn read(&self, shared_secrets: &[SharedSecret]) -> Option<Failure> {
        match self {
            Self::Encrypted(packet) => packet.clone().open(shared_secrets).ok(),
            Self::Malformed { sha256_of_onion, failure_code } => {
                let message = [failure_code.to_be_bytes().as_slice(), sha256_of_onion].concat();
                Failure::in_clear(0, message)
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
        | Refusal::NoRoute
        | Refusal::TimeIsUp { .. }
        // This one says no to a message, and never to a payment.
        | Refusal::AnnouncementVoid { .. }
        // Its failure was made at the time.
        | Refusal::BeforeRestart(_) => TEMPORARY_NODE_FAILURE,
        Refusal::Downstream => TEMPORARY_CHANNEL_FAILURE,
        Refusal::SetTimedOut { .. } => MPP_TIMEOUT,
        Refusal::UnknownPayment
        | Refusal::LockMismatch
        | Refusal::PayerMismatch
        | Refusal::InvoiceMismatch
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
