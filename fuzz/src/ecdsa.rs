use pointlock::adaptor::AdaptorError;
use pointlock::adaptor::ecdsa::{PreSignature, pre_sign_verified, verify_signature};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar};
use secp256k1::ecdsa::Signature;
use secp256k1::{Message, Secp256k1};

use crate::input::{Input, fixed_scalar, flipped};

/// Input: key (32) ‖ message (32) ‖ t (32) ‖ aux_rand (32) ‖ which part is flipped (1) ‖ which bit (2).
pub fn ecdsa_life(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let Some(keypair) = input.scalar().map(Keypair::new) else { return false };
    let message = input.bytes();
    let Some(lock_secret) = input.scalar() else { return false };
    let aux_rand = input.bytes();
    let (public_key, lock_point) = (keypair.public_key(), lock_secret.to_point());

    let pre_signature = pre_sign_verified(&keypair, &message, &lock_point, &aux_rand)
        .expect("its inputs are valid, and no hash is zero");
    let signature = pre_signature.adapt(&lock_secret);
    // Verified by libsecp256k1 itself, which takes no high s.
    Secp256k1::verification_only()
        .verify_ecdsa(&Message::from_digest(message), &signature, &public_key.to_public_key())
        .expect("the adapted signature is valid");

    let life = Life { public_key, message, lock_point, pre_signature, signature };
    assert_eq!(life.extracted().as_ref(), Ok(&lock_secret));
    assert_eq!(life.with_high_s().extracted().as_ref(), Ok(&lock_secret));
    life.check().expect("nothing is flipped yet");
    let (part, bits) = (input.byte(), input.bytes());
    if let Some(flipped) = life.flipped(part, usize::from(u16::from_be_bytes(bits))) {
        flipped.check().expect_err("a bit is flipped");
    }
    true
}

/// What the one who will be paid sees, and what the signer sees later.
#[derive(Clone)]
struct Life {
    public_key: Point,
    message: [u8; 32],
    lock_point: Point,
    pre_signature: PreSignature,
    signature: Signature,
}

impl Life {
    /// With one bit of one part flipped; None if the part can't be parsed then.
    fn flipped(&self, part: u8, bit: usize) -> Option<Self> {
        let mut life = self.clone();
        match part % 5 {
            0 => {
                let key = flipped(life.public_key.to_bytes(), bit % 264);
                life.public_key = Point::from_bytes(&key).ok()?;
            }
            1 => life.message = flipped(life.message, bit % 256),
            2 => {
                let point = flipped(life.lock_point.to_bytes(), bit % 264);
                life.lock_point = Point::from_bytes(&point).ok()?;
            }
            3 => {
                let bytes = flipped(life.pre_signature.to_bytes(), bit % 1296);
                life.pre_signature = PreSignature::from_bytes(&bytes).ok()?;
            }
            _ => {
                let bytes = flipped(life.signature.serialize_compact(), bit % 512);
                life.signature = Signature::from_compact(&bytes).ok()?;
            }
        }
        Some(life)
    }

    /// The signature with −s, as anybody can make it of the other.
    fn with_high_s(&self) -> Self {
        let mut bytes = self.signature.serialize_compact();
        let (_, scalar) = bytes.split_at_mut(32);
        let low: [u8; 32] = scalar.try_into().expect("64 bytes, less 32");
        let low = PublicScalar::from_bytes(&low).expect("s is below n");
        scalar.copy_from_slice(&low.negate().to_bytes());
        let signature = Signature::from_compact(&bytes).expect("−s is below n");
        Self { signature, ..self.clone() }
    }

    fn extracted(&self) -> Result<SecretScalar, AdaptorError> {
        let Self { public_key, message, lock_point, pre_signature, signature } = self;
        pre_signature.extract(signature, public_key, message, lock_point)
    }

    /// Ok if all is well. Extraction needs no proof of the pre-signature, so it may well succeed where only the proof, or
    /// the point that is proven, is spoiled.
    fn check(&self) -> Result<(), AdaptorError> {
        let Self { public_key, message, lock_point, pre_signature, signature } = self;
        let verified = pre_signature.verify(public_key, message, lock_point);
        let signed = verify_signature(signature, public_key, message);
        let extracted = self.extracted();
        assert!(extracted.is_err() || signed.is_ok(), "extraction takes what is no signature");
        verified.and(signed).and(extracted.map(|_| ()))
    }
}

/// Input: the encoding of an ECDSA pre-signature.
pub fn ecdsa_presignature(data: &[u8]) -> bool {
    let Ok(pre_signature) = PreSignature::from_slice(data) else { return false };
    assert_eq!(pre_signature.to_bytes(), data);
    assert_eq!(pre_signature.to_string().parse(), Ok(pre_signature));

    let keypair = Keypair::new(fixed_scalar(1));
    let (public_key, message) = (keypair.public_key(), [2; 32]);
    let lock_secret = fixed_scalar(3);
    let lock_point = lock_secret.to_point();
    let verified = pre_signature.verify(&public_key, &message, &lock_point);
    // What verifies can be finished, and what can be finished gives the secret, with a proof or without.
    let signature = pre_signature.adapt(&lock_secret);
    let signed = verify_signature(&signature, &public_key, &message);
    let extracted = pre_signature.extract(&signature, &public_key, &message, &lock_point);
    assert!(verified.is_err() || signed.is_ok());
    assert_eq!(extracted.is_ok(), signed.is_ok());
    true
}
