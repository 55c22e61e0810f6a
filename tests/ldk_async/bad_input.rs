//! Each foreign message truncated, extended, reordered, doubled, and with types that nobody knows; from the wrong sender, twice and late. Beside
//! each stands its twin, which is taken.

use pointlock::async_payments::{
    AsyncMessage, AsyncPaymentsError, HeldHtlc, InvoiceRequest, RequestOrder, release,
};
use pointlock::curve::{Keypair, SecretScalar};
use pointlock::invoice::ChainHash;
use pointlock::onion::blinded::{BlindedPath, OnionMessage, PeeledMessage, RecipientData};
use pointlock::payment::{MessageError, ReceiverError, ReceiverEvent, Role, Unobserved};
use pointlock::wire::{IntroductionNode, TlvStream, write_bigsize};

use crate::pointlock_nodes::{Lsp, Payee};
use crate::{AMOUNT_MSAT, NOW};

type Path = BlindedPath<IntroductionNode>;
/// The records of a stream, in an order of their own.
type Records = Vec<(u64, Vec<u8>)>;
type Change = fn(&Records) -> Records;

const REPLY_PATH: u64 = 2;
const UNKNOWN_ODD: (u64, &[u8]) = (2_000_000_001, &[1]);
const UNKNOWN_EVEN: (u64, &[u8]) = (2_000_000_002, &[1]);

fn secret(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// A path to the node with this key alone.
fn path_to(key: u8, path_id: u8) -> Path {
    let own = RecipientData { path_id: Some(vec![path_id; 32]), ..Default::default() };
    let hops = [(secret(key).to_point(), own.to_bytes())];
    BlindedPath::build(secret(path_id), &hops).unwrap().0.into()
}

fn messages() -> Vec<AsyncMessage> {
    let Payee { invoice, offer, .. } = Payee::new(Lsp::new().id());
    let order = RequestOrder {
        offer: &offer,
        chain: ChainHash::BITCOIN,
        amount_msat: AMOUNT_MSAT,
        quantity: None,
        payer_note: None,
        metadata: &[7; 32],
    };
    let key = Keypair::from_secret_bytes(&[3; 32]).unwrap();
    let request = InvoiceRequest::sign(&order, &key, &[0; 32]).unwrap();
    vec![
        AsyncMessage::InvoiceRequest(Box::new(request)),
        AsyncMessage::StaticInvoice(Box::new(invoice.clone())),
        AsyncMessage::HeldHtlcAvailable,
        AsyncMessage::ReleaseHeldHtlc,
        AsyncMessage::OfferPathsRequest { invoice_slot: 1 },
        AsyncMessage::OfferPaths { paths: vec![path_to(9, 8)], absolute_expiry: Some(NOW) },
        AsyncMessage::ServeStaticInvoice {
            invoice: Box::new(invoice),
            forward_invoice_request_path: path_to(9, 8),
        },
        AsyncMessage::StaticInvoicePersisted,
    ]
}

fn records(bytes: &[u8]) -> Records {
    let stream = TlvStream::parse(bytes).unwrap();
    stream.records().iter().map(|record| (record.tlv_type(), record.value().to_vec())).collect()
}

/// In the order that is given, which a writer of streams would not keep.
fn written(records: &Records) -> Vec<u8> {
    let mut bytes = Vec::new();
    for (tlv_type, value) in records {
        write_bigsize(&mut bytes, *tlv_type);
        write_bigsize(&mut bytes, value.len() as u64);
        bytes.extend_from_slice(value);
    }
    bytes
}

fn with(records: &Records, (tlv_type, value): (u64, &[u8])) -> Records {
    records.iter().cloned().chain([(tlv_type, value.to_vec())]).collect()
}

fn reversed(records: &Records) -> Records {
    records.iter().rev().cloned().collect()
}

fn doubled(records: &Records) -> Records {
    records.iter().flat_map(|record| [record.clone(), record.clone()]).collect()
}

/// Without the numbers: what is wrong with a stream, or which field of a message is.
fn kind(read: Result<(AsyncMessage, Option<Path>), AsyncPaymentsError>) -> &'static str {
    match read {
        Ok(_) => "taken",
        Err(AsyncPaymentsError::UnknownEven { tlv_type: 2_000_000_002 }) => "unknown and even",
        Err(AsyncPaymentsError::Wire(_)) => "no stream",
        Err(AsyncPaymentsError::Invoice(_)) => "invoice",
        Err(AsyncPaymentsError::Malformed(_)) => "malformed",
        Err(AsyncPaymentsError::Signature) => "signature",
        Err(other) => panic!("{other:?}"),
    }
}

