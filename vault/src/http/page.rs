//! What people look at: a page for each receiver, and the operator's. They need no JavaScript, and nothing from anywhere else.

use std::sync::Arc;

use axum::extract::rejection::PathRejection;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse as _, Response};
use maud::{DOCTYPE, Markup, PreEscaped, html};
use pointlock::invoice::StaticInvoice;
use qrcode::render::svg;
use qrcode::{EcLevel, QrCode};

use super::operation::is_operator;
use super::statics::find;
use super::{Problem, Shared};
use crate::cache::Shown;
use crate::metadata::address;
use crate::store::State as Stock;

const STYLE: &str = include_str!("style.css");

fn layout(title: &str, body: &Markup) -> Response {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    let mut response = page.into_string().into_response();
    let headers = response.headers_mut();
    let text = "text/html; charset=utf-8";
    headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
    headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    // Nothing is loaded, nothing runs, and nobody frames it.
    let policy = "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'";
    headers.insert(header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(policy));
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    response
}

/// A QR code as a picture inside the page; dark on light also where the page is dark, since some cameras want it so.
fn qr(text: &str, what: &str) -> Markup {
    // In upper case it takes fewer modules, and bech32 means the same.
    let is_bech32 = text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == ':');
    let text = if is_bech32 { text.to_ascii_uppercase() } else { text.to_owned() };
    match QrCode::with_error_correction_level(&text, EcLevel::L) {
        Err(_) => html! { p.small { "Too long for a QR code: copy the text." } },
        Ok(code) => {
            let svg = code
                .render::<svg::Color<'_>>()
                .min_dimensions(240, 240)
                .dark_color(svg::Color("#000"))
                .light_color(svg::Color("#fff"))
                .build();
            let svg = svg.split_once("?>").map_or(svg.clone(), |(_, svg)| svg.to_owned());
            html! { div.qr role="img" aria-label=(what) { (PreEscaped(svg)) } }
        }
    }
}

