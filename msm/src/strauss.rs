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
#[derive(Clone)]
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

/// a·G + b·P.
#[inline(always)]
pub(crate) fn double_multiply(a: &Scalar, b: &Scalar, point: &Affine) -> Jacobian {
    let Some(point) = Finite::new(point) else { return multiply(a, &[], None) };
    let ([table], scale) = Table::with_shared_z(&[point], || [Table::empty()]);
    let (b1, b2) = b.split();
    let forms = [Digits::new(&b1, WIDTH), Digits::new(&b2, WIDTH)];
    multiply(a, &[(table, forms)], Some(&scale))
}

/// The sum of all terms, and a·G.
#[inline(always)]
pub(crate) fn sum(a: &Scalar, terms: &[Term]) -> Jacobian {
    let finite =
        terms.iter().filter_map(|term| Finite::new(&term.point).map(|point| (term, point)));
    let (terms, points): (Vec<&Term>, Vec<Finite>) = finite.unzip();
    if points.is_empty() {
        return multiply(a, &[], None);
    }
    let (tables, scale) = Table::with_shared_z(&points, || vec![Table::empty(); points.len()]);
    let tables = tables
        .into_iter()
        .zip(terms)
        .map(|(table, term)| (table, [Digits::new(&term.k1, WIDTH), Digits::new(&term.k2, WIDTH)]));
    multiply(a, &tables.collect::<Vec<_>>(), Some(&scale))
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
    fn empty() -> Self {
        let zero = FieldElement::from_words(&[0; 4]);
        Self { points: [Finite { x: zero, y: zero }; MULTIPLES], endomorphic_x: [zero; MULTIPLES] }
    }

    /// The multiples of all points with affine coordinates of one isomorphic curve, and the Z that they share on the true
    /// one. No inversion.
    ///
    /// On the curve where 2P has Z = 1, each multiple of P is the one before plus 2P, and its Z the one before's times H. The
    /// next point goes on where the last multiple of the one before stands: on the curve where that one has Z = 1.
    /// So each Z is the one before times a known ratio, and the last Z can be shared: the others are multiplied by the ratios on
    /// the way back.
    #[inline(always)]
    fn with_shared_z<T: AsMut<[Self]>>(
        points: &[Finite],
        tables: impl FnOnce() -> T,
    ) -> (T, FieldElement) {
        let mut out = tables();
        let mut ratios = vec![[FieldElement::ONE; MULTIPLES]; points.len()];
        let mut shared = FieldElement::ONE;
        for (i, ((point, table), ratios)) in
            points.iter().zip(out.as_mut()).zip(&mut ratios).enumerate()
        {
            let point = if i == 0 { *point } else { point.rescaled(&shared) };
            let twice = Jacobian::from(point).double();
            let step = Finite { x: twice.x.weak(), y: twice.y.weak() };
            let first = point.rescaled(&twice.z);
            let mut multiple = Jacobian::from(first);
            ratios[0] = twice.z;
            table.points[0] = first;
            for (slot, ratio) in table.points.iter_mut().zip(ratios.iter_mut()).skip(1) {
                (multiple, *ratio) = multiple.add_distinct(&step);
                *slot = Finite { x: multiple.x, y: multiple.y };
            }
            shared = shared.mul(&multiple.z.mul(&twice.z));
        }
        let mut factor = FieldElement::ONE;
        for (table, ratios) in out.as_mut().iter_mut().zip(&ratios).rev() {
            for (point, ratio) in table.points.iter_mut().zip(ratios).rev() {
                *point = point.rescaled(&factor);
                factor = factor.mul(ratio);
            }
            for (x, point) in table.endomorphic_x.iter_mut().zip(&table.points) {
                *x = point.x.mul(beta());
            }
        }
        (out, shared)
    }

    fn multiple(&self, digit: i16) -> Finite {
        self.points[index(digit)].negate_if(digit < 0)
    }

    fn endomorphic_multiple(&self, digit: i16) -> Finite {
        let y = self.points[index(digit)].y;
        Finite { x: self.endomorphic_x[index(digit)], y }.negate_if(digit < 0)
    }
}
