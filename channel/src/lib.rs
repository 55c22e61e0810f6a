//! x
mod channel;
mod child;
pub mod close;
pub mod commitment;
mod edge;
mod error;
pub mod keys;
mod party;
pub mod penalty;
mod sighash;
pub mod signing;
pub mod spend;

pub use channel::{Channel, ChannelTerms, Funding, PartyTerms};
pub use close::{Close, CloseTerms};
pub use commitment::{
    Commitment, CommitmentOutput, CommitmentTerms, Leaf, MAX_EDGES, OutputKind, SecondStage, Tree,
};
pub use edge::{ChannelEdge, EdgeTerms};
pub use error::{ChannelError, SigningError};
pub use keys::{ChannelSecrets, CommitmentKeys, PerCommitmentSeed, RevokedSecrets};
pub use party::Party;
pub use penalty::RevokedCommitment;
pub use signing::{
    CommitmentSignatures, CompleteCommitment, CoveredCommitment, PreSignatures, PublishRecord,
    Revocation,
};
pub use spend::{Payout, Spend, spend};
