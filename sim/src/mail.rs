//! Onion messages, from node to node. The receiver's last relay keeps them while the receiver is away.

use pointlock::curve::Point;
use pointlock::hold::{HoldError, HoldId};
use pointlock::onion::blinded::{NextPeer, OnionMessage, PeeledMessage};
use pointlock::payment::{ForwarderError, ForwarderEvent, ReceiverEvent, SenderEvent};
use pointlock::wire::IntroductionNode;

use crate::error::of_role;
use crate::{Chain, Fact, Sim, SimError, Who};

/// A message that waits for the receiver.
#[derive(Clone, Debug)]
pub struct Mail {
    /// Who sent it, as far as that is known outside of it.
    pub from: Option<Who>,
    /// The message.
    pub message: OnionMessage,
}

impl<C: Chain> Sim<C> {
    /// A node sends a message along a path.
    pub(crate) fn send(
        &mut self,
        by: Who,
        to: &IntroductionNode,
        message: OnionMessage,
    ) -> Result<(), SimError<C::Refused>> {
        let to = self.introduction(to)?;
        if by == Who::Receiver {
            self.note(Fact::Answered { to });
            if self.keep.answers {
                self.answers.push((to, message));
                return Ok(());
            }
        } else if let Who::Forwarder(_) = by {
            self.note(Fact::Announced { by, to });
            return self.carry(by, None, to, message);
        } else {
            self.note(Fact::Mailed { by, to });
        }
        self.carry(by, Some(by), to, message)
    }

    pub(crate) fn pass_on(
        &mut self,
        by: Who,
        from: Option<Who>,
        to: &NextPeer,
        message: OnionMessage,
    ) -> Result<(), SimError<C::Refused>> {
        let to = self.peer(by, to)?;
        self.note(Fact::PassedOn { by, to });
        self.carry(by, from, to, message)
    }

    /// Brings a message to the next node, and on from there.
    fn carry(
        &mut self,
        by: Who,
        from: Option<Who>,
        to: Who,
        message: OnionMessage,
    ) -> Result<(), SimError<C::Refused>> {
        // What goes over the wire.
        let message = OnionMessage::from_bytes(&message.to_bytes())
            .map_err(|_| SimError::Message { node: self.name(by).to_owned() })?;
        match to {
            Who::Receiver => {
                self.mailbox.push(Mail { from, message });
                if self.keep.mail { Ok(()) } else { self.read_mail() }
            }
            Who::Forwarder(number) => {
                let (before, entropy) = (self.tasks.len(), self.entropy.bytes());
                let event = ForwarderEvent::MessageReceived { message: message.clone(), entropy };
                match self.tell_forwarder(number, event) {
                    Err(ForwarderError::Hold(HoldError::Unknown(_))) => {
                        self.ahead.push((from, to, message));
                    }
                    // It came again, as after a crash, and the hold is past it.
                    Err(ForwarderError::Hold(HoldError::OutOfOrder(_))) => {}
                    told => told.map_err(|source| of_role(self.name(to), source))?,
                }
                // Passed on or announced at once, as long as it is known whose it is.
                for (who, action) in self.tasks.split_off(before) {
                    match action {
                        pointlock::payment::NodeAction::PassOn { to, message } => {
                            self.pass_on(who, from, &to, message)?;
                        }
                        pointlock::payment::NodeAction::SendMessage { to, message } => {
                            let to = self.introduction(&to)?;
                            self.note(Fact::Announced { by: who, to });
                            self.carry(who, from, to, message)?;
                        }
                        action => self.tasks.push_back((who, action)),
                    }
                }
                Ok(())
            }
            Who::Sender(index) => self.sender_reads(index, &message),
        }
    }

    /// Handovers that were ahead of their hold come again, as a sender's driver does with all that is pending; says whether there
    /// were some.
    pub(crate) fn hand_over_again(&mut self) -> Result<bool, SimError<C::Refused>> {
        let ahead = std::mem::take(&mut self.ahead);
        let count = ahead.len();
        for (from, to, message) in ahead {
            self.carry(to, from, to, message)?;
        }
        Ok(count > self.ahead.len())
    }

    /// Holders announce once more what they hold, as their drivers have them do from time to time. What that makes them want waits.
    ///
    /// # Errors
    ///
    /// [`SimError::Role`].
    pub fn announce_again(&mut self) -> Result<(), SimError<C::Refused>> {
        let height = self.chain.height();
        for number in 1..=self.forwarders.len() {
            let ledger = self.forwarders[number - 1].role().ledger();
            let held: Vec<HoldId> = ledger.announced(height).collect();
            for hold in held {
                let entropy = self.entropy.bytes();
                self.forwarder(number, ForwarderEvent::Announce { hold, entropy })?;
            }
        }
        Ok(())
    }

    fn sender_reads(
        &mut self,
        index: usize,
        message: &OnionMessage,
    ) -> Result<(), SimError<C::Refused>> {
        let peeled = message.peel(&self.keys[&Who::Sender(index)]);
        match peeled {
            Ok(PeeledMessage::Receive { payload, data, .. }) => {
                let path_id = data.path_id.unwrap_or_default().to_vec();
                let payload = payload.to_vec();
                self.sender(index, SenderEvent::MessageReceived { path_id, payload })
            }
            _ => Err(self.no_role(Who::Sender(index), "relays messages")),
        }
    }

    /// The receiver reads all its mail.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn read_mail(&mut self) -> Result<(), SimError<C::Refused>> {
        for mail in std::mem::take(&mut self.mailbox) {
            self.read(mail)?;
        }
        Ok(())
    }

    /// The receiver reads the newest mail of one sender's; says whether there was some.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn read_mail_from(&mut self, from: Who) -> Result<bool, SimError<C::Refused>> {
        let is_from = |mail: &Mail| mail.from == Some(from);
        let Some(newest) = self.mailbox.iter().rposition(is_from) else { return Ok(false) };
        let mail = self.mailbox.remove(newest);
        self.read(mail)?;
        Ok(true)
    }

    fn read(&mut self, mail: Mail) -> Result<(), SimError<C::Refused>> {
        let (message, entropy) = (mail.message, self.entropy.bytes());
        self.receive(ReceiverEvent::MessageReceived { message, entropy })
    }

    /// The receiver's answers, which waited, arrive.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn deliver_answers(&mut self) -> Result<(), SimError<C::Refused>> {
        for (to, message) in std::mem::take(&mut self.answers) {
            self.carry(Who::Receiver, Some(Who::Receiver), to, message)?;
        }
        Ok(())
    }

    pub(crate) fn introduction(
        &self,
        node: &IntroductionNode,
    ) -> Result<Who, SimError<C::Refused>> {
        match node {
            IntroductionNode::NodeId(node_id) => self.with_id(node_id),
            IntroductionNode::Channel { .. } => {
                Err(SimError::Nobody { what: "a path that begins at a channel".to_owned() })
            }
        }
    }

    pub(crate) fn with_id(&self, node_id: &Point) -> Result<Who, SimError<C::Refused>> {
        let found = self.everybody().find(|who| self.node_id(*who) == *node_id);
        found.ok_or_else(|| SimError::Nobody { what: format!("node {node_id}") })
    }
}
