//! Holds, with orders made by hand.

use pointlock::edge::EdgeId;
use pointlock::hold::{Cap, HeldBlind, HoldError, HoldId, HoldState, Limits, ReleaseSecret};
use pointlock::lock::{Blind, Lock, LockSecret};
use pointlock::onion::OnionError;
use pointlock::onion::blinded::{BlindingError, OnionMessage};
use pointlock::payment::{
    Forwarder, ForwarderEvent, MessageError, NodeAction, OfferOrigin, Payload, PayloadError,
    Recorded, Refusal, ReleaseHeld, SecretSource, Tweak,
};
use pointlock::wire::{TlvStream, TlvWriter};
use pointlock_sim::Who;

use crate::nodes::{
    AMOUNT_MSAT, HEIGHT, Known, LockKind, MIN_FINAL_DELTA, Net, SAFETY_MARGIN, channel_to,
    number_of, policy, secret_of, start,
};
use crate::scene::{
    HOP, blind, forward_case, forward_packet, held_case, hold_tweak, ledger_state, message_to,
    reach_hop, refuses_forwarder, release, release_path_id, send_release,
};

#[test]
fn wrong_releases_move_nothing() {
    let (mut net, case) = held_case(0);
    reach_hop(&mut net, &case, forward_packet(&case, 0));
    let mut second = held_case(1).1;
    second.payload.tweak = hold_tweak(1, Some(&blind("blind", 1)), HEIGHT + 100);
    reach_hop(&mut net, &second, forward_packet(&second, 1));
    assert!(net.tasks.is_empty());

    // Somebody's guess, and the secret of another hold.
    for wrong in [ReleaseSecret::new(secret_of("guess", 0)), release(1)] {
        let actions = send_release(&mut net, &[(0, wrong)]);
        let [NodeAction::ReleaseRefused { reason }] = actions.as_slice() else {
            panic!("{actions:?}")
        };
        let id = HoldId([0; 32]);
        assert_eq!(*reason, Refusal::Hold(HoldError::WrongReleaseSecret(id)));
        assert_eq!(ledger_state(&net, 0), HoldState::Held);
    }
    let y = LockSecret::Scalar(blind("blind", 0).as_scalar().clone());
    let knows = |net: &Net, secret: &LockSecret| {
        net.forwarders[0].view().secrets().iter().any(|known| known.secret == *secret)
    };
    assert!(!knows(&net, &y));
    // A guess is no knowledge of h.
    let source = SecretSource::Release { hold: HoldId([0; 32]) };
    assert_eq!(net.forwarders[0].view().get(source), None);

    // Messages that do not peel.
    let message = |node| {
        let fields = ReleaseHeld { holds: vec![(HoldId([0; 32]), release(0))] }.to_tlv();
        message_to(node, release_path_id(node), &fields, 1)
    };
    let unpeeled = MessageError::Onion(BlindingError::Onion { source: OnionError::InvalidHmac });
    let mut altered = message(HOP).to_bytes();
    altered[500] ^= 4;
    for message in [OnionMessage::from_bytes(&altered).unwrap(), message(Who::Receiver)] {
        refuses_forwarder(
            &mut net,
            HOP,
            ForwarderEvent::MessageReceived { message, entropy: [0; 32] },
            unpeeled.clone(),
        );
    }

    // A wrong entry beside a right one.
    let actions = send_release(&mut net, &[(1, release(0)), (0, release(0)), (7, release(7))]);
    let [
        NodeAction::ReleaseRefused { .. },
        NodeAction::Offer { proposal, .. },
        NodeAction::ReleaseRefused { reason },
    ] = actions.as_slice()
    else {
        panic!("{actions:?}")
    };
    assert_eq!(*reason, Refusal::Hold(HoldError::Unknown(HoldId([7; 32]))));
    let Lock::Point(incoming) = case.lock else { panic!("a point") };
    assert_eq!(proposal.lock, Lock::Point(incoming.add(&blind("blind", 0).to_point()).unwrap()));
    assert!(knows(&net, &y));
    assert_eq!(
        net.forwarders[0].view().get(source),
        Some(&LockSecret::Scalar(release(0).as_scalar().clone()))
    );
    assert!(matches!(ledger_state(&net, 0), HoldState::Releasing(_)));
    assert_eq!(ledger_state(&net, 1), HoldState::Held);
}

