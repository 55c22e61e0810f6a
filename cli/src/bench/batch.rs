//! The rows of batches, beside the best of other crates.

use std::error::Error;

use musig2::{AdaptorSignature, BatchVerificationRow};
use pointlock::adaptor::schnorr::{
    Backend, BatchItem, PreSignature, pre_sign_batch_on, pre_sign_verified, verify_batch,
    verify_batch_in_threads, verify_batch_on, verify_each_on,
};
use pointlock::curve::{Keypair, Point, SecretScalar, Tag};
use schnorr_fun::adaptor::{Adaptor, EncryptedSignature};
use schnorr_fun::fun::marker::EvenY;
use schnorr_fun::fun::{self, Scalar};
use secp256k1::XOnlyPublicKey;

use super::measure::Row;

/// The sizes of the batches; 483 is the most PTLCs that a commitment of Lightning has.
pub(super) const SIZES: [usize; 4] = [16, 64, COMMITMENT, LARGEST];
const LARGEST: usize = 4096;
/// The most PTLCs that a commitment of Lightning has.
const COMMITMENT: usize = 483;
/// Peers that verify one after another don't get better with more.
const PEERS: usize = COMMITMENT;

static SCALAR: Tag = Tag::new("pointlock/bench/batch");

/// One of many pre-signatures: its own key, message and lock.
pub(super) struct BatchCase {
    public_key: XOnlyPublicKey,
    key_point: Point,
    message: [u8; 32],
    lock_point: Point,
    pre_signature: PreSignature,
    theirs: Theirs,
}

/// The same in the types of other crates: P and T parsed, the nonce point as bytes.
struct Theirs {
    fun_key: fun::Point<EvenY>,
    fun_lock: fun::Point,
    musig2_key: musig2::secp::Point,
    musig2_lock: musig2::secp::MaybePoint,
    /// 33(R) ‖ s': that crate's encoding has the nonce point without the lock point.
    musig2_bytes: Vec<u8>,
}

/// What batches are measured on.
pub(super) struct BatchCases {
    /// As many as the largest batch has, each under a key of its own.
    distinct: Vec<BatchCase>,
    /// A commitment, whose signatures are all by one key.
    one_key: Vec<BatchCase>,
    /// Two keys, one in turn with the other.
    two_keys: Vec<BatchCase>,
    /// The messages and lock points of a commitment, and the key that signs them.
    to_sign: (Keypair, Vec<([u8; 32], Point)>),
}

/// The cases, the same in every run.
pub(super) fn cases() -> Result<BatchCases, Box<dyn Error>> {
    let cases = |count: usize, keys: u32| -> Result<Vec<BatchCase>, Box<dyn Error>> {
        (0..count as u32).map(|index| BatchCase::new(index, index % keys)).collect()
    };
    let distinct = cases(LARGEST, u32::MAX)?;
    let (one_key, two_keys) = (cases(COMMITMENT, 1)?, cases(COMMITMENT, 2)?);
    let messages = one_key.iter().map(|case| (case.message, case.lock_point)).collect();
    let to_sign = (Keypair::new(SecretScalar::from_hash(&SCALAR.hash(&[b"signer"]))?), messages);
    Ok(BatchCases { distinct, one_key, two_keys, to_sign })
}

impl BatchCase {
    fn new(index: u32, key: u32) -> Result<Self, Box<dyn Error>> {
        let numbered =
            |name: &str, number: u32| SCALAR.hash(&[name.as_bytes(), &number.to_be_bytes()]);
        let bytes = |name: &str| numbered(name, index);
        let keypair = Keypair::new(SecretScalar::from_hash(&numbered("key", key))?);
        let (public_key, message) = (keypair.x_only_public_key(), bytes("message"));
        let lock_point = SecretScalar::from_hash(&bytes("lock"))?.to_point();
        let pre_signature = pre_sign_verified(&keypair, &message, &lock_point, &[0; 32])?;
        let theirs = Theirs::new(&public_key, &lock_point, &pre_signature)?;
        let key_point = keypair.public_key();
        Ok(Self { public_key, key_point, message, lock_point, pre_signature, theirs })
    }

    fn item(&self) -> BatchItem<'_> {
        let Self { public_key, message, lock_point, pre_signature, .. } = self;
        BatchItem::PreSignature { public_key, message, lock_point, pre_signature }
    }

    /// The same with both coordinates of the key.
    fn item_by_point(&self) -> BatchItem<'_> {
        let Self { key_point: public_key, message, lock_point, pre_signature, .. } = self;
        BatchItem::PreSignatureByPoint { public_key, message, lock_point, pre_signature }
    }

    fn by_schnorr_fun(&self) -> bool {
        let Theirs { fun_key, fun_lock, .. } = &self.theirs;
        let message = schnorr_fun::Message::raw(&self.message);
        let bytes = self.pre_signature.to_bytes();
        let nonce = bytes[1..].first_chunk().and_then(|x| fun::Point::from_xonly_bytes(*x));
        let scalar = bytes.last_chunk().and_then(|s| Scalar::from_bytes(*s));
        nonce.zip(scalar).is_some_and(|(nonce, s_hat)| {
            let signature: EncryptedSignature =
                EncryptedSignature { R: nonce, s_hat, needs_negation: bytes[0] == 3 };
            let schnorr = schnorr_fun::Schnorr::<sha2_010::Sha256>::verify_only();
            schnorr.verify_encrypted_signature(fun_key, fun_lock, message, &signature)
        })
    }

    fn by_musig2(&self) -> Option<BatchVerificationRow> {
        let Theirs { musig2_key, musig2_lock, musig2_bytes, .. } = &self.theirs;
        let signature = AdaptorSignature::try_from(&musig2_bytes[..]).ok()?;
        let row = BatchVerificationRow::from_adaptor_signature(
            *musig2_key,
            self.message,
            signature,
            *musig2_lock,
        );
        Some(row)
    }
}

