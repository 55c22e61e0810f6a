use std::collections::{BTreeMap, VecDeque};

use pointlock::contract::FeeLadder;
use pointlock::curve::SecretScalar;
use pointlock::hold::Limits;
use pointlock::payment::{
    Deadlines, Forwarder, ForwarderConfig, ForwardingPolicy, Receiver, ReceiverConfig, Recorded,
    Sender,
};

use crate::{Chain, Entropy, Sim};

/// Who does something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Who {
    /// A node that pays, counted from 0.
    Sender(usize),
    /// The forwarder N_i, counted from 1.
    Forwarder(usize),
    /// The node that is paid.
    Receiver,
}

/// A forwarder of a scenario.
#[derive(Clone, Debug)]
pub struct Hop {
    /// Its name.
    pub name: String,
    /// What it asks for.
    pub policy: ForwardingPolicy,
}

/// How claims are settled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settle {
    /// The claimer shows its claim to the offerer, who pays; no block is needed.
    OffChain,
    /// In a block of its own for each.
    OnChain,
}

/// What waits until the scenario says go on; everything else happens at once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// Messages to the receiver, in [`Sim::mailbox`]: it is offline.
    pub mail: bool,
    /// The receiver's answers, in [`Sim::answers`].
    pub answers: bool,
    /// Claims that roles want, in [`Sim::claims`].
    pub claims: bool,
    /// Contracts for this node, in [`Sim::intercepted`]: it acts before its role knows of them.
    pub contracts_for: Option<Who>,
}

/// Where the nodes have their keys from.
#[derive(Clone, Copy, Debug)]
pub enum NodeKeys {
    /// From the seed.
    Drawn,
    /// From this function.
    Given(fn(Who) -> SecretScalar),
}

/// What channels are called (BOLT 7: `short_channel_id`). Everybody has one to everybody.
#[derive(Clone, Copy, Debug)]
pub enum Channels {
    /// By their nodes' order, as if all had been made in one block after the other.
    Ordered,
    /// As this function says, from the first node's side to the second.
    Given(fn(Who, Who) -> u64),
}

/// Who there is, and on what terms.
///
/// ```
/// use pointlock_sim::{PlainChain, Scenario, Settle};
///
/// let sim = Scenario {
///     senders: vec!["alice".to_owned(), "bob".to_owned()],
///     settle: Settle::OffChain,
///     ..Scenario::default()
/// }
/// .start(PlainChain::new(900_000));
/// assert_eq!((sim.senders.len(), sim.forwarders.len()), (2, 3));
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    /// The names of those who pay.
    pub senders: Vec<String>,
    /// The forwarders, in the order of the usual route.
    pub forwarders: Vec<Hop>,
    /// Nodes without a role in payments, such as a vault.
    pub others: Vec<String>,
    /// How many of the last forwarders stand on the blinded paths that the receiver makes.
    pub on_path: usize,
    /// How many blocks the receiver gets for its claim.
    pub min_final_delta: u32,
    /// The receiver's clock, in seconds since 1970. At 0 no invoice has expired.
    pub unix_time: u64,
    /// How long a payment may wait.
    pub deadlines: Deadlines,
    /// Blocks that a holder keeps for itself.
    pub hold_safety_margin: u32,
    /// What a forwarder holds at most.
    pub limits: Limits,
    /// How claims are settled.
    pub settle: Settle,
    /// With how many fees a claim is pre-signed at most, the lowest first.
    pub rungs: usize,
    /// What waits.
    pub keep: Keep,
    /// Where node keys come from.
    pub node_keys: NodeKeys,
    /// What channels are called.
    pub channels: Channels,
    /// Where everything random comes from.
    pub seed: u64,
}

impl Default for Scenario {
    /// A sender, its LSP, a router, the receiver's LSP; everything happens at once and on the chain.
    fn default() -> Self {
        let hop = |name: &str| Hop { name: name.to_owned(), policy: Self::POLICY };
        Self {
            senders: vec!["sender".to_owned()],
            forwarders: ["sender_lsp", "router", "receiver_lsp"].map(hop).to_vec(),
            others: Vec::new(),
            on_path: 0,
            min_final_delta: 24,
            unix_time: 0,
            hold_safety_margin: Self::POLICY.cltv_expiry_delta + 3,
            deadlines: Deadlines::for_contracts(),
            limits: Limits { value_msat: u64::MAX, ..Limits::default() },
            settle: Settle::OnChain,
            rungs: FeeLadder::MAX_RUNGS,
            keep: Keep::default(),
            node_keys: NodeKeys::Drawn,
            channels: Channels::Ordered,
            seed: 1,
        }
    }
}

