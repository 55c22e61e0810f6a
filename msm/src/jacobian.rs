use crate::affine::{Affine, beta};
use crate::field::FieldElement;

/// A point, infinity among them, as (X/Z², Y/Z³): sums without inversions.
///
/// The formulas hold on every curve y² = x³ + b; none of them has b in it.
/// X, Y and Z have magnitude 5 at most.
#[derive(Clone, Copy, Debug)]
pub struct Jacobian {
    pub(crate) x: FieldElement,
    pub(crate) y: FieldElement,
    pub(crate) z: FieldElement,
    pub(crate) infinity: bool,
}

/// A point other than infinity by its coordinates, of magnitude 1 (x, y) or 2 (y of an opposite point).
#[derive(Clone, Copy, Debug)]
pub(crate) struct Finite {
    pub(crate) x: FieldElement,
    pub(crate) y: FieldElement,
}

impl Finite {
    /// None for infinity.
    pub(crate) fn new(point: &Affine) -> Option<Self> {
        (!point.is_infinity()).then(|| Self { x: point.x_element(), y: point.y_element() })
    }

    pub(crate) fn negate_if(&self, negate: bool) -> Self {
        if negate { Self { x: self.x, y: self.y.negate(1) } } else { *self }
    }

    /// (x·f², y·f³), the point with this Z in Jacobian coordinates. Coordinates of magnitude 8 at most become 1.
    #[inline(always)]
    pub(crate) fn rescaled(&self, factor: &FieldElement) -> Self {
        let square = factor.square();
        Self { x: self.x.mul(&square), y: self.y.mul(&square.mul(factor)) }
    }
}

impl From<Finite> for Jacobian {
    fn from(point: Finite) -> Self {
        Self { x: point.x, y: point.y, z: FieldElement::ONE, infinity: false }
    }
}

impl From<&Affine> for Jacobian {
    fn from(point: &Affine) -> Self {
        Finite::new(point).map_or(Self::INFINITY, Self::from)
    }
}

impl Jacobian {
    pub(crate) const INFINITY: Self =
        Self { x: FieldElement::ONE, y: FieldElement::ONE, z: FieldElement::ONE, infinity: true };

    /// Twice this point. 3M + 4S.
    ///
    /// With M = 3X²/2: X₃ = M² − 2XY², Y₃ = M(XY² − X₃) − Y⁴, Z₃ = YZ, which are the usual formulas with all
    /// coordinates scaled by Z → Z/2. A point with y = 0 would have order 2; there is none here.
    #[inline(always)]
    pub(crate) fn double(&self) -> Self {
        if self.infinity {
            return *self;
        }
        let square = self.y.square();
        let slope = self.x.square().times(3).half();
        let xy2 = self.x.mul(&square);
        let x = slope.square().add(&xy2.negate(1).times(2));
        let y = slope.mul(&xy2.sub(&x, 5)).add(&square.square().negate(1));
        Self { x, y, z: self.y.mul(&self.z), infinity: false }
    }

    /// The sum with a point of affine coordinates. 8M + 3S, and one more with a scale.
    #[inline(always)]
    pub(crate) fn add_finite(&self, other: &Finite) -> Self {
        self.add_scaled(other, None)
    }

    /// The sum where this point's true Z is `scale` times the one it has, and so is the result's.
    ///
    /// With H = x·Z² − X and r = y·Z³ − Y as in [`chord`], and Z₃ = ZH.
    /// H = 0 is one of two cases of its own: the same point, or the opposite one.
    #[inline(always)]
    pub(crate) fn add_scaled(&self, other: &Finite, scale: Option<&FieldElement>) -> Self {
        if self.infinity {
            return Self::from_scaled(other, scale);
        }
        let true_z = scale.map_or(self.z, |scale| self.z.mul(scale));
        let z2 = true_z.square();
        let h = other.x.mul(&z2).sub(&self.x, 5);
        let r = other.y.mul(&z2.mul(&true_z)).sub(&self.y, 5);
        if h.is_zero() {
            return if r.is_zero() { self.double() } else { Self::INFINITY };
        }
        let (x, y) = chord(&self.x, &self.y, &h, &r);
        Self { x, y, z: self.z.mul(&h), infinity: false }
    }

    /// With Z = 1/scale, so that the true Z is 1: (x/scale², y/scale³).
    ///
    /// To spare the inversion, scale·Z is made 1 on the other side: Z stays 1 and the coordinates take the scale, since
    /// (x·s², y·s³) with true Z s is the same point.
    fn from_scaled(other: &Finite, scale: Option<&FieldElement>) -> Self {
        scale.map_or_else(|| Self::from(*other), |scale| Self::from(other.rescaled(scale)))
    }

