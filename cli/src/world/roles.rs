//! Events to the roles, and what the roles want done.

use bitcoin::OutPoint;
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::{
    AttemptId, ForwarderAction, ForwarderEvent, PaymentError, ReceiverAction, ReceiverEvent,
    SenderAction, SenderEvent,
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
                    self.attempts.push(self.sender_attempt(party, attempt));
                    let origin = Origin::Attempt(attempt);
                    self.todo.push_back(Todo::Offer { party, origin, proposal });
                }
                SenderAction::SendMessage { to, message } => {
                    let to = self.introduction(&to)?;
                    self.announces(party, to);
                    let (from, payment) = (party, party);
                    self.todo.push_back(Todo::Message { from, to, payment, message });
                }
                SenderAction::Paid { payment, .. } => {
                    self.payments[party].id = Some(payment);
                    self.receipts[party] = true;
                }
                SenderAction::AttemptFailed { failure, .. } => {
                    self.is_told(party, failure.as_ref());
                }
                SenderAction::Failed { .. } => {}
                SenderAction::TimeOut { .. } => {
                    return Err(StoryError::Claim("a contract timed out".to_owned()));
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

    /// Gives a forwarder an event and carries out what it wants, but for claims. `payment` is the one that a message is about.
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
                    let origin = Origin::Incoming(incoming);
                    self.todo.push_back(Todo::Offer { party, origin, proposal });
                }
                ForwarderAction::FindRoute { incoming, to, .. } => {
                    self.todo.push_back(Todo::FindRoute { party, incoming, to });
                }
                ForwarderAction::SendMessage { to, message } => {
                    let (from, to) = (party, self.peer(party, &to)?);
                    let payment = payment.unwrap_or_default();
                    self.passes_on(from, to);
                    self.todo.push_back(Todo::Message { from, to, payment, message });
                }
                ForwarderAction::Claim { incoming, secret } => self.claim_later(incoming, secret),
                ForwarderAction::Fail { incoming, reason, failure } => {
                    self.refused.get_or_insert((party, reason));
                    self.todo.push_back(Todo::Fail { incoming, failure });
                }
                ForwarderAction::ReleaseRefused { reason } => {
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
        self.receive_of(0, event)
    }

    /// The same, of a message about this payment.
    pub(super) fn receive_of(
        &mut self,
        payment: usize,
        event: ReceiverEvent,
    ) -> Result<(), StoryError> {
        let party = self.receiver();
        let Role::Receiver(receiver) = &mut self.parties[party].role else { return Ok(()) };
        let actions = receiver.apply(event).map_err(|source| self.role_error(party, source))?;
        for action in actions {
            match action {
                ReceiverAction::SendMessage { to, message } => {
                    let (from, to) = (party, self.introduction(&to)?);
                    self.todo.push_back(Todo::Message { from, to, payment, message });
                }
                ReceiverAction::Claim { incoming, secret } => self.claim_later(incoming, secret),
                ReceiverAction::Replace { .. } => {}
                ReceiverAction::Fail { incoming, reason, failure } => {
                    self.refused.get_or_insert((party, reason));
                    self.todo.push_back(Todo::Fail { incoming, failure });
                }
                ReceiverAction::ReleaseRefused { reason } => {
                    return Err(self.failed_back(party, reason));
                }
            }
        }
        self.work()
    }

    pub(super) fn role_error(&self, party: usize, source: PaymentError) -> StoryError {
        StoryError::Role { hop: self.parties[party].name.clone(), source: Box::new(source) }
    }

    pub(super) fn edge_at(&self, outpoint: OutPoint) -> Option<usize> {
        self.edges.iter().position(|edge| edge.outpoint() == outpoint)
    }

    pub(super) fn claim_later(&mut self, incoming: OutPoint, secret: LockSecret) {
        if let Some(edge) = self.edge_at(incoming) {
            self.claims.push_back((edge, secret));
        }
    }

    /// Carries out what is to be done, in the order in which it was wanted. A payment that was failed back is an error in the
    /// end, unless the failure was asked for.
    pub(super) fn work(&mut self) -> Result<(), StoryError> {
        if self.working {
            return Ok(());
        }
        self.working = true;
        let done = self.carry_out();
        self.working = false;
        done?;
        match self.refused.take() {
            Some((party, reason)) => Err(self.failed_back(party, reason)),
            None => Ok(()),
        }
    }

    pub(super) fn carry_out(&mut self) -> Result<(), StoryError> {
        while let Some(todo) = self.todo.pop_front() {
            match todo {
                Todo::Offer { party, origin, proposal } => self.commit(party, origin, proposal)?,
                Todo::Deliver { edge, path_key, packet } => self.deliver(edge, path_key, packet)?,
                Todo::Message { from, to, payment, message } => {
                    self.carry(from, to, payment, message)?;
                }
                Todo::FindRoute { party, incoming, to } => self.find_route(party, incoming, &to)?,
                Todo::Fail { incoming, failure } => self.fail_back(incoming, failure)?,
            }
        }
        Ok(())
    }
}
