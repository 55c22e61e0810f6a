//! A forwarder in the clear, with packets made by hand.

use pointlock::lock::Blind;
use pointlock::lock::LockError;
use pointlock::onion::OnionError;
use pointlock::payment::{
    ConfigError, EdgeError, Forwarder, ForwarderEvent, NodeAction, OfferOrigin, PayloadError,
    Recorded, Refusal, Tweak,
};
use pointlock_sim::Who;

use crate::nodes::{
    AMOUNT_MSAT, HEIGHT, LockKind, MIN_FINAL_DELTA, node_id, number_of, policy, secret_of,
};
use crate::scene::{
    ForwardCase, HOP, blind, build, final_case, flipped, forward, forward_case, forward_packet,
    forwarder_says, hold_tweak, invalid_hmac, reach_hop, refuses_forwarder,
};

/// Grace and claim margin, and a block.
const EARLIEST: u32 = 22;

#[test]
fn forwarder_checks_its_fee() {
    use LockKind::Point;
    let fee = policy(1).fee_msat(AMOUNT_MSAT).unwrap();
    assert_eq!(fee, 6_000);
    let insufficient =
        |offered_msat| Some(Refusal::FeeInsufficient { offered_msat, required_msat: fee });
    assert_eq!(forwarder_says(Point, |case| case.amount_msat += 1_000), None);
    assert_eq!(forwarder_says(Point, |case| case.amount_msat -= 1_000), insufficient(fee - 1_000));
    assert_eq!(forwarder_says(Point, |case| case.amount_msat = AMOUNT_MSAT), insufficient(0));
    // More out than in.
    assert_eq!(forwarder_says(Point, |case| case.amount_msat = AMOUNT_MSAT / 2), insufficient(0));
    let said = forwarder_says(Point, |case| case.payload.amount_msat = u64::MAX);
    assert!(matches!(said, Some(Refusal::FeeInsufficient { offered_msat: 0, .. })));
}

#[test]
fn forwarder_checks_its_delta() {
    use LockKind::Point;
    let required = policy(1).cltv_expiry_delta;
    let next = HEIGHT + MIN_FINAL_DELTA;
    let expiry = next + required;
    let too_close = |expiry, offered| Some(Refusal::ExpiryDelta { expiry, offered, required });
    assert_eq!(forwarder_says(Point, |case| case.expiry += 1), None);
    assert_eq!(forwarder_says(Point, |case| case.expiry -= 1), too_close(expiry - 1, required - 1));
    assert_eq!(forwarder_says(Point, |case| case.expiry = case.payload.expiry), too_close(next, 0));
    assert_eq!(
        forwarder_says(Point, |case| case.expiry = case.payload.expiry - 1),
        too_close(next - 1, 0)
    );
    // Grace and claim margin are left to the outgoing edge.
    let required = HEIGHT + EARLIEST;
    assert_eq!(forwarder_says(Point, |case| case.payload.expiry = required), None);
    for expiry in [required - 1, HEIGHT, HEIGHT - 1] {
        let said = forwarder_says(Point, |case| case.payload.expiry = expiry);
        assert_eq!(said, Some(Refusal::ExpiryTooSoon { expiry, required }));
    }
    // An edge that keeps its place for longer than two weeks is not taken.
    let most = HEIGHT + 2_016;
    assert_eq!(forwarder_says(Point, |case| case.expiry = most), None);
    let said = forwarder_says(Point, |case| case.expiry = most + 1);
    assert_eq!(said, Some(Refusal::ExpiryTooFar { expiry: most + 1, most }));
}

/// With a fee of nothing and the least delta, what is less than that must not pass for it.
#[test]
fn a_forwarder_that_asks_for_nothing_pays_nothing() {
    let says = |change: fn(&mut ForwardCase)| {
        let (mut net, mut case) = forward_case(LockKind::Point);
        let mut config = net.forwarder_config(1);
        config.policy.fee_base_msat = 0;
        config.policy.fee_proportional_millionths = 0;
        let least = config.deadlines.min_policy_delta();
        config.policy.cltv_expiry_delta = least - 1;
        let refused = Forwarder::new(config.clone()).unwrap_err();
        assert_eq!(refused, ConfigError::PolicyDelta { delta: least - 1, least });
        config.policy.cltv_expiry_delta = least;
        net.forwarders[0] = Recorded::new(Forwarder::new(config).unwrap());
        case.amount_msat = case.payload.amount_msat;
        case.expiry = case.payload.expiry + least;
        change(&mut case);
        let packet = forward_packet(&case, 0);
        forward(&mut net, &case, packet)
    };
    assert_eq!(says(|_| {}), None);
    let fee = Refusal::FeeInsufficient { offered_msat: 0, required_msat: 0 };
    assert_eq!(says(|case| case.amount_msat -= 1_000), Some(fee));
    let expiry = HEIGHT + MIN_FINAL_DELTA + 36 - 1;
    let delta = Refusal::ExpiryDelta { expiry, offered: 35, required: 36 };
    assert_eq!(says(|case| case.expiry -= 1), Some(delta));
}

