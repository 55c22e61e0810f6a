//! What a channel's transactions weigh, PTLC beside HTLC, and what a full commitment costs to make and to verify.
//!
//! All of them are made and signed here, and weighed as they stand; payouts go to taproot, expiries have three bytes.

use std::error::Error;

use bitcoin::{Amount, OutPoint, Transaction, Weight};
use pointlock::contract::FeeCoins;
use pointlock::curve::{Keypair, SecretScalar, Tag};
use pointlock::lock::{LockSecret, Preimage};
use pointlock_channel::{
    Channel, ChannelEdge, ChannelSecrets, ChannelTerms, Close, CloseTerms, Commitment,
    CommitmentSignatures, CommitmentTerms, CompleteCommitment, CoveredCommitment, EdgeTerms,
    MAX_EDGES, Party, Payout, PerCommitmentSeed, PreSignatures, Spend, spend,
};
use serde::Serialize;

use super::measure::median_ms;
use crate::terminal::{numbers, print, say};

static SECRET: Tag = Tag::new("pointlock/bench/channel");
const FUNDING: Amount = Amount::from_sat(10_000_000);
const X: Party = Party::Opener;
const Y: Party = Party::Accepter;
/// How often a full commitment is made and verified.
const RUNS: usize = 15;

/// A line of the first table: weight units, as they stand on the chain.
#[derive(Debug, Serialize)]
pub(super) struct Weighed {
    name: &'static str,
    ptlc: u64,
    htlc: u64,
}

/// A line of the second: milliseconds of processor time.
#[derive(Debug, Serialize)]
struct Timed {
    name: &'static str,
    ptlc_ms: f64,
    htlc_ms: f64,
}

pub(super) fn run(json: bool) -> Result<(), Box<dyn Error>> {
    let (weighed, timed) = (weights()?, times()?);
    let mut text = String::new();
    if json {
        for line in &weighed {
            say!(text, "{}", serde_json::to_string(line)?);
        }
        for line in &timed {
            say!(text, "{}", serde_json::to_string(line)?);
        }
        return Ok(print(&text)?);
    }
    let vbytes = |weight: u64| Weight::from_wu(weight).to_vbytes_ceil();
    let rows = weighed.iter().map(|Weighed { name, ptlc, htlc }| {
        let figures = [*ptlc, vbytes(*ptlc), *htlc, vbytes(*htlc)].map(|n| n.to_string());
        [(*name).to_owned()].into_iter().chain(figures).collect()
    });
    text = numbers(&["", "PTLC WU", "vB", "HTLC WU", "vB"], rows).join("\n");
    say!(text, "\n");
    let rows = timed.iter().map(|Timed { name, ptlc_ms, htlc_ms }| {
        vec![(*name).to_owned(), format!("{ptlc_ms:.1}"), format!("{htlc_ms:.1}")]
    });
    let count = 2 * MAX_EDGES;
    let heads = ["a commitment with 114 edges each way", "PTLC ms", "HTLC ms"];
    say!(text, "{}", numbers(&heads, rows).join("\n"));
    say!(text, "\n{count} edges, one party's commitment; milliseconds of processor time");
    Ok(print(&text)?)
}

/// Every transaction in both kinds.
pub(super) fn weights() -> Result<Vec<Weighed>, Box<dyn Error>> {
    let kinds = [Scene::new(true, 1)?.weigh()?, Scene::new(false, 1)?.weigh()?];
    let full = [Scene::new(true, MAX_EDGES)?, Scene::new(false, MAX_EDGES)?];
    let full = full.map(|scene| scene.published().map(|signed| signed.weight().to_wu()));
    let [ptlc, htlc] = kinds;
    let mut lines: Vec<Weighed> = ptlc
        .into_iter()
        .zip(htlc)
        .map(|((name, ptlc), (_, htlc))| Weighed { name, ptlc, htlc })
        .collect();
    let [ptlc, htlc] = full;
    lines.push(Weighed { name: "commitment, 114 edges each way", ptlc: ptlc?, htlc: htlc? });
    Ok(lines)
}

type Step = dyn Fn(&Scene) -> Result<(), Box<dyn Error>>;

