//! Few terms at once: Strauss' interleaving of non-adjacent forms, one doubling a bit for all terms together.

use crate::affine::{Affine, beta};
use crate::field::FieldElement;
use crate::jacobian::{Finite, Jacobian};
use crate::recode::{NAF_DIGITS, naf};
use crate::scalar::{Half, Scalar};
use crate::table::{GENERATOR_WIDTH, odd_multiples};
use crate::term::Term;

/// The width of the non-adjacent form of other points than G: odd multiples up to 15.
const WIDTH: u32 = 5;
/// How many odd multiples that needs.
const MULTIPLES: usize = 1 << (WIDTH - 2);

/// Odd multiples of a point, with the x coordinates of those of λ times the point.
struct Table {
    points: [Finite; MULTIPLES],
    endomorphic_x: [FieldElement; MULTIPLES],
}

/// One non-adjacent form.
struct Digits {
    digits: [i16; NAF_DIGITS],
    length: usize,
}

impl Digits {
    fn new(half: &Half, width: u32) -> Self {
        let (digits, length) = naf(half, width);
        Self { digits, length }
    }
}

/// a·G + b·P, with one inversion at most and that at the end, by the caller.
///
/// P's odd multiples are kept with a Z that they share: the sum runs on the isomorphic curve where that Z is 1, and G's
/// multiples, which are affine on the true curve, join with the scale of the other.
#[inline(always)]
pub(crate) fn double_multiply(a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
    let Some(point) = Finite::new(point) else { return multiply(a, &[], None) };
    let (table, scale) = Table::with_shared_z(&point);
    let (b1, b2) = b.split();
    let forms = [Digits::new(&b1, WIDTH), Digits::new(&b2, WIDTH)];
    multiply(a, &[(table, forms)], Some(&scale))
}

/// The sum of all terms, and a·G.
pub(crate) fn sum(a: &Scalar, terms: &[Term]) -> Jacobian {
    let finite =
        terms.iter().filter_map(|term| Finite::new(&term.point).map(|point| (term, point)));
    let (terms, points): (Vec<&Term>, Vec<Finite>) = finite.unzip();
    let tables = Table::all(&points)
        .into_iter()
        .zip(terms)
        .map(|(table, term)| (table, [Digits::new(&term.k1, WIDTH), Digits::new(&term.k2, WIDTH)]));
    multiply(a, &tables.collect::<Vec<_>>(), None)
}

/// Tables are those of an isomorphic curve if there is a scale.
#[inline(always)]
fn multiply(a: &Scalar, terms: &[(Table, [Digits; 2])], scale: Option<&FieldElement>) -> Jacobian {
    let (a1, a2) = a.split();
    let generator = [Digits::new(&a1, GENERATOR_WIDTH), Digits::new(&a2, GENERATOR_WIDTH)];
    let forms = terms.iter().flat_map(|(_, forms)| forms).chain(&generator);
    let length = forms.map(|form| form.length).max().unwrap_or(0);
    let of_generator = if a.is_zero() { &[] } else { odd_multiples() };
    let mut sum = Jacobian::INFINITY;
    for bit in (0..length).rev() {
        sum = sum.double();
        for (table, [first, second]) in terms {
            if first.digits[bit] != 0 {
                sum = sum.add_finite(&table.multiple(first.digits[bit]));
            }
            if second.digits[bit] != 0 {
                sum = sum.add_finite(&table.endomorphic_multiple(second.digits[bit]));
            }
        }
        let [first, second] = &generator;
        if first.digits[bit] != 0 {
            sum = sum.add_scaled(&generator_multiple(of_generator, first.digits[bit]), scale);
        }
        if second.digits[bit] != 0 {
            let mut multiple = generator_multiple(of_generator, second.digits[bit]);
            multiple.x = multiple.x.mul(beta());
            sum = sum.add_scaled(&multiple, scale);
        }
    }
    if let Some(scale) = scale {
        sum.z = sum.z.mul(scale);
    }
    sum
}

fn index(digit: i16) -> usize {
    usize::from(digit.unsigned_abs() >> 1)
}

fn generator_multiple(of_generator: &[Affine], digit: i16) -> Finite {
    let point = &of_generator[index(digit)];
    Finite { x: point.x_element(), y: point.y_element() }.negate_if(digit < 0)
}

impl Table {
    /// The multiples with affine coordinates of the isomorphic curve, and the Z that they all share.
    ///
    /// On the curve where 2P has Z = 1, each multiple is the one before plus 2P, and its Z the one before's times H. The
    /// last one's Z is shared: the others are multiplied by the quotients on the way back.
    #[inline(always)]
    fn with_shared_z(point: &Finite) -> (Self, FieldElement) {
        let twice = Jacobian::from(*point).double();
        let z2 = twice.z.square();
        let step = Finite { x: twice.x.weak(), y: twice.y.weak() };
        let mut multiple = Jacobian {
            x: point.x.mul(&z2),
            y: point.y.mul(&z2.mul(&twice.z)),
            z: FieldElement::ONE,
            infinity: false,
        };
        let mut multiples = [multiple; MULTIPLES];
        let mut ratios = [FieldElement::ONE; MULTIPLES];
        for (slot, ratio) in multiples.iter_mut().zip(&mut ratios).skip(1) {
            (multiple, *ratio) = multiple.add_distinct(&step);
            *slot = multiple;
        }
        let mut points = [*point; MULTIPLES];
        let mut factor = FieldElement::ONE;
        for i in (0..MULTIPLES).rev() {
            let square = factor.square();
            let x = multiples[i].x.mul(&square);
            points[i] = Finite { x, y: multiples[i].y.mul(&square.mul(&factor)) };
            factor = factor.mul(&ratios[i]);
        }
        (Self::new(points), multiple.z.mul(&twice.z))
    }

    /// The multiples of all points with one inversion.
    fn all(points: &[Finite]) -> Vec<Self> {
        let mut multiples = Vec::with_capacity(MULTIPLES * points.len());
        for point in points {
            let mut multiple = Jacobian::from(*point);
            let twice = multiple.double();
            for _ in 0..MULTIPLES {
                multiples.push(multiple);
                multiple = multiple.add(&twice);
            }
        }
        let affine = Jacobian::to_affine_all(&multiples);
        let table = |points: &[Affine]| {
            let finite = |i: usize| Finite { x: points[i].x_element(), y: points[i].y_element() };
            Self::new(core::array::from_fn(finite))
        };
        affine.chunks_exact(MULTIPLES).map(table).collect()
    }

    #[inline(always)]
    fn new(points: [Finite; MULTIPLES]) -> Self {
        Self { points, endomorphic_x: points.map(|point| point.x.mul(beta())) }
    }

    fn multiple(&self, digit: i16) -> Finite {
        self.points[index(digit)].negate_if(digit < 0)
    }

    fn endomorphic_multiple(&self, digit: i16) -> Finite {
        let y = self.points[index(digit)].y;
        Finite { x: self.endomorphic_x[index(digit)], y }.negate_if(digit < 0)
    }
}
