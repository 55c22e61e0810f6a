use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::{Keypair, SecretScalar, Tag};

static SCALAR: Tag = Tag::new("pointlock/fresh_scalar");

/// 32 fresh bytes, for whatever takes entropy as an argument. Erased on drop.
///
/// The library draws nothing itself: `rng` is yours, and has to be a cryptographic one. With the feature `rand_core`.
///
/// ```
/// use pointlock_adaptor::curve::{Keypair, SecretScalar, fresh};
/// use pointlock_adaptor::schnorr;
///
/// let mut rng = rand::rng(); // or any other `CryptoRng` of rand_core 0.10
/// let (signer, t) = (Keypair::from_rng(&mut rng), SecretScalar::from_rng(&mut rng));
/// let message = [3; 32];
///
/// let pre_signature = schnorr::pre_sign(&signer, &message, &t.to_point(), &fresh(&mut rng))?;
/// assert!(pre_signature.verify(&signer.x_only_public_key(), &message, &t.to_point()).is_ok());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// A generator that is not cryptographic is no `CryptoRng`:
///
/// ```compile_fail,E0277
/// use rand::SeedableRng as _;
/// let mut rng = rand::rngs::SmallRng::seed_from_u64(1);
/// let entropy = pointlock_adaptor::curve::fresh(&mut rng);
/// ```
///
/// ```
/// use rand::SeedableRng as _;
/// let mut rng = rand::rngs::StdRng::seed_from_u64(1);
/// let entropy = pointlock_adaptor::curve::fresh(&mut rng);
/// ```
pub fn fresh<R: CryptoRng + ?Sized>(rng: &mut R) -> Zeroizing<[u8; 32]> {
    let mut bytes = Zeroizing::new([0; 32]);
    rng.fill_bytes(&mut *bytes);
    bytes
}

impl SecretScalar {
    /// A fresh scalar: H_pointlock/fresh_scalar of 32 bytes of `rng`, mod n. With the feature `rand_core`.
    pub fn from_rng<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        let hash = Zeroizing::new(SCALAR.hash(&[&*fresh(rng)]));
        Self::from_hash(&hash)
            .expect("a hash of fresh entropy is zero mod n with a probability of 2^-256")
    }
}

impl Keypair {
    /// The pair of a fresh secret key. With the feature `rand_core`.
    pub fn from_rng<R: CryptoRng + ?Sized>(rng: &mut R) -> Self {
        Self::new(SecretScalar::from_rng(rng))
    }
}

#[cfg(test)]
mod tests {
    use core::convert::Infallible;

    use rand_core::{TryCryptoRng, TryRng};

    use super::*;
    use crate::lock::{Blind, Preimage};

    /// Counts the bytes that were drawn, and gives this one again and again, as a broken generator may.
    struct Stuck {
        byte: u8,
        drawn: usize,
    }

    impl TryRng for Stuck {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            self.drawn += 4;
            Ok(u32::from_ne_bytes([self.byte; 4]))
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            self.drawn += 8;
            Ok(u64::from_ne_bytes([self.byte; 8]))
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            self.drawn += bytes.len();
            bytes.fill(self.byte);
            Ok(())
        }
    }

    impl TryCryptoRng for Stuck {}

    /// 32 bytes each, all of them used; and an end even where they are no scalar.
    #[test]
    fn each_draws_thirty_two_bytes() {
        for byte in [0x00, 0x01, 0xff] {
            let mut rng = Stuck { byte, drawn: 0 };
            assert_eq!(*fresh(&mut rng), [byte; 32]);
            let hashed = SecretScalar::from_hash(&SCALAR.hash(&[&[byte; 32]])).unwrap();
            assert_eq!(SecretScalar::from_rng(&mut rng), hashed);
            assert_eq!(Keypair::from_rng(&mut rng).secret_key(), &hashed);
            assert_eq!(Blind::from_rng(&mut rng).as_scalar(), &hashed);
            assert_eq!(Preimage::from_rng(&mut rng), Preimage::new([byte; 32]));
            assert_eq!(rng.drawn, 5 * 32);
        }
    }

    /// A generator behind a pointer is one, too.
    #[test]
    fn a_generator_may_be_an_object() {
        let rng: &mut dyn CryptoRng = &mut Stuck { byte: 7, drawn: 0 };
        assert_eq!(*fresh(rng), [7; 32]);
    }
}
