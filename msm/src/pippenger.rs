//! Many terms at once: Pippenger's buckets.
//!
//! Coefficients of 128 bits are cut into windows of w bits with a sign, so a digit is at most m = 2^(w−1) in size. In each
//! window, the points with digit ±j go to bucket j, and the window's sum is the sum of j·B_j. Three steps, each of them sums
//! of independent pairs, so that inversions are shared and eight lanes have work:
//!
//! 1. The sums B_j of the buckets, of a few windows at a time ([`Lists`]).
//! 2. The weights: the sum of j·B_j is twice the sum of i·(B_2i + B_2i+1), and the sum of the B_j with j odd. So pairs are
//!    added w − 1 times, all windows together, and what is left are w sums for each window: the odd ones of each
//!    level. About 2m additions a window, as with running sums.
//! 3. These sums, which have the weights 2^0, 2^1, 2^2 …, are added up from the top, doubling in between.

use crate::affine::Affine;
use crate::backend::Backend;
use crate::jacobian::{Finite, Jacobian};
use crate::lists::Lists;
use crate::pairs::Ref;
use crate::recode::{signed_windows, windows};
use crate::scalar::Half;
use crate::term::Term;

/// How many digits are put into buckets at a time. That many points take a megabyte.
const DIGITS_AT_ONCE: usize = 16_384;
/// How many buckets are weighed at a time.
const BUCKETS_AT_ONCE: usize = 4096;
/// Digits are kept in 16 bits.
const MAX_WIDTH: u32 = 14;

/// Memory that one sum leaves to the next: a megabyte or two, which the system would have to clear each time.
#[derive(Debug, Default)]
pub struct Scratch {
    pool: Vec<Affine>,
    buckets: Vec<Affine>,
}

/// The sum of all terms.
pub(crate) fn sum(backend: Backend, terms: &[Term], scratch: &mut Scratch) -> Jacobian {
    let points =
        terms.iter().flat_map(|term| [&term.k1, &term.k2]).filter(|k| **k != Half::ZERO).count();
    let width = best_width(points);
    // Windows whose digits are put into buckets at a time; each digit needs one sum at most.
    let together = (DIGITS_AT_ONCE / points.max(1)).clamp(1, windows(width));
    let Scratch { pool, buckets } = scratch;
    pool.clear();
    pool.reserve_exact(points + together * points);
    let mut halves = Vec::with_capacity(points);
    for term in terms {
        if term.k1 != Half::ZERO {
            pool.push(term.point);
            halves.push(term.k1);
        }
        if term.k2 != Half::ZERO {
            pool.push(term.point.endomorphism());
            halves.push(term.k2);
        }
    }
    let digits = Digits::new(&halves, width);
    drop(halves);
    let mut bits = Vec::with_capacity(windows(width) * width as usize);
    // Twice as many sums come on top, see `weigh`.
    let size = 1 << (width - 1);
    let weighed_together = (BUCKETS_AT_ONCE / size).clamp(1, windows(width));
    buckets.clear();
    buckets.reserve_exact(3 * weighed_together * size);
    let all: Vec<&[i16]> = digits.windows().collect();
    for windows in all.chunks(weighed_together) {
        for group in windows.chunks(together) {
            let sums = fill(group, width).sums(backend, pool);
            let sum = |sum: &Option<Ref>| sum.map_or(Affine::INFINITY, |sum| sum.of(pool));
            buckets.extend(sums.iter().map(sum));
            pool.truncate(points);
        }
        bits.extend(weigh(backend, buckets, width));
        buckets.clear();
    }
    let horner = |sum: Jacobian, bit: &Affine| {
        let doubled = sum.double();
        Finite::new(bit).map_or(doubled, |bit| doubled.add_finite(&bit))
    };
    bits.iter().rev().fold(Jacobian::INFINITY, horner)
}

