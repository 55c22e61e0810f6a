use bitcoin::sighash::TapSighashType;
use bitcoin::{Sequence, Transaction, Witness};
use pointlock::adaptor::musig2::{PublicNonce, SecretNonce, Session};
use pointlock::curve::{Point, SecretScalar};
use pointlock::lock::{Lock, LockSecret};
use thiserror::Error;

use super::covered::{find, find_stage};
use super::verify::{extract, needed_for_claims, pre_sign, second_stages};
use super::{CommitmentSignatures, PublishRecord};
use crate::commitment::{Commitment, Leaf, OutputKind, SecondStage};
use crate::spend::{LockTime, Spend};
use crate::{ChannelError, ChannelSecrets, Party, SigningError, sighash};

/// This party's own commitment, with everything of the peer's that it takes to publish it and to use every output of it.
///
/// No `Clone`: revoking uses it up, and nothing that can be published is left.
#[derive(Debug)]
pub struct CompleteCommitment {
    commitment: Commitment,
    own_nonce: PublicNonce,
    signatures: CommitmentSignatures,
}

/// What revokes a commitment: the peer takes all of it, should it ever be published.
#[derive(Clone, Debug)]
pub struct Revocation {
    /// Which of the publisher's commitments.
    pub number: u64,
    /// Its per-commitment secret.
    pub secret: SecretScalar,
    /// The point of the commitment after the next one.
    pub next_point: Point,
}

/// A commitment that was not revoked, and why. It is still good.
#[derive(Debug, Error)]
#[error("{error}")]
pub struct NotRevoked {
    /// The commitment.
    pub commitment: CompleteCommitment,
    /// Why.
    pub error: SigningError,
}

impl CompleteCommitment {
    /// Verifies what the peer gives: its half of the funding signature, and as one batch what it gives for second stages.
    ///
    /// `own_nonce`: this party's verification nonce for the commitment, as the peer was told.
    ///
    /// # Errors
    ///
    /// [`SigningError::Funding`], [`SigningError::SignatureCount`], [`SigningError::PreSignatureCount`], and naming the edge
    /// [`SigningError::EdgeSignature`], [`SigningError::PreSignature`], [`SigningError::PreSignatureOrder`].
    pub fn new(
        commitment: Commitment,
        own_nonce: PublicNonce,
        signatures: CommitmentSignatures,
    ) -> Result<Self, SigningError> {
        let session = session(&commitment, own_nonce, &signatures)?;
        let peer = commitment.terms().publisher.other();
        session
            .verify_partial(commitment.channel().funding().signer(peer), &signatures.partial)
            .map_err(|source| SigningError::Funding { source })?;
        let key = commitment.keys().other_htlc.x_only();
        second_stages(&commitment).verify(&key, &signatures)?;
        Ok(Self { commitment, own_nonce, signatures })
    }

    /// The commitment.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// What the peer has given.
    pub fn signatures(&self) -> &CommitmentSignatures {
        &self.signatures
    }

    /// What has to be written down, durably, before [`publish`](Self::publish).
    pub fn record(&self) -> PublishRecord {
        PublishRecord {
            number: self.commitment.terms().number,
            txid: self.commitment.txid(),
            partial: self.signatures.partial,
            nonce: self.signatures.nonce,
        }
    }

    /// The commitment transaction, signed by both. `recorded`: what was written down first; there is one for each number, ever.
    ///
    /// # Errors
    ///
    /// [`SigningError::NotRecorded`] when another commitment of this number, or another signature of the peer's, was written down; those of
    /// foreign secrets.
    pub fn publish(
        &self,
        secrets: &ChannelSecrets,
        recorded: &PublishRecord,
    ) -> Result<Transaction, SigningError> {
        self.commitment.check_party(secrets, self.publisher())?;
        if *recorded != self.record() {
            return Err(SigningError::NotRecorded);
        }
        let nonces = secrets.verification_nonces(self.commitment.channel());
        let nonce = nonces.secret(self.commitment.terms().number)?;
        self.signed(secrets, nonce)
    }

    /// [`publish`](Self::publish) with a nonce of the caller's: for vectors that give theirs.
    ///
    /// Dangerous because the nonce may have signed something else.
    ///
    /// # Errors
    ///
    /// [`SigningError::Funding`] when it is not the nonce that the peer was told.
    pub fn dangerous_publish_with(
        &self,
        secrets: &ChannelSecrets,
        nonce: SecretNonce,
    ) -> Result<Transaction, SigningError> {
        self.commitment.check_party(secrets, self.publisher())?;
        self.signed(secrets, nonce)
    }

