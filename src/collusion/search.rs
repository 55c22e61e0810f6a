//! Which coalitions can, and which are the smallest: by trying all, or by going back and forth between the two borders.

use alloc::vec::Vec;

use super::coalition::minimal;
use super::span::{Basis, Vector};
use super::{Coalition, CollusionError};

/// A question to the search: who claims, and what has to be known for it.
pub(super) struct Goal {
    pub(super) claimer: usize,
    pub(super) form: Vector,
}

/// The knowledge of each party as vectors.
pub(super) struct Knowledge {
    pub(super) columns: usize,
    pub(super) parties: Vec<Vec<Vector>>,
}

impl Knowledge {
    /// Whether these parties together reach one of the goals.
    pub(super) fn able(&self, coalition: Coalition, goals: &[Goal]) -> bool {
        let mut basis = Basis::new(self.columns);
        for party in coalition.members() {
            self.parties[party].iter().for_each(|vector| basis.insert(vector));
        }
        reaches(&basis, coalition, goals)
    }

    /// The smallest coalitions, by deciding every one. More members never know less: where a coalition can, those around
    /// it are decided too.
    pub(super) fn enumerate(&self, goals: &[Goal]) -> Vec<Coalition> {
        let mut found = Vec::new();
        let mut basis = Basis::new(self.columns);
        self.descend(0, Coalition::nobody(), &mut basis, goals, &mut found);
        minimal(found)
    }

    fn descend(
        &self,
        next: usize,
        coalition: Coalition,
        basis: &mut Basis,
        goals: &[Goal],
        found: &mut Vec<Coalition>,
    ) {
        let Some(vectors) = self.parties.get(next) else { return };
        self.descend(next + 1, coalition, basis, goals, found);
        let length = basis.len();
        vectors.iter().for_each(|vector| basis.insert(vector));
        let coalition = coalition.with(next);
        if reaches(basis, coalition, goals) {
            found.push(coalition);
        } else {
            self.descend(next + 1, coalition, basis, goals, found);
        }
        basis.truncate(length);
    }

    /// The smallest coalitions, without trying all, and how many were tried.
    ///
    /// A coalition that contains none of those found so far leaves out a member of each of them: it is within the
    /// complement of a set that meets them all (a transversal). If the complement of every smallest transversal is unable,
    /// nothing is missing; one that is able is reduced to a smallest coalition, which was not found before.
    pub(super) fn dualize(&self, goals: &[Goal]) -> Result<(Vec<Coalition>, u64), CollusionError> {
        let everybody = Coalition::everybody(self.parties.len());
        let mut tried = 0;
        let mut able = |coalition| {
            tried += 1;
            self.able(coalition, goals)
        };
        let mut found = Vec::new();
        let mut transversals = alloc::vec![Coalition::nobody()];
        let mut refuted: Vec<Coalition> = Vec::new();
        while let Some(transversal) =
            transversals.iter().copied().find(|transversal| !refuted.contains(transversal))
        {
            let candidate = everybody.minus(transversal);
            if !able(candidate) {
                refuted.push(transversal);
                continue;
            }
            let smallest = candidate.members().fold(candidate, |kept, party| {
                let without = kept.without(party);
                if able(without) { without } else { kept }
            });
            found.push(smallest);
            transversals = cross(&transversals, smallest)?;
        }
        Ok((minimal(found), tried))
    }
}

fn reaches(basis: &Basis, coalition: Coalition, goals: &[Goal]) -> bool {
    goals.iter().any(|goal| coalition.contains(goal.claimer) && basis.contains(&goal.form))
}

/// The smallest sets that meet every set of the family (Berge's multiplication).
pub(super) fn transversals(family: &[Coalition]) -> Result<Vec<Coalition>, CollusionError> {
    family
        .iter()
        .try_fold(alloc::vec![Coalition::nobody()], |transversals, set| cross(&transversals, *set))
}

/// Those of `transversals` that meet the set, and the others with a member of it added.
fn cross(transversals: &[Coalition], set: Coalition) -> Result<Vec<Coalition>, CollusionError> {
    const MOST: usize = 100_000;
    let mut crossed = Vec::new();
    for transversal in transversals {
        if transversal.is_disjoint(set) {
            crossed.extend(set.members().map(|party| transversal.with(party)));
        } else {
            crossed.push(*transversal);
        }
        if crossed.len() > MOST {
            return Err(CollusionError::TooManyCoalitions { most: MOST });
        }
    }
    Ok(minimal(crossed))
}
