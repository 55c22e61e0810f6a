use pointlock::adaptor::schnorr::{self, BatchItem, PreSignature};
use pointlock::adaptor::{AdaptorError, ecdsa};
use pointlock::curve::{Keypair, Point, PublicScalar, Tag};
use pointlock::dleq::{self, Bases, DleqError, Proof, Statement};
use secp256k1::schnorr::Signature;

use crate::curve::{point, scalar};
use crate::variants::{Case, said};

const MESSAGE: [u8; 32] = [3; 32];

fn keypair() -> Keypair {
    Keypair::new(scalar(1))
}

fn lock_point() -> Point {
    point(2)
}

fn made() -> PreSignature {
    schnorr::pre_sign(&keypair(), &MESSAGE, &lock_point(), &[4; 32]).unwrap()
}

/// The pre-signature with some bytes replaced.
fn with(at: usize, bytes: &[u8]) -> Result<PreSignature, AdaptorError> {
    let mut all = made().to_bytes();
    all[at..at + bytes.len()].copy_from_slice(bytes);
    PreSignature::from_bytes(&all)
}

fn verify(pre_signature: &PreSignature) -> Result<(), AdaptorError> {
    pre_signature.verify(&keypair().x_only_public_key(), &MESSAGE, &lock_point())
}

/// Of the signer whose nonce is zero: R' = T and s' = e·d.
fn with_nonce_zero() -> PreSignature {
    static CHALLENGE: Tag = Tag::new("BIP0340/challenge");
    let (nonce, key) = (lock_point().to_bytes(), keypair().x_only_public_key().serialize());
    let parts: [&[u8]; 3] = [&nonce[1..], &key, &MESSAGE];
    let e = PublicScalar::from_hash(&CHALLENGE.hash(&parts));
    let d = keypair().secret_key().dangerous_reveal();
    let d = if keypair().public_key().is_odd() { d.negate() } else { d };
    PreSignature::from_slice(&[&nonce[..], &e.mul(&d).to_bytes()].concat()).unwrap()
}

fn made_in_ecdsa() -> ecdsa::PreSignature {
    ecdsa::pre_sign(&keypair(), &MESSAGE, &lock_point(), &[4; 32]).unwrap()
}

/// The ECDSA pre-signature with some bytes replaced.
fn ecdsa_with(at: usize, bytes: &[u8]) -> Result<ecdsa::PreSignature, AdaptorError> {
    let mut all = made_in_ecdsa().to_bytes();
    all[at..at + bytes.len()].copy_from_slice(bytes);
    ecdsa::PreSignature::from_bytes(&all)
}

fn extracted(
    signature: &Signature,
    lock_point: &Point,
) -> Result<pointlock::curve::SecretScalar, AdaptorError> {
    made().extract(signature, &keypair().x_only_public_key(), &MESSAGE, lock_point)
}

fn batch(item: BatchItem<'_>) -> String {
    said(schnorr::verify_batch(&[item, item]))
}

fn bases() -> Bases {
    Bases::new(point(5))
}

fn proved() -> (Statement, Proof) {
    dleq::prove(&scalar(6), &bases(), None, &[7; 32]).unwrap()
}

fn proof_with(at: usize, bytes: &[u8]) -> Result<Proof, DleqError> {
    let mut all = proved().1.to_bytes();
    all[at..at + bytes.len()].copy_from_slice(bytes);
    Proof::from_bytes(&all)
}

pub(crate) const CASES: &[Case] = &[
    ("AdaptorError::Length", || said(PreSignature::from_slice(&[2; 64]))),
    ("AdaptorError::NotHex", || said("zz".parse::<PreSignature>())),
    ("AdaptorError::NoncePrefix", || said(with(0, &[4]))),
    ("AdaptorError::UnlockedNoncePrefix", || said(ecdsa_with(33, &[4]))),
    ("AdaptorError::NonceNotOnCurve", || {
        let mut x = [0; 32];
        x[31] = 5;
        said(verify(&with(1, &x).unwrap()))
    }),
    // n is an x below the field size, and r is x mod n.
    ("AdaptorError::NonceXZero", || said(ecdsa_with(1, &secp256k1::constants::CURVE_ORDER))),
    ("AdaptorError::ScalarZero", || said(ecdsa_with(66, &[0; 32]))),
    ("AdaptorError::ProofOutOfRange", || said(ecdsa_with(130, &[0xff; 32]))),
    ("AdaptorError::ScalarOutOfRange", || said(with(33, &[0xff; 32]))),
    ("AdaptorError::NonceAtInfinity", || said(verify(&with_nonce_zero()))),
    ("AdaptorError::InvalidPreSignature", || {
        said(made().verify(&keypair().x_only_public_key(), &[9; 32], &lock_point()))
    }),
    ("AdaptorError::InvalidSignature", || {
        said(made().adapt_verified(&scalar(9), &keypair().x_only_public_key(), &MESSAGE))
    }),
    ("AdaptorError::NonceMismatch", || {
        said(extracted(&keypair().sign_schnorr(&MESSAGE, &[0; 32]), &lock_point()))
    }),
    ("AdaptorError::SecretMismatch", || said(extracted(&made().adapt(&scalar(2)), &point(9)))),
    ("BatchError::Malformed", || {
        let mut bytes = made().adapt(&scalar(2)).serialize();
        bytes[32..].fill(0xff);
        let signature = Signature::from_slice(&bytes).unwrap();
        let public_key = keypair().x_only_public_key();
        batch(BatchItem::Signature {
            public_key: &public_key,
            message: &MESSAGE,
            signature: &signature,
        })
    }),
    ("BatchError::Invalid", || {
        let public_key = keypair().x_only_public_key();
        batch(BatchItem::PreSignature {
            public_key: &public_key,
            message: &[9; 32],
            lock_point: &lock_point(),
            pre_signature: &made(),
        })
    }),
    ("DleqError::Length", || said(Proof::from_slice(&[1; 63]))),
    ("DleqError::NotHex", || said("zz".parse::<Proof>())),
    ("DleqError::ScalarOutOfRange", || said(proof_with(32, &[0xff; 32]))),
    ("DleqError::Invalid", || {
        let (statement, proof) = proved();
        said(proof.verify(&statement, Some(&[1; 32])))
    }),
    // s = e·x: both nonce points are at infinity, whatever e is.
    ("DleqError::NonceAtInfinity", || {
        let (statement, proof) = proved();
        let e = PublicScalar::from_bytes(&proof.to_bytes()[..32].try_into().unwrap()).unwrap();
        let s = e.mul(&scalar(6).dangerous_reveal());
        said(proof_with(32, &s.to_bytes()).unwrap().verify(&statement, None))
    }),
];
