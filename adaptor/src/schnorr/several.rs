//! Many pre-signatures by one key.

use alloc::vec::Vec;

use super::key::Key;
#[cfg(feature = "batch")]
use super::{Backend, BatchItem, verify_batch};
use super::{PreSignature, derive_nonce, double_mul_and_add, nonce_mask, pre_sign_with};
use crate::AdaptorError;
#[cfg(feature = "batch")]
use crate::curve::add_each;
use crate::curve::{Keypair, Point, PreparedPoint, SecretScalar};

/// What is pre-signed: a message, 32 bytes, and its lock point.
type Item = ([u8; 32], Point);

/// Up to how many under a key with a table are faster one by one than as a batch.
#[cfg(feature = "batch")]
const SINGLY: usize = 4;

/// [`pre_sign`](super::pre_sign) for many messages, each with its lock point: the same pre-signatures, byte for byte.
///
/// With the feature `batch` the sums R' = k·G + T share an inversion. Their time depends on points alone, which the
/// pre-signatures give away; k·G itself is libsecp256k1's, in constant time.
///
/// # Errors
///
/// The place of the item and [`AdaptorError::DegenerateNonce`], in theory.
pub fn pre_sign_batch(
    keypair: &Keypair,
    items: &[Item],
    aux_rand: &[u8; 32],
) -> Result<Vec<PreSignature>, (usize, AdaptorError)> {
    #[cfg(feature = "batch")]
    return pre_sign_batch_on(Backend::detect(), keypair, items, aux_rand);
    #[cfg(not(feature = "batch"))]
    return pre_sign_each(keypair, items, aux_rand, |nonces| {
        let sum = |(nonce, (_, lock_point)): (&SecretScalar, &Item)| {
            nonce.to_point().add(lock_point).ok().map(|sum| sum.to_bytes())
        };
        nonces.iter().zip(items).map(sum).collect()
    });
}

/// [`pre_sign_batch`] on a backend of one's choice: for measurements and tests.
///
/// # Errors
///
/// Those of [`pre_sign_batch`].
#[cfg(feature = "batch")]
pub fn pre_sign_batch_on(
    backend: Backend,
    keypair: &Keypair,
    items: &[Item],
    aux_rand: &[u8; 32],
) -> Result<Vec<PreSignature>, (usize, AdaptorError)> {
    pre_sign_each(keypair, items, aux_rand, |nonces| {
        let points: Vec<Point> = nonces.iter().map(SecretScalar::to_point).collect();
        let lock_points: Vec<Point> = items.iter().map(|(_, lock_point)| *lock_point).collect();
        add_each(backend, &points, &lock_points)
    })
}

/// [`pre_sign_batch`], and verifies what it made, as one batch.
///
/// # Errors
///
/// Those of [`pre_sign_batch`], and with its place what [`PreSignature::verify_by_point`] says of the first that is refused.
pub fn pre_sign_batch_verified(
    keypair: &Keypair,
    items: &[Item],
    aux_rand: &[u8; 32],
) -> Result<Vec<PreSignature>, (usize, AdaptorError)> {
    let pre_signatures = pre_sign_batch(keypair, items, aux_rand)?;
    let signed = items.iter().zip(&pre_signatures);
    let signed = signed.map(|((message, point), pre)| (message, point, pre)).collect();
    verify(Key::of(keypair), signed)?;
    Ok(pre_signatures)
}

/// Verifies pre-signatures of one signer under one lock point, each with its message: the rungs of a fee ladder. With the
/// feature `batch` they are one [batch](super::verify_batch).
///
/// # Errors
///
/// The place of the first that is refused, and what [`PreSignature::verify_by_point`] says of it.
pub fn verify_several(
    public_key: &Point,
    lock_point: &Point,
    signed: &[([u8; 32], PreSignature)],
) -> Result<(), (usize, AdaptorError)> {
    let signed = signed.iter().map(|(message, pre)| (message, lock_point, pre)).collect();
    verify(Key::Point(public_key), signed)
}

/// [`verify_several`] under a key with a table of its multiples: a few of them singly, in half the time.
///
/// # Errors
///
/// Those of [`verify_several`].
pub fn verify_several_by_prepared(
    public_key: &PreparedPoint,
    lock_point: &Point,
    signed: &[([u8; 32], PreSignature)],
) -> Result<(), (usize, AdaptorError)> {
    let signed = signed.iter().map(|(message, pre)| (message, lock_point, pre)).collect();
    verify(Key::Prepared(public_key), signed)
}

/// k, R' and s' of each item. `sums` gives R' for each k, or None for infinity.
fn pre_sign_each(
    keypair: &Keypair,
    items: &[Item],
    aux_rand: &[u8; 32],
    sums: impl FnOnce(&[SecretScalar]) -> Vec<Option<[u8; 33]>>,
) -> Result<Vec<PreSignature>, (usize, AdaptorError)> {
    let mask = nonce_mask(keypair, aux_rand);
    let mut nonces = Vec::with_capacity(items.len());
    for (place, (message, lock_point)) in items.iter().enumerate() {
        let nonce = derive_nonce(&mask, keypair, message, lock_point);
        nonces.push(nonce.map_err(|error| (place, error))?);
    }
    let mut pre_signatures = Vec::with_capacity(items.len());
    for (place, (((message, _), nonce), sum)) in
        items.iter().zip(&nonces).zip(sums(&nonces)).enumerate()
    {
        let pre_signature = sum
            .ok_or(AdaptorError::DegenerateNonce)
            .and_then(|sum| pre_sign_with(keypair, message, nonce, &sum));
        pre_signatures.push(pre_signature.map_err(|error| (place, error))?);
    }
    Ok(pre_signatures)
}

