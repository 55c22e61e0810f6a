//! What a receiver may do, by requests that it signs ([`request`](crate::request)). Each is carried out in one transaction with the note that it
//! was; what is acknowledged is durable.

use std::collections::BTreeMap;

use axum::Json;
use axum::body::{Body, to_bytes};
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::{StatusCode, header, request::Parts};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use pointlock::curve::Point;
use pointlock::invoice::{InvoiceId, PaymentLock, StaticInvoice};
use secp256k1::schnorr::Signature;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::statics::{find, hex_of};
use super::{Problem, Shared};
use crate::bolt11;
use crate::name::Name;
use crate::peers::PeerPaths;
use crate::pool::{PoolHash, PoolTerms};
use crate::request::{Authorization, Request};
use crate::store::{Batch, Door, Form, NewOneTime, NewStatic, Notice, OneTimeCount, Receiver, Terms};
use crate::vault::LASTING;

/// So many one-time invoices come at once.
const MOST_AT_ONCE: usize = 2_000;
/// How far a signed time may be off, in seconds.
const WINDOW: u64 = 300;

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

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Settled {
    preimage: String,
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

/// A request that the receiver has signed.
struct Signed {
    receiver: Receiver,
    by: Authorization,
    body: Bytes,
}

type NamePath = Result<Path<String>, PathRejection>;

fn words(path: NamePath) -> Result<String, Problem> {
    path.map(|Path(name)| name).map_err(Problem::unknown)
}

/// The body, and what is signed; by whom is for the caller to say.
async fn read(vault: &Shared, parts: &Parts, body: Body) -> Result<(Authorization, Bytes), Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
        Problem::unsigned("the Authorization header is missing: Pointlock time=…, nonce=…, signature=…")
    })?;
    let by: Authorization = header
        .to_str()
        .map_err(|_| Problem::unsigned("the Authorization header is not text"))?
        .parse()
        .map_err(Problem::unsigned)?;
    let now = vault.clock.now();
    if by.time.abs_diff(now) > WINDOW {
        return Err(Problem::unsigned(format_args!("the request is of {}, and here it is {now}", by.time)));
    }
    let limit = vault.config.body_limit;
    let body = to_bytes(body, limit)
        .await
        .map_err(|_| Problem::too_large(format_args!("a body has at most {limit} bytes, and has to be whole")))?;
    Ok((by, body))
}

fn is_signed(vault: &Shared, parts: &Parts, body: &[u8], by: &Authorization, key: &Point) -> bool {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Request { origin: &vault.origin, method: parts.method.as_str(), path, body }.verify(key, by)
}

async fn signed(vault: &Shared, name: &str, request: axum::extract::Request) -> Result<Signed, Problem> {
    let (parts, body) = request.into_parts();
    let (by, body) = read(vault, &parts, body).await?;
    // Whether somebody has this name is no secret.
    let shown = find(vault, name).await?;
    if !is_signed(vault, &parts, &body, &by, &shown.receiver.node_id) {
        return Err(Problem::unsigned(format_args!(
            "this is not {name}'s signature for {} and this request",
            vault.origin
        )));
    }
    Ok(Signed { receiver: shown.receiver.clone(), by, body })
}

fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(Problem::malformed)
}

/// Carries out what was signed, once.
macro_rules! once {
    ($vault:ident, $signed:ident, $tx:ident => $work:expr) => {{
        let mut $tx = $vault.store.begin().await?;
        let (key, by) = (&$signed.receiver.node_id, &$signed.by);
        $vault.store.take_request(&mut $tx, key, &by.nonce, by.time).await?;
        let done = $work;
        $tx.commit().await.map_err(crate::store::StoreError::from)?;
        $vault.cache.forget(&$signed.receiver.name);
        done
    }};
}

