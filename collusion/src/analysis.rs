use std::collections::{BTreeMap, BTreeSet};

use super::field::Element;
use super::search::{Border, Goal, Knowledge};
use super::span::{Basis, Vector, combination};
use super::{Atom, Coalition, CollusionError, Fact, Form, Model, derivation};
use pointlock::curve::PublicScalar;
use pointlock::lock::LockSecret;

/// How the smallest coalitions were found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Method {
    /// Every coalition was decided.
    Enumeration {
        /// How many there are, nobody and everybody included.
        coalitions: u64,
    },
    /// The smallest able and the largest unable ones were found from each other; between them they decide the rest.
    Duality {
        /// How many coalitions were tried.
        tried: u64,
    },
}

/// Who can steal, and how.
#[derive(Clone, Debug)]
pub struct Analysis {
    /// How the coalitions were searched.
    pub method: Method,
    /// The smallest coalitions that can claim a target: each member is needed.
    pub minimal: Vec<Coalition>,
    /// The largest coalitions that can't: whoever joins makes them able.
    pub maximal_unable: Vec<Coalition>,
    /// What each of the smallest can take, and by which computation.
    pub thefts: Vec<Theft>,
    /// Secrets that turned out to be the same as another one, which they should not be.
    pub same: Vec<(Atom, Atom)>,
}

/// A share in a lock secret.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Share {
    /// The number of the party.
    pub party: usize,
    /// Which of its facts.
    pub fact: usize,
    /// By what the fact is multiplied.
    pub coefficient: PublicScalar,
}

/// A smallest coalition and a target that it can claim.
#[derive(Clone, Debug)]
pub struct Theft {
    /// The members.
    pub coalition: Coalition,
    /// The number of the target.
    pub target: usize,
    /// What adds up to the lock secret. A member that is needed as the claimer alone has no share.
    pub shares: Vec<Share>,
    /// The same for a person, a sentence each.
    pub derivation: Vec<String>,
}

impl Theft {
    /// The lock secret, computed from the scalars in the members' views and from nothing else.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`] for another model than the one that was analysed; [`CollusionError::ZeroSecret`].
    pub fn secret(&self, model: &Model) -> Result<LockSecret, CollusionError> {
        let mut sum = PublicScalar::ZERO;
        for share in &self.shares {
            let fact = model
                .parties
                .get(share.party)
                .and_then(|party| party.facts.get(share.fact))
                .ok_or(CollusionError::NoSuch { what: "party", number: share.party })?;
            match &fact.secret {
                // Nothing is computed with a preimage: it is the only share.
                preimage @ LockSecret::Preimage(_) => return Ok(preimage.clone()),
                LockSecret::Scalar(scalar) => {
                    sum = sum.add(&scalar.dangerous_reveal().mul(&share.coefficient));
                }
            }
        }
        sum.to_secret().map(LockSecret::Scalar).map_err(|_| CollusionError::ZeroSecret)
    }
}

impl Model {
    /// Up to this many parties all coalitions are decided one by one.
    pub const MAX_ENUMERATED: usize = 16;

    /// Checks every equation against the scalars and locks that it stands for, then finds who can steal.
    ///
    /// # Errors
    ///
    /// [`CollusionError`]: a mismatch means that the model, not a party, is wrong.
    pub fn analyse(&self) -> Result<Analysis, CollusionError> {
        self.analyse_watched(&mut |_| ())
    }

    /// The same for whoever waits: `watch` is told now and then how many coalitions have been tried so far.
    ///
    /// # Errors
    ///
    /// As [`analyse`](Self::analyse).
    pub fn analyse_watched(&self, watch: &mut dyn FnMut(u64)) -> Result<Analysis, CollusionError> {
        let duality = self.parties.len() > Self::MAX_ENUMERATED;
        self.analyse_by(duality, watch)
    }

    /// The same without trying all coalitions, however few there are. Both ways find the same.
    ///
    /// # Errors
    ///
    /// As [`analyse`](Self::analyse).
    pub fn analyse_by_duality(&self) -> Result<Analysis, CollusionError> {
        self.analyse_by(true, &mut |_| ())
    }

