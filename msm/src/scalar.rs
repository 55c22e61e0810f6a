//! Integers mod n, the order of the group, and their split by the endomorphism.

/// n as four 64-bit words, the least significant first.
const ORDER: [u64; 4] =
    [0xbfd2_5e8c_d036_4141, 0xbaae_dce6_af48_a03b, 0xffff_ffff_ffff_fffe, 0xffff_ffff_ffff_ffff];
/// 2^256 − n.
const COMPLEMENT: [u64; 3] = [0x402d_a173_2fc9_bebf, 0x4551_2319_50b7_5fc4, 1];

/// A short basis of the lattice of all (a, b) with a + b·λ = 0 mod n: (A1, −B1) and (A2, A1).
const A1: [u64; 2] = [0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd];
const B1: [u64; 2] = [0x6f54_7fa9_0abf_e4c3, 0xe443_7ed6_010e_8828];
/// Less 2^128.
const A2: [u64; 2] = [0x57c1_108d_9d44_cfd8, 0x14ca_50f7_a8e2_f3f6];
/// 2^384·A1/n and 2^384·B1/n, rounded.
const G1: [u64; 4] =
    [0xe893_209a_45db_b031, 0x3daa_8a14_71e8_ca7f, 0xe86c_90e4_9284_eb15, 0x3086_d221_a7d4_6bcd];
const G2: [u64; 4] =
    [0x1571_b4ae_8ac4_7f71, 0x2212_08ac_9df5_06c6, 0x6f54_7fa9_0abf_e4c4, 0xe443_7ed6_010e_8828];

/// An integer mod n.
///
/// Encoding: 32 bytes, big endian, below n.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Scalar([u64; 4]);

/// An integer of 128 bits and its sign.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Half {
    pub(crate) negative: bool,
    pub(crate) magnitude: u128,
}

impl Scalar {
    /// Zero.
    pub const ZERO: Self = Self([0; 4]);
    /// One.
    pub const ONE: Self = Self([1, 0, 0, 0]);

    /// Reads 32 big-endian bytes; None for n and above.
    pub fn from_bytes(bytes: &[u8; 32]) -> Option<Self> {
        let words = words_of_bytes(bytes);
        (!reaches_order(&words)).then_some(Self(words))
    }

    /// Reads 32 big-endian bytes mod n.
    pub fn from_hash(bytes: &[u8; 32]) -> Self {
        Self(subtract_order_once(words_of_bytes(bytes), 0))
    }

    /// The 32 big-endian bytes.
    pub fn to_bytes(&self) -> [u8; 32] {
        bytes_of_words(&self.0)
    }

    /// Whether this is zero.
    pub fn is_zero(&self) -> bool {
        self.0 == [0; 4]
    }

    /// The sum.
    #[must_use]
    pub fn add(&self, other: &Self) -> Self {
        let (sum, carry) = add(&self.0, &other.0);
        Self(subtract_order_once(sum, carry))
    }

    /// The negation.
    #[must_use]
    pub fn negate(&self) -> Self {
        if self.is_zero() { *self } else { Self(wrapping_sub(&ORDER, &self.0)) }
    }

    /// The difference.
    #[must_use]
    pub fn sub(&self, other: &Self) -> Self {
        self.add(&other.negate())
    }

    /// The product.
    #[must_use]
    pub fn mul(&self, other: &Self) -> Self {
        reduce(&multiply(&self.0, &other.0))
    }

    /// (k1, k2) with k1 + k2·λ = this, both below 2^128 in size.
    ///
    /// The point of the lattice next to (k, 0), found by rounding, is subtracted from it: what is left lies in the
    /// parallelogram of the basis around 0, so |k1| ≤ (A1 + A2)/2 < 0.64·2^128 and |k2| ≤ (B1 + A1)/2 < 0.55·2^128 (and
    /// one part in 2^120 for the rounded G's). Words above the 256th bit would all be copies of the sign.
    pub(crate) fn split(&self) -> (Half, Half) {
        let c1 = multiply_and_round(&self.0, &G1);
        let c2 = multiply_and_round(&self.0, &G2);
        let product = |a: &[u64; 2], b: &[u64; 2]| -> [u64; 4] { multiply(a, b) };
        // k2 = c1·B1 − c2·A1
        let k2 = wrapping_sub(&product(&c1, &B1), &product(&c2, &A1));
        // k1 = k − c1·A1 − c2·A2
        let k1 = wrapping_sub(&self.0, &product(&c1, &A1));
        let k1 = wrapping_sub(&k1, &product(&c2, &A2));
        let k1 = wrapping_sub(&k1, &[0, 0, c2[0], c2[1]]);
        (Half::from_words(k1), Half::from_words(k2))
    }
}

