use crate::field::{FieldElement, PRIME_WORDS};
use crate::scalar::{bytes_of_words, words_of_bytes};

/// b of the curve y² = x³ + b.
pub(crate) const CURVE_B: u64 = 7;
/// β: β³ = 1, and (β·x, y) is λ·(x, y).
const BETA: FieldElement = FieldElement::from_words(&[
    0xc139_6c28_7195_01ee,
    0x9cf0_4975_12f5_8995,
    0x6e64_479e_ac34_34e9,
    0x7ae9_6a2b_657c_0710,
]);

/// A point of the curve, infinity among them, by its coordinates below p.
///
/// 64 bytes, one line of a cache: what the sums of many points read and write. Infinity is (0, 0), which is not on the
/// curve. One value for each point, so equality of points is equality of values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(C, align(64))]
pub struct Affine {
    pub(crate) x: [u64; 4],
    pub(crate) y: [u64; 4],
}

impl Affine {
    /// The point at infinity.
    pub const INFINITY: Self = Self { x: [0; 4], y: [0; 4] };

    /// The generator G.
    pub const GENERATOR: Self = Self {
        x: [
            0x59f2_815b_16f8_1798,
            0x029b_fcdb_2dce_28d9,
            0x55a0_6295_ce87_0b07,
            0x79be_667e_f9dc_bbac,
        ],
        y: [
            0x9c47_d08f_fb10_d4b8,
            0xfd17_b448_a685_5419,
            0x5da4_fbfc_0e11_08a8,
            0x483a_da77_26a3_c465,
        ],
    };

    /// Reads x ‖ y, 32 big-endian bytes each; None when that is no point of the curve.
    pub fn from_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Option<Self> {
        let point = Self { x: coordinate(x)?, y: coordinate(y)? };
        point.is_on_curve(CURVE_B).then_some(point)
    }

    /// The same for coordinates that were checked already, by whoever made the encoding.
    ///
    /// Of coordinates that are no point's, sums are meaningless (and nothing worse).
    pub fn from_checked_coordinates(x: &[u8; 32], y: &[u8; 32]) -> Self {
        Self { x: words_of_bytes(x), y: words_of_bytes(y) }
    }

    /// x and y, 32 big-endian bytes each; None for infinity.
    pub fn to_coordinates(&self) -> Option<([u8; 32], [u8; 32])> {
        (!self.is_infinity()).then(|| (bytes_of_words(&self.x), bytes_of_words(&self.y)))
    }

    /// Whether this is the point at infinity.
    pub fn is_infinity(&self) -> bool {
        *self == Self::INFINITY
    }

    /// Whether y is odd. False for infinity.
    pub fn is_odd(&self) -> bool {
        self.y[0] & 1 == 1
    }

    /// The opposite point.
    #[must_use]
    pub fn negate(&self) -> Self {
        if self.is_infinity() {
            return *self;
        }
        // No point of a curve of odd order has y = 0, so p − y is below p.
        Self { x: self.x, y: crate::scalar::wrapping_sub(&PRIME_WORDS, &self.y) }
    }

    /// λ times this point, for one multiplication.
    pub(crate) fn endomorphism(&self) -> Self {
        Self { x: self.x_element().mul(&BETA).words(), y: self.y }
    }

    pub(crate) fn from_elements(x: &FieldElement, y: &FieldElement) -> Self {
        Self { x: x.words(), y: y.words() }
    }

    /// Magnitude 1.
    pub(crate) fn x_element(&self) -> FieldElement {
        FieldElement::from_words(&self.x)
    }

    /// Magnitude 1.
    pub(crate) fn y_element(&self) -> FieldElement {
        FieldElement::from_words(&self.y)
    }

    fn is_on_curve(&self, b: u64) -> bool {
        right_side(&self.x_element(), b).equals(&self.y_element().square())
    }

    /// The points with these x coordinates and parities, x 32 big-endian bytes; infinity where there is none.
    #[inline(always)]
    pub(crate) fn decompress_all(encodings: &[([u8; 32], bool)], b: u64) -> Vec<Self> {
        let mut points = vec![Self::INFINITY; encodings.len()];
        for (point, (x, odd)) in points.iter_mut().zip(encodings) {
            let Some(x) = coordinate(x) else { continue };
            if let Some(found) = Self::decompress(&x, *odd, b) {
                *point = found;
            }
        }
        points
    }

    /// The point with this x and the parity of y, if there is one.
    #[inline(always)]
    pub(crate) fn decompress(x: &[u64; 4], odd: bool, b: u64) -> Option<Self> {
        let root = right_side(&FieldElement::from_words(x), b).sqrt()?;
        Some(Self { x: *x, y: root.words() }.with_parity(odd))
    }

    /// This point or its opposite.
    pub(crate) fn with_parity(self, odd: bool) -> Self {
        if self.is_odd() == odd { self } else { self.negate() }
    }
}

/// x³ + b, with magnitude 2.
#[inline(always)]
fn right_side(x: &FieldElement, b: u64) -> FieldElement {
    x.square().mul(x).add(&FieldElement::from_words(&[b, 0, 0, 0]))
}

/// 32 big-endian bytes as words; None for p and above.
pub(crate) fn coordinate(bytes: &[u8; 32]) -> Option<[u64; 4]> {
    let words = words_of_bytes(bytes);
    words.iter().rev().lt(PRIME_WORDS.iter().rev()).then_some(words)
}

pub(crate) fn beta() -> &'static FieldElement {
    &BETA
}
