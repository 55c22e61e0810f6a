//! Secret scalars, blinds and key pairs, as handles. Freed, they are erased.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::curve::{Keypair, SecretScalar};
use pointlock::lock::Blind;

use crate::border::{Handle, enter, free};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{
    BlindIn, BlindList, BlindNew, BlindOwned, BytesIn, BytesOut, FaultOut, KeypairIn, KeypairNew,
    KeypairOwned, PointIn, PointOut, SecretIn, SecretNew, SecretOwned,
};

/// The length of a secret scalar, of a blind, and of a secret key.
pub const SECRET_LENGTH: usize = 32;

impl Handle for SecretScalar {
    const TAG: u64 = u64::from_be_bytes(*b"secret  ");
}
impl Handle for Blind {
    const TAG: u64 = u64::from_be_bytes(*b"blind   ");
}
impl Handle for Keypair {
    const TAG: u64 = u64::from_be_bytes(*b"keypair ");
}

/// Makes a secret scalar, such as the secret of a lock, of POINTLOCK_SECRET_LENGTH bytes, big endian, from 1 to n - 1. The caller
/// erases its own bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_secret_new(
    secret: SecretNew,
    bytes: BytesIn,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"secret", secret)?;
        let bytes = call.array(c"bytes", bytes, bytes_length)?;
        let secret = SecretScalar::from_bytes(bytes);
        slot.give(secret.map_err(|error| Refusal::from(error).at(c"bytes"))?);
        Ok(())
    })
}

/// Erases and frees a secret. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_secret_free(secret: SecretOwned) {
    free(secret);
}

/// The point of a secret: its lock.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_secret_point(
    secret: SecretIn,
    point: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"point", point)?;
        slot.write(call.get(c"secret", secret)?.to_point().into());
        Ok(())
    })
}

/// Whether a secret opens a lock point; POINTLOCK_ERROR_SECRET_MISMATCH says that it does not.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_secret_opens(
    secret: SecretIn,
    lock_point: PointIn,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let secret = call.get(c"secret", secret)?;
        if secret.to_point() == call.point(c"lock_point", lock_point)? {
            Ok(())
        } else {
            Err(Refusal::new(Error::SecretMismatch).at(c"secret"))
        }
    })
}

/// The bytes of a secret in the clear, POINTLOCK_SECRET_LENGTH of them: for a store that keeps secrets, or for update_fulfill.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_dangerous_secret_bytes(
    secret: SecretIn,
    bytes: BytesOut,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"bytes", bytes, bytes_length)?;
        slot.write(*call.get(c"secret", secret)?.dangerous_to_bytes());
        Ok(())
    })
}

/// Makes a blind of POINTLOCK_SECRET_LENGTH bytes that were drawn for this attempt, this part and this hop. A blind is no secret of a
/// lock, and the compiler tells them apart.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_blind_new(
    blind: BlindNew,
    bytes: BytesIn,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"blind", blind)?;
        let bytes = call.array(c"bytes", bytes, bytes_length)?;
        slot.give(Blind::from_bytes(bytes).map_err(|error| Refusal::from(error).at(c"bytes"))?);
        Ok(())
    })
}

/// Erases and frees a blind. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_blind_free(blind: BlindOwned) {
    free(blind);
}

/// The sum of one or more blinds: several tweaks act as one.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_blind_sum(
    sum: BlindNew,
    blinds: BlindList,
    blinds_count: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"sum", sum)?;
        let blinds = call.handles(c"blinds", blinds, blinds_count)?;
        let sum = Blind::sum(blinds).map_err(|error| Refusal::from(error).at(c"blinds"))?;
        slot.give(sum.ok_or_else(|| Refusal::new(Error::Count).at(c"blinds"))?);
        Ok(())
    })
}

/// The bytes of a blind in the clear, POINTLOCK_SECRET_LENGTH of them: for the payload of the one node that may read it.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_dangerous_blind_bytes(
    blind: BlindIn,
    bytes: BytesOut,
    bytes_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"bytes", bytes, bytes_length)?;
        slot.write(*call.get(c"blind", blind)?.dangerous_to_bytes());
        Ok(())
    })
}

/// Makes a key pair of a secret key of POINTLOCK_SECRET_LENGTH bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_keypair_new(
    keypair: KeypairNew,
    secret_key: BytesIn,
    secret_key_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"keypair", keypair)?;
        let bytes = call.array(c"secret_key", secret_key, secret_key_length)?;
        let keypair = Keypair::from_secret_bytes(bytes);
        slot.give(keypair.map_err(|error| Refusal::from(error).at(c"secret_key"))?);
        Ok(())
    })
}

/// Erases and frees a key pair. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_keypair_free(keypair: KeypairOwned) {
    free(keypair);
}

/// The public key of a key pair, with its parity.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_keypair_public_key(
    keypair: KeypairIn,
    public_key: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"public_key", public_key)?;
        slot.write(call.get(c"keypair", keypair)?.public_key().into());
        Ok(())
    })
}
