use bitcoin::{Sequence, Transaction};
use pointlock::adaptor::musig2::{PublicNonce, SecretNonce, Session};
use pointlock::adaptor::schnorr::PreSignature;
use pointlock::curve::SecretScalar;
use pointlock::lock::{Lock, LockSecret};

use super::verify::{extract, needed_for_claims, pre_sign, second_stages, verify_pre_signatures};
use super::{CommitmentSignatures, PreSignatures};
use crate::commitment::{Commitment, CommitmentOutput, Leaf, OutputKind, SecondStage};
use crate::keys::taproot_keypair;
use crate::penalty::RevokedCommitment;
use crate::spend::{LockTime, Spend};
use crate::{ChannelEdge, ChannelError, ChannelSecrets, Party, SigningError, sighash};

/// The peer's commitment, with its valid pre-signatures for every PTLC on it that is payable to this party: the only thing that this party can
/// sign for the peer, as often as a message is lost, and always for the same txid.
///
/// The pre-signatures are durable before anything is signed: without them the money of these PTLCs is the peer's after their expiry.
#[derive(Clone, Debug)]
pub struct CoveredCommitment {
    commitment: Commitment,
    pre_signatures: Vec<PreSignature>,
}

impl CoveredCommitment {
    /// Verifies the peer's pre-signatures, as one batch, for all PTLCs of `commitment` that the peer offers.
    ///
    /// # Errors
    ///
    /// [`SigningError::OtherCommitment`], [`SigningError::PreSignatureCount`], and naming the PTLC [`SigningError::PreSignature`] and
    /// [`SigningError::PreSignatureOrder`].
    pub fn new(commitment: Commitment, peers: &PreSignatures) -> Result<Self, SigningError> {
        if peers.txid != commitment.txid() {
            let (expected, actual) = (commitment.txid(), peers.txid);
            return Err(SigningError::OtherCommitment { expected, actual });
        }
        let key = commitment.keys().publisher_htlc.x_only();
        verify_pre_signatures(&needed_for_claims(&commitment), &key, &peers.pre_signatures)?;
        Ok(Self { commitment, pre_signatures: peers.pre_signatures.clone() })
    }

    /// The commitment.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// The peer's pre-signatures, as they are kept.
    pub fn pre_signatures(&self) -> PreSignatures {
        PreSignatures { txid: self.commitment.txid(), pre_signatures: self.pre_signatures.clone() }
    }

    /// This party's half of the funding signature, and what the peer needs for its second stages.
    ///
    /// `session_rand`: 32 bytes of fresh entropy, overwritten; each call needs its own. `peers_nonce`: the peer's verification nonce for this
    /// commitment.
    ///
    /// # Errors
    ///
    /// [`ChannelError::ForeignSecrets`], [`ChannelError::WrongParty`], [`SigningError::Funding`] for entropy that is used up; in theory
    /// [`SigningError::PreSignature`].
    pub fn countersign(
        &self,
        secrets: &ChannelSecrets,
        session_rand: &mut [u8; 32],
        peers_nonce: &PublicNonce,
    ) -> Result<CommitmentSignatures, SigningError> {
        self.check_party(secrets)?;
        let commitment = &self.commitment;
        let aggregate_key = commitment.channel().funding().key_agg().x_only();
        let message = commitment.sighash();
        let nonce =
            SecretNonce::generate(session_rand, &secrets.funding, &aggregate_key, &message, None)
                .map_err(|source| SigningError::Funding { source })?;
        self.countersign_with(secrets, nonce, peers_nonce)
    }

    /// [`countersign`](Self::countersign) with a nonce of the caller's: for vectors that give theirs.
    ///
    /// Dangerous because a nonce that was made without this message may have signed another one.
    ///
    /// # Errors
    ///
    /// As [`countersign`](Self::countersign).
    pub fn dangerous_countersign_with(
        &self,
        secrets: &ChannelSecrets,
        nonce: SecretNonce,
        peers_nonce: &PublicNonce,
    ) -> Result<CommitmentSignatures, SigningError> {
        self.check_party(secrets)?;
        self.countersign_with(secrets, nonce, peers_nonce)
    }

