//! What an operation costs through C, beside the same operation from Rust: `cargo bench -p pointlock-ffi`.
//!
//! Both begin and end with the same things (parsed points, secrets that are there, signatures as bytes) and run in turns in one process, a
//! little of the one and then as much of the other. The figure is the median of the ratios of neighbours, so that whatever else
//! the machine does meets both.

#![allow(unsafe_code, reason = "calls C's names")]
#![allow(clippy::unwrap_used, reason = "a measurement")]

use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::{null, null_mut};

use pointlock::adaptor::{ecdsa, schnorr};
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::PaymentPoints;
use pointlock::invoice::ktime::{PayerScalar, PaymentPolynomial};
use pointlock::lock::{self, Blind, RouteLocks};
use rustix::time::{ClockId, clock_gettime};
use secp256k1::schnorr::Signature;
// For its symbols.
use pointlock_ffi as _;

type Bytes = *const u8;
type Handle = *const c_void;
/// A `pointlock_point`.
type PointData = [u8; 64];

unsafe extern "C" {
    fn pointlock_point_parse(out: *mut PointData, bytes: Bytes, n: usize, f: Handle) -> i32;
    fn pointlock_keypair_new(out: *mut Handle, bytes: Bytes, n: usize, f: Handle) -> i32;
    fn pointlock_secret_new(out: *mut Handle, bytes: Bytes, n: usize, f: Handle) -> i32;
    fn pointlock_secret_free(secret: Handle);
    fn pointlock_blind_new(out: *mut Handle, bytes: Bytes, n: usize, f: Handle) -> i32;
    fn pointlock_blind_free(blind: Handle);
    fn pointlock_polynomial_new(
        out: *mut Handle,
        entropy: Bytes,
        n: usize,
        k: usize,
        f: Handle,
    ) -> i32;
    fn pointlock_polynomial_points(p: Handle, out: *mut PointData, n: usize, f: Handle) -> i32;
    fn pointlock_polynomial_evaluate(
        p: Handle,
        x: Bytes,
        n: usize,
        out: *mut Handle,
        f: Handle,
    ) -> i32;
    fn pointlock_schnorr_pre_sign(
        keypair: Handle,
        message: Bytes,
        message_n: usize,
        lock_point: *const PointData,
        aux: Bytes,
        aux_n: usize,
        out: *mut u8,
        out_n: usize,
        f: Handle,
    ) -> i32;
    fn pointlock_ecdsa_pre_sign(
        keypair: Handle,
        message: Bytes,
        message_n: usize,
        lock_point: *const PointData,
        aux: Bytes,
        aux_n: usize,
        out: *mut u8,
        out_n: usize,
        f: Handle,
    ) -> i32;
    fn pointlock_schnorr_verify(
        pre: Bytes,
        pre_n: usize,
        key: *const PointData,
        message: Bytes,
        message_n: usize,
        lock_point: *const PointData,
        f: Handle,
    ) -> i32;
    fn pointlock_ecdsa_verify(
        pre: Bytes,
        pre_n: usize,
        key: *const PointData,
        message: Bytes,
        message_n: usize,
        lock_point: *const PointData,
        f: Handle,
    ) -> i32;
    fn pointlock_schnorr_adapt(
        pre: Bytes,
        pre_n: usize,
        secret: Handle,
        out: *mut u8,
        out_n: usize,
        f: Handle,
    ) -> i32;
    fn pointlock_schnorr_adapt_verified(
        pre: Bytes,
        pre_n: usize,
        secret: Handle,
        key: *const PointData,
        message: Bytes,
        message_n: usize,
        out: *mut u8,
        out_n: usize,
        f: Handle,
    ) -> i32;
    fn pointlock_schnorr_extract(
        pre: Bytes,
        pre_n: usize,
        signature: Bytes,
        signature_n: usize,
        key: *const PointData,
        message: Bytes,
        message_n: usize,
        lock_point: *const PointData,
        out: *mut Handle,
        f: Handle,
    ) -> i32;
    fn pointlock_lock_setup(
        point: *const PointData,
        blinds: *const Handle,
        blinds_n: usize,
        locks: *mut PointData,
        locks_n: usize,
        final_blind: *mut Handle,
        f: Handle,
    ) -> i32;
    fn pointlock_lock_next(
        incoming: *const PointData,
        blind: Handle,
        out: *mut PointData,
        f: Handle,
    ) -> i32;
    fn pointlock_lock_previous_secret(
        next: Handle,
        blind: Handle,
        out: *mut Handle,
        f: Handle,
    ) -> i32;
    fn pointlock_payment_point_at(
        points: *const PointData,
        points_n: usize,
        x: Bytes,
        x_n: usize,
        out: *mut PointData,
        f: Handle,
    ) -> i32;
}

