//! Payments that arrive tell the sender who held them how long, as failures do: what stands beside the secret in `update_fulfill_htlc`.

use pointlock::onion::{Attribution, AttributionData, HoldTime};
use pointlock::payment::{Forwarder, NodeAction, Receiver};
use pointlock_sim::{Chain, Keep, Who};

use crate::nodes::{AWAY, HEIGHT, Known, LockKind, Net, start};
use crate::places::Place::{ReceiverInPath, ReceiverOfTrampoline};
use crate::places::ordered;
use crate::scene::{entropy, is_paid};

const FORWARDERS: usize = 4;

fn payment(kind: LockKind) -> Net {
    let mut net = start(1, FORWARDERS);
    let invoice = net.publish(kind, 0);
    net.pay_known(0, &invoice, None, entropy(1));
    net
}

/// Hold times that grow towards the sender, of the hop counted from 0 for N_1.
fn time(hop: usize) -> HoldTime {
    HoldTime::from_millis(100 * (10 - hop as u64))
}

fn times(hops: usize) -> Vec<HoldTime> {
    (0..hops).map(time).collect()
}

/// How long the incoming edge of this claim has stood, by the blocks.
fn by_blocks(net: &Net, incoming: &pointlock::edge::EdgeId) -> HoldTime {
    let blocks = net.chain.height() - net.at(incoming).committed_at;
    HoldTime::from_millis(u64::from(blocks) * 600_000)
}

/// The next claim that a node wants to make, and what it says beside the secret.
fn next_claim(
    net: &mut Net,
    downstream: Option<AttributionData>,
    time: &dyn Fn(&Net, usize, &pointlock::edge::EdgeId) -> HoldTime,
) -> (usize, pointlock::edge::EdgeId, Option<AttributionData>) {
    let (by, incoming) = loop {
        match net.tasks.front() {
            Some((by, NodeAction::Claim { incoming, .. })) => break (*by, *incoming),
            _ => assert!(net.step().unwrap(), "nobody claims"),
        }
    };
    match by {
        Who::Receiver => {
            let hop = net.forwarders.len();
            let time = time(net, hop, &incoming);
            (hop, incoming, net.receiver.role().attribution_data(&incoming, time))
        }
        Who::Forwarder(number) => {
            let time = time(net, number - 1, &incoming);
            let role = net.forwarders[number - 1].role();
            (number - 1, incoming, role.attribution_data(&incoming, downstream, time))
        }
        Who::Sender(_) => panic!("it has no incoming edge"),
    }
}

/// Runs until the payment arrives at the sender. Each hop gives on what `change` makes of what it has.
fn told(
    mut net: Net,
    time: &dyn Fn(&Net, usize, &pointlock::edge::EdgeId) -> HoldTime,
    change: impl Fn(usize, Option<AttributionData>) -> Option<AttributionData>,
) -> Option<Attribution> {
    let mut data = None;
    loop {
        let (hop, incoming, said) = next_claim(&mut net, data.take(), time);
        data = change(hop, said);
        if hop > 0 {
            assert!(net.step().unwrap());
            continue;
        }
        let sender = net.senders[0].role();
        let read = data.and_then(|data| sender.read_attribution(&incoming, data));
        net.run().unwrap();
        assert!(is_paid(&net));
        return read;
    }
}

fn by_hop(_: &Net, hop: usize, _: &pointlock::edge::EdgeId) -> HoldTime {
    time(hop)
}

#[test]
fn every_hop_says_how_long() {
    for kind in [LockKind::Point, LockKind::Hash] {
        let read = told(payment(kind), &by_hop, |_, data| data);
        assert_eq!(read, Some(Attribution { hold_times: times(5), broken_at: None }), "{kind:?}");
    }
}

#[test]
fn a_hop_that_changes_it_is_one_of_two() {
    for culprit in 0..=FORWARDERS {
        // Its own time, after it has signed it; and an HMAC of its own.
        for at in [2, 80] {
            let read = told(payment(LockKind::Point), &by_hop, |hop, data| {
                let mut bytes = data?.as_bytes().to_vec();
                bytes[at] ^= u8::from(hop == culprit);
                AttributionData::from_bytes(&bytes).ok()
            });
            let read = read.unwrap();
            // The first HMAC of a hop is that of the farthest end, which on this route nobody reads.
            let blamed = (at == 2).then_some((culprit.checked_sub(1), culprit));
            assert_eq!(read.blamed(), blamed, "{at}");
            assert_eq!(read.hold_times, times(if at == 2 { culprit } else { 5 }));
        }
    }
}

