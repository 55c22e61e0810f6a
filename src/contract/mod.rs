//! Contracts on the chain: money of an offerer's that the claimer gets for the secret of a lock, and the offerer
//! gets back after an expiry. PTLC (the lock is a point) and HTLC (a hash) side by side.
//!
//! These are contracts between two, in an output of their own. There is no revocation in them: that belongs to
//! channels.
//!
//! # The output
//!
//! A taproot output. Its internal key is the BIP-327 aggregate of offerer ‖ claimer, its tree has two leaves:
//!
//! ```text
//! success, PTLC   <offerer> OP_CHECKSIGVERIFY <claimer> OP_CHECKSIG
//! success, HTLC   OP_SIZE 32 OP_EQUALVERIFY OP_SHA256 <hash> OP_EQUALVERIFY <claimer> OP_CHECKSIG
//! timeout         <offerer> OP_CHECKSIGVERIFY <expiry> OP_CHECKLOCKTIMEVERIFY
//! ```
//!
//! The point of a PTLC is not in its script. It is in the offerer's signature for the success leaf, which the
//! claimer gets as adaptor pre-signature under T and finishes with t. The chain sees two keys, and after a
//! [cooperative] spend not even these.
//!
//! # The transactions
//!
//! All are of version 3, spend the contract with their first input and pay out with their first output. Weights in
//! weight units and virtual bytes, for a payout to taproot and an expiry from 32,768 to 8,388,607:
//!
//! | spend | PTLC | HTLC | witness | nLockTime |
//! | --- | --- | --- | --- | --- |
//! | success | 645 (162) | 617 (155) | claimer's signature; offerer's signature (PTLC) or preimage (HTLC) | 0 |
//! | timeout | 550 (138) | 550 (138) | offerer's signature | expiry |
//! | cooperative | 444 (111) | 444 (111) | signature of both | 0 |
//!
//! The claimer of an HTLC signs alone, so it chooses the fee when it claims. In a PTLC the offerer signs too,
//! beforehand: hence a short [`FeeLadder`], with a pre-signature for each rung, so that a claimer without other
//! coins can still pay what a block costs. They are under `SINGLE|ANYONECANPAY`, so a claimer with [other
//! coins](FeeCoins) can add some. The claimer signs `ALL`, as do all others here (as BIP-341's SIGHASH_DEFAULT, a
//! byte shorter): nobody who sees the claim can take it apart.
//!
//! # Synopsis
//!
//! ```
//! use bitcoin::{Amount, OutPoint};
//! use pointlock::contract::*;
//! use pointlock::curve::{Keypair, SecretScalar};
//! use pointlock::lock::LockSecret;
//!
//! // Alice offers, Bob claims. Both know the terms, and so the output. Bob alone knows t.
//! let alice = Keypair::from_secret_bytes(&[1; 32])?;
//! let bob = Keypair::from_secret_bytes(&[2; 32])?;
//! let t = LockSecret::Scalar(SecretScalar::from_bytes(&[3; 32])?);
//! let contract = Contract::new(ContractTerms {
//!     offerer: alice.public_key(),
//!     claimer: bob.public_key(),
//!     amount: Amount::from_sat(100_000),
//!     expiry: 900_000,
//!     lock: t.lock(),
//! })?;
//! let bobs_script = contract.script_pubkey(); // any script of Bob's
//! let ladder = FeeLadder::for_claim(&contract, &bobs_script)?;
//! let funded = FundedContract::new(contract, OutPoint::null());
//!
//! // Alice pre-signs, keeps that, and only then sends it and funds the output.
//! let offered = OfferedContract::new(funded.clone(), &bobs_script, &ladder, &alice, &[4; 32])?;
//! let message = offered.pre_signatures().map(PreSignedLadder::to_bytes);
//!
//! // Bob verifies every rung. When he wants to be paid he takes one and finishes it with t.
//! let pre_signed = message.map(|bytes| PreSignedLadder::from_bytes(&bytes)).transpose()?;
//! let received = ReceivedContract::new(funded, bobs_script, &ladder, pre_signed)?;
//! let claim = received.claim(2, &t, &bob, &FeeCoins::none(), &[5; 32])?;
//!
//! // Alice sees the transaction, and with it learns t.
//! assert_eq!(offered.extract(&claim)?, t);
//!
//! // Had Bob not claimed, this would be hers in blocks above 900,000.
//! let alices_script = claim.output[0].script_pubkey.clone(); // any script of Alice's
//! let timeout = offered.funded().timeout(&alices_script, Amount::from_sat(500), &alice, &[6; 32])?;
//! assert_eq!(limits::check_lock_time(&timeout, 900_001), Ok(()));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - *Any other signature of the offerer's for this output.* Extraction is guaranteed only if, for any
//!   transaction that spends it, the offerer gives nothing but pre-signatures under T, and partial signatures by
//!   the rule in [`cooperative`]. A key for this contract alone makes that easy to keep.
//! - *Lost pre-signatures.* What the offerer does not keep it can't extract with: [`PreSignedLadder`] is durable
//!   before it is sent.
//! - *A late claim.* After the expiry both leaves can be spent; the claimer has to be confirmed before. And the
//!   offerer of one contract that claims another for the same payment needs time between the two expiries to see
//!   a claim and make its own.
//! - *A ladder too short.* Above its highest fee a claimer needs coins of its own.
//! - *Script verification for consensus.* It sees neither amounts nor heights: see [`limits`].
//!
//! # References
//!
//! [BIP-340](https://github.com/bitcoin/bips/blob/master/bip-0340.mediawiki),
//! [BIP-341](https://github.com/bitcoin/bips/blob/master/bip-0341.mediawiki) and
//! [BIP-342](https://github.com/bitcoin/bips/blob/master/bip-0342.mediawiki) (taproot),
//! [BIP-65](https://github.com/bitcoin/bips/blob/master/bip-0065.mediawiki) (lock times in scripts),
//! [BIP-327](https://github.com/bitcoin/bips/blob/master/bip-0327.mediawiki) (the internal key),
//! [BIP-431](https://github.com/bitcoin/bips/blob/master/bip-0431.mediawiki) (version 3);
//! [BOLT 3](https://github.com/lightning/bolts/blob/master/03-transactions.md) for HTLCs in channels.

pub mod cooperative;
mod error;
mod extract;
mod keys;
mod ladder;
pub mod limits;
mod offered;
mod received;
mod record;
mod scripts;
mod spend;
mod success;
mod terms;
mod timeout;
mod weight;

#[cfg(test)]
mod tests;

pub use cooperative::{CooperativeSession, CooperativeSpend};
pub use error::{ContractError, LimitsError};
pub use keys::ContractKeys;
pub use ladder::FeeLadder;
pub use offered::OfferedContract;
pub use received::ReceivedContract;
pub use spend::{FeeCoin, FeeCoins};
pub use success::{PreSignedLadder, Rung};
pub use terms::{Contract, ContractTerms, FundedContract, Party, SpendPath};
