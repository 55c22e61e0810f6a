use pointlock::curve::Keypair;
use pointlock::invoice::{
    ChainHash, Field, InvoiceError, Offer, OfferOrInvoice, PaymentLock, StaticInvoice,
    StaticInvoiceBuilder, TextKind, merkle, text,
};
use pointlock::wire::{BlindedPath, IntroductionNode, TlvStream, TlvWriter};

use crate::input::fixed_scalar;

/// Input: the TLV stream of a static invoice. One by the key that is known here is signed anew, so that the fuzzer
/// gets behind the signature.
pub fn invoice(data: &[u8]) -> bool {
    let as_it_is = StaticInvoice::from_bytes(data);
    if let Ok(invoice) = &as_it_is {
        check(data, invoice);
    }
    let Some(signed) = signed_anew(data) else { return as_it_is.is_ok() };
    let invoice = StaticInvoice::from_bytes(&signed);
    if let Ok(invoice) = &invoice {
        check(&signed, invoice);
    }
    invoice.is_ok()
}

fn check(data: &[u8], invoice: &StaticInvoice) {
    assert_eq!(invoice.as_bytes(), data);
    assert_eq!(invoice.to_string().parse().as_ref(), Ok(invoice));
    let fields = invoice.fields();
    assert_eq!(
        Some(fields.len()),
        TlvStream::parse(data).ok().map(|stream| stream.records().len())
    );
    assert!(fields.iter().all(|(field, _)| invoice.value(*field).is_some()));
    assert!(invoice.signed_by(&invoice.invoice_node_id()));
    // The payer's checks are about the arguments, and never panic.
    let at = |now| StaticInvoice::decode_at(&invoice.to_string(), ChainHash::BITCOIN, now);
    assert!(at(0).is_ok() || invoice.check_chain(ChainHash::BITCOIN).is_err());
    assert!(at(u64::MAX).is_err() || invoice.expires_at() == u64::MAX);

    // Typed values say what the bytes say.
    assert_eq!(invoice.verify_offer(invoice.offer()), Ok(()));
    check_offer(invoice.offer());
    assert_eq!(written(invoice.message_paths()), value(invoice, Field::INVOICE_MESSAGE_PATHS));
    let (mut paths, mut pay_infos) = (Vec::new(), Vec::new());
    for path in invoice.paths() {
        path.path.write(&mut paths);
        path.pay_info.write(&mut pay_infos).expect("it was read");
    }
    assert_eq!(paths, value(invoice, Field::INVOICE_PATHS));
    assert_eq!(pay_infos, value(invoice, Field::INVOICE_BLINDEDPAY));
    let mut fallbacks = Vec::new();
    for fallback in invoice.invoice_fallbacks() {
        fallback.write(&mut fallbacks).expect("it was read");
    }
    assert_eq!(fallbacks, value(invoice, Field::INVOICE_FALLBACKS));
    assert!(invoice.paths().is_empty() || invoice.paths().iter().any(|path| path.is_usable()));
    assert!(invoice.lock().is_some() || !invoice.paths().is_empty());
    assert!(!invoice.paths().is_empty() || !invoice.interim_route().is_empty());
}

fn value(invoice: &StaticInvoice, field: Field) -> &[u8] {
    invoice.value(field).unwrap_or_default()
}

fn written(paths: &[BlindedPath<IntroductionNode>]) -> Vec<u8> {
    let mut bytes = Vec::new();
    paths.iter().for_each(|path| path.write(&mut bytes));
    bytes
}

/// Input: the TLV stream of an offer.
pub fn offer(data: &[u8]) -> bool {
    let Ok(offer) = Offer::from_bytes(data) else { return false };
    assert_eq!(offer.as_bytes(), data);
    check_offer(&offer);
    // An invoice of the known key repeats it, unless it is another key's, or for several chains.
    let lock = PaymentLock::from(fixed_scalar(1).to_point());
    let invoice = StaticInvoiceBuilder::for_offer(&offer, lock, 0)
        .interim_route(&[signer().public_key()])
        .sign(&signer(), &[0; 32]);
    let is_possible = offer.issuer_id() == Some(signer().public_key())
        && offer.value(Field::OFFER_CHAINS).is_none_or(|chains| chains.len() == 32);
    assert_eq!(invoice.is_ok(), is_possible);
    assert!(invoice.is_err() || invoice.is_ok_and(|invoice| *invoice.offer() == offer));
    true
}

fn check_offer(offer: &Offer) {
    assert_eq!(offer.to_string().parse().as_ref(), Ok(offer));
    assert!(offer.fields().iter().all(|(field, _)| offer.value(*field).is_some()));
    assert_eq!(written(offer.paths()), offer.value(Field::OFFER_PATHS).unwrap_or_default());
    assert!(offer.issuer_id().is_some() || !offer.paths().is_empty());
    assert!(offer.chains().iter().all(|chain| offer.check_chain(*chain).is_ok()));
    assert!(offer.check_not_expired(0).is_ok());
}

