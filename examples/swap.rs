//! A swap between two chains, and its three ends. `cargo run --example swap`
//!
//! Alice has a coin on one chain, Bob has one on another, and each wants the other's. Alice draws a secret t. Each locks a coin for the other under
//! T = t·G: taking the one coin shows t, and t takes the other.
//!
//! | end | what the chains see |
//! | --- | --- |
//! | both help | one MuSig2 signature on each: nothing of a swap, and nothing that links the two |
//! | Bob is silent | Alice takes his coin with t, and he finds t in her claim |
//! | Alice is silent | nobody learns t, and each takes the own coin back |
//!
//! Bitcoin Core's consensus code judges every transaction. The chains themselves are not here. Entropy comes from a generator that the program
//! brings: `fresh` draws 32 bytes, and `from_rng` a secret (feature `rand_core`).

use std::error::Error;

use pointlock::bitcoin::consensus::serialize;
use pointlock::bitcoin::hashes::Hash;
use pointlock::bitcoin::key::TweakedPublicKey;
use pointlock::bitcoin::{Amount, OutPoint, ScriptBuf, Transaction, Txid};
use pointlock::contract::{
    Contract, ContractTerms, FeeCoins, FeeLadder, FundedContract, OfferedContract, Party,
    PreSignedLadder, ReceivedContract, limits,
};
use pointlock::curve::{Keypair, SecretScalar, fresh};
use pointlock::lock::LockSecret;

const FEE: Amount = Amount::from_sat(300);
/// Alice knows t, so Bob's coin comes back first: when he can take it back, hers is locked for long enough that he, had she claimed in the last
/// block, could still claim.
const EXPIRY_OF_BOBS: u32 = 900_072;
const EXPIRY_OF_ALICES: u32 = 900_144;

/// One coin: what its owner keeps of the contract, and what the other keeps.
struct Coin {
    offerer: Keypair,
    claimer: Keypair,
    offered: OfferedContract,
    received: ReceivedContract,
}

impl Coin {
    /// Both make the contract from its terms. The offerer pre-signs the claim, keeps that, sends it, and funds the output only then.
    fn lock(
        [offerer, claimer]: [&Keypair; 2],
        amount: Amount,
        expiry: u32,
        secret: &LockSecret,
    ) -> Result<Self, Box<dyn Error>> {
        let contract = Contract::new(ContractTerms {
            offerer: offerer.public_key(),
            claimer: claimer.public_key(),
            amount,
            expiry,
            lock: secret.lock(),
        })?;
        let payout = script_of(claimer);
        let ladder = FeeLadder::for_claim(&contract, &payout)?;
        // The outpoint of the funding transaction, which is not here.
        let outpoint = OutPoint { txid: Txid::from_byte_array([0x11; 32]), vout: 0 };
        let funded = FundedContract::new(contract, outpoint);
        let offered = OfferedContract::new(
            funded.clone(),
            &payout,
            &ladder,
            offerer,
            &fresh(&mut rand::rng()),
        )?;
        let message = offered.pre_signatures().map(PreSignedLadder::to_bytes);
        // The claimer verifies every rung before it relies on the coin.
        let pre_signed = message.map(|bytes| PreSignedLadder::from_bytes(&bytes)).transpose()?;
        let received = ReceivedContract::new(funded, payout, &ladder, pre_signed)?;
        Ok(Self { offerer: offerer.clone(), claimer: claimer.clone(), offered, received })
    }

    /// Both sign for the claimer, by the key path. The offerer does so for t alone.
    fn pay_together(&self, learned: &LockSecret) -> Result<Transaction, Box<dyn Error>> {
        let (mut rng, funded) = (rand::rng(), self.received.funded());
        let spend = funded.payout_to_claimer(&script_of(&self.claimer), FEE)?;
        let offerers = spend.generate_nonce(&mut fresh(&mut rng), &self.offerer)?;
        let claimers = spend.generate_nonce(&mut fresh(&mut rng), &self.claimer)?;
        // The public nonces cross the wire; then the partial signatures do.
        let session = spend.session(offerers.public_nonce(), claimers.public_nonce())?;
        let claimers = session.sign_as_claimer(claimers, &self.claimer)?;
        session.verify_partial(Party::Claimer, &claimers)?;
        let offerers = session.sign_as_offerer(offerers, &self.offerer, learned)?;
        Ok(session.finish(offerers, claimers)?)
    }

