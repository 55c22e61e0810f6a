//! The stages of a forwarder.

use pointlock::edge::Edge;
use pointlock::payment::{
    ConfigError, Deadlines, EdgeError, Forwarder, ForwarderAction, ForwarderConfig, ForwarderError,
    ForwarderEvent, ForwardingPolicy, Recorded, Refusal,
};

use crate::scene::{
    CLAIM_MARGIN, DELTA, GRACE, HEIGHT, IN_EXPIRY, OUT_EXPIRY, POLICY, block, commit, config,
    forwarded, fulfilled, held_payload, incoming, incoming_secret, names, outgoing,
    outgoing_secret, payload, released, told,
};

/// The last height at which an offer still waits.
const LAST_OFFER: u32 = OUT_EXPIRY - GRACE - CLAIM_MARGIN - 1;

fn offer_failed() -> ForwarderEvent {
    ForwarderEvent::OfferFailed { incoming: incoming().id }
}

fn reasons(actions: &[ForwarderAction]) -> Vec<&Refusal> {
    let mut reasons = Vec::new();
    for action in actions {
        if let ForwarderAction::Fail { reason, .. } = action {
            reasons.push(reason);
        }
    }
    reasons
}

/// It was still wanted a thousand blocks after both expiries, and its late commitment accepted: neighbour and sender together could
/// have taken the amount.
#[test]
fn an_offer_that_nobody_answers_is_withdrawn() {
    let (mut forwarder, _) = told(incoming(), &payload());
    assert!(block(&mut forwarder, LAST_OFFER).is_empty());
    assert_eq!(names(&forwarder.pending()), ["offer"]);
    assert_eq!(names(&block(&mut forwarder, LAST_OFFER + 1)), ["withdraw"]);
    for height in [OUT_EXPIRY, IN_EXPIRY, IN_EXPIRY + 1_000] {
        assert!(block(&mut forwarder, height).is_empty());
        assert_eq!(names(&forwarder.pending()), ["withdraw"]);
        let (edge, event) = (outgoing().id, "commitment");
        let too_late = EdgeError::TooLate { edge, event, height };
        assert_eq!(commit(&mut forwarder).unwrap_err(), ForwarderError::Edge(too_late));
    }
    let actions = forwarder.apply(offer_failed()).unwrap();
    let time_is_up = Refusal::TimeIsUp { expiry: IN_EXPIRY, height: IN_EXPIRY + 1_000 };
    assert_eq!(reasons(&actions), [&time_is_up]);
    forwarder.apply(ForwarderEvent::IncomingFailed { incoming: incoming().id }).unwrap();
    assert_eq!(forwarder.role().payment_count(), 0);
}

/// One block earlier it is committed, and is an edge like any other.
#[test]
fn an_offer_is_taken_up_to_its_last_height() {
    let (mut forwarder, _) = told(incoming(), &payload());
    block(&mut forwarder, LAST_OFFER);
    commit(&mut forwarder).unwrap();
    assert!(block(&mut forwarder, OUT_EXPIRY).is_empty());
}

#[test]
fn a_payment_that_was_released_and_finds_nobody_is_withdrawn_too() {
    let (mut forwarder, actions) = told(incoming(), &held_payload(HEIGHT + 20));
    assert!(actions.is_empty(), "held");
    assert_eq!(names(&forwarder.apply(released()).unwrap()), ["offer"]);
    assert_eq!(names(&block(&mut forwarder, LAST_OFFER + 1)), ["withdraw"]);
    assert_eq!(names(&forwarder.apply(offer_failed()).unwrap()), ["fail"]);
    forwarder.apply(ForwarderEvent::IncomingFailed { incoming: incoming().id }).unwrap();
    assert_eq!(forwarder.role().payment_count(), 0);
    assert_eq!(forwarder.role().ledger().open().count, 0);
}

#[test]
fn a_hold_fails_at_its_cutoff() {
    let (mut forwarder, _) = told(incoming(), &held_payload(HEIGHT + 20));
    assert!(block(&mut forwarder, HEIGHT + 19).is_empty());
    let actions = block(&mut forwarder, HEIGHT + 20);
    assert!(matches!(reasons(&actions).as_slice(), [Refusal::CutoffReached(_)]), "{actions:?}");
    assert_eq!(names(&forwarder.apply(released()).unwrap()), ["release refused"]);
}

/// They were forwarded and held, and took a place of the caps for 9,497 years.
#[test]
fn edges_that_expire_far_ahead_are_failed_at_once() {
    let most = HEIGHT + 2_016;
    for payload in [payload(), held_payload(HEIGHT + 20)] {
        for (expiry, taken) in [(most, true), (most + 1, false), (500_000_000, false)] {
            let (forwarder, actions) = told(Edge { expiry, ..incoming() }, &payload);
            assert_eq!(forwarder.role().ledger().open().count == 1, taken && actions.is_empty());
            if taken {
                assert!(reasons(&actions).is_empty(), "{actions:?}");
            } else {
                assert_eq!(reasons(&actions), [&Refusal::ExpiryTooFar { expiry, most }]);
            }
        }
    }
}

