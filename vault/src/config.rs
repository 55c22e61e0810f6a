//! How a vault is set up: by flags, by the environment, by a file, in this order.

use std::net::{IpAddr, SocketAddr};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use serde::Deserialize;
use thiserror::Error;

use crate::chain::Chain;
use crate::store::Store;

/// What is said on the command line, in the environment (`POINTLOCK_VAULT_…`) or in a file, all of it optional.
#[derive(Clone, Debug, Default, Deserialize, clap::Args)]
#[serde(deny_unknown_fields)]
pub struct Options {
    /// The folder that the vault lives in: its key, its database, the mark of what was handed out [default: vault]
    #[arg(long, global = true, env = "POINTLOCK_VAULT_DATA", value_name = "DIR")]
    #[serde(skip)]
    pub data: Option<PathBuf>,
    /// A file with these words as TOML [default: vault.toml in the folder, where there is one]
    #[arg(long, global = true, env = "POINTLOCK_VAULT_CONFIG", value_name = "FILE")]
    #[serde(skip)]
    pub config: Option<PathBuf>,
    /// The database: postgres://… or sqlite://… [default: vault.db in the folder]
    #[arg(
        long,
        global = true,
        env = "POINTLOCK_VAULT_DATABASE",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database: Option<String>,
    /// bitcoin, testnet, signet or regtest [default: bitcoin]
    #[arg(long, global = true, env = "POINTLOCK_VAULT_CHAIN")]
    pub chain: Option<String>,
    /// Where to listen for HTTP [default: 127.0.0.1:8080]
    #[arg(long, env = "POINTLOCK_VAULT_LISTEN", value_name = "ADDRESS:PORT", value_parser = socket)]
    pub listen: Option<SocketAddr>,
    /// Where to listen for Lightning peers, for BOLT 12 over onion messages [default: not at all]
    #[arg(long, env = "POINTLOCK_VAULT_PEER_LISTEN", value_name = "ADDRESS:PORT", value_parser = socket)]
    pub peer_listen: Option<SocketAddr>,
    /// Where the world finds the vault, such as `https://vault.example` [default: what it listens at]
    #[arg(long, global = true, env = "POINTLOCK_VAULT_ORIGIN", value_name = "URL")]
    pub origin: Option<String>,
    /// The LSP's secret key, 64 hexadecimal digits in a file: with it invoices are written for pools of hashes
    #[arg(long, env = "POINTLOCK_VAULT_LSP_KEY", value_name = "FILE")]
    pub lsp_key: Option<PathBuf>,
    /// `min_final_cltv_expiry_delta` of these invoices [default: 144]
    #[arg(long, env = "POINTLOCK_VAULT_LSP_FINAL_CLTV", value_name = "BLOCKS", value_parser = whole::<u64>)]
    pub lsp_final_cltv: Option<u64>,
    /// How long these invoices may be paid, in seconds [default: 3600]
    #[arg(long, env = "POINTLOCK_VAULT_LSP_EXPIRY", value_name = "SECONDS", value_parser = whole::<u64>)]
    pub lsp_expiry: Option<u64>,
    /// Certificates as PEM: then the vault speaks TLS itself
    #[arg(long, env = "POINTLOCK_VAULT_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub tls_cert: Option<PathBuf>,
    /// The certificate's key as PEM
    #[arg(long, env = "POINTLOCK_VAULT_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub tls_key: Option<PathBuf>,
    /// Proxies whose X-Forwarded-For is believed
    #[arg(
        long,
        env = "POINTLOCK_VAULT_TRUSTED_PROXY",
        value_name = "ADDRESS",
        value_delimiter = ','
    )]
    #[serde(default)]
    pub trusted_proxy: Vec<IpAddr>,
    /// Anybody may take a name; without it the operator adds receivers
    #[arg(long, env = "POINTLOCK_VAULT_OPEN_REGISTRATION", num_args = 0..=1, default_missing_value = "true")]
    pub open_registration: Option<bool>,
    /// Requests a second from one address [default: 50]
    #[arg(long, env = "POINTLOCK_VAULT_ADDRESS_RATE", value_name = "RATE", value_parser = whole::<u32>)]
    pub address_rate: Option<u32>,
    /// One-time invoices a minute of one receiver [default: 60]
    #[arg(long, env = "POINTLOCK_VAULT_RECEIVER_RATE", value_name = "RATE", value_parser = whole::<u32>)]
    pub receiver_rate: Option<u32>,
    /// One-time invoices that a receiver may have ready [default: 10000]
    #[arg(long, env = "POINTLOCK_VAULT_STOCK_LIMIT", value_name = "COUNT", value_parser = whole::<u64>)]
    pub stock_limit: Option<u64>,
    /// Bytes of a request's body [default: 1048576]
    #[arg(long, env = "POINTLOCK_VAULT_BODY_LIMIT", value_name = "BYTES", value_parser = whole::<usize>)]
    pub body_limit: Option<usize>,
    /// Connections at once [default: 2048]
    #[arg(long, env = "POINTLOCK_VAULT_CONNECTIONS", value_name = "COUNT", value_parser = whole::<usize>)]
    pub connections: Option<usize>,
    /// Logs as lines for people or as JSON: text or json [default: text on a terminal]
    #[arg(long, env = "POINTLOCK_VAULT_LOG", value_name = "FORM")]
    pub log: Option<String>,
}

