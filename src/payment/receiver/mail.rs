//! Announcements of held payments, and the answers to them.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use zeroize::Zeroizing;

use super::super::intake::{Context, Intake};
use super::super::published::Published;
use super::super::{
    HeldAvailable, MessageError, PtlcArrived, Refusal, ReleaseHeld, SecretSource, WithheldShare,
};
use super::{Arrival, Receipts, ReceiverAction, ReceiverError};
use crate::claims::{ClaimError, ClaimStore};
use crate::curve::{SecretScalar, Tag};
use crate::edge::EdgeId;
use crate::hold::HoldId;
use crate::invoice::InvoiceId;
use crate::onion::blinded::{OnionMessage, RecipientData};
use crate::onion::{OnionError, ReplayTag};
use crate::wire::{BlindedPath, IntroductionNode};

static ANSWER: Tag = Tag::new("pointlock/release_session");
static ARRIVAL: Tag = Tag::new("pointlock/arrival_session");

/// How far ahead an announcement may say that its holds end, in blocks: 60 days.
const MAX_HOLD_BLOCKS: u32 = 8_640;
/// How many announcements are remembered for an invoice. Who has the invoice can make as many as it likes, and they cost it
/// nothing; beyond this number none is answered until some are void.
const MAX_ANNOUNCEMENTS: usize = 1_000;

/// The announcements that were answered or refused, until they are void: a message that comes again is a replay, and is not
/// answered, or whoever has recorded it could ask at any time whether the receiver is there.
#[derive(Debug, Default)]
pub(super) struct Answers {
    known: BTreeMap<ReplayTag, Answer>,
}

#[derive(Debug)]
struct Answer {
    invoice: InvoiceId,
    /// From this height on the announcement is void.
    void_at: u32,
    /// What was sent; nothing for an announcement that was refused.
    sent: Option<(IntroductionNode, OnionMessage)>,
}

impl Answers {
    /// What was sent, and maybe got lost in a crash. Twice is as good as once: a holder releases once.
    pub(super) fn pending(&self) -> impl Iterator<Item = ReceiverAction> {
        let sent = self.known.values().filter_map(|answer| answer.sent.clone());
        sent.map(|(to, message)| ReceiverAction::SendMessage { to, message })
    }

    pub(super) fn prune(&mut self, height: u32) {
        self.known.retain(|_, answer| answer.void_at > height);
    }

    fn check_new(&self, tag: &ReplayTag, invoice: &InvoiceId) -> Result<(), Refusal> {
        if let Some(known) = self.known.get(tag) {
            return Err(OnionError::Replayed { expiry_height: known.void_at }.into());
        }
        let of_invoice = self.known.values().filter(|known| known.invoice == *invoice);
        if of_invoice.count() >= MAX_ANNOUNCEMENTS {
            return Err(Refusal::TooManyAnnouncements { most: MAX_ANNOUNCEMENTS });
        }
        Ok(())
    }
}