/// Fields that contradict each other, and a list that ends in the middle of an entry.
#[test]
fn malformed_payloads_and_messages_are_refused() {
    let with = |bytes: &[u8], tlv_type, value: &[u8]| {
        let mut writer = TlvWriter::new();
        for record in TlvStream::parse(bytes).unwrap().records() {
            writer.set(record.tlv_type(), record.value());
        }
        writer.set(tlv_type, value);
        Payload::parse(&writer.to_bytes(), false).map(|_| ())
    };
    let held = held_case(0).1.payload.to_bytes();
    let plain = forward_case(LockKind::Point).1.payload.to_bytes();
    let misplaced = |field| Err(PayloadError::Misplaced(field));
    // y beside y + h would tell h.
    assert_eq!(with(&held, 65_537, &[1; 32]), misplaced("blind"));
    assert_eq!(with(&plain, 65_537, &[1; 32]), Ok(()));
    assert_eq!(with(&held, 65_539, &[1; 32]), misplaced("final_blind"));
    assert_eq!(with(&plain, 65_544, &[1; 32]), misplaced("held_blind"));
    assert_eq!(with(&plain, 65_546, &[1; 32]), misplaced("release_hash"));
    assert_eq!(with(&plain, 65_548, &[1]), misplaced("latest_release_height"));
    assert_eq!(with(&plain, 65_537, &[0; 32]), Err(PayloadError::Malformed("blind")));
    assert_eq!(with(&plain, 65_537, &[1; 31]), Err(PayloadError::Malformed("blind")));

    let release = |length: usize| {
        let content = TlvWriter::new().set(2, vec![1; length]).to_bytes();
        let fields = TlvWriter::new().set(65_567, content).to_bytes();
        ReleaseHeld::from_message(&fields).map(|message| message.holds.len())
    };
    assert_eq!(release(64), Ok(1));
    assert_eq!(release(128), Ok(2));
    for length in [0, 63, 65, 127, 100] {
        assert_eq!(release(length), Err(PayloadError::Malformed("holds")));
    }
}

#[test]
fn a_hold_past_its_cutoff_is_refused() {
    // By what the sender says, and by the incoming contract.
    let deltas = MIN_FINAL_DELTA + SAFETY_MARGIN;
    let try_hold = |latest, expiry: u32| {
        let (mut net, mut case) = held_case(0);
        case.payload.tweak = hold_tweak(0, Some(&blind("blind", 0)), latest);
        case.expiry = expiry;
        case.payload.expiry = expiry - policy(1).cltv_expiry_delta;
        reach_hop(&mut net, &case, forward_packet(&case, 0));
        match net.tasks.pop_back() {
            None => None,
            Some((Who::Forwarder(_), NodeAction::Fail { reason, .. })) => Some(reason),
            Some(other) => panic!("{other:?}"),
        }
    };
    let far = HEIGHT + 1_000;
    let passed = |cutoff| {
        let id = HoldId([0; 32]);
        Some(Refusal::Hold(HoldError::CutoffPassed { id, cutoff, height: HEIGHT }))
    };
    assert_eq!(try_hold(HEIGHT + 1, far), None);
    assert_eq!(try_hold(HEIGHT, far), passed(HEIGHT));
    assert_eq!(try_hold(far, HEIGHT + deltas + 1), None);
    assert_eq!(try_hold(far, HEIGHT + deltas), passed(HEIGHT));
    assert_eq!(try_hold(far, HEIGHT + deltas - 5), passed(HEIGHT - 5));
}

/// Who has brought the money, and how much it is; never over which channel it would go on.
#[test]
fn caps_count_what_the_holder_sees() {
    let wide = Limits::default();
    let fee = policy(1).fee_msat(AMOUNT_MSAT).unwrap();
    let second = |limits: Limits, sender: usize, next: Who| {
        let mut net = start(2, 1);
        let mut config = net.forwarder_config(1);
        config.limits = limits;
        net.forwarders[0] = Recorded::new(Forwarder::new(config).unwrap());
        let mut said = None;
        for (index, sender, next) in [(0, 0, Who::Receiver), (1, sender, next)] {
            let (_, mut case) = held_case(index);
            case.payload.short_channel_id = channel_to(next);
            let (lock, msat) = (case.lock, case.amount_msat);
            let edge = net.fund_terms(Who::Sender(sender), HOP, lock, msat, case.expiry);
            net.commit(edge, None, forward_packet(&case, index));
            said = net.tasks.pop_back().map(|task| match task {
                (HOP, NodeAction::Fail { reason, .. }) => reason,
                other => panic!("{other:?}"),
            });
            assert!(index == 1 || said.is_none());
        }
        said
    };
    let capped = |cap| Some(Refusal::Hold(HoldError::CapReached(cap)));
    let (receiver, elsewhere) = (Who::Receiver, Who::Forwarder(7));
    let one = Limits { holds_per_neighbour: 1, ..wide };
    assert_eq!(second(one, 0, elsewhere), capped(Cap::HoldsPerNeighbour));
    assert_eq!(second(one, 1, receiver), None);
    let one = Limits { holds: 1, ..wide };
    assert_eq!(second(one, 1, elsewhere), capped(Cap::Holds));
    // The sender's money waits, fee included.
    let value_msat = 2 * (AMOUNT_MSAT + fee);
    assert_eq!(second(Limits { value_msat, ..wide }, 1, elsewhere), None);
    let value_msat = value_msat - 1;
    assert_eq!(second(Limits { value_msat, ..wide }, 1, elsewhere), capped(Cap::Value));
}

