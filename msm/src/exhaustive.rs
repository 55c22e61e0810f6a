//! Every pair of points of small groups, through every formula of every backend.
//!
//! The formulas have no b in them, so they hold on the curves y² = x³ + 2 and y² = x³ + 4 over the same field, which have
//! subgroups of orders 13 and 199. There, sums meet equal points, opposite points and infinity all the time. The
//! endomorphism acts on both (13 and 199 are 1 mod 3).

use crate::affine::Affine;
use crate::backend::Backend;
use crate::comb::Prepared;
use crate::jacobian::{Finite, Jacobian};
use crate::pairs::Ref;
use crate::scalar::{Half, Scalar};
use crate::term::Term;
use crate::{pippenger, strauss};

/// All multiples of a generator, infinity first.
struct Group {
    b: u64,
    points: Vec<Affine>,
    /// What the endomorphism multiplies with.
    lambda: usize,
}

impl Group {
    fn new(b: u64, order: usize, x: &str) -> Self {
        let x = scalar_words(x);
        let generator = Affine::decompress(&x, false, b).unwrap();
        let mut points = vec![Affine::INFINITY];
        let mut multiple = Jacobian::from(&generator);
        while !multiple.infinity {
            points.push(multiple.to_affine());
            multiple = multiple.add_finite(&Finite::new(&generator).unwrap());
        }
        assert_eq!(points.len(), order);
        let endomorphic = generator.endomorphism();
        let lambda = points.iter().position(|point| *point == endomorphic).unwrap();
        assert_eq!((lambda * lambda + lambda + 1) % order, 0);
        Self { b, points, lambda }
    }

    fn order(&self) -> usize {
        self.points.len()
    }

    /// The point of an integer, which may be negative.
    fn multiple(&self, k: i128) -> Affine {
        self.points[k.rem_euclid(self.order() as i128) as usize]
    }

    fn half(&self, half: &Half) -> i128 {
        let residue = (half.magnitude % self.order() as u128) as i128;
        if half.negative { -residue } else { residue }
    }

    /// k1 + k2·λ, in this group.
    fn coefficient(&self, k1: &Half, k2: &Half) -> i128 {
        self.half(k1) + self.half(k2) * self.lambda as i128
    }
}

fn scalar_words(hex: &str) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, digits) in words.iter_mut().rev().zip(hex.as_bytes().chunks(16)) {
        *word = u64::from_str_radix(core::str::from_utf8(digits).unwrap(), 16).unwrap();
    }
    words
}

fn groups() -> [Group; 2] {
    [
        Group::new(2, 13, "3ad3e1ec92dc070a346a975330b12e1d929c645be56584aa88e489aa3d68746b"),
        Group::new(4, 199, "fa7cc9a70737f2dba749dd392b4fb0693b017a7da808c2f1fb12940c9ea66c18"),
    ]
}

