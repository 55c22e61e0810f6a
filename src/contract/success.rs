use bitcoin::consensus::{Decodable, Encodable};
use bitcoin::{Amount, OutPoint, Script, ScriptBuf, TxOut, absolute};

use super::{ContractError, FeeLadder, FundedContract, Party, SpendPath, spend};
use crate::adaptor::schnorr::{self, PreSignature};
use crate::curve::{Keypair, Point};
use crate::lock::Lock;

/// One rung of a [`PreSignedLadder`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Rung {
    output_value: Amount,
    sighash: [u8; 32],
    pre_signature: PreSignature,
}

impl Rung {
    /// What the claimer gets.
    pub fn output_value(&self) -> Amount {
        self.output_value
    }

    /// The message of the pre-signature: BIP-341's hash under `SINGLE|ANYONECANPAY`.
    pub fn sighash(&self) -> &[u8; 32] {
        &self.sighash
    }

    /// The offerer's signature but for the lock's secret.
    pub fn pre_signature(&self) -> &PreSignature {
        &self.pre_signature
    }
}

/// The offerer's adaptor pre-signatures for the success leaf of a PTLC: one for each rung of the fee ladder, all
/// under the contract's point, so that any of them that is finished and published reveals the same secret.
///
/// The offerer sends it to the claimer and keeps it durably *before* that: what it does not keep it can't extract
/// with.
///
/// Encoding, in Bitcoin's own serialisation: outpoint (36 bytes), payout script (with its length), number of rungs
/// (1 byte), and for each the output value (8 bytes, little endian), sighash (32 bytes), pre-signature (65 bytes).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreSignedLadder {
    outpoint: OutPoint,
    payout: ScriptBuf,
    rungs: Vec<Rung>,
}

impl PreSignedLadder {
    /// Pre-signs the claim to `payout` for each rung, and verifies what it made, all rungs at once. `aux_rand`: 32 bytes of
    /// fresh entropy, or zeros; each rung is a message of its own, so each has its own nonce.
    ///
    /// # Errors
    ///
    /// [`ContractError::WrongSigner`], [`ContractError::PreSignaturesUnexpected`] for a hash lock,
    /// [`ContractError::RungTooHigh`], [`ContractError::PayoutUnspendable`]; in theory
    /// [`ContractError::RungPreSignature`].
    pub fn pre_sign(
        funded: &FundedContract,
        payout: &Script,
        ladder: &FeeLadder,
        offerer: &Keypair,
        aux_rand: &[u8; 32],
    ) -> Result<Self, ContractError> {
        funded.contract().check_signer(Party::Offerer, offerer)?;
        let lock_point = lock_point(funded)?;
        let outputs = ladder.outputs(funded.contract().terms().amount, payout)?;
        let claims: Vec<([u8; 32], Point)> = outputs
            .iter()
            .map(|value| (claim_sighash(funded, payout, *value), *lock_point))
            .collect();
        let pre_signatures = schnorr::pre_sign_batch_verified(offerer, &claims, aux_rand)
            .map_err(|(rung, source)| ContractError::RungPreSignature { rung, source })?;
        let rungs = outputs.into_iter().zip(claims).zip(pre_signatures);
        let rung = |((output_value, (sighash, _)), pre_signature)| Rung {
            output_value,
            sighash,
            pre_signature,
        };
        let rungs = rungs.map(rung).collect();
        Ok(Self { outpoint: funded.outpoint(), payout: payout.to_owned(), rungs })
    }

    /// Whether these are the pre-signatures for this contract, this payout and this ladder: each one that the
    /// claimer finishes will be a claim that consensus accepts.
    ///
    /// # Errors
    ///
    /// [`ContractError::LadderOutpoint`], [`ContractError::LadderPayout`], [`ContractError::LadderLength`], and
    /// naming the rung [`ContractError::RungValue`], [`ContractError::RungSighash`] and
    /// [`ContractError::RungPreSignature`]; for `ladder`, those of [`FeeLadder::outputs`].
    pub fn verify(
        &self,
        funded: &FundedContract,
        payout: &Script,
        ladder: &FeeLadder,
    ) -> Result<(), ContractError> {
        if *self.payout != *payout {
            return Err(ContractError::LadderPayout);
        }
        let outputs = ladder.outputs(funded.contract().terms().amount, payout)?;
        if self.rungs.len() != outputs.len() {
            return Err(ContractError::LadderLength {
                expected: outputs.len(),
                actual: self.rungs.len(),
            });
        }
        for (rung, (kept, expected)) in self.rungs.iter().zip(outputs).enumerate() {
            let actual = kept.output_value;
            if actual != expected {
                return Err(ContractError::RungValue { rung, expected, actual });
            }
        }
        self.verify_rungs(funded)
    }

