//! A receiver's new key: the former one signs the request ([`request`](crate::request)), the new one this:
//!
//! ```text
//! message = H_pointlock/vault_new_key(origin ‖ 00 ‖ name ‖ 00 ‖ former key (33) ‖ new key (33))
//! ```
//!
//! with BIP-340 by the new key. So nobody moves a name to a key that is not there, or is another's.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::Keypair;
//! use pointlock_vault::new_key::Consent;
//!
//! let (former, new) = (Keypair::from_secret_bytes(&[2; 32])?, Keypair::from_secret_bytes(&[3; 32])?);
//! let name = "alice".parse()?;
//! let consent = Consent { origin: "https://vault.example", name: &name, former: &former.public_key() };
//! let signature = consent.sign(&new, &[9; 32]);
//!
//! assert!(consent.verify(&new.public_key(), &signature));
//! assert!(!consent.verify(&former.public_key(), &signature));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - Whoever has stolen the former key can be faster. Then the operator gives the name a key, by `pointlock vault new-key`, to whom it knows
//!   from elsewhere.
//! - Payers that know the former key refuse all that is handed out from then on, until they learn the new one from the receiver itself.

use pointlock::curve::{Keypair, Point, Tag, context};
use secp256k1::Message;
use secp256k1::schnorr::Signature;

use crate::name::Name;

static NEW_KEY: Tag = Tag::new("pointlock/vault_new_key");

/// What the new key agrees to.
#[derive(Clone, Copy, Debug)]
pub struct Consent<'a> {
    /// The vault's.
    pub origin: &'a str,
    /// The receiver's.
    pub name: &'a Name,
    /// The key until then.
    pub former: &'a Point,
}

impl Consent<'_> {
    fn message(&self, new: &Point) -> [u8; 32] {
        let (origin, name) = (self.origin.as_bytes(), self.name.as_str().as_bytes());
        NEW_KEY.hash(&[origin, &[0], name, &[0], &self.former.to_bytes(), &new.to_bytes()])
    }

    /// Signs with the new key.
    pub fn sign(&self, new: &Keypair, aux_rand: &[u8; 32]) -> Signature {
        new.sign_schnorr(&self.message(&new.public_key()), aux_rand)
    }

    /// Whether the holder of this key has agreed.
    pub fn verify(&self, new: &Point, signature: &Signature) -> bool {
        let message = Message::from_digest(self.message(new));
        context().verify_schnorr(signature, &message, &new.x_only()).is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_part_is_signed() {
        let key = |byte| Keypair::from_secret_bytes(&[byte; 32]).unwrap();
        let (former, other) = (key(2).public_key(), key(4).public_key());
        let (alice, bob): (Name, Name) = ("alice".parse().unwrap(), "bob".parse().unwrap());
        let consent = Consent { origin: "https://vault.example", name: &alice, former: &former };
        let (new, signature) = (key(3).public_key(), consent.sign(&key(3), &[9; 32]));
        assert!(consent.verify(&new, &signature));
        assert!(!consent.verify(&other, &signature));
        assert!(!Consent { origin: "https://vault.exampl", ..consent }.verify(&new, &signature));
        assert!(!Consent { name: &bob, ..consent }.verify(&new, &signature));
        assert!(!Consent { former: &other, ..consent }.verify(&new, &signature));
    }
}
