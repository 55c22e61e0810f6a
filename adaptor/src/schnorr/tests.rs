use super::*;

/// A pre-signature that a fault has spoiled can give the key away: with a right one of the same nonce, d = (s' − s'') / (e' − e'').
#[test]
fn a_faulty_pre_signature_is_made_and_does_not_leave_the_verifying_verb() {
    let (message, lock_point) = ([3; 32], SecretScalar::from_bytes(&[2; 32]).unwrap().to_point());
    // Keys with an even and with an odd y.
    let mut parities = [0; 2];
    for byte in 1..20 {
        let keypair = Keypair::from_secret_bytes(&[byte; 32]).unwrap();
        parities[usize::from(keypair.public_key().is_odd())] += 1;
        let verb = |keypair: &Keypair| pre_sign_verified(keypair, &message, &lock_point, &[4; 32]);
        let made = verb(&keypair).unwrap();
        assert_eq!(made, pre_sign(&keypair, &message, &lock_point, &[4; 32]).unwrap());

        let faulty = keypair.with_faulty_secret();
        let spoiled = pre_sign(&faulty, &message, &lock_point, &[4; 32]).unwrap();
        let verdict = spoiled.verify(&keypair.x_only_public_key(), &message, &lock_point);
        assert_eq!(verdict, Err(AdaptorError::InvalidPreSignature));
        assert_eq!(verb(&faulty), Err(AdaptorError::InvalidPreSignature));

        // With a table of the key's multiples, all of it is the same.
        let key = PreparedPoint::new(keypair.public_key());
        assert_eq!(made.verify_by_prepared(&key, &message, &lock_point), Ok(()));
        let verdict = spoiled.verify_by_prepared(&key, &message, &lock_point);
        assert_eq!(verdict, Err(AdaptorError::InvalidPreSignature));
        let prepared = keypair.with_prepared_key();
        assert_eq!(verb(&prepared), Ok(made));
        let verdict = verb(&prepared.with_faulty_secret());
        assert_eq!(verdict, Err(AdaptorError::InvalidPreSignature));
    }
    assert!(parities.iter().all(|count| *count > 3), "{parities:?}");
}

/// s' and s, both with the same added: the difference is t as ever, and the signature is none. Nobody has claimed anything by it,
/// and `extract`, which is for a pre-signature that is valid, does not see that.
#[test]
fn extraction_takes_no_signature_that_is_none() {
    let (keypair, t) = (Keypair::from_secret_bytes(&[1; 32]).unwrap(), [2; 32]);
    let t = SecretScalar::from_bytes(&t).unwrap();
    let (message, lock_point) = ([3; 32], t.to_point());
    let pre_signature = pre_sign(&keypair, &message, &lock_point, &[4; 32]).unwrap();
    let signature = pre_signature.adapt(&t);
    let key = keypair.x_only_public_key();
    let t = Ok(t);
    assert_eq!(pre_signature.extract(&signature, &key, &message, &lock_point), t);
    assert_eq!(pre_signature.extract_verified(&signature, &key, &message, &lock_point), t);

    let shifted = |bytes: &[u8]| {
        let scalar = PublicScalar::from_bytes(bytes.try_into().unwrap()).unwrap();
        scalar.add(&PublicScalar::ONE).to_bytes()
    };
    let (mut other, mut none) = (pre_signature.to_bytes(), signature.serialize());
    let (s_before, s_after) = (shifted(&other[33..]), shifted(&none[32..]));
    other[33..].copy_from_slice(&s_before);
    none[32..].copy_from_slice(&s_after);
    let other = PreSignature::from_bytes(&other).unwrap();
    let none = Signature::from_slice(&none).unwrap();
    assert_eq!(other.extract(&none, &key, &message, &lock_point), t);
    let extracted = other.extract_verified(&none, &key, &message, &lock_point);
    assert_eq!(extracted, Err(AdaptorError::InvalidSignature));
}

/// What gives no t is refused alike by both verbs: an s that is none, an s of another t, and a valid signature of a pre-signature
/// that was not valid.
#[test]
fn what_opens_nothing_is_refused_by_its_reason() {
    let keypair = Keypair::from_secret_bytes(&[1; 32]).unwrap();
    let secret = |byte| SecretScalar::from_bytes(&[byte; 32]).unwrap();
    let (t, other) = (secret(2), secret(5));
    let (key, message, lock_point) = (keypair.x_only_public_key(), [3; 32], t.to_point());
    let pre_signature = pre_sign(&keypair, &message, &lock_point, &[4; 32]).unwrap();
    let signature = pre_signature.adapt(&t);
    let mut beyond = signature.serialize();
    beyond[32..].fill(0xff);
    let beyond = Signature::from_slice(&beyond).unwrap();
    let (wrong, its_own) = (pre_signature.adapt(&other), other.to_point());
    for (signature, lock_point, expected) in [
        (beyond, lock_point, AdaptorError::InvalidSignature),
        (wrong, lock_point, AdaptorError::InvalidSignature),
        (signature, its_own, AdaptorError::SecretMismatch),
        (keypair.sign_schnorr(&message, &[0; 32]), lock_point, AdaptorError::NonceMismatch),
    ] {
        let extracted = pre_signature.extract(&signature, &key, &message, &lock_point);
        assert_eq!(extracted, Err(expected));
        let extracted = pre_signature.extract_verified(&signature, &key, &message, &lock_point);
        assert_eq!(extracted, Err(expected));
    }
}
