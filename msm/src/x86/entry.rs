//! The ways into code for special instructions: all the unsafe code of this crate.
//!
//! # Safety argument
//!
//! *Instructions.* A function with `#[target_feature]` runs instructions that some processors lack. To call it is sound where the
//! processor has all features that the attribute names. Between functions that have the attribute the compiler sees to that,
//! and no `unsafe` is needed. What is left are the calls from ordinary functions, and all of them are here:
//!
//! 1. The methods of [`Bmi2`] call functions with `bmi2`, those of [`Ifma`] functions with `avx512f,avx512ifma`, and no others.
//! 2. A value of these types has a private field, and `new` alone makes one, of [`Features`] that have all of that.
//! 3. [`Features`] has private fields, and `Features::detect` alone makes one, asking the processor for each feature by its name.
//! 4. Features do not go away while a program runs.
//!
//! *Memory.* Code below reads and writes points as registers. [`lines`] and [`lines_mut`] give it slices of points as slices of
//! registers. Both types have 64 bytes, aligned to 64, without padding, and any bytes are a value of either; so a slice of
//! the one is a slice of the other, of the same length and for the same time. (That the words are coordinates of a point is a
//! matter of right results, and of no safety.)

#![allow(unsafe_code, reason = "the one file that may, see the safety argument")]

#[cfg(pointlock_ifma)]
use core::arch::x86_64::__m512i;

use crate::affine::Affine;
#[cfg(pointlock_ifma)]
use crate::comb::Table;
use crate::comb::{self, Prepared};
use crate::features::{BackendError, Features, Kind};
use crate::jacobian::Jacobian;
use crate::pairs::{self, Ref};
use crate::scalar::Scalar;
use crate::strauss;
use crate::term::Term;
#[cfg(all(test, pointlock_ifma))]
use crate::x86::crafted;
#[cfg(pointlock_ifma)]
use crate::x86::{eight, multiply, points};

/// That this processor has BMI2: multiplications that leave more registers free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bmi2(());

impl Bmi2 {
    pub(crate) fn new(features: &Features) -> Result<Self, BackendError> {
        features.check(Kind::Bmi2).map(|()| Self(()))
    }

    // Each calls safe code that is compiled anew, as it is inlined into a function with the attribute. These have to be
    // `unsafe`, since safe functions take the attribute only since Rust 1.86; all that they ask for is that the processor has BMI2.

    /// See [`Affine::decompress_all`].
    pub(crate) fn decompress(self, encodings: &[([u8; 32], bool)], b: u64) -> Vec<Affine> {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(encodings: &[([u8; 32], bool)], b: u64) -> Vec<Affine> {
            Affine::decompress_all(encodings, b)
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(encodings, b) }
    }

    /// See [`pairs::add_pairs`].
    pub(crate) fn add_pairs(self, pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
            pairs::add_pairs(pool, pairs);
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(pool, pairs) }
    }

    /// See [`strauss::double_multiply`].
    pub(crate) fn double_multiply(self, a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
            strauss::double_multiply(a, b, point)
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(a, b, point) }
    }

    /// See [`comb::multiply_generator`].
    pub(crate) fn multiply_generator(self, a: &Scalar) -> Jacobian {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(a: &Scalar) -> Jacobian {
            comb::multiply_generator(a)
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(a) }
    }

    /// See [`comb::multiply_prepared`].
    pub(crate) fn multiply_prepared(self, a: &Scalar, b: &Scalar, point: &Prepared) -> Jacobian {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(a: &Scalar, b: &Scalar, point: &Prepared) -> Jacobian {
            comb::multiply_prepared(a, b, point)
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(a, b, point) }
    }

    /// See [`Jacobian::sum_of_windows`].
    #[cfg(pointlock_ifma)]
    pub(crate) fn sum_of_windows(self, sums: &[Jacobian], width: u32) -> Jacobian {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(sums: &[Jacobian], width: u32) -> Jacobian {
            Jacobian::sum_of_windows(sums, width)
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(sums, width) }
    }

    /// See [`strauss::sum`].
    pub(crate) fn strauss(self, a: &Scalar, terms: &[Term]) -> Jacobian {
        #[target_feature(enable = "bmi2")]
        unsafe fn compiled(a: &Scalar, terms: &[Term]) -> Jacobian {
            strauss::sum(a, terms)
        }
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { compiled(a, terms) }
    }
}

