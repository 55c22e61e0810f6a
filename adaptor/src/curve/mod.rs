//! The ground floor: scalars and points of secp256k1 that can't be invalid, and tagged hashes.
//!
//! Everything above computes with these types and so never meets the point at infinity or the
//! scalar zero where a lock, a secret, a blind or a nonce is meant:
//!
//! | type | holds | secret |
//! | --- | --- | --- |
//! | [`SecretScalar`] | 1 … n − 1 | yes: redacted, erased on drop, compared in constant time |
//! | [`PublicScalar`] | 0 … n − 1 | no |
//! | [`Point`] | a point other than infinity, with its parity | no |
//! | [`PreparedPoint`] | the same with a table of its multiples | no |
//! | [`Keypair`] | a signing key with even-y public key (BIP-340) | yes |
//!
//! # Synopsis
//!
//! ```
//! use pointlock_adaptor::curve::{Point, SecretScalar};
//!
//! // The owner of t knows the scalar, everybody else the point T = t·G.
//! let t = SecretScalar::from_bytes(&[7; 32])?;
//! let lock_point: Point = t.to_point();
//!
//! // Sums on the one side are sums on the other.
//! let y = SecretScalar::from_bytes(&[9; 32])?;
//! assert_eq!(t.add(&y)?.to_point(), lock_point.add(&y.to_point())?);
//! assert!(lock_point.add(&lock_point.negate()).is_err(), "infinity is no point");
//! # Ok::<(), pointlock_adaptor::curve::CurveError>(())
//! ```
//!
//! # What is constant time
//!
//! The arithmetic is libsecp256k1's. `SecretScalar` operations and `to_point` are constant time in
//! the scalars. [`Point::mul_secret`] goes through the ECDH module, which is constant time in the
//! scalar. All that takes points as input, such as [`Point::add`], [`Point::mul_public`],
//! [`double_mul_public`], [`multi_mul_public`] and the encodings, may be variable time in them: a [`Point`] is public, and a
//! Diffie-Hellman secret never is one. The crate `ctime` in the repository checks this with valgrind.
//! Erasure is best effort: `secp256k1::SecretKey` is `Copy`, so the compiler may leave copies on the
//! stack that nobody erases (see `SECURITY.md`).
//!
//! # References
//!
//! [BIP-340](https://github.com/bitcoin/bips/blob/master/bip-0340.mediawiki) for x-only keys and
//! tagged hashes, [SEC 1](https://www.secg.org/sec1-v2.pdf) for the compressed encoding.

mod context;
mod error;
#[cfg(feature = "rand_core")]
mod fresh;
mod keypair;
mod linear;
mod point;
mod prepared;
mod scalar;
#[cfg(feature = "batch")]
mod sum;
mod tagged;

pub use context::{context, randomize_context};
pub use error::CurveError;
#[cfg(feature = "rand_core")]
pub use fresh::fresh;
pub use keypair::Keypair;
pub(crate) use linear::add_multiple_of_generator;
#[cfg(any(test, not(feature = "batch")))]
pub(crate) use linear::double_mul_x_only;
pub use linear::{double_mul_public, multi_mul_public};
pub use point::Point;
pub use prepared::PreparedPoint;
pub use scalar::{PublicScalar, SecretScalar};
pub use secp256k1::XOnlyPublicKey;
#[cfg(feature = "batch")]
pub(crate) use sum::{add_each, coordinates, encoding, scalar};
pub use tagged::{Tag, hash_with_tag};
