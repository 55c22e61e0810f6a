//! Every backend against libsecp256k1, on points and scalars among which the extreme ones are as common as random ones.
//!
//! Ten thousand operations here; a million in
//! `cargo test --release -p pointlock-msm --test differential -- --ignored`.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock_msm::{
    Affine, Backend, Prepared, Scalar, Term, multiply_sum, multiply_sum_and_generator,
};
use secp256k1::{All, PublicKey, Secp256k1, SecretKey, constants};

const LAMBDA: [u8; 32] = [
    0x53, 0x63, 0xad, 0x4c, 0xc0, 0x5c, 0x30, 0xe0, 0xa5, 0x26, 0x1c, 0x02, 0x88, 0x12, 0x64, 0x5a,
    0x12, 0x2e, 0x22, 0xea, 0x20, 0x81, 0x66, 0x78, 0xdf, 0x02, 0x96, 0x7c, 0x1b, 0x23, 0xbd, 0x72,
];

/// Draws, the same in each run.
struct Draw {
    state: u64,
    secp: Secp256k1<All>,
    edges: Vec<PublicKey>,
}

/// A point of libsecp256k1; None is infinity.
type Theirs = Option<PublicKey>;

impl Draw {
    fn new() -> Self {
        let mut draw = Self { state: 7, secp: Secp256k1::new(), edges: Vec::new() };
        let generator = PublicKey::from_secret_key(&draw.secp, &constants::ONE.into_key());
        draw.edges.push(generator);
        for scalar in [2u8, 3] {
            let mut bytes = [0; 32];
            bytes[31] = scalar;
            draw.edges.push(draw.times(Some(generator), &bytes).unwrap());
        }
        draw.edges.push(draw.times(Some(generator), &LAMBDA).unwrap());
        // The smallest x that points have, and the largest; and those next to n.
        for offset in 0..12u8 {
            let mut small = [0; 32];
            small[31] = offset;
            let mut large = [0xff; 32];
            large[27..].copy_from_slice(&[0xfe, 0xff, 0xff, 0xfc, 0x2e - offset]);
            let mut order = constants::CURVE_ORDER;
            order[31] += offset;
            for x in [small, large, order] {
                let encoding = [&[2][..], &x].concat();
                draw.edges.extend(PublicKey::from_slice(&encoding));
            }
        }
        assert!(draw.edges.len() > 15);
        draw
    }

    fn next(&mut self) -> u64 {
        self.state =
            self.state.wrapping_mul(0x5851_f42d_4c95_7f2d).wrapping_add(0x1405_7b7e_f767_814f);
        (self.state ^ self.state >> 32).wrapping_mul(0x9e37_79b9_7f4a_7c15)
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 8) as usize % bound
    }

    fn random(&mut self) -> [u8; 32] {
        let mut bytes = [0; 32];
        for chunk in bytes.chunks_exact_mut(8) {
            chunk.copy_from_slice(&self.next().to_be_bytes());
        }
        Scalar::from_hash(&bytes).to_bytes()
    }

    fn scalar(&mut self) -> [u8; 32] {
        let small = |value: u8| Scalar::from(u128::from(value));
        let lambda = Scalar::from_bytes(&LAMBDA).unwrap();
        let offset = small(self.below(4) as u8);
        let scalar = match self.below(10) {
            0 => offset,
            1 => offset.negate(),
            2 => lambda.add(&offset),
            3 => lambda.negate().sub(&offset),
            4 => lambda.mul(&small(self.below(40) as u8)),
            5 => Scalar::from(u128::MAX).add(&offset),
            _ => return self.random(),
        };
        scalar.to_bytes()
    }

    fn point(&mut self) -> PublicKey {
        let place = self.below(self.edges.len());
        let edge = self.edges[place];
        match self.below(4) {
            0 => edge,
            1 => edge.negate(&self.secp),
            _ => {
                let scalar = self.random();
                self.times(Some(edge), &scalar).unwrap()
            }
        }
    }

    fn times(&self, point: Theirs, scalar: &[u8; 32]) -> Theirs {
        let tweak = secp256k1::Scalar::from_be_bytes(*scalar).unwrap();
        point?.mul_tweak(&self.secp, &tweak).ok()
    }
}

trait IntoKey {
    fn into_key(self) -> SecretKey;
}

impl IntoKey for [u8; 32] {
    fn into_key(self) -> SecretKey {
        SecretKey::from_slice(&self).unwrap()
    }
}

fn plus(a: Theirs, b: Theirs) -> Theirs {
    match (a, b) {
        (Some(a), Some(b)) => a.combine(&b).ok(),
        (a, b) => a.or(b),
    }
}

fn ours(point: &PublicKey) -> Affine {
    let bytes = point.serialize_uncompressed();
    Affine::from_coordinates(bytes[1..33].try_into().unwrap(), bytes[33..].try_into().unwrap())
        .unwrap()
}

fn same(ours: Affine, theirs: Theirs) {
    let theirs = theirs.map(|point| {
        let bytes = point.serialize_uncompressed();
        (<[u8; 32]>::try_from(&bytes[1..33]).unwrap(), <[u8; 32]>::try_from(&bytes[33..]).unwrap())
    });
    assert_eq!(ours.to_coordinates(), theirs);
}

