#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use std::sync::{Mutex, PoisonError};

use pointlock::adaptor::musig2::{AggregateNonce, PublicNonce, SecretNonce};
use zeroize::Zeroizing;

use crate::border::{Handle, enter, free};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{
    BytesIn, BytesOut, FaultOut, KeypairIn, NonceIn, NonceNew, NonceOwned, PointIn,
};

/// The length of a public nonce, and of the sum of public nonces.
pub const PUBLIC_NONCE_LENGTH: usize = 66;

/// A secret nonce, until it is used. In Rust it is consumed by value; what C holds stays, so this is empty then, and refuses.
pub struct OneNonce {
    public_nonce: PublicNonce,
    /// Behind a lock: of two threads that would use it, one gets it.
    secret: Mutex<Option<SecretNonce>>,
}

impl Handle for OneNonce {
    const TAG: u64 = u64::from_be_bytes(*b"nonce   ");
}

impl OneNonce {
    fn new(secret: SecretNonce) -> Self {
        Self { public_nonce: secret.public_nonce(), secret: Mutex::new(Some(secret)) }
    }

    /// The nonce, once.
    pub(super) fn take(&self) -> Result<SecretNonce, Refusal> {
        self.secret
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take()
            .ok_or_else(|| Refusal::new(Error::NonceSpent).at(c"secret_nonce"))
    }
}

/// Public nonces, one after the other.
pub(super) fn read_public_nonces(
    encoded: &[[u8; PUBLIC_NONCE_LENGTH]],
) -> Result<Vec<PublicNonce>, Refusal> {
    let nonces = encoded.iter().enumerate().map(|(index, bytes)| {
        PublicNonce::from_bytes(bytes)
            .map_err(|error| Refusal::from(error).at(c"public_nonces").with_index(index))
    });
    nonces.collect()
}

/// Draws the secret nonce of one session. session_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy; it is overwritten with zeros,
/// which are refused, so that it makes one nonce. aggregate_key is what pointlock_musig2_key_agg_public_key gives. extra_in is
/// POINTLOCK_RANDOM_LENGTH bytes of whatever tells sessions apart, a counter for example, or null and 0.
///
/// The nonce signs once: after pointlock_musig2_sign_partial or _last it is spent, whether that succeeded or not, and its secret is erased.
/// It has to be freed all the same. It has no encoding: a program that ends between the rounds starts a new session.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_nonce_new(
    secret_nonce: NonceNew,
    session_rand: BytesOut,
    session_rand_length: usize,
    keypair: KeypairIn,
    aggregate_key: PointIn,
    message: BytesIn,
    message_length: usize,
    extra_in: BytesIn,
    extra_in_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"secret_nonce", secret_nonce)?;
        let rand = call.in_out_array(c"session_rand", session_rand, session_rand_length)?;
        let keypair = call.get(c"keypair", keypair)?;
        let aggregate_key = call.point(c"aggregate_key", aggregate_key)?.x_only();
        let message = call.array(c"message", message, message_length)?;
        let extra_in = call.optional_array(c"extra_in", extra_in, extra_in_length)?;
        let mut session_rand = Zeroizing::new(rand.read());
        let nonce =
            SecretNonce::generate(&mut session_rand, keypair, &aggregate_key, message, extra_in)
                .map_err(|error| Refusal::from(error).at(c"session_rand"))?;
        rand.write(*session_rand);
        slot.give(OneNonce::new(nonce));
        Ok(())
    })
}

/// Erases and frees a secret nonce. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_nonce_free(secret_nonce: NonceOwned) {
    free(secret_nonce);
}

/// What the other signers get to see of a secret nonce: POINTLOCK_PUBLIC_NONCE_LENGTH bytes. It stays when the nonce is spent.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_nonce_public(
    secret_nonce: NonceIn,
    public_nonce: BytesOut,
    public_nonce_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"public_nonce", public_nonce, public_nonce_length)?;
        slot.write(call.get(c"secret_nonce", secret_nonce)?.public_nonce.to_bytes());
        Ok(())
    })
}

/// The sum of public nonces, which stand one after the other: POINTLOCK_PUBLIC_NONCE_LENGTH bytes. A session takes the nonces themselves, so
/// this is for looking at.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_musig2_nonce_agg(
    public_nonces: BytesIn,
    public_nonces_length: usize,
    aggregate_nonce: BytesOut,
    aggregate_nonce_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"aggregate_nonce", aggregate_nonce, aggregate_nonce_length)?;
        let encoded = call.arrays(c"public_nonces", public_nonces, public_nonces_length)?;
        if encoded.is_empty() {
            return Err(Refusal::new(Error::Count).at(c"public_nonces"));
        }
        slot.write(AggregateNonce::sum(&read_public_nonces(encoded)?).to_bytes());
        Ok(())
    })
}