const NOBODY: Handle = null();

/// Both kinds of everything.
struct Both {
    message: [u8; 32],
    aux: [u8; 32],
    x: [u8; 32],
    rust: Rust,
    c: C,
}

struct Rust {
    keypair: Keypair,
    key: Point,
    lock_point: Point,
    secret: SecretScalar,
    blinds: Vec<Blind>,
    points: PaymentPoints,
    polynomial: PaymentPolynomial,
}

struct C {
    keypair: Handle,
    key: PointData,
    lock_point: PointData,
    secret: Handle,
    blinds: Vec<Handle>,
    points: Vec<PointData>,
    polynomial: Handle,
}

const EDGES: usize = 6;
const K: usize = 8;

fn made(by: impl FnOnce(*mut Handle) -> i32) -> Handle {
    let mut handle = null();
    assert_eq!(by(&mut handle), 0);
    handle
}

fn parsed(point: &Point) -> PointData {
    let mut data = [0; 64];
    // SAFETY: both are as long as is said.
    let code = unsafe { pointlock_point_parse(&mut data, point.to_bytes().as_ptr(), 33, NOBODY) };
    assert_eq!(code, 0);
    data
}

impl Both {
    fn new() -> Self {
        let keypair = Keypair::from_secret_bytes(&[1; 32]).unwrap();
        let secret = SecretScalar::from_bytes(&[2; 32]).unwrap();
        let blinds: Vec<[u8; 32]> = (1..=EDGES as u8).map(|byte| [byte; 32]).collect();
        let polynomial = PaymentPolynomial::from_entropy(&[3; 32], K).unwrap();
        let (key, lock_point) = (keypair.public_key(), secret.to_point());
        let mut points = vec![[0; 64]; K + 1];
        // SAFETY: all arguments are as long as is said; handles are used as what they are, and live to the end.
        let c = unsafe {
            let polynomial =
                made(|out| pointlock_polynomial_new(out, [3; 32].as_ptr(), 32, K, NOBODY));
            let code = pointlock_polynomial_points(polynomial, points.as_mut_ptr(), K + 1, NOBODY);
            assert_eq!(code, 0);
            C {
                keypair: made(|out| pointlock_keypair_new(out, [1; 32].as_ptr(), 32, NOBODY)),
                key: parsed(&key),
                lock_point: parsed(&lock_point),
                secret: made(|out| pointlock_secret_new(out, [2; 32].as_ptr(), 32, NOBODY)),
                blinds: blinds
                    .iter()
                    .map(|blind| made(|out| pointlock_blind_new(out, blind.as_ptr(), 32, NOBODY)))
                    .collect(),
                points,
                polynomial,
            }
        };
        let rust = Rust {
            blinds: blinds.iter().map(|blind| Blind::from_bytes(blind).unwrap()).collect(),
            points: polynomial.payment_points(),
            keypair,
            key,
            lock_point,
            secret,
            polynomial,
        };
        Self { message: [5; 32], aux: [6; 32], x: [7; 32], rust, c }
    }
}

