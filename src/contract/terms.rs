use core::fmt;
use std::sync::OnceLock;

use bitcoin::hashes::Hash;
use bitcoin::key::TweakedPublicKey;
use bitcoin::taproot::{ControlBlock, LeafVersion, NodeInfo, TaprootSpendInfo};
use bitcoin::{
    Amount, OutPoint, Script, ScriptBuf, TapLeafHash, TapNodeHash, Transaction, TxOut, absolute,
};
use secp256k1::Parity;

use super::{ContractError, ContractKeys, scripts};
use crate::adaptor::musig2::KeyAggContext;
use crate::curve::{Keypair, Point, PreparedPoint, XOnlyPublicKey, context};
use crate::edge::{Edge, EdgeId};
use crate::lock::Lock;

/// The two who have money in a contract.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Party {
    /// Pays, learns the secret, and gets the money back after the expiry.
    Offerer,
    /// Is paid for the secret.
    Claimer,
}

impl fmt::Display for Party {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Offerer => "offerer",
            Self::Claimer => "claimer",
        })
    }
}

/// How a contract output is spent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SpendPath {
    /// The claimer's, with the secret.
    Success,
    /// The offerer's, from the expiry on.
    Timeout,
    /// Both together, by the key path.
    Cooperative,
}

impl fmt::Display for SpendPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Success => "success",
            Self::Timeout => "timeout",
            Self::Cooperative => "cooperative",
        })
    }
}

/// What the two parties agree on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ContractTerms {
    /// The key of the party that pays. The scripts use it x-only, the aggregate key with its parity.
    pub offerer: Point,
    /// The key of the party that is paid, likewise.
    pub claimer: Point,
    /// What the output is worth.
    pub amount: Amount,
    /// The block height that has to be reached before the offerer can take its money back, absolute.
    pub expiry: u32,
    /// The point (PTLC) or hash (HTLC) whose secret the claimer pays with.
    pub lock: Lock,
}

/// A contract as a taproot output: terms that were checked, and the scripts and keys that follow from them.
///
/// Both parties compute it from the terms by themselves, so both verify the Merkle root that the key path is
/// tweaked with.
#[derive(Clone, Debug)]
pub struct Contract {
    terms: ContractTerms,
    success_script: ScriptBuf,
    timeout_script: ScriptBuf,
    merkle_root: TapNodeHash,
    internal_key: XOnlyPublicKey,
    key_agg: KeyAggContext,
    prepared_offerer: Option<PreparedPoint>,
    /// Computed when it is asked for: it tweaks the internal key once more.
    spend_info: OnceLock<TaprootSpendInfo>,
}

/// All else follows from the terms.
impl PartialEq for Contract {
    fn eq(&self, other: &Self) -> bool {
        self.terms == other.terms
    }
}

impl Eq for Contract {}

impl Contract {
    /// Checks the terms and computes the output.
    ///
    /// Whoever makes more than one contract between the same keys aggregates them once, and calls
    /// [`with_keys`](Self::with_keys): a third of the work.
    ///
    /// # Errors
    ///
    /// One for each field that can be wrong: [`ContractError::SameKey`], [`ContractError::AmountBelowDust`],
    /// [`ContractError::AmountAboveSupply`], [`ContractError::Expiry`]; in theory
    /// [`ContractError::KeyAggregation`].
    pub fn new(terms: ContractTerms) -> Result<Self, ContractError> {
        let ContractTerms { offerer, claimer, amount, expiry, lock } = terms;
        Self::with_keys(&ContractKeys::new(offerer, claimer)?, amount, expiry, lock)
    }

    /// [`new`](Self::new) between keys that are aggregated already.
    ///
    /// # Errors
    ///
    /// Those of [`new`](Self::new), but for [`ContractError::SameKey`].
    pub fn with_keys(
        keys: &ContractKeys,
        amount: Amount,
        expiry: u32,
        lock: Lock,
    ) -> Result<Self, ContractError> {
        let height = absolute::Height::from_consensus(expiry)
            .ok()
            .filter(|height| *height > absolute::Height::ZERO)
            .ok_or(ContractError::Expiry { expiry })?;
        if amount > Amount::MAX_MONEY {
            return Err(ContractError::AmountAboveSupply { amount });
        }

        let (offerer, claimer) = (keys.x_only_of(Party::Offerer), keys.x_only_of(Party::Claimer));
        let success_script = match &lock {
            Lock::Point(_) => scripts::point_success(&offerer, &claimer),
            Lock::Hash(hash) => scripts::hash_success(hash, &claimer),
        };
        let timeout_script = scripts::timeout(&offerer, height);
        let merkle_root =
            TapNodeHash::from_node_hashes(leaf_hash(&success_script), leaf_hash(&timeout_script));
        let key_agg = keys
            .aggregate()
            .clone()
            .with_taproot_tweak(Some(merkle_root.as_byte_array()))
            .map_err(|source| ContractError::KeyAggregation { source })?;

        let terms = ContractTerms {
            offerer: keys.offerer(),
            claimer: keys.claimer(),
            amount,
            expiry,
            lock,
        };
        let (internal_key, spend_info) = (keys.aggregate().x_only(), OnceLock::new());
        let contract = Self {
            terms,
            success_script,
            timeout_script,
            merkle_root,
            internal_key,
            key_agg,
            prepared_offerer: keys.prepared_offerer().cloned(),
            spend_info,
        };
        let minimum = contract.script_pubkey().minimal_non_dust();
        if amount < minimum {
            return Err(ContractError::AmountBelowDust { amount, minimum });
        }
        Ok(contract)
    }

