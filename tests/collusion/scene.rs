//! Random payments, and who knows what after them, straight from the equations: no role, no view.

use pointlock::collusion::{Atom, AttemptSymbols, Form, InvoiceKind, Model, Symbols};
use pointlock::curve::{PublicScalar, SecretScalar};
use pointlock::invoice::InvoiceId;
use pointlock::lock::LockSecret;
use pointlock::payment::AttemptId;
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) struct Paid {
    /// A party: payers come first.
    pub(crate) payer: usize,
    pub(crate) claimed: bool,
}

#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) payers: usize,
    pub(crate) hops: usize,
    /// k
    pub(crate) degree: usize,
    pub(crate) payments: Vec<Paid>,
    /// y of a hop in a payment, to a party.
    pub(crate) leaks: Vec<(usize, usize, usize)>,
}

/// A term: an atom, and x of a payment to this power.
pub(crate) type Term = (Atom, usize, u32);

pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    (1usize..4, 1usize..5, 0usize..3).prop_flat_map(|(payers, hops, degree)| {
        let payment =
            (0..payers, any::<bool>()).prop_map(|(payer, claimed)| Paid { payer, claimed });
        let payments = prop::collection::vec(payment, 1..5);
        payments.prop_flat_map(move |payments| {
            let leak = (0..payments.len(), 0..=hops, 0..payers + hops);
            let payments = Just(payments);
            (payments, prop::collection::vec(leak, 0..4)).prop_map(move |(payments, leaks)| Scene {
                payers,
                hops,
                degree,
                payments,
                leaks,
            })
        })
    })
}

impl Scene {
    /// l_edge
    pub(crate) fn lock(&self, payment: usize, edge: usize) -> Vec<Term> {
        let blinds = (0..edge).map(|hop| (Atom::Blind { attempt: payment, hop }, 0, 0));
        self.secret(payment).into_iter().chain(blinds).collect()
    }

    /// z(x)
    fn secret(&self, payment: usize) -> Vec<Term> {
        (0..=self.degree)
            .map(|power| {
                (Atom::Coefficient { invoice: 0, power }, payment, u32::try_from(power).unwrap())
            })
            .collect()
    }

    fn parties(&self) -> usize {
        self.payers + self.hops
    }

    /// What each party knows.
    pub(crate) fn facts(&self) -> Vec<Vec<Vec<Term>>> {
        let mut facts = vec![Vec::new(); self.parties()];
        for (payment, paid) in self.payments.iter().enumerate() {
            let y = |hop| vec![(Atom::Blind { attempt: payment, hop }, 0, 0)];
            let h = vec![(Atom::Release { attempt: payment }, 0, 0)];
            facts[paid.payer].extend((0..=self.hops).map(y));
            facts[paid.payer].push(h.clone());
            facts[self.payers].push([y(1), h.clone()].concat());
            facts[self.payers].push(h);
            for hop in 1..=self.hops {
                facts[self.payers + hop - 1].push(y(hop));
                if paid.claimed {
                    facts[self.payers + hop - 1].push(self.lock(payment, hop));
                    facts[self.payers + hop - 1].push(self.lock(payment, hop + 1));
                }
            }
            if paid.claimed {
                facts[paid.payer].push(self.secret(payment));
            }
        }
        for (payment, hop, party) in &self.leaks {
            facts[*party].push(vec![(Atom::Blind { attempt: *payment, hop: *hop }, 0, 0)]);
        }
        facts
    }

    /// The contracts that are there to be taken: payment, edge, claimer.
    pub(crate) fn targets(&self) -> Vec<(usize, usize, usize)> {
        let unclaimed = (0..self.payments.len()).filter(|payment| !self.payments[*payment].claimed);
        unclaimed
            .flat_map(|payment| (1..=self.hops).map(move |edge| (payment, edge)))
            .map(|(payment, edge)| (payment, edge, self.payers + edge - 1))
            .collect()
    }

    /// The same for the library, with scalars.
    pub(crate) fn model(&self, entropy: u64) -> Model {
        let mut draw = Draw { entropy, number: 0 };
        let xs: Vec<PublicScalar> =
            self.payments.iter().map(|_| draw.scalar().dangerous_reveal()).collect();
        let mut symbols = Symbols::new();
        let kind = InvoiceKind::Points { coefficients: self.degree + 1 };
        symbols.add_invoice(InvoiceId::from_bytes([1; 32]), kind);
        for (number, x) in xs.iter().enumerate() {
            let attempt = AttemptSymbols {
                id: AttemptId([u8::try_from(number).unwrap(); 32]),
                invoice: 0,
                edges: self.hops + 1,
                x: Some(*x),
                hold: None,
                parts: Vec::new(),
                path: None,
                tail_of: None,
            };
            symbols.add_attempt(attempt).unwrap();
        }
        let mut values: Vec<(Atom, SecretScalar)> = Vec::new();
        let mut evaluate = |terms: &[Term]| {
            let mut form = Form::zero();
            let mut sum = PublicScalar::ZERO;
            for (atom, payment, power) in terms {
                let factor = (0..*power).fold(PublicScalar::ONE, |x, _| x.mul(&xs[*payment]));
                if !values.iter().any(|(known, _)| known == atom) {
                    values.push((*atom, draw.scalar()));
                }
                let (_, value) = values.iter().find(|(known, _)| known == atom).unwrap();
                form.add_scaled(&Form::atom(*atom), &factor);
                sum = sum.add(&value.dangerous_reveal().mul(&factor));
            }
            (form, LockSecret::Scalar(sum.to_secret().unwrap()))
        };
        let mut model = Model::new(symbols);
        for party in 0..self.parties() {
            model.add_party(&format!("party_{party}"));
        }
        for (party, facts) in self.facts().iter().enumerate() {
            for terms in facts {
                let (form, secret) = evaluate(terms);
                model.disclose(party, &form.to_string(), "test", form, secret).unwrap();
            }
        }
        for (payment, edge, claimer) in self.targets() {
            let (_, secret) = evaluate(&self.lock(payment, edge));
            model.add_target(payment, edge, secret.lock(), claimer, None).unwrap();
        }
        for (atom, value) in values {
            model.reveal(atom, LockSecret::Scalar(value));
        }
        model
    }
}

struct Draw {
    entropy: u64,
    number: u64,
}

impl Draw {
    fn scalar(&mut self) -> SecretScalar {
        self.number += 1;
        let mut bytes = [0x5a; 32];
        bytes[..8].copy_from_slice(&self.entropy.to_be_bytes());
        bytes[24..].copy_from_slice(&self.number.to_be_bytes());
        let tag = pointlock::curve::Tag::new("pointlock/test scene");
        SecretScalar::from_hash(&tag.hash(&[&bytes])).unwrap()
    }
}
