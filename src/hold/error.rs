use core::fmt;

use thiserror::Error;

use super::HoldId;

/// A limit on what a holder keeps.
#[non_exhaustive]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cap {
    /// Holds whose money one neighbour has brought.
    HoldsPerNeighbour,
    /// Holds in all.
    Holds,
    /// The value of all holds, in millisatoshi.
    Value,
    /// Announcements of one hold.
    Announcements,
}

impl fmt::Display for Cap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::HoldsPerNeighbour => "holds per incoming neighbour",
            Self::Holds => "holds in all",
            Self::Value => "value of all holds",
            Self::Announcements => "announcements of one hold",
        })
    }
}

/// Why a hold, or a step of it, is refused.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum HoldError {
    /// A cap is reached.
    #[error("hold refused: the cap on {0} is reached")]
    CapReached(Cap),
    /// The hold would fail back at once.
    #[error("hold {id}: cutoff height {cutoff} is not above height {height}")]
    CutoffPassed {
        /// The hold.
        id: HoldId,
        /// The height at which it fails back.
        cutoff: u32,
        /// The height now.
        height: u32,
    },
    /// Another hold has this id.
    #[error("hold {0}: the id is taken by another hold")]
    IdTaken(HoldId),
    /// No hold has this id.
    #[error("hold {0}: unknown")]
    Unknown(HoldId),
    /// The release secret does not hash to c.
    #[error("hold {0}: wrong release secret")]
    WrongReleaseSecret(HoldId),
    /// The hold fails back or has failed back.
    #[error("hold {0}: released too late, it fails back")]
    TooLate(HoldId),
    /// The release secret equals the held blind: the sender gave a zero blind.
    #[error("hold {0}: the blind is zero")]
    ZeroBlind(HoldId),
    /// A confirmation that no action asked for.
    #[error("hold {0}: confirmed a step that was not under way")]
    OutOfOrder(HoldId),
}
