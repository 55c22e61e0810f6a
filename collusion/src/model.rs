use std::collections::BTreeMap;

use super::{Atom, Coalition, CollusionError, Form, Symbols};
use pointlock::curve::PublicScalar;
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::View;

/// One secret that a party has, and the equation that it is.
#[derive(Clone, Debug)]
pub struct Fact {
    /// Its name, as l_3\[1\] for the lock secret of edge 3 in attempt 1.
    pub label: String,
    /// How the party comes to know it.
    pub how: String,
    /// What it is.
    pub form: Form,
    pub(super) secret: LockSecret,
}

impl Fact {
    /// The secret itself, as it lay in the party's view.
    pub fn secret(&self) -> &LockSecret {
        &self.secret
    }
}

/// Somebody who may be a thief: a node, a payer, a company of several.
#[derive(Clone, Debug)]
pub struct Party {
    /// The name.
    pub name: String,
    /// Everything that it knows.
    pub facts: Vec<Fact>,
}

/// A contract whose claim would be a theft.
#[derive(Clone, Debug)]
pub struct Target {
    /// The attempt, from 0.
    pub attempt: usize,
    /// The edge, from 1.
    pub edge: usize,
    /// What is locked under.
    pub lock: Lock,
    /// What opens it.
    pub form: Form,
    /// The only party that can claim it: N_edge.
    pub claimer: usize,
    /// The party that loses by the claim, if it is one of the model's: whoever is robbed gives its knowledge to no thief.
    /// None where the receiver loses.
    pub victim: Option<usize>,
}

/// Who knows what, and what there is to take.
///
/// The order of work: [`Symbols`] for what happened, a party for everybody, their views, the targets; then
/// [`analyse`](Self::analyse).
#[derive(Clone, Debug, Default)]
pub struct Model {
    pub(super) symbols: Symbols,
    pub(super) parties: Vec<Party>,
    /// Those who are never thieves: the receiver. What they know says what the atoms are.
    pub(super) witnesses: Vec<Party>,
    pub(super) targets: Vec<Target>,
}

impl Model {
    /// Nobody yet, with what the names stand for.
    pub fn new(symbols: Symbols) -> Self {
        Self { symbols, ..Self::default() }
    }

    /// Adds a party that knows nothing yet; gives its number.
    pub fn add_party(&mut self, name: &str) -> usize {
        self.parties.push(Party { name: name.to_string(), facts: Vec::new() });
        self.parties.len() - 1
    }

    /// Gives a party everything in the view of a role. A company has the views of several.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`], and one that names what the view has and the symbols lack.
    pub fn learn(&mut self, party: usize, view: &View) -> Result<(), CollusionError> {
        let learned = facts(&self.symbols, view)?;
        let party = self.party_mut(party)?;
        for fact in learned {
            // A b is the same for every payment along its path.
            let known = party.facts.iter().any(|known| {
                known.label == fact.label && known.form == fact.form && known.secret == fact.secret
            });
            if !known {
                party.facts.push(fact);
            }
        }
        Ok(())
    }

