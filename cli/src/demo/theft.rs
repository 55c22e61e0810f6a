use pointlock::curve::SecretScalar;
use pointlock::lock::{Lock, LockSecret};
use pointlock::payment::View;

use super::facts::Theft;
use super::world::World;

/// What a hop can try on a contract: every secret in its view of the kind that opens it; for scalars their sums and
/// differences too.
pub(super) fn candidates(view: &View, lock: &Lock) -> (usize, Vec<LockSecret>) {
    match lock {
        Lock::Hash(_) => {
            let known: Vec<LockSecret> = view
                .secrets()
                .iter()
                .filter(|known| matches!(known.secret, LockSecret::Preimage(_)))
                .map(|known| known.secret.clone())
                .collect();
            (known.len(), known)
        }
        Lock::Point(_) => {
            let known: Vec<&SecretScalar> = view
                .secrets()
                .iter()
                .filter_map(|known| match &known.secret {
                    LockSecret::Scalar(scalar) => Some(scalar),
                    LockSecret::Preimage(_) => None,
                })
                .collect();
            let mut tried: Vec<SecretScalar> = known.iter().copied().cloned().collect();
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

/// A hop tries to take the payment that is committed to it, with what it knows now and nothing else. Gives what came of it,
/// and the secret that would work.
pub(super) fn attempt(world: &mut World, edge: usize) -> (Theft, Option<LockSecret>) {
    let (payment, claimer) = (world.edges[edge].payment, world.edges[edge].claimer);
    let (known, tried) =
        candidates(world.parties[claimer].view(), &world.edges[edge].terms().lock);
    let mut theft = Theft {
        payment: payment + 1,
        thief: world.parties[claimer].name.clone(),
        known,
        tried: tried.len(),
        accepted: 0,
        right_secret_accepted: None,
    };
    let mut working = None;
    for secret in tried {
        if takes(world, edge, &secret) {
            theft.accepted += 1;
            working = Some(secret);
        }
    }
    (theft, working)
}

/// Whether consensus code accepts the claim with this secret.
pub(super) fn takes(world: &mut World, edge: usize, secret: &LockSecret) -> bool {
    world.edges[edge]
        .claim_unchecked(secret)
        .is_some_and(|transaction| world.chain.judge(&transaction).is_ok())
}
