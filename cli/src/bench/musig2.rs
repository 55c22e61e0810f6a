//! The verbs of MuSig2, each beside the one of libsecp256k1's own module. Both signed the same before, byte for byte.
//!
//! Two do more here. `partial_sign` verifies what it has made; so it stands beside signing and verifying there. `aggregate`
//! verifies the signature, and the other side verifies it too.

use std::error::Error;

use pointlock::adaptor::musig2::{
    AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PublicNonce, SecretNonce, Session,
};
use pointlock::curve::{Keypair, Point, SecretScalar, Tag};
use secp256k1_033::musig as peer;

use super::measure::Row;

/// A channel, and a federation.
const SIGNERS: [u32; 2] = [2, 100];

static SCALAR: Tag = Tag::new("pointlock/bench/musig2");

/// One session of so many signers.
pub(super) struct SignersCase {
    signers: u32,
    keypair: Keypair,
    own_rand: [u8; 32],
    message: [u8; 32],
    keys: Vec<Point>,
    public_nonces: Vec<PublicNonce>,
    session: Session,
    partials: Vec<PartialSignature>,
    peer: PeerCase,
}

/// The same session at libsecp256k1.
struct PeerCase {
    keypair: secp256k1_033::Keypair,
    secret_key: secp256k1_033::SecretKey,
    keys: Vec<secp256k1_033::PublicKey>,
    key_agg: peer::KeyAggCache,
    public_nonces: Vec<peer::PublicNonce>,
    session: peer::Session,
    partials: Vec<peer::PartialSignature>,
}

/// The cases, the same in every run.
pub(super) fn cases() -> Result<Vec<SignersCase>, Box<dyn Error>> {
    SIGNERS.into_iter().map(SignersCase::new).collect()
}

impl SignersCase {
    fn new(signers: u32) -> Result<Self, Box<dyn Error>> {
        let bytes = |name: &str, signer: u32| {
            SCALAR.hash(&[name.as_bytes(), &signers.to_be_bytes(), &signer.to_be_bytes()])
        };
        let scalar = |signer| SecretScalar::from_hash(&bytes("key", signer));
        let keypairs = (0..signers).map(|signer| scalar(signer).map(Keypair::new));
        let keypairs: Vec<Keypair> = keypairs.collect::<Result<_, _>>()?;
        let keys: Vec<Point> = keypairs.iter().map(Keypair::public_key).collect();
        let key_agg = KeyAggContext::new(&keys)?;
        let (message, own_rand) = (bytes("message", 0), bytes("nonce", 0));
        let nonce = |(signer, keypair)| {
            let mut rand = bytes("nonce", signer);
            SecretNonce::generate(&mut rand, keypair, &key_agg.x_only(), &message, None)
        };
        let nonces: Vec<SecretNonce> = (0..).zip(&keypairs).map(nonce).collect::<Result<_, _>>()?;
        let public_nonces: Vec<PublicNonce> =
            nonces.iter().map(SecretNonce::public_nonce).collect();
        let session = Session::new(&key_agg, &public_nonces, &message)?;
        let partials = nonces.into_iter().zip(&keypairs);
        let partials = partials.map(|(nonce, keypair)| session.sign_partial(nonce, keypair));
        let partials = partials.collect::<Result<Vec<_>, _>>()?;
        let peer = PeerCase::new(&scalar(0)?, &keys, &public_nonces, &message, &partials)?;
        let signature = peer.aggregate().assume_valid();
        if signature.to_byte_array() != session.aggregate(&partials)?.serialize() {
            return Err("bench: libsecp256k1 has another MuSig2 signature".into());
        }
        let keypair = Keypair::new(scalar(0)?);
        Ok(Self {
            signers,
            keypair,
            own_rand,
            message,
            keys,
            public_nonces,
            session,
            partials,
            peer,
        })
    }

    /// Our secret nonce: a new one, since signing uses it up.
    fn secret_nonce(&self) -> Result<SecretNonce, Musig2Error> {
        let (mut rand, key) = (self.own_rand, self.session.keys().x_only());
        SecretNonce::generate(&mut rand, &self.keypair, &key, &self.message, None)
    }
}

