use alloc::boxed::Box;
use alloc::vec::Vec;

use super::super::route::RouteEnd;
use super::super::{
    AttemptSeed, ForwardingPolicy, HopBlinds, MessageError, OrderError, PayerSeed, Recipient,
    RouteError, RouteHop, SenderError,
};
use crate::curve::Point;
use crate::invoice::{ChainHash, Offer, PaymentLock, PaymentPath, Rate, StaticInvoice};
use crate::wire::{BlindedPath, IntroductionNode};

/// `basic_mpp` (BOLT 9): the invoice has to be paid in parts, or may be.
const PARTS_REQUIRED: usize = 16;
const PARTS_ALLOWED: usize = 17;

/// Whom the sender means to pay.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Payee {
    /// The owner of this node id, known from elsewhere: an invoice of anybody else is refused.
    Known(Point),
    /// The issuer of this offer, which is known from elsewhere: an invoice that is not for it, in every field of an offer, is
    /// refused.
    Offer(Box<Offer>),
    /// Whoever signed the invoice. The sender trusts whoever gave it the invoice: a vault can put its own in place of
    /// the receiver's.
    WhoeverSigned,
}

/// Where a payment is to be held, and for how long. The receiver is told along a message path, so its invoice has to have one
/// ([`StaticInvoice::message_paths`]); without one the order is refused with [`MessageError::NoMessagePath`]. The holder has to say
/// that it holds ([`RouteHop::features`](super::super::RouteHop::features)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HoldPlan {
    /// The forwarder that holds, counted from 1; the same node on the route of every part.
    pub hop: usize,
    /// For how many blocks at most.
    pub blocks: u32,
}

/// Who pays under a k-time payment point.
#[derive(Debug)]
pub struct Payer {
    /// Fresh entropy for this payment, the same for every attempt of it.
    pub seed: PayerSeed,
    /// A note to the receiver, to be bound into the payment. It travels in the onion of every part, so a hundred bytes at most.
    pub note: Option<Vec<u8>>,
}

/// An order to pay.
#[derive(Debug)]
pub struct Payment {
    /// What to pay, decoded and with its signature verified.
    pub invoice: StaticInvoice,
    /// Whom.
    pub payee: Payee,
    /// On which chain the sender pays: an invoice for another one is refused.
    pub chain: ChainHash,
    /// How much the receiver gets over all parts, in millisatoshi: what the invoice asks for at least, and at most twice that
    /// ([`StaticInvoice::amount_range`]).
    pub amount_msat: u64,
    /// At which the sender has converted, if the invoice asks for an amount in a currency. Without it such an invoice is refused.
    pub rate: Option<Rate>,
    /// Its parts, at least one. The receiver claims all or none.
    pub parts: Vec<PartOrder>,
    /// How many blocks the receiver gets to claim.
    pub min_final_delta: u32,
    /// Where to hold, if the receiver is offline.
    pub hold: Option<HoldPlan>,
    /// Where the forwarders have their y's from.
    pub hop_blinds: HopBlinds,
    /// For a payment that can be cancelled until the receiver has it: where it is to say so. The sender has to be there then, so it
    /// can't be held as well.
    pub cancellable: Option<ArrivalPath>,
    /// The height now.
    pub height: u32,
    /// The time now, in seconds since 1970.
    pub unix_time: u64,
    /// Who pays, for an invoice with k-time payment points; none for any other, whose payers have no points of their own
    /// and get no proof of payment.
    pub payer: Option<Payer>,
}

/// A path for messages to the sender's own node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ArrivalPath {
    /// The path.
    pub path: BlindedPath<IntroductionNode>,
    /// Its `path_id`, 32 bytes that nobody can guess, for this payment alone.
    pub path_id: [u8; 32],
}

/// One part of a payment, and the way that it takes.
#[derive(Debug)]
pub struct PartOrder {
    /// How much of the payment, in millisatoshi.
    pub amount_msat: u64,
    /// The forwarders N_1, N_2, … that the sender has chosen; the last one's channel leads to where the tail begins.
    pub forwarders: Vec<RouteHop>,
    /// What comes behind them.
    pub tail: Tail,
    /// Fresh entropy, for this attempt alone.
    pub seed: AttemptSeed,
}

/// How the route of a part ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tail {
    /// At the receiver, the end of the invoice's interim route.
    Receiver,
    /// With the invoice's path of this number, counted from 0: the next node is its introduction node.
    Path(usize),
    /// The last forwarder finds the way to the receiver itself, when it forwards.
    Trampoline {
        /// What it may spend on the way beyond its own terms.
        budget: ForwardingPolicy,
        /// Over the invoice's path of this number, if it has paths.
        path: Option<usize>,
    },
}

impl Payment {
    /// The most parts: what one direction of a channel carries (BOLT 2).
    pub const MAX_PARTS: usize = 483;

    /// Whether the invoice may be paid like this at all.
    ///
    /// # Errors
    ///
    /// [`OrderError`], with the field, or [`MessageError::NoMessagePath`].
    pub(super) fn check(&self) -> Result<(), SenderError> {
        self.check_invoice()?;
        if self.cancellable.is_some() || self.hold.is_some() {
            self.check_waiting()?;
        }
        Ok(())
    }

