use axum::Extension;
use axum::Json;
use axum::extract::State;
use axum::http::{HeaderMap, HeaderValue, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;
use zeroize::Zeroizing;

use super::{Peer, Problem, Shared};

/// The description of all of it.
pub(super) const OPENAPI: &str = include_str!("openapi.json");

#[derive(Serialize)]
struct About {
    software: &'static str,
    version: &'static str,
    chain: String,
    node_id: String,
    origin: String,
    takes_receivers: bool,
    lsp_node_id: Option<String>,
    peer_address: Option<String>,
    time: u64,
}

pub(super) async fn about(State(vault): State<Shared>) -> Response {
    Json(About {
        software: "pointlock-vault",
        version: env!("CARGO_PKG_VERSION"),
        chain: vault.config.chain.to_string(),
        node_id: vault.node_id.to_string(),
        origin: vault.origin.clone(),
        takes_receivers: vault.config.open_registration,
        lsp_node_id: vault.lsp.as_ref().map(|lsp| lsp.node_id().to_string()),
        peer_address: vault.peers.get().map(|peers| peers.address().to_string()),
        time: vault.clock.now(),
    })
    .into_response()
}

/// The process is alive.
pub(super) async fn healthz() -> &'static str {
    "ok\n"
}

/// It can do its work.
pub(super) async fn readyz(State(vault): State<Shared>) -> Result<&'static str, Problem> {
    if vault.is_stopping() {
        return Err(Problem::unavailable("the vault is about to end").retry_after(5));
    }
    vault.store.check().await?;
    Ok("ready\n")
}

/// Whether somebody has shown the operator's word, as a password or a token.
pub(super) fn is_operator(vault: &Shared, headers: &HeaderMap) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let Some((scheme, value)) = shown.and_then(|value| value.split_once(' ')) else { return false };
    let word = match scheme.to_ascii_lowercase().as_str() {
        "bearer" => Zeroizing::new(value.to_owned()),
        "basic" => {
            let decoded =
                STANDARD.decode(value).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            let Some(decoded) = decoded.map(Zeroizing::new) else { return false };
            let Some((_, word)) = decoded.split_once(':') else { return false };
            Zeroizing::new(word.to_owned())
        }
        _ => return false,
    };
    // Equal hashes: how long that takes says nothing of the word.
    use sha2::{Digest as _, Sha256};
    Sha256::digest(word.as_bytes()) == Sha256::digest(vault.operator_word.as_bytes())
}

pub(super) async fn metrics(
    State(vault): State<Shared>,
    Extension(peer): Extension<Peer>,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    if !peer.is_local && !is_operator(&vault, &headers) {
        return Err(Problem::forbidden(
            "from elsewhere than this machine, with the word of operator.token as a bearer token",
        ));
    }
    // Whatever the database says of its stock; when it says nothing, the rest is still worth reading.
    if let Ok(counts) = vault.store.one_time_counts(None).await {
        vault.metrics.stock.reset();
        for row in counts {
            let state = serde_json::to_value(row.state).unwrap_or_default();
            let state = state.as_str().unwrap_or_default().to_owned();
            let count = i64::try_from(row.count).unwrap_or(i64::MAX);
            vault.metrics.stock.with_label_values(&[row.form.as_str(), &state]).set(count);
        }
    }
    let text = HeaderValue::from_static("text/plain; version=0.0.4; charset=utf-8");
    Ok(([(header::CONTENT_TYPE, text)], vault.metrics.to_text()).into_response())
}

pub(super) async fn openapi() -> Response {
    let json = HeaderValue::from_static("application/json");
    ([(header::CONTENT_TYPE, json)], OPENAPI).into_response()
}
