//! Every variant of the channel's errors is produced: here, beside the twin that is accepted, or in a test that names it.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/scene.rs"]
mod scene;
#[path = "../../tests/common/variants.rs"]
mod variants;

use bitcoin::{Amount, OutPoint, ScriptBuf, TxOut};
use pointlock::contract::{FeeCoin, FeeCoins};
use pointlock_channel::commitment::MAX_EDGES;
use pointlock_channel::keys::LAST_COMMITMENT;
use pointlock_channel::*;
use scene::*;
use variants::{Case, said};

/// What stands in the way of a test.
const NEVER: &[(&str, &str)] = &[
    ("ChannelError::Key", "a hash of the basepoint would have to be its opposite's logarithm"),
    ("ChannelError::KeyAggregation", "the coefficients are hashes of all keys"),
    ("ChannelError::Nonce", "a hash would have to be zero"),
];

const X: Party = Party::Opener;
const Y: Party = Party::Accepter;

fn with_edges() -> Scene {
    Scene::with_edges(OutPoint::null())
}

fn channel(change: impl FnOnce(&mut ChannelTerms)) -> Result<Channel, ChannelError> {
    let mut terms = *Scene::at(OutPoint::null()).channel.terms();
    change(&mut terms);
    Channel::new(terms)
}

fn commitment(change: impl FnOnce(&mut CommitmentTerms)) -> Result<Commitment, ChannelError> {
    let scene = with_edges();
    let mut terms = scene.terms(X, 1);
    change(&mut terms);
    Commitment::new(&scene.channel, terms)
}

fn standing(change: impl FnOnce(&mut EdgeTerms)) -> Result<ChannelEdge, ChannelError> {
    let mut terms = *edge(X, 0, 50_000, EXPIRY, &secret_of(0)).terms();
    change(&mut terms);
    ChannelEdge::standing(terms)
}

/// X's claims and second stages, as Y sees the first and X the second.
fn complete() -> CompleteCommitment {
    with_edges().signed(X, 1).0
}

fn covered() -> CoveredCommitment {
    with_edges().covered(X, 1)
}

fn spent(
    spends: &[Spend],
    fee: u64,
    coins: &FeeCoins,
) -> Result<bitcoin::Transaction, ChannelError> {
    let script = script_of(9);
    let payout = Payout { script: &script, fee: Amount::from_sat(fee) };
    spend(spends, Some(payout), coins, &[0; 32])
}

fn claim(number: u64) -> Spend {
    covered().claim(with_edges().secrets_of(Y), number, &secret_of(number)).unwrap()
}

/// Of PTLC 0 of X's, as Y publishes it.
fn claimed() -> bitcoin::Transaction {
    spent(&[claim(0)], 500, &FeeCoins::none()).unwrap()
}

fn extracted(
    number: u64,
    transaction: &bitcoin::Transaction,
) -> Result<pointlock::curve::SecretScalar, ChannelError> {
    complete().extract(with_edges().secrets_of(X), number, transaction)
}

fn coins(count: u32, sat: u64, change: u64) -> FeeCoins {
    let coin = |vout| FeeCoin {
        outpoint: OutPoint { vout, ..OutPoint::null() },
        prevout: TxOut { value: Amount::from_sat(sat), script_pubkey: script_of(8) },
    };
    let change = TxOut { value: Amount::from_sat(change), script_pubkey: script_of(7) };
    FeeCoins { inputs: (1..=count).map(coin).collect(), change: vec![change] }
}

/// What all of these are refused for is the one thing that was changed.
#[test]
fn unchanged_all_is_accepted() {
    channel(|_| ()).unwrap();
    commitment(|_| ()).unwrap();
    standing(|_| ()).unwrap();
    covered().own_money(with_edges().secrets_of(Y)).unwrap();
    assert_eq!(extracted(0, &claimed()).unwrap(), scalar(0x51));
    with_edges().commitment(X, 1).child(&coins(1, 5_000, 3_000)).unwrap();
}

