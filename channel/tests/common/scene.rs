//! A channel of two, with edges of both kinds both ways, as both see it.

#![allow(dead_code, reason = "each test uses a part of it")]

use bitcoin::absolute::LockTime;
use bitcoin::key::TweakedPublicKey;
use bitcoin::{Amount, OutPoint, ScriptBuf};
use pointlock::adaptor::musig2::{PartialSignature, PublicNonce};
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::{LockSecret, Preimage};
use pointlock_channel::*;

pub(crate) const FUNDING: Amount = Amount::from_sat(10_000_000);
pub(crate) const DELAY: u16 = 12;
pub(crate) const EXPIRY: u32 = 300;

pub(crate) fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

pub(crate) fn point_secret(byte: u8) -> LockSecret {
    LockSecret::Scalar(scalar(byte))
}

pub(crate) fn preimage(byte: u8) -> LockSecret {
    LockSecret::Preimage(Preimage::new([byte; 32]))
}

/// A script of somebody's.
pub(crate) fn script_of(byte: u8) -> ScriptBuf {
    let key = Keypair::new(scalar(byte)).x_only_public_key();
    ScriptBuf::new_p2tr_tweaked(TweakedPublicKey::dangerous_assume_tweaked(key))
}

pub(crate) fn secrets(byte: u8) -> ChannelSecrets {
    ChannelSecrets {
        funding: Keypair::new(scalar(byte)),
        payment: scalar(byte + 1),
        delayed: scalar(byte + 2),
        htlc: scalar(byte + 3),
        revocation: scalar(byte + 4),
        seed: PerCommitmentSeed::new([byte + 5; 32]),
    }
}

pub(crate) fn edge(
    offerer: Party,
    number: u64,
    sat: u64,
    expiry: u32,
    secret: &LockSecret,
) -> ChannelEdge {
    let (amount_msat, lock) = (sat * 1_000, secret.lock());
    ChannelEdge::offered(EdgeTerms { offerer, number, amount_msat, expiry, lock }, 100).unwrap()
}

/// Both parties, and what stands in the channel.
#[derive(Clone)]
pub(crate) struct Scene {
    pub(crate) channel: Channel,
    pub(crate) opener: ChannelSecrets,
    pub(crate) accepter: ChannelSecrets,
    pub(crate) edges: Vec<ChannelEdge>,
}

/// The secrets of the edges of [`Scene::with_edges`], by their number.
pub(crate) fn secret_of(number: u64) -> LockSecret {
    if number < 2 { point_secret(0x51 + number as u8) } else { preimage(0x60 + number as u8) }
}

impl Scene {
    pub(crate) fn at(funding_outpoint: OutPoint) -> Self {
        let (opener, accepter) = (secrets(0x10), secrets(0x20));
        let channel = Channel::new(ChannelTerms {
            opener: opener.terms(Amount::from_sat(354), DELAY),
            accepter: accepter.terms(Amount::from_sat(500), DELAY + 1),
            funding_outpoint,
            amount: FUNDING,
        })
        .unwrap();
        Self { channel, opener, accepter, edges: Vec::new() }
    }

    /// Each way two PTLCs and an HTLC, with numbers from 0.
    pub(crate) fn with_edges(funding_outpoint: OutPoint) -> Self {
        let mut scene = Self::at(funding_outpoint);
        for offerer in [Party::Opener, Party::Accepter] {
            for number in 0..3 {
                let expiry = EXPIRY + number as u32;
                let secret = secret_of(number);
                scene.edges.push(edge(offerer, number, 50_000, expiry, &secret));
            }
        }
        scene
    }

    pub(crate) fn secrets_of(&self, party: Party) -> &ChannelSecrets {
        match party {
            Party::Opener => &self.opener,
            Party::Accepter => &self.accepter,
        }
    }

