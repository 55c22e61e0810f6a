//! The forwarder's two edges as they stand, and what its driver does about them: what both models have in common.

use pointlock::payment::{ForwarderAction, ForwarderEvent};

use crate::scene::{GRACE, HEIGHT, OUT_EXPIRY, incoming, names};

/// S: a transaction of the forwarder's is in a block after so many at the latest.
pub(crate) const TO_CONFIRM: u32 = 12;

/// Where an edge stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stands {
    /// It was not offered yet.
    Nowhere,
    /// As it was agreed on.
    Locked,
    /// By the other side, or by the forwarder: in a channel, or in the block of this height.
    Claimed(Option<u32>),
    /// Back with whoever offered it, the same.
    Back(Option<u32>),
}

/// The two edges, and what is under way for them.
#[derive(Clone, Debug)]
pub(crate) struct Edges {
    pub(crate) height: u32,
    pub(crate) outgoing: Stands,
    pub(crate) incoming: Stands,
    /// Offered, and the neighbour has not answered.
    pub(crate) offer: bool,
    /// The secret was given to the neighbour before, which has not taken it.
    pub(crate) claim: bool,
    /// The failure was given to the neighbour before, which has not taken it.
    pub(crate) fail: bool,
    /// Transactions that are on their way into a block, since this height.
    pub(crate) refund: Option<u32>,
    pub(crate) claim_on_chain: Option<u32>,
}

impl Edges {
    /// The incoming edge has come, and nothing else has happened.
    pub(crate) fn new() -> Self {
        Self {
            height: HEIGHT,
            outgoing: Stands::Nowhere,
            incoming: Stands::Locked,
            offer: false,
            claim: false,
            fail: false,
            refund: None,
            claim_on_chain: None,
        }
    }

    /// The driver carries out an action: what it tells the role then, or what the role must not want.
    pub(crate) fn carry_out(
        &mut self,
        action: &ForwarderAction,
    ) -> Result<Option<ForwarderEvent>, String> {
        match action {
            ForwarderAction::Offer { .. } => self.offer = self.outgoing == Stands::Nowhere,
            ForwarderAction::Withdraw { .. } => {
                self.offer = false;
                return Ok(Some(ForwarderEvent::OfferFailed { incoming: incoming().id }));
            }
            ForwarderAction::Claim { .. } => self.claim = self.incoming == Stands::Locked,
            // One that was given before is on its way.
            ForwarderAction::ClaimOnChain { .. } | ForwarderAction::SecretLate { .. } => {
                self.claim_on_chain.get_or_insert(self.height);
            }
            ForwarderAction::Fail { .. } => {
                if self.outgoing == Stands::Locked {
                    return Err("fails the incoming edge while the outgoing one stands".into());
                }
                if self.incoming == Stands::Locked && !self.fail {
                    self.fail = true;
                    return Ok(Some(ForwarderEvent::FailGiven { incoming: incoming().id }));
                }
            }
            ForwarderAction::TimeOut { .. } => {
                if self.height < OUT_EXPIRY + GRACE {
                    return Err("takes the outgoing edge back too early".into());
                }
                self.refund.get_or_insert(self.height);
            }
            ForwarderAction::RaiseFees { .. } | ForwarderAction::ReleaseRefused { .. } => {}
            other => return Err(format!("wants {}", names(std::slice::from_ref(other))[0])),
        }
        Ok(None)
    }

    /// The chain loses its last block. What was the forwarder's in it is on its way again; what was the coalition's stays possible.
    pub(crate) fn disconnect(&mut self) -> ForwarderEvent {
        let height = self.height;
        if self.outgoing == Stands::Back(Some(height)) {
            self.outgoing = Stands::Locked;
            self.refund = Some(height.saturating_sub(TO_CONFIRM));
        }
        if self.outgoing == Stands::Claimed(Some(height)) {
            self.outgoing = Stands::Claimed(None);
        }
        if self.incoming == Stands::Claimed(Some(height)) {
            self.incoming = Stands::Locked;
            self.claim_on_chain = Some(height.saturating_sub(TO_CONFIRM));
        }
        if self.incoming == Stands::Back(Some(height)) {
            self.incoming = Stands::Locked;
        }
        self.height -= 1;
        ForwarderEvent::BlockDisconnected { height }
    }

    /// Whether the forwarder has paid and was not paid.
    pub(crate) fn are_lost(&self) -> bool {
        matches!(self.outgoing, Stands::Claimed(_)) && matches!(self.incoming, Stands::Back(_))
    }
}
