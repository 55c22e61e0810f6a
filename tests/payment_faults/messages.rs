//! Announcements of held payments and their releases: whom they reach, how often, and how long.

use pointlock::claims::ClaimError;
use pointlock::curve::SecretScalar;
use pointlock::hold::{Announcement, Cap, HoldError, HoldId, HoldState, Ledger, ReleaseSecret};
use pointlock::invoice::StaticInvoice;
use pointlock::invoice::ktime::PayerScalar;
use pointlock::onion::blinded::{
    BlindedPath, BlindingError, OnionMessage, PeeledMessage, RecipientData,
};
use pointlock::onion::{OnionError, Packet};
use pointlock::payment::{
    AttemptId, AttemptSeed, AvailableHold, ForwarderEvent, Handover, HeldAvailable, MessageError,
    NodeAction, PayloadError, PaymentId, ReceiverError, ReceiverEvent, Refusal, ReleaseHeld,
    SealedAnnouncement, SecretSource, SenderError, SenderEvent,
};
use pointlock::wire::{BlindedPath as WirePath, IntroductionNode, TlvStream, TlvWriter};
use pointlock_sim::{Chain, Keep, Who};

use crate::nodes::{
    AMOUNT_MSAT, AWAY, HEIGHT, Known, LockKind, Net, node_id, node_key, number_of, secret_of, start,
};
use crate::scene::{
    HOP, blind, entropy, forward_packet, held_case, hold_tweak, is_paid, ledger_state, message_to,
    reach_hop, refuses_forwarder, refuses_receiver, refuses_sender, release, release_message,
    release_path_id, snapshot,
};

/// No edge expires later (BOLT 4: `max_htlc_cltv`).
const MAX_HOLD_BLOCKS: u32 = 2_016;

fn available(latest_release_height: u32, index: usize) -> HeldAvailable {
    let hold = AvailableHold {
        id: HoldId([index as u8; 32]),
        release: ReleaseSecret::new(secret_of("release", index)),
        amount_msat: AMOUNT_MSAT,
    };
    HeldAvailable { holds: vec![hold], latest_release_height, x: None }
}

fn with_x(byte: u8, index: usize) -> HeldAvailable {
    let x = Some(PayerScalar::from_bytes(&[byte; 32]).unwrap());
    HeldAvailable { x, ..available(HEIGHT + 10, index) }
}

fn reply_path(session: usize) -> WirePath<IntroductionNode> {
    let data = RecipientData { path_id: Some(vec![0; 32]), ..RecipientData::default() };
    let hops = [(node_id(HOP), data.to_bytes())];
    BlindedPath::build(secret_of("reply path", session), &hops).unwrap().0.into()
}

/// A receiver without forwarders, so that the path of its invoice is its own hop alone.
fn alone() -> (Net, StaticInvoice) {
    let mut net = start(1, 0);
    let invoice = net.publish(LockKind::Point, 0);
    (net, invoice)
}

fn session(name: u8, session: usize) -> SecretScalar {
    let mut key = [name; 32];
    key[..8].copy_from_slice(&(session as u64).to_be_bytes());
    SecretScalar::from_bytes(&key).unwrap()
}

fn message(invoice: &StaticInvoice, fields: &TlvWriter, number: usize) -> OnionMessage {
    OnionMessage::build(session(1, number), &invoice.message_paths()[0], fields).unwrap()
}

fn sealed(
    invoice: &StaticInvoice,
    available: &HeldAvailable,
    reply_path: WirePath<IntroductionNode>,
    number: usize,
) -> TlvWriter {
    let last = *invoice.message_paths()[0].last_blinded_node_id();
    let packet = available.seal(session(2, number), &last).unwrap();
    SealedAnnouncement { packet, reply_path }.to_tlv()
}

fn announcement(invoice: &StaticInvoice, available: &HeldAvailable, number: usize) -> OnionMessage {
    message(invoice, &sealed(invoice, available, reply_path(number), number), number)
}

fn received(message: &OnionMessage) -> ReceiverEvent {
    ReceiverEvent::MessageReceived { message: message.clone(), entropy: [7; 32] }
}

/// None when it answers. Whatever it says, it keeps nothing.
fn says(net: &mut Net, message: &OnionMessage) -> Option<Refusal> {
    let before = (snapshot(net, Who::Receiver), format!("{:?}", net.receiver.role()));
    net.tell_receiver(received(message)).unwrap();
    let after = (snapshot(net, Who::Receiver), format!("{:?}", net.receiver.role()));
    assert_eq!(after, before, "nothing of a message stays");
    let task = net.tasks.pop_back().unwrap();
    assert!(net.tasks.is_empty());
    assert!(net.receiver.pending().is_empty());
    match task {
        (Who::Receiver, NodeAction::SendMessage { to, message: answer }) => {
            assert_eq!(to, IntroductionNode::NodeId(node_id(HOP)));
            assert!(answer.to_bytes().len() <= message.to_bytes().len());
            None
        }
        (Who::Receiver, NodeAction::ReleaseRefused { reason }) => Some(reason),
        other => panic!("{other:?}"),
    }
}

