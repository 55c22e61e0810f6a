//! contracts

pub mod cooperative;
mod error;
mod extract;
mod ladder;
pub mod limits;
mod offered;
mod received;
mod scripts;
mod spend;
mod success;
mod terms;
mod timeout;
mod weight;

pub use cooperative::{CooperativeSession, CooperativeSpend};
pub use error::ContractError;
pub use ladder::FeeLadder;
pub use offered::OfferedContract;
pub use received::ReceivedContract;
pub use spend::{FeeCoin, FeeCoins};
pub use success::{PreSignedLadder, Rung};
pub use terms::{Contract, ContractTerms, FundedContract, Party, SpendPath};
