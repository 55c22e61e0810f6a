//! Commitments: the transactions that pay out a channel as it stands, one for each party to publish.
//!
//! # The outputs
//!
//! X is the publisher, Y its peer. The internal key is the revocation key, but in Y's own money; the scripts are x only.
//!
//! ```text
//! anchor                   OP_1 <4e73>, the difference to the funding, 240 sat at most
//! X's money                <delayed> CHECKSIGVERIFY <delay> CHECKSEQUENCEVERIFY
//! Y's money                no script, Y's payment key
//! X offers    timeout      <X> CHECKSIGVERIFY <Y> CHECKSIG
//!             success      PTLC: <Y> CHECKSIGVERIFY <X> CHECKSIG
//!                          HTLC: <Y> CHECKSIGVERIFY SIZE 32 EQUALVERIFY HASH160 <hash> EQUAL
//! Y offers    success      PTLC: <X> CHECKSIGVERIFY <Y> CHECKSIG
//!                          HTLC: SIZE 32 EQUALVERIFY HASH160 <hash> EQUALVERIFY <X> CHECKSIGVERIFY <Y> CHECKSIG
//!             timeout      <Y> CHECKSIGVERIFY <expiry> CHECKLOCKTIMEVERIFY
//! ```
//!
//! They are ordered by value, then script, then expiry, then offerer, then number. The scripts of a PTLC have neither its point nor, if X
//! offers, its expiry in them, so that equal outputs are common.
//!
//! An HTLC below the publisher's dust limit has no output, and its money goes to the anchor and the fee. A PTLC below either limit is
//! refused: without an output nobody could claim it.
//!
//! # References
//!
//! [BOLT 3](https://github.com/lightning/bolts/blob/master/03-transactions.md); lightning/bolts
//! [1228](https://github.com/lightning/bolts/pull/1228) (version 3, the anchor) and
//! [1330](https://github.com/lightning/bolts/pull/1330) (taproot).

mod build;
mod output;
mod scripts;
mod second_stage;
mod tree;

pub use build::{Commitment, CommitmentTerms, MAX_EDGES};
pub use output::{CommitmentOutput, OutputKind};
pub use second_stage::SecondStage;
pub use tree::{Leaf, Tree};
