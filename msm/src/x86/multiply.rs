//! a·G + b·P for eight independent triples in lockstep; and sums of terms, an eighth of them in each lane.
//!
//! All lanes take the same steps: windows of five bits with a sign for the two halves of b, of ten bits for those of a, and
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
use crate::scalar::{Half, Scalar};
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

/// `N` times eight points, whose formulas run side by side: one product alone waits for the one before. Where not at infinity,
/// X and Y are reduced and Z is a factor.
struct Lanes<const N: usize> {
    x: [Eight; N],
    y: [Eight; N],
    z: [Eight; N],
    infinite: [__mmask8; N],
}

/// The digits of the halves of eight scalars.
struct Digits<const STEPS: usize>([[[i32; STEPS]; 2]; 8]);

impl<const STEPS: usize> Digits<STEPS> {
    fn new<'a>(scalars: impl Iterator<Item = &'a Scalar>, width: u32) -> Self {
        Self::of_halves(scalars.map(Scalar::split), width)
    }

    fn of_halves(scalars: impl Iterator<Item = (Half, Half)>, width: u32) -> Self {
        let mut digits = [[[0; STEPS]; 2]; 8];
        for ((first, second), digits) in scalars.zip(&mut digits) {
            signed_windows(&first, width, &mut digits[0]);
            signed_windows(&second, width, &mut digits[1]);
        }
        Self(digits)
    }

    /// Where the multiples for a step stand, if lane `i` has those from `start(i)` on, and the lanes that have one.
    fn refs(&self, half: usize, step: usize, start: impl Fn(usize) -> usize) -> ([Ref; 8], u8) {
        let mut present = 0;
        let refs = core::array::from_fn(|lane| {
            let digit = self.0[lane][half][step];
            present |= u8::from(digit != 0) << lane;
            let place = start(lane) + (digit.unsigned_abs() as usize).saturating_sub(1);
            Ref::new(place, digit < 0)
        });
        (refs, present)
    }
}

/// The sums, and the lanes that are right.
///
/// `pool` begins with the [`GENERATOR_MULTIPLES`] of G; those of P stand from `starts` on, [`MULTIPLES`] of them for each
/// lane. There are eight triples at most.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn double_multiply(
    triples: &[(Scalar, Scalar, Affine)],
    pool: &[__m512i],
    start: usize,
) -> ([__m512i; 8], u8) {
    let of_generator: Digits<GENERATOR_STEPS> =
        Digits::new(triples.iter().map(|(a, _, _)| a), GENERATOR_WIDTH);
    let of_point: Digits<STEPS> = Digits::new(triples.iter().map(|(_, b, _)| b), WIDTH);
    // Lanes without a triple have no digits, and stay at infinity.
    let lanes = triples.len();
    let place = |lane: usize| start + MULTIPLES * lane.min(lanes - 1);
    let beta = Eight::splat(beta());
    let mut sum: Lanes<1> = Lanes::infinity();
    for step in (0..STEPS).rev() {
        sum.double_times(WIDTH);
        for half in 0..2 {
            let refs = of_point.refs(half, step, place);
            sum.add(pool, &[refs], (half == 1).then_some(&beta));
            if step % 2 == 0 {
                let refs = of_generator.refs(half, step / 2, |_| 0);
                sum.add(pool, &[refs], (half == 1).then_some(&beta));
            }
        }
    }
    sum.to_affine()
}

/// The sum of all terms; None if a lane met a sum that the formulas do not cover.
///
/// The term with number 8i + l is lane l's. Its multiples stand in `pool` in the order of the terms, [`MULTIPLES`] of each.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn sum_terms(terms: &[Term], pool: &[__m512i]) -> Option<Jacobian> {
    let digits: Vec<Digits<STEPS>> = terms
        .chunks(8)
        .map(|eight| Digits::of_halves(eight.iter().map(|term| (term.k1, term.k2)), WIDTH))
        .collect();
    let last = terms.len().checked_sub(1)?;
    // The second halves are multiples of λ·P: summed as those of P, and multiplied by λ at the end.
    let mut sum: Lanes<2> = Lanes::infinity();
    for step in (0..STEPS).rev() {
        sum.double_times(WIDTH);
        for (group, digits) in digits.iter().enumerate() {
            // Lanes without a term have no digits.
            let place = |lane: usize| MULTIPLES * (8 * group + lane).min(last);
            sum.add(pool, &[digits.refs(0, step, place), digits.refs(1, step, place)], None);
        }
    }
    sum.x[1] = sum.x[1].mul(&Eight::splat(beta()));
    sum.of_all_lanes()
}