    /// The terms.
    pub fn terms(&self) -> &ContractTerms {
        &self.terms
    }

    /// The output's script: OP_1 and the output key, 34 bytes.
    pub fn script_pubkey(&self) -> ScriptBuf {
        // Tweaked it is: by `KeyAggContext::with_taproot_tweak`.
        ScriptBuf::new_p2tr_tweaked(TweakedPublicKey::dangerous_assume_tweaked(self.output_key()))
    }

    /// The output, for the funding transaction.
    pub fn tx_out(&self) -> TxOut {
        TxOut { value: self.terms.amount, script_pubkey: self.script_pubkey() }
    }

    /// The BIP-327 aggregate of offerer ‖ claimer, before the taproot tweak.
    pub fn internal_key(&self) -> XOnlyPublicKey {
        self.internal_key
    }

    /// The key in the output: the internal key tweaked with the Merkle root.
    pub fn output_key(&self) -> XOnlyPublicKey {
        self.key_agg.x_only()
    }

    /// The keys of offerer and claimer, in this order, tweaked to the output key.
    pub fn key_agg(&self) -> &KeyAggContext {
        &self.key_agg
    }

    /// The Merkle root over the two leaves.
    pub fn merkle_root(&self) -> TapNodeHash {
        self.merkle_root
    }

    /// All that BIP-341 needs to spend the output, for whoever builds transactions with `bitcoin`. Computed when it is first
    /// asked for.
    pub fn spend_info(&self) -> &TaprootSpendInfo {
        self.spend_info.get_or_init(|| {
            let leaf = |script: &ScriptBuf| {
                NodeInfo::new_leaf_with_ver(script.clone(), LeafVersion::TapScript)
            };
            let tree = NodeInfo::combine(leaf(&self.success_script), leaf(&self.timeout_script))
                .expect("a depth of one is below 128");
            TaprootSpendInfo::from_node_info(context(), self.internal_key, tree)
        })
    }

    /// The leaf that this path goes by; None for the key path.
    pub fn leaf_script(&self, path: SpendPath) -> Option<&Script> {
        match path {
            SpendPath::Success => Some(&self.success_script),
            SpendPath::Timeout => Some(&self.timeout_script),
            SpendPath::Cooperative => None,
        }
    }

    /// What a witness ends with for this path; None for the key path.
    pub(super) fn control_block(&self, path: SpendPath) -> Option<ControlBlock> {
        let other = match path {
            SpendPath::Success => &self.timeout_script,
            SpendPath::Timeout => &self.success_script,
            SpendPath::Cooperative => return None,
        };
        let is_odd = self.key_agg.aggregate_key().is_odd();
        Some(ControlBlock {
            leaf_version: LeafVersion::TapScript,
            output_key_parity: if is_odd { Parity::Odd } else { Parity::Even },
            internal_key: self.internal_key,
            merkle_branch: [leaf_hash(other)].into(),
        })
    }

    /// The offerer's key with its table, if the keys came with one.
    pub(super) fn prepared_offerer(&self) -> Option<&PreparedPoint> {
        self.prepared_offerer.as_ref()
    }

    pub(super) fn lock_time(&self) -> absolute::LockTime {
        absolute::LockTime::from_consensus(self.terms.expiry)
    }

    pub(super) fn key_of(&self, party: Party) -> XOnlyPublicKey {
        match party {
            Party::Offerer => self.terms.offerer.x_only(),
            Party::Claimer => self.terms.claimer.x_only(),
        }
    }

    pub(super) fn check_signer(
        &self,
        party: Party,
        keypair: &Keypair,
    ) -> Result<(), ContractError> {
        if keypair.x_only_public_key() == self.key_of(party) {
            Ok(())
        } else {
            Err(ContractError::WrongSigner { party })
        }
    }
}

fn leaf_hash(script: &Script) -> TapNodeHash {
    TapLeafHash::from_script(script, LeafVersion::TapScript).into()
}

/// A contract and where it is on the chain: what every spend of it begins with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FundedContract {
    contract: Contract,
    outpoint: OutPoint,
}

impl FundedContract {
    /// A contract whose output is known to be at `outpoint`, or will be: the offerer pre-signs before it
    /// broadcasts the funding transaction.
    pub fn new(contract: Contract, outpoint: OutPoint) -> Self {
        Self { contract, outpoint }
    }

    pub(super) fn edge(&self, amount_msat: u64) -> Result<Edge, ContractError> {
        let terms = self.contract.terms();
        if amount_msat.div_ceil(1_000) != terms.amount.to_sat() {
            let (amount, agreed_msat) = (terms.amount, amount_msat);
            return Err(ContractError::AmountNotAgreed { amount, agreed_msat });
        }
        let id = EdgeId::of_contract(self.outpoint);
        Ok(Edge { id, amount_msat, expiry: terms.expiry, lock: terms.lock })
    }

    /// Finds the first output of `funding` that has the contract's script *and* amount: what a claimer looks at.
    ///
    /// # Errors
    ///
    /// [`ContractError::NotFunded`].
    pub fn find(contract: Contract, funding: &Transaction) -> Result<Self, ContractError> {
        let expected = contract.tx_out();
        let outputs = (0..).zip(&funding.output);
        let (vout, _) = outputs
            .into_iter()
            .find(|(_, output)| **output == expected)
            .ok_or(ContractError::NotFunded { amount: expected.value })?;
        Ok(Self::new(contract, OutPoint { txid: funding.compute_txid(), vout }))
    }

    /// The contract.
    pub fn contract(&self) -> &Contract {
        &self.contract
    }

    /// Where it is.
    pub fn outpoint(&self) -> OutPoint {
        self.outpoint
    }
}
