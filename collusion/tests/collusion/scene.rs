//! Random payments, and who knows what after them, straight from the equations: no role, no view.

use pointlock::curve::{PublicScalar, SecretScalar};
use pointlock::invoice::InvoiceId;
use pointlock::lock::LockSecret;
use pointlock::payment::AttemptId;
use pointlock_collusion::{Atom, AttemptSymbols, Form, InvoiceKind, Model, PathSymbols, Symbols};
use proptest::prelude::*;

#[derive(Clone, Debug)]
pub(crate) struct Paid {
    /// A party: payers come first.
    pub(crate) payer: usize,
    pub(crate) claimed: bool,
    pub(crate) parts: usize,
    /// The hop that finds the rest of the route, from 1.
    pub(crate) trampoline: Option<usize>,
}

#[derive(Clone, Debug)]
pub(crate) struct Scene {
    pub(crate) payers: usize,
    pub(crate) hops: usize,
    /// k
    pub(crate) degree: usize,
    /// How many of the last hops are on the receiver's path.
    pub(crate) on_path: usize,
    pub(crate) payments: Vec<Paid>,
    /// y of a hop in an attempt, to a party.
    pub(crate) leaks: Vec<(usize, usize, usize)>,
    /// B, to parties.
    pub(crate) sum_leaks: Vec<usize>,
}

/// A route that was chosen for a part: the sender's, or the rest of one.
#[derive(Clone, Copy)]
pub(crate) struct Route {
    pub(crate) payment: usize,
    part: usize,
    /// The edges that it has.
    first: usize,
    last: usize,
    /// The sender's attempt that it carries on.
    tail_of: Option<usize>,
}

/// A term: an atom, and x of a payment to this power.
pub(crate) type Term = (Atom, usize, u32);

pub(crate) fn scene() -> impl Strategy<Value = Scene> {
    let sizes = (1usize..4, 1usize..5, 0usize..3);
    sizes.prop_flat_map(|(payers, hops, degree)| {
        (0..=hops).prop_flat_map(move |on_path| {
            // Whoever finds the rest of a route stands before the path.
            let finder = prop::option::of(1..(hops - on_path + 1).max(2));
            let payment = (0..payers, any::<bool>(), 1usize..3, finder);
            let payment = payment.prop_map(move |(payer, claimed, parts, finder)| Paid {
                payer,
                claimed,
                parts,
                trampoline: finder.filter(|hop| hop + on_path <= hops),
            });
            let payments = prop::collection::vec(payment, 1..5);
            payments.prop_flat_map(move |payments| {
                let leak = (0..payments.len(), 0..=hops, 0..payers + hops);
                let leaks = prop::collection::vec(leak, 0..4);
                let sum_leaks = prop::collection::vec(0..payers + hops, 0..2);
                (Just(payments), leaks, sum_leaks).prop_map(move |(payments, leaks, sum_leaks)| {
                    let scene = Scene {
                        payers,
                        hops,
                        degree,
                        on_path,
                        payments,
                        leaks: Vec::new(),
                        sum_leaks,
                    };
                    // A y that is there: of the payment's first attempt.
                    let routes = scene.routes();
                    let real = leaks.into_iter().map(|(payment, hop, party)| {
                        let attempt =
                            routes.iter().position(|route| route.payment == payment).unwrap();
                        let drawn = scene.drawn(&routes, attempt);
                        (attempt, hop.min(drawn.end - 1), party)
                    });
                    Scene { leaks: real.collect(), ..scene }
                })
            })
        })
    })
}

impl Scene {
    /// All attempts, in the order of their numbers.
    pub(crate) fn routes(&self) -> Vec<Route> {
        let mut routes = Vec::new();
        for (payment, paid) in self.payments.iter().enumerate() {
            for part in 0..paid.parts {
                let end = self.hops + 1;
                let last = paid.trampoline.unwrap_or(end);
                let sender = routes.len();
                routes.push(Route { payment, part, first: 1, last, tail_of: None });
                if paid.trampoline.is_some() {
                    let (first, tail_of) = (last + 1, Some(sender));
                    routes.push(Route { payment, part, first, last: end, tail_of });
                }
            }
        }
        routes
    }

    /// Which nodes have a y in an attempt, by who draws it.
    fn drawn(&self, routes: &[Route], attempt: usize) -> std::ops::Range<usize> {
        let route = routes[attempt];
        let carried_on = routes.iter().any(|other| other.tail_of == Some(attempt));
        match route.tail_of {
            // The finder itself adds one too.
            Some(_) => route.first - 1..route.last,
            None => 0..route.last + usize::from(carried_on),
        }
    }

