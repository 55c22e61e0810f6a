//! Contracts between neighbours: how they come about.

use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, ScriptBuf};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, FeeLadder, FundedContract, OfferedContract,
    ReceivedContract,
};
use pointlock::curve::Keypair;
use pointlock::onion::Packet;
use pointlock::payment::{ForwarderEvent, Proposal, ReceiverEvent, SenderEvent};

use super::text::lock_text;
use super::{Edge, Origin, StoryError, Todo, Tone, World, grouped};

impl World {
    /// Puts the contract of a proposal on the chain and tells both sides.
    pub(super) fn commit(
        &mut self,
        offerer: usize,
        payment: usize,
        origin: Origin,
        mut proposal: Proposal,
    ) -> Result<(), StoryError> {
        self.spoil_lock(offerer, origin, &mut proposal);
        let claimer = self
            .parties
            .iter()
            .position(|party| party.node_id == proposal.to)
            .expect("the payers route over the nodes of this story");
        let number = self.edges.iter().filter(|edge| edge.payment == payment).count() + 1;
        let (edge, offered) =
            self.contract(payment, number, offerer, claimer, &proposal).map_err(|source| {
                StoryError::Contract {
                    hop: self.parties[offerer].name.clone(),
                    source: Box::new(source),
                }
            })?;
        let amount = edge.terms().amount.to_sat();
        self.say(
            &self.parties[offerer].name.clone(),
            Tone::Plain,
            format!(
                "locks {} sat for {} under {} until height {}",
                grouped(amount),
                self.parties[claimer].name,
                lock_text(number, &proposal.lock),
                grouped(u64::from(proposal.expiry)),
            ),
        );
        self.edges.push(edge);
        let edge = self.edges.len() - 1;
        match origin {
            Origin::Attempt(attempt) => {
                let event = SenderEvent::OutgoingCommitted { attempt, contract: offered };
                self.sender(offerer, event)?;
            }
            Origin::Incoming(incoming) => {
                let event = ForwarderEvent::OutgoingCommitted { incoming, contract: offered };
                self.forwarder(offerer, event, Some(payment))?;
            }
        }
        // The sender set up all locks, so the story knows who went astray even where a role could not.
        if self.plans[payment].get(number - 1) != Some(&proposal.lock) {
            return Err(StoryError::LockNotAsPlanned { hop: self.parties[offerer].name.clone() });
        }
        self.early_claim(offerer, origin)?;
        let deliver = Todo::Deliver { edge, packet: proposal.packet };
        if self.intercept == Some(claimer) {
            self.intercepted.push(deliver);
        } else {
            self.todo.push_back(deliver);
        }
        Ok(())
    }

    pub(super) fn contract(
        &mut self,
        payment: usize,
        number: usize,
        offerer: usize,
        claimer: usize,
        proposal: &Proposal,
    ) -> Result<(Edge, OfferedContract), ContractError> {
        let offerer_key = Keypair::new(self.secret());
        let claimer_key = Keypair::new(self.secret());
        let contract = Contract::new(ContractTerms {
            offerer: offerer_key.public_key(),
            claimer: claimer_key.public_key(),
            amount: Amount::from_sat(proposal.amount_msat.div_ceil(1_000)),
            expiry: proposal.expiry,
            lock: proposal.lock,
        })?;
        let payout = self.payout();
        let ladder = FeeLadder::for_claim(&contract, &payout)?;
        let outpoint = self.chain.fund(contract.tx_out());
        let funded = FundedContract::new(contract, outpoint);
        let aux_rand = self.entropy();
        let offered =
            OfferedContract::new(funded.clone(), &payout, &ladder, &offerer_key, &aux_rand)?;
        let pre_signatures = offered.pre_signatures().cloned();
        let received = ReceivedContract::new(funded, payout, &ladder, pre_signatures)?;
        let committed_at = self.chain.height();
        let settled_at = None;
        let edge = Edge {
            payment,
            number,
            offerer,
            claimer,
            received,
            claimer_key,
            committed_at,
            settled_at,
        };
        Ok((edge, offered))
    }

    /// A fresh output of the claimer's wallet.
    pub(super) fn payout(&mut self) -> ScriptBuf {
        let key = Keypair::new(self.secret()).x_only_public_key();
        ScriptBuf::new_p2tr(&Secp256k1::verification_only(), key, None)
    }

    pub(super) fn deliver(&mut self, edge: usize, packet: Packet) -> Result<(), StoryError> {
        let Edge { claimer, offerer, payment, .. } = self.edges[edge];
        let contract = self.edges[edge].received.clone();
        let from = self.parties[offerer].node_id;
        if claimer == self.receiver() {
            return self.receive(ReceiverEvent::IncomingCommitted { contract, packet });
        }
        let event = ForwarderEvent::IncomingCommitted { from, contract, packet };
        self.forwarder(claimer, event, Some(payment))
    }

    /// The party that was kept from its contract gets it after all.
    pub(crate) fn resume_intercepted(&mut self) -> Result<(), StoryError> {
        self.todo.extend(self.intercepted.drain(..));
        self.work()
    }

    /// The same for the contracts of one payment.
    pub(crate) fn resume_payment(&mut self, payment: usize) -> Result<(), StoryError> {
        let (resumed, kept) = std::mem::take(&mut self.intercepted).into_iter().partition(
            |todo| matches!(todo, Todo::Deliver { edge, .. } if self.edges[*edge].payment == payment),
        );
        self.intercepted = kept;
        let resumed: Vec<Todo> = resumed;
        self.todo.extend(resumed);
        self.work()
    }

    /// The party that was kept from its contract goes its own way.
    pub(crate) fn drop_intercepted(&mut self) {
        self.intercepted.clear();
    }
}
