//! k-time payment points: the receiver's polynomial, the payer's key, and what both compute.
#![allow(unsafe_code, reason = "names in C, and nothing else: tests/house.rs looks")]

use pointlock::curve::{CurveError, SecretScalar};
use pointlock::invoice::ktime::{
    self, KtimeError, NoteHash, PayerKey, PayerPublicKey, PayerScalar, PaymentPolynomial,
    PaymentSignature, PaymentTerms,
};
use pointlock::invoice::{InvoiceId, PaymentPoints};

use crate::border::{Call, Handle, enter, free};
use crate::error::Error;
use crate::point::PointData;
use crate::refusal::Refusal;
use crate::types::{
    BytesIn, BytesOut, FaultOut, PayerKeyIn, PayerKeyNew, PayerKeyOwned, PointIn, PointOut,
    PolynomialIn, PolynomialNew, PolynomialOwned, SecretIn, SecretList, SecretNew, SizeOut,
};

/// The largest k of a polynomial. An invoice has k + 1 points.
pub const MAX_K: usize = 1024;
/// The length of x, where a polynomial is evaluated.
pub const X_LENGTH: usize = 32;
/// The length of the hash of a payer's note.
pub const NOTE_HASH_LENGTH: usize = 32;

impl Handle for PaymentPolynomial {
    const TAG: u64 = u64::from_be_bytes(*b"polynom ");
}
impl Handle for PayerKey {
    const TAG: u64 = u64::from_be_bytes(*b"payer   ");
}

impl<'c> Call<'c> {
    fn payment_points(&mut self, points: PointIn, count: usize) -> Result<PaymentPoints, Refusal> {
        if !(1..=MAX_K + 1).contains(&count) {
            return Err(Refusal::new(Error::Count).at(c"points"));
        }
        let points = self.points(c"points", points, count)?;
        PaymentPoints::new(points).ok_or_else(|| Refusal::new(Error::Count).at(c"points"))
    }

    pub(crate) fn payer(&mut self, payer_key: PointIn) -> Result<PayerPublicKey, Refusal> {
        let point = self.point(c"payer_key", payer_key)?;
        PayerPublicKey::new(point).map_err(|error| Refusal::from(error).at(c"payer_key"))
    }

    fn x(&mut self, x: BytesIn, length: usize) -> Result<PayerScalar, Refusal> {
        let x = self.array(c"x", x, length)?;
        PayerScalar::from_bytes(x).map_err(|error: CurveError| Refusal::from(error).at(c"x"))
    }
}

/// The hash of a payer's note, POINTLOCK_NOTE_HASH_LENGTH bytes. A null note is none, and zeros; a note of no bytes is one.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_note_hash(
    note: BytesIn,
    note_length: usize,
    note_hash: BytesOut,
    note_hash_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"note_hash", note_hash, note_hash_length)?;
        let note = call.optional_list(c"note", note, note_length)?;
        slot.write(NoteHash::of(note).0);
        Ok(())
    })
}

/// Makes a receiver's polynomial for k payments, from 1 to POINTLOCK_MAX_K, of POINTLOCK_RANDOM_LENGTH bytes of fresh entropy that serve
/// nothing else.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_polynomial_new(
    polynomial: PolynomialNew,
    entropy: BytesIn,
    entropy_length: usize,
    k: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"polynomial", polynomial)?;
        let entropy = call.array(c"entropy", entropy, entropy_length)?;
        let polynomial = PaymentPolynomial::from_entropy(entropy, k);
        slot.give(polynomial.map_err(|error| Refusal::from(error).at(c"k"))?);
        Ok(())
    })
}

/// Makes a polynomial of coefficients z_0 ... z_k that were drawn each on its own: for test vectors.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_dangerous_polynomial_of(
    polynomial: PolynomialNew,
    coefficients: SecretList,
    coefficients_count: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"polynomial", polynomial)?;
        let coefficients = call.handles(c"coefficients", coefficients, coefficients_count)?;
        let coefficients: Vec<SecretScalar> = coefficients.into_iter().cloned().collect();
        let polynomial = PaymentPolynomial::dangerous_from_coefficients(coefficients);
        slot.give(polynomial.map_err(|error| Refusal::from(error).at(c"coefficients"))?);
        Ok(())
    })
}

/// Erases and frees a polynomial. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_polynomial_free(polynomial: PolynomialOwned) {
    free(polynomial);
}

/// How many points a polynomial publishes: k + 1.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_polynomial_points_count(
    polynomial: PolynomialIn,
    count: SizeOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"count", count)?;
        slot.write(call.get(c"polynomial", polynomial)?.coefficients().len());
        Ok(())
    })
}

/// The points Z_0 ... Z_k for the invoice, exactly as many as pointlock_polynomial_points_count says.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_polynomial_points(
    polynomial: PolynomialIn,
    points: PointOut,
    points_count: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_list(c"points", points, points_count)?;
        let polynomial = call.get(c"polynomial", polynomial)?;
        if polynomial.coefficients().len() != points_count {
            return Err(Refusal::new(Error::Count).at(c"points"));
        }
        let points = polynomial.payment_points();
        slot.write(&points.as_slice().iter().map(PointData::from).collect::<Vec<_>>());
        Ok(())
    })
}

/// z(x), the receiver's secret for the payment under this x. To evaluate is to be ready to reveal: count the claim, durably, before. Once
/// more than k have been revealed, everybody can compute all of them.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_polynomial_evaluate(
    polynomial: PolynomialIn,
    x: BytesIn,
    x_length: usize,
    point_secret: SecretNew,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"point_secret", point_secret)?;
        let polynomial = call.get(c"polynomial", polynomial)?;
        let x = call.x(x, x_length)?;
        slot.give(polynomial.evaluate(&x)?);
        Ok(())
    })
}

