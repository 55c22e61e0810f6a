//! Requests that a receiver signs: `Authorization: Pointlock time=…, nonce=…, signature=…`.
//!
//! ```text
//! message   = H_pointlock/vault_request(origin ‖ 00 ‖ method ‖ 00 ‖ path ‖ 00 ‖ time (8) ‖ nonce (16) ‖ SHA-256(body))
//! signature = BIP-340 by the receiver's key
//! ```
//!
//! The path has the query in it, time is UNIX time in seconds, integers are big endian; in the header time is decimal, nonce and signature are
//! hexadecimal. The origin is the vault's, such as `https://vault.example`: so no vault can pass a request on to another one.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::Keypair;
//! use pointlock_vault::request::{Authorization, Request};
//!
//! let receiver = Keypair::from_secret_bytes(&[2; 32])?;
//! let request = Request {
//!     origin: "https://vault.example",
//!     method: "DELETE",
//!     path: "/v1/receivers/alice/one-time",
//!     body: b"",
//! };
//! let header = request.sign(&receiver, 1_750_000_000, [7; 16], &[9; 32]).to_string();
//!
//! let read: Authorization = header.parse()?;
//! assert!(request.verify(&receiver.public_key(), &read));
//! let other = Request { path: "/v1/receivers/bob/one-time", ..request };
//! assert!(!other.verify(&receiver.public_key(), &read));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What breaks it
//!
//! - A vault that doesn't keep nonces for as long as it takes times: a request could be carried out again.
//! - A receiver that signs for an origin which it was told by somebody else than whoever told it the vault.

use std::fmt;
use std::str::FromStr;

use pointlock::curve::{Keypair, Point, Tag, context};
use secp256k1::Message;
use secp256k1::schnorr::Signature;
use sha2::{Digest as _, Sha256};
use thiserror::Error;

static REQUEST: Tag = Tag::new("pointlock/vault_request");

/// What is signed, but for time and nonce.
#[derive(Clone, Copy, Debug)]
pub struct Request<'a> {
    /// Where the vault is: scheme, host, and port where it isn't the scheme's.
    pub origin: &'a str,
    /// In upper case.
    pub method: &'a str,
    /// With the query.
    pub path: &'a str,
    /// All of it.
    pub body: &'a [u8],
}

impl Request<'_> {
    fn message(&self, time: u64, nonce: &[u8; 16]) -> [u8; 32] {
        let body = Sha256::digest(self.body);
        let (origin, method, path) =
            (self.origin.as_bytes(), self.method.as_bytes(), self.path.as_bytes());
        REQUEST.hash(&[origin, &[0], method, &[0], path, &[0], &time.to_be_bytes(), nonce, &body])
    }

    /// Signs at this time. No two requests share a nonce.
    pub fn sign(
        &self,
        key: &Keypair,
        time: u64,
        nonce: [u8; 16],
        aux_rand: &[u8; 32],
    ) -> Authorization {
        let signature = key.sign_schnorr(&self.message(time, &nonce), aux_rand);
        Authorization { time, nonce, signature }
    }

    /// Whether the holder of this key has signed. When, and whether for the first time, is for the vault to look at.
    pub fn verify(&self, key: &Point, by: &Authorization) -> bool {
        let message = Message::from_digest(self.message(by.time, &by.nonce));
        context().verify_schnorr(&by.signature, &message, &key.x_only()).is_ok()
    }
}

/// The header's value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Authorization {
    /// When it was signed, UNIX time in seconds.
    pub time: u64,
    /// Never used twice.
    pub nonce: [u8; 16],
    signature: Signature,
}

/// Why a header is none.
#[non_exhaustive]
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum AuthorizationError {
    /// It doesn't begin with the scheme's name.
    #[error("expected: Pointlock time=…, nonce=…, signature=…")]
    Scheme,
    /// A part is missing, there twice, unknown or malformed.
    #[error("{part}: missing, there twice, unknown or malformed")]
    Part {
        /// Its name.
        part: String,
    },
}

impl FromStr for Authorization {
    type Err = AuthorizationError;

