//! How much memory a batch takes, counted by the allocator. A test program of its own: there is one allocator for all.

#![cfg(feature = "batch")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use peak_alloc::PeakAlloc;
use pointlock::adaptor::schnorr::{Backend, BatchItem, PreSignature, pre_sign, verify_batch_on};
use pointlock::curve::{Keypair, Point, SecretScalar, Tag, XOnlyPublicKey};

#[global_allocator]
static MEMORY: PeakAlloc = PeakAlloc;

const MEBIBYTE: usize = 1 << 20;

#[test]
fn a_batch_takes_less_than_four_mebibytes() {
    static DRAW: Tag = Tag::new("pointlock/tests/batch memory");
    let case = |index: u32| -> (XOnlyPublicKey, [u8; 32], Point, PreSignature) {
        let draw = |label: &str| DRAW.hash(&[label.as_bytes(), &index.to_be_bytes()]);
        let keypair = Keypair::new(SecretScalar::from_hash(&draw("d")).unwrap());
        let lock_point = SecretScalar::from_hash(&draw("t")).unwrap().to_point();
        let pre_signature = pre_sign(&keypair, &draw("m"), &lock_point, &[0; 32]).unwrap();
        (keypair.x_only_public_key(), draw("m"), lock_point, pre_signature)
    };
    let cases: Vec<_> = (0..3_000).map(case).collect();
    let items: Vec<BatchItem<'_>> = cases
        .iter()
        .map(|(public_key, message, lock_point, pre_signature)| BatchItem::PreSignature {
            public_key,
            message,
            lock_point,
            pre_signature,
        })
        .collect();
    for backend in Backend::all() {
        // 3,000 items take the memory of 2,048, and then less; a million take it more often.
        for count in [16, 483, 3_000] {
            let before = MEMORY.current_usage();
            MEMORY.reset_peak_usage();
            verify_batch_on(backend, &items[..count]).unwrap();
            let taken = MEMORY.peak_usage() - before;
            println!("{count} items, {}: {taken} bytes", backend.name());
            assert!(taken < 4 * MEBIBYTE, "{count} items, {}: {taken} bytes", backend.name());
        }
    }
}
