//! Two-party channels that carry PTLCs beside HTLCs: their keys, their transactions, and who signs what before whom.
//!
//! The channel type is that of lightning/bolts pull request 1330, zero-fee commitments on taproot, whose vectors hold byte for byte; what PTLCs add is in
//! [`commitment`] and [`signing`]. There is no state machine here and no I/O: whoever drives a channel keeps its state, and gives terms.
//!
//! Nothing is told from one side. A channel has an *opener* and an *accepter*, a commitment a *publisher*, an edge an *offerer*; both parties
//! compute the same, each with its own secrets.
//!
//! # The map
//!
//! | module | what it is |
//! | --- | --- |
//! | [`keys`] | derived keys, per-commitment secrets, verification nonces |
//! | [`commitment`] | the transaction of a state, its outputs, and its second stages |
//! | [`signing`] | pre-signatures before signatures, completeness before revocation: as types |
//! | [`mod@spend`] | transactions that spend a commitment's outputs, alone or together, with coins for the fee |
//! | [`penalty`] | what a revoked commitment costs |
//! | [`close`] | the cooperative close |
//!
//! # Synopsis
//!
//! ```
//! use bitcoin::{Amount, OutPoint};
//! use pointlock::curve::{Keypair, SecretScalar};
//! use pointlock::lock::LockSecret;
//! use pointlock_channel::*;
//!
//! // Alice has opened a channel with Bob. Both know both terms.
//! let secrets = |byte: u8| -> Result<ChannelSecrets, Box<dyn std::error::Error>> {
//!     let scalar = |more| SecretScalar::from_bytes(&[byte + more; 32]);
//!     Ok(ChannelSecrets {
//!         funding: Keypair::new(scalar(0)?),
//!         payment: scalar(1)?,
//!         delayed: scalar(2)?,
//!         htlc: scalar(3)?,
//!         revocation: scalar(4)?,
//!         seed: PerCommitmentSeed::new([byte + 5; 32]),
//!     })
//! };
//! let (alice, bob) = (secrets(0x10)?, secrets(0x20)?);
//! let channel = Channel::new(ChannelTerms {
//!     opener: alice.terms(Amount::from_sat(354), 144),
//!     accepter: bob.terms(Amount::from_sat(354), 144),
//!     funding_outpoint: OutPoint::null(),
//!     amount: Amount::from_sat(1_000_000),
//! })?;
//!
//! // She offers Bob a PTLC. Bob alone will know t.
//! let t = LockSecret::Scalar(SecretScalar::from_bytes(&[0x33; 32])?);
//! let ptlc = ChannelEdge::offered(
//!     EdgeTerms {
//!         offerer: Party::Opener,
//!         number: 0,
//!         amount_msat: 50_000_000,
//!         expiry: 900_000,
//!         lock: t.lock(),
//!     },
//!     899_000,
//! )?;
//! let terms = CommitmentTerms {
//!     publisher: Party::Opener,
//!     number: 1,
//!     point: alice.seed.point(1)?,
//!     opener_msat: 950_000_000,
//!     accepter_msat: 0,
//!     edges: vec![ptlc],
//! };
//!
//! // Alice pre-signs Bob's claim under T. Bob verifies that, keeps it, and only then signs her commitment.
//! let hers = Commitment::new(&channel, terms.clone())?;
//! let pre_signatures = hers.pre_sign_claims(&alice)?;
//! let covered = CoveredCommitment::new(Commitment::new(&channel, terms)?, &pre_signatures)?;
//! let her_nonce = alice.verification_nonces(&channel).public(1)?;
//! let signatures = covered.countersign(&bob, &mut [0x44; 32], &her_nonce)?;
//!
//! // Alice verifies what he gives. Now she may revoke commitment 0, and could publish this one.
//! let complete = CompleteCommitment::new(hers, her_nonce, signatures)?;
//! let published = complete.publish(&alice, &complete.record())?;
//!
//! // She does, and Bob claims from it with t.
//! let bobs = published.output[0].script_pubkey.clone(); // any script of Bob's
//! let payout = Payout { script: &bobs, fee: Amount::from_sat(500) };
//! let claim = covered.claim(&bob, 0, &t)?;
//! let claim = spend::spend(&[claim], Some(payout), &Default::default(), &[0x55; 32])?;
//!
//! // Alice sees the claim, makes her pre-signature once more, and learns t.
//! assert_eq!(LockSecret::Scalar(complete.extract(&alice, 0, &claim)?), t);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *A signature given before the pre-signatures*: the other's claims then fail, and its money is the offerer's after the expiry. [`signing`]
//!   has no way to do that.
//! - *State that is lost or rolled back*: a revoked commitment that is published costs everything. So does a verification nonce that signs two
//!   commitments of one number: [`PublishRecord`] is durable first.
//! - *Pre-signatures for two twins*: candidates of one number that differ in a lock point alone are one transaction. See
//!   [`Commitment::is_twin_of`].
//! - *Pre-signatures that aren't kept*: the party that is paid by a PTLC needs them to claim. The one that offers it makes its own again.
//! - *Nobody who watches*: deadlines are heights, and whoever sleeps through one is not paid. `docs/channel.md` says what the monitor has to do.
//!
//! # References
//!
//! [BOLT 2](https://github.com/lightning/bolts/blob/master/02-peer-protocol.md), [BOLT 3](https://github.com/lightning/bolts/blob/master/03-transactions.md),
//! [BOLT 5](https://github.com/lightning/bolts/blob/master/05-onchain.md); lightning/bolts
//! [1228](https://github.com/lightning/bolts/pull/1228) and [1330](https://github.com/lightning/bolts/pull/1330);
//! [BIP-431](https://github.com/bitcoin/bips/blob/master/bip-0431.mediawiki) (version 3),
//! [BIP-327](https://github.com/bitcoin/bips/blob/master/bip-0327.mediawiki) (MuSig2).

#![forbid(unsafe_code)]

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
    CommitmentSignatures, CompleteCommitment, CoveredCommitment, NotRevoked, PreSignatures,
    PublishRecord, Revocation,
};
pub use spend::{Payout, Spend, spend};