    fn signed(
        &self,
        secrets: &ChannelSecrets,
        nonce: SecretNonce,
    ) -> Result<Transaction, SigningError> {
        let funding = self.commitment.channel().funding();
        let session = session(&self.commitment, self.own_nonce, &self.signatures)?;
        let signature = session
            .sign_partial(nonce, &secrets.funding)
            .and_then(|own| {
                let partials = funding.sorted(self.publisher(), own, self.signatures.partial);
                session.aggregate(&partials)
            })
            .map_err(|source| SigningError::Funding { source })?;
        let mut transaction = self.commitment.transaction().clone();
        let signature = sighash::encoded(signature, TapSighashType::Default);
        transaction.input[0].witness = Witness::from_slice(&[signature]);
        Ok(transaction)
    }

    /// Revokes this commitment, which is gone with that: only once the next one is complete, since until then this is the only one that
    /// pays the party.
    ///
    /// # Errors
    ///
    /// [`NotRevoked`] with this commitment, and [`SigningError::NotNext`], [`SigningError::OtherChannel`] or those of foreign secrets.
    pub fn revoke(
        self,
        next: &Self,
        secrets: &ChannelSecrets,
    ) -> Result<Revocation, Box<NotRevoked>> {
        let revocation = self.revocation(next, secrets);
        revocation.map_err(|error| Box::new(NotRevoked { commitment: self, error }))
    }

    fn revocation(
        &self,
        next: &Self,
        secrets: &ChannelSecrets,
    ) -> Result<Revocation, SigningError> {
        let (this, that) = (&self.commitment, &next.commitment);
        this.check_party(secrets, self.publisher())?;
        if this.channel() != that.channel() || self.publisher() != next.publisher() {
            return Err(SigningError::OtherChannel);
        }
        let (number, actual) = (this.terms().number, that.terms().number);
        if actual != number + 1 {
            return Err(SigningError::NotNext { number, expected: number + 1, actual });
        }
        let secret = secrets.seed.secret(number)?;
        if secret.to_point() != this.terms().point {
            return Err(ChannelError::RevocationSecret { number }.into());
        }
        let next_point = secrets.seed.point(number + 2)?;
        Ok(Revocation { number, secret, next_point })
    }

    /// This party: the publisher.
    pub fn publisher(&self) -> Party {
        self.commitment.terms().publisher
    }

    /// This party's own money on it, after the delay.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NoSuchOutput`] where it is trimmed; those of foreign secrets.
    pub fn own_money(&self, secrets: &ChannelSecrets) -> Result<Spend, ChannelError> {
        let output = self
            .commitment
            .outputs()
            .iter()
            .find(|output| *output.kind() == OutputKind::ToPublisher)
            .ok_or(ChannelError::NoSuchOutput { output: "own money" })?;
        let outpoint = self.commitment.outpoint(output);
        self.delayed(secrets, outpoint, output.value())
    }

    /// The outputs of a second stage that was published, after the delay.
    ///
    /// # Errors
    ///
    /// Those of foreign secrets.
    pub fn after_second_stage(
        &self,
        secrets: &ChannelSecrets,
        transaction: &Transaction,
    ) -> Result<Vec<Spend>, ChannelError> {
        self.commitment
            .second_stage_outputs(transaction)
            .map(|(outpoint, value)| self.delayed(secrets, outpoint, value))
            .collect()
    }

    /// What this party has offered, back after the expiry: HTLC- or PTLC-timeout.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NoSuchEdge`], [`ChannelError::Trimmed`]; those of foreign secrets.
    pub fn timeout(&self, secrets: &ChannelSecrets, number: u64) -> Result<Spend, ChannelError> {
        let stage = find_stage(&self.commitment, self.publisher(), number)?;
        let signature = self.peers_signature(&stage);
        self.second_stage(secrets, &stage, signature, None)
    }

