//! Whether a request is the receiver's, whole, and of now.

use axum::body::{Body, to_bytes};
use axum::extract::Path;
use axum::extract::rejection::PathRejection;
use axum::http::{header, request::Parts};
use bytes::Bytes;
use pointlock::curve::Point;
use serde::de::DeserializeOwned;

use super::statics::find;
use super::{Problem, Shared};
use crate::request::{Authorization, Request};
use crate::store::Receiver;

/// How far a signed time may be off, in seconds.
pub(super) const WINDOW: u64 = 300;

/// A request that the receiver has signed.
pub(super) struct Signed {
    pub(super) receiver: Receiver,
    pub(super) by: Authorization,
    pub(super) body: Bytes,
}

pub(super) type NamePath = Result<Path<String>, PathRejection>;

pub(super) fn words(path: NamePath) -> Result<String, Problem> {
    path.map(|Path(name)| name).map_err(Problem::unknown)
}

/// The body, and what is signed; by whom is for the caller to say.
pub(super) async fn read(
    vault: &Shared,
    parts: &Parts,
    body: Body,
) -> Result<(Authorization, Bytes), Problem> {
    let header = parts.headers.get(header::AUTHORIZATION).ok_or_else(|| {
        Problem::unsigned(
            "the Authorization header is missing: Pointlock time=…, nonce=…, signature=…",
        )
    })?;
    let by: Authorization = header
        .to_str()
        .map_err(|_| Problem::unsigned("the Authorization header is not text"))?
        .parse()
        .map_err(Problem::unsigned)?;
    let now = vault.clock.now();
    if by.time.abs_diff(now) > WINDOW {
        return Err(Problem::unsigned(format_args!(
            "the request is of {}, and here it is {now}",
            by.time
        )));
    }
    let limit = vault.config.body_limit;
    let body = to_bytes(body, limit).await.map_err(|_| {
        Problem::too_large(format_args!("a body has at most {limit} bytes, and has to be whole"))
    })?;
    Ok((by, body))
}

pub(super) fn is_signed(
    vault: &Shared,
    parts: &Parts,
    body: &[u8],
    by: &Authorization,
    key: &Point,
) -> bool {
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    Request { origin: &vault.origin, method: parts.method.as_str(), path, body }.verify(key, by)
}

pub(super) async fn signed(
    vault: &Shared,
    name: &str,
    request: axum::extract::Request,
) -> Result<Signed, Problem> {
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

pub(super) fn json<T: DeserializeOwned>(body: &[u8]) -> Result<T, Problem> {
    serde_json::from_slice(body).map_err(Problem::malformed)
}
