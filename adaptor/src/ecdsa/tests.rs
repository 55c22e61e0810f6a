use proptest::prelude::*;

use super::*;

struct Parties {
    alice: Keypair,
    t: SecretScalar,
    message: [u8; 32],
}

impl Parties {
    fn new(seed: &[u8; 32], message: [u8; 32]) -> Self {
        let alice = SecretScalar::from_hash(seed).unwrap();
        let t = alice.mul(&alice);
        Self { alice: Keypair::new(alice), t, message }
    }

    fn pre_signature(&self) -> PreSignature {
        pre_sign_verified(&self.alice, &self.message, &self.t.to_point(), &[7; 32]).unwrap()
    }
}

fn high(signature: &Signature) -> Signature {
    let mut bytes = signature.serialize_compact();
    let s = PublicScalar::from_bytes(bytes.last_chunk().unwrap()).unwrap();
    bytes[32..].copy_from_slice(&s.negate().to_bytes());
    Signature::from_compact(&bytes).unwrap()
}

#[test]
fn extracts_from_both_forms_of_the_signature() {
    let parties = Parties::new(&[1; 32], [2; 32]);
    let (key, lock_point) = (parties.alice.public_key(), parties.t.to_point());
    let pre_signature = parties.pre_signature();
    let low = pre_signature.adapt_verified(&parties.t, &key, &parties.message).unwrap();
    for signature in [low, high(&low)] {
        assert_eq!(verify_signature(&signature, &key, &parties.message), Ok(()));
        let learned = pre_signature.extract(&signature, &key, &parties.message, &lock_point);
        assert_eq!(learned.unwrap(), parties.t);
    }
    assert_ne!(low, high(&low));
    assert_eq!(low.serialize_compact()[..32], pre_signature.signature_r());
}

#[test]
fn errors_say_what_is_wrong() {
    let parties = Parties::new(&[3; 32], [4; 32]);
    let (key, message, lock_point) =
        (parties.alice.public_key(), parties.message, parties.t.to_point());
    let pre_signature = parties.pre_signature();
    let signature = pre_signature.adapt(&parties.t);

    let other = parties.alice.secret_key();
    let adapted = pre_signature.adapt_verified(other, &key, &message);
    assert_eq!(adapted, Err(AdaptorError::InvalidSignature));
    let verdict = pre_signature.verify(&key, &message, &key);
    assert_eq!(verdict, Err(AdaptorError::InvalidPreSignature));
    let extract = |signature, key, message, lock| {
        pre_signature.extract(signature, key, message, lock).unwrap_err()
    };
    let error = extract(&signature, &key, &message, &key);
    assert_eq!(error, AdaptorError::SecretMismatch);
    let error = extract(&signature, &key, &[0; 32], &lock_point);
    assert_eq!(error, AdaptorError::InvalidSignature);
    let error = extract(&signature, &lock_point, &message, &lock_point);
    assert_eq!(error, AdaptorError::InvalidSignature);
    let plain = context()
        .sign_ecdsa(&Message::from_digest(message), parties.alice.secret_key().as_secret_key());
    let error = extract(&plain, &key, &message, &lock_point);
    assert_eq!(error, AdaptorError::NonceMismatch);
}