/// The stream with a signature by [`signer`]; None if it is no stream, or is to be signed by another key.
fn signed_anew(data: &[u8]) -> Option<Vec<u8>> {
    let stream = TlvStream::parse(data).ok()?;
    let signer = signer();
    let node_id = stream.get(Field::INVOICE_NODE_ID.tlv_type())?;
    if node_id.value() != signer.public_key().to_bytes() {
        return None;
    }
    let root = merkle::root(&stream)?;
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let mut writer = TlvWriter::new();
    for record in stream.records() {
        writer.set(record.tlv_type(), record.value());
    }
    writer.set(Field::SIGNATURE.tlv_type(), signer.sign_schnorr(&hash, &[0; 32]).serialize());
    Some(writer.to_bytes())
}

/// Who signs the invoices of the seed corpus.
pub(crate) fn signer() -> Keypair {
    Keypair::new(fixed_scalar(2))
}

/// Input: the text of a static invoice.
pub fn invoice_text(data: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(data) else { return false };
    let Ok(invoice) = input.parse::<StaticInvoice>() else { return false };
    check_spelling(input, &invoice.to_string());
    assert_eq!(StaticInvoice::from_bytes(invoice.as_bytes()).as_ref(), Ok(&invoice));
    true
}

/// Input: the text of an offer.
pub fn offer_text(data: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(data) else { return false };
    let Ok(offer) = input.parse::<Offer>() else { return false };
    check_spelling(input, &offer.to_string());
    assert_eq!(Offer::from_bytes(offer.as_bytes()).as_ref(), Ok(&offer));
    true
}

/// Input: a text in BOLT 12's encoding.
pub fn bolt12_text(data: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(data) else { return false };
    let Ok((prefix, bytes)) = text::decode(input) else { return false };
    assert_eq!(text::encode(&prefix, &bytes), Ok(joined(input)));
    true
}

/// Input: whatever a person pastes. What is read is also read from a link to it, and what is refused is no offer and no invoice
/// for the parsers of these either.
pub fn pasted(data: &[u8]) -> bool {
    let Ok(input) = std::str::from_utf8(data) else { return false };
    let (offer, invoice) = (input.parse::<Offer>(), input.parse::<StaticInvoice>());
    match input.parse::<OfferOrInvoice>() {
        Ok(OfferOrInvoice::Offer(read)) => {
            assert_eq!(offer.as_ref(), Ok(&*read));
            let (written, percent) = (read.to_string(), percent_encoded(&read.to_string()));
            check_spelling(input, &written);
            for link in [
                format!("lightning:{written}"),
                format!("BITCOIN:?AMOUNT=1&LNO={}", written.to_uppercase()),
                format!(" bitcoin:bc1qqqq?label=%20&lno={percent}\n"),
            ] {
                assert_eq!(link.parse::<Offer>().as_ref(), Ok(&*read), "{link}");
            }
            let required = format!("bitcoin:?lno={written}&req-what");
            assert!(matches!(required.parse::<Offer>(), Err(InvoiceError::TextRequired { .. })));
            let (found, wanted): (_, &[_]) = (TextKind::Offer, &[TextKind::Invoice]);
            let other = Err(InvoiceError::OtherText { found, wanted });
            assert_eq!(written.parse::<StaticInvoice>(), other);
            true
        }
        Ok(OfferOrInvoice::StaticInvoice(read)) => {
            assert_eq!(invoice.as_ref(), Ok(&*read));
            check_spelling(input, &read.to_string());
            assert_eq!(format!("lightning:{read}").parse::<StaticInvoice>().as_ref(), Ok(&*read));
            true
        }
        Err(error) => {
            // A link may hold one of each, and the first one is meant.
            assert!((offer.is_err() && invoice.is_err()) || input.contains(':'), "{error}");
            assert!(error.to_string().len() < 1_000, "an error repeats no long text");
            false
        }
    }
}

fn percent_encoded(text: &str) -> String {
    text.bytes().map(|byte| format!("%{byte:02x}")).collect()
}

/// What was read is what the text spells; what stands in a link may be spelled in more ways.
fn check_spelling(input: &str, written: &str) {
    assert!(input.contains(':') || joined(input) == written);
}

/// The text of the encoding that has one text for each: in lower case and one piece.
fn joined(text: &str) -> String {
    let is_left_out = |c: char| ['+', '\u{feff}', '\u{200b}'].contains(&c) || c.is_whitespace();
    text.chars().filter(|c| !is_left_out(*c)).collect::<String>().to_lowercase()
}
