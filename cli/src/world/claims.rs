//! Claims: carried out in blocks, judged, shown to the offerer.

use bitcoin::Transaction;
use pointlock::contract::FeeCoins;
use pointlock::lock::LockSecret;
use pointlock::payment::{ForwarderEvent, ReceiverEvent, SenderEvent};

use super::fault::{FaultKind, with_flipped_bit};
use super::{Edge, StoryError, Tone, World, grouped, subscript};

impl World {
    /// Carries out the claims, each in a block of its own, until nobody wants one any more.
    pub(crate) fn run_claims(&mut self) -> Result<(), StoryError> {
        while let Some((edge, secret)) = self.claims.pop_front() {
            self.claim(edge, &secret)?;
        }
        Ok(())
    }

    /// Carries out the claims of one payment, in all its parts, down to that of `last` or as far as they go.
    pub(crate) fn run_claims_of(
        &mut self,
        payment: usize,
        last: Option<usize>,
    ) -> Result<(), StoryError> {
        // The parties stand in the order of the route.
        let last = last.unwrap_or(0);
        let wanted = |world: &Self, edge: usize| {
            world.edges[edge].payment == payment && world.edges[edge].claimer >= last
        };
        while let Some(next) = self.claims.iter().position(|(edge, _)| wanted(self, *edge)) {
            let Some((edge, secret)) = self.claims.remove(next) else { break };
            self.claim(edge, &secret)?;
        }
        Ok(())
    }

    /// The receiver claims a contract of which its role was not told, or which it would not claim.
    pub(crate) fn claim_by_mistake(
        &mut self,
        edge: usize,
        secret: &LockSecret,
    ) -> Result<(), StoryError> {
        let transaction = self.edges[edge].claim_unchecked(secret);
        let transaction = transaction
            .ok_or_else(|| StoryError::Claim("the receiver can't build its claim".to_owned()))?;
        self.settle(edge, &transaction)
    }

    pub(super) fn claim(&mut self, edge: usize, secret: &LockSecret) -> Result<(), StoryError> {
        let claimer = self.edges[edge].claimer;
        let hop = self.parties[claimer].name.clone();
        if self.control.is_some() && self.accepts(edge, secret) {
            let part = self.edges[edge].part;
            self.control.get_or_insert_default().push((hop.clone(), part));
        }
        let transaction = if self.takes_fault(claimer, FaultKind::FlippedBit) {
            self.edges[edge].claim_unchecked(&with_flipped_bit(secret))
        } else {
            let (edge, coins) = (&self.edges[edge], FeeCoins::none());
            let claim = edge.received.claim(0, secret, &edge.claimer_key, &coins, &[0; 32]);
            Some(claim.map_err(|source| StoryError::Contract {
                hop: hop.clone(),
                source: Box::new(source),
            })?)
        };
        let transaction =
            transaction.ok_or_else(|| StoryError::Claim(format!("{hop} can't build its claim")))?;
        let output = transaction.output[0].value.to_sat();
        let Edge { number, payment, part, .. } = self.edges[edge];
        let what = match secret {
            LockSecret::Scalar(_) => {
                format!("l{}{}", subscript(number), self.mark(payment, part))
            }
            LockSecret::Preimage(_) => "the preimage".to_owned(),
        };
        self.say(&hop, Tone::Good, format!("claims {} sat with {what}", grouped(output)));
        self.settle(edge, &transaction)?;
        self.claimed(edge)
    }

    /// Tells the claimer that its claim is in a block.
    pub(super) fn claimed(&mut self, edge: usize) -> Result<(), StoryError> {
        let Edge { claimer, .. } = self.edges[edge];
        let incoming = self.edges[edge].outpoint();
        if claimer == self.receiver() {
            return self.receive(ReceiverEvent::Settled { incoming });
        }
        self.forwarder(claimer, ForwarderEvent::IncomingClaimed { incoming }, None)
    }

    /// Confirms a claim, honest or not, and shows it to the offerer.
    pub(crate) fn settle(
        &mut self,
        edge: usize,
        transaction: &Transaction,
    ) -> Result<(), StoryError> {
        let Edge { claimer, offerer, payment, .. } = self.edges[edge];
        self.chain.confirm(transaction).map_err(|source| StoryError::Refused {
            hop: self.parties[claimer].name.clone(),
            source,
        })?;
        self.edges[edge].settled_at = Some(self.chain.height());
        self.tell_height()?;
        let outgoing = self.edges[edge].outpoint();
        let transaction = transaction.clone();
        if offerer == payment {
            self.sender(offerer, SenderEvent::OutgoingClaimed { outgoing, transaction })
        } else {
            let event = ForwarderEvent::OutgoingClaimed { outgoing, transaction };
            self.forwarder(offerer, event, None)
        }
    }

    /// Whether consensus code accepts the claim with this secret; nothing is broadcast.
    pub(crate) fn accepts(&mut self, edge: usize, secret: &LockSecret) -> bool {
        self.edges[edge]
            .claim_unchecked(secret)
            .is_some_and(|transaction| self.chain.judge(&transaction).is_ok())
    }
}