/// What would have to be withdrawn at once is not offered.
#[test]
fn an_outgoing_edge_needs_time() {
    let required = HEIGHT + GRACE + CLAIM_MARGIN + 1;
    for (expiry, taken) in [(required, true), (required - 1, false)] {
        let edge = Edge { expiry: expiry + DELTA, ..incoming() };
        let mut payload = payload();
        payload.expiry = expiry;
        let (_, actions) = told(edge, &payload);
        if taken {
            assert_eq!(names(&actions), ["offer"]);
        } else {
            assert_eq!(reasons(&actions), [&Refusal::ExpiryTooSoon { expiry, required }]);
        }
    }
}

/// The refund does not confirm, and the incoming edge expires: nothing is failed, and a secret that comes late is used.
#[test]
fn an_outgoing_edge_that_hangs_on_the_chain_fails_nothing() {
    let mut forwarder = forwarded();
    assert!(block(&mut forwarder, OUT_EXPIRY + GRACE - 1).is_empty());
    assert_eq!(names(&block(&mut forwarder, OUT_EXPIRY + GRACE)), ["time out"]);
    assert_eq!(names(&forwarder.pending()), ["time out"]);
    assert!(block(&mut forwarder, IN_EXPIRY - CLAIM_MARGIN - 1).is_empty());
    for height in [IN_EXPIRY - CLAIM_MARGIN, IN_EXPIRY, IN_EXPIRY + 500] {
        assert_eq!(names(&block(&mut forwarder, height)), ["time out", "raise fees"]);
    }
    let actions = forwarder.apply(fulfilled()).unwrap();
    let [ForwarderAction::ClaimOnChain { secret, .. }] = actions.as_slice() else {
        panic!("{actions:?}");
    };
    assert_eq!(*secret, incoming_secret());
}

#[test]
fn a_refund_counts_when_it_is_final() {
    let mut forwarder = forwarded();
    let height = OUT_EXPIRY + GRACE + 2;
    block(&mut forwarder, height);
    let outgoing = outgoing().id;
    let taken_back = ForwarderEvent::OutgoingTakenBack { outgoing, height };
    assert!(forwarder.apply(taken_back).unwrap().is_empty());
    for height in height..height + 5 {
        assert!(block(&mut forwarder, height).is_empty());
        assert!(forwarder.pending().is_empty());
    }
    assert_eq!(reasons(&block(&mut forwarder, height + 5)), [&Refusal::Downstream]);
}

/// A reorganisation takes the refund back, and the neighbour claims after all.
#[test]
fn a_refund_that_is_gone_again_never_counted() {
    let mut forwarder = forwarded();
    let height = OUT_EXPIRY + GRACE;
    assert_eq!(names(&block(&mut forwarder, height)), ["time out"]);
    let outgoing = outgoing().id;
    forwarder.apply(ForwarderEvent::OutgoingTakenBack { outgoing, height }).unwrap();
    assert!(block(&mut forwarder, height + 1).is_empty());
    for height in [height + 1, height] {
        forwarder.apply(ForwarderEvent::BlockDisconnected { height }).unwrap();
    }
    assert!(forwarder.pending().is_empty(), "one block is missing up to the end of the grace");
    assert_eq!(names(&block(&mut forwarder, height + 9)), ["time out"]);
    assert_eq!(names(&forwarder.apply(fulfilled()).unwrap()), ["claim"]);
}

/// It was refused, though the incoming edge stood and no failure had been given: the amount was lost.
#[test]
fn a_secret_wins_until_the_failure_is_given() {
    let (outgoing, incoming) = (outgoing().id, incoming().id);
    let failed = || ForwarderEvent::OutgoingFailed { outgoing, failure: None };
    let mut forwarder = forwarded();
    assert_eq!(names(&forwarder.apply(failed()).unwrap()), ["fail"]);
    assert_eq!(names(&forwarder.apply(fulfilled()).unwrap()), ["claim"]);
    assert_eq!(names(&forwarder.pending()), ["claim"]);
    for event in
        [ForwarderEvent::FailGiven { incoming }, ForwarderEvent::IncomingFailed { incoming }]
    {
        let refused = EdgeError::OutOfOrder { edge: incoming, event: "failure" };
        assert_eq!(forwarder.apply(event).unwrap_err(), ForwarderError::Edge(refused));
    }

    let mut forwarder = forwarded();
    forwarder.apply(failed()).unwrap();
    forwarder.apply(ForwarderEvent::FailGiven { incoming }).unwrap();
    assert_eq!(names(&forwarder.pending()), ["fail"], "the channel may not have it yet");
    forwarder.apply(ForwarderEvent::FailGiven { incoming }).unwrap();
    assert_eq!(names(&forwarder.apply(fulfilled()).unwrap()), ["secret late"]);
    forwarder.apply(ForwarderEvent::IncomingFailed { incoming }).unwrap();
    assert_eq!(forwarder.role().payment_count(), 0);
}