/// A hop of an earlier release, or one that has lost it in a crash: the payment arrives all the same, and the times reach so far.
#[test]
fn hops_without_it() {
    for legacy in 0..=FORWARDERS {
        let give = |hop, data| if hop == legacy { None } else { data };
        let read = told(payment(LockKind::Point), &by_hop, give);
        let broken = Attribution { hold_times: times(legacy), broken_at: Some(legacy) };
        assert_eq!(read, (legacy > 0).then_some(broken));
    }
}

/// Blocks that pass while a payment is held are in the times of the holder and of those before it, and of nobody behind it.
#[test]
fn a_hold_is_in_the_times_up_to_the_holder() {
    for holder in 1..=FORWARDERS {
        let mut net = start(1, FORWARDERS);
        net.keep = AWAY;
        let invoice = net.publish(LockKind::Point, 0);
        net.pay_known(0, &invoice, Some(holder), entropy(1));
        net.run().unwrap();
        assert!(!is_paid(&net));
        net.mine(7).unwrap();
        net.keep = Keep::default();
        net.read_mail().unwrap();
        let read = told(net, &|net, _, incoming| by_blocks(net, incoming), |_, data| data);
        let read = read.unwrap();
        assert_eq!(read.broken_at, None);
        let units: Vec<u32> = read.hold_times.iter().map(|time| time.units()).collect();
        let held = |hop| if hop < holder { 7 * 6_000 } else { 0 };
        assert_eq!(units, (0..=FORWARDERS).map(held).collect::<Vec<u32>>(), "{holder}");
    }
}

/// Whoever finds the end of the route itself, or stands at the beginning of a path, answers for what is behind it.
#[test]
fn what_is_behind_a_trampoline_or_in_a_path_is_in_its_time() {
    for (place, speakers) in [(ReceiverOfTrampoline, 1), (ReceiverInPath, 2)] {
        let (net, _) = ordered(place);
        let read = told(net, &by_hop, |hop, data| {
            if speakers == 2 && hop >= speakers {
                assert_eq!(data, None, "in the path nobody says anything");
            }
            data
        });
        let expected = Attribution { hold_times: times(speakers), broken_at: None };
        assert_eq!(read, Some(expected), "{place:?}");
    }
}

/// Nothing is said of an edge whose secret was not given away, or that nobody knows.
#[test]
fn before_the_secret_there_is_nothing_to_say() {
    let mut net = payment(LockKind::Point);
    while !matches!(net.tasks.front(), Some((Who::Receiver, NodeAction::Claimable { .. }))) {
        assert!(net.step().unwrap());
    }
    let Some((_, NodeAction::Claimable { incoming })) = net.tasks.front() else { panic!("due") };
    let incoming = *incoming;
    assert_eq!(net.receiver.role().attribution_data(&incoming, time(0)), None);
    // Its sender is the last forwarder, which does not know the secret yet either.
    let forwarded = net.forwarders[FORWARDERS - 1].log();
    let pending = forwarded.iter().find_map(|event| match event {
        pointlock::payment::ForwarderEvent::IncomingCommitted { edge, .. } => Some(edge.edge().id),
        _ => None,
    });
    let last = net.forwarders[FORWARDERS - 1].role();
    assert_eq!(last.attribution_data(&pending.unwrap(), None, time(0)), None);
    let (_, claimed, said) = next_claim(&mut net, None, &by_hop);
    assert_eq!(claimed, incoming);
    let said = said.unwrap();
    assert_eq!(net.senders[0].role().read_attribution(&incoming, said), None, "another's edge");
    assert_eq!(net.receiver.role().attribution_data(&crate::nodes::unknown_edge(), time(0)), None);
    assert!(net.chain.height() >= HEIGHT);
}

/// A node that starts again says what it would have said. What came with the secret from the next one is the driver's to keep: without it
/// the times begin anew.
#[test]
fn a_restart_says_the_same() {
    let mut net = payment(LockKind::Point);
    let (_, incoming, said) = next_claim(&mut net, None, &by_hop);
    let role = net.receiver.role();
    let again = Receiver::restore(net.receiver_config(), &role.snapshot()).unwrap();
    assert!(said.is_some());
    assert_eq!(again.attribution_data(&incoming, time(FORWARDERS)), said);
    assert!(net.step().unwrap());

    let (hop, incoming, passed_on) = next_claim(&mut net, said.clone(), &by_hop);
    assert_eq!(hop, FORWARDERS - 1);
    let role = net.forwarders[hop].role();
    let again = Forwarder::restore(net.forwarder_config(FORWARDERS), &role.snapshot()).unwrap();
    assert!(passed_on.is_some());
    assert_eq!(again.attribution_data(&incoming, said, time(hop)), passed_on);
    let anew = again.attribution_data(&incoming, None, time(hop));
    assert!(anew.is_some() && anew != passed_on);
}
