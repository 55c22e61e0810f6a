//! The second method: a vector is in a span if, and only if, it does not raise the rank. Mod 2^61 − 1 and for other, random
//! x, by full elimination of the whole matrix, without a basis that is kept.

use std::collections::BTreeSet;

use pointlock_collusion::{Atom, Coalition};

use crate::scene::{Scene, Term};

const PRIME: u64 = (1 << 61) - 1;

pub(crate) struct Instance {
    facts: Vec<Vec<Vec<u64>>>,
    /// Claimer and vector.
    targets: Vec<(usize, Vec<u64>)>,
}

impl Instance {
    pub(crate) fn new(scene: &Scene, entropy: u64) -> Self {
        let mut state = entropy | 1;
        let xs: Vec<u64> = scene
            .payments
            .iter()
            .map(|_| {
                // An LCG will do: the x need only be different from one another.
                state = state
                    .wrapping_mul(6_364_136_223_846_793_005)
                    .wrapping_add(1_442_695_040_888_963_407);
                state % PRIME
            })
            .collect();
        let facts = scene.facts();
        let locks: Vec<(usize, Vec<Term>)> = scene
            .targets()
            .into_iter()
            .map(|(payment, edge, claimer)| (claimer, scene.lock(payment, edge)))
            .collect();
        let forms = facts.iter().flatten().chain(locks.iter().map(|(_, lock)| lock));
        let atoms: BTreeSet<Atom> = forms.flatten().map(|(atom, ..)| *atom).collect();
        let atoms: Vec<Atom> = atoms.into_iter().collect();
        let vector = |terms: &Vec<Term>| {
            let mut vector = vec![0; atoms.len()];
            for (atom, payment, power) in terms {
                let column = atoms.iter().position(|known| known == atom).unwrap();
                let factor = (0..*power).fold(1, |x, _| mul(x, xs[*payment]));
                vector[column] = (vector[column] + factor) % PRIME;
            }
            vector
        };
        Self {
            facts: facts.iter().map(|facts| facts.iter().map(vector).collect()).collect(),
            targets: locks.iter().map(|(claimer, lock)| (*claimer, vector(lock))).collect(),
        }
    }

    pub(crate) fn able(&self, coalition: Coalition) -> bool {
        let known: Vec<Vec<u64>> = coalition
            .members()
            .filter_map(|party| self.facts.get(party))
            .flatten()
            .cloned()
            .collect();
        let rank_of_known = rank(known.clone());
        self.targets.iter().any(|(claimer, target)| {
            let mut more = known.clone();
            more.push(target.clone());
            coalition.contains(*claimer) && rank(more) == rank_of_known
        })
    }
}

/// Columns from the last to the first, as the library does not.
fn rank(mut rows: Vec<Vec<u64>>) -> usize {
    let columns = rows.first().map_or(0, Vec::len);
    let mut rank = 0;
    for column in (0..columns).rev() {
        let Some(pivot) = (rank..rows.len()).find(|row| rows[*row][column] != 0) else { continue };
        rows.swap(rank, pivot);
        let inverse = power(rows[rank][column], PRIME - 2);
        let pivot = rows[rank].clone();
        for row in rows.iter_mut().skip(rank + 1) {
            let factor = mul(row[column], inverse);
            for (entry, pivot) in row.iter_mut().zip(&pivot) {
                *entry = (*entry + PRIME - mul(factor, *pivot)) % PRIME;
            }
        }
        rank += 1;
    }
    rank
}

fn mul(a: u64, b: u64) -> u64 {
    u64::try_from(u128::from(a) * u128::from(b) % u128::from(PRIME)).unwrap()
}

fn power(base: u64, exponent: u64) -> u64 {
    (0..61).rev().fold(1, |power, bit| {
        let square = mul(power, power);
        if exponent >> bit & 1 == 1 { mul(square, base) } else { square }
    })
}
