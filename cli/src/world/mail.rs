//! Onion messages, from node to node. Whoever is the receiver's last relay keeps them while the receiver is away.

use pointlock::onion::blinded::OnionMessage;
use pointlock::payment::{ForwarderEvent, ReceiverEvent};

use super::{StoryError, Tone, World};

impl World {
    pub(super) fn announces(&mut self, payer: usize, to: usize) {
        let text = format!(
            "announces it to the receiver: h, in an onion message over {}",
            self.parties[to].name
        );
        self.say(&self.parties[payer].name.clone(), Tone::Plain, text);
    }

    pub(super) fn passes_on(&mut self, relay: usize, to: usize) {
        // The receiver is away whenever a payment is held.
        let text = if to == self.receiver() {
            "keeps the onion message until the receiver is back; it can't read it".to_owned()
        } else {
            format!("passes an onion message on to {}; it can't read it", self.parties[to].name)
        };
        self.say(&self.parties[relay].name.clone(), Tone::Plain, text);
    }

    /// Brings a message to the next node.
    pub(super) fn carry(
        &mut self,
        from: usize,
        to: usize,
        payment: usize,
        message: OnionMessage,
    ) -> Result<(), StoryError> {
        if to == self.receiver() {
            debug_assert!(self.forwarders().contains(&from), "a relay keeps it");
            self.kept[payment] = Some(message);
            return Ok(());
        }
        // What goes over the wire.
        let message = OnionMessage::from_bytes(&message.to_bytes())
            .map_err(|source| StoryError::Claim(format!("an onion message: {source}")))?;
        self.forwarder(to, ForwarderEvent::MessageReceived { message }, Some(payment))
    }

    /// The receiver gets what was kept for it about a payment. Gives whether there was something.
    pub(crate) fn read_mail(&mut self, payment: usize) -> Result<bool, StoryError> {
        let Some(message) = self.kept[payment].take() else { return Ok(false) };
        let entropy = self.entropy();
        self.receive_of(payment, ReceiverEvent::MessageReceived { message, entropy })?;
        Ok(true)
    }
}
