//! Ways to the receiver: channels, and who chooses which end of a route.

use pointlock::edge::EdgeId;
use pointlock::invoice::{ChainHash, StaticInvoice};
use pointlock::onion::blinded::NextPeer;
use pointlock::payment::{
    AttemptSeed, ForwarderEvent, ForwardingPolicy, HopBlinds, PartOrder, Payee, Payment, Recipient,
    RouteHop, SenderEvent, Tail,
};
use pointlock::wire::Features;

use crate::{Chain, Channels, Fact, Sim, SimError, Who};

/// The block in which the first channel was made: long before any scenario begins.
const FIRST_CHANNELS: u64 = 890_000;

/// Who chooses which end of a route.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Way {
    /// The invoice's blinded path of this number, from 0; none where the route is in the clear.
    pub path: Option<usize>,
    /// The forwarder that finds the rest of the route, from 1; none where the sender knows it.
    pub finder: Option<usize>,
}

impl<C: Chain> Sim<C> {
    /// The channel between two nodes: everybody has one to everybody (BOLT 7: block, transaction, output).
    pub fn channel(&self, one: Who, other: Who) -> u64 {
        if let Channels::Given(channel) = self.scenario.channels {
            return channel(one, other);
        }
        let [one, other] = [one, other].map(|who| self.number(who));
        let (first, distance) = (one.min(other), one.abs_diff(other));
        FIRST_CHANNELS.saturating_add(first) << 40 | distance << 16
    }

    fn number(&self, who: Who) -> u64 {
        let number = match who {
            Who::Sender(index) => index,
            Who::Forwarder(number) => self.senders.len() + number - 1,
            Who::Receiver => self.senders.len() + self.forwarders.len(),
        };
        number as u64
    }

    /// Who a node means by this.
    pub(crate) fn peer(&self, who: Who, to: &NextPeer) -> Result<Who, SimError<C::Refused>> {
        match to {
            NextPeer::Node(node_id) => self.with_id(node_id),
            NextPeer::Channel(id) => self
                .everybody()
                .find(|other| *other != who && self.channel(who, *other) == *id)
                .ok_or_else(|| SimError::Nobody { what: format!("channel {id}") }),
        }
    }

    /// These forwarders, the last of which forwards to `end`.
    pub fn hops(&self, forwarders: &[Who], end: Who) -> Vec<RouteHop> {
        let next = forwarders.iter().skip(1).chain([&end]);
        let hop = |(who, next): (&Who, &Who)| RouteHop {
            node_id: self.node_id(*who),
            short_channel_id: self.channel(*who, *next),
            policy: self.policy(*who),
            features: Features::of_node(),
        };
        forwarders.iter().zip(next).map(hop).collect()
    }

    /// What a forwarder asks for; others ask for nothing.
    pub fn policy(&self, who: Who) -> ForwardingPolicy {
        let free = ForwardingPolicy {
            fee_base_msat: 0,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 0,
        };
        match who {
            Who::Forwarder(number) => {
                self.scenario.forwarders.get(number - 1).map_or(free, |hop| hop.policy)
            }
            Who::Sender(_) | Who::Receiver => free,
        }
    }

    /// A payment in parts of about the same size, on this way over the forwarders in their order.
    pub fn parts(&mut self, amount_msat: u64, count: usize, way: Way) -> Vec<PartOrder> {
        let each = amount_msat / count.max(1) as u64;
        let mut parts: Vec<PartOrder> = (1..count).map(|_| self.part(each, way)).collect();
        parts.push(self.part(amount_msat - each * parts.len() as u64, way));
        parts
    }

    fn part(&mut self, amount_msat: u64, way: Way) -> PartOrder {
        let on_path = way.path.map_or(0, |_| self.scenario.on_path);
        let to_path = self.forwarders.len() - on_path;
        let chosen: Vec<Who> = (1..=way.finder.unwrap_or(to_path)).map(Who::Forwarder).collect();
        let end = match chosen.len() + 1 {
            next if next <= self.forwarders.len() => Who::Forwarder(next),
            _ => Who::Receiver,
        };
        PartOrder {
            amount_msat,
            forwarders: self.hops(&chosen, end),
            tail: match (way.finder, way.path) {
                (Some(finder), path) => {
                    Tail::Trampoline { budget: self.budget(finder, to_path), path }
                }
                (None, Some(path)) => Tail::Path(path),
                (None, None) => Tail::Receiver,
            },
            seed: AttemptSeed::new(self.entropy.bytes()),
        }
    }

    /// What the forwarders between ask for, with as much again as the finder does, and a millionth more of each for fees on fees.
    fn budget(&self, finder: usize, last: usize) -> ForwardingPolicy {
        let own = self.policy(Who::Forwarder(finder)).fee_base_msat;
        let mut budget = ForwardingPolicy {
            fee_base_msat: own,
            fee_proportional_millionths: 0,
            cltv_expiry_delta: 0,
        };
        for between in finder + 1..=last {
            let policy = self.policy(Who::Forwarder(between));
            budget.fee_base_msat += policy.fee_base_msat;
            budget.fee_proportional_millionths += policy.fee_proportional_millionths + 1;
            budget.cltv_expiry_delta += policy.cltv_expiry_delta;
        }
        budget
    }

    /// The plainest order to pay this invoice; what else there is to say goes into its fields.
    pub fn order(&self, invoice: StaticInvoice, parts: Vec<PartOrder>, unix_time: u64) -> Payment {
        Payment {
            invoice,
            payee: Payee::Known(self.node_id(Who::Receiver)),
            amount_msat: parts
                .iter()
                .fold(0, |sum: u64, part| sum.saturating_add(part.amount_msat)),
            parts,
            chain: ChainHash::BITCOIN,
            rate: None,
            min_final_delta: self.scenario.min_final_delta,
            hold: None,
            hop_blinds: HopBlinds::Derived,
            cancellable: None,
            height: self.chain.height(),
            unix_time,
            payer: None,
        }
    }

    /// A sender is told to pay, and everything happens that then does.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn pay(&mut self, sender: usize, order: Payment) -> Result<(), SimError<C::Refused>> {
        self.sender(sender, SenderEvent::Pay(order))?;
        self.run()
    }

    /// Answers a forwarder that has been asked to find the rest of a route.
    pub(crate) fn find_route(
        &mut self,
        by: Who,
        incoming: EdgeId,
        to: &Recipient,
    ) -> Result<(), SimError<C::Refused>> {
        let Who::Forwarder(number) = by else { return Err(self.no_role(by, "finds routes")) };
        let end = match to {
            Recipient::Node(node_id) => self.with_id(node_id)?,
            Recipient::Path(path) => self.introduction(path.path.introduction_node())?,
        };
        let last = match end {
            Who::Forwarder(end) => end,
            Who::Receiver => self.forwarders.len() + 1,
            Who::Sender(_) => number + 1,
        };
        let between = (number + 1..last).map(Who::Forwarder).collect();
        let between = self.tails.get(&by).cloned().unwrap_or(between);
        self.note(Fact::RouteFound { by, incoming, end, between: between.len() });
        let seed = AttemptSeed::new(self.entropy.bytes());
        let forwarders = self.hops(&between, end);
        self.forwarder(number, ForwarderEvent::RouteFound { incoming, forwarders, seed })
    }
}
