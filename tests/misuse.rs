//! Traits that secrets must not have. Each absence stands beside a presence, so that a type that vanished, or a check that
//! checks nothing, does not go unseen. What can't be written at all is in `compile_fail` doctests: see `adaptor`,
//! `adaptor::ecdsa` and `adaptor::musig2`.

use std::fmt::{Debug, Display};
use std::hash::Hash;

use pointlock::adaptor::musig2::{self, SecretNonce};
use pointlock::adaptor::schnorr;
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar};
use pointlock::lock::{Blind, LockSecret, PaymentHash, Preimage, RouteLocks};
use pointlock::payment::{AttemptId, AttemptSeed, Era, InvoiceSeed, ReceiverSeed};
use secp256k1::schnorr::Signature;
use static_assertions::{assert_impl_all, assert_not_impl_any};
use zeroize::ZeroizeOnDrop;

// One owner, one use: an attempt's seed, a hop's blind, a session's nonce.
assert_not_impl_any!(AttemptSeed: Clone, Copy, Display, AsRef<[u8]>, Into<[u8; 32]>);
assert_not_impl_any!(Blind: Clone, Copy, Display, PartialEq, AsRef<[u8]>, Into<[u8; 32]>);
assert_not_impl_any!(RouteLocks: Clone, Copy);
assert_not_impl_any!(SecretNonce: Clone, Copy, Display, PartialEq, AsRef<[u8]>, From<[u8; 64]>);
assert_not_impl_any!(ReceiverSeed: Clone, Copy, Display, AsRef<[u8]>, Into<[u8; 32]>);
assert_not_impl_any!(InvoiceSeed: Clone, Copy, Display, AsRef<[u8]>, Into<[u8; 32]>);
assert_impl_all!(AttemptSeed: Debug, ZeroizeOnDrop);
assert_impl_all!(ReceiverSeed: Debug, ZeroizeOnDrop);
assert_impl_all!(InvoiceSeed: Debug, ZeroizeOnDrop);
assert_impl_all!(Blind: Debug);
assert_impl_all!(SecretNonce: Debug);
assert_impl_all!(AttemptId: Clone, Copy, Display, Debug, PartialEq, Hash);

// Secrets that live longer may be cloned, and neither copied unseen nor printed nor put in a table.
assert_not_impl_any!(SecretScalar: Copy, Display, Hash, PartialOrd, AsRef<[u8]>, Into<[u8; 32]>);
assert_not_impl_any!(Keypair: Copy, Display, PartialEq, AsRef<[u8]>);
assert_not_impl_any!(Preimage: Copy, Display, Hash, PartialOrd, AsRef<[u8]>);
assert_not_impl_any!(LockSecret: Copy, Display, Hash);
assert_impl_all!(SecretScalar: Clone, Debug, PartialEq, ZeroizeOnDrop);
assert_impl_all!(Preimage: Clone, Debug, PartialEq, ZeroizeOnDrop);
assert_impl_all!(Point: Clone, Copy, Display, Debug, PartialEq, Hash);
assert_impl_all!(PublicScalar: Clone, Copy, Display, Debug, PartialEq);
assert_impl_all!(PaymentHash: Clone, Copy, Display, Debug, PartialEq, Hash);

// No pre-signature turns into a signature, or into another scheme's, by conversion.
assert_not_impl_any!(schnorr::PreSignature: Into<Signature>, AsRef<[u8]>, AsRef<[u8; 64]>);
assert_not_impl_any!(schnorr::PreSignature: Into<musig2::PreSignature>);
assert_not_impl_any!(musig2::PreSignature: Into<Signature>, AsRef<[u8]>, AsRef<[u8; 64]>);
assert_not_impl_any!(musig2::PreSignature: Into<schnorr::PreSignature>);
assert_impl_all!(Signature: Into<Signature>, AsRef<[u8; 64]>);
assert_impl_all!(schnorr::PreSignature: Clone, Copy, Display, Debug, PartialEq, Hash);
assert_impl_all!(musig2::PreSignature: Clone, Copy, Display, Debug, PartialEq, Hash);

#[cfg(feature = "ecdsa")]
mod ecdsa {
    use pointlock::adaptor::ecdsa::PreSignature;
    use secp256k1::ecdsa::Signature;

    use super::*;

    assert_not_impl_any!(PreSignature: Into<Signature>, AsRef<[u8]>, Into<schnorr::PreSignature>);
    assert_impl_all!(PreSignature: Clone, Copy, Display, Debug, PartialEq, Hash);
}

/// What secrets print: that they are there.
#[test]
fn debug_is_redacted() {
    let bytes = [0xab; 32];
    let scalar = || SecretScalar::from_bytes(&bytes).expect("abab… is below n");
    let printed = [
        format!("{:?}", scalar()),
        format!("{:?}", Keypair::new(scalar())),
        format!("{:?}", Blind::new(scalar())),
        format!("{:?}", Preimage::new(bytes)),
        format!("{:?}", LockSecret::Scalar(scalar())),
        format!("{:?}", AttemptSeed::new(bytes)),
        format!("{:?}", ReceiverSeed::new(bytes)),
        format!("{:?}", ReceiverSeed::new(bytes).invoice(&Era::FIRST.number(0))),
    ];
    for text in printed {
        assert!(!text.contains("abab") && !text.contains("171, 171"), "{text}");
    }
    // Public values do show.
    assert!(format!("{:?}", scalar().dangerous_reveal()).contains("abab"));
}
