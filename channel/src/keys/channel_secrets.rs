use bitcoin::Amount;
use pointlock::curve::{CurveError, Keypair, Point, SecretScalar};

use super::{PerCommitmentSeed, VerificationNonces, derived_secret, revocation_secret};
use crate::{Channel, ChannelError, Commitment, Party, PartyTerms};

/// A party's secrets in one channel. Erased on drop.
#[derive(Clone, Debug)]
pub struct ChannelSecrets {
    /// Of the funding key.
    pub funding: Keypair,
    /// Of the payment basepoint, which is used as it is.
    pub payment: SecretScalar,
    /// Of the delayed basepoint.
    pub delayed: SecretScalar,
    /// Of the HTLC basepoint.
    pub htlc: SecretScalar,
    /// Of the revocation basepoint.
    pub revocation: SecretScalar,
    /// Of its own commitments.
    pub seed: PerCommitmentSeed,
}

impl ChannelSecrets {
    /// What the other party is told, with what has been agreed on.
    pub fn terms(&self, dust_limit: Amount, delay: u16) -> PartyTerms {
        PartyTerms {
            funding: self.funding.public_key(),
            payment: self.payment.to_point(),
            delayed: self.delayed.to_point(),
            htlc: self.htlc.to_point(),
            revocation: self.revocation.to_point(),
            dust_limit,
            delay,
        }
    }

    /// Whose secrets these are in the channel, by the keys that sign. The others are looked at where they are used.
    ///
    /// # Errors
    ///
    /// [`ChannelError::ForeignSecrets`] when they are nobody's, or not all of one party's.
    pub fn party(&self, channel: &Channel) -> Result<Party, ChannelError> {
        let (funding, payment, htlc) =
            (self.funding.public_key(), self.payment.to_point(), self.htlc.to_point());
        let is = |party: Party| {
            let terms = channel.terms_of(party);
            (terms.funding, terms.payment, terms.htlc) == (funding, payment, htlc)
        };
        [Party::Opener, Party::Accepter]
            .into_iter()
            .find(|party| is(*party))
            .ok_or(ChannelError::ForeignSecrets)
    }

    /// The verification nonces of this party's own commitments.
    pub fn verification_nonces<'a>(&'a self, channel: &'a Channel) -> VerificationNonces<'a> {
        let txid = channel.funding_outpoint().txid;
        VerificationNonces::new(&self.seed, &txid, channel.funding(), &self.funding)
    }

    pub(crate) fn htlc_keypair(&self, point: &Point) -> Result<Keypair, ChannelError> {
        named("HTLC key", derived_secret(&self.htlc, point)).map(Keypair::new)
    }

    pub(crate) fn delayed_keypair(&self, commitment: &Commitment) -> Result<Keypair, ChannelError> {
        let keypair = derived_secret(&self.delayed, &commitment.terms().point);
        let keypair = named("delayed key", keypair).map(Keypair::new)?;
        if keypair.public_key() == commitment.keys().delayed {
            Ok(keypair)
        } else {
            Err(ChannelError::ForeignSecrets)
        }
    }

    pub(crate) fn revocation_secret(
        &self,
        commitment: &Commitment,
        commitment_secret: &SecretScalar,
    ) -> Result<SecretScalar, ChannelError> {
        let secret = revocation_secret(&self.revocation, commitment_secret);
        let secret = named("revocation key", secret)?;
        if secret.to_point() == commitment.keys().revocation {
            Ok(secret)
        } else {
            Err(ChannelError::ForeignSecrets)
        }
    }
}

fn named<T>(key: &'static str, result: Result<T, CurveError>) -> Result<T, ChannelError> {
    result.map_err(|source| ChannelError::Key { key, source })
}
