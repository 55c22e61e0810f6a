//! Batches against single verification, on what an adversary would make of them: the verdict, the indices and the reasons
//! are the same, on every backend.

#![cfg(feature = "batch")]
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::adaptor::schnorr::{
    Backend, BatchItem, PreSignature, pre_sign, verify_batch, verify_batch_on, verify_each,
    verify_each_on,
};
use pointlock::adaptor::{AdaptorError, BatchError, BatchFault};
use pointlock::curve::{Keypair, Point, PublicScalar, SecretScalar, Tag, XOnlyPublicKey};
use proptest::prelude::*;
use secp256k1::schnorr::Signature;

static DRAW: Tag = Tag::new("pointlock/tests/batch");
static CHALLENGE: Tag = Tag::new("BIP0340/challenge");

/// What an item is made of, owned.
#[derive(Clone, Debug)]
struct Owned {
    public_key: XOnlyPublicKey,
    /// The key with both coordinates, of either parity, if the item has it so.
    key_point: Option<Point>,
    message: [u8; 32],
    lock_point: Point,
    pre_signature: PreSignature,
    /// In place of the pre-signature.
    signature: Option<Signature>,
    /// Whose key it was made with, by its number.
    key: u32,
}

fn draw(label: &str, index: u32) -> [u8; 32] {
    DRAW.hash(&[label.as_bytes(), &index.to_be_bytes()])
}

fn scalar(label: &str, index: u32) -> SecretScalar {
    SecretScalar::from_hash(&draw(label, index)).unwrap()
}

impl Owned {
    /// Keys repeat, alone and in runs.
    fn new(index: u32, key: u32) -> Self {
        let keypair = Keypair::new(scalar("d", key));
        let (message, lock_secret) = (draw("m", index), scalar("t", index));
        let lock_point = lock_secret.to_point();
        let pre_signature = pre_sign(&keypair, &message, &lock_point, &[0; 32]).unwrap();
        let signature = (index % 4 == 3).then(|| pre_signature.adapt(&lock_secret));
        let public_key = keypair.x_only_public_key();
        let mut even_or_odd = Point::from(public_key);
        if index % 2 == 1 {
            even_or_odd = even_or_odd.negate();
        }
        let key_point = (index % 3 == 1).then_some(even_or_odd);
        Self { public_key, key_point, message, lock_point, pre_signature, signature, key }
    }

