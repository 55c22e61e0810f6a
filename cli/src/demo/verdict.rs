//! What a story established, and whether it is as the design says.

use pointlock_sim::{Chain as _, Holder, Who};

use super::facts::{Locked, PaymentFacts, Told};
use super::story::{Ended, Story, payer};
use super::system::{Rails, theft_expected};
use crate::narration::StoryError;

impl Story<'_> {
    /// What was established, unless something is not as the design says.
    pub(super) fn finish(self) -> Result<Told, Ended> {
        let told = self.facts();
        let verdict = self.check(&told);
        let steps = self.stage.into_steps();
        match verdict {
            Ok(()) => Ok(Told { steps, ..told }),
            Err(error) => Err(Ended { steps, error: Box::new(error) }),
        }
    }

    fn check(&self, told: &Told) -> Result<(), StoryError> {
        let claim = |holds: bool, text: &str| {
            if holds {
                Ok(())
            } else {
                Err(StoryError::Claim(format!("{}: {text}", self.system.name())))
            }
        };
        let same_text = self.invoices.windows(2).all(|pair| pair[0] == pair[1]);
        claim(
            same_text == self.system.reuses_invoice(),
            "payers get the same invoice text where it is reused, and only there",
        )?;
        claim(
            told.payments.iter().all(|payment| payment.payer_has_receipt),
            "every payer is told the secret",
        )?;
        for (payment, facts) in told.payments.iter().enumerate() {
            let stolen = payment > 0 && theft_expected(self.system);
            claim(
                facts.stolen_by.is_some() == stolen && facts.receiver_was_paid != stolen,
                "later payments over one invoice are stolen with hash locks, and only there",
            )?;
        }
        let hops = self.stage.hops();
        claim(
            told.thefts.len()
                == hops * told.payments.iter().skip(1).map(|payment| payment.parts).sum::<usize>()
                && told
                    .thefts
                    .iter()
                    .all(|theft| (theft.accepted > 0) == theft_expected(self.system)),
            "every hop can take a later payment with hash locks, and none otherwise",
        )?;
        claim(
            theft_expected(self.system)
                || told.thefts.iter().all(|theft| theft.right_secret_accepted == Some(true)),
            "the right secret is accepted by the code that refuses the thief",
        )?;
        claim(
            !self.system.point_locks() || told.thefts.iter().all(|theft| theft.tried > theft.known),
            "thieves try sums and differences too",
        )?;
        claim(
            told.payments.iter().all(|payment| payment.proof.is_some() == self.system.own_points()),
            "every payer has a proof of payment of its own in S5, and only there",
        )?;
        claim(
            told.payments.iter().enumerate().all(|(payment, facts)| {
                facts.parts == self.setting.parts(payment, self.args)
                    && (facts.stolen_by.is_some()
                        || self.stage.sim.contracts_to(payment, Who::Receiver).len() == facts.parts)
            }),
            "the receiver claims all parts or none",
        )?;
        // A route of two LSPs has no node before the receiver's LSP at which a path could begin.
        claim(
            self.args.routers == 0
                || told.invoice_names_receiver_lsp == (self.setting.rails != Rails::Bolt12),
            "who the receiver's LSP is can be read in an interim route, and not in a blinded path",
        )?;
        let contracts = &self.stage.sim.contracts;
        let early = contracts
            .iter()
            .any(|contract| contract.place.number > 1 && contract.committed_at < self.back_at);
        match self.system.holder() {
            Holder::Nobody => {}
            Holder::SenderLsp => {
                claim(!early, "only the payers' money waits for the receiver")?;
            }
            Holder::ReceiverLsp => {
                claim(early, "the money of the whole route waits for the receiver")?;
            }
        }
        Ok(())
    }

    fn facts(&self) -> Told {
        let sim = &self.stage.sim;
        let (accepted, refused) = sim.chain.judged();
        let payments = (0..sim.senders.len()).map(|payment| {
            let to_receiver = sim.contracts_to(payment, Who::Receiver);
            let first = sim.contracts_to(payment, Who::Forwarder(1)).into_iter();
            let claimed = |contract: &usize| sim.contracts[*contract].claimed_at().is_some();
            PaymentFacts {
                payer: payer(payment),
                amount_sat: self.args.amount_sat,
                parts: sim.payments[payment].parts,
                locked_sat: first.map(|contract| sim.contracts[contract].amount_sat()).sum(),
                payer_has_receipt: self.stage.has_receipt(payment),
                receiver_was_paid: !to_receiver.is_empty() && to_receiver.iter().all(claimed),
                stolen_by: self.stolen.get(&payment).cloned(),
                proof: self.proofs[payment].clone(),
            }
        });
        let end = sim.chain.height();
        let locked = sim.contracts.iter().map(|contract| Locked {
            payment: contract.place.payment + 1,
            part: contract.place.part + 1,
            party: sim.name(contract.offerer).to_owned(),
            claimer: sim.name(contract.claimer).to_owned(),
            amount_sat: contract.amount_sat(),
            since: contract.committed_at,
            blocks: contract.claimed_at().unwrap_or(end) - contract.committed_at,
        });
        Told {
            setting: self.setting,
            system: self.system,
            over: self.setting.rails.name(),
            title: self.setting.title(),
            lock: if self.system.point_locks() { "point" } else { "hash" },
            away: (self.back_at > 0).then_some([self.start_height, self.back_at]),
            invoices: self.invoices.clone(),
            invoice_names_receiver_lsp: self.invoice_names_receiver_lsp,
            payments: payments.collect(),
            locked: locked.collect(),
            learned: self.learned(),
            thefts: self.thefts.clone(),
            minimal_thieves: Vec::new(),
            accepted,
            refused,
            steps: Vec::new(),
        }
    }
}