fn sats(msat: u64) -> String {
    let text = (msat / 1_000).to_string();
    let mut grouped = String::new();
    for (index, digit) in text.chars().enumerate() {
        if index > 0 && (text.len() - index) % 3 == 0 {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    match msat % 1_000 {
        0 => format!("{grouped} sat"),
        rest => format!("{grouped}.{rest:03} sat"),
    }
}

/// What the world may know of a receiver.
pub(super) async fn receiver(
    State(vault): State<Shared>,
    path: Result<Path<String>, PathRejection>,
) -> Response {
    let shown = match path {
        Ok(Path(name)) => find(&vault, &name).await,
        Err(error) => Err(Problem::unknown(error)),
    };
    let shown = match shown {
        Ok(shown) => shown,
        Err(problem) if problem.word() == "unknown" => {
            let body = html! {
                main { h1 { "Nobody here" } p { "There is no receiver of this name at this vault." } }
            };
            let mut response = layout("Nobody here", &body);
            *response.status_mut() = StatusCode::NOT_FOUND;
            return response;
        }
        Err(problem) => return problem.into_response(),
    };
    let sendable = match vault.sendable(&shown).await {
        Ok(sendable) => sendable,
        Err(error) => return Problem::from(error).into_response(),
    };
    let address = address(&vault.origin, &shown.receiver.name);
    layout(&format!("Pay {address}"), &receiver_body(&vault, &shown, &address, sendable))
}

fn receiver_body(
    vault: &Shared,
    shown: &Arc<Shown>,
    address: &str,
    sendable: Option<(u64, u64)>,
) -> Markup {
    let now = vault.clock.now();
    let current = shown.statics.iter().find(|shown| shown.row.expires_at >= now);
    let offer = current
        .and_then(|current| current.row.text.parse::<StaticInvoice>().ok())
        .map(|invoice| (invoice.offer().to_string(), !invoice.offer().paths().is_empty()));
    let name = &shown.receiver.name;
    html! {
        main {
            header {
                h1 { (name) }
                p.address { (address) }
                @if let Some(text) = &shown.receiver.terms.description { p { (text) } }
            }
            @if sendable.is_none() && offer.is_none() {
                p.note { (name) " can't be paid at the moment: nothing is left here to hand out." }
            }
            div.cards {
                @if let Some((least, most)) = sendable {
                    section {
                        h2 { "Lightning Address" }
                        (qr(&format!("lightning:{address}"), "QR code of the Lightning Address"))
                        p.code { (address) }
                        p.small {
                            @if least == most { "The price is " (sats(least)) "." }
                            @else { "From " (sats(least)) " to " (sats(most)) "." }
                        }
                        p { a.button href={ "lightning:" (address) } { "Open in a wallet" } }
                    }
                }
                @if let Some((offer, has_paths)) = &offer {
                    section {
                        h2 { "Offer" }
                        (qr(offer, "QR code of the offer"))
                        p.code.long { (offer) }
                        p.small {
                            // Without a path a wallet asks the receiver itself, which is mostly away.
                            @if *has_paths { "For wallets that pay BOLT 12 offers, again and again." }
                            @else { "For wallets that get the invoice from this server, again and again." }
                        }
                        p { a.button href={ "lightning:" (offer) } { "Open in a wallet" } }
                    }
                }
            }
            details {
                summary { "Is it really " (name) "?" }
                p { "A vault hands out what receivers have left with it, and is not the one that is paid. Compare this key with the one that you "
                    "know from " (name) "; a wallet that reads static invoices does so by itself." }
                p.code.long { (shown.receiver.node_id) }
            }
        }
    }
}

/// Where whoever follows the origin ends up.
pub(super) async fn front(State(vault): State<Shared>) -> Response {
    let body = html! {
        main {
            h1 { "A pointlock vault" }
            p { "It keeps the invoices of receivers that are offline, and hands them out. A receiver's page is here under its name." }
            p.small { "Chain: " (vault.config.chain) ". " a href="/openapi.json" { "Interface" } }
        }
    };
    layout("A pointlock vault", &body)
}

/// What the operator looks at.
pub(super) async fn operator(State(vault): State<Shared>, headers: HeaderMap) -> Response {
    if !is_operator(&vault, &headers) {
        let body = html! { main { h1 { "The operator's page" } p { "The password is in operator.token, in the vault's folder." } } };
        let mut response = layout("The operator's page", &body);
        *response.status_mut() = StatusCode::UNAUTHORIZED;
        let scheme = HeaderValue::from_static("Basic realm=\"pointlock vault\", charset=\"UTF-8\"");
        response.headers_mut().insert(header::WWW_AUTHENTICATE, scheme);
        return response;
    }
    match operator_body(&vault).await {
        Ok(body) => layout("Operator · pointlock vault", &body),
        Err(problem) => problem.into_response(),
    }
}

async fn operator_body(vault: &Shared) -> Result<Markup, Problem> {
    let receivers = vault.store.receivers("", 200).await?;
    let mut rows = Vec::new();
    for receiver in receivers {
        let counts = vault.store.one_time_counts(Some(&receiver)).await?;
        let of = |state| {
            counts.iter().filter(|row| row.state == state).map(|row| row.count).sum::<u64>()
        };
        let statics = vault.store.statics(&receiver).await?;
        let handed: u64 = statics.iter().map(|row| row.handed_out).sum();
        let notices = vault.store.notices(&receiver).await?.len();
        rows.push((receiver, of(Stock::Ready), of(Stock::Handed), statics.len(), handed, notices));
    }
    let up = vault.started.elapsed().as_secs();
    let refused = refusals(vault);
    Ok(html! {
        main.wide {
            h1 { "Operator" }
            dl {
                div { dt { "Origin" } dd { (vault.origin) } }
                div { dt { "Chain" } dd { (vault.config.chain) } }
                div { dt { "Node id" } dd.code { (vault.node_id) } }
                div { dt { "Running for" } dd { (up / 3_600) " h " (up / 60 % 60) " min" } }
                div { dt { "Peers" } dd { (vault.metrics.peers.get()) } }
                div { dt { "Clock" } dd {
                    @match vault.clock.is_set_back() { None => "right", Some(seconds) => { (seconds) " s behind what it was" } }
                } }
            }
            h2 { "Receivers" }
            div.scroll { table.tall {
                thead { tr { th { "Name" } th.n { "Ready" } th.n { "Handed out" } th.n { "Static" } th.n { "Fetched" } th.n { "Notices" } } }
                tbody {
                    @for (receiver, ready, once, statics, handed, notices) in &rows {
                        tr {
                            td { a href={ "/" (receiver.name) } { (receiver.name) } }
                            td.n.warn[*ready == 0 && *once > 0] data-word="Ready" { (ready) }
                            td.n data-word="Handed out" { (once) }
                            td.n data-word="Static" { (statics) }
                            td.n data-word="Fetched" { (handed) }
                            td.n.warn[*notices > 0] data-word="Notices" { (notices) }
                        }
                    }
                    @if rows.is_empty() { tr { td colspan="6" { "None yet: pointlock vault add NAME NODE_ID" } } }
                }
            } }
            @if rows.len() == 200 { p.small { "The first 200." } }
            h2 { "Refused since the start" }
            div.scroll { table {
                thead { tr { th { "Why" } th.n { "How often" } } }
                tbody {
                    @for (why, count) in &refused { tr { td { (why) } td.n { (count) } } }
                    @if refused.is_empty() { tr { td colspan="2" { "Nothing" } } }
                }
            } }
        }
    })
}

fn refusals(vault: &Shared) -> Vec<(String, u64)> {
    use prometheus::core::Collector as _;
    let families = vault.metrics.refused.collect();
    let metrics = families.iter().flat_map(|family| family.get_metric());
    let read = |metric: &prometheus::proto::Metric| {
        let why =
            metric.get_label().first().map(|label| label.value().to_owned()).unwrap_or_default();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        (why, metric.get_counter().get_value() as u64)
    };
    metrics.map(read).collect()
}
