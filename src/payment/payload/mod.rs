//! What a node reads in its onion layer. The bytes, with an example of each, are in `docs/wire.md`.

mod fields;
mod forward;
mod last;
mod trampoline;
mod types;

#[cfg(test)]
mod tests;

pub use forward::{ForwardPayload, HoldOrder, Tweak};
pub use last::{
    FinalPayload, Keysend, PartShare, PayerPayload, PaymentData, PaymentSecret, Withheld,
};
pub use trampoline::{InnerPayload, OuterPayload, Recipient, TrampolinePayload};

pub(super) use trampoline::{INNER_PAYLOADS_LENGTH, RECIPIENT_PAYLOADS_LENGTH};
pub(super) use types::{
    HANDOVER, HELD_PTLC_AVAILABLE, PTLC_ARRIVED, RELEASE_HELD_PTLC, SEALED_ANNOUNCEMENT,
    WITHHELD_SHARE, type_of,
};

use super::PayloadError;
use fields::Fields;

/// A decoded payload.
#[derive(Debug)]
pub enum Payload {
    /// Of a forwarder.
    Forward(ForwardPayload),
    /// Of a node that finds the rest of the route itself (a trampoline), or of the receiver behind one: the packet within says which.
    Outer(OuterPayload),
    /// Of the receiver.
    Final(FinalPayload),
}

impl Payload {
    /// Reads the payload of a node that is `last` in its packet or not. The payload of a forwarding hop in a blinded path is
    /// none of these: all that it may say is in the path's own data
    /// ([`peel_payment`](crate::onion::blinded::peel_payment)).
    ///
    /// # Errors
    ///
    /// [`PayloadError`], with the field: missing, malformed, in the wrong place, or of an unknown even type.
    pub fn parse(bytes: &[u8], last: bool) -> Result<Self, PayloadError> {
        let fields = Fields::parse(bytes)?;
        if !last {
            ForwardPayload::read(&fields).map(Self::Forward)
        } else if fields.has(types::TRAMPOLINE_ONION_PACKET) {
            OuterPayload::read(&fields).map(Self::Outer)
        } else {
            FinalPayload::read(&fields).map(Self::Final)
        }
    }
}
