//! Events to the roles, and what the roles want done.

use bitcoin::OutPoint;
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::{
    AttemptId, ForwarderAction, ForwarderEvent, PaymentError, ReceiverAction, ReceiverEvent,
    Refusal, SenderAction, SenderEvent,
};

use super::{Origin, Role, StoryError, Todo, World};

impl World {
    pub(crate) fn mine(&mut self, blocks: u32) -> Result<(), StoryError> {
        for _ in 0..blocks {
            self.chain.mine();
        }
        self.tell_height()
    }

    /// Tells everybody the height. Nothing is near its expiry in this story, so nobody has anything to do.
    pub(super) fn tell_height(&mut self) -> Result<(), StoryError> {
        let height = self.chain.height();
        for party in 0..self.parties.len() {
            match &self.parties[party].role {
                Role::Sender(_) => self.sender(party, SenderEvent::Block { height })?,
                Role::Forwarder(_) => {
                    self.forwarder(party, ForwarderEvent::Block { height }, None)?
                }
                // A node that is offline sees the blocks when it is back; nothing happens to it in between.
                Role::Receiver(_) => self.receive(ReceiverEvent::Block { height })?,
            }
        }
        Ok(())
    }

    /// Gives a sender an event and carries out what it wants, but for claims.
    pub(crate) fn sender(&mut self, party: usize, event: SenderEvent) -> Result<(), StoryError> {
        let Role::Sender(sender) = &mut self.parties[party].role else { return Ok(()) };
        let actions = sender.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                SenderAction::Offer { attempt, proposal } => {
                    self.plans[party] = self.plan(party, &attempt);
                    self.attempts[party] = Some(attempt);
                    let origin = Origin::Attempt(attempt);
                    self.todo.push_back(Todo::Offer { party, payment: party, origin, proposal });
                }
                SenderAction::Mail { sealed, .. } => self.mailbox[party] = Some(sealed),
                SenderAction::Paid { .. } => self.receipts[party] = true,
                SenderAction::Failed { .. } | SenderAction::TimeOut { .. } => {
                    return Err(StoryError::Claim(format!("payment {} failed", party + 1)));
                }
            }
        }
        self.work()
    }

    pub(super) fn plan(&self, party: usize, attempt: &AttemptId) -> Vec<Lock> {
        match &self.parties[party].role {
            Role::Sender(sender) => sender.locks(attempt).unwrap_or_default().to_vec(),
            Role::Forwarder(_) | Role::Receiver(_) => Vec::new(),
        }
    }

    pub(super) fn forwarder(
        &mut self,
        party: usize,
        event: ForwarderEvent,
        payment: Option<usize>,
    ) -> Result<(), StoryError> {
        let Role::Forwarder(forwarder) = &mut self.parties[party].role else { return Ok(()) };
        let actions = forwarder.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                ForwarderAction::Offer { incoming, proposal } => {
                    let payment = payment
                        .or_else(|| self.edge_at(incoming).map(|edge| self.edges[edge].payment))
                        .unwrap_or_default();
                    let origin = Origin::Incoming(incoming);
                    self.todo.push_back(Todo::Offer { party, payment, origin, proposal });
                }
                ForwarderAction::Claim { incoming, secret } => self.claim_later(incoming, secret),
                ForwarderAction::Fail { reason, .. }
                | ForwarderAction::ReleaseRefused { reason } => {
                    return Err(self.failed_back(party, reason));
                }
                ForwarderAction::TimeOut { .. } => {
                    return Err(StoryError::Claim("a contract timed out".to_owned()));
                }
            }
        }
        self.work()
    }

    /// Gives the receiver an event and carries out what it wants, but for claims.
    pub(crate) fn receive(&mut self, event: ReceiverEvent) -> Result<(), StoryError> {
        let party = self.receiver();
        let Role::Receiver(receiver) = &mut self.parties[party].role else { return Ok(()) };
        let actions = receiver.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                ReceiverAction::Release { to, sealed } => {
                    self.todo.push_back(Todo::Release { to, sealed });
                }
                ReceiverAction::Claim { incoming, secret } => self.claim_later(incoming, secret),
                ReceiverAction::Replace { .. } => {}
                ReceiverAction::Fail { reason, .. } | ReceiverAction::ReleaseRefused { reason } => {
                    return Err(self.failed_back(party, reason));
                }
            }
        }
        self.work()
    }

    pub(super) fn role_error(&self, party: usize, source: PaymentError) -> StoryError {
        StoryError::Role { hop: self.parties[party].name.clone(), source: Box::new(source) }
    }

    pub(super) fn failed_back(&self, party: usize, reason: Refusal) -> StoryError {
        StoryError::FailedBack { hop: self.parties[party].name.clone(), reason: Box::new(reason) }
    }

    pub(super) fn edge_at(&self, outpoint: OutPoint) -> Option<usize> {
        self.edges.iter().position(|edge| edge.outpoint() == outpoint)
    }

    pub(super) fn claim_later(&mut self, incoming: OutPoint, secret: LockSecret) {
        if let Some(edge) = self.edge_at(incoming) {
            self.claims.push_back((edge, secret));
        }
    }

    pub(super) fn work(&mut self) -> Result<(), StoryError> {
        while let Some(todo) = self.todo.pop_front() {
            match todo {
                Todo::Offer { party, payment, origin, proposal } => {
                    self.commit(party, payment, origin, proposal)?;
                }
                Todo::Deliver { edge, packet } => self.deliver(edge, packet)?,
                Todo::Release { to, sealed } => {
                    if let Some(holder) = self.parties.iter().position(|party| party.node_id == to)
                    {
                        self.forwarder(holder, ForwarderEvent::ReleaseReceived { sealed }, None)?;
                    }
                }
            }
        }
        Ok(())
    }
}
