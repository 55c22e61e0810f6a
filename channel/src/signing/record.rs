use bitcoin::Txid;
use bitcoin::hashes::Hash;
use pointlock::adaptor::musig2::{PartialSignature, PublicNonce};

use crate::SigningError;

/// What is written down, durably, before a party signs its own commitment: number, txid, and the peer's half with its nonce.
///
/// The verification nonce does not depend on what it signs. So it is used for one commitment of a number and one nonce of the peer's, ever, and
/// this record says which. Signing again for the same record gives the same bytes, and harms nobody.
///
/// Encoding: version (1 byte, 1), number (8, big endian), txid (32), partial signature (32), nonce (66).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublishRecord {
    pub(super) number: u64,
    pub(super) txid: Txid,
    pub(super) partial: PartialSignature,
    pub(super) nonce: PublicNonce,
}

impl PublishRecord {
    /// The length of the encoding.
    pub const LENGTH: usize = 1 + 8 + 32 + 32 + 66;

    const VERSION: u8 = 1;

    /// Which of its own commitments the party publishes.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// Its txid.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// The encoding.
    pub fn to_bytes(&self) -> [u8; Self::LENGTH] {
        let mut bytes = [Self::VERSION; Self::LENGTH];
        bytes[1..9].copy_from_slice(&self.number.to_be_bytes());
        bytes[9..41].copy_from_slice(self.txid.as_byte_array());
        bytes[41..73].copy_from_slice(&self.partial.to_bytes());
        bytes[73..].copy_from_slice(&self.nonce.to_bytes());
        bytes
    }

    /// Reads the encoding.
    ///
    /// # Errors
    ///
    /// [`SigningError::Encoding`] for another version, [`SigningError::Funding`] for a partial signature or a nonce that is none.
    pub fn from_bytes(bytes: &[u8; Self::LENGTH]) -> Result<Self, SigningError> {
        let funding = |source| SigningError::Funding { source };
        if bytes[0] != Self::VERSION {
            return Err(SigningError::Encoding { field: "version" });
        }
        let (mut number, mut txid, mut partial, mut nonce) = ([0; 8], [0; 32], [0; 32], [0; 66]);
        number.copy_from_slice(&bytes[1..9]);
        txid.copy_from_slice(&bytes[9..41]);
        partial.copy_from_slice(&bytes[41..73]);
        nonce.copy_from_slice(&bytes[73..]);
        Ok(Self {
            number: u64::from_be_bytes(number),
            txid: Txid::from_byte_array(txid),
            partial: PartialSignature::from_bytes(&partial).map_err(funding)?,
            nonce: PublicNonce::from_bytes(&nonce).map_err(funding)?,
        })
    }
}
