//! Eight field elements at once, by AVX-512 with IFMA; and all the unsafe code of this crate.
//!
//! # Safety argument
//!
//! Functions that use these instructions are marked `#[target_feature]`; they are safe in themselves, and may call
//! each other and the intrinsics without `unsafe`. Two things are left for which the compiler takes no responsibility,
//! and both are in this file, in five places:
//!
//! 1. *The way in.* Calling a marked function from one that isn't is sound if the processor has the features. The only
//!    way in is through a method of [`Ifma`] (or [`Bmi2`]), the only field is private to this file, and the only
//!    functions that make a value are [`Ifma::detect`] (and [`Bmi2::detect`]), which ask the processor.
//! 2. *Memory.* [`load`] and [`store`] move 64 bytes between a register and a reference to a type that consists of exactly
//!    64 initialised bytes and for which any bytes are a value. References are valid and, by the type, aligned.

#![allow(unsafe_code, reason = "the one file that may, see the safety argument")]

#[cfg(test)]
mod crafted;
pub(crate) mod eight;
mod field;
mod multiply;
mod points;

use core::arch::x86_64::{__m512i, _mm512_load_si512, _mm512_store_si512};

use crate::affine::Affine;
use crate::jacobian::Jacobian;
use crate::pairs::Ref;
use crate::scalar::Scalar;
use crate::strauss;

/// That this processor has AVX-512 F and IFMA.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ifma(());

/// Eight words, one for each lane, aligned as a register likes it.
#[derive(Clone, Copy)]
#[repr(C, align(64))]
pub(crate) struct Words([u64; 8]);

/// What is 64 aligned bytes, and any 64 bytes are one.
///
/// # Safety
///
/// An implementing type has size and alignment 64, no padding, and no invalid values.
unsafe trait Line {}

// SAFETY: `repr(C, align(64))`, eight words in all.
unsafe impl Line for Affine {}
// SAFETY: `repr(C, align(64))`, eight words.
unsafe impl Line for Words {}

const _: () = assert!(size_of::<Affine>() == 64 && align_of::<Affine>() == 64);
const _: () = assert!(size_of::<Words>() == 64 && align_of::<Words>() == 64);

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn load<L: Line>(line: &L) -> __m512i {
    // SAFETY: a reference to 64 initialised bytes, aligned to 64.
    unsafe { _mm512_load_si512(core::ptr::from_ref(line).cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
fn store<L: Line>(line: &mut L, value: __m512i) {
    // SAFETY: an exclusive reference to 64 bytes, aligned to 64, of a type that takes any bytes.
    unsafe { _mm512_store_si512(core::ptr::from_mut(line).cast(), value) }
}

/// That this processor has BMI2: multiplications that leave more registers free.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Bmi2(());

impl Bmi2 {
    /// Some if the processor has the instructions.
    pub(crate) fn detect() -> Option<Self> {
        is_x86_feature_detected!("bmi2").then_some(Self(()))
    }

    /// See [`strauss::double_multiply`]: the same safe code, compiled for this processor.
    pub(crate) fn double_multiply(self, a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
        // SAFETY: `self` shows that the processor has the feature.
        unsafe { double_multiply(a, b, point) }
    }
}

#[target_feature(enable = "bmi2")]
fn double_multiply(a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
    strauss::double_multiply(a, b, point)
}

impl Ifma {
    /// Some if the processor (and the operating system) has the instructions.
    pub(crate) fn detect() -> Option<Self> {
        let has = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512ifma");
        has.then_some(Self(()))
    }

    /// See [`Backend::decompress`](crate::Backend::decompress).
    pub(crate) fn decompress(self, encodings: &[([u8; 32], bool)], b: u64) -> Vec<Affine> {
        // SAFETY: `self` shows that the processor has the features.
        unsafe { points::decompress(encodings, b) }
    }

    /// See [`pairs::add_pairs`](crate::pairs::add_pairs).
    pub(crate) fn add_pairs(self, pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
        // SAFETY: `self` shows that the processor has the features.
        unsafe { points::add_pairs(pool, pairs) }
    }

    /// Up to eight a·G + b·P, and the lanes that are right. See [`multiply::double_multiply`].
    pub(crate) fn double_multiply(
        self,
        triples: &[(Scalar, Scalar, Affine)],
        pool: &[Affine],
        start: usize,
    ) -> ([Affine; 8], u8) {
        // SAFETY: `self` shows that the processor has the features.
        unsafe { multiply::double_multiply(triples, pool, start) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn crafted_limbs() {
        if Ifma::detect().is_none() {
            return;
        }
        // SAFETY: the processor has the features, as was just seen.
        crafted::run(|factors, reduced, product| unsafe {
            crafted::compute(factors, reduced, product)
        });
    }
}
