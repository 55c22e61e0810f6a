// The conversations, once for each version of LDK.

use pointlock::async_payments::{AsyncMessage, AsyncPaymentsError, InvoiceRequest as OurRequest};
use pointlock::invoice::StaticInvoice as OurInvoice;
use pointlock::onion::Packet;
use pointlock::payment::{MessageError, ReceiverError, Refusal};
use pointlock::wire::TlvWriter;

use crate::pointlock_nodes::Arriving;

/// An LDK payer, connected to the LSP and to the receiver behind it.
fn payer_and_payee() -> (Node, Lsp, Payee) {
    let (ldk, lsp) = (Node::new(5), Lsp::new());
    let payee = Payee::new(lsp.id());
    ldk.connect(key_of(lsp.id()));
    ldk.connect(key_of(payee.id()));
    (ldk, lsp, payee)
}

fn first_edge(ldk: &Node, lsp: &Lsp, payee: &Payee, preimage: [u8; 32]) -> Arriving {
    let (invoice, offer) = (payee.invoice.as_bytes(), payee.offer.as_bytes());
    ldk.pay(invoice, offer, preimage, &[], key_of(lsp.id()))
}

#[test]
fn an_ldk_payer_pays_a_pointlock_receiver() {
    let (ldk, mut lsp, mut payee) = payer_and_payee();
    // 72 along the invoice's message path, over the LSP; 74 along the reply path. Nothing but the first question is answered to it.
    ldk.ask(payee.invoice.as_bytes(), 1);
    let mut said = ldk.say(key_of(lsp.id()));
    let question = said.pop_front().unwrap();
    assert!(said.is_empty() && !ldk.was_released(1));
    let (to, question) = lsp.pass(&question);
    assert_eq!(to, payee.id());
    for _ in 0..2 {
        let (to, answer) = payee.hear(&question).unwrap();
        assert_eq!(to, point(ldk.id()));
        ldk.hear(key_of(payee.id()), &answer);
    }
    assert!(ldk.was_released(1) && !ldk.was_released(2));
    // The invoice is paid again and again, each time under a preimage of the payer's.
    for byte in [1, 2] {
        let preimage = [byte; 32];
        let arriving = first_edge(&ldk, &lsp, &payee, preimage);
        let forwarded = lsp.forward(point(ldk.id()), arriving).unwrap();
        assert_eq!(payee.take(forwarded), Ok(preimage));
    }
}

#[test]
fn what_an_ldk_payer_does_wrong_is_refused_by_name() {
    let (ldk, mut lsp, mut payee) = payer_and_payee();
    // Under a hash that its preimage does not open.
    let mut arriving = first_edge(&ldk, &lsp, &payee, [3; 32]);
    arriving.hash = [9; 32];
    let refused = lsp.forward(point(ldk.id()), arriving).map(|_| ());
    assert!(
        matches!(refused, Err(Refusal::Blinding(_))),
        "the packet is for another hash: {refused:?}"
    );
    // Less than it says, and the same packet again.
    let forwarded = |lsp: &mut Lsp, byte| {
        lsp.forward(point(ldk.id()), first_edge(&ldk, lsp, &payee, [byte; 32])).unwrap()
    };
    let mut less = forwarded(&mut lsp, 4);
    let right = forwarded(&mut Lsp::new(), 4);
    less.amount_msat -= 1;
    let (offered_msat, expected_msat) = (less.amount_msat, AMOUNT_MSAT);
    let low = Refusal::AmountTooLow { offered_msat, expected_msat };
    assert_eq!(payee.take(less), Err(low));
    let again = payee.take(right);
    assert!(matches!(again, Err(Refusal::Onion(_))), "{again:?}");
    // Its twin.
    let preimage = [6; 32];
    let right = lsp.forward(point(ldk.id()), first_edge(&ldk, &lsp, &payee, preimage)).unwrap();
    assert_eq!(payee.take(right), Ok(preimage));
}

