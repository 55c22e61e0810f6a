//! The receiver of a payment in one part, in the clear, with packets made by hand.

use pointlock::curve::Keypair;
use pointlock::invoice::{PaymentLock, PaymentPoints, StaticInvoice, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, LockSecret, PaymentHash};
use pointlock::onion::OnionError;
use pointlock::payment::{
    EdgeError, ForwardPayload, PayloadError, PaymentSecret, PublishError, ReceiverEvent,
    ReceiverPaths, Refusal, Tweak,
};
use pointlock_sim::Who;

use crate::nodes::{
    AMOUNT_MSAT, HEIGHT, Known, LockKind, MIN_FINAL_DELTA, TIME, channel_to, invoice_of,
    invoice_secret, node_id, node_key, secret_of,
};
use crate::scene::{
    blind, build, final_case, final_packet, flipped, invalid_hmac, receive, receive_packet,
    receiver_says, refuses_receiver,
};

#[test]
fn receiver_checks_amounts() {
    use LockKind::Point;
    assert_eq!(receiver_says(Point, |case| case.amount_msat += 1_000), None);
    let low =
        |offered_msat, expected_msat| Some(Refusal::AmountTooLow { offered_msat, expected_msat });
    let less = AMOUNT_MSAT - 1_000;
    assert_eq!(receiver_says(Point, |case| case.amount_msat = less), low(less, AMOUNT_MSAT));
    // A hop can't lower it together with the payload; the sender could, and the invoice asks for more.
    let said = receiver_says(Point, |case| {
        case.amount_msat = less;
        case.payload.amount_msat = less;
        case.payload.total_msat = less;
    });
    assert_eq!(said, low(less, AMOUNT_MSAT));
    let more = AMOUNT_MSAT + 1_000;
    let said = receiver_says(Point, |case| {
        case.payload.amount_msat = more;
        case.payload.total_msat = more;
    });
    assert_eq!(said, low(AMOUNT_MSAT, more));
    // One part of two is not a payment, and less than the invoice asks for is none either.
    let total_msat = 2 * AMOUNT_MSAT;
    assert_eq!(
        receiver_says(Point, |case| case.payload.total_msat = total_msat),
        Some(Refusal::IncompleteSet { total_msat, amount_msat: AMOUNT_MSAT })
    );
    let said = receiver_says(Point, |case| case.payload.total_msat = AMOUNT_MSAT - 1);
    assert_eq!(said, low(AMOUNT_MSAT - 1, AMOUNT_MSAT));
}

#[test]
fn receiver_checks_expiry() {
    use LockKind::Point;
    let expiry = HEIGHT + MIN_FINAL_DELTA;
    assert_eq!(receiver_says(Point, |case| case.expiry += 1), None);
    assert_eq!(
        receiver_says(Point, |case| case.expiry -= 1),
        Some(Refusal::FinalExpiryTooSoon { expiry: expiry - 1, required: expiry })
    );
    // What the sender asked for counts too: a hop that shortens it is found out.
    assert_eq!(
        receiver_says(Point, |case| case.payload.expiry += 1),
        Some(Refusal::FinalExpiryTooSoon { expiry, required: expiry + 1 })
    );
    assert_eq!(
        receiver_says(Point, |case| {
            case.payload.expiry -= 1;
            case.expiry -= 1;
        }),
        Some(Refusal::FinalExpiryTooSoon { expiry: expiry - 1, required: expiry })
    );
    // A block later the same is too late.
    let (mut net, case) = final_case(Point);
    net.mine_to(HEIGHT + 1).unwrap();
    assert_eq!(
        receive(&mut net, &case, 0),
        Some(Refusal::FinalExpiryTooSoon { expiry, required: expiry + 1 })
    );
}

