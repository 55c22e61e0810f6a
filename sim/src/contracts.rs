//! Contracts between neighbours: how they come about.

use std::collections::BTreeMap;

use bitcoin::secp256k1::Secp256k1;
use bitcoin::{Amount, ScriptBuf, Transaction};
use pointlock::contract::{
    Contract as Terms, ContractError, ContractTerms, FeeCoins, FeeLadder, FundedContract,
    OfferedContract, ReceivedContract,
};
use pointlock::curve::{Keypair, Point};
use pointlock::edge::{Edge, EdgeId, IncomingEdge};
use pointlock::lock::{Lock, LockSecret};
use pointlock::onion::Packet;
use pointlock::payment::{OfferOrigin, Proposal};

use crate::{Chain, Fact, Place, Sim, SimError, Who};

/// A contract between two neighbours.
#[derive(Clone, Debug)]
pub struct Contract {
    /// Which edge of which payment it is.
    pub place: Place,
    /// Who pays.
    pub offerer: Who,
    /// Who is paid.
    pub claimer: Who,
    /// What was agreed on, in millisatoshi; the contract has it rounded up.
    pub amount_msat: u64,
    /// The offerer's side.
    pub offered: OfferedContract,
    /// The claimer's side.
    pub received: ReceivedContract,
    /// The offerer's key in it.
    pub offerer_key: Keypair,
    /// The claimer's key in it.
    pub claimer_key: Keypair,
    /// The height at which it was made.
    pub committed_at: u32,
    /// What has become of it.
    pub standing: Standing,
}

/// What has become of a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Nothing yet.
    Open,
    /// It was claimed, honestly or not.
    Claimed {
        /// The height of the last block then.
        height: u32,
    },
    /// It is gone, and was not claimed.
    Void,
}

/// A contract of which its claimer has to be told.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// The number of the contract.
    pub contract: usize,
    /// What comes with it behind the introduction node of a blinded path.
    pub path_key: Option<Point>,
    /// The onion.
    pub packet: Packet,
}

/// Who locks what for whom.
#[derive(Clone, Copy, Debug)]
pub struct ToLock {
    /// Who pays.
    pub offerer: Who,
    /// Who is paid.
    pub claimer: Who,
    /// How much, in millisatoshi.
    pub amount_msat: u64,
    /// When the money comes back, a block height.
    pub expiry: u32,
    /// Under what.
    pub lock: Lock,
}

impl Contract {
    /// The edge's name.
    pub fn edge_id(&self) -> EdgeId {
        EdgeId::of_contract(self.offered.funded().outpoint())
    }

    /// As its offerer tells its role.
    ///
    /// # Errors
    ///
    /// As [`OfferedContract::edge`].
    pub fn outgoing(&self) -> Result<Edge, ContractError> {
        self.offered.edge(self.amount_msat)
    }

    /// As its claimer tells its role.
    ///
    /// # Errors
    ///
    /// As [`ReceivedContract::edge`].
    pub fn incoming(&self) -> Result<IncomingEdge, ContractError> {
        self.received.edge(self.amount_msat)
    }

    /// Keys, amount, expiry and lock.
    pub fn terms(&self) -> &ContractTerms {
        self.offered.funded().contract().terms()
    }

    /// What it locks, in satoshi.
    pub fn amount_sat(&self) -> u64 {
        self.terms().amount.to_sat()
    }

    /// The height at which it was claimed.
    pub fn claimed_at(&self) -> Option<u32> {
        match self.standing {
            Standing::Claimed { height } => Some(height),
            Standing::Open | Standing::Void => None,
        }
    }

    /// The claim with whatever secret and key there are, for the chain to judge.
    pub fn claim_unchecked(&self, secret: &LockSecret, claimer: &Keypair) -> Option<Transaction> {
        let coins = FeeCoins::none();
        self.received.dangerous_claim_unchecked(0, secret, claimer, &coins, &[0; 32]).ok()
    }
}

impl<C: Chain> Sim<C> {
    /// Puts the contract of a proposal on the chain and tells both sides.
    pub(crate) fn offer(
        &mut self,
        offerer: Who,
        origin: OfferOrigin,
        mut proposal: Proposal,
    ) -> Result<(), SimError<C::Refused>> {
        self.with_faults(|fault, sim| fault.before_offer(sim, offerer, &origin, &mut proposal))?;
        let Proposal { to, amount_msat, expiry, lock, path_key, packet } = proposal;
        let claimer = self.peer(offerer, &to)?;
        let place = self.place(offerer, &origin)?;
        let contract =
            self.make_contract(place, &ToLock { offerer, claimer, amount_msat, expiry, lock })?;
        let outgoing = self.contracts[contract].outgoing();
        let outgoing = outgoing.map_err(|source| self.contract_error(offerer, source))?;
        self.outgoing_committed(offerer, origin, outgoing)?;
        self.with_faults(|fault, sim| fault.after_offer(sim, offerer, &origin))?;
        let delivery = Delivery { contract, path_key, packet };
        if self.keep.contracts_for == Some(claimer) {
            self.intercepted.push(delivery);
            return Ok(());
        }
        self.deliver(delivery)
    }

