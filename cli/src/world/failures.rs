//! Contracts that end without a claim, and what the sender reads of the reason.

use bitcoin::OutPoint;
use pointlock::onion::Failure;
use pointlock::payment::{FailureMessage, ForwarderEvent, ReceiverEvent, Refusal, SenderEvent};

use super::{Edge, StoryError, Tone, World};

impl World {
    pub(super) fn failed_back(&self, party: usize, reason: Refusal) -> StoryError {
        StoryError::FailedBack { hop: self.parties[party].name.clone(), reason: Box::new(reason) }
    }

    /// What a sender makes of the failure that came back to it.
    pub(super) fn is_told(&mut self, payer: usize, failure: Option<&Failure>) {
        let text = match failure {
            Some(failure) => {
                let says = self.forwarders().start + failure.hop;
                let who = self.parties.get(says).map_or("somebody", |party| party.name.as_str());
                format!("has its money back: {who} says {:#06x}", failure.code())
            }
            None => "has its money back".to_owned(),
        };
        self.say(&self.parties[payer].name.clone(), Tone::Plain, text);
    }

    /// The claimer of a contract has failed it.
    pub(super) fn fail_back(
        &mut self,
        incoming: OutPoint,
        failure: FailureMessage,
    ) -> Result<(), StoryError> {
        let Some(edge) = self.edge_at(incoming) else { return Ok(()) };
        let claimer = self.edges[edge].claimer;
        if claimer == self.receiver() {
            self.receive(ReceiverEvent::Settled { incoming })?;
        } else {
            self.forwarder(claimer, ForwarderEvent::IncomingFailed { incoming }, None)?;
        }
        self.end_without_claim(edge, Some(failure))
    }

    /// A payment gets stuck where it is, and all its contracts time out, from the last one backwards.
    pub(crate) fn time_out(&mut self, payment: usize) -> Result<(), StoryError> {
        let kept = |edge: usize, world: &Self| world.edges[edge].payment != payment;
        let intercepted = std::mem::take(&mut self.intercepted);
        self.intercepted = intercepted
            .into_iter()
            .filter(|todo| !matches!(todo, super::Todo::Deliver { edge, .. } if !kept(*edge, self)))
            .collect();
        for part in 0..self.payments[payment].parts {
            let is_part = |edge: &Edge| edge.payment == payment && edge.part == part;
            if let Some(last) = self.edges.iter().rposition(is_part) {
                self.end_without_claim(last, None)?;
            }
        }
        self.working = true;
        let done = self.carry_out();
        self.working = false;
        self.refused = None;
        done
    }

    fn end_without_claim(
        &mut self,
        edge: usize,
        failure: Option<FailureMessage>,
    ) -> Result<(), StoryError> {
        self.edges[edge].failed = true;
        let Edge { offerer, payment, .. } = self.edges[edge];
        let outgoing = self.edges[edge].outpoint();
        // What follows waits until everybody has been told.
        let working = std::mem::replace(&mut self.working, true);
        let told = if offerer == payment {
            self.sender(offerer, SenderEvent::OutgoingFailed { outgoing, failure })
        } else {
            self.forwarder(offerer, ForwarderEvent::OutgoingFailed { outgoing, failure }, None)
        };
        self.working = working;
        told
    }
}