    /// What the peer has offered, with the secret: HTLC- or PTLC-success.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NoSuchEdge`], [`ChannelError::Trimmed`], [`ChannelError::WrongSecret`]; those of foreign secrets.
    pub fn success(
        &self,
        secrets: &ChannelSecrets,
        number: u64,
        secret: &LockSecret,
    ) -> Result<Spend, ChannelError> {
        let stage = find_stage(&self.commitment, self.publisher().other(), number)?;
        let terms = *stage.edge().terms();
        let wrong = ChannelError::WrongSecret { offerer: terms.offerer, number };
        if !terms.lock.is_opened_by(secret) {
            return Err(wrong);
        }
        match (&terms.lock, secret) {
            (Lock::Hash(_), LockSecret::Preimage(preimage)) => {
                let preimage = preimage.dangerous_as_bytes().to_vec();
                let signature = self.peers_signature(&stage);
                self.second_stage(secrets, &stage, signature, Some(preimage))
            }
            (Lock::Point(_), LockSecret::Scalar(t)) => {
                let stages = second_stages(&self.commitment);
                let at = stages.pre_signed.iter().position(|needed| needed.edge == stage.edge());
                let pre_signature = at.map(|at| &self.signatures.pre_signatures[at]);
                let signature = pre_signature.ok_or(wrong)?.adapt(t);
                let signature = sighash::encoded(signature, TapSighashType::SinglePlusAnyoneCanPay);
                self.second_stage(secrets, &stage, signature, None)
            }
            _ => Err(wrong),
        }
    }

    /// The secret of a PTLC that this party has offered, from the peer's claim.
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
        extract_claim(&self.commitment, secrets, number, transaction)
    }

    fn peers_signature(&self, stage: &SecondStage<'_>) -> Vec<u8> {
        let stages = second_stages(&self.commitment);
        let at = stages.signed.iter().position(|(signed, _)| signed.edge() == stage.edge());
        let signature = self.signatures.signatures[at.expect("what is not pre-signed is signed")];
        sighash::encoded(signature, TapSighashType::SinglePlusAnyoneCanPay)
    }

    fn second_stage(
        &self,
        secrets: &ChannelSecrets,
        stage: &SecondStage<'_>,
        peers: Vec<u8>,
        preimage: Option<Vec<u8>>,
    ) -> Result<Spend, ChannelError> {
        self.commitment.check_party(secrets, self.publisher())?;
        let tree = stage.output().tree().ok_or(ChannelError::NoSuchOutput { output: "edge" })?;
        let keypair = secrets.htlc_keypair(&self.commitment.terms().point)?;
        let value = stage.output().value();
        let spend = Spend::by_leaf(stage.outpoint(), value, tree, stage.leaf(), keypair)
            .with_before(peers)
            .with_sequence(Sequence::ZERO)
            .with_lock_time(LockTime::Exactly(stage.lock_time()))
            .bound_to(stage.paid());
        Ok(match preimage {
            Some(preimage) => spend.with_after(preimage),
            None => spend,
        })
    }

    fn delayed(
        &self,
        secrets: &ChannelSecrets,
        outpoint: bitcoin::OutPoint,
        value: bitcoin::Amount,
    ) -> Result<Spend, ChannelError> {
        self.commitment.check_party(secrets, self.publisher())?;
        let keypair = secrets.delayed_keypair(&self.commitment)?;
        let delay = self.commitment.channel().terms_of(self.publisher()).delay;
        let tree = self.commitment.delayed_tree();
        let spend = Spend::by_leaf(outpoint, value, tree, Leaf::Delayed, keypair);
        Ok(spend.with_sequence(Sequence::from_height(delay)))
    }
}

/// From the peer's claim of a PTLC that the publisher has offered. The pre-signature is made once more, so this works for every commitment that was
/// ever pre-signed, revoked ones included.
pub(crate) fn extract_claim(
    commitment: &Commitment,
    secrets: &ChannelSecrets,
    number: u64,
    transaction: &Transaction,
) -> Result<SecretScalar, ChannelError> {
    let publisher = commitment.terms().publisher;
    commitment.check_party(secrets, publisher)?;
    let (output, edge) = find(commitment, publisher, number)?;
    let outpoint = commitment.outpoint(output);
    let needed = needed_for_claims(commitment)
        .into_iter()
        .find(|needed| needed.edge == edge)
        .ok_or(ChannelError::NoSecret { outpoint })?;
    let keypair = secrets.htlc_keypair(&commitment.terms().point)?;
    let needed = [needed];
    let made = pre_sign(&needed, &keypair).map_err(|_| ChannelError::NoSecret { outpoint })?;
    extract(outpoint, &needed[0], &made[0], &keypair.x_only_public_key(), transaction)
}

fn session(
    commitment: &Commitment,
    own_nonce: PublicNonce,
    signatures: &CommitmentSignatures,
) -> Result<Session, SigningError> {
    let funding = commitment.channel().funding();
    let nonces = funding.sorted(commitment.terms().publisher, own_nonce, signatures.nonce);
    Session::new(funding.key_agg(), &nonces, &commitment.sighash())
        .map_err(|source| SigningError::Funding { source })
}
