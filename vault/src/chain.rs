use std::fmt;
use std::str::FromStr;

use lightning_invoice::Currency;
use pointlock::bitcoin::Network;
use pointlock::invoice::ChainHash;

/// The chain that a vault is for: what is for another one is refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Chain(Network);

impl Chain {
    /// This one.
    pub const fn new(network: Network) -> Self {
        Self(network)
    }

    /// As `bitcoin` has it.
    pub const fn network(self) -> Network {
        self.0
    }

    /// As BOLT 12 names it.
    pub fn hash(self) -> ChainHash {
        ChainHash::using_genesis_block_const(self.0)
    }

    /// The chain that BOLT 12 names so, where it is one of bitcoin, testnet, signet and regtest.
    pub fn of_hash(hash: &[u8; 32]) -> Option<Self> {
        [Network::Bitcoin, Network::Testnet, Network::Signet, Network::Regtest]
            .map(Self)
            .into_iter()
            .find(|chain| chain.hash().to_bytes() == *hash)
    }

    /// As BOLT 11 names it.
    pub fn currency(self) -> Currency {
        self.0.into()
    }
}

impl FromStr for Chain {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "bitcoin" | "mainnet" => Ok(Self(Network::Bitcoin)),
            "testnet" => Ok(Self(Network::Testnet)),
            "signet" => Ok(Self(Network::Signet)),
            "regtest" => Ok(Self(Network::Regtest)),
            _ => Err(format!("{text}: expected bitcoin, testnet, signet or regtest")),
        }
    }
}

impl fmt::Display for Chain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