type Signed<'a> = (&'a [u8; 32], &'a Point, &'a PreSignature);

fn verify(key: Key<'_>, signed: Vec<Signed<'_>>) -> Result<(), (usize, AdaptorError)> {
    #[cfg(feature = "batch")]
    match key {
        Key::Prepared(key) if signed.len() > SINGLY => return verify_as_batch(key.point(), signed),
        Key::Point(key) => return verify_as_batch(key, signed),
        Key::Prepared(_) | Key::XOnly(_) => {}
    }
    let verify = |(place, (message, lock_point, pre_signature)): (usize, Signed<'_>)| {
        let verdict = pre_signature.verify_by(double_mul_and_add, key, message, lock_point);
        verdict.map_err(|error| (place, error))
    };
    signed.into_iter().enumerate().try_for_each(verify)
}

#[cfg(feature = "batch")]
fn verify_as_batch(
    public_key: &Point,
    signed: Vec<Signed<'_>>,
) -> Result<(), (usize, AdaptorError)> {
    let item = |(message, lock_point, pre_signature)| BatchItem::PreSignatureByPoint {
        public_key,
        message,
        lock_point,
        pre_signature,
    };
    let items: Vec<BatchItem<'_>> = signed.into_iter().map(item).collect();
    verify_batch(&items).map_err(|error| {
        let first = error.faults().first().expect("a refusal names an item");
        (first.index, first.error)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::schnorr::pre_sign;

    fn items(count: usize) -> Vec<Item> {
        let point = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point();
        (1..=count as u8).map(|byte| ([byte; 32], point(byte.div_ceil(2)))).collect()
    }

    /// For both parities of the key, and of R'.
    #[test]
    fn many_are_what_each_is() {
        for byte in 1..9 {
            let keypair = Keypair::from_secret_bytes(&[byte; 32]).unwrap();
            for count in [0, 1, 2, 7, 8, 9, 40] {
                let (items, aux_rand) = (items(count), [byte + 1; 32]);
                let each: Vec<PreSignature> = items
                    .iter()
                    .map(|(message, point)| pre_sign(&keypair, message, point, &aux_rand).unwrap())
                    .collect();
                assert_eq!(pre_sign_batch(&keypair, &items, &aux_rand).as_ref(), Ok(&each));
                assert_eq!(pre_sign_batch_verified(&keypair, &items, &aux_rand), Ok(each.clone()));
                let prepared = keypair.clone().with_prepared_key();
                assert_eq!(pre_sign_batch_verified(&prepared, &items, &aux_rand), Ok(each.clone()));
                #[cfg(feature = "batch")]
                for backend in Backend::all() {
                    let made = pre_sign_batch_on(backend, &keypair, &items, &aux_rand);
                    assert_eq!(made.as_ref(), Ok(&each), "{}", backend.name());
                }
            }
        }
    }

    /// A fault of the machine: the plain verb gives it away, the verifying one names the first.
    #[test]
    fn a_faulty_one_does_not_leave_the_verifying_verb() {
        let faulty = Keypair::from_secret_bytes(&[1; 32]).unwrap().with_faulty_secret();
        assert!(pre_sign_batch(&faulty, &items(9), &[2; 32]).is_ok());
        for faulty in [faulty.clone().with_prepared_key(), faulty] {
            for count in [1, 9] {
                let refused = pre_sign_batch_verified(&faulty, &items(count), &[2; 32]);
                assert_eq!(refused, Err((0, AdaptorError::InvalidPreSignature)));
            }
        }
    }

    #[test]
    fn the_first_that_is_refused_is_named() {
        let keypair = Keypair::from_secret_bytes(&[1; 32]).unwrap();
        let point = items(1)[0].1;
        let mut signed: Vec<([u8; 32], PreSignature)> = (1..=9)
            .map(|byte| ([byte; 32], pre_sign(&keypair, &[byte; 32], &point, &[2; 32]).unwrap()))
            .collect();
        let key = keypair.public_key();
        // The key's parity does not count.
        assert_eq!(verify_several(&key, &point, &signed), Ok(()));
        assert_eq!(verify_several(&key.negate(), &point, &signed), Ok(()));
        assert_eq!(verify_several(&key, &point, &[]), Ok(()));
        // One by one, and as a batch.
        let prepared = [key, key.negate()].map(PreparedPoint::new);
        for prepared in &prepared {
            for count in [0, 4, 5, 9] {
                let verdict = verify_several_by_prepared(prepared, &point, &signed[..count]);
                assert_eq!(verdict, Ok(()));
            }
        }
        for place in [6, 3] {
            signed[place].0[0] ^= 1;
            let refused = Err((place, AdaptorError::InvalidPreSignature));
            assert_eq!(verify_several(&key, &point, &signed), refused);
            for prepared in &prepared {
                for count in [4, 9] {
                    let verdict = verify_several_by_prepared(prepared, &point, &signed[..count]);
                    assert_eq!(verdict, if place < count { refused } else { Ok(()) });
                }
            }
        }
    }
}