fn times() -> Result<Vec<Timed>, Box<dyn Error>> {
    let (ptlc, htlc) = (Scene::new(true, MAX_EDGES)?, Scene::new(false, MAX_EDGES)?);
    let line = |name, run: &Step| {
        let ptlc_ms = median_ms(RUNS, || run(&ptlc))?;
        Ok(Timed { name, ptlc_ms, htlc_ms: median_ms(RUNS, || run(&htlc))? })
    };
    let lines: Vec<Result<Timed, Box<dyn Error>>> = vec![
        line("build the transaction", &|scene| scene.commitment().map(|_| ())),
        line("publisher pre-signs claims", &|scene| {
            Ok(scene.commitment.pre_sign_claims(&scene.opener).map(|_| ())?)
        }),
        line("other verifies them", &|scene| scene.covered().map(|_| ())),
        line("other verifies again, and signs", &|scene| scene.signatures().map(|_| ())),
        line("publisher verifies that", &|scene| scene.complete().map(|_| ())),
    ];
    lines.into_iter().collect()
}

/// A channel with so many edges each way, of one kind, and all that both have given for the opener's commitment.
struct Scene {
    channel: Channel,
    opener: ChannelSecrets,
    accepter: ChannelSecrets,
    secrets: Vec<LockSecret>,
    terms: CommitmentTerms,
    commitment: Commitment,
    given: PreSignatures,
    signed: CommitmentSignatures,
}

impl Scene {
    fn new(points: bool, count: usize) -> Result<Self, Box<dyn Error>> {
        let (opener, accepter) = (party("opener")?, party("accepter")?);
        let limit = Amount::from_sat(354);
        let channel = Channel::new(ChannelTerms {
            opener: opener.terms(limit, 144),
            accepter: accepter.terms(limit, 144),
            funding_outpoint: OutPoint::null(),
            amount: FUNDING,
        })?;
        let secrets: Vec<LockSecret> =
            (0..count).map(|number| lock_secret(points, number)).collect::<Result<_, _>>()?;
        let mut edges = Vec::new();
        for offerer in [X, Y] {
            for (number, secret) in (0..).zip(&secrets) {
                let (amount_msat, lock) = (10_000_000, secret.lock());
                let terms = EdgeTerms { offerer, number, amount_msat, expiry: 900_000, lock };
                edges.push(ChannelEdge::standing(terms)?);
            }
        }
        let offered = 10_000_000 * count as u64;
        let terms = CommitmentTerms {
            publisher: X,
            number: 1,
            point: opener.seed.point(1)?,
            opener_msat: FUNDING.to_sat() * 500 - offered,
            accepter_msat: FUNDING.to_sat() * 500 - offered,
            edges,
        };
        let commitment = Commitment::new(&channel, terms.clone())?;
        let given = commitment.pre_sign_claims(&opener)?;
        let nonce = opener.verification_nonces(&channel).public(1)?;
        let signed = CoveredCommitment::new(commitment.clone(), &given)?.countersign(
            &accepter,
            &mut SECRET.hash(&[b"session"]),
            &nonce,
        )?;
        Ok(Self { channel, opener, accepter, secrets, terms, commitment, given, signed })
    }

    fn commitment(&self) -> Result<Commitment, Box<dyn Error>> {
        Ok(Commitment::new(&self.channel, self.terms.clone())?)
    }

    fn covered(&self) -> Result<CoveredCommitment, Box<dyn Error>> {
        Ok(CoveredCommitment::new(self.commitment.clone(), &self.given)?)
    }

    /// After the pre-signatures are verified once more: there is no other way to sign.
    fn signatures(&self) -> Result<CommitmentSignatures, Box<dyn Error>> {
        let covered = CoveredCommitment::new(self.commitment.clone(), &self.given)?;
        let nonce = self.opener.verification_nonces(&self.channel).public(1)?;
        Ok(covered.countersign(&self.accepter, &mut SECRET.hash(&[b"session"]), &nonce)?)
    }

    fn complete(&self) -> Result<CompleteCommitment, Box<dyn Error>> {
        let nonce = self.opener.verification_nonces(&self.channel).public(1)?;
        Ok(CompleteCommitment::new(self.commitment.clone(), nonce, self.signed.clone())?)
    }

    fn published(&self) -> Result<Transaction, Box<dyn Error>> {
        let complete = self.complete()?;
        Ok(complete.publish(&self.opener, &complete.record())?)
    }

