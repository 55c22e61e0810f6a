use std::collections::BTreeSet;

use bitcoin::transaction::Version;
use bitcoin::{
    Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Witness, absolute,
};
use pointlock::curve::Point;
use pointlock::lock::Lock;

use super::Tree;
use super::output::{CommitmentOutput, OutputKind, delayed_tree, edge_tree};
use crate::keys::{CommitmentKeys, LAST_COMMITMENT};
use crate::{Channel, ChannelEdge, ChannelError, Party, sighash};

/// How many edges each party may have offered: a transaction of version 3 has at most 10,000 virtual bytes.
pub const MAX_EDGES: usize = 114;

/// What an anchor gets at most; what is left beyond that is fee.
const MAX_ANCHOR: Amount = Amount::from_sat(240);

/// Which state of the channel a commitment pays out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommitmentTerms {
    /// Whose commitment it is.
    pub publisher: Party,
    /// The publisher counts its own, from 0.
    pub number: u64,
    /// The publisher's per-commitment point of that number.
    pub point: Point,
    /// What the opener has, without what it has offered, in millisatoshi.
    pub opener_msat: u64,
    /// What the accepter has, likewise.
    pub accepter_msat: u64,
    /// All edges that stand on it.
    pub edges: Vec<ChannelEdge>,
}

/// A commitment transaction, unsigned, with all that follows from its terms. Both parties compute the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commitment {
    channel: Channel,
    terms: CommitmentTerms,
    keys: CommitmentKeys,
    outputs: Vec<CommitmentOutput>,
    transaction: Transaction,
    txid: Txid,
    delayed: Tree,
}

impl Commitment {
    /// Checks the terms against the channel and builds the transaction.
    ///
    /// # Errors
    ///
    /// [`ChannelError::CommitmentNumber`], [`ChannelError::Amounts`], [`ChannelError::TooManyEdges`], [`ChannelError::DuplicateEdge`],
    /// [`ChannelError::DustPtlc`], and those of [`CommitmentKeys::new`].
    pub fn new(channel: &Channel, terms: CommitmentTerms) -> Result<Self, ChannelError> {
        check(channel, &terms)?;
        let keys = CommitmentKeys::new(channel, terms.publisher, &terms.point)?;
        let delayed = delayed_tree(&keys, channel.terms_of(terms.publisher).delay);
        let outputs = outputs(channel, &terms, &keys, &delayed);
        let transaction = transaction(channel, terms.number, &outputs);
        let txid = transaction.compute_txid();
        Ok(Self { channel: channel.clone(), terms, keys, outputs, transaction, txid, delayed })
    }

    /// The channel.
    pub fn channel(&self) -> &Channel {
        &self.channel
    }

    /// The state that it pays out.
    pub fn terms(&self) -> &CommitmentTerms {
        &self.terms
    }

    /// Its keys.
    pub fn keys(&self) -> &CommitmentKeys {
        &self.keys
    }

    /// All outputs, in their order in the transaction.
    pub fn outputs(&self) -> &[CommitmentOutput] {
        &self.outputs
    }

    /// The transaction, without a signature.
    pub fn transaction(&self) -> &Transaction {
        &self.transaction
    }

    /// Which commitment this is, for everybody.
    pub fn txid(&self) -> Txid {
        self.txid
    }

    /// The output of the publisher's money and of its second stages.
    pub fn delayed_tree(&self) -> &Tree {
        &self.delayed
    }

    /// What both sign with their funding keys.
    pub fn sighash(&self) -> [u8; 32] {
        sighash::key_path(&self.transaction, 0, &[self.channel.funding_tx_out()])
    }

    /// The output of an edge; None where it is trimmed.
    ///
    /// # Errors
    ///
    /// [`ChannelError::NoSuchEdge`].
    pub fn edge_output(
        &self,
        offerer: Party,
        number: u64,
    ) -> Result<Option<&CommitmentOutput>, ChannelError> {
        let is =
            |edge: &ChannelEdge| edge.terms().offerer == offerer && edge.terms().number == number;
        if !self.terms.edges.iter().any(is) {
            return Err(ChannelError::NoSuchEdge { offerer, number });
        }
        Ok(self.outputs.iter().find(|output| output.edge().is_some_and(is)))
    }

    /// Where an output is.
    pub fn outpoint(&self, output: &CommitmentOutput) -> OutPoint {
        OutPoint { txid: self.txid, vout: output.vout }
    }

    /// Whether this is the same transaction as the other, with a PTLC under another point in one of its outputs.
    ///
    /// No script has a point in it. So an edge that takes the place of another one of the same amount leaves the transaction as it was, and what
    /// was pre-signed for the one is as good for the other: the edge that stands is then claimed under the point of the one that has ended, and
    /// whoever has offered it learns the wrong secret. So a party that has pre-signed for a commitment gives nothing for its twin.
    pub fn is_twin_of(&self, other: &Self) -> bool {
        let points = |commitment: &Self| -> Vec<(u32, Point)> {
            let edges = commitment.edges();
            let point = |(output, edge): (&CommitmentOutput, &ChannelEdge)| {
                Some((output.vout, *edge.terms().lock.as_point()?))
            };
            edges.filter_map(point).collect()
        };
        self.txid == other.txid && points(self) != points(other)
    }

