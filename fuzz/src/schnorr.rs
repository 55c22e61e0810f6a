use pointlock::adaptor::schnorr::{
    Backend, BatchItem, PreSignature, pre_sign, pre_sign_batch_on, pre_sign_verified,
    verify_batch_on, verify_each_on, verify_signature,
};
use pointlock::adaptor::{AdaptorError, musig2};
use pointlock::curve::{Keypair, Point, PreparedPoint, PublicScalar, XOnlyPublicKey};
use pointlock_msm::{Affine, Prepared, Scalar, Term, multiply_sum, multiply_sum_and_generator};
use secp256k1::schnorr::Signature;
use secp256k1::{Message, PublicKey, Secp256k1};

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

    // Many at once are what each is alone.
    let items = [(message, lock_point), (aux_rand, lock_point), (message, lock_point.negate())];
    for backend in Backend::all() {
        let many = pre_sign_batch_on(backend, &keypair, &items, &aux_rand).expect("as above");
        for ((message, lock_point), one) in items.iter().zip(many) {
            let alone = pre_sign(&keypair, message, lock_point, &aux_rand);
            assert_eq!(alone, Ok(one), "{}", backend.name());
        }
    }

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
        let extracted = pre_signature.extract_verified(signature, public_key, message, lock_point);
        // The verb that does not verify takes more, and gives nothing but what opens the lock.
        let quickly = pre_signature.extract(signature, public_key, message, lock_point);
        match (&extracted, &quickly) {
            (Ok(secret), quickly) => assert_eq!(quickly.as_ref(), Ok(secret)),
            (Err(_), Ok(secret)) => assert_eq!(secret.to_point(), *lock_point),
            (Err(refusal), Err(other)) => assert_eq!(refusal, other),
        }
        let point = Point::from(*public_key);
        assert_eq!(pre_signature.verify_by_point(&point, message, lock_point), verified);
        let prepared = PreparedPoint::new(point);
        assert_eq!(pre_signature.verify_by_prepared(&prepared, message, lock_point), verified);
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
    let extracted = pre_signature.extract_verified(&signature, &public_key, &message, &lock_point);
    let quickly = pre_signature.extract(&signature, &public_key, &message, &lock_point);
    assert_eq!(quickly, Ok(lock_secret));
    assert_eq!(verified.is_ok(), signed.is_ok());
    assert_eq!(extracted.is_ok(), signed.is_ok());
    true
}

/// Input: number of items (1), then for each key (1) ‖ what is done to it (1) ‖ another item (1) ‖ which bit (2).
pub fn batch(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let count = 1 + usize::from(input.byte() % 40);
    let mut lives: Vec<(Life, bool)> = Vec::with_capacity(count);
    let mut by_point = Vec::with_capacity(count);
    for index in 0..count {
        let (key, part) = (1 + input.byte() % 8, input.byte());
        let (other, bit) =
            (usize::from(input.byte()), usize::from(u16::from_be_bytes(input.bytes())));
        let lock_secret = fixed_scalar(50 + index as u8);
        let keypair = Keypair::new(fixed_scalar(key));
        let (message, lock_point) = ([index as u8; 32], lock_secret.to_point());
        let pre_signature = pre_sign_verified(&keypair, &message, &lock_point, &[0; 32])
            .expect("its inputs are valid, and no hash is zero");
        let signature = pre_signature.adapt(&lock_secret);
        let public_key = keypair.x_only_public_key();
        let life = Life { public_key, message, lock_point, pre_signature, signature };
        let life = match (part % 8, lives.get(other % count)) {
            (0..5, _) => life.flipped(part, bit).unwrap_or(life),
            (5, Some((other, _))) => Life { lock_point: other.lock_point, ..life },
            (6, Some((other, _))) => other.clone(),
            _ => life,
        };
        // The even point of the key, or the opposite one.
        let key_point = Point::from(life.public_key);
        let key_point = if bit & 1 == 1 { key_point.negate() } else { key_point };
        by_point.push((part & 0x40 != 0).then_some(key_point));
        lives.push((life, part & 0x80 != 0));
    }
    let items: Vec<BatchItem<'_>> = lives
        .iter()
        .zip(&by_point)
        .map(|((life, as_signature), by_point)| {
            let Life { public_key, message, lock_point, pre_signature, signature } = life;
            match (by_point, as_signature) {
                (None, true) => BatchItem::Signature { public_key, message, signature },
                (None, false) => {
                    BatchItem::PreSignature { public_key, message, lock_point, pre_signature }
                }
                (Some(public_key), true) => {
                    BatchItem::SignatureByPoint { public_key, message, signature }
                }
                (Some(public_key), false) => BatchItem::PreSignatureByPoint {
                    public_key,
                    message,
                    lock_point,
                    pre_signature,
                },
            }
        })
        .collect();
    let each: Vec<_> = items.iter().map(BatchItem::verify).collect();
    // By libsecp256k1 itself, for signatures and for what an adapted pre-signature becomes.
    let secp = Secp256k1::verification_only();
    for ((life, as_signature), verdict) in lives.iter().zip(&each).filter(|((_, s), _)| *s) {
        let message = Message::from_digest(life.message);
        let theirs = secp.verify_schnorr(&life.signature, &message, &life.public_key);
        assert_eq!(theirs.is_ok(), verdict.is_ok(), "{as_signature}");
    }
    for backend in Backend::all() {
        assert_eq!(verify_each_on(backend, &items), each);
        match verify_batch_on(backend, &items) {
            Ok(()) => assert!(each.iter().all(Result::is_ok)),
            Err(error) => {
                for fault in error.faults() {
                    assert_eq!(each[fault.index], Err(fault.error));
                }
                let refused = each.iter().filter(|verdict| verdict.is_err()).count();
                let malformed = matches!(error, pointlock::adaptor::BatchError::Malformed { .. });
                assert!(malformed || error.faults().len() == refused);
            }
        }
    }
    each.iter().all(Result::is_ok)
}

