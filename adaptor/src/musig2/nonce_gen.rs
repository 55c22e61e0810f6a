//! Secret nonces: BIP-327's NonceGen.
//!
//! ```text
//! rand = sk xor H_MuSig/aux(session_rand)
//! k_i  = H_MuSig/nonce(rand ‖ 33 ‖ 33(P) ‖ 32 ‖ x(Q) ‖ 1 ‖ |m| ‖ m ‖ |extra| ‖ extra ‖ i − 1) mod n,  i = 1, 2
//! ```
//!
//! with lengths of one byte, |m| of eight and |extra| of four.

use alloc::boxed::Box;
use core::fmt;

use secp256k1::XOnlyPublicKey;
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::{Musig2Error, PublicNonce};
#[cfg(any(test, feature = "dangerous-raw-nonces"))]
use crate::curve::CurveError;
use crate::curve::{Keypair, Point, PublicScalar, SecretScalar, Tag};

static AUX: Tag = Tag::new("MuSig/aux");
static NONCE: Tag = Tag::new("MuSig/nonce");

/// The secret nonces of one signer for one session.
///
/// Whoever uses it for two sessions gives the key away. So there is no `Clone`, no encoding, no way to
/// make one from bytes outside of tests, and signing takes it by value. Two of them can't be compared. It stays where it was
/// made (moving it moves a pointer) and is erased there when it is used or dropped.
///
/// A program that is killed between the rounds loses the nonce, and starts a new session.
///
/// Used twice, it does not compile:
///
/// ```compile_fail,E0382
/// # use pointlock_adaptor::musig2::*;
/// # use pointlock_adaptor::curve::Keypair;
/// # fn twice(session: Session, other: Session, nonce: SecretNonce, alice: Keypair) {
/// let one = session.sign_partial(nonce, &alice);
/// let two = other.sign_partial(nonce, &alice);
/// # }
/// ```
///
/// Used once, it does:
///
/// ```
/// # use pointlock_adaptor::musig2::*;
/// # use pointlock_adaptor::curve::Keypair;
/// # fn once(session: Session, nonce: SecretNonce, alice: Keypair) {
/// let one = session.sign_partial(nonce, &alice);
/// # }
/// ```
pub struct SecretNonce {
    /// k_1 and k_2. Boxed, so that a move leaves no copy behind.
    scalars: Box<[SecretScalar; 2]>,
    public_key: Point,
    public_nonce: PublicNonce,
}

impl SecretNonce {
    /// Derives the nonces of one session.
    ///
    /// `session_rand` must be 32 bytes of fresh entropy, never used before. It is overwritten with zeros, which
    /// are refused: the same buffer does not make two nonces. Key, aggregate key, message and `extra_in`
    /// enter the hash as a second line of defence, should the entropy repeat after all. `aggregate_key` is
    /// [`KeyAggContext::x_only`](super::KeyAggContext::x_only), and `extra_in` anything else that tells sessions
    /// apart, a counter for example.
    ///
    /// # Errors
    ///
    /// [`Musig2Error::SessionRandUsed`], and in theory [`Musig2Error::DegenerateScalar`].
    pub fn generate(
        session_rand: &mut [u8; 32],
        keypair: &Keypair,
        aggregate_key: &XOnlyPublicKey,
        message: &[u8; 32],
        extra_in: Option<&[u8; 32]>,
    ) -> Result<Self, Musig2Error> {
        let options =
            NonceOptions { aggregate_key: Some(aggregate_key), message: Some(message), extra_in };
        Self::generate_early(session_rand, keypair, &options)
    }

    /// [`generate`](Self::generate) where the session is not known yet: BIP-327's NonceGen with its options.
    ///
    /// What a missing option costs. Without the *message*, entropy that repeats for another message makes the same nonce twice, and two
    /// partial signatures with it give the key away; so it has to be certain that this entropy serves one message alone. Without the
    /// *aggregate key*, the same holds for two groups of signers of which this key is one. A nonce that is announced before its message
    /// exists, as a channel's verification nonce is, has no choice about the first.
    ///
    /// # Errors
    ///
    /// As [`generate`](Self::generate).
    pub fn generate_early(
        session_rand: &mut [u8; 32],
        keypair: &Keypair,
        options: &NonceOptions<'_>,
    ) -> Result<Self, Musig2Error> {
        if bool::from(session_rand.ct_eq(&[0; 32])) {
            return Err(Musig2Error::SessionRandUsed);
        }
        let rand = masked(session_rand, keypair.secret_key());
        session_rand.zeroize();
        let public_key = keypair.public_key();
        let aggregate_key = options.aggregate_key.map(XOnlyPublicKey::serialize);
        let scalars = derive(&DeriveInput {
            rand: &rand,
            public_key: &public_key,
            aggregate_key: aggregate_key.as_ref().map_or(&[], |key| key),
            message: options.message.map(|message| &message[..]),
            extra_in: options.extra_in.map_or(&[], |extra| extra),
        })?;
        Ok(Self::from_scalars(scalars, public_key))
    }