    /// The sum with a point that has another x, and Z₃/Z.
    #[inline(always)]
    pub(crate) fn add_distinct(&self, other: &Finite) -> (Self, FieldElement) {
        let z2 = self.z.square();
        let h = other.x.mul(&z2).sub(&self.x, 5);
        let r = other.y.mul(&z2.mul(&self.z)).sub(&self.y, 5);
        let (x, y) = chord(&self.x, &self.y, &h, &r);
        (Self { x, y, z: self.z.mul(&h), infinity: false }, h)
    }

    /// The sum of two.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        self.add_inlined(other)
    }

    /// The same, compiled for what its caller is compiled for. 12M + 4S.
    #[inline(always)]
    fn add_inlined(&self, other: &Self) -> Self {
        if self.infinity {
            return *other;
        }
        if other.infinity {
            return *self;
        }
        let (z1, z2) = (self.z.square(), other.z.square());
        let u = self.x.mul(&z2);
        let s = self.y.mul(&z2.mul(&other.z));
        let h = other.x.mul(&z1).sub(&u, 1);
        let r = other.y.mul(&z1.mul(&self.z)).sub(&s, 1);
        if h.is_zero() {
            return if r.is_zero() { self.double() } else { Self::INFINITY };
        }
        let (x, y) = chord(&u, &s, &h, &r);
        Self { x, y, z: self.z.mul(&other.z).mul(&h), infinity: false }
    }

    /// λ times this point.
    #[inline(always)]
    pub(crate) fn endomorphism(&self) -> Self {
        Self { x: self.x.mul(beta()), ..*self }
    }

    /// The sum of 2^(w·i)·(A_i + λ·B_i), of the A_i and then as many B_i. A doubling waits for the one before, so this is for one
    /// lane.
    #[cfg(pointlock_ifma)]
    #[inline(always)]
    pub(crate) fn sum_of_windows(sums: &[Self], width: u32) -> Self {
        let (first, second) = sums.split_at(sums.len() / 2);
        let mut sum = Self::INFINITY;
        for (first, second) in first.iter().zip(second).rev() {
            for _ in 0..width {
                sum = sum.double();
            }
            sum = sum.add_inlined(first).add_inlined(&second.endomorphism());
        }
        sum
    }

    /// Whether this is the point at infinity.
    pub fn is_infinity(&self) -> bool {
        self.infinity
    }

    /// The opposite point.
    #[must_use]
    pub fn negate(&self) -> Self {
        Self { y: self.y.negate(5).weak(), ..*self }
    }

    /// The sum with a point of affine coordinates.
    #[must_use]
    pub fn add_affine(&self, other: &Affine) -> Self {
        Finite::new(other).map_or(*self, |other| self.add_finite(&other))
    }

    /// The coordinates, for one inversion.
    pub fn to_affine(self) -> Affine {
        if self.infinity {
            return Affine::INFINITY;
        }
        let inverse = self.z.inverse();
        let square = inverse.square();
        Affine::from_elements(&self.x.mul(&square), &self.y.mul(&square.mul(&inverse)))
    }

    /// All of them with one inversion.
    pub(crate) fn to_affine_all(points: &[Self]) -> Vec<Affine> {
        let mut product = FieldElement::ONE;
        let mut before = Vec::with_capacity(points.len());
        for point in points {
            before.push(product);
            if !point.infinity {
                product = product.mul(&point.z);
            }
        }
        let mut inverse = product.inverse();
        let mut out = vec![Affine::INFINITY; points.len()];
        for ((point, before), out) in points.iter().zip(&before).zip(&mut out).rev() {
            if point.infinity {
                continue;
            }
            let own = inverse.mul(before);
            inverse = inverse.mul(&point.z);
            let square = own.square();
            *out = Affine::from_elements(&point.x.mul(&square), &point.y.mul(&square.mul(&own)));
        }
        out
    }
}

/// The third point of a chord, reflected: X₃ = r² − H³ − 2XH², Y₃ = r(XH² − X₃) − YH³.
///
/// The sign sits on H², which keeps the magnitudes low: X₃ has 4 and Y₃ has 2.
#[inline(always)]
fn chord(
    x: &FieldElement,
    y: &FieldElement,
    h: &FieldElement,
    r: &FieldElement,
) -> (FieldElement, FieldElement) {
    let minus_h2 = h.square().negate(1);
    let minus_h3 = minus_h2.mul(h);
    let minus_v = x.mul(&minus_h2);
    let x3 = r.square().add(&minus_h3).add(&minus_v.times(2));
    let y3 = r.mul(&minus_v.add(&x3).negate(5)).add(&y.mul(&minus_h3));
    (x3, y3)
}
