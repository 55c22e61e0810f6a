//! The eight-lane field on limbs that no random input has: at the ends of what each function takes.

use num_bigint::BigUint;

use super::field::Eight;
use super::line::{from_words, to_words};

const MASK: u64 = (1 << 52) - 1;

/// Limbs of eight elements, lane by lane.
pub(crate) type Lanes = [[u64; 5]; 8];

/// What is computed of two factors, of which the second is reduced, and the first too where the names say so.
pub(crate) struct Results {
    products: Lanes,
    squares: Lanes,
    canonical: Lanes,
    difference: Lanes,
    sum: Lanes,
    less_two: Lanes,
    less_three: Lanes,
    less_eight_times: Lanes,
    four_times_less: Lanes,
    negated: Lanes,
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn read(lanes: &Lanes) -> Eight {
    let mut eight = Eight::zero();
    for (i, limb) in eight.0.iter_mut().enumerate() {
        *limb = from_words(&lanes.map(|limbs| limbs[i]));
    }
    eight
}

#[target_feature(enable = "avx512f,avx512ifma")]
fn write(eight: Eight) -> Lanes {
    let mut lanes = [[0; 5]; 8];
    for (i, limb) in eight.0.into_iter().enumerate() {
        for (lane, word) in lanes.iter_mut().zip(to_words(limb)) {
            lane[i] = word;
        }
    }
    lanes
}

/// a and b are factors, r and s reduced, p and q products' limbs.
#[target_feature(enable = "avx512f,avx512ifma")]
pub(super) fn compute(factors: &[Lanes; 2], reduced: &[Lanes; 2], product: &[Lanes; 2]) -> Results {
    let ([a, b], [r, s]) = (factors.map(|lanes| read(&lanes)), reduced.map(|lanes| read(&lanes)));
    let [p, q] = product.map(|lanes| read(&lanes));
    Results {
        products: write(a.mul(&b)),
        squares: write(a.square()),
        canonical: write(a.canonical()),
        difference: write(r.sub(&s)),
        sum: write(r.add(&s)),
        less_two: write(r.sub_two(&s, &r)),
        less_three: write(r.sub_three(&s, &s, &r)),
        less_eight_times: write(p.sub_eight_times(&q)),
        four_times_less: write(p.four_times_less(&s)),
        negated: write(r.negate_lanes(0xff)),
    }
}

fn prime() -> BigUint {
    (BigUint::from(1u8) << 256) - (BigUint::from(1u8) << 32) - 977u32
}

fn value(limbs: &[u64; 5]) -> BigUint {
    limbs.iter().rev().fold(BigUint::ZERO, |value, limb| (value << 52) + limb)
}

/// Whether these are limbs of a factor, the highest below `top`.
fn check(lanes: &Lanes, top: u64, expected: impl Fn(usize) -> BigUint) {
    for (lane, limbs) in lanes.iter().enumerate() {
        assert!(limbs[..4].iter().all(|limb| *limb <= MASK) && limbs[4] < top, "{limbs:x?}");
        assert_eq!(value(limbs) % prime(), expected(lane) % prime());
    }
}

/// Of limbs at the ends of their ranges, all combinations that `choice` counts through.
fn crafted(choice: &mut u64, top: u64) -> Lanes {
    let mut lanes = [[0; 5]; 8];
    for lane in &mut lanes {
        for (i, limb) in lane.iter_mut().enumerate() {
            let most = if i < 4 { MASK } else { top - 1 };
            *choice =
                choice.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
            *limb = match *choice >> 60 {
                0..6 => most,
                6..10 => 0,
                10 => 1,
                11 => most - 1,
                12 => most / 2,
                13 => most / 2 + 1,
                _ => (*choice >> 8) % (most + 1),
            };
        }
    }
    lanes
}

pub(super) fn run(compute: impl Fn(&[Lanes; 2], &[Lanes; 2], &[Lanes; 2]) -> Results) {
    let (factor, reduced, product) = (1 << 52, 1 << 49, (1 << 48) + (1 << 6));
    let mut choice = 1;
    for round in 0..20_000 {
        let mut two = |top| match round {
            // All limbs as large as can be, and all zero.
            0 => [[[MASK, MASK, MASK, MASK, top - 1]; 8]; 2],
            1 => [[[0; 5]; 8], [[MASK, MASK, MASK, MASK, top - 1]; 8]],
            // p, p − 1, p + 1 and 2^256 − 1, where `canonical` has to decide.
            2 => [[[0xf_fffe_ffff_fc2f, MASK, MASK, MASK, (1 << 48) - 1]; 8]; 2],
            3 => [[[0xf_fffe_ffff_fc2e, MASK, MASK, MASK, (1 << 48) - 1]; 8]; 2],
            4 => [[[0xf_fffe_ffff_fc30, MASK, MASK, MASK, (1 << 48) - 1]; 8]; 2],
            5 => [[[MASK, MASK, MASK, MASK, (1 << 48) - 1]; 8]; 2],
            _ => [crafted(&mut choice, top), crafted(&mut choice, top)],
        };
        let (f, r, p) = (two(factor), two(reduced), two(product));
        let results = compute(&f, &r, &p);
        let of = |lanes: &[Lanes; 2], which: usize, lane: usize| value(&lanes[which][lane]);
        let zero = prime() << 6;
        check(&results.products, product, |i| of(&f, 0, i) * of(&f, 1, i));
        check(&results.squares, product, |i| of(&f, 0, i) * of(&f, 0, i));
        check(&results.difference, 1 << 51, |i| &zero + of(&r, 0, i) - of(&r, 1, i));
        check(&results.sum, 1 << 50, |i| of(&r, 0, i) + of(&r, 1, i));
        check(&results.less_two, factor, |i| &zero - of(&r, 1, i));
        check(&results.less_three, reduced, |i| &zero - of(&r, 1, i) * 2u8);
        check(&results.less_eight_times, reduced, |i| &zero + of(&p, 0, i) - of(&p, 1, i) * 8u8);
        check(&results.four_times_less, factor, |i| &zero + of(&p, 0, i) * 4u8 - of(&r, 1, i));
        check(&results.negated, reduced, |i| &zero - of(&r, 0, i));
        for (lane, limbs) in results.canonical.iter().enumerate() {
            assert_eq!(value(limbs), of(&f, 0, lane) % prime());
        }
    }
}
