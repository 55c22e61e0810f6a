use core::fmt;

use chacha20::ChaCha20;
use chacha20::cipher::{KeyIvInit, StreamCipher, StreamCipherSeek};
use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use subtle::{Choice, ConstantTimeEq};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use super::ReplayTag;
use crate::curve::{CurveError, Point, SecretScalar, Tag};

static REPLAY: Tag = Tag::new("pointlock/replay");

/// What a sender and one hop share, and nobody else: SHA-256 of the compressed point e·N = n·E (BOLT 4,
/// "Shared Secret").
///
/// 32 bytes. The hop keeps it until the payment is settled, to wrap a failure on its way back; the
/// sender keeps all of its route. Not `Copy`, erased on drop, redacted `Debug`, compared in constant
/// time.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct SharedSecret([u8; 32]);

impl SharedSecret {
    /// The secret of a scalar of one's own and the point of the other: the ephemeral scalar and the
    /// node id on the sender's side, the node secret and the ephemeral key on the hop's. Constant
    /// time in the scalar.
    pub fn new(secret: &SecretScalar, point: &Point) -> Self {
        Self(Sha256::digest(*point.shared_secret(secret)).into())
    }

    /// The secret as it was stored.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// The 32 bytes, in the clear: for the store of a node.
    pub fn dangerous_to_bytes(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(self.0)
    }

    /// By what a [`ReplayGuard`](super::ReplayGuard) remembers the packet: a hash, so that the guard's
    /// store holds no secret.
    pub fn replay_tag(&self) -> ReplayTag {
        ReplayTag::from_bytes(REPLAY.hash(&[&self.0]))
    }

    pub(super) fn key(&self, key_type: KeyType) -> Zeroizing<[u8; 32]> {
        derive_key(key_type, &self.0)
    }
}

impl ConstantTimeEq for SharedSecret {
    fn ct_eq(&self, other: &Self) -> Choice {
        self.0.ct_eq(&other.0)
    }
}

impl PartialEq for SharedSecret {
    fn eq(&self, other: &Self) -> bool {
        self.ct_eq(other).into()
    }
}

impl Eq for SharedSecret {}

impl fmt::Debug for SharedSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SharedSecret(…)")
    }
}

/// What a derived key is for (BOLT 4, "Key Generation").
#[derive(Clone, Copy)]
pub(super) enum KeyType {
    /// Key stream over the payloads.
    Rho,
    /// HMAC of a packet.
    Mu,
    /// HMAC of a returned failure.
    Um,
    /// Key stream that the sender starts a packet with.
    Pad,
    /// Key stream over a returned failure.
    Ammag,
    /// Key stream over the attribution data beside it.
    AmmagExt,
    /// What a node id is multiplied with in a blinded path.
    BlindedNodeId,
}

impl KeyType {
    fn name(self) -> &'static [u8] {
        match self {
            Self::Rho => b"rho",
            Self::Mu => b"mu",
            Self::Um => b"um",
            Self::Pad => b"pad",
            Self::Ammag => b"ammag",
            Self::AmmagExt => b"ammagext",
            Self::BlindedNodeId => b"blinded_node_id",
        }
    }
}

/// HMAC-SHA256 with the *type* as the key and the secret as the message, as BOLT 4 has it.
pub(super) fn derive_key(key_type: KeyType, secret: &[u8; 32]) -> Zeroizing<[u8; 32]> {
    Zeroizing::new(hmac(key_type.name(), &[secret]))
}

/// SHA-256(33(E) ‖ shared secret) mod n, which turns this hop's ephemeral key into the next one's.
///
/// Whoever knows it can link the two packets, so it is a secret.
pub(super) fn blinding_factor(
    ephemeral_key: &Point,
    shared_secret: &SharedSecret,
) -> Result<SecretScalar, CurveError> {
    let mut hasher = Sha256::new();
    hasher.update(ephemeral_key.to_bytes());
    hasher.update(shared_secret.0);
    SecretScalar::from_hash(&Zeroizing::new(hasher.finalize().into()))
}

/// HMAC-SHA256 of the parts, one after another.
pub(super) fn hmac(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut hmac = Hmac::<Sha256>::new_from_slice(key).expect("HMAC takes keys of any length");
    for part in parts {
        hmac.update(part);
    }
    hmac.finalize().into_bytes().into()
}

/// Adds the ChaCha20 key stream (RFC 8439, zero nonce) from byte `offset` on to `data`. The zero
/// nonce is safe because every key comes from a shared secret that encrypts one packet.
pub(super) fn apply_stream(key: &[u8; 32], offset: usize, data: &mut [u8]) {
    let mut cipher = ChaCha20::new(key.into(), &[0; 12].into());
    cipher.seek(offset);
    cipher.apply_keystream(data);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret(byte: u8) -> SecretScalar {
        SecretScalar::from_bytes(&[byte; 32]).unwrap()
    }

    #[test]
    fn both_sides_share_the_secret() {
        let ours = SharedSecret::new(&secret(1), &secret(2).to_point());
        assert_eq!(ours, SharedSecret::new(&secret(2), &secret(1).to_point()));
        // The parity of the key counts: with −E it is another secret.
        assert_ne!(ours, SharedSecret::new(&secret(1), &secret(2).to_point().negate()));
    }

    #[test]
    fn each_key_type_has_its_own_key() {
        let shared = SharedSecret::from_bytes([7; 32]);
        let types = [
            KeyType::Rho,
            KeyType::Mu,
            KeyType::Um,
            KeyType::Pad,
            KeyType::Ammag,
            KeyType::AmmagExt,
            KeyType::BlindedNodeId,
        ];
        let mut keys: Vec<_> = types.iter().map(|key_type| *shared.key(*key_type)).collect();
        keys.push(shared.replay_tag().to_bytes());
        keys.push(*shared.dangerous_to_bytes());
        keys.sort_unstable();
        keys.dedup();
        assert_eq!(keys.len(), 9);
    }

    #[test]
    fn stream_continues_at_an_offset() {
        let mut whole = [0; 200];
        apply_stream(&[9; 32], 0, &mut whole);
        for offset in [0, 1, 63, 64, 65, 130] {
            let mut tail = vec![0; 200 - offset];
            apply_stream(&[9; 32], offset, &mut tail);
            assert_eq!(tail, whole[offset..]);
        }
    }

    #[test]
    fn debug_has_no_secret() {
        assert_eq!(format!("{:?}", SharedSecret::from_bytes([0xab; 32])), "SharedSecret(…)");
    }
}
