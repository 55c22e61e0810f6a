use core::fmt;

use bitcoin::taproot::{LeafVersion, NodeInfo, TaprootSpendInfo};
use bitcoin::{Script, ScriptBuf, TapLeafHash, TapNodeHash, TxOut, Witness};
use pointlock::curve::{Point, context};

/// Which leaf of an output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Leaf {
    /// The claimer's, with the secret.
    Success,
    /// The offerer's, from the expiry on.
    Timeout,
    /// The publisher's, after its delay.
    Delayed,
}

impl fmt::Display for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Timeout => "timeout",
            Self::Delayed => "delayed",
        })
    }
}

/// A taproot output with its leaves: what spending it takes, besides signatures.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tree {
    leaves: Vec<(Leaf, ScriptBuf)>,
    merkle_root: Option<TapNodeHash>,
    spend_info: TaprootSpendInfo,
}

impl Tree {
    /// One key and no script.
    pub(super) fn key_only(internal_key: &Point) -> Self {
        let spend_info = TaprootSpendInfo::new_key_spend(context(), internal_key.x_only(), None);
        Self { leaves: Vec::new(), merkle_root: None, spend_info }
    }

    pub(super) fn one(internal_key: &Point, leaf: Leaf, script: ScriptBuf) -> Self {
        let node = node(&script);
        Self::new(internal_key, vec![(leaf, script)], node)
    }

    pub(super) fn two(internal_key: &Point, timeout: ScriptBuf, success: ScriptBuf) -> Self {
        let both =
            NodeInfo::combine(node(&timeout), node(&success)).expect("a depth of one is below 128");
        let leaves = vec![(Leaf::Timeout, timeout), (Leaf::Success, success)];
        Self::new(internal_key, leaves, both)
    }

    fn new(internal_key: &Point, leaves: Vec<(Leaf, ScriptBuf)>, root: NodeInfo) -> Self {
        let merkle_root = Some(root.node_hash());
        let spend_info = TaprootSpendInfo::from_node_info(context(), internal_key.x_only(), root);
        Self { leaves, merkle_root, spend_info }
    }

    /// OP_1 and the output key.
    pub fn script_pubkey(&self) -> ScriptBuf {
        ScriptBuf::new_p2tr_tweaked(self.spend_info.output_key())
    }

    /// The Merkle root, where there are scripts: what the key path's secret is tweaked with.
    pub fn merkle_root(&self) -> Option<TapNodeHash> {
        self.merkle_root
    }

    /// All that BIP-341 needs to spend the output.
    pub fn spend_info(&self) -> &TaprootSpendInfo {
        &self.spend_info
    }

    /// A leaf's script, where there is this leaf.
    pub fn script(&self, leaf: Leaf) -> Option<&Script> {
        self.leaves.iter().find(|(kind, _)| *kind == leaf).map(|(_, script)| script.as_script())
    }

    pub(crate) fn leaf_hash(&self, leaf: Leaf) -> Option<TapLeafHash> {
        self.script(leaf).map(|script| TapLeafHash::from_script(script, LeafVersion::TapScript))
    }

    pub(crate) fn tx_out(&self, value: bitcoin::Amount) -> TxOut {
        TxOut { value, script_pubkey: self.script_pubkey() }
    }

    /// What the script consumes, last first, then the script and its control block.
    pub(crate) fn witness(&self, leaf: Leaf, stack: &[&[u8]]) -> Witness {
        let mut witness = Witness::from_slice(stack);
        if let Some(script) = self.script(leaf) {
            let control_block = self
                .spend_info
                .control_block(&(script.to_owned(), LeafVersion::TapScript))
                .expect("every leaf is in the tree");
            witness.push(script.as_bytes());
            witness.push(control_block.serialize());
        }
        witness
    }
}

fn node(script: &ScriptBuf) -> NodeInfo {
    NodeInfo::new_leaf_with_ver(script.clone(), LeafVersion::TapScript)
}
