//! The generalised birthday problem (Wagner, 2002), for sums modulo a number: of a list of m values, find 2^l different
//! ones with a given sum.
//!
//! A tree of l levels. On each level all pairs of entries are looked for whose sum lies in a window so narrow that about m pairs
//! are left; they are the next level's entries. So on every level the sums are smaller by the factor m/2, until on the last
//! one they are to be hit exactly. All nodes of a level have the same window, so one list a level is enough. With N values
//! there are to be, and m entries, about m^(l + 1) / (2^l·N) solutions come out: m = 22 million for l = 10 and N = 2^256.

/// A number of 256 bits, its most significant word first: the order of the arrays is that of the numbers.
pub(crate) type Number = [u64; 4];

const ONE: Number = [0, 0, 0, 1];

/// A sum, less the offsets of its window and of those below.
#[derive(Clone, Copy)]
struct Entry {
    value: Number,
    /// The two entries of the level before, in its order; on the lowest level the value's own index, twice.
    parts: [u32; 2],
}

/// Indices of 2^`levels` different values whose sum is `target` modulo `modulus`, which is odd.
pub(crate) fn solve(
    values: &[Number],
    modulus: &Number,
    levels: usize,
    target: &Number,
) -> Option<Vec<u32>> {
    let width = widths(values.len(), modulus, levels);
    // What a pair of sums, uniform below the width, is most often: about the width itself.
    let root = width[levels - 1];
    let mut low: Vec<Number> =
        (0..levels).map(|level| if level == 0 { [0; 4] } else { middle(&width, level) }).collect();
    low[0] = lowest_window(&low, &root, modulus, target);

    let mut list: Vec<Entry> = (0..)
        .zip(values)
        .map(|(index, value)| Entry { value: *value, parts: [index, index] })
        .collect();
    let mut below: Vec<Vec<[u32; 2]>> = Vec::new();
    for level in 0..levels {
        list.sort_unstable_by_key(|entry| entry.value);
        let (low, width) =
            if level + 1 == levels { (root, ONE) } else { (low[level], width[level + 1]) };
        let next = pairs(&list, &low, &width, (level == 0).then_some(modulus));
        below.push(list.iter().map(|entry| entry.parts).collect());
        list = next;
    }
    list.iter().map(|entry| leaves(entry, &below)).find(|leaves| all_different(leaves))
}

/// Below what the entries of each level lie.
fn widths(entries: usize, modulus: &Number, levels: usize) -> Vec<Number> {
    let by = entries as u64 / 2;
    std::iter::successors(Some(*modulus), |width| Some(divide(width, by))).take(levels).collect()
}

/// Where the window above a level begins: around the most frequent sum.
fn middle(width: &[Number], level: usize) -> Number {
    let half = width.get(level + 1).map_or([0; 4], halve);
    subtract(&width[level], &half).0
}

/// Where the lowest window begins, so that all offsets and the root add up to the target: 2^(levels − 1 − level) nodes
/// have the offset of a level.
fn lowest_window(low: &[Number], root: &Number, modulus: &Number, target: &Number) -> Number {
    let mut rest = subtract_mod(target, root, modulus);
    let levels = low.len();
    for (level, offset) in low.iter().enumerate().take(levels - 1).skip(1) {
        let sum = (level..levels - 1).fold(*offset, |sum, _| add_mod(&sum, &sum, modulus));
        rest = subtract_mod(&rest, &sum, modulus);
    }
    (1..levels).fold(rest, |rest, _| halve_mod(&rest, modulus))
}

/// All pairs of different entries whose sum less `low` is below `width`. Modulo a number on the lowest level; above, the sums
/// are small.
fn pairs(list: &[Entry], low: &Number, width: &Number, modulus: Option<&Number>) -> Vec<Entry> {
    let most = list.len() + list.len() / 8;
    let mut found: Vec<Entry> = Vec::with_capacity(if *width == ONE { 64 } else { most });
    // The first entry that is not below what is missing. What is missing falls while the entries rise.
    let mut first = list.len();
    let mut wrapped = false;
    for (i, one) in list.iter().enumerate() {
        let (mut missing, below_zero) = subtract(low, &one.value);
        if below_zero {
            let Some(modulus) = modulus else { break };
            missing = add(&missing, modulus).0;
            if !wrapped {
                (first, wrapped) = (list.len(), true);
            }
        }
        while first > 0 && list[first - 1].value >= missing {
            first -= 1;
        }
        for (j, other) in list.iter().enumerate().skip(first.max(i + 1)) {
            let value = subtract(&other.value, &missing).0;
            if value >= *width {
                break;
            }
            if found.len() == most {
                return found;
            }
            found.push(Entry { value, parts: [i as u32, j as u32] });
        }
    }
    found
}

