//! What the vault says over HTTP.
//!
//! | file | who asks |
//! | --- | --- |
//! | `lnurl` | a wallet: LNURL-pay |
//! | `statics` | a payer that reads static invoices, or that wants to see whose a payment hash is |
//! | `receivers`, `signed`, `left` | a receiver, by signed requests |
//! | `operation` | the operator and its tools |
//! | `page` | people |
//! | `door` | all of them: limits, counts, logs |
//! | `problem` | how refusals are told outside LNURL |

mod door;
mod left;
mod lnurl;
mod operation;
mod page;
mod problem;
mod receivers;
mod signed;
mod statics;

use std::sync::Arc;

use axum::Router;
use axum::http::Method;
use axum::routing::{MethodRouter, delete, get, post};

pub(crate) use door::Peer;
pub use left::{
    HashesLeft, InvoiceLeft, KeyLeft, Listing, OneTimeLeft, PoolHashLeft, Registration,
    StaticListed,
};
pub(crate) use problem::Problem;
pub(crate) use statics::static_body;

use crate::vault::Vault;

type Shared = Arc<Vault>;
type Row = (&'static str, &'static [Method], MethodRouter<Shared>);

/// Every path that is in the description, with its methods.
fn described() -> Vec<Row> {
    const GET: &[Method] = &[Method::GET];
    const RECEIVER: &[Method] = &[Method::GET, Method::PUT];
    const INVOICE: &[Method] = &[Method::GET, Method::PUT];
    const STOCK: &[Method] = &[Method::GET, Method::POST, Method::DELETE];
    const ONE: &[Method] = &[Method::GET, Method::DELETE];
    vec![
        ("/.well-known/lnurlp/{name}", GET, get(lnurl::pay_request)),
        ("/lnurlp/{name}/callback", GET, get(lnurl::callback)),
        ("/lnurlp/{name}/verify/{hash}", GET, get(lnurl::verify)),
        ("/v1/vault", GET, get(operation::about)),
        ("/v1/receivers/{name}", RECEIVER, get(receivers::list).put(receivers::register)),
        ("/v1/receivers/{name}/key", &[Method::PUT], axum::routing::put(receivers::put_key)),
        ("/v1/receivers/{name}/invoice", INVOICE, get(statics::fetch).put(receivers::put_invoice)),
        (
            "/v1/receivers/{name}/invoice/{id}",
            &[Method::DELETE],
            delete(receivers::withdraw_invoice),
        ),
        (
            "/v1/receivers/{name}/one-time",
            STOCK,
            get(receivers::handed).post(receivers::put_one_time).delete(receivers::withdraw_all),
        ),
        (
            "/v1/receivers/{name}/one-time/{hash}",
            ONE,
            get(statics::pool_hash).delete(receivers::withdraw_one),
        ),
        ("/v1/receivers/{name}/settled", &[Method::POST], post(receivers::settled)),
        ("/v1/receivers/{name}/notices", &[Method::DELETE], delete(receivers::forget_notices)),
        ("/healthz", GET, get(operation::healthz)),
        ("/readyz", GET, get(operation::readyz)),
        ("/metrics", GET, get(operation::metrics)),
        ("/openapi.json", GET, get(operation::openapi)),
    ]
}

/// All that the vault answers to.
pub(crate) fn router(vault: Arc<Vault>) -> Router {
    let mut router = Router::new();
    for (path, _, methods) in described() {
        router = router.route(path, methods);
    }
    router
        .route("/", get(page::front))
        .route("/operator", get(page::operator))
        .route("/{name}", get(page::receiver))
        .fallback(async || Problem::unknown("there is nothing here"))
        .method_not_allowed_fallback(async || Problem::method("/openapi.json says which there are"))
        .layer(axum::middleware::from_fn_with_state(vault.clone(), door::pass))
        .with_state(vault)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn the_description_has_every_path_and_no_other() {
        let description: serde_json::Value = serde_json::from_str(operation::OPENAPI).unwrap();
        let mut described_there = BTreeSet::new();
        for (path, methods) in description["paths"].as_object().unwrap() {
            for method in methods.as_object().unwrap().keys().filter(|key| *key != "parameters") {
                described_there.insert((path.clone(), method.to_uppercase()));
            }
        }
        let mut here = BTreeSet::new();
        for (path, methods, _) in described() {
            here.extend(methods.iter().map(|method| (path.to_owned(), method.to_string())));
        }
        assert_eq!(described_there, here);
    }

    #[test]
    fn every_problem_is_described() {
        let description: serde_json::Value = serde_json::from_str(operation::OPENAPI).unwrap();
        let kinds = &description["components"]["schemas"]["Problem"]["properties"]["type"]["enum"];
        let there: BTreeSet<&str> =
            kinds.as_array().unwrap().iter().map(|kind| kind.as_str().unwrap()).collect();
        let here: Vec<String> =
            Problem::KINDS.iter().map(|(word, _)| format!("urn:pointlock:vault:{word}")).collect();
        assert_eq!(there, here.iter().map(String::as_str).collect());
    }
}
