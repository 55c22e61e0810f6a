//! A part is tried again only when the attempt before it is gone for good: as the same part, of the same size, at the same holder. Else a
//! payment is paid twice, or its parts are no payment, or its set of holds has two holders or two ends.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::payment::{
    AttemptId, AttemptSeed, HoldPlan, NodeAction, OrderError, PartOrder, Payment, Refusal,
    SenderError, SenderEvent,
};
use pointlock_sim::{
    Chain, Fact, Keep, Opening, OpeningKind, PlainChain, Scenario, Sim, Standing, Way, Who,
};

const NOW: u64 = 1_790_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;
const HALF: u64 = AMOUNT_MSAT / 2;
const HEIGHT: u32 = 900_000;
const BLOCKS: u32 = 300;

type Simulation = Sim<PlainChain>;

/// A payment in two parts is ordered, and nothing of it carried out.
fn ordered(keep: Keep, hold: Option<HoldPlan>) -> (Simulation, [AttemptId; 2]) {
    let mut sim = Scenario { keep, ..Scenario::default() }.start(PlainChain::new(HEIGHT));
    let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea");
    let published = sim.sign(opening, builder, 0).unwrap();
    sim.receive(published.event()).unwrap();
    let parts = sim.parts(AMOUNT_MSAT, 2, Way::default());
    let order = Payment { hold, ..sim.order(published.invoice, parts, NOW) };
    sim.tell_sender(0, SenderEvent::Pay(order)).unwrap();
    let attempts = newest(&sim);
    (sim, attempts)
}

/// The newest attempt of each part.
fn newest(sim: &Simulation) -> [AttemptId; 2] {
    let attempts = sim.senders[0].role().attempts(&sim.payments[0].id).unwrap();
    attempts.try_into().unwrap()
}

/// The first part can't be offered.
fn with_a_failed_part(keep: Keep, hold: Option<HoldPlan>) -> (Simulation, [AttemptId; 2]) {
    let (mut sim, attempts) = ordered(keep, hold);
    sim.tasks.pop_front().unwrap();
    sim.tell_sender(0, SenderEvent::OfferFailed { attempt: attempts[0] }).unwrap();
    (sim, attempts)
}

/// A part of this size over all forwarders in their order.
fn order(sim: &mut Simulation, amount_msat: u64) -> PartOrder {
    sim.parts(amount_msat, 1, Way::default()).remove(0)
}

fn retry(sim: &mut Simulation, attempt: AttemptId, order: PartOrder) -> Result<(), SenderError> {
    let height = HEIGHT;
    sim.tell_sender(0, SenderEvent::Retry { attempt, order, height })
}

/// The sender says no, and is the same as before.
fn refuses(sim: &mut Simulation, attempt: AttemptId, order: PartOrder, expected: &SenderError) {
    let pending = |sim: &Simulation| format!("{:?}", sim.senders[0].pending());
    let (tasks, log, before) = (sim.tasks.len(), sim.senders[0].log().len(), pending(sim));
    assert_eq!(retry(sim, attempt, order).unwrap_err(), *expected);
    assert_eq!((sim.tasks.len(), sim.senders[0].log().len()), (tasks, log));
    assert_eq!(pending(sim), before);
}

fn open(sim: &Simulation) -> usize {
    sim.contracts.iter().filter(|contract| contract.standing == Standing::Open).count()
}

fn assert_paid_once(sim: &Simulation) {
    assert_eq!(sim.balances()[&Who::Receiver], i64::try_from(AMOUNT_MSAT).unwrap());
    let paid = |fact: &&Fact| matches!(fact, Fact::Paid { by: Who::Sender(0), .. });
    assert_eq!(sim.facts().filter(paid).count(), 1);
    assert_eq!(open(sim), 0);
}

/// Offered, committed, and claimed: while an attempt may still bring the receiver its money, there is no second one.
#[test]
fn an_attempt_under_way_is_not_tried_again() {
    let keep = Keep { contracts_for: Some(Who::Receiver), ..Keep::default() };
    let (mut sim, attempts) = ordered(keep, None);
    for stage in ["offered", "committed"] {
        for attempt in attempts {
            let again = order(&mut sim, HALF);
            refuses(&mut sim, attempt, again, &SenderError::AttemptUnderWay(attempt));
        }
        if stage == "offered" {
            sim.run().unwrap();
            assert_eq!(open(&sim), 8, "both parts are at the receiver's door");
        }
    }
    sim.resume(|_| true).unwrap();
    assert_paid_once(&sim);
    // Nothing is left of it that could be tried again.
    let again = order(&mut sim, HALF);
    refuses(&mut sim, attempts[0], again, &SenderError::UnknownAttempt(attempts[0]));
}

