//! Inversion mod p by divsteps, in variable time.
//!
//! Bernstein and Yang, [Fast constant-time gcd computation and modular
//! inversion](https://gcd.cr.yp.to/papers.html#safegcd), in the variant with halved δ that Wuille describes for
//! libsecp256k1. A divstep takes (η, f, g) with f odd, where η = −δ, to
//!
//! - (η − 1, f, g/2) when g is even;
//! - (η − 1, f, (g + f)/2) when g is odd and η ≥ 0;
//! - (−η − 1, g, (g − f)/2) when g is odd and η < 0.
//!
//! From f = p and g = x it ends at g = 0, f = ±gcd. 62 steps depend only on the lower 62 bits of f and g, so they are
//! done on words, as a matrix that is then applied to f and g and, mod p, to d and e, where d·x = f and e·x = g.

/// The lower 62 bits.
const MASK: i64 = (1 << 62) - 1;
/// p in signed limbs of 62 bits.
const PRIME: Limbs = [-0x1_0000_03d1, 0, 0, 0, 256];
/// 1/p mod 2^62.
const PRIME_INVERSE: i64 = inverse_of_prime();

/// A number of 310 bits, the sum of limb·2^(62i). Limbs but the highest are in [0, 2^62) between steps.
type Limbs = [i64; 5];

/// 62 divsteps times 2^62: (f, g) becomes (u·f + v·g, q·f + r·g)/2^62.
struct Matrix {
    u: i64,
    v: i64,
    q: i64,
    r: i64,
}

/// Newton's iteration doubles the bits that are right: 3·p xor 2 has five of them.
const fn inverse_of_prime() -> i64 {
    let prime = PRIME[0];
    let mut inverse = prime.wrapping_mul(3) ^ 2;
    let mut round = 0;
    while round < 4 {
        inverse = inverse.wrapping_mul(2i64.wrapping_sub(prime.wrapping_mul(inverse)));
        round += 1;
    }
    inverse & MASK
}

/// 1/x mod p for x below p, and 0 for 0. Words, the least significant first.
pub(crate) fn inverse(x: &[u64; 4]) -> [u64; 4] {
    let (mut d, mut e): (Limbs, Limbs) = ([0; 5], [1, 0, 0, 0, 0]);
    let (mut f, mut g) = (PRIME, to_limbs(x));
    let mut eta = -1;
    while g != [0; 5] {
        let matrix;
        (eta, matrix) = divsteps(eta, f[0] as u64, g[0] as u64);
        update_mod_prime(&mut d, &mut e, &matrix);
        update(&mut f, &mut g, &matrix);
    }
    // f is ±1 now (or ±p when x is zero, and then d is zero).
    normalise(d, f[4] < 0)
}

/// 62 divsteps on the lower bits.
fn divsteps(mut eta: i64, mut f: u64, mut g: u64) -> (i64, Matrix) {
    let (mut u, mut v, mut q, mut r) = (1u64, 0u64, 0u64, 1u64);
    let mut left = 62u32;
    loop {
        // As many steps as g has zeros at the end, with a sentinel so that none goes too far.
        let zeros = (g | u64::MAX << left).trailing_zeros();
        g >>= zeros;
        u <<= zeros;
        v <<= zeros;
        eta -= i64::from(zeros);
        left -= zeros;
        if left == 0 {
            break;
        }
        // A multiple of f clears several bits of g: all the steps until η changes sign or the steps run out, six
        // or four bits at most, since −g/f is known to so many bits.
        let multiple = if eta < 0 {
            eta = -eta;
            (f, g) = (g, f.wrapping_neg());
            (u, q) = (q, u.wrapping_neg());
            (v, r) = (r, v.wrapping_neg());
            let mask = low_bits(eta, left) & 63;
            // f·(f² − 2) is −1/f to six bits.
            f.wrapping_mul(g).wrapping_mul(f.wrapping_mul(f).wrapping_sub(2)) & mask
        } else {
            let mask = low_bits(eta, left) & 15;
            // f + ((f + 1) & 4)·2 is 1/f to four bits.
            let inverse = f.wrapping_add((f.wrapping_add(1) & 4) << 1);
            inverse.wrapping_neg().wrapping_mul(g) & mask
        };
        g = g.wrapping_add(f.wrapping_mul(multiple));
        q = q.wrapping_add(u.wrapping_mul(multiple));
        r = r.wrapping_add(v.wrapping_mul(multiple));
    }
    (eta, Matrix { u: u as i64, v: v as i64, q: q as i64, r: r as i64 })
}