#[test]
fn encodings_that_are_none_are_told_apart() {
    let good = Parties::new(&[5; 32], [6; 32]).pre_signature().to_bytes();
    let order: [u8; 32] =
        hex::decode("fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141")
            .unwrap()
            .try_into()
            .unwrap();
    let with = |start: usize, part: &[u8]| {
        let mut bytes = good;
        bytes[start..start + part.len()].copy_from_slice(part);
        PreSignature::from_bytes(&bytes)
    };
    assert_eq!(with(0, &[4]), Err(AdaptorError::NoncePrefix { prefix: 4 }));
    assert_eq!(with(33, &[1]), Err(AdaptorError::UnlockedNoncePrefix { prefix: 1 }));
    assert_eq!(with(1, &order), Err(AdaptorError::NonceXZero));
    assert_eq!(with(66, &[0; 32]), Err(AdaptorError::ScalarZero));
    assert_eq!(with(66, &order), Err(AdaptorError::ScalarOutOfRange));
    assert_eq!(with(130, &order), Err(AdaptorError::ProofOutOfRange));
    assert!(with(98, &order).is_ok());
    assert!(with(0, &good).is_ok());
    for length in [0, 161, 163] {
        let error = AdaptorError::Length { expected: 162, actual: length };
        assert_eq!(PreSignature::from_slice(&vec![2; length]), Err(error));
    }
    // x = 5 is on no point of the curve.
    let mut x = [0; 32];
    x[31] = 5;
    for start in [1, 34] {
        let point = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
        let verdict = with(start, &x).unwrap().verify(&point, &[6; 32], &point);
        assert_eq!(verdict, Err(AdaptorError::NonceNotOnCurve));
    }
}

/// The warning on the module page, carried out: r⁻¹·(s'·R' − m·T) = d·T, from public values alone.
#[test]
fn a_pre_signature_publishes_d_times_t() {
    let parties = Parties::new(&[8; 32], [9; 32]);
    let lock_point = parties.t.to_point();
    let pre_signature = parties.pre_signature();
    let scalar = PublicScalar::from_bytes(pre_signature.part(66)).unwrap();
    let locked_nonce = Point::from_bytes(pre_signature.nonce_points().next().unwrap()).unwrap();
    let message = PublicScalar::from_hash(&parties.message);
    let product = locked_nonce
        .mul_public(&scalar)
        .unwrap()
        .sub(&lock_point.mul_public(&message).unwrap())
        .unwrap();
    // Dividing by r is multiplying the other side by r.
    let r = PublicScalar::from_bytes(&pre_signature.signature_r()).unwrap();
    let shared = lock_point.mul_secret(parties.alice.secret_key());
    assert_eq!(product, shared.mul_public(&r).unwrap());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_read_is_written(bytes in prop::collection::vec(any::<u8>(), 0..170)) {
        if let Ok(pre_signature) = PreSignature::from_slice(&bytes) {
            prop_assert_eq!(pre_signature.to_bytes().to_vec(), bytes);
        }
    }

    #[test]
    fn any_bytes_in_a_value_do_not_panic(part in 0usize..5, filler: [u8; 32]) {
        let parties = Parties::new(&[10; 32], [11; 32]);
        let mut bytes = parties.pre_signature().to_bytes();
        let start = [1, 34, 66, 98, 130][part];
        bytes[start..start + 32].copy_from_slice(&filler);
        if let Ok(pre_signature) = PreSignature::from_bytes(&bytes) {
            let (key, lock_point) = (parties.alice.public_key(), parties.t.to_point());
            prop_assert!(pre_signature.verify(&key, &parties.message, &lock_point).is_err());
            let signature = pre_signature.adapt(&parties.t);
            let _ = pre_signature.extract(&signature, &key, &parties.message, &lock_point);
            let text = pre_signature.to_string();
            prop_assert_eq!(text.parse(), Ok(pre_signature));
        }
    }
}

#[test]
fn a_faulty_pre_signature_does_not_leave_the_verifying_verb() {
    let parties = Parties::new(&[7; 32], [9; 32]);
    let (message, lock_point) = (parties.message, parties.t.to_point());
    let verb = |keypair: &Keypair| pre_sign_verified(keypair, &message, &lock_point, &[4; 32]);
    assert!(verb(&parties.alice).is_ok());
    let faulty = parties.alice.with_faulty_secret();
    let spoiled = pre_sign(&faulty, &message, &lock_point, &[4; 32]).unwrap();
    let verdict = spoiled.verify(&parties.alice.public_key(), &message, &lock_point);
    assert_eq!(verdict, Err(AdaptorError::InvalidPreSignature));
    assert_eq!(verb(&faulty), Err(AdaptorError::InvalidPreSignature));
}
