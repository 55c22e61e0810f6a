//! Zero-fee taproot commitments, as lightning/bolts 1330 has them: eleven, with all second stages, byte for byte, from the given nonces.

#![allow(clippy::unwrap_used, reason = "tests")]

#[path = "../../tests/common/standards.rs"]
mod standards;

use bitcoin::consensus::encode::serialize_hex;
use bitcoin::hashes::Hash;
use bitcoin::{Amount, OutPoint, Txid};
use pointlock::adaptor::musig2::SecretNonce;
use pointlock::contract::FeeCoins;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::lock::{Lock, LockSecret, PaymentHash, Preimage};
use pointlock_channel::*;
use serde::Deserialize;
use standards::{array, bytes};

#[derive(Deserialize)]
struct Keys {
    funding_secret: String,
    payment_secret: String,
    htlc_secret: String,
    delayed_secret: Option<String>,
    revocation_point: Option<String>,
}

#[derive(Deserialize)]
struct Common {
    publisher: Keys,
    other: Keys,
    funding_txid: String,
    funding_index: u32,
    funding_sat: u64,
    number: u64,
    delay: u16,
    commitment_point: String,
    preimages: Vec<String>,
}

#[derive(Deserialize)]
struct Htlc {
    number: u64,
    amount_msat: u64,
    payment_hash: String,
    expiry: u32,
}

#[derive(Deserialize)]
struct Row {
    name: String,
    dust_limit_sat: u64,
    publisher_msat: u64,
    other_msat: u64,
    received: Vec<Htlc>,
    offered: Vec<Htlc>,
    publisher_secret_nonce: String,
    publisher_nonce: String,
    other_secret_nonce: String,
    other_nonce: String,
    commitment: String,
    successes: Vec<String>,
    timeouts: Vec<String>,
}

fn scalar(text: &str) -> SecretScalar {
    SecretScalar::from_bytes(&array(text)).unwrap()
}

/// What the vectors leave out is no part of any figure in them.
fn secrets(keys: &Keys, filler: u8) -> ChannelSecrets {
    let filled = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap();
    ChannelSecrets {
        funding: Keypair::new(scalar(&keys.funding_secret)),
        payment: scalar(&keys.payment_secret),
        delayed: keys.delayed_secret.as_ref().map_or(filled(filler), |secret| scalar(secret)),
        htlc: scalar(&keys.htlc_secret),
        revocation: filled(filler + 1),
        seed: PerCommitmentSeed::new([filler; 32]),
    }
}

struct Scene {
    publisher: ChannelSecrets,
    other: ChannelSecrets,
    commitment: Commitment,
}

/// The publisher has opened the channel, as the hidden numbers say.
fn scene(common: &Common, row: &Row) -> Scene {
    let (publisher, other) = (secrets(&common.publisher, 1), secrets(&common.other, 3));
    let limit = Amount::from_sat(row.dust_limit_sat);
    let mut accepter = other.terms(limit, common.delay);
    accepter.revocation = common.other.revocation_point.as_ref().unwrap().parse().unwrap();
    let mut txid: [u8; 32] = array(&common.funding_txid);
    txid.reverse();
    let channel = Channel::new(ChannelTerms {
        opener: publisher.terms(limit, common.delay),
        accepter,
        funding_outpoint: OutPoint {
            txid: Txid::from_byte_array(txid),
            vout: common.funding_index,
        },
        amount: Amount::from_sat(common.funding_sat),
    })
    .unwrap();
    let edges = |htlcs: &[Htlc], offerer| -> Vec<ChannelEdge> {
        let edge = |htlc: &Htlc| {
            let terms = EdgeTerms {
                offerer,
                number: htlc.number,
                amount_msat: htlc.amount_msat,
                expiry: htlc.expiry,
                lock: Lock::Hash(PaymentHash(array(&htlc.payment_hash))),
            };
            ChannelEdge::offered(terms, 900_000).unwrap()
        };
        htlcs.iter().map(edge).collect()
    };
    let all = [edges(&row.offered, Party::Opener), edges(&row.received, Party::Accepter)].concat();
    let terms = CommitmentTerms {
        publisher: Party::Opener,
        number: common.number,
        point: common.commitment_point.parse::<Point>().unwrap(),
        opener_msat: row.publisher_msat,
        accepter_msat: row.other_msat,
        edges: all,
    };
    let commitment = Commitment::new(&channel, terms).unwrap();
    Scene { publisher, other, commitment }
}

fn nonce(text: &str, public: &str) -> SecretNonce {
    let nonce = SecretNonce::dangerous_from_bytes(&bytes(text)).unwrap();
    assert_eq!(hex::encode(nonce.public_nonce().to_bytes()), public);
    nonce
}

#[test]
fn commitments_and_second_stages_are_those_of_the_vectors() {
    let (common, rows): (Common, Vec<Row>) = standards::file("bolt03/taproot_zero_fee.json", 11);
    let mut stages = 0;
    for row in &rows {
        let name = &row.name;
        let Scene { publisher, other, commitment } = scene(&common, row);
        let own = nonce(&row.publisher_secret_nonce, &row.publisher_nonce);
        let others = nonce(&row.other_secret_nonce, &row.other_nonce);

        // HTLCs alone, so the publisher has nothing to pre-sign.
        let pre_signatures = commitment.pre_sign_claims(&publisher).unwrap();
        assert!(pre_signatures.pre_signatures.is_empty(), "{name}");
        let covered = CoveredCommitment::new(commitment.clone(), &pre_signatures).unwrap();
        let public = own.public_nonce();
        let signatures = covered.dangerous_countersign_with(&other, others, &public).unwrap();
        let complete = CompleteCommitment::new(commitment, public, signatures).unwrap();
        let signed = complete.dangerous_publish_with(&publisher, own).unwrap();
        assert_eq!(serialize_hex(&signed), row.commitment, "{name}");

        let (mut successes, mut timeouts) = (Vec::new(), Vec::new());
        for stage in complete.commitment().second_stages() {
            let edge = *stage.edge().terms();
            let spend = match edge.lock {
                _ if edge.offerer == Party::Opener => complete.timeout(&publisher, edge.number),
                lock => {
                    let secret = preimage(&common, &lock);
                    complete.success(&publisher, edge.number, &secret)
                }
            };
            let signed = spend_one(&spend.unwrap());
            let list = if edge.offerer == Party::Opener { &mut timeouts } else { &mut successes };
            list.push(signed);
        }
        assert_eq!(successes, row.successes, "{name}");
        assert_eq!(timeouts, row.timeouts, "{name}");
        stages += successes.len() + timeouts.len();
    }
    assert_eq!(stages, 16);
}

fn spend_one(one: &Spend) -> String {
    let spent = spend(core::slice::from_ref(one), None, &FeeCoins::none(), &[0; 32]);
    serialize_hex(&spent.unwrap())
}

fn preimage(common: &Common, lock: &Lock) -> LockSecret {
    let preimages = common.preimages.iter().map(|text| Preimage::new(array(text)));
    preimages.map(LockSecret::Preimage).find(|secret| secret.lock() == *lock).unwrap()
}
