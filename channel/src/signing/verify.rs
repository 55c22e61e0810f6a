//! Pre-signatures and signatures of a commitment, made and verified: each time one key, and one batch.

use bitcoin::OutPoint;
use bitcoin::sighash::TapSighashType;
use bitcoin::transaction::Version;
use bitcoin::{ScriptBuf, Sequence, Transaction, TxIn, Witness, absolute};
use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::schnorr::{self, BatchItem, PreSignature};
use pointlock::curve::{Keypair, Point, SecretScalar, XOnlyPublicKey};

use super::{CommitmentSignatures, PreSignatures};
use crate::commitment::{Commitment, CommitmentOutput, Leaf, SecondStage};
use crate::{ChannelEdge, ChannelError, SigningError, sighash};

/// Deterministic: an offerer can make every pre-signature that it gave once more, so it keeps none.
const AUX: [u8; 32] = [0; 32];

impl Commitment {
    /// What the publisher signs beforehand for its peer's claim of a PTLC: the input alone, under `NONE|ANYONECANPAY`, in a transaction of
    /// version 3 with lock time 0 and sequence 0. The peer chooses the outputs.
    pub fn claim_sighash(&self, output: &CommitmentOutput) -> Option<[u8; 32]> {
        let leaf_hash = output.tree()?.leaf_hash(Leaf::Success)?;
        let input = TxIn {
            previous_output: self.outpoint(output),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ZERO,
            witness: Witness::new(),
        };
        let claim = Transaction {
            version: Version(3),
            lock_time: absolute::LockTime::ZERO,
            input: vec![input],
            output: Vec::new(),
        };
        let sighash_type = TapSighashType::NonePlusAnyoneCanPay;
        Some(sighash::one(&claim, &output.tx_out(), leaf_hash, sighash_type))
    }
}

/// A pre-signature that a commitment needs: of which PTLC, over what, under which point.
pub(super) struct Needed<'a> {
    pub(super) output: &'a CommitmentOutput,
    pub(super) edge: &'a ChannelEdge,
    pub(super) message: [u8; 32],
    pub(super) lock_point: &'a Point,
}

/// For the peer's claims: all PTLCs that the publisher offers.
pub(super) fn needed_for_claims(commitment: &Commitment) -> Vec<Needed<'_>> {
    let claims = commitment.claimable_by_other().map(|(output, edge, lock_point)| {
        let message = commitment.claim_sighash(output).expect("an edge's output has both leaves");
        Needed { output, edge, message, lock_point }
    });
    claims.collect()
}

pub(super) fn pre_sign(
    needed: &[Needed<'_>],
    keypair: &Keypair,
) -> Result<Vec<PreSignature>, SigningError> {
    let signed = needed.iter().map(|needed| {
        schnorr::pre_sign(keypair, &needed.message, needed.lock_point, &AUX)
            .map_err(|source| needed.refused(source))
    });
    let signed: Vec<PreSignature> = signed.collect::<Result<_, _>>()?;
    // Against faults of the machine.
    verify_pre_signatures(needed, &keypair.x_only_public_key(), &signed)?;
    Ok(signed)
}

pub(super) fn verify_pre_signatures(
    needed: &[Needed<'_>],
    key: &XOnlyPublicKey,
    given: &[PreSignature],
) -> Result<(), SigningError> {
    if needed.len() != given.len() {
        let (expected, actual) = (needed.len(), given.len());
        return Err(SigningError::PreSignatureCount { expected, actual });
    }
    let items: Vec<BatchItem<'_>> =
        needed.iter().zip(given).map(|(needed, given)| needed.item(key, given)).collect();
    let Err(error) = schnorr::verify_batch(&items) else { return Ok(()) };
    let fault = error.faults().first().expect("a refused batch has a refused item");
    let (wanted, given) = (&needed[fault.index], &given[fault.index]);
    Err(wanted.misplaced(needed, key, given).unwrap_or_else(|| wanted.refused(fault.error)))
}

impl Needed<'_> {
    fn item<'a>(
        &'a self,
        public_key: &'a XOnlyPublicKey,
        given: &'a PreSignature,
    ) -> BatchItem<'a> {
        let (message, lock_point) = (&self.message, self.lock_point);
        BatchItem::PreSignature { public_key, message, lock_point, pre_signature: given }
    }

    fn refused(&self, source: AdaptorError) -> SigningError {
        let terms = self.edge.terms();
        SigningError::PreSignature { offerer: terms.offerer, number: terms.number, source }
    }

    /// Whether what was given for this PTLC is another one's.
    fn misplaced(
        &self,
        all: &[Needed<'_>],
        key: &XOnlyPublicKey,
        given: &PreSignature,
    ) -> Option<SigningError> {
        let place =
            all.iter().find(|other| given.verify(key, &other.message, other.lock_point).is_ok())?;
        let terms = self.edge.terms();
        let (offerer, number, vout) = (terms.offerer, terms.number, place.output.vout());
        Some(SigningError::PreSignatureOrder { offerer, number, vout })
    }
}

