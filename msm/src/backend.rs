use crate::affine::{Affine, CURVE_B};
use crate::comb::{self, Prepared};
use crate::features::{BackendError, Features, Kind};
use crate::jacobian::Jacobian;
use crate::pairs::{self, Ref};
use crate::scalar::Scalar;
use crate::strauss;
use crate::term::Term;
#[cfg(target_arch = "x86_64")]
use crate::x86::entry::Bmi2;
#[cfg(pointlock_ifma)]
use crate::x86::entry::Ifma;

/// How many sums share an inversion: enough that its cost vanishes, few enough that all of it stays in the second cache.
const SHARED: usize = 1024;

/// What the arithmetic runs on. Every backend gives the same results.
///
/// A value exists only in a build, and on a processor, that can run it.
///
/// ```
/// use pointlock_msm::Backend;
///
/// let fastest = Backend::detect();
/// assert_eq!(Backend::all().last(), Some(&fastest));
/// // Or one of one's choice, or the reason why it is not there.
/// match Backend::ifma() {
///     Ok(ifma) => assert_eq!(ifma, fastest),
///     Err(reason) => println!("no eight lanes: {reason}"),
/// }
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Backend(Code);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Code {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Bmi2(Bmi2),
    #[cfg(pointlock_ifma)]
    Ifma(Ifma),
}

impl Backend {
    /// Safe Rust for any processor, and no instructions beyond those that the whole program is compiled for.
    pub const PORTABLE: Self = Self(Code::Portable);

    /// The same safe Rust, compiled for processors with BMI2.
    ///
    /// # Errors
    ///
    /// [`BackendError`] says what is missing.
    pub fn bmi2() -> Result<Self, BackendError> {
        Self::new(Kind::Bmi2, &Features::detect())
    }

    /// AVX-512 with IFMA, eight lanes; and BMI2 for what does not come in eights.
    ///
    /// # Errors
    ///
    /// [`BackendError`] says what is missing.
    pub fn ifma() -> Result<Self, BackendError> {
        Self::new(Kind::Ifma, &Features::detect())
    }

    /// The fastest that there is here.
    pub fn detect() -> Self {
        let features = Features::detect();
        Self::new(features.fastest(), &features).unwrap_or(Self::PORTABLE)
    }

    /// All that there are here, the fastest last.
    pub fn all() -> Vec<Self> {
        let features = Features::detect();
        Kind::ALL.into_iter().filter_map(|kind| Self::new(kind, &features).ok()).collect()
    }

    fn new(kind: Kind, features: &Features) -> Result<Self, BackendError> {
        features.check(kind)?;
        match kind {
            Kind::Portable => Ok(Self::PORTABLE),
            #[cfg(target_arch = "x86_64")]
            Kind::Bmi2 => Bmi2::new(features).map(|bmi2| Self(Code::Bmi2(bmi2))),
            #[cfg(not(target_arch = "x86_64"))]
            Kind::Bmi2 => Err(BackendError::Architecture),
            #[cfg(pointlock_ifma)]
            Kind::Ifma => Ifma::new(features).map(|ifma| Self(Code::Ifma(ifma))),
            #[cfg(not(pointlock_ifma))]
            Kind::Ifma => Err(BackendError::Compiler),
        }
    }