    /// Gives a party one more secret, which no role hands it: a mistake.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn disclose(
        &mut self,
        party: usize,
        label: &str,
        how: &str,
        form: Form,
        secret: LockSecret,
    ) -> Result<(), CollusionError> {
        let fact = Fact { label: label.to_string(), how: how.to_string(), form, secret };
        self.party_mut(party)?.facts.push(fact);
        Ok(())
    }

    /// Takes the view of somebody who is no thief, to check the equations by.
    ///
    /// # Errors
    ///
    /// One that names what the view has and the symbols lack.
    pub fn add_witness(&mut self, name: &str, view: &View) -> Result<(), CollusionError> {
        let facts = facts(&self.symbols, view)?;
        self.witnesses.push(Party { name: name.to_string(), facts });
        Ok(())
    }

    /// Says what an atom is worth, for the checks. No party learns it.
    pub fn reveal(&mut self, atom: Atom, secret: LockSecret) {
        let label = atom.to_string();
        let fact = Fact { label, how: String::new(), form: Form::atom(atom), secret };
        self.witnesses.push(Party { name: "nobody".to_string(), facts: vec![fact] });
    }

    /// Adds a contract whose claim by `claimer` would be a theft, `victim` losing by it.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`].
    pub fn add_target(
        &mut self,
        attempt: usize,
        edge: usize,
        lock: Lock,
        claimer: usize,
        victim: Option<usize>,
    ) -> Result<usize, CollusionError> {
        self.party_mut(claimer)?;
        let form = self.symbols.lock_secret(attempt, edge)?;
        self.targets.push(Target { attempt, edge, lock, form, claimer, victim });
        Ok(self.targets.len() - 1)
    }

    /// What opens a target, computed from what *everybody* was handed, the receiver too: for checking the code that refuses
    /// a thief.
    ///
    /// # Errors
    ///
    /// [`CollusionError::NoSuch`]; [`CollusionError::ValueMissing`] when nobody has one of its atoms.
    pub fn lock_secret(&self, target: usize) -> Result<LockSecret, CollusionError> {
        let no_such = CollusionError::NoSuch { what: "target", number: target };
        let target = self.targets.get(target).ok_or(no_such)?;
        let missing = |atom: Atom| CollusionError::ValueMissing {
            party: "everybody".to_string(),
            fact: format!("l_{}[{}]", target.edge, self.symbols.lock_name(target.attempt)),
            atom: atom.to_string(),
        };
        self.values().of(&target.form).map_err(missing)?.ok_or(CollusionError::ZeroSecret)
    }

    /// What the names stand for.
    pub fn symbols(&self) -> &Symbols {
        &self.symbols
    }

    /// The parties, in the order of their numbers.
    pub fn parties(&self) -> &[Party] {
        &self.parties
    }

    /// The targets.
    pub fn targets(&self) -> &[Target] {
        &self.targets
    }

    /// The names of the members, sorted.
    pub fn names(&self, coalition: Coalition) -> Vec<&str> {
        let members = coalition.members().filter_map(|party| self.parties.get(party));
        let mut names: Vec<&str> = members.map(|party| party.name.as_str()).collect();
        names.sort_unstable();
        names
    }

    fn party_mut(&mut self, party: usize) -> Result<&mut Party, CollusionError> {
        self.parties.get_mut(party).ok_or(CollusionError::NoSuch { what: "party", number: party })
    }

    /// The values of the atoms, from those who have them as they are.
    fn values(&self) -> Values {
        let mut values = BTreeMap::new();
        for fact in self.everybody().flat_map(|party| &party.facts) {
            if let Some(atom) = fact.form.as_atom() {
                values.entry(atom).or_insert_with(|| fact.secret.clone());
            }
        }
        Values(values)
    }

    fn everybody(&self) -> impl Iterator<Item = &Party> {
        self.parties.iter().chain(&self.witnesses)
    }

    /// Compares every scalar that was handed out, and every lock, with its equation; gives for each atom that is the same
    /// secret as an earlier one that earlier one. Nobody says that a y was used twice: it is found here.
    pub(super) fn check(&self) -> Result<BTreeMap<Atom, Atom>, CollusionError> {
        let values = self.values();
        for party in self.everybody() {
            for fact in &party.facts {
                let value = values.of(&fact.form).map_err(|atom| CollusionError::ValueMissing {
                    party: party.name.clone(),
                    fact: fact.label.clone(),
                    atom: atom.to_string(),
                })?;
                if value.as_ref() != Some(&fact.secret) {
                    return Err(CollusionError::Mismatch {
                        party: party.name.clone(),
                        fact: fact.label.clone(),
                        form: self.symbols.text(&fact.form),
                    });
                }
            }
        }
        for Target { attempt, edge, lock, form, .. } in &self.targets {
            // What nobody knows can't be compared; nor can it be known to a thief.
            let Ok(value) = values.of(form) else { continue };
            if value.as_ref().map(LockSecret::lock) != Some(*lock) {
                let form = self.symbols.text(form);
                return Err(CollusionError::LockMismatch { attempt: *attempt, edge: *edge, form });
            }
        }
        Ok(values.same())
    }
}

fn facts(symbols: &Symbols, view: &View) -> Result<Vec<Fact>, CollusionError> {
    let facts = view.secrets().iter().map(|known| {
        let described = symbols.describe(&known.source)?;
        Ok(Fact {
            label: described.label,
            how: described.how.to_string(),
            form: described.form,
            secret: known.secret.clone(),
        })
    });
    facts.collect()
}

struct Values(BTreeMap<Atom, LockSecret>);

impl Values {
    /// The value of a form: None for zero, which no secret is. An error is an atom without a value.
    fn of(&self, form: &Form) -> Result<Option<LockSecret>, Atom> {
        let mut sum = PublicScalar::ZERO;
        for (atom, coefficient) in form.terms() {
            match self.0.get(atom).ok_or(*atom)? {
                preimage @ LockSecret::Preimage(_) => return Ok(Some(preimage.clone())),
                LockSecret::Scalar(scalar) => {
                    sum = sum.add(&scalar.dangerous_reveal().mul(coefficient));
                }
            }
        }
        Ok(sum.to_secret().ok().map(LockSecret::Scalar))
    }

    /// Each atom whose value an earlier one has too, with that one.
    fn same(&self) -> BTreeMap<Atom, Atom> {
        let mut first: Vec<(&LockSecret, Atom)> = Vec::new();
        let mut same = BTreeMap::new();
        for (atom, secret) in &self.0 {
            match first.iter().find(|(known, _)| *known == secret) {
                Some((_, earlier)) => {
                    same.insert(*atom, *earlier);
                }
                None => first.push((secret, *atom)),
            }
        }
        same
    }
}