    fn countersign_with(
        &self,
        secrets: &ChannelSecrets,
        secret_nonce: SecretNonce,
        peers_nonce: &PublicNonce,
    ) -> Result<CommitmentSignatures, SigningError> {
        let funding = self.commitment.channel().funding();
        let nonce = secret_nonce.public_nonce();
        let nonces = funding.sorted(self.party(), nonce, *peers_nonce);
        let partial = Session::new(funding.key_agg(), &nonces, &self.commitment.sighash())
            .and_then(|session| session.sign_partial(secret_nonce, &secrets.funding))
            .map_err(|source| SigningError::Funding { source })?;
        let keypair = secrets.htlc_keypair(&self.commitment.terms().point)?;
        let needed = second_stages(&self.commitment);
        let signatures = needed
            .signed
            .iter()
            .map(|(_, message)| keypair.sign_schnorr(message, &[0; 32]))
            .collect();
        let pre_signatures = pre_sign(&needed.pre_signed, &keypair)?;
        Ok(CommitmentSignatures { partial, nonce, signatures, pre_signatures })
    }

    /// The party that signs: not the publisher.
    pub fn party(&self) -> Party {
        self.commitment.terms().publisher.other()
    }

    fn check_party(&self, secrets: &ChannelSecrets) -> Result<(), ChannelError> {
        self.commitment.check_party(secrets, self.party())
    }

    /// This party's own money on it.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NoSuchOutput`] where it is below the publisher's dust limit; those of foreign secrets.
    pub fn own_money(&self, secrets: &ChannelSecrets) -> Result<Spend, ChannelError> {
        self.check_party(secrets)?;
        let output = self
            .commitment
            .outputs()
            .iter()
            .find(|output| *output.kind() == OutputKind::ToOther)
            .ok_or(ChannelError::NoSuchOutput { output: "own money" })?;
        let keypair = taproot_keypair(&secrets.payment, None)
            .map_err(|source| ChannelError::Key { key: "payment key", source })?;
        Ok(Spend::by_key(self.commitment.outpoint(output), output.tx_out(), keypair))
    }

    /// The claim of an edge that the publisher offers, with its secret: for a PTLC, with the publisher's pre-signature, finished.
    ///
    /// It has to be confirmed before the expiry. Several can be in one transaction, but not with a timeout.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NoSuchEdge`], [`ChannelError::Trimmed`], [`ChannelError::WrongSecret`]; those of foreign secrets.
    pub fn claim(
        &self,
        secrets: &ChannelSecrets,
        number: u64,
        secret: &LockSecret,
    ) -> Result<Spend, ChannelError> {
        let (output, edge) = self.find(secrets, self.party().other(), number)?;
        let offerer = edge.terms().offerer;
        if !edge.terms().lock.is_opened_by(secret) {
            return Err(ChannelError::WrongSecret { offerer, number });
        }
        let opening = match (&edge.terms().lock, secret) {
            (Lock::Hash(_), LockSecret::Preimage(preimage)) => {
                preimage.dangerous_as_bytes().to_vec()
            }
            (Lock::Point(_), LockSecret::Scalar(t)) => {
                let at = self
                    .commitment
                    .claimable_by_other()
                    .position(|(claimable, ..)| claimable == output)
                    .expect("a PTLC of the publisher's is among them");
                let signature = self.pre_signatures[at].adapt(t);
                sighash::encoded(signature, bitcoin::TapSighashType::NonePlusAnyoneCanPay)
            }
            _ => return Err(ChannelError::WrongSecret { offerer, number }),
        };
        let spend = self.by_leaf(secrets, output, Leaf::Success)?.with_before(opening);
        // What the publisher's pre-signature is for; an HTLC's claim asks for nothing, and is the same.
        let zero = LockTime::Exactly(bitcoin::absolute::LockTime::ZERO);
        Ok(match &edge.terms().lock {
            Lock::Point(_) => spend.with_sequence(Sequence::ZERO).with_lock_time(zero),
            Lock::Hash(_) => spend,
        })
    }