/// Where the message stands: in the stream of the onion message, beside a reply path.
#[test]
fn the_record_of_each_message() {
    let change: [(&str, Change); 5] = [
        ("taken", Records::clone),
        ("no stream", reversed),
        ("no stream", doubled),
        ("taken", |records| with(records, UNKNOWN_ODD)),
        ("unknown and even", |records| with(records, UNKNOWN_EVEN)),
    ];
    for message in messages() {
        let whole = message.to_tlv(Some(&path_to(5, 6))).to_bytes();
        let fields = records(&whole);
        assert_eq!(fields.len(), 2);
        for (expected, change) in change {
            let said = AsyncMessage::from_payload(&written(&change(&fields)));
            if expected == "taken" {
                assert_eq!(said, Ok((message.clone(), Some(path_to(5, 6)))));
            }
            assert_eq!(kind(said), expected, "{message:?}");
        }
        // Cut anywhere but between the records, where it is another message.
        let reply_path = fields[0].1.len();
        let between = written(&vec![(REPLY_PATH, vec![0; reply_path])]).len();
        for length in 1..whole.len() {
            let said = AsyncMessage::from_payload(&whole[..length]);
            let missing = said == Err(AsyncPaymentsError::Missing("message"));
            assert!(said.is_err() && missing == (length == between), "{length}: {said:?}");
        }
        let longer = [&whole[..], &[0]].concat();
        assert_eq!(kind(AsyncMessage::from_payload(&longer)), "no stream");
    }
}

/// Within the message: invoice and invoice request are streams of their own and signed, the others are streams behind their length.
#[test]
fn the_fields_of_each_message() {
    let in_message = |message: &AsyncMessage, change: Change| {
        let (tlv_type, value) = records(&message.to_tlv(None).to_bytes()).remove(0);
        let value = if let 64 | 70 = tlv_type {
            written(&change(&records(&value)))
        } else {
            let length = if value[0] < 0xfd { 1 } else { 3 };
            let content = written(&change(&records(&value[length..])));
            let mut value = Vec::new();
            write_bigsize(&mut value, content.len() as u64);
            [value, content].concat()
        };
        kind(AsyncMessage::from_payload(&written(&vec![(tlv_type, value)])))
    };
    for message in messages() {
        // Signed is every record below the signatures, unknown ones too.
        let (odd, even) = match message {
            AsyncMessage::InvoiceRequest(_) => ("signature", "unknown and even"),
            AsyncMessage::StaticInvoice(_) => ("invoice", "invoice"),
            _ => ("taken", "unknown and even"),
        };
        let no_stream = match message {
            AsyncMessage::StaticInvoice(_) => "invoice",
            _ => "no stream",
        };
        let fields = match message {
            AsyncMessage::HeldHtlcAvailable
            | AsyncMessage::ReleaseHeldHtlc
            | AsyncMessage::StaticInvoicePersisted => 0,
            AsyncMessage::OfferPathsRequest { .. } => 1,
            _ => 2,
        };
        assert_eq!(in_message(&message, Records::clone), "taken");
        assert_eq!(in_message(&message, |fields| with(fields, UNKNOWN_ODD)), odd, "{message:?}");
        assert_eq!(in_message(&message, |fields| with(fields, UNKNOWN_EVEN)), even, "{message:?}");
        let twice = if fields > 0 { no_stream } else { "taken" };
        assert_eq!(in_message(&message, doubled), twice, "{message:?}");
        let turned = if fields > 1 { no_stream } else { "taken" };
        assert_eq!(in_message(&message, reversed), turned, "{message:?}");
    }
}

fn hear(payee: &mut Payee, message: OnionMessage) -> Result<(), Option<ReceiverError>> {
    payee.hear(&message.to_bytes()[2..]).map(|_| ())
}

