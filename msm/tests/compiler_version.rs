//! What `build.rs` reads from a compiler's version.

#[path = "../build.rs"]
#[allow(dead_code, reason = "the rest of it runs when the crate is built")]
mod build;

#[test]
fn intrinsics_come_with_1_89() {
    for (version, has) in [
        ("rustc 1.85.0 (4d91de4e4 2025-02-17) (built from a source tarball)", false),
        ("rustc 1.88.0 (6b00bc388 2025-06-23)", false),
        ("rustc 1.89.0 (29483883e 2025-08-04)", true),
        ("rustc 1.89.0-nightly (d41e12f1f 2025-04-20)", false),
        ("rustc 1.89.0-beta.3 (0000000000 2025-07-01)", true),
        ("rustc 1.90.0-nightly (0000000000 2025-07-01)", true),
        ("rustc 1.95.0 (59807616e 2026-04-14)", true),
        ("rustc 1.100.0 (0000000000 2026-11-01)", true),
        ("rustc 2.0.0 (0000000000 2030-01-01)", true),
        ("clang version 1.95.0", false),
        ("rustc", false),
        ("rustc 1.x", false),
        ("", false),
    ] {
        assert_eq!(build::has_intrinsics(version), has, "{version}");
    }
}
