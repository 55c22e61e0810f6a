//! A pool of payment hashes: the receiver signs each, so that a payer can tell a hash of the receiver's from one of the vault's.
//!
//! ```text
//! message = H_pointlock/vault_hash(chain hash (32) ‖ created at (8) ‖ expires at (8) ‖ payment hash (32))
//! ```
//!
//! with BIP-340 by the receiver's key; times are UNIX seconds, big endian. Each hash has a signature of its own: a payer gets the one of
//! its hash, and learns nothing of the others.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::Keypair;
//! use pointlock::invoice::ChainHash;
//! use pointlock_vault::pool::{PoolHash, PoolTerms};
//!
//! let receiver = Keypair::from_secret_bytes(&[2; 32])?;
//! let terms = PoolTerms { chain: ChainHash::BITCOIN, created_at: 1_750_000_000, expires_at: 1_752_000_000 };
//! let hash = PoolHash::sign([7; 32], &terms, &receiver, &[9; 32]);
//!
//! assert!(terms.verify(&receiver.public_key(), &[hash]).is_ok());
//! let vaults = PoolHash { payment_hash: [8; 32], ..hash };
//! assert_eq!(terms.verify(&receiver.public_key(), &[hash, vaults]), Err(vec![1]));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A payer that doesn't know the receiver's key from elsewhere, or doesn't ask for the signature: it pays whoever answers.
//! - A vault that hands a hash out twice. No signature shows that; every node of the first route can take the second payment.
//! - The LSP whose key signs the BOLT 11 invoice is named as its payee, and learns of the payment.

use pointlock::adaptor::schnorr::{BatchItem, verify_batch};
use pointlock::curve::{Keypair, Point, Tag};
use pointlock::invoice::ChainHash;
use secp256k1::schnorr::Signature;

static HASH: Tag = Tag::new("pointlock/vault_hash");

/// What the hashes of a pool have in common.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolTerms {
    /// The chain that they are paid on.
    pub chain: ChainHash,
    /// When they were drawn, UNIX time.
    pub created_at: u64,
    /// The last second in which one may be paid.
    pub expires_at: u64,
}

/// A payment hash with the receiver's signature.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PoolHash {
    /// SHA-256 of a preimage that the receiver alone knows.
    pub payment_hash: [u8; 32],
    /// By the receiver's key.
    pub signature: Signature,
}

impl PoolHash {
    /// Signs: the receiver's side.
    pub fn sign(
        payment_hash: [u8; 32],
        terms: &PoolTerms,
        key: &Keypair,
        aux_rand: &[u8; 32],
    ) -> Self {
        let signature = key.sign_schnorr(&terms.message(&payment_hash), aux_rand);
        Self { payment_hash, signature }
    }
}

impl PoolTerms {
    fn message(&self, payment_hash: &[u8; 32]) -> [u8; 32] {
        let (from, to) = (self.created_at.to_be_bytes(), self.expires_at.to_be_bytes());
        HASH.hash(&[&self.chain.to_bytes(), &from, &to, payment_hash])
    }

    /// Whether the receiver has signed all of these.
    ///
    /// # Errors
    ///
    /// Which it has not.
    pub fn verify(&self, receiver: &Point, hashes: &[PoolHash]) -> Result<(), Vec<usize>> {
        let key = receiver.x_only();
        let messages: Vec<[u8; 32]> =
            hashes.iter().map(|hash| self.message(&hash.payment_hash)).collect();
        let item = |(hash, message)| -> BatchItem<'_> {
            let hash: &PoolHash = hash;
            BatchItem::Signature { public_key: &key, message, signature: &hash.signature }
        };
        let items: Vec<BatchItem<'_>> = hashes.iter().zip(&messages).map(item).collect();
        verify_batch(&items).map_err(|error| error.indices().collect())
    }
}
