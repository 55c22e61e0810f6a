//! Carries the verdicts out: whoever can steal does, whoever can't tries. Bitcoin Core's consensus code judges.

use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::{Lock, LockSecret};
use pointlock_collusion::{Analysis, Coalition, CollusionError, Model, Theft};
use pointlock_sim::Chain as _;
use thiserror::Error;

use super::play::Played;
use crate::terminal::Progress;

/// A verdict that consensus code contradicts.
#[derive(Debug, Error)]
pub(super) enum VerdictError {
    #[error("{0}")]
    Model(#[from] CollusionError),
    #[error("found able, but refused: {who} taking edge {edge} of payment {payment}")]
    Refused { who: String, payment: usize, edge: usize },
    #[error("found unable, but accepted: {who} taking edge {edge} of payment {payment}")]
    Accepted { who: String, payment: usize, edge: usize },
    #[error("the right secret is refused: edge {edge} of payment {payment}")]
    Control { payment: usize, edge: usize },
}

/// A theft that consensus code accepts.
pub(super) struct Executed {
    pub(super) txid: String,
    pub(super) taken_sat: u64,
}

/// What became of all the verdicts.
pub(super) struct Execution {
    /// One for each of the analysis's thefts, in their order.
    pub(super) thefts: Vec<Executed>,
    /// The smallest coalitions all of whose thefts were accepted.
    pub(super) coalitions: usize,
    /// Tries by those who can't, all of them refused.
    pub(super) refused: usize,
    /// Contracts for which the same code accepts the right secret.
    pub(super) controls: usize,
}

/// How many candidates a coalition tries on one contract at most: all its scalars first, then sums and differences.
const MOST_CANDIDATES: usize = 1_000;
/// How many are tried in all, about: where hundreds of coalitions can't, each tries less.
const ALL_CANDIDATES: usize = 40_000;
/// How many each tries at least.
const LEAST_CANDIDATES: usize = 25;

/// Executes every theft, lets every largest unable coalition try, and checks the code that refuses it with the right secret.
pub(super) fn execute(
    played: &mut Played,
    analysis: &Analysis,
    progress: &mut Progress,
) -> Result<Execution, VerdictError> {
    let mut thefts = Vec::new();
    for (number, theft) in analysis.thefts.iter().enumerate() {
        progress.tell(|| format!("stealing, {number} of {} thefts", analysis.thefts.len()));
        thefts.push(steal(played, theft)?);
    }
    let coalitions = analysis
        .minimal
        .iter()
        .filter(|minimal| analysis.thefts.iter().any(|theft| theft.coalition == **minimal));
    let coalitions = coalitions.count();
    let mut refused = 0;
    // What a coalition has, every larger one has: if the largest fail, all do.
    let tries = analysis.maximal_unable.len() * played.contracts.len();
    let most = (ALL_CANDIDATES / tries.max(1)).clamp(LEAST_CANDIDATES, MOST_CANDIDATES);
    for (number, coalition) in analysis.maximal_unable.iter().enumerate() {
        let of = analysis.maximal_unable.len();
        progress.tell(|| format!("letting others try, {number} of {of} coalitions"));
        refused += try_everything(played, *coalition, most)?;
    }
    let mut controls = 0;
    for target in 0..played.model.targets().len() {
        let secret = played.model.lock_secret(target)?;
        if !played.stage.sim.accepts(played.contracts[target], &secret) {
            let (payment, edge) = played.place(target);
            return Err(VerdictError::Control { payment, edge });
        }
        controls += 1;
    }
    Ok(Execution { thefts, coalitions, refused, controls })
}

/// The secret from the members' views, and nothing else, finishes the offerer's adaptor signature.
fn steal(played: &mut Played, theft: &Theft) -> Result<Executed, VerdictError> {
    let secret = theft.secret(&played.model)?;
    let contract = played.contracts[theft.target];
    let sim = &mut played.stage.sim;
    let robbed = &sim.contracts[contract];
    let accepted = robbed
        .claim_unchecked(&secret, &robbed.claimer_key)
        .filter(|transaction| sim.chain.judge(transaction).is_ok());
    let (payment, edge) = played.place(theft.target);
    let transaction = accepted.ok_or_else(|| {
        let who = played.model.names(theft.coalition).join(", ");
        VerdictError::Refused { who, payment, edge }
    })?;
    let taken_sat = transaction.output[0].value.to_sat();
    Ok(Executed { txid: transaction.compute_txid().to_string(), taken_sat })
}

/// Gives how many tries were refused; one that is accepted is an error.
fn try_everything(
    played: &mut Played,
    coalition: Coalition,
    most: usize,
) -> Result<usize, VerdictError> {
    let mut refused = 0;
    for (number, contract) in played.contracts.clone().into_iter().enumerate() {
        let candidates = candidates(&played.model, coalition, number, most);
        let claimer = played.model.targets()[number].claimer;
        let (payment, edge) = played.place(number);
        // Without the claimer there is no key for its signature: the thieves sign with one of their own.
        let stranger =
            (!coalition.contains(claimer)).then(|| Keypair::new(played.stage.sim.entropy.secret()));
        for secret in candidates {
            let sim = &mut played.stage.sim;
            let target = &sim.contracts[contract];
            let key = stranger.as_ref().unwrap_or(&target.claimer_key);
            let transaction = target.claim_unchecked(&secret, key);
            if transaction.is_some_and(|transaction| sim.chain.judge(&transaction).is_ok()) {
                let who = played.model.names(coalition).join(", ");
                return Err(VerdictError::Accepted { who, payment, edge });
            }
            refused += 1;
        }
    }
    Ok(refused)
}

/// Every secret that the members have of the kind that opens the lock; for scalars their sums and differences too.
fn candidates(model: &Model, coalition: Coalition, target: usize, most: usize) -> Vec<LockSecret> {
    let target = &model.targets()[target];
    let hash = matches!(target.lock, Lock::Hash(_));
    let members = coalition.members().filter(|party| target.victim != Some(*party));
    let mut known: Vec<LockSecret> = Vec::new();
    for fact in members.flat_map(|party| &model.parties()[party].facts) {
        let fits = matches!(fact.secret(), LockSecret::Preimage(_)) == hash;
        if fits && !known.contains(fact.secret()) {
            known.push(fact.secret().clone());
        }
    }
    let scalars: Vec<SecretScalar> = known
        .iter()
        .filter_map(|secret| match secret {
            LockSecret::Scalar(scalar) => Some(scalar.clone()),
            LockSecret::Preimage(_) => None,
        })
        .collect();
    let pairs = scalars.iter().enumerate().flat_map(|(index, one)| {
        scalars[index + 1..].iter().flat_map(move |other| {
            // A zero is no candidate.
            [one.add(other), one.sub(other), other.sub(one)].into_iter().flatten()
        })
    });
    let pairs: Vec<LockSecret> =
        pairs.take(most.saturating_sub(known.len())).map(LockSecret::Scalar).collect();
    known.extend(pairs);
    known.truncate(most);
    known
}