#[test]
fn receiver_checks_the_lock() {
    use LockKind::{Hash, Point};
    let z = invoice_secret(Point, 0).lock();
    let other = Lock::Point(secret_of("other", 0).to_point());
    for lock in [z, other] {
        let said = receiver_says(Point, |case| case.lock = lock);
        assert_eq!(said, Some(Refusal::LockMismatch));
    }
    let hash = Lock::Hash(PaymentHash([1; 32]));
    assert_eq!(receiver_says(Point, |case| case.lock = hash), Some(Refusal::TweakMismatch));
    // The opposite point has the same x.
    let said = receiver_says(Point, |case| {
        let Lock::Point(point) = case.lock else { panic!("a point") };
        case.lock = Lock::Point(point.negate());
    });
    assert_eq!(said, Some(Refusal::LockMismatch));
    let said = receiver_says(Point, |case| case.payload.final_blind = Some(blind("other", 1)));
    assert_eq!(said, Some(Refusal::LockMismatch));
    // Under Z itself, without Y: everybody who has paid before knows z.
    let said = receiver_says(Point, |case| {
        case.lock = z;
        case.payload.final_blind = None;
    });
    assert_eq!(said, Some(Refusal::TweakMismatch));
    // Y = −z, and a Y that leaves nothing of the lock.
    let LockSecret::Scalar(z) = invoice_secret(Point, 0) else { panic!("a scalar") };
    for y in [z.negate(), z.add(blind("final", 0).as_scalar()).unwrap()] {
        let said = receiver_says(Point, |case| case.payload.final_blind = Some(Blind::new(y)));
        assert_eq!(said, Some(Refusal::LockMismatch));
    }

    let said = receiver_says(Hash, |case| case.lock = Lock::Hash(PaymentHash([1; 32])));
    assert_eq!(said, Some(Refusal::LockMismatch));
    assert_eq!(receiver_says(Hash, |case| case.lock = other), Some(Refusal::TweakMismatch));
    // The HMACs cover the hash: a hop that puts another one in its place ruins the packet.
    let (mut net, mut case) = final_case(Hash);
    let packet = final_packet(&case, 0);
    case.lock = hash;
    assert_eq!(receive_packet(&mut net, &case, packet), Some(invalid_hmac()));
    let said = receiver_says(Hash, |case| case.payload.final_blind = Some(blind("final", 0)));
    assert_eq!(said, Some(Refusal::TweakMismatch));
}

#[test]
fn receiver_checks_the_payment_secret() {
    let (mut net, mut case) = final_case(LockKind::Point);
    let right = case.payload.payment_secret;
    for bit in [0, 100, 255] {
        let mut secret = right.unwrap().0;
        secret[bit / 8] ^= 1 << (bit % 8);
        case.payload.payment_secret = Some(PaymentSecret(secret));
        assert_eq!(receive(&mut net, &case, bit), Some(Refusal::UnknownPayment));
    }
    // Of another invoice: its lock is another.
    let other = net.publish(LockKind::Point, 1);
    case.payload.payment_secret = Some(PaymentSecret::of_invoice(&other.invoice_id()));
    assert_eq!(receive(&mut net, &case, 1), Some(Refusal::LockMismatch));
    case.payload.payment_secret = right;
    assert_eq!(receive(&mut net, &case, 2), None);
}

#[test]
fn receiver_refuses_a_replayed_onion() {
    let (mut net, case) = final_case(LockKind::Point);
    let packet = build(&[(Who::Receiver, case.payload.to_bytes())], 0);
    assert_eq!(receive_packet(&mut net, &case, packet.clone()), None);
    let replayed = Refusal::Onion(OnionError::Replayed { expiry_height: case.expiry });
    assert_eq!(receive_packet(&mut net, &case, packet), Some(replayed));
    assert_eq!(receive(&mut net, &case, 1), None);
}