impl<S: ClaimStore> Receipts<S> {
    pub(in crate::payment) fn message_received(
        &mut self,
        cx: &mut Context<'_>,
        payload: &[u8],
        data: &RecipientData,
        replay_tag: ReplayTag,
        entropy: &[u8; 32],
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        // Anyone who has not seen the invoice gets no answer, and is not told that the receiver is there.
        let published = self.invoices.by_message_path(data).ok_or(MessageError::UnknownPath)?;
        let invoice = published.invoice.invoice_id();
        if WithheldShare::is_in(payload) {
            let given = WithheldShare::from_message(payload).map_err(MessageError::Payload)?;
            return self.share_given(cx, &invoice, &given);
        }
        let (available, reply_path) =
            HeldAvailable::from_message(payload).map_err(MessageError::Payload)?;
        // Before anything is kept: what can't be answered has never come.
        let answered = answer(&available, &reply_path, entropy)?;
        let refusal = match self.check_announced(cx.intake, published, &available, &replay_tag) {
            Ok(()) => self.reserve(cx.intake.height, &invoice, &available)?,
            Err(reason) => Some(reason),
        };
        let sent = refusal.is_none().then_some(answered);
        let is_forgotten = matches!(
            refusal,
            Some(
                Refusal::Onion(OnionError::Replayed { .. })
                    | Refusal::AnnouncementVoid { .. }
                    | Refusal::TooManyAnnouncements { .. }
            )
        );
        // Strangers who have the invoice don't fill the view.
        if !is_forgotten {
            for hold in &available.holds {
                let source = SecretSource::Release { hold: hold.id };
                cx.observer.learned_scalar(source, hold.release.as_scalar());
            }
            let void_at = available.latest_release_height.saturating_add(1);
            self.answers.known.insert(replay_tag, Answer { invoice, void_at, sent: sent.clone() });
        }
        Ok(alloc::vec![match (sent, refusal) {
            (Some((to, message)), _) => ReceiverAction::SendMessage { to, message },
            (None, Some(reason)) => ReceiverAction::ReleaseRefused { reason },
            (None, None) => return Ok(Vec::new()),
        }])
    }

    /// The last share of a cancellable payment. One that comes again, or to nothing, changes nothing.
    fn share_given(
        &mut self,
        cx: &mut Context<'_>,
        invoice: &InvoiceId,
        given: &WithheldShare,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        let Some(parts) = self.sets.complete(invoice, &given.set_point, &given.share) else {
            return Ok(Vec::new());
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
        Ok(actions)
    }

    /// What to say when this edge was the last part of a cancellable payment.
    pub(super) fn arrival_of(
        &self,
        intake: &Intake,
        incoming: &EdgeId,
    ) -> Result<Vec<ReceiverAction>, ReceiverError> {
        let is_among = |parts: &[&Arrival]| parts.iter().any(|part| part.edge.id == *incoming);
        let arrived = self.sets.arrived().filter(|(_, parts)| is_among(parts));
        arrived.map(|(path, parts)| Ok(arrival(intake, path, &parts)?)).collect()
    }

    /// What was said of all payments of which nothing but the sender's share is missing.
    pub(super) fn arrivals(&self, intake: &Intake) -> Vec<ReceiverAction> {
        self.sets.arrived().filter_map(|(path, parts)| arrival(intake, path, &parts).ok()).collect()
    }

    /// Only an announcement of a payment that would be accepted is answered, and only once.
    fn check_announced(
        &self,
        intake: &Intake,
        published: &Published,
        available: &HeldAvailable,
        tag: &ReplayTag,
    ) -> Result<(), Refusal> {
        let latest = available.latest_release_height;
        if latest < intake.height || latest - intake.height > MAX_HOLD_BLOCKS {
            return Err(Refusal::AnnouncementVoid { latest, height: intake.height });
        }
        self.answers.check_new(tag, &published.invoice.invoice_id())?;
        let amounts = available.holds.iter().map(|hold| hold.amount_msat);
        let offered_msat = amounts.fold(0, u64::saturating_add);
        self.check_payable(&published.invoice, offered_msat)
    }

    /// No more payments are released than can be claimed.
    fn reserve(
        &mut self,
        height: u32,
        invoice: &InvoiceId,
        available: &HeldAvailable,
    ) -> Result<Option<Refusal>, ReceiverError> {
        let (polynomial, x) = match (self.invoices.polynomial(invoice), available.x) {
            (None, None) => return Ok(None),
            (Some(polynomial), Some(x)) => (polynomial, x),
            _ => return Ok(Some(Refusal::PayerMismatch)),
        };
        let pending = self.releases.besides(polynomial, x);
        match self.claims.check_slot(&polynomial, &x, pending) {
            Ok(()) => {
                self.releases.insert(polynomial, x, height);
                Ok(None)
            }
            Err(error @ ClaimError::Store(_)) => Err(error.into()),
            Err(error) => Ok(Some(Refusal::Claim(error))),
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
