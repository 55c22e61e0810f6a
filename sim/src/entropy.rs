use pointlock::curve::SecretScalar;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};

/// All randomness of a scenario: the same seed gives the same story.
#[derive(Clone, Debug)]
pub struct Entropy(ChaCha20Rng);

impl Entropy {
    /// From a number.
    pub fn from_seed(seed: u64) -> Self {
        Self(ChaCha20Rng::seed_from_u64(seed))
    }

    /// The next 32 bytes.
    pub fn bytes(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        self.0.fill_bytes(&mut bytes);
        bytes
    }

    /// The next scalar.
    pub fn secret(&mut self) -> SecretScalar {
        loop {
            if let Ok(secret) = SecretScalar::from_hash(&self.bytes()) {
                return secret;
            }
        }
    }
}
