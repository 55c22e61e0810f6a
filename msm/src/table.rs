use std::sync::OnceLock;

use crate::affine::Affine;
use crate::jacobian::Jacobian;

/// The width of the non-adjacent form that [`odd_multiples`] serves: one digit in 16 is not zero.
pub(crate) const GENERATOR_WIDTH: u32 = 15;

/// G, 3G, 5G, … (2^14 − 1)·G: 8,192 points, 512 KiB, made when first used (about 3 ms).
///
/// λG and its odd multiples have the same y, and x times β: computed on the way, not stored.
pub(crate) fn odd_multiples() -> &'static [Affine] {
    static TABLE: OnceLock<Vec<Affine>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let generator = Jacobian::from(&Affine::GENERATOR);
        let twice = generator.double();
        let mut multiple = generator;
        let mut points = Vec::with_capacity(1 << (GENERATOR_WIDTH - 2));
        for _ in 0..1 << (GENERATOR_WIDTH - 2) {
            points.push(multiple);
            multiple = multiple.add(&twice);
        }
        Jacobian::to_affine_all(&points)
    })
}
