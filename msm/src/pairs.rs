//! Many independent sums of two points with one inversion, one after another. (`x86/points.rs` has eight at a time.)

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

    /// y of the point or of its opposite, without a branch that nobody could predict. Magnitude 2.
    #[inline(always)]
    fn y_element(self, point: &Affine) -> FieldElement {
        let y = point.y_element();
        FieldElement::select(&y, &y.negate(1), self.is_negative())
    }

    pub(crate) fn of(self, pool: &[Affine]) -> Affine {
        let point = pool[self.index()];
        if self.is_negative() { point.negate() } else { point }
    }
}

/// What a sum divides by.
struct Denominator {
    value: FieldElement,
    /// The product of those before.
    before: FieldElement,
    kind: Kind,
}

#[derive(Clone, Copy)]
enum Kind {
    /// Two points with different x.
    Chord,
    /// Twice a point.
    Tangent,
    /// A sum that needs no slope; the denominator is 1.
    Known,
}

/// Appends the sum of each pair of points of `pool` to it.
///
/// The chord or tangent has the slope λ = numerator/denominator; then x₃ = λ² − x₁ − x₂, y₃ = λ(x₁ − x₃) − y₁. Denominators
/// are never zero: different points that are not opposite have different x, and y = 0 has none. All are inverted at
/// once: 3M a pair (Montgomery).
#[inline(always)]
pub(crate) fn add_pairs(pool: &mut Vec<Affine>, pairs: &[(Ref, Ref)]) {
    let mut product = FieldElement::ONE;
    let mut denominators = Vec::with_capacity(pairs.len());
    for (a, b) in pairs {
        let (first, second) = (&pool[a.index()], &pool[b.index()]);
        let kind = if first.x != second.x && first.x != [0; 4] && second.x != [0; 4] {
            Kind::Chord
        } else {
            rare_kind(&a.of(pool), &b.of(pool))
        };
        let value = match kind {
            Kind::Chord => second.x_element().sub(&first.x_element(), 1),
            Kind::Tangent => a.y_element(first).times(2),
            Kind::Known => FieldElement::ONE,
        };
        denominators.push(Denominator { value, before: product, kind });
        product = product.mul(&value);
    }
    let mut inverse = product.inverse();
    let start = pool.len();
    pool.resize(start + pairs.len(), Affine::INFINITY);
    for (i, ((a, b), denominator)) in pairs.iter().zip(&denominators).enumerate().rev() {
        let (first, second) = (&pool[a.index()], &pool[b.index()]);
        let own = inverse.mul(&denominator.before);
        inverse = inverse.mul(&denominator.value);
        let (x1, y1) = (first.x_element(), a.y_element(first));
        let numerator = match denominator.kind {
            Kind::Chord => b.y_element(second).sub(&y1, 2),
            Kind::Tangent => x1.square().times(3),
            Kind::Known => {
                pool[start + i] = known_sum(&a.of(pool), &b.of(pool));
                continue;
            }
        };
        let slope = numerator.mul(&own);
        let x3 = slope.square().sub(&x1, 1).sub(&second.x_element(), 1).weak();
        let y3 = slope.mul(&x1.sub(&x3, 1)).sub(&y1, 2);
        pool[start + i] = Affine::from_elements(&x3, &y3);
    }
}

/// The same for points of which one may be infinity, or both have the same x.
#[cold]
fn rare_kind(a: &Affine, b: &Affine) -> Kind {
    if a.is_infinity() || b.is_infinity() {
        Kind::Known
    } else if a.x != b.x {
        Kind::Chord
    } else if a.y == b.y {
        Kind::Tangent
    } else {
        Kind::Known
    }
}

/// The sum of two points that are opposite or of which one is infinity.
#[cold]
fn known_sum(a: &Affine, b: &Affine) -> Affine {
    match (a.is_infinity(), b.is_infinity()) {
        (true, _) => *b,
        (_, true) => *a,
        _ => Affine::INFINITY,
    }
}
