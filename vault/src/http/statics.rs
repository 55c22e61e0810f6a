use axum::Json;
use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use serde::Serialize;

use super::{Problem, Shared};
use crate::cache::Shown;
use crate::metadata::address;
use crate::name::Name;
use crate::store::{Door, Receiver};
use crate::vault::HandOutError;

#[derive(Serialize)]
struct Fetched<'a> {
    address: String,
    node_id: String,
    invoice: &'a str,
}

/// The answer to whoever fetches a static invoice.
pub(crate) fn static_body(origin: &str, receiver: &Receiver, invoice: &str) -> Bytes {
    let fetched = Fetched {
        address: address(origin, &receiver.name),
        node_id: receiver.node_id.to_string(),
        invoice,
    };
    Bytes::from(serde_json::to_vec(&fetched).unwrap_or_default())
}

fn respond(body: Bytes) -> Response {
    let json = (header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    let fresh = (header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    let anywhere = (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    ([json, fresh, anywhere], body).into_response()
}

pub(super) async fn find(vault: &Shared, name: &str) -> Result<std::sync::Arc<Shown>, Problem> {
    let name: Name = name.parse().map_err(Problem::unknown)?;
    let nobody = || Problem::unknown(format_args!("there is no receiver called {name}"));
    vault.shown(&name).await?.ok_or_else(nobody)
}

/// The static invoice of a receiver: the one that it left last, or else one that may be paid once.
pub(super) async fn fetch(
    State(vault): State<Shared>,
    method: Method,
    name: Result<Path<String>, PathRejection>,
) -> Result<Response, Problem> {
    let Path(name) = name.map_err(Problem::unknown)?;
    let shown = find(&vault, &name).await?;
    let now = vault.clock.now();
    // What a peer has left is for payers that come by onion messages: who signed it is not the receiver's key here.
    let mut of_web = shown.statics.iter().filter(|shown| shown.row.door == Door::Web);
    if let Some(current) = of_web.find(|shown| shown.row.expires_at >= now) {
        if method == Method::GET {
            current.count();
            vault.metrics.handed_out.with_label_values(&["again"]).inc();
        }
        return Ok(respond(current.body.clone()));
    }
    if method != Method::GET {
        return Err(Problem::unknown("a one-time invoice is handed out to GET alone"));
    }
    match vault.hand_out_static_once(&shown).await {
        Ok(Some(handed)) => {
            Ok(respond(static_body(&vault.origin, &shown.receiver, &handed.invoice)))
        }
        Ok(None) => Err(Problem::unknown(format_args!(
            "{name} has no static invoice here, or it has expired"
        ))),
        Err(HandOutError::Store(error)) => Err(error.into()),
        Err(HandOutError::TooMany { seconds, name }) => {
            let words = format!("{name} is asked for too many invoices");
            Err(Problem::too_many(words).retry_after(seconds))
        }
        Err(other) => Err(Problem::unknown(other)),
    }
}

#[derive(Serialize)]
struct OfPool {
    payment_hash: String,
    node_id: String,
    created_at: u64,
    expires_at: u64,
    signature: String,
}

/// What shows a payer that the hash which it was handed is of the receiver's pool.
pub(super) async fn pool_hash(
    State(vault): State<Shared>,
    path: Result<Path<(String, String)>, PathRejection>,
) -> Result<Response, Problem> {
    let Path((name, hash)) = path.map_err(Problem::unknown)?;
    let payment_hash = hex_of(&hash)?;
    let shown = find(&vault, &name).await?;
    let row = vault.store.one_time(&shown.receiver, &payment_hash).await?;
    let known = row.and_then(|row| {
        row.handed.and(row.signature).map(|signature| (row.created_at, row.expires_at, signature))
    });
    let (created_at, expires_at, signature) =
        known.ok_or_else(|| Problem::unknown("no hash of a pool that was handed out"))?;
    Ok(Json(OfPool {
        payment_hash: hex::encode(payment_hash),
        node_id: shown.receiver.node_id.to_string(),
        created_at,
        expires_at,
        signature: hex::encode(signature),
    })
    .into_response())
}

/// 32 bytes in a path.
pub(super) fn hex_of(text: &str) -> Result<[u8; 32], Problem> {
    let mut bytes = [0; 32];
    hex::decode_to_slice(text, &mut bytes)
        .map_err(|_| Problem::unknown("expected 64 hexadecimal digits"))?;
    Ok(bytes)
}