impl From<u128> for Scalar {
    fn from(value: u128) -> Self {
        Self([value as u64, (value >> 64) as u64, 0, 0])
    }
}

impl Half {
    pub(crate) const ZERO: Self = Self { negative: false, magnitude: 0 };

    /// Reads two's complement.
    fn from_words(words: [u64; 4]) -> Self {
        let negative = words[3] >> 63 == 1;
        let [a, b, c, d] = if negative { wrapping_sub(&[0; 4], &words) } else { words };
        debug_assert_eq!([c, d], [0, 0]);
        Self { negative, magnitude: u128::from(a) | u128::from(b) << 64 }
    }
}

/// Big-endian bytes as words, the least significant first.
pub(crate) fn words_of_bytes(bytes: &[u8; 32]) -> [u64; 4] {
    let mut words = [0; 4];
    for (word, chunk) in words.iter_mut().zip(bytes.rchunks_exact(8)) {
        *word = u64::from_be_bytes(chunk.try_into().expect("a chunk of 8 bytes"));
    }
    words
}

pub(crate) fn bytes_of_words(words: &[u64; 4]) -> [u8; 32] {
    let mut bytes = [0; 32];
    for (word, chunk) in words.iter().zip(bytes.rchunks_exact_mut(8)) {
        chunk.copy_from_slice(&word.to_be_bytes());
    }
    bytes
}

fn add(a: &[u64; 4], b: &[u64; 4]) -> ([u64; 4], u64) {
    let mut sum = [0; 4];
    let mut carry = 0u128;
    for i in 0..4 {
        carry += u128::from(a[i]) + u128::from(b[i]);
        sum[i] = carry as u64;
        carry >>= 64;
    }
    (sum, carry as u64)
}

pub(crate) fn wrapping_sub(a: &[u64; 4], b: &[u64; 4]) -> [u64; 4] {
    let mut difference = [0; 4];
    let mut borrow = false;
    for i in 0..4 {
        let (word, first) = a[i].overflowing_sub(b[i]);
        let (word, second) = word.overflowing_sub(u64::from(borrow));
        difference[i] = word;
        borrow = first || second;
    }
    difference
}

fn reaches_order(words: &[u64; 4]) -> bool {
    words.iter().rev().ge(ORDER.iter().rev())
}

/// The number carry·2^256 + words mod n, if it is below 2n.
fn subtract_order_once(words: [u64; 4], carry: u64) -> [u64; 4] {
    if carry != 0 || reaches_order(&words) { wrapping_sub(&words, &ORDER) } else { words }
}

/// The product of two numbers, in `N` words, which are enough for it.
fn multiply<const A: usize, const B: usize, const N: usize>(
    a: &[u64; A],
    b: &[u64; B],
) -> [u64; N] {
    const { assert!(A + B <= N) };
    let mut product = [0; N];
    for i in 0..A {
        let mut carry = 0u128;
        for j in 0..B {
            carry += u128::from(product[i + j]) + u128::from(a[i]) * u128::from(b[j]);
            product[i + j] = carry as u64;
            carry >>= 64;
        }
        product[i + B] = carry as u64;
    }
    product
}

/// a·b/2^384, rounded.
fn multiply_and_round(a: &[u64; 4], b: &[u64; 4]) -> [u64; 2] {
    let product: [u64; 8] = multiply(a, b);
    let quotient = u128::from(product[6]) | u128::from(product[7]) << 64;
    // Below 2^128 − 1, because a is below n and b below 2^256.
    let rounded = quotient + u128::from(product[5] >> 63);
    [rounded as u64, (rounded >> 64) as u64]
}

