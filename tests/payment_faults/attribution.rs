//! Failures on their way back tell the sender who held the payment how long, and between whom one was changed.

use pointlock::onion::{AttributedFailure, Attribution, AttributionData, FailurePacket, HoldTime};
use pointlock::payment::{
    FailureMessage, FailureReply, ForwarderEvent, NodeAction, ReceiverEvent, Role, SenderEvent,
};
use pointlock_sim::Who;

use crate::nodes::{HEIGHT, Known, LockKind, Net, start};
use crate::scene::entropy;

/// BOLT 4's incorrect_or_unknown_payment_details.
const UNKNOWN_DETAILS: u16 = 0x400f;

/// What the sender is told: who failed with which code, and how the failure came back.
type Told = (Option<(usize, u16)>, Option<Attribution>);

/// A payment over four forwarders, to a receiver for which it comes too late.
fn too_late() -> Net {
    let mut net = start(1, 4);
    let invoice = net.publish(LockKind::Point, 0);
    net.tell_receiver(ReceiverEvent::Block { height: HEIGHT + 2_000 }).unwrap();
    net.pay_known(0, &invoice, None, entropy(1));
    net
}

/// By hand: the edge is failed, after this time, and its offerer is told what `change` makes of it.
fn fail(
    net: &mut Net,
    by: Who,
    action: NodeAction,
    time: HoldTime,
    change: &dyn Fn(FailureMessage) -> FailureMessage,
) {
    let NodeAction::Fail { incoming, failure, .. } = action else { panic!("{action:?}") };
    let offerer = match by {
        Who::Receiver => {
            net.tell_receiver(ReceiverEvent::FailGiven { incoming }).unwrap();
            4
        }
        Who::Forwarder(number) => {
            net.tell_forwarder(number, ForwarderEvent::FailGiven { incoming }).unwrap();
            net.tell_forwarder(number, ForwarderEvent::IncomingFailed { incoming }).unwrap();
            number - 1
        }
        Who::Sender(_) => panic!("it has no incoming edge"),
    };
    let (outgoing, failure) = (incoming, Some(change(failure.after(time))));
    match offerer {
        0 => net.tell_sender(0, SenderEvent::OutgoingFailed { outgoing, failure }).unwrap(),
        number => {
            let event = ForwarderEvent::OutgoingFailed { outgoing, failure };
            net.tell_forwarder(number, event).unwrap();
        }
    }
}

/// Of the hop, counted from 0 for N_1.
fn hop_of(who: Who) -> usize {
    match who {
        Who::Forwarder(number) => number - 1,
        _ => 4,
    }
}

/// Hold times that grow towards the sender.
fn time(hop: usize) -> HoldTime {
    HoldTime::from_millis(100 * (10 - hop as u64))
}

/// Runs until the sender is told. Each hop gives on what `change` makes of what it has.
fn told(mut net: Net, change: impl Fn(usize, FailureMessage) -> FailureMessage) -> Told {
    loop {
        match net.tasks.front() {
            Some((_, NodeAction::AttemptFailed { failure, attribution, .. })) => {
                let failure = failure.as_ref().map(|failure| (failure.hop, failure.code()));
                return (failure, attribution.clone());
            }
            Some((_, NodeAction::Fail { .. })) => {
                let (by, action) = net.tasks.pop_front().unwrap();
                let hop = hop_of(by);
                fail(&mut net, by, action, time(hop), &|message| change(hop, message));
            }
            _ => assert!(net.step().unwrap(), "the sender is told nothing"),
        }
    }
}

fn changed(
    message: FailureMessage,
    reason: impl FnOnce(&mut Vec<u8>),
    data: impl FnOnce(&mut Vec<u8>),
) -> FailureMessage {
    let FailureMessage::Encrypted(failure) = message else { panic!("{message:?}") };
    let (mut packet, mut attribution) =
        (failure.as_bytes().to_vec(), failure.attribution().unwrap().as_bytes().to_vec());
    reason(&mut packet);
    data(&mut attribution);
    FailureMessage::Encrypted(AttributedFailure::from_parts(
        FailurePacket::from_bytes(&packet).unwrap(),
        AttributionData::from_bytes(&attribution).ok(),
    ))
}

