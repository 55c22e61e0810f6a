//! What a receiver may do, by requests that it signs ([`request`](crate::request)). Each is carried out in one transaction with the note that it
//! was; what is acknowledged is durable.

use axum::Json;
use axum::extract::rejection::{PathRejection, QueryRejection};
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::response::{IntoResponse as _, Response};
use pointlock::curve::Point;
use pointlock::invoice::{InvoiceId, PaymentLock};
use secp256k1::schnorr::Signature;
use serde::{Deserialize, Serialize};

use super::left::{
    InvoiceLeft, KeyLeft, Listing, OneTimeLeft, Registration, Settled, StaticListed,
    check_one_time, check_static,
};
use super::signed::{NamePath, is_signed, json, read, signed, words};
use super::statics::hex_of;
use super::{Problem, Shared};
use crate::name::Name;
use crate::new_key::Consent;
use crate::store::{Door, Ended, Form, NewStatic};

/// The receiver's key has signed, and is its key still: what another process remembers may be older.
macro_rules! once_by_key {
    ($vault:ident, $signed:ident, $tx:ident => $work:expr) => {
        once!($vault, $signed, $tx => {
            $vault.store.hold_key(&mut $tx, &$signed.receiver).await?;
            $work
        })
    };
}

/// Carries out what was signed, once. What touches the receiver's row or holds its key does so itself.
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
    let node_id = point(&left.node_id)?;
    if !is_signed(&vault, &parts, &body, &by, &node_id) {
        return Err(Problem::unsigned(
            "this is not the signature of that node_id for this request",
        ));
    }
    left.terms.check().map_err(Problem::refused)?;
    if !vault.config.open_registration && vault.shown(&name).await?.is_none() {
        return Err(Problem::closed(format_args!(
            "ask the operator: pointlock vault add {name} {}",
            left.node_id
        )));
    }
    let mut tx = vault.store.begin().await?;
    vault.store.take_request(&mut tx, &node_id, &by.nonce, by.time).await?;
    vault.store.put_receiver_in(&mut tx, &name, &node_id, &left.terms).await?;
    tx.commit().await.map_err(crate::store::StoreError::from)?;
    vault.cache.forget(&name);
    Ok(StatusCode::NO_CONTENT)
}

fn point(text: &str) -> Result<Point, Problem> {
    let read = hex::decode(text).ok().and_then(|bytes| Point::from_slice(&bytes).ok());
    read.ok_or_else(|| Problem::malformed("node_id: expected a point, 66 hexadecimal digits"))
}

/// Another key, which agrees to it. All that the former one has signed is withdrawn.
pub(super) async fn put_key(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<Json<Ended>, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    let left: KeyLeft = json(&signed.body)?;
    let receiver = &signed.receiver;
    let new = point(&left.node_id)?;
    let read = hex::decode(&left.signature).ok();
    let signature = read
        .and_then(|bytes| Signature::from_slice(&bytes).ok())
        .ok_or_else(|| Problem::malformed("signature: expected 128 hexadecimal digits"))?;
    let consent =
        Consent { origin: &vault.origin, name: &receiver.name, former: &receiver.node_id };
    if !consent.verify(&new, &signature) {
        return Err(Problem::refused("signature: not of that node_id for this change of keys"));
    }
    if new == receiver.node_id {
        return Err(Problem::refused("node_id: this is the receiver's key already"));
    }
    let ended = once!(vault, signed, tx => vault.store.put_key_in(&mut tx, receiver, &new).await?);
    tracing::info!(name = %receiver.name, "a receiver has a new key");
    Ok(Json(ended))
}

pub(super) async fn list(
    State(vault): State<Shared>,
    path: NamePath,
    request: axum::extract::Request,
) -> Result<Json<Listing>, Problem> {
    let signed = signed(&vault, &words(path)?, request).await?;
    once_by_key!(vault, signed, tx => ());
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
        peer: vault.peers.get().and_then(|peers| peers.paths(&shown.receiver)),
        statics: shown.statics.iter().map(listed).collect(),
        one_time: vault.store.one_time_counts(Some(&shown.receiver)).await?,
        notices: vault.store.notices(&shown.receiver).await?,
    }))
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
    if is_done {
        Ok(StatusCode::NO_CONTENT)
    } else {
        Err(Problem::unknown("no such invoice is handed out"))
    }
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
    once_by_key!(vault, signed, tx => ());
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
    let withdrawn = once_by_key!(vault, signed, tx => vault.store.withdraw_one_time_in(&mut tx, receiver, None).await?);
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
    match once_by_key!(vault, signed, tx => vault.store.withdraw_one_time_in(&mut tx, receiver, Some(hash)).await?)
    {
        0 => Err(Problem::unknown(
            "none with this payment hash is ready: it may have been handed out",
        )),
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
    if once_by_key!(vault, signed, tx => vault.store.settle_in(&mut tx, receiver, &preimage).await?)
    {
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
    once_by_key!(vault, signed, tx => vault.store.forget_notices_in(&mut tx, &signed.receiver).await?);
    Ok(StatusCode::NO_CONTENT)
}