/// 512 bits mod n: what is above 2^256 counts 2^256 − n, a number of 129 bits. Thrice.
fn reduce(product: &[u64; 8]) -> Scalar {
    let [a, b, c, d, high @ ..] = *product;
    let [a, b, c, d, high @ ..]: [u64; 7] = fold([a, b, c, d], &high); // < 2^386
    let [a, b, c, d, high, _]: [u64; 6] = fold([a, b, c, d], &high); // < 2^260
    let [a, b, c, d, carry]: [u64; 5] = fold([a, b, c, d], &[high]); // < 2^256 + 2^133
    Scalar(subtract_order_once([a, b, c, d], carry))
}

/// low + high·(2^256 − n).
fn fold<const H: usize, const N: usize>(low: [u64; 4], high: &[u64; H]) -> [u64; N] {
    let mut sum: [u64; N] = [0; N];
    sum[..4].copy_from_slice(&low);
    for (i, high) in high.iter().enumerate() {
        let mut carry = 0u128;
        for (j, word) in sum[i..].iter_mut().enumerate() {
            let factor = COMPLEMENT.get(j).copied().unwrap_or(0);
            carry += u128::from(*word) + u128::from(*high) * u128::from(factor);
            *word = carry as u64;
            carry >>= 64;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use num_bigint::{BigInt, BigUint, Sign};
    use proptest::prelude::*;

    use super::*;

    fn order() -> BigUint {
        value(&ORDER)
    }

    fn value(words: &[u64]) -> BigUint {
        words.iter().rev().fold(BigUint::ZERO, |value, word| (value << 64) + word)
    }

    /// A cube root of one mod n that is not 1: the powers to (n − 1)/3 are the cube roots.
    fn cube_root_of_one(modulus: &BigUint) -> BigUint {
        let exponent = (modulus - 1u8) / 3u8;
        let roots = (2u32..).map(|base| BigUint::from(base).modpow(&exponent, modulus));
        roots.into_iter().find(|root| *root != BigUint::from(1u8)).unwrap()
    }

    fn prime() -> BigUint {
        value(&crate::field::PRIME_WORDS)
    }

    /// λ is the cube root of one that β belongs to: λ·G = (β·x, y).
    fn lambda() -> BigUint {
        let first = cube_root_of_one(&order());
        let second = &first * &first % order();
        let endomorphic = crate::Affine::GENERATOR.endomorphism();
        let multiply = |lambda: &BigUint| {
            let scalar = scalar(lambda);
            crate::Backend::PORTABLE
                .double_multiply(&scalar, &Scalar::ZERO, &crate::Affine::INFINITY)
                .to_affine()
        };
        assert_ne!(multiply(&first), multiply(&second));
        if multiply(&first) == endomorphic {
            first
        } else {
            assert_eq!(multiply(&second), endomorphic);
            second
        }
    }

    fn scalar(value: &BigUint) -> Scalar {
        let bytes = value.to_bytes_be();
        let mut padded = [0; 32];
        padded[32 - bytes.len()..].copy_from_slice(&bytes);
        Scalar::from_bytes(&padded).unwrap()
    }

    fn signed(half: &Half) -> BigInt {
        let sign = if half.negative { Sign::Minus } else { Sign::Plus };
        BigInt::from_biguint(sign, BigUint::from(half.magnitude))
    }

    fn check_split(k: &BigUint, lambda: &BigUint) {
        let (k1, k2) = scalar(k).split();
        let sum = signed(&k1) + signed(&k2) * BigInt::from(lambda.clone());
        let difference = sum - BigInt::from(k.clone());
        assert_eq!(difference % BigInt::from(order()), BigInt::ZERO, "{k:x}");
    }

    /// The constants, from p, n and G alone.
    #[test]
    fn constants_from_first_principles() {
        let n = order();
        let libsecp256k1 = BigUint::from_bytes_be(&secp256k1::constants::CURVE_ORDER);
        assert_eq!(n, libsecp256k1);
        assert_eq!(value(&COMPLEMENT), (BigUint::from(1u8) << 256) - &n);
        // β is a cube root of one; which one is checked by `lambda`.
        let beta = value(&crate::affine::beta().words());
        let root = cube_root_of_one(&prime());
        assert!(beta == root || beta == &root * &root % prime());
        // Euclid's algorithm on n and λ: each remainder r = t·λ mod n, so (r, −t) is in the lattice; the two short vectors
        // are where r passes √n.
        let (mut r, mut t) = ((n.clone(), lambda()), (BigInt::ZERO, BigInt::from(1)));
        let mut found = Vec::new();
        while found.len() < 2 {
            let quotient = &r.0 / &r.1;
            r = (r.1.clone(), &r.0 - &quotient * &r.1);
            t = (t.1.clone(), &t.0 - BigInt::from(quotient) * &t.1);
            if &r.0 * &r.0 < n || !found.is_empty() {
                found.push((r.0.clone(), -t.0.clone()));
            }
        }
        let (a1, b1, a2) = (value(&A1), value(&B1), value(&A2) + (BigUint::from(1u8) << 128));
        let basis = [(a1.clone(), -BigInt::from(b1.clone())), (a2, BigInt::from(a1.clone()))];
        // The first is Euclid's; the second is Euclid's next, or the one before, whichever is shorter.
        for (a, b) in &basis {
            assert_eq!(
                (BigInt::from(a.clone()) + b * BigInt::from(lambda())) % BigInt::from(n.clone()),
                BigInt::ZERO
            );
            assert!(a.bits() <= 129 && b.bits() <= 128);
        }
        let first = |(a, b): &(BigUint, BigInt)| *a == a1 && b.magnitude() == &b1;
        assert!(found.iter().any(first), "{found:x?}");
        // Together they span the lattice: their determinant is n.
        let determinant = BigInt::from(basis[0].0.clone()) * &basis[1].1
            - BigInt::from(basis[1].0.clone()) * &basis[0].1;
        assert_eq!(determinant, BigInt::from(n.clone()));
        for (rounded, exact) in [(G1, a1), (G2, b1)] {
            let doubled: BigUint = (exact << 385) / &n;
            assert_eq!(value(&rounded), (doubled + 1u8) / 2u8);
        }
    }

    #[test]
    fn split_of_edges() {
        let (n, lambda) = (order(), lambda());
        let mut edges: Vec<BigUint> = Vec::new();
        for base in [
            BigUint::ZERO,
            n.clone(),
            lambda.clone(),
            &lambda * &lambda % &n,
            &n >> 1,
            value(&A1),
            value(&B1),
            BigUint::from(1u8) << 128,
            &n / 3u8,
            &n * 2u8 / 3u8,
        ] {
            for offset in 0..4u32 {
                edges.push((&base + offset) % &n);
                edges.push((&base + &n - offset) % &n);
            }
        }
        for multiple in 1..100u32 {
            edges.push(&lambda * multiple % &n);
        }
        for k in &edges {
            check_split(k, &lambda);
        }
    }

    #[test]
    fn range_is_checked() {
        let mut bytes = secp256k1::constants::CURVE_ORDER;
        assert_eq!(Scalar::from_bytes(&bytes), None);
        assert_eq!(Scalar::from_hash(&bytes), Scalar::ZERO);
        bytes[31] -= 1;
        assert_eq!(Scalar::from_bytes(&bytes).map(|scalar| scalar.negate()), Some(Scalar::ONE));
        assert_eq!(Scalar::from_bytes(&[0xff; 32]), None);
        assert_eq!(Scalar::ZERO.negate(), Scalar::ZERO);
    }

    fn extreme() -> impl Strategy<Value = [u8; 32]> {
        let words = [
            prop_oneof![Just(0), Just(u64::MAX), any::<u64>()],
            prop_oneof![Just(0), Just(u64::MAX), any::<u64>()],
            prop_oneof![Just(0), Just(u64::MAX), any::<u64>()],
            prop_oneof![Just(0), Just(u64::MAX), any::<u64>()],
        ];
        words.prop_map(|words| bytes_of_words(&words))
    }

    proptest! {
        #[test]
        fn arithmetic(a in extreme(), b in extreme()) {
            let (a, b) = (Scalar::from_hash(&a), Scalar::from_hash(&b));
            let (x, y) = (value(&a.0), value(&b.0));
            prop_assert!(x < order());
            prop_assert_eq!(value(&a.mul(&b).0), &x * &y % order());
            prop_assert_eq!(value(&a.add(&b).0), (&x + &y) % order());
            prop_assert_eq!(value(&a.sub(&b).0), (&x + order() - &y) % order());
            prop_assert_eq!(Scalar::from_bytes(&a.to_bytes()), Some(a));
        }

        #[test]
        fn splits(k in extreme()) {
            check_split(&value(&Scalar::from_hash(&k).0), &lambda());
        }
    }
}