/// Numbers that look random and are the same in each run.
fn stream(seed: u64) -> impl FnMut() -> u64 {
    let mut state = seed;
    move || {
        state = state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (state ^ state >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }
}

/// The same point with another Z.
fn rescaled(point: &Affine, z: u64) -> Jacobian {
    let Some(point) = Finite::new(point) else { return Jacobian::INFINITY };
    let z = crate::field::FieldElement::from_words(&[z, 5, z, 7]);
    let square = z.square();
    Jacobian { x: point.x.mul(&square), y: point.y.mul(&square.mul(&z)), z, infinity: false }
}

#[test]
fn all_sums() {
    for group in groups() {
        let mut next = stream(1);
        for (i, a) in group.points.iter().enumerate() {
            assert_eq!(rescaled(a, next()).double().to_affine(), group.multiple(2 * i as i128));
            assert_eq!(rescaled(a, next()).negate().to_affine(), group.multiple(-(i as i128)));
            assert_eq!(a.negate(), group.multiple(-(i as i128)));
            for (j, b) in group.points.iter().enumerate() {
                let sum = group.multiple((i + j) as i128);
                let (first, second) = (rescaled(a, next()), rescaled(b, next()));
                assert_eq!(first.add(&second).to_affine(), sum);
                assert_eq!(first.add_affine(b).to_affine(), sum);
                if let Some(finite) = Finite::new(b) {
                    // The true Z is the scale times Z.
                    let scale = rescaled(&group.points[1], next()).z;
                    let mut scaled = Jacobian { z: first.z.mul(&scale.inverse()), ..first };
                    scaled = scaled.add_scaled(&finite, Some(&scale));
                    assert_eq!(Jacobian { z: scaled.z.mul(&scale), ..scaled }.to_affine(), sum);
                }
            }
        }
        let all: Vec<Jacobian> = group.points.iter().map(|point| rescaled(point, next())).collect();
        assert_eq!(Jacobian::to_affine_all(&all), group.points);
    }
}

#[test]
fn all_pairs_on_all_backends() {
    for group in groups() {
        let order = group.order();
        let mut pairs = Vec::new();
        let mut expected = Vec::new();
        let mut next = stream(2);
        let mut all: Vec<usize> = (0..4 * order * order).collect();
        // In an order in which special cases have ordinary neighbours, too.
        for i in (1..all.len()).rev() {
            all.swap(i, next() as usize % (i + 1));
        }
        for case in all {
            let (signs, i, j) = (case % 4, case / 4 % order, case / 4 / order);
            let (first, second) = (signs & 1 == 1, signs & 2 == 2);
            pairs.push((Ref::new(i, first), Ref::new(j, second)));
            let sign =
                |index: usize, negative| if negative { -(index as i128) } else { index as i128 };
            expected.push(group.multiple(sign(i, first) + sign(j, second)));
        }
        for backend in Backend::all() {
            let mut pool = group.points.clone();
            backend.add_pairs(&mut pool, &pairs);
            assert!(pool[order..] == expected, "{}", backend.name());
            // All lengths around a multiple of eight, and all special cases together.
            for length in 0..40 {
                let special: Vec<(Ref, Ref)> = (0..length)
                    .map(|i| (Ref::new(i % order, i % 2 == 0), Ref::new(i % order, i % 3 == 0)))
                    .collect();
                let mut pool = group.points.clone();
                backend.add_pairs(&mut pool, &special);
                for ((a, b), sum) in special.iter().zip(&pool[order..]) {
                    let (a, b) = (a.of(&group.points), b.of(&group.points));
                    assert_eq!(*sum, Jacobian::from(&a).add_affine(&b).to_affine());
                }
                assert_eq!(pool.len(), order + length);
            }
        }
    }
}

/// Points of secp256k1 with y = p − 1 and y = p − 6. Minus them is p + 1 and p + 6 before the last reduction, and anyone can
/// put such a point beside one at infinity, where no sum reduces it.
#[test]
fn opposites_of_the_largest_y() {
    let mut pool = vec![Affine::INFINITY];
    for (x, below) in [
        ("1fe1e5ef3fceb5c135ab7741333ce5a6e80d68167653f6b2b24bcbcfaaaff507", 1),
        ("c8b492e17665b9e65e4a124661e1103f1aebfcc849dcd94f7688dcf149f6f4f2", 6),
    ] {
        let mut y = crate::field::PRIME_WORDS;
        y[0] -= below;
        let point = Affine::decompress(&scalar_words(x), y[0] & 1 == 1, crate::affine::CURVE_B);
        assert_eq!(point.unwrap().y, y);
        pool.extend([point.unwrap(), point.unwrap().negate()]);
    }
    let signed = |i: usize| [Ref::new(i, false), Ref::new(i, true)];
    let refs: Vec<Ref> = (0..pool.len()).flat_map(signed).collect();
    let pairs: Vec<(Ref, Ref)> = refs.iter().flat_map(|a| refs.iter().map(|b| (*a, *b))).collect();
    let sum = |(a, b): &(Ref, Ref)| Jacobian::from(&a.of(&pool)).add_affine(&b.of(&pool));
    let expected: Vec<Affine> = pairs.iter().map(|pair| sum(pair).to_affine()).collect();
    for backend in Backend::all() {
        let mut sums = pool.clone();
        backend.add_pairs(&mut sums, &pairs);
        assert!(sums[pool.len()..] == expected, "{}", backend.name());
    }
}

#[test]
fn all_points_decompress() {
    for group in groups() {
        let mut encodings = Vec::new();
        let mut expected = Vec::new();
        for point in &group.points[1..] {
            let (x, _) = point.to_coordinates().unwrap();
            for odd in [false, true] {
                encodings.push((x, odd));
                expected.push(point.with_parity(odd));
            }
            // x + 1, whatever that is.
            let mut other = x;
            other[31] ^= 1;
            encodings.push((other, false));
            let words = crate::affine::coordinate(&other).unwrap();
            let point = Affine::decompress(&words, false, group.b);
            expected.push(point.unwrap_or(Affine::INFINITY));
        }
        for backend in Backend::all() {
            assert!(backend.decompress_on(&encodings, group.b) == expected, "{}", backend.name());
        }
    }
}

/// A half scalar: small, or with all its bits.
fn half(next: &mut impl FnMut() -> u64) -> Half {
    let magnitude = match next() % 4 {
        0 => u128::from(next() % 20),
        1 => u128::MAX - u128::from(next() % 20),
        _ => u128::from(next()) << 64 | u128::from(next()),
    };
    Half { negative: next() & 1 == 0, magnitude }
}

#[test]
fn sums_of_many_terms() {
    for group in groups() {
        let mut next = stream(3);
        let mut scratch = pippenger::Scratch::default();
        for count in (0..70).chain([100, 200, 483]) {
            let mut terms = Vec::new();
            let mut expected = 0;
            for _ in 0..count {
                let index = next() as usize % group.order();
                let (k1, k2) = (half(&mut next), half(&mut next));
                terms.push(Term { point: group.points[index], k1, k2 });
                expected += group.coefficient(&k1, &k2) * index as i128;
            }
            let expected = group.multiple(expected);
            for backend in Backend::all() {
                let sum = pippenger::sum(backend, &terms, &mut scratch).to_affine();
                assert_eq!(sum, expected, "{} {count}", backend.name());
            }
            // A table of odd multiples up to 15 meets infinity in the group of order 13.
            if group.order() > 15 && count < 70 {
                assert_eq!(strauss::sum(&Scalar::ZERO, &terms).to_affine(), expected);
            }
            // Lanes either give up or are right.
            for backend in Backend::all() {
                let sum = backend.sum_in_lanes(&terms);
                assert!(sum.is_none_or(|sum| sum.to_affine() == expected), "{count}");
            }
        }
    }
}

/// Where scalars are long and the group is not too small, most sums go through the lanes, and all are right.
#[test]
fn lanes_are_of_use() {
    let [_, group] = groups();
    let mut next = stream(5);
    let (mut sums, mut given) = (0, 0);
    for count in 1..60 {
        let mut terms = Vec::new();
        let mut expected = 0;
        for _ in 0..count {
            let index = 1 + next() as usize % (group.order() - 1);
            let (k1, k2) = (half(&mut next), half(&mut next));
            terms.push(Term { point: group.points[index], k1, k2 });
            expected += group.coefficient(&k1, &k2) * index as i128;
        }
        for backend in Backend::all().into_iter().filter(|backend| backend.lanes() > 1) {
            sums += 1;
            if let Some(sum) = backend.sum_in_lanes(&terms) {
                assert_eq!(sum.to_affine(), group.multiple(expected), "{count}");
                given += 1;
            }
        }
    }
    assert!(sums == 0 || given > 0, "{given} of {sums}");
}

#[test]
fn double_multiplications() {
    let [_, group] = groups();
    let mut next = stream(4);
    let mut triples = Vec::new();
    let mut expected = Vec::new();
    for i in 0..20 * group.order() {
        let index = i % group.order();
        // Small scalars too: their sums meet equal points.
        let mut bytes = [0; 32];
        let from = [0, 0, 16, 30, 31][next() as usize % 5];
        for byte in &mut bytes[from..] {
            *byte = next() as u8;
        }
        let b = Scalar::from_hash(&bytes);
        let (k1, k2) = b.split();
        triples.push((Scalar::ZERO, b, group.points[index]));
        expected.push(group.multiple(group.coefficient(&k1, &k2) * index as i128));
    }
    let prepared: Vec<Prepared> = group.points.iter().map(Prepared::new).collect();
    for backend in Backend::all() {
        assert!(backend.double_multiply_all(&triples) == expected, "{}", backend.name());
        // Tables of these points have infinity in them, and the digits of one scalar meet equal multiples.
        for (i, ((a, b, _), expected)) in triples.iter().zip(&expected).enumerate() {
            let product = backend.multiply_prepared(a, b, &prepared[i % group.order()]);
            assert_eq!(product.to_affine(), *expected, "{} {i}", backend.name());
        }
    }
}
