//! Events to the roles: what is public gives a role any event, what is not reports what happened to whoever it concerns.

use pointlock::edge::{Edge, EdgeId};
use pointlock::lock::LockSecret;
use pointlock::payment::{
    FailureMessage, ForwarderError, ForwarderEvent, NodeAction, OfferOrigin, ReceiverError,
    ReceiverEvent, SenderError, SenderEvent, View,
};

use crate::error::of_role;
use crate::{Chain, Delivery, Record, Sim, SimError, Who};

impl<C: Chain> Sim<C> {
    /// Gives a sender an event. What it wants waits for [`run`](Self::run).
    ///
    /// # Errors
    ///
    /// As the role.
    ///
    /// # Panics
    ///
    /// There is no such sender.
    pub fn tell_sender(&mut self, index: usize, event: SenderEvent) -> Result<(), SenderError> {
        let before = self.senders[index].log().len();
        let actions = self.senders[index].apply(event)?;
        self.enter_attempts(index, &actions);
        let kept = self.senders[index].log().len() > before;
        self.want(Who::Sender(index), kept, actions);
        Ok(())
    }

    /// Gives N_`number` an event.
    ///
    /// # Errors
    ///
    /// As the role.
    ///
    /// # Panics
    ///
    /// There is no such forwarder.
    pub fn tell_forwarder(
        &mut self,
        number: usize,
        event: ForwarderEvent,
    ) -> Result<(), ForwarderError> {
        let before = self.forwarders[number - 1].log().len();
        let actions = self.forwarders[number - 1].apply(event)?;
        self.enter_tail(number);
        let kept = self.forwarders[number - 1].log().len() > before;
        self.want(Who::Forwarder(number), kept, actions);
        Ok(())
    }

    /// Gives the receiver an event.
    ///
    /// # Errors
    ///
    /// As the role.
    pub fn tell_receiver(&mut self, event: ReceiverEvent) -> Result<(), ReceiverError> {
        let before = self.receiver.log().len();
        let actions = self.receiver.apply(event)?;
        self.want(Who::Receiver, self.receiver.log().len() > before, actions);
        Ok(())
    }

    /// What an event that changes nothing makes a role say is in no record, as the event is in no log.
    fn want<A: Into<NodeAction>>(&mut self, who: Who, kept: bool, actions: Vec<A>) {
        let actions: Vec<NodeAction> = actions.into_iter().map(Into::into).collect();
        let view: View =
            if self.records.is_some() { self.view(who).clone() } else { View::default() };
        if let Some(records) = self.records.as_mut().filter(|_| kept) {
            records.entry(who).or_default().push(Record::new(&actions, view));
        }
        self.tasks.extend(actions.into_iter().map(|action| (who, action)));
    }

    /// The same for any role, where its error ends the scenario.
    pub(crate) fn sender(
        &mut self,
        index: usize,
        event: SenderEvent,
    ) -> Result<(), SimError<C::Refused>> {
        let told = self.tell_sender(index, event);
        told.map_err(|source| of_role(self.name(Who::Sender(index)), source))
    }

    pub(crate) fn forwarder(
        &mut self,
        number: usize,
        event: ForwarderEvent,
    ) -> Result<(), SimError<C::Refused>> {
        let told = self.tell_forwarder(number, event);
        told.map_err(|source| of_role(self.name(Who::Forwarder(number)), source))
    }

    /// Gives the receiver an event, where its error ends the scenario.
    ///
    /// # Errors
    ///
    /// [`SimError::Role`].
    pub fn receive(&mut self, event: ReceiverEvent) -> Result<(), SimError<C::Refused>> {
        let told = self.tell_receiver(event);
        told.map_err(|source| of_role(self.name(Who::Receiver), source))
    }