    /// A nonce in BIP-327's encoding k_1 ‖ k_2 ‖ 33(P), as vectors of the standards have it.
    ///
    /// Dangerous because a nonce that has bytes can be used twice, which gives the key away. Nothing but a test turns the feature on.
    ///
    /// # Errors
    ///
    /// [`CurveError`]: a scalar out of its range, no point, or a length other than 97.
    #[cfg(any(test, feature = "dangerous-raw-nonces"))]
    pub fn dangerous_from_bytes(bytes: &[u8]) -> Result<Self, CurveError> {
        let actual = bytes.len();
        let bytes: &[u8; 97] =
            bytes.try_into().map_err(|_| CurveError::Length { expected: 97, actual })?;
        let scalar = |at: usize| {
            let mut scalar = Zeroizing::new([0; 32]);
            scalar.copy_from_slice(&bytes[at..at + 32]);
            SecretScalar::from_bytes(&scalar)
        };
        let scalars = Box::new([scalar(0)?, scalar(32)?]);
        Ok(Self::from_scalars(scalars, Point::from_slice(&bytes[64..])?))
    }

    /// What the other signers get to see of it.
    pub fn public_nonce(&self) -> PublicNonce {
        self.public_nonce
    }

    /// The key that this nonce was made for.
    pub fn public_key(&self) -> Point {
        self.public_key
    }

    /// k_1 + b·k_2. The two are erased.
    pub(super) fn into_effective(
        self,
        nonce_coefficient: &PublicScalar,
    ) -> Result<SecretScalar, Musig2Error> {
        let [first, second] = &*self.scalars;
        second
            .mul_public(nonce_coefficient)
            .and_then(|product| product.add(first))
            .map_err(|_| Musig2Error::DegenerateScalar)
    }

    fn from_scalars(scalars: Box<[SecretScalar; 2]>, public_key: Point) -> Self {
        let [first, second] = &*scalars;
        let public_nonce = PublicNonce { first: first.to_point(), second: second.to_point() };
        Self { scalars, public_key, public_nonce }
    }

    /// What a fault of the memory may do to it. In test builds only.
    #[cfg(test)]
    pub(super) fn with_fault(mut self) -> Self {
        self.scalars.swap(0, 1);
        self
    }
}

/// What BIP-327's NonceGen hashes besides entropy and key, as far as it is known: see [`SecretNonce::generate_early`].
#[derive(Clone, Copy, Debug, Default)]
pub struct NonceOptions<'a> {
    /// x(Q).
    pub aggregate_key: Option<&'a XOnlyPublicKey>,
    /// What will be signed.
    pub message: Option<&'a [u8; 32]>,
    /// Anything else that tells sessions apart.
    pub extra_in: Option<&'a [u8; 32]>,
}

impl fmt::Debug for SecretNonce {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "SecretNonce(public: {}, secret: …)", self.public_nonce)
    }
}

/// What goes into the hash.
struct DeriveInput<'a> {
    rand: &'a [u8; 32],
    public_key: &'a Point,
    aggregate_key: &'a [u8],
    message: Option<&'a [u8]>,
    extra_in: &'a [u8],
}

fn derive(input: &DeriveInput<'_>) -> Result<Box<[SecretScalar; 2]>, Musig2Error> {
    let message_length = input.message.map(|message| (message.len() as u64).to_be_bytes());
    let scalar = |index: u8| {
        let hash = Zeroizing::new(NONCE.hash(&[
            input.rand,
            &[Point::LENGTH as u8],
            &input.public_key.to_bytes(),
            &[input.aggregate_key.len() as u8],
            input.aggregate_key,
            &[u8::from(input.message.is_some())],
            message_length.as_ref().map_or(&[], |length| length),
            input.message.unwrap_or(&[]),
            &(input.extra_in.len() as u32).to_be_bytes(),
            input.extra_in,
            &[index],
        ]));
        SecretScalar::from_hash(&hash).map_err(|_| Musig2Error::DegenerateScalar)
    };
    Ok(Box::new([scalar(0)?, scalar(1)?]))
}

