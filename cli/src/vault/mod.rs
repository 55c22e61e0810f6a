//! The vault and its two sides: `pointlock vault` serves, `pointlock receive` leaves invoices with one, `pointlock fetch` gets them.

pub(crate) mod fetch;
pub(crate) mod receive;

use std::error::Error;
use std::path::PathBuf;

use pointlock_vault::Chain;
use pointlock_vault::client::{Address, Client};

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
