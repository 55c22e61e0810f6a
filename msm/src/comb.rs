//! a·G alone: multiples of G for every window, so that nothing is doubled.
//!
//! With windows of eight bits with a sign, both halves of a take 34 sums from a table of 2,176 points, where Strauss'
//! interleaving takes 129 doublings and 17 sums.

use std::sync::OnceLock;

use crate::affine::{Affine, beta};
use crate::jacobian::{Finite, Jacobian};
use crate::recode::{signed_windows, windows};
use crate::scalar::Scalar;

/// Bits of a digit.
const WIDTH: u32 = 8;
const WINDOWS: usize = windows(WIDTH);
/// How many multiples a window has.
const MULTIPLES: usize = 1 << (WIDTH - 1);

/// j·2^(8w)·G for each window w and each j from 1 to 128: 136 KiB, made when first used (about half a millisecond).
fn multiples() -> &'static [Affine] {
    static TABLE: OnceLock<Vec<Affine>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut base = Jacobian::from(&Affine::GENERATOR);
        let mut points = Vec::with_capacity(WINDOWS * MULTIPLES);
        for _ in 0..WINDOWS {
            let mut multiple = base;
            for _ in 1..MULTIPLES {
                points.push(multiple);
                multiple = multiple.add(&base);
            }
            points.push(multiple);
            base = multiple.double();
        }
        Jacobian::to_affine_all(&points)
    })
}

/// a·G.
#[inline(always)]
pub(crate) fn multiply_generator(a: &Scalar) -> Jacobian {
    let table = multiples();
    let (first, second) = a.split();
    let mut digits = [[0; WINDOWS]; 2];
    signed_windows(&first, WIDTH, &mut digits[0]);
    signed_windows(&second, WIDTH, &mut digits[1]);
    let mut sum = Jacobian::INFINITY;
    for window in 0..WINDOWS {
        for (half, digits) in digits.iter().enumerate() {
            let digit = digits[window];
            if digit == 0 {
                continue;
            }
            let point = &table[MULTIPLES * window + digit.unsigned_abs() as usize - 1];
            let mut multiple = Finite { x: point.x_element(), y: point.y_element() };
            if half == 1 {
                multiple.x = multiple.x.mul(beta());
            }
            sum = sum.add_finite(&multiple.negate_if(digit < 0));
        }
    }
    sum
}