fn main() {
    let both = Both::new();
    let Both { message, aux, x, rust, c } = &both;
    let x_only = rust.key.x_only();
    let pre = schnorr::pre_sign(&rust.keypair, message, &rust.lock_point, aux).unwrap();
    let signature = pre.adapt(&rust.secret).serialize();
    let pre = pre.to_bytes();
    let ecdsa_pre = ecdsa::pre_sign(&rust.keypair, message, &rust.lock_point, aux).unwrap();
    let ecdsa_pre = ecdsa_pre.to_bytes();
    let read = || schnorr::PreSignature::from_bytes(black_box(&pre)).unwrap();
    let payer = || PayerScalar::from_bytes(black_box(x)).unwrap();

    println!("through C, in units of the same from Rust:\n");
    // SAFETY, of all below: lengths are those of the arrays, handles are used as what they are and live to the end, and nothing overlaps.
    compare(
        "schnorr_pre_sign",
        || {
            schnorr::pre_sign(&rust.keypair, black_box(message), &rust.lock_point, aux)
                .unwrap()
                .to_bytes()
        },
        || {
            let mut out = [0; 65];
            // SAFETY: see above.
            let code = unsafe {
                pointlock_schnorr_pre_sign(
                    c.keypair,
                    black_box(message).as_ptr(),
                    32,
                    &c.lock_point,
                    aux.as_ptr(),
                    32,
                    out.as_mut_ptr(),
                    65,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            out
        },
    );
    compare(
        "schnorr_verify",
        || read().verify(&x_only, message, &rust.lock_point).is_ok(),
        || {
            // SAFETY: see above.
            let code = unsafe {
                pointlock_schnorr_verify(
                    black_box(&pre).as_ptr(),
                    65,
                    &c.key,
                    message.as_ptr(),
                    32,
                    &c.lock_point,
                    NOBODY,
                )
            };
            code == 0
        },
    );
    compare(
        "schnorr_adapt",
        || read().adapt(&rust.secret).serialize(),
        || {
            let mut out = [0; 64];
            // SAFETY: see above.
            let code = unsafe {
                pointlock_schnorr_adapt(
                    black_box(&pre).as_ptr(),
                    65,
                    c.secret,
                    out.as_mut_ptr(),
                    64,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            out
        },
    );
    compare(
        "schnorr_adapt_verified",
        || read().adapt_verified(&rust.secret, &x_only, message).unwrap().serialize(),
        || {
            let mut out = [0; 64];
            // SAFETY: see above.
            let code = unsafe {
                pointlock_schnorr_adapt_verified(
                    black_box(&pre).as_ptr(),
                    65,
                    c.secret,
                    &c.key,
                    message.as_ptr(),
                    32,
                    out.as_mut_ptr(),
                    64,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            out
        },
    );
    compare(
        "schnorr_extract",
        || {
            let signature = Signature::from_slice(black_box(&signature)).unwrap();
            // A handle is a box, and so is this.
            let secret =
                Box::new(read().extract(&signature, &x_only, message, &rust.lock_point).unwrap());
            black_box(secret);
        },
        || {
            let mut out = null();
            // SAFETY: see above.
            let code = unsafe {
                pointlock_schnorr_extract(
                    black_box(&pre).as_ptr(),
                    65,
                    black_box(&signature).as_ptr(),
                    64,
                    &c.key,
                    message.as_ptr(),
                    32,
                    &c.lock_point,
                    &mut out,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            // SAFETY: made just now.
            unsafe { pointlock_secret_free(out) };
        },
    );
    compare(
        "ecdsa_pre_sign",
        || {
            ecdsa::pre_sign(&rust.keypair, black_box(message), &rust.lock_point, aux)
                .unwrap()
                .to_bytes()
        },
        || {
            let mut out = [0; 162];
            // SAFETY: see above.
            let code = unsafe {
                pointlock_ecdsa_pre_sign(
                    c.keypair,
                    black_box(message).as_ptr(),
                    32,
                    &c.lock_point,
                    aux.as_ptr(),
                    32,
                    out.as_mut_ptr(),
                    162,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            out
        },
    );
    compare(
        "ecdsa_verify",
        || {
            ecdsa::PreSignature::from_bytes(black_box(&ecdsa_pre))
                .unwrap()
                .verify(&rust.key, message, &rust.lock_point)
                .is_ok()
        },
        || {
            // SAFETY: see above.
            let code = unsafe {
                pointlock_ecdsa_verify(
                    black_box(&ecdsa_pre).as_ptr(),
                    162,
                    &c.key,
                    message.as_ptr(),
                    32,
                    &c.lock_point,
                    NOBODY,
                )
            };
            code == 0
        },
    );
    compare(
        "lock_setup, six edges",
        || {
            let route = RouteLocks::new(black_box(&rust.lock_point), &rust.blinds).unwrap();
            black_box(Box::new(route));
        },
        || {
            let (mut locks, mut final_blind) = ([[0; 64]; EDGES], null());
            // SAFETY: see above.
            let code = unsafe {
                pointlock_lock_setup(
                    black_box(&c.lock_point),
                    c.blinds.as_ptr(),
                    EDGES,
                    locks.as_mut_ptr(),
                    EDGES,
                    &mut final_blind,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            black_box(&locks);
            // SAFETY: made just now.
            unsafe { pointlock_blind_free(final_blind) };
        },
    );
    compare(
        "lock_next",
        || lock::next_lock(black_box(&rust.lock_point), &rust.blinds[0]).is_ok(),
        || {
            let mut out = [0; 64];
            // SAFETY: see above.
            let code = unsafe {
                pointlock_lock_next(black_box(&c.lock_point), c.blinds[0], &mut out, NOBODY)
            };
            black_box(&out);
            code == 0
        },
    );
    compare(
        "lock_previous_secret",
        || {
            let secret = lock::previous_secret(black_box(&rust.secret), &rust.blinds[0]);
            black_box(Box::new(secret.unwrap()));
        },
        || {
            let mut out = null();
            // SAFETY: see above.
            let code = unsafe {
                pointlock_lock_previous_secret(black_box(c.secret), c.blinds[0], &mut out, NOBODY)
            };
            assert_eq!(code, 0);
            // SAFETY: made just now.
            unsafe { pointlock_secret_free(out) };
        },
    );
    compare(
        "payment_point_at, k = 8",
        || rust.points.point_at(&payer()).is_ok(),
        || {
            let mut out = [0; 64];
            // SAFETY: see above.
            let code = unsafe {
                pointlock_payment_point_at(
                    c.points.as_ptr(),
                    K + 1,
                    black_box(x).as_ptr(),
                    32,
                    &mut out,
                    NOBODY,
                )
            };
            black_box(&out);
            code == 0
        },
    );
    compare(
        "polynomial_evaluate, k = 8",
        || {
            let secret = rust.polynomial.evaluate(&payer()).unwrap();
            black_box(Box::new(secret));
        },
        || {
            let mut out = null_mut::<c_void>().cast_const();
            // SAFETY: see above.
            let code = unsafe {
                pointlock_polynomial_evaluate(
                    c.polynomial,
                    black_box(x).as_ptr(),
                    32,
                    &mut out,
                    NOBODY,
                )
            };
            assert_eq!(code, 0);
            // SAFETY: made just now.
            unsafe { pointlock_secret_free(out) };
        },
    );
}

/// How many pairs are measured.
const PAIRS: usize = 2_001;
/// How long a half of a pair takes, about, in nanoseconds: short, so that most pairs are not interrupted.
const HALF: f64 = 300_000.0;

/// Measures both in turns, and prints the median of the ratios with the quartiles, and what a call takes more.
fn compare<T>(name: &str, rust: impl Fn() -> T, c: impl Fn() -> T) {
    // Once more and more, until it takes long enough to tell how often fits.
    let mut calls = 1;
    let mut taken = time(calls, &c);
    while taken < HALF {
        calls *= 2;
        taken = time(calls, &c);
    }
    let calls = ((f64::from(calls) * HALF / taken) as u32).max(1);
    let (mut ratios, mut differences, mut alone) = (Vec::new(), Vec::new(), Vec::new());
    for pair in 0..PAIRS {
        let (from_rust, through_c) = if pair % 2 == 0 {
            let from_rust = time(calls, &rust);
            (from_rust, time(calls, &c))
        } else {
            let through_c = time(calls, &c);
            (time(calls, &rust), through_c)
        };
        ratios.push(through_c / from_rust);
        differences.push((through_c - from_rust) / f64::from(calls));
        alone.push(from_rust / f64::from(calls));
    }
    for list in [&mut ratios, &mut differences, &mut alone] {
        list.sort_by(f64::total_cmp);
    }
    let [first, middle, third] = [PAIRS / 4, PAIRS / 2, 3 * PAIRS / 4];
    println!(
        "{name:28} {:.4} ({:.4} to {:.4})   {:9.1} ns from Rust, {:+.1} ns through C",
        ratios[middle], ratios[first], ratios[third], alone[middle], differences[middle],
    );
}

/// In nanoseconds of this thread: what else the machine does counts little.
fn time<T>(calls: u32, operation: impl Fn() -> T) -> f64 {
    let now = || {
        let time = clock_gettime(ClockId::ThreadCPUTime);
        time.tv_sec as f64 * 1e9 + time.tv_nsec as f64
    };
    let start = now();
    for _ in 0..calls {
        black_box(operation());
    }
    now() - start
}