impl PeerCase {
    fn new(
        own: &SecretScalar,
        keys: &[Point],
        public_nonces: &[PublicNonce],
        message: &[u8; 32],
        partials: &[PartialSignature],
    ) -> Result<Self, Box<dyn Error>> {
        let secret_key = secp256k1_033::SecretKey::from_secret_bytes(*own.dangerous_to_bytes())?;
        let keys = keys.iter().map(|key| secp256k1_033::PublicKey::from_slice(&key.to_bytes()));
        let keys: Vec<_> = keys.collect::<Result<_, _>>()?;
        let nonces =
            public_nonces.iter().map(|nonce| peer::PublicNonce::from_byte_array(&nonce.to_bytes()));
        let public_nonces: Vec<_> = nonces.collect::<Result<_, _>>()?;
        let partials = partials.iter();
        let partials =
            partials.map(|partial| peer::PartialSignature::from_byte_array(&partial.to_bytes()));
        let partials: Vec<_> = partials.collect::<Result<_, _>>()?;
        let key_agg = key_agg(&keys);
        let session = peer::Session::new(&key_agg, nonce_agg(&public_nonces), message);
        let keypair = secp256k1_033::Keypair::from_secret_key(&secret_key);
        Ok(Self { keypair, secret_key, keys, key_agg, public_nonces, session, partials })
    }

    fn secret_nonce(&self, case: &SignersCase) -> peer::SecretNonce {
        let rand = peer::SessionSecretRand::assume_uniformly_random(case.own_rand);
        let (keys, message) = (Some(&self.key_agg), Some(&case.message));
        peer::new_nonce_pair(rand, keys, Some(self.secret_key), self.keys[0], message, None).0
    }

    fn verify_partial(&self, partial: &peer::PartialSignature) -> bool {
        let (key, nonce) = (self.keys[0], &self.public_nonces[0]);
        self.session.partial_verify(&self.key_agg, partial, nonce, key)
    }

    fn aggregate(&self) -> peer::AggregatedSignature {
        self.session.partial_sig_agg(&self.partials.iter().collect::<Vec<_>>())
    }
}

fn key_agg(keys: &[secp256k1_033::PublicKey]) -> peer::KeyAggCache {
    peer::KeyAggCache::new(&keys.iter().collect::<Vec<_>>())
}

fn nonce_agg(nonces: &[peer::PublicNonce]) -> peer::AggregatedNonce {
    peer::AggregatedNonce::new(&nonces.iter().collect::<Vec<_>>())
}

/// Each verb, and the other's behind it.
pub(super) fn rows(cases: &[SignersCase]) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    for case in cases.chunks(1) {
        let signers = case[0].signers;
        let own = |verb: &str| format!("musig2.{verb}/{signers}");
        let other = |verb: &str| format!("libsecp256k1.musig2.{verb}/{signers}");
        rows.extend([
            Row::new(&own("key_agg"), case, |c| KeyAggContext::new(&c.keys)),
            Row::new(&other("key_agg"), case, |c| key_agg(&c.peer.keys)),
            Row::new(&own("nonce_agg"), case, |c| AggregateNonce::sum(&c.public_nonces)),
            Row::new(&other("nonce_agg"), case, |c| nonce_agg(&c.peer.public_nonces)),
            Row::with_input(&own("partial_sign"), case, SignersCase::secret_nonce, |c, nonce| {
                nonce.and_then(|nonce| c.session.sign_partial(nonce, &c.keypair))
            }),
            Row::with_input(
                &other("partial_sign"),
                case,
                |c| c.peer.secret_nonce(c),
                |c, nonce| {
                    let PeerCase { session, keypair, key_agg, .. } = &c.peer;
                    let partial = session.partial_sign(nonce, keypair, key_agg);
                    c.peer.verify_partial(&partial)
                },
            ),
            Row::new(&own("partial_verify"), case, |c| c.session.verify_partial(0, &c.partials[0])),
            Row::new(&other("partial_verify"), case, |c| {
                c.peer.verify_partial(&c.peer.partials[0])
            }),
            Row::new(&own("aggregate"), case, |c| c.session.aggregate(&c.partials)),
            Row::new(&other("aggregate"), case, |c| {
                c.peer.aggregate().verify(&c.peer.key_agg.agg_pk(), &c.message)
            }),
        ]);
    }
    rows
}
