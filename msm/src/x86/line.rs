//! Eight words and a register, one by one: for what is not read and written often.
//!
//! Points are, so `entry.rs` hands memory that is full of them down as registers.

use core::arch::x86_64::{
    __m512i, _mm256_extract_epi64, _mm512_castsi512_si256, _mm512_extracti64x4_epi64,
    _mm512_setr_epi64,
};

use crate::affine::Affine;

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn from_words(words: &[u64; 8]) -> __m512i {
    let [a, b, c, d, e, f, g, h] = words.map(|word| word as i64);
    _mm512_setr_epi64(a, b, c, d, e, f, g, h)
}

#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn to_words(register: __m512i) -> [u64; 8] {
    let low = _mm512_castsi512_si256(register);
    let high = _mm512_extracti64x4_epi64::<1>(register);
    let words = [
        _mm256_extract_epi64::<0>(low),
        _mm256_extract_epi64::<1>(low),
        _mm256_extract_epi64::<2>(low),
        _mm256_extract_epi64::<3>(low),
        _mm256_extract_epi64::<0>(high),
        _mm256_extract_epi64::<1>(high),
        _mm256_extract_epi64::<2>(high),
        _mm256_extract_epi64::<3>(high),
    ];
    words.map(|word| word as u64)
}

/// x, then y: as a point stands in memory.
#[inline]
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn from_point(point: &Affine) -> __m512i {
    let ([a, b, c, d], [e, f, g, h]) = (point.x, point.y);
    from_words(&[a, b, c, d, e, f, g, h])
}
