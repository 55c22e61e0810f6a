//! Messages to the holder: what it is to send to receivers, and their answers.

use alloc::vec::Vec;

use super::super::intake::Received;
use super::super::message::{Handover, SealedAnnouncement};
use super::super::{MessageError, Reaction, Refusal, ReleaseHeld, SecretSource};
use super::{Context, ForwarderAction, ForwarderError, Forwards};
use crate::curve::{SecretScalar, Tag};
use crate::hold::{Announcement, Forward, HoldError, HoldId, HoldState, ReleaseSecret, Released};
use crate::onion::blinded::{BlindedPath, OnionMessage, RecipientData};

static RELEASE_PATH: Tag = Tag::new("pointlock/release_path");
static ANNOUNCEMENT: Tag = Tag::new("pointlock/announcement_session");

/// The `path_id` of the reply paths that a node makes as a holder. It is encrypted in each of them, so they have nothing in common that
/// others could see.
fn release_path_id(node_key: &SecretScalar) -> [u8; 32] {
    RELEASE_PATH.hash(&[&*node_key.dangerous_to_bytes()])
}

/// Whether a message with these data is for the forwarder: along a path of a holder's, or without any `path_id`, as a sender reaches
/// a holder.
pub(in crate::payment) fn is_for_holder(node_key: &SecretScalar, data: &RecipientData) -> bool {
    data.path_id.is_none() || data.has_path_id(&release_path_id(node_key))
}

impl Forwards {
    /// Takes a message that ends at this node.
    pub(in crate::payment) fn message_received(
        &mut self,
        cx: &mut Context<'_>,
        message: &Received<'_>,
        entropy: &[u8; 32],
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        if !is_for_holder(&cx.intake.node_key, message.data) {
            return Err(MessageError::UnknownPath.into());
        }
        if message.data.path_id.is_some() {
            return self.release_received(cx, message.payload);
        }
        let handover = Handover::from_message(message.payload).map_err(MessageError::Payload)?;
        self.handed_over(cx, handover, entropy)
    }

    /// Keeps a sealed announcement with its hold, and sends it for the first time. One for no hold of this node's is dropped.
    fn handed_over(
        &mut self,
        cx: &Context<'_>,
        handover: Handover,
        entropy: &[u8; 32],
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        let Handover { hold, announcement } = handover;
        // Before anything is computed: anyone can send this, and a message along a path of 255 hops is expensive to make.
        if *self.ledger.state(&hold)? != HoldState::Held {
            return Err(HoldError::OutOfOrder(hold).into());
        }
        // Before anything is kept: what can't be sent was never handed over.
        let action = self.wrap(cx, &hold, &announcement, entropy)?;
        if self.ledger.announce(&hold, announcement)? {
            Ok(alloc::vec![action].into())
        } else {
            Ok(Reaction::unchanged(Vec::new()))
        }
    }

    /// Sends the announcement of a hold, if it still waits.
    pub(in crate::payment) fn announce(
        &self,
        cx: &Context<'_>,
        hold: &HoldId,
        entropy: &[u8; 32],
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        let announcement = self.ledger.announcement(hold, cx.intake.height);
        let action = announcement.map(|announcement| self.wrap(cx, hold, announcement, entropy));
        Ok(Reaction::unchanged(action.transpose()?.into_iter().collect()))
    }

    /// A message around a sealed announcement that looks like no other around it.
    fn wrap(
        &self,
        cx: &Context<'_>,
        hold: &HoldId,
        announcement: &Announcement,
        entropy: &[u8; 32],
    ) -> Result<ForwarderAction, MessageError> {
        let session = |purpose: &[u8]| {
            SecretScalar::from_hash(&ANNOUNCEMENT.hash(&[entropy, &hold.0, purpose]))
                .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256")
        };
        let node_key = &cx.intake.node_key;
        let data = RecipientData {
            path_id: Some(release_path_id(node_key).to_vec()),
            ..RecipientData::default()
        };
        let hops = [(node_key.to_point(), data.to_bytes())];
        let (reply_path, _) = BlindedPath::build(session(b"reply path"), &hops)?;
        let sealed = SealedAnnouncement {
            packet: announcement.packet.clone(),
            reply_path: reply_path.into(),
        };
        let path = &announcement.path;
        let message = OnionMessage::build(session(b"message"), path, &sealed.to_tlv())?;
        Ok(ForwarderAction::Announce { to: *path.introduction_node(), message })
    }

    /// A `release_held_ptlc`. Duplicates are harmless: a hold is released once.
    fn release_received(
        &mut self,
        cx: &mut Context<'_>,
        payload: &[u8],
    ) -> Result<Reaction<ForwarderAction>, ForwarderError> {
        let message = ReleaseHeld::from_message(payload).map_err(MessageError::Payload)?;
        let (mut actions, mut changed) = (Vec::new(), false);
        for (id, secret) in &message.holds {
            // Of a stranger's guess nothing is learned.
            let is_release_secret = match self.ledger.release(id, secret, cx.intake.height) {
                Ok(Released::AlreadyReleased) => true,
                Ok(Released::Forward(forward)) => {
                    changed = true;
                    actions.extend(self.forward_held(cx, forward));
                    true
                }
                Err(error) => {
                    let right = matches!(error, HoldError::TooLate(_) | HoldError::ZeroBlind(_));
                    let reason = Refusal::Hold(error);
                    actions.push(ForwarderAction::ReleaseRefused { reason });
                    right
                }
            };
            if is_release_secret {
                learn_release(cx, *id, secret);
            }
        }
        Ok(Reaction { actions, changed })
    }

    fn forward_held(&mut self, cx: &mut Context<'_>, forward: Forward) -> Option<ForwarderAction> {
        let incoming = self.forwardings.by_hold(&forward.id)?.incoming.id;
        match self.advance(cx, &incoming, forward.blind) {
            Ok(action) => action,
            Err(reason) => self.fail(cx, &incoming, reason),
        }
    }
}

pub(super) fn learn_release(cx: &mut Context<'_>, hold: HoldId, secret: &ReleaseSecret) {
    cx.observer.learned_scalar(SecretSource::Release { hold }, secret.as_scalar());
}