    fn from_str(text: &str) -> Result<Self, AuthorizationError> {
        let parts = text.strip_prefix("Pointlock ").ok_or(AuthorizationError::Scheme)?;
        let fault = |part: &str| AuthorizationError::Part { part: part.chars().take(20).collect() };
        let (mut time, mut nonce, mut signature) = (None, None, None);
        for part in parts.split(',').map(str::trim) {
            let (name, value) = part.split_once('=').ok_or_else(|| fault(part))?;
            let is_first = match name {
                "time" => time.replace(value.parse().map_err(|_| fault(name))?).is_none(),
                "nonce" => {
                    let mut bytes = [0; 16];
                    hex::decode_to_slice(value, &mut bytes).map_err(|_| fault(name))?;
                    nonce.replace(bytes).is_none()
                }
                "signature" => {
                    let mut bytes = [0; 64];
                    hex::decode_to_slice(value, &mut bytes).map_err(|_| fault(name))?;
                    let read = Signature::from_slice(&bytes).map_err(|_| fault(name))?;
                    signature.replace(read).is_none()
                }
                _ => false,
            };
            if !is_first {
                return Err(fault(name));
            }
        }
        Ok(Self {
            time: time.ok_or_else(|| fault("time"))?,
            nonce: nonce.ok_or_else(|| fault("nonce"))?,
            signature: signature.ok_or_else(|| fault("signature"))?,
        })
    }
}

impl fmt::Display for Authorization {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (nonce, signature) = (hex::encode(self.nonce), hex::encode(self.signature.serialize()));
        write!(f, "Pointlock time={}, nonce={nonce}, signature={signature}", self.time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Keypair {
        Keypair::from_secret_bytes(&[2; 32]).unwrap()
    }

    const REQUEST: Request<'_> =
        Request { origin: "https://vault.example", method: "PUT", path: "/v1/x?y=z", body: b"{}" };

    #[test]
    fn every_part_is_signed() {
        let by = REQUEST.sign(&key(), 1_750_000_000, [7; 16], &[0; 32]);
        let key = key().public_key();
        assert!(REQUEST.verify(&key, &by));
        assert!(!Request { origin: "https://vault.example:444", ..REQUEST }.verify(&key, &by));
        assert!(!Request { method: "GET", ..REQUEST }.verify(&key, &by));
        assert!(!Request { path: "/v1/x", ..REQUEST }.verify(&key, &by));
        assert!(!Request { body: b"{} ", ..REQUEST }.verify(&key, &by));
        assert!(!REQUEST.verify(&key, &Authorization { time: by.time + 1, ..by }));
        assert!(!REQUEST.verify(&key, &Authorization { nonce: [8; 16], ..by }));
        let other = Keypair::from_secret_bytes(&[3; 32]).unwrap().public_key();
        assert!(!REQUEST.verify(&other, &by));
        // What one part ends with is not what the next one begins with.
        let moved = Request { method: "PU", path: "T/v1/x?y=z", ..REQUEST };
        assert!(!moved.verify(&key, &by));
    }

    #[test]
    fn headers() {
        let by = REQUEST.sign(&key(), 1_750_000_000, [7; 16], &[0; 32]);
        let text = by.to_string();
        assert_eq!(text.parse(), Ok(by));
        assert_eq!("Basic abc".parse::<Authorization>(), Err(AuthorizationError::Scheme));
        let part = |part: &str| Err(AuthorizationError::Part { part: part.to_owned() });
        assert_eq!("Pointlock ".parse::<Authorization>(), part(""));
        assert_eq!(text.replace("time=1750000000, ", "").parse::<Authorization>(), part("time"));
        assert_eq!(text.replace("17500", "-7500").parse::<Authorization>(), part("time"));
        assert_eq!(text.replace("nonce=07", "nonce=7").parse::<Authorization>(), part("nonce"));
        assert_eq!(text[..text.len() - 2].parse::<Authorization>(), part("signature"));
        assert_eq!(format!("{text}, time=1").parse::<Authorization>(), part("time"));
        assert_eq!(format!("{text}, realm=x").parse::<Authorization>(), part("realm"));
    }
}
