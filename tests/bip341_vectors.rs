//! BIP-341's wallet vectors, and the contract's output computed on the same road.
//!
//! `Taproot` below is BIP-341 once more, from its text, with this crate's tagged hashes, points and scalars. It
//! has to give what the vectors say; then it has to give what [`Contract`] gives, which goes through `bitcoin`
//! and MuSig2.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "common/standards.rs"]
mod standards;

use bitcoin::consensus::deserialize;
use bitcoin::hashes::Hash;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{LeafVersion, NodeInfo, Signature, TaprootSpendInfo};
use bitcoin::{Address, Amount, KnownHrp, OutPoint, ScriptBuf, Transaction, TxOut, Witness};
use pointlock::adaptor::musig2::KeyAggContext;
use pointlock::contract::{Contract, ContractTerms, FundedContract, SpendPath};
use pointlock::curve::{Keypair, Point, SecretScalar, Tag, XOnlyPublicKey};
use pointlock::lock::{Lock, Preimage};
use serde::Deserialize;

use standards::{array, bytes};

static LEAF: Tag = Tag::new("TapLeaf");
static BRANCH: Tag = Tag::new("TapBranch");
static TWEAK: Tag = Tag::new("TapTweak");

#[derive(Deserialize)]
struct Output {
    name: String,
    internal_key: String,
    tree: Option<Tree>,
    leaf_hashes: Vec<String>,
    merkle_root: Option<String>,
    tweak: String,
    output_key: String,
    script_pubkey: String,
    address: String,
    control_blocks: Vec<String>,
}

/// Leaves are counted from the left.
#[derive(Deserialize)]
#[serde(untagged)]
enum Tree {
    Branch(Box<[Self; 2]>),
    Leaf { script: String, version: u8 },
}

/// The transaction, and hashes that the sighash messages have in them.
#[derive(Deserialize)]
struct Spending {
    unsigned: String,
    signed: String,
    spent: Vec<SpentOutput>,
    amounts_hash: String,
    outputs_hash: String,
    prevouts_hash: String,
    script_pubkeys_hash: String,
    sequences_hash: String,
}

#[derive(Deserialize)]
struct SpentOutput {
    script_pubkey: String,
    amount: u64,
}

#[derive(Deserialize)]
struct Spend {
    name: String,
    input: usize,
    secret_key: String,
    merkle_root: Option<String>,
    sighash_type: u8,
    internal_key: String,
    tweak: String,
    tweaked_secret_key: String,
    sighash_message: String,
    /// Which hashes of the transaction are in the message.
    hashes: Vec<String>,
    sighash: String,
    witness: String,
}

/// BIP-341, from its text.
struct Taproot {
    tweak: [u8; 32],
    output_key: Point,
}

impl Taproot {
    fn new(internal_key: &XOnlyPublicKey, merkle_root: Option<&[u8; 32]>) -> Self {
        let root: &[u8] = merkle_root.map_or(&[], |root| root);
        let tweak = TWEAK.hash(&[&internal_key.serialize(), root]);
        let tweak_point = SecretScalar::from_bytes(&tweak).unwrap().to_point();
        // P is lifted with an even y.
        let output_key = Point::from(*internal_key).add(&tweak_point).unwrap();
        Self { tweak, output_key }
    }

    /// The 33 bytes that begin each control block, and the siblings on the way up.
    fn control_block(
        &self,
        leaf_version: u8,
        internal_key: &XOnlyPublicKey,
        path: &[[u8; 32]],
    ) -> Vec<u8> {
        let first = leaf_version | u8::from(self.output_key.is_odd());
        [&[first][..], &internal_key.serialize(), &path.concat()].concat()
    }
}

fn leaf_hash(leaf_version: u8, script: &[u8]) -> [u8; 32] {
    let length = u8::try_from(script.len()).unwrap();
    assert!(length < 0xfd, "one byte of compact size");
    LEAF.hash(&[&[leaf_version, length], script])
}

fn branch_hash(left: [u8; 32], right: [u8; 32]) -> [u8; 32] {
    BRANCH.hash(&[&left.min(right), &left.max(right)])
}

/// A leaf on its way through a tree: version, hash, and siblings so far.
type Leaf = (u8, [u8; 32], Vec<[u8; 32]>);

impl Tree {
    fn walk(&self) -> ([u8; 32], Vec<Leaf>) {
        match self {
            Self::Leaf { script, version } => {
                let hash = leaf_hash(*version, &bytes(script));
                (hash, vec![(*version, hash, vec![])])
            }
            Self::Branch(children) => {
                let [(left, mut leaves), (right, mut right_leaves)] =
                    [children[0].walk(), children[1].walk()];
                leaves.iter_mut().for_each(|leaf| leaf.2.push(right));
                right_leaves.iter_mut().for_each(|leaf| leaf.2.push(left));
                leaves.append(&mut right_leaves);
                (branch_hash(left, right), leaves)
            }
        }
    }