    /// Each transaction of one edge each way, with its name.
    fn weigh(&self) -> Result<Vec<(&'static str, u64)>, Box<dyn Error>> {
        let (complete, covered) = (self.complete()?, self.covered()?);
        let (x, y, secret) = (&self.opener, &self.accepter, &self.secrets[0]);
        let revoked = covered.revoked(&x.seed.secret(1)?)?;
        let edges: Vec<OutPoint> =
            self.commitment.edges().map(|(output, _)| self.commitment.outpoint(output)).collect();
        let penalty = revoked.penalty(y)?;
        let of_edge = penalty.iter().find(|spend| edges.contains(&spend.outpoint()));
        let of_edge = of_edge.ok_or("bench: the edge has no output")?.clone();
        let alone = |one: Spend| -> Result<Transaction, Box<dyn Error>> {
            let script = self.channel.funding().script_pubkey();
            let payout = Payout { script: &script, fee: Amount::from_sat(500) };
            Ok(spend(&[one], Some(payout), &FeeCoins::none(), &[0; 32])?)
        };
        let stage = |one: Spend| spend(&[one], None, &FeeCoins::none(), &[0; 32]);
        let after = stage(complete.timeout(x, 0)?)?;
        let after = complete.after_second_stage(x, &after)?.remove(0);
        let lines = [
            ("success, publisher's second stage", stage(complete.success(x, 0, secret)?)?),
            ("timeout, publisher's second stage", stage(complete.timeout(x, 0)?)?),
            ("after a second stage, delayed", alone(after)?),
            ("success, the other's claim", alone(covered.claim(y, 0, secret)?)?),
            ("timeout, the other's", alone(covered.timeout(y, 0)?)?),
            ("penalty of one edge", alone(of_edge)?),
            ("own money, publisher's", alone(complete.own_money(x)?)?),
            ("own money, the other's", alone(covered.own_money(y)?)?),
            ("cooperative close", self.closed()?),
            ("commitment, one edge each way", self.published()?),
        ];
        Ok(lines.into_iter().map(|(name, signed)| (name, signed.weight().to_wu())).collect())
    }

    fn closed(&self) -> Result<Transaction, Box<dyn Error>> {
        let script = Some(self.channel.funding().script_pubkey());
        let terms = CloseTerms {
            closer: X,
            fee: Amount::from_sat(500),
            lock_time: bitcoin::absolute::LockTime::ZERO,
            opener_msat: FUNDING.to_sat() * 500,
            accepter_msat: FUNDING.to_sat() * 500,
            opener_script: script.clone(),
            accepter_script: script,
        };
        let close = Close::new(&self.channel, &terms)?;
        let nonce = |secrets, label: &[u8]| {
            Close::nonce(&self.channel, secrets, &mut SECRET.hash(&[b"close", label]))
        };
        let (opener, accepter) = (nonce(&self.opener, b"x")?, nonce(&self.accepter, b"y")?);
        let nonces = [opener.public_nonce(), accepter.public_nonce()];
        let partials = [
            close.sign(&self.opener, opener, &nonces[1])?,
            close.sign(&self.accepter, accepter, &nonces[0])?,
        ];
        Ok(close.finish(X, nonces, partials)?)
    }
}

fn party(name: &str) -> Result<ChannelSecrets, Box<dyn Error>> {
    let hash = |what: &str| SECRET.hash(&[name.as_bytes(), what.as_bytes()]);
    let secret = |what: &str| SecretScalar::from_hash(&hash(what));
    Ok(ChannelSecrets {
        funding: Keypair::new(secret("funding")?),
        payment: secret("payment")?,
        delayed: secret("delayed")?,
        htlc: secret("htlc")?,
        revocation: secret("revocation")?,
        seed: PerCommitmentSeed::new(hash("seed")),
    })
}

fn lock_secret(points: bool, number: usize) -> Result<LockSecret, Box<dyn Error>> {
    let hash = SECRET.hash(&[b"lock", &number.to_be_bytes()]);
    Ok(if points {
        LockSecret::Scalar(SecretScalar::from_hash(&hash)?)
    } else {
        LockSecret::Preimage(Preimage::new(hash))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of `docs/channel.md`.
    #[test]
    fn weights_are_those_of_the_page() {
        let page = include_str!("../../../docs/channel.md");
        for Weighed { name, ptlc, htlc } in weights().unwrap() {
            let vbytes = |weight: u64| Weight::from_wu(weight).to_vbytes_ceil();
            let (p, h) = (vbytes(ptlc), vbytes(htlc));
            let line = format!("| {} | {ptlc} ({p}) | {htlc} ({h}) |", name);
            assert!(page.contains(&line), "{line}");
        }
    }
}
