//! The vault and its two sides: `pointlock vault` serves, `pointlock receive` leaves invoices with one, `pointlock fetch` gets them.

pub(crate) mod fetch;
pub(crate) mod receive;

use std::error::Error;
use std::path::PathBuf;

use clap::ArgMatches;
use pointlock_vault::Chain;
use pointlock_vault::client::{Address, Client};

use crate::terminal;

/// The longest file with a certificate that is read.
const MAX_PEM: u64 = 1 << 20;
/// The longest file with a vault's words that is read.
const MAX_CONFIG: u64 = 1 << 20;

/// Refuses a `--config` that has no end, before the vault reads it.
pub(crate) fn check_config(args: &ArgMatches) -> Result<(), String> {
    let path = args.subcommand_matches("vault").and_then(|args| args.get_one::<PathBuf>("config"));
    match path {
        Some(path) => terminal::check_length(path, MAX_CONFIG)
            .map_err(|error| format!("--config: {}: {error}", path.display())),
        None => Ok(()),
    }
}

/// What both sides say of the vault.
#[derive(clap::Args)]
struct Where {
    /// NAME@HOST, with a port where it is not the usual one
    address: Address,
    /// The chain to pay on
    #[arg(long, default_value = "bitcoin")]
    chain: Chain,
    /// A certificate as PEM that is trusted in place of the usual ones: for a vault that has none of a known authority
    #[arg(long, value_name = "FILE")]
    root_certificate: Option<PathBuf>,
    /// Prints JSON
    #[arg(long)]
    json: bool,
}

impl Where {
    /// The vault, if it is for this chain.
    fn client(&self) -> Result<Client, Box<dyn Error>> {
        if let Some(path) = &self.root_certificate {
            terminal::check_length(path, MAX_PEM)
                .map_err(|error| format!("--root-certificate: {}: {error}", path.display()))?;
        }
        let client = Client::new(&self.address.origin, self.root_certificate.as_ref())?;
        let chain = client.about()?.chain;
        if chain != self.chain.to_string() {
            return Err(
                format!("--chain: the vault is for {chain}, and not for {}", self.chain).into()
            );
        }
        Ok(client)
    }
}
