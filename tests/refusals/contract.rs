use bitcoin::hashes::Hash;
use bitcoin::transaction::Version;
use bitcoin::{
    Amount, FeeRate, OutPoint, Script, ScriptBuf, Sequence, Transaction, TxIn, TxOut, Txid, Weight,
    absolute,
};
use pointlock::contract::{
    Contract, ContractError, ContractTerms, FeeCoin, FeeCoins, FeeLadder, FundedContract,
    OfferedContract, PreSignedLadder, ReceivedContract, limits,
};
use pointlock::curve::Keypair;
use pointlock::lock::{Lock, LockSecret, Preimage};

use crate::curve::scalar;
use crate::variants::{Case, said};

fn sat(sat: u64) -> Amount {
    Amount::from_sat(sat)
}

fn keypair(byte: u8) -> Keypair {
    Keypair::new(scalar(byte))
}

fn terms() -> ContractTerms {
    ContractTerms {
        offerer: keypair(1).public_key(),
        claimer: keypair(2).public_key(),
        amount: sat(100_000),
        expiry: 800_000,
        lock: Lock::Point(scalar(3).to_point()),
    }
}

fn outpoint(byte: u8) -> OutPoint {
    OutPoint { txid: Txid::from_byte_array([byte; 32]), vout: 0 }
}

fn funded() -> FundedContract {
    FundedContract::new(Contract::new(terms()).unwrap(), outpoint(5))
}

fn hash_locked() -> FundedContract {
    let lock = Lock::Hash(Preimage::new([4; 32]).hash());
    FundedContract::new(Contract::new(ContractTerms { lock, ..terms() }).unwrap(), outpoint(5))
}

fn payout() -> ScriptBuf {
    Contract::new(terms()).unwrap().script_pubkey()
}

fn ladder(fees: &[u64]) -> FeeLadder {
    FeeLadder::new(fees.iter().copied().map(sat).collect()).unwrap()
}

fn pre_signed() -> PreSignedLadder {
    let ladder = ladder(&[200, 400]);
    PreSignedLadder::pre_sign(&funded(), &payout(), &ladder, &keypair(1), &[6; 32]).unwrap()
}

fn offered() -> OfferedContract {
    OfferedContract::restore(funded(), Some(pre_signed())).unwrap()
}

fn received() -> ReceivedContract {
    ReceivedContract::new(funded(), payout(), &ladder(&[200, 400]), Some(pre_signed())).unwrap()
}

fn claimed_by(
    rung: usize,
    secret: &LockSecret,
    claimer: u8,
    coins: &FeeCoins,
) -> Result<Transaction, ContractError> {
    received().claim(rung, secret, &keypair(claimer), coins, &[0; 32])
}

fn right() -> LockSecret {
    LockSecret::Scalar(scalar(3))
}

fn claim() -> Transaction {
    claimed_by(0, &right(), 2, &FeeCoins::none()).unwrap()
}

/// The kept ladder with one byte changed, as the claimer sees it.
fn changed(at: usize) -> String {
    let mut bytes = pre_signed().to_bytes();
    bytes[at] ^= 1;
    let changed = PreSignedLadder::from_bytes(&bytes).unwrap();
    said(changed.verify(&funded(), &payout(), &ladder(&[200, 400])))
}

fn new(terms: ContractTerms) -> String {
    said(Contract::new(terms))
}

fn transaction(inputs: &[u8], outputs: &[u64]) -> Transaction {
    let input = |byte: &u8| TxIn { previous_output: outpoint(*byte), ..TxIn::default() };
    let output = |value: &u64| TxOut { value: sat(*value), script_pubkey: payout() };
    Transaction {
        version: Version(3),
        lock_time: absolute::LockTime::ZERO,
        input: inputs.iter().map(input).collect(),
        output: outputs.iter().map(output).collect(),
    }
}

fn spent(values: &[u64]) -> Vec<TxOut> {
    transaction(&[], values).output
}

fn amounts(spent_values: &[u64], outputs: &[u64]) -> String {
    said(limits::check_amounts(&transaction(&[1], outputs), &spent(spent_values)))
}

const MAX: u64 = 21_000_000 * 100_000_000;

