use alloc::vec::Vec;

use pointlock_msm::{Affine, Backend, Jacobian, Scalar, Term, multiply_sum};
use secp256k1::XOnlyPublicKey;
use secp256k1::schnorr::Signature;

use super::arithmetic::coordinates;
use super::{CHALLENGE, PreSignature, verify_signature};
use crate::adaptor::{AdaptorError, BatchError, BatchFault};
use crate::curve::{Point, Tag};

static BATCH: Tag = Tag::new("pointlock/batch");
static COEFFICIENTS: Tag = Tag::new("pointlock/batch/coefficients");

/// How many items share an equation: the work for each goes down with the number, slowly here, and memory up.
const CHUNK: usize = 4096;
/// Down to how many items a wrong sum is halved; these are then verified one by one.
const LEAF: usize = 4;

/// One of many to verify: a pre-signature or a signature, and what it is for.
#[derive(Clone, Copy, Debug)]
pub enum BatchItem<'a> {
    /// A pre-signature, for [`PreSignature::verify`].
    PreSignature {
        /// The signer's key.
        public_key: &'a XOnlyPublicKey,
        /// What is signed.
        message: &'a [u8; 32],
        /// T.
        lock_point: &'a Point,
        /// 33(R') ‖ s'.
        pre_signature: &'a PreSignature,
    },
    /// A BIP-340 signature, for [`verify_signature`].
    Signature {
        /// The signer's key.
        public_key: &'a XOnlyPublicKey,
        /// What is signed.
        message: &'a [u8; 32],
        /// x(R) ‖ s.
        signature: &'a Signature,
    },
}

/// Verifies all items at once, with the fastest arithmetic that this processor has.
///
/// # Errors
///
/// [`BatchError`].
pub fn verify_batch(items: &[BatchItem<'_>]) -> Result<(), BatchError> {
    verify_batch_on(Backend::detect(), items)
}

/// [`verify_batch`] on a backend of one's choice: for measurements and tests.
///
/// # Errors
///
/// [`BatchError`].
pub fn verify_batch_on(backend: Backend, items: &[BatchItem<'_>]) -> Result<(), BatchError> {
    let malformed = items.iter().enumerate().filter(|(_, item)| item.is_malformed());
    let faults: Vec<BatchFault> =
        malformed.map(|(index, _)| BatchFault { index, error: AdaptorError::InvalidSignature }).collect();
    if !faults.is_empty() {
        return Err(BatchError::Malformed { faults });
    }
    let mut faults = Vec::new();
    for (i, chunk) in items.chunks(CHUNK).enumerate() {
        if let [item] = chunk {
            faults.extend(fault(i * CHUNK, item));
        } else {
            Equation::new(backend, chunk, i * CHUNK).check(&mut faults);
        }
    }
    if faults.is_empty() { Ok(()) } else { Err(BatchError::Invalid { faults }) }
}

/// What single verification finds.
fn fault(index: usize, item: &BatchItem<'_>) -> Option<BatchFault> {
    item.verify().err().map(|error| BatchFault { index, error })
}

impl BatchItem<'_> {
    /// Single verification.
    ///
    /// # Errors
    ///
    /// Those of [`PreSignature::verify`] or of [`verify_signature`].
    pub fn verify(&self) -> Result<(), AdaptorError> {
        match self {
            Self::PreSignature { public_key, message, lock_point, pre_signature } => {
                pre_signature.verify(public_key, message, lock_point)
            }
            Self::Signature { public_key, message, signature } => {
                verify_signature(signature, public_key, message)
            }
        }
    }

    /// Whether the encoding alone makes this invalid. Pre-signatures that are malformed don't exist.
    fn is_malformed(&self) -> bool {
        match self {
            Self::PreSignature { .. } => false,
            Self::Signature { signature, .. } => {
                let (_, s) = split(signature.as_ref());
                Scalar::from_bytes(s).is_none()
            }
        }
    }

    fn public_key(&self) -> &XOnlyPublicKey {
        match self {
            Self::PreSignature { public_key, .. } | Self::Signature { public_key, .. } => public_key,
        }
    }

    fn message(&self) -> &[u8; 32] {
        match self {
            Self::PreSignature { message, .. } | Self::Signature { message, .. } => message,
        }
    }

    /// x(R') and whether y(R') is odd; x(R) and false.
    fn nonce(&self) -> (&[u8; 32], bool) {
        match self {
            Self::PreSignature { pre_signature, .. } => {
                (split(&pre_signature.0[1..]).0, pre_signature.nonce_is_odd())
            }
            Self::Signature { signature, .. } => (split(signature.as_ref()).0, false),
        }
    }

    /// s' or s.
    fn scalar(&self) -> Scalar {
        let bytes = match self {
            Self::PreSignature { pre_signature, .. } => pre_signature.scalar_bytes(),
            Self::Signature { signature, .. } => split(signature.as_ref()).1,
        };
        Scalar::from_bytes(bytes).expect("malformed ones were sorted out")
    }

    /// T, if there is one.
    fn lock_point(&self) -> Option<&Point> {
        match self {
            Self::PreSignature { lock_point, .. } => Some(lock_point),
            Self::Signature { .. } => None,
        }
    }
}

/// Two halves of 64 bytes.
fn split(bytes: &[u8]) -> (&[u8; 32], &[u8; 32]) {
    let halves = bytes.first_chunk().zip(bytes.last_chunk());
    halves.expect("64 bytes begin with 32 and end with 32")
}

/// The sum that is zero if all items are valid: of a·(s'·G − e·P ∓ (R' − T)) for each item.
struct Equation<'a> {
    backend: Backend,
    items: &'a [BatchItem<'a>],
    /// The index of the first item in the batch.
    start: usize,
    /// What each item adds. None: not without single verification, since R' is no point or equals T.
    summands: Vec<Option<Summand>>,
}