/// What Y gives for X's second stages, in the two lists of the message.
pub(super) struct SecondStages<'a> {
    pub(super) signed: Vec<(SecondStage<'a>, [u8; 32])>,
    pub(super) pre_signed: Vec<Needed<'a>>,
}

pub(super) fn second_stages(commitment: &Commitment) -> SecondStages<'_> {
    let publisher = commitment.terms().publisher;
    let (mut signed, mut pre_signed) = (Vec::new(), Vec::new());
    for (stage, (output, edge)) in commitment.second_stages().zip(commitment.edges()) {
        let message = stage.sighash();
        match edge.terms().lock.as_point().filter(|_| edge.terms().offerer != publisher) {
            Some(lock_point) => pre_signed.push(Needed { output, edge, message, lock_point }),
            None => signed.push((stage, message)),
        }
    }
    SecondStages { signed, pre_signed }
}

impl SecondStages<'_> {
    /// All of one key, so one batch.
    pub(super) fn verify(
        &self,
        key: &XOnlyPublicKey,
        given: &CommitmentSignatures,
    ) -> Result<(), SigningError> {
        let (expected, actual) = (self.signed.len(), given.signatures.len());
        if expected != actual {
            return Err(SigningError::SignatureCount { expected, actual });
        }
        let (expected, actual) = (self.pre_signed.len(), given.pre_signatures.len());
        if expected != actual {
            return Err(SigningError::PreSignatureCount { expected, actual });
        }
        let signatures = self.signed.iter().zip(&given.signatures);
        let signatures = signatures.map(|((_, message), signature)| BatchItem::Signature {
            public_key: key,
            message,
            signature,
        });
        let pre_signatures = self.pre_signed.iter().zip(&given.pre_signatures);
        let pre_signatures = pre_signatures.map(|(needed, given)| needed.item(key, given));
        let items: Vec<BatchItem<'_>> = signatures.chain(pre_signatures).collect();
        let Err(error) = schnorr::verify_batch(&items) else { return Ok(()) };
        let fault = error.faults().first().expect("a refused batch has a refused item");
        match self.signed.get(fault.index) {
            Some((stage, _)) => {
                let terms = stage.edge().terms();
                let (offerer, number, source) = (terms.offerer, terms.number, fault.error);
                Err(SigningError::EdgeSignature { offerer, number, source })
            }
            None => {
                let at = fault.index - self.signed.len();
                let (wanted, given) = (&self.pre_signed[at], &given.pre_signatures[at]);
                let misplaced = wanted.misplaced(&self.pre_signed, key, given);
                Err(misplaced.unwrap_or_else(|| wanted.refused(fault.error)))
            }
        }
    }
}

impl Commitment {
    /// The publisher's pre-signatures for its peer's claims: all PTLCs that it has offered, those that stood there before included. They are the
    /// same each time.
    ///
    /// Not for the [twin](Self::is_twin_of) of a commitment that it has pre-signed before: this does not know which those were.
    ///
    /// # Errors
    ///
    /// [`ChannelError::ForeignSecrets`], [`ChannelError::WrongParty`]; in theory [`SigningError::PreSignature`].
    pub fn pre_sign_claims(
        &self,
        secrets: &crate::ChannelSecrets,
    ) -> Result<PreSignatures, SigningError> {
        self.check_party(secrets, self.terms().publisher)?;
        let keypair = secrets.htlc_keypair(&self.terms().point)?;
        let pre_signatures = pre_sign(&needed_for_claims(self), &keypair)?;
        Ok(PreSignatures { txid: self.txid(), pre_signatures })
    }

    pub(crate) fn check_party(
        &self,
        secrets: &crate::ChannelSecrets,
        expected: crate::Party,
    ) -> Result<(), ChannelError> {
        let actual = secrets.party(self.channel())?;
        if actual == expected { Ok(()) } else { Err(ChannelError::WrongParty { expected, actual }) }
    }
}

/// The lock's secret, from a transaction that spends `outpoint` with the finished signature as the first item of its witness.
pub(super) fn extract(
    outpoint: OutPoint,
    needed: &Needed<'_>,
    pre_signature: &PreSignature,
    key: &XOnlyPublicKey,
    transaction: &Transaction,
) -> Result<SecretScalar, ChannelError> {
    let mut inputs = transaction.input.iter();
    let input = inputs
        .find(|input| input.previous_output == outpoint)
        .ok_or(ChannelError::NotSpent { outpoint })?;
    // Of other spends the first item is no signature with this nonce.
    let finished = input
        .witness
        .iter()
        .next()
        .and_then(|item| bitcoin::taproot::Signature::from_slice(item).ok())
        .filter(|found| found.signature.as_ref()[..32] == pre_signature.nonce_x())
        .ok_or(ChannelError::NoSecret { outpoint })?;
    pre_signature
        .extract(&finished.signature, key, &needed.message, needed.lock_point)
        .map_err(|source| ChannelError::Extraction { outpoint, source })
}