impl<const N: usize> Lanes<N> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn infinity() -> Self {
        let (zero, one) = (Eight::zero(), Eight::splat(&FieldElement::ONE));
        Self { x: [zero; N], y: [zero; N], z: [one; N], infinite: [0xff; N] }
    }

    /// Twice each, so many times.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn double_times(&mut self, times: u32) {
        if self.infinite != [0xff; N] {
            for _ in 0..times {
                self.double();
            }
        }
    }

    /// Twice each. With B = Y², S = 4XB and E = 3X²: X₃ = E² − 2S, Y₃ = E(S − X₃) − 8B², Z₃ = 2YZ. 3M + 4S.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn double(&mut self) {
        let Self { x, y, z, .. } = self;
        let (mut b, mut e, mut xb) = (*y, *x, *x);
        for k in 0..N {
            b[k] = y[k].square();
            let a = x[k].square();
            e[k] = a.add_lazily(&a).add_lazily(&a).carried();
        }
        for k in 0..N {
            xb[k] = x[k].mul(&b[k]);
            let z3 = y[k].mul(&z[k]);
            z[k] = z3.add(&z3);
        }
        for k in 0..N {
            x[k] = e[k].square().sub_eight_times(&xb[k]);
            b[k] = b[k].square();
        }
        for k in 0..N {
            let s_less_x3 = xb[k].four_times_less(&x[k]);
            y[k] = e[k].mul(&s_less_x3).sub_eight_times(&b[k]);
        }
    }

    /// Adds points of the pool, their x times `factor`, in the lanes that have one. 8M + 3S; see
    /// [`Jacobian::add_finite`](crate::Jacobian) for the formulas.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn add(&mut self, pool: &[__m512i], refs: &[([Ref; 8], u8); N], factor: Option<&Eight>) {
        let Self { x, y, z, infinite } = self;
        let mut points = [EightPoints { x: Eight::zero(), y: Eight::zero(), infinite: 0 }; N];
        let (mut z2, mut z3) = (*z, *z);
        for k in 0..N {
            points[k] = EightPoints::load(pool, &refs[k].0);
            if let Some(factor) = factor {
                points[k].x = points[k].x.mul(factor);
            }
            z2[k] = z[k].square();
        }
        let (mut h, mut r) = (z2, z2);
        for k in 0..N {
            h[k] = points[k].x.mul(&z2[k]).sub(&x[k]);
            z3[k] = z2[k].mul(&z[k]);
        }
        let (mut h2, mut h3) = (h, h);
        for k in 0..N {
            r[k] = points[k].y.mul(&z3[k]).sub(&y[k]);
            h2[k] = h[k].square();
            z3[k] = z[k].mul(&h[k]);
        }
        let (mut v, mut x3) = (h2, h2);
        for k in 0..N {
            h3[k] = h2[k].mul(&h[k]);
            v[k] = x[k].mul(&h2[k]);
            x3[k] = r[k].square();
        }
        let one = Eight::splat(&FieldElement::ONE);
        for k in 0..N {
            x3[k] = x3[k].sub_three(&h3[k], &v[k], &v[k]);
            let y3 = r[k].mul(&v[k].sub(&x3[k])).sub(&y[k].mul(&h3[k])).folded();
            let present = refs[k].1 & !points[k].infinite;
            let first = present & infinite[k];
            x[k] = x[k].blend(present, &x3[k]).blend(first, &points[k].x);
            y[k] = y[k].blend(present, &y3).blend(first, &points[k].y);
            z[k] = z[k].blend(present, &z3[k]).blend(first, &one);
            infinite[k] &= !present;
        }
    }

    /// The sum of all lanes; None if one is lost.
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn of_all_lanes(&self) -> Option<Jacobian> {
        let mut sum = Jacobian::INFINITY;
        for k in 0..N {
            if self.z[k].canonical().zero_lanes() & !self.infinite[k] != 0 {
                return None;
            }
            let coordinates = [&self.x[k], &self.y[k], &self.z[k]];
            let [x, y, z] = coordinates.map(|coordinates| coordinates.to_elements());
            for lane in 0..8 {
                let infinity = self.infinite[k] >> lane & 1 == 1;
                sum = sum.add(&Jacobian { x: x[lane], y: y[lane], z: z[lane], infinity });
            }
        }
        Some(sum)
    }
}

impl Lanes<1> {
    #[inline]
    #[target_feature(enable = "avx512f,avx512ifma")]
    fn to_affine(&self) -> ([__m512i; 8], u8) {
        let ([x], [y], [z]) = (&self.x, &self.y, &self.z);
        let lost = z.canonical().zero_lanes();
        let z = z.blend(lost, &Eight::splat(&FieldElement::ONE));
        let inverse = Eight::from_elements(&invert_lanes(&z.to_elements()));
        let square = inverse.square();
        let x = x.mul(&square).canonical();
        let y = y.mul(&square.mul(&inverse)).canonical();
        let (zero, [infinite]) = (Eight::zero(), self.infinite);
        let (x, y) = (x.blend(infinite, &zero), y.blend(infinite, &zero));
        (EightPoints::rows(x, y), !lost)
    }
}
