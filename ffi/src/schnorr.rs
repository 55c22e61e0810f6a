//! Schnorr adaptor signatures over BIP-340; those of MuSig2 are verified, adapted and extracted from by the same functions, under the
//! aggregate key.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::adaptor::schnorr::{self, BatchItem, PreSignature};
use pointlock::adaptor::{AdaptorError, BatchError};
use pointlock::curve::{Point, XOnlyPublicKey};
use secp256k1::schnorr::Signature;

use crate::border::{Call, enter};
use crate::error::Error;
use crate::refusal::Refusal;
use crate::types::{BytesIn, BytesOut, FaultOut, KeypairIn, PointIn, SecretIn, SecretNew};

/// The length of a pre-signature: 33(R') and s'.
pub const SCHNORR_PRE_SIGNATURE_LENGTH: usize = 65;
/// The length of a signature, Schnorr or ECDSA.
pub const SIGNATURE_LENGTH: usize = 64;
/// The length of a message: it is a signature hash.
pub const MESSAGE_LENGTH: usize = 32;
/// The length of entropy.
pub const RANDOM_LENGTH: usize = 32;

/// Signs a message of POINTLOCK_MESSAGE_LENGTH bytes, a signature hash, up to the secret of lock_point: a pre-signature of
/// POINTLOCK_SCHNORR_PRE_SIGNATURE_LENGTH bytes. aux_rand is POINTLOCK_RANDOM_LENGTH bytes of fresh entropy, or zeros.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_pre_sign(
    keypair: KeypairIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    aux_rand: BytesIn,
    aux_rand_length: usize,
    pre_signature: BytesOut,
    pre_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"pre_signature", pre_signature, pre_signature_length)?;
        let keypair = call.get(c"keypair", keypair)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let aux_rand = call.array(c"aux_rand", aux_rand, aux_rand_length)?;
        slot.write(schnorr::pre_sign(keypair, message, &lock_point, aux_rand)?.to_bytes());
        Ok(())
    })
}

/// The same, and verifies what it made: against faults of the machine, at the price of a verification.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_pre_sign_verified(
    keypair: KeypairIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    aux_rand: BytesIn,
    aux_rand_length: usize,
    pre_signature: BytesOut,
    pre_signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"pre_signature", pre_signature, pre_signature_length)?;
        let keypair = call.get(c"keypair", keypair)?;
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let aux_rand = call.array(c"aux_rand", aux_rand, aux_rand_length)?;
        slot.write(schnorr::pre_sign_verified(keypair, message, &lock_point, aux_rand)?.to_bytes());
        Ok(())
    })
}

/// Whether the secret of lock_point finishes this pre-signature to a signature of message by public_key (by its x coordinate, BIP-340). Whatever its bytes are,
/// they are right or wrong: POINTLOCK_ERROR_PRE_SIGNATURE_ENCODING or _INVALID.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_verify(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let public_key = call.point(c"public_key", public_key)?.x_only();
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        read(encoded)?
            .verify(&public_key, message, &lock_point)
            .map_err(|error| Refusal::from(error).at(c"pre_signature"))
    })
}

/// Finishes a pre-signature with the secret of its lock: a signature of POINTLOCK_SIGNATURE_LENGTH bytes. It does not look whether this
/// is the right secret: a wrong one gives a signature that is not valid.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_adapt(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    lock_secret: SecretIn,
    signature: BytesOut,
    signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"signature", signature, signature_length)?;
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let lock_secret = call.get(c"lock_secret", lock_secret)?;
        slot.write(read(encoded)?.adapt(lock_secret).serialize());
        Ok(())
    })
}

/// The same, and verifies the signature: POINTLOCK_ERROR_SIGNATURE_INVALID when secret or pre-signature are not right.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_adapt_verified(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    lock_secret: SecretIn,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    signature: BytesOut,
    signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"signature", signature, signature_length)?;
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let lock_secret = call.get(c"lock_secret", lock_secret)?;
        let public_key = call.point(c"public_key", public_key)?.x_only();
        let message = call.array(c"message", message, message_length)?;
        let signature = read(encoded)?.adapt_verified(lock_secret, &public_key, message)?;
        slot.write(signature.serialize());
        Ok(())
    })
}

/// The secret of lock_point, from a pre-signature and the signature that was made of it. Free it with pointlock_secret_free.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_extract(
    pre_signature: BytesIn,
    pre_signature_length: usize,
    signature: BytesIn,
    signature_length: usize,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    lock_point: PointIn,
    lock_secret: SecretNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"lock_secret", lock_secret)?;
        let encoded = call.array(c"pre_signature", pre_signature, pre_signature_length)?;
        let signature = call.array(c"signature", signature, signature_length)?;
        let public_key = call.point(c"public_key", public_key)?.x_only();
        let message = call.array(c"message", message, message_length)?;
        let lock_point = call.point(c"lock_point", lock_point)?;
        let signature = read_signature(signature)?;
        let lock_secret = read(encoded)?
            .extract_verified(&signature, &public_key, message, &lock_point)
            .map_err(|error| {
                let argument = match error {
                    AdaptorError::InvalidSignature | AdaptorError::NonceMismatch => c"signature",
                    _ => c"pre_signature",
                };
                Refusal::from(error).at(argument)
            })?;
        slot.give(lock_secret);
        Ok(())
    })
}