#[test]
fn forwarder_goes_by_the_height() {
    let (mut net, case) = forward_case(LockKind::Point);
    let expiry = case.payload.expiry;
    let last = expiry - EARLIEST;
    net.mine_to(last).unwrap();
    let packet = forward_packet(&case, 0);
    assert_eq!(forward(&mut net, &case, packet.clone()), None);
    net.mine_to(last + 1).unwrap();
    // Nobody has answered the offer, and it is too late for it now.
    let Some((HOP, NodeAction::Withdraw { origin: OfferOrigin::Incoming(incoming) })) =
        net.tasks.pop_back()
    else {
        panic!("withdrawn")
    };
    net.tell_forwarder(number_of(HOP), ForwarderEvent::OfferFailed { incoming }).unwrap();
    let Some((HOP, NodeAction::Fail { reason, .. })) = net.tasks.pop_back() else {
        panic!("failed")
    };
    let (expires, height) = (case.expiry, last + 1);
    assert_eq!(reason, Refusal::TimeIsUp { expiry: expires, height });
    net.tell_forwarder(number_of(HOP), ForwarderEvent::FailGiven { incoming }).unwrap();
    net.tell_forwarder(number_of(HOP), ForwarderEvent::IncomingFailed { incoming }).unwrap();
    let too_soon = |height| Refusal::ExpiryTooSoon { expiry, required: height + EARLIEST };
    let said = forward(&mut net, &case, forward_packet(&case, 1));
    assert_eq!(said, Some(too_soon(last + 1)));
    // Replays are remembered up to the expiry; from then on what they ask for is past.
    let mut again = forward_case(LockKind::Point).1;
    again.expiry += 100;
    net.mine_to(case.expiry - 1).unwrap();
    let replayed = OnionError::Replayed { expiry_height: case.expiry };
    assert_eq!(forward(&mut net, &again, packet.clone()), Some(Refusal::Onion(replayed)));
    net.mine_to(case.expiry).unwrap();
    assert_eq!(forward(&mut net, &again, packet), Some(too_soon(case.expiry)));
}

#[test]
fn a_refused_contract_is_known_until_it_is_gone() {
    let (mut net, mut case) = forward_case(LockKind::Point);
    case.amount_msat -= 1_000;
    let edge = reach_hop(&mut net, &case, forward_packet(&case, 0));
    let incoming = edge.outgoing().unwrap().id;
    let event = ForwarderEvent::IncomingCommitted {
        from: node_id(Who::Sender(0)),
        edge: edge.incoming().unwrap(),
        path_key: None,
        packet: forward_packet(&case, 1),
    };
    refuses_forwarder(&mut net, HOP, event, EdgeError::Known(incoming));
    net.tell_forwarder(number_of(HOP), ForwarderEvent::IncomingFailed { incoming }).unwrap();
    let gone = EdgeError::OutOfOrder { edge: incoming, event: "failure" };
    refuses_forwarder(&mut net, HOP, ForwarderEvent::IncomingFailed { incoming }, gone.clone());
}

#[test]
fn forwarder_checks_the_tweak() {
    use LockKind::{Hash, Point};
    let mismatch = Some(Refusal::TweakMismatch);
    // Without a blind in the payload the forwarder derives its own.
    assert_eq!(forwarder_says(Point, |case| case.payload.tweak = Tweak::Derived), None);
    let said = forwarder_says(Hash, |case| case.payload.tweak = Tweak::Blind(blind("blind", 0)));
    assert_eq!(said, mismatch);
    // y = −l
    let opposite = || Blind::new(secret_of("lock", 0).negate());
    let said = forwarder_says(Point, |case| case.payload.tweak = Tweak::Blind(opposite()));
    assert_eq!(said, Some(Refusal::Lock(LockError::BlindCancelsLock)));
    // A hold that fits the other kind of lock.
    let said = forwarder_says(Point, |case| case.payload.tweak = hold_tweak(0, None, HEIGHT + 10));
    assert_eq!(said, mismatch);
    let with_blind = hold_tweak(0, Some(&blind("blind", 0)), HEIGHT + 10);
    let said = forwarder_says(Hash, |case| case.payload.tweak = with_blind);
    assert_eq!(said, mismatch);
}

#[test]
fn forwarder_refuses_payloads_of_others() {
    let (mut net, case) = forward_case(LockKind::Point);
    let (_, last) = final_case(LockKind::Point);
    let last = last.payload.to_bytes();
    let own = case.payload.to_bytes();
    let misplaced = |field| Some(Refusal::Payload(PayloadError::Misplaced(field)));
    let packet = build(&[(HOP, last.clone()), (Who::Receiver, last.clone())], 0);
    assert_eq!(forward(&mut net, &case, packet), misplaced("payment_data"));
    let packet = build(&[(HOP, last)], 1);
    assert_eq!(forward(&mut net, &case, packet), Some(Refusal::RouteEnd));
    let packet = build(&[(HOP, own.clone())], 2);
    assert_eq!(forward(&mut net, &case, packet), misplaced("short_channel_id"));
    let packet = build(&[(Who::Receiver, own.clone()), (HOP, own)], 3);
    let hmac = Some(invalid_hmac());
    assert_eq!(forward(&mut net, &case, packet), hmac);
    let good = forward_packet(&case, 4);
    for flipped in flipped(&good) {
        assert_eq!(forward(&mut net, &case, flipped), hmac);
    }
    assert_eq!(forward(&mut net, &case, good.clone()), None);
    let replayed = OnionError::Replayed { expiry_height: case.expiry };
    assert_eq!(forward(&mut net, &case, good), Some(Refusal::Onion(replayed)));
}
