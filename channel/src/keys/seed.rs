use pointlock::curve::{Point, SecretScalar};
use sha2::{Digest, Sha256};
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::ChannelError;

/// The highest number that a commitment can have: it has 48 bits.
pub const LAST_COMMITMENT: u64 = (1 << 48) - 1;

/// The 32 bytes from which all per-commitment secrets of a party follow (BOLT 3): the tree of hashes whose leaf of index i hashes the seed
/// once for each bit of i, with that bit flipped before. Commitment n has the leaf 2^48 − 1 − n, so that each later secret that is told gives
/// all earlier ones, and none that follow.
///
/// One for each channel. Erased on drop; `Debug` shows nothing of it.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct PerCommitmentSeed([u8; 32]);

impl PerCommitmentSeed {
    /// A seed: 32 bytes of entropy that serve one channel.
    pub fn new(seed: [u8; 32]) -> Self {
        Self(seed)
    }

    /// p_n, which is told when commitment n is revoked and not before.
    ///
    /// # Errors
    ///
    /// [`ChannelError::CommitmentNumber`]; in theory [`ChannelError::Key`].
    pub fn secret(&self, number: u64) -> Result<SecretScalar, ChannelError> {
        if number > LAST_COMMITMENT {
            return Err(ChannelError::CommitmentNumber { number });
        }
        SecretScalar::from_bytes(&self.leaf(LAST_COMMITMENT - number))
            .map_err(|source| ChannelError::Key { key: "per-commitment secret", source })
    }

    /// P_n.
    ///
    /// # Errors
    ///
    /// As [`secret`](Self::secret).
    pub fn point(&self, number: u64) -> Result<Point, ChannelError> {
        self.secret(number).map(|secret| secret.to_point())
    }

    /// SHA-256 of the seed, in which the nonces' root has its beginning.
    pub(super) fn hash(&self) -> Zeroizing<[u8; 32]> {
        Zeroizing::new(Sha256::digest(self.0).into())
    }

    pub(super) fn leaf(&self, index: u64) -> Zeroizing<[u8; 32]> {
        descend(&self.0, index, 48)
    }
}

impl core::fmt::Debug for PerCommitmentSeed {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str("PerCommitmentSeed(…)")
    }
}

/// The leaf `index` below a node, by the lowest `bits` bits of it.
pub(super) fn descend(node: &[u8; 32], index: u64, bits: u32) -> Zeroizing<[u8; 32]> {
    let mut value = Zeroizing::new(*node);
    for bit in (0..bits).rev() {
        if index >> bit & 1 == 1 {
            value[bit as usize / 8] ^= 1 << (bit % 8);
            *value = Sha256::digest(*value).into();
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of BOLT 3, appendix D.
    #[test]
    fn leaves_are_those_of_bolt3() {
        let rows: [(u8, u64, &str); 5] = [
            (
                0x00,
                LAST_COMMITMENT,
                "02a40c85b6f28da08dfdbe0926c53fab2de6d28c10301f8f7c4073d5e42e3148",
            ),
            (
                0xff,
                LAST_COMMITMENT,
                "7cc854b54e3e0dcdb010d7a3fee464a9687be6e8db3be6854c475621e007a5dc",
            ),
            (
                0xff,
                0xaaa_aaaa_aaaa,
                "56f4008fb007ca9acf0e15b054d5c9fd12ee06cea347914ddbaed70d1c13a528",
            ),
            (
                0xff,
                0x5555_5555_5555,
                "9015daaeb06dba4ccc05b91b2f73bd54405f2be9f217fbacd3c5ac2e62327d31",
            ),
            (0x01, 1, "915c75942a26bb3a433a8ce2cb0427c29ec6c1775cfc78328b57f6ba7bfeaa9c"),
        ];
        for (byte, index, expected) in rows {
            let leaf = PerCommitmentSeed::new([byte; 32]).leaf(index);
            assert_eq!(hex::encode(*leaf), expected, "{index}");
        }
    }

    #[test]
    fn numbers_have_48_bits() {
        let seed = PerCommitmentSeed::new([1; 32]);
        assert!(seed.secret(LAST_COMMITMENT).is_ok());
        let number = LAST_COMMITMENT + 1;
        assert_eq!(seed.secret(number).unwrap_err(), ChannelError::CommitmentNumber { number });
        assert_eq!(format!("{seed:?}"), "PerCommitmentSeed(…)");
    }
}