impl Theirs {
    fn new(
        key: &XOnlyPublicKey,
        lock_point: &Point,
        pre_signature: &PreSignature,
    ) -> Result<Self, Box<dyn Error>> {
        let bytes = pre_signature.to_bytes();
        let nonce = Point::from_slice(&bytes[..33])?.sub(lock_point)?;
        let even_key = Point::from(*key).to_bytes();
        Ok(Self {
            fun_key: fun::Point::from_xonly_bytes(key.serialize()).ok_or("bench: no such key")?,
            fun_lock: fun::Point::from_bytes(lock_point.to_bytes()).ok_or("bench: no such lock")?,
            musig2_key: musig2::secp::Point::from_slice(&even_key)?,
            musig2_lock: musig2::secp::MaybePoint::from_slice(&lock_point.to_bytes())?,
            musig2_bytes: [&nonce.to_bytes()[..], &bytes[33..]].concat(),
        })
    }
}

/// Every size on every backend; eight at a time without randomisers; and the peers.
pub(super) fn rows(cases: &BatchCases) -> Vec<Row<'_>> {
    let BatchCases { distinct: cases, one_key, two_keys, to_sign } = cases;
    let items: Vec<BatchItem<'_>> = cases.iter().map(BatchCase::item).collect();
    let backends = Backend::all();
    for (name, backend) in [("bmi2", Backend::bmi2()), ("ifma", Backend::ifma())] {
        if let Err(reason) = backend {
            crate::terminal::complain(&format!("bench: {reason}, so there are no {name} rows"));
        }
    }
    let mut rows = Vec::new();
    for size in SIZES {
        for backend in &backends {
            let (backend, items) = (*backend, items[..size].to_vec());
            let name = format!("schnorr.verify_batch/{size}/{}", backend.name());
            rows.push(Row::batch(name, size, move || verify_batch_on(backend, &items)));
        }
    }
    // On the wall, and on the backend that the library picks.
    let alone = items.clone();
    rows.push(Row::batch_on_the_wall(format!("schnorr.verify_batch/{LARGEST}/wall"), LARGEST, {
        move || verify_batch(&alone)
    }));
    let together = items.clone();
    let name = format!("schnorr.verify_batch_in_threads/{LARGEST}/wall");
    rows.push(Row::batch_on_the_wall(name, LARGEST, move || verify_batch_in_threads(&together)));
    let commitments: [(&str, Vec<BatchItem<'_>>); 3] = [
        ("one_key", one_key.iter().map(BatchCase::item).collect()),
        ("two_keys", two_keys.iter().map(BatchCase::item).collect()),
        ("point_keys", cases[..COMMITMENT].iter().map(BatchCase::item_by_point).collect()),
    ];
    for (keys, items) in commitments {
        for backend in &backends {
            let (backend, items) = (*backend, items.clone());
            let name = format!("schnorr.verify_batch/{COMMITMENT}/{keys}/{}", backend.name());
            rows.push(Row::batch(name, COMMITMENT, move || verify_batch_on(backend, &items)));
        }
    }
    for backend in &backends {
        let backend = *backend;
        let items = items[..PEERS].to_vec();
        let name = format!("schnorr.verify_each/{PEERS}/{}", backend.name());
        rows.push(Row::batch(name, PEERS, move || verify_each_on(backend, &items)));
    }
    for backend in backends {
        let name = format!("schnorr.pre_sign_batch/{COMMITMENT}/{}", backend.name());
        rows.push(Row::batch(name, COMMITMENT, move || {
            pre_sign_batch_on(backend, &to_sign.0, &to_sign.1, &[0; 32])
        }));
    }
    let peers = &cases[..PEERS];
    rows.push(Row::new("schnorr_fun.verify_encrypted_signature", peers, BatchCase::by_schnorr_fun));
    rows.push(Row::batch(format!("musig2.verify_batch/{PEERS}"), PEERS, move || {
        let rows: Option<Vec<BatchVerificationRow>> =
            peers.iter().map(BatchCase::by_musig2).collect();
        rows.is_some_and(|rows| musig2::verify_batch(&rows).is_ok())
    }));
    rows
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_peers_verify_is_valid() {
        let cases: Vec<BatchCase> =
            (0..4).map(|index| BatchCase::new(index, index).unwrap()).collect();
        assert!(cases.iter().all(BatchCase::by_schnorr_fun));
        let rows: Vec<BatchVerificationRow> =
            cases.iter().map(|case| case.by_musig2().unwrap()).collect();
        musig2::verify_batch(&rows).unwrap();
        let mut wrong: Vec<BatchCase> = cases;
        wrong[2].message[0] ^= 1;
        assert!(!wrong[2].by_schnorr_fun());
        let rows: Vec<BatchVerificationRow> =
            wrong.iter().map(|case| case.by_musig2().unwrap()).collect();
        musig2::verify_batch(&rows).unwrap_err();
    }
}
