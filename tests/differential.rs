//! Against other implementations, on cases drawn from a fixed seed, at least a thousand each:
//!
//! | with | arithmetic | what is compared |
//! | --- | --- | --- |
//! | `schnorr_fun` | `secp256kfun` | BIP-340 both ways; adaptor signatures both ways, converted |
//! | `musig2` | `k256` | plain BIP-327: keys with tweaks, nonces, partial signatures, signatures, all byte for byte |
//! | `ecdsa_fun` | `secp256kfun` | adaptor signatures both ways, in the same 162 bytes |
//!
//! None of the three shares code with libsecp256k1, on which this library stands.
//!
//! The nonces of `schnorr_fun`'s and `ecdsa_fun`'s adaptor signatures are their own, so what each signs is verified, adapted
//! and extracted by the other. `schnorr_fun` keeps R' with even y and the parity apart, as `needs_negation`. `musig2` leaves
//! the lock point out of its nonce coefficient, so its adaptor sessions are others than ours (see the module page of
//! `adaptor::musig2`); there is nothing to compare, and libsecp256k1-zkp's sessions in `musig2_vectors.rs` stand in.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::curve::{Keypair, Point, SecretScalar, Tag};
use sha2_010::Sha256;

const CASES: u32 = 1_000;

/// What one case is made of.
struct Case {
    index: u32,
    keypair: Keypair,
    message: [u8; 32],
    lock_secret: SecretScalar,
    lock_point: Point,
    aux_rand: [u8; 32],
}

fn draw(label: &str, index: u32) -> [u8; 32] {
    static DRAW: Tag = Tag::new("pointlock/differential");
    DRAW.hash(&[label.as_bytes(), &index.to_be_bytes()])
}

fn scalar(label: &str, index: u32) -> SecretScalar {
    SecretScalar::from_hash(&draw(label, index)).unwrap()
}

fn cases() -> impl Iterator<Item = Case> {
    (0..CASES).map(|index| {
        let lock_secret = scalar("t", index);
        Case {
            index,
            keypair: Keypair::new(scalar("d", index)),
            message: draw("m", index),
            lock_point: lock_secret.to_point(),
            lock_secret,
            aux_rand: draw("aux", index),
        }
    })
}

impl Case {
    /// `bytes` with one bit flipped, another one in each case.
    fn spoiled<const N: usize>(&self, mut bytes: [u8; N]) -> [u8; N] {
        let random = u32::from_be_bytes(*draw("bit", self.index).first_chunk().unwrap()) as usize;
        let bit = random % (8 * N);
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    }
}

mod with_schnorr_fun {
    use pointlock::adaptor::schnorr::{self, PreSignature};
    use schnorr_fun::adaptor::{Adaptor, EncryptedSign, EncryptedSignature};
    use schnorr_fun::fun::marker::EvenY;
    use schnorr_fun::fun::{self, KeyPair, Scalar};
    use schnorr_fun::nonce::Deterministic;
    use schnorr_fun::{Message, Schnorr, Signature};

    use super::*;

    type Theirs = Schnorr<Sha256, Deterministic<Sha256>>;

    fn theirs(secret: &SecretScalar) -> Scalar {
        Scalar::from_bytes(*secret.dangerous_to_bytes()).unwrap().non_zero().unwrap()
    }

    fn their_point(point: &Point) -> fun::Point {
        fun::Point::from_bytes(point.to_bytes()).unwrap()
    }

    fn their_signature(signature: &secp256k1::schnorr::Signature) -> Signature {
        Signature::from_bytes(signature.serialize()).unwrap()
    }

    fn our_signature(signature: &Signature) -> secp256k1::schnorr::Signature {
        secp256k1::schnorr::Signature::from_slice(&signature.to_bytes()).unwrap()
    }

    /// None for bytes that they have no value for, with an R' off the curve for example.
    fn their_pre_signature(bytes: &[u8; 65]) -> Option<EncryptedSignature> {
        let needs_negation = match bytes[0] {
            2 => false,
            3 => true,
            _ => return None,
        };
        let nonce = fun::Point::<EvenY, _>::from_xonly_bytes(*bytes[1..].first_chunk()?)?;
        let s_hat = Scalar::from_bytes(*bytes.last_chunk()?)?;
        Some(EncryptedSignature { R: nonce, s_hat, needs_negation })
    }

    fn our_pre_signature(theirs: &EncryptedSignature) -> PreSignature {
        let mut bytes = [0; 65];
        bytes[0] = if theirs.needs_negation { 3 } else { 2 };
        bytes[1..33].copy_from_slice(&theirs.R.to_xonly_bytes());
        bytes[33..].copy_from_slice(&theirs.s_hat.to_bytes());
        PreSignature::from_bytes(&bytes).unwrap()
    }

