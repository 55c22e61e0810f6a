//! The rows of the table, under the names of the machine interface.

use pointlock::adaptor::{ecdsa, schnorr};
use pointlock::curve::PreparedPoint;
use pointlock::lock::RouteLocks;

use super::cases::{Case, EcdsaCase};
use super::measure::Row;

/// All rows, in the order in which they are printed.
pub(super) fn all(cases: &[Case]) -> Vec<Row<'_>> {
    vec![
        Row::new(super::SIGN, cases, |c| {
            let (digest, keypair) = (c.digest(), &c.libsecp256k1_keypair);
            c.libsecp256k1.sign_schnorr_with_aux_rand(&digest, keypair, &c.aux_rand)
        }),
        Row::new(super::VERIFY, cases, |c| {
            c.libsecp256k1.verify_schnorr(&c.signature, &c.digest(), &c.public_key)
        }),
        Row::new("htlc.sha256", cases, |c| c.preimage.hash()),
        Row::new("schnorr.pre_sign", cases, |c| {
            schnorr::pre_sign(&c.keypair, &c.message, &c.lock_point, &c.aux_rand)
        }),
        Row::new("schnorr.verify", cases, |c| {
            c.pre_signature.verify(&c.public_key, &c.message, &c.lock_point)
        }),
        Row::new("schnorr.verify/point_key", cases, |c| {
            let public_key = c.keypair.public_key();
            c.pre_signature.verify_by_point(&public_key, &c.message, &c.lock_point)
        }),
        Row::new("schnorr.verify/prepared_key", cases, |c| {
            c.pre_signature.verify_by_prepared(&c.prepared_key, &c.message, &c.lock_point)
        }),
        Row::new("schnorr.prepare_key", cases, |c| PreparedPoint::new(c.keypair.public_key())),
        Row::new("schnorr.adapt", cases, |c| c.pre_signature.adapt(&c.lock_secret)),
        Row::new("schnorr.extract", cases, |c| {
            c.pre_signature.extract(&c.signature, &c.public_key, &c.message, &c.lock_point)
        }),
        Row::new("schnorr.extract_verified", cases, |c| {
            c.pre_signature.extract_verified(&c.signature, &c.public_key, &c.message, &c.lock_point)
        }),
        Row::new("ecdsa.pre_sign", cases, |c| {
            ecdsa::pre_sign(&c.ecdsa.keypair, &c.message, &c.lock_point, &c.aux_rand)
        }),
        Row::new("ecdsa.verify", cases, |c| {
            c.ecdsa.pre_signature.verify(&c.ecdsa.public_key, &c.message, &c.lock_point)
        }),
        Row::new("ecdsa.adapt", cases, |c| c.ecdsa.pre_signature.adapt(&c.lock_secret)),
        Row::new("ecdsa.extract", cases, |c| {
            let EcdsaCase { public_key, pre_signature, signature, .. } = &c.ecdsa;
            pre_signature.extract(signature, public_key, &c.message, &c.lock_point)
        }),
        Row::with_input("musig2.partial_sign", cases, Case::secret_nonce, |c, nonce| {
            nonce.and_then(|nonce| c.musig2.session.sign_partial(nonce, &c.keypair))
        }),
        Row::new("musig2.partial_verify", cases, |c| {
            c.musig2.session.verify_partial(0, &c.musig2.partial)
        }),
        Row::new("lock.setup/4", cases, |c| RouteLocks::new(&c.lock_point, &c.blinds)),
    ]
}
