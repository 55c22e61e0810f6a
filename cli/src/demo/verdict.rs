//! What a story established, and whether it is as the design says.

use super::error::StoryError;
use super::facts::{Locked, PaymentFacts, Told};
use super::story::{Ended, Story, payer};
use super::system::{Holder, Rails};

impl Story<'_> {
    /// What was established, unless something is not as the design says.
    pub(super) fn finish(self) -> Result<Told, Ended> {
        let told = self.facts();
        let verdict = self.check(&told);
        let steps = self.world.steps;
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
            let stolen = payment > 0 && self.system.theft_expected();
            claim(
                facts.stolen_by.is_some() == stolen && facts.receiver_was_paid != stolen,
                "later payments over one invoice are stolen with hash locks, and only there",
            )?;
        }
        let hops = self.world.forwarders().len();
        claim(
            told.thefts.len()
                == hops * told.payments.iter().skip(1).map(|payment| payment.parts).sum::<usize>()
                && told
                    .thefts
                    .iter()
                    .all(|theft| (theft.accepted > 0) == self.system.theft_expected()),
            "every hop can take a later payment with hash locks, and none otherwise",
        )?;
        claim(
            self.system.theft_expected()
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
                        || self.world.edges_to(payment, self.world.receiver()).len() == facts.parts)
            }),
            "the receiver claims all parts or none",
        )?;
        // A route of two LSPs has no node before the receiver's LSP at which a path could begin.
        claim(
            self.args.routers == 0
                || told.invoice_names_receiver_lsp == (self.setting.rails != Rails::Bolt12),
            "who the receiver's LSP is can be read in an interim route, and not in a blinded path",
        )?;
        let early: Vec<&str> = self
            .world
            .edges
            .iter()
            .filter(|edge| edge.number > 1 && edge.committed_at < self.back_at)
            .map(|edge| self.world.parties[edge.offerer].name.as_str())
            .collect();
        match self.system.holder() {
            Holder::Nobody => {}
            Holder::SenderLsp => {
                claim(early.is_empty(), "only the payers' money waits for the receiver")?;
            }
            Holder::ReceiverLsp => {
                claim(!early.is_empty(), "the money of the whole route waits for the receiver")?;
            }
        }
        Ok(())
    }

    fn facts(&self) -> Told {
        let (accepted, refused) = self.world.chain.judged();
        let payments = (0..self.world.receipts.len()).map(|payment| {
            let to_receiver = self.world.edges_to(payment, self.world.receiver());
            let first = self.world.edges_to(payment, self.world.forwarders().start).into_iter();
            let settled = |edge: &usize| self.world.edges[*edge].settled_at.is_some();
            PaymentFacts {
                payer: payer(payment),
                amount_sat: self.args.amount_sat,
                parts: self.world.payments[payment].parts,
                locked_sat: first.map(|edge| self.world.edges[edge].terms().amount.to_sat()).sum(),
                payer_has_receipt: self.world.receipts[payment],
                receiver_was_paid: !to_receiver.is_empty() && to_receiver.iter().all(settled),
                stolen_by: self.stolen.get(&payment).cloned(),
                proof: self.proofs[payment].clone(),
            }
        });
        let end = self.world.chain.height();
        let locked = self.world.edges.iter().map(|edge| Locked {
            payment: edge.payment + 1,
            part: edge.part + 1,
            party: self.world.parties[edge.offerer].name.clone(),
            amount_sat: edge.terms().amount.to_sat(),
            blocks: edge.settled_at.unwrap_or(end) - edge.committed_at,
        });
        Told {
            setting: self.setting,
            system: self.system,
            over: self.setting.rails.name(),
            title: self.setting.title(),
            lock: if self.system.point_locks() { "point" } else { "hash" },
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
