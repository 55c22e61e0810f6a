//! A node that holds must not know its own y before the release: y + h is in its payload, so y would tell h, and it could go on and claim
//! alone. It proves nothing that nobody used it: what counts is whether it could be computed from what the holder has.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::curve::Point;
use pointlock::hold::{HeldBlind, ReleaseSecret};
use pointlock::lock::{Blind, Lock};
use pointlock::onion::blinded::hop_blind;
use pointlock::payment::{HoldPlan, HopBlinds, Payload, Payment, Tweak};
use pointlock_sim::{Keep, Opening, OpeningKind, PlainChain, Scenario, Sim, Standing, Way, Who};

const NOW: u64 = 1_790_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;

/// What N_i finds when it peels its packet.
struct Seen {
    /// What it would derive from what it shares with the sender.
    derived: Blind,
    tweak: Tweak,
}

/// The payment goes through, held by N_`hold`; N_`watched` looks at its packet.
fn paid(hold: Option<usize>, watched: usize, hop_blinds: HopBlinds) -> (Sim<PlainChain>, Seen) {
    let keep = Keep { mail: true, contracts_for: Some(Who::Forwarder(watched)), ..Keep::default() };
    let mut sim = Scenario { keep, ..Scenario::default() }.start(PlainChain::new(900_000));
    let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea");
    let published = sim.sign(opening, builder, 0).unwrap();
    sim.receive(published.event()).unwrap();
    let parts = sim.parts(AMOUNT_MSAT, 1, Way::default());
    let hold = hold.map(|hop| HoldPlan { hop, blocks: 300 });
    sim.pay(0, Payment { hold, hop_blinds, ..sim.order(published.invoice, parts, NOW) }).unwrap();

    // Whoever holds before the watched one is asked to go on first.
    let mut seen = None;
    for _ in 0..3 {
        if let [delivery] = sim.intercepted.as_slice() {
            let key = sim.key(Who::Forwarder(watched));
            let layer = delivery.packet.peel(key.secret_key(), b"").unwrap();
            let Payload::Forward(payload) = Payload::parse(&layer.payload, false).unwrap() else {
                panic!("a forwarder's payload")
            };
            let derived = hop_blind(&layer.shared_secret).unwrap();
            seen = Some(Seen { derived, tweak: payload.tweak });
        }
        sim.resume(|_| true).unwrap();
        sim.read_mail().unwrap();
        sim.run().unwrap();
    }
    let claimed =
        |contract: &pointlock_sim::Contract| matches!(contract.standing, Standing::Claimed { .. });
    assert!(sim.contracts.len() == 4 && sim.contracts.iter().all(claimed), "it arrives");
    (sim, seen.unwrap())
}

/// L_i+1 − L_i, which is y_i·G.
fn difference(sim: &Sim<PlainChain>, number: usize) -> Point {
    let lock = |index: usize| match sim.contracts[index].terms().lock {
        Lock::Point(point) => point,
        Lock::Hash(_) => panic!("a point"),
    };
    lock(number).sub(&lock(number - 1)).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_holder_cannot_derive_its_own_blind() {
    for hop_blinds in [HopBlinds::Derived, HopBlinds::Explicit] {
        for hold in 1..=3 {
            let (sim, seen) = paid(Some(hold), hold, hop_blinds);
            let Tweak::Hold(order) = &seen.tweak else { panic!("an order to hold") };
            let held_blind: &HeldBlind = order.held_blind.as_ref().unwrap();
            let y = difference(&sim, hold);
            assert_ne!(y, seen.derived.to_point(), "N_{hold} knows y");
            // Nor h, which is y + h less y.
            let h = held_blind.dangerous_to_bytes();
            let guess = pointlock::curve::SecretScalar::from_bytes(&h).unwrap();
            let guess = guess.sub(seen.derived.as_scalar()).unwrap();
            assert_ne!(ReleaseSecret::new(guess).hash(), order.release_hash, "N_{hold} knows h");
        }
    }
}

/// The twin: the same comparison finds y where a node is to derive it, and the holder's neighbours do.
#[test]
fn other_nodes_derive_theirs() {
    for (hold, watched) in [(None, 1), (None, 3), (Some(1), 2), (Some(2), 1), (Some(3), 2)] {
        let (sim, seen) = paid(hold, watched, HopBlinds::Derived);
        assert!(matches!(seen.tweak, Tweak::Derived));
        assert_eq!(difference(&sim, watched), seen.derived.to_point(), "N_{watched}");
    }
    // Given y's are drawn, and not the derived ones.
    let (sim, seen) = paid(None, 2, HopBlinds::Explicit);
    let Tweak::Blind(given) = &seen.tweak else { panic!("a blind") };
    assert_eq!(difference(&sim, 2), given.to_point());
    assert_ne!(difference(&sim, 2), seen.derived.to_point());
}
