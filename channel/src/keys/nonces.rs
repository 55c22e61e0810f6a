use bitcoin::Txid;
use bitcoin::hashes::Hash;
use hmac::{Hmac, KeyInit, Mac};
use pointlock::adaptor::musig2::{NonceOptions, PublicNonce, SecretNonce};
use pointlock::curve::Keypair;
use sha2::Sha256;
use zeroize::Zeroizing;

use super::{LAST_COMMITMENT, PerCommitmentSeed};
use crate::{ChannelError, Funding};

const CONTEXT: &[u8] = b"taproot-rev-root";

/// A party's verification nonces, by counter: the nonce of its own commitment n, which it announces before that commitment exists and with which
/// it signs it, should it ever publish it.
///
/// Derived again whenever it is needed, so nothing secret is kept between the two. The price: the message is not in the hash, so *one*
/// commitment n is signed with it, and with one nonce of the peer's. A second one with another txid gives the funding key away. That is
/// why the secret half is in no interface: [`CompleteCommitment::publish`](crate::CompleteCommitment::publish) alone uses it, and
/// asks for the record that was written down before.
pub struct VerificationNonces<'a> {
    root: PerCommitmentSeed,
    funding: &'a Funding,
    keypair: &'a Keypair,
}

impl<'a> VerificationNonces<'a> {
    pub(super) fn new(
        seed: &PerCommitmentSeed,
        txid: &Txid,
        funding: &'a Funding,
        keypair: &'a Keypair,
    ) -> Self {
        let key = [CONTEXT, txid.as_byte_array()].concat();
        let mut hmac = Hmac::<Sha256>::new_from_slice(&key).expect("HMAC takes keys of any length");
        hmac.update(&*seed.hash());
        let root = PerCommitmentSeed::new(hmac.finalize().into_bytes().into());
        Self { root, funding, keypair }
    }

    /// What the peer is told for commitment `number`.
    ///
    /// # Errors
    ///
    /// [`ChannelError::CommitmentNumber`]; in theory [`ChannelError::Nonce`].
    pub fn public(&self, number: u64) -> Result<PublicNonce, ChannelError> {
        self.secret(number).map(|nonce| nonce.public_nonce())
    }

    pub(crate) fn secret(&self, number: u64) -> Result<SecretNonce, ChannelError> {
        if number > LAST_COMMITMENT {
            return Err(ChannelError::CommitmentNumber { number });
        }
        let mut entropy = Zeroizing::new(*self.root.leaf(LAST_COMMITMENT - number));
        let aggregate_key = self.funding.key_agg().x_only();
        let options =
            NonceOptions { aggregate_key: Some(&aggregate_key), message: None, extra_in: None };
        SecretNonce::generate_early(&mut entropy, self.keypair, &options)
            .map_err(|source| ChannelError::Nonce { source })
    }
}

impl core::fmt::Debug for VerificationNonces<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("VerificationNonces(…)")
    }
}