fn leaves(entry: &Entry, below: &[Vec<[u32; 2]>]) -> Vec<u32> {
    let [lowest, above @ ..] = below else { return Vec::new() };
    let mut indices = entry.parts.to_vec();
    for level in above.iter().rev() {
        indices = indices.iter().flat_map(|index| level[*index as usize]).collect();
    }
    indices.iter().map(|index| lowest[*index as usize][0]).collect()
}

fn all_different(leaves: &[u32]) -> bool {
    let mut sorted = leaves.to_vec();
    sorted.sort_unstable();
    sorted.windows(2).all(|pair| pair[0] != pair[1])
}

pub(crate) fn number(bytes: &[u8; 32]) -> Number {
    let mut number = [0; 4];
    for (word, chunk) in number.iter_mut().zip(bytes.chunks_exact(8)) {
        *word = u64::from_be_bytes(chunk.try_into().expect("a chunk of 8 bytes"));
    }
    number
}

/// The sum mod 2^256, and whether it was beyond that.
fn add(a: &Number, b: &Number) -> (Number, bool) {
    let (mut sum, mut carry) = ([0; 4], false);
    for i in (0..4).rev() {
        let (part, first) = a[i].overflowing_add(b[i]);
        let (part, second) = part.overflowing_add(u64::from(carry));
        (sum[i], carry) = (part, first | second);
    }
    (sum, carry)
}

/// The difference mod 2^256, and whether it was below zero.
fn subtract(a: &Number, b: &Number) -> (Number, bool) {
    let (mut difference, mut borrow) = ([0; 4], false);
    for i in (0..4).rev() {
        let (part, first) = a[i].overflowing_sub(b[i]);
        let (part, second) = part.overflowing_sub(u64::from(borrow));
        (difference[i], borrow) = (part, first | second);
    }
    (difference, borrow)
}

fn add_mod(a: &Number, b: &Number, modulus: &Number) -> Number {
    let (sum, carry) = add(a, b);
    if carry || sum >= *modulus { subtract(&sum, modulus).0 } else { sum }
}

fn subtract_mod(a: &Number, b: &Number, modulus: &Number) -> Number {
    let (difference, borrow) = subtract(a, b);
    if borrow { add(&difference, modulus).0 } else { difference }
}

fn halve(a: &Number) -> Number {
    divide(a, 2)
}

/// a/2 modulo an odd number: half of a, or of its sum with the modulus.
fn halve_mod(a: &Number, modulus: &Number) -> Number {
    if a[3] & 1 == 0 {
        return halve(a);
    }
    let (sum, carry) = add(a, modulus);
    let mut half = halve(&sum);
    half[0] |= u64::from(carry) << 63;
    half
}

fn divide(a: &Number, by: u64) -> Number {
    let (mut quotient, mut rest) = ([0; 4], 0u128);
    for i in 0..4 {
        rest = rest << 64 | u128::from(a[i]);
        quotient[i] = (rest / u128::from(by)) as u64;
        rest %= u128::from(by);
    }
    quotient
}

/// The solver at work, on a number that leaves little to do.
#[cfg(test)]
mod tests {
    use sha2::{Digest, Sha256};

    use super::*;

    #[test]
    fn sixteen_of_a_list_with_a_given_sum() {
        let modulus = [0, 0, 0, (1 << 61) - 1];
        let values: Vec<Number> = (0u64..40_000)
            .map(|i| {
                let hash: [u8; 32] = Sha256::digest(i.to_be_bytes()).into();
                [0, 0, 0, number(&hash)[0] % modulus[3]]
            })
            .collect();
        for target in [0, 1, modulus[3] - 1, 0x1234_5678_9abc_def0] {
            let target = [0, 0, 0, target];
            let found = solve(&values, &modulus, 4, &target).expect("there are several");
            assert_eq!(found.len(), 16);
            assert!(all_different(&found));
            let sum = found
                .iter()
                .fold([0; 4], |sum, index| add_mod(&sum, &values[*index as usize], &modulus));
            assert_eq!(sum, target);
        }
    }

    #[test]
    fn a_short_list_has_no_solution() {
        let values: Vec<Number> = (1..100).map(|i| [0, 0, 0, i]).collect();
        let target = [0, 0, 0, 1 << 60];
        assert_eq!(solve(&values, &[0, 0, 0, (1 << 61) - 1], 4, &target), None);
    }
}