    /// Adds so many empty blocks, and tells everybody the height.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn mine(&mut self, blocks: u32) -> Result<(), SimError<C::Refused>> {
        (0..blocks).for_each(|_| self.chain.mine());
        self.tell_height()
    }

    /// Adds empty blocks up to this height, and tells everybody.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn mine_to(&mut self, height: u32) -> Result<(), SimError<C::Refused>> {
        self.mine(height.saturating_sub(self.chain.height()))
    }

    pub(crate) fn tell_height(&mut self) -> Result<(), SimError<C::Refused>> {
        let height = self.chain.height();
        for who in self.everybody() {
            match who {
                Who::Sender(index) => self.sender(index, SenderEvent::Block { height })?,
                Who::Forwarder(number) => {
                    self.forwarder(number, ForwarderEvent::Block { height })?;
                }
                // A node that is offline sees the blocks when it is back; nothing happens to it in between.
                Who::Receiver => self.receive(ReceiverEvent::Block { height })?,
            }
        }
        Ok(())
    }

    pub(crate) fn outgoing_committed(
        &mut self,
        by: Who,
        origin: OfferOrigin,
        edge: Edge,
    ) -> Result<(), SimError<C::Refused>> {
        match (by, origin) {
            (Who::Sender(index), OfferOrigin::Attempt(attempt)) => {
                self.sender(index, SenderEvent::OutgoingCommitted { attempt, edge })
            }
            (Who::Forwarder(number), OfferOrigin::Incoming(incoming)) => {
                self.forwarder(number, ForwarderEvent::OutgoingCommitted { incoming, edge })
            }
            _ => Err(self.no_role(by, "offers")),
        }
    }

    /// Tells the claimer of a contract that it stands.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn deliver(&mut self, delivery: Delivery) -> Result<(), SimError<C::Refused>> {
        let Delivery { contract, path_key, packet } = delivery;
        let contract = &self.contracts[contract];
        let (from, claimer) = (self.node_id(contract.offerer), contract.claimer);
        let edge = contract.incoming().map_err(|source| self.contract_error(claimer, source))?;
        match claimer {
            Who::Sender(_) => Err(self.no_role(claimer, "is paid")),
            Who::Forwarder(number) => {
                let event = ForwarderEvent::IncomingCommitted { from, edge, path_key, packet };
                self.forwarder(number, event)
            }
            Who::Receiver => {
                self.receive(ReceiverEvent::IncomingCommitted { edge, path_key, packet })
            }
        }
    }

    pub(crate) fn outgoing_fulfilled(
        &mut self,
        by: Who,
        outgoing: EdgeId,
        secret: LockSecret,
    ) -> Result<(), SimError<C::Refused>> {
        let for_sender = SenderEvent::OutgoingFulfilled { outgoing, secret: secret.clone() };
        let for_forwarder = ForwarderEvent::OutgoingFulfilled { outgoing, secret };
        self.tell_offerer(by, for_sender, for_forwarder)
    }

    pub(crate) fn outgoing_failed(
        &mut self,
        by: Who,
        outgoing: EdgeId,
        failure: Option<FailureMessage>,
    ) -> Result<(), SimError<C::Refused>> {
        let for_sender = SenderEvent::OutgoingFailed { outgoing, failure: failure.clone() };
        let for_forwarder = ForwarderEvent::OutgoingFailed { outgoing, failure };
        self.tell_offerer(by, for_sender, for_forwarder)
    }

    pub(crate) fn outgoing_taken_back(
        &mut self,
        by: Who,
        outgoing: EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let height = self.chain.height();
        let for_sender = SenderEvent::OutgoingTakenBack { outgoing, height };
        let for_forwarder = ForwarderEvent::OutgoingTakenBack { outgoing, height };
        self.tell_offerer(by, for_sender, for_forwarder)
    }

    /// Tells the offerer of a contract, whichever role it is.
    fn tell_offerer(
        &mut self,
        by: Who,
        for_sender: SenderEvent,
        for_forwarder: ForwarderEvent,
    ) -> Result<(), SimError<C::Refused>> {
        match by {
            Who::Sender(index) => self.sender(index, for_sender),
            Who::Forwarder(number) => self.forwarder(number, for_forwarder),
            Who::Receiver => Err(self.no_role(by, "pays")),
        }
    }

    pub(crate) fn offer_failed(
        &mut self,
        by: Who,
        origin: &OfferOrigin,
    ) -> Result<(), SimError<C::Refused>> {
        match (by, *origin) {
            (Who::Sender(index), OfferOrigin::Attempt(attempt)) => {
                self.sender(index, SenderEvent::OfferFailed { attempt })
            }
            (Who::Forwarder(number), OfferOrigin::Incoming(incoming)) => {
                self.forwarder(number, ForwarderEvent::OfferFailed { incoming })
            }
            _ => Err(self.no_role(by, "offers")),
        }
    }

    pub(crate) fn incoming_claimed(
        &mut self,
        by: Who,
        incoming: EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let for_forwarder = ForwarderEvent::IncomingClaimed { incoming };
        self.tell_claimer(by, for_forwarder, ReceiverEvent::Settled { incoming })
    }

    pub(crate) fn claim_confirmed(
        &mut self,
        by: Who,
        incoming: EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let height = self.chain.height();
        let for_forwarder = ForwarderEvent::ClaimConfirmed { incoming, height };
        self.tell_claimer(by, for_forwarder, ReceiverEvent::ClaimConfirmed { incoming, height })
    }

    pub(crate) fn fail_given(
        &mut self,
        by: Who,
        incoming: EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let for_forwarder = ForwarderEvent::FailGiven { incoming };
        self.tell_claimer(by, for_forwarder, ReceiverEvent::FailGiven { incoming })
    }

    pub(crate) fn incoming_failed(
        &mut self,
        by: Who,
        incoming: EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let for_forwarder = ForwarderEvent::IncomingFailed { incoming };
        self.tell_claimer(by, for_forwarder, ReceiverEvent::Settled { incoming })
    }

    /// The other side has taken a contract back. A claimer that was never told of it, or is done with it, need not know.
    pub(crate) fn incoming_taken_back(
        &mut self,
        by: Who,
        incoming: EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let knows = match by {
            Who::Sender(_) => true,
            Who::Forwarder(number) => self.forwarders[number - 1].role().has_incoming(&incoming),
            Who::Receiver => self.receiver.role().has_incoming(&incoming),
        };
        if !knows {
            return Ok(());
        }
        let height = self.chain.height();
        let for_forwarder = ForwarderEvent::IncomingTakenBack { incoming, height };
        self.tell_claimer(by, for_forwarder, ReceiverEvent::IncomingTakenBack { incoming, height })
    }

    /// Tells the claimer of a contract, whichever role it is.
    fn tell_claimer(
        &mut self,
        by: Who,
        for_forwarder: ForwarderEvent,
        for_receiver: ReceiverEvent,
    ) -> Result<(), SimError<C::Refused>> {
        match by {
            Who::Sender(_) => Err(self.no_role(by, "is paid")),
            Who::Forwarder(number) => self.forwarder(number, for_forwarder),
            Who::Receiver => self.receive(for_receiver),
        }
    }
}