    fn item(&self) -> BatchItem<'_> {
        let Self { public_key, message, lock_point, pre_signature, signature, .. } = self;
        match (signature, &self.key_point) {
            (Some(signature), None) => BatchItem::Signature { public_key, message, signature },
            (Some(signature), Some(public_key)) => {
                BatchItem::SignatureByPoint { public_key, message, signature }
            }
            (None, None) => {
                BatchItem::PreSignature { public_key, message, lock_point, pre_signature }
            }
            (None, Some(public_key)) => {
                BatchItem::PreSignatureByPoint { public_key, message, lock_point, pre_signature }
            }
        }
    }

    fn set_key(&mut self, public_key: XOnlyPublicKey) {
        self.public_key = public_key;
        self.key_point = self.key_point.map(|_| Point::from(public_key));
    }

    /// s' or s plus `delta`.
    fn shift(&mut self, delta: &PublicScalar) {
        let shifted = |bytes: &[u8]| {
            let scalar = PublicScalar::from_bytes(bytes.try_into().unwrap()).unwrap();
            scalar.add(delta).to_bytes()
        };
        if let Some(signature) = &mut self.signature {
            let mut bytes = signature.serialize();
            let scalar = shifted(&bytes[32..]);
            bytes[32..].copy_from_slice(&scalar);
            *signature = Signature::from_slice(&bytes).unwrap();
        } else {
            let mut bytes = self.pre_signature.to_bytes();
            let scalar = shifted(&bytes[33..]);
            bytes[33..].copy_from_slice(&scalar);
            self.pre_signature = PreSignature::from_bytes(&bytes).unwrap();
        }
    }

    fn set_nonce(&mut self, encoding: [u8; 33]) {
        let mut bytes = self.pre_signature.to_bytes();
        bytes[..33].copy_from_slice(&encoding);
        self.pre_signature = PreSignature::from_bytes(&bytes).unwrap();
        if let Some(signature) = &mut self.signature {
            let mut bytes = signature.serialize();
            bytes[..32].copy_from_slice(&encoding[1..]);
            *signature = Signature::from_slice(&bytes).unwrap();
        }
    }

    /// The sum of nonce and lock gets the right x and the wrong y.
    fn oppose(&mut self) {
        let Ok(nonce) = Point::from_bytes(&self.nonce()) else { return };
        if let Some(signature) = &mut self.signature {
            // R = s·G − e·P and −R = (2·e·d − s)·G − e·P, where d belongs to the even key.
            let keypair = Keypair::new(scalar("d", self.key));
            let d = keypair.secret_key().dangerous_reveal();
            let d = if keypair.public_key().is_odd() { d.negate() } else { d };
            let mut bytes = signature.serialize();
            let parts: [&[u8]; 3] = [&bytes[..32], &self.public_key.serialize(), &self.message];
            let e = PublicScalar::from_hash(&CHALLENGE.hash(&parts));
            let s = PublicScalar::from_bytes(bytes[32..].try_into().unwrap()).unwrap();
            let product = e.mul(&d);
            let opposite = product.add(&product).sub(&s);
            bytes[32..].copy_from_slice(&opposite.to_bytes());
            *signature = Signature::from_slice(&bytes).unwrap();
        } else if let Ok(lock_point) = self.lock_point.sub(&nonce).and_then(|less| less.sub(&nonce))
        {
            // R' − T is not touched: R + (T − 2·R') = −R'.
            self.lock_point = lock_point;
        }
    }

    /// A lock point with which the sum is right for −R.
    fn oppose_nonce(&mut self) {
        let Ok(sum) = Point::from_bytes(&self.nonce()) else { return };
        // R' + R = 2·R' − T
        if let Ok(lock_point) = sum.sub(&self.lock_point).and_then(|nonce| sum.add(&nonce)) {
            self.lock_point = lock_point;
        }
    }

    fn nonce(&self) -> [u8; 33] {
        *self.pre_signature.to_bytes().first_chunk().unwrap()
    }
}

/// What an adversary does to a batch. Indices are taken modulo its length.
#[derive(Clone, Debug)]
enum Trick {
    /// s' + δ here and s' − δ there: without randomisers the two cancel.
    Cancel(usize, usize, u8),
    Duplicate(usize, usize),
    /// The other parity byte of R'.
    WrongParity(usize),
    NegateLock(usize),
    /// R + T = −R': right but for the parity of the sum.
    OppositeSum(usize),
    /// −R + T = R'.
    OppositeNonce(usize),
    SwapLocks(usize, usize),
    SwapNonces(usize, usize),
    SwapKeys(usize, usize),
    WrongMessage(usize),
    /// R' = T.
    NonceIsLock(usize),
    /// s' = 0 and s = 0.
    ZeroScalar(usize),
    OffTheCurve(usize, u8),
    /// x(R') at p, and above.
    NonceTooLarge(usize),
}

fn tricks() -> impl Strategy<Value = Trick> {
    use Trick::*;
    let (i, j) = (any::<usize>(), any::<usize>());
    prop_oneof![
        (i, j, 1..=255u8).prop_map(|(i, j, d)| Cancel(i, j, d)),
        (i, j).prop_map(|(i, j)| Duplicate(i, j)),
        i.prop_map(WrongParity),
        i.prop_map(NegateLock),
        i.prop_map(OppositeSum),
        i.prop_map(OppositeNonce),
        (i, j).prop_map(|(i, j)| SwapLocks(i, j)),
        (i, j).prop_map(|(i, j)| SwapNonces(i, j)),
        (i, j).prop_map(|(i, j)| SwapKeys(i, j)),
        i.prop_map(WrongMessage),
        i.prop_map(NonceIsLock),
        i.prop_map(ZeroScalar),
        (i, any::<u8>()).prop_map(|(i, x)| OffTheCurve(i, x)),
        i.prop_map(NonceTooLarge),
    ]
}

