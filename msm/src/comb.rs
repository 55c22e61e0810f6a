//! Multiples of points that come again: their multiples for every window are computed once, and nothing is doubled.
//!
//! With windows of w bits with a sign, a scalar's halves take 2·⌊128/w + 1⌋ sums, where Strauss' interleaving takes 129
//! doublings and 17 sums or more.

use std::sync::OnceLock;

use crate::affine::Affine;
use crate::jacobian::{Finite, Jacobian};
use crate::recode::{signed_windows, windows};
use crate::scalar::Scalar;

/// Bits of a digit of a factor of G: 34 sums from 2,176 points.
const GENERATOR_WIDTH: u32 = 8;
/// Bits of a digit of a factor of another point: 52 sums from 416 points.
const WIDTH: u32 = 5;

/// A point with 416 of its multiples, 26 KiB: for [`Backend::multiply_prepared`](crate::Backend::multiply_prepared). To make it
/// takes as long as six multiplications.
#[derive(Clone, Debug)]
pub struct Prepared(Vec<Affine>);

impl Prepared {
    /// The multiples of this point.
    pub fn new(point: &Affine) -> Self {
        Self(multiples(point, WIDTH))
    }
}

/// The multiples of a point, and the bits of a digit.
#[cfg(pointlock_ifma)]
pub(crate) type Table<'a> = (&'a [Affine], u32);

#[cfg(pointlock_ifma)]
impl Prepared {
    pub(crate) fn table(&self) -> Table<'_> {
        (&self.0, WIDTH)
    }
}

#[cfg(pointlock_ifma)]
pub(crate) fn generator_table() -> Table<'static> {
    (generator_multiples(), GENERATOR_WIDTH)
}

/// j·2^(wi)·P for each window i and each j from 1 to 2^(w − 1).
fn multiples(point: &Affine, width: u32) -> Vec<Affine> {
    let mut base = Jacobian::from(point);
    let mut points = Vec::with_capacity(windows(width) << (width - 1));
    for _ in 0..windows(width) {
        let mut multiple = base;
        for _ in 1..1 << (width - 1) {
            points.push(multiple);
            multiple = multiple.add(&base);
        }
        points.push(multiple);
        base = multiple.double();
    }
    Jacobian::to_affine_all(&points)
}

/// The multiples of G: 136 KiB, made when first used (about half a millisecond).
fn generator_multiples() -> &'static [Affine] {
    static TABLE: OnceLock<Vec<Affine>> = OnceLock::new();
    TABLE.get_or_init(|| multiples(&Affine::GENERATOR, GENERATOR_WIDTH))
}

/// k·P in two sums: that of the multiples for the first half of k, and that for the second, which has to be multiplied by λ.
struct Halves([Jacobian; 2]);

impl Halves {
    const NONE: Self = Self([Jacobian::INFINITY; 2]);

    /// Adds k·P, by the multiples of P.
    #[inline(always)]
    fn add<const WINDOWS: usize>(&mut self, multiples: &[Affine], width: u32, k: &Scalar) {
        let (first, second) = k.split();
        let mut digits = [[0; WINDOWS]; 2];
        signed_windows(&first, width, &mut digits[0]);
        signed_windows(&second, width, &mut digits[1]);
        for (window, multiples) in multiples.chunks_exact(1 << (width - 1)).enumerate() {
            for (sum, digits) in self.0.iter_mut().zip(&digits) {
                let digit = digits[window];
                let Some(place) = (digit.unsigned_abs() as usize).checked_sub(1) else { continue };
                if let Some(multiple) = Finite::new(&multiples[place]) {
                    *sum = sum.add_finite(&multiple.negate_if(digit < 0));
                }
            }
        }
    }

    /// Adds a·G.
    #[inline(always)]
    fn add_generator(&mut self, a: &Scalar) {
        self.add::<{ windows(GENERATOR_WIDTH) }>(generator_multiples(), GENERATOR_WIDTH, a);
    }

    #[inline(always)]
    fn sum(self) -> Jacobian {
        let Self([first, second]) = self;
        first.add(&second.endomorphism())
    }
}

/// a·G.
#[inline(always)]
pub(crate) fn multiply_generator(a: &Scalar) -> Jacobian {
    let mut halves = Halves::NONE;
    halves.add_generator(a);
    halves.sum()
}

/// a·G + b·P.
#[inline(always)]
pub(crate) fn multiply_prepared(a: &Scalar, b: &Scalar, point: &Prepared) -> Jacobian {
    let mut halves = Halves::NONE;
    halves.add_generator(a);
    halves.add::<{ windows(WIDTH) }>(&point.0, WIDTH, b);
    halves.sum()
}