/// x of a payment: the hash of the payer's key, the invoice, the whole amount, and the hash of the note. POINTLOCK_X_LENGTH bytes.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payment_x(
    payer_key: PointIn,
    invoice_id: BytesIn,
    invoice_id_length: usize,
    amount_msat: u64,
    note_hash: BytesIn,
    note_hash_length: usize,
    x: BytesOut,
    x_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"x", x, x_length)?;
        let payer = call.payer(payer_key)?;
        let invoice_id = call.array(c"invoice_id", invoice_id, invoice_id_length)?;
        let note_hash = call.array(c"note_hash", note_hash, note_hash_length)?;
        let invoice_id = InvoiceId::from_bytes(*invoice_id);
        let terms =
            PaymentTerms { payer, invoice_id, amount_msat, note_hash: NoteHash(*note_hash) };
        slot.write(terms.x()?.to_bytes());
        Ok(())
    })
}

/// Z(x), the point that the payer of this x pays under, from the points_count points of an invoice.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payment_point_at(
    points: PointIn,
    points_count: usize,
    x: BytesIn,
    x_length: usize,
    payment_point: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"payment_point", payment_point)?;
        let points = call.payment_points(points, points_count)?;
        let x = call.x(x, x_length)?;
        slot.write(points.point_at(&x)?.into());
        Ok(())
    })
}

/// Z(x) from all that it depends on. The payer's key has an even y.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payment_point(
    points: PointIn,
    points_count: usize,
    payer_key: PointIn,
    invoice_id: BytesIn,
    invoice_id_length: usize,
    amount_msat: u64,
    note_hash: BytesIn,
    note_hash_length: usize,
    payment_point: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"payment_point", payment_point)?;
        let points = call.payment_points(points, points_count)?;
        let payer_key = call.point(c"payer_key", payer_key)?;
        let invoice_id = call.array(c"invoice_id", invoice_id, invoice_id_length)?;
        let note_hash = call.array(c"note_hash", note_hash, note_hash_length)?;
        let point = ktime::payment_point(
            &points,
            &payer_key,
            InvoiceId::from_bytes(*invoice_id),
            amount_msat,
            NoteHash(*note_hash),
        );
        let point = point.map_err(|error| match error {
            KtimeError::PayerKeyOdd => Refusal::from(error).at(c"payer_key"),
            error => error.into(),
        })?;
        slot.write(point.into());
        Ok(())
    })
}

/// Makes a payer's key for one payment, of POINTLOCK_RANDOM_LENGTH bytes of fresh entropy. Keep it for as long as the payment may have to be
/// proven.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payer_key_new(
    payer_key: PayerKeyNew,
    entropy: BytesIn,
    entropy_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"payer_key", payer_key)?;
        let entropy = call.array(c"entropy", entropy, entropy_length)?;
        let key = PayerKey::from_entropy(entropy);
        slot.give(key.map_err(|error| Refusal::from(error).at(c"entropy"))?);
        Ok(())
    })
}

/// Makes a payer's key of a secret scalar that is fresh for this payment; the key is negated where it would have an odd y.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payer_key_of(
    payer_key: PayerKeyNew,
    secret: SecretIn,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"payer_key", payer_key)?;
        slot.give(PayerKey::new(call.get(c"secret", secret)?.clone()));
        Ok(())
    })
}

/// Erases and frees a payer's key. Null is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payer_key_free(payer_key: PayerKeyOwned) {
    free(payer_key);
}

/// The public key of a payer's key: a point with an even y.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payer_key_public(
    payer_key: PayerKeyIn,
    public_key: PointOut,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out(c"public_key", public_key)?;
        slot.write(call.get(c"payer_key", payer_key)?.public_key().to_point().into());
        Ok(())
    })
}

/// The payer's signature over x and the lock of the last edge, POINTLOCK_SIGNATURE_LENGTH bytes: what the receiver asks for before it claims.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payment_sign(
    payer_key: PayerKeyIn,
    x: BytesIn,
    x_length: usize,
    last_lock: PointIn,
    aux_rand: BytesIn,
    aux_rand_length: usize,
    signature: BytesOut,
    signature_length: usize,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let slot = call.out_array(c"signature", signature, signature_length)?;
        let payer_key = call.get(c"payer_key", payer_key)?;
        let x = call.x(x, x_length)?;
        let last_lock = call.point(c"last_lock", last_lock)?;
        let aux_rand = call.array(c"aux_rand", aux_rand, aux_rand_length)?;
        slot.write(payer_key.sign_payment(&x, &last_lock, aux_rand).to_bytes());
        Ok(())
    })
}

/// Verifies that signature, for the receiver.
#[unsafe(no_mangle)]
pub extern "C" fn pointlock_payment_verify(
    signature: BytesIn,
    signature_length: usize,
    payer_key: PointIn,
    x: BytesIn,
    x_length: usize,
    last_lock: PointIn,
    fault: FaultOut,
) -> Error {
    enter(fault, |call| {
        let signature = call.array(c"signature", signature, signature_length)?;
        let payer = call.payer(payer_key)?;
        let x = call.x(x, x_length)?;
        let last_lock = call.point(c"last_lock", last_lock)?;
        PaymentSignature::from_bytes(signature)
            .verify(&payer, &x, &last_lock)
            .map_err(|error| Refusal::from(error).at(c"signature"))
    })
}
