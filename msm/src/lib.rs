//! Sums of many multiples of points on secp256k1, for **public data only**.
//!
//! Every function here takes a time that depends on what it is given: scalars, points, and which of them are equal. So do
//! the caches that it leaves behind. Never give it a secret. It verifies signatures, and nothing of `pointlock` that holds
//! a secret depends on it.
//!
//! # What it computes
//!
//! | function | sum | way |
//! | --- | --- | --- |
//! | [`multiply_sum`] | k_1·P_1 + … + k_n·P_n | Strauss' interleaving for few, Pippenger's buckets for many |
//! | [`multiply_sum_and_generator`] | a·G + k_1·P_1 + … + k_n·P_n | the same |
//! | [`Backend::multiply_generator`] | a·G | 34 multiples out of a table of 2,176; or those spread over eight lanes |
//! | [`Backend::multiply_prepared`] | a·G + b·P for a P that comes again | 52 multiples more, of 416 of P |
//! | [`Backend::double_multiply`] | a·G + b·P | Strauss, with 8,192 multiples of G |
//! | [`Backend::double_multiply_all`] | a_i·G + b_i·P_i, each for itself | the same; or eight side by side |
//! | [`Backend::add_all`] | P_i + Q_i, each for itself | affine sums, one inversion for a thousand |
//! | [`Backend::decompress`] | (x, y) from x and a parity | eight square roots side by side, or one |
//!
//! ```
//! use pointlock_msm::{Affine, Backend, Scalar, Term, multiply_sum};
//!
//! // Whether s·G − e·P − R is infinity, as in the verification of a signature.
//! let (s, e) = (Scalar::from(123), Scalar::from(456));
//! let backend = Backend::detect();
//! let point = backend.double_multiply(&Scalar::from(789), &Scalar::ZERO, &Affine::GENERATOR).to_affine();
//! let nonce = backend.double_multiply(&s, &e.negate(), &point).to_affine();
//! let terms = [
//!     Term::new(Affine::GENERATOR, &s),
//!     Term::new(point, &e.negate()),
//!     Term::short(nonce, 1, true),
//! ];
//! assert!(multiply_sum(backend, &terms).is_infinity());
//! ```
//!
//! # How
//!
//! Field elements have five limbs of 52 bits. Scalars of 256 bits are split by the endomorphism (x, y) → (β·x, y), which
//! multiplies with λ, into two of 128. Buckets are summed pair by pair in affine coordinates, six multiplications a sum,
//! as the inversions are shared. All sums are complete: equal points, opposite points and infinity are
//! handled in every formula, since batches of an adversary have them.
//!
//! A [`Backend`] is what it runs on: safe Rust for any processor, the same compiled for BMI2, or AVX-512 with IFMA, eight field
//! elements at once. Which of them there are is decided in one place, `features.rs`, when the program runs. The way into code for
//! special instructions is all that is unsafe here, and one file without children: `src/x86/entry.rs`, with its safety argument.
//!
//! Files import downwards:
//!
//! ```text
//! sum ─ pippenger ─ lists
//! backend                                chosen by features
//! x86/entry                              unsafe; see x86 for what is below
//! strauss ─ table, term, recode          few terms
//! comb ─ recode                          G, and points that come again
//! pairs                                  many sums of two
//! jacobian ─ affine
//! field ─ inverse;  scalar
//! ```
//!
//! # What breaks it
//!
//! - A secret as input: see above.
//! - Coordinates of no point of the curve, through [`Affine::from_checked_coordinates`]: the sum is meaningless then.
//! - A limb that exceeds its bound. The bounds stand in the code, debug builds check those of the portable field, and tests
//!   run both fields at the ends of what is allowed.
//!
//! # References
//!
//! Straus, Addition chains of vectors (1964); Pippenger, On the evaluation of powers and monomials (1980); Gallant, Lambert
//! and Vanstone, Faster point multiplication on elliptic curves with efficient endomorphisms (2001); Montgomery's trick for
//! inversions, in Speeding the Pollard and elliptic curve methods of factorization (1987); Bernstein and Yang,
//! [safegcd](https://gcd.cr.yp.to/papers.html#safegcd) (2019).

mod affine;
mod backend;
mod comb;
#[cfg(test)]
mod exhaustive;
mod features;
mod field;
mod inverse;
mod jacobian;
mod lists;
mod pairs;
mod pippenger;
mod recode;
mod scalar;
mod strauss;
mod sum;
mod table;
mod term;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use affine::Affine;
pub use backend::Backend;
pub use comb::Prepared;
pub use features::BackendError;
pub use jacobian::Jacobian;
pub use pippenger::Scratch;
pub use scalar::Scalar;
pub use sum::{
    multiply_sum, multiply_sum_and_generator, multiply_sum_and_generator_in, multiply_sum_in,
};
pub use term::Term;