impl Trick {
    fn play(&self, batch: &mut [Owned]) {
        let count = batch.len();
        match *self {
            Self::Cancel(i, j, delta) if i % count != j % count => {
                let mut bytes = [0; 32];
                bytes[31] = delta;
                let delta = PublicScalar::from_bytes(&bytes).unwrap();
                batch[i % count].shift(&delta);
                batch[j % count].shift(&delta.negate());
            }
            Self::Cancel(..) => {}
            Self::Duplicate(i, j) => batch[i % count] = batch[j % count].clone(),
            Self::WrongParity(i) => {
                let mut nonce = batch[i % count].nonce();
                nonce[0] ^= 1;
                batch[i % count].set_nonce(nonce);
            }
            Self::NegateLock(i) => {
                let item = &mut batch[i % count];
                item.lock_point = item.lock_point.negate();
            }
            Self::OppositeSum(i) => batch[i % count].oppose(),
            Self::OppositeNonce(i) => batch[i % count].oppose_nonce(),
            Self::SwapLocks(i, j) => {
                let (a, b) = (batch[i % count].lock_point, batch[j % count].lock_point);
                (batch[i % count].lock_point, batch[j % count].lock_point) = (b, a);
            }
            Self::SwapNonces(i, j) => {
                let (a, b) = (batch[i % count].nonce(), batch[j % count].nonce());
                batch[i % count].set_nonce(b);
                batch[j % count].set_nonce(a);
            }
            Self::SwapKeys(i, j) => {
                let (a, b) = (batch[i % count].public_key, batch[j % count].public_key);
                batch[i % count].set_key(b);
                batch[j % count].set_key(a);
            }
            Self::WrongMessage(i) => batch[i % count].message[7] ^= 4,
            Self::NonceIsLock(i) => {
                let lock_point = batch[i % count].lock_point.to_bytes();
                batch[i % count].set_nonce(lock_point);
            }
            Self::ZeroScalar(i) => {
                let item = &mut batch[i % count];
                let bytes = match &item.signature {
                    Some(signature) => signature.serialize()[32..].to_vec(),
                    None => item.pre_signature.to_bytes()[33..].to_vec(),
                };
                let scalar = PublicScalar::from_bytes(&bytes.try_into().unwrap()).unwrap();
                item.shift(&scalar.negate());
            }
            Self::OffTheCurve(i, x) => {
                let mut nonce = [0; 33];
                (nonce[0], nonce[32]) = (2 + x % 2, x);
                batch[i % count].set_nonce(nonce);
            }
            Self::NonceTooLarge(i) => {
                let mut nonce = [0xff; 33];
                nonce[0] = 3;
                batch[i % count].set_nonce(nonce);
            }
        }
    }
}

/// The batch says what single verification says, of every item.
fn check(batch: &[Owned]) {
    let items: Vec<BatchItem<'_>> = batch.iter().map(Owned::item).collect();
    let each: Vec<Result<(), AdaptorError>> = items.iter().map(BatchItem::verify).collect();
    let faults: Vec<BatchFault> = each
        .iter()
        .enumerate()
        .filter_map(|(index, verdict)| verdict.err().map(|error| BatchFault { index, error }))
        .collect();
    let expected = if faults.is_empty() { Ok(()) } else { Err(BatchError::Invalid { faults }) };
    for backend in Backend::all() {
        assert_eq!(verify_batch_on(backend, &items), expected, "{}", backend.name());
        assert_eq!(verify_each_on(backend, &items), each, "{}", backend.name());
    }
    assert_eq!(verify_each(&items), each);
}

