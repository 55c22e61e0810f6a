//! Many independent sums of two points with one inversion: the portable half of what both backends do.

use crate::affine::Affine;
use crate::field::FieldElement;

/// A point of a pool, or its opposite: index·2 + sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Ref(pub(crate) u32);

impl Ref {
    pub(crate) fn new(index: usize, negative: bool) -> Self {
        Self((index as u32) << 1 | u32::from(negative))
    }

    pub(crate) fn index(self) -> usize {
        (self.0 >> 1) as usize
    }

    pub(crate) fn is_negative(self) -> bool {
        self.0 & 1 == 1
    }

    pub(crate) fn of(self, pool: &[Affine]) -> Affine {
        let point = pool[self.index()];
        if self.is_negative() { point.negate() } else { point }
    }
}

/// What the slope of a sum divides by, or the sum if it needs no slope.
enum Slope {
    /// (numerator, denominator)
    Fraction(FieldElement, FieldElement),
    Known(Affine),
}

/// Appends the sum of each pair of points of `pool` to it.
///
/// The chord or tangent has the slope λ = numerator/denominator; then x₃ = λ² − x₁ − x₂, y₃ = λ(x₁ − x₃) − y₁. Denominators
/// are never zero: different points that are not opposite have different x, and y = 0 has none. All are inverted at
/// once: 3M a pair (Montgomery).
pub(crate) fn add_pairs(pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
    let mut product = FieldElement::ONE;
    let mut before = Vec::with_capacity(pairs.len());
    for (a, b) in pairs {
        before.push(product);
        if let Slope::Fraction(_, denominator) = slope(&a.of(pool), &b.of(pool)) {
            product = product.mul(&denominator);
        }
    }
    let mut inverse = product.inverse();
    let start = pool.len();
    pool.resize(start + pairs.len(), Affine::INFINITY);
    for (i, (a, b)) in pairs.iter().enumerate().rev() {
        let (a, b) = (a.of(pool), b.of(pool));
        pool[start + i] = match slope(&a, &b) {
            Slope::Known(sum) => sum,
            Slope::Fraction(numerator, denominator) => {
                let slope = numerator.mul(&inverse.mul(&before[i]));
                inverse = inverse.mul(&denominator);
                let (x1, x2) = (a.x_element(), b.x_element());
                let x3 = slope.square().sub(&x1, 1).sub(&x2, 1).weak();
                let y3 = slope.mul(&x1.sub(&x3, 1)).sub(&a.y_element(), 1);
                Affine::from_elements(&x3, &y3)
            }
        };
    }
}

#[inline(always)]
fn slope(a: &Affine, b: &Affine) -> Slope {
    if a.is_infinity() {
        return Slope::Known(*b);
    }
    if b.is_infinity() {
        return Slope::Known(*a);
    }
    if a.x != b.x {
        let numerator = b.y_element().sub(&a.y_element(), 1);
        return Slope::Fraction(numerator, b.x_element().sub(&a.x_element(), 1));
    }
    if a.y != b.y {
        return Slope::Known(Affine::INFINITY);
    }
    Slope::Fraction(a.x_element().square().times(3), a.y_element().times(2))
}
