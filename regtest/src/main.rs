//! `pointlock-chain`: one PTLC of a channel, from the commitment to the secret on the chain, and a payment over four hops, on a regtest chain by Bitcoin
//! Core's kernel in this process. Whatever is refused is shown with Bitcoin Core's reason.

use std::error::Error;
use std::process::ExitCode;

use bitcoin::{Amount, ScriptBuf, Transaction};
use pointlock::contract::FeeCoins;
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::LockSecret;
use pointlock_channel::{
    Channel, ChannelEdge, ChannelSecrets, ChannelTerms, Commitment, CommitmentTerms,
    CompleteCommitment, CoveredCommitment, EdgeTerms, Party, Payout, PerCommitmentSeed, Spend,
    spend,
};
use pointlock_regtest::RegtestChain;
use pointlock_sim::{Chain, Fact, Opening, OpeningKind, Scenario, Settle, Way, Who};

const FUNDING: Amount = Amount::from_sat(1_000_000);
const PTLC: Amount = Amount::from_sat(50_000);
const DELAY: u16 = 6;

fn main() -> ExitCode {
    match channel().and_then(|()| payment()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("pointlock-chain: {error}");
            ExitCode::FAILURE
        }
    }
}

/// Alice offers Bob a PTLC, goes to the chain with her commitment, and learns t from his claim. Then she publishes a commitment that she has revoked.
fn channel() -> Result<(), Box<dyn Error>> {
    println!("A channel of Alice's with Bob, on a chain by Bitcoin Core's kernel\n");
    let mut chain = RegtestChain::new()?;
    let (alice, bob) = (secrets(0x10)?, secrets(0x20)?);
    let t = LockSecret::Scalar(SecretScalar::from_bytes(&[0x51; 32])?);

    let mut funded = Funded::new(&mut chain, &alice, &bob, &t)?;
    let (complete, covered) = funded.signed(&alice, &bob, 1)?;
    let commitment = complete.publish(&alice, &complete.record())?;
    funded.mined("Alice's commitment 1, with the PTLC", &commitment)?;
    let timeout = alone(complete.timeout(&alice, 0)?)?;
    funded.refused("her PTLC-timeout, too early", &timeout)?;
    let claim = alone(covered.claim(&bob, 0, &t)?)?;
    funded.mined("Bob's claim with t", &claim)?;
    let learned = LockSecret::Scalar(complete.extract(&alice, 0, &claim)?);
    assert_eq!(learned, t, "what she extracts opens the lock");
    println!("      Alice makes her pre-signature once more, and extracts t from the mined claim");
    funded.chain.mine_to(funded.expiry)?;
    funded.refused("her PTLC-timeout, after the claim", &timeout)?;

    println!("\nThe same, and Alice publishes what she has revoked\n");
    let mut funded = Funded::new(&mut chain, &alice, &bob, &t)?;
    let (old, covered) = funded.signed(&alice, &bob, 1)?;
    let (next, _) = funded.signed(&alice, &bob, 2)?;
    let breach = old.publish(&alice, &old.record())?;
    let money = old.own_money(&alice)?;
    let told = old.revoke(&next, &alice)?;
    funded.mined("Alice's commitment 1, which she has revoked", &breach)?;
    let penalty = spend_all(&covered.revoked(&told.secret)?.penalty(&bob)?)?;
    funded.mined("Bob's penalty, all that was hers", &penalty)?;
    let until = funded.chain.height() + u32::from(DELAY);
    funded.chain.mine_to(until)?;
    funded.refused("what she hoped for, after her delay", &alone(money)?)?;
    Ok(())
}

/// A simulated payment over four hops: every contract and every claim is a transaction in a block.
fn payment() -> Result<(), Box<dyn Error>> {
    println!("\nA payment over four hops, every contract and every claim in a block\n");
    let now = 1_790_000_000;
    let mut sim =
        Scenario { settle: Settle::OnChain, ..Scenario::default() }.start(RegtestChain::new()?);
    let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy)?;
    let builder = opening.builder(now).description("tea");
    let published = sim.sign(opening, builder, 0)?;
    sim.receive(published.event())?;
    let parts = sim.parts(50_000_000, 2, Way::default());
    sim.pay(0, sim.order(published.invoice, parts, now))?;
    let paid = sim.facts().any(|fact| matches!(fact, Fact::Paid { by: Who::Sender(0), .. }));
    for (who, msat) in sim.balances() {
        println!("      {who:?}: {msat:+} msat");
    }
    if paid { Ok(()) } else { Err("the payment was not made".into()) }
}

