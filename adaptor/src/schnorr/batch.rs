use alloc::collections::BTreeMap;
use alloc::vec::Vec;

use pointlock_msm::{
    Affine, Backend, Jacobian, Scalar, Scratch, Term, multiply_sum_and_generator_in,
};
use secp256k1::XOnlyPublicKey;
use secp256k1::schnorr::Signature;
use sha2::Digest;

use super::arithmetic::{double_mul_and_add_on, even};
use super::key::Key;
use super::{CHALLENGE, PreSignature, verify_signature};
use crate::curve::{Point, Tag, coordinates};
use crate::{AdaptorError, BatchError, BatchFault};

static BATCH: Tag = Tag::new("pointlock/batch");
static COEFFICIENTS: Tag = Tag::new("pointlock/batch/coefficients");

/// How many items share an equation: with more of them the work for each goes down, slowly, and the memory up, which the
/// caches hold less and less of.
const CHUNK: usize = 2048;
/// How many items a thread takes at least.
#[cfg(feature = "threads")]
const SMALLEST_SHARE: usize = 256;
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
    /// The same as [`PreSignature`](Self::PreSignature) under a key whose both coordinates are known, of whatever parity:
    /// for [`PreSignature::verify_by_point`]. It spares a square root.
    PreSignatureByPoint {
        /// The signer's key.
        public_key: &'a Point,
        /// What is signed.
        message: &'a [u8; 32],
        /// T.
        lock_point: &'a Point,
        /// 33(R') ‖ s'.
        pre_signature: &'a PreSignature,
    },
    /// The same as [`Signature`](Self::Signature) under such a key.
    SignatureByPoint {
        /// The signer's key.
        public_key: &'a Point,
        /// What is signed.
        message: &'a [u8; 32],
        /// x(R) ‖ s.
        signature: &'a Signature,
    },
}

/// Verifies all items at once, with the fastest arithmetic that this processor has.
///
/// It accepts what single verification accepts, and nothing else; when something is wrong, it says which items single
/// verification refuses, and why. An empty batch is valid. A single item is verified singly. Items with the same key share
/// the work for it, wherever they stand: of a commitment of Lightning all have one or two. Of any number of items, 2,048 at a time are worked
/// on, with less than 4 MiB of memory.
///
/// # Why it is right
///
/// An item is valid when E = s'·G − e·P ∓ (R' − T) is zero and R' − T is not; for a BIP-340 signature when
/// E = s·G − e·P − R is zero, with R of even y. So R' and P are decompressed, which finds what is on no curve, R' − T is
/// computed and looked at for each item, and what is left to check for all is the sum of a_i·E_i, with coefficients
/// a_i below 2^128.
///
/// The group has prime order n > 2^128, so there are no points of small order that a coefficient could hide, and R' keeps
/// its parity. If some E_i with i > 0 is not zero, then whatever the other coefficients are, one value of
/// a_i at most makes the sum zero. If only E_0 is not zero, the sum is a_0·E_0: so a_0 may be 1.
///
/// The a_i are a hash of all items, of every byte that verification reads. Whoever makes a batch can try many: with 2^k hashes,
/// the chance of one that passes and should not is 2^(k − 128). That is the strength of the signatures themselves, and no
/// random numbers are needed: the verdict on a batch is the same each time. (In the bisection after a refusal
/// the same coefficients serve again, for sums of fewer items; that can only spare an item that was refused
/// with others, with the same small chance.)
///
/// # Errors
///
/// [`BatchError::Malformed`] before any arithmetic, if an encoding alone is refused; else [`BatchError::Invalid`], after
/// bisection.
///
/// # Example
///
/// ```
/// use pointlock_adaptor::schnorr::{self, BatchItem};
/// use pointlock_adaptor::curve::{Keypair, SecretScalar};
///
/// let keypair = Keypair::from_secret_bytes(&[1; 32])?;
/// let (public_key, message) = (keypair.x_only_public_key(), [2; 32]);
/// let lock_point = SecretScalar::from_bytes(&[3; 32])?.to_point();
/// let pre_signature = schnorr::pre_sign(&keypair, &message, &lock_point, &[4; 32])?;
///
/// let right = BatchItem::PreSignature {
///     public_key: &public_key,
///     message: &message,
///     lock_point: &lock_point,
///     pre_signature: &pre_signature,
/// };
/// schnorr::verify_batch(&[right, right])?;
///
/// let wrong = BatchItem::PreSignature {
///     public_key: &public_key,
///     message: &[5; 32],
///     lock_point: &lock_point,
///     pre_signature: &pre_signature,
/// };
/// let error = schnorr::verify_batch(&[right, wrong, right]).unwrap_err();
/// assert_eq!(error.indices().collect::<Vec<_>>(), [1]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub fn verify_batch(items: &[BatchItem<'_>]) -> Result<(), BatchError> {
    verify_batch_on(Backend::detect(), items)
}

