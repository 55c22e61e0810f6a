use std::fmt;
use std::hash::{Hash, Hasher};

use sha2::{Digest, Sha256};

use super::{KtimeError, PayerPublicKey};
use crate::curve::{CurveError, Point, PublicScalar, Tag};
use crate::invoice::{InvoiceId, PaymentPoints};

static PAYER: Tag = Tag::new("pointlock/payer");

/// x: where the polynomial is evaluated for one payment. A scalar from 1 to n − 1, and no secret.
///
/// Encoding: 32 bytes, big endian.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PayerScalar(PublicScalar);

impl PayerScalar {
    /// An x known from elsewhere, such as a store of claims. For a payment it comes from [`PaymentTerms::x`].
    ///
    /// # Errors
    ///
    /// [`KtimeError::ZeroX`].
    pub fn new(x: PublicScalar) -> Result<Self, KtimeError> {
        if x.is_zero() { Err(KtimeError::ZeroX) } else { Ok(Self(x)) }
    }

    /// Reads 32 big-endian bytes.
    ///
    /// # Errors
    ///
    /// [`CurveError::ScalarZero`] and [`CurveError::ScalarOutOfRange`].
    pub fn from_bytes(bytes: &[u8; 32]) -> Result<Self, CurveError> {
        Self::new(PublicScalar::from_bytes(bytes)?).map_err(|_| CurveError::ScalarZero)
    }

    /// The 32 big-endian bytes.
    pub fn to_bytes(self) -> [u8; 32] {
        self.0.to_bytes()
    }

    /// The scalar.
    pub fn to_scalar(self) -> PublicScalar {
        self.0
    }
}

impl Hash for PayerScalar {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.to_bytes().hash(state);
    }
}

impl fmt::Display for PayerScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for PayerScalar {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PayerScalar({self})")
    }
}

/// The SHA-256 hash of the payer's note, 32 bytes; all zeros when there is no note. The empty note is one.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct NoteHash(pub [u8; 32]);

impl NoteHash {
    /// That there is no note.
    pub const NONE: Self = Self([0; 32]);

    /// The hash of a note.
    pub fn of(note: Option<&[u8]>) -> Self {
        note.map_or(Self::NONE, |note| Self(Sha256::digest(note).into()))
    }
}

impl fmt::Display for NoteHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode(self.0))
    }
}

impl fmt::Debug for NoteHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NoteHash({self})")
    }
}

/// What a payment under a point of its own is for: all that x depends on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PaymentTerms {
    /// A, the payer's key for this payment.
    pub payer: PayerPublicKey,
    /// The invoice that is paid.
    pub invoice_id: InvoiceId,
    /// The whole payment over all its parts, in millisatoshi.
    pub amount_msat: u64,
    /// The hash of the payer's note.
    pub note_hash: NoteHash,
}

impl PaymentTerms {
    /// x = H_pointlock/payer(33(A) ‖ invoice id ‖ amount (8 bytes, big endian) ‖ note hash) mod n
    ///
    /// # Errors
    ///
    /// [`KtimeError::ZeroX`], which no hash will show.
    pub fn x(&self) -> Result<PayerScalar, KtimeError> {
        PayerScalar::new(PublicScalar::from_hash(&PAYER.hash(&[
            &self.payer.to_bytes(),
            &self.invoice_id.to_bytes(),
            &self.amount_msat.to_be_bytes(),
            &self.note_hash.0,
        ])))
    }

    /// Z(x), what the payment is locked to before the blinds of its route.
    ///
    /// # Errors
    ///
    /// [`KtimeError::ZeroX`] and [`KtimeError::PointAtInfinity`].
    pub fn payment_point(&self, points: &PaymentPoints) -> Result<Point, KtimeError> {
        points.point_at(&self.x()?)
    }
}

/// Z(x) from all that it depends on: [`PaymentTerms::payment_point`] for a key that has still to be checked.
///
/// # Errors
///
/// [`KtimeError::PayerKeyOdd`], [`KtimeError::ZeroX`] and [`KtimeError::PointAtInfinity`].
pub fn payment_point(
    points: &PaymentPoints,
    payer_key: &Point,
    invoice_id: InvoiceId,
    amount_msat: u64,
    note_hash: NoteHash,
) -> Result<Point, KtimeError> {
    let payer = PayerPublicKey::new(*payer_key)?;
    PaymentTerms { payer, invoice_id, amount_msat, note_hash }.payment_point(points)
}
