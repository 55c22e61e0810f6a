use std::collections::{BTreeMap, VecDeque};

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::EdgeId;
use pointlock::lock::LockSecret;
use pointlock::onion::blinded::OnionMessage;
use pointlock::payment::{Forwarder, NodeAction, Receiver, ReceiverEvent, Recorded, Sender, View};

use crate::{
    Attempt, Chain, Contract, Delivery, Entropy, Fact, Fault, Happened, Keep, Mail, PaymentMade,
    Record, Scenario, Settle, SimError, Who,
};

/// Nodes, a chain, and the contracts between them: the driver of the roles.
///
/// It carries out what the roles want done and reports what happened. Whatever waits lies in a public list, for whoever runs the scenario to
/// look at, to reorder or to lose.
pub struct Sim<C> {
    /// The chain.
    pub chain: C,
    /// All randomness.
    pub entropy: Entropy,
    /// Those who pay.
    pub senders: Vec<Recorded<Sender>>,
    /// N_1, N_2, …
    pub forwarders: Vec<Recorded<Forwarder>>,
    /// The one who is paid.
    pub receiver: Recorded<Receiver>,
    /// The node ids of those who have no role.
    pub others: Vec<Point>,
    /// As it was set up.
    pub scenario: Scenario,
    /// All contracts, in the order in which they were made.
    pub contracts: Vec<Contract>,
    /// All payments that were ordered.
    pub payments: Vec<PaymentMade>,
    /// All routes that were chosen, in the order in which they were.
    pub attempts: Vec<Attempt>,
    /// What has happened.
    pub happened: Vec<Happened>,
    /// What roles want done, still to be carried out.
    pub tasks: VecDeque<(Who, NodeAction)>,
    /// How claims are settled.
    pub settle: Settle,
    /// What waits.
    pub keep: Keep,
    /// Claims that wait: the contract, and the secret that its role gave for it.
    pub claims: VecDeque<(usize, LockSecret)>,
    /// Contracts that wait for their claimer to be told.
    pub intercepted: Vec<Delivery>,
    /// Messages that wait for the receiver.
    pub mailbox: Vec<Mail>,
    /// Messages of the receiver's that wait, with the node where they begin.
    pub answers: Vec<(Who, OnionMessage)>,
    /// The nodes over which a forwarder finds a route, where these are not the ones between.
    pub tails: BTreeMap<Who, Vec<Who>>,
    /// What receivers knew that were replaced by a backup.
    pub forgotten: Vec<View>,
    /// What nodes do otherwise than their roles say.
    pub faults: Vec<Box<dyn Fault<C>>>,
    /// What each role said to each event, and what it knew then; not kept unless there is a map here.
    pub records: Option<BTreeMap<Who, Vec<Record>>>,
    /// Handovers that no hold was there for, with who sent them and to whom.
    pub(crate) ahead: Vec<(Option<Who>, Who, OnionMessage)>,
    pub(crate) started_at: u32,
    pub(crate) receiver_since: u32,
    pub(crate) keys: BTreeMap<Who, SecretScalar>,
}

