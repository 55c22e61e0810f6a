//! What a sender says.

use pointlock::invoice::PaymentPath;
use pointlock::invoice::proof::{Challenge, ProofRequest, Verifier};
use pointlock::onion::blinded::BlindedPath;
use pointlock::payment::{
    ArrivalPath, AttemptSeed, HoldPlan, NodeAction, OfferOrigin, Payee, Payer, PayerSeed, Payment,
    PaymentId, SenderError, SenderEvent, Tail,
};
use pointlock::wire::{BlindedPath as WirePath, ChannelEnd, Features, IntroductionNode};
use pointlock_sim::{OpeningKind, Scenario, Way, Who};

use crate::scene::{
    AMOUNT_MSAT, NOW, Simulation, arrived, first_offer, of_order, of_route, order, ordered,
    published, signed, started, stuck,
};
use crate::variants::{Case, said};

const POINT: OpeningKind = OpeningKind::Point;

fn payer(byte: u8) -> Payer {
    Payer { seed: PayerSeed::new([byte; 32]), note: None }
}

fn arrival(sim: &mut Simulation) -> ArrivalPath {
    let path_id = [8; 32];
    let hops = [(sim.node_id(Who::Sender(0)), path_id)];
    let path = BlindedPath::build(sim.entropy.secret(), &hops).unwrap().0;
    ArrivalPath { path: path.into(), path_id }
}

/// An order that is refused as a whole.
fn refused(change: fn(&mut Simulation, &mut Payment)) -> String {
    of_order(ordered(POINT, change))
}

fn route(change: fn(&mut Simulation, &mut Payment)) -> String {
    of_route(ordered(POINT, change))
}

/// What the sender says when this happens to its payment that is stuck.
fn then(event: impl Fn(&Simulation, PaymentId) -> SenderEvent) -> Result<(), SenderError> {
    let mut sim = stuck();
    let event = event(&sim, sim.payments[0].id);
    sim.tell_sender(0, event)
}

fn seed() -> AttemptSeed {
    AttemptSeed::new([77; 32])
}

/// Retries the first attempt.
fn retried(sim: &mut Simulation) -> Result<(), SenderError> {
    let attempt = sim.attempts[0].id;
    let order = sim.parts(AMOUNT_MSAT, 1, Way::default()).remove(0);
    let height = sim.scenario.min_final_delta;
    sim.tell_sender(0, SenderEvent::Retry { attempt, order, height })
}