/// Checks a finished signature of a message.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_verify_signature(
    signature: BytesIn,
    signature_length: usize,
    public_key: PointIn,
    message: BytesIn,
    message_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let signature = call.array(c"signature", signature, signature_length)?;
        let public_key = call.point(c"public_key", public_key)?.x_only();
        let message = call.array(c"message", message, message_length)?;
        schnorr::verify_signature(&read_signature(signature)?, &public_key, message)
            .map_err(|error| Refusal::from(error).at(c"signature"))
    })
}

/// Verifies many pre-signatures in one sum: pre_signatures and messages are count of each, one after the other, public_keys and lock_points
/// are lists of count points. When one is refused, index of the fault is the first that pointlock_schnorr_verify would refuse; which else,
/// pointlock_schnorr_verify_each tells. An empty batch is valid.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_verify_batch(
    pre_signatures: BytesIn,
    pre_signatures_length: usize,
    public_keys: PointIn,
    messages: BytesIn,
    messages_length: usize,
    lock_points: PointIn,
    count: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let batch = Batch::read(
            call,
            (pre_signatures, pre_signatures_length),
            public_keys,
            (messages, messages_length),
            lock_points,
            count,
        )?;
        match batch.refusals().into_iter().min_by_key(|(index, _)| *index) {
            None => Ok(()),
            Some((index, error)) => {
                Err(Refusal::from(error).at(c"pre_signatures").with_index(index))
            }
        }
    })
}

/// Verifies many pre-signatures, and says of each whether it is valid: 1 or 0 in verdicts, which has count bytes. That the call
/// succeeds says that it has looked, and not that anything is valid.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_schnorr_verify_each(
    pre_signatures: BytesIn,
    pre_signatures_length: usize,
    public_keys: PointIn,
    messages: BytesIn,
    messages_length: usize,
    lock_points: PointIn,
    count: usize,
    verdicts: BytesOut,
    verdicts_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        if verdicts_length != count {
            return Err(Refusal::new(Error::Length).at(c"verdicts"));
        }
        let slot = call.out_list(c"verdicts", verdicts, verdicts_length)?;
        let batch = Batch::read(
            call,
            (pre_signatures, pre_signatures_length),
            public_keys,
            (messages, messages_length),
            lock_points,
            count,
        )?;
        let mut verdicts = vec![1; count];
        for (index, _) in batch.refusals() {
            verdicts[index] = 0;
        }
        slot.write(&verdicts);
        Ok(())
    })
}

/// What a batch is made of.
struct Batch<'c> {
    public_keys: Vec<XOnlyPublicKey>,
    messages: &'c [[u8; MESSAGE_LENGTH]],
    lock_points: Vec<Point>,
    /// Whatever the bytes are, they are right or wrong, and no error of the call.
    pre_signatures: Vec<Result<PreSignature, AdaptorError>>,
}

impl<'c> Batch<'c> {
    fn read(
        call: &mut Call<'c>,
        (pre_signatures, pre_signatures_length): (BytesIn, usize),
        public_keys: PointIn,
        (messages, messages_length): (BytesIn, usize),
        lock_points: PointIn,
        count: usize,
    ) -> Result<Self, Refusal> {
        let encoded: &[[u8; PreSignature::LENGTH]] =
            call.arrays(c"pre_signatures", pre_signatures, pre_signatures_length)?;
        let messages = call.arrays(c"messages", messages, messages_length)?;
        for (name, actual) in [(c"pre_signatures", encoded.len()), (c"messages", messages.len())] {
            if actual != count {
                return Err(Refusal::new(Error::Count).at(name));
            }
        }
        let public_keys = call.points(c"public_keys", public_keys, count)?;
        Ok(Self {
            public_keys: public_keys.iter().map(Point::x_only).collect(),
            messages,
            lock_points: call.points(c"lock_points", lock_points, count)?,
            pre_signatures: encoded.iter().map(PreSignature::from_bytes).collect(),
        })
    }

    /// Which are refused, and why.
    fn refusals(&self) -> Vec<(usize, AdaptorError)> {
        let mut refusals = Vec::new();
        let (mut places, mut items) = (Vec::new(), Vec::new());
        for (index, pre_signature) in self.pre_signatures.iter().enumerate() {
            match pre_signature {
                Err(error) => refusals.push((index, *error)),
                Ok(pre_signature) => {
                    places.push(index);
                    items.push(BatchItem::PreSignature {
                        public_key: &self.public_keys[index],
                        message: &self.messages[index],
                        lock_point: &self.lock_points[index],
                        pre_signature,
                    });
                }
            }
        }
        let faults = schnorr::verify_batch(&items).err();
        let faults = faults.iter().flat_map(BatchError::faults);
        refusals.extend(faults.map(|fault| (places[fault.index], fault.error)));
        refusals
    }
}

fn read(encoded: &[u8; PreSignature::LENGTH]) -> Result<PreSignature, Refusal> {
    PreSignature::from_bytes(encoded).map_err(|error| Refusal::from(error).at(c"pre_signature"))
}

fn read_signature(bytes: &[u8; SIGNATURE_LENGTH]) -> Result<Signature, Refusal> {
    Signature::from_slice(bytes)
        .map_err(|error| Refusal::of(Error::SignatureInvalid, &error).at(c"signature"))
}