    fn key(schnorr: &Theirs, case: &Case) -> KeyPair<EvenY> {
        let keypair = schnorr.new_keypair(theirs(case.keypair.secret_key()));
        let x_only = case.keypair.x_only_public_key().serialize();
        assert_eq!(keypair.public_key().to_xonly_bytes(), x_only);
        keypair
    }

    #[test]
    fn bip340() {
        let schnorr = Theirs::default();
        for case in cases() {
            let keypair = key(&schnorr, &case);
            let message = Message::raw(&case.message);
            let ours = case.keypair.sign_schnorr(&case.message, &case.aux_rand);
            assert!(schnorr.verify(&keypair.public_key(), message, &their_signature(&ours)));
            let key = case.keypair.x_only_public_key();
            let theirs = our_signature(&schnorr.sign(&keypair, message));
            assert_eq!(schnorr::verify_signature(&theirs, &key, &case.message), Ok(()));

            let spoiled = case.spoiled(ours.serialize());
            let they = Signature::from_bytes(spoiled).is_some_and(|signature| {
                schnorr.verify(&keypair.public_key(), message, &signature)
            });
            let spoiled = secp256k1::schnorr::Signature::from_slice(&spoiled).unwrap();
            let we = schnorr::verify_signature(&spoiled, &key, &case.message).is_ok();
            assert!(!they && !we);
        }
    }

    #[test]
    fn adaptor_signatures() {
        let schnorr = Theirs::default();
        let mut odd = 0;
        for case in cases() {
            let keypair = key(&schnorr, &case);
            let message = Message::raw(&case.message);
            let key = case.keypair.x_only_public_key();
            let lock_point = their_point(&case.lock_point);
            let they_verify = |pre_signature: &EncryptedSignature| {
                let key = keypair.public_key();
                schnorr.verify_encrypted_signature(&key, &lock_point, message, pre_signature)
            };

            // Ours, in their hands.
            let ours =
                schnorr::pre_sign(&case.keypair, &case.message, &case.lock_point, &case.aux_rand)
                    .unwrap();
            let converted = their_pre_signature(&ours.to_bytes()).unwrap();
            odd += u32::from(converted.needs_negation);
            assert!(they_verify(&converted));
            let signature = ours.adapt(&case.lock_secret);
            let decrypted = schnorr.decrypt_signature(theirs(&case.lock_secret), converted.clone());
            assert_eq!(decrypted.to_bytes(), signature.serialize());
            let recovered = schnorr.recover_decryption_key(&lock_point, &converted, &decrypted);
            assert_eq!(recovered, Some(theirs(&case.lock_secret)));

            // Theirs, in ours.
            let made = schnorr.encrypted_sign(&keypair, &lock_point, message);
            let converted = our_pre_signature(&made);
            assert_eq!(converted.verify(&key, &case.message, &case.lock_point), Ok(()));
            let decrypted = schnorr.decrypt_signature(theirs(&case.lock_secret), made);
            let signature = converted.adapt_verified(&case.lock_secret, &key, &case.message);
            assert_eq!(signature, Ok(our_signature(&decrypted)));
            let extracted = converted.extract(
                &our_signature(&decrypted),
                &key,
                &case.message,
                &case.lock_point,
            );
            assert_eq!(extracted.unwrap(), case.lock_secret);

            // Spoiled, in both.
            let spoiled = case.spoiled(ours.to_bytes());
            let they = their_pre_signature(&spoiled).is_some_and(|spoiled| they_verify(&spoiled));
            let we = PreSignature::from_bytes(&spoiled)
                .and_then(|spoiled| spoiled.verify(&key, &case.message, &case.lock_point));
            assert!(!they && we.is_err());
        }
        assert!((CASES / 3..CASES - CASES / 3).contains(&odd), "{odd} odd nonces");
    }
}

mod with_musig2 {
    use musig2::secp::{MaybeScalar, Point as TheirPoint, Scalar};
    use musig2::{CompactSignature, SecNonce, SecNonceBuilder};
    use pointlock::adaptor::musig2::{
        AggregateNonce, KeyAggContext, PartialSignature, SecretNonce, Session,
    };

    use super::*;

    /// One to four signers, every fifth time the same key twice, and up to two tweaks of either kind.
    struct Signing {
        case: Case,
        keypairs: Vec<Keypair>,
        tweaks: Vec<([u8; 32], bool)>,
    }