    fn node(&self) -> NodeInfo {
        match self {
            Self::Leaf { script, version } => NodeInfo::new_leaf_with_ver(
                ScriptBuf::from_hex(script).unwrap(),
                LeafVersion::from_consensus(*version).unwrap(),
            ),
            Self::Branch(children) => {
                NodeInfo::combine(children[0].node(), children[1].node()).unwrap()
            }
        }
    }

    fn leaf_scripts(&self) -> Vec<(ScriptBuf, LeafVersion)> {
        match self {
            Self::Leaf { script, version } => vec![(
                ScriptBuf::from_hex(script).unwrap(),
                LeafVersion::from_consensus(*version).unwrap(),
            )],
            Self::Branch(children) => children.iter().flat_map(Self::leaf_scripts).collect(),
        }
    }
}

#[test]
fn outputs() {
    for row in standards::rows::<Output>("bip341/outputs.json", 7) {
        let name = &row.name;
        let secp = secp256k1::Secp256k1::new();
        let internal_key = XOnlyPublicKey::from_slice(&bytes(&row.internal_key)).unwrap();
        let (root, leaves) = match &row.tree {
            Some(tree) => {
                let (root, leaves) = tree.walk();
                (Some(root), leaves)
            }
            None => (None, vec![]),
        };
        let leaf_hashes: Vec<_> = leaves.iter().map(|leaf| hex::encode(leaf.1)).collect();
        assert_eq!(leaf_hashes, row.leaf_hashes, "{name}");
        assert_eq!(root, row.merkle_root.as_deref().map(array), "{name}");

        let ours = Taproot::new(&internal_key, root.as_ref());
        assert_eq!(ours.tweak, array(&row.tweak), "{name}");
        let output_key = ours.output_key.x_only();
        assert_eq!(output_key.serialize(), array(&row.output_key), "{name}");
        let control_blocks: Vec<_> = leaves
            .iter()
            .map(|(version, _, path)| {
                hex::encode(ours.control_block(*version, &internal_key, path))
            })
            .collect();
        assert_eq!(control_blocks, row.control_blocks, "{name}");

        // The same through `bitcoin`, on which the contracts stand.
        let theirs = match &row.tree {
            Some(tree) => TaprootSpendInfo::from_node_info(&secp, internal_key, tree.node()),
            None => TaprootSpendInfo::new_key_spend(&secp, internal_key, None),
        };
        assert_eq!(theirs.merkle_root().map(|root| root.to_byte_array()), root);
        assert_eq!(theirs.output_key().to_x_only_public_key(), output_key);
        let script = ScriptBuf::new_p2tr_tweaked(theirs.output_key());
        assert_eq!(script.to_hex_string(), row.script_pubkey, "{name}");
        let address = Address::p2tr_tweaked(theirs.output_key(), KnownHrp::Mainnet);
        assert_eq!(address.to_string(), row.address, "{name}");
        let scripts: Vec<_> = row.tree.iter().flat_map(Tree::leaf_scripts).collect();
        assert_eq!(scripts.len(), control_blocks.len());
        for ((script, version), expected) in scripts.into_iter().zip(&control_blocks) {
            let control_block = theirs.control_block(&(script.clone(), version)).unwrap();
            assert_eq!(hex::encode(control_block.serialize()), *expected, "{name}");
            assert!(control_block.verify_taproot_commitment(&secp, output_key, &script));
        }
    }
}