    /// The outputs of edges, in their order: that of signatures and pre-signatures.
    pub fn edges(&self) -> impl Iterator<Item = (&CommitmentOutput, &ChannelEdge)> {
        self.outputs.iter().filter_map(|output| Some((output, output.edge()?)))
    }

    /// The PTLCs that are payable to the publisher's peer: those for which the publisher gives its pre-signatures.
    pub fn claimable_by_other(
        &self,
    ) -> impl Iterator<Item = (&CommitmentOutput, &ChannelEdge, &Point)> {
        let publisher = self.terms.publisher;
        self.edges().filter(move |(_, edge)| edge.terms().offerer == publisher).filter_map(
            |(output, edge)| match &edge.terms().lock {
                Lock::Point(point) => Some((output, edge, point)),
                Lock::Hash(_) => None,
            },
        )
    }
}

fn check(channel: &Channel, terms: &CommitmentTerms) -> Result<(), ChannelError> {
    if terms.number > LAST_COMMITMENT {
        return Err(ChannelError::CommitmentNumber { number: terms.number });
    }
    let mut names = BTreeSet::new();
    for edge in &terms.edges {
        let (offerer, number) = (edge.terms().offerer, edge.terms().number);
        if !names.insert((offerer, number)) {
            return Err(ChannelError::DuplicateEdge { offerer, number });
        }
        if edge.terms().lock.as_point().is_some() {
            for party in [Party::Opener, Party::Accepter] {
                let limit = channel.terms_of(party).dust_limit;
                if edge.satoshi() < limit {
                    let amount = edge.satoshi();
                    return Err(ChannelError::DustPtlc { offerer, number, amount, limit });
                }
            }
        }
    }
    for offerer in [Party::Opener, Party::Accepter] {
        let count = names.iter().filter(|(party, _)| *party == offerer).count();
        if count > MAX_EDGES {
            return Err(ChannelError::TooManyEdges { offerer, count, maximum: MAX_EDGES });
        }
    }
    let expected_msat = channel.terms().amount.to_sat() * 1_000;
    let amounts = terms.edges.iter().map(|edge| edge.terms().amount_msat);
    let actual_msat = amounts
        .chain([terms.opener_msat, terms.accepter_msat])
        .try_fold(0u64, u64::checked_add)
        .unwrap_or(u64::MAX);
    if actual_msat != expected_msat {
        return Err(ChannelError::Amounts { expected_msat, actual_msat });
    }
    Ok(())
}

fn outputs(
    channel: &Channel,
    terms: &CommitmentTerms,
    keys: &CommitmentKeys,
    delayed: &Tree,
) -> Vec<CommitmentOutput> {
    let publisher = terms.publisher;
    let limit = channel.terms_of(publisher).dust_limit;
    let output = |value, kind, tree| CommitmentOutput { vout: 0, value, kind, tree: Some(tree) };
    let (own, other) = match publisher {
        Party::Opener => (terms.opener_msat, terms.accepter_msat),
        Party::Accepter => (terms.accepter_msat, terms.opener_msat),
    };
    let (own, other) = (Amount::from_sat(own / 1_000), Amount::from_sat(other / 1_000));
    let edges = terms.edges.iter().map(|edge| {
        output(edge.satoshi(), OutputKind::Edge(*edge), edge_tree(keys, publisher, edge))
    });
    let mut outputs: Vec<_> = edges
        .chain([
            output(own, OutputKind::ToPublisher, delayed.clone()),
            output(other, OutputKind::ToOther, Tree::key_only(&keys.other_payment)),
        ])
        .filter(|output| output.value >= limit)
        .collect();
    let paid: Amount = outputs.iter().map(|output| output.value).sum();
    let value = MAX_ANCHOR.min(channel.terms().amount - paid);
    outputs.push(CommitmentOutput { vout: 0, value, kind: OutputKind::Anchor, tree: None });
    outputs.sort_by_cached_key(CommitmentOutput::order);
    for (vout, output) in (0..).zip(&mut outputs) {
        output.vout = vout;
    }
    outputs
}

/// Lock time and sequence hold the number, hidden from all who don't know both payment basepoints.
fn transaction(channel: &Channel, number: u64, outputs: &[CommitmentOutput]) -> Transaction {
    let hidden = number ^ channel.number_mask();
    let (high, low) = ((hidden >> 24) as u32, (hidden & 0xff_ffff) as u32);
    let input = TxIn {
        previous_output: channel.funding_outpoint(),
        script_sig: ScriptBuf::new(),
        sequence: Sequence::from_consensus(0x80 << 24 | high),
        witness: Witness::new(),
    };
    let output: Vec<TxOut> = outputs.iter().map(CommitmentOutput::tx_out).collect();
    Transaction {
        version: Version(3),
        lock_time: absolute::LockTime::from_consensus(0x20 << 24 | low),
        input: vec![input],
        output,
    }
}
