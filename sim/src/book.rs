//! Which payments there are, over which routes, and which contract is which edge of them: what no role knows alone.

use pointlock::invoice::StaticInvoice;
use pointlock::payment::{
    AttemptId, ForwarderEvent, OfferOrigin, PartOrder, PaymentId, SecretSource, SenderAction,
    SenderEvent, Tail,
};

use crate::{Chain, Sim, SimError, Who};

/// A payment that was ordered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PaymentMade {
    /// Which of the senders pays.
    pub sender: usize,
    /// Its name in the sender's books.
    pub id: PaymentId,
    /// In how many parts.
    pub parts: usize,
}

/// A route that somebody has chosen: the sender's of a part, or the rest of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Attempt {
    /// Its name in the books of whoever has chosen it.
    pub id: AttemptId,
    /// The payment, by its number.
    pub payment: usize,
    /// Which part of the payment, from 0.
    pub part: usize,
    /// The attempt that this one carries on.
    pub tail_of: Option<usize>,
    /// The number of its last edge.
    pub last_edge: usize,
    /// How many edges are before it.
    pub edges_before: usize,
    /// The receiver's path at its end.
    pub path: Option<OnPath>,
    /// What its sender has ordered to come behind the forwarders that it names.
    pub tail: Tail,
}

/// The receiver's path at the end of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnPath {
    /// Which of the invoice's, from 0.
    pub path: usize,
    /// The number of its introduction node on the route, from 1.
    pub introduction: usize,
    /// How many nodes forward on it.
    pub relays: usize,
}

/// Where a contract stands.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The payment, by its number.
    pub payment: usize,
    /// Which part of the payment, from 0.
    pub part: usize,
    /// By whose choice it is there: the number of an attempt.
    pub attempt: usize,
    /// 1 for the sender's edge, and so on; 0 for a contract that no role has asked for.
    pub number: usize,
}

impl<C: Chain> Sim<C> {
    /// Enters what a sender was ordered last, if that made it offer something.
    pub(crate) fn enter_attempts(&mut self, index: usize, actions: &[SenderAction]) {
        let (sender, role) = (&self.senders[index], self.senders[index].role());
        let mut offered = actions.iter().filter_map(|action| match action {
            SenderAction::Offer { attempt, .. } => Some(*attempt),
            _ => None,
        });
        let Some(event) = sender.log().last() else { return };
        let mut entered = Vec::new();
        match event {
            SenderEvent::Pay(order) => {
                let Some(first) = offered.next() else { return };
                let Some(id) = role.payment_of(&first) else { return };
                let payment = self.payments.len();
                for (part, (id, part_order)) in
                    [first].into_iter().chain(offered).zip(&order.parts).enumerate()
                {
                    entered.push(attempt(id, payment, part, part_order, &order.invoice));
                }
                let parts = order.parts.len();
                self.payments.push(PaymentMade { sender: index, id, parts });
            }
            SenderEvent::Retry { attempt: failed, order, .. } => {
                let before = self.attempts.iter().find(|attempt| attempt.id == *failed);
                let (Some(id), Some(before)) = (offered.next(), before) else { return };
                let paid = sender.log().iter().find_map(|event| match event {
                    SenderEvent::Pay(paid) => role
                        .payment_of(failed)
                        .filter(|payment| *payment == self.payments[before.payment].id)
                        .map(|_| &paid.invoice),
                    _ => None,
                });
                let Some(invoice) = paid else { return };
                entered.push(attempt(id, before.payment, before.part, order, invoice));
            }
            _ => {}
        }
        self.attempts.extend(entered);
    }

    /// Enters the rest of a route that a forwarder was given last, if it was.
    pub(crate) fn enter_tail(&mut self, number: usize) {
        let forwarder = &self.forwarders[number - 1];
        let Some(ForwarderEvent::RouteFound { incoming, forwarders, .. }) = forwarder.log().last()
        else {
            return;
        };
        // Under a hash nothing is drawn, and nobody could tell its edges from those of the sender's.
        let drawn = forwarder.view().secrets().iter().rev().find_map(|known| match known.source {
            SecretSource::DrawnBlind { attempt, .. } => Some(attempt),
            _ => None,
        });
        let known = |id: &AttemptId| self.attempts.iter().any(|attempt| attempt.id == *id);
        let Some(id) = drawn.filter(|id| !known(id)) else { return };
        let Some(contract) = self.contract(incoming) else { return };
        let place = self.contracts[contract].place;
        let Some(outer) = self.attempts.get(place.attempt) else { return };
        let behind = place.number + forwarders.len() + 1;
        let path = outer.path.map(|path| OnPath { introduction: behind, ..path });
        self.attempts.push(Attempt {
            id,
            tail_of: Some(place.attempt),
            last_edge: behind + path.map_or(0, |path| path.relays),
            edges_before: place.number,
            path,
            ..*outer
        });
    }

    /// Where the contract stands that somebody offers.
    pub(crate) fn place(
        &self,
        by: Who,
        origin: &OfferOrigin,
    ) -> Result<Place, SimError<C::Refused>> {
        let nowhere = || SimError::NoOrigin { node: self.name(by).to_owned() };
        match origin {
            OfferOrigin::Attempt(id) => {
                let attempt = self.attempts.iter().position(|attempt| attempt.id == *id);
                let attempt = attempt.ok_or_else(nowhere)?;
                let Attempt { payment, part, .. } = self.attempts[attempt];
                Ok(Place { payment, part, attempt, number: 1 })
            }
            OfferOrigin::Incoming(incoming) => {
                let contract = self.contract(incoming).ok_or_else(nowhere)?;
                let place = self.contracts[contract].place;
                // Behind a node that has found the rest of the route begins an attempt of its own.
                let carries_on = |attempt: &Attempt| attempt.tail_of == Some(place.attempt);
                let tail = self.attempts.iter().position(carries_on);
                let attempt = tail.unwrap_or(place.attempt);
                Ok(Place { attempt, number: place.number + 1, ..place })
            }
        }
    }

    /// The payment of this name, by its number.
    pub fn payment(&self, sender: usize, id: &PaymentId) -> Option<usize> {
        self.payments.iter().position(|made| (made.sender, made.id) == (sender, *id))
    }
}

/// A sender's attempt, as it was ordered.
fn attempt(
    id: AttemptId,
    payment: usize,
    part: usize,
    order: &PartOrder,
    invoice: &StaticInvoice,
) -> Attempt {
    let chosen = order.forwarders.len();
    let over = match order.tail {
        Tail::Receiver => None,
        Tail::Path(path) => Some(path),
        Tail::Trampoline { path, .. } => path,
    };
    let path = over.and_then(|path| {
        let relays = invoice.paths().get(path)?.path.hops().len().saturating_sub(1);
        Some(OnPath { path, introduction: chosen + 1, relays })
    });
    let last_edge = match order.tail {
        Tail::Receiver => chosen + 1,
        Tail::Path(_) => chosen + 1 + path.map_or(0, |path| path.relays),
        Tail::Trampoline { .. } => chosen,
    };
    Attempt { id, payment, part, tail_of: None, last_edge, edges_before: 0, path, tail: order.tail }
}
