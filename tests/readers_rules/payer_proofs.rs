//! BOLT 12: payer proofs (pull request 1346).

use pointlock::curve::Keypair;
use pointlock::invoice::proof::{PreimageProof, ProofContents};
use pointlock::invoice::{Field, merkle};
use pointlock::lock::Preimage;
use pointlock::wire::TlvStream;

use crate::Answer::Says;
use crate::proofs::{self, LEAF_HASHES, MISSING_HASHES, PROOF_SIGNATURE, Records};
use crate::{Fields, Rule, written};

const PROOFS: &str = "BOLT 12, Payer Proofs, Requirements";
const SIGNATURE: u64 = 240;
const PREIMAGE: u64 = 1_001;
const OMITTED_TLVS: u64 = 1_002;

const fn rule(refuses: &'static str, answer: crate::Answer) -> Rule {
    Rule { source: PROOFS, refuses, answer }
}

pub(crate) const RULES: &[Rule] = &[
    rule(
        "a field that has to be there and is not",
        Says("proof_leaf_hashes: missing", || proof_says(|f| drop(f.remove(&LEAF_HASHES)))),
    ),
    rule(
        "invreq_metadata",
        Says("invreq_metadata: shown, and no proof may show it", || {
            proof_says(|f| drop(f.insert(0, vec![7; 16])))
        }),
    ),
    rule(
        "a preimage of another hash",
        Says("proof_preimage: not that of invoice_payment_hash", || {
            proof_says(|f| drop(f.insert(PREIMAGE, vec![1; 32])))
        }),
    ),
    rule(
        "omitted numbers that do not ascend",
        Says("proof_omitted_tlvs: 89, at index 2, does not ascend", || {
            proof_says(|f| drop(f.insert(OMITTED_TLVS, vec![1, 89, 89, 169])))
        }),
    ),
    rule(
        "0 among the omitted numbers",
        Says(
            "proof_omitted_tlvs: 0, at index 0, is no field of an invoice that can be left out",
            || proof_says(|f| f.get_mut(&OMITTED_TLVS).unwrap().insert(0, 0)),
        ),
    ),
    rule(
        "an omitted number that no field of an invoice has",
        Says(
            "proof_omitted_tlvs: 240, at index 3, is no field of an invoice that can be left out",
            || proof_says(|f| f.get_mut(&OMITTED_TLVS).unwrap().push(240)),
        ),
    ),
    rule(
        "an omitted number of a field that is there",
        Says("proof_omitted_tlvs: 88, at index 1, is not left out", || {
            proof_says(|f| f.get_mut(&OMITTED_TLVS).unwrap().insert(1, 88))
        }),
    ),
    rule(
        "an omitted number that follows neither a field nor a number",
        Says("proof_omitted_tlvs: 91, at index 1, follows neither a marker nor a field", || {
            proof_says(|f| f.get_mut(&OMITTED_TLVS).unwrap()[1] = 91)
        }),
    ),
    rule(
        "not one leaf hash for each field",
        Says("proof_leaf_hashes: 4 for 3 fields", || {
            proof_says(|f| f.get_mut(&LEAF_HASHES).unwrap().extend([0; 32]))
        }),
    ),
    rule(
        "not exactly the missing hashes",
        Says("proof_missing_hashes: 2, expected 3", || {
            proof_says(|f| drop(f.get_mut(&MISSING_HASHES).unwrap().drain(..32)))
        }),
    ),
    rule(
        "a wrong signature of the invoice",
        Says("signature: not by invoice_node_id over this invoice", || {
            proof_says(|f| f.get_mut(&SIGNATURE).unwrap()[40] ^= 1)
        }),
    ),
    rule(
        "a wrong signature of the payer",
        Says("proof_signature: not by the payer over this proof", || {
            let mut fields = accepted();
            fields.get_mut(&PROOF_SIGNATURE).unwrap()[40] ^= 1;
            PreimageProof::from_bytes(&written(&fields)).unwrap_err().to_string()
        }),
    ),
];

fn keypair(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

/// A proof that shows what it has to: 10, 164 and 170 are left out.
fn accepted() -> Fields {
    let preimage = Preimage::new([9; 32]);
    let mut invoice: Records = [
        (0, vec![5; 16]),
        (Field::OFFER_DESCRIPTION.tlv_type(), b"coffee".to_vec()),
        (Field::INVREQ_PAYER_ID.tlv_type(), keypair(3).public_key().to_bytes().to_vec()),
        (Field::INVOICE_CREATED_AT.tlv_type(), vec![1, 2, 3, 4]),
        (Field::INVOICE_PAYMENT_HASH.tlv_type(), preimage.hash().0.to_vec()),
        (Field::INVOICE_AMOUNT.tlv_type(), vec![5, 0]),
        (Field::INVOICE_NODE_ID.tlv_type(), keypair(2).public_key().to_bytes().to_vec()),
    ]
    .into();
    let root = merkle::root(&TlvStream::parse(&written(&invoice)).unwrap()).unwrap();
    let hash = merkle::signature_hash("invoice", "signature", &root);
    invoice.insert(SIGNATURE, keypair(2).sign_schnorr(&hash, &[0; 32]).serialize().to_vec());
    let (least, invoice) = (ProofContents::new(), written(&invoice));
    let proof = PreimageProof::create(&invoice, &preimage, &keypair(3), &least, &[0; 32]).unwrap();
    let fields = proofs::records(&proof.to_bytes());
    assert_eq!(fields[&OMITTED_TLVS], [1, 89, 169]);
    fields
}

/// What is said to the proof with this change, which the payer signs. Without it, it is accepted.
fn proof_says(change: impl FnOnce(&mut Fields)) -> String {
    let mut fields = accepted();
    PreimageProof::from_bytes(&proofs::signed(&fields, &keypair(3))).unwrap();
    change(&mut fields);
    let refused = match fields.contains_key(&PROOF_SIGNATURE) {
        true => PreimageProof::from_bytes(&proofs::signed(&fields, &keypair(3))),
        false => PreimageProof::from_bytes(&written(&fields)),
    };
    refused.unwrap_err().to_string()
}
