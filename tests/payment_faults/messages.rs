//! Announcements of held payments and their releases: whom they reach, how often, and how long.

use pointlock::curve::SecretScalar;
use pointlock::hold::{HoldError, HoldId, HoldState, ReleaseSecret};
use pointlock::invoice::StaticInvoice;
use pointlock::onion::OnionError;
use pointlock::onion::blinded::{BlindedPath, BlindingError, OnionMessage, RecipientData};
use pointlock::payment::{
    AttemptId, AttemptSeed, AvailableHold, ForwarderAction, ForwarderEvent, HeldAvailable,
    MessageError, PayloadError, PaymentId, ReceiverAction, ReceiverError, ReceiverEvent, Refusal,
    ReleaseHeld, SecretSource, SenderError, SenderEvent,
};
use pointlock::wire::{BlindedPath as WirePath, IntroductionNode, TlvStream, TlvWriter};

use crate::network::{
    AMOUNT_MSAT, Action, Fact, HEIGHT, HOLD_BLOCKS, LockKind, Network, Node, node_id, node_key,
    secret_of,
};
use crate::scene::{
    HOP, blind, entropy, forward_packet, held_case, hold_tweak, is_paid, ledger_state, message_to,
    reach_hop, refuses_forwarder, refuses_receiver, refuses_sender, release, release_message,
};

const MAX_HOLD_BLOCKS: u32 = 8_640;
const MAX_ANNOUNCEMENTS: usize = 1_000;

fn available(latest_release_height: u32, index: usize) -> HeldAvailable {
    let hold = AvailableHold {
        id: HoldId([index as u8; 32]),
        release: ReleaseSecret::new(secret_of("release", index)),
        amount_msat: AMOUNT_MSAT,
    };
    HeldAvailable { holds: vec![hold], latest_release_height, x: None }
}

fn reply_path(session: usize) -> WirePath<IntroductionNode> {
    let data = RecipientData { path_id: Some(vec![0; 4]), ..RecipientData::default() };
    let hops = [(node_id(HOP), data.to_bytes())];
    BlindedPath::build(secret_of("reply path", session), &hops).unwrap().0.into()
}

/// A receiver without forwarders, so that the path of its invoice is its own hop alone.
fn alone() -> (Network, StaticInvoice) {
    let mut net = Network::new(1, 0);
    let invoice = net.publish(LockKind::Point, 0);
    (net, invoice)
}

fn message(invoice: &StaticInvoice, fields: &TlvWriter, session: usize) -> OnionMessage {
    let path = &invoice.message_paths()[0];
    let mut key = [1; 32];
    key[..8].copy_from_slice(&(session as u64).to_be_bytes());
    OnionMessage::build(SecretScalar::from_bytes(&key).unwrap(), path, fields).unwrap()
}

fn announcement(
    invoice: &StaticInvoice,
    available: &HeldAvailable,
    session: usize,
) -> OnionMessage {
    message(invoice, &available.to_tlv(&reply_path(session)), session)
}

fn received(message: &OnionMessage) -> ReceiverEvent {
    ReceiverEvent::MessageReceived { message: message.clone(), entropy: [7; 32] }
}

