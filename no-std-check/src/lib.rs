//! Links `curve`, `adaptor` and `lock` without std. This library has a panic handler of its own, so the compiler
//! refuses it as soon as anything brings std along.
#![no_std]

use core::alloc::{GlobalAlloc, Layout};
use core::panic::PanicInfo;

use pointlock_adaptor::curve::{Keypair, SecretScalar};
use pointlock_adaptor::lock::{self, Blind};
use pointlock_adaptor::schnorr;

struct NoMemory;

// SAFETY: an allocator may always fail, and what was never given out is never given back.
unsafe impl GlobalAlloc for NoMemory {
    unsafe fn alloc(&self, _: Layout) -> *mut u8 {
        core::ptr::null_mut()
    }

    unsafe fn dealloc(&self, _: *mut u8, _: Layout) {}
}

#[global_allocator]
static ALLOCATOR: NoMemory = NoMemory;

#[panic_handler]
fn panic(_: &PanicInfo<'_>) -> ! {
    loop {}
}

/// Uses all three modules, so that none is left out.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_no_std_check(key: &[u8; 32], message: &[u8; 32]) -> bool {
    let (Ok(keypair), Ok(secret), Ok(blind)) = (
        Keypair::from_secret_bytes(key),
        SecretScalar::from_bytes(message),
        Blind::from_bytes(key),
    ) else {
        return false;
    };
    let Ok(lock) = lock::next_lock(&secret.to_point(), &blind) else { return false };
    schnorr::pre_sign_verified(&keypair, message, &lock, &[0; 32]).is_ok()
}
