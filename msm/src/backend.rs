use crate::affine::{Affine, CURVE_B, coordinate};
use crate::jacobian::Jacobian;
use crate::pairs::{self, Ref};
use crate::scalar::Scalar;
use crate::sum::double_multiply;
#[cfg(target_arch = "x86_64")]
use crate::x86::eight;

/// How many sums share an inversion: enough that its cost vanishes, few enough that all of it stays in the second cache.
const SHARED: usize = 1024;

/// What the arithmetic runs on.
///
/// A value of the second kind exists only on a processor that has the instructions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend(Kind);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Ifma(crate::x86::Ifma),
}

impl Backend {
    /// Safe Rust for any processor.
    pub const PORTABLE: Self = Self(Kind::Portable);

    /// AVX-512 with IFMA, eight lanes; None on a processor without.
    pub fn ifma() -> Option<Self> {
        #[cfg(target_arch = "x86_64")]
        return crate::x86::Ifma::detect().map(|ifma| Self(Kind::Ifma(ifma)));
        #[cfg(not(target_arch = "x86_64"))]
        None
    }

    /// The fastest that this processor has.
    pub fn detect() -> Self {
        Self::ifma().unwrap_or(Self::PORTABLE)
    }

    /// `portable` or `ifma`.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Kind::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(_) => "ifma",
        }
    }

    /// The points with these x coordinates and parities, x 32 big-endian bytes; infinity where there is none.
    pub fn decompress(&self, encodings: &[([u8; 32], bool)]) -> Vec<Affine> {
        self.decompress_on(encodings, CURVE_B)
    }

    pub(crate) fn decompress_on(&self, encodings: &[([u8; 32], bool)], b: u64) -> Vec<Affine> {
        match self.0 {
            Kind::Portable => {
                let one =
                    |(x, odd): &([u8; 32], bool)| Affine::decompress(&coordinate(x)?, *odd, b);
                let points = encodings.iter().map(one);
                points.map(|point| point.unwrap_or(Affine::INFINITY)).collect()
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(ifma) => ifma.decompress(encodings, b),
        }
    }

    /// The sum of each point of `first` and the one of `second` in the same place; as many as the shorter has.
    pub fn add_all(&self, first: &[Affine], second: &[Affine]) -> Vec<Affine> {
        let length = first.len().min(second.len());
        let mut pool = Vec::with_capacity(3 * length);
        pool.extend_from_slice(&first[..length]);
        pool.extend_from_slice(&second[..length]);
        let pairs = (0..length).map(|i| (Ref::new(i, false), Ref::new(length + i, false)));
        self.add_pairs(&mut pool, &pairs.collect::<Vec<_>>());
        pool.split_off(2 * length)
    }

    /// a·G + b·P for each (a, b, P).
    pub fn double_multiply_all(&self, triples: &[(Scalar, Scalar, Affine)]) -> Vec<Affine> {
        match self.0 {
            Kind::Portable => {
                let sums: Vec<Jacobian> =
                    triples.iter().map(|(a, b, point)| double_multiply(a, b, point)).collect();
                Jacobian::to_affine_all(&sums)
            }
            #[cfg(target_arch = "x86_64")]
            Kind::Ifma(ifma) => eight::double_multiply_all(*self, ifma, triples),
        }
    }

    /// Appends the sum of each pair of points of `pool` to it.
    pub(crate) fn add_pairs(&self, pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
        for pairs in pairs.chunks(SHARED) {
            match self.0 {
                Kind::Portable => pairs::add_pairs(pool, pairs),
                #[cfg(target_arch = "x86_64")]
                Kind::Ifma(ifma) => ifma.add_pairs(pool, pairs),
            }
        }
    }
}
