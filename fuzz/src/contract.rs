use std::sync::LazyLock;

use bitcoin::consensus::deserialize;
use bitcoin::hashes::Hash;
use bitcoin::key::TweakedPublicKey;
use bitcoin::{Amount, OutPoint, ScriptBuf, Sequence, Transaction, TxIn, Txid, Witness};
use pointlock::contract::{
    Contract, ContractTerms, FeeCoins, FeeLadder, FundedContract, OfferedContract, PreSignedLadder,
    ReceivedContract,
};
use pointlock::curve::Keypair;
use pointlock::lock::{LockSecret, Preimage};

use crate::input::{Input, fixed_scalar};

/// Input: a pre-signed ladder.
pub fn contract_ladder(data: &[u8]) -> bool {
    let Ok(ladder) = PreSignedLadder::from_bytes(data) else { return false };
    assert_eq!(ladder.to_bytes(), data);
    let Life { offered, .. } = &*PTLC;
    let funded = offered.funded();
    let received = ReceivedContract::new(funded.clone(), payout(), &fees(), Some(ladder.clone()));
    let restored = OfferedContract::restore(funded.clone(), Some(ladder.clone()));
    // There are other valid pre-signatures of a rung, but none that a fuzzer finds.
    let right = offered.pre_signatures() == Some(&ladder);
    assert_eq!(received.is_ok(), right);
    // What was kept may be any of the rungs.
    assert!(restored.is_ok() || !right);
    if let Ok(restored) = restored {
        let kept = |offered: &OfferedContract| {
            offered.pre_signatures().map_or(Vec::new(), |ladder| ladder.rungs().to_vec())
        };
        assert!(kept(&restored).iter().all(|rung| kept(offered).contains(rung)));
    }
    true
}

/// Input: a transaction; or what somebody adds to a claim: inputs before it and elements of its witness.
pub fn contract_extract(data: &[u8]) -> bool {
    let transaction = deserialize::<Transaction>(data);
    for Life { secret, offered, claim } in [&*PTLC, &*HTLC] {
        if let Ok(transaction) = &transaction {
            let _ = offered.funded().spend_path(transaction);
            if let Ok(extracted) = offered.extract(transaction) {
                assert_eq!(extracted, *secret);
            }
        }
        let claim = added_to(claim.clone(), data);
        assert_eq!(offered.extract(&claim).as_ref(), Ok(secret), "the claim hides the secret");
        let _ = offered.funded().spend_path(&claim);
    }
    transaction.is_ok()
}

/// Whatever consensus would say to it: number of inputs to put in front (2) ‖ where in the witness (2) ‖ elements, each
/// with a length of one byte.
fn added_to(mut claim: Transaction, data: &[u8]) -> Transaction {
    let mut input = Input::new(data);
    let inputs_before = input.below(4);
    let mut witness = claim.input[0].witness.to_vec();
    let place = input.below(witness.len() + 1);
    while !input.is_empty() {
        let length = usize::from(input.byte());
        witness.insert(place, input.slice(length).to_vec());
    }
    claim.input[0].witness = Witness::from_slice(&witness);
    for vout in 1..=inputs_before {
        let previous_output = OutPoint { vout: vout as u32, ..outpoint() };
        let sequence = Sequence::MAX;
        let other = TxIn { previous_output, sequence, ..TxIn::default() };
        claim.input.insert(0, other);
    }
    claim
}

fn outpoint() -> OutPoint {
    OutPoint { txid: Txid::from_byte_array([5; 32]), vout: 0 }
}

fn fees() -> FeeLadder {
    FeeLadder::new([200, 400].map(Amount::from_sat).to_vec()).expect("fees rise")
}

fn payout() -> ScriptBuf {
    ScriptBuf::new_p2tr_tweaked(TweakedPublicKey::dangerous_assume_tweaked(
        fixed_scalar(7).to_point().x_only(),
    ))
}

pub(crate) static PTLC: LazyLock<Life> =
    LazyLock::new(|| Life::new(LockSecret::Scalar(fixed_scalar(3))));
pub(crate) static HTLC: LazyLock<Life> =
    LazyLock::new(|| Life::new(LockSecret::Preimage(Preimage::new([4; 32]))));

/// A contract from the offer to the claim, the same in every run.
pub(crate) struct Life {
    secret: LockSecret,
    pub(crate) offered: OfferedContract,
    pub(crate) claim: Transaction,
}

impl Life {
    fn new(secret: LockSecret) -> Self {
        let [offerer, claimer] = [1, 2].map(|byte| Keypair::new(fixed_scalar(byte)));
        let terms = ContractTerms {
            offerer: offerer.public_key(),
            claimer: claimer.public_key(),
            amount: Amount::from_sat(100_000),
            expiry: 800_000,
            lock: secret.lock(),
        };
        let contract = Contract::new(terms).expect("terms within all limits");
        let funded = FundedContract::new(contract, outpoint());
        let offered = OfferedContract::new(funded.clone(), &payout(), &fees(), &offerer, &[6; 32])
            .expect("the ladder leaves enough");
        let pre_signed = offered.pre_signatures().cloned();
        let claim = ReceivedContract::new(funded, payout(), &fees(), pre_signed)
            .and_then(|received| received.claim(1, &secret, &claimer, &FeeCoins::none(), &[0; 32]))
            .expect("the pre-signatures are valid");
        Self { secret, offered, claim }
    }
}
