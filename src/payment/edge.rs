use bitcoin::{OutPoint, Transaction};

use super::PaymentError;
use crate::contract::{Contract, PreSignedLadder};
use crate::curve::Point;
use crate::lock::{Lock, LockSecret};
use crate::onion::Packet;

/// What a node proposes to its neighbour.
#[derive(Clone, Debug)]
pub struct Proposal {
    /// The neighbour.
    pub to: Point,
    /// What to lock, in millisatoshi; a contract on the chain rounds up to satoshi.
    pub amount_msat: u64,
    /// When the money comes back, a block height.
    pub expiry: u32,
    /// What to lock it under.
    pub lock: Lock,
    /// The onion for the neighbour.
    pub packet: Packet,
}

/// A contract that stands irrevocably on both sides of an edge, as the driver reports it.
///
/// The offerer keeps it durably: without the pre-signatures no secret comes out of a claim.
#[derive(Clone, Debug)]
pub struct Commitment {
    /// The output that it is.
    pub outpoint: OutPoint,
    /// Its terms and scripts.
    pub contract: Contract,
    /// What the offerer gave the claimer for a point lock; none for a hash lock.
    pub pre_signed: Option<PreSignedLadder>,
}

impl Commitment {
    /// What it locks, in millisatoshi.
    pub fn amount_msat(&self) -> u64 {
        self.contract.terms().amount.to_sat().saturating_mul(1_000)
    }

    /// When it ends, a block height.
    pub fn expiry(&self) -> u32 {
        self.contract.terms().expiry
    }

    /// What it is locked under.
    pub fn lock(&self) -> Lock {
        self.contract.terms().lock
    }

    /// The claimer's check: a point lock has adaptor signatures, and all of them verify.
    pub(super) fn check_claimable(&self) -> Result<(), PaymentError> {
        match (self.lock(), &self.pre_signed) {
            (Lock::Hash(_), _) => Ok(()),
            (Lock::Point(_), None) => Err(PaymentError::NoPreSignatures(self.outpoint)),
            (Lock::Point(_), Some(ladder)) => ladder
                .verify(&self.contract, self.outpoint)
                .map_err(|source| PaymentError::Contract { contract: self.outpoint, source }),
        }
    }

    /// The offerer's check: this is what it proposed.
    pub(super) fn check_proposed(
        &self,
        lock: Lock,
        amount_msat: u64,
        expiry: u32,
    ) -> Result<(), PaymentError> {
        let field = if self.lock() != lock {
            "lock"
        } else if self.amount_msat() != amount_msat.div_ceil(1_000).saturating_mul(1_000) {
            "amount"
        } else if self.expiry() != expiry {
            "expiry"
        } else {
            return self.check_claimable();
        };
        Err(PaymentError::NotAsProposed { contract: self.outpoint, field })
    }

    /// The secret that a claim on the chain gives away.
    pub(super) fn extract(&self, transaction: &Transaction) -> Result<LockSecret, PaymentError> {
        self.contract
            .extract(self.outpoint, self.pre_signed.as_ref(), transaction)
            .map_err(|source| PaymentError::Contract { contract: self.outpoint, source })
    }

    /// A secret that the claimer told, instead of going to the chain.
    pub(super) fn check_secret(&self, secret: &LockSecret) -> Result<(), PaymentError> {
        if self.lock().is_opened_by(secret) {
            Ok(())
        } else {
            Err(PaymentError::WrongSecret(self.outpoint))
        }
    }
}
