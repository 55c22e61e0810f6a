use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, HeaderValue, header};
use axum::middleware::Next;
use axum::response::{IntoResponse as _, Response};

use super::problem::{Problem, Refused};
use crate::vault::Vault;

/// Who asks: the address of the peer, or what a trusted proxy says.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Peer {
    /// The address.
    pub(crate) address: IpAddr,
    /// Straight from this machine, with no word of a proxy.
    pub(crate) is_local: bool,
}

impl Peer {
    pub(crate) fn of(connected: IpAddr, headers: &HeaderMap, trusted: &[IpAddr]) -> Self {
        let connected = connected.to_canonical();
        let words = ["x-forwarded-for", "forwarded", "x-real-ip", "via"];
        let is_forwarded = words.iter().any(|word| headers.contains_key(*word));
        let is_local = connected.is_loopback() && !is_forwarded;
        if !trusted.contains(&connected) {
            return Self { address: connected, is_local };
        }
        // The proxy next to us has written the last one; whoever is not trusted may have written those before.
        let mut address = connected;
        let said =
            headers.get_all("x-forwarded-for").iter().filter_map(|value| value.to_str().ok());
        let list: Vec<&str> = said.flat_map(|value| value.split(',')).map(str::trim).collect();
        for text in list.iter().rev() {
            let Ok(next) = text.parse::<IpAddr>() else { break };
            address = next.to_canonical();
            if !trusted.contains(&address) {
                break;
            }
        }
        Self { address, is_local }
    }
}

/// What everybody passes: limits, patience, counts, and a line in the log for each refusal.
pub(super) async fn pass(
    State(vault): State<Arc<Vault>>,
    mut request: Request,
    next: Next,
) -> Response {
    let began = Instant::now();
    let connected = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let connected = connected.map_or(IpAddr::from([127, 0, 0, 1]), |info| info.0.ip());
    let peer = Peer::of(connected, request.headers(), &vault.config.trusted_proxies);
    let door = door(request.uri().path());
    let path_for_log = log_path(request.uri().path());
    let method = request.method().clone();
    request.extensions_mut().insert(peer);
    let answer = match vault.limits.address(peer.address) {
        Err(wait) if !is_operation(door) => {
            let seconds = wait.as_secs() + 1;
            let problem = Problem::too_many("this address asks too often").retry_after(seconds);
            if door == "lnurl" {
                super::lnurl::refused(problem.detail())
            } else {
                problem.into_response()
            }
        }
        _ => match tokio::time::timeout(Vault::PATIENCE, next.run(request)).await {
            Ok(answer) => answer,
            Err(_) if door == "lnurl" => super::lnurl::refused("the request took too long"),
            Err(_) => Problem::timeout("thirty seconds are enough").into_response(),
        },
    };
    let mut answer = answer;
    answer
        .headers_mut()
        .insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    let code = answer.status();
    vault.metrics.requests.with_label_values(&[door, code.as_str()]).inc();
    vault.metrics.duration.observe(began.elapsed().as_secs_f64());
    if let Some(Refused(reason)) = answer.extensions().get::<Refused>() {
        vault.metrics.refused.with_label_values(&[reason]).inc();
        tracing::info!(%method, path = path_for_log, code = code.as_u16(), reason, address = %peer.address, "refused");
    } else {
        tracing::debug!(%method, path = path_for_log, code = code.as_u16(), "answered");
    }
    answer
}

/// A path without its query, and short.
fn log_path(path: &str) -> String {
    path.chars().take(120).collect()
}

fn door(path: &str) -> &'static str {
    if path.starts_with("/.well-known/lnurlp/") || path.starts_with("/lnurlp/") {
        "lnurl"
    } else if path.starts_with("/v1/") {
        if path.ends_with("/invoice") { "static" } else { "receiver" }
    } else if matches!(path, "/healthz" | "/readyz" | "/metrics") {
        "operation"
    } else {
        "page"
    }
}

fn is_operation(door: &str) -> bool {
    door == "operation"
}

#[cfg(test)]
mod tests {
    use super::*;

    fn address(connected: &str, said: &[&str], trusted: &[&str]) -> (String, bool) {
        let mut headers = HeaderMap::new();
        for value in said {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted: Vec<IpAddr> = trusted.iter().map(|text| text.parse().unwrap()).collect();
        let peer = Peer::of(connected.parse().unwrap(), &headers, &trusted);
        (peer.address.to_string(), peer.is_local)
    }

    #[test]
    fn only_a_trusted_proxy_is_believed() {
        assert_eq!(address("192.0.2.9", &["198.51.100.1"], &[]), ("192.0.2.9".into(), false));
        assert_eq!(
            address("192.0.2.9", &["198.51.100.1"], &["192.0.2.9"]),
            ("198.51.100.1".into(), false)
        );
        // What the client itself wrote stands before what the proxy wrote.
        let said = ["1.1.1.1, 198.51.100.1"];
        assert_eq!(address("192.0.2.9", &said, &["192.0.2.9"]), ("198.51.100.1".into(), false));
        let said = ["1.1.1.1, 198.51.100.1, 192.0.2.8"];
        assert_eq!(
            address("192.0.2.9", &said, &["192.0.2.9", "192.0.2.8"]),
            ("198.51.100.1".into(), false)
        );
        let said = ["198.51.100.1", "192.0.2.8"];
        assert_eq!(
            address("192.0.2.9", &said, &["192.0.2.9", "192.0.2.8"]),
            ("198.51.100.1".into(), false)
        );
        assert_eq!(address("192.0.2.9", &["junk"], &["192.0.2.9"]), ("192.0.2.9".into(), false));
        assert_eq!(
            address("::ffff:192.0.2.9", &["198.51.100.1"], &["192.0.2.9"]),
            ("198.51.100.1".into(), false)
        );
    }

    #[test]
    fn a_proxy_on_this_machine_is_not_the_operator() {
        assert_eq!(address("127.0.0.1", &[], &[]), ("127.0.0.1".into(), true));
        assert_eq!(address("127.0.0.1", &["127.0.0.1"], &[]), ("127.0.0.1".into(), false));
        assert_eq!(address("192.0.2.9", &[], &[]), ("192.0.2.9".into(), false));
    }
}
