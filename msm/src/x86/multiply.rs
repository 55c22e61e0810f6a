//! a·G + b·P for eight independent triples in lockstep; and sums of terms, a window in each lane.
//!
//! Of triples, all lanes take the same steps: windows of five bits with a sign for the two halves of b, of ten bits for those of a, and
//! five doublings in between. A digit of zero adds nothing in its lane. What the formulas do not cover (a sum of equal or
//! opposite points) makes Z zero, and zero it stays; such lanes are found at the end and left to the caller.

use core::arch::x86_64::{__m512i, __mmask8};

use super::field::Eight;
use super::points::{EightPoints, invert_lanes};
use crate::affine::{Affine, beta};
use crate::field::FieldElement;
use crate::jacobian::Jacobian;
use crate::pairs::Ref;
use crate::recode::{signed_windows, windows};
use crate::scalar::Scalar;
use crate::term::Term;

/// Bits of a digit of b, and so doublings in a step.
pub(super) const WIDTH: u32 = 5;
/// How many multiples of P digits of b need.
pub(super) const MULTIPLES: usize = 1 << (WIDTH - 1);
/// Bits of a digit of a: in every other step.
const GENERATOR_WIDTH: u32 = 2 * WIDTH;
/// How many multiples of G digits of a need.
pub(super) const GENERATOR_MULTIPLES: usize = 1 << (GENERATOR_WIDTH - 1);

const STEPS: usize = windows(WIDTH);
const GENERATOR_STEPS: usize = windows(GENERATOR_WIDTH);
const _: () = assert!(2 * GENERATOR_STEPS == STEPS);

/// How many times eight lanes have the windows of both halves of a scalar.
const GROUPS: usize = (2 * STEPS).div_ceil(8);

/// Eight points. Where not at infinity, X and Y are reduced and Z is a factor.
#[derive(Clone, Copy)]
struct EightJacobian {
    x: Eight,
    y: Eight,
    z: Eight,
    infinite: __mmask8,
}

/// The digits of the halves of eight scalars.
struct Digits<const STEPS: usize>([[[i32; STEPS]; 2]; 8]);

impl<const STEPS: usize> Digits<STEPS> {
    fn new<'a>(scalars: impl Iterator<Item = &'a Scalar>, width: u32) -> Self {
        let mut digits = [[[0; STEPS]; 2]; 8];
        for ((first, second), digits) in scalars.map(Scalar::split).zip(&mut digits) {
            signed_windows(&first, width, &mut digits[0]);
            signed_windows(&second, width, &mut digits[1]);
        }
        Self(digits)
    }

    /// See [`refs`].
    fn refs(
        &self,
        half: usize,
        step: usize,
        start: impl Fn(usize) -> usize,
        stride: usize,
    ) -> ([Ref; 8], u8) {
        refs(|lane| self.0[lane][half][step], start, stride)
    }
}

/// The sums, and the lanes that are right.
///
/// `pool` begins with the [`GENERATOR_MULTIPLES`] of G; the points of the triples stand from `start` on, their next multiples `stride` places
/// on, and so on. There are eight triples at most.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn double_multiply(
    triples: &[(Scalar, Scalar, Affine)],
    pool: &[__m512i],
    start: usize,
    stride: usize,
) -> ([__m512i; 8], u8) {
    let of_generator: Digits<GENERATOR_STEPS> =
        Digits::new(triples.iter().map(|(a, _, _)| a), GENERATOR_WIDTH);
    let of_point: Digits<STEPS> = Digits::new(triples.iter().map(|(_, b, _)| b), WIDTH);
    // Lanes without a triple have no digits, and stay at infinity.
    let lanes = triples.len();
    let place = |lane: usize| start + lane.min(lanes - 1);
    let beta = Eight::splat(beta());
    let mut sum = EightJacobian::infinity();
    for step in (0..STEPS).rev() {
        sum.double_times(WIDTH);
        for half in 0..2 {
            let (refs, present) = of_point.refs(half, step, place, stride);
            sum.add(pool, &refs, present, (half == 1).then_some(&beta));
            if step % 2 == 0 {
                let (refs, present) = of_generator.refs(half, step / 2, |_| 0, 1);
                sum.add(pool, &refs, present, (half == 1).then_some(&beta));
            }
        }
    }
    sum.to_affine()
}

/// The sums of all terms by windows: those of the first halves of the scalars, the lowest window first, then those of the second
/// halves, which lack the factor λ. None if a lane met a sum that the formulas do not cover.
///
/// Every lane has a window. So no lane doubles, and no sum waits for the one before: the terms' multiples are added to seven
/// times eight sums in turn. The pool has all terms' points, then twice the points, and so
/// on.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn window_sums(terms: &[Term], pool: &[__m512i]) -> Option<Vec<Jacobian>> {
    let mut sums = [EightJacobian::infinity(); GROUPS];
    for (i, term) in terms.iter().enumerate() {
        let mut digits = [0; 8 * GROUPS];
        let (first, rest) = digits.split_at_mut(STEPS);
        signed_windows(&term.k1, WIDTH, first);
        signed_windows(&term.k2, WIDTH, &mut rest[..STEPS]);
        for (sum, digits) in sums.iter_mut().zip(digits.chunks_exact(8)) {
            let digit = |lane: usize| digits[lane];
            let (refs, present) = refs(digit, |_| i, terms.len());
            if present != 0 {
                sum.add(pool, &refs, present, None);
            }
        }
    }
    let mut windows = Vec::with_capacity(8 * GROUPS);
    for sum in &sums {
        windows.extend(sum.lanes()?);
    }
    windows.truncate(2 * STEPS);
    Some(windows)
}