/// The twin: what has failed is tried again, and the payment arrives once.
#[test]
fn a_failed_attempt_is_tried_again_once() {
    let (mut sim, attempts) = with_a_failed_part(Keep::default(), None);
    let second = order(&mut sim, HALF);
    retry(&mut sim, attempts[0], second).unwrap();
    let second_id = newest(&sim)[0];
    // The first attempt has failed, and is not the newest any more: under way or failed, the second one is what counts.
    let third = order(&mut sim, HALF);
    refuses(&mut sim, attempts[0], third, &SenderError::AttemptUnderWay(attempts[0]));
    let NodeAction::Offer { .. } = sim.tasks.pop_back().unwrap().1 else { panic!("an offer") };
    sim.tell_sender(0, SenderEvent::OfferFailed { attempt: second_id }).unwrap();
    let third = order(&mut sim, HALF);
    refuses(&mut sim, attempts[0], third, &SenderError::AttemptUnderWay(attempts[0]));
    let third = order(&mut sim, HALF);
    retry(&mut sim, second_id, third).unwrap();
    sim.run().unwrap();
    assert_paid_once(&sim);
}

#[test]
fn a_part_keeps_its_size() {
    let (mut sim, attempts) = with_a_failed_part(Keep::default(), None);
    for amount_msat in [HALF - 1, HALF + 1, AMOUNT_MSAT] {
        let other = order(&mut sim, amount_msat);
        let mismatch = OrderError::PartsMismatch { amount_msat: HALF }.into();
        refuses(&mut sim, attempts[0], other, &mismatch);
    }
    let same = order(&mut sim, HALF);
    retry(&mut sim, attempts[0], same).unwrap();
    sim.run().unwrap();
    assert_paid_once(&sim);
}

/// Both parts are announced together, to one holder.
#[test]
fn a_part_keeps_its_holder() {
    let hold = HoldPlan { hop: 1, blocks: BLOCKS };
    let keep = Keep { mail: true, ..Keep::default() };
    let (mut sim, attempts) = with_a_failed_part(keep, Some(hold));
    for route in [&[Who::Forwarder(2), Who::Forwarder(3)][..], &[Who::Forwarder(3)]] {
        let forwarders = sim.hops(route, Who::Receiver);
        let elsewhere = PartOrder { forwarders, ..order(&mut sim, HALF) };
        let no_holder = OrderError::NoHolder { hop: hold.hop }.into();
        refuses(&mut sim, attempts[0], elsewhere, &no_holder);
    }
    let forwarders = sim.hops(&[Who::Forwarder(1), Who::Forwarder(3)], Who::Receiver);
    let shorter = PartOrder { forwarders, ..order(&mut sim, HALF) };
    retry(&mut sim, attempts[0], shorter).unwrap();
    sim.run().unwrap();
    sim.read_mail().unwrap();
    sim.run().unwrap();
    assert_paid_once(&sim);
}

/// A seed makes an attempt once: the name of a hold and the session keys come from it.
#[test]
fn a_part_is_tried_again_with_a_fresh_seed() {
    let (mut sim, attempts) = ordered(Keep::default(), None);
    sim.tasks.pop_front().unwrap();
    sim.tell_sender(0, SenderEvent::OfferFailed { attempt: attempts[0] }).unwrap();
    let entropy = [7; 32];
    let with_seed =
        |sim: &mut Simulation| PartOrder { seed: AttemptSeed::new(entropy), ..order(sim, HALF) };
    let first = with_seed(&mut sim);
    retry(&mut sim, attempts[0], first).unwrap();
    let id = newest(&sim)[0];
    sim.tasks.pop_back().unwrap();
    sim.tell_sender(0, SenderEvent::OfferFailed { attempt: id }).unwrap();
    let again = with_seed(&mut sim);
    refuses(&mut sim, id, again, &SenderError::SeedReused(id));
}

/// The second try of a part is held for longer. What is announced is the height at which the first hold of the set ends: a release after
/// it would open only some of the parts. The holder keeps the grace for itself, and ends a hold so many blocks sooner.
#[test]
fn the_earliest_end_of_a_set_of_holds_is_announced() {
    let hold = Some(HoldPlan { hop: 1, blocks: BLOCKS });
    let keep = Keep { mail: true, ..Keep::default() };
    for (read_at, answered) in [(HEIGHT + BLOCKS - 4, true), (HEIGHT + BLOCKS + 1, false)] {
        let (mut sim, attempts) = with_a_failed_part(keep, hold);
        sim.run().unwrap();
        sim.mine(10).unwrap();
        sim.run().unwrap();
        let second = order(&mut sim, HALF);
        let height = sim.chain.height();
        let event = SenderEvent::Retry { attempt: attempts[0], order: second, height };
        sim.tell_sender(0, event).unwrap();
        sim.run().unwrap();
        assert_eq!((open(&sim), sim.mailbox.len()), (2, 1), "both are held, and announced");

        sim.mine_to(read_at).unwrap();
        sim.read_mail().unwrap();
        sim.run().unwrap();
        let released = sim.facts().any(|fact| matches!(fact, Fact::Answered { .. }));
        assert_eq!(released, answered, "at {read_at}");
        let void = |fact: &Fact| {
            let latest = HEIGHT + BLOCKS;
            *fact
                == Fact::ReleaseRefused {
                    by: Who::Receiver,
                    reason: Refusal::AnnouncementVoid { latest, height: read_at },
                }
        };
        assert_eq!(sim.facts().any(void), !answered);
        if answered {
            assert_paid_once(&sim);
        }
    }
}
