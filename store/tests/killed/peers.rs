//! What the others have seen of a node, and what they have done: payers, the receiver, the chain. Nothing of it is lost when the node is killed.
//! What may never happen is refused as it is seen.

use std::collections::BTreeMap;

use pointlock::curve::SecretScalar;
use pointlock::lock::LockSecret;

use crate::net::{HEIGHT, Kind, Net};

/// Blocks before its expiry at which an edge is claimed on the chain, or not at all.
const CLAIM_MARGIN: u32 = 18;
/// Blocks before its expiry at which an edge is offered no more.
const OFFER_MARGIN: u32 = 21;
/// Confirmations that make a refund final.
const FINAL: u32 = 6;

/// What was seen of one payment.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) kind: Kind,
    /// The height at which it began.
    pub(crate) height: u32,
    pub(crate) edge: pointlock::edge::Edge,
    /// The node has acknowledged that the edge is committed.
    pub(crate) taken: bool,
    /// That it has what its payer hands over.
    pub(crate) handed_over: bool,
    /// That it has the release.
    pub(crate) released: bool,
    /// What it has offered to the receiver: when that expires, and what opens it.
    pub(crate) added: Option<(u32, LockSecret)>,
    /// It has signed for that.
    pub(crate) signed: bool,
    /// It will not any more.
    pub(crate) withdrawn: bool,
    /// The receiver has given the secret; the node has acknowledged it.
    pub(crate) fulfilled: bool,
    pub(crate) learned: bool,
    /// The receiver has failed it; the node has acknowledged it.
    pub(crate) refused: bool,
    pub(crate) told: bool,
    /// The height at which the node's refund is in a block.
    pub(crate) refund: Option<u32>,
    /// The payer has the secret.
    pub(crate) secret: bool,
    /// The node's claim is in a block.
    pub(crate) claimed: Option<u32>,
    /// The payer has the failure.
    pub(crate) failed: bool,
    lines: Vec<String>,
}

impl Seen {
    pub(crate) fn has_ended(&self) -> bool {
        self.secret || self.failed
    }
}

/// What there was, of all payments.
#[derive(Debug, Default)]
pub(crate) struct Counts {
    pub(crate) taken: u64,
    pub(crate) released: u64,
    pub(crate) signed: u64,
    pub(crate) secrets: u64,
    pub(crate) on_chain: u64,
    pub(crate) failures: u64,
    pub(crate) refunds: u64,
    pub(crate) withdrawn: u64,
    pub(crate) snapshots: u64,
    pub(crate) ktime: u32,
    pub(crate) offered_ktime: u32,
}

pub(crate) struct Peers {
    pub(crate) height: u32,
    pub(crate) next: u64,
    pub(crate) payments: BTreeMap<u64, Seen>,
    pub(crate) counts: Counts,
}

impl Peers {
    pub(crate) fn new() -> Self {
        let (payments, counts) = (BTreeMap::new(), Counts::default());
        Self { height: HEIGHT, next: 0, payments, counts }
    }

    /// All that the others still know, as lines to be heard again.
    pub(crate) fn lines(&self) -> String {
        let of_payments = self.payments.values().flat_map(|seen| &seen.lines);
        let last = format!("{} next {}", self.height, self.next);
        of_payments.chain([&last]).map(|line| format!("{line}\n")).collect()
    }

    pub(crate) fn hear(&mut self, net: &Net, line: &str) {
        let words: Vec<&str> = line.split(' ').collect();
        let number = |word: &str| word.parse::<u64>().unwrap();
        self.height = number(words[0]) as u32;
        let height = self.height;
        match words[1..] {
            ["block"] => {}
            ["snapshot"] => self.counts.snapshots += 1,
            ["next", next] => self.next = number(next),
            ["offered", payment] => {
                let payment = number(payment);
                let seen = offered(net, payment, height);
                self.counts.offered_ktime += u32::from(seen.kind == Kind::PaidKtime);
                assert!(self.payments.insert(payment, seen).is_none(), "{line}");
                self.next = payment + 1;
                self.note(payment, line);
            }
            ["gone", payment] => {
                let gone = self.payments.remove(&number(payment)).unwrap();
                assert!(gone.has_ended(), "{line}: {gone:?}");
            }
            [word, payment, ref more @ ..] => {
                let payment = number(payment);
                let seen = self.payments.get_mut(&payment).unwrap();
                hear(seen, &mut self.counts, height, word, more)
                    .unwrap_or_else(|why| panic!("{line}: {why}: {seen:?}"));
                self.note(payment, line);
            }
            _ => panic!("{line}"),
        }
    }

