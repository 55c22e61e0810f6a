//! What the roles refuse of a plain static invoice, whoever is on the other side.

use pointlock::async_payments::AsyncPaymentsError;
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::{OfferBuilder, StaticInvoiceBuilder};
use pointlock::lock::{LockSecret, Preimage};
use pointlock::onion::Packet;
use pointlock::payment::{
    FinalPayload, ForwardingPolicy, Keysend, OrderError, PartOrder, PayloadError, Payment,
    PublishError, ReceiverError, ReceiverEvent, ReceiverPaths, Refusal, Role, Sender, SenderError,
    SenderEvent, Tail, Unobserved,
};

use crate::pointlock_nodes::{Arriving, Lsp, Payee, Payer};
use crate::{AMOUNT_MSAT, HEIGHT};

fn refused(change: impl Fn(&mut Payment)) -> OrderError {
    let lsp = Lsp::new();
    let mut order = Payer::new().order(&Payee::new(lsp.id()).invoice, 1);
    change(&mut order);
    match Sender::new().process(&SenderEvent::Pay(order), &mut Unobserved) {
        Err(SenderError::Order(error)) => error,
        other => panic!("{other:?}"),
    }
}

#[test]
fn orders_for_a_plain_invoice() {
    assert_eq!(refused(|order| order.payer = None), OrderError::PayerMissing);
    let budget = ForwardingPolicy { fee_base_msat: 1, ..Lsp::policy() };
    for tail in [Tail::Receiver, Tail::Trampoline { budget, path: Some(0) }] {
        let other_way = refused(|order| order.parts[0].tail = tail);
        assert_eq!(other_way, OrderError::PlainByOtherWay);
    }
    let note = refused(|order| order.payer.as_mut().unwrap().note = Some(vec![0xff]));
    let malformed = AsyncPaymentsError::Malformed("invreq_payer_note");
    assert_eq!(note, OrderError::InvoiceRequest(Box::new(malformed)));
    let parts = refused(|order| {
        order.parts[0].amount_msat /= 2;
        let seed = pointlock::payment::AttemptSeed::new([9; 32]);
        order.parts.push(PartOrder { seed, forwarders: vec![], ..order_part(order) });
    });
    assert_eq!(parts, OrderError::PartsNotAllowed);
}

fn order_part(order: &Payment) -> PartOrder {
    let PartOrder { amount_msat, tail, .. } = order.parts[0];
    let seed = pointlock::payment::AttemptSeed::new([8; 32]);
    PartOrder { amount_msat, forwarders: vec![], tail, seed }
}

#[test]
fn invoices_that_are_no_plain_ones() {
    let lsp = Lsp::new();
    let mut payee = Payee::new(lsp.id());
    let key = Keypair::from_secret_bytes(&[0x32; 32]).unwrap();
    let lock = SecretScalar::from_bytes(&[3; 32]).unwrap().to_point();
    let locked = StaticInvoiceBuilder::new(lock, crate::NOW).interim_route(&[payee.id()]);
    let locked = locked.sign(&key, &[0; 32]).unwrap();
    let mut publish = |invoice| {
        let event = ReceiverEvent::PublishedPlain { invoice, paths: ReceiverPaths::default() };
        match payee.receiver.process(&event, &mut Unobserved) {
            Err(ReceiverError::Publish(error)) => error,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(publish(locked), PublishError::NotPlain);
    // Its paths are not kept.
    assert_eq!(publish(Payee::new(lsp.id()).invoice), PublishError::PathsMismatch);
    // With a secret it has no business.
    let secret = LockSecret::Preimage(Preimage::new([1; 32]));
    let (invoice, paths) = (Payee::new(lsp.id()).invoice, ReceiverPaths::default());
    let event = ReceiverEvent::Published { invoice, secret, paths };
    let told = payee.receiver.process(&event, &mut Unobserved);
    assert!(matches!(told, Err(ReceiverError::Publish(PublishError::Invoice(_)))), "{told:?}");
}

/// A payment of our own making, as far as the receiver: by its preimage and its invoice request.
fn paid(hash_of: [u8; 32], keysend: Option<Keysend>, session: u8) -> Result<[u8; 32], Refusal> {
    let mut lsp = Lsp::new();
    let mut payee = Payee::new(lsp.id());
    let payload = FinalPayload {
        amount_msat: AMOUNT_MSAT,
        expiry: HEIGHT + 30,
        payment_secret: None,
        total_msat: AMOUNT_MSAT,
        final_blind: None,
        part: None,
        withheld: None,
        payer: None,
        keysend,
    };
    let hash = Preimage::new(hash_of).hash().0;
    let path = payee.invoice.paths()[0].path.resolve(|_, _| None).unwrap();
    let hops = path.onion_hops(&payload.to_tlv());
    let session = SecretScalar::from_bytes(&[session; 32]).unwrap();
    let (packet, _) = Packet::build(session, &hops, &hash).unwrap();
    let (amount_msat, expiry) = (AMOUNT_MSAT + 100_000, HEIGHT + 200);
    let arriving = Arriving { hash, amount_msat, expiry, path_key: None, packet };
    let forwarded = lsp.forward(Payer::new().id(), arriving).unwrap();
    payee.take(forwarded)
}

fn request(amount_msat: u64, description: &str) -> Vec<u8> {
    let payee = Payee::new(Lsp::new().id());
    let other = OfferBuilder::new().description(description).issuer_id(&payee.id()).build();
    let other = other.unwrap();
    let offer = if description == "tea" { &payee.offer } else { &other };
    let order = pointlock::async_payments::RequestOrder {
        offer,
        chain: pointlock::invoice::ChainHash::BITCOIN,
        amount_msat,
        quantity: None,
        payer_note: None,
        metadata: &[7; 32],
    };
    let key = Keypair::from_secret_bytes(&[3; 32]).unwrap();
    let request = pointlock::async_payments::InvoiceRequest::sign(&order, &key, &[0; 32]);
    request.unwrap().as_bytes().to_vec()
}

#[test]
fn payments_of_a_plain_invoice() {
    let keysend = |byte, invoice_request| {
        Some(Keysend { preimage: Preimage::new([byte; 32]), invoice_request })
    };
    let tea = || request(AMOUNT_MSAT, "tea");
    assert_eq!(paid([1; 32], keysend(1, tea()), 1), Ok([1; 32]));
    let missing = Refusal::Payload(PayloadError::Missing("keysend_preimage"));
    assert_eq!(paid([1; 32], None, 2), Err(missing));
    assert_eq!(paid([1; 32], keysend(2, tea()), 3), Err(Refusal::LockMismatch));
    let of_request = |error| Err(Refusal::InvoiceRequest(Box::new(error)));
    let coffee = keysend(1, request(AMOUNT_MSAT, "coffee"));
    assert_eq!(paid([1; 32], coffee, 4), of_request(AsyncPaymentsError::OtherOffer));
    let mut broken = tea();
    *broken.last_mut().unwrap() ^= 1;
    let unsigned = of_request(AsyncPaymentsError::Signature);
    assert_eq!(paid([1; 32], keysend(1, broken), 5), unsigned);
    // The payer says that it wants to pay more than it does.
    let more = keysend(1, request(AMOUNT_MSAT + 1, "tea"));
    let low = Refusal::AmountTooLow { offered_msat: AMOUNT_MSAT, expected_msat: AMOUNT_MSAT + 1 };
    assert_eq!(paid([1; 32], more, 6), Err(low));
}