/// What is wrong with them.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The file can't be read.
    #[error("{}: {source}", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// The file says something that no vault knows.
    #[error("{}: {reason}", path.display())]
    Toml {
        /// Which.
        path: PathBuf,
        /// What, and where.
        reason: String,
    },
    /// A value that makes no sense.
    #[error("{option}: {reason}")]
    Value {
        /// Which option.
        option: &'static str,
        /// What is wrong with it.
        reason: String,
    },
}

/// How a vault is set up.
#[derive(Clone, Debug)]
pub struct Config {
    /// The folder.
    pub data: PathBuf,
    /// The connection string.
    pub database: String,
    /// The chain.
    pub chain: Chain,
    /// Where to listen for HTTP.
    pub listen: SocketAddr,
    /// Where to listen for peers.
    pub peer_listen: Option<SocketAddr>,
    /// Scheme and host, without a slash at the end; None until it is known where the vault listens.
    pub origin: Option<String>,
    /// The LSP's key.
    pub lsp_key: Option<PathBuf>,
    /// Of the LSP's invoices.
    pub lsp_final_cltv: u64,
    /// Of the LSP's invoices, in seconds.
    pub lsp_expiry: u64,
    /// Certificate and key.
    pub tls: Option<(PathBuf, PathBuf)>,
    /// Whose X-Forwarded-For is believed.
    pub trusted_proxies: Vec<IpAddr>,
    /// Whether anybody may take a name.
    pub open_registration: bool,
    /// A second.
    pub address_rate: u32,
    /// A minute.
    pub receiver_rate: u32,
    /// Of a receiver.
    pub stock_limit: u64,
    /// In bytes.
    pub body_limit: usize,
    /// At once.
    pub connections: usize,
    /// Whether logs are JSON; None for whatever fits standard error.
    pub log_json: Option<bool>,
}

impl Config {
    /// The database of a vault to which nothing else is said.
    pub(crate) fn usual_database(data: &Path) -> String {
        Store::sqlite_url(&data.join("vault.db"))
    }
}

/// Any of two, the first one's first.
macro_rules! either {
    ($first:ident, $second:ident, $($field:ident),*) => {
        Options { $($field: $first.$field.or($second.$field),)*
            trusted_proxy: if $first.trusted_proxy.is_empty() { $second.trusted_proxy } else { $first.trusted_proxy },
        }
    };
}

impl Options {
    fn or(self, other: Self) -> Self {
        either!(
            self,
            other,
            data,
            config,
            database,
            chain,
            listen,
            peer_listen,
            origin,
            lsp_key,
            lsp_final_cltv,
            lsp_expiry,
            tls_cert,
            tls_key,
            open_registration,
            address_rate,
            receiver_rate,
            stock_limit,
            body_limit,
            connections,
            log
        )
    }

    fn read(path: &Path) -> Result<Self, ConfigError> {
        let text = std::fs::read_to_string(path)
            .map_err(|source| ConfigError::File { path: path.to_owned(), source })?;
        toml::from_str(&text)
            .map_err(|error| ConfigError::Toml { path: path.to_owned(), reason: error.to_string() })
    }

