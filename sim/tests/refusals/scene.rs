use pointlock::invoice::{PaymentPath, StaticInvoiceBuilder};
use pointlock::onion::blinded::BlindedPath;
use pointlock::payment::{
    EdgeError, ForwarderError, MessageError, NodeAction, OrderError, Payment, ReceiverError,
    RouteError, SenderError, SenderEvent,
};
use pointlock_sim::{Keep, Opening, OpeningKind, PlainChain, Published, Scenario, Sim, Way, Who};

use crate::variants::said;

pub(crate) const NOW: u64 = 1_790_000_000;
pub(crate) const AMOUNT_MSAT: u64 = 50_000_000;
pub(crate) const HEIGHT: u32 = 900_000;

pub(crate) type Simulation = Sim<PlainChain>;

pub(crate) fn kept(keep: Keep) -> Simulation {
    Scenario { keep, ..Scenario::default() }.start(PlainChain::new(HEIGHT))
}

pub(crate) fn started() -> Simulation {
    kept(Keep::default())
}

/// The usual invoice, with what `change` makes of it; the receiver does not know it yet.
pub(crate) fn signed(
    sim: &mut Simulation,
    kind: OpeningKind,
    change: impl Fn(StaticInvoiceBuilder) -> StaticInvoiceBuilder,
) -> Published {
    let opening = Opening::draw(kind, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea");
    sim.sign(opening, change(builder.amount_msat(AMOUNT_MSAT)), 0).unwrap()
}

pub(crate) fn published(sim: &mut Simulation, kind: OpeningKind) -> Published {
    let published = signed(sim, kind, |builder| builder);
    sim.receive(published.event()).unwrap();
    published
}

/// An invoice with one blinded path for payments, which `change` may alter.
pub(crate) fn with_paths(
    sim: &mut Simulation,
    change: impl Fn(PaymentPath) -> PaymentPath,
) -> Published {
    sim.scenario.on_path = 1;
    let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy).unwrap();
    let vault = [(sim.node_id(Who::Forwarder(3)), [0; 0])];
    let vault = [BlindedPath::build(sim.entropy.secret(), &vault).unwrap().0];
    let builder =
        |lock| StaticInvoiceBuilder::new(lock, NOW).description("tea").offer_paths(&vault);
    let lock = opening.lock().unwrap();
    let mut published = sim.sign(opening, builder(lock), 1).unwrap();
    let path = change(published.invoice.paths()[0].clone());
    let changed = builder(published.opening.lock().unwrap())
        .paths(&[path])
        .message_paths(published.invoice.message_paths());
    published.invoice = changed.sign(&sim.key(Who::Receiver), &[0; 32]).unwrap();
    published
}

/// An order to pay the invoice in so many parts.
pub(crate) fn order(sim: &mut Simulation, published: &Published, parts: usize) -> Payment {
    let parts = sim.parts(AMOUNT_MSAT, parts, Way::default());
    sim.order(published.invoice.clone(), parts, NOW)
}

/// What the sender says to an order of this kind with this change.
pub(crate) fn ordered(
    kind: OpeningKind,
    change: impl Fn(&mut Simulation, &mut Payment),
) -> Result<(), SenderError> {
    let mut sim = started();
    let published = published(&mut sim, kind);
    let mut order = order(&mut sim, &published, 1);
    change(&mut sim, &mut order);
    sim.tell_sender(0, SenderEvent::Pay(order))
}

/// A payment under a point is under way, and stuck at the receiver's door.
pub(crate) fn stuck() -> Simulation {
    let mut sim = kept(Keep { contracts_for: Some(Who::Receiver), ..Keep::default() });
    let published = published(&mut sim, OpeningKind::Point);
    let order = order(&mut sim, &published, 1);
    sim.pay(0, order).unwrap();
    sim
}

/// A payment that has arrived.
pub(crate) fn arrived(kind: OpeningKind) -> Simulation {
    let mut sim = started();
    let published = published(&mut sim, kind);
    let order = order(&mut sim, &published, 1);
    sim.pay(0, order).unwrap();
    sim
}

/// What the sender wants first when it is told to pay.
pub(crate) fn first_offer(sim: &mut Simulation) -> (Who, NodeAction) {
    let published = published(sim, OpeningKind::Point);
    let order = order(sim, &published, 1);
    sim.tell_sender(0, SenderEvent::Pay(order)).unwrap();
    sim.tasks.pop_front().unwrap()
}

pub(crate) fn of_order(told: Result<(), SenderError>) -> String {
    match told {
        Err(SenderError::Order(error)) => said::<(), OrderError>(Err(error)),
        other => said(other),
    }
}

pub(crate) fn of_route(told: Result<(), SenderError>) -> String {
    match told {
        Err(SenderError::Route(error)) => said::<(), RouteError>(Err(error)),
        other => said(other),
    }
}

pub(crate) fn of_message(told: Result<(), ForwarderError>) -> String {
    match told {
        Err(ForwarderError::Message(error)) => said::<(), MessageError>(Err(error)),
        other => said(other),
    }
}

pub(crate) fn of_edge(told: Result<(), ReceiverError>) -> String {
    match told {
        Err(ReceiverError::Edge(error)) => said::<(), EdgeError>(Err(error)),
        other => said(other),
    }
}
