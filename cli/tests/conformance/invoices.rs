//! Invoices, offers, and payments step by step.

use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::invoice::ktime::{NoteHash, PayerPublicKey, PaymentTerms};
use pointlock::invoice::{
    BlindedPayInfo, ChainHash, FallbackAddress, Field, InvoiceId, OfferBuilder, PaymentPath,
    StaticInvoice, StaticInvoiceBuilder, merkle,
};
use pointlock::wire::{
    BlindedHop, BlindedPath, ChannelEnd, Features, IntroductionNode, TlvStream, TlvWriter,
};
use serde_json::{Value, json};

use crate::{Peer, error};

/// All of a proof of payment but the payer's signature: from the invoice's points to a value that is z(x)·H.
#[test]
fn a_payment_is_proven_step_by_step() {
    let mut peer = Peer::start();
    let (z_0, z_1) =
        (SecretScalar::from_bytes(&[3; 32]).unwrap(), SecretScalar::from_bytes(&[4; 32]).unwrap());
    let payer_key =
        format!("02{}", Keypair::from_secret_bytes(&[5; 32]).unwrap().x_only_public_key());
    let terms = json!({
        "points": [z_0.to_point().to_string(), z_1.to_point().to_string()],
        "invoice_id": "11".repeat(32), "amount_msat": 5_000, "note_hash": "00".repeat(32),
        "payer_key": payer_key, "verifier": "22".repeat(32), "challenge": "33".repeat(32),
    });
    let payment_point = peer.run("invoice.point", &terms)["payment_point"].clone();
    let asked = peer.run("proof.base", &terms);
    // z(x), by the receiver.
    let payer = PayerPublicKey::from_slice(&hex::decode(&payer_key).unwrap()).unwrap();
    let x = PaymentTerms {
        payer,
        invoice_id: InvoiceId::from_bytes([0x11; 32]),
        amount_msat: 5_000,
        note_hash: NoteHash::NONE,
    }
    .x()
    .unwrap();
    let secret = z_1.mul_public(&x.to_scalar()).unwrap().add(&z_0).unwrap();
    let prove = json!({
        "secret": hex::encode(*secret.dangerous_to_bytes()), "base": asked["base"],
        "message": asked["message"], "aux_rand": "00".repeat(32),
    });
    let mut proof = peer.run("dleq.prove", &prove);
    assert_eq!(proof["point"], payment_point);
    proof["base"] = asked["base"].clone();
    proof["message"] = asked["message"].clone();
    assert_eq!(peer.run("dleq.verify", &proof), json!({ "valid": true }));
    // For another challenge there is another message, another base, and nothing to show.
    let mut other = terms.clone();
    other["challenge"] = json!("34".repeat(32));
    let other = peer.run("proof.base", &other);
    assert!(other["base"] != asked["base"] && other["message"] != asked["message"]);
    proof["base"] = other["base"].clone();
    assert_eq!(peer.run("dleq.verify", &proof), json!({ "valid": false }));
    peer.finish();
}

pub(crate) fn point(byte: u8) -> Point {
    SecretScalar::from_bytes(&[byte; 32]).unwrap().to_point()
}

/// An invoice with these fields too, signed as it then is.
pub(crate) fn invoice_with(changes: &[(Field, &[u8])]) -> StaticInvoice {
    let receiver = Keypair::from_secret_bytes(&[2; 32]).unwrap();
    let invoice = StaticInvoiceBuilder::new(point(1), 1_750_000_000)
        .amount_msat(u64::MAX / 16)
        .description("café ☕ \"quoted\"\nsecond line")
        .issuer("receiver@example.com")
        .absolute_expiry(1_750_010_000)
        .relative_expiry(3_600)
        .interim_route(&[point(3), receiver.public_key()])
        .sign(&receiver, &[4; 32])
        .unwrap();
    let stream = TlvStream::parse(invoice.as_bytes()).unwrap();
    let mut writer = TlvWriter::new();
    for record in stream.records() {
        writer.set(record.tlv_type(), record.value());
    }
    for (field, value) in changes {
        writer.set(field.tlv_type(), *value);
    }
    let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    let signature = receiver.sign_schnorr(&hash, &[0; 32]);
    writer.set(Field::SIGNATURE.tlv_type(), signature.serialize());
    StaticInvoice::from_bytes(&writer.to_bytes()).unwrap()
}

#[test]
fn invoices_are_decoded_by_name() {
    let points = [point(5).to_bytes(), point(6).to_bytes()].concat();
    let invoice = invoice_with(&[
        (Field::PAYMENT_POINTS, &points),
        (Field::OFFER_METADATA, &[0, 0xAB]),
        (Field::OFFER_QUANTITY_MAX, &[]),
        (Field::from_type(33), b""),
        (Field::from_type(3_999_999_999), &[0xFF]),
    ]);
    let key = point(2).to_string();
    let expected = json!({
        "offer_metadata": "00ab",
        "offer_amount": u64::MAX / 16,
        "offer_description": "café ☕ \"quoted\"\nsecond line",
        "offer_absolute_expiry": 1_750_010_000,
        "offer_issuer": "receiver@example.com",
        "offer_quantity_max": 0,
        "offer_issuer_id": key,
        "tlv_33": "",
        "invoice_created_at": 1_750_000_000,
        "invoice_relative_expiry": 3_600,
        "invoice_node_id": key,
        "signature": invoice.signature().to_string(),
        "payment_points": [point(5).to_string(), point(6).to_string()],
        "interim_route": format!("{}{key}", point(3)),
        "tlv_3999999999": "ff",
    });
    let mut peer = Peer::start();
    let text = invoice.to_string();
    assert_eq!(peer.run("invoice.decode", &json!({ "invoice": text })), expected);
    // One character more or another one, and nothing is decoded.
    for broken in [format!("{text}q"), text.replace("lni1", "lno1"), text.replace("lni1q", "lni1p")]
    {
        let answer = peer.run("invoice.decode", &json!({ "invoice": broken }));
        assert!(error(&answer).starts_with("invoice: "), "{answer}");
    }
    peer.finish();
}

