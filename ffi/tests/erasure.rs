//! What is freed through C is erased: no block of memory that the library gives back holds the secret.

#![allow(unsafe_code, reason = "an allocator that looks, and calls of C's names")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::alloc::{GlobalAlloc, Layout, System};
use std::ffi::c_void;
use std::hint::black_box;
use std::ptr::null;
use std::sync::atomic::{AtomicUsize, Ordering};

// For its symbols.
use pointlock_ffi as _;

/// What a secret of the tests is made of, as often as fits.
const MARK: [u8; 8] = *b"sEcReT!?";

/// Blocks with a secret in them that were given back.
static LEAKS: AtomicUsize = AtomicUsize::new(0);

/// Looks at each block that is given back.
struct Watchful;

// SAFETY: all is left to the system's allocator; a block is read while it is still the caller's.
unsafe impl GlobalAlloc for Watchful {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on.
        unsafe { System.alloc(layout) }
    }

    // Zeroed, so that a block whose beginning alone was written can be read.
    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: passed on.
        unsafe { System.alloc_zeroed(layout) }
    }

    unsafe fn dealloc(&self, block: *mut u8, layout: Layout) {
        // Volatile, since bytes that nobody wrote are no values.
        let byte = |at: usize| {
            // SAFETY: within the block, which is the caller's until it is given back.
            unsafe { block.add(at).read_volatile() }
        };
        let found = (0..(layout.size() + 1).saturating_sub(MARK.len()))
            .any(|start| (0..MARK.len()).all(|at| byte(start + at) == MARK[at]));
        if found {
            LEAKS.fetch_add(1, Ordering::SeqCst);
        }
        // SAFETY: passed on.
        unsafe { System.dealloc(block, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Watchful = Watchful;

type Handle = *const c_void;

unsafe extern "C" {
    fn pointlock_secret_new(out: *mut Handle, bytes: *const u8, n: usize, fault: Handle) -> i32;
    fn pointlock_secret_free(secret: Handle);
    fn pointlock_blind_new(out: *mut Handle, bytes: *const u8, n: usize, fault: Handle) -> i32;
    fn pointlock_blind_free(blind: Handle);
    fn pointlock_keypair_new(out: *mut Handle, bytes: *const u8, n: usize, fault: Handle) -> i32;
    fn pointlock_keypair_free(keypair: Handle);
    fn pointlock_payer_key_of(out: *mut Handle, secret: Handle, fault: Handle) -> i32;
    fn pointlock_payer_key_free(payer_key: Handle);
    fn pointlock_dangerous_polynomial_of(
        out: *mut Handle,
        coefficients: *const Handle,
        n: usize,
        fault: Handle,
    ) -> i32;
    fn pointlock_polynomial_free(polynomial: Handle);
}

type New = unsafe extern "C" fn(*mut Handle, *const u8, usize, Handle) -> i32;
type Free = unsafe extern "C" fn(Handle);

fn marked() -> [u8; 32] {
    let mut bytes = [0; 32];
    for chunk in bytes.chunks_mut(MARK.len()) {
        chunk.copy_from_slice(&MARK);
    }
    bytes
}

/// How many blocks with the secret are given back meanwhile.
fn leaks(body: impl FnOnce()) -> usize {
    let before = LEAKS.load(Ordering::SeqCst);
    body();
    LEAKS.load(Ordering::SeqCst) - before
}

/// Makes a handle, whose memory has to hold the secret, or else nothing is shown.
fn made(new: New) -> Handle {
    let mut handle = null();
    let bytes = marked();
    // SAFETY: 32 bytes, and a place for a handle.
    assert_eq!(unsafe { new(&mut handle, bytes.as_ptr(), 32, null()) }, 0);
    handle
}

// One test, since the allocator is everybody's.
#[test]
fn what_is_freed_is_erased() {
    // The allocator sees what is not erased.
    assert_eq!(leaks(|| drop(black_box(Box::new(marked())))), 1);

    // With whether the secret stands right behind the tag.
    let simple: [(New, Free, bool); 3] = [
        (pointlock_secret_new, pointlock_secret_free, true),
        (pointlock_blind_new, pointlock_blind_free, true),
        (pointlock_keypair_new, pointlock_keypair_free, false),
    ];
    for (new, free, is_first) in simple {
        let handle = made(new);
        if is_first {
            // SAFETY: the handle was made just now; behind it are the tag and then 32 bytes.
            let held: [u8; 8] = unsafe { handle.cast::<[u8; 8]>().add(1).read() };
            assert_eq!(held, MARK);
        }
        // SAFETY: made by its counterpart, and freed once.
        assert_eq!(leaks(|| unsafe { free(handle) }), 0);
    }

    let secret = made(pointlock_secret_new);
    let (mut payer_key, mut polynomial) = (null(), null());
    let coefficients = [secret; 3];
    let count = leaks(|| {
        // SAFETY: handles that are there, and places for handles; each is freed once.
        unsafe {
            assert_eq!(pointlock_payer_key_of(&mut payer_key, secret, null()), 0);
            let code = pointlock_dangerous_polynomial_of(
                &mut polynomial,
                coefficients.as_ptr(),
                3,
                null(),
            );
            assert_eq!(code, 0);
            pointlock_payer_key_free(payer_key);
            pointlock_polynomial_free(polynomial);
            pointlock_secret_free(secret);
        }
    });
    assert_eq!(count, 0);
}