fn times(hops: usize) -> Vec<HoldTime> {
    (0..hops).map(time).collect()
}

#[test]
fn every_hop_says_how_long() {
    let (failure, attribution) = told(too_late(), |_, message| message);
    assert_eq!(failure, Some((4, UNKNOWN_DETAILS)));
    assert_eq!(attribution, Some(Attribution { hold_times: times(5), broken_at: None }));
}

#[test]
fn a_hop_that_changes_a_failure_is_one_of_two() {
    for culprit in 0..5_usize {
        let blamed = Some((culprit.checked_sub(1), culprit));
        let (failure, attribution) = told(too_late(), |hop, message| {
            if hop != culprit {
                return message;
            }
            changed(message, |reason| reason[100] ^= 1, |_| ())
        });
        let attribution = attribution.unwrap();
        assert_eq!((failure, attribution.blamed()), (None, blamed));
        assert_eq!(attribution.hold_times, times(culprit));
        // Its own time, after it has signed it.
        let (failure, attribution) = told(too_late(), |hop, message| {
            if hop != culprit {
                return message;
            }
            changed(message, |_| (), |data| data[2] ^= 1)
        });
        assert_eq!(failure, Some((4, UNKNOWN_DETAILS)));
        assert_eq!(attribution.unwrap().blamed(), blamed);
    }
}

/// A hop of an earlier version passes the reason on, and no attribution data: the failure is read as ever.
#[test]
fn hops_without_it() {
    for legacy in 0..5 {
        let (failure, attribution) = told(too_late(), |hop, message| {
            if hop != legacy {
                return message;
            }
            changed(message, |_| (), Vec::clear)
        });
        assert_eq!(failure, Some((4, UNKNOWN_DETAILS)));
        let broken = Attribution { hold_times: times(legacy), broken_at: Some(legacy) };
        assert_eq!(attribution, (legacy > 0).then_some(broken));
    }
}

/// A failure that is given again after a restart has the time of then.
#[test]
fn the_time_is_that_of_giving_it() {
    let mut net = too_late();
    while !matches!(net.tasks.front(), Some((_, NodeAction::Fail { .. }))) {
        assert!(net.step().unwrap());
    }
    let pending = net.receiver.role().pending().pop().map(NodeAction::from);
    let Some(NodeAction::Fail { failure, .. }) = pending else { panic!("{pending:?}") };
    let Some((_, NodeAction::Fail { failure: wanted, .. })) = net.tasks.front() else {
        panic!("it was the first task")
    };
    assert_eq!(*wanted, failure);
    let packet = |reply: &FailureReply, time| {
        let FailureMessage::Encrypted(failure) = reply.after(time) else { panic!("{reply:?}") };
        (failure.packet().clone(), failure.attribution().unwrap().clone())
    };
    let (early, late) = (packet(&failure, HoldTime::UNKNOWN), packet(&failure, time(0)));
    assert_eq!(early.0, late.0, "the reason is the same");
    assert_ne!(early.1, late.1);
    assert!(!format!("{failure:?}").contains("secret: ["));
}

/// The simulator's own: blocks that pass while a payment waits are in the times of all who wait for it.
#[test]
fn waiting_is_in_the_times() {
    let mut net = too_late();
    let attribution = loop {
        match net.tasks.front() {
            Some((_, NodeAction::AttemptFailed { attribution, .. })) => {
                break attribution.clone().unwrap();
            }
            _ => assert!(net.step().unwrap()),
        }
    };
    let units: Vec<u32> = attribution.hold_times.iter().map(|time| time.units()).collect();
    assert_eq!(units, [5, 4, 3, 2, 1]);
}