/// The same again and again: a message that was lost, a holder that asks again, somebody who has recorded one. Nothing is remembered that a
/// stranger could fill.
#[test]
fn an_announcement_is_answered_whenever_it_comes() {
    let (mut net, invoice) = alone();
    let latest = HEIGHT + 10;
    let first = announcement(&invoice, &available(latest, 0), 0);
    for _ in 0..3 {
        assert_eq!(says(&mut net, &first), None);
    }
    net.mine_to(latest).unwrap();
    assert_eq!(says(&mut net, &first), None);
    net.mine_to(latest + 1).unwrap();
    let void = Refusal::AnnouncementVoid { latest, height: latest + 1 };
    assert_eq!(says(&mut net, &first), Some(void));
    net.check_replay().unwrap();
}

/// 5,000 of them, as strangers had silenced an invoice with 1,000 once, and filled a log and a view.
#[test]
fn no_number_of_announcements_silences_an_invoice() {
    let (mut net, invoice) = alone();
    let before = format!("{:?}", net.receiver.role());
    let log = net.receiver.log().len();
    for number in 0..5_000 {
        let message = announcement(&invoice, &available(HEIGHT + 10, number % 200), number);
        net.tell_receiver(received(&message)).unwrap();
        let said = net.tasks.pop_back();
        assert!(matches!(said, Some((Who::Receiver, NodeAction::SendMessage { .. }))));
    }
    assert_eq!(format!("{:?}", net.receiver.role()), before);
    assert_eq!(net.receiver.log().len(), log);
}

#[test]
fn announcements_have_their_time() {
    let (mut net, invoice) = alone();
    let void = |latest| Some(Refusal::AnnouncementVoid { latest, height: HEIGHT });
    for (number, (latest, expected)) in [
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
        let message = announcement(&invoice, &available(latest, number), number);
        assert_eq!(says(&mut net, &message), expected, "{latest}");
    }
}

#[test]
fn announcements_of_too_little_are_refused() {
    let (mut net, invoice) = alone();
    let mut little = available(HEIGHT + 10, 0);
    little.holds[0].amount_msat -= 1;
    let low = Refusal::AmountTooLow { offered_msat: AMOUNT_MSAT - 1, expected_msat: AMOUNT_MSAT };
    assert_eq!(says(&mut net, &announcement(&invoice, &little, 0)), Some(low));
    // Two holds that are enough together, and amounts whose sum exceeds 64 bits.
    let mut two = available(HEIGHT + 10, 1);
    two.holds[0].amount_msat = AMOUNT_MSAT - 1;
    two.holds.push(AvailableHold { amount_msat: 1, ..available(0, 2).holds.remove(0) });
    assert_eq!(says(&mut net, &announcement(&invoice, &two, 1)), None);
    two.holds[0].amount_msat = u64::MAX;
    let high = Refusal::AmountTooHigh { offered_msat: u64::MAX, most_msat: 2 * AMOUNT_MSAT };
    assert_eq!(says(&mut net, &announcement(&invoice, &two, 2)), Some(high));
    // An x where the invoice has one point for all, and none where it has a polynomial.
    let of_polynomial = net.publish_polynomial(1, 9);
    for (invoice, available, number) in
        [(&invoice, &with_x(1, 3), 3), (&of_polynomial, &available(HEIGHT + 10, 4), 4)]
    {
        let said = says(&mut net, &announcement(invoice, available, number));
        assert_eq!(said, Some(Refusal::PayerMismatch));
    }
    assert_eq!(says(&mut net, &announcement(&of_polynomial, &with_x(1, 5), 5)), None);
    net.check_replay().unwrap();
}

/// A slot is taken by the claim of a payment that is there, and by nothing before it: k messages of a stranger took all of them once, and
/// killed the held payment that came after.
#[test]
fn announcements_take_no_slot() {
    const K: usize = 2;
    let mut net = start(1, 1);
    net.keep = AWAY;
    let invoice = net.publish_polynomial(K, 9);
    net.pay_as(0, &invoice, "victim", Some(1), entropy(1));
    net.run().unwrap();
    let honest = std::mem::take(&mut net.mailbox);
    assert_eq!(honest.len(), 1);
    for number in 0..20 * K {
        let bogus = announcement(&invoice, &with_x(number as u8 + 1, number), number);
        // As the last hop of the path gets it.
        let Ok(PeeledMessage::Forward { message, .. }) = bogus.peel(&node_key(HOP)) else {
            panic!("passed on")
        };
        assert_eq!(says(&mut net, &message), None);
    }
    net.keep = Keep::default();
    net.mailbox = honest;
    net.read_mail().unwrap();
    net.run().unwrap();
    assert!(is_paid(&net));
    let slots = |net: &Net| {
        let polynomial = pointlock::invoice::ktime::PaymentPolynomial::from_entropy(&[9; 32], K);
        net.receiver.role().claims().slots_left(&polynomial.unwrap().id()).unwrap()
    };
    assert_eq!(slots(&net), 1);
    // Of the x that is claimed nothing more is released, and without a free slot nothing at all.
    net.pay_as(0, &invoice, "second", Some(1), entropy(2));
    net.run().unwrap();
    assert_eq!(slots(&net), 0);
    let bogus = announcement(&invoice, &with_x(1, 1), 1);
    let Ok(PeeledMessage::Forward { message, .. }) = bogus.peel(&node_key(HOP)) else {
        panic!("passed on")
    };
    let said = says(&mut net, &message);
    assert!(matches!(said, Some(Refusal::Claim(ClaimError::NoSlotLeft { .. }))), "{said:?}");
}

