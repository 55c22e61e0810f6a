use alloc::vec::Vec;

use super::{BlindedHop, BlindedPath, BlindingError, MAX_DATA, PathSecret};
use crate::curve::{Point, SecretScalar};

impl BlindedPath {
    /// Makes a path over `hops`, from the introduction node to the maker itself (dummy hops of its own
    /// may follow), and the secrets shared with each of them, in the same order.
    ///
    /// `session_key` is e_0: fresh entropy, used for this path and nothing else. A hop is a node id and
    /// its data in the clear, a [`RecipientData`](super::RecipientData) in bytes, of at most
    /// [`MAX_DATA`] bytes. Data of one length for all hops shows the sender least: see
    /// [`RecipientData::pad`](super::RecipientData::pad).
    ///
    /// # Errors
    ///
    /// [`BlindingError::NoHops`], [`BlindingError::TooManyHops`], [`BlindingError::DataLength`]; and [`BlindingError::Degenerate`], which
    /// no hash will show.
    pub fn build<D: AsRef<[u8]>>(
        session_key: SecretScalar,
        hops: &[(Point, D)],
    ) -> Result<(Self, Vec<PathSecret>), BlindingError> {
        let (first_node_id, _) = hops.first().ok_or(BlindingError::NoHops)?;
        if hops.len() > Self::MAX_HOPS {
            return Err(BlindingError::TooManyHops { hops: hops.len(), max: Self::MAX_HOPS });
        }
        let first_path_key = session_key.to_point();
        let mut path_scalar = session_key;
        let mut blinded = Vec::with_capacity(hops.len());
        let mut secrets = Vec::with_capacity(hops.len());
        for (hop, (node_id, data)) in hops.iter().enumerate() {
            let data = data.as_ref();
            if data.len() > MAX_DATA {
                let length = data.len();
                return Err(BlindingError::DataLength { hop, length, max: MAX_DATA });
            }
            let secret = PathSecret::of_maker(&path_scalar, node_id);
            blinded.push(BlindedHop {
                blinded_node_id: secret.blinded_node_id(node_id)?,
                encrypted_recipient_data: secret.seal(data),
            });
            path_scalar = path_scalar.mul(&secret.path_factor()?);
            secrets.push(secret);
        }
        let path = Self::from_parts(*first_node_id, first_path_key, blinded)
            .expect("the hops were counted, and MAX_DATA leaves room for the seal");
        Ok((path, secrets))
    }
}