#[test]
fn key_path_spends() {
    let (spending, spends): (Spending, Vec<Spend>) =
        standards::file("bip341/key_path_spends.json", 7);
    let unsigned: Transaction = deserialize(&bytes(&spending.unsigned)).unwrap();
    let signed: Transaction = deserialize(&bytes(&spending.signed)).unwrap();
    let spent: Vec<TxOut> = spending
        .spent
        .iter()
        .map(|output| TxOut {
            value: Amount::from_sat(output.amount),
            script_pubkey: ScriptBuf::from_hex(&output.script_pubkey).unwrap(),
        })
        .collect();

    // The inputs that the vectors spend by other means come signed.
    let mut ours = signed.clone();
    for row in &spends {
        let name = &row.name;
        let keypair = Keypair::from_secret_bytes(&array(&row.secret_key)).unwrap();
        let internal_key = keypair.x_only_public_key();
        assert_eq!(internal_key.serialize(), array(&row.internal_key), "{name}");
        let root = row.merkle_root.as_deref().map(array);
        let taproot = Taproot::new(&internal_key, root.as_ref());
        assert_eq!(taproot.tweak, array(&row.tweak), "{name}");

        let secret = keypair.secret_key();
        let even = if keypair.public_key().is_odd() { secret.negate() } else { secret.clone() };
        let tweaked = even.add(&SecretScalar::from_bytes(&taproot.tweak).unwrap()).unwrap();
        assert_eq!(*tweaked.dangerous_to_bytes(), array(&row.tweaked_secret_key), "{name}");
        assert_eq!(tweaked.to_point(), taproot.output_key, "{name}");

        let sighash_type = TapSighashType::from_consensus_u8(row.sighash_type).unwrap();
        let prevouts = Prevouts::All(&spent);
        let mut cache = SighashCache::new(&unsigned);
        let mut message = Vec::new();
        cache
            .taproot_encode_signing_data_to(
                &mut message,
                row.input,
                &prevouts,
                None,
                None,
                sighash_type,
            )
            .unwrap();
        assert_eq!(hex::encode(&message), row.sighash_message, "{name}");
        for (hash, value) in spending.hashes() {
            let present = message.windows(32).any(|window| window == bytes(value));
            assert_eq!(present, row.hashes.iter().any(|name| name == hash), "{name}: {hash}");
        }
        let sighash =
            cache.taproot_key_spend_signature_hash(row.input, &prevouts, sighash_type).unwrap();
        assert_eq!(sighash.to_byte_array(), array(&row.sighash), "{name}");

        let signature = Keypair::new(tweaked).sign_schnorr(&sighash.to_byte_array(), &[0; 32]);
        let element = Signature { signature, sighash_type }.to_vec();
        assert_eq!(hex::encode(&element), row.witness, "{name}");
        ours.input[row.input].witness = Witness::from_slice(&[element]);
    }
    assert_eq!(ours, signed);

    let utxos: Vec<_> = spent
        .iter()
        .map(|output| bitcoinconsensus::Utxo {
            script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
            script_pubkey_len: output.script_pubkey.len().try_into().unwrap(),
            value: output.value.to_sat().try_into().unwrap(),
        })
        .collect();
    let serialized = bitcoin::consensus::serialize(&ours);
    for (input, output) in spent.iter().enumerate() {
        let script = output.script_pubkey.as_bytes();
        let value = output.value.to_sat();
        let judged = bitcoinconsensus::verify(script, value, &serialized, Some(&utxos), input);
        assert_eq!(judged, Ok(()), "input {input}");
    }
}

impl Spending {
    fn hashes(&self) -> [(&str, &str); 5] {
        [
            ("amounts_hash", &self.amounts_hash),
            ("outputs_hash", &self.outputs_hash),
            ("prevouts_hash", &self.prevouts_hash),
            ("script_pubkeys_hash", &self.script_pubkeys_hash),
            ("sequences_hash", &self.sequences_hash),
        ]
    }
}

#[test]
fn a_contract_is_what_bip341_says() {
    let lock_point = SecretScalar::from_bytes(&[3; 32]).unwrap().to_point();
    for claimer in 10..30 {
        for lock in [Lock::Point(lock_point), Lock::Hash(Preimage::new([4; 32]).hash())] {
            let key = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point();
            let terms = ContractTerms {
                offerer: key(1),
                claimer: key(claimer),
                amount: Amount::from_sat(100_000),
                expiry: 800_000,
                lock,
            };
            let contract = Contract::new(terms).unwrap();
            let internal_key =
                KeyAggContext::new(&[terms.offerer, terms.claimer]).unwrap().x_only();
            assert_eq!(contract.internal_key(), internal_key);

            let leaves = [SpendPath::Success, SpendPath::Timeout]
                .map(|path| leaf_hash(0xc0, contract.leaf_script(path).unwrap().as_bytes()));
            let root = branch_hash(leaves[0], leaves[1]);
            assert_eq!(contract.merkle_root().to_byte_array(), root);
            let ours = Taproot::new(&internal_key, Some(&root));
            assert_eq!(contract.output_key(), ours.output_key.x_only());
            assert_eq!(contract.key_agg().aggregate_key(), ours.output_key);
            let mut script = vec![0x51, 0x20];
            script.extend(ours.output_key.x_only().serialize());
            assert_eq!(contract.script_pubkey().as_bytes(), script);

            // The control block in a witness that the contract makes.
            let funded = FundedContract::new(contract, OutPoint::null());
            let offerer = Keypair::from_secret_bytes(&[1; 32]).unwrap();
            let payout = funded.contract().script_pubkey();
            let timeout =
                funded.timeout(&payout, Amount::from_sat(500), &offerer, &[0; 32]).unwrap();
            let expected = ours.control_block(0xc0, &internal_key, &leaves[..1]);
            assert_eq!(timeout.input[0].witness.last(), Some(&expected[..]));
        }
    }
}
