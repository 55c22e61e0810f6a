use pointlock::curve::SecretScalar;
use zeroize::Zeroizing;

use super::LAST_COMMITMENT;
use super::seed::descend;
use crate::ChannelError;

/// The per-commitment secrets that the peer has told, all of them in 49 places at most (BOLT 3, "Efficient Per-commitment Secret Storage"):
/// a later secret gives those before it, and where it doesn't, it is refused.
///
/// They come in order, from commitment 0 on. Kept until the close is final.
#[derive(Clone, Default)]
pub struct RevokedSecrets {
    /// By how many zero bits the index ends with: the index, and its secret.
    nodes: Vec<(u64, Zeroizing<[u8; 32]>)>,
    count: u64,
}

impl RevokedSecrets {
    /// None so far.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many commitments are revoked: the number of the next one.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// Takes the secret of the next commitment.
    ///
    /// # Errors
    ///
    /// [`ChannelError::RevocationOrder`] when it is not the next one, [`ChannelError::RevocationChain`] when the former ones don't follow
    /// from it.
    pub fn insert(&mut self, number: u64, secret: &SecretScalar) -> Result<(), ChannelError> {
        if number != self.count || number > LAST_COMMITMENT {
            return Err(ChannelError::RevocationOrder { expected: self.count, actual: number });
        }
        let index = LAST_COMMITMENT - number;
        let place = index.trailing_zeros().min(48);
        let secret = secret.dangerous_to_bytes();
        for (known, kept) in self.nodes.iter().take(place as usize) {
            if *descend(&secret, *known, place) != **kept {
                return Err(ChannelError::RevocationChain { number });
            }
        }
        if self.nodes.len() == place as usize {
            self.nodes.push((index, secret));
        } else {
            self.nodes[place as usize] = (index, secret);
        }
        self.count += 1;
        Ok(())
    }

    /// The secret of a revoked commitment; None if it is not revoked.
    pub fn secret(&self, number: u64) -> Option<SecretScalar> {
        if number >= self.count {
            return None;
        }
        let index = LAST_COMMITMENT - number;
        let (place, (_, node)) = self
            .nodes
            .iter()
            .enumerate()
            .find(|(place, (known, _))| index >> *place == known >> *place)?;
        SecretScalar::from_bytes(&descend(node, index, place as u32)).ok()
    }
}

impl core::fmt::Debug for RevokedSecrets {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        write!(f, "RevokedSecrets(count: {}, secrets: …)", self.count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::PerCommitmentSeed;

    #[test]
    fn every_secret_that_was_told_is_there() {
        let seed = PerCommitmentSeed::new([7; 32]);
        let mut revoked = RevokedSecrets::new();
        for number in 0..300 {
            assert_eq!(revoked.secret(number), None);
            revoked.insert(number, &seed.secret(number).unwrap()).unwrap();
            for earlier in 0..=number {
                assert_eq!(revoked.secret(earlier), seed.secret(earlier).ok(), "{earlier}");
            }
        }
        assert!(revoked.nodes.len() <= 49);
    }

    #[test]
    fn a_secret_out_of_order_or_of_another_chain_is_refused() {
        let (seed, other) = (PerCommitmentSeed::new([7; 32]), PerCommitmentSeed::new([8; 32]));
        let mut revoked = RevokedSecrets::new();
        let secret = |number| seed.secret(number).unwrap();
        let expected = ChannelError::RevocationOrder { expected: 0, actual: 1 };
        assert_eq!(revoked.insert(1, &secret(1)), Err(expected));
        revoked.insert(0, &secret(0)).unwrap();
        assert_eq!(format!("{revoked:?}"), "RevokedSecrets(count: 1, secrets: …)");
        let foreign = other.secret(1).unwrap();
        assert_eq!(revoked.insert(1, &foreign), Err(ChannelError::RevocationChain { number: 1 }));
        revoked.insert(1, &secret(1)).unwrap();
    }
}