    /// Whether every rung is what it says: the offerer checks what comes back from its storage, where it need not
    /// know the ladder any more.
    ///
    /// # Errors
    ///
    /// As [`verify`](Self::verify), but for payout and ladder.
    pub fn verify_rungs(&self, funded: &FundedContract) -> Result<(), ContractError> {
        let lock_point = lock_point(funded)?;
        if self.outpoint != funded.outpoint() {
            return Err(ContractError::LadderOutpoint {
                expected: funded.outpoint(),
                actual: self.outpoint,
            });
        }
        for (rung, kept) in self.rungs.iter().enumerate() {
            if kept.sighash != claim_sighash(funded, &self.payout, kept.output_value) {
                return Err(ContractError::RungSighash { rung });
            }
        }
        let signed: Vec<([u8; 32], PreSignature)> =
            self.rungs.iter().map(|rung| (rung.sighash, rung.pre_signature)).collect();
        let contract = funded.contract();
        match contract.prepared_offerer() {
            Some(key) => schnorr::verify_several_by_prepared(key, lock_point, &signed),
            None => schnorr::verify_several(&contract.terms().offerer, lock_point, &signed),
        }
        .map_err(|(rung, source)| ContractError::RungPreSignature { rung, source })
    }

    /// The output that the pre-signatures spend.
    pub fn outpoint(&self) -> OutPoint {
        self.outpoint
    }

    /// The script that they pay to.
    pub fn payout(&self) -> &Script {
        &self.payout
    }

    /// The rungs, lowest fee first.
    pub fn rungs(&self) -> &[Rung] {
        &self.rungs
    }

    /// The encoding, as the type describes it.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(40 + self.payout.len() + 105 * self.rungs.len());
        let rungs = u8::try_from(self.rungs.len()).expect("a ladder has 16 rungs at most");
        let mut write = || {
            self.outpoint.consensus_encode(&mut bytes)?;
            self.payout.consensus_encode(&mut bytes)?;
            rungs.consensus_encode(&mut bytes)?;
            for rung in &self.rungs {
                rung.output_value.to_sat().consensus_encode(&mut bytes)?;
                bytes.extend(rung.sighash);
                bytes.extend(rung.pre_signature.to_bytes());
            }
            Ok::<_, bitcoin::io::Error>(())
        };
        write().expect("a vector takes every byte");
        bytes
    }

    /// Reads the encoding. What it says is for [`verify`](Self::verify) to judge.
    ///
    /// # Errors
    ///
    /// [`ContractError::LadderEncoding`], naming the field; [`ContractError::RungCount`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, ContractError> {
        let mut rest = bytes;
        let outpoint = read(&mut rest, "outpoint")?;
        let payout = read(&mut rest, "payout script")?;
        let count: u8 = read(&mut rest, "number of rungs")?;
        let (actual, maximum) = (usize::from(count), FeeLadder::MAX_RUNGS);
        if actual == 0 || actual > maximum {
            return Err(ContractError::RungCount { actual, maximum });
        }
        let rungs = (0..count).map(|_| {
            let output_value = Amount::from_sat(read(&mut rest, "output value")?);
            let sighash = read(&mut rest, "sighash")?;
            let field = "presignature";
            let malformed = ContractError::LadderEncoding { field };
            let (pre_signature, after) = rest.split_first_chunk().ok_or(malformed.clone())?;
            rest = after;
            let pre_signature = PreSignature::from_bytes(pre_signature).map_err(|_| malformed)?;
            Ok(Rung { output_value, sighash, pre_signature })
        });
        let rungs = rungs.collect::<Result<_, ContractError>>()?;
        if rest.is_empty() {
            Ok(Self { outpoint, payout, rungs })
        } else {
            Err(ContractError::LadderEncoding { field: "end" })
        }
    }
}

fn read<T: Decodable>(rest: &mut &[u8], field: &'static str) -> Result<T, ContractError> {
    T::consensus_decode(rest).map_err(|_| ContractError::LadderEncoding { field })
}

fn lock_point(funded: &FundedContract) -> Result<&Point, ContractError> {
    match &funded.contract().terms().lock {
        Lock::Point(point) => Ok(point),
        Lock::Hash(_) => Err(ContractError::PreSignaturesUnexpected),
    }
}

/// The message of the offerer's signature in a claim that pays `value` to `payout`.
fn claim_sighash(funded: &FundedContract, payout: &Script, value: Amount) -> [u8; 32] {
    let output = TxOut { value, script_pubkey: payout.to_owned() };
    let claim = spend::unsigned(funded, output, absolute::LockTime::ZERO);
    funded.sighash_single(&claim, SpendPath::Success)
}
