use bitcoin::Txid;
use bitcoin::hashes::Hash;
use bitcoin::secp256k1::schnorr::Signature;
use pointlock::adaptor::musig2::{PartialSignature, PublicNonce};
use pointlock::adaptor::schnorr::PreSignature;

use crate::SigningError;

/// What the publisher gives its peer before that signs: a pre-signature for each PTLC on the commitment that the peer could claim, in the
/// order of outputs.
///
/// Encoding: txid (32 bytes, as in an outpoint), then 65 bytes for each.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreSignatures {
    /// The commitment that they are for.
    pub txid: Txid,
    /// One for each PTLC.
    pub pre_signatures: Vec<PreSignature>,
}

impl PreSignatures {
    /// The encoding.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.txid.to_byte_array().to_vec();
        bytes.extend(self.pre_signatures.iter().flat_map(PreSignature::to_bytes));
        bytes
    }

    /// Reads the encoding. Whether they are valid, the commitment decides.
    ///
    /// # Errors
    ///
    /// [`SigningError::Encoding`].
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, SigningError> {
        let (txid, rest) =
            bytes.split_first_chunk().ok_or(SigningError::Encoding { field: "txid" })?;
        let pre_signatures = pre_signatures(rest)?;
        Ok(Self { txid: Txid::from_byte_array(*txid), pre_signatures })
    }
}

/// What a `commitment_signed` has: the half of the funding signature, and what second stages need, in the order of outputs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentSignatures {
    /// The peer's partial signature.
    pub partial: PartialSignature,
    /// The nonce that it is made with.
    pub nonce: PublicNonce,
    /// A signature for each second stage but those of PTLCs that pay the publisher.
    pub signatures: Vec<Signature>,
    /// A pre-signature for each of these.
    pub pre_signatures: Vec<PreSignature>,
}

impl CommitmentSignatures {
    /// `partial_signature_with_nonce`, 98 bytes.
    pub fn partial_to_bytes(&self) -> [u8; 98] {
        let mut bytes = [0; 98];
        bytes[..32].copy_from_slice(&self.partial.to_bytes());
        bytes[32..].copy_from_slice(&self.nonce.to_bytes());
        bytes
    }

    /// The signatures, 64 bytes each.
    pub fn signatures_to_bytes(&self) -> Vec<u8> {
        self.signatures.iter().flat_map(|signature| *signature.as_ref()).collect()
    }

    /// The pre-signatures, 65 bytes each.
    pub fn pre_signatures_to_bytes(&self) -> Vec<u8> {
        self.pre_signatures.iter().flat_map(PreSignature::to_bytes).collect()
    }

    /// Reads the three fields of a message. Whether they are valid, the commitment decides.
    ///
    /// # Errors
    ///
    /// [`SigningError::Encoding`], naming the field; [`SigningError::Funding`] for a nonce that is none.
    pub fn from_bytes(
        partial_with_nonce: &[u8],
        signatures: &[u8],
        pre_signatures_: &[u8],
    ) -> Result<Self, SigningError> {
        let malformed = |field| SigningError::Encoding { field };
        let partial_with_nonce: &[u8; 98] =
            partial_with_nonce.try_into().map_err(|_| malformed("partial signature with nonce"))?;
        let (mut partial, mut nonce) = ([0; 32], [0; 66]);
        partial.copy_from_slice(&partial_with_nonce[..32]);
        nonce.copy_from_slice(&partial_with_nonce[32..]);
        let funding = |source| SigningError::Funding { source };
        if signatures.len() % 64 != 0 {
            return Err(malformed("signatures"));
        }
        let signatures = signatures
            .chunks_exact(64)
            .map(|bytes| Signature::from_slice(bytes).map_err(|_| malformed("signatures")))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            partial: PartialSignature::from_bytes(&partial).map_err(funding)?,
            nonce: PublicNonce::from_bytes(&nonce).map_err(funding)?,
            signatures,
            pre_signatures: pre_signatures(pre_signatures_)?,
        })
    }
}

fn pre_signatures(bytes: &[u8]) -> Result<Vec<PreSignature>, SigningError> {
    let malformed = SigningError::Encoding { field: "presignatures" };
    if bytes.len() % PreSignature::LENGTH != 0 {
        return Err(malformed);
    }
    bytes
        .chunks_exact(PreSignature::LENGTH)
        .map(|bytes| PreSignature::from_slice(bytes).map_err(|_| malformed.clone()))
        .collect()
}
