use pointlock::adaptor::schnorr::{PreSignature, pre_sign_verified, verify_signature};
use pointlock::adaptor::{AdaptorError, musig2};
use pointlock::curve::{Keypair, Point, XOnlyPublicKey};
use secp256k1::schnorr::Signature;
use secp256k1::{Message, Secp256k1};

use crate::input::{Input, fixed_scalar, flipped};

/// Input: key (32) ‖ message (32) ‖ t (32) ‖ aux_rand (32) ‖ which part is flipped (1) ‖ which bit (2).
pub fn schnorr_life(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let Some(keypair) = input.scalar().map(Keypair::new) else { return false };
    let message = input.bytes();
    let Some(lock_secret) = input.scalar() else { return false };
    let aux_rand = input.bytes();
    let public_key = keypair.x_only_public_key();
    let lock_point = lock_secret.to_point();

    let pre_signature = pre_sign_verified(&keypair, &message, &lock_point, &aux_rand)
        .expect("its inputs are valid, and no hash is zero");
    let signature = pre_signature.adapt(&lock_secret);
    // Verified by libsecp256k1 itself.
    Secp256k1::verification_only()
        .verify_schnorr(&signature, &Message::from_digest(message), &public_key)
        .expect("the adapted signature is valid");
    let extracted = pre_signature
        .extract(&signature, &public_key, &message, &lock_point)
        .expect("the signature was made from this pre-signature");
    assert_eq!(extracted, lock_secret);

    let life = Life { public_key, message, lock_point, pre_signature, signature };
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
    public_key: XOnlyPublicKey,
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
                let key = flipped(life.public_key.serialize(), bit % 256);
                life.public_key = XOnlyPublicKey::from_slice(&key).ok()?;
            }
            1 => life.message = flipped(life.message, bit % 256),
            2 => {
                let point = flipped(life.lock_point.to_bytes(), bit % 264);
                life.lock_point = Point::from_bytes(&point).ok()?;
            }
            3 => {
                let bytes = flipped(life.pre_signature.to_bytes(), bit % 520);
                life.pre_signature = PreSignature::from_bytes(&bytes).ok()?;
            }
            _ => {
                let bytes = flipped(life.signature.serialize(), bit % 512);
                life.signature = Signature::from_slice(&bytes).expect("64 bytes");
            }
        }
        Some(life)
    }

    /// Ok if all is well. A flipped bit is refused by each verb that sees it, not only by one of them.
    fn check(&self) -> Result<(), AdaptorError> {
        let Self { public_key, message, lock_point, pre_signature, signature } = self;
        let verified = pre_signature.verify(public_key, message, lock_point);
        let signed = verify_signature(signature, public_key, message);
        let extracted = pre_signature.extract(signature, public_key, message, lock_point);
        assert!(
            extracted.is_err() || verified.is_ok() && signed.is_ok(),
            "extraction takes what verification refuses"
        );
        verified.and(signed).and(extracted.map(|_| ()))
    }
}

/// Input: the encoding of a pre-signature.
pub fn presignature(data: &[u8]) -> bool {
    let schnorr = PreSignature::from_slice(data);
    assert_eq!(schnorr.is_ok(), musig2::PreSignature::from_slice(data).is_ok());
    let Ok(pre_signature) = schnorr else { return false };
    assert_eq!(pre_signature.to_bytes(), data);
    assert_eq!(pre_signature.to_string().parse(), Ok(pre_signature));

    let keypair = Keypair::new(fixed_scalar(1));
    let (public_key, message) = (keypair.x_only_public_key(), [2; 32]);
    let lock_secret = fixed_scalar(3);
    let lock_point = lock_secret.to_point();
    let verified = pre_signature.verify(&public_key, &message, &lock_point);
    // What verifies can be finished, and what can be finished gives the secret.
    let signature = pre_signature.adapt(&lock_secret);
    let signed = verify_signature(&signature, &public_key, &message);
    let extracted = pre_signature.extract(&signature, &public_key, &message, &lock_point);
    assert_eq!(verified.is_ok(), signed.is_ok());
    assert_eq!(extracted.is_ok(), signed.is_ok());
    true
}
