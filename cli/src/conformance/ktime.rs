//! `ktime.*`

use pointlock::invoice::ktime::{
    KtimeError, NoteHash, PayerKey, PayerPublicKey, PayerScalar, PaymentPolynomial,
    PaymentSignature, PaymentTerms, PointSecret,
};
use pointlock::invoice::proof::{
    Challenge, PayerProof, PaymentProof, ProofContents, ProofError, ProofMessage, ProofRequest,
    Verifier,
};
use pointlock::invoice::{InvoiceId, PaymentPoints, StaticInvoice};
use pointlock::lock::{final_lock, final_secret};
use pointlock::payment::{Era, PublishError, ReceiverSeed};
use serde_json::{Value, json};

use super::fields::{Field, Fields, Refusal};
use super::proof::{by_field, contents};
use super::{scalar_text, strings};

/// One payment under Z(x), by receiver and payer together.
pub(super) fn payment(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let list = fields.get("coefficients")?;
    let coefficients = list.list_up_to(PaymentPoints::MAX_K + 1)?;
    let coefficients = coefficients.iter().map(Field::secret).collect::<Result<_, _>>()?;
    let polynomial = PaymentPolynomial::dangerous_from_coefficients(coefficients)
        .map_err(|error| list.refuse(error))?;
    let key = PayerKey::new(fields.get("payer_secret_key")?.secret()?);
    let note = fields.get("note")?;
    let note = if note.is_null() { None } else { Some(note.octets()?) };
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice_id(fields)?,
        amount_msat: fields.get("amount_msat")?.integer()?,
        note_hash: NoteHash::of(note.as_deref()),
    };
    let final_blind = fields.get("final_blind")?;
    let blind = final_blind.blind()?;
    let x = terms.x().map_err(|error| fields.refuse("payer_secret_key", error))?;
    let points = polynomial.payment_points();
    let at_infinity = |error: KtimeError| fields.refuse("payment_point", error);
    let payment_point = terms.payment_point(&points).map_err(at_infinity)?;
    let point_secret = polynomial.evaluate(&x).map_err(at_infinity)?;
    let no_lock = |error| final_blind.refuse(error);
    let last_lock = final_lock(&payment_point, &blind).map_err(no_lock)?;
    let lock_secret = final_secret(&point_secret, &blind).map_err(no_lock)?;
    let signature = key.sign_payment(&x, &last_lock, &fields.get("aux_rand")?.bytes()?);
    fields.step("x", x.to_string());
    Ok(json!({
        "points": strings(points.as_slice()),
        "payer_key": hex::encode(terms.payer.to_bytes()),
        "note_hash": terms.note_hash.to_string(),
        "payment_point": payment_point.to_string(),
        "last_lock": last_lock.to_string(),
        "payer_signature": hex::encode(signature.to_bytes()),
        "point_secret": scalar_text(&point_secret),
        "lock_secret": scalar_text(&lock_secret),
    }))
}

/// The payer's signature, as the receiver verifies it.
pub(super) fn verify_payment(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let payer = payer_key(fields)?;
    let x = fields.get("x")?;
    let x = PayerScalar::from_bytes(&x.bytes()?).map_err(|error| x.refuse(error))?;
    let last_lock = fields.get("last_lock")?.point()?;
    let signature = PaymentSignature::from_bytes(&fields.get("signature")?.bytes()?);
    Ok(json!({ "valid": signature.verify(&payer, &x, &last_lock).is_ok() }))
}

pub(super) fn prove(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let proof = prove_showing(fields, &ProofContents::new())?;
    Ok(json!({
        "proof": hex::encode(proof.point_proof().to_bytes()),
        "stream": hex::encode(proof.to_bytes()),
    }))
}

/// The text of a proof that shows what it is told to.
pub(super) fn create_proof(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let proof = prove_showing(fields, &contents(fields, "proof_note")?)?;
    Ok(json!({ "proof": PayerProof::from(proof).to_string() }))
}