impl Scenario {
    /// What a forwarder asks for, unless something else is said.
    pub const POLICY: ForwardingPolicy = ForwardingPolicy {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 100,
        cltv_expiry_delta: 40,
    };

    /// Makes the nodes.
    ///
    /// # Panics
    ///
    /// Its deltas and margins leave a role no time: see [`Deadlines`].
    pub fn start<C: Chain>(self, chain: C) -> Sim<C> {
        let mut entropy = Entropy::from_seed(self.seed);
        let height = chain.height();
        let mut key = |who| match self.node_keys {
            NodeKeys::Drawn => entropy.secret(),
            NodeKeys::Given(key) => key(who),
        };
        let mut keys = BTreeMap::from([(Who::Receiver, key(Who::Receiver))]);
        let others = self.others.iter().map(|_| entropy.secret().to_point()).collect();
        let mut key = |who| match self.node_keys {
            NodeKeys::Drawn => entropy.secret(),
            NodeKeys::Given(key) => key(who),
        };
        let senders = (0..self.senders.len()).map(Who::Sender);
        for who in senders.chain((1..=self.forwarders.len()).map(Who::Forwarder)) {
            keys.insert(who, key(who));
        }
        let forwarders = (1..=self.forwarders.len()).map(|number| {
            let node_key = keys[&Who::Forwarder(number)].clone();
            let config = self.forwarder_config(number, node_key, height);
            Recorded::new(self.forwarder(config))
        });
        let forwarders = forwarders.collect();
        let receiver = self.receiver_config(keys[&Who::Receiver].clone(), height);
        Sim {
            senders: self.senders.iter().map(|_| Recorded::new(Sender::new())).collect(),
            forwarders,
            receiver: Recorded::new(self.receiver(receiver)),
            ahead: Vec::new(),
            started_at: height,
            receiver_since: height,
            chain,
            entropy,
            keys,
            others,
            contracts: Vec::new(),
            payments: Vec::new(),
            attempts: Vec::new(),
            happened: Vec::new(),
            tasks: VecDeque::new(),
            settle: self.settle,
            keep: self.keep,
            claims: VecDeque::new(),
            intercepted: Vec::new(),
            mailbox: Vec::new(),
            answers: Vec::new(),
            tails: BTreeMap::new(),
            forgotten: Vec::new(),
            faults: Vec::new(),
            records: None,
            scenario: self,
        }
    }

    /// How N_i is set up.
    pub fn forwarder_config(
        &self,
        number: usize,
        node_key: SecretScalar,
        height: u32,
    ) -> ForwarderConfig {
        // Its own is in its safety margin.
        let ahead = self.forwarders.iter().skip(number);
        ForwarderConfig {
            node_key,
            policy: self.forwarders[number - 1].policy,
            deadlines: self.deadlines,
            limits: self.limits,
            hold_safety_margin: self.hold_safety_margin,
            hold_deltas_ahead: ahead.map(|hop| hop.policy.cltv_expiry_delta).sum(),
            hold_min_final_delta: self.min_final_delta,
            height,
        }
    }

    /// How the receiver is set up.
    pub fn receiver_config(&self, node_key: SecretScalar, height: u32) -> ReceiverConfig {
        let Self { min_final_delta, deadlines, unix_time, .. } = *self;
        ReceiverConfig { node_key, min_final_delta, deadlines, height, unix_time }
    }

    pub(crate) fn forwarder(&self, config: ForwarderConfig) -> Forwarder {
        Forwarder::new(config).expect("a scenario's deadlines leave its forwarders time")
    }

    pub(crate) fn receiver(&self, config: ReceiverConfig) -> Receiver {
        Receiver::new(config).expect("a scenario's deadlines leave its receiver time")
    }
}
