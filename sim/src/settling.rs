//! How contracts end: claimed, failed, or taken back.

use bitcoin::Transaction;
use pointlock::contract::{FeeCoins, FeeLadder};
use pointlock::edge::EdgeId;
use pointlock::lock::LockSecret;
use pointlock::onion::HoldTime;
use pointlock::payment::{FailureMessage, FailureReply, NodeAction, OfferOrigin, Refusal};

use crate::{Chain, Fact, Settle, Sim, SimError, Standing, Who};

impl<C: Chain> Sim<C> {
    /// Carries out a claim that a role wants, and tells both sides.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn claim(
        &mut self,
        contract: usize,
        secret: &LockSecret,
    ) -> Result<(), SimError<C::Refused>> {
        let (by, edge) = (self.contracts[contract].claimer, self.contracts[contract].edge_id());
        if self.contracts[contract].standing != Standing::Open {
            self.note(Fact::ClaimedTooLate { by, edge });
            return Ok(());
        }
        let mut used = secret.clone();
        self.with_faults(|fault, sim| fault.before_claim(sim, contract, &mut used))?;
        let claimed = &self.contracts[contract];
        let transaction = if used == *secret {
            let (key, coins) = (&claimed.claimer_key, FeeCoins::none());
            let claim = claimed.received.claim(0, secret, key, &coins, &[0; 32]);
            claim.map_err(|source| self.contract_error(by, source))?
        } else {
            let claim = claimed.claim_unchecked(&used, &claimed.claimer_key);
            claim.ok_or_else(|| self.no_role(by, "claims with such a secret"))?
        };
        let sat = transaction.output[0].value.to_sat();
        self.note(Fact::Claimed { by, edge, secret: secret.clone(), sat });
        self.settle_with(contract, &transaction)?;
        match self.settle {
            Settle::OnChain => self.claim_confirmed(by, edge),
            Settle::OffChain => self.incoming_claimed(by, edge),
        }
    }

    /// Settles a contract with a claim, honest or not, and tells the offerer the secret that is in it. The claimer's role is not told.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn settle_with(
        &mut self,
        contract: usize,
        transaction: &Transaction,
    ) -> Result<(), SimError<C::Refused>> {
        let claimer = self.contracts[contract].claimer;
        let judged = match self.settle {
            Settle::OnChain => self.chain.confirm(transaction),
            Settle::OffChain => self.chain.judge(transaction),
        };
        judged.map_err(|source| self.refused(claimer, source))?;
        self.contracts[contract].standing = Standing::Claimed { height: self.chain.height() };
        if self.settle == Settle::OnChain {
            self.tell_height()?;
        }
        let settled = &self.contracts[contract];
        let (offerer, edge) = (settled.offerer, settled.edge_id());
        let secret = settled.offered.extract(transaction);
        let secret = secret.map_err(|source| self.contract_error(offerer, source))?;
        self.outgoing_fulfilled(offerer, edge, secret)
    }

    /// Carries out the claims that wait and pass, one after the other and with all that comes of each, until nobody wants one any more.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn run_claims(
        &mut self,
        which: impl Fn(&crate::Contract) -> bool,
    ) -> Result<(), SimError<C::Refused>> {
        let next = |sim: &Self| {
            sim.claims.iter().position(|(contract, _)| which(&sim.contracts[*contract]))
        };
        while let Some((contract, secret)) = next(self).and_then(|next| self.claims.remove(next)) {
            self.claim(contract, &secret)?;
            self.run()?;
        }
        Ok(())
    }

    /// Whether the chain accepts the claim with this secret; nothing is broadcast.
    pub fn accepts(&mut self, contract: usize, secret: &LockSecret) -> bool {
        let contract = &self.contracts[contract];
        contract
            .claim_unchecked(secret, &contract.claimer_key)
            .is_some_and(|transaction| self.chain.judge(&transaction).is_ok())
    }

    /// The claimer of a contract fails it.
    pub(crate) fn fail(
        &mut self,
        by: Who,
        incoming: &EdgeId,
        reason: Refusal,
        failure: &FailureReply,
    ) -> Result<(), SimError<C::Refused>> {
        let contract = self.own_contract(by, incoming)?;
        let failure = failure.after(self.hold_time(contract));
        self.note(Fact::Failed { by, edge: *incoming, reason });
        self.fail_given(by, *incoming)?;
        self.incoming_failed(by, *incoming)?;
        self.end_without_claim(contract, Some(failure))
    }

    /// How long a contract stands: ten minutes a block, and for each that was made after it a tenth of a second.
    pub(crate) fn hold_time(&self, contract: usize) -> HoldTime {
        let blocks = self.chain.height().saturating_sub(self.contracts[contract].committed_at);
        let later = self.contracts.len() - contract;
        HoldTime::from_millis(u64::from(blocks) * 600_000 + later as u64 * 100)
    }

    /// The neighbours agree that a contract is gone, and its offerer is told.
    fn end_without_claim(
        &mut self,
        contract: usize,
        failure: Option<FailureMessage>,
    ) -> Result<(), SimError<C::Refused>> {
        let ended = &mut self.contracts[contract];
        if ended.standing != Standing::Open {
            return Ok(());
        }
        ended.standing = Standing::Void;
        let (offerer, edge) = (ended.offerer, ended.edge_id());
        self.outgoing_failed(offerer, edge, failure)
    }

    /// The expiry is past: the offerer takes its money back, on the chain, and waits until that is final.
    pub(crate) fn take_back(
        &mut self,
        by: Who,
        outgoing: &EdgeId,
    ) -> Result<(), SimError<C::Refused>> {
        let contract = self.own_contract(by, outgoing)?;
        // Every block asks for it again.
        if self.contracts[contract].standing != Standing::Open {
            return Ok(());
        }
        let (payout, aux_rand) = (self.payout(), self.entropy.bytes());
        let expired = &self.contracts[contract];
        let funded = expired.offered.funded();
        let ladder = FeeLadder::for_claim(funded.contract(), &payout);
        let timeout = ladder.and_then(|ladder| {
            funded.timeout(&payout, ladder.fees()[0], &expired.offerer_key, &aux_rand)
        });
        let timeout = timeout.map_err(|source| self.contract_error(by, source))?;
        self.chain.confirm(&timeout).map_err(|source| self.refused(by, source))?;
        self.note(Fact::TakenBack { by, edge: *outgoing });
        let ended = &mut self.contracts[contract];
        ended.standing = Standing::Void;
        let claimer = ended.claimer;
        self.tell_height()?;
        self.outgoing_taken_back(by, *outgoing)?;
        self.incoming_taken_back(claimer, *outgoing)?;
        self.mine(Self::BLOCKS_UNTIL_FINAL)
    }

    /// After the block that has something in it, so many more make it final.
    const BLOCKS_UNTIL_FINAL: u32 = 5;

    /// The offer of a role is not carried out.
    pub(crate) fn withdraw(
        &mut self,
        by: Who,
        origin: &OfferOrigin,
    ) -> Result<(), SimError<C::Refused>> {
        let is_offer = |action: &NodeAction| matches!(action, NodeAction::Offer { origin: of, .. } if of == origin);
        self.tasks.retain(|(who, action)| *who != by || !is_offer(action));
        self.note(Fact::Withdrawn { by });
        self.offer_failed(by, origin)
    }

    /// A payment gets stuck where it is, and all its contracts end without a claim, from the last one backwards.
    ///
    /// # Errors
    ///
    /// [`SimError`].
    pub fn give_up(&mut self, payment: usize) -> Result<(), SimError<C::Refused>> {
        let contracts = &self.contracts;
        self.intercepted.retain(|kept| contracts[kept.contract].place.payment != payment);
        let parts = self.payments.get(payment).map_or(0, |made| made.parts);
        for part in 0..parts {
            let is_part = |contract: &crate::Contract| {
                (contract.place.payment, contract.place.part) == (payment, part)
            };
            if let Some(last) = self.contracts.iter().rposition(is_part) {
                self.end_without_claim(last, None)?;
            }
        }
        self.run()
    }
}
