//! What the rows are measured on.

use std::error::Error;

use pointlock::adaptor::musig2::{
    AdaptorSession, KeyAggContext, Musig2Error, PartialSignature, SecretNonce,
};
use pointlock::adaptor::{AdaptorError, ecdsa, schnorr};
use pointlock::curve::{Keypair, Point, PreparedPoint, SecretScalar, Tag};
use pointlock::lock::{Blind, Preimage};
use secp256k1::schnorr::Signature;
use secp256k1::{All, Message, Secp256k1, XOnlyPublicKey};

/// So many that no branch predictor learns one by heart, and that all fit into the first cache.
const CASES: u32 = 32;

static SCALAR: Tag = Tag::new("pointlock/bench");

/// One signer, message and lock, with all that a verb takes computed beforehand.
pub(super) struct Case {
    pub(super) libsecp256k1: Secp256k1<All>,
    pub(super) libsecp256k1_keypair: secp256k1::Keypair,
    pub(super) keypair: Keypair,
    pub(super) public_key: XOnlyPublicKey,
    pub(super) prepared_key: PreparedPoint,
    pub(super) message: [u8; 32],
    pub(super) aux_rand: [u8; 32],
    pub(super) lock_secret: SecretScalar,
    pub(super) lock_point: Point,
    pub(super) pre_signature: schnorr::PreSignature,
    pub(super) signature: Signature,
    pub(super) ecdsa: EcdsaCase,
    pub(super) preimage: Preimage,
    pub(super) blinds: [Blind; 4],
    pub(super) musig2: Musig2Case,
}

/// The same message and lock under a key that serves ECDSA alone.
pub(super) struct EcdsaCase {
    pub(super) keypair: Keypair,
    pub(super) public_key: Point,
    pub(super) pre_signature: ecdsa::PreSignature,
    pub(super) signature: secp256k1::ecdsa::Signature,
}

/// A session of two signers, ours the first.
pub(super) struct Musig2Case {
    pub(super) session: AdaptorSession,
    pub(super) partial: PartialSignature,
    own_rand: [u8; 32],
}

/// The cases, the same in every run.
pub(super) fn all() -> Result<Vec<Case>, Box<dyn Error>> {
    (0..CASES).map(Case::new).collect()
}

impl Case {
    fn new(index: u32) -> Result<Self, Box<dyn Error>> {
        let bytes = |name: &str| SCALAR.hash(&[name.as_bytes(), &index.to_be_bytes()]);
        let scalar = |name: &str| SecretScalar::from_hash(&bytes(name));
        let blind = |name: &str| scalar(name).map(Blind::new);

        let secret_key = scalar("key")?;
        let libsecp256k1 = Secp256k1::new();
        let libsecp256k1_keypair = secp256k1::Keypair::from_seckey_slice(
            &libsecp256k1,
            &*secret_key.dangerous_to_bytes(),
        )?;
        let keypair = Keypair::new(secret_key);
        let public_key = keypair.x_only_public_key();
        let (message, aux_rand) = (bytes("message"), bytes("aux_rand"));
        let lock_secret = scalar("lock")?;
        let lock_point = lock_secret.to_point();
        // What the rows run through is checked here, once: a wrong signature would be verified faster.
        let pre_signature = schnorr::pre_sign_verified(&keypair, &message, &lock_point, &aux_rand)?;
        let signature = pre_signature.adapt_verified(&lock_secret, &public_key, &message)?;
        let ecdsa = EcdsaCase::new(scalar("ECDSA key")?, &message, &lock_secret, &aux_rand)?;
        let other = Keypair::new(scalar("other key")?);
        let musig2 = Musig2Case::new(
            &keypair,
            &other,
            &message,
            &lock_point,
            (bytes("own nonce"), bytes("other nonce")),
        )?;
        Ok(Self {
            libsecp256k1,
            libsecp256k1_keypair,
            prepared_key: PreparedPoint::new(keypair.public_key()),
            keypair,
            public_key,
            message,
            aux_rand,
            lock_secret,
            lock_point,
            pre_signature,
            signature,
            ecdsa,
            preimage: Preimage::new(bytes("preimage")),
            blinds: [blind("y_0")?, blind("y_1")?, blind("y_2")?, blind("y_3")?],
            musig2,
        })
    }

    /// The message, as the `secp256k1` crate takes it.
    pub(super) fn digest(&self) -> Message {
        Message::from_digest(self.message)
    }

    /// Our secret nonce of the MuSig2 session: a new one, since signing uses it up. It signs the same each time.
    pub(super) fn secret_nonce(&self) -> Result<SecretNonce, Musig2Error> {
        let Musig2Case { session, own_rand, .. } = &self.musig2;
        let mut own_rand = *own_rand;
        let x_only = session.keys().x_only();
        SecretNonce::generate(&mut own_rand, &self.keypair, &x_only, &self.message, None)
    }
}

impl EcdsaCase {
    fn new(
        secret_key: SecretScalar,
        message: &[u8; 32],
        lock_secret: &SecretScalar,
        aux_rand: &[u8; 32],
    ) -> Result<Self, AdaptorError> {
        let keypair = Keypair::new(secret_key);
        let public_key = keypair.public_key();
        let lock_point = lock_secret.to_point();
        let pre_signature = ecdsa::pre_sign_verified(&keypair, message, &lock_point, aux_rand)?;
        let signature = pre_signature.adapt_verified(lock_secret, &public_key, message)?;
        Ok(Self { keypair, public_key, pre_signature, signature })
    }
}

impl Musig2Case {
    fn new(
        own: &Keypair,
        other: &Keypair,
        message: &[u8; 32],
        lock_point: &Point,
        (own_rand, mut other_rand): ([u8; 32], [u8; 32]),
    ) -> Result<Self, Box<dyn Error>> {
        let keys = KeyAggContext::new(&[own.public_key(), other.public_key()])?
            .with_taproot_tweak(None)?;
        let nonce = |rand: &mut [u8; 32], keypair| {
            SecretNonce::generate(rand, keypair, &keys.x_only(), message, None)
        };
        let own_nonce = nonce(&mut own_rand.clone(), own)?;
        let others_nonce = nonce(&mut other_rand, other)?;
        let public_nonces = [own_nonce.public_nonce(), others_nonce.public_nonce()];
        let session = AdaptorSession::with_lock_point(&keys, &public_nonces, message, lock_point)?;
        let partial = session.sign_partial(own_nonce, own)?;
        Ok(Self { session, partial, own_rand })
    }
}