#[test]
fn all_sizes() {
    let batch: Vec<Owned> = (0..70).map(|index| Owned::new(index, index)).collect();
    for size in 0..=70 {
        check(&batch[..size]);
    }
    assert_eq!(verify_batch(&[]), Ok(()));
}

/// A node's commitment: one key signs all.
#[test]
fn one_key() {
    let mut batch: Vec<Owned> = (0..100).map(|index| Owned::new(index, 0)).collect();
    check(&batch);
    batch[63].message[0] ^= 1;
    check(&batch);
}

/// Several equations, with faults in each and none, at their ends too.
#[test]
fn many_items() {
    let mut batch: Vec<Owned> = (0..150).map(|index| Owned::new(index, index / 3)).collect();
    while batch.len() < 2_500 {
        batch.extend_from_within(..150.min(2_500 - batch.len()));
    }
    check(&batch);
    for index in [0, 1, 1_023, 1_024, 2_499] {
        batch[index].message[31] ^= 1;
    }
    check(&batch);
}

/// All of them wrong: the worst case of the bisection.
#[test]
fn all_wrong() {
    let mut batch: Vec<Owned> = (0..64).map(|index| Owned::new(index, index)).collect();
    for item in &mut batch {
        item.message[0] ^= 1;
    }
    check(&batch);
}

#[test]
fn each_trick_alone_is_found() {
    use Trick::*;
    for trick in [
        Cancel(1, 4, 9),
        WrongParity(2),
        NegateLock(2),
        OppositeSum(2),
        OppositeSum(3),
        // Even and odd R'.
        OppositeNonce(0),
        OppositeNonce(1),
        OppositeNonce(2),
        OppositeNonce(4),
        SwapLocks(1, 2),
        SwapNonces(1, 2),
        SwapKeys(1, 2),
        WrongMessage(3),
        NonceIsLock(1),
        ZeroScalar(3),
        OffTheCurve(1, 5),
        NonceTooLarge(3),
    ] {
        let mut batch: Vec<Owned> = (0..9).map(|index| Owned::new(index, index)).collect();
        trick.play(&mut batch);
        let items: Vec<BatchItem<'_>> = batch.iter().map(Owned::item).collect();
        assert!(verify_batch(&items).is_err(), "{trick:?}");
        check(&batch);
    }
}

/// Puts a pre-signature in place of the item's: this nonce, and s' = e·d + `rest` with the d of any signer.
fn forge(item: &mut Owned, signer: u32, nonce: &[u8; 33], rest: &PublicScalar) {
    let keypair = Keypair::new(scalar("d", signer));
    let d = keypair.secret_key().dangerous_reveal();
    let d = if keypair.public_key().is_odd() { d.negate() } else { d };
    let parts: [&[u8]; 3] = [&nonce[1..], &item.public_key.serialize(), &item.message];
    let s = PublicScalar::from_hash(&CHALLENGE.hash(&parts)).mul(&d).add(rest);
    item.pre_signature = PreSignature::from_slice(&[&nonce[..], &s.to_bytes()].concat()).unwrap();
}

/// The first k with an even R', that R' being k·G and this.
fn even_nonce(summand: Option<&Point>) -> ([u8; 33], PublicScalar) {
    let nonces = (0..).map(|index| scalar("k", index));
    let mut sums = nonces.map(|nonce| {
        let point = nonce.to_point();
        (summand.map_or(point, |summand| point.add(summand).unwrap()), nonce)
    });
    let (sum, nonce) = sums.find(|(sum, _)| !sum.is_odd()).unwrap();
    (sum.to_bytes(), nonce.dangerous_reveal())
}

/// s' − 0·e: with R' = T the signer would have signed with the nonce zero, s' = e·d. The equation holds, and
/// single verification refuses it all the same.
#[test]
fn the_nonce_zero_is_refused() {
    let mut batch: Vec<Owned> = (0..9).map(|index| Owned::new(index, index)).collect();
    let nonce = batch[5].lock_point.to_bytes();
    forge(&mut batch[5], 5, &nonce, &PublicScalar::ZERO);
    assert_eq!(batch[5].item().verify(), Err(AdaptorError::NonceAtInfinity));
    check(&batch);
}