/// A funded channel with one PTLC of Alice's.
struct Funded<'a> {
    chain: &'a mut RegtestChain,
    channel: Channel,
    ptlc: ChannelEdge,
    expiry: u32,
}

impl<'a> Funded<'a> {
    fn new(
        chain: &'a mut RegtestChain,
        alice: &ChannelSecrets,
        bob: &ChannelSecrets,
        t: &LockSecret,
    ) -> Result<Self, Box<dyn Error>> {
        let limit = Amount::from_sat(354);
        let mut terms = ChannelTerms {
            opener: alice.terms(limit, DELAY),
            accepter: bob.terms(limit, DELAY),
            funding_outpoint: bitcoin::OutPoint::null(),
            amount: FUNDING,
        };
        terms.funding_outpoint = chain.fund(Channel::new(terms)?.funding_tx_out())?;
        let (height, amount_msat) = (chain.height(), PTLC.to_sat() * 1_000);
        println!("{height:>4}  funding of {FUNDING} at {}", terms.funding_outpoint);
        let (expiry, lock) = (height + 40, t.lock());
        let offered = EdgeTerms { offerer: Party::Opener, number: 0, amount_msat, expiry, lock };
        let ptlc = ChannelEdge::offered(offered, height)?;
        Ok(Self { chain, channel: Channel::new(terms)?, ptlc, expiry })
    }

    /// Alice's commitment, signed by both in the only order there is.
    fn signed(
        &self,
        alice: &ChannelSecrets,
        bob: &ChannelSecrets,
        number: u64,
    ) -> Result<(CompleteCommitment, CoveredCommitment), Box<dyn Error>> {
        let terms = CommitmentTerms {
            publisher: Party::Opener,
            number,
            point: alice.seed.point(number)?,
            opener_msat: (FUNDING - PTLC).to_sat() * 1_000,
            accepter_msat: 0,
            edges: vec![self.ptlc],
        };
        let hers = Commitment::new(&self.channel, terms.clone())?;
        let given = hers.pre_sign_claims(alice)?;
        let covered = CoveredCommitment::new(Commitment::new(&self.channel, terms)?, &given)?;
        let nonce = alice.verification_nonces(&self.channel).public(number)?;
        let signatures = covered.countersign(bob, &mut [number as u8; 32], &nonce)?;
        Ok((CompleteCommitment::new(hers, nonce, signatures)?, covered))
    }

    fn mined(&mut self, what: &str, transaction: &Transaction) -> Result<(), Box<dyn Error>> {
        self.chain.confirm(transaction)?;
        let (height, weight) = (self.chain.height(), transaction.weight());
        println!("{height:>4}  {what}: {weight}, {}", transaction.compute_txid());
        Ok(())
    }

    fn refused(&mut self, what: &str, transaction: &Transaction) -> Result<(), Box<dyn Error>> {
        match self.chain.judge(transaction) {
            Ok(()) => Err(format!("{what}: Bitcoin Core accepts it").into()),
            Err(refused) => {
                println!("      {what}: refused, {}", refused.reason().unwrap_or("?"));
                Ok(())
            }
        }
    }
}

/// Alone; a second stage keeps its own output.
fn alone(one: Spend) -> Result<Transaction, Box<dyn Error>> {
    let one = [one];
    Ok(spend(&one, None, &FeeCoins::none(), &[0; 32]).or_else(|_| to_anyone(&one))?)
}

fn spend_all(spends: &[Spend]) -> Result<Transaction, Box<dyn Error>> {
    Ok(to_anyone(spends)?)
}

fn to_anyone(spends: &[Spend]) -> Result<Transaction, pointlock_channel::ChannelError> {
    let script: ScriptBuf = RegtestChain::anyones();
    let payout = Payout { script: &script, fee: Amount::from_sat(500) };
    spend(spends, Some(payout), &FeeCoins::none(), &[0; 32])
}

fn secrets(byte: u8) -> Result<ChannelSecrets, Box<dyn Error>> {
    let scalar = |more| SecretScalar::from_bytes(&[byte + more; 32]);
    Ok(ChannelSecrets {
        funding: Keypair::new(scalar(0)?),
        payment: scalar(1)?,
        delayed: scalar(2)?,
        htlc: scalar(3)?,
        revocation: scalar(4)?,
        seed: PerCommitmentSeed::new([byte + 5; 32]),
    })
}