const CASES: &[Case] = &[
    ("ChannelError::SameKey", || {
        said(channel(|terms| terms.accepter.htlc = terms.opener.htlc.negate()))
    }),
    ("ChannelError::DustLimit", || {
        said(channel(|terms| terms.opener.dust_limit = Amount::from_sat(329)))
    }),
    ("ChannelError::ZeroDelay", || said(channel(|terms| terms.accepter.delay = 0))),
    ("ChannelError::FundingAmount", || {
        said(channel(|terms| terms.amount = Amount::MAX_MONEY + Amount::from_sat(1)))
    }),
    ("ChannelError::ForeignSecrets", || said(covered().own_money(&secrets(0x40)))),
    ("ChannelError::WrongParty", || said(covered().own_money(with_edges().secrets_of(X)))),
    ("ChannelError::CommitmentNumber", || {
        said(commitment(|terms| terms.number = LAST_COMMITMENT + 1))
    }),
    ("ChannelError::Amounts", || said(commitment(|terms| terms.opener_msat += 1))),
    ("ChannelError::TooManyEdges", || {
        said(commitment(|terms| {
            let more = 3..=MAX_EDGES as u64;
            terms.edges.extend(more.map(|number| edge(X, number, 1_000, EXPIRY, &preimage(1))));
        }))
    }),
    ("ChannelError::DuplicateEdge", || said(commitment(|terms| terms.edges.push(terms.edges[0])))),
    ("ChannelError::DustPtlc", || {
        // Above the publisher's limit, and below the other's.
        said(commitment(|terms| terms.edges[0] = edge(X, 0, 499, EXPIRY, &secret_of(0))))
    }),
    ("ChannelError::EdgeAmount", || said(standing(|terms| terms.amount_msat = 0))),
    ("ChannelError::EdgeExpiry", || said(standing(|terms| terms.expiry = 500_000_000))),
    ("ChannelError::EdgeExpired", || {
        let terms = *standing(|_| ()).unwrap().terms();
        assert!(ChannelEdge::offered(terms, EXPIRY - 1).is_ok());
        said(ChannelEdge::offered(terms, EXPIRY))
    }),
    ("ChannelError::NoSuchEdge", || {
        said(commitment(|_| ()).unwrap().edge_output(X, 3).map(|_| ()))
    }),
    ("ChannelError::Trimmed", || {
        let mut scene = with_edges();
        scene.edges.push(edge(Y, 3, 300, EXPIRY, &preimage(1)));
        said(scene.signed(X, 1).0.success(scene.secrets_of(X), 3, &preimage(1)))
    }),
    ("ChannelError::NoSuchOutput", || {
        let mut scene = with_edges();
        let sat = FUNDING.to_sat() * 3 / 10 - 150_000 - 400;
        scene.edges.push(edge(Y, 3, sat, EXPIRY, &preimage(1)));
        // 400 satoshi are left: dust on the accepter's commitment, and none on the opener's.
        scene.signed(X, 1).1.own_money(scene.secrets_of(Y)).unwrap();
        said(scene.signed(Y, 1).0.own_money(scene.secrets_of(Y)))
    }),
    ("ChannelError::WrongSecret", || {
        said(covered().claim(with_edges().secrets_of(Y), 0, &secret_of(1)))
    }),
    ("ChannelError::RevocationSecret", || said(covered().revoked(&scalar(1)))),
    ("ChannelError::NothingToSpend", || said(spent(&[], 0, &FeeCoins::none()))),
    ("ChannelError::LockTimes", || {
        let timeout = covered().timeout(with_edges().secrets_of(Y), 0).unwrap();
        spent(&[claim(0), claim(1)], 500, &FeeCoins::none()).unwrap();
        spent(&[claim(2), timeout.clone()], 500, &FeeCoins::none()).unwrap();
        said(spent(&[claim(0), timeout], 500, &FeeCoins::none()))
    }),
    ("ChannelError::PayoutUnspendable", || {
        let script = ScriptBuf::new_op_return([1]);
        let payout = Payout { script: &script, fee: Amount::ZERO };
        said(spend(&[claim(0)], Some(payout), &FeeCoins::none(), &[0; 32]))
    }),
    ("ChannelError::FeeTooHigh", || said(spent(&[claim(0)], 49_671, &FeeCoins::none()))),
    ("ChannelError::TooHeavy", || {
        said(with_edges().commitment(X, 1).child(&coins(25, 5_000, 3_000)))
    }),
    ("ChannelError::Limits", || said(with_edges().commitment(X, 1).child(&coins(1, 5_000, 6_000)))),
    ("ChannelError::NotSpent", || said(extracted(1, &claimed()))),
    ("ChannelError::NoSecret", || {
        let timeout = complete().timeout(with_edges().secrets_of(X), 0).unwrap();
        said(extracted(0, &spend(&[timeout], None, &FeeCoins::none(), &[0; 32]).unwrap()))
    }),
    ("ChannelError::Extraction", || {
        let mut claim = claimed();
        let mut items = claim.input[0].witness.to_vec();
        items[0][40] ^= 1;
        claim.input[0].witness = bitcoin::Witness::from_slice(&items);
        said(extracted(0, &claim))
    }),
    ("SigningError::Encoding", || {
        let bytes = with_edges().commitment(X, 1).pre_sign_claims(with_edges().secrets_of(X));
        let bytes = bytes.unwrap().to_bytes();
        assert!(PreSignatures::from_bytes(&bytes).is_ok());
        said(PreSignatures::from_bytes(&bytes[..bytes.len() - 1]))
    }),
];

#[test]
fn every_variant_is_produced() {
    let elsewhere = variants::named_in_tests(&["channel/tests", "channel/src"]);
    let counts = variants::check(&["channel/src"], &[CASES], &elsewhere, NEVER);
    println!("{counts:?}");
    assert!(counts["all"] > 40 && counts["never"] == 3, "{counts:?}");
}