pub(super) async fn register(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let name: Name = words(path)?.parse().map_err(Problem::refused)?;
    let (parts, body) = request.into_parts();
    let (by, body) = read(&vault, &parts, body).await?;
    let left: Registration = json(&body)?;
    let node_id = hex::decode(&left.node_id).ok().and_then(|bytes| Point::from_slice(&bytes).ok());
    let node_id = node_id.ok_or_else(|| Problem::malformed("node_id: expected a point, 66 hexadecimal digits"))?;
    if !is_signed(&vault, &parts, &body, &by, &node_id) {
        return Err(Problem::unsigned("this is not the signature of that node_id for this request"));
    }
    left.terms.check().map_err(Problem::refused)?;
    if !vault.config.open_registration && vault.shown(&name).await?.is_none() {
        return Err(Problem::closed(format_args!("ask the operator: pointlock vault add {name} {}", left.node_id)));
    }
    let mut tx = vault.store.begin().await?;
    vault.store.take_request(&mut tx, &node_id, &by.nonce, by.time).await?;
    vault.store.put_receiver_in(&mut tx, &name, &node_id, &left.terms).await?;
    tx.commit().await.map_err(crate::store::StoreError::from)?;
    vault.cache.forget(&name);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn list(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<Json<Listing>, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    once!(vault, signed, tx => ());
    let name = &signed.receiver.name;
    let shown = vault.shown(name).await?.ok_or_else(|| Problem::unknown("the receiver is gone"))?;
    let listed = |shown: &crate::cache::ShownStatic| StaticListed {
        invoice_id: shown.row.invoice_id.to_string(),
        k: shown.row.k,
        handed_out: shown.row.handed_out.saturating_add(shown.pending()),
        expires_at: shown.row.expires_at,
        door: if shown.row.door == Door::Web { "web" } else { "peer" }.to_owned(),
        invoice: shown.row.text.clone(),
    };
    Ok(Json(Listing {
        name: name.to_string(),
        address: crate::metadata::address(&vault.origin, name),
        node_id: shown.receiver.node_id.to_string(),
        terms: shown.receiver.terms.clone(),
        metadata: shown.metadata.text.clone(),
        takes_pools: vault.lsp.is_some(),
        peer: vault.peers.get().and_then(|peers| peers.paths(name)),
        statics: shown.statics.iter().map(listed).collect(),
        one_time: vault.store.one_time_counts(Some(&shown.receiver)).await?,
        notices: vault.store.notices(&shown.receiver).await?,
    }))
}

/// A static invoice of this receiver, on the vault's chain, that may be paid for a while yet.
fn check_static(vault: &Shared, receiver: &Receiver, text: &str) -> Result<StaticInvoice, Problem> {
    let now = vault.clock.now().saturating_add(LASTING);
    let invoice = StaticInvoice::decode_at(text, vault.config.chain.hash(), now).map_err(Problem::refused)?;
    invoice.verify_issuer(&receiver.node_id).map_err(Problem::refused)?;
    Ok(invoice)
}

pub(super) async fn put_invoice(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    let left: InvoiceLeft = json(&signed.body)?;
    let invoice = check_static(&vault, &signed.receiver, &left.invoice)?;
    if matches!(invoice.lock(), Some(PaymentLock::Hash(_))) {
        let words = "an invoice with a payment hash may be paid once: leave it among the one-time invoices, as one of `statics`";
        return Err(Problem::refused(words));
    }
    let new = NewStatic { door: Door::Web, invoice: &invoice, request_path: None };
    once!(vault, signed, tx => vault.store.put_static_in(&mut tx, &signed.receiver, &new).await?);
    Ok(StatusCode::NO_CONTENT)
}

pub(super) async fn withdraw_invoice(
    State(vault): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let Path((name, id)) = path.map_err(Problem::unknown)?;
    let signed = signed(&vault, &name, request).await?;
    let id = InvoiceId::from_bytes(hex_of(&id)?);
    let is_done = once!(vault, signed, tx => vault.store.withdraw_static_in(&mut tx, &signed.receiver, id).await?);
    if is_done { Ok(StatusCode::NO_CONTENT) } else { Err(Problem::unknown("no such invoice is handed out")) }
}

/// What was left, verified; it takes a while for many.
fn check_one_time(vault: &Shared, receiver: &Receiver, left: &OneTimeLeft) -> Result<Batch, Problem> {
    let now = vault.clock.now();
    let at = |index: usize, error: &dyn std::fmt::Display| Problem::refused(format_args!("item {index}: {error}"));
    let (form, items) = match left {
        OneTimeLeft { invoices, statics, pool: None } if statics.is_empty() => {
            let hash = crate::metadata::Metadata::new(&vault.origin, &receiver.name, &receiver.terms).hash;
            let item = |(index, text): (usize, &String)| {
                let made = bolt11::check(text, &receiver.node_id, vault.config.chain, &hash, now, LASTING)
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
            (Form::Invoice, invoices.iter().enumerate().map(item).collect::<Result<Vec<_>, Problem>>()?)
        }
        OneTimeLeft { invoices, statics, pool: None } if invoices.is_empty() => {
            let item = |(index, text): (usize, &String)| {
                let invoice = check_static(vault, receiver, text).map_err(|problem| at(index, &problem.detail()))?;
                let Some(PaymentLock::Hash(hash)) = invoice.lock() else {
                    return Err(at(index, &"no payment hash: leave it to be handed out again and again"));
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
            (Form::Static, statics.iter().enumerate().map(item).collect::<Result<Vec<_>, Problem>>()?)
        }
        OneTimeLeft { invoices, statics, pool: Some(pool) } if invoices.is_empty() && statics.is_empty() => {
            (Form::Hash, check_pool(vault, receiver, pool, now)?)
        }
        _ => return Err(Problem::refused("one of `invoices`, `statics` and `pool` at a time")),
    };
    if items.is_empty() || items.len() > MOST_AT_ONCE {
        return Err(Problem::refused(format_args!("1 to {MOST_AT_ONCE} at once, not {}", items.len())));
    }
    let mut seen = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        if let Some(first) = seen.insert(item.payment_hash, index) {
            return Err(at(index, &format_args!("its payment hash is that of item {first}")));
        }
    }
    Ok(Batch { form, items })
}

fn check_pool(vault: &Shared, receiver: &Receiver, pool: &HashesLeft, now: u64) -> Result<Vec<NewOneTime>, Problem> {
    if vault.lsp.is_none() {
        return Err(Problem::refused("this vault has no LSP's key, and writes no invoices"));
    }
    // i64 in the database, and seconds of this age of the world.
    if pool.created_at > now.saturating_add(WINDOW) || pool.expires_at > now.saturating_add(10 * 365 * 86_400) {
        return Err(Problem::refused("created_at lies in the future, or expires_at ten years ahead"));
    }
    if pool.expires_at < now.saturating_add(LASTING) {
        return Err(Problem::refused(format_args!("expires_at: {} is too soon at {now}", pool.expires_at)));
    }
    if pool.hashes.len() > MOST_AT_ONCE {
        return Err(Problem::refused(format_args!("at most {MOST_AT_ONCE} at once")));
    }
    let read = |(index, left): (usize, &PoolHashLeft)| {
        let mut payment_hash = [0; 32];
        let signature = hex::decode(&left.signature).ok().and_then(|bytes| Signature::from_slice(&bytes).ok());
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
        return Err(Problem::refused(format_args!("item {index}: not signed by the receiver's key, with these times on this chain")));
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

pub(super) async fn put_one_time(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    let left: OneTimeLeft = json(&signed.body)?;
    let (receiver, for_check) = (signed.receiver.clone(), vault.clone());
    // Signatures of thousands would keep others waiting.
    let check = tokio::task::spawn_blocking(move || check_one_time(&for_check, &receiver, &left));
    let batch = check.await.map_err(|_| Problem::unavailable("the check was interrupted"))??;
    let limit = vault.config.stock_limit;
    once!(vault, signed, tx => vault.store.put_one_time_in(&mut tx, &signed.receiver, &batch, limit).await?);
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct After {
    #[serde(default)]
    after: u64,
}

#[derive(Serialize)]
struct HandedListed {
    number: u64,
    payment_hash: String,
    form: Form,
    amount_msat: Option<u64>,
    handed_at: u64,
    comment: Option<String>,
    settled: bool,
}

pub(super) async fn handed(
    State(vault): State<Shared>,
    path: NamePath,
    after: Result<Query<After>, QueryRejection>,
    request: axum::extract::Request,
) -> Result<Response, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    let Query(After { after }) = after.map_err(Problem::malformed)?;
    once!(vault, signed, tx => ());
    let rows = vault.store.handed_after(&signed.receiver, after, 500).await?;
    let listed = rows.into_iter().filter_map(|row| {
        let (handed_at, number) = row.handed?;
        Some(HandedListed {
            number,
            payment_hash: hex::encode(row.payment_hash),
            form: row.form,
            amount_msat: row.amount_msat,
            handed_at,
            comment: row.comment,
            settled: row.preimage.is_some(),
        })
    });
    Ok(Json(listed.collect::<Vec<_>>()).into_response())
}

#[derive(Serialize)]
struct Withdrawn {
    withdrawn: u64,
}

pub(super) async fn withdraw_all(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<Response, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    let receiver = &signed.receiver;
    let withdrawn = once!(vault, signed, tx => vault.store.withdraw_one_time_in(&mut tx, receiver, None).await?);
    Ok(Json(Withdrawn { withdrawn }).into_response())
}

pub(super) async fn withdraw_one(
    State(vault): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let Path((name, hash)) = path.map_err(Problem::unknown)?;
    let signed = signed(&vault, &name, request).await?;
    let (hash, receiver) = (hex_of(&hash)?, &signed.receiver);
    match once!(vault, signed, tx => vault.store.withdraw_one_time_in(&mut tx, receiver, Some(hash)).await?) {
        0 => Err(Problem::unknown("none with this payment hash is ready: it may have been handed out")),
        _ => Ok(StatusCode::NO_CONTENT),
    }
}

pub(super) async fn settled(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    let told: Settled = json(&signed.body)?;
    let mut preimage = [0; 32];
    hex::decode_to_slice(&told.preimage, &mut preimage)
        .map_err(|_| Problem::malformed("preimage: expected 64 hexadecimal digits"))?;
    let receiver = &signed.receiver;
    if once!(vault, signed, tx => vault.store.settle_in(&mut tx, receiver, &preimage).await?) {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::unknown("none of the receiver's payment hashes is that of this preimage"))
    }
}

pub(super) async fn forget_notices(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<StatusCode, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    once!(vault, signed, tx => vault.store.forget_notices_in(&mut tx, &signed.receiver).await?);
    Ok(StatusCode::NO_CONTENT)
}
