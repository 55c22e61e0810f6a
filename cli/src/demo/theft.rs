use pointlock::curve::SecretScalar;
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::View;
use pointlock_sim::Sim;

use super::facts::Theft;
use crate::chain::Chain;

/// What a hop can try on a contract: every secret in its view of the kind that opens it; for scalars their sums and
/// differences too.
pub(super) fn candidates(view: &View, lock: &Lock) -> (usize, Vec<LockSecret>) {
    match lock {
        Lock::Hash(_) => {
            let known = distinct(view, |secret| matches!(secret, LockSecret::Preimage(_)));
            (known.len(), known)
        }
        Lock::Point(_) => {
            let known = distinct(view, |secret| matches!(secret, LockSecret::Scalar(_)));
            let known: Vec<SecretScalar> = known.into_iter().filter_map(into_scalar).collect();
            let mut tried = known.clone();
            for (index, one) in known.iter().enumerate() {
                for other in &known[index + 1..] {
                    // A zero is no candidate.
                    tried.extend(one.add(other));
                    tried.extend(one.sub(other));
                    tried.extend(other.sub(one));
                }
            }
            (known.len(), tried.into_iter().map(LockSecret::Scalar).collect())
        }
    }
}

/// The secrets of a view that pass, each once.
fn distinct(view: &View, pass: impl Fn(&LockSecret) -> bool) -> Vec<LockSecret> {
    let mut distinct: Vec<LockSecret> = Vec::new();
    for known in view.secrets() {
        if pass(&known.secret) && !distinct.contains(&known.secret) {
            distinct.push(known.secret.clone());
        }
    }
    distinct
}

fn into_scalar(secret: LockSecret) -> Option<SecretScalar> {
    match secret {
        LockSecret::Scalar(scalar) => Some(scalar),
        LockSecret::Preimage(_) => None,
    }
}

/// A hop tries to take the payment that is committed to it, with what it knows now and nothing else. Gives what came of it,
/// and the secret that would work.
pub(super) fn attempt(sim: &mut Sim<Chain>, contract: usize) -> (Theft, Option<LockSecret>) {
    let (place, thief) = (sim.contracts[contract].place, sim.contracts[contract].claimer);
    let (known, tried) = candidates(sim.view(thief), &sim.contracts[contract].terms().lock);
    let mut theft = Theft {
        payment: place.payment + 1,
        part: place.part + 1,
        thief: sim.name(thief).to_owned(),
        known,
        tried: tried.len(),
        accepted: 0,
        right_secret_accepted: None,
    };
    let mut working = None;
    for secret in tried {
        if sim.accepts(contract, &secret) {
            theft.accepted += 1;
            working = Some(secret);
        }
    }
    (theft, working)
}