/// So many operations of each kind; a term of a sum is one.
fn run(operations: usize) {
    let mut draw = Draw::new();
    let generator = draw.edges[0];

    // a·G + b·P, alone, by a table, and eight at a time.
    let mut triples = Vec::new();
    let mut sums = Vec::new();
    for _ in 0..operations {
        let (a, b, point) = (draw.scalar(), draw.scalar(), draw.point());
        let sum = plus(draw.times(Some(generator), &a), draw.times(Some(point), &b));
        let triple =
            (Scalar::from_bytes(&a).unwrap(), Scalar::from_bytes(&b).unwrap(), ours(&point));
        let prepared = Prepared::new(&triple.2);
        for backend in Backend::all() {
            same(backend.double_multiply(&triple.0, &triple.1, &triple.2).to_affine(), sum);
            same(backend.multiply_prepared(&triple.0, &triple.1, &prepared).to_affine(), sum);
        }
        triples.push(triple);
        sums.push(sum);
    }
    for backend in Backend::all() {
        for (ours, theirs) in backend.double_multiply_all(&triples).into_iter().zip(&sums) {
            same(ours, *theirs);
        }
    }

    // a·G.
    for _ in 0..operations {
        let a = draw.scalar();
        let product = draw.times(Some(generator), &a);
        let a = Scalar::from_bytes(&a).unwrap();
        for backend in Backend::all() {
            same(backend.multiply_generator(&a).to_affine(), product);
        }
    }

    // Sums of pairs, equal and opposite ones among them.
    let (mut first, mut second) = (Vec::new(), Vec::new());
    for _ in 0..operations {
        let point = draw.point();
        first.push(point);
        second.push(match draw.below(8) {
            0 => point,
            1 => point.negate(&draw.secp),
            _ => draw.point(),
        });
    }
    let convert = |points: &[PublicKey]| points.iter().map(ours).collect::<Vec<_>>();
    for backend in Backend::all() {
        let sums = backend.add_all(&convert(&first), &convert(&second));
        for ((a, b), sum) in first.iter().zip(&second).zip(sums) {
            same(sum, a.combine(b).ok());
        }
    }

    // Decompression, of what is no x coordinate too.
    let encodings: Vec<([u8; 32], bool)> = (0..operations)
        .map(|_| {
            let x = if draw.below(2) == 0 {
                draw.point().serialize()[1..].try_into().unwrap()
            } else {
                draw.random()
            };
            let x = if draw.below(50) == 0 { [0xff; 32] } else { x };
            (x, draw.below(2) == 0)
        })
        .collect();
    for backend in Backend::all() {
        for ((x, odd), point) in encodings.iter().zip(backend.decompress(&encodings)) {
            let encoding = [&[2 + u8::from(*odd)][..], x].concat();
            same(point, PublicKey::from_slice(&encoding).ok());
        }
    }

    // Sums of 1 to 300 terms, some of which cancel.
    let mut left = operations;
    while left > 0 {
        let count = (1 + draw.below(300)).min(left);
        left -= count;
        let mut sum = None;
        let mut terms = Vec::new();
        while terms.len() < count {
            let point = draw.point();
            if draw.below(3) == 0 {
                let magnitude = draw.random();
                let short = u128::from_be_bytes(magnitude[16..].try_into().unwrap());
                let negative = draw.below(2) == 0;
                terms.push(Term::short(ours(&point), short, negative));
                let product = draw.times(Some(point), &Scalar::from(short).to_bytes());
                sum = plus(
                    sum,
                    if negative { product.map(|p| p.negate(&draw.secp)) } else { product },
                );
            } else {
                let scalar = draw.scalar();
                let own = Scalar::from_bytes(&scalar).unwrap();
                terms.push(Term::new(ours(&point), &own));
                if draw.below(10) == 0 {
                    terms.push(Term::new(ours(&point), &own.negate()));
                } else {
                    sum = plus(sum, draw.times(Some(point), &scalar));
                }
            }
        }
        let a = draw.scalar();
        let with_generator = plus(sum, draw.times(Some(generator), &a));
        let a = Scalar::from_bytes(&a).unwrap();
        for backend in Backend::all() {
            same(multiply_sum(backend, &terms).to_affine(), sum);
            let ours = multiply_sum_and_generator(backend, &a, &terms);
            same(ours.to_affine(), with_generator);
        }
    }
}

#[test]
fn ten_thousand_operations() {
    run(2_500);
}

#[test]
#[ignore = "a million operations take minutes: `just long-msm`"]
fn a_million_operations() {
    run(250_000);
}

#[test]
fn nothing_adds_up_to_infinity() {
    for backend in Backend::all() {
        assert!(multiply_sum(backend, &[]).is_infinity());
        assert!(backend.add_all(&[], &[]).is_empty());
        assert!(backend.decompress(&[]).is_empty());
        assert!(backend.double_multiply_all(&[]).is_empty());
    }
}