/// s·G − k·P ∓ a·N, with s = a·s', k = a·e, N = R' − T.
struct Summand {
    s: Scalar,
    k: Scalar,
    key: Affine,
    a: u128,
    nonce: Affine,
    nonce_is_odd: bool,
}

impl<'a> Equation<'a> {
    fn new(backend: Backend, items: &'a [BatchItem<'a>], start: usize) -> Self {
        let keys = keys(backend, items);
        let nonces = nonces(backend, items);
        let prepared = items.iter().zip(keys).zip(nonces).zip(coefficients(items));
        let summand = |(((item, key), nonce), a): (((&BatchItem<'_>, _), _), _)| {
            let (nonce_x, nonce_is_odd) = item.nonce();
            let parts: [&[u8]; 3] = [nonce_x, &item.public_key().serialize(), item.message()];
            let e = Scalar::from_hash(&CHALLENGE.hash(&parts));
            let coefficient = Scalar::from(a);
            let (s, k) = (coefficient.mul(&item.scalar()), coefficient.mul(&e));
            Some(Summand { s, k, key: key?, a, nonce: nonce?, nonce_is_odd })
        };
        Self { backend, items, start, summands: prepared.map(summand).collect() }
    }

    /// Appends what is wrong with which item.
    fn check(&self, faults: &mut Vec<BatchFault>) {
        let before = faults.len();
        let without = self.summands.iter().enumerate().filter(|(_, summand)| summand.is_none());
        faults.extend(without.filter_map(|(i, _)| self.fault(i)));
        self.bisect(0, self.items.len(), &self.sum(0, self.items.len()), faults);
        faults[before..].sort_unstable_by_key(|fault| fault.index);
    }

    fn fault(&self, i: usize) -> Option<BatchFault> {
        fault(self.start + i, &self.items[i])
    }

    /// Looks for the invalid ones of the items `from` to `to`, whose sum is known. What the right half adds to it is what
    /// the left half does not.
    fn bisect(&self, from: usize, to: usize, sum: &Jacobian, faults: &mut Vec<BatchFault>) {
        if sum.is_infinity() {
            return;
        }
        if to - from <= LEAF {
            let in_sum = (from..to).filter(|i| self.summands[*i].is_some());
            faults.extend(in_sum.filter_map(|i| self.fault(i)));
            return;
        }
        let middle = from.midpoint(to);
        let left = self.sum(from, middle);
        self.bisect(from, middle, &left, faults);
        self.bisect(middle, to, &sum.add(&left.negate()), faults);
    }

    /// What the items `from` to `to` add up to. Neighbours with the same key share a term.
    fn sum(&self, from: usize, to: usize) -> Jacobian {
        let mut terms = Vec::with_capacity(2 * (to - from) + 1);
        let mut generator = Scalar::ZERO;
        let mut of_key: Option<(Affine, Scalar)> = None;
        for summand in self.summands[from..to].iter().flatten() {
            generator = generator.add(&summand.s);
            of_key = match of_key {
                Some((key, k)) if key == summand.key => Some((key, k.add(&summand.k))),
                other => {
                    terms.extend(other.map(|(key, k)| Term::new(key, &k.negate())));
                    Some((summand.key, summand.k))
                }
            };
            // s'·G − e·P is R' − T, or its opposite if R' is odd.
            terms.push(Term::short(summand.nonce, summand.a, !summand.nonce_is_odd));
        }
        terms.extend(of_key.map(|(key, k)| Term::new(key, &k.negate())));
        terms.push(Term::new(Affine::GENERATOR, &generator));
        multiply_sum(self.backend, &terms)
    }
}

/// P of each item. Neighbours with the same key share a square root.
fn keys(backend: Backend, items: &[BatchItem<'_>]) -> Vec<Option<Affine>> {
    let mut encodings: Vec<([u8; 32], bool)> = Vec::with_capacity(items.len());
    let mut places = Vec::with_capacity(items.len());
    for (i, item) in items.iter().enumerate() {
        if i == 0 || items[i - 1].public_key() != item.public_key() {
            encodings.push((item.public_key().serialize(), false));
        }
        places.push(encodings.len() - 1);
    }
    let keys = backend.decompress(&encodings);
    places.iter().map(|place| keys[*place]).collect()
}

/// R' − T of each item; None if R' is no point or the difference is infinity.
fn nonces(backend: Backend, items: &[BatchItem<'_>]) -> Vec<Option<Affine>> {
    let encodings: Vec<([u8; 32], bool)> = items
        .iter()
        .map(|item| {
            let (x, odd) = item.nonce();
            (*x, odd)
        })
        .collect();
    let lifted = backend.decompress(&encodings);
    let pair = |(item, nonce): (&BatchItem<'_>, &Option<Affine>)| {
        let lock = item.lock_point().map_or(Affine::INFINITY, |point| coordinates(point).negate());
        (nonce.unwrap_or(Affine::INFINITY), lock)
    };
    let pairs: Vec<(Affine, Affine)> = items.iter().zip(&lifted).map(pair).collect();
    let differences = backend.add_all(&pairs);
    let known = |(difference, nonce): (Affine, Option<Affine>)| {
        (nonce.is_some() && !difference.is_infinity()).then_some(difference)
    };
    differences.into_iter().zip(lifted).map(known).collect()
}

/// One coefficient of 128 bits for each item, the first 1, by hashing all of them.
fn coefficients(items: &[BatchItem<'_>]) -> Vec<u128> {
    let mut all = Vec::with_capacity(items.len() * 164);
    for item in items {
        match item {
            BatchItem::PreSignature { pre_signature, lock_point, .. } => {
                all.push(1);
                all.extend(pre_signature.to_bytes());
                all.extend(lock_point.to_bytes());
            }
            BatchItem::Signature { signature, .. } => {
                all.push(0);
                all.extend(signature.as_ref());
            }
        }
        all.extend(item.public_key().serialize());
        all.extend(item.message());
    }
    let seed = BATCH.hash(&[&all]);
    let pairs = (0u64..).flat_map(|i| {
        let hash = COEFFICIENTS.hash(&[&seed, &i.to_be_bytes()]);
        let half = |half: &[u8]| u128::from_be_bytes(half.try_into().expect("16 of 32 bytes"));
        [half(&hash[..16]), half(&hash[16..])]
    });
    let mut coefficients: Vec<u128> = pairs.take(items.len()).collect();
    if let Some(first) = coefficients.first_mut() {
        *first = 1;
    }
    coefficients
}