pub(crate) const CASES: &[Case] = &[
    ("OrderError::Invoice", || refused(|_, order| order.unix_time = u64::MAX)),
    ("OrderError::NotFromPayee", || {
        refused(|sim, order| order.payee = Payee::Known(sim.node_id(Who::Sender(0))))
    }),
    ("OrderError::BelowInvoice", || refused(|_, order| order.amount_msat -= 1)),
    ("OrderError::AboveInvoice", || refused(|_, order| order.amount_msat = 2 * AMOUNT_MSAT + 1)),
    ("OrderError::PayerMissing", || of_order(ordered(OpeningKind::Polynomial { k: 1 }, |_, _| ()))),
    ("OrderError::NoPolynomial", || refused(|_, order| order.payer = Some(payer(1)))),
    ("OrderError::NotCancellable", || {
        refused(|sim, order| {
            order.cancellable = Some(arrival(sim));
            order.hold = Some(HoldPlan { hop: 1, blocks: 10 });
        })
    }),
    ("OrderError::PartsNotAllowed", || {
        let mut sim = started();
        let published = published(&mut sim, OpeningKind::Hash);
        let order = order(&mut sim, &published, 2);
        of_order(sim.tell_sender(0, SenderEvent::Pay(order)))
    }),
    // `basic_mpp` as what the payer has to know.
    ("OrderError::PartsRequired", || {
        let mut sim = started();
        let published = published(&mut sim, POINT);
        let mut order = order(&mut sim, &published, 1);
        let route = published.invoice.interim_route();
        let builder = published
            .opening
            .builder(NOW)
            .description("tea")
            .interim_route(route)
            .features(&Features::of(&[16]));
        order.invoice = builder.sign(&sim.key(Who::Receiver), &[0; 32]).unwrap();
        of_order(sim.tell_sender(0, SenderEvent::Pay(order)))
    }),
    ("OrderError::PartsMismatch", || refused(|_, order| order.parts[0].amount_msat += 1)),
    ("OrderError::NoHolder", || {
        refused(|_, order| order.hold = Some(HoldPlan { hop: 9, blocks: 10 }))
    }),
    ("SenderError::Order", || said(ordered(POINT, |_, order| order.amount_msat -= 1))),
    ("SenderError::Route", || said(ordered(POINT, |_, order| order.parts[0].forwarders.clear()))),
    ("SenderError::Edge", || {
        said(then(|sim, _| SenderEvent::OutgoingFailed {
            outgoing: sim.contracts[1].edge_id(),
            failure: None,
        }))
    }),
    // Nothing can be announced where no path for messages leads.
    ("SenderError::Message", || {
        said(ordered(POINT, |sim, order| {
            let builder = pointlock::invoice::StaticInvoiceBuilder::new(
                order.invoice.payment_point().unwrap(),
                NOW,
            )
            .description("tea")
            .interim_route(order.invoice.interim_route());
            order.invoice = builder.sign(&sim.key(Who::Receiver), &[0; 32]).unwrap();
            order.hold = Some(HoldPlan { hop: 1, blocks: 10 });
        }))
    }),
    ("SenderError::SeedReused", || {
        let mut sim = started();
        let published = published(&mut sim, POINT);
        let mut again = || {
            let mut order = order(&mut sim, &published, 1);
            order.parts[0].seed = seed();
            sim.tell_sender(0, SenderEvent::Pay(order))
        };
        again().unwrap();
        said(again())
    }),
    ("SenderError::UnknownPayment", || {
        let id = stuck().payments[0].id;
        said(started().tell_sender(0, SenderEvent::Cancel { payment: id }))
    }),
    ("SenderError::NotHeld", || {
        said(then(|_, payment| SenderEvent::Announce { payment, seed: seed() }))
    }),
    // One part of two has brought the secret, and the other one is still to be claimed.
    ("SenderError::PaymentEnded", || {
        let mut sim = started();
        let published = published(&mut sim, POINT);
        let order = order(&mut sim, &published, 2);
        sim.tell_sender(0, SenderEvent::Pay(order)).unwrap();
        let is_paid = |(_, action): &(Who, NodeAction)| matches!(action, NodeAction::Paid { .. });
        while !sim.tasks.iter().any(is_paid) {
            assert!(sim.step().unwrap());
        }
        said(retried(&mut sim))
    }),
    ("SenderError::UnknownAttempt", || {
        let attempt = stuck().attempts[0].id;
        said(started().tell_sender(0, SenderEvent::OfferFailed { attempt }))
    }),
    ("SenderError::AttemptUnderWay", || said(retried(&mut stuck()))),
    ("SenderError::PayerKeyInUse", || {
        let mut sim = started();
        let published = published(&mut sim, OpeningKind::Polynomial { k: 2 });
        let mut again = || {
            let order = Payment { payer: Some(payer(1)), ..order(&mut sim, &published, 1) };
            sim.tell_sender(0, SenderEvent::Pay(order))
        };
        again().unwrap();
        said(again())
    }),
    ("SenderError::TooLateToCancel", || {
        let mut sim = started();
        let published = published(&mut sim, POINT);
        let cancellable = Some(arrival(&mut sim));
        let order = Payment { cancellable, ..order(&mut sim, &published, 1) };
        sim.tell_sender(0, SenderEvent::Pay(order)).unwrap();
        let payment = sim.payments[0].id;
        sim.tell_sender(0, SenderEvent::Cancel { payment }).unwrap();
        said(sim.tell_sender(0, SenderEvent::Cancel { payment }))
    }),
    // Under one point for all, nobody's payment is its own.
    ("SenderError::NoProof", || {
        let sim = arrived(POINT);
        let (verifier, challenge) = (Verifier::named("shop"), Challenge::new([1; 32]));
        let request = ProofRequest { verifier, challenge };
        said(sim.senders[0].role().prove(&sim.payments[0].id, &request, &[0; 32]))
    }),
    ("RouteError::AmountOverflow", || {
        let mut sim = started();
        let free = signed(&mut sim, POINT, |builder| builder);
        let builder = free
            .opening
            .builder(NOW)
            .description("tea")
            .interim_route(free.invoice.interim_route());
        let mut order = order(&mut sim, &free, 1);
        order.invoice = builder.sign(&sim.key(Who::Receiver), &[0; 32]).unwrap();
        order.amount_msat = u64::MAX;
        order.parts[0].amount_msat = u64::MAX;
        of_route(sim.tell_sender(0, SenderEvent::Pay(order)))
    }),
    ("RouteError::ExpiryOverflow", || {
        route(|_, order| order.hold = Some(HoldPlan { hop: 1, blocks: u32::MAX }))
    }),
    ("RouteError::RouteMismatch", || route(|_, order| order.parts[0].forwarders.clear())),
    ("RouteError::NoSuchPath", || route(|_, order| order.parts[0].tail = Tail::Path(3))),
    // A path that begins at the end of a channel: the sender knows no channels.
    ("RouteError::IntroductionUnknown", || {
        let mut sim = started();
        let published = crate::scene::with_paths(&mut sim, |path| {
            let introduction =
                IntroductionNode::Channel { end: ChannelEnd::NodeId1, short_channel_id: 7 };
            let (first, hops) = (*path.path.first_path_key(), path.path.hops().to_vec());
            let path_at_channel = WirePath::from_parts(introduction, first, hops).unwrap();
            PaymentPath::new(path_at_channel, path.pay_info)
        });
        let parts = sim.parts(AMOUNT_MSAT, 1, Way { path: Some(0), finder: None });
        let order = sim.order(published.invoice, parts, NOW);
        of_route(sim.tell_sender(0, SenderEvent::Pay(order)))
    }),
    ("RouteError::NoTrampoline", || {
        route(|_, order| {
            order.parts[0].forwarders.clear();
            let budget = Scenario::POLICY;
            order.parts[0].tail = Tail::Trampoline { budget, path: None };
        })
    }),
    ("RouteError::FeatureMissing", || {
        route(|_, order| order.parts[0].forwarders[1].features = Features::NONE)
    }),
    // Five rounds over the forwarders: more than a packet has room for.
    ("RouteError::Onion", || {
        route(|sim, order| {
            let round = [1, 2, 3].map(Who::Forwarder);
            let many: Vec<Who> = round.into_iter().cycle().take(60).collect();
            order.parts[0].forwarders = sim.hops(&many, Who::Receiver);
        })
    }),
    ("EdgeError::Known", || {
        let mut sim = started();
        let (_, action) = first_offer(&mut sim);
        let NodeAction::Offer { origin, .. } = &action else { panic!() };
        let OfferOrigin::Attempt(attempt) = *origin else { panic!() };
        sim.tasks.push_front((Who::Sender(0), action));
        sim.step().unwrap();
        let edge = sim.contracts[0].outgoing().unwrap();
        let told = sim.tell_sender(0, SenderEvent::OutgoingCommitted { attempt, edge });
        match told {
            Err(SenderError::Edge(error)) => said::<(), _>(Err(error)),
            other => said(other),
        }
    }),
];
