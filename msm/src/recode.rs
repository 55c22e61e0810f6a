//! Digits of 128-bit integers: non-adjacent ones for Strauss, windows with sign for Pippenger.

use crate::scalar::Half;

/// How many digits a 128-bit integer has in non-adjacent form, at most.
pub(crate) const NAF_DIGITS: usize = 130;

/// The width-`w` non-adjacent form, least significant first: digits are odd and below 2^(w−1) in size, or zero, and of
/// `w` neighbours at most one is not zero. Also how many digits there are up to the last that is not zero.
pub(crate) fn naf(half: &Half, width: u32) -> ([i16; NAF_DIGITS], usize) {
    debug_assert!((2..=16).contains(&width));
    let mut digits = [0; NAF_DIGITS];
    let mut length = 0;
    let (mut rest, mut position, mut carry) = (half.magnitude, 0, 0);
    loop {
        // Invariant: magnitude = digits so far + (rest + carry)·2^position.
        if rest == 0 && carry == 0 {
            break;
        }
        // Adding the carry turns ones at the end into zeros. There are fewer than 128: a carry comes after a shift.
        let skipped = if carry == 0 { rest.trailing_zeros() } else { rest.trailing_ones() };
        rest >>= skipped;
        position += skipped as usize;
        let window = (rest & ((1 << width) - 1)) as i32 + carry;
        rest >>= width;
        carry = i32::from(window >= 1 << (width - 1));
        let digit = (window - (carry << width)) as i16;
        digits[position] = if half.negative { -digit } else { digit };
        length = position + 1;
        position += width as usize;
    }
    (digits, length)
}

/// How many windows a 128-bit integer needs: one bit more than it has, for the carry.
pub(crate) const fn windows(width: u32) -> usize {
    (128 / width + 1) as usize
}

/// The digits of base 2^w from −2^(w−1) to 2^(w−1), the least significant first, into `digits`.
pub(crate) fn signed_windows(half: &Half, width: u32, digits: &mut [i32]) {
    debug_assert!((1..=24).contains(&width) && digits.len() == windows(width));
    let (mut rest, mut carry) = (half.magnitude, 0);
    for digit in digits {
        let window = (rest & ((1 << width) - 1)) as i32 + carry;
        rest >>= width;
        carry = i32::from(window > 1 << (width - 1));
        let value = window - (carry << width);
        *digit = if half.negative { -value } else { value };
    }
    debug_assert_eq!((rest, carry), (0, 0));
}

#[cfg(test)]
mod tests {
    use num_bigint::BigInt;
    use proptest::prelude::*;

    use super::*;

    fn value<T: Copy + Into<i64>>(digits: &[T], width: u32) -> BigInt {
        digits.iter().rev().fold(BigInt::ZERO, |value, digit| (value << width) + (*digit).into())
    }

    fn signed(half: &Half) -> BigInt {
        let magnitude = BigInt::from(half.magnitude);
        if half.negative { -magnitude } else { magnitude }
    }

    fn check(magnitude: u128, negative: bool) {
        let half = Half { negative, magnitude };
        for width in 2..=16 {
            let (digits, length) = naf(&half, width);
            assert_eq!(value(&digits, 1), signed(&half), "{width}");
            assert!(digits[length..].iter().all(|digit| *digit == 0));
            assert!(length == 0 || digits[length - 1] != 0);
            for (i, digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
                assert!(digit % 2 != 0 && i32::from(digit.unsigned_abs()) < 1 << (width - 1));
                let neighbours = digits[i + 1..].iter().take(width as usize - 1);
                assert!(neighbours.into_iter().all(|digit| *digit == 0));
            }
        }
        for width in 1..=16 {
            let mut digits = vec![0; windows(width)];
            signed_windows(&half, width, &mut digits);
            assert_eq!(value(&digits, width), signed(&half), "{width}");
            assert!(digits.iter().all(|digit| digit.unsigned_abs() <= 1 << (width - 1)));
        }
    }

    #[test]
    fn edges() {
        for shift in 0..128 {
            for magnitude in
                [0, 1 << shift, (1 << shift) - 1, u128::MAX << shift, u128::MAX >> shift]
            {
                check(magnitude, false);
                check(magnitude, true);
            }
        }
    }

    proptest! {
        #[test]
        fn digits_add_up(magnitude: u128, negative: bool) {
            check(magnitude, negative);
        }
    }
}