    fn check_invoice(&self) -> Result<(), OrderError> {
        let invoice = &self.invoice;
        invoice.check_chain(self.chain)?;
        invoice.check_not_expired(self.unix_time)?;
        match &self.payee {
            Payee::Known(payee) if invoice.invoice_node_id() != *payee => {
                return Err(OrderError::NotFromPayee);
            }
            Payee::Offer(offer) => invoice.verify_offer(offer)?,
            Payee::Known(_) | Payee::WhoeverSigned => {}
        }
        let (asked, amount_msat) = (invoice.amount_range(self.rate.as_ref())?, self.amount_msat);
        if amount_msat < *asked.start() {
            return Err(OrderError::BelowInvoice { asked_msat: *asked.start(), amount_msat });
        }
        if amount_msat > *asked.end() {
            return Err(OrderError::AboveInvoice { most_msat: *asked.end(), amount_msat });
        }
        let sum = self.parts.iter().try_fold(0, |sum: u64, part| sum.checked_add(part.amount_msat));
        if sum != Some(self.amount_msat) || self.parts.len() > Self::MAX_PARTS {
            return Err(OrderError::PartsMismatch { amount_msat: self.amount_msat });
        }
        let has = |feature: usize| invoice.invoice_features().bits().any(|bit| bit == feature);
        let allowed = has(PARTS_REQUIRED) || has(PARTS_ALLOWED);
        match self.parts.len() {
            // The preimage of a hash opens every part, so that the receiver could claim one without the others.
            2.. if !(allowed && self.is_under_points()) => Err(OrderError::PartsNotAllowed),
            0..=1 if has(PARTS_REQUIRED) => Err(OrderError::PartsRequired),
            _ => Ok(()),
        }
    }

    fn is_under_points(&self) -> bool {
        matches!(self.invoice.lock(), Some(PaymentLock::Points(_)))
    }

    /// What holds for a payment that waits for somebody: both need a path for messages to the receiver.
    fn check_waiting(&self) -> Result<(), SenderError> {
        if self.cancellable.is_some() && (self.hold.is_some() || !self.is_under_points()) {
            return Err(OrderError::NotCancellable.into());
        }
        if self.invoice.message_paths().is_empty() {
            return Err(MessageError::NoMessagePath.into());
        }
        if let Some(hold) = self.hold {
            let mut holders = self.parts.iter().map(|part| part.holder(hold));
            let first = holders.next().flatten();
            if first.is_none() || !holders.all(|holder| holder == first) {
                return Err(OrderError::NoHolder { hop: hold.hop }.into());
            }
        }
        Ok(())
    }
}

impl PartOrder {
    /// The node that holds this part, if there is one at that hop.
    pub(super) fn holder(&self, hold: HoldPlan) -> Option<Point> {
        let index = hold.hop.checked_sub(1)?;
        self.forwarders.get(index).map(|hop| hop.node_id)
    }

    /// Where the invoice wants the route to end.
    ///
    /// # Errors
    ///
    /// [`RouteError::RouteMismatch`], [`RouteError::NoSuchPath`] and [`RouteError::NoTrampoline`].
    pub(super) fn end(
        &self,
        invoice: &StaticInvoice,
        min_final_delta: u32,
    ) -> Result<RouteEnd, RouteError> {
        match self.tail {
            Tail::Receiver => self.clear_end(invoice).map(RouteEnd::Node),
            Tail::Path(index) => Recipient::Path(path(invoice, index)?).route_end(),
            Tail::Trampoline { .. } if self.forwarders.is_empty() => Err(RouteError::NoTrampoline),
            Tail::Trampoline { budget, path: index } => {
                // A path has the blocks that its receiver wants in its own delta.
                let (recipient, min_final_delta) = match index {
                    Some(index) => (Recipient::Path(path(invoice, index)?), 0),
                    None => (Recipient::Node(receiver(invoice)?), min_final_delta),
                };
                Ok(RouteEnd::Trampoline { recipient, budget, min_final_delta })
            }
        }
    }

    /// The interim route ends with the receiver; what comes before it are the last forwarders.
    fn clear_end(&self, invoice: &StaticInvoice) -> Result<Point, RouteError> {
        let receiver = receiver(invoice)?;
        let (_, tail) = invoice.interim_route().split_last().ok_or(RouteError::RouteMismatch)?;
        let forwarders = self.forwarders.iter().map(|hop| hop.node_id);
        if forwarders.rev().take(tail.len()).eq(tail.iter().rev().copied()) {
            Ok(receiver)
        } else {
            Err(RouteError::RouteMismatch)
        }
    }
}

/// Who receives, if the invoice says so in the clear: where there are blinded paths too, they are meant.
fn receiver(invoice: &StaticInvoice) -> Result<Point, RouteError> {
    if !invoice.paths().is_empty() {
        return Err(RouteError::RouteMismatch);
    }
    invoice.interim_route().last().copied().ok_or(RouteError::RouteMismatch)
}

fn path(invoice: &StaticInvoice, index: usize) -> Result<PaymentPath, RouteError> {
    let path = invoice.paths().get(index).filter(|path| path.is_usable());
    path.cloned().ok_or(RouteError::NoSuchPath { index })
}