    /// `portable`, `bmi2` or `ifma`.
    pub fn name(&self) -> &'static str {
        match self.0 {
            Code::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Code::Bmi2(_) => "bmi2",
            #[cfg(pointlock_ifma)]
            Code::Ifma(_) => "ifma",
        }
    }

    /// How many independent operations it runs side by side, in `decompress`, `add_all` and `double_multiply_all`.
    pub fn lanes(&self) -> usize {
        match self.0 {
            #[cfg(pointlock_ifma)]
            Code::Ifma(_) => 8,
            _ => 1,
        }
    }

    /// The points with these x coordinates and parities, x 32 big-endian bytes; infinity where there is none.
    pub fn decompress(&self, encodings: &[([u8; 32], bool)]) -> Vec<Affine> {
        self.decompress_on(encodings, CURVE_B)
    }

    pub(crate) fn decompress_on(&self, encodings: &[([u8; 32], bool)], b: u64) -> Vec<Affine> {
        match self.0 {
            Code::Portable => Affine::decompress_all(encodings, b),
            #[cfg(target_arch = "x86_64")]
            Code::Bmi2(bmi2) => bmi2.decompress(encodings, b),
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => ifma.decompress(encodings, b),
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

    /// a·G + b·P.
    pub fn double_multiply(&self, a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
        match self.0 {
            Code::Portable => strauss::double_multiply(a, b, point),
            #[cfg(target_arch = "x86_64")]
            Code::Bmi2(bmi2) => bmi2.double_multiply(a, b, point),
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => ifma.bmi2().double_multiply(a, b, point),
        }
    }

    /// a·G.
    pub fn multiply_generator(&self, a: &Scalar) -> Jacobian {
        match self.0 {
            Code::Portable => comb::multiply_generator(a),
            #[cfg(target_arch = "x86_64")]
            Code::Bmi2(bmi2) => bmi2.multiply_generator(a),
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => ifma
                .sum_prepared([(a, comb::generator_table())])
                .unwrap_or_else(|| ifma.bmi2().multiply_generator(a)),
        }
    }

    /// a·G + b·P for a point whose multiples are there.
    pub fn multiply_prepared(&self, a: &Scalar, b: &Scalar, point: &Prepared) -> Jacobian {
        match self.0 {
            Code::Portable => comb::multiply_prepared(a, b, point),
            #[cfg(target_arch = "x86_64")]
            Code::Bmi2(bmi2) => bmi2.multiply_prepared(a, b, point),
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => ifma
                .sum_prepared([(a, comb::generator_table()), (b, point.table())])
                .unwrap_or_else(|| ifma.bmi2().multiply_prepared(a, b, point)),
        }
    }

    /// The sum of a few terms, spread over the lanes; None where there is one lane, and where one of them met a sum that
    /// their formulas do not cover.
    pub(crate) fn sum_in_lanes(&self, terms: &[Term]) -> Option<Jacobian> {
        match self.0 {
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => ifma.sum_terms(terms),
            _ => {
                let _ = terms;
                None
            }
        }
    }

    /// a·G and the sum of a few terms, by Strauss.
    pub(crate) fn strauss(&self, a: &Scalar, terms: &[Term]) -> Jacobian {
        match self.0 {
            Code::Portable => strauss::sum(a, terms),
            #[cfg(target_arch = "x86_64")]
            Code::Bmi2(bmi2) => bmi2.strauss(a, terms),
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => ifma.bmi2().strauss(a, terms),
        }
    }

    /// a·G + b·P for each (a, b, P).
    pub fn double_multiply_all(&self, triples: &[(Scalar, Scalar, Affine)]) -> Vec<Affine> {
        let one = |(a, b, point): &(Scalar, Scalar, Affine)| self.double_multiply(a, b, point);
        match self.0 {
            #[cfg(pointlock_ifma)]
            Code::Ifma(ifma) => {
                let (mut sums, left) = ifma.double_multiply_all(triples);
                for place in left {
                    sums[place] = one(&triples[place]).to_affine();
                }
                sums
            }
            _ => Jacobian::to_affine_all(&triples.iter().map(one).collect::<Vec<_>>()),
        }
    }

    /// Appends the sum of each pair of points of `pool` to it.
    pub(crate) fn add_pairs(&self, pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
        for pairs in pairs.chunks(SHARED) {
            match self.0 {
                Code::Portable => pairs::add_pairs(pool, pairs),
                #[cfg(target_arch = "x86_64")]
                Code::Bmi2(bmi2) => bmi2.add_pairs(pool, pairs),
                #[cfg(pointlock_ifma)]
                Code::Ifma(ifma) => ifma.add_pairs(pool, pairs),
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What the chooser finds is what it says: each backend that nothing is missing for can be had by its name.
    #[test]
    fn each_backend_can_be_forced() {
        let all = Backend::all();
        let names: Vec<&str> = all.iter().map(Backend::name).collect();
        assert_eq!(names, ["portable", "bmi2", "ifma"][..all.len()]);
        assert_eq!(all.last(), Some(&Backend::detect()));
        for (i, forced) in
            [Ok(Backend::PORTABLE), Backend::bmi2(), Backend::ifma()].iter().enumerate()
        {
            match all.get(i) {
                Some(backend) => assert_eq!(forced.as_ref(), Ok(backend)),
                None => assert!(forced.is_err()),
            }
        }
        let features = Features::detect();
        for kind in Kind::ALL {
            let backend = Backend::new(kind, &features);
            assert_eq!(backend.map(|_| ()), features.check(kind));
        }
    }
}
