//! Which coalitions can, and which are the smallest: by trying all, or by going back and forth between the two borders.

use std::collections::BTreeSet;

use super::coalition::{maximal, minimal};
use super::span::{Basis, Vector, combination};
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
        self.reached(coalition, goals).is_some()
    }

    /// The first goal that these parties reach together.
    fn reached<'a>(&self, coalition: Coalition, goals: &'a [Goal]) -> Option<&'a Goal> {
        let mut basis = Basis::new(self.columns);
        for party in coalition.members() {
            self.parties[party].iter().for_each(|vector| basis.insert(vector));
        }
        goals.iter().find(|goal| reaches(&basis, coalition, goal))
    }

    /// Some members that reach a goal together: those whose vectors make it up, and the claimer. None when not even all
    /// of these parties do.
    fn sufficient(&self, coalition: Coalition, goals: &[Goal]) -> Option<Coalition> {
        let goal = self.reached(coalition, goals)?;
        let known: Vec<(usize, &Vector)> = coalition
            .members()
            .flat_map(|party| self.parties[party].iter().map(move |vector| (party, vector)))
            .collect();
        let vectors: Vec<&Vector> = known.iter().map(|(_, vector)| *vector).collect();
        let shares = combination(self.columns, &vectors, &goal.form)?;
        Some(shares.iter().map(|(index, _)| known[*index].0).chain([goal.claimer]).collect())
    }

    /// The border, by deciding every coalition. More members never know less: where a coalition can, those around it are
    /// decided too, and where all that is left to add does not help, so are those within.
    pub(super) fn enumerate(&self, goals: &[Goal]) -> Border {
        let mut found = Border::default();
        let mut basis = Basis::new(self.columns);
        let everybody = Coalition::everybody(self.parties.len());
        if self.able(everybody, goals) {
            self.descend(0, Coalition::nobody(), everybody, &mut basis, goals, &mut found);
        } else {
            found.unable.push(everybody);
        }
        let able = minimal(found.able);
        let unable = maximal(found.unable);
        Border { able, unable }
    }

    /// Decides all coalitions between `coalition`, which is unable, and `bound`, which is able; they differ by parties from
    /// `next` on.
    fn descend(
        &self,
        next: usize,
        coalition: Coalition,
        bound: Coalition,
        basis: &mut Basis,
        goals: &[Goal],
        found: &mut Border,
    ) {
        let Some(vectors) = self.parties.get(next) else { return };
        let without = bound.without(next);
        if self.able(without, goals) {
            self.descend(next + 1, coalition, without, basis, goals, found);
        } else {
            found.unable.push(without);
        }
        let length = basis.len();
        vectors.iter().for_each(|vector| basis.insert(vector));
        let coalition = coalition.with(next);
        if goals.iter().any(|goal| reaches(basis, coalition, goal)) {
            found.able.push(coalition);
        } else {
            self.descend(next + 1, coalition, bound, basis, goals, found);
        }
        basis.truncate(length);
    }

    /// The border, without trying all coalitions, and how many were tried; `watch` is told as the number grows.
    ///
    /// A coalition that contains none of the thieves found so far leaves out a member of each of them: it is within the
    /// complement of a set that meets them all (a transversal). If the complement of every smallest transversal is unable,
    /// nothing is missing, and these complements are the largest that can't; one that is able is reduced to a smallest
    /// coalition, which was not found before.
    ///
    /// # Errors
    ///
    /// [`CollusionError::TooManyCoalitions`].
    pub(super) fn dualize(
        &self,
        goals: &[Goal],
        watch: &mut dyn FnMut(u64),
    ) -> Result<(Border, u64), CollusionError> {
        const MOST: usize = 5_000;
        let everybody = Coalition::everybody(self.parties.len());
        let mut tried = 0;
        let mut found = Vec::new();
        let mut transversals = vec![Coalition::nobody()];
        let mut refuted: BTreeSet<Coalition> = BTreeSet::new();
        while let Some(transversal) =
            transversals.iter().copied().find(|transversal| !refuted.contains(transversal))
        {
            tried += 1;
            watch(tried);
            let Some(enough) = self.sufficient(everybody.minus(transversal), goals) else {
                refuted.insert(transversal);
                continue;
            };
            let smallest = enough.members().fold(enough, |kept, party| {
                tried += 1;
                let without = kept.without(party);
                if self.able(without, goals) { without } else { kept }
            });
            found.push(smallest);
            transversals = cross(&transversals, smallest);
            if found.len().max(transversals.len()) > MOST {
                return Err(CollusionError::TooManyCoalitions { most: MOST });
            }
        }
        let unable = transversals.into_iter().map(|set| everybody.minus(set)).collect();
        Ok((Border { able: minimal(found), unable: maximal(unable) }, tried))
    }
}

/// What decides all coalitions: the smallest that can, the largest that can't.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Border {
    pub(super) able: Vec<Coalition>,
    pub(super) unable: Vec<Coalition>,
}

impl Border {
    /// The border of those who reach the goals of this one or of the other.
    pub(super) fn or(self, other: &Self) -> Self {
        let able = self.able.into_iter().chain(other.able.iter().copied()).collect();
        let pairs = self
            .unable
            .iter()
            .flat_map(|one| other.unable.iter().map(|another| one.intersection(*another)));
        let unable = maximal(pairs.collect());
        Self { able: minimal(able), unable }
    }
}

fn reaches(basis: &Basis, coalition: Coalition, goal: &Goal) -> bool {
    coalition.contains(goal.claimer) && basis.contains(&goal.form)
}

/// The smallest sets that meet one set more than those of `transversals` do (Berge's multiplication).
fn cross(transversals: &[Coalition], set: Coalition) -> Vec<Coalition> {
    let (missing, mut crossed): (Vec<Coalition>, Vec<Coalition>) =
        transversals.iter().partition(|transversal| transversal.is_disjoint(set));
    // Two of the new ones are never within each other: each has one member of the set, and they come from sets that
    // were not.
    let grown =
        missing.iter().flat_map(|transversal| set.members().map(|party| transversal.with(party)));
    let new: Vec<Coalition> =
        grown.filter(|grown| !crossed.iter().any(|kept| kept.is_subset(*grown))).collect();
    crossed.extend(new);
    crossed
}
