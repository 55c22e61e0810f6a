use alloc::vec::Vec;

use super::paying::PayingUnder;
use super::{
    AvailableHold, FinalPayload, ForwardPayload, HeldAvailable, HoldOrder, PayerPayload, Payment,
    PaymentError, PaymentSecret, Route, SecretSource, Slot, Tweak, View,
};
use crate::curve::Point;
use crate::hold::HeldBlind;
use crate::lock::{Blind, Lock, LockSecret, RouteLocks};
use crate::onion::Packet;

/// Everything that is secret in one attempt.
pub(super) struct AttemptSecrets {
    pub(super) locks: Vec<Lock>,
    pub(super) first_blind: Option<Blind>,
    final_blind: Option<Blind>,
    /// For N_1 … N_{n−1}.
    tweaks: Vec<Tweak>,
    pub(super) view: View,
}

impl AttemptSecrets {
    pub(super) fn draw(
        payment: &Payment,
        invoice_lock: Lock,
        route: &Route,
        latest_release: u32,
    ) -> Result<Self, PaymentError> {
        let attempt = payment.seed.id();
        let edges = route.edges().len();
        let mut view = View::default();
        let (locks, mut blinds, final_blind) = match invoice_lock {
            Lock::Hash(hash) => (alloc::vec![Lock::Hash(hash); edges], Vec::new(), None),
            Lock::Point(payment_point) => {
                let blinds: Vec<Blind> = (0..edges).map(|hop| payment.seed.blind(hop)).collect();
                let locks = RouteLocks::new(&payment_point, &blinds)?;
                for (hop, blind) in blinds.iter().enumerate() {
                    let scalar = LockSecret::Scalar(blind.as_scalar().clone());
                    view.learn(SecretSource::DrawnBlind { attempt, hop }, scalar);
                }
                let points = locks.locks().iter().copied().map(Lock::Point).collect();
                (points, blinds, Some(locks.into_final_blind()))
            }
        };
        let first_blind = (!blinds.is_empty()).then(|| blinds.remove(0));
        let mut blinds = blinds.into_iter();
        let tweaks = (1..edges)
            .map(|hop| match (payment.hold, blinds.next()) {
                (Some(hold), blind) if hold.hop == hop => {
                    let release = payment.seed.release();
                    let id = payment.seed.hold_id();
                    let scalar = LockSecret::Scalar(release.as_scalar().clone());
                    view.learn(SecretSource::Release { hold: id }, scalar);
                    let held_blind =
                        blind.map(|blind| HeldBlind::new(&blind, &release)).transpose()?;
                    Ok(Tweak::Hold(HoldOrder {
                        id,
                        held_blind,
                        release_hash: release.hash(),
                        latest_release_height: latest_release,
                    }))
                }
                (_, Some(blind)) => Ok(Tweak::Blind(blind)),
                (_, None) => Ok(Tweak::None),
            })
            .collect::<Result<_, PaymentError>>()?;
        Ok(Self { locks, first_blind, final_blind, tweaks, view })
    }

    pub(super) fn packet(
        &self,
        payment: &Payment,
        route: &Route,
        paying_under: Option<&PayingUnder>,
    ) -> Result<Packet, PaymentError> {
        let payer = paying_under.and_then(|paying| self.payer(payment, paying));
        let forwarders = self.tweaks.iter().enumerate().map(|(index, tweak)| {
            let next = route.edges()[index + 1];
            ForwardPayload::encode(&route.nodes()[index + 1], next.amount_msat, next.expiry, tweak)
        });
        let last = route.edges()[route.edges().len() - 1];
        let receiver = FinalPayload::encode(
            last.amount_msat,
            last.expiry,
            &PaymentSecret::of_invoice(&payment.invoice.invoice_id()),
            payment.amount_msat,
            self.final_blind.as_ref(),
            payer.as_ref(),
        );
        let hops: Vec<(Point, Vec<u8>)> =
            route.nodes().iter().copied().zip(forwarders.chain([receiver])).collect();
        let (packet, _) = Packet::build(payment.seed.onion_session(), &hops, &[])?;
        Ok(packet)
    }

    /// What the receiver is told about the payer, whose lock is a point.
    fn payer(&self, payment: &Payment, paying: &PayingUnder) -> Option<PayerPayload> {
        let Some(Lock::Point(last_lock)) = self.locks.last() else { return None };
        Some(paying.payload(last_lock, &payment.seed.aux_rand()))
    }

    /// The announcement of the hold, and to whom.
    pub(super) fn mail(
        &self,
        payment: &Payment,
        route: &Route,
        paying_under: Option<&PayingUnder>,
    ) -> Result<Option<(Point, Vec<u8>)>, PaymentError> {
        let Some(hold) = payment.hold else { return Ok(None) };
        let message = HeldAvailable {
            holder: route.nodes()[hold.hop - 1],
            holds: alloc::vec![AvailableHold {
                id: payment.seed.hold_id(),
                release: payment.seed.release(),
                amount_msat: payment.amount_msat,
            }],
            payment_secret: PaymentSecret::of_invoice(&payment.invoice.invoice_id()),
            slot: paying_under
                .map(|paying| Slot { invoice: payment.invoice.invoice_id(), x: paying.x() }),
        };
        let receiver = route.nodes()[route.nodes().len() - 1];
        Ok(Some((receiver, message.seal(&receiver, payment.seed.mail_session())?)))
    }
}
