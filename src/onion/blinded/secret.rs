use alloc::vec::Vec;

use chacha20poly1305::aead::Aead;
use chacha20poly1305::{ChaCha20Poly1305, KeyInit};
use zeroize::Zeroizing;

use super::super::keys::{KeyType, blinding_factor};
use super::{BlindingError, OVERHEAD};
use crate::curve::{Point, SecretScalar};
use crate::onion::SharedSecret;

/// What the maker of a blinded path and one of its hops share, and nobody else: the path key E_i and
/// ss_i = SHA-256(33(e_i·N_i)) = SHA-256(33(k_i·E_i)).
///
/// A type of its own, so that it is never taken for the secret that a *sender* shares with the hop. The
/// maker keeps those of its path as long as it waits for payments along it. Not `Copy`, erased on drop,
/// redacted `Debug`, compared in constant time.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PathSecret {
    path_key: Point,
    shared: SharedSecret,
}

impl PathSecret {
    /// The hop's side: its node secret k_i and the path key E_i that came with the message, or with
    /// the payload at the introduction node. Constant time in the secret.
    pub fn new(node_secret: &SecretScalar, path_key: &Point) -> Self {
        Self { path_key: *path_key, shared: SharedSecret::new(node_secret, path_key) }
    }

    /// The maker's side: e_i and the node id N_i.
    pub(super) fn of_maker(path_scalar: &SecretScalar, node_id: &Point) -> Self {
        Self { path_key: path_scalar.to_point(), shared: SharedSecret::new(path_scalar, node_id) }
    }

    /// The secret as it was stored: nothing says that the two belong together.
    pub(crate) fn from_parts(path_key: Point, shared: SharedSecret) -> Self {
        Self { path_key, shared }
    }

    /// E_i, the path key that the hop sees.
    pub fn path_key(&self) -> &Point {
        &self.path_key
    }

    /// ss_i.
    pub fn shared_secret(&self) -> &SharedSecret {
        &self.shared
    }

    /// N'_i = HMAC("blinded_node_id", ss_i)·N_i, under which the sender knows the hop.
    ///
    /// # Errors
    ///
    /// [`BlindingError::Degenerate`], which no hash will show.
    pub fn blinded_node_id(&self, node_id: &Point) -> Result<Point, BlindingError> {
        Ok(node_id.mul_secret(&self.node_factor()?))
    }

    /// The scalar of N'_i, with which the hop peels the onion: HMAC("blinded_node_id", ss_i)·k_i.
    ///
    /// # Errors
    ///
    /// [`BlindingError::Degenerate`], which no hash will show.
    pub fn blinded_node_secret(
        &self,
        node_secret: &SecretScalar,
    ) -> Result<SecretScalar, BlindingError> {
        Ok(node_secret.mul(&self.node_factor()?))
    }

    /// E_{i+1} = SHA-256(33(E_i) ‖ ss_i)·E_i, for the next hop, unless the data names another one.
    ///
    /// # Errors
    ///
    /// [`BlindingError::Degenerate`], which no hash will show.
    pub fn next_path_key(&self) -> Result<Point, BlindingError> {
        Ok(self.path_key.mul_secret(&self.path_factor()?))
    }

    /// Opens this hop's `encrypted_recipient_data`. Nothing is decrypted unless all of it is as the
    /// maker wrote it.
    ///
    /// # Errors
    ///
    /// [`BlindingError::InvalidSeal`].
    pub fn open(
        &self,
        encrypted_recipient_data: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, BlindingError> {
        self.cipher()
            .decrypt(&[0; 12].into(), encrypted_recipient_data)
            .map(Zeroizing::new)
            .map_err(|_| BlindingError::InvalidSeal)
    }

    /// The other way round. `data` is at most [`MAX_DATA`](super::MAX_DATA) bytes long.
    pub(super) fn seal(&self, data: &[u8]) -> Vec<u8> {
        let sealed = self
            .cipher()
            .encrypt(&[0; 12].into(), data)
            .expect("65,519 bytes are far below the 256 GiB that ChaCha20 can encrypt");
        debug_assert_eq!(sealed.len(), data.len() + OVERHEAD);
        sealed
    }

    /// SHA-256(33(E_i) ‖ ss_i), which takes e_i to e_{i+1} and E_i to E_{i+1}.
    pub(super) fn path_factor(&self) -> Result<SecretScalar, BlindingError> {
        blinding_factor(&self.path_key, &self.shared)
            .map_err(|source| BlindingError::Degenerate { source })
    }

    fn node_factor(&self) -> Result<SecretScalar, BlindingError> {
        SecretScalar::from_hash(&self.shared.key(KeyType::BlindedNodeId))
            .map_err(|source| BlindingError::Degenerate { source })
    }

    /// The zero nonce is safe because every rho encrypts the data of one hop of one path.
    fn cipher(&self) -> ChaCha20Poly1305 {
        ChaCha20Poly1305::new((&*self.shared.key(KeyType::Rho)).into())
    }
}
