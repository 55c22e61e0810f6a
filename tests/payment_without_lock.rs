//! A plain BOLT 12 static invoice, which has no lock of the receiver's, ordered and published as if it had one: every role refuses it by
//! name, and nothing happens. How it is paid is in `tests/ldk_async`.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "common/nodes.rs"]
mod nodes;

use nodes::{Known, LockKind, TIME, invoice_secret, node_id, node_key, payer_of, start};
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{
    BlindedPayInfo, Field, InvoiceError, PaymentPath, StaticInvoice, StaticInvoiceBuilder, merkle,
};
use pointlock::payment::{
    OrderError, Payment, PublishError, ReceiverEvent, ReceiverPaths, SenderEvent,
};
use pointlock::wire::{BlindedHop, BlindedPath, Features, TlvStream, TlvWriter};
use pointlock_sim::Who;

/// As another implementation signs it: an invoice of ours without its payment points.
fn plain() -> StaticInvoice {
    let receiver = Keypair::new(node_key(Who::Receiver));
    let point = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
    let hop = BlindedHop { blinded_node_id: point, encrypted_recipient_data: vec![7; 20] };
    let path = BlindedPath::from_parts(node_id(Who::Receiver), point, vec![hop]).unwrap();
    let pay_info = BlindedPayInfo {
        fee_base_msat: 0,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 0,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: u64::MAX,
        features: Features::NONE,
    };
    let with_lock = StaticInvoiceBuilder::new(point, TIME)
        .offer_paths(std::slice::from_ref(&path))
        .paths(&[PaymentPath::new(path.clone(), pay_info)])
        .message_paths(&[path])
        .interim_route(&[node_id(Who::Forwarder(1)), node_id(Who::Receiver)])
        .sign(&receiver, &[0; 32])
        .unwrap();
    let mut writer = TlvWriter::new();
    for record in TlvStream::parse(with_lock.as_bytes()).unwrap().records() {
        if record.tlv_type() != Field::PAYMENT_POINTS.tlv_type() {
            writer.set(record.tlv_type(), record.value());
        }
    }
    let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    writer.set(Field::SIGNATURE.tlv_type(), receiver.sign_schnorr(&hash, &[0; 32]).serialize());
    StaticInvoice::from_bytes(&writer.to_bytes()).unwrap()
}

#[test]
fn no_role_takes_it() {
    let invoice = plain();
    let field = Field::PAYMENT_POINTS;
    let mut net = start(1, 1);
    for (payer, refused) in
        [(None, OrderError::PayerMissing), (Some(payer_of(None)), OrderError::PlainByOtherWay)]
    {
        let payment = Payment { payer, ..net.in_one_part(&invoice, [3; 32]) };
        assert_eq!(net.senders[0].apply(SenderEvent::Pay(payment)).unwrap_err(), refused.into());
    }
    let secret = invoice_secret(LockKind::Point, 0);
    let paths = ReceiverPaths::default();
    let published = ReceiverEvent::Published { invoice: invoice.clone(), secret, paths };
    let refused = PublishError::from(InvoiceError::Missing { field });
    assert_eq!(net.tell_receiver(published), Err(refused.into()));
    let polynomial = PaymentPolynomial::from_entropy(&[5; 32], 1).unwrap();
    let paths = ReceiverPaths::default();
    let published = ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths };
    assert_eq!(net.tell_receiver(published), Err(PublishError::NoPolynomial.into()));
    assert!(net.tasks.is_empty() && net.happened.is_empty());

    // With a lock, the same order is taken.
    let invoice = net.publish(LockKind::Point, 0);
    let payment = net.in_one_part(&invoice, [3; 32]);
    assert!(net.senders[0].apply(SenderEvent::Pay(payment)).is_ok());
}