    /// Makes a contract and tells nobody; gives its number.
    ///
    /// # Errors
    ///
    /// [`SimError::Contract`] and [`SimError::Refused`].
    pub fn make_contract(
        &mut self,
        place: Place,
        to_lock: &ToLock,
    ) -> Result<usize, SimError<C::Refused>> {
        let ToLock { offerer, claimer, amount_msat, expiry, lock } = *to_lock;
        let failed = |sim: &Self, source| sim.contract_error(offerer, source);
        let offerer_key = Keypair::new(self.entropy.secret());
        let claimer_key = Keypair::new(self.entropy.secret());
        let terms = ContractTerms {
            offerer: offerer_key.public_key(),
            claimer: claimer_key.public_key(),
            amount: Amount::from_sat(amount_msat.div_ceil(1_000)),
            expiry,
            lock,
        };
        let contract = Terms::new(terms).map_err(|source| failed(self, source))?;
        let payout = self.payout();
        let ladder = FeeLadder::for_claim(&contract, &payout).and_then(|ladder| {
            let rungs = ladder.fees().iter().take(self.scenario.rungs.max(1));
            FeeLadder::new(rungs.copied().collect())
        });
        let ladder = ladder.map_err(|source| failed(self, source))?;
        let outpoint = self.chain.fund(contract.tx_out());
        let outpoint = outpoint.map_err(|source| self.refused(offerer, source))?;
        let funded = FundedContract::new(contract, outpoint);
        let aux_rand = self.entropy.bytes();
        let offered =
            OfferedContract::new(funded.clone(), &payout, &ladder, &offerer_key, &aux_rand)
                .map_err(|source| failed(self, source))?;
        let pre_signatures = offered.pre_signatures().cloned();
        let received = ReceivedContract::new(funded, payout, &ladder, pre_signatures)
            .map_err(|source| self.contract_error(claimer, source))?;
        let contract = Contract {
            place,
            offerer,
            claimer,
            amount_msat,
            offered,
            received,
            offerer_key,
            claimer_key,
            committed_at: self.chain.height(),
            standing: Standing::Open,
        };
        self.note(Fact::Offered { by: offerer, edge: contract.edge_id() });
        self.contracts.push(contract);
        Ok(self.contracts.len() - 1)
    }

    /// A fresh output of somebody's wallet.
    pub(crate) fn payout(&mut self) -> ScriptBuf {
        let key = Keypair::new(self.entropy.secret()).x_only_public_key();
        ScriptBuf::new_p2tr(&Secp256k1::verification_only(), key, None)
    }

    /// Tells the claimers of these contracts, which waited.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn resume(
        &mut self,
        which: impl Fn(&Contract) -> bool,
    ) -> Result<(), SimError<C::Refused>> {
        let (resumed, kept) = std::mem::take(&mut self.intercepted)
            .into_iter()
            .partition(|delivery| which(&self.contracts[delivery.contract]));
        self.intercepted = kept;
        let resumed: Vec<Delivery> = resumed;
        resumed.into_iter().try_for_each(|delivery| self.deliver(delivery))?;
        self.run()
    }

    /// The contracts that pay this node for a payment, one for each part.
    pub fn contracts_to(&self, payment: usize, claimer: Who) -> Vec<usize> {
        let ends =
            |contract: &Contract| contract.place.payment == payment && contract.claimer == claimer;
        (0..self.contracts.len()).filter(|number| ends(&self.contracts[*number])).collect()
    }

    /// What everybody has won or lost by the claims, in millisatoshi.
    pub fn balances(&self) -> BTreeMap<Who, i64> {
        let mut balances = BTreeMap::new();
        for contract in self.contracts.iter().filter(|contract| contract.claimed_at().is_some()) {
            let msat = i64::try_from(contract.amount_sat() * 1_000).unwrap_or(i64::MAX);
            *balances.entry(contract.claimer).or_default() += msat;
            *balances.entry(contract.offerer).or_default() -= msat;
        }
        balances
    }
}
