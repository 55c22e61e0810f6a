//! Offers, invoices, and proofs that they were paid.

use pointlock::invoice::proof::{PreimageProof, ProofContents};
use pointlock::invoice::{
    ChainHash, FallbackAddress, Field, OfferBuilder, PaymentLock, PaymentPath, PaymentPoints,
    StaticInvoiceBuilder, merkle, text,
};
use pointlock::lock::{PaymentHash, Preimage};
use pointlock::wire::{Features, TlvStream, TlvWriter};

use crate::input::fixed_scalar;
use crate::invoice::signer;
use crate::payer_proof::payer;
use crate::proof::{shortest_proof, valid_proof};

use super::paths::{pay_info, two_paths};
use super::{CREATED_AT, Files};

pub(super) fn payer_proofs() -> Files {
    let proof = requested_proof(&ProofContents::new().note("for the desk"));
    let whole = requested_proof(&ProofContents::new().show_all().write_empty_omitted());
    let changed = |tlv_type, value: &[u8]| with_field(&proof, tlv_type, value);
    vec![
        ("valid-shortest", proof.clone()),
        ("valid-whole", whole),
        ("valid-under-points", shortest_proof().to_bytes()),
        ("valid-other-preimage", changed(1_001, &[1; 32])),
        ("valid-odd-field", changed(1_007, &[1])),
        ("valid-amount", changed(Field::INVOICE_AMOUNT.tlv_type(), &[1, 2])),
        // Read with hashes of its own, as each is.
        ("valid-number-too-large", changed(1_002, &[0xfd, 3, 0xe9])),
        ("refused-note-not-text", changed(1_005, &[0xff])),
        ("refused-metadata", changed(0, &[1; 16])),
        ("refused-unknown-field", changed(1_006, &[])),
        ("refused-short-preimage", changed(1_001, &[1; 31])),
        ("refused-truncated", proof[..proof.len() - 1].to_vec()),
    ]
}

/// A stream with another value in a field.
fn with_field(stream: &[u8], tlv_type: u64, value: &[u8]) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(stream).expect("a proof is a stream").records() {
        writer.set(record.tlv_type(), record.value());
    }
    writer.set(tlv_type, value).to_bytes()
}

/// The stream of a proof with a preimage, of an invoice that was asked for.
fn requested_proof(contents: &ProofContents) -> Vec<u8> {
    let preimage = Preimage::new([9; 32]);
    let mut writer = TlvWriter::new();
    writer
        .set(Field::INVREQ_METADATA.tlv_type(), [5; 16])
        .set(Field::OFFER_DESCRIPTION.tlv_type(), *b"coffee")
        .set(Field::INVREQ_PAYER_ID.tlv_type(), payer().public_key().to_bytes())
        .set(Field::INVOICE_CREATED_AT.tlv_type(), 1_750_000_000_u32.to_be_bytes())
        .set(Field::INVOICE_PAYMENT_HASH.tlv_type(), preimage.hash().0)
        .set(Field::INVOICE_AMOUNT.tlv_type(), [5, 0])
        .set(Field::INVOICE_NODE_ID.tlv_type(), signer().public_key().to_bytes());
    let unsigned = writer.to_bytes();
    let root = merkle::root(&TlvStream::parse(&unsigned).expect("it was written"));
    let hash = merkle::signature_hash("invoice", "signature", &root.expect("there are fields"));
    let signature = signer().sign_schnorr(&hash, &[0; 32]).serialize();
    let invoice = writer.set(Field::SIGNATURE.tlv_type(), signature).to_bytes();
    PreimageProof::create(&invoice, &preimage, &payer(), contents, &[0; 32])
        .expect("all of it belongs together")
        .to_bytes()
}

