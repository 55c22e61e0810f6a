//! Announcements of held payments, and the answers to them.

use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::intake::{Context, Intake, Received};
use super::super::published::OwnInvoice;
use super::super::{
    HeldAvailable, MessageError, PtlcArrived, Reaction, Refusal, ReleaseHeld, SealedAnnouncement,
    SecretSource, WithheldShare,
};
use super::{Arrival, Receipts, ReceiverAction, ReceiverError};
use crate::async_payments::{AsyncMessage, AsyncPaymentsError, release};
use crate::claims::{ClaimError, ClaimStore};
use crate::curve::{SecretScalar, Tag};
use crate::edge::EdgeId;
use crate::hold::HoldId;
use crate::invoice::InvoiceId;
use crate::onion::blinded::OnionMessage;
use crate::wire::{BlindedPath, IntroductionNode};

static ANSWER: Tag = Tag::new("pointlock/release_session");
static ARRIVAL: Tag = Tag::new("pointlock/arrival_session");

impl<S: ClaimStore> Receipts<S> {
    /// Takes a message that came along one of its paths, in an onion message of this length.
    pub(in crate::payment) fn message_received(
        &mut self,
        cx: &mut Context<'_>,
        message: &Received<'_>,
        entropy: &[u8; 32],
    ) -> Result<Reaction<ReceiverAction>, ReceiverError> {
        // Anyone who has not seen the invoice gets no answer, and is not told that the receiver is there.
        let published = self.invoices.by_message_path(message.data);
        let published = published.ok_or(MessageError::UnknownPath)?;
        if WithheldShare::is_in(message.payload) {
            let invoice = published.invoice.invoice_id();
            let given = WithheldShare::from_message(message.payload);
            return self.share_given(cx, &invoice, &given.map_err(MessageError::Payload)?);
        }
        if published.is_plain() && AsyncMessage::is_in(message.payload) {
            return self.asked_whether_there(published, message, entropy);
        }
        let said = self.announced(cx.intake, published, message, entropy)?;
        Ok(Reaction::unchanged(alloc::vec![match said {
            Ok((to, message)) => ReceiverAction::SendMessage { to, message },
            Err(reason) => ReceiverAction::ReleaseRefused { reason },
        }]))
    }

    /// Says to a `held_htlc_available` that it is there. Of the payment nothing is told, so nothing can be refused but an invoice that
    /// has expired; and nothing is kept.
    fn asked_whether_there(
        &self,
        published: &OwnInvoice,
        message: &Received<'_>,
        entropy: &[u8; 32],
    ) -> Result<Reaction<ReceiverAction>, ReceiverError> {
        let (asked, reply_path) =
            AsyncMessage::from_payload(message.payload).map_err(MessageError::Async)?;
        let AsyncMessage::HeldHtlcAvailable = asked else {
            let missing = AsyncPaymentsError::Missing("held_htlc_available");
            return Err(MessageError::Async(missing).into());
        };
        let reply_path = reply_path.ok_or(AsyncPaymentsError::Missing("reply_path"));
        let reply_path = reply_path.map_err(MessageError::Async)?;
        if let Err(error) = published.invoice.check_not_expired(self.unix_time) {
            let reason = error.into();
            return Ok(Reaction::unchanged(alloc::vec![ReceiverAction::ReleaseRefused { reason }]));
        }
        let (to, answer) = release(&reply_path, entropy).map_err(MessageError::Async)?;
        if answer.length() > message.length {
            let (length, most) = (answer.length(), message.length);
            return Err(MessageError::AnswerTooLong { length, most }.into());
        }
        let message = answer;
        Ok(Reaction::unchanged(alloc::vec![ReceiverAction::SendMessage { to, message }]))
    }

    /// Says to an announcement what it would say to any like it: nothing is kept of either, and no slot for the payment. Anyone
    /// with the invoice can create any number.
    fn announced(
        &self,
        intake: &Intake,
        published: &OwnInvoice,
        message: &Received<'_>,
        entropy: &[u8; 32],
    ) -> Result<Result<(IntroductionNode, OnionMessage), Refusal>, ReceiverError> {
        let sealed = SealedAnnouncement::from_message(message.payload);
        let SealedAnnouncement { packet, reply_path } = sealed.map_err(MessageError::Payload)?;
        let secret = message.secret.blinded_node_secret(&intake.node_key);
        let available = HeldAvailable::open(&packet, &secret.map_err(MessageError::Onion)?)?;
        if let Err(reason) = self.check_announced(intake, published, &available) {
            return Ok(Err(reason));
        }
        if let Err(reason) = self.check_slot(published, &available)? {
            return Ok(Err(reason));
        }
        let (to, answer) = answer(&available, &reply_path, entropy)?;
        if answer.length() > message.length {
            let (length, most) = (answer.length(), message.length);
            return Err(MessageError::AnswerTooLong { length, most }.into());
        }
        Ok(Ok((to, answer)))
    }