    impl Signing {
        fn new(case: Case) -> Self {
            let index = case.index;
            let mut keypairs: Vec<Keypair> = (0..=index % 4)
                .map(|signer| Keypair::new(scalar("d_i", 4 * index + signer)))
                .collect();
            if index % 5 == 0 {
                keypairs.push(keypairs[0].clone());
            }
            let tweaks = (0..index / 4 % 3)
                .map(|tweak| {
                    let drawn = *scalar("tweak", 3 * index + tweak).dangerous_to_bytes();
                    (drawn, draw("kind", 3 * index + tweak)[0] % 2 == 0)
                })
                .collect();
            Self { case, keypairs, tweaks }
        }

        fn session_rand(&self, signer: usize) -> [u8; 32] {
            draw("session_rand", 8 * self.case.index + signer as u32)
        }

        /// Every third time.
        fn extra_in(&self) -> Option<&[u8; 32]> {
            (self.case.index % 3 == 0).then_some(&self.case.aux_rand)
        }

        fn our_keys(&self) -> KeyAggContext {
            let points: Vec<Point> = self.keypairs.iter().map(Keypair::public_key).collect();
            self.tweaks.iter().fold(
                KeyAggContext::new(&points).unwrap(),
                |keys, (tweak, x_only)| {
                    if *x_only {
                        keys.with_xonly_tweak(tweak)
                    } else {
                        keys.with_plain_tweak(tweak)
                    }
                    .unwrap()
                },
            )
        }

        fn their_keys(&self) -> musig2::KeyAggContext {
            let points: Vec<TheirPoint> = self
                .keypairs
                .iter()
                .map(|keypair| TheirPoint::from_slice(&keypair.public_key().to_bytes()).unwrap())
                .collect();
            let keys = musig2::KeyAggContext::new(points).unwrap();
            self.tweaks.iter().fold(keys, |keys, (tweak, x_only)| {
                keys.with_tweak(Scalar::from_slice(tweak).unwrap(), *x_only).unwrap()
            })
        }

        fn their_secret(&self, signer: usize) -> Scalar {
            let secret = self.keypairs[signer].secret_key().dangerous_to_bytes();
            Scalar::from_slice(secret.as_slice()).unwrap()
        }
    }

    #[test]
    fn plain_sessions() {
        for case in cases() {
            let signing = Signing::new(case);
            let message = &signing.case.message;
            let (our_keys, their_keys) = (signing.our_keys(), signing.their_keys());
            let aggregate_key: TheirPoint = their_keys.aggregated_pubkey();
            assert_eq!(our_keys.aggregate_key().to_bytes(), aggregate_key.serialize());

            let (mut our_nonces, mut their_nonces) = (Vec::new(), Vec::<SecNonce>::new());
            for (signer, keypair) in signing.keypairs.iter().enumerate() {
                let mut rand = signing.session_rand(signer);
                let builder = SecNonceBuilder::from_seckey(rand, signing.their_secret(signer))
                    .with_aggregated_pubkey(aggregate_key)
                    .with_message(message);
                let extra_in = signing.extra_in();
                their_nonces.push(match extra_in {
                    Some(extra_in) => builder.with_extra_input(extra_in).build(),
                    None => builder.build(),
                });
                let nonce = SecretNonce::generate(
                    &mut rand,
                    keypair,
                    &our_keys.x_only(),
                    message,
                    extra_in,
                );
                our_nonces.push(nonce.unwrap());
            }
            let public_nonces: Vec<_> = our_nonces.iter().map(SecretNonce::public_nonce).collect();
            let their_public: Vec<_> = their_nonces.iter().map(SecNonce::public_nonce).collect();
            for (ours, theirs) in public_nonces.iter().zip(&their_public) {
                assert_eq!(ours.to_bytes(), theirs.serialize());
            }
            let aggregate = musig2::AggNonce::sum(&their_public);
            assert_eq!(AggregateNonce::sum(&public_nonces).to_bytes(), aggregate.serialize());

            let session = Session::new(&our_keys, &public_nonces, message).unwrap();
            let (mut ours, mut theirs) = (Vec::new(), Vec::<MaybeScalar>::new());
            let nonces = our_nonces.into_iter().zip(their_nonces);
            for (signer, (our_nonce, their_nonce)) in nonces.enumerate() {
                let keypair = &signing.keypairs[signer];
                ours.push(session.sign_partial(our_nonce, keypair).unwrap());
                let secret = signing.their_secret(signer);
                let partial =
                    musig2::sign_partial(&their_keys, secret, their_nonce, &aggregate, message);
                theirs.push(partial.unwrap());
            }
            let bytes: Vec<_> = ours.iter().map(PartialSignature::to_bytes).collect();
            assert_eq!(bytes, theirs.iter().map(|s| s.serialize()).collect::<Vec<_>>());

            let signature: CompactSignature = musig2::aggregate_partial_signatures(
                &their_keys,
                &aggregate,
                theirs.clone(),
                message,
            )
            .unwrap();
            assert_eq!(session.aggregate(&ours).unwrap().serialize(), signature.serialize());

            // Spoiled, in both.
            let signer = signing.case.index as usize % ours.len();
            let spoiled = signing.case.spoiled(bytes[signer]);
            let we = PartialSignature::from_bytes(&spoiled)
                .is_ok_and(|partial| session.verify_partial(signer, &partial).is_ok());
            let they = MaybeScalar::from_slice(&spoiled).is_ok_and(|partial| {
                let key: TheirPoint = their_keys.get_pubkey(signer).unwrap();
                let nonce = &their_public[signer];
                musig2::verify_partial(&their_keys, partial, &aggregate, key, nonce, message)
                    .is_ok()
            });
            assert!(!we && !they);
        }
    }
}