/// None when it answers.
fn says(net: &mut Network, message: &OnionMessage) -> Option<Refusal> {
    net.tell_receiver(received(message)).unwrap();
    let (_, action) = net.tasks.pop_back().unwrap();
    assert!(net.tasks.is_empty());
    match action {
        Action::Receiver(ReceiverAction::SendMessage { to, .. }) => {
            assert_eq!(to, IntroductionNode::NodeId(node_id(HOP)));
            None
        }
        Action::Receiver(ReceiverAction::ReleaseRefused { reason }) => Some(reason),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_announcement_is_answered_once() {
    let (mut net, invoice) = alone();
    let latest = HEIGHT + 10;
    let first = announcement(&invoice, &available(latest, 0), 0);
    assert_eq!(says(&mut net, &first), None);
    let replayed = Refusal::Onion(OnionError::Replayed { expiry_height: latest + 1 });
    for _ in 0..3 {
        assert_eq!(says(&mut net, &first), Some(replayed.clone()));
    }
    // In a new message the same is answered.
    assert_eq!(says(&mut net, &announcement(&invoice, &available(latest, 0), 1)), None);
    // Up to its last height a replay; from then on it is void, and its memory is gone.
    net.block(latest);
    assert_eq!(says(&mut net, &first), Some(replayed));
    assert_eq!(net.receiver.pending().len(), 2);
    net.block(latest + 1);
    let void = Refusal::AnnouncementVoid { latest, height: latest + 1 };
    assert_eq!(says(&mut net, &first), Some(void));
    assert!(net.receiver.pending().is_empty());
    net.check_replay();
}

#[test]
fn announcements_have_their_time() {
    let (mut net, invoice) = alone();
    let void = |latest| Some(Refusal::AnnouncementVoid { latest, height: HEIGHT });
    for (session, (latest, expected)) in [
        (HEIGHT - 1, void(HEIGHT - 1)),
        (0, void(0)),
        (HEIGHT, None),
        (HEIGHT + MAX_HOLD_BLOCKS, None),
        (HEIGHT + MAX_HOLD_BLOCKS + 1, void(HEIGHT + MAX_HOLD_BLOCKS + 1)),
        (u32::MAX, void(u32::MAX)),
    ]
    .into_iter()
    .enumerate()
    {
        let view = net.receiver.view().clone();
        let message = announcement(&invoice, &available(latest, session), session);
        assert_eq!(says(&mut net, &message), expected, "{latest}");
        // Of what is refused nothing is kept: strangers don't fill the view.
        assert_eq!(*net.receiver.view() == view, expected.is_some());
    }
}

#[test]
fn announcements_of_too_little_are_refused_once_and_for_all() {
    let (mut net, invoice) = alone();
    let mut little = available(HEIGHT + 10, 0);
    little.holds[0].amount_msat -= 1;
    let message = announcement(&invoice, &little, 0);
    let low = Refusal::AmountTooLow { offered_msat: AMOUNT_MSAT - 1, expected_msat: AMOUNT_MSAT };
    assert_eq!(says(&mut net, &message), Some(low));
    let replayed = Refusal::Onion(OnionError::Replayed { expiry_height: HEIGHT + 11 });
    assert_eq!(says(&mut net, &message), Some(replayed));
    // Two holds that are enough together, and amounts whose sum exceeds 64 bits.
    let mut two = available(HEIGHT + 10, 1);
    two.holds[0].amount_msat = AMOUNT_MSAT - 1;
    two.holds.push(AvailableHold { amount_msat: 1, ..available(0, 2).holds.remove(0) });
    assert_eq!(says(&mut net, &announcement(&invoice, &two, 1)), None);
    two.holds[0].amount_msat = u64::MAX;
    let high = Refusal::AmountTooHigh { offered_msat: u64::MAX, most_msat: 2 * AMOUNT_MSAT };
    assert_eq!(says(&mut net, &announcement(&invoice, &two, 2)), Some(high));
    // An x where the invoice has one point for all, and none where it has a polynomial.
    let x = pointlock::invoice::ktime::PayerScalar::from_bytes(&[1; 32]).unwrap();
    let with_x = HeldAvailable { x: Some(x), ..available(HEIGHT + 10, 3) };
    let of_polynomial = net.publish_polynomial(1, 9);
    for (invoice, available, session) in
        [(&invoice, &with_x, 3), (&of_polynomial, &available(HEIGHT + 10, 4), 4)]
    {
        let said = says(&mut net, &announcement(invoice, available, session));
        assert_eq!(said, Some(Refusal::PayerMismatch));
    }
    assert_eq!(says(&mut net, &announcement(&of_polynomial, &with_x, 5)), None);
    net.check_replay();
}

/// Who has the invoice can send as many as it likes: beyond a number the receiver is silent, for this invoice, until some are void.
#[test]
fn an_invoice_has_a_number_of_announcements() {
    let (mut net, invoice) = alone();
    let other = net.publish(LockKind::Point, 1);
    for session in 0..MAX_ANNOUNCEMENTS {
        let latest = HEIGHT + if session == 0 { 1 } else { 10 };
        let available = available(latest, session % 200);
        assert_eq!(says(&mut net, &announcement(&invoice, &available, session)), None);
    }
    let view = net.receiver.view().clone();
    let one_more = announcement(&invoice, &available(HEIGHT + 10, 201), MAX_ANNOUNCEMENTS);
    let full = Refusal::TooManyAnnouncements { most: MAX_ANNOUNCEMENTS };
    assert_eq!(says(&mut net, &one_more), Some(full.clone()));
    assert_eq!(*net.receiver.view(), view);
    assert_eq!(says(&mut net, &announcement(&other, &available(HEIGHT + 10, 202), 1)), None);
    net.block(HEIGHT + 1);
    assert_eq!(says(&mut net, &one_more), Some(full));
    net.block(HEIGHT + 2);
    assert_eq!(says(&mut net, &one_more), None);
}

#[test]
fn messages_along_other_paths_or_for_others_are_ignored() {
    let (mut net, invoice) = alone();
    let fields = available(HEIGHT + 10, 0).to_tlv(&reply_path(0));
    // A path to the receiver that somebody else has made, with a guess for its id; and one with none.
    let guess = message_to(Node::Receiver, vec![9; 32], &fields, 0);
    refuses_receiver(&mut net, received(&guess), MessageError::UnknownPath);
    let hops = [(node_id(Node::Receiver), RecipientData::default().to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("path", 1), &hops).unwrap();
    let nameless = OnionMessage::build(secret_of("message", 1), &path, &fields).unwrap();
    refuses_receiver(&mut net, received(&nameless), MessageError::UnknownPath);
    // For somebody else, and one to be passed on.
    let invalid = BlindingError::Onion { source: OnionError::InvalidHmac };
    let elsewhere = message_to(HOP, vec![9; 32], &fields, 2);
    refuses_receiver(&mut net, received(&elsewhere), MessageError::Onion(invalid));
    let next = RecipientData { next_node_id: Some(node_id(HOP)), ..RecipientData::default() };
    let end = RecipientData { path_id: Some(vec![9; 32]), ..RecipientData::default() };
    let hops = [(node_id(Node::Receiver), next.to_bytes()), (node_id(HOP), end.to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("path", 3), &hops).unwrap();
    let through = OnionMessage::build(secret_of("message", 3), &path, &fields).unwrap();
    refuses_receiver(&mut net, received(&through), MessageError::NotForThisNode);
    // Every bit counts.
    let right = message(&invoice, &fields, 4);
    let bytes = right.to_bytes();
    for position in (37..bytes.len()).step_by(83) {
        let mut altered = bytes.clone();
        altered[position] ^= 0x10;
        if let Ok(altered) = OnionMessage::from_bytes(&altered) {
            let error = MessageError::Onion(invalid);
            refuses_receiver(&mut net, received(&altered), error.clone());
        }
    }
    assert_eq!(says(&mut net, &right), None);
}

#[test]
fn malformed_announcements_are_refused_by_field() {
    let (mut net, invoice) = alone();
    let good = available(HEIGHT + 10, 0).to_tlv(&reply_path(0)).to_bytes();
    let stream = TlvStream::parse(&good).unwrap();
    let content = stream.get(65_565).unwrap().value().to_vec();
    let edited = |bytes: &[u8], tlv_type: u64, value: Option<Vec<u8>>| {
        let mut tlv = TlvWriter::new();
        for record in TlvStream::parse(bytes).unwrap().records() {
            if record.tlv_type() != tlv_type {
                tlv.set(record.tlv_type(), record.value());
            }
        }
        if let Some(value) = value {
            tlv.set(tlv_type, value);
        }
        tlv
    };
    let inner = |tlv_type, value: Option<Vec<u8>>| {
        edited(&good, 65_565, Some(edited(&content, tlv_type, value).to_bytes()))
    };
    let entry = TlvStream::parse(&content).unwrap().get(2).unwrap().value().to_vec();
    let mut zero = entry.clone();
    zero[32..64].fill(0);
    let cut = stream.get(2).unwrap().value()[..50].to_vec();
    let longer = [stream.get(2).unwrap().value(), &[0]].concat();
    let missing = PayloadError::Missing;
    let malformed = PayloadError::Malformed;
    for (session, (fields, error)) in [
        (edited(&good, 2, None), Some(missing("reply_path"))),
        (edited(&good, 2, Some(cut)), None),
        (edited(&good, 2, Some(longer)), Some(malformed("reply_path"))),
        (edited(&good, 65_565, None), Some(missing("held_ptlc_available"))),
        (edited(&good, 68, Some(vec![1])), Some(PayloadError::UnknownEven { tlv_type: 68 })),
        (inner(2, None), Some(missing("holds"))),
        (inner(2, Some(Vec::new())), Some(malformed("holds"))),
        (inner(2, Some(entry[..71].to_vec())), Some(malformed("holds"))),
        (inner(2, Some([entry.as_slice(), &[0]].concat())), Some(malformed("holds"))),
        (inner(2, Some(zero)), Some(malformed("holds"))),
        (inner(4, None), Some(missing("latest_release_height"))),
        (inner(4, Some(vec![0, 1])), Some(malformed("latest_release_height"))),
        (inner(4, Some(vec![1; 5])), Some(malformed("latest_release_height"))),
        (inner(5, Some(vec![1; 31])), Some(malformed("x"))),
        (inner(5, Some(vec![0; 32])), Some(malformed("x"))),
        (inner(6, Some(vec![1])), Some(PayloadError::UnknownEven { tlv_type: 6 })),
        (
            ReleaseHeld { holds: vec![(HoldId([1; 32]), release(0))] }.to_tlv(),
            Some(missing("reply_path")),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let message = message(&invoice, &fields, session);
        match error {
            Some(error) => {
                refuses_receiver(&mut net, received(&message), MessageError::Payload(error));
            }
            None => assert!(matches!(
                net.tell_receiver(received(&message)),
                Err(ReceiverError::Message(MessageError::Payload(PayloadError::Wire(_))))
            )),
        }
    }
    assert_eq!(says(&mut net, &message(&invoice, &inner(7, Some(vec![1])), 99)), None);
}

/// An announcement fits into a message, and its answer, with longer frames, does not: refused, and no slot is taken for it.
#[test]
fn an_answer_that_can_not_be_made_reserves_nothing() {
    let (mut net, _) = alone();
    let invoice = net.publish_polynomial(1, 9);
    let hops = vec![(node_id(HOP), vec![0; 253 - 16]); 112];
    let (path, _) = BlindedPath::build(secret_of("reply path", 0), &hops).unwrap();
    let x = |byte| Some(pointlock::invoice::ktime::PayerScalar::from_bytes(&[byte; 32]).unwrap());
    let available = |byte| HeldAvailable { x: x(byte), ..available(HEIGHT + 10, 0) };
    let long = message(&invoice, &available(1).to_tlv(&path.into()), 0);
    let before = (net.receiver.view().clone(), net.receiver.log().len());
    let error = net.tell_receiver(received(&long)).unwrap_err();
    assert_eq!((net.receiver.view().clone(), net.receiver.log().len()), before);
    assert!(matches!(
        error,
        ReceiverError::Message(MessageError::Onion(BlindingError::Onion {
            source: OnionError::TooLong { .. }
        }))
    ));
    // The only slot is free.
    assert_eq!(says(&mut net, &announcement(&invoice, &available(2), 1)), None);
}

// ---- The holder ----

fn held() -> Network {
    let (mut net, case) = held_case(0);
    reach_hop(&mut net, &case, forward_packet(&case, 0));
    let mut second = held_case(1).1;
    second.payload.tweak = hold_tweak(1, Some(&blind("blind", 1)), HEIGHT + 100);
    reach_hop(&mut net, &second, forward_packet(&second, 1));
    assert!(net.tasks.is_empty());
    net
}

fn to_holder(message: &OnionMessage) -> ForwarderEvent {
    ForwarderEvent::MessageReceived { message: message.clone() }
}

#[test]
fn releases_come_along_a_path_that_is_still_good() {
    let mut net = held();
    let expired = release_message(&[(0, release(0))], HEIGHT - 1, 0);
    let error = MessageError::PathExpired { expiry: HEIGHT - 1 };
    refuses_forwarder(&mut net, HOP, to_holder(&expired), error.clone());
    let fields = ReleaseHeld { holds: vec![(HoldId([0; 32]), release(0))] }.to_tlv();
    for path_id in [vec![], vec![0xff; 3], vec![0xff; 5], vec![0xff; 32]] {
        let message = message_to(HOP, path_id, &fields, 1);
        refuses_forwarder(&mut net, HOP, to_holder(&message), MessageError::UnknownPath);
    }
    assert_eq!(ledger_state(&net, 0), HoldState::Held);
    // At its last height.
    let message = release_message(&[(0, release(0))], HEIGHT, 2);
    net.tell_forwarder(HOP, to_holder(&message)).unwrap();
    assert!(matches!(
        net.tasks.pop_back(),
        Some((_, Action::Forwarder(ForwarderAction::Offer { .. })))
    ));
}

#[test]
fn messages_for_others_are_passed_on_and_no_release_is_read_in_them() {
    let mut net = held();
    let view = net.forwarders[0].view().clone();
    let fields = ReleaseHeld { holds: vec![(HoldId([0; 32]), release(0))] }.to_tlv();
    let next =
        RecipientData { next_node_id: Some(node_id(Node::Receiver)), ..RecipientData::default() };
    let end = RecipientData { path_id: Some(vec![1; 32]), ..RecipientData::default() };
    let hops = [(node_id(HOP), next.to_bytes()), (node_id(Node::Receiver), end.to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("path", 0), &hops).unwrap();
    let through = OnionMessage::build(secret_of("message", 0), &path, &fields).unwrap();
    net.tell_forwarder(HOP, to_holder(&through)).unwrap();
    let Some((_, Action::Forwarder(ForwarderAction::SendMessage { message, .. }))) =
        net.tasks.pop_back()
    else {
        panic!("passed on")
    };
    assert!(message.peel(&node_key(Node::Receiver)).is_ok());
    assert_eq!(*net.forwarders[0].view(), view);
    assert_eq!(ledger_state(&net, 0), HoldState::Held);
    // An announcement is no release.
    let fields = available(HEIGHT + 10, 0).to_tlv(&reply_path(0));
    let announcement = message_to(HOP, HEIGHT.to_be_bytes().to_vec(), &fields, 1);
    let missing = MessageError::Payload(PayloadError::Missing("release_held_ptlc"));
    refuses_forwarder(&mut net, HOP, to_holder(&announcement), missing.clone());
}

/// Another h, one that belongs to another hold, and a set that was cut or mixed: each hold goes by its own h.
#[test]
fn a_hold_set_that_was_altered_releases_no_more_than_it_may() {
    let mut net = held();
    let wrong =
        |index: usize| Refusal::Hold(HoldError::WrongReleaseSecret(HoldId([index as u8; 32])));
    let message = release_message(&[(0, release(1)), (1, release(0))], HEIGHT, 0);
    net.tell_forwarder(HOP, to_holder(&message)).unwrap();
    for index in [0, 1] {
        let Some((_, Action::Forwarder(ForwarderAction::ReleaseRefused { reason }))) =
            net.tasks.pop_front()
        else {
            panic!("refused")
        };
        assert_eq!(reason, wrong(index));
        assert_eq!(ledger_state(&net, index), HoldState::Held);
        let hold = HoldId([index as u8; 32]);
        assert_eq!(net.forwarders[0].view().get(SecretSource::Release { hold }), None);
    }
    let message = release_message(&[(1, release(1))], HEIGHT, 1);
    net.tell_forwarder(HOP, to_holder(&message)).unwrap();
    assert_eq!(ledger_state(&net, 0), HoldState::Held);
    assert!(matches!(ledger_state(&net, 1), HoldState::Releasing(_)));
}

// ---- The sender ----

fn held_payment() -> (Network, AttemptId, PaymentId) {
    let mut net = Network::new(1, 2);
    net.online = false;
    let invoice = net.publish(LockKind::Point, 0);
    let attempt = net.pay(0, &invoice, Some(1), entropy(1));
    let payment = net.senders[0].role().payment_of(&attempt).unwrap();
    (net, attempt, payment)
}

fn announce(payment: PaymentId, seed: u8) -> SenderEvent {
    SenderEvent::Announce { payment, seed: AttemptSeed::new(entropy(seed)) }
}

#[test]
fn a_repeated_announcement_is_answered() {
    let (mut net, _, payment) = held_payment();
    // Nothing is held yet.
    refuses_sender(&mut net, announce(payment, 2), SenderError::NotHeld(payment));
    let unknown = PaymentId([9; 32]);
    refuses_sender(&mut net, announce(unknown, 2), SenderError::UnknownPayment(unknown));
    net.run();
    assert_eq!(net.mailbox.len(), 1);
    // The keeper of the mail has lost it.
    net.mailbox.clear();
    net.seeds[0].push(entropy(2));
    net.tell_sender(0, announce(payment, 2)).unwrap();
    net.run();
    let repeated = net.mailbox[0].clone();
    net.online = true;
    net.deliver_mail();
    net.run();
    assert!(is_paid(&net));
    // Whoever has recorded it learns nothing from it later.
    let count = |net: &Network| {
        net.facts.iter().filter(|fact| matches!(fact, Fact::Released { .. })).count()
    };
    assert_eq!(count(&net), 1);
    net.tell_receiver(received(&repeated)).unwrap();
    net.run();
    assert_eq!(count(&net), 1);
    let expiry_height = HEIGHT + HOLD_BLOCKS + 1;
    let replayed = Refusal::Onion(OnionError::Replayed { expiry_height });
    let refused = Fact::ReleaseRefused { by: Node::Receiver, reason: replayed };
    assert_eq!(net.facts.last(), Some(&refused));
    // Paid: nothing is held any more.
    refuses_sender(&mut net, announce(payment, 3), SenderError::NotHeld(payment));
}

/// Two messages with one session key show the difference of what they say.
#[test]
fn a_seed_announces_once() {
    let (mut net, attempt, payment) = held_payment();
    net.run();
    refuses_sender(&mut net, announce(payment, 1), SenderError::SeedReused(attempt));
    net.tell_sender(0, announce(payment, 2)).unwrap();
    assert!(matches!(net.tell_sender(0, announce(payment, 2)), Err(SenderError::SeedReused(_))));
    let invoice = net.publish(LockKind::Point, 1);
    let order = SenderEvent::Pay(net.payment(&invoice, entropy(2)));
    assert!(matches!(net.tell_sender(0, order), Err(SenderError::SeedReused(_))));
    net.tell_sender(0, announce(payment, 3)).unwrap();
}