fn prove_showing(fields: &Fields<'_>, contents: &ProofContents) -> Result<PaymentProof, Refusal> {
    let invoice = fields.get("invoice")?;
    let invoice =
        StaticInvoice::from_bytes(&invoice.octets()?).map_err(|error| invoice.refuse(error))?;
    let key = PayerKey::new(fields.get("payer_secret_key")?.secret()?);
    let point_secret = PointSecret::new(fields.get("point_secret")?.secret()?);
    let terms = PaymentTerms {
        payer: key.public_key(),
        invoice_id: invoice.invoice_id(),
        amount_msat: fields.get("amount_msat")?.integer()?,
        note_hash: NoteHash(fields.get("note_hash")?.bytes()?),
    };
    let (request, aux_rand) = (request(fields)?, fields.get("aux_rand")?.bytes()?);
    let proof = PaymentProof::create_with(
        &invoice,
        &terms,
        &key,
        &point_secret,
        &request,
        contents,
        &aux_rand,
    )
    .map_err(|error| match error {
        ProofError::NotThePointSecret => fields.refuse("point_secret", error),
        ProofError::Metadata | ProofError::NotInInvoice { .. } => by_field(&error),
        _ => fields.refuse("invoice", error),
    })?;
    let message = ProofMessage::new(&terms, &request);
    fields.step("invoice_id", invoice.invoice_id().to_string());
    fields.step("payment_point", point_secret.point().to_string());
    fields.step("message", hex::encode(message.to_bytes()));
    fields.step("base", message.base().to_string());
    fields.step("value", proof.point_proof().value().to_string());
    Ok(proof)
}

pub(super) fn verify_proof(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let issuer = fields.get("issuer")?.point()?;
    let request = request(fields)?;
    let stream = fields.get("stream")?;
    let proof =
        PaymentProof::from_bytes(&stream.octets()?).map_err(|error| stream.refuse(error))?;
    Ok(json!({ "valid": proof.verify(&issuer, &request).is_ok() }))
}

/// All that a receiver makes again from its seed: its key, and of one invoice the polynomial, the static point and a path of each kind.
pub(super) fn receiver_seed(fields: &Fields<'_>) -> Result<Value, Refusal> {
    let seed = ReceiverSeed::new(fields.get("seed")?.bytes()?);
    let era = Era::new(fields.get("era")?.bytes()?);
    let invoice = seed.invoice(&era.number(fields.get("index")?.integer()?));
    let path = fields.get("path")?;
    let index = u32::try_from(path.integer()?).map_err(|error| path.refuse(error))?;
    let k = fields.get("k")?;
    let degree = usize::try_from(k.integer()?).map_err(|error| k.refuse(error))?;
    let polynomial = invoice.polynomial(degree).map_err(|error| k.refuse(error))?;
    let receiver = seed.node_key().to_point();
    let too_long = |error: PublishError| path.refuse(error);
    let payments = invoice.kept_payment_path(index, &[], receiver).map_err(too_long)?;
    let messages = invoice.kept_message_path(index);
    let first = payments.secrets.first().ok_or_else(|| path.refuse("no hops"))?;
    Ok(json!({
        "node_key": scalar_text(&seed.node_key()),
        "coefficients": polynomial.coefficients().iter().map(scalar_text).collect::<Vec<_>>(),
        "point_secret": scalar_text(&invoice.point_secret()),
        "payment_path_id": hex::encode(payments.path_id),
        "payment_path_key": first.path_key().to_string(),
        "message_path_id": hex::encode(messages.path_id),
        "message_path_key": messages.first_path_key.to_string(),
    }))
}

pub(super) fn invoice_id(fields: &Fields<'_>) -> Result<InvoiceId, Refusal> {
    fields.get("invoice_id")?.bytes().map(InvoiceId::from_bytes)
}

pub(super) fn payer_key(fields: &Fields<'_>) -> Result<PayerPublicKey, Refusal> {
    let key = fields.get("payer_key")?;
    PayerPublicKey::new(key.point()?).map_err(|_| key.refuse("y is odd"))
}

pub(super) fn request(fields: &Fields<'_>) -> Result<ProofRequest, Refusal> {
    Ok(ProofRequest {
        verifier: Verifier::from_bytes(fields.get("verifier")?.bytes()?),
        challenge: Challenge::new(fields.get("challenge")?.bytes()?),
    })
}