/// A message of the payer's, past the LSP.
fn passed(path: &Path, message: &AsyncMessage, session: u8) -> OnionMessage {
    let fields = message.to_tlv(Some(&path_to(5, 6)));
    let message = OnionMessage::build(secret(session), path, &fields).unwrap();
    let (_, passed) = Lsp::new().pass(&message.to_bytes()[2..]);
    let passed = [&OnionMessage::TYPE.to_be_bytes(), &passed[..]].concat();
    OnionMessage::from_bytes(&passed).unwrap()
}

/// A receiver answers a question along a path of its invoice, as often as it is asked and until the invoice is gone; and nothing else, and
/// nobody else.
#[test]
fn a_receiver_answers_one_of_them() {
    let mut payee = Payee::new(Lsp::new().id());
    let path = payee.invoice.message_paths()[0].clone();
    for (message, session) in messages().iter().zip(0x11..) {
        let said = hear(&mut payee, passed(&path, message, session));
        let missing = AsyncPaymentsError::Missing("held_htlc_available");
        let expected = match message {
            AsyncMessage::HeldHtlcAvailable => Ok(()),
            _ => Err(Some(ReceiverError::Message(MessageError::Async(missing)))),
        };
        assert_eq!(said, expected, "{message:?}");
        // Twice: the same again, since nothing was kept.
        assert_eq!(hear(&mut payee, passed(&path, message, session)), expected);
    }
    // Somebody who has not the invoice: along a path of his own making, to the receiver's key.
    let question = |path: &Path| {
        let fields = AsyncMessage::HeldHtlcAvailable.to_tlv(Some(&path_to(5, 6)));
        OnionMessage::build(secret(0x21), path, &fields).unwrap()
    };
    let unknown = ReceiverError::Message(MessageError::UnknownPath);
    assert_eq!(hear(&mut payee, question(&path_to(0x32, 0x52 ^ 1))), Err(Some(unknown.clone())));
    assert_eq!(hear(&mut payee, passed(&path, &AsyncMessage::HeldHtlcAvailable, 0x22)), Ok(()));
    // Late: the invoice was withdrawn.
    let invoice = payee.invoice.invoice_id();
    let event = ReceiverEvent::Withdrawn { invoice };
    let _ = payee.receiver.process(&event, &mut Unobserved).unwrap();
    let late = hear(&mut payee, passed(&path, &AsyncMessage::HeldHtlcAvailable, 0x23));
    assert_eq!(late, Err(Some(unknown)));
}

/// A payer takes one of them for an answer, along the path that it has made for this payment.
#[test]
fn a_payer_hears_one_of_them() {
    let payee = Payee::new(Lsp::new().id());
    let path = &payee.invoice.message_paths()[0];
    let payer = secret(5);
    let (held, _, question) = HeldHtlc::ask(path, &payer.to_point(), [1; 32]).unwrap();
    let (earlier, _, _) = HeldHtlc::ask(path, &payer.to_point(), [2; 32]).unwrap();
    let (_, passed) = Lsp::new().pass(&question.to_bytes()[2..]);
    let passed = [&OnionMessage::TYPE.to_be_bytes(), &passed[..]].concat();
    let at_receiver = OnionMessage::from_bytes(&passed).unwrap().peel(&secret(0x32)).unwrap();
    let PeeledMessage::Receive { payload, .. } = at_receiver else { panic!("it is its own") };
    let reply_path = AsyncMessage::from_payload(&payload).unwrap().1.unwrap();
    let heard = |message: OnionMessage, held: &HeldHtlc| match message.peel(&payer).unwrap() {
        PeeledMessage::Receive { payload, data, .. } => held.is_released(&payload, &data),
        _ => panic!("it is the payer's"),
    };
    for (message, session) in messages().iter().zip(0x31..) {
        let answer =
            || OnionMessage::build(secret(session), &reply_path, &message.to_tlv(None)).unwrap();
        let is_release = matches!(message, AsyncMessage::ReleaseHeldHtlc);
        for _ in 0..2 {
            assert_eq!(heard(answer(), &held), Ok(is_release), "{message:?}");
        }
        // Late: the payer waits for another payment by now.
        assert_eq!(heard(answer(), &earlier), Ok(false));
    }
    // From the wrong sender: along a path that is not the payer's.
    let (_, forged) = release(&path_to(5, 6), &[4; 32]).unwrap();
    assert_eq!(heard(forged, &held), Ok(false));
    let (_, right) = release(&reply_path, &[4; 32]).unwrap();
    assert_eq!(heard(right, &held), Ok(true));
}
