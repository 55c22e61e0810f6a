//! BIP-341's wallet vectors, and the contract's output computed on the same road.
//!
//! `Taproot` below is BIP-341 once more, from its text, with this crate's tagged hashes, points and scalars. It
//! has to give what the vectors say; then it has to give what [`Contract`] gives, which goes through `bitcoin`
//! and MuSig2.

#![allow(clippy::unwrap_used, reason = "tests")]

mod common;

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

static LEAF: Tag = Tag::new("TapLeaf");
static BRANCH: Tag = Tag::new("TapBranch");
static TWEAK: Tag = Tag::new("TapTweak");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File {
    script_pub_key: Vec<Output>,
    key_path_spending: Vec<Spending>,
}

#[derive(Deserialize)]
struct Output {
    given: Given,
    intermediary: Intermediary,
    expected: Expected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Given {
    internal_pubkey: String,
    script_tree: Option<Tree>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Tree {
    Branch(Box<[Self; 2]>),
    #[serde(rename_all = "camelCase")]
    Leaf {
        id: usize,
        script: String,
        leaf_version: u8,
    },
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Intermediary {
    #[serde(default)]
    leaf_hashes: Vec<String>,
    merkle_root: Option<String>,
    tweak: String,
    tweaked_pubkey: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Expected {
    script_pub_key: String,
    bip350_address: String,
    #[serde(default)]
    script_path_control_blocks: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Spending {
    given: SpendingGiven,
    input_spending: Vec<InputSpending>,
    auxiliary: Auxiliary,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpendingGiven {
    raw_unsigned_tx: String,
    utxos_spent: Vec<SpentOutput>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SpentOutput {
    script_pub_key: String,
    amount_sats: u64,
}

#[derive(Deserialize)]
struct InputSpending {
    given: InputGiven,
    intermediary: InputIntermediary,
    expected: InputExpected,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputGiven {
    txin_index: usize,
    internal_privkey: String,
    merkle_root: Option<String>,
    hash_type: u8,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct InputIntermediary {
    internal_pubkey: String,
    tweak: String,
    tweaked_privkey: String,
    sig_msg: String,
    sig_hash: String,
}

#[derive(Deserialize)]
struct InputExpected {
    witness: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Auxiliary {
    fully_signed_tx: String,
}

fn bytes(text: &str) -> Vec<u8> {
    hex::decode(text).unwrap()
}

fn array(text: &str) -> [u8; 32] {
    bytes(text).try_into().unwrap()
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

/// A leaf on its way through a tree: id, version, hash, and siblings so far.
type Leaf = (usize, u8, [u8; 32], Vec<[u8; 32]>);

impl Tree {
    fn walk(&self) -> ([u8; 32], Vec<Leaf>) {
        match self {
            Self::Leaf { id, script, leaf_version } => {
                let hash = leaf_hash(*leaf_version, &bytes(script));
                (hash, vec![(*id, *leaf_version, hash, vec![])])
            }
            Self::Branch(children) => {
                let [(left, mut leaves), (right, mut right_leaves)] =
                    [children[0].walk(), children[1].walk()];
                leaves.iter_mut().for_each(|leaf| leaf.3.push(right));
                right_leaves.iter_mut().for_each(|leaf| leaf.3.push(left));
                leaves.append(&mut right_leaves);
                (branch_hash(left, right), leaves)
            }
        }
    }

    fn node(&self) -> NodeInfo {
        match self {
            Self::Leaf { script, leaf_version, .. } => NodeInfo::new_leaf_with_ver(
                ScriptBuf::from_hex(script).unwrap(),
                LeafVersion::from_consensus(*leaf_version).unwrap(),
            ),
            Self::Branch(children) => {
                NodeInfo::combine(children[0].node(), children[1].node()).unwrap()
            }
        }
    }

    fn leaf_scripts(&self) -> Vec<(usize, ScriptBuf, LeafVersion)> {
        match self {
            Self::Leaf { id, script, leaf_version } => vec![(
                *id,
                ScriptBuf::from_hex(script).unwrap(),
                LeafVersion::from_consensus(*leaf_version).unwrap(),
            )],
            Self::Branch(children) => children.iter().flat_map(Self::leaf_scripts).collect(),
        }
    }
}

fn file() -> Option<File> {
    let text = common::vectors("bip341/wallet-test-vectors.json")?;
    Some(serde_json::from_str(&text).unwrap())
}

#[test]
fn outputs() {
    let Some(file) = file() else { return };
    assert_eq!(file.script_pub_key.len(), 7);
    for Output { given, intermediary, expected } in &file.script_pub_key {
        let secp = secp256k1::Secp256k1::new();
        let internal_key = XOnlyPublicKey::from_slice(&array(&given.internal_pubkey)).unwrap();
        let (root, mut leaves) = match &given.script_tree {
            Some(tree) => {
                let (root, leaves) = tree.walk();
                (Some(root), leaves)
            }
            None => (None, vec![]),
        };
        leaves.sort_by_key(|leaf| leaf.0);
        let leaf_hashes: Vec<_> = leaves.iter().map(|leaf| hex::encode(leaf.2)).collect();
        assert_eq!(leaf_hashes, intermediary.leaf_hashes);
        assert_eq!(root, intermediary.merkle_root.as_deref().map(array));

        let ours = Taproot::new(&internal_key, root.as_ref());
        assert_eq!(ours.tweak, array(&intermediary.tweak));
        let output_key = ours.output_key.x_only();
        assert_eq!(output_key.serialize(), array(&intermediary.tweaked_pubkey));
        let control_blocks: Vec<_> = leaves
            .iter()
            .map(|(_, version, _, path)| {
                hex::encode(ours.control_block(*version, &internal_key, path))
            })
            .collect();
        assert_eq!(control_blocks, expected.script_path_control_blocks);

        // The same through `bitcoin`, on which the contracts stand.
        let theirs = match &given.script_tree {
            Some(tree) => TaprootSpendInfo::from_node_info(&secp, internal_key, tree.node()),
            None => TaprootSpendInfo::new_key_spend(&secp, internal_key, None),
        };
        assert_eq!(theirs.merkle_root().map(|root| root.to_byte_array()), root);
        assert_eq!(theirs.output_key().to_x_only_public_key(), output_key);
        let script = ScriptBuf::new_p2tr_tweaked(theirs.output_key());
        assert_eq!(script.to_hex_string(), expected.script_pub_key);
        let address = Address::p2tr_tweaked(theirs.output_key(), KnownHrp::Mainnet);
        assert_eq!(address.to_string(), expected.bip350_address);
        for (id, script, version) in given.script_tree.iter().flat_map(Tree::leaf_scripts) {
            let control_block = theirs.control_block(&(script.clone(), version)).unwrap();
            assert_eq!(hex::encode(control_block.serialize()), control_blocks[id]);
            assert!(control_block.verify_taproot_commitment(&secp, output_key, &script));
        }
    }
}

#[test]
fn key_path_spends() {
    let Some(file) = file() else { return };
    let [spending] = &file.key_path_spending[..] else { panic!("one transaction") };
    let unsigned: Transaction = deserialize(&bytes(&spending.given.raw_unsigned_tx)).unwrap();
    let signed: Transaction = deserialize(&bytes(&spending.auxiliary.fully_signed_tx)).unwrap();
    let spent: Vec<TxOut> = spending
        .given
        .utxos_spent
        .iter()
        .map(|output| TxOut {
            value: Amount::from_sat(output.amount_sats),
            script_pubkey: ScriptBuf::from_hex(&output.script_pub_key).unwrap(),
        })
        .collect();
    assert_eq!(spending.input_spending.len(), 7);

    // The inputs that the vectors spend by other means come signed.
    let mut ours = signed.clone();
    for InputSpending { given, intermediary, expected } in &spending.input_spending {
        let keypair = Keypair::from_secret_bytes(&array(&given.internal_privkey)).unwrap();
        let internal_key = keypair.x_only_public_key();
        assert_eq!(internal_key.serialize(), array(&intermediary.internal_pubkey));
        let root = given.merkle_root.as_deref().map(array);
        let taproot = Taproot::new(&internal_key, root.as_ref());
        assert_eq!(taproot.tweak, array(&intermediary.tweak));

        let secret = keypair.secret_key();
        let even = if keypair.public_key().is_odd() { secret.negate() } else { secret.clone() };
        let tweaked = even.add(&SecretScalar::from_bytes(&taproot.tweak).unwrap()).unwrap();
        assert_eq!(*tweaked.dangerous_to_bytes(), array(&intermediary.tweaked_privkey));
        assert_eq!(tweaked.to_point(), taproot.output_key);

        let sighash_type = TapSighashType::from_consensus_u8(given.hash_type).unwrap();
        let (prevouts, input) = (Prevouts::All(&spent), given.txin_index);
        let mut cache = SighashCache::new(&unsigned);
        let mut message = Vec::new();
        cache
            .taproot_encode_signing_data_to(
                &mut message,
                input,
                &prevouts,
                None,
                None,
                sighash_type,
            )
            .unwrap();
        assert_eq!(hex::encode(&message), intermediary.sig_msg);
        let sighash =
            cache.taproot_key_spend_signature_hash(input, &prevouts, sighash_type).unwrap();
        assert_eq!(sighash.to_byte_array(), array(&intermediary.sig_hash));

        let signature = Keypair::new(tweaked).sign_schnorr(&sighash.to_byte_array(), &[0; 32]);
        let element = Signature { signature, sighash_type }.to_vec();
        assert_eq!([hex::encode(&element)], expected.witness[..]);
        ours.input[input].witness = Witness::from_slice(&[element]);
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