    fn analyse_by(
        &self,
        duality: bool,
        watch: &mut dyn FnMut(u64),
    ) -> Result<Analysis, CollusionError> {
        let parties = self.parties.len();
        if parties > Coalition::MAX_PARTIES {
            return Err(CollusionError::TooManyParties { parties });
        }
        let same = self.check()?;
        let columns = Columns::new(self, same);
        let facts: Vec<Vec<Vector>> =
            self.parties.iter().map(|party| columns.vectors(&party.facts)).collect();
        let everybody = Coalition::everybody(parties);
        let mut border = Border { able: Vec::new(), unable: vec![everybody] };
        let mut tried = 0;
        let victims: BTreeSet<Option<usize>> =
            self.targets.iter().map(|target| target.victim).collect();
        for victim in victims {
            let knowledge = columns.knowledge(&facts, victim);
            let targets = self.targets.iter().filter(|target| target.victim == victim);
            let goals: Vec<Goal> = targets
                .map(|target| Goal { claimer: target.claimer, form: columns.vector(&target.form) })
                .collect();
            let more = if duality {
                let watch = &mut |more| watch(tried + more);
                let (more, more_tried) = knowledge.dualize(&goals, watch)?;
                tried += more_tried;
                more
            } else {
                knowledge.enumerate(&goals)
            };
            border = border.or(&more);
        }
        let Border { able: minimal, unable: maximal_unable } = border;
        let method = if duality {
            Method::Duality { tried }
        } else {
            Method::Enumeration { coalitions: 1 << parties }
        };
        let thefts = minimal
            .iter()
            .flat_map(|coalition| {
                let targets = 0..self.targets.len();
                targets.filter_map(|target| columns.theft(self, &facts, *coalition, target))
            })
            .collect();
        let same = columns.same.into_iter().collect();
        Ok(Analysis { method, minimal, maximal_unable, thefts, same })
    }
}

/// A column for each atom.
struct Columns {
    of: BTreeMap<Atom, usize>,
    same: BTreeMap<Atom, Atom>,
}

impl Columns {
    fn new(model: &Model, same: BTreeMap<Atom, Atom>) -> Self {
        let known = model.parties.iter().flat_map(|party| &party.facts).map(|fact| &fact.form);
        let forms = known.chain(model.targets.iter().map(|target| &target.form));
        let atoms: BTreeSet<Atom> = forms
            .flat_map(Form::terms)
            .map(|(atom, _)| same.get(atom).copied().unwrap_or(*atom))
            .collect();
        Self { of: atoms.into_iter().zip(0..).collect(), same }
    }

    fn vector(&self, form: &Form) -> Vector {
        let form = form.renamed(|atom| self.same.get(atom).copied().unwrap_or(*atom));
        // Atoms and columns have the same order.
        form.terms()
            .map(|(atom, coefficient)| (self.of[atom], Element::from(coefficient)))
            .filter(|(_, coefficient)| !coefficient.is_zero())
            .collect()
    }

    fn vectors(&self, facts: &[Fact]) -> Vec<Vector> {
        facts.iter().map(|fact| self.vector(&fact.form)).collect()
    }

    /// `facts` are the vectors of each party's facts.
    fn knowledge(&self, facts: &[Vec<Vector>], victim: Option<usize>) -> Knowledge {
        let parties = facts.iter().enumerate().map(|(number, vectors)| {
            if victim == Some(number) {
                return Vec::new();
            }
            // What follows from the rest need not be looked at again for each coalition.
            let mut basis = Basis::new(self.of.len());
            let is_new = |vector: &&Vector| {
                let length = basis.len();
                basis.insert(vector);
                basis.len() > length
            };
            vectors.iter().filter(is_new).cloned().collect()
        });
        Knowledge { columns: self.of.len(), parties: parties.collect() }
    }

    fn theft(
        &self,
        model: &Model,
        facts: &[Vec<Vector>],
        coalition: Coalition,
        target: usize,
    ) -> Option<Theft> {
        let number = target;
        let target = &model.targets[number];
        if !coalition.contains(target.claimer) {
            return None;
        }
        let members = coalition.members().filter(|party| target.victim != Some(*party));
        let mut known: Vec<(usize, usize)> = members
            .flat_map(|party| (0..model.parties[party].facts.len()).map(move |fact| (party, fact)))
            .collect();
        // Short equations, and those of this attempt, make the derivation that a person follows best.
        known.sort_by_key(|(party, fact)| {
            let form = &model.parties[*party].facts[*fact].form;
            let (elsewhere, length) = (!form.concerns(target.attempt), form.terms().count());
            (length > 1, elsewhere, length)
        });
        let vectors: Vec<&Vector> =
            known.iter().map(|(party, fact)| &facts[*party][*fact]).collect();
        let shares: Vec<Share> = combination(self.of.len(), &vectors, &self.vector(&target.form))?
            .into_iter()
            .map(|(index, coefficient)| {
                let (party, fact) = known[index];
                Share { party, fact, coefficient: coefficient.to_public() }
            })
            .collect();
        let derivation = derivation::derivation(model, coalition, target, &shares);
        Some(Theft { coalition, target: number, shares, derivation })
    }
}