    pub(crate) fn terms(&self, publisher: Party, number: u64) -> CommitmentTerms {
        let offered = |party| -> u64 {
            let edges = self.edges.iter().map(ChannelEdge::terms);
            edges.filter(|edge| edge.offerer == party).map(|edge| edge.amount_msat).sum()
        };
        CommitmentTerms {
            publisher,
            number,
            point: self.secrets_of(publisher).seed.point(number).unwrap(),
            opener_msat: FUNDING.to_sat() * 700 - offered(Party::Opener),
            accepter_msat: FUNDING.to_sat() * 300 - offered(Party::Accepter),
            edges: self.edges.clone(),
        }
    }

    pub(crate) fn commitment(&self, publisher: Party, number: u64) -> Commitment {
        Commitment::new(&self.channel, self.terms(publisher, number)).unwrap()
    }

    /// The peer's side of the publisher's commitment, after the publisher has pre-signed.
    pub(crate) fn covered(&self, publisher: Party, number: u64) -> CoveredCommitment {
        let commitment = self.commitment(publisher, number);
        let pre_signatures = commitment.pre_sign_claims(self.secrets_of(publisher)).unwrap();
        // What goes over the wire.
        let pre_signatures = PreSignatures::from_bytes(&pre_signatures.to_bytes()).unwrap();
        CoveredCommitment::new(self.commitment(publisher, number), &pre_signatures).unwrap()
    }

    /// Both sides of the publisher's commitment, signed in the only order there is.
    pub(crate) fn signed(
        &self,
        publisher: Party,
        number: u64,
    ) -> (CompleteCommitment, CoveredCommitment) {
        let covered = self.covered(publisher, number);
        let secrets = self.secrets_of(publisher);
        let nonce = secrets.verification_nonces(&self.channel).public(number).unwrap();
        let mut rand = [number as u8 + 1; 32];
        let signatures =
            covered.countersign(self.secrets_of(publisher.other()), &mut rand, &nonce).unwrap();
        let signatures = CommitmentSignatures::from_bytes(
            &signatures.partial_to_bytes(),
            &signatures.signatures_to_bytes(),
            &signatures.pre_signatures_to_bytes(),
        )
        .unwrap();
        let commitment = self.commitment(publisher, number);
        (CompleteCommitment::new(commitment, nonce, signatures).unwrap(), covered)
    }

    /// The publisher's commitment as it is published.
    pub(crate) fn published(&self, complete: &CompleteCommitment) -> bitcoin::Transaction {
        let recorded = PublishRecord::from_bytes(&complete.record().to_bytes()).unwrap();
        complete.publish(self.secrets_of(complete.publisher()), &recorded).unwrap()
    }

    /// Both parties' halves of a close, by party.
    pub(crate) fn halves(&self, close: &Close) -> ([PublicNonce; 2], [PartialSignature; 2]) {
        let nonce = |party, byte| {
            Close::nonce(&self.channel, self.secrets_of(party), &mut [byte; 32]).unwrap()
        };
        let (opener, accepter) = (nonce(Party::Opener, 1), nonce(Party::Accepter, 2));
        let nonces = [opener.public_nonce(), accepter.public_nonce()];
        let partials = [
            close.sign(&self.opener, opener, &nonces[1]).unwrap(),
            close.sign(&self.accepter, accepter, &nonces[0]).unwrap(),
        ];
        (nonces, partials)
    }

    /// A close that the opener pays so many satoshis for, from that height on.
    pub(crate) fn closed(&self, fee: u64, lock_time: u32) -> bitcoin::Transaction {
        let terms = CloseTerms {
            closer: Party::Opener,
            fee: Amount::from_sat(fee),
            lock_time: LockTime::from_consensus(lock_time),
            opener_msat: 7_000_000_000,
            accepter_msat: 3_000_000_000,
            opener_script: Some(script_of(7)),
            accepter_script: Some(script_of(8)),
        };
        let close = Close::new(&self.channel, &terms).unwrap();
        let (nonces, partials) = self.halves(&close);
        close.finish(Party::Opener, nonces, partials).unwrap()
    }
}