/// A sender that sends one order with two contracts has one hold, and the other contract back at once: else it would
/// escape the caps, and the second would never fail back.
#[test]
fn one_hold_order_holds_one_contract() {
    for with_release in [false, true] {
        let (mut net, case) = held_case(0);
        let first = reach_hop(&mut net, &case, forward_packet(&case, 0));
        assert!(net.tasks.is_empty());
        let second = reach_hop(&mut net, &case, forward_packet(&case, 1));
        let (Who::Forwarder(_), NodeAction::Fail { incoming, reason, .. }) =
            net.tasks.pop_back().unwrap()
        else {
            panic!("the second is failed")
        };
        assert_eq!(incoming, second.outgoing().unwrap().id);
        assert_eq!(reason, Refusal::Hold(HoldError::IdTaken(HoldId([0; 32]))));
        net.tell_forwarder(number_of(HOP), ForwarderEvent::IncomingFailed { incoming }).unwrap();
        // The first is held as ever.
        assert_eq!(ledger_state(&net, 0), HoldState::Held);
        let edge_id = first.outgoing().unwrap().id;
        if with_release {
            let actions = send_release(&mut net, &[(0, release(0))]);
            let [NodeAction::Offer { origin: OfferOrigin::Incoming(incoming), .. }] =
                actions.as_slice()
            else {
                panic!("{actions:?}")
            };
            assert_eq!(*incoming, edge_id);
        } else {
            net.mine_to(HEIGHT + 100).unwrap();
            let (Who::Forwarder(_), NodeAction::Fail { incoming, .. }) =
                net.tasks.pop_back().unwrap()
            else {
                panic!("the first fails at the cutoff")
            };
            assert_eq!(incoming, edge_id);
        }
        assert!(net.tasks.is_empty());
    }
}

/// A blind that cancels the lock, which a payer who knows z can make, must not keep a place among the holds.
#[test]
fn a_hold_that_cannot_be_forwarded_gives_its_place_back() {
    for zero in [false, true] {
        {
            let (mut net, mut case) = held_case(0);
            let opposite = Blind::new(secret_of("lock", 0).negate());
            case.payload.tweak = hold_tweak(0, Some(&opposite), HEIGHT + 100);
            if zero {
                let Tweak::Hold(order) = &mut case.payload.tweak else { panic!("a hold") };
                let h = release(0).dangerous_to_bytes();
                order.held_blind = Some(HeldBlind::from_bytes(&h).unwrap());
            }
            let edge = reach_hop(&mut net, &case, forward_packet(&case, 0));
            for action in send_release(&mut net, &[(0, release(0))]) {
                net.tasks.push_back((HOP, action));
            }
            // At the latest at the cutoff the contract is failed, once.
            net.mine_to(HEIGHT + 100).unwrap();
            let failed: Vec<EdgeId> = net
                .tasks
                .drain(..)
                .filter_map(|task| match task {
                    (HOP, NodeAction::Fail { incoming, .. }) => Some(incoming),
                    (HOP, NodeAction::ReleaseRefused { .. }) => None,
                    other => panic!("{other:?}"),
                })
                .collect();
            let edge_id = edge.outgoing().unwrap().id;
            assert_eq!(failed, [edge_id], "zero {zero}");
            net.tell_forwarder(
                number_of(HOP),
                ForwarderEvent::IncomingFailed { incoming: edge_id },
            )
            .unwrap();
            let open = net.forwarders[0].role().ledger().open();
            assert_eq!(open.count, 0, "zero {zero}");
        }
    }
}