#[cfg(feature = "ecdsa")]
mod with_ecdsa_fun {
    use ecdsa_fun::Signature;
    use ecdsa_fun::adaptor::{Adaptor, EncryptedSignature, HashTranscript};
    use ecdsa_fun::fun::{self, Scalar};
    use pointlock::adaptor::ecdsa::{self, PreSignature};
    use rand_chacha_03::ChaCha20Rng;
    use schnorr_fun::nonce::Deterministic;

    use super::*;

    type Theirs = Adaptor<HashTranscript<Sha256, ChaCha20Rng>, Deterministic<Sha256>>;

    fn theirs(secret: &SecretScalar) -> Scalar {
        Scalar::from_bytes(*secret.dangerous_to_bytes()).unwrap().non_zero().unwrap()
    }

    fn their_point(point: &Point) -> fun::Point {
        fun::Point::from_bytes(point.to_bytes()).unwrap()
    }

    fn our_signature(signature: &Signature) -> secp256k1::ecdsa::Signature {
        secp256k1::ecdsa::Signature::from_compact(&signature.to_bytes()).unwrap()
    }

    #[test]
    fn adaptor_signatures() {
        let adaptor = Theirs::default();
        for case in cases() {
            let (key, their_key) =
                (case.keypair.public_key(), their_point(&case.keypair.public_key()));
            let lock_point = their_point(&case.lock_point);
            let they_verify = |pre_signature: &EncryptedSignature| {
                let message = &case.message;
                adaptor.verify_encrypted_signature(&their_key, &lock_point, message, pre_signature)
            };

            // Ours, in their hands.
            let ours =
                ecdsa::pre_sign(&case.keypair, &case.message, &case.lock_point, &case.aux_rand)
                    .unwrap();
            let converted = ours.to_string().parse::<EncryptedSignature>().unwrap();
            assert!(they_verify(&converted));
            let signature = ours.adapt(&case.lock_secret);
            let decrypted =
                adaptor.decrypt_signature(&theirs(&case.lock_secret), converted.clone());
            assert_eq!(decrypted.to_bytes(), signature.serialize_compact());
            let recovered = adaptor.recover_decryption_key(&lock_point, &decrypted, &converted);
            assert_eq!(recovered, Some(theirs(&case.lock_secret)));

            // Theirs, in ours.
            let made = adaptor.encrypted_sign(
                &theirs(case.keypair.secret_key()),
                &lock_point,
                &case.message,
            );
            let converted: PreSignature = made.to_string().parse().unwrap();
            assert_eq!(converted.verify(&key, &case.message, &case.lock_point), Ok(()));
            let decrypted =
                our_signature(&adaptor.decrypt_signature(&theirs(&case.lock_secret), made));
            let signature = converted.adapt_verified(&case.lock_secret, &key, &case.message);
            assert_eq!(signature, Ok(decrypted));
            let extracted = converted.extract(&decrypted, &key, &case.message, &case.lock_point);
            assert_eq!(extracted.unwrap(), case.lock_secret);

            // Spoiled, in both.
            let spoiled = case.spoiled(ours.to_bytes());
            let they = hex::encode(spoiled).parse().is_ok_and(|spoiled| they_verify(&spoiled));
            let we = PreSignature::from_bytes(&spoiled)
                .and_then(|spoiled| spoiled.verify(&key, &case.message, &case.lock_point));
            assert!(!they && we.is_err());
        }
    }
}