#[test]
fn messages_along_other_paths_or_for_others_are_ignored() {
    let (mut net, invoice) = alone();
    let fields = sealed(&invoice, &available(HEIGHT + 10, 0), reply_path(0), 0);
    // A path to the receiver that somebody else has made, with a guess for its id; and one with none.
    let guess = message_to(Who::Receiver, vec![9; 32], &fields, 0);
    refuses_receiver(&mut net, received(&guess), MessageError::UnknownPath);
    let hops = [(node_id(Who::Receiver), RecipientData::default().to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("path", 1), &hops).unwrap();
    let nameless = OnionMessage::build(secret_of("message", 1), &path, &fields).unwrap();
    refuses_receiver(&mut net, received(&nameless), MessageError::UnknownPath);
    // For somebody else, and one to be passed on.
    let invalid = BlindingError::Onion { source: OnionError::InvalidHmac };
    let elsewhere = message_to(HOP, vec![9; 32], &fields, 2);
    refuses_receiver(&mut net, received(&elsewhere), MessageError::Onion(invalid));
    let next = RecipientData { next_node_id: Some(node_id(HOP)), ..RecipientData::default() };
    let end = RecipientData { path_id: Some(vec![9; 32]), ..RecipientData::default() };
    let hops = [(node_id(Who::Receiver), next.to_bytes()), (node_id(HOP), end.to_bytes())];
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

/// A field of a stream, another one in its place.
fn edited(bytes: &[u8], tlv_type: u64, value: Option<Vec<u8>>) -> TlvWriter {
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
}

#[test]
fn malformed_announcements_are_refused_by_field() {
    let (mut net, invoice) = alone();
    let good = sealed(&invoice, &available(HEIGHT + 10, 0), reply_path(0), 0).to_bytes();
    let stream = TlvStream::parse(&good).unwrap();
    let path = stream.get(2).unwrap().value();
    let packet = stream.get(65_577).unwrap().value();
    let longer = |bytes: &[u8]| [bytes, &[0]].concat();
    let missing = PayloadError::Missing;
    let malformed = PayloadError::Malformed;
    let mut version = packet.to_vec();
    version[0] = 1;
    for (number, (fields, error)) in [
        (edited(&good, 2, None), missing("reply_path")),
        (edited(&good, 2, Some(path[..50].to_vec())), malformed("reply_path")),
        (edited(&good, 2, Some(longer(path))), malformed("reply_path")),
        (edited(&good, 65_577, None), missing("sealed_announcement")),
        (edited(&good, 65_577, Some(longer(packet))), malformed("sealed_announcement")),
        (edited(&good, 65_577, Some(Vec::new())), malformed("sealed_announcement")),
        (edited(&good, 65_577, Some(version)), malformed("sealed_announcement")),
        (edited(&good, 68, Some(vec![1])), PayloadError::UnknownEven { tlv_type: 68 }),
        (
            ReleaseHeld { holds: vec![(HoldId([1; 32]), release(0))] }.to_tlv(),
            missing("reply_path"),
        ),
    ]
    .into_iter()
    .enumerate()
    {
        let message = message(&invoice, &fields, number);
        let error = MessageError::Payload(error);
        refuses_receiver(&mut net, received(&message), error);
    }
    assert_eq!(says(&mut net, &message(&invoice, &edited(&good, 7, Some(vec![1])), 99)), None);

    // What is within the sealed packet.
    let good = available(HEIGHT + 10, 0).to_tlv().to_bytes();
    let content = TlvStream::parse(&good).unwrap().get(65_565).unwrap().value().to_vec();
    let inner = |tlv_type, value: Option<Vec<u8>>| {
        edited(&good, 65_565, Some(edited(&content, tlv_type, value).to_bytes()))
    };
    let entry = TlvStream::parse(&content).unwrap().get(2).unwrap().value().to_vec();
    let mut zero = entry.clone();
    zero[32..64].fill(0);
    for (fields, error) in [
        (edited(&good, 65_565, None).set(65_567, vec![1]).clone(), missing("held_ptlc_available")),
        (edited(&good, 68, Some(vec![1])), PayloadError::UnknownEven { tlv_type: 68 }),
        (inner(2, None), missing("holds")),
        (inner(2, Some(Vec::new())), malformed("holds")),
        (inner(2, Some(entry[..71].to_vec())), malformed("holds")),
        (inner(2, Some(longer(&entry))), malformed("holds")),
        (inner(2, Some(zero)), malformed("holds")),
        (inner(4, None), missing("latest_release_height")),
        (inner(4, Some(vec![0, 1])), malformed("latest_release_height")),
        (inner(4, Some(vec![1; 5])), malformed("latest_release_height")),
        (inner(5, Some(vec![1; 31])), malformed("x")),
        (inner(5, Some(vec![0; 32])), malformed("x")),
        (inner(6, Some(vec![1])), PayloadError::UnknownEven { tlv_type: 6 }),
    ] {
        assert_eq!(HeldAvailable::from_payload(&fields.to_bytes()), Err(error));
    }
    let odd = inner(7, Some(vec![1])).to_bytes();
    assert_eq!(HeldAvailable::from_payload(&odd), Ok(available(HEIGHT + 10, 0)));
}

/// A packet for another hop, one with another layer behind it, and one with a bit that was changed.
#[test]
fn a_packet_that_is_not_sealed_for_this_path_is_refused() {
    let (mut net, invoice) = alone();
    let other = net.publish(LockKind::Point, 1);
    let announced = available(HEIGHT + 10, 0);
    let foreign = sealed(&other, &announced, reply_path(0), 0);
    let invalid = MessageError::Onion(BlindingError::Onion { source: OnionError::InvalidHmac });
    refuses_receiver(&mut net, received(&message(&invoice, &foreign, 0)), invalid.clone());
    let last = *invoice.message_paths()[0].last_blinded_node_id();
    let bytes = announced.seal(session(2, 1), &last).unwrap().to_bytes();
    for position in [40, 300, 560] {
        let mut altered = bytes.clone();
        altered[position] ^= 1;
        let fields = edited(&foreign.to_bytes(), 65_577, Some(altered));
        refuses_receiver(&mut net, received(&message(&invoice, &fields, 1)), invalid.clone());
    }
    let hops = [(last, announced.to_tlv().to_bytes()), (node_id(HOP), vec![2, 0])];
    let (ids, payloads): (Vec<_>, Vec<_>) = hops.into_iter().unzip();
    let plan = Packet::plan(session(2, 2), &ids).unwrap();
    let (two, _) = plan.build(&payloads, &[], 500).unwrap();
    let fields = edited(&foreign.to_bytes(), 65_577, Some(two.to_bytes()));
    let malformed = MessageError::Payload(PayloadError::Malformed("sealed_announcement"));
    refuses_receiver(&mut net, received(&message(&invoice, &fields, 2)), malformed);
    assert_eq!(says(&mut net, &announcement(&invoice, &announced, 3)), None);
}

/// All announcements of up to five holds look alike, and those of hundreds.
#[test]
fn sealed_announcements_have_two_lengths() {
    let length = |holds: usize| {
        let hold = available(HEIGHT, 1).holds.remove(0);
        let announced = HeldAvailable { holds: vec![hold; holds], ..with_x(1, 1) };
        let packet = announced.seal(session(3, holds), &node_id(HOP));
        packet.map(|packet| packet.to_bytes().len())
    };
    assert_eq!((length(1), length(5)), (Ok(566), Ok(566)));
    assert_eq!((length(6), length(300)), (Ok(24_066), Ok(24_066)));
    assert!(matches!(
        length(400),
        Err(MessageError::Onion(BlindingError::Onion { source: OnionError::TooLong { .. } }))
    ));
}

/// A reply path whose hops need longer frames in the answer than in the announcement would make strangers' messages longer.
#[test]
fn an_answer_is_no_longer_than_its_announcement() {
    let (mut net, _) = alone();
    let invoice = net.publish_polynomial(1, 9);
    let answered = |net: &mut Net, hops: usize| {
        let hops = vec![(node_id(HOP), vec![0; 24]); hops];
        let (path, _) = BlindedPath::build(secret_of("reply path", 0), &hops).unwrap();
        let fields = sealed(&invoice, &with_x(1, 0), path.into(), 0);
        let message = message(&invoice, &fields, 0);
        let before = snapshot(net, Who::Receiver);
        let told = net.tell_receiver(received(&message));
        assert_eq!(snapshot(net, Who::Receiver), before);
        let answer = net.tasks.pop_back().map(|task| match task {
            (Who::Receiver, NodeAction::SendMessage { message, .. }) => message,
            other => panic!("{other:?}"),
        });
        (message.to_bytes().len(), told.map(|()| answer.unwrap().to_bytes().len()))
    };
    for hops in (1..250).step_by(9) {
        let (asked, answer) = answered(&mut net, hops);
        match answer {
            Ok(answer) => assert!(answer <= asked, "{hops}: {answer} for {asked}"),
            Err(ReceiverError::Message(MessageError::Onion(BlindingError::Onion {
                source: OnionError::TooLong { .. },
            }))) => {}
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(answered(&mut net, 1), (37 + 1_366, Ok(37 + 1_366)));
    // Between the two lengths that we make there are others that we read: a message of one of these is shorter than any answer.
    let path = &invoice.message_paths()[0];
    let mut fields = sealed(&invoice, &with_x(1, 0), reply_path(0), 1);
    fields.set(4, path.hops()[0].encrypted_recipient_data.clone());
    let plan = Packet::plan(session(4, 0), &[*path.last_blinded_node_id()]).unwrap();
    let (packet, _) = plan.build(&[fields.to_bytes()], &[], 1_000).unwrap();
    let head = [&OnionMessage::TYPE.to_be_bytes()[..], &path.first_path_key().to_bytes()].concat();
    let bytes = [head, 1_066u16.to_be_bytes().to_vec(), packet.to_bytes()].concat();
    let short = OnionMessage::from_bytes(&bytes).unwrap();
    let too_long = MessageError::AnswerTooLong { length: 37 + 1_366, most: 37 + 1_066 };
    refuses_receiver(&mut net, received(&short), too_long);
}

// ---- The holder ----

fn held() -> Net {
    let (mut net, case) = held_case(0);
    reach_hop(&mut net, &case, forward_packet(&case, 0));
    let mut second = held_case(1).1;
    second.payload.tweak = hold_tweak(1, Some(&blind("blind", 1)), HEIGHT + 100);
    reach_hop(&mut net, &second, forward_packet(&second, 1));
    assert!(net.tasks.is_empty());
    net
}

fn to_holder(message: &OnionMessage) -> ForwarderEvent {
    ForwarderEvent::MessageReceived { message: message.clone(), entropy: [5; 32] }
}

#[test]
fn releases_come_along_a_path_of_the_holders() {
    let mut net = held();
    let fields = ReleaseHeld { holds: vec![(HoldId([0; 32]), release(0))] }.to_tlv();
    for path_id in [vec![], vec![0xff; 4], vec![0xff; 32]] {
        let message = message_to(HOP, path_id, &fields, 1);
        refuses_forwarder(&mut net, HOP, to_holder(&message), MessageError::UnknownPath);
    }
    assert_eq!(ledger_state(&net, 0), HoldState::Held);
    let message = release_message(&[(0, release(0))], 2);
    net.tell_forwarder(number_of(HOP), to_holder(&message)).unwrap();
    assert!(matches!(net.tasks.pop_back(), Some((Who::Forwarder(_), NodeAction::Offer { .. }))));
}

/// Releases that move nothing are in no log: of a hold that is not here, of a wrong secret, of one that was released.
#[test]
fn releases_that_move_nothing_leave_nothing() {
    let mut net = held();
    let unknown = HoldError::Unknown(HoldId([9; 32]));
    let wrong = HoldError::WrongReleaseSecret(HoldId([1; 32]));
    let before = (snapshot(&net, HOP), format!("{:?}", net.forwarders[0].role()));
    for (number, (hold, secret, error)) in
        [(9, 9, unknown), (1, 0, wrong)].into_iter().cycle().take(200).enumerate()
    {
        let message = release_message(&[(hold, release(secret))], number);
        net.tell_forwarder(number_of(HOP), to_holder(&message)).unwrap();
        let Some((Who::Forwarder(_), NodeAction::ReleaseRefused { reason })) = net.tasks.pop_back()
        else {
            panic!("refused")
        };
        assert_eq!(reason, Refusal::Hold(error));
    }
    assert_eq!((snapshot(&net, HOP), format!("{:?}", net.forwarders[0].role())), before);
    net.tell_forwarder(number_of(HOP), to_holder(&release_message(&[(0, release(0))], 1))).unwrap();
    net.tasks.clear();
    let before = snapshot(&net, HOP);
    for number in 0..10 {
        net.tell_forwarder(number_of(HOP), to_holder(&release_message(&[(0, release(0))], number)))
            .unwrap();
    }
    assert_eq!(snapshot(&net, HOP), before);
    assert!(net.tasks.is_empty());
}

fn handover(invoice: &StaticInvoice, hold: usize, number: usize) -> Handover {
    let path = invoice.message_paths()[0].clone();
    let announced = available(HEIGHT + 100, hold);
    let packet = announced.seal(session(6, number), path.last_blinded_node_id()).unwrap();
    Handover { hold: HoldId([hold as u8; 32]), announcement: Announcement { path, packet } }
}

/// As a sender reaches its holder: along a path without a `path_id`.
fn hand_over(handover: &Handover, number: usize) -> OnionMessage {
    let hops = [(node_id(HOP), RecipientData::default().to_bytes())];
    let (path, _) = BlindedPath::build(session(7, number), &hops).unwrap();
    OnionMessage::build(session(8, number), &path, &handover.to_tlv()).unwrap()
}

/// What the holder sends, as the receiver gets it.
fn announces(net: &mut Net) -> Option<OnionMessage> {
    let task = net.tasks.pop_back()?;
    let (HOP, NodeAction::SendMessage { to, message }) = task else { panic!("{task:?}") };
    // The path begins at this very node, which gives itself the message.
    assert_eq!(to, IntroductionNode::NodeId(node_id(HOP)));
    match message.peel(&node_key(HOP)).unwrap() {
        PeeledMessage::Forward { message, .. } => Some(message),
        PeeledMessage::Receive { .. } => panic!("passed on"),
        _ => panic!("neither"),
    }
}

/// With no hold of that id it keeps nothing, whatever comes along whichever path; with one, it sends what it can't read until the hold ends.
#[test]
fn a_handover_is_kept_with_its_hold_and_nowhere_else() {
    let mut net = held();
    let invoice = net.publish(LockKind::Point, 0);
    let unknown = HoldError::Unknown(HoldId([9; 32]));
    for number in 0..50 {
        let message = hand_over(&handover(&invoice, 9, number), number);
        let before = format!("{:?}", net.forwarders[0].role());
        refuses_forwarder(&mut net, HOP, to_holder(&message), unknown.clone());
        assert_eq!(format!("{:?}", net.forwarders[0].role()), before);
    }
    let good = handover(&invoice, 0, 1);
    let elsewhere = message_to(HOP, vec![1; 32], &good.to_tlv(), 1);
    refuses_forwarder(&mut net, HOP, to_holder(&elsewhere), MessageError::UnknownPath);

    net.tell_forwarder(number_of(HOP), to_holder(&hand_over(&good, 1))).unwrap();
    let first = announces(&mut net).unwrap();
    // Once more is nothing new.
    let before = snapshot(&net, HOP);
    net.tell_forwarder(number_of(HOP), to_holder(&hand_over(&good, 2))).unwrap();
    assert_eq!((announces(&mut net), snapshot(&net, HOP)), (None, before.clone()));
    // Again and again, and no two look alike.
    let again = |hold: u8, entropy: u8| ForwarderEvent::Announce {
        hold: HoldId([hold; 32]),
        entropy: [entropy; 32],
    };
    let mut seen = vec![first.clone()];
    for entropy in 1..5 {
        net.tell_forwarder(number_of(HOP), again(0, entropy)).unwrap();
        let message = announces(&mut net).unwrap();
        assert!(!seen.contains(&message));
        seen.push(message);
    }
    assert_eq!(snapshot(&net, HOP), before, "nothing of it is written down");
    // Of a hold without one, and of none at all, there is nothing to send.
    for hold in [1, 9] {
        net.tell_forwarder(number_of(HOP), again(hold, 1)).unwrap();
        assert_eq!(announces(&mut net), None);
    }
    // Each of them is answered by a message that releases.
    for message in seen {
        net.tell_receiver(received(&message)).unwrap();
        let Some((Who::Receiver, NodeAction::SendMessage { to, message })) = net.tasks.pop_back()
        else {
            panic!("answered")
        };
        assert_eq!(to, IntroductionNode::NodeId(node_id(HOP)));
        net.tell_forwarder(number_of(HOP), to_holder(&message)).unwrap();
    }
    assert!(matches!(ledger_state(&net, 0), HoldState::Releasing(_)));
    net.tasks.clear();
    net.tell_forwarder(number_of(HOP), again(0, 9)).unwrap();
    assert_eq!(announces(&mut net), None, "released");
    let late = handover(&invoice, 0, 9);
    let ended = HoldError::OutOfOrder(HoldId([0; 32]));
    refuses_forwarder(&mut net, HOP, to_holder(&hand_over(&late, 9)), ended);
}

/// Anyone can send one, and the longer its path is, the more it takes to wrap it: so the hold is looked for first. Hops of so many bytes take
/// more in a message's onion than in a handover, so the longest that fit there are too long to be wrapped.
#[test]
fn a_handover_for_no_hold_is_not_wrapped() {
    let mut net = held();
    let invoice = net.publish(LockKind::Point, 0);
    let longest = |hold| {
        let try_length = |length| {
            let hops = vec![(node_id(Who::Receiver), vec![0; length]); 60];
            let mut handover = handover(&invoice, hold, 0);
            handover.announcement.path = BlindedPath::build(session(9, 0), &hops).unwrap().0.into();
            let hops = [(node_id(HOP), RecipientData::default().to_bytes())];
            let (path, _) = BlindedPath::build(session(7, hold), &hops).unwrap();
            OnionMessage::build(session(8, hold), &path, &handover.to_tlv()).ok()
        };
        (460..520).rev().find_map(try_length).unwrap()
    };
    let unknown = HoldError::Unknown(HoldId([9; 32]));
    refuses_forwarder(&mut net, HOP, to_holder(&longest(9)), unknown);
    let said = net.tell_forwarder(number_of(HOP), to_holder(&longest(0))).unwrap_err();
    let said = format!("{said:?}");
    assert!(said.contains("TooLong"), "{said}");
}

#[test]
fn a_hold_is_announced_up_to_its_cutoff() {
    let mut net = held();
    let invoice = net.publish(LockKind::Point, 0);
    net.tell_forwarder(number_of(HOP), to_holder(&hand_over(&handover(&invoice, 0, 1), 1)))
        .unwrap();
    assert!(announces(&mut net).is_some());
    let again = || ForwarderEvent::Announce { hold: HoldId([0; 32]), entropy: [3; 32] };
    let announced = |net: &Net| -> Vec<HoldId> {
        net.forwarders[0].role().ledger().announced(net.chain.height()).collect()
    };
    net.mine_to(HEIGHT + 99).unwrap();
    assert_eq!(announced(&net), [HoldId([0; 32])]);
    net.tell_forwarder(number_of(HOP), again()).unwrap();
    assert!(announces(&mut net).is_some());
    net.mine_to(HEIGHT + 100).unwrap();
    assert_eq!(announced(&net), []);
    net.tasks.clear();
    net.tell_forwarder(number_of(HOP), again()).unwrap();
    assert_eq!(announces(&mut net), None);
}

#[test]
fn handovers_are_refused_by_field_and_have_a_last_one() {
    let mut net = held();
    let invoice = net.publish(LockKind::Point, 0);
    let good = handover(&invoice, 0, 0).to_tlv().to_bytes();
    let content = TlvStream::parse(&good).unwrap().get(65_575).unwrap().value().to_vec();
    let stream = TlvStream::parse(&content).unwrap();
    let value = |tlv_type: u64| stream.get(tlv_type).unwrap().value().to_vec();
    let inner = |tlv_type, value: Option<Vec<u8>>| {
        edited(&good, 65_575, Some(edited(&content, tlv_type, value).to_bytes())).to_bytes()
    };
    let longer = |bytes: Vec<u8>| Some([bytes, vec![0]].concat());
    let (missing, malformed) = (PayloadError::Missing, PayloadError::Malformed);
    for (fields, error) in [
        (edited(&good, 65_575, None).set(7, vec![1]).to_bytes(), missing("handover")),
        (inner(0, None), missing("hold_id")),
        (inner(0, longer(value(0))), malformed("hold_id")),
        (inner(2, None), missing("message_path")),
        (inner(2, longer(value(2))), malformed("message_path")),
        (inner(4, None), missing("sealed_announcement")),
        (inner(4, longer(value(4))), malformed("sealed_announcement")),
        (inner(6, Some(vec![1])), PayloadError::UnknownEven { tlv_type: 6 }),
    ] {
        assert_eq!(Handover::from_message(&fields), Err(error));
    }
    assert_eq!(Handover::from_message(&inner(7, Some(vec![1]))), Ok(handover(&invoice, 0, 0)));

    let most = usize::from(Ledger::MAX_ANNOUNCEMENTS);
    for number in 0..most {
        let message = hand_over(&handover(&invoice, 0, number), number);
        net.tell_forwarder(number_of(HOP), to_holder(&message)).unwrap();
        assert!(announces(&mut net).is_some());
    }
    let one_more = hand_over(&handover(&invoice, 0, most), most);
    let capped = HoldError::CapReached(Cap::Announcements);
    refuses_forwarder(&mut net, HOP, to_holder(&one_more), capped);
    net.check_replay().unwrap();
}

#[test]
fn messages_for_others_are_passed_on_and_no_release_is_read_in_them() {
    let mut net = held();
    let view = net.forwarders[0].view().clone();
    let fields = ReleaseHeld { holds: vec![(HoldId([0; 32]), release(0))] }.to_tlv();
    let next =
        RecipientData { next_node_id: Some(node_id(Who::Receiver)), ..RecipientData::default() };
    let end = RecipientData { path_id: Some(vec![1; 32]), ..RecipientData::default() };
    let hops = [(node_id(HOP), next.to_bytes()), (node_id(Who::Receiver), end.to_bytes())];
    let (path, _) = BlindedPath::build(secret_of("path", 0), &hops).unwrap();
    let through = OnionMessage::build(secret_of("message", 0), &path, &fields).unwrap();
    let before = snapshot(&net, HOP);
    net.tell_forwarder(number_of(HOP), to_holder(&through)).unwrap();
    assert_eq!(snapshot(&net, HOP), before, "what is passed on is not written down");
    let Some((Who::Forwarder(_), NodeAction::PassOn { message, .. })) = net.tasks.pop_back() else {
        panic!("passed on")
    };
    assert!(message.peel(&node_key(Who::Receiver)).is_ok());
    assert_eq!(*net.forwarders[0].view(), view);
    assert_eq!(ledger_state(&net, 0), HoldState::Held);
    // An announcement is no release.
    let invoice = net.publish(LockKind::Point, 0);
    let fields = sealed(&invoice, &available(HEIGHT + 10, 0), reply_path(0), 0);
    let announcement = message_to(HOP, release_path_id(HOP), &fields, 1);
    let missing = MessageError::Payload(PayloadError::Missing("release_held_ptlc"));
    refuses_forwarder(&mut net, HOP, to_holder(&announcement), missing);
}

/// Another h, one that belongs to another hold, and a set that was cut or mixed: each hold goes by its own h.
#[test]
fn a_hold_set_that_was_altered_releases_no_more_than_it_may() {
    let mut net = held();
    let wrong =
        |index: usize| Refusal::Hold(HoldError::WrongReleaseSecret(HoldId([index as u8; 32])));
    let message = release_message(&[(0, release(1)), (1, release(0))], 0);
    net.tell_forwarder(number_of(HOP), to_holder(&message)).unwrap();
    for index in [0, 1] {
        let Some((Who::Forwarder(_), NodeAction::ReleaseRefused { reason })) =
            net.tasks.pop_front()
        else {
            panic!("refused")
        };
        assert_eq!(reason, wrong(index));
        assert_eq!(ledger_state(&net, index), HoldState::Held);
        let hold = HoldId([index as u8; 32]);
        assert_eq!(net.forwarders[0].view().get(SecretSource::Release { hold }), None);
    }
    let message = release_message(&[(1, release(1))], 1);
    net.tell_forwarder(number_of(HOP), to_holder(&message)).unwrap();
    assert_eq!(ledger_state(&net, 0), HoldState::Held);
    assert!(matches!(ledger_state(&net, 1), HoldState::Releasing(_)));
}

// ---- The sender ----

fn held_payment() -> (Net, AttemptId, PaymentId) {
    let mut net = start(1, 2);
    net.keep = AWAY;
    let invoice = net.publish(LockKind::Point, 0);
    let attempt = net.pay_known(0, &invoice, Some(1), entropy(1));
    let payment = net.payment_of(&attempt);
    (net, attempt, payment)
}

fn announce(payment: PaymentId, seed: u8) -> SenderEvent {
    SenderEvent::Announce { payment, seed: AttemptSeed::new(entropy(seed)) }
}

/// The sender goes offline at once; the holder tells the receiver until it answers.
#[test]
fn the_holder_repeats_for_a_sender_that_is_offline() {
    let (mut net, _, payment) = held_payment();
    // Nothing is held yet.
    refuses_sender(&mut net, announce(payment, 2), SenderError::NotHeld(payment));
    let unknown = PaymentId([9; 32]);
    refuses_sender(&mut net, announce(unknown, 2), SenderError::UnknownPayment(unknown));
    net.run().unwrap();
    assert_eq!(net.mailbox.len(), 1);
    // The keeper of the mail loses it, and all that come in the next hours.
    for hour in 0..20 {
        net.mailbox.clear();
        net.mine_to(HEIGHT + hour).unwrap();
        let ledger = net.forwarders[0].role().ledger();
        let announced: Vec<HoldId> = ledger.announced(net.chain.height()).collect();
        for hold in announced {
            let event = ForwarderEvent::Announce { hold, entropy: [hour as u8; 32] };
            net.tell_forwarder(number_of(HOP), event).unwrap();
        }
        net.run().unwrap();
        assert_eq!(net.mailbox.len(), 1);
    }
    net.keep = Keep::default();
    net.read_mail().unwrap();
    net.run().unwrap();
    assert!(is_paid(&net));
    // Paid: nothing is held any more, and nothing is announced.
    refuses_sender(&mut net, announce(payment, 3), SenderError::NotHeld(payment));
    assert_eq!(net.forwarders[0].role().ledger().announced(net.chain.height()).count(), 0);
    net.check_replay().unwrap();
}

/// A handover that may have got lost is sealed anew, and the newest counts.
#[test]
fn a_sender_can_hand_over_again() {
    let (mut net, _, payment) = held_payment();
    net.run().unwrap();
    net.mailbox.clear();
    net.tell_sender(0, announce(payment, 2)).unwrap();
    net.run().unwrap();
    assert_eq!(net.mailbox.len(), 1);
    net.keep = Keep::default();
    net.read_mail().unwrap();
    net.run().unwrap();
    assert!(is_paid(&net));
    net.check_replay().unwrap();
}

/// Two messages with one session key show the difference of what they say.
#[test]
fn a_seed_announces_once() {
    let (mut net, attempt, payment) = held_payment();
    net.run().unwrap();
    refuses_sender(&mut net, announce(payment, 1), SenderError::SeedReused(attempt));
    net.tell_sender(0, announce(payment, 2)).unwrap();
    assert!(matches!(net.tell_sender(0, announce(payment, 2)), Err(SenderError::SeedReused(_))));
    let invoice = net.publish(LockKind::Point, 1);
    let order = SenderEvent::Pay(net.in_one_part(&invoice, entropy(2)));
    assert!(matches!(net.tell_sender(0, order), Err(SenderError::SeedReused(_))));
    net.tell_sender(0, announce(payment, 3)).unwrap();
}