pub(super) fn payment_proofs() -> Files {
    let proof = valid_proof().to_bytes();
    let changed = |tlv_type, value: &[u8]| with_field(&proof, tlv_type, value);
    vec![
        ("valid-right", proof.clone()),
        ("valid-other-amount", changed(65_603, &[1])),
        ("valid-other-verifier", changed(65_607, &[7; 32])),
        ("valid-other-description", changed(Field::OFFER_DESCRIPTION.tlv_type(), b"tea")),
        (
            "valid-static-invoice",
            changed(Field::PAYMENT_POINTS.tlv_type(), &fixed_scalar(1).to_point().to_bytes()),
        ),
        ("refused-value-at-infinity", changed(65_611, &[0; 33])),
        ("refused-large-scalar", changed(65_613, &[0xff; 64])),
        ("valid-odd-field", changed(65_617, &[])),
        ("valid-shortest", shortest_proof().to_bytes()),
        ("refused-unknown-field", changed(65_618, &[])),
        ("refused-padded-amount", changed(65_603, &[0, 1])),
        ("refused-truncated", proof[..proof.len() - 1].to_vec()),
    ]
}

fn all_of_an_offer() -> OfferBuilder {
    OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .metadata(&[7; 5])
        .amount_in_currency("EUR", 350)
        .description("coffee")
        .features(&Features::of(&[9]))
        .absolute_expiry(CREATED_AT + 10_000)
        .paths(&two_paths())
        .issuer("receiver@example.com")
        .quantity_max(3)
        .issuer_id(&signer().public_key())
}

