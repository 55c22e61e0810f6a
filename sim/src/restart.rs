//! Crashes: what was wanted and not carried out yet is lost, and a role is what its log makes of it.

use pointlock::journal::Recordable;
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
        self.everybody()
            .flat_map(|who| self.pending_of(who).into_iter().map(move |action| (who, action)))
            .collect()
    }

    fn pending_of(&self, who: Who) -> Vec<NodeAction> {
        match who {
            Who::Sender(index) => into_all(self.senders[index].pending()),
            Who::Forwarder(number) => into_all(self.forwarders[number - 1].pending()),
            Who::Receiver => into_all(self.receiver.pending()),
        }
    }

    /// All roles are made anew from their logs, and what they want is what no event has confirmed. Messages, claims and contracts that
    /// wait are kept.
    ///
    /// # Errors
    ///
    /// [`SimError::Role`], for an event that is not accepted a second time.
    pub fn restart(&mut self) -> Result<(), SimError<C::Refused>> {
        self.everybody().try_for_each(|who| self.restart_one(who))
    }

    /// The same for one node: its log goes through the bytes that a journal has.
    ///
    /// # Errors
    ///
    /// As [`restart`](Self::restart).
    ///
    /// # Panics
    ///
    /// There is no such node, or a record can't be read.
    pub fn restart_one(&mut self, who: Who) -> Result<(), SimError<C::Refused>> {
        match who {
            Who::Sender(index) => {
                let log = written_and_read(self.senders[index].log());
                let again = Recorded::replay(Sender::new(), log);
                self.senders[index] = again.map_err(|source| of_role(self.name(who), source))?;
            }
            Who::Forwarder(number) => {
                let log = written_and_read(self.forwarders[number - 1].log());
                let fresh = self.scenario.forwarder(self.forwarder_config(number));
                let again = Recorded::replay(fresh, log);
                self.forwarders[number - 1] =
                    again.map_err(|source| of_role(self.name(who), source))?;
            }
            Who::Receiver => {
                let log = written_and_read(self.receiver.log());
                let fresh = self.scenario.receiver(self.receiver_config());
                let again = Recorded::replay(fresh, log);
                self.receiver = again.map_err(|source| of_role(self.name(who), source))?;
            }
        }
        self.tasks.retain(|(by, _)| *by != who);
        let pending = self.pending_of(who).into_iter().map(|action| (who, action));
        self.tasks.extend(pending);
        Ok(())
    }
}

/// Events as a journal keeps them.
fn written_and_read<E: Recordable>(log: &[E]) -> Vec<E> {
    let again = |event: &E| E::from_record(&event.to_record());
    log.iter().map(again).collect::<Result<_, _>>().expect("what was written can be read")
}

fn into_all<A: Into<NodeAction>>(actions: Vec<A>) -> Vec<NodeAction> {
    actions.into_iter().map(Into::into).collect()
}
