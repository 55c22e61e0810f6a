//! What a receiver leaves and lists, as JSON, and what is checked of it before it is taken in.

use std::collections::BTreeMap;

use pointlock::invoice::{PaymentLock, StaticInvoice};
use secp256k1::schnorr::Signature;
use serde::{Deserialize, Serialize};

use super::signed::WINDOW;
use super::{Problem, Shared};
use crate::bolt11;
use crate::peers::PeerPaths;
use crate::pool::{PoolHash, PoolTerms};
use crate::store::{Batch, Form, NewOneTime, Notice, OneTimeCount, Receiver, Terms};
use crate::vault::LASTING;

/// So many one-time invoices come at once.
const MOST_AT_ONCE: usize = 2_000;

/// A receiver, or its new terms.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The receiver's key, 33 bytes in hexadecimal digits.
    pub node_id: String,
    /// What it wants.
    #[serde(default)]
    pub terms: Terms,
}

/// A receiver's new key.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeyLeft {
    /// The key, 33 bytes in hexadecimal digits.
    pub node_id: String,
    /// 64 bytes, by that key ([`new_key`](crate::new_key)).
    pub signature: String,
}

/// A static invoice, to be handed out from now on.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InvoiceLeft {
    /// `lni1…`.
    pub invoice: String,
}

/// One-time invoices, of one form.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTimeLeft {
    /// Ready-made BOLT 11 invoices.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub invoices: Vec<String>,
    /// Static invoices with a payment hash.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub statics: Vec<String>,
    /// A pool of hashes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pool: Option<HashesLeft>,
}

/// A pool of payment hashes.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HashesLeft {
    /// When they were drawn, UNIX time.
    pub created_at: u64,
    /// The last second in which one may be paid.
    pub expires_at: u64,
    /// The hashes.
    pub hashes: Vec<PoolHashLeft>,
}

/// One of them.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PoolHashLeft {
    /// 32 bytes in hexadecimal digits.
    pub payment_hash: String,
    /// 64 bytes, the receiver's ([`pool`](crate::pool)).
    pub signature: String,
}

/// What opens an invoice that is paid.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Settled {
    pub(super) preimage: String,
}

/// All that the vault has of a receiver's.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Listing {
    /// Its name.
    pub name: String,
    /// Its Lightning Address.
    pub address: String,
    /// Its key.
    pub node_id: String,
    /// Its terms.
    pub terms: Terms,
    /// What ready-made BOLT 11 invoices have to commit to.
    pub metadata: String,
    /// Whether the vault writes invoices for a pool.
    pub takes_pools: bool,
    /// How to leave invoices by onion messages, where the vault takes them.
    pub peer: Option<PeerPaths>,
    /// What is handed out again and again.
    pub statics: Vec<StaticListed>,
    /// What is handed out once.
    pub one_time: Vec<OneTimeCount>,
    /// What the receiver has to know.
    pub notices: Vec<Notice>,
}

/// A static invoice that the vault has.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct StaticListed {
    /// Its id.
    pub invoice_id: String,
    /// The degree of its polynomial; none without points.
    pub k: Option<u64>,
    /// How often it was handed out; a crash may have taken a few seconds' counts.
    pub handed_out: u64,
    /// Its last second.
    pub expires_at: u64,
    /// `web`, or `peer`.
    pub door: String,
    /// `lni1…`.
    pub invoice: String,
}

/// A static invoice of this receiver, on the vault's chain, that may be paid for a while yet.
pub(super) fn check_static(
    vault: &Shared,
    receiver: &Receiver,
    text: &str,
) -> Result<StaticInvoice, Problem> {
    let now = vault.clock.now().saturating_add(LASTING);
    let invoice =
        StaticInvoice::decode_at(text, vault.config.chain.hash(), now).map_err(Problem::refused)?;
    invoice.verify_issuer(&receiver.node_id).map_err(Problem::refused)?;
    Ok(invoice)
}