    /// The claimer takes the coin alone, on a middle rung of its ladder.
    fn claim(&self, secret: &LockSecret) -> Result<Transaction, Box<dyn Error>> {
        Ok(self.received.claim(
            2,
            secret,
            &self.claimer,
            &FeeCoins::none(),
            &fresh(&mut rand::rng()),
        )?)
    }

    /// The offerer takes it back alone.
    fn take_back(&self) -> Result<Transaction, Box<dyn Error>> {
        let payout = script_of(&self.offerer);
        Ok(self.offered.funded().timeout(&payout, FEE, &self.offerer, &fresh(&mut rand::rng()))?)
    }

    /// Whether this spend can be in a block of this height: the consensus code for the scripts, `limits` for amounts and heights.
    fn is_valid(&self, spend: &Transaction, height: u32) -> Result<(), Box<dyn Error>> {
        let funded = self.received.funded();
        let coin = funded.contract().tx_out();
        limits::check(spend, |spent| (*spent == funded.outpoint()).then(|| coin.clone()), height)?;
        let script = coin.script_pubkey.as_bytes();
        let spent = bitcoinconsensus::Utxo {
            script_pubkey: script.as_ptr(),
            script_pubkey_len: script.len().try_into()?,
            value: coin.value.to_sat().try_into()?,
        };
        let flags = bitcoinconsensus::VERIFY_ALL_PRE_TAPROOT | bitcoinconsensus::VERIFY_TAPROOT;
        let (bytes, sat) = (serialize(spend), coin.value.to_sat());
        bitcoinconsensus::verify_with_flags(script, sat, &bytes, Some(&[spent]), 0, flags)
            .map_err(|refused| format!("the consensus code refuses it: {refused:?}").into())
    }
}

/// A wallet's address: here the key itself.
fn script_of(keypair: &Keypair) -> ScriptBuf {
    let key = TweakedPublicKey::dangerous_assume_tweaked(keypair.x_only_public_key());
    ScriptBuf::new_p2tr_tweaked(key)
}

fn main() -> Result<(), Box<dyn Error>> {
    // Keys for this swap alone.
    let mut rng = rand::rng();
    let (alice, bob) = (Keypair::from_rng(&mut rng), Keypair::from_rng(&mut rng));
    let t = LockSecret::Scalar(SecretScalar::from_rng(&mut rng));

    // Alice locks first: Bob's coin is at risk only once hers is there for him.
    let alices = Coin::lock([&alice, &bob], Amount::from_sat(1_000_000), EXPIRY_OF_ALICES, &t)?;
    let bobs = Coin::lock([&bob, &alice], Amount::from_sat(400_000), EXPIRY_OF_BOBS, &t)?;

    // Both help. Alice shows t to Bob, who signs for it; then she signs for him.
    let (to_alice, to_bob) = (bobs.pay_together(&t)?, alices.pay_together(&t)?);
    bobs.is_valid(&to_alice, 900_001)?;
    alices.is_valid(&to_bob, 900_001)?;
    println!(
        "both help: {} and {} virtual bytes, one signature each",
        to_alice.vsize(),
        to_bob.vsize()
    );

    // Bob is silent. Alice's claim is the signature that he pre-signed, finished with t; from it he computes t.
    let claim = bobs.claim(&t)?;
    bobs.is_valid(&claim, 900_001)?;
    let learned = bobs.offered.extract(&claim)?;
    let claim_of_bob = alices.claim(&learned)?;
    alices.is_valid(&claim_of_bob, 900_002)?;
    println!("Bob is silent: Alice claims, Bob finds t in her claim, and claims");

    // Alice is silent. Without t nobody claims: another secret is refused, and so is a refund before its time.
    let guess = LockSecret::Scalar(SecretScalar::from_rng(&mut rng));
    if alices.claim(&guess).is_ok() {
        return Err("a wrong secret claims".into());
    }
    for (coin, expiry) in [(&bobs, EXPIRY_OF_BOBS), (&alices, EXPIRY_OF_ALICES)] {
        let refund = coin.take_back()?;
        if coin.is_valid(&refund, expiry).is_ok() {
            return Err("a refund is valid before its time".into());
        }
        coin.is_valid(&refund, expiry + 1)?;
    }
    println!("Alice is silent: each takes the own coin back, Bob 72 blocks before her");
    Ok(())
}
