//! What is public of libsecp256k1's results, said between the library and libsecp256k1.
//!
//! The linker replaces calls of a function `f` by calls of `__wrap_f`, and `__real_f` is the function itself
//! (`build.rs`). Nothing else of libsecp256k1 is touched: what it is given stays as secret as it was, so a secret
//! that goes into variable-time arithmetic is found in there. Its own constant-time tests (`src/ctime_tests.c`) make
//! the same results public, and more.

use std::ffi::{c_int, c_void};

use crate::client;

/// A verdict is public: it says that a scalar was zero or out of range, which happens to nobody who follows the
/// protocols, or that all is well.
fn public_verdict(verdict: c_int) -> c_int {
    let mut bytes = verdict.to_ne_bytes();
    client::mark_public(&mut bytes);
    c_int::from_ne_bytes(bytes)
}

/// Wraps a function of which the verdict alone is public.
macro_rules! public_verdict {
    ($wrap:ident, $real:ident, ($($argument:ident: $kind:ty),*)) => {
        unsafe extern "C" {
            fn $real($($argument: $kind),*) -> c_int;
        }

        #[unsafe(no_mangle)]
        unsafe extern "C" fn $wrap($($argument: $kind),*) -> c_int {
            // SAFETY: the same arguments, for the same function.
            public_verdict(unsafe { $real($($argument),*) })
        }
    };
}

public_verdict!(
    __wrap_rustsecp256k1_v0_10_0_ec_seckey_verify,
    __real_rustsecp256k1_v0_10_0_ec_seckey_verify,
    (context: *const c_void, scalar: *const u8)
);
public_verdict!(
    __wrap_rustsecp256k1_v0_10_0_ec_seckey_tweak_add,
    __real_rustsecp256k1_v0_10_0_ec_seckey_tweak_add,
    (context: *const c_void, scalar: *mut u8, tweak: *const u8)
);
public_verdict!(
    __wrap_rustsecp256k1_v0_10_0_ec_seckey_tweak_mul,
    __real_rustsecp256k1_v0_10_0_ec_seckey_tweak_mul,
    (context: *const c_void, scalar: *mut u8, tweak: *const u8)
);
public_verdict!(
    __wrap_rustsecp256k1_v0_10_0_ecdh,
    __real_rustsecp256k1_v0_10_0_ecdh,
    (
        context: *const c_void,
        output: *mut u8,
        point: *const u8,
        scalar: *const u8,
        hash: *const c_void,
        data: *mut c_void
    )
);

public_verdict!(
    __wrap_rustsecp256k1_v0_10_0_schnorrsig_sign,
    __real_rustsecp256k1_v0_10_0_schnorrsig_sign,
    (
        context: *const c_void,
        signature: *mut u8,
        message: *const u8,
        keypair: *const u8,
        aux_rand: *const u8
    )
);
public_verdict!(
    __wrap_rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_decrypt,
    __real_rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_decrypt,
    (
        context: *const c_void,
        signature: *mut u8,
        lock_secret: *const u8,
        pre_signature: *const u8
    )
);

unsafe extern "C" {
    fn __real_rustsecp256k1_v0_10_0_ec_pubkey_create(
        context: *const c_void,
        point: *mut [u8; 64],
        scalar: *const u8,
    ) -> c_int;
    fn __real_rustsecp256k1_v0_10_0_keypair_create(
        context: *const c_void,
        keypair: *mut [u8; 96],
        scalar: *const u8,
    ) -> c_int;
    fn __real_rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_encrypt(
        context: *const c_void,
        pre_signature: *mut [u8; 162],
        key: *const u8,
        lock_point: *const u8,
        message: *const u8,
        nonce_function: *const c_void,
        aux_rand: *mut c_void,
    ) -> c_int;
}

/// k·G is public: a key, a nonce or a lock point, which somebody else gets to see. (A Diffie-Hellman secret e·R comes
/// from `ecdh`, and stays secret.)
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rustsecp256k1_v0_10_0_ec_pubkey_create(
    context: *const c_void,
    point: *mut [u8; 64],
    scalar: *const u8,
) -> c_int {
    // SAFETY: the same arguments, for the same function.
    let verdict = unsafe { __real_rustsecp256k1_v0_10_0_ec_pubkey_create(context, point, scalar) };
    // SAFETY: libsecp256k1 has just written the caller's 64 bytes, to which nobody else refers during the call.
    client::mark_public(unsafe { &mut *point });
    public_verdict(verdict)
}

/// The public half of a key pair is public: all but its first 32 bytes.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rustsecp256k1_v0_10_0_keypair_create(
    context: *const c_void,
    keypair: *mut [u8; 96],
    scalar: *const u8,
) -> c_int {
    // SAFETY: the same arguments, for the same function.
    let verdict = unsafe { __real_rustsecp256k1_v0_10_0_keypair_create(context, keypair, scalar) };
    // SAFETY: libsecp256k1 has just written the caller's 96 bytes, to which nobody else refers during the call.
    client::mark_public(unsafe { &mut (&mut *keypair)[32..] });
    public_verdict(verdict)
}

/// An ECDSA pre-signature is public: the library parses what it is given here.
#[unsafe(no_mangle)]
unsafe extern "C" fn __wrap_rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_encrypt(
    context: *const c_void,
    pre_signature: *mut [u8; 162],
    key: *const u8,
    lock_point: *const u8,
    message: *const u8,
    nonce_function: *const c_void,
    aux_rand: *mut c_void,
) -> c_int {
    // SAFETY: the same arguments, for the same function.
    let verdict = unsafe {
        __real_rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_encrypt(
            context,
            pre_signature,
            key,
            lock_point,
            message,
            nonce_function,
            aux_rand,
        )
    };
    // SAFETY: libsecp256k1-zkp has just written the caller's 162 bytes, to which nobody else refers during the call.
    let made = unsafe { &mut *pre_signature };
    // Afterwards it can't be seen whether the secret came this far.
    assert!(client::is_secret(made), "an ECDSA pre-signature without a secret key in it");
    client::mark_public(made);
    public_verdict(verdict)
}