/// A claim that is replaced before it confirms has shown its secret: the refund of the same output may confirm instead.
#[test]
fn a_secret_that_was_only_seen_is_used() {
    let mut forwarder = forwarded();
    block(&mut forwarder, OUT_EXPIRY + GRACE);
    assert_eq!(names(&forwarder.apply(fulfilled()).unwrap()), ["claim"]);
    assert_eq!(names(&block(&mut forwarder, IN_EXPIRY - CLAIM_MARGIN)), ["claim on chain"]);
    // Told again when it is in a block.
    assert!(forwarder.apply(fulfilled()).unwrap().is_empty());
    let wrong = outgoing_secret();
    let other = ForwarderEvent::OutgoingFulfilled { outgoing: incoming().id, secret: wrong };
    assert_eq!(
        forwarder.apply(other).unwrap_err(),
        ForwarderError::Edge(EdgeError::Unknown(incoming().id))
    );
}

#[test]
fn a_claim_is_forgotten_when_it_is_final() {
    let incoming = incoming().id;
    let mut forwarder = forwarded();
    forwarder.apply(fulfilled()).unwrap();
    let height = HEIGHT + 1;
    block(&mut forwarder, height);
    forwarder.apply(ForwarderEvent::ClaimConfirmed { incoming, height }).unwrap();
    assert!(forwarder.pending().is_empty());
    block(&mut forwarder, height + 4);
    assert_eq!(forwarder.role().payment_count(), 1);
    // The claim's block is replaced by one without it.
    for height in (height..=height + 4).rev() {
        forwarder.apply(ForwarderEvent::BlockDisconnected { height }).unwrap();
    }
    assert_eq!(names(&forwarder.pending()), ["claim"]);
    block(&mut forwarder, height);
    forwarder.apply(ForwarderEvent::ClaimConfirmed { incoming, height }).unwrap();
    block(&mut forwarder, height + 5);
    assert_eq!(forwarder.role().payment_count(), 0);
}

/// The other side takes the incoming edge back: what was not offered is not, and a secret that comes then is reported.
#[test]
fn an_incoming_edge_that_is_taken_back_ends_what_can_end() {
    let incoming = incoming().id;
    let height = IN_EXPIRY + 1;
    let taken_back = || ForwarderEvent::IncomingTakenBack { incoming, height };

    let (mut forwarder, _) = told(crate::scene::incoming(), &held_payload(HEIGHT + 20));
    block(&mut forwarder, height);
    assert!(forwarder.apply(taken_back()).unwrap().is_empty());
    block(&mut forwarder, height + 5);
    assert_eq!(forwarder.role().payment_count(), 0);

    let mut forwarder = forwarded();
    block(&mut forwarder, height);
    forwarder.apply(taken_back()).unwrap();
    assert_eq!(names(&forwarder.apply(fulfilled()).unwrap()), ["secret late"]);
    forwarder.apply(ForwarderEvent::BlockDisconnected { height }).unwrap();
    assert_eq!(names(&forwarder.pending()), ["claim on chain"]);
}

#[test]
fn reports_are_from_blocks_that_are_there() {
    let mut forwarder = forwarded();
    let (outgoing, height) = (outgoing().id, HEIGHT + 1);
    let reported = forwarder.apply(ForwarderEvent::OutgoingTakenBack { outgoing, height });
    assert!(matches!(reported, Err(ForwarderError::Height(_))), "{reported:?}");
    block(&mut forwarder, height);
    forwarder.apply(ForwarderEvent::OutgoingTakenBack { outgoing, height }).unwrap();
}

/// A node whose deltas leave it no time is not set up.
#[test]
fn deltas_have_room_for_a_claim_on_the_chain() {
    let with = |deadlines, delta, margin| {
        let policy = ForwardingPolicy { cltv_expiry_delta: delta, ..POLICY };
        let config = ForwarderConfig { policy, deadlines, hold_safety_margin: margin, ..config() };
        Forwarder::new(config).map(|forwarder| Recorded::new(forwarder).log().len())
    };
    let (contracts, channels) = (Deadlines::for_contracts(), Deadlines::for_channels());
    assert_eq!(with(contracts, 36, 39), Ok(0));
    assert_eq!(with(contracts, 35, 39), Err(ConfigError::PolicyDelta { delta: 35, least: 36 }));
    assert_eq!(with(channels, 47, 50), Ok(0));
    assert_eq!(with(channels, 46, 50), Err(ConfigError::PolicyDelta { delta: 46, least: 47 }));
    assert_eq!(
        with(contracts, 40, 42),
        Err(ConfigError::HoldSafetyMargin { margin: 42, least: 43 })
    );
}
