use alloc::vec::Vec;

use super::{BlindingError, MAX_DATA, PathSecret};
use crate::curve::{Point, SecretScalar};

/// A blinded path, as its maker hands it out: in an invoice, say. Nothing in it is secret.
///
/// It has at least one hop. The first is the introduction node, the only one whose node id is told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindedPath {
    first_node_id: Point,
    first_path_key: Point,
    hops: Vec<BlindedHop>,
}

/// What a sender is told about one hop of a blinded path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BlindedHop {
    /// N'_i, to which the sender encrypts this hop's layer of its onion.
    pub blinded_node_id: Point,
    /// The maker's data for this hop, encrypted, 16 bytes longer than in the clear. The sender puts it
    /// into this hop's payload as it is.
    pub encrypted_recipient_data: Vec<u8>,
}

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
    /// [`BlindingError::NoHops`], [`BlindingError::DataLength`]; and [`BlindingError::Degenerate`], which
    /// no hash will show.
    pub fn build<D: AsRef<[u8]>>(
        session_key: SecretScalar,
        hops: &[(Point, D)],
    ) -> Result<(Self, Vec<PathSecret>), BlindingError> {
        let (first_node_id, _) = hops.first().ok_or(BlindingError::NoHops)?;
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
        let path = Self { first_node_id: *first_node_id, first_path_key, hops: blinded };
        Ok((path, secrets))
    }

    /// A path that was read from somewhere: an invoice, say.
    ///
    /// # Errors
    ///
    /// [`BlindingError::NoHops`].
    pub fn from_parts(
        first_node_id: Point,
        first_path_key: Point,
        hops: Vec<BlindedHop>,
    ) -> Result<Self, BlindingError> {
        if hops.is_empty() {
            return Err(BlindingError::NoHops);
        }
        Ok(Self { first_node_id, first_path_key, hops })
    }

    /// This path and, after it, one that somebody else made. The data of this path's last hop must have
    /// the other's [`first_path_key`](Self::first_path_key) as its `next_path_key_override`, and lead to the
    /// other's [`first_node_id`](Self::first_node_id): its maker takes care of that, for nobody else can see
    /// it.
    #[must_use]
    pub fn join(mut self, tail: Self) -> Self {
        self.hops.extend(tail.hops);
        self
    }

    /// The node id of the introduction node, to which the sender finds a route.
    pub fn first_node_id(&self) -> &Point {
        &self.first_node_id
    }

    /// E_0, for the introduction node's payload (`current_path_key`).
    pub fn first_path_key(&self) -> &Point {
        &self.first_path_key
    }

    /// The hops, from the introduction node on; at least one.
    pub fn hops(&self) -> &[BlindedHop] {
        &self.hops
    }
}