/// Every field that BOLT 12 has, in an invoice and in the offer that it repeats; no lock is needed to be decoded.
#[test]
fn complete_invoices_and_offers_are_decoded_by_name() {
    let hop = BlindedHop { blinded_node_id: point(7), encrypted_recipient_data: vec![8; 4] };
    let path = |node| BlindedPath::from_parts(node, point(9), vec![hop.clone()]).unwrap();
    let channel = IntroductionNode::Channel { short_channel_id: 42, end: ChannelEnd::NodeId1 };
    let paths = [path(IntroductionNode::NodeId(point(3))), path(channel)];
    let written = |paths: &[BlindedPath<IntroductionNode>]| {
        let mut bytes = Vec::new();
        paths.iter().for_each(|path| path.write(&mut bytes));
        hex::encode(bytes)
    };
    let pay_info = BlindedPayInfo {
        fee_base_msat: 1,
        fee_proportional_millionths: 2,
        cltv_expiry_delta: 3,
        htlc_minimum_msat: 4,
        htlc_maximum_msat: 5,
        features: Features::of(&[1]),
    };
    let receiver = Keypair::from_secret_bytes(&[2; 32]).unwrap();
    let key = receiver.public_key().to_string();
    let offer = OfferBuilder::new()
        .chains(&[ChainHash::REGTEST])
        .metadata(&[0xAB])
        .amount_in_currency("EUR", 350)
        .description("tea")
        .features(&Features::of(&[9]))
        .absolute_expiry(1_750_010_000)
        .paths(&paths)
        .issuer("receiver@example.com")
        .quantity_max(3)
        .issuer_id(&receiver.public_key())
        .build()
        .unwrap();
    let invoice = StaticInvoiceBuilder::for_offer(&offer, point(1), 1_750_000_000)
        .paths(&[PaymentPath::new(paths[1].clone(), pay_info)])
        .message_paths(&paths[..1])
        .features(&Features::of(&[17]))
        .fallbacks(&[FallbackAddress { version: 1, address: vec![6; 2] }])
        .sign(&receiver, &[0; 32])
        .unwrap();
    let of_offer = json!({
        "offer_chains": hex::encode(ChainHash::REGTEST.as_bytes()),
        "offer_metadata": "ab",
        "offer_currency": "EUR",
        "offer_amount": 350,
        "offer_description": "tea",
        "offer_features": "0200",
        "offer_absolute_expiry": 1_750_010_000,
        "offer_paths": written(&paths),
        "offer_issuer": "receiver@example.com",
        "offer_quantity_max": 3,
        "offer_issuer_id": key,
    });
    let of_invoice = json!({
        "invoice_paths": written(&paths[1..]),
        "invoice_blindedpay": "0000000100000002000300000000000000040000000000000005000102",
        "invoice_created_at": 1_750_000_000,
        "invoice_relative_expiry": 1_209_600,
        "invoice_fallbacks": "0100020606",
        "invoice_features": "020000",
        "invoice_node_id": key,
        "invoice_message_paths": written(&paths[..1]),
        "signature": invoice.signature().to_string(),
        "payment_points": [point(1).to_string()],
    });
    let mut all = of_offer.clone();
    all.as_object_mut().unwrap().extend(of_invoice.as_object().unwrap().clone());
    let mut peer = Peer::start();
    assert_eq!(peer.run("invoice.decode", &json!({ "invoice": offer.to_string() })), of_offer);
    assert_eq!(peer.run("invoice.decode", &json!({ "invoice": invoice.to_string() })), all);

    // Without our field it is a plain static invoice of BOLT 12's.
    let mut plain = TlvWriter::new();
    for record in TlvStream::parse(invoice.as_bytes()).unwrap().records() {
        if record.tlv_type() != Field::PAYMENT_POINTS.tlv_type() {
            plain.set(record.tlv_type(), record.value());
        }
    }
    let root = merkle::root(&TlvStream::parse(&plain.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    plain.set(Field::SIGNATURE.tlv_type(), receiver.sign_schnorr(&hash, &[0; 32]).serialize());
    let plain = StaticInvoice::from_bytes(&plain.to_bytes()).unwrap();
    let answer = peer.run("invoice.decode", &json!({ "invoice": plain.to_string() }));
    assert_eq!(answer["payment_points"], Value::Null);
    assert_eq!(answer.as_object().unwrap().len(), all.as_object().unwrap().len() - 1);
    peer.finish();
}