    fn note(&mut self, payment: u64, line: &str) {
        self.payments.get_mut(&payment).unwrap().lines.push(line.to_owned());
    }
}

fn offered(net: &Net, payment: u64, height: u32) -> Seen {
    Seen {
        kind: Kind::of(payment),
        height,
        edge: net.sent(payment, height).edge,
        taken: false,
        handed_over: false,
        released: false,
        added: None,
        signed: false,
        withdrawn: false,
        fulfilled: false,
        learned: false,
        refused: false,
        told: false,
        refund: None,
        secret: false,
        claimed: None,
        failed: false,
        lines: Vec::new(),
    }
}

fn check(holds: bool, rule: &'static str) -> Result<(), &'static str> {
    if holds { Ok(()) } else { Err(rule) }
}

/// What was seen of a payment, unless it may not be.
fn hear(
    seen: &mut Seen,
    counts: &mut Counts,
    height: u32,
    word: &str,
    more: &[&str],
) -> Result<(), &'static str> {
    let (expiry, lock) = (seen.edge.expiry, seen.edge.lock);
    let count = |count: &mut u64, known: bool| *count += u64::from(!known);
    match word {
        "taken" => {
            count(&mut counts.taken, seen.taken);
            seen.taken = true;
        }
        "handed" => seen.handed_over = true,
        "released" => {
            count(&mut counts.released, seen.released);
            seen.released = true;
        }
        "added" => {
            let added = (more[0].parse().unwrap(), secret(more[1]));
            check(seen.added.as_ref().is_none_or(|before| *before == added), "another offer")?;
            check(!seen.has_ended(), "an offer for what has ended")?;
            check(seen.kind != Kind::Held || seen.taken, "held, and offered unseen")?;
            seen.added = Some(added);
        }
        "signed" => {
            let (outgoing_expiry, _) = seen.added.as_ref().ok_or("signed and not offered")?;
            check(!seen.failed && !seen.withdrawn, "signed after the end")?;
            check(seen.signed || height + OFFER_MARGIN < *outgoing_expiry, "signed too late")?;
            count(&mut counts.signed, seen.signed);
            seen.signed = true;
        }
        "withdrawn" => {
            check(!seen.signed, "withdrawn and signed")?;
            count(&mut counts.withdrawn, seen.withdrawn);
            seen.withdrawn = true;
        }
        "fulfilled" => seen.fulfilled = true,
        "learned" => seen.learned = true,
        "refused" => seen.refused = true,
        "told" => seen.told = true,
        "refunded" => {
            let (outgoing_expiry, _) = seen.added.as_ref().ok_or("a refund of nothing")?;
            check(!seen.fulfilled && height >= *outgoing_expiry, "taken back from its owner")?;
            counts.refunds += 1;
            seen.refund = Some(height);
        }
        "secret" | "chain" => {
            let margin = if word == "secret" { CLAIM_MARGIN } else { 0 };
            check(secret(more[0]).lock() == lock, "a secret of something else")?;
            check(!seen.failed, "the failure was given")?;
            check(seen.kind.is_for_node() || seen.fulfilled, "a secret from nowhere")?;
            check(seen.secret || height + margin < expiry, "a secret too late")?;
            count(&mut counts.secrets, seen.secret);
            counts.ktime += u32::from(!seen.secret && seen.kind == Kind::PaidKtime);
            seen.secret = true;
            if word == "chain" {
                check(seen.claimed.is_none(), "claimed twice")?;
                counts.on_chain += 1;
                seen.claimed = Some(height);
            }
        }
        "failed" => {
            check(!seen.secret && !seen.fulfilled, "the secret is out")?;
            let is_final = seen.refund.is_some_and(|refund| refund + FINAL - 1 <= height);
            check(!seen.signed || seen.refused || is_final, "the receiver can still claim")?;
            count(&mut counts.failures, seen.failed);
            seen.failed = true;
        }
        _ => return Err("nobody says so"),
    }
    Ok(())
}

/// A scalar in hexadecimal digits, for a line.
pub(crate) fn digits(secret: &LockSecret) -> String {
    let LockSecret::Scalar(secret) = secret else { panic!("all locks are points") };
    secret.dangerous_to_bytes().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn secret(digits: &str) -> LockSecret {
    let mut bytes = [0; 32];
    for (place, byte) in bytes.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&digits[2 * place..2 * place + 2], 16).unwrap();
    }
    LockSecret::Scalar(SecretScalar::from_bytes(&bytes).unwrap())
}
