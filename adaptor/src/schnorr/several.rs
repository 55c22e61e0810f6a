use super::PreSignature;
#[cfg(feature = "batch")]
use super::{BatchItem, verify_batch};
use crate::AdaptorError;
use crate::curve::Point;

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
    #[cfg(feature = "batch")]
    {
        let mut items = Vec::with_capacity(signed.len());
        for (message, pre_signature) in signed {
            items.push(BatchItem::PreSignatureByPoint {
                public_key,
                message,
                lock_point,
                pre_signature,
            });
        }
        verify_batch(&items).map_err(|error| {
            let first = error.faults().first().expect("a refusal names an item");
            (first.index, first.error)
        })
    }
    #[cfg(not(feature = "batch"))]
    {
        let verify = |(place, (message, pre_signature)): (usize, &([u8; 32], PreSignature))| {
            pre_signature
                .verify_by_point(public_key, message, lock_point)
                .map_err(|error| (place, error))
        };
        signed.iter().enumerate().try_for_each(verify)
    }
}