impl<C: Chain> Sim<C> {
    /// Carries out what the roles want, in the order in which they wanted it, until nothing is left but what waits.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn run(&mut self) -> Result<(), SimError<C::Refused>> {
        while self.step()? {}
        Ok(())
    }

    /// Carries out one action; says whether there was one. Where none is left, handovers that were ahead of their hold come again.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn step(&mut self) -> Result<bool, SimError<C::Refused>> {
        while self.tasks.is_empty() && self.hand_over_again()? {}
        let Some((who, action)) = self.tasks.pop_front() else { return Ok(false) };
        self.carry_out(who, action)?;
        Ok(true)
    }

    pub(crate) fn carry_out(
        &mut self,
        by: Who,
        action: NodeAction,
    ) -> Result<(), SimError<C::Refused>> {
        let fact = match action {
            NodeAction::Offer { origin, proposal } => return self.offer(by, origin, proposal),
            NodeAction::Claimable { incoming } => {
                return self.receive(ReceiverEvent::Claiming { incoming });
            }
            // Every block asks for it until the claim is reported. This contract is claimed.
            NodeAction::ClaimOnChain { incoming, .. }
                if self.contracts[self.own_contract(by, &incoming)?].claimed_at().is_some() =>
            {
                return Ok(());
            }
            NodeAction::Claim { incoming, secret }
            | NodeAction::ClaimOnChain { incoming, secret } => {
                let contract = self.own_contract(by, &incoming)?;
                if self.keep.claims {
                    // Near the expiry it is wanted a second time.
                    if !self.claims.iter().any(|(waiting, _)| *waiting == contract) {
                        self.claims.push_back((contract, secret));
                    }
                    return Ok(());
                }
                return self.claim(contract, &secret);
            }
            NodeAction::Fail { incoming, reason, failure } => {
                return self.fail(by, &incoming, reason, &failure);
            }
            NodeAction::Withdraw { origin } => return self.withdraw(by, &origin),
            NodeAction::SecretLate { incoming, secret } => {
                let contract = self.own_contract(by, &incoming)?;
                self.note(Fact::SecretLate { by, edge: incoming });
                return self.claim(contract, &secret);
            }
            // What is to be confirmed here confirms in the next block.
            NodeAction::RaiseFees { .. } => return Ok(()),
            NodeAction::TimeOut { outgoing } => return self.take_back(by, &outgoing),
            NodeAction::SendMessage { to, message } => return self.send(by, &to, message),
            NodeAction::PassOn { to, message } => return self.pass_on(by, None, &to, message),
            NodeAction::FindRoute { incoming, to, .. } => {
                return self.find_route(by, incoming, &to);
            }
            NodeAction::Paid { payment, secret } => Fact::Paid { by, payment, secret },
            NodeAction::AttemptFailed { attempt, failure, .. } => {
                let failure = failure.map(|failure| (failure.hop, failure.code()));
                Fact::AttemptFailed { by, attempt, failure }
            }
            NodeAction::PaymentFailed { payment } => Fact::PaymentFailed { by, payment },
            NodeAction::Replace { invoice } => Fact::Replace { invoice },
            NodeAction::ReleaseRefused { reason } => Fact::ReleaseRefused { by, reason },
        };
        self.note(fact);
        Ok(())
    }

    /// What has happened, without the heights.
    pub fn facts(&self) -> impl DoubleEndedIterator<Item = &Fact> {
        self.happened.iter().map(|happened| &happened.fact)
    }

    pub(crate) fn note(&mut self, fact: Fact) {
        self.happened.push(Happened { height: self.chain.height(), fact });
    }

    /// Everybody, in the order of the route.
    pub fn everybody(&self) -> impl Iterator<Item = Who> + use<C> {
        let senders = (0..self.senders.len()).map(Who::Sender);
        let forwarders = (1..=self.forwarders.len()).map(Who::Forwarder);
        senders.chain(forwarders).chain([Who::Receiver])
    }

    /// The name of a node.
    pub fn name(&self, who: Who) -> &str {
        match who {
            Who::Sender(index) => self.scenario.senders.get(index).map_or("nobody", String::as_str),
            Who::Forwarder(number) => {
                let hop =
                    number.checked_sub(1).and_then(|index| self.scenario.forwarders.get(index));
                hop.map_or("nobody", |hop| hop.name.as_str())
            }
            Who::Receiver => "receiver",
        }
    }

    /// The node of this name.
    pub fn named(&self, name: &str) -> Option<Who> {
        self.everybody().find(|who| self.name(*who) == name)
    }

    /// The last forwarder; the receiver where there is none.
    pub fn receiver_lsp(&self) -> Who {
        match self.forwarders.len() {
            0 => Who::Receiver,
            last => Who::Forwarder(last),
        }
    }

    /// The key of a node's id.
    ///
    /// # Panics
    ///
    /// There is no such node.
    pub fn key(&self, who: Who) -> Keypair {
        Keypair::new(self.keys[&who].clone())
    }

    /// A node's id.
    ///
    /// # Panics
    ///
    /// There is no such node.
    pub fn node_id(&self, who: Who) -> Point {
        self.keys[&who].to_point()
    }

    /// What a node knows.
    ///
    /// # Panics
    ///
    /// There is no such node.
    pub fn view(&self, who: Who) -> &View {
        match who {
            Who::Sender(index) => self.senders[index].view(),
            Who::Forwarder(number) => self.forwarders[number - 1].view(),
            Who::Receiver => self.receiver.view(),
        }
    }

    /// The number of the contract that is this edge.
    pub fn contract(&self, edge: &EdgeId) -> Option<usize> {
        self.contracts.iter().position(|contract| contract.edge_id() == *edge)
    }

    pub(crate) fn own_contract(
        &self,
        who: Who,
        edge: &EdgeId,
    ) -> Result<usize, SimError<C::Refused>> {
        let own = |contract: &Contract| {
            contract.edge_id() == *edge && [contract.offerer, contract.claimer].contains(&who)
        };
        let own = self.contracts.iter().position(own);
        own.ok_or_else(|| SimError::NoContract { node: self.name(who).to_owned() })
    }

    /// Puts a receiver in the place of the one that is there which knows no invoice and no claim any more: one restored from a backup
    /// that is too old. What the earlier one knew is kept apart.
    pub fn restore_receiver(&mut self) {
        let key = self.keys[&Who::Receiver].clone();
        let config = self.scenario.receiver_config(key, self.chain.height());
        let fresh = Recorded::new(self.scenario.receiver(config));
        let earlier = std::mem::replace(&mut self.receiver, fresh);
        self.receiver_since = self.chain.height();
        if let Some(records) = &mut self.records {
            records.remove(&Who::Receiver);
        }
        self.forgotten.push(earlier.view().clone());
    }
}
