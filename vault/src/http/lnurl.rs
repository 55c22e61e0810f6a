//! LNURL-pay: LUD-06, LUD-16, comments (LUD-12), a message after the payment (LUD-09), `verify` (LUD-21).
//!
//! A refusal has status 200, since a client in use loses the reason otherwise. State is in the path, since another drops the query of a
//! callback. No field is there that the LUDs don't have, since a third refuses those.

use std::sync::Arc;

use axum::Json;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderValue, Method, header};
use axum::response::{IntoResponse, Response};
use serde::{Deserialize, Serialize};

use super::Shared;
use super::problem::Refused;
use crate::cache::Shown;
use crate::name::Name;
use crate::vault::HandOutError;

/// LUD-06's refusal.
pub(super) fn refused(reason: &str) -> Response {
    #[derive(Serialize)]
    struct Error<'a> {
        status: &'static str,
        reason: &'a str,
    }
    let mut response = answer(&Error { status: "ERROR", reason });
    response.extensions_mut().insert(Refused("lnurl".to_owned()));
    response
}

fn answer(body: &impl Serialize) -> Response {
    let mut response = Json(body).into_response();
    let headers = response.headers_mut();
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Wallets live in browsers, too.
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*"));
    response
}

fn trouble(error: &impl std::fmt::Display) -> Response {
    tracing::error!(%error, "the store fails");
    refused("the vault can't answer now; try again in a moment")
}

async fn find(vault: &Shared, name: &str) -> Result<Arc<Shown>, Response> {
    let nobody = || refused("there is no such receiver here");
    let name: Name = name.parse().map_err(|_| nobody())?;
    vault.shown(&name).await.map_err(|error| trouble(&error))?.ok_or_else(nobody)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayRequest<'a> {
    tag: &'static str,
    callback: String,
    min_sendable: u64,
    max_sendable: u64,
    metadata: &'a str,
    #[serde(skip_serializing_if = "is_zero")]
    comment_allowed: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde calls it so")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

/// LUD-06's first answer, at the place that LUD-16 names.
pub(super) async fn pay_request(State(vault): State<Shared>, Path(name): Path<String>) -> Response {
    let shown = match find(&vault, &name).await {
        Ok(shown) => shown,
        Err(response) => return response,
    };
    match vault.sendable(&shown).await {
        Err(error) => trouble(&error),
        Ok(None) => refused(&HandOutError::Empty { name: shown.receiver.name.clone() }.to_string()),
        Ok(Some((min_sendable, max_sendable))) => answer(&PayRequest {
            tag: "payRequest",
            callback: format!("{}/lnurlp/{}/callback", vault.origin, shown.receiver.name),
            min_sendable,
            max_sendable,
            metadata: &shown.metadata.text,
            comment_allowed: shown.receiver.terms.comment_length,
        }),
    }
}

/// What a wallet asks for. Further words of other LUDs are passed over.
#[derive(Deserialize)]
pub(super) struct Asked {
    amount: u64,
    comment: Option<String>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct PayAction<'a> {
    pr: &'a str,
    routes: [(); 0],
    #[serde(skip_serializing_if = "Option::is_none")]
    success_action: Option<SuccessMessage<'a>>,
    verify: String,
}

#[derive(Serialize)]
struct SuccessMessage<'a> {
    tag: &'static str,
    message: &'a str,
}

/// LUD-06's second answer: an invoice, once.
pub(super) async fn callback(
    State(vault): State<Shared>,
    method: Method,
    Path(name): Path<String>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Response {
    if method == Method::HEAD {
        return refused("an invoice is handed out to GET alone");
    }
    let Ok(Query(asked)) = asked else {
        return refused("the amount has to be there, in millisatoshi");
    };
    let shown = match find(&vault, &name).await {
        Ok(shown) => shown,
        Err(response) => return response,
    };
    let terms = &shown.receiver.terms;
    let comment = asked.comment.filter(|comment| !comment.is_empty());
    if let Some(comment) = &comment {
        if comment.chars().count() as u64 > terms.comment_length || comment.contains('\0') {
            return refused(&format!("a comment has at most {} characters", terms.comment_length));
        }
    }
    match vault.hand_out_bolt11(&shown, asked.amount, comment.as_deref()).await {
        Err(HandOutError::Store(error)) => trouble(&error),
        Err(error) => refused(&error.to_string()),
        Ok(handed) => {
            let message = terms.success_message.as_deref();
            let hash = hex::encode(handed.payment_hash);
            answer(&PayAction {
                pr: &handed.invoice,
                routes: [],
                success_action: message.map(|message| SuccessMessage { tag: "message", message }),
                verify: format!("{}/lnurlp/{}/verify/{hash}", vault.origin, shown.receiver.name),
            })
        }
    }
}

#[derive(Serialize)]
struct Verified {
    status: &'static str,
    settled: bool,
    preimage: Option<String>,
    pr: String,
}

/// LUD-21: whether an invoice that was handed out is paid, as far as the receiver has told.
pub(super) async fn verify(
    State(vault): State<Shared>,
    Path((name, hash)): Path<(String, String)>,
) -> Response {
    let unknown = || refused("Not found");
    let mut payment_hash = [0; 32];
    if hex::decode_to_slice(&hash, &mut payment_hash).is_err() {
        return unknown();
    }
    let shown = match find(&vault, &name).await {
        Ok(shown) => shown,
        Err(response) => return response,
    };
    match vault.store.one_time(&shown.receiver, &payment_hash).await {
        Err(error) => trouble(&error),
        Ok(Some(row)) if row.handed.is_some() => answer(&Verified {
            status: "OK",
            settled: row.preimage.is_some(),
            preimage: row.preimage.map(hex::encode),
            pr: row.invoice.unwrap_or_default(),
        }),
        Ok(_) => unknown(),
    }
}