/// Input: a (32) ‖ b (32) ‖ then for each of up to 64 terms: a kind (1) ‖ scalar (32).
pub fn backends(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let (a, b) = (Scalar::from_hash(&input.bytes()), Scalar::from_hash(&input.bytes()));
    let secp = Secp256k1::new();
    let affine = |point: &PublicKey| {
        let bytes = point.serialize_uncompressed();
        let (x, y) = bytes[1..].split_first_chunk().expect("64 bytes");
        Affine::from_coordinates(x, y.first_chunk().expect("32 bytes are left"))
            .expect("a public key is on the curve")
    };
    let times = |point: &PublicKey, scalar: &Scalar| {
        let tweak = secp256k1::Scalar::from_be_bytes(scalar.to_bytes()).expect("below n");
        point.mul_tweak(&secp, &tweak).ok()
    };
    let plus = |a: Option<PublicKey>, b: Option<PublicKey>| match (a, b) {
        (Some(a), Some(b)) => a.combine(&b).ok(),
        (a, b) => a.or(b),
    };
    let generator = PublicScalar::ONE.to_point().expect("one is not zero").to_public_key();
    let mut terms = vec![Term::new(affine(&generator), &a)];
    let mut sum = times(&generator, &a);
    let mut point = generator;
    while !input.is_empty() && terms.len() < 64 {
        let (kind, scalar) = (input.byte(), Scalar::from_hash(&input.bytes()));
        // The same point again, the opposite one, or another.
        point = match kind % 4 {
            0 => point,
            1 => point.negate(&secp),
            _ => times(&generator, &scalar).unwrap_or(point),
        };
        let scalar = if kind & 0x10 == 0 { scalar } else { b };
        terms.push(Term::new(affine(&point), &scalar));
        sum = plus(sum, times(&point, &scalar));
    }
    let theirs = sum;
    let sum = sum.as_ref().map_or(Affine::INFINITY, affine);
    let double = plus(times(&generator, &a), times(&point, &b));
    let double = double.as_ref().map_or(Affine::INFINITY, affine);
    let with_generator = plus(theirs, times(&generator, &b));
    let with_generator = with_generator.as_ref().map_or(Affine::INFINITY, affine);
    let of_generator = times(&generator, &b).as_ref().map_or(Affine::INFINITY, affine);
    for backend in Backend::all() {
        assert_eq!(multiply_sum(backend, &terms).to_affine(), sum, "{}", backend.name());
        let ours = multiply_sum_and_generator(backend, &b, &terms).to_affine();
        assert_eq!(ours, with_generator, "{}", backend.name());
        assert_eq!(backend.multiply_generator(&b).to_affine(), of_generator);
        let alone = backend.double_multiply(&a, &b, &affine(&point)).to_affine();
        assert_eq!(alone, double, "{}", backend.name());
        let by_table = backend.multiply_prepared(&a, &b, &Prepared::new(&affine(&point)));
        assert_eq!(by_table.to_affine(), double, "{}", backend.name());
        let doubles = backend.double_multiply_all(&[(a, b, affine(&point)); 3]);
        assert_eq!(doubles, [double; 3], "{}", backend.name());
    }
    terms.len() > 1
}