/// The sum of k·P for each k and the multiples of its P, that many bits to a digit: first halves of the scalars in the first four
/// lanes, second halves, which lack the factor λ, in the others. None if a lane met a sum that the formulas do not cover.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn prepared_sums(products: &[(&Scalar, &[__m512i], u32)]) -> Option<[Jacobian; 8]> {
    let mut sum = EightJacobian::infinity();
    for (k, multiples, width) in products {
        let count = windows(*width);
        let (first, second) = k.split();
        let mut digits = [[0; windows(1)]; 2];
        signed_windows(&first, *width, &mut digits[0][..count]);
        signed_windows(&second, *width, &mut digits[1][..count]);
        for from in (0..count).step_by(4) {
            let window = |lane: usize| from + lane % 4;
            // Beyond the last window there are no digits.
            let start = |lane: usize| window(lane).min(count - 1) << (width - 1);
            let (refs, present) = refs(|lane| digits[lane / 4][window(lane)], start, 1);
            if present != 0 {
                sum.add(multiples, &refs, present, None);
            }
        }
    }
    sum.lanes()
}

/// Where the multiples for eight digits stand, if lane `i` has the point itself at `start(i)` and the next multiple `stride` places on,
/// and the lanes that have one.
#[inline]
fn refs(
    digit: impl Fn(usize) -> i32,
    start: impl Fn(usize) -> usize,
    stride: usize,
) -> ([Ref; 8], u8) {
    let mut present = 0;
    let refs = core::array::from_fn(|lane| {
        let digit = digit(lane);
        present |= u8::from(digit != 0) << lane;
        let place = start(lane) + stride * (digit.unsigned_abs() as usize).saturating_sub(1);
        Ref::new(place, digit < 0)
    });
    (refs, present)
}

impl EightJacobian {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn infinity() -> Self {
        let (zero, one) = (Eight::zero(), Eight::splat(&FieldElement::ONE));
        Self { x: zero, y: zero, z: one, infinite: 0xff }
    }

    /// Twice each, so many times.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn double_times(&mut self, times: u32) {
        if self.infinite != 0xff {
            for _ in 0..times {
                self.double();
            }
        }
    }

    /// Lane by lane; None if one is lost.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn lanes(&self) -> Option<[Jacobian; 8]> {
        // (A lane at infinity has any Z.)
        if self.z.canonical().zero_lanes() & !self.infinite != 0 {
            return None;
        }
        let [x, y, z] = [&self.x, &self.y, &self.z].map(|coordinates| coordinates.to_elements());
        let lane = |lane: usize| Jacobian {
            x: x[lane],
            y: y[lane],
            z: z[lane],
            infinity: self.infinite >> lane & 1 == 1,
        };
        Some(core::array::from_fn(lane))
    }

    /// Twice each. With B = Y², S = 4XB and E = 3X²: X₃ = E² − 2S, Y₃ = E(S − X₃) − 8B², Z₃ = 2YZ. 3M + 4S.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn double(&mut self) {
        let b = self.y.square();
        let xb = self.x.mul(&b);
        let a = self.x.square();
        let e = a.add_lazily(&a).add_lazily(&a).carried();
        let x3 = e.square().sub_eight_times(&xb);
        let s_less_x3 = xb.four_times_less(&x3);
        let z3 = self.y.mul(&self.z);
        self.y = e.mul(&s_less_x3).sub_eight_times(&b.square());
        self.x = x3;
        self.z = z3.add(&z3);
    }

    /// Adds points of the pool, their x times `factor`, in the lanes `present`. 8M + 3S; see
    /// [`Jacobian::add_finite`](crate::Jacobian) for the formulas.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add(
        &mut self,
        pool: &[__m512i],
        refs: &[Ref; 8],
        present: __mmask8,
        factor: Option<&Eight>,
    ) {
        let mut point = EightPoints::load(pool, refs);
        if let Some(factor) = factor {
            point.x = point.x.mul(factor);
        }
        let present = present & !point.infinite;
        let z2 = self.z.square();
        let h = point.x.mul(&z2).sub(&self.x);
        let r = point.y.mul(&z2.mul(&self.z)).sub(&self.y);
        let h2 = h.square();
        let h3 = h2.mul(&h);
        let v = self.x.mul(&h2);
        let x3 = r.square().sub_three(&h3, &v, &v);
        let y3 = r.mul(&v.sub(&x3)).sub(&self.y.mul(&h3)).folded();
        let z3 = self.z.mul(&h);
        let first = present & self.infinite;
        let one = Eight::splat(&FieldElement::ONE);
        self.x = self.x.blend(present, &x3).blend(first, &point.x);
        self.y = self.y.blend(present, &y3).blend(first, &point.y);
        self.z = self.z.blend(present, &z3).blend(first, &one);
        self.infinite &= !present;
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn to_affine(self) -> ([__m512i; 8], u8) {
        let lost = self.z.canonical().zero_lanes();
        let z = self.z.blend(lost, &Eight::splat(&FieldElement::ONE));
        let inverse = Eight::from_elements(&invert_lanes(&z.to_elements()));
        let square = inverse.square();
        let x = self.x.mul(&square).canonical();
        let y = self.y.mul(&square.mul(&inverse)).canonical();
        let zero = Eight::zero();
        let (x, y) = (x.blend(self.infinite, &zero), y.blend(self.infinite, &zero));
        (EightPoints::rows(x, y), !lost)
    }
}
