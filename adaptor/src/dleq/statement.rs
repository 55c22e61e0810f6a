use crate::curve::{Point, SecretScalar};

/// 33(G), the generator of the curve (SEC 2, section 2.4.1).
const GENERATOR: [u8; 33] = [
    0x02, 0x79, 0xbe, 0x66, 0x7e, 0xf9, 0xdc, 0xbb, 0xac, 0x55, 0xa0, 0x62, 0x95, 0xce, 0x87, 0x0b,
    0x07, 0x02, 0x9b, 0xfc, 0xdb, 0x2d, 0xce, 0x28, 0xd9, 0x59, 0xf2, 0x81, 0x5b, 0x16, 0xf8, 0x17,
    0x98,
];

/// The two bases to which the logarithms are taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Bases {
    generator: Point,
    base: Point,
    /// Whether `generator` is that of the curve, for which multiplication is faster.
    is_standard: bool,
}

impl Bases {
    /// The generator of the curve, and B.
    pub fn new(base: Point) -> Self {
        let generator = Point::from_bytes(&GENERATOR).expect("a constant, and on the curve");
        Self { generator, base, is_standard: true }
    }

    /// Any G and any B.
    pub fn with_generator(generator: Point, base: Point) -> Self {
        Self { generator, base, is_standard: generator.to_bytes() == GENERATOR }
    }

    /// G.
    pub fn generator(&self) -> Point {
        self.generator
    }

    /// B.
    pub fn base(&self) -> Point {
        self.base
    }

    pub(super) fn is_standard(&self) -> bool {
        self.is_standard
    }

    /// scalar·G and scalar·B. Constant time in the scalar; the products are public.
    pub(super) fn times(&self, scalar: &SecretScalar) -> [Point; 2] {
        let by_generator =
            if self.is_standard { scalar.to_point() } else { self.generator.mul_secret(scalar) };
        [by_generator, self.base.mul_secret(scalar)]
    }
}

/// What a proof is about: that log_G A = log_B C.
///
/// The points can't be at infinity, so the logarithm is not zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Statement {
    /// G and B.
    pub bases: Bases,
    /// A, to the base G.
    pub point: Point,
    /// C, to the base B.
    pub value: Point,
}

impl Statement {
    /// The true statement about `secret`: A = secret·G and C = secret·B. Constant time in the secret.
    pub fn of(secret: &SecretScalar, bases: &Bases) -> Self {
        let [point, value] = bases.times(secret);
        Self { bases: *bases, point, value }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::curve::PublicScalar;

    #[test]
    fn the_generator_is_one_times_itself() {
        let base = SecretScalar::from_bytes(&[9; 32]).unwrap().to_point();
        let bases = Bases::new(base);
        assert_eq!(PublicScalar::ONE.to_point(), Ok(bases.generator()));
        assert_eq!(Bases::with_generator(bases.generator(), base), bases);
    }

    /// Both ways to multiply by the first base say the same.
    #[test]
    fn any_generator() {
        let secret = SecretScalar::from_bytes(&[7; 32]).unwrap();
        let base = SecretScalar::from_bytes(&[9; 32]).unwrap().to_point();
        let standard = Bases::new(base);
        let slow = Bases { is_standard: false, ..standard };
        assert_eq!(standard.times(&secret), slow.times(&secret));
        let swapped = Bases::with_generator(base, standard.generator());
        let [by_generator, by_base] = standard.times(&secret);
        assert_eq!(swapped.times(&secret), [by_base, by_generator]);
    }
}
