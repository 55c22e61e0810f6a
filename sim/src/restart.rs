//! Crashes: what was wanted and not carried out yet is lost, and a role is what its log makes of it.

use pointlock::payment::{ForwarderConfig, NodeAction, ReceiverConfig, Recorded, Sender};

use crate::error::of_role;
use crate::{Chain, Sim, SimError, Who};

impl<C: Chain> Sim<C> {
    /// How N_`number` was set up.
    ///
    /// # Panics
    ///
    /// There is no such forwarder.
    pub fn forwarder_config(&self, number: usize) -> ForwarderConfig {
        let key = self.keys[&Who::Forwarder(number)].clone();
        self.scenario.forwarder_config(number, key, self.started_at)
    }

    /// How the receiver was set up.
    pub fn receiver_config(&self) -> ReceiverConfig {
        let key = self.keys[&Who::Receiver].clone();
        self.scenario.receiver_config(key, self.receiver_since)
    }

    /// What the roles want that no event has confirmed.
    pub fn pending(&self) -> Vec<(Who, NodeAction)> {
        let of = |who| -> Vec<NodeAction> {
            match who {
                Who::Sender(index) => into_all(self.senders[index].pending()),
                Who::Forwarder(number) => into_all(self.forwarders[number - 1].pending()),
                Who::Receiver => into_all(self.receiver.pending()),
            }
        };
        self.everybody()
            .flat_map(|who| of(who).into_iter().map(move |action| (who, action)))
            .collect()
    }

    /// All roles are made anew from their logs, and what they want is what no event has confirmed. Messages, claims and contracts that
    /// wait are kept.
    ///
    /// # Errors
    ///
    /// [`SimError::Role`], for an event that is not accepted a second time.
    pub fn restart(&mut self) -> Result<(), SimError<C::Refused>> {
        for index in 0..self.senders.len() {
            let lost = std::mem::replace(&mut self.senders[index], Recorded::new(Sender::new()));
            let again = Recorded::replay(Sender::new(), lost.into_log());
            self.senders[index] =
                again.map_err(|source| of_role(self.name(Who::Sender(index)), source))?;
        }
        for number in 1..=self.forwarders.len() {
            let fresh = || self.scenario.forwarder(self.forwarder_config(number));
            let (empty, fresh) = (Recorded::new(fresh()), fresh());
            let lost = std::mem::replace(&mut self.forwarders[number - 1], empty);
            let again = Recorded::replay(fresh, lost.into_log());
            self.forwarders[number - 1] =
                again.map_err(|source| of_role(self.name(Who::Forwarder(number)), source))?;
        }
        let fresh = || self.scenario.receiver(self.receiver_config());
        let (empty, fresh) = (Recorded::new(fresh()), fresh());
        let lost = std::mem::replace(&mut self.receiver, empty);
        let again = Recorded::replay(fresh, lost.into_log());
        self.receiver = again.map_err(|source| of_role(self.name(Who::Receiver), source))?;
        self.tasks = self.pending().into();
        Ok(())
    }
}

fn into_all<A: Into<NodeAction>>(actions: Vec<A>) -> Vec<NodeAction> {
    actions.into_iter().map(Into::into).collect()
}
