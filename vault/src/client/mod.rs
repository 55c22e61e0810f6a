//! The other side of a vault's HTTP: what a receiver says to it, and how a payer asks and believes nothing that it can check.
//!
//! | file | who |
//! | --- | --- |
//! | this one | both: where the vault is, and a request |
//! | `receiver` | leaves, lists and withdraws |
//! | `payer` | fetches, and refuses what is not the receiver's |

mod payer;
mod receiver;

use std::path::PathBuf;
use std::time::Duration;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use thiserror::Error;
use ureq::Agent;
use ureq::http::{Request, StatusCode};
use ureq::tls::{Certificate, RootCerts, TlsConfig};

pub use payer::{Bolt11Fetched, Expected, PayRequest, Whose};

use crate::name::Name;

/// Why it came to nothing.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum ClientError {
    /// The address is none.
    #[error("{address}: {reason}")]
    Address {
        /// Which.
        address: String,
        /// What is wrong with it.
        reason: String,
    },
    /// A certificate file.
    #[error("{}: {reason}", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The vault can't be reached.
    #[error("{url}: {reason}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        reason: String,
    },
    /// The vault refuses.
    #[error("the vault refuses ({status}): {detail}")]
    Refused {
        /// The status.
        status: u16,
        /// The last word of the problem's type.
        kind: String,
        /// Why, in words.
        detail: String,
    },
    /// The vault refuses, in LNURL's way.
    #[error("the vault refuses: {reason}")]
    Lnurl {
        /// Why.
        reason: String,
    },
    /// The vault says something that no vault says.
    #[error("the vault's answer, {what}: {reason}")]
    Answer {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
    /// What the vault hands out is not what it has to be: it is not to be paid.
    #[error("not to be paid: {what}: {reason}")]
    Substituted {
        /// Which part.
        what: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// A receiver at a vault: `name@host`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Address {
    /// The receiver.
    pub name: Name,
    /// The vault: scheme and host.
    pub origin: String,
}

impl std::str::FromStr for Address {
    type Err = ClientError;

    /// `https`, unless the host is this machine, whose name or address says so, or an onion service.
    fn from_str(text: &str) -> Result<Self, ClientError> {
        let fail = |reason: &dyn std::fmt::Display| ClientError::Address {
            address: text.to_owned(),
            reason: reason.to_string(),
        };
        let (name, host) = text.split_once('@').ok_or_else(|| fail(&"expected NAME@HOST"))?;
        let name = name.parse().map_err(|error| fail(&error))?;
        let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(fail(
                &"the host has lower-case letters, digits, dots and dashes, and a port perhaps",
            ));
        }
        let bare = host
            .rsplit_once(':')
            .filter(|(_, port)| port.parse::<u16>().is_ok())
            .map_or(host, |(bare, _)| bare);
        let is_plain =
            ["localhost", "127.0.0.1", "[::1]"].contains(&bare) || bare.ends_with(".onion");
        let scheme = if is_plain { "http" } else { "https" };
        Ok(Self { name, origin: format!("{scheme}://{host}") })
    }
}

impl std::fmt::Display for Address {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&crate::metadata::address(&self.origin, &self.name))
    }
}

/// What a vault says of itself.
#[derive(Clone, Debug, Deserialize)]
#[non_exhaustive]
pub struct About {
    /// Its chain's name.
    pub chain: String,
    /// Its key as a Lightning node.
    pub node_id: String,
    /// Where it says it is.
    pub origin: String,
    /// Whether anybody may take a name.
    pub takes_receivers: bool,
    /// Its time.
    pub time: u64,
}

/// A vault, from outside.
#[derive(Clone, Debug)]
pub struct Client {
    agent: Agent,
    origin: String,
}

/// What is longer is not read.
const LONGEST: u64 = 4 << 20;