/// sk xor H_MuSig/aux(session_rand): a random number generator that an adversary controls does not suffice to
/// know the nonce.
fn masked(session_rand: &[u8; 32], secret_key: &SecretScalar) -> Zeroizing<[u8; 32]> {
    let mut rand = secret_key.dangerous_to_bytes();
    let aux = Zeroizing::new(AUX.hash(&[session_rand]));
    for (byte, aux) in rand.iter_mut().zip(aux.iter()) {
        *byte ^= aux;
    }
    rand
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;
    use alloc::format;
    use alloc::string::String;

    use serde::Deserialize;
    use static_assertions::assert_not_impl_any;

    use super::super::standards::{self, array, bytes};
    use super::*;

    assert_not_impl_any!(SecretNonce: Clone, Copy, PartialEq, AsRef<[u8]>, fmt::Display);
    assert_not_impl_any!(SecretNonce: serde::Serialize, From<[u8; 64]>, Into<[u8; 64]>);

    fn keypair(byte: u8) -> Keypair {
        Keypair::from_secret_bytes(&[byte; 32]).unwrap()
    }

    fn generate(input: &[[u8; 32]; 4], extra_in: Option<&[u8; 32]>) -> PublicNonce {
        let [session_rand, secret_key, aggregate_key, message] = input;
        let keypair = Keypair::from_secret_bytes(secret_key).unwrap();
        let aggregate_key = XOnlyPublicKey::from_slice(aggregate_key).unwrap();
        SecretNonce::generate(
            &mut session_rand.clone(),
            &keypair,
            &aggregate_key,
            message,
            extra_in,
        )
        .unwrap()
        .public_nonce()
    }

    /// Each bit of each input counts, in both halves.
    #[test]
    fn every_bit_of_every_input_changes_the_nonce() {
        let aggregate_key = keypair(9).x_only_public_key().serialize();
        let input = [[1; 32], [2; 32], aggregate_key, [4; 32]];
        let extra_in = [5; 32];
        let (mut firsts, mut seconds) = (BTreeSet::new(), BTreeSet::new());
        let mut seen = 0;
        let mut see = |nonce: PublicNonce| {
            seen += 1;
            firsts.insert(nonce.first);
            seconds.insert(nonce.second);
        };
        see(generate(&input, Some(&extra_in)));
        see(generate(&input, None));
        for bit in 0..256 {
            let flip = |bytes: &mut [u8; 32]| bytes[bit / 8] ^= 1 << (bit % 8);
            for part in 0..4 {
                let mut input = input;
                flip(&mut input[part]);
                // Half of all strings are no x coordinate.
                if part != 2 || XOnlyPublicKey::from_slice(&input[2]).is_ok() {
                    see(generate(&input, Some(&extra_in)));
                }
            }
            let mut extra_in = extra_in;
            flip(&mut extra_in);
            see(generate(&input, Some(&extra_in)));
        }
        assert!(seen > 4 * 256);
        assert_eq!((firsts.len(), seconds.len()), (seen, seen));
        assert!(firsts.is_disjoint(&seconds));
    }

    /// Options that are all there are the whole session; each that is missing is missing in the hash, and so is its defence.
    #[test]
    fn an_option_that_is_missing_is_not_hashed() {
        let (keypair, aggregate_key) = (keypair(2), keypair(9).x_only_public_key());
        let (message, extra_in) = ([4; 32], [5; 32]);
        let early = |options: NonceOptions<'_>| {
            SecretNonce::generate_early(&mut [1; 32], &keypair, &options).unwrap().public_nonce()
        };
        let all = NonceOptions {
            aggregate_key: Some(&aggregate_key),
            message: Some(&message),
            extra_in: Some(&extra_in),
        };
        let whole = SecretNonce::generate(
            &mut [1; 32],
            &keypair,
            &aggregate_key,
            &message,
            Some(&extra_in),
        );
        assert_eq!(early(all), whole.unwrap().public_nonce());
        let nonces = [
            early(all),
            early(NonceOptions { aggregate_key: None, ..all }),
            early(NonceOptions { message: None, ..all }),
            early(NonceOptions { extra_in: None, ..all }),
            early(NonceOptions::default()),
        ];
        let distinct: BTreeSet<_> = nonces.iter().map(|nonce| nonce.first).collect();
        assert_eq!(distinct.len(), 5);
        let used = SecretNonce::generate_early(&mut [0; 32], &keypair, &all);
        assert_eq!(used.unwrap_err(), Musig2Error::SessionRandUsed);
    }

    /// Flipped bits that leave no x coordinate are covered here, on the bytes that are hashed.
    #[test]
    fn every_bit_of_the_aggregate_key_changes_the_scalars() {
        let public_key = keypair(2).public_key();
        let mut seen = BTreeSet::new();
        for bit in 0..257 {
            let mut aggregate_key = [3; 32];
            if bit < 256 {
                aggregate_key[bit / 8] ^= 1 << (bit % 8);
            }
            let scalars = derive(&DeriveInput {
                rand: &[1; 32],
                public_key: &public_key,
                aggregate_key: &aggregate_key,
                message: Some(&[4; 32]),
                extra_in: &[],
            })
            .unwrap();
            seen.insert(*scalars[0].dangerous_to_bytes());
            seen.insert(*scalars[1].dangerous_to_bytes());
        }
        assert_eq!(seen.len(), 2 * 257);
    }

    #[test]
    fn session_randomness_is_used_up() {
        let (alice, x_only) = (keypair(1), keypair(9).x_only_public_key());
        let mut session_rand = [7; 32];
        let mut generate =
            || SecretNonce::generate(&mut session_rand, &alice, &x_only, &[0; 32], None);
        assert!(generate().is_ok());
        assert_eq!(generate().unwrap_err(), Musig2Error::SessionRandUsed);
        assert_eq!(session_rand, [0; 32]);
    }

    #[test]
    fn debug_has_no_secret() {
        let bytes = [[0xab; 32].as_slice(), &[0xcd; 32], &keypair(1).public_key().to_bytes()];
        let nonce = SecretNonce::dangerous_from_bytes(&bytes.concat()).unwrap();
        let text = format!("{nonce:?}");
        assert!(text.contains(&format!("{}", nonce.public_nonce())));
        assert!(!text.contains("abab") && !text.contains("cdcd"), "{text}");
    }

    #[derive(Deserialize)]
    struct Row {
        name: String,
        session_rand: String,
        secret_key: Option<String>,
        public_key: String,
        aggregate_key: Option<String>,
        message: Option<String>,
        extra_in: Option<String>,
        secret_nonce: String,
        public_nonce: String,
    }

    #[test]
    fn bip327_vectors() {
        for row in standards::rows::<Row>("bip327/nonce_gen.json", 4) {
            let name = &row.name;
            let session_rand = array(&row.session_rand);
            let rand = match &row.secret_key {
                Some(secret_key) => {
                    let keypair = Keypair::from_secret_bytes(&array(secret_key)).unwrap();
                    assert_eq!(keypair.public_key().to_bytes(), array(&row.public_key), "{name}");
                    masked(&session_rand, keypair.secret_key())
                }
                None => Zeroizing::new(session_rand),
            };
            let public_key: Point = row.public_key.parse().unwrap();
            let optional = |text: &Option<String>| text.as_deref().map(bytes);
            let scalars = derive(&DeriveInput {
                rand: &rand,
                public_key: &public_key,
                aggregate_key: &optional(&row.aggregate_key).unwrap_or_default(),
                message: optional(&row.message).as_deref(),
                extra_in: &optional(&row.extra_in).unwrap_or_default(),
            })
            .unwrap();
            let expected: [u8; 97] = array(&row.secret_nonce);
            assert_eq!(*scalars[0].dangerous_to_bytes(), expected[..32], "{name}");
            assert_eq!(*scalars[1].dangerous_to_bytes(), expected[32..64], "{name}");
            let nonce = SecretNonce::from_scalars(scalars, public_key);
            assert_eq!(nonce.public_nonce().to_bytes(), array(&row.public_nonce), "{name}");
            assert_eq!(nonce.public_key().to_bytes(), expected[64..], "{name}");
        }
    }
}