/// That this processor has AVX-512 F and IFMA, and BMI2.
#[cfg(pointlock_ifma)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ifma(Bmi2);

#[cfg(pointlock_ifma)]
impl Ifma {
    pub(crate) fn new(features: &Features) -> Result<Self, BackendError> {
        features.check(Kind::Ifma)?;
        Bmi2::new(features).map(Self)
    }

    /// For what does not come in eights.
    pub(crate) fn bmi2(self) -> Bmi2 {
        self.0
    }

    /// See [`points::decompress`].
    pub(crate) fn decompress(self, encodings: &[([u8; 32], bool)], b: u64) -> Vec<Affine> {
        let mut points = vec![Affine::INFINITY; encodings.len()];
        // SAFETY: `self` shows that the processor has the features.
        unsafe { points::decompress(encodings, b, lines_mut(&mut points)) }
        points
    }

    /// See [`pairs::add_pairs`].
    pub(crate) fn add_pairs(self, pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
        let start = pool.len();
        pool.resize(start + pairs.len(), Affine::INFINITY);
        let (pool, sums) = pool.split_at_mut(start);
        // SAFETY: `self` shows that the processor has the features.
        unsafe { points::add_pairs(lines(pool), pairs, lines_mut(sums)) }
    }

    /// a·G + b·P for each (a, b, P), and the places of those that are still to be computed: see [`eight::double_multiply_all`].
    pub(crate) fn double_multiply_all(
        self,
        triples: &[(Scalar, Scalar, Affine)],
    ) -> (Vec<Affine>, Vec<usize>) {
        let mut sums = vec![Affine::INFINITY; triples.len()];
        // SAFETY: `self` shows that the processor has the features.
        let left = unsafe { eight::double_multiply_all(triples, lines_mut(&mut sums)) };
        (sums, left)
    }

    /// The sum of all terms, if the lanes' formulas cover it: see [`eight::window_sums`].
    pub(crate) fn sum_terms(self, terms: &[Term]) -> Option<Jacobian> {
        // SAFETY: `self` shows that the processor has the features.
        let sums = unsafe { eight::window_sums(terms) }?;
        Some(self.0.sum_of_windows(&sums, multiply::WIDTH))
    }

    /// The sum of k·P for each k and the table of its P, if the lanes' formulas cover it: see [`multiply::prepared_sums`].
    pub(crate) fn sum_prepared<const N: usize>(
        self,
        products: [(&Scalar, Table<'_>); N],
    ) -> Option<Jacobian> {
        let products = products.map(|(k, (multiples, width))| (k, lines(multiples), width));
        // SAFETY: `self` shows that the processor has the features.
        let sums = unsafe { multiply::prepared_sums(&products) }?;
        // All of them have the weight one.
        Some(self.0.sum_of_windows(&sums, 0))
    }

    /// See [`crafted::compute`].
    #[cfg(test)]
    pub(crate) fn compute_crafted(
        self,
        factors: &[crafted::Lanes; 2],
        reduced: &[crafted::Lanes; 2],
        product: &[crafted::Lanes; 2],
    ) -> crafted::Results {
        // SAFETY: `self` shows that the processor has the features.
        unsafe { crafted::compute(factors, reduced, product) }
    }
}

#[cfg(pointlock_ifma)]
const _: () = {
    assert!(size_of::<Affine>() == 64 && align_of::<Affine>() == 64);
    assert!(size_of::<__m512i>() == 64 && align_of::<__m512i>() == 64);
};

/// Points as registers.
#[cfg(pointlock_ifma)]
fn lines(points: &[Affine]) -> &[__m512i] {
    // SAFETY: the same bytes, see above; the lifetime is that of the argument.
    unsafe { core::slice::from_raw_parts(points.as_ptr().cast(), points.len()) }
}

/// Points as registers.
#[cfg(pointlock_ifma)]
fn lines_mut(points: &mut [Affine]) -> &mut [__m512i] {
    // SAFETY: the same bytes, see above; the lifetime is that of the argument, and no other reference has it.
    unsafe { core::slice::from_raw_parts_mut(points.as_mut_ptr().cast(), points.len()) }
}