    /// What this party has offered, back after the expiry.
    ///
    /// # Errors
    ///
    /// As [`claim`](Self::claim), but for the secret.
    pub fn timeout(&self, secrets: &ChannelSecrets, number: u64) -> Result<Spend, ChannelError> {
        let (output, edge) = self.find(secrets, self.party(), number)?;
        let spend = self.by_leaf(secrets, output, Leaf::Timeout)?;
        Ok(spend.with_lock_time(LockTime::AtLeast(edge.lock_time())))
    }

    /// The secret of a PTLC that this party has offered, from the publisher's PTLC-success.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NotSpent`], [`ChannelError::NoSecret`], [`ChannelError::Extraction`]; those of [`timeout`](Self::timeout).
    pub fn extract(
        &self,
        secrets: &ChannelSecrets,
        number: u64,
        transaction: &Transaction,
    ) -> Result<SecretScalar, ChannelError> {
        let (output, edge) = self.find(secrets, self.party(), number)?;
        let outpoint = self.commitment.outpoint(output);
        let stages = second_stages(&self.commitment);
        let needed = stages
            .pre_signed
            .into_iter()
            .find(|needed| needed.edge == edge)
            .ok_or(ChannelError::NoSecret { outpoint })?;
        let keypair = secrets.htlc_keypair(&self.commitment.terms().point)?;
        let needed = [needed];
        let made = pre_sign(&needed, &keypair).map_err(|_| ChannelError::NoSecret { outpoint })?;
        extract(outpoint, &needed[0], &made[0], &keypair.x_only_public_key(), transaction)
    }

    /// The commitment once the publisher has revoked it: from then on its publication is paid for with everything.
    ///
    /// # Errors
    ///
    /// [`ChannelError::RevocationSecret`].
    pub fn revoked(&self, secret: &SecretScalar) -> Result<RevokedCommitment, ChannelError> {
        RevokedCommitment::new(self.commitment.clone(), secret)
    }

    fn by_leaf(
        &self,
        secrets: &ChannelSecrets,
        output: &CommitmentOutput,
        leaf: Leaf,
    ) -> Result<Spend, ChannelError> {
        let keypair = secrets.htlc_keypair(&self.commitment.terms().point)?;
        let tree = output.tree().ok_or(ChannelError::NoSuchOutput { output: "edge" })?;
        let outpoint = self.commitment.outpoint(output);
        Ok(Spend::by_leaf(outpoint, output.value(), tree, leaf, keypair))
    }

    fn find(
        &self,
        secrets: &ChannelSecrets,
        offerer: Party,
        number: u64,
    ) -> Result<(&CommitmentOutput, &ChannelEdge), ChannelError> {
        self.check_party(secrets)?;
        find(&self.commitment, offerer, number)
    }
}

/// The output of an edge, and the edge.
pub(super) fn find(
    commitment: &Commitment,
    offerer: Party,
    number: u64,
) -> Result<(&CommitmentOutput, &ChannelEdge), ChannelError> {
    let output = commitment.edge_output(offerer, number)?;
    output
        .and_then(|output| Some((output, output.edge()?)))
        .ok_or(ChannelError::Trimmed { offerer, number })
}

/// The second stage of an edge.
pub(super) fn find_stage(
    commitment: &Commitment,
    offerer: Party,
    number: u64,
) -> Result<SecondStage<'_>, ChannelError> {
    let (_, edge) = find(commitment, offerer, number)?;
    commitment
        .second_stages()
        .find(|stage| stage.edge() == edge)
        .ok_or(ChannelError::NoSuchEdge { offerer, number })
}