/// The width with the fewest additions.
fn best_width(points: usize) -> u32 {
    let additions = |width: &u32| windows(*width) * (points + (2 << (width - 1)));
    (2..=MAX_WIDTH).min_by_key(additions).unwrap_or(2)
}

/// The digits of all numbers, window by window.
struct Digits {
    digits: Vec<i16>,
    numbers: usize,
}

impl Digits {
    fn new(halves: &[Half], width: u32) -> Self {
        let numbers = halves.len();
        let mut digits = vec![0; numbers * windows(width)];
        let mut own = vec![0; windows(width)];
        for (i, half) in halves.iter().enumerate() {
            signed_windows(half, width, &mut own);
            for (window, digit) in own.iter().enumerate() {
                digits[window * numbers + i] = *digit as i16;
            }
        }
        Self { digits, numbers }
    }

    fn windows(&self) -> impl Iterator<Item = &[i16]> {
        self.digits.chunks_exact(self.numbers.max(1))
    }
}

/// The points of each bucket of some windows: buckets 1 to 2^(width − 1) of the first, of the second, ….
fn fill(windows: &[&[i16]], width: u32) -> Lists {
    let buckets = 1usize << (width - 1);
    let list = |window: usize, digit: i16| window * buckets + usize::from(digit.unsigned_abs()) - 1;
    let mut ends = vec![0usize; windows.len() * buckets];
    for (window, digits) in windows.iter().enumerate() {
        for digit in digits.iter().filter(|digit| **digit != 0) {
            ends[list(window, *digit)] += 1;
        }
    }
    // Counts become starts, and starts become ends as the lists fill.
    let mut total = 0;
    for end in &mut ends {
        (*end, total) = (total, total + *end);
    }
    let mut refs = vec![Ref(0); total];
    for (window, digits) in windows.iter().enumerate() {
        for (point, digit) in digits.iter().enumerate().filter(|(_, digit)| **digit != 0) {
            let end = &mut ends[list(window, *digit)];
            refs[*end] = Ref::new(point, *digit < 0);
            *end += 1;
        }
    }
    Lists { refs, ends }
}

/// Points whose sum, with weights 1, 2, 4, …, is the sum of some windows, `width` points for each. The pool is their
/// buckets.
fn weigh(backend: Backend, pool: &mut Vec<Affine>, width: u32) -> Vec<Affine> {
    let size = 1usize << (width - 1);
    let windows = pool.len() / size;
    let place = |index| Some(Ref::new(index, false));
    // Of each window, the point with weight i at index i; none has weight 0. The last bucket's weight is 2^(width−1).
    let mut weighted: Vec<Vec<Option<Ref>>> = (0..windows)
        .map(|window| {
            (0..size).map(|j| j.checked_sub(1).and_then(|j| place(window * size + j))).collect()
        })
        .collect();
    let mut odd = vec![Vec::new(); windows * width as usize];
    for level in 0..width as usize - 1 {
        let mut pairs = Vec::new();
        for (window, points) in weighted.iter_mut().enumerate() {
            odd[window * width as usize + level]
                .extend(points.iter().skip(1).step_by(2).filter_map(|point| *point));
            let mut sums = vec![None];
            for pair in points.chunks_exact(2).skip(1) {
                if let [Some(even), Some(odd)] = pair {
                    sums.push(place(pool.len() + pairs.len()));
                    pairs.push((*even, *odd));
                }
            }
            *points = sums;
        }
        backend.add_pairs(pool, &pairs);
    }
    for window in 0..windows {
        let last = Ref::new((window + 1) * size - 1, false);
        odd[(window + 1) * width as usize - 1].push(last);
    }
    let ends = odd.iter().scan(0, |end, list| {
        *end += list.len();
        Some(*end)
    });
    let lists = Lists { ends: ends.collect(), refs: odd.concat() };
    let sums = lists.sums(backend, pool);
    sums.iter().map(|sum| sum.map_or(Affine::INFINITY, |sum| sum.of(pool))).collect()
}
