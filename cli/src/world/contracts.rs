//! Contracts between neighbours: how they come about.

use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, ScriptBuf};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, FeeLadder, FundedContract, OfferedContract,
    ReceivedContract,
};
use pointlock::curve::{Keypair, Point};
use pointlock::onion::Packet;
use pointlock::payment::{ForwarderEvent, Proposal, ReceiverEvent, SenderEvent};

use super::text::lock_text;
use super::{Edge, Origin, StoryError, Todo, Tone, World, grouped};

/// Which contract of which payment.
struct Place {
    payment: usize,
    part: usize,
    attempt: usize,
    number: usize,
}

impl World {
    /// Puts the contract of a proposal on the chain and tells both sides.
    pub(super) fn commit(
        &mut self,
        offerer: usize,
        origin: Origin,
        mut proposal: Proposal,
    ) -> Result<(), StoryError> {
        self.spoil_lock(offerer, origin, &mut proposal);
        let claimer = self.peer(offerer, &proposal.to)?;
        let place = self.place(origin)?;
        let (number, attempt) = (place.number, place.attempt);
        let lock_text = lock_text(number, self.mark(place.payment, place.part), &proposal.lock);
        let (edge, offered) =
            self.contract(&place, offerer, claimer, &proposal).map_err(|source| {
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
                "locks {} sat for {} under {lock_text} until height {}",
                grouped(amount),
                self.parties[claimer].name,
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
                self.forwarder(offerer, event, None)?;
            }
        }
        // Everybody's draws are in the views, so the story knows who went astray even where a role could not.
        if self.planned_lock(attempt, number) != Some(proposal.lock) {
            return Err(StoryError::LockNotAsPlanned { hop: self.parties[offerer].name.clone() });
        }
        self.early_claim(offerer, origin)?;
        let Proposal { path_key, packet, .. } = proposal;
        let deliver = Todo::Deliver { edge, path_key, packet };
        if self.intercept == Some(claimer) {
            self.intercepted.push(deliver);
        } else {
            self.todo.push_back(deliver);
        }
        Ok(())
    }

    /// Where the contract stands that is offered by this attempt, or for this incoming one.
    fn place(&self, origin: Origin) -> Result<Place, StoryError> {
        let nowhere = || StoryError::Claim("a contract of no payment".to_owned());
        match origin {
            Origin::Attempt(id) => {
                let attempt = self.attempts.iter().position(|attempt| attempt.id == id);
                let attempt = attempt.ok_or_else(nowhere)?;
                let super::Attempt { payment, part, .. } = self.attempts[attempt];
                Ok(Place { payment, part, attempt, number: 1 })
            }
            Origin::Incoming(incoming) => {
                let edge = &self.edges[self.edge_at(incoming).ok_or_else(nowhere)?];
                // Behind a node that has found the rest of the route begins an attempt of its own.
                let carries_on = |attempt: &super::Attempt| attempt.tail_of == Some(edge.attempt);
                let tail = self.attempts.iter().position(carries_on);
                Ok(Place {
                    payment: edge.payment,
                    part: edge.part,
                    attempt: tail.unwrap_or(edge.attempt),
                    number: edge.number + 1,
                })
            }
        }
    }

    fn contract(
        &mut self,
        place: &Place,
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
        let &Place { payment, part, attempt, number } = place;
        let edge = Edge {
            payment,
            part,
            attempt,
            number,
            offerer,
            claimer,
            received,
            claimer_key,
            committed_at,
            settled_at: None,
            failed: false,
        };
        Ok((edge, offered))
    }

    /// A fresh output of the claimer's wallet.
    pub(super) fn payout(&mut self) -> ScriptBuf {
        let key = Keypair::new(self.secret()).x_only_public_key();
        ScriptBuf::new_p2tr(&Secp256k1::verification_only(), key, None)
    }

    pub(super) fn deliver(
        &mut self,
        edge: usize,
        path_key: Option<Point>,
        packet: Packet,
    ) -> Result<(), StoryError> {
        let Edge { claimer, offerer, .. } = self.edges[edge];
        let contract = self.edges[edge].received.clone();
        let from = self.parties[offerer].node_id;
        if claimer == self.receiver() {
            return self.receive(ReceiverEvent::IncomingCommitted { contract, path_key, packet });
        }
        let event = ForwarderEvent::IncomingCommitted { from, contract, path_key, packet };
        self.forwarder(claimer, event, None)
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