pub(super) fn offers() -> [(&'static str, Vec<u8>); 6] {
    let bytes =
        |builder: OfferBuilder| builder.build().expect("all fields are valid").as_bytes().to_vec();
    let plain = bytes(OfferBuilder::new().issuer_id(&signer().public_key()));
    let mut unknown_even = plain.clone();
    unknown_even.extend([24, 0]);
    let mut unknown_odd = plain.clone();
    unknown_odd.extend([25, 1, 7]);
    [
        ("valid-plain", plain),
        ("valid-all-fields", bytes(all_of_an_offer())),
        ("valid-paths-alone", bytes(OfferBuilder::new().paths(&two_paths()))),
        ("valid-unknown-odd", unknown_odd),
        ("refused-unknown-even", unknown_even),
        ("refused-nobody", vec![10, 1, b'x']),
    ]
}

pub(super) fn offer_texts() -> Files {
    let [(_, plain), (_, all_fields), .., (_, nobody)] = offers();
    let lno = |bytes: &[u8]| text::encode("lno", bytes).expect("lno is a prefix");
    vec![
        ("valid-all-fields", lno(&all_fields).into_bytes()),
        ("valid-upper-case", lno(&plain).to_uppercase().into_bytes()),
        ("refused-nobody", lno(&nobody).into_bytes()),
        ("refused-prefix", lni(&plain).into_bytes()),
        // It begins as an offer, and is one behind its last `1`.
        (
            "refused-second-separator",
            b"lno1pgqhs1zcssyn2tdngnvypje2da9t4emyq25n29m84dszkfggehf3z35uj56pmx".to_vec(),
        ),
    ]
}

pub(super) fn invoices() -> [(&'static str, Vec<u8>); 8] {
    let (point, signer) = (|byte| fixed_scalar(byte).to_point(), signer());
    let route = [point(5), signer.public_key()];
    let signed = |builder: StaticInvoiceBuilder| {
        let invoice = builder.interim_route(&route).sign(&signer, &[0; 32]);
        invoice.expect("all fields are valid").as_bytes().to_vec()
    };
    let plain = signed(StaticInvoiceBuilder::new(point(1), CREATED_AT));
    let all_fields = StaticInvoiceBuilder::new(point(1), CREATED_AT)
        .amount_msat(5_000)
        .description("coffee")
        .issuer("receiver@example.com")
        .absolute_expiry(CREATED_AT + 10_000)
        .relative_expiry(3_600);
    let points = PaymentPoints::new(vec![point(1), point(4)]).expect("two points");
    let hash = PaymentLock::Hash(PaymentHash([8; 32]));
    let mut truncated = plain.clone();
    truncated.pop();
    let offer = all_of_an_offer().build().expect("all fields are valid");
    let [one, other] = two_paths();
    let complete = StaticInvoiceBuilder::for_offer(&offer, points.clone(), CREATED_AT)
        .paths(&[PaymentPath::new(other.clone(), pay_info())])
        .message_paths(&[one, other])
        .features(&Features::of(&[17]))
        .fallbacks(&[FallbackAddress { version: 1, address: vec![6; 32] }]);
    let complete = complete.sign(&signer, &[0; 32]).expect("all fields are valid");
    let without_lock = without(complete.as_bytes(), Field::PAYMENT_POINTS);
    [
        ("valid-bolt12-without-lock", without_lock.clone()),
        ("valid-bolt12", complete.as_bytes().to_vec()),
        ("refused-without-offer-paths", without(&without_lock, Field::OFFER_PATHS)),
        ("valid-plain", plain),
        ("valid-all-fields", signed(all_fields)),
        ("valid-two-points", signed(StaticInvoiceBuilder::new(points, CREATED_AT))),
        ("valid-hash", signed(StaticInvoiceBuilder::new(hash, CREATED_AT))),
        ("refused-truncated", truncated),
    ]
}

/// The stream without a field; the fuzz body signs it anew.
fn without(bytes: &[u8], field: Field) -> Vec<u8> {
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(bytes).expect("an invoice is a stream").records() {
        if record.tlv_type() != field.tlv_type() {
            writer.set(record.tlv_type(), record.value());
        }
    }
    writer.to_bytes()
}

pub(super) fn lni(bytes: &[u8]) -> String {
    text::encode("lni", bytes).expect("lni is a prefix")
}

pub(super) fn invoice_texts() -> Files {
    let [_, _, _, (_, plain), (_, all_fields), .., (_, truncated)] = invoices();
    let (start, end) = (lni(&plain)[..100].to_owned(), lni(&plain)[100..].to_owned());
    vec![
        ("valid-all-fields", lni(&all_fields).into_bytes()),
        ("valid-upper-case", lni(&plain).to_uppercase().into_bytes()),
        ("valid-two-pieces", format!("{start}+\r\n {end}").into_bytes()),
        ("refused-truncated", lni(&truncated).into_bytes()),
    ]
}

pub(super) fn bolt12_texts() -> Files {
    let text = |text: &str| text.as_bytes().to_vec();
    vec![
        ("valid-invoice", text("lni1qypqx")),
        ("valid-offer-upper-case", text("LNO1QYPQX")),
        ("valid-pieces", text("lnr1qy+ pq+\nx")),
        ("valid-empty", text("lni1")),
        ("refused-mixed-case", text("lni1qypqX")),
        ("refused-padding", text("lni1qypqp")),
    ]
}

pub(super) fn pasted() -> Files {
    let [(_, plain), ..] = offers();
    let [_, _, _, (_, invoice), ..] = invoices();
    let lno = text::encode("lno", &plain).expect("lno is a prefix");
    let (start, end) = lno.split_at(20);
    let lni = lni(&invoice);
    let with =
        |before: &str, text: &str, behind: &str| [before, text, behind].concat().into_bytes();
    vec![
        ("valid-lightning", with("lightning:", &lni, "")),
        ("valid-bitcoin", with("bitcoin:?amount=1&lno=", &lno, "&label=%20")),
        ("valid-upper-case", with("BITCOIN:?LNO=", &lno.to_uppercase(), "")),
        ("valid-percent", with("bitcoin:bc1q?req-lno=", start, &format!("%2b%0A{end}"))),
        ("valid-second", with("bitcoin:?lightning=lnbc1q&lno=", &lno, "")),
        ("valid-blanks", with("\u{feff}\u{a0}", &lno, "\r\n")),
        ("refused-required", with("bitcoin:?lno=", &lno, "&req-what")),
        ("refused-percent", with("bitcoin:?lno=", &lno, "%f")),
        ("refused-no-break-space", with(start, "+\u{a0}", end)),
        ("refused-bolt11", with("lightning:", "lnbc2500u1pvjluez", "")),
        ("refused-file", with("./", "invoice.txt", "")),
        ("refused-address", with("me+tips@", "example.com", "")),
        ("refused-lnurl", with("https://example.com?lightning=", "lnurl1dp68gurn8", "")),
    ]
}