    /// With what the file says where nothing else does, and what goes without saying.
    ///
    /// # Errors
    ///
    /// [`ConfigError`].
    pub fn resolve(self) -> Result<Config, ConfigError> {
        let data = self.data.clone().unwrap_or_else(|| PathBuf::from("vault"));
        let usual = data.join("vault.toml");
        let file = match &self.config {
            Some(path) => Self::read(path)?,
            None if usual.exists() => Self::read(&usual)?,
            None => Self::default(),
        };
        let all = self.or(file);
        let value = |option, reason: String| ConfigError::Value { option, reason };
        let chain = all.chain.as_deref().unwrap_or("bitcoin");
        let chain: Chain = chain.parse().map_err(|reason| value("chain", reason))?;
        let origin = all.origin.map(|origin| check_origin(&origin)).transpose()?;
        let log_json = match all.log.as_deref() {
            None => None,
            Some("json") => Some(true),
            Some("text") => Some(false),
            Some(other) => return Err(value("log", format!("{other}: expected text or json"))),
        };
        let rate = |option, rate: Option<u32>, usual| match rate.unwrap_or(usual) {
            0 => Err(value(option, "0 would let nobody in".to_owned())),
            rate => Ok(rate),
        };
        let tls = match (all.tls_cert, all.tls_key) {
            (Some(cert), Some(key)) => Some((cert, key)),
            (None, None) => None,
            _ => return Err(value("tls_cert, tls_key", "one without the other".to_owned())),
        };
        Ok(Config {
            database: all.database.unwrap_or_else(|| Config::usual_database(&data)),
            data,
            chain,
            listen: all.listen.unwrap_or_else(|| SocketAddr::from(([127, 0, 0, 1], 8080))),
            peer_listen: all.peer_listen,
            origin,
            lsp_key: all.lsp_key,
            lsp_final_cltv: all.lsp_final_cltv.unwrap_or(144),
            lsp_expiry: all.lsp_expiry.unwrap_or(3_600),
            tls,
            trusted_proxies: all.trusted_proxy,
            open_registration: all.open_registration.unwrap_or(false),
            address_rate: rate("address_rate", all.address_rate, 50)?,
            receiver_rate: rate("receiver_rate", all.receiver_rate, 60)?,
            stock_limit: all.stock_limit.unwrap_or(10_000),
            body_limit: all.body_limit.unwrap_or(1 << 20),
            connections: all.connections.unwrap_or(2_048),
            log_json,
        })
    }
}

/// For the command line.
fn socket(text: &str) -> Result<SocketAddr, String> {
    text.parse().map_err(|_| "expected ADDRESS:PORT, such as 127.0.0.1:8080".to_owned())
}

/// For the command line: a whole number.
fn whole<T: FromStr>(text: &str) -> Result<T, String> {
    text.parse().map_err(|_| "expected a whole number".to_owned())
}

/// Scheme, host and port, and nothing behind them.
fn check_origin(text: &str) -> Result<String, ConfigError> {
    let text = text.strip_suffix('/').unwrap_or(text);
    let host = text.strip_prefix("https://").or_else(|| text.strip_prefix("http://"));
    let is_host = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "-.:[]".contains(c);
    match host {
        Some(host) if !host.is_empty() && host.chars().all(is_host) => Ok(text.to_owned()),
        _ => Err(ConfigError::Value {
            option: "origin",
            reason: format!(
                "{text}: expected https:// and a host in lower case, and nothing behind it"
            ),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn flags_go_before_the_file() {
        let folder =
            std::env::temp_dir().join(format!("pointlock-vault-config-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let file = folder.join("vault.toml");
        std::fs::write(&file, "chain = \"regtest\"\nstock_limit = 7\naddress_rate = 9\n").unwrap();
        let options =
            Options { data: Some(folder.clone()), stock_limit: Some(8), ..Options::default() };
        let config = options.clone().resolve().unwrap();
        assert_eq!(config.chain.to_string(), "regtest");
        assert_eq!((config.stock_limit, config.address_rate, config.receiver_rate), (8, 9, 60));
        std::fs::write(&file, "chian = \"regtest\"\n").unwrap();
        assert!(matches!(options.clone().resolve(), Err(ConfigError::Toml { .. })));
        std::fs::write(&file, "address_rate = 0\n").unwrap();
        assert!(matches!(
            options.resolve(),
            Err(ConfigError::Value { option: "address_rate", .. })
        ));
        std::fs::remove_dir_all(&folder).unwrap();
    }

    #[test]
    fn origins() {
        for text in
            ["https://a.example", "http://127.0.0.1:80", "https://[::1]:1", "https://a.example/"]
        {
            assert_eq!(check_origin(text).unwrap(), text.trim_end_matches('/'));
        }
        for text in [
            "a.example",
            "https://",
            "https://A.example",
            "https://a/b",
            "ftp://a",
            "https://a\r\nb",
            "https://a b",
        ] {
            assert!(check_origin(text).is_err(), "{text}");
        }
    }
}