impl Client {
    /// Of the vault with this origin; `root` is a file with the certificates, as PEM, that are trusted in place of the usual ones.
    ///
    /// # Errors
    ///
    /// [`ClientError::Certificate`].
    pub fn new(origin: &str, root: Option<&PathBuf>) -> Result<Self, ClientError> {
        let mut builder = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .timeout_global(Some(Duration::from_secs(60)));
        if let Some(path) = root {
            let fail = |reason: &dyn std::fmt::Display| ClientError::Certificate {
                path: path.clone(),
                reason: reason.to_string(),
            };
            let pem = std::fs::read(path).map_err(|error| fail(&error))?;
            let certificate = Certificate::from_pem(&pem).map_err(|error| fail(&error))?;
            let roots = RootCerts::new_with_certs(&[certificate]);
            builder = builder.tls_config(TlsConfig::builder().root_certs(roots).build());
        }
        Ok(Self { agent: builder.build().new_agent(), origin: origin.to_owned() })
    }

    /// Where it is.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// What it says of itself.
    ///
    /// # Errors
    ///
    /// [`ClientError`].
    pub fn about(&self) -> Result<About, ClientError> {
        self.get("/v1/vault", "the vault")
    }

    fn get<T: DeserializeOwned>(&self, path: &str, what: &'static str) -> Result<T, ClientError> {
        self.get_url(&format!("{}{path}", self.origin), what)
    }

    fn get_url<T: DeserializeOwned>(
        &self,
        url: &str,
        what: &'static str,
    ) -> Result<T, ClientError> {
        let request = Request::get(url).body(()).map_err(|error| unreachable(url, &error))?;
        let (status, body) = self.answer(url, request)?;
        read(status, &body, what)
    }

    fn answer(
        &self,
        url: &str,
        request: Request<impl ureq::AsSendBody>,
    ) -> Result<(StatusCode, Vec<u8>), ClientError> {
        let mut response = self.agent.run(request).map_err(|error| unreachable(url, &error))?;
        let body = response.body_mut().with_config().limit(LONGEST).read_to_vec();
        Ok((response.status(), body.map_err(|error| unreachable(url, &error))?))
    }
}

fn unreachable(url: &str, error: &dyn std::fmt::Display) -> ClientError {
    ClientError::Unreachable { url: url.to_owned(), reason: error.to_string() }
}

/// An answer, or the problem that it is.
fn read<T: DeserializeOwned>(
    status: StatusCode,
    body: &[u8],
    what: &'static str,
) -> Result<T, ClientError> {
    refused(status, body)?;
    serde_json::from_slice(body)
        .map_err(|error| ClientError::Answer { what, reason: error.to_string() })
}

fn refused(status: StatusCode, body: &[u8]) -> Result<(), ClientError> {
    #[derive(Deserialize)]
    struct Problem {
        #[serde(rename = "type")]
        kind: String,
        detail: String,
    }
    if status.is_success() {
        return Ok(());
    }
    let problem: Option<Problem> = serde_json::from_slice(body).ok();
    let (kind, detail) = problem.map_or_else(
        || (String::new(), String::from_utf8_lossy(body).chars().take(200).collect()),
        |problem| (problem.kind.rsplit(':').next().unwrap_or_default().to_owned(), problem.detail),
    );
    Err(ClientError::Refused { status: status.as_u16(), kind, detail })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let origin = |text: &str| text.parse::<Address>().map(|address| address.origin).ok();
        assert_eq!(origin("a@vault.example").as_deref(), Some("https://vault.example"));
        assert_eq!(origin("a@vault.example:8443").as_deref(), Some("https://vault.example:8443"));
        assert_eq!(origin("a@127.0.0.1:80").as_deref(), Some("http://127.0.0.1:80"));
        assert_eq!(origin("a@[::1]:80").as_deref(), Some("http://[::1]:80"));
        assert_eq!(origin("a@localhost").as_deref(), Some("http://localhost"));
        // A host that only begins like this machine.
        assert_eq!(origin("a@127.0.0.1.example").as_deref(), Some("https://127.0.0.1.example"));
        for text in ["a", "@b", "a@", "A@b", "a@b/c", "a@b@c", "a@B", "a@b\r\nx"] {
            assert!(origin(text).is_none(), "{text}");
        }
    }
}
