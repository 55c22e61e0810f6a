use std::error::Error;

use pointlock::contract::ContractError;
use pointlock::invoice::InvoiceError;
use pointlock::payment::NodeError;
use thiserror::Error;

use crate::Who;

/// What ended a scenario, and at whose hands. `R` is why the chain refuses a transaction.
#[non_exhaustive]
#[derive(Debug, Error)]
pub enum SimError<R: Error + 'static> {
    /// A role refuses what it was told.
    #[error("{node}: {source}")]
    Role {
        /// The node.
        node: String,
        /// Why.
        source: Box<NodeError>,
    },
    /// A node can't make a contract, or a transaction of one.
    #[error("{node}: {source}")]
    Contract {
        /// The node.
        node: String,
        /// Why.
        source: Box<ContractError>,
    },
    /// The chain refuses a node's transaction.
    #[error("{node}: its transaction is refused: {source}")]
    Refused {
        /// The node.
        node: String,
        /// Why.
        source: R,
    },
    /// A node can't make an invoice.
    #[error("{node}: {source}")]
    Invoice {
        /// The node.
        node: String,
        /// Why.
        source: Box<InvoiceError>,
    },
    /// An onion message does not survive the wire.
    #[error("{node}: sends an onion message that can't be read")]
    Message {
        /// The node.
        node: String,
    },
    /// Nobody has this node id or channel.
    #[error("{what}: nobody's")]
    Nobody {
        /// What was looked for.
        what: String,
    },
    /// A node has no role for what is wanted of it: a sender forwards nothing, a receiver offers nothing.
    #[error("{node}: has no role in which it {verb}")]
    NoRole {
        /// The node.
        node: String,
        /// What it should have done.
        verb: &'static str,
    },
    /// A node offers an edge for a payment, or an incoming edge, of which nothing is known.
    #[error("{node}: offers an edge for nothing")]
    NoOrigin {
        /// The node.
        node: String,
    },
    /// A node wants to do something with a contract that is not there, or not its own.
    #[error("{node}: has no such contract")]
    NoContract {
        /// The node.
        node: String,
    },
}

/// The node that said so is added where it is known.
pub(crate) fn of_role<R: Error + 'static>(node: &str, source: impl Into<NodeError>) -> SimError<R> {
    SimError::Role { node: node.to_owned(), source: Box::new(source.into()) }
}

impl<C: crate::Chain> crate::Sim<C> {
    pub(crate) fn no_role(&self, who: Who, verb: &'static str) -> SimError<C::Refused> {
        SimError::NoRole { node: self.name(who).to_owned(), verb }
    }

    pub(crate) fn contract_error(&self, who: Who, source: ContractError) -> SimError<C::Refused> {
        SimError::Contract { node: self.name(who).to_owned(), source: Box::new(source) }
    }

    pub(crate) fn refused(&self, who: Who, source: C::Refused) -> SimError<C::Refused> {
        SimError::Refused { node: self.name(who).to_owned(), source }
    }
}
