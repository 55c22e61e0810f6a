//! Who signs what, in which order: as types.
//!
//! X is the publisher of a commitment, Y its peer. What X gives beforehand are adaptor pre-signatures under T for each PTLC that Y could claim on it; what Y
//! gives is its half of the funding signature, and a signature (or, for a PTLC that X can claim, a pre-signature under T) for each second stage.
//!
//! ```text
//! X: Commitment ── pre_sign_claims ─────────────► PreSignatures          all PTLCs that Y can claim on it
//! Y: Commitment + PreSignatures ──── verified ──► CoveredCommitment      the only thing that Y can sign
//! Y: CoveredCommitment ─ countersign ───────────► CommitmentSignatures
//! X: Commitment + CommitmentSignatures ─ verified ► CompleteCommitment   the only thing that X can publish
//! X: CompleteCommitment n, CompleteCommitment n + 1 ── revoke ► Revocation
//! Y: CoveredCommitment n + Revocation ──────────► RevokedCommitment      the penalty
//! ```
//!
//! # What does not compile
//!
//! Signing what no pre-signatures cover; what is covered can be signed:
//!
//! ```compile_fail,E0599
//! # use pointlock_channel::*;
//! # use pointlock::adaptor::musig2::PublicNonce;
//! # fn sign(commitment: Commitment, secrets: ChannelSecrets, mut rand: [u8; 32], nonce: PublicNonce) {
//! let signatures = commitment.countersign(&secrets, &mut rand, &nonce);
//! # }
//! ```
//!
//! ```
//! # use pointlock_channel::*;
//! # use pointlock::adaptor::musig2::PublicNonce;
//! # fn sign(commitment: Commitment, peers: PreSignatures, secrets: ChannelSecrets, mut rand: [u8; 32], nonce: PublicNonce) -> Result<(), SigningError> {
//! let signatures = CoveredCommitment::new(commitment, &peers)?.countersign(&secrets, &mut rand, &nonce);
//! # Ok(()) }
//! ```
//!
//! Revoking while nothing takes the place; with the next one complete, it does:
//!
//! ```compile_fail,E0308
//! # use pointlock_channel::*;
//! # fn revoke(old: CompleteCommitment, next: Commitment, secrets: ChannelSecrets) {
//! let revocation = old.revoke(&next, &secrets);
//! # }
//! ```
//!
//! ```
//! # use pointlock_channel::*;
//! # fn revoke(old: CompleteCommitment, next: CompleteCommitment, secrets: ChannelSecrets) {
//! let revocation = old.revoke(&next, &secrets);
//! # }
//! ```
//!
//! Publishing what is revoked; before, it can be:
//!
//! ```compile_fail,E0382
//! # use pointlock_channel::*;
//! # fn publish(old: CompleteCommitment, next: CompleteCommitment, secrets: ChannelSecrets, record: PublishRecord) {
//! let revocation = old.revoke(&next, &secrets);
//! let transaction = old.publish(&secrets, &record);
//! # }
//! ```
//!
//! ```
//! # use pointlock_channel::*;
//! # fn publish(old: CompleteCommitment, next: CompleteCommitment, secrets: ChannelSecrets, record: PublishRecord) {
//! let transaction = old.publish(&secrets, &record);
//! let revocation = old.revoke(&next, &secrets);
//! # }
//! ```
//!
//! Publishing, or a penalty, before it is complete or revoked:
//!
//! ```compile_fail,E0599
//! # use pointlock_channel::*;
//! # fn publish(commitment: Commitment, secrets: ChannelSecrets, record: PublishRecord) {
//! let transaction = commitment.publish(&secrets, &record);
//! # }
//! ```
//!
//! ```compile_fail,E0599
//! # use pointlock_channel::*;
//! # fn penalty(covered: CoveredCommitment, secrets: ChannelSecrets) {
//! let spends = covered.penalty(&secrets);
//! # }
//! ```
//!
//! ```
//! # use pointlock_channel::*;
//! # fn penalty(covered: CoveredCommitment, told: Revocation, secrets: ChannelSecrets) -> Result<(), ChannelError> {
//! let spends = covered.revoked(&told.secret)?.penalty(&secrets);
//! # Ok(()) }
//! ```

mod complete;
mod covered;
mod messages;
mod record;
mod verify;

pub use complete::{CompleteCommitment, NotRevoked, Revocation};
pub use covered::CoveredCommitment;
pub use messages::{CommitmentSignatures, PreSignatures};
pub use record::PublishRecord;