/// A mask of the bits that the next steps may clear: η + 1 of them, and no more than are left.
fn low_bits(eta: i64, left: u32) -> u64 {
    let bits = (eta + 1).min(i64::from(left));
    u64::MAX >> (64 - bits)
}

fn wide(a: i64, b: i64) -> i128 {
    i128::from(a) * i128::from(b)
}

/// (f, g) becomes the matrix times it, exactly divisible by 2^62.
fn update(f: &mut Limbs, g: &mut Limbs, matrix: &Matrix) {
    let Matrix { u, v, q, r } = *matrix;
    let mut cf = (wide(u, f[0]) + wide(v, g[0])) >> 62;
    let mut cg = (wide(q, f[0]) + wide(r, g[0])) >> 62;
    for i in 1..5 {
        cf += wide(u, f[i]) + wide(v, g[i]);
        cg += wide(q, f[i]) + wide(r, g[i]);
        f[i - 1] = cf as i64 & MASK;
        g[i - 1] = cg as i64 & MASK;
        cf >>= 62;
        cg >>= 62;
    }
    f[4] = cf as i64;
    g[4] = cg as i64;
}

/// (d, e) becomes the matrix times it over 2^62, mod p: the multiples of p are added that make it divisible. Both stay
/// between −2p and p.
fn update_mod_prime(d: &mut Limbs, e: &mut Limbs, matrix: &Matrix) {
    let Matrix { u, v, q, r } = *matrix;
    // A negative d or e counts as p more, which keeps the range.
    let (sign_d, sign_e) = (d[4] >> 63, e[4] >> 63);
    let mut md = (u & sign_d) + (v & sign_e);
    let mut me = (q & sign_d) + (r & sign_e);
    let mut cd = wide(u, d[0]) + wide(v, e[0]);
    let mut ce = wide(q, d[0]) + wide(r, e[0]);
    md -= PRIME_INVERSE.wrapping_mul(cd as i64).wrapping_add(md) & MASK;
    me -= PRIME_INVERSE.wrapping_mul(ce as i64).wrapping_add(me) & MASK;
    cd = (cd + wide(PRIME[0], md)) >> 62;
    ce = (ce + wide(PRIME[0], me)) >> 62;
    for i in 1..5 {
        cd += wide(u, d[i]) + wide(v, e[i]);
        ce += wide(q, d[i]) + wide(r, e[i]);
        if i == 4 {
            cd += wide(PRIME[4], md);
            ce += wide(PRIME[4], me);
        }
        d[i - 1] = cd as i64 & MASK;
        e[i - 1] = ce as i64 & MASK;
        cd >>= 62;
        ce >>= 62;
    }
    d[4] = cd as i64;
    e[4] = ce as i64;
}

/// The words of d, or of −d, mod p, for d between −2p and p.
fn normalise(mut d: Limbs, negate: bool) -> [u64; 4] {
    let add_prime = |d: &mut Limbs| {
        d[0] += PRIME[0];
        d[4] += PRIME[4];
        carry(d);
    };
    if d[4] < 0 {
        add_prime(&mut d);
    }
    if negate {
        d = d.map(|limb| -limb);
        carry(&mut d);
    }
    while d[4] < 0 {
        add_prime(&mut d);
    }
    let [a, b, c, d, e] = d.map(|limb| limb as u64);
    [a | b << 62, b >> 2 | c << 60, c >> 4 | d << 58, d >> 6 | e << 56]
}

fn carry(limbs: &mut Limbs) {
    for i in 0..4 {
        limbs[i + 1] += limbs[i] >> 62;
        limbs[i] &= MASK;
    }
}

fn to_limbs(w: &[u64; 4]) -> Limbs {
    [w[0], w[0] >> 62 | w[1] << 2, w[1] >> 60 | w[2] << 4, w[2] >> 58 | w[3] << 6, w[3] >> 56]
        .map(|limb| limb as i64 & MASK)
}
