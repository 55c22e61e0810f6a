//! What a payer says to orders.

use pointlock::curve::Keypair;
use pointlock::invoice::merkle;
use pointlock::invoice::{BlindedPayInfo, Offer, PaymentPath, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::LockSecret;
use pointlock::payment::{Payee, Payment, SenderEvent, Tail};
use pointlock::wire::TlvStream;
use pointlock_sim::Who;

use crate::nodes::{
    AMOUNT_MSAT, Known, LockKind, Net, TIME, invoice_secret, node_id, node_key, start,
};
use crate::places::part;
use crate::{Fields, fields_of, written};

pub(crate) fn receiver() -> Keypair {
    Keypair::new(node_key(Who::Receiver))
}

pub(crate) fn z() -> pointlock::curve::Point {
    let LockSecret::Scalar(z) = invoice_secret(LockKind::Point, 0) else { panic!("a scalar") };
    z.to_point()
}

/// An invoice with a blinded path over N_1, published, and its network.
pub(crate) fn with_path() -> (Net, StaticInvoice) {
    let mut net = start(1, 1);
    let invoice = net.publish_paths(LockKind::Point, 0, 0, &[&[1]]);
    (net, invoice)
}

/// The fields, signed as they are by the receiver.
pub(crate) fn signed(
    mut fields: Fields,
) -> Result<StaticInvoice, pointlock::invoice::InvoiceError> {
    let bytes = written(&fields);
    let root = merkle::root(&TlvStream::parse(&bytes).unwrap()).unwrap();
    let hash = merkle::signature_hash("static_invoice", "signature", &root);
    fields.insert(240, receiver().sign_schnorr(&hash, &[0; 32]).serialize().to_vec());
    StaticInvoice::from_bytes(&written(&fields))
}

/// The same invoice with changed fields.
pub(crate) fn changed(change: impl FnOnce(&mut Fields)) -> StaticInvoice {
    let (_, invoice) = with_path();
    let mut fields = fields_of(invoice.as_bytes());
    change(&mut fields);
    signed(fields).unwrap()
}

/// What a reader says to a changed invoice, which it takes unchanged.
pub(crate) fn invoice_says(change: impl FnOnce(&mut Fields)) -> String {
    let (_, invoice) = with_path();
    let mut fields = fields_of(invoice.as_bytes());
    signed(fields.clone()).unwrap();
    change(&mut fields);
    signed(fields).unwrap_err().to_string()
}

/// What a payer says to an order along the invoice's path.
pub(crate) fn pay(
    net: &mut Net,
    invoice: &StaticInvoice,
    change: impl FnOnce(&mut Payment),
) -> Result<(), String> {
    let mut payment =
        net.payment_in(invoice, vec![part(AMOUNT_MSAT, (&[], Who::Receiver), Tail::Path(0), 1)]);
    change(&mut payment);
    net.tell_sender(0, SenderEvent::Pay(payment)).map_err(|error| error.to_string())
}

/// What a payer says to a changed order of a changed invoice; unchanged, it pays.
pub(crate) fn payer_says(invoice: &StaticInvoice, change: impl FnOnce(&mut Payment)) -> String {
    let (mut net, right) = with_path();
    let said = pay(&mut net, invoice, change).unwrap_err();
    pay(&mut net, &right, |_| ()).unwrap();
    said
}

/// The offer of an invoice.
pub(crate) fn payee(invoice: &StaticInvoice) -> Payee {
    Payee::Offer(Box::new(invoice.offer().clone()))
}

/// An invoice whose only path has changed terms.
pub(crate) fn with_terms(change: impl FnOnce(&mut BlindedPayInfo)) -> StaticInvoice {
    let (_, invoice) = with_path();
    let mut path: PaymentPath = invoice.paths()[0].clone();
    change(&mut path.pay_info);
    changed(|fields| {
        let mut bytes = Vec::new();
        path.pay_info.write(&mut bytes).unwrap();
        fields.insert(pointlock::invoice::Field::INVOICE_BLINDEDPAY.tlv_type(), bytes);
    })
}

/// An invoice without blinded paths, for this offer.
pub(crate) fn for_offer(offer: &Offer) -> StaticInvoice {
    StaticInvoiceBuilder::for_offer(offer, z(), TIME)
        .interim_route(&[node_id(Who::Receiver)])
        .sign(&receiver(), &[0; 32])
        .unwrap()
}