#[test]
fn a_pointlock_sender_pays_an_ldk_receiver() {
    let (ldk, mut lsp, mut payer) = (Node::new(6), Lsp::new(), Payer::new());
    ldk.connect(key_of(payer.id()));
    let relay = shims::Relay { node: key_of(lsp.id()), short_channel_id: 44 };
    let (offer, invoice, nonce) = ldk.static_invoice(Some(relay));
    let invoice = OurInvoice::from_bytes(&invoice).unwrap();
    assert!(invoice.lock().is_none());
    assert_eq!(invoice.offer().as_bytes(), offer);

    let (held, to, question) = payer.ask(&invoice, 1);
    let (other, _, _) = payer.ask(&invoice, 2);
    assert_eq!(to, point(ldk.id()));
    ldk.hear(key_of(payer.id()), &question);
    assert_eq!(ldk.handler.seen.lock().unwrap().asked, 1);
    let answer = ldk.say(key_of(payer.id())).pop_front().unwrap();
    assert_eq!(payer.hears(&held, &answer), Ok(true));
    assert_eq!(payer.hears(&other, &answer), Ok(false), "another payment's");

    for seed in [1, 2] {
        let (to, arriving, outgoing) = payer.pay(payer.order(&invoice, seed));
        assert_eq!(to, lsp.id());
        let hash = arriving.hash;
        let forwarded = lsp.forward(payer.id(), arriving).unwrap();
        let received = ldk.receive(&forwarded).unwrap();
        assert_eq!(received.amount_msat, AMOUNT_MSAT);
        assert_eq!(sha256::Hash::hash(&received.preimage).to_byte_array(), hash);
        // What LDK's channel manager asks for before it claims: an invoice request for this offer, known by its own keys.
        let request = received.invoice_request.unwrap();
        assert_eq!(request.amount_msats(), Some(AMOUNT_MSAT));
        assert_eq!(request.payer_note().map(|note| note.0), Some("table 4"));
        assert!(ldk.knows(request, received.offer_nonce.unwrap()));
        assert!(!payer.is_paid(outgoing, [9; 32]));
        assert!(payer.is_paid(outgoing, received.preimage));
    }
    let _ = nonce;
}

/// Byte for byte, in both directions, all six messages.
#[test]
fn both_write_the_same() {
    let (ldk, lsp) = (Node::new(7), Lsp::new());
    let (_, invoice, _) = ldk.static_invoice(None);
    let messages = async_messages(&invoice, &ldk);
    assert_eq!(messages.len(), 7);
    for (tlv_type, value) in messages {
        let mut tlv = TlvWriter::new();
        tlv.set(tlv_type, value.clone());
        let bytes = tlv.to_bytes();
        let (message, reply_path) = AsyncMessage::from_payload(&bytes).unwrap();
        assert_eq!(reply_path, None);
        assert_eq!(message.to_tlv(None).to_bytes(), bytes, "{tlv_type}");
        assert!(ldk_reads(tlv_type, &value));
        // A byte less: neither reads it. What stands behind a message LDK passes over, and this project does not.
        let less = value[..value.len() - 1].to_vec();
        assert!(!ldk_reads(tlv_type, &less), "{tlv_type}");
        let mut tlv = TlvWriter::new();
        tlv.set(tlv_type, less);
        assert!(AsyncMessage::from_payload(&tlv.to_bytes()).is_err(), "{tlv_type}");
    }
    // Our invoice and our request, read by LDK.
    let payee = Payee::new(lsp.id());
    assert!(StaticInvoice::try_from(payee.invoice.as_bytes().to_vec()).is_ok());
    let order = pointlock::async_payments::RequestOrder {
        offer: &payee.offer,
        chain: ChainHash::BITCOIN,
        amount_msat: AMOUNT_MSAT,
        quantity: None,
        payer_note: None,
        metadata: &[7; 32],
    };
    let key = pointlock::curve::Keypair::from_secret_bytes(&[3; 32]).unwrap();
    let request = OurRequest::sign(&order, &key, &[0; 32]).unwrap();
    assert!(is_invoice_request(request.as_bytes()));
    let mut broken = request.as_bytes().to_vec();
    *broken.last_mut().unwrap() ^= 1;
    assert!(!is_invoice_request(&broken));
    assert_eq!(OurRequest::from_bytes(&broken), Err(AsyncPaymentsError::Signature));
}

