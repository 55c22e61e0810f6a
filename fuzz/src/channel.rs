use std::sync::LazyLock;

use bitcoin::consensus::deserialize;
use bitcoin::{Amount, OutPoint, Transaction};
use pointlock::contract::FeeCoins;
use pointlock::curve::Keypair;
use pointlock::lock::{LockSecret, Preimage};
use pointlock_channel::{
    Channel, ChannelEdge, ChannelSecrets, ChannelTerms, Commitment, CommitmentSignatures,
    CommitmentTerms, CompleteCommitment, CoveredCommitment, EdgeTerms, Party, Payout,
    PerCommitmentSeed, PreSignatures, PublishRecord, spend,
};

use crate::input::fixed_scalar;

/// Input: which of four (1), then what a peer or a disk may have said: pre-signatures; the three fields of `commitment_signed`, behind
/// how many signatures there are; a record for publishing; a transaction.
pub fn channel_signatures(data: &[u8]) -> bool {
    let Some((kind, data)) = data.split_first() else { return false };
    match kind {
        0 => pre_signatures(data),
        1 => signatures(data),
        2 => record(data),
        _ => extraction(data),
    }
}

fn pre_signatures(data: &[u8]) -> bool {
    let Ok(given) = PreSignatures::from_bytes(data) else { return false };
    assert_eq!(given.to_bytes(), data);
    let covered = CoveredCommitment::new(LIFE.commitment.clone(), &given);
    // There are other valid pre-signatures, but none that a fuzzer finds.
    assert_eq!(covered.is_ok(), given == LIFE.covered.pre_signatures());
    true
}

fn signatures(data: &[u8]) -> bool {
    let Some((count, data)) = data.split_first() else { return false };
    let (partial, rest) = data.split_at(data.len().min(98));
    let (plain, adaptor) = rest.split_at(rest.len().min(64 * usize::from(*count)));
    let Ok(given) = CommitmentSignatures::from_bytes(partial, plain, adaptor) else {
        return false;
    };
    let written = [
        given.partial_to_bytes().to_vec(),
        given.signatures_to_bytes(),
        given.pre_signatures_to_bytes(),
    ];
    assert_eq!(written.concat(), data);
    let nonce = LIFE.nonce();
    let right = given == *LIFE.complete.signatures();
    let complete = CompleteCommitment::new(LIFE.commitment.clone(), nonce, given);
    assert_eq!(complete.is_ok(), right);
    true
}

fn record(data: &[u8]) -> bool {
    let Ok(bytes) = data.try_into() else { return false };
    let Ok(record) = PublishRecord::from_bytes(bytes) else { return false };
    assert_eq!(record.to_bytes(), data);
    let published = LIFE.complete.publish(&LIFE.opener, &record);
    assert_eq!(published.is_ok(), record == LIFE.complete.record());
    true
}

fn extraction(data: &[u8]) -> bool {
    let Ok(transaction) = deserialize::<Transaction>(data) else { return false };
    if let Ok(secret) = LIFE.complete.extract(&LIFE.opener, 0, &transaction) {
        assert_eq!(secret, fixed_scalar(3));
    }
    let _ = LIFE.complete.after_second_stage(&LIFE.opener, &transaction);
    true
}

pub(crate) static LIFE: LazyLock<Life> = LazyLock::new(Life::new);

/// A commitment of the opener's, signed by both, the same in every run.
pub(crate) struct Life {
    opener: ChannelSecrets,
    commitment: Commitment,
    pub(crate) covered: CoveredCommitment,
    pub(crate) complete: CompleteCommitment,
    pub(crate) claim: Transaction,
}

impl Life {
    fn new() -> Self {
        let [opener, accepter] = [0x10, 0x20].map(secrets);
        let limit = Amount::from_sat(354);
        let channel = Channel::new(ChannelTerms {
            opener: opener.terms(limit, 144),
            accepter: accepter.terms(limit, 144),
            funding_outpoint: OutPoint::null(),
            amount: Amount::from_sat(1_000_000),
        })
        .expect("terms within all limits");
        let secrets =
            [LockSecret::Scalar(fixed_scalar(3)), LockSecret::Preimage(Preimage::new([4; 32]))];
        let edges = [Party::Opener, Party::Accepter].map(|offerer| {
            (0..).zip(&secrets).map(move |(number, secret)| {
                let (amount_msat, lock) = (50_000_000, secret.lock());
                let terms = EdgeTerms { offerer, number, amount_msat, expiry: 800_000, lock };
                ChannelEdge::standing(terms).expect("terms within all limits")
            })
        });
        let terms = CommitmentTerms {
            publisher: Party::Opener,
            number: 1,
            point: opener.seed.point(1).expect("a number below 2^48"),
            opener_msat: 500_000_000,
            accepter_msat: 300_000_000,
            edges: edges.into_iter().flatten().collect(),
        };
        let commitment = Commitment::new(&channel, terms).expect("amounts that add up");
        let given = commitment.pre_sign_claims(&opener).expect("the opener's secrets");
        let covered =
            CoveredCommitment::new(commitment.clone(), &given).expect("valid pre-signatures");
        let nonce = opener.verification_nonces(&channel).public(1).expect("a number below 2^48");
        let signatures =
            covered.countersign(&accepter, &mut [7; 32], &nonce).expect("the accepter's secrets");
        let complete = CompleteCommitment::new(commitment.clone(), nonce, signatures)
            .expect("valid signatures");
        let script = commitment.outputs()[0].script_pubkey();
        let payout = Payout { script: &script, fee: Amount::from_sat(500) };
        let claim = covered
            .claim(&accepter, 0, &secrets[0])
            .and_then(|claim| spend(&[claim], Some(payout), &FeeCoins::none(), &[0; 32]))
            .expect("the right secret");
        Self { opener, commitment, covered, complete, claim }
    }

    fn nonce(&self) -> pointlock::adaptor::musig2::PublicNonce {
        let nonces = self.opener.verification_nonces(self.commitment.channel());
        nonces.public(1).expect("a number below 2^48")
    }
}

fn secrets(byte: u8) -> ChannelSecrets {
    ChannelSecrets {
        funding: Keypair::new(fixed_scalar(byte)),
        payment: fixed_scalar(byte + 1),
        delayed: fixed_scalar(byte + 2),
        htlc: fixed_scalar(byte + 3),
        revocation: fixed_scalar(byte + 4),
        seed: PerCommitmentSeed::new([byte + 5; 32]),
    }
}
