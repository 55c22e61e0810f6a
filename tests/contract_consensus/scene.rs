//! A contract between two, what either can do with it, and the judge.

use bitcoin::hashes::Hash;
use bitcoin::sighash::{Prevouts, SighashCache, TapSighashType};
use bitcoin::taproot::{LeafVersion, Signature};
use bitcoin::{Amount, OutPoint, ScriptBuf, TapLeafHash, Transaction, TxOut, Txid, Witness};
use pointlock::contract::{
    Contract, ContractTerms, FeeCoins, FeeLadder, FundedContract, LimitsError, OfferedContract,
    ReceivedContract, SpendPath, limits,
};
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::{LockSecret, Preimage};

pub(crate) const EXPIRY: u32 = 800_000;
pub(crate) const AMOUNT: Amount = Amount::from_sat(1_000_000);

pub(crate) fn keypair(byte: u8) -> Keypair {
    Keypair::from_secret_bytes(&[byte; 32]).unwrap()
}

pub(crate) fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// A point and a hash: each test goes through both.
pub(crate) fn secrets() -> [LockSecret; 2] {
    [LockSecret::Scalar(scalar(0x74)), LockSecret::Preimage(Preimage::new([0x70; 32]))]
}

pub(crate) fn script_of(keypair: &Keypair) -> ScriptBuf {
    let key = bitcoin::key::TweakedPublicKey::dangerous_assume_tweaked(keypair.x_only_public_key());
    ScriptBuf::new_p2tr_tweaked(key)
}

/// Both sides of a contract, and what they know.
pub(crate) struct Scene {
    pub(crate) secret: LockSecret,
    pub(crate) offerer: Keypair,
    pub(crate) claimer: Keypair,
    pub(crate) payout: ScriptBuf,
    pub(crate) offered: OfferedContract,
    pub(crate) received: ReceivedContract,
}

impl Scene {
    pub(crate) fn new(secret: LockSecret) -> Self {
        Self::with_aux(secret, 0)
    }

    pub(crate) fn with_aux(secret: LockSecret, aux: u8) -> Self {
        Self::between(secret, [keypair(0x0f), keypair(0xc1)], aux)
    }

    pub(crate) fn between(secret: LockSecret, parties: [Keypair; 2], aux: u8) -> Self {
        let [offerer, claimer] = parties;
        let terms = ContractTerms {
            offerer: offerer.public_key(),
            claimer: claimer.public_key(),
            amount: AMOUNT,
            expiry: EXPIRY,
            lock: secret.lock(),
        };
        let contract = Contract::new(terms).unwrap();
        let outpoint = OutPoint { txid: Txid::from_byte_array([0x11; 32]), vout: 1 };
        let funded = FundedContract::new(contract, outpoint);
        let payout = script_of(&keypair(0x99));
        let ladder = FeeLadder::for_claim(funded.contract(), &payout).unwrap();
        let offered =
            OfferedContract::new(funded.clone(), &payout, &ladder, &offerer, &[aux; 32]).unwrap();
        let pre_signatures = offered.pre_signatures().cloned();
        let received =
            ReceivedContract::new(funded, payout.clone(), &ladder, pre_signatures).unwrap();
        Self { secret, offerer, claimer, payout, offered, received }
    }

    pub(crate) fn funded(&self) -> &FundedContract {
        self.received.funded()
    }

    pub(crate) fn spent(&self) -> Vec<TxOut> {
        vec![self.funded().contract().tx_out()]
    }

    pub(crate) fn claim(&self, rung: usize) -> Transaction {
        let coins = FeeCoins::none();
        self.received.claim(rung, &self.secret, &self.claimer, &coins, &[0; 32]).unwrap()
    }

    pub(crate) fn claim_with(&self, secret: &LockSecret) -> Transaction {
        let coins = FeeCoins::none();
        self.received.dangerous_claim_unchecked(0, secret, &self.claimer, &coins, &[0; 32]).unwrap()
    }

    pub(crate) fn timeout(&self) -> Transaction {
        let fee = Amount::from_sat(500);
        self.funded().timeout(&self.payout, fee, &self.offerer, &[0; 32]).unwrap()
    }

    /// A signature by anybody over anything, computed here with `bitcoin` alone.
    pub(crate) fn signature(
        &self,
        transaction: &Transaction,
        spent: &[TxOut],
        path: SpendPath,
        keypair: &Keypair,
    ) -> Vec<u8> {
        let input = self.input_of(transaction);
        let script = self.funded().contract().leaf_script(path).unwrap();
        let sighash = SighashCache::new(transaction)
            .taproot_script_spend_signature_hash(
                input,
                &Prevouts::All(spent),
                TapLeafHash::from_script(script, LeafVersion::TapScript),
                TapSighashType::Default,
            )
            .unwrap();
        let signature = keypair.sign_schnorr(&sighash.to_byte_array(), &[0; 32]);
        Signature { signature, sighash_type: TapSighashType::Default }.to_vec()
    }

    pub(crate) fn input_of(&self, transaction: &Transaction) -> usize {
        let here = self.funded().outpoint();
        transaction.input.iter().position(|input| input.previous_output == here).unwrap()
    }

    /// Makes the claimer's (or, in a timeout, the offerer's) signature fit again after a change, so that a
    /// refusal has the one other reason.
    pub(crate) fn sign_again(&self, mut transaction: Transaction, spent: &[TxOut]) -> Transaction {
        let path = self.funded().spend_path(&transaction).unwrap().unwrap();
        let signer = if path == SpendPath::Success { &self.claimer } else { &self.offerer };
        let signature = self.signature(&transaction, spent, path, signer);
        let input = self.input_of(&transaction);
        replace(&mut transaction.input[input].witness, 0, &signature);
        transaction
    }
}

pub(crate) fn replace(witness: &mut Witness, index: usize, element: &[u8]) {
    let mut elements = witness.to_vec();
    elements[index] = element.to_vec();
    *witness = Witness::from_slice(&elements);
}

/// What Bitcoin Core says about every input.
pub(crate) fn consensus(
    transaction: &Transaction,
    spent: &[TxOut],
) -> Result<(), bitcoinconsensus::Error> {
    let bytes = bitcoin::consensus::serialize(transaction);
    let utxo = |output: &TxOut| bitcoinconsensus::Utxo {
        script_pubkey: output.script_pubkey.as_bytes().as_ptr(),
        script_pubkey_len: output.script_pubkey.len().try_into().unwrap(),
        value: output.value.to_sat().try_into().unwrap(),
    };
    let utxos: Vec<_> = spent.iter().map(utxo).collect();
    for (input, output) in spent.iter().enumerate() {
        bitcoinconsensus::verify_with_flags(
            output.script_pubkey.as_bytes(),
            output.value.to_sat(),
            &bytes,
            Some(&utxos),
            input,
            bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT,
        )?;
    }
    Ok(())
}

/// The script does not allow it: nothing about the call is wrong.
pub(crate) const REFUSED: Result<(), bitcoinconsensus::Error> =
    Err(bitcoinconsensus::Error::ERR_SCRIPT);

pub(crate) fn limits_ok(
    scene: &Scene,
    transaction: &Transaction,
    height: u32,
) -> Result<(), LimitsError> {
    let here = scene.funded().outpoint();
    let output = scene.funded().contract().tx_out();
    limits::check(transaction, |outpoint| (*outpoint == here).then(|| output.clone()), height)
}
