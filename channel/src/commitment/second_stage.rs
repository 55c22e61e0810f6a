use bitcoin::sighash::TapSighashType;
use bitcoin::transaction::Version;
use bitcoin::{OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Witness, absolute};

use super::{Commitment, CommitmentOutput, Leaf};
use crate::{ChannelEdge, sighash};

/// What the publisher does with an edge's output of its own commitment: HTLC- or PTLC-timeout where it has offered, -success where it is paid.
///
/// One input, one output of the same value, no fee: whoever publishes it adds inputs. The peer has signed it beforehand, under
/// `SINGLE|ANYONECANPAY`, which allows for that.
#[derive(Clone, Debug)]
pub struct SecondStage<'a> {
    commitment: &'a Commitment,
    output: &'a CommitmentOutput,
    edge: &'a ChannelEdge,
}

impl Commitment {
    /// The second stage of every output of an edge, in their order.
    pub fn second_stages(&self) -> impl Iterator<Item = SecondStage<'_>> {
        self.edges().map(|(output, edge)| SecondStage { commitment: self, output, edge })
    }
}

impl SecondStage<'_> {
    /// The edge.
    pub fn edge(&self) -> &ChannelEdge {
        self.edge
    }

    /// The output that it spends.
    pub fn output(&self) -> &CommitmentOutput {
        self.output
    }

    /// Where that is.
    pub fn outpoint(&self) -> OutPoint {
        self.commitment.outpoint(self.output)
    }

    /// Timeout where the publisher has offered, else success.
    pub fn leaf(&self) -> Leaf {
        if self.edge.terms().offerer == self.commitment.terms().publisher {
            Leaf::Timeout
        } else {
            Leaf::Success
        }
    }

    /// The expiry, or nothing.
    pub fn lock_time(&self) -> absolute::LockTime {
        match self.leaf() {
            Leaf::Timeout => self.edge.lock_time(),
            _ => absolute::LockTime::ZERO,
        }
    }

    /// What it pays to: the publisher, after its delay.
    pub fn paid(&self) -> TxOut {
        self.commitment.delayed_tree().tx_out(self.output.value())
    }

    /// The transaction without signatures and without added inputs.
    pub fn transaction(&self) -> Transaction {
        let input = TxIn {
            previous_output: self.outpoint(),
            script_sig: ScriptBuf::new(),
            sequence: Sequence::ZERO,
            witness: Witness::new(),
        };
        Transaction {
            version: Version(3),
            lock_time: self.lock_time(),
            input: vec![input],
            output: vec![self.paid()],
        }
    }

    /// What the peer signs, or pre-signs, beforehand.
    pub fn sighash(&self) -> [u8; 32] {
        let tree = self.output.tree().expect("an edge's output has leaves");
        let leaf_hash = tree.leaf_hash(self.leaf()).expect("an edge's output has both leaves");
        let sighash_type = TapSighashType::SinglePlusAnyoneCanPay;
        sighash::one(&self.transaction(), &self.output.tx_out(), leaf_hash, sighash_type)
    }
}
