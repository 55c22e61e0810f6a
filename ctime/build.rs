//! Has the linker put `boundary.rs` between the library and libsecp256k1, where valgrind runs too.

/// What `boundary.rs` stands in front of: in libsecp256k1, and in libsecp256k1-zkp.
const WRAPPED: &[&str] = &[
    "rustsecp256k1_v0_10_0_ec_pubkey_create",
    "rustsecp256k1_v0_10_0_ec_seckey_tweak_add",
    "rustsecp256k1_v0_10_0_ec_seckey_tweak_mul",
    "rustsecp256k1_v0_10_0_ec_seckey_verify",
    "rustsecp256k1_v0_10_0_ecdh",
    "rustsecp256k1_v0_10_0_keypair_create",
    "rustsecp256k1_v0_10_0_schnorrsig_sign",
    "rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_decrypt",
    "rustsecp256k1zkp_v0_10_0_ecdsa_adaptor_encrypt",
];

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    let target = ["OS", "ARCH"].map(|part| std::env::var(format!("CARGO_CFG_TARGET_{part}")));
    if target.each_ref().map(|part| part.as_deref()) == [Ok("linux"), Ok("x86_64")] {
        for function in WRAPPED {
            println!("cargo::rustc-link-arg-bins=-Wl,--wrap={function}");
        }
    }
}
