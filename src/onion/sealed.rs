//! A sealed box: a message to a key that only the receiver holds, from someone without one.
//!
//! With the receiver's point R and a fresh scalar e, E = e·G:
//!
//! ```text
//! key = H_pointlock/sealed(33(E) ‖ 33(R) ‖ 33(e·R))          e·R = r·E
//! box = 33(E) ‖ ChaCha20-Poly1305(key, zero nonce, associated data, plaintext)
//! ```
//!
//! A box is 49 bytes longer than its plaintext and at most 65,535 bytes long, as a Lightning message
//! is.
//!
//! # Why the nonce is zero
//!
//! A nonce keeps two messages under one key apart. Here every message has a key of its own: e is
//! fresh, is taken by value, and is hashed, by E, into the key. E and R are in the hash too, so that
//! a box for one receiver can't be turned into one for another, or taken for the product of another
//! protocol with the same key.
//!
//! # What breaks it
//!
//! - The same e twice for one receiver: the sum of two ciphertexts is the sum of the plaintexts, and
//!   whoever sees both can forge a third. For two receivers the keys differ, but the boxes show one
//!   sender.
//! - Taking it for a signature. Anyone can seal; who sent the message must follow from what is in it.
//! - Taking it for a letter that comes once. A box opens as often as it is delivered.
//! - A receiver's key that leaks later opens all boxes of the past: there is no forward secrecy.
//!
//! # Synopsis
//!
//! ```
//! use pointlock::curve::SecretScalar;
//! use pointlock::onion::{OnionError, sealed};
//!
//! // Only the receiver knows its secret; the sender knows the point.
//! let receiver_secret = SecretScalar::from_bytes(&[7; 32])?;
//! let receiver = receiver_secret.to_point();
//!
//! // 32 bytes of fresh entropy for each box.
//! let ephemeral = SecretScalar::from_bytes(&[9; 32])?;
//! let sealed = sealed::seal(&receiver, ephemeral, b"held_ptlc_available", b"hold and secret")?;
//!
//! // Whoever keeps the mail can neither read nor alter it.
//! let mailbox_secret = SecretScalar::from_bytes(&[8; 32])?;
//! assert!(sealed::open(&mailbox_secret, b"held_ptlc_available", &sealed).is_err());
//!
//! let opened = sealed::open(&receiver_secret, b"held_ptlc_available", &sealed)?;
//! assert_eq!(*opened, b"hold and secret");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # References
//!
//! [RFC 8439](https://www.rfc-editor.org/rfc/rfc8439) for ChaCha20-Poly1305; the shape is that of ECIES
//! ([SEC 1](https://www.secg.org/sec1-v2.pdf), 5.1) and libsodium's sealed boxes.

use alloc::vec::Vec;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use zeroize::Zeroizing;

use super::OnionError;
use crate::curve::{Point, SecretScalar, Tag};

static SEALED: Tag = Tag::new("pointlock/sealed");

/// What a box is longer than its plaintext, in bytes: the ephemeral key and Poly1305's tag.
pub const OVERHEAD: usize = Point::LENGTH + 16;

/// The length of the longest box in bytes: that of a Lightning message (BOLT 1).
pub const MAX_LENGTH: usize = 65_535;

/// Seals `plaintext` for the holder of `recipient`'s secret. `ephemeral` is fresh entropy, used for
/// this box and nothing else. `associated_data` is not sent, and must be the same for opening.
///
/// # Errors
///
/// [`OnionError::SealedLength`] when the box would be longer than [`MAX_LENGTH`].
pub fn seal(
    recipient: &Point,
    ephemeral: SecretScalar,
    associated_data: &[u8],
    plaintext: &[u8],
) -> Result<Vec<u8>, OnionError> {
    check_length(plaintext.len().saturating_add(OVERHEAD))?;
    let ephemeral_key = ephemeral.to_point();
    let cipher = cipher(&ephemeral_key, recipient, &recipient.shared_secret(&ephemeral));
    let ciphertext = cipher
        .encrypt(&[0; 12].into(), Payload { msg: plaintext, aad: associated_data })
        .expect("65,535 bytes are far below the 256 GiB that ChaCha20 can encrypt");
    let mut bytes = Vec::with_capacity(OVERHEAD + plaintext.len());
    bytes.extend_from_slice(&ephemeral_key.to_bytes());
    bytes.extend_from_slice(&ciphertext);
    Ok(bytes)
}

/// Opens a box. Nothing is decrypted unless all of it, and the associated data, is as it was sealed.
///
/// # Errors
///
/// [`OnionError::SealedLength`], [`OnionError::InvalidKey`] and [`OnionError::InvalidSeal`].
pub fn open(
    recipient_secret: &SecretScalar,
    associated_data: &[u8],
    bytes: &[u8],
) -> Result<Zeroizing<Vec<u8>>, OnionError> {
    check_length(bytes.len())?;
    let (ephemeral_key, ciphertext) = bytes.split_at(Point::LENGTH);
    let ephemeral_key =
        Point::from_slice(ephemeral_key).map_err(|source| OnionError::InvalidKey { source })?;
    let recipient = recipient_secret.to_point();
    let cipher = cipher(&ephemeral_key, &recipient, &ephemeral_key.shared_secret(recipient_secret));
    cipher
        .decrypt(&[0; 12].into(), Payload { msg: ciphertext, aad: associated_data })
        .map(Zeroizing::new)
        .map_err(|_| OnionError::InvalidSeal)
}