    /// l_edge of a part, whoever has chosen the edge.
    pub(crate) fn lock(&self, attempt: usize, edge: usize) -> Vec<Term> {
        let routes = self.routes();
        let route = routes[attempt];
        let sender = route.tail_of.unwrap_or(attempt);
        let mut terms = self.secret(route.payment);
        let parts = (0..routes.len()).filter(|other| {
            routes[*other].payment == route.payment && routes[*other].tail_of.is_none()
        });
        if self.payments[route.payment].parts > 1 {
            terms.extend(parts.map(|attempt| (Atom::PartShare { attempt }, 0, 0)));
        }
        let y = |attempt, hop| (Atom::Blind { attempt, hop }, 0, 0);
        if route.tail_of.is_some() {
            terms.extend((0..route.first).map(|hop| y(sender, hop)));
            terms.extend((route.first - 1..edge).map(|hop| y(attempt, hop)));
        } else {
            terms.extend((0..edge).map(|hop| y(attempt, hop)));
        }
        let first_on_path = self.hops + 1 - self.on_path;
        terms.extend((first_on_path..edge).map(|node| self.path_offset(node)));
        terms
    }

    fn path_offset(&self, node: usize) -> Term {
        let hop = node + self.on_path - self.hops - 1;
        (Atom::PathOffset { invoice: 0, path: 0, hop }, 0, 0)
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
        let hop_party = |hop: usize| self.payers + hop - 1;
        let routes = self.routes();
        for (attempt, route) in routes.iter().enumerate() {
            let paid = &self.payments[route.payment];
            let y = |hop| vec![(Atom::Blind { attempt, hop }, 0, 0)];
            let drawn = self.drawn(&routes, attempt);
            let drawer = match route.tail_of {
                Some(_) => hop_party(route.first - 1),
                None => paid.payer,
            };
            facts[drawer].extend(drawn.clone().map(y));
            // y of the finder's own is in its onion layer only as the sender's.
            let told = drawn.filter(|hop| *hop >= route.first && *hop <= self.hops);
            told.for_each(|hop| facts[hop_party(hop)].push(y(hop)));
            if route.tail_of.is_none() {
                let h = vec![(Atom::Release { attempt }, 0, 0)];
                facts[paid.payer].push(h.clone());
                facts[hop_party(1)].push([y(1), h.clone()].concat());
                facts[hop_party(1)].push(h);
                if paid.parts > 1 {
                    facts[paid.payer].push(vec![(Atom::PartShare { attempt }, 0, 0)]);
                }
            }
            if paid.claimed {
                for edge in route.first..=route.last {
                    let lock = self.lock(attempt, edge);
                    if edge <= self.hops {
                        facts[hop_party(edge)].push(lock.clone());
                    }
                    if edge > 1 {
                        facts[hop_party(edge - 1)].push(lock);
                    }
                }
            }
        }
        for paid in self.payments.iter().enumerate().filter(|(_, paid)| paid.claimed) {
            facts[paid.1.payer].push(self.secret(paid.0));
        }
        for node in self.hops + 1 - self.on_path..=self.hops {
            facts[hop_party(node)].push(vec![self.path_offset(node)]);
        }
        for (attempt, hop, party) in &self.leaks {
            facts[*party].push(vec![(Atom::Blind { attempt: *attempt, hop: *hop }, 0, 0)]);
        }
        if self.on_path > 0 {
            for party in &self.sum_leaks {
                let nodes = self.hops + 1 - self.on_path..=self.hops;
                facts[*party].push(nodes.map(|node| self.path_offset(node)).collect());
            }
        }
        facts
    }

    /// The contracts that are there to be taken: attempt, edge, claimer.
    pub(crate) fn targets(&self) -> Vec<(usize, usize, usize)> {
        let routes = self.routes();
        let unclaimed =
            routes.iter().enumerate().filter(|(_, route)| !self.payments[route.payment].claimed);
        unclaimed
            .flat_map(|(attempt, route)| {
                (route.first..=route.last.min(self.hops)).map(move |edge| (attempt, edge))
            })
            .map(|(attempt, edge)| (attempt, edge, self.payers + edge - 1))
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
        symbols.add_path(0, self.on_path).unwrap();
        let routes = self.routes();
        for (number, route) in routes.iter().enumerate() {
            let parts = (0..routes.len()).filter(|other| {
                routes[*other].payment == route.payment && routes[*other].tail_of.is_none()
            });
            let in_parts = self.payments[route.payment].parts > 1;
            let introduction = self.hops + 1 - self.on_path;
            let attempt = AttemptSymbols {
                id: AttemptId([u8::try_from(number).unwrap(); 32]),
                name: format!("{}.{}", route.payment + 1, route.part),
                invoice: 0,
                edges: route.last,
                x: Some(xs[route.payment]),
                hold: None,
                parts: parts.filter(|_| in_parts).collect(),
                path: (route.last > self.hops).then_some(PathSymbols { path: 0, introduction }),
                tail_of: route.tail_of,
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
        for (attempt, edge, claimer) in self.targets() {
            let (_, secret) = evaluate(&self.lock(attempt, edge));
            model.add_target(attempt, edge, secret.lock(), claimer, None).unwrap();
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
