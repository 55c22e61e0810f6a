//! What a published commitment costs that was revoked: every output of it, and of its second stages, by the revocation key.

use bitcoin::{Amount, OutPoint, Transaction};
use pointlock::curve::SecretScalar;

use crate::commitment::{Commitment, Tree};
use crate::keys::taproot_keypair;
use crate::spend::Spend;
use crate::{ChannelError, ChannelSecrets};

/// A commitment of the peer's that it has revoked. Kept until the channel's close is final.
#[derive(Clone, Debug)]
pub struct RevokedCommitment {
    commitment: Commitment,
    secret: SecretScalar,
}

impl RevokedCommitment {
    /// A commitment, and the per-commitment secret that the peer has told.
    ///
    /// # Errors
    ///
    /// [`ChannelError::RevocationSecret`].
    pub fn new(commitment: Commitment, secret: &SecretScalar) -> Result<Self, ChannelError> {
        if secret.to_point() != commitment.terms().point {
            let number = commitment.terms().number;
            return Err(ChannelError::RevocationSecret { number });
        }
        Ok(Self { commitment, secret: secret.clone() })
    }

    /// The commitment.
    pub fn commitment(&self) -> &Commitment {
        &self.commitment
    }

    /// Every output that could be the publisher's: its money and all edges. They can be spent together or one by one; of an edge, the
    /// publisher may be faster with its second stage, and then [`after_second_stage`](Self::after_second_stage) takes that.
    ///
    /// This party's own money is none of them, and stays [`CoveredCommitment::own_money`](crate::CoveredCommitment::own_money).
    ///
    /// # Errors
    ///
    /// Those of foreign secrets.
    pub fn penalty(&self, secrets: &ChannelSecrets) -> Result<Vec<Spend>, ChannelError> {
        let outputs = self.commitment.outputs().iter();
        let trees = outputs.filter_map(|output| Some((output, output.tree()?)));
        trees
            .filter(|(_, tree)| tree.merkle_root().is_some())
            .map(|(output, tree)| {
                self.by_revocation(secrets, self.commitment.outpoint(output), output.value(), tree)
            })
            .collect()
    }

    /// The outputs of a second stage that the publisher has published.
    ///
    /// # Errors
    ///
    /// Those of foreign secrets.
    pub fn after_second_stage(
        &self,
        secrets: &ChannelSecrets,
        transaction: &Transaction,
    ) -> Result<Vec<Spend>, ChannelError> {
        let tree = self.commitment.delayed_tree();
        self.commitment
            .second_stage_outputs(transaction)
            .map(|(outpoint, value)| self.by_revocation(secrets, outpoint, value, tree))
            .collect()
    }

    fn by_revocation(
        &self,
        secrets: &ChannelSecrets,
        outpoint: OutPoint,
        value: Amount,
        tree: &Tree,
    ) -> Result<Spend, ChannelError> {
        self.commitment.check_party(secrets, self.commitment.terms().publisher.other())?;
        let secret = secrets.revocation_secret(&self.commitment, &self.secret)?;
        let keypair = taproot_keypair(&secret, tree.merkle_root())
            .map_err(|source| ChannelError::Key { key: "revocation key", source })?;
        Ok(Spend::by_key(outpoint, tree.tx_out(value), keypair))
    }
}

impl Commitment {
    /// The outputs of a transaction that spends this commitment by second stages.
    pub(crate) fn second_stage_outputs(
        &self,
        transaction: &Transaction,
    ) -> impl Iterator<Item = (OutPoint, Amount)> {
        let txid = transaction.compute_txid();
        let script = self.delayed_tree().script_pubkey();
        let ours = transaction.input.iter().any(|input| input.previous_output.txid == self.txid());
        let outputs: Vec<(OutPoint, Amount)> = (0..)
            .zip(&transaction.output)
            .filter(|(_, output)| ours && output.script_pubkey == script)
            .map(|(vout, output)| (OutPoint { txid, vout }, output.value))
            .collect();
        outputs.into_iter()
    }
}