/// What was left, verified; it takes a while for many.
pub(super) fn check_one_time(
    vault: &Shared,
    receiver: &Receiver,
    left: &OneTimeLeft,
) -> Result<Batch, Problem> {
    let now = vault.clock.now();
    let at = |index: usize, error: &dyn std::fmt::Display| {
        Problem::refused(format_args!("item {index}: {error}"))
    };
    let (form, items) = match left {
        OneTimeLeft { invoices, statics, pool: None } if statics.is_empty() => {
            let hash =
                crate::metadata::Metadata::new(&vault.origin, &receiver.name, &receiver.terms).hash;
            let item = |(index, text): (usize, &String)| {
                let made =
                    bolt11::check(text, &receiver.node_id, vault.config.chain, &hash, now, LASTING)
                        .map_err(|error| at(index, &error))?;
                Ok(NewOneTime {
                    payment_hash: made.payment_hash,
                    amount_msat: Some(made.amount_msat),
                    description_hash: Some(hash),
                    invoice: Some(text.to_ascii_lowercase()),
                    created_at: made.created_at,
                    expires_at: made.expires_at,
                    signature: None,
                })
            };
            (
                Form::Invoice,
                invoices.iter().enumerate().map(item).collect::<Result<Vec<_>, Problem>>()?,
            )
        }
        OneTimeLeft { invoices, statics, pool: None } if invoices.is_empty() => {
            let item = |(index, text): (usize, &String)| {
                let invoice = check_static(vault, receiver, text)
                    .map_err(|problem| at(index, &problem.detail()))?;
                let Some(PaymentLock::Hash(hash)) = invoice.lock() else {
                    return Err(at(
                        index,
                        &"no payment hash: leave it to be handed out again and again",
                    ));
                };
                Ok(NewOneTime {
                    payment_hash: hash.0,
                    amount_msat: None,
                    description_hash: None,
                    invoice: Some(invoice.to_string()),
                    created_at: invoice.invoice_created_at(),
                    expires_at: invoice.expires_at(),
                    signature: None,
                })
            };
            (
                Form::Static,
                statics.iter().enumerate().map(item).collect::<Result<Vec<_>, Problem>>()?,
            )
        }
        OneTimeLeft { invoices, statics, pool: Some(pool) }
            if invoices.is_empty() && statics.is_empty() =>
        {
            (Form::Hash, check_pool(vault, receiver, pool, now)?)
        }
        _ => return Err(Problem::refused("one of `invoices`, `statics` and `pool` at a time")),
    };
    if items.is_empty() || items.len() > MOST_AT_ONCE {
        return Err(Problem::refused(format_args!(
            "1 to {MOST_AT_ONCE} at once, not {}",
            items.len()
        )));
    }
    let mut seen = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(first) = seen.insert(item.payment_hash, index) {
            return Err(at(index, &format_args!("its payment hash is that of item {first}")));
        }
    }
    Ok(Batch { form, items })
}

fn check_pool(
    vault: &Shared,
    receiver: &Receiver,
    pool: &HashesLeft,
    now: u64,
) -> Result<Vec<NewOneTime>, Problem> {
    if vault.lsp.is_none() {
        return Err(Problem::refused("this vault has no LSP's key, and writes no invoices"));
    }
    // i64 in the database, and seconds of this age of the world.
    if pool.created_at > now.saturating_add(WINDOW)
        || pool.expires_at > now.saturating_add(10 * 365 * 86_400)
    {
        return Err(Problem::refused(
            "created_at lies in the future, or expires_at ten years ahead",
        ));
    }
    if pool.expires_at < now.saturating_add(LASTING) {
        return Err(Problem::refused(format_args!(
            "expires_at: {} is too soon at {now}",
            pool.expires_at
        )));
    }
    if pool.hashes.len() > MOST_AT_ONCE {
        return Err(Problem::refused(format_args!("at most {MOST_AT_ONCE} at once")));
    }
    let read = |(index, left): (usize, &PoolHashLeft)| {
        let mut payment_hash = [0; 32];
        let signature =
            hex::decode(&left.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
        match (hex::decode_to_slice(&left.payment_hash, &mut payment_hash), signature) {
            (Ok(()), Some(signature)) => Ok(PoolHash { payment_hash, signature }),
            _ => Err(Problem::malformed(format_args!(
                "item {index}: expected 64 hexadecimal digits in payment_hash, 128 in signature"
            ))),
        }
    };
    let hashes = pool.hashes.iter().enumerate().map(read).collect::<Result<Vec<_>, _>>()?;
    let terms = PoolTerms {
        chain: vault.config.chain.hash(),
        created_at: pool.created_at,
        expires_at: pool.expires_at,
    };
    if let Err(wrong) = terms.verify(&receiver.node_id, &hashes) {
        let index = wrong.first().copied().unwrap_or_default();
        return Err(Problem::refused(format_args!(
            "item {index}: not signed by the receiver's key, with these times on this chain"
        )));
    }
    let item = |hash: &PoolHash| NewOneTime {
        payment_hash: hash.payment_hash,
        amount_msat: None,
        description_hash: None,
        invoice: None,
        created_at: pool.created_at,
        expires_at: pool.expires_at,
        signature: Some(hash.signature.serialize()),
    };
    Ok(hashes.iter().map(item).collect())
}
