use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PublicNonce,
    SecretNonce, Session,
};
use pointlock::adaptor::schnorr::verify_signature;
use pointlock::curve::{Keypair, SecretScalar};
use secp256k1::{Message, Secp256k1};

use crate::input::{Input, flipped};

/// Input: number of signers (1) ‖ message (32) ‖ t (32) ‖ signer and bit to flip (2 + 2) ‖ tweaks (1, and 32 each) ‖
/// for each signer: key (32), session randomness (32).
pub fn musig2_life(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let signers = 1 + input.below(4);
    let message = input.bytes();
    let Some(lock_secret) = input.scalar() else { return false };
    let (culprit, bit) = (input.below(signers), input.below(256));
    let tweaks = Tweaks::read(&mut input);
    let Some(signers) = Signers::read(&mut input, signers) else { return false };
    let keys: Vec<_> = signers.keypairs.iter().map(Keypair::public_key).collect();
    let keys = KeyAggContext::new(&keys).expect("coefficients are hashes, they don't cancel");
    let Ok(keys) = tweaks.apply(keys) else { return false };

    adaptor_session(&signers, &keys, &message, &lock_secret, (culprit, bit));
    plain_session(&signers, &keys, &message);
    true
}

/// Input: public nonces of 66 bytes, and what another signer or an aggregator says their sum is. Read, written and added up.
pub fn nonces(data: &[u8]) -> bool {
    let mut read = Vec::new();
    for nonce in data.chunks_exact(66) {
        let bytes: &[u8; 66] = nonce.try_into().expect("a chunk of 66");
        let public = PublicNonce::from_bytes(bytes);
        let aggregate = AggregateNonce::from_bytes(bytes);
        if let Ok(nonce) = &public {
            assert_eq!(nonce.to_bytes(), *bytes);
            let of_one = AggregateNonce::from(nonce);
            assert_eq!((of_one.to_bytes(), aggregate.is_ok()), (*bytes, true));
            read.push(*nonce);
        }
        if let Ok(nonce) = &aggregate {
            assert_eq!(nonce.to_bytes(), *bytes);
            // Only where a sum is at infinity is it no public nonce.
            assert!(public.is_ok() || bytes.chunks_exact(33).any(|half| half == [0; 33]));
        }
        let scalar: &[u8; 32] = bytes.first_chunk().expect("66 bytes begin with 32");
        if let Ok(partial) = PartialSignature::from_bytes(scalar) {
            assert_eq!(partial.to_bytes(), *scalar);
        }
    }
    // However they are ordered.
    let sum = AggregateNonce::sum(&read);
    assert_eq!(AggregateNonce::from_bytes(&sum.to_bytes()), Ok(sum));
    read.reverse();
    assert_eq!(AggregateNonce::sum(&read), sum);
    !read.is_empty()
}

fn adaptor_session(
    signers: &Signers,
    keys: &KeyAggContext,
    message: &[u8; 32],
    lock_secret: &SecretScalar,
    (culprit, bit): (usize, usize),
) {
    let lock_point = lock_secret.to_point();
    let (secret_nonces, public_nonces) = signers.nonces(keys, message, 0);
    let session = AdaptorSession::with_lock_point(keys, &public_nonces, message, &lock_point)
        .expect("nonces are hashes, they don't cancel");
    let partials = signers.sign(&session, secret_nonces);
    let pre_signature = session.aggregate(&partials).expect("all partial signatures are valid");
    pre_signature.verify(&keys.x_only(), message, &lock_point).expect("it was just made");
    let signature = pre_signature.adapt(lock_secret);
    Secp256k1::verification_only()
        .verify_schnorr(&signature, &Message::from_digest(*message), &keys.x_only())
        .expect("the adapted signature is valid");
    let extracted = pre_signature.extract(&signature, &keys.x_only(), message, &lock_point);
    assert_eq!(extracted.as_ref(), Ok(lock_secret));

    // One bit of one partial signature flipped: its signer is named.
    let mut spoiled = partials;
    match PartialSignature::from_bytes(&flipped(spoiled[culprit].to_bytes(), bit)) {
        Ok(partial) => spoiled[culprit] = partial,
        Err(error) => return assert_eq!(error, Musig2Error::PartialSignatureOutOfRange),
    }
    let named = Musig2Error::InvalidPartialSignature { signer: culprit };
    assert_eq!(session.verify_partial(culprit, &spoiled[culprit]), Err(named));
    assert_eq!(session.aggregate(&spoiled), Err(named));
}