#[test]
fn receiver_refuses_payloads_of_others() {
    let (mut net, case) = final_case(LockKind::Point);
    let forward = |tweak| ForwardPayload {
        short_channel_id: channel_to(Who::Forwarder(1)),
        amount_msat: AMOUNT_MSAT,
        expiry: case.expiry,
        tweak,
    };
    let packet = build(&[(Who::Receiver, forward(Tweak::Derived).to_bytes())], 0);
    let misplaced = Refusal::Payload(PayloadError::Misplaced("short_channel_id"));
    assert_eq!(receive_packet(&mut net, &case, packet), Some(misplaced));
    // Its own payload, but the packet goes on; and a forwarder's, where it does.
    let last = case.payload.to_bytes();
    let packet = build(&[(Who::Receiver, last.clone()), (Who::Forwarder(1), last.clone())], 1);
    let misplaced = Refusal::Payload(PayloadError::Misplaced("payment_data"));
    assert_eq!(receive_packet(&mut net, &case, packet), Some(misplaced));
    let forwarded = forward(Tweak::Derived).to_bytes();
    let packet = build(&[(Who::Receiver, forwarded), (Who::Forwarder(1), last.clone())], 5);
    assert_eq!(receive_packet(&mut net, &case, packet), Some(Refusal::RouteEnd));
    // For somebody else.
    let packet = build(&[(Who::Forwarder(1), last.clone())], 2);
    let hmac = invalid_hmac();
    assert_eq!(receive_packet(&mut net, &case, packet), Some(hmac));
    // Garbage, well packed.
    let packet = build(&[(Who::Receiver, vec![2, 0])], 3);
    let Some(Refusal::Payload(_)) = receive_packet(&mut net, &case, packet) else {
        panic!("a payload without an amount")
    };
    let packet = build(&[(Who::Receiver, last)], 4);
    assert_eq!(receive_packet(&mut net, &case, packet), None);
}

#[test]
fn receiver_refuses_flipped_bits() {
    let (mut net, case) = final_case(LockKind::Point);
    let packet = build(&[(Who::Receiver, case.payload.to_bytes())], 0);
    for flipped in flipped(&packet) {
        let said = receive_packet(&mut net, &case, flipped);
        assert_eq!(said, Some(invalid_hmac()));
    }
    assert_eq!(receive_packet(&mut net, &case, packet), None);
}

#[test]
fn receiver_refuses_impossible_events() {
    let (mut net, case) = final_case(LockKind::Point);
    let packet = build(&[(Who::Receiver, case.payload.to_bytes())], 0);
    let edge =
        net.fund_terms(Who::Sender(0), Who::Receiver, case.lock, case.amount_msat, case.expiry);
    let event = || ReceiverEvent::IncomingCommitted {
        edge: edge.incoming().unwrap(),
        path_key: None,
        packet: packet.clone(),
    };
    net.tell_receiver(event()).unwrap();
    let edge_id = edge.outgoing().unwrap().id;
    refuses_receiver(&mut net, event(), EdgeError::Known(edge_id));

    // An invoice with another secret, or one that only its payers' own points are paid under.
    let invoice = invoice_of(&invoice_secret(LockKind::Point, 1), &[node_id(Who::Receiver)]);
    let publish = |secret| ReceiverEvent::Published {
        invoice: invoice.clone(),
        secret,
        paths: ReceiverPaths::default(),
    };
    let wrong = publish(invoice_secret(LockKind::Point, 2));
    refuses_receiver(&mut net, wrong, PublishError::NotTheInvoiceSecret);
    let wrong = publish(invoice_secret(LockKind::Hash, 1));
    refuses_receiver(&mut net, wrong, PublishError::NotTheInvoiceSecret);
    net.tell_receiver(publish(invoice_secret(LockKind::Point, 1))).unwrap();
    let invoice = polynomial();
    let secret = invoice_secret(LockKind::Point, 0);
    let event = ReceiverEvent::Published { invoice, secret, paths: ReceiverPaths::default() };
    refuses_receiver(&mut net, event, PublishError::Polynomial);
}

pub(crate) fn polynomial() -> StaticInvoice {
    let points = (0..2).map(|index| secret_of("coefficient", index).to_point()).collect();
    StaticInvoiceBuilder::new(PaymentLock::Points(PaymentPoints::new(points).unwrap()), TIME)
        .interim_route(&[node_id(Who::Receiver)])
        .sign(&Keypair::new(node_key(Who::Receiver)), &[0; 32])
        .unwrap()
}
