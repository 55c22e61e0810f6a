//! Actions in words, secrets included.

use pointlock::lock::LockSecret;
use pointlock::onion::blinded::OnionMessage;
use pointlock::payment::{ForwarderAction, Proposal, ReceiverAction, SenderAction};

pub(crate) fn secret_words(secret: &LockSecret) -> String {
    match secret {
        LockSecret::Scalar(scalar) => hex::encode(*scalar.dangerous_to_bytes()),
        LockSecret::Preimage(preimage) => hex::encode(preimage.dangerous_as_bytes()),
    }
}

fn proposal_words(proposal: &Proposal) -> String {
    let Proposal { to, amount_msat, expiry, lock, path_key, packet } = proposal;
    let packet = hex::encode(packet.to_bytes());
    format!("{to:?} {amount_msat} {expiry} {lock:?} {path_key:?} {packet}")
}

fn message_words(to: &dyn std::fmt::Debug, message: &OnionMessage) -> String {
    format!("message {to:?} {}", hex::encode(message.to_bytes()))
}

pub(super) fn sender_words(action: &SenderAction) -> String {
    match action {
        SenderAction::Offer { attempt, proposal } => {
            format!("offer {attempt} {}", proposal_words(proposal))
        }
        SenderAction::SendMessage { to, message } => message_words(to, message),
        SenderAction::Paid { payment, secret } => {
            format!("paid {payment} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

pub(super) fn forwarder_words(action: &ForwarderAction) -> String {
    match action {
        ForwarderAction::Offer { incoming, proposal } => {
            format!("offer {incoming} {}", proposal_words(proposal))
        }
        ForwarderAction::SendMessage { to, message } => message_words(to, message),
        ForwarderAction::Announce { to, message } => message_words(to, message),
        ForwarderAction::Claim { incoming, secret } => {
            format!("claim {incoming} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}

pub(super) fn receiver_words(action: &ReceiverAction) -> String {
    match action {
        ReceiverAction::SendMessage { to, message } => message_words(to, message),
        ReceiverAction::Claim { incoming, secret } => {
            format!("claim {incoming} {}", secret_words(secret))
        }
        other => format!("{other:?}"),
    }
}