/// What an LDK node does not know it passes over: it neither answers nor closes the connection.
#[test]
fn an_ldk_receiver_passes_over_what_is_ours() {
    let (ldk, payer) = (Node::new(8), Payer::new());
    ldk.connect(key_of(payer.id()));
    let (_, invoice, _) = ldk.static_invoice(None);
    let invoice = OurInvoice::from_bytes(&invoice).unwrap();
    let path = &invoice.message_paths()[0];
    let session = |byte| pointlock::curve::SecretScalar::from_bytes(&[byte; 32]).unwrap();
    for (byte, tlv_type, value) in
        [(1, 65_577, vec![1; 566]), (2, 65_575, vec![]), (3, 76, vec![0]), (4, 72, vec![])]
    {
        let mut fields = TlvWriter::new();
        fields.set(tlv_type, value);
        let built = pointlock::onion::blinded::OnionMessage::build(session(byte), path, &fields);
        ldk.hear(key_of(payer.id()), &built.unwrap().to_bytes()[2..]);
        assert!(ldk.say(key_of(payer.id())).is_empty(), "{tlv_type}");
    }
    assert_eq!(ldk.handler.seen.lock().unwrap().asked, 0);
    // The connection stands: its twin is answered.
    let (held, _, question) = payer.ask(&invoice, 1);
    ldk.hear(key_of(payer.id()), &question);
    let answer = ldk.say(key_of(payer.id())).pop_front().unwrap();
    assert_eq!(payer.hears(&held, &answer), Ok(true));
}

/// The pointlock receiver, with an LDK payer's message that is none: by the field, and nothing is kept.
#[test]
fn a_pointlock_receiver_names_what_is_wrong_with_a_question() {
    let (ldk, lsp, mut payee) = payer_and_payee();
    let path = payee.invoice.message_paths()[0].clone();
    let session = |byte| pointlock::curve::SecretScalar::from_bytes(&[byte; 32]).unwrap();
    let refused = |payee: &mut Payee, byte, fields: &[(u64, Vec<u8>)]| {
        let mut tlv = TlvWriter::new();
        for (tlv_type, value) in fields {
            tlv.set(*tlv_type, value.clone());
        }
        let built = pointlock::onion::blinded::OnionMessage::build(session(byte), &path, &tlv);
        let (_, message) = lsp.pass(&built.unwrap().to_bytes()[2..]);
        payee.hear(&message).unwrap_err()
    };
    for (byte, fields, expected) in [
        (1, vec![(72, vec![0])], AsyncPaymentsError::Missing("reply_path")),
        (2, vec![(72, vec![])], AsyncPaymentsError::Malformed("held_htlc_available")),
        (3, vec![(72, vec![0, 0])], AsyncPaymentsError::Malformed("held_htlc_available")),
        (4, vec![(72, vec![0]), (74, vec![0])], AsyncPaymentsError::Unexpected { tlv_type: 74 }),
        (5, vec![(72, vec![0]), (78, vec![])], AsyncPaymentsError::UnknownEven { tlv_type: 78 }),
        (6, vec![(74, vec![0])], AsyncPaymentsError::Missing("held_htlc_available")),
    ] {
        let error = ReceiverError::Message(MessageError::Async(expected));
        assert_eq!(refused(&mut payee, byte, &fields), Some(error));
    }
    // Late: the invoice has expired.
    ldk.ask(payee.invoice.as_bytes(), 1);
    let (_, question) = lsp.pass(&ldk.say(key_of(lsp.id())).pop_front().unwrap());
    assert!(payee.hear(&question).is_ok());
    let late = pointlock::payment::ReceiverEvent::Time { unix_time: NOW + 10_000_000 };
    use pointlock::payment::Role;
    let _ = payee.receiver.process(&late, &mut pointlock::payment::Unobserved).unwrap();
    assert_eq!(payee.hear(&question).unwrap_err(), None);
}