fn plain_session(signers: &Signers, keys: &KeyAggContext, message: &[u8; 32]) {
    let (secret_nonces, public_nonces) = signers.nonces(keys, message, 1);
    let session = Session::new(keys, &public_nonces, message).expect("one nonce for each signer");
    let partials = signers.sign(&session, secret_nonces);
    let signature = session.aggregate(&partials).expect("all partial signatures are valid");
    verify_signature(&signature, &keys.x_only(), message).expect("it was just made");
}

struct Signers {
    keypairs: Vec<Keypair>,
    rands: Vec<[u8; 32]>,
}

impl Signers {
    fn read(input: &mut Input<'_>, count: usize) -> Option<Self> {
        let mut signers = Self { keypairs: Vec::new(), rands: Vec::new() };
        for _ in 0..count {
            signers.keypairs.push(Keypair::new(input.scalar()?));
            let mut rand: [u8; 32] = input.bytes();
            // All zeros are refused: that is what is left of randomness after use.
            rand[0] |= 0x80;
            signers.rands.push(rand);
        }
        Some(signers)
    }

    /// `round` keeps the randomness of two sessions apart.
    fn nonces(
        &self,
        keys: &KeyAggContext,
        message: &[u8; 32],
        round: u8,
    ) -> (Vec<SecretNonce>, Vec<PublicNonce>) {
        let nonce = |(keypair, rand): (&Keypair, &[u8; 32])| {
            let mut rand = *rand;
            rand[31] ^= round;
            SecretNonce::generate(&mut rand, keypair, &keys.x_only(), message, None)
                .expect("the randomness is fresh")
        };
        let secret: Vec<_> = self.keypairs.iter().zip(&self.rands).map(nonce).collect();
        let public: Vec<_> = secret.iter().map(SecretNonce::public_nonce).collect();
        for nonce in &public {
            assert_eq!(PublicNonce::from_bytes(&nonce.to_bytes()).as_ref(), Ok(nonce));
        }
        (secret, public)
    }

    fn sign<Lock>(
        &self,
        session: &Session<Lock>,
        nonces: Vec<SecretNonce>,
    ) -> Vec<PartialSignature> {
        let sign = |(nonce, keypair)| {
            session.sign_partial(nonce, keypair).expect("key and nonce belong to the session")
        };
        let partials: Vec<_> = nonces.into_iter().zip(&self.keypairs).map(sign).collect();
        for (signer, partial) in partials.iter().enumerate() {
            assert_eq!(PartialSignature::from_bytes(&partial.to_bytes()).as_ref(), Ok(partial));
            assert_eq!(session.verify_partial(signer, partial), Ok(()));
        }
        partials
    }
}

/// At most one of each kind.
struct Tweaks {
    plain: Option<[u8; 32]>,
    x_only: Option<[u8; 32]>,
    taproot: bool,
    merkle_root: Option<[u8; 32]>,
}

impl Tweaks {
    fn read(input: &mut Input<'_>) -> Self {
        let kinds = input.byte();
        let mut tweak = |bit: u8| (kinds & 1 << bit != 0).then(|| input.bytes());
        let (plain, x_only, merkle_root) = (tweak(0), tweak(1), tweak(2));
        Self { plain, x_only, merkle_root, taproot: kinds & 1 << 3 != 0 }
    }

    fn apply(&self, mut keys: KeyAggContext) -> Result<KeyAggContext, Musig2Error> {
        if let Some(tweak) = &self.plain {
            keys = keys.with_plain_tweak(tweak)?;
        }
        if let Some(tweak) = &self.x_only {
            keys = keys.with_xonly_tweak(tweak)?;
        }
        if self.taproot || self.merkle_root.is_some() {
            keys = keys.with_taproot_tweak(self.merkle_root.as_ref())?;
        }
        Ok(keys)
    }
}