fn check_length(length: usize) -> Result<(), OnionError> {
    if (OVERHEAD..=MAX_LENGTH).contains(&length) {
        Ok(())
    } else {
        Err(OnionError::SealedLength { length, min: OVERHEAD, max: MAX_LENGTH })
    }
}

fn cipher(ephemeral_key: &Point, recipient: &Point, shared_point: &[u8; 33]) -> ChaCha20Poly1305 {
    let key = Zeroizing::new(SEALED.hash(&[
        &ephemeral_key.to_bytes(),
        &recipient.to_bytes(),
        shared_point,
    ]));
    ChaCha20Poly1305::new((&*key).into())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::curve::CurveError;

    fn secret(byte: u8) -> SecretScalar {
        SecretScalar::from_bytes(&[byte; 32]).unwrap()
    }

    fn sealed() -> Vec<u8> {
        seal(&secret(1).to_point(), secret(2), b"context", b"a message").unwrap()
    }

    #[test]
    fn only_the_whole_box_opens() {
        let sealed = sealed();
        assert_eq!(*open(&secret(1), b"context", &sealed).unwrap(), b"a message");
        for length in 0..sealed.len() {
            let error = open(&secret(1), b"context", &sealed[..length]).unwrap_err();
            let too_short = OnionError::SealedLength { length, min: 49, max: 65_535 };
            assert_eq!(error, if length < 49 { too_short } else { OnionError::InvalidSeal });
        }
        let extended = [&*sealed, &[0]].concat();
        assert_eq!(open(&secret(1), b"context", &extended), Err(OnionError::InvalidSeal));
    }

    #[test]
    fn every_flipped_bit_is_refused() {
        let sealed = sealed();
        for bit in 0..8 * sealed.len() {
            let mut flipped = sealed.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let error = open(&secret(1), b"context", &flipped).unwrap_err();
            let in_key = bit < 8 * 33;
            assert!(
                error == OnionError::InvalidSeal
                    || in_key && matches!(error, OnionError::InvalidKey { .. }),
                "bit {bit}: {error}"
            );
        }
    }

    #[test]
    fn wrong_key_and_wrong_context_are_refused() {
        let sealed = sealed();
        // The negated secret has the same x coordinates everywhere.
        for wrong in [secret(3), secret(1).negate()] {
            assert_eq!(open(&wrong, b"context", &sealed), Err(OnionError::InvalidSeal));
        }
        for wrong in [&b""[..], b"contex", b"context\0", b"Context"] {
            assert_eq!(open(&secret(1), wrong, &sealed), Err(OnionError::InvalidSeal));
        }
        // The end of the context can't become the start of the message.
        let shifted = seal(&secret(1).to_point(), secret(2), b"contexta", b" message").unwrap();
        assert_ne!(sealed[33..], shifted[33..]);
        let mut off_curve = sealed;
        off_curve[0] = 4;
        assert_eq!(
            open(&secret(1), b"context", &off_curve),
            Err(OnionError::InvalidKey { source: CurveError::PointPrefix { prefix: 4 } })
        );
    }

    #[test]
    fn the_key_is_the_hash_of_the_equation() {
        use sha2::{Digest, Sha256};

        let sealed = sealed();
        let tag = Sha256::digest(b"pointlock/sealed");
        let key = Sha256::new()
            .chain_update(tag)
            .chain_update(tag)
            .chain_update(secret(2).to_point().to_bytes())
            .chain_update(secret(1).to_point().to_bytes())
            .chain_update(secret(1).mul(&secret(2)).to_point().to_bytes())
            .finalize();
        assert_eq!(sealed[..33], secret(2).to_point().to_bytes());
        let message = Payload { msg: &sealed[33..], aad: b"context" };
        let opened = ChaCha20Poly1305::new(&key).decrypt(&[0; 12].into(), message);
        assert_eq!(opened.unwrap(), b"a message");
    }

    #[test]
    fn the_longest_box() {
        let recipient = secret(1).to_point();
        let plaintext = vec![5; MAX_LENGTH - OVERHEAD + 1];
        let sealed = seal(&recipient, secret(2), b"", &plaintext[1..]).unwrap();
        assert_eq!(sealed.len(), MAX_LENGTH);
        assert_eq!(*open(&secret(1), b"", &sealed).unwrap(), plaintext[1..]);
        let too_long = OnionError::SealedLength { length: 65_536, min: 49, max: 65_535 };
        assert_eq!(seal(&recipient, secret(2), b"", &plaintext), Err(too_long));
        assert_eq!(open(&secret(1), b"", &[sealed, vec![0]].concat()), Err(too_long));
    }

    proptest! {
        #[test]
        fn seal_then_open(
            plaintext in prop::collection::vec(any::<u8>(), 0..300),
            context in prop::collection::vec(any::<u8>(), 0..40),
            ephemeral: [u8; 32],
        ) {
            let ephemeral = SecretScalar::from_hash(&ephemeral).unwrap();
            let sealed = seal(&secret(1).to_point(), ephemeral, &context, &plaintext).unwrap();
            prop_assert_eq!(sealed.len(), plaintext.len() + OVERHEAD);
            prop_assert_eq!(&*open(&secret(1), &context, &sealed).unwrap(), &plaintext);
        }

        #[test]
        fn arbitrary_bytes_do_not_open(bytes in prop::collection::vec(any::<u8>(), 0..120)) {
            prop_assert!(open(&secret(1), b"", &bytes).is_err());
        }
    }
}