/// s'·G − e·P is R' and not R' − T: signatures that need no secret, given out as some that do. No item's equation fails without T, so
/// that none is looked at singly for another's sake.
#[test]
fn the_lock_point_is_in_the_equation() {
    let mut batch: Vec<Owned> = (0..9).map(|index| Owned::new(index, index)).collect();
    let (nonce, k) = even_nonce(None);
    for item in &mut batch {
        forge(item, item.key, &nonce, &k);
    }
    assert_eq!(batch[5].item().verify(), Err(AdaptorError::InvalidPreSignature));
    check(&batch);
}

/// The sum of every item is right for −R, so that again no equation that fails leads to single verification.
#[test]
fn the_sign_of_the_nonces_is_in_the_equation() {
    let mut batch: Vec<Owned> = (0..12).map(|index| Owned::new(index, index)).collect();
    batch.retain(|item| item.signature.is_none());
    batch.iter_mut().for_each(Owned::oppose_nonce);
    assert_eq!(batch[5].item().verify(), Err(AdaptorError::InvalidPreSignature));
    check(&batch);
}

/// s'·G − e·P is −T: right if an R' that is no point counted as infinity.
#[test]
fn a_nonce_off_the_curve_is_not_infinity() {
    let mut batch: Vec<Owned> = (0..9).map(|index| Owned::new(index, index)).collect();
    let mut nonce = [0; 33];
    (nonce[0], nonce[32]) = (2, 5);
    forge(&mut batch[5], 5, &nonce, &scalar("t", 5).dangerous_reveal().negate());
    assert_eq!(batch[5].item().verify(), Err(AdaptorError::NonceNotOnCurve));
    check(&batch);
}

/// The item beside it is signed with the key that signed this one.
#[test]
fn items_of_two_keys_do_not_share_one() {
    let mut batch = [Owned::new(0, 0), Owned::new(1, 1)];
    let (nonce, k) = even_nonce(Some(&batch[1].lock_point));
    forge(&mut batch[1], 1, &nonce, &k);
    check(&batch);
    assert_eq!(batch[1].item().verify(), Ok(()));
    forge(&mut batch[1], 0, &nonce, &k);
    check(&batch);
    assert_eq!(batch[1].item().verify(), Err(AdaptorError::InvalidPreSignature));
}

#[test]
fn malformed_items_are_named_before_any_arithmetic() {
    let mut batch: Vec<Owned> = (0..9).map(|index| Owned::new(index, index)).collect();
    for index in [3, 7] {
        let mut bytes = batch[index].signature.unwrap().serialize();
        bytes[32..].copy_from_slice(&secp256k1::constants::CURVE_ORDER);
        batch[index].signature = Some(Signature::from_slice(&bytes).unwrap());
    }
    // Wrong, and not looked at.
    batch[1].message[0] ^= 1;
    let items: Vec<BatchItem<'_>> = batch.iter().map(Owned::item).collect();
    let error = verify_batch(&items).unwrap_err();
    assert!(matches!(error, BatchError::Malformed { .. }));
    assert_eq!(error.indices().collect::<Vec<_>>(), [3, 7]);
    assert_eq!(
        error.to_string(),
        "malformed item 3: signature is not valid for this key and message (and 1 more)"
    );
    for backend in Backend::all() {
        let each: Vec<bool> = verify_each_on(backend, &items).iter().map(Result::is_ok).collect();
        assert_eq!(each, [true, false, true, false, true, true, true, false, true]);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn adversarial_batches(
        size in 1..60u32,
        spread in 1..60u32,
        tricks in prop::collection::vec(tricks(), 0..6),
    ) {
        let mut batch: Vec<Owned> =
            (0..size).map(|index| Owned::new(index, index % spread)).collect();
        for trick in &tricks {
            trick.play(&mut batch);
        }
        check(&batch);
    }
}