pub(crate) const CASES: &[Case] = &[
    ("ContractError::SameKey", || new(ContractTerms { claimer: terms().offerer, ..terms() })),
    ("ContractError::AmountBelowDust", || new(ContractTerms { amount: sat(1), ..terms() })),
    ("ContractError::AmountAboveSupply", || new(ContractTerms { amount: sat(MAX + 1), ..terms() })),
    // A millisatoshi more than the contract has, and one less than rounds up to it.
    ("ContractError::AmountNotAgreed", || {
        assert!(offered().edge(100_000_000).is_ok() && received().edge(99_999_001).is_ok());
        assert!(offered().edge(99_999_000).is_err());
        said(received().edge(100_000_001))
    }),
    ("ContractError::Expiry", || new(ContractTerms { expiry: 0, ..terms() })),
    ("ContractError::NotFunded", || {
        said(FundedContract::find(Contract::new(terms()).unwrap(), &transaction(&[1], &[1_000])))
    }),
    ("ContractError::PayoutUnspendable", || {
        let data = Script::from_bytes(&[0x6a]);
        said(ladder(&[200]).outputs(sat(1_000), data))
    }),
    ("ContractError::FeeTooHigh", || {
        said(funded().timeout(&payout(), sat(99_999), &keypair(1), &[0; 32]))
    }),
    ("ContractError::RungCount", || said(FeeLadder::new(Vec::new()))),
    ("ContractError::FeesNotRising", || said(FeeLadder::new(vec![sat(2), sat(2)]))),
    ("ContractError::FeeRate", || {
        said(FeeLadder::from_fee_rates(&[FeeRate::MAX], Weight::from_wu(645)))
    }),
    ("ContractError::RungTooHigh", || said(ladder(&[200]).outputs(sat(300), &payout()))),
    ("ContractError::NoSuchRung", || said(claimed_by(2, &right(), 2, &FeeCoins::none()))),
    ("ContractError::WrongSigner", || said(claimed_by(0, &right(), 1, &FeeCoins::none()))),
    ("ContractError::SecretKind", || {
        let preimage = LockSecret::Preimage(Preimage::new([4; 32]));
        said(claimed_by(0, &preimage, 2, &FeeCoins::none()))
    }),
    ("ContractError::WrongSecret", || {
        said(claimed_by(0, &LockSecret::Scalar(scalar(4)), 2, &FeeCoins::none()))
    }),
    ("ContractError::PreSignaturesMissing", || said(OfferedContract::restore(funded(), None))),
    ("ContractError::PreSignaturesUnexpected", || {
        said(OfferedContract::restore(hash_locked(), Some(pre_signed())))
    }),
    ("ContractError::LadderOutpoint", || changed(0)),
    ("ContractError::LadderPayout", || changed(50)),
    ("ContractError::LadderLength", || {
        said(pre_signed().verify(&funded(), &payout(), &ladder(&[200])))
    }),
    ("ContractError::RungValue", || changed(72)),
    ("ContractError::RungSighash", || changed(80)),
    ("ContractError::RungPreSignature", || changed(72 + 104)),
    ("ContractError::LadderEncoding", || said(PreSignedLadder::from_bytes(&[1; 40]))),
    ("ContractError::NotSpent", || said(offered().extract(&transaction(&[9], &[1_000])))),
    ("ContractError::NoSecret", || {
        let timeout = funded().timeout(&payout(), sat(500), &keypair(1), &[0; 32]).unwrap();
        said(offered().extract(&timeout))
    }),
    ("ContractError::Limits", || {
        // The contract's own output among the coins for the fee.
        let prevout = TxOut { value: sat(1_000), script_pubkey: payout() };
        let inputs = vec![FeeCoin { outpoint: outpoint(5), prevout }];
        said(claimed_by(0, &right(), 2, &FeeCoins { inputs, change: vec![] }))
    }),
    ("LimitsError::NoInputs", || said(limits::check_structure(&transaction(&[], &[1])))),
    ("LimitsError::NoOutputs", || said(limits::check_structure(&transaction(&[1], &[])))),
    ("LimitsError::TooHeavy", || {
        let mut heavy = claim();
        heavy.input[0].witness.push(vec![0; 4_000_000]);
        said(limits::check_structure(&heavy))
    }),
    ("LimitsError::DuplicateInput", || said(limits::check_structure(&transaction(&[1, 1], &[1])))),
    ("LimitsError::MissingPrevout", || {
        said(limits::spent_outputs(&transaction(&[1], &[1]), |_| None))
    }),
    ("LimitsError::PrevoutCount", || amounts(&[], &[1])),
    ("LimitsError::InputAboveSupply", || amounts(&[MAX + 1], &[1])),
    ("LimitsError::OutputAboveSupply", || amounts(&[1], &[MAX + 1])),
    ("LimitsError::OutputsAboveInputs", || amounts(&[1], &[2])),
    ("LimitsError::NotFinal", || {
        let mut late = transaction(&[1], &[1]);
        late.lock_time = absolute::LockTime::from_consensus(100);
        late.input[0].sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;
        said(limits::check_lock_time(&late, 100))
    }),
    ("LimitsError::LockTimeInSeconds", || {
        let mut timed = transaction(&[1], &[1]);
        timed.lock_time = absolute::LockTime::from_consensus(1_700_000_000);
        timed.input[0].sequence = Sequence::ENABLE_RBF_NO_LOCKTIME;
        said(limits::check_lock_time(&timed, u32::MAX))
    }),
    ("LimitsError::RelativeLockTime", || {
        let mut relative = transaction(&[1], &[1]);
        relative.input[0].sequence = Sequence::from_height(1);
        said(limits::check_lock_time(&relative, 9))
    }),
];
