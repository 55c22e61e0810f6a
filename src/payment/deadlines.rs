//! How long a payment may wait, at each of its stages.
//!
//! Nothing waits beyond its height. With G the grace, S = 12 blocks for a transaction to confirm and R = 2 for a reorganisation (the letters of
//! BOLT 2, "cltv_expiry_delta Selection"):
//!
//! ```text
//! height ──▶        an edge is taken while its expiry is at most this far away:     max_expiry_delta
//!
//! outgoing expiry
//!   − G − claim_margin   an offer that has not been signed for is withdrawn
//!   + G                  the edge is taken back on the chain
//! incoming expiry
//!   − policy delta       nothing is offered any more
//!   − claim_margin       a forwarder with the secret claims on the chain; without it, it fails nothing and raises its fees
//!   − claim_margin       a receiver that has not given a secret away fails all parts, and else claims on the chain
//! ```

use super::ConfigError;

/// S of BOLT 2: blocks that a transaction may take to confirm.
const BLOCKS_TO_CONFIRM: u32 = 12;
/// R of BOLT 2: blocks that a reorganisation may take back.
const REORGANISED: u32 = 2;
/// Blocks that a receiver asks for beyond its claim margin: time for the parts that come last.
const BEFORE_CLAIM_MARGIN: u32 = 6;
/// From this many confirmations on, a transaction is final.
const CONFIRMATIONS: u32 = 6;

/// Where the edges of a node stand: what it costs in blocks to settle one on the chain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settling {
    /// Each in a contract of its own, an output that is on the chain already.
    Contract,
    /// In channels: first the commitment confirms, then the claim.
    Channel,
}

/// The deadlines of a node, in blocks. The defaults are those of [`for_contracts`](Self::for_contracts).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Deadlines {
    /// Where its edges stand.
    pub settling: Settling,
    /// How far ahead an edge may expire. An edge that is taken or offered keeps its place, and its money, for so long.
    pub max_expiry_delta: u32,
    /// G: how long after its expiry an outgoing edge may still be settled off the chain.
    pub grace: u32,
    /// How long before its expiry an incoming edge is claimed on the chain.
    pub claim_margin: u32,
}

impl Default for Deadlines {
    fn default() -> Self {
        Self::for_contracts()
    }
}

impl Deadlines {
    /// For edges in contracts of their own: 2,016 blocks ahead at most, G = 3, a claim margin of 18.
    pub const fn for_contracts() -> Self {
        Self { settling: Settling::Contract, max_expiry_delta: 2_016, grace: 3, claim_margin: 18 }
    }

    /// For edges in channels: the same, with a claim margin of 30.
    pub const fn for_channels() -> Self {
        Self { settling: Settling::Channel, claim_margin: 30, ..Self::for_contracts() }
    }

    /// The least that a node may ask for between the expiries of incoming and outgoing edge.
    pub fn min_policy_delta(&self) -> u32 {
        let Self { settling, grace, claim_margin, .. } = *self;
        let in_channel = claim_margin.saturating_add(BLOCKS_TO_CONFIRM + REORGANISED);
        match settling {
            Settling::Contract => {
                grace.saturating_mul(2).saturating_add(3 * REORGANISED + 2 * BLOCKS_TO_CONFIRM)
            }
            Settling::Channel => in_channel.saturating_add(grace),
        }
    }

    /// The least that a receiver may ask for between the height and the expiry of an edge that pays it.
    pub fn min_final_delta(&self) -> u32 {
        self.claim_margin.saturating_add(BEFORE_CLAIM_MARGIN)
    }

    pub(super) fn check_policy_delta(&self, delta: u32) -> Result<(), ConfigError> {
        let least = self.min_policy_delta();
        if delta < least { Err(ConfigError::PolicyDelta { delta, least }) } else { Ok(()) }
    }

    pub(super) fn check_final_delta(&self, delta: u32) -> Result<(), ConfigError> {
        let least = self.min_final_delta();
        if delta < least { Err(ConfigError::FinalDelta { delta, least }) } else { Ok(()) }
    }

    /// A hold has to end early enough for everything that comes after its release.
    pub(super) fn check_hold_margin(&self, margin: u32, delta: u32) -> Result<(), ConfigError> {
        let least = delta.saturating_add(self.grace);
        if margin < least { Err(ConfigError::HoldSafetyMargin { margin, least }) } else { Ok(()) }
    }

    /// The highest expiry that an edge may have at this height.
    pub(super) fn latest_expiry(&self, height: u32) -> u32 {
        height.saturating_add(self.max_expiry_delta)
    }

    /// The lowest expiry that an edge may have which is offered, or to be committed, at this height.
    pub(super) fn earliest_outgoing(&self, height: u32) -> u32 {
        height.saturating_add(self.grace).saturating_add(self.claim_margin).saturating_add(1)
    }

    /// The height at which an offer that has not been signed for is withdrawn. `policy_delta` is the node's own; the sender has none,
    /// and no incoming edge.
    pub(super) fn withdraw_at(&self, outgoing: u32, incoming: Option<(u32, u32)>) -> u32 {
        let by_outgoing = outgoing.saturating_sub(self.grace).saturating_sub(self.claim_margin);
        let by_incoming = incoming.map_or(u32::MAX, |(expiry, policy_delta)| {
            expiry.saturating_sub(policy_delta).saturating_add(1)
        });
        by_outgoing.min(by_incoming)
    }

    /// The height at which an outgoing edge is taken back on the chain.
    pub(super) fn time_out_at(&self, outgoing_expiry: u32) -> u32 {
        outgoing_expiry.saturating_add(self.grace)
    }

    /// The height at which an incoming edge is claimed on the chain.
    pub(super) fn claim_at(&self, incoming_expiry: u32) -> u32 {
        incoming_expiry.saturating_sub(self.claim_margin)
    }

    /// The height at which something in the block of that height is final.
    pub(super) fn final_at(confirmed: u32) -> u32 {
        confirmed.saturating_add(CONFIRMATIONS - 1)
    }
}
