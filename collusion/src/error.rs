use pointlock::edge::EdgeId;
use thiserror::Error;

use super::Coalition;
use pointlock::hold::HoldId;
use pointlock::invoice::InvoiceId;
use pointlock::payment::AttemptId;

/// Why a model can't be built or analysed: what was handed out and what the equations say differ, or the driver left
/// something out.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum CollusionError {
    /// A secret comes from an invoice that the model does not know.
    #[error("invoice {0:?}: not in the model")]
    UnknownInvoice(InvoiceId),
    /// A secret comes from an attempt that the model does not know.
    #[error("attempt {0}: not in the model")]
    UnknownAttempt(AttemptId),
    /// A secret comes with a contract that the model does not know.
    #[error("edge {0}: not in the model")]
    UnknownEdge(EdgeId),
    /// A secret comes with a hold that the model does not know.
    #[error("hold {0}: not in the model")]
    UnknownHold(HoldId),
    /// A secret is of a kind that has no equation here.
    #[error("{what}: not in the equations")]
    NotModelled {
        /// What it belongs to.
        what: &'static str,
    },
    /// A number is that of no invoice, attempt or party.
    #[error("{what} {number}: there is none")]
    NoSuch {
        /// Invoice, attempt or party.
        what: &'static str,
        /// Its number, from 0.
        number: usize,
    },
    /// An attempt has no such edge.
    #[error("attempt {attempt}: edge {edge} is not on its route")]
    NoSuchEdge {
        /// The attempt, from 0.
        attempt: usize,
        /// The edge, from 1.
        edge: usize,
    },
    /// A polynomial is paid without an x.
    #[error("attempt {attempt}: x is missing, and its invoice has a polynomial")]
    NoPayerPoint {
        /// The attempt, from 0.
        attempt: usize,
    },
    /// Nobody was handed this secret itself, so nothing that depends on it can be checked.
    #[error("{party}: {fact} depends on {atom}, whose value nobody has")]
    ValueMissing {
        /// Who has the secret.
        party: String,
        /// Which secret.
        fact: String,
        /// On what it depends.
        atom: String,
    },
    /// A scalar that a party was handed is not what its equation says.
    #[error("{party}: {fact} is not {form}")]
    Mismatch {
        /// Who has the scalar.
        party: String,
        /// Which scalar.
        fact: String,
        /// What it should be.
        form: String,
    },
    /// A contract is locked under another point or hash than its equation says.
    #[error("attempt {attempt}, edge {edge}: the lock is not {form}")]
    LockMismatch {
        /// The attempt, from 0.
        attempt: usize,
        /// The edge, from 1.
        edge: usize,
        /// What it should be.
        form: String,
    },
    /// More parties than a coalition can have.
    #[error("{parties} parties: {} at most", Coalition::MAX_PARTIES)]
    TooManyParties {
        /// How many there are.
        parties: usize,
    },
    /// So many coalitions are able or unable in ways of their own that listing them is pointless.
    #[error("more than {most} coalitions on the border between able and unable")]
    TooManyCoalitions {
        /// Where the search gives up.
        most: usize,
    },
    /// The parts of a secret add up to zero, which no lock has.
    #[error("the combination gives zero")]
    ZeroSecret,
}
