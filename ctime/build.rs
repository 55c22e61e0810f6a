//! Has the linker put `boundary.rs` between the library and libsecp256k1, where valgrind runs too.

/// What `boundary.rs` stands in front of, without libsecp256k1's prefix.
const WRAPPED: &[&str] = &[
    "ec_pubkey_create",
    "ec_seckey_tweak_add",
    "ec_seckey_tweak_mul",
    "ec_seckey_verify",
    "ecdh",
    "keypair_create",
    "schnorrsig_sign",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = ["OS", "ARCH"].map(|part| std::env::var(format!("CARGO_CFG_TARGET_{part}")));
    if target.each_ref().map(|part| part.as_deref()) == [Ok("linux"), Ok("x86_64")] {
        for function in WRAPPED {
            println!("cargo::rustc-link-arg-bins=-Wl,--wrap=rustsecp256k1_v0_10_0_{function}");
        }
    }
}