/// [`verify_batch`] on a backend of one's choice: for measurements and tests.
///
/// # Errors
///
/// [`BatchError`].
pub fn verify_batch_on(backend: Backend, items: &[BatchItem<'_>]) -> Result<(), BatchError> {
    find_malformed(items)?;
    let (mut faults, mut scratch) = (Vec::new(), Scratch::default());
    for (i, chunk) in items.chunks(CHUNK).enumerate() {
        check(backend, chunk, i * CHUNK, &mut scratch, &mut faults);
    }
    verdict(faults)
}

/// [`verify_batch`] over the threads of rayon's pool, each with a share of the items: the verdict is the same.
///
/// A share has 256 items at least, since small batches cost more for each item. Every thread takes its own 4 MiB.
///
/// # Errors
///
/// [`BatchError`].
#[cfg(feature = "threads")]
pub fn verify_batch_in_threads(items: &[BatchItem<'_>]) -> Result<(), BatchError> {
    use rayon::iter::{IndexedParallelIterator, ParallelIterator};
    use rayon::slice::ParallelSlice;

    find_malformed(items)?;
    let backend = Backend::detect();
    let share = items.len().div_ceil(rayon::current_num_threads()).clamp(SMALLEST_SHARE, CHUNK);
    let faults = items.par_chunks(share).enumerate().map(|(i, chunk)| {
        let mut faults = Vec::new();
        check(backend, chunk, i * share, &mut Scratch::default(), &mut faults);
        faults
    });
    verdict(faults.flatten_iter().collect())
}

/// # Errors
///
/// [`BatchError::Malformed`].
fn find_malformed(items: &[BatchItem<'_>]) -> Result<(), BatchError> {
    let malformed = items.iter().enumerate().filter(|(_, item)| item.is_malformed());
    let faults: Vec<BatchFault> = malformed
        .map(|(index, _)| BatchFault { index, error: AdaptorError::InvalidSignature })
        .collect();
    if faults.is_empty() { Ok(()) } else { Err(BatchError::Malformed { faults }) }
}

/// Appends what is wrong with some items, of which the first stands at `start`.
fn check(
    backend: Backend,
    items: &[BatchItem<'_>],
    start: usize,
    scratch: &mut Scratch,
    faults: &mut Vec<BatchFault>,
) {
    if let [item] = items {
        faults.extend(fault(backend, start, item));
    } else {
        Equation::new(backend, items, start).check(scratch, faults);
    }
}

fn verdict(faults: Vec<BatchFault>) -> Result<(), BatchError> {
    if faults.is_empty() { Ok(()) } else { Err(BatchError::Invalid { faults }) }
}

/// Verifies each item for itself, eight side by side where the processor can: a verdict for each, and no randomisers.
///
/// Slower than [`verify_batch`] when all are valid, and not slower when they aren't.
pub fn verify_each(items: &[BatchItem<'_>]) -> Vec<Result<(), AdaptorError>> {
    verify_each_on(Backend::detect(), items)
}

/// [`verify_each`] on a backend of one's choice.
pub fn verify_each_on(backend: Backend, items: &[BatchItem<'_>]) -> Vec<Result<(), AdaptorError>> {
    if backend.lanes() == 1 {
        return items.iter().map(|item| item.verify_on(backend)).collect();
    }
    items.chunks(CHUNK).flat_map(|chunk| each(backend, chunk)).collect()
}

/// R + T = R' for each, as single verification computes it; whoever fails is looked at singly, for the reason.
fn each(backend: Backend, items: &[BatchItem<'_>]) -> Vec<Result<(), AdaptorError>> {
    let keys = Keys::of(items, backend);
    let triple = |(item, place): (&BatchItem<'_>, &usize)| {
        let parts: [&[u8]; 3] = [item.nonce().0, &item.key().x_bytes(), item.message()];
        let e = Scalar::from_hash(&CHALLENGE.hash(&parts));
        // A malformed one fails below, whatever is computed here.
        let scalar = if item.is_malformed() { Scalar::ZERO } else { item.scalar() };
        (scalar, e.negate(), keys.points[*place])
    };
    let triples: Vec<_> = items.iter().zip(&keys.places).map(triple).collect();
    let mut nonces = backend.double_multiply_all(&triples);
    for (nonce, item) in nonces.iter_mut().zip(items) {
        // For a signature R itself has to be even.
        if item.lock_point().is_some() && item.nonce().1 {
            *nonce = nonce.negate();
        }
    }
    let locks: Vec<Affine> =
        items.iter().map(|item| item.lock_point().map_or(Affine::INFINITY, coordinates)).collect();
    let sums = backend.add_all(&nonces, &locks);
    let verdict = |((item, nonce), sum): ((&BatchItem<'_>, &Affine), &Affine)| {
        let (x, odd) = item.nonce();
        let is_right = sum.to_coordinates().is_some_and(|(sum_x, _)| sum_x == *x)
            && sum.is_odd() == odd
            && !nonce.is_infinity()
            && !item.is_malformed();
        if is_right { Ok(()) } else { item.verify_on(backend) }
    };
    items.iter().zip(&nonces).zip(&sums).map(verdict).collect()
}

/// What single verification finds.
fn fault(backend: Backend, index: usize, item: &BatchItem<'_>) -> Option<BatchFault> {
    item.verify_on(backend).err().map(|error| BatchFault { index, error })
}

impl BatchItem<'_> {
    /// Single verification.
    ///
    /// # Errors
    ///
    /// Those of [`PreSignature::verify`] or of [`verify_signature`].
    pub fn verify(&self) -> Result<(), AdaptorError> {
        self.verify_on(Backend::detect())
    }

    /// Single verification on a backend of one's choice; BIP-340 signatures are libsecp256k1's to verify on any.
    fn verify_on(&self, backend: Backend) -> Result<(), AdaptorError> {
        let (key, message) = (self.key(), self.message());
        match self {
            Self::PreSignature { lock_point, pre_signature, .. }
            | Self::PreSignatureByPoint { lock_point, pre_signature, .. } => {
                let product = |a: &_, b: &_, key: Key<'_>, negate, summand: &_| {
                    double_mul_and_add_on(backend, a, b, key, negate, summand)
                };
                pre_signature.verify_by(product, key, message, lock_point)
            }
            Self::Signature { signature, .. } | Self::SignatureByPoint { signature, .. } => {
                verify_signature(signature, &key.x_only(), message)
            }
        }
    }

    /// Whether the encoding alone makes this invalid. Pre-signatures that are malformed don't exist.
    fn is_malformed(&self) -> bool {
        self.signature().is_some_and(|signature| {
            let (_, s) = split(signature.as_ref());
            Scalar::from_bytes(s).is_none()
        })
    }

    fn key(&self) -> Key<'_> {
        match self {
            Self::PreSignature { public_key, .. } | Self::Signature { public_key, .. } => {
                Key::XOnly(public_key)
            }
            Self::PreSignatureByPoint { public_key, .. }
            | Self::SignatureByPoint { public_key, .. } => Key::Point(public_key),
        }
    }

    fn message(&self) -> &[u8; 32] {
        match self {
            Self::PreSignature { message, .. }
            | Self::Signature { message, .. }
            | Self::PreSignatureByPoint { message, .. }
            | Self::SignatureByPoint { message, .. } => message,
        }
    }

    fn pre_signature(&self) -> Option<&PreSignature> {
        match self {
            Self::PreSignature { pre_signature, .. }
            | Self::PreSignatureByPoint { pre_signature, .. } => Some(pre_signature),
            Self::Signature { .. } | Self::SignatureByPoint { .. } => None,
        }
    }

    fn signature(&self) -> Option<&Signature> {
        match self {
            Self::PreSignature { .. } | Self::PreSignatureByPoint { .. } => None,
            Self::Signature { signature, .. } | Self::SignatureByPoint { signature, .. } => {
                Some(signature)
            }
        }
    }

    /// x(R') ‖ s' or x(R) ‖ s.
    fn halves(&self) -> (&[u8; 32], &[u8; 32]) {
        match self {
            Self::PreSignature { pre_signature, .. }
            | Self::PreSignatureByPoint { pre_signature, .. } => split(&pre_signature.0[1..]),
            Self::Signature { signature, .. } | Self::SignatureByPoint { signature, .. } => {
                split(signature.as_ref())
            }
        }
    }

    /// x(R') and whether y(R') is odd; x(R) and false.
    fn nonce(&self) -> (&[u8; 32], bool) {
        (self.halves().0, self.pre_signature().is_some_and(PreSignature::nonce_is_odd))
    }

    /// s' or s.
    fn scalar(&self) -> Scalar {
        Scalar::from_bytes(self.halves().1).expect("malformed ones were sorted out")
    }

    /// T, if there is one.
    fn lock_point(&self) -> Option<&Point> {
        match self {
            Self::PreSignature { lock_point, .. }
            | Self::PreSignatureByPoint { lock_point, .. } => Some(lock_point),
            Self::Signature { .. } | Self::SignatureByPoint { .. } => None,
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
    summands: Vec<Summand>,
    keys: Keys,
    /// R' − T of each item; infinity where R' is no point or equals T: those take single verification.
    nonces: Vec<Affine>,
}

/// The coefficients of an item.
struct Summand {
    /// a·s'
    of_generator: Scalar,
    /// −a·e
    of_key: Scalar,
    /// a
    of_nonce: u128,
}

/// The keys of some items: each once, however many items have it.
struct Keys {
    points: Vec<Affine>,
    /// Where the key of each item stands.
    places: Vec<usize>,
}

impl Keys {
    /// Keys are the same that have one x. Only the y of those that no item knows is computed.
    fn of(items: &[BatchItem<'_>], backend: Backend) -> Self {
        let mut known: BTreeMap<[u8; 32], usize> = BTreeMap::new();
        let (mut keys, mut places): (Vec<Key<'_>>, Vec<usize>) =
            (Vec::new(), Vec::with_capacity(items.len()));
        for item in items {
            let key = item.key();
            let place = *known.entry(key.x_bytes()).or_insert(keys.len());
            match keys.get_mut(place) {
                None => keys.push(key),
                Some(known) if key.point().is_some() => *known = key,
                Some(_) => {}
            }
            places.push(place);
        }
        let x_only = keys.iter().filter(|key| key.point().is_none());
        let encodings: Vec<([u8; 32], bool)> = x_only.map(|key| (key.x_bytes(), false)).collect();
        let mut decompressed = backend.decompress(&encodings).into_iter();
        let point = |key: &Key<'_>| match key.point() {
            None => decompressed.next().expect("there is one for each such key"),
            Some(key) => even(key),
        };
        Self { points: keys.iter().map(point).collect(), places }
    }
}

impl<'a> Equation<'a> {
    fn new(backend: Backend, items: &'a [BatchItem<'a>], start: usize) -> Self {
        let summand = |(item, a): (&BatchItem<'_>, u128)| {
            let parts: [&[u8]; 3] = [item.nonce().0, &item.key().x_bytes(), item.message()];
            let e = Scalar::from_hash(&CHALLENGE.hash(&parts));
            let coefficient = Scalar::from(a);
            Summand {
                of_generator: coefficient.mul(&item.scalar()),
                of_key: coefficient.mul(&e).negate(),
                of_nonce: a,
            }
        };
        let summands = items.iter().zip(coefficients(items)).map(summand).collect();
        let keys = Keys::of(items, backend);
        Self { backend, items, start, summands, keys, nonces: nonces(backend, items) }
    }

    /// Appends what is wrong with which item.
    fn check(&self, scratch: &mut Scratch, faults: &mut Vec<BatchFault>) {
        let before = faults.len();
        let outside = (0..self.items.len()).filter(|i| self.nonces[*i].is_infinity());
        faults.extend(outside.filter_map(|i| self.fault(i)));
        let all = self.sum(0, self.items.len(), scratch);
        self.bisect(0, self.items.len(), &all, scratch, faults);
        faults[before..].sort_unstable_by_key(|fault| fault.index);
    }

    fn fault(&self, i: usize) -> Option<BatchFault> {
        fault(self.backend, self.start + i, &self.items[i])
    }

    /// Looks for the invalid ones of the items `from` to `to`, whose sum is known. What the right half adds to it is what
    /// the left half does not.
    fn bisect(
        &self,
        from: usize,
        to: usize,
        sum: &Jacobian,
        scratch: &mut Scratch,
        faults: &mut Vec<BatchFault>,
    ) {
        if sum.is_infinity() {
            return;
        }
        if to - from <= LEAF {
            let in_sum = (from..to).filter(|i| !self.nonces[*i].is_infinity());
            faults.extend(in_sum.filter_map(|i| self.fault(i)));
            return;
        }
        let middle = from.midpoint(to);
        let left = self.sum(from, middle, scratch);
        self.bisect(from, middle, &left, scratch, faults);
        self.bisect(middle, to, &sum.add(&left.negate()), scratch, faults);
    }

    /// What the items `from` to `to` add up to. Items with the same key share a term.
    fn sum(&self, from: usize, to: usize, scratch: &mut Scratch) -> Jacobian {
        let mut terms = Vec::with_capacity(2 * (to - from));
        let mut generator = Scalar::ZERO;
        let mut of_keys = Vec::with_capacity(to - from);
        for i in (from..to).filter(|i| !self.nonces[*i].is_infinity()) {
            let summand = &self.summands[i];
            generator = generator.add(&summand.of_generator);
            of_keys.push((self.keys.places[i], summand.of_key));
            // s'·G − e·P is R' − T, or its opposite if R' is odd.
            let (_, is_odd) = self.items[i].nonce();
            terms.push(Term::short(self.nonces[i], summand.of_nonce, !is_odd));
        }
        of_keys.sort_unstable_by_key(|(place, _)| *place);
        for same in of_keys.chunk_by(|(one, _), (other, _)| one == other) {
            let sum = same.iter().fold(Scalar::ZERO, |sum, (_, of_key)| sum.add(of_key));
            terms.extend(same.first().map(|(place, _)| Term::new(self.keys.points[*place], &sum)));
        }
        multiply_sum_and_generator_in(self.backend, &generator, &terms, scratch)
    }
}

/// R' − T of each item; infinity if R' is no point or the difference is infinity.
fn nonces(backend: Backend, items: &[BatchItem<'_>]) -> Vec<Affine> {
    let encoding = |item: &BatchItem<'_>| {
        let (x, odd) = item.nonce();
        (*x, odd)
    };
    let lifted = backend.decompress(&items.iter().map(encoding).collect::<Vec<_>>());
    let minus_lock = |(item, nonce): (&BatchItem<'_>, &Affine)| match item.lock_point() {
        Some(point) if !nonce.is_infinity() => coordinates(point).negate(),
        _ => Affine::INFINITY,
    };
    let minus_locks: Vec<Affine> = items.iter().zip(&lifted).map(minus_lock).collect();
    backend.add_all(&lifted, &minus_locks)
}

/// One coefficient of 128 bits for each item, the first 1, by hashing all of them:
///
/// ```text
/// seed          = H_pointlock/batch(item_0 ‖ item_1 ‖ …)
/// item          = 01 ‖ 33(R') ‖ s' ‖ 33(T) ‖ x(P) ‖ m, or 00 ‖ x(R) ‖ s ‖ x(P) ‖ m
/// a_2j ‖ a_2j+1 = H_pointlock/batch/coefficients(seed ‖ j)        16 bytes each, j in 8 bytes; then a_0 = 1
/// ```
///
/// [`verify_batch`] draws them itself. They are public for whoever has to draw the same ones.
pub fn batch_coefficients(items: &[BatchItem<'_>]) -> Vec<[u8; 16]> {
    coefficients(items).into_iter().map(u128::to_be_bytes).collect()
}

fn coefficients(items: &[BatchItem<'_>]) -> Vec<u128> {
    let mut hasher = BATCH.hasher();
    for item in items {
        match (item.pre_signature(), item.lock_point()) {
            (Some(pre_signature), Some(lock_point)) => {
                hasher.update([1]);
                hasher.update(pre_signature.0);
                hasher.update(lock_point.to_bytes());
            }
            _ => {
                let (nonce, scalar) = item.halves();
                hasher.update([0]);
                hasher.update(nonce);
                hasher.update(scalar);
            }
        }
        hasher.update(item.key().x_bytes());
        hasher.update(item.message());
    }
    let seed = hasher.finalize();
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

#[cfg(test)]
mod tests;
