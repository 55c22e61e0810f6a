use pointlock::adaptor::musig2::{
    AdaptorSession, AggregateNonce, KeyAggContext, Musig2Error, PartialSignature, PublicNonce,
    SecretNonce, Session,
};
use pointlock::curve::{Keypair, Point};

use crate::curve::{point, scalar};
use crate::variants::{Case, said};

const MESSAGE: [u8; 32] = [3; 32];

fn signers() -> [Keypair; 2] {
    [1, 2].map(|byte| Keypair::new(scalar(byte)))
}

fn keys() -> KeyAggContext {
    KeyAggContext::new(&signers().each_ref().map(Keypair::public_key)).unwrap()
}

fn nonce(signer: usize, rand: u8) -> SecretNonce {
    generate(rand, &signers()[signer]).unwrap()
}

fn generate(rand: u8, signer: &Keypair) -> Result<SecretNonce, Musig2Error> {
    SecretNonce::generate(&mut [rand; 32], signer, &keys().x_only(), &MESSAGE, None)
}

fn public_nonces() -> [PublicNonce; 2] {
    [nonce(0, 11).public_nonce(), nonce(1, 12).public_nonce()]
}

fn session() -> AdaptorSession {
    AdaptorSession::with_lock_point(&keys(), &public_nonces(), &MESSAGE, &point(5)).unwrap()
}

fn partials() -> [PartialSignature; 2] {
    let session = session();
    [(0, 11), (1, 12)].map(|(signer, rand)| {
        session.sign_partial(nonce(signer, rand), &signers()[signer]).unwrap()
    })
}

fn bad_half(half: usize) -> [u8; 66] {
    let mut bytes = public_nonces()[0].to_bytes();
    bytes[33 * (half - 1)] = 9;
    bytes
}

/// Nonces of which each is the other's opposite.
fn cancelling() -> [PublicNonce; 2] {
    let first = public_nonces()[0].to_bytes();
    let halves = [&first[..33], &first[33..]].map(|half| Point::from_slice(half).unwrap());
    let negated: Vec<u8> = halves.iter().flat_map(|half| half.negate().to_bytes()).collect();
    let negated = PublicNonce::from_bytes(&negated.try_into().unwrap()).unwrap();
    [public_nonces()[0], negated]
}

pub(crate) const CASES: &[Case] = &[
    ("Musig2Error::NoKeys", || said(KeyAggContext::new(&[]))),
    ("Musig2Error::TweakOutOfRange", || said(keys().with_plain_tweak(&[0xff; 32]))),
    ("Musig2Error::TweakedKeyAtInfinity", || {
        // A single signer knows the logarithm of its aggregate key.
        let signer = scalar(1);
        let keys = KeyAggContext::new(&[signer.to_point()]).unwrap();
        let a = keys.coefficient(0).unwrap();
        let tweak = signer.dangerous_reveal().mul(&a).negate();
        said(keys.with_plain_tweak(&tweak.to_bytes()))
    }),
    ("Musig2Error::SessionRandUsed", || said(generate(0, &signers()[0]))),
    ("Musig2Error::PublicNonce", || said(PublicNonce::from_bytes(&bad_half(2)))),
    ("Musig2Error::AggregateNonce", || said(AggregateNonce::from_bytes(&bad_half(1)))),
    ("Musig2Error::PublicNonceCount", || {
        said(Session::new(&keys(), &public_nonces()[..1], &MESSAGE))
    }),
    ("Musig2Error::FinalNonceAtInfinity", || {
        // Both sums at infinity: R' is the lock point alone.
        said(AdaptorSession::with_lock_point(&keys(), &cancelling(), &MESSAGE, &point(5)))
    }),
    ("Musig2Error::ForeignNonce", || said(session().sign_partial(nonce(0, 11), &signers()[1]))),
    ("Musig2Error::NotASigner", || {
        let stranger = Keypair::new(scalar(7));
        said(session().sign_partial(generate(1, &stranger).unwrap(), &stranger))
    }),
    ("Musig2Error::NonceNotInSession", || {
        said(session().sign_partial(nonce(0, 99), &signers()[0]))
    }),
    ("Musig2Error::NoSuchSigner", || said(session().verify_partial(2, &partials()[0]))),
    ("Musig2Error::PartialSignatureOutOfRange", || said(PartialSignature::from_bytes(&[0xff; 32]))),
    ("Musig2Error::PartialSignatureCount", || said(session().aggregate(&partials()[..1]))),
    ("Musig2Error::InvalidPartialSignature", || {
        let [_, second] = partials();
        said::<_, Musig2Error>(session().aggregate(&[second, second]))
    }),
];