    /// The last share of a cancellable payment. One that comes again, or to nothing, changes nothing.
    fn share_given(
        &mut self,
        cx: &mut Context<'_>,
        invoice: &InvoiceId,
        given: &WithheldShare,
    ) -> Result<Reaction<ReceiverAction>, ReceiverError> {
        let Some(parts) = self.sets.complete(invoice, &given.set_point, &given.share) else {
            return Ok(Reaction::unchanged(Vec::new()));
        };
        let first = parts.first().map(|part| part.edge.id);
        let actions = self.claim_all(cx, parts).map_err(|(parts, error)| {
            parts.into_iter().for_each(|part| self.sets.insert(part));
            error
        })?;
        if let Some(incoming) = first {
            let source = SecretSource::GivenShare { incoming };
            cx.observer.learned_scalar(source, given.share.as_scalar());
        }
        Ok(actions.into())
    }

    /// What to say when this edge was the last part of a cancellable payment.
    pub(super) fn arrival_of(
        &self,
        intake: &Intake,
        incoming: &EdgeId,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        let arrived = self.sets.arrived_with(incoming).into_iter();
        arrived.map(|(path, parts)| Ok(arrival(intake, path, &parts)?)).collect()
    }

    /// What was said of all payments of which nothing but the sender's share is missing.
    pub(super) fn arrivals(&self, intake: &Intake) -> Vec<ReceiverAction> {
        self.sets.arrived().filter_map(|(path, parts)| arrival(intake, path, &parts).ok()).collect()
    }

    /// Only an announcement of a payment that would be accepted is answered.
    fn check_announced(
        &self,
        intake: &Intake,
        published: &OwnInvoice,
        available: &HeldAvailable,
    ) -> Result<(), Refusal> {
        let latest = available.latest_release_height;
        // No edge lasts longer than that.
        if !(intake.height..=intake.deadlines.latest_expiry(intake.height)).contains(&latest) {
            return Err(Refusal::AnnouncementVoid { latest, height: intake.height });
        }
        let amounts = available.holds.iter().map(|hold| hold.amount_msat);
        let offered_msat = amounts.fold(0, u64::saturating_add);
        self.check_payable(&published.invoice, offered_msat)
    }

    /// Whether the payment could be claimed if it were here. Others may take the last slot before it arrives, and then it fails
    /// back.
    fn check_slot(
        &self,
        published: &OwnInvoice,
        available: &HeldAvailable,
    ) -> Result<Result<(), Refusal>, ReceiverError> {
        let (polynomial, x) = match (published.polynomial(), available.x) {
            (None, None) => return Ok(Ok(())),
            (Some(polynomial), Some(x)) => (polynomial, x),
            _ => return Ok(Err(Refusal::PayerMismatch)),
        };
        match self.claims.check_slot(&polynomial, &x) {
            Ok(()) => Ok(Ok(())),
            Err(error @ ClaimError::Store(_)) => Err(error.into()),
            Err(error) => Ok(Err(Refusal::Claim(error))),
        }
    }
}

/// The `ptlc_arrived`. Its session key is the same whenever it is sent, and so is the message; any other message, and the same one of
/// other edges, has another key. The set point alone would not do: a sender that makes its payment again may name another path,
/// and two messages under one key give away what they say.
fn arrival(
    intake: &Intake,
    path: &BlindedPath<IntroductionNode>,
    parts: &[&Arrival],
) -> Result<ReceiverAction, MessageError> {
    let set_point = parts.first().and_then(|part| part.set_point);
    let fields = PtlcArrived { set_point: set_point.ok_or(MessageError::NoSetPoint)? }.to_tlv();
    let key = intake.node_key.dangerous_to_bytes();
    // A message's fields are a stream and a path says its length, so that no two contents look the same.
    let mut content = Vec::new();
    path.write(&mut content);
    content.extend_from_slice(&fields.to_bytes());
    let edges: Vec<u8> = parts.iter().flat_map(|part| part.edge.id.to_bytes()).collect();
    let entropy = Zeroizing::new(ARRIVAL.hash(&[&*key, &edges, &content]));
    let session = SecretScalar::from_hash(&entropy)
        .expect("a hash of a secret key is zero mod n with a probability of 2^-256");
    let message = OnionMessage::build(session, path, &fields)?;
    Ok(ReceiverAction::SendMessage { to: *path.introduction_node(), message })
}

/// The `release_held_ptlc`, and where its path begins.
fn answer(
    available: &HeldAvailable,
    reply_path: &BlindedPath<IntroductionNode>,
    entropy: &[u8; 32],
) -> Result<(IntroductionNode, OnionMessage), MessageError> {
    let session = SecretScalar::from_hash(&ANSWER.hash(&[entropy]))
        .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256");
    let holds = available.holds.iter().map(|hold| (hold.id, hold.release.clone()));
    let release = ReleaseHeld { holds: holds.collect::<Vec<(HoldId, _)>>() };
    let message = OnionMessage::build(session, reply_path, &release.to_tlv())?;
    Ok((*reply_path.introduction_node(), message))
}
