//! What a receiver says in its blinded paths is asked of every payment along them, at each of their nodes; and an invoice with such paths is
//! paid along them only.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use pointlock::curve::Point;
use pointlock::invoice::{PaymentPath, StaticInvoiceBuilder};
use pointlock::lock::{Blind, Lock, next_lock};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{
    BlindedPath, BlindingError, PaymentConstraints, PaymentRelay, RecipientData,
};
use pointlock::payment::{FinalPayload, NodeAction, PaymentSecret, ReceiverPath, Refusal};
use pointlock_sim::{
    Delivery, Fact, Opening, OpeningKind, Place, PlainChain, Published, Scenario, Sim, ToLock, Way,
    Who,
};

const NOW: u64 = 1_790_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;
const HEIGHT: u32 = 900_000;
const LAST_EXPIRY: u32 = HEIGHT + 1_000;

type Simulation = Sim<PlainChain>;

/// With the receiver's LSP on its paths.
fn started() -> Simulation {
    Scenario { on_path: 1, ..Scenario::default() }.start(PlainChain::new(HEIGHT))
}

/// An invoice with one blinded path over the LSP, whose data `change` may alter: that of the LSP, and the receiver's own.
fn published(sim: &mut Simulation, change: impl Fn([&mut RecipientData; 2])) -> Published {
    let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy).unwrap();
    // Payments in blinded paths make an offer with paths necessary.
    let vault = [(sim.node_id(Who::Forwarder(3)), RecipientData::default().to_bytes())];
    let vault = [BlindedPath::build(sim.entropy.secret(), &vault).unwrap().0];
    let builder =
        |lock| StaticInvoiceBuilder::new(lock, NOW).description("tea").offer_paths(&vault);
    // As the simulator makes it; then with a path of our own in the place of that path.
    let lock = opening.lock().unwrap();
    let mut published = sim.sign(opening, builder(lock), 1).unwrap();
    let pay_info = published.invoice.paths()[0].pay_info.clone();
    let (lsp, path_id) = (Who::Forwarder(3), [9; 32]);
    let constraints = PaymentConstraints { max_cltv_expiry: LAST_EXPIRY, htlc_minimum_msat: 0 };
    let relay = PaymentRelay {
        cltv_expiry_delta: 40,
        fee_proportional_millionths: 100,
        fee_base_msat: 1_001,
    };
    let mut for_lsp = RecipientData {
        short_channel_id: Some(sim.channel(lsp, Who::Receiver)),
        payment_relay: Some(relay),
        payment_constraints: Some(constraints),
        ..RecipientData::default()
    };
    let mut for_itself = RecipientData {
        path_id: Some(path_id.to_vec()),
        payment_constraints: Some(constraints),
        ..RecipientData::default()
    };
    change([&mut for_lsp, &mut for_itself]);
    let hops = [
        (sim.node_id(lsp), for_lsp.to_bytes()),
        (sim.node_id(Who::Receiver), for_itself.to_bytes()),
    ];
    let (path, secrets) = BlindedPath::build(sim.entropy.secret(), &hops).unwrap();
    let paths = [PaymentPath::new(path, pay_info)];
    let builder = builder(published.opening.lock().unwrap())
        .paths(&paths)
        .message_paths(published.invoice.message_paths());
    published.invoice = builder.sign(&sim.key(Who::Receiver), &[0; 32]).unwrap();
    published.paths.payments = vec![ReceiverPath { path_id, secrets }];
    sim.receive(published.event()).unwrap();
    published
}

/// Who fails the payment, and why; nobody where it arrives.
fn pay(sim: &mut Simulation, published: &Published) -> Option<(Who, Refusal)> {
    let way = Way { path: Some(0), finder: None };
    let parts = sim.parts(AMOUNT_MSAT, 1, way);
    sim.pay(0, sim.order(published.invoice.clone(), parts, NOW)).unwrap();
    let failed = sim.facts().find_map(|fact| match fact {
        Fact::Failed { by, reason, .. } => Some((*by, reason.clone())),
        _ => None,
    });
    let paid = sim.facts().any(|fact| matches!(fact, Fact::Paid { .. }));
    assert_eq!(paid, failed.is_none());
    failed
}

/// No feature has a meaning for a payment along a path, so each bit is one that the node does not know: the odd ones too.
#[test]
fn features_that_a_node_does_not_know_are_refused_at_each_hop() {
    let unknown: [&[u8]; 4] = [&[1], &[2], &[0, 0x80], &[1, 0, 0]];
    for (hop, by) in [(0, Who::Forwarder(3)), (1, Who::Receiver)] {
        for bits in unknown {
            let mut sim = started();
            let published = published(&mut sim, |hops| {
                hops[hop].allowed_features = Some(bits.to_vec());
            });
            let reason = BlindingError::InvalidField { field: "allowed_features" }.into();
            assert_eq!(pay(&mut sim, &published), Some((by, reason)), "{bits:?}");
        }
        // The twins: no features, however that is said.
        for bits in [None, Some(vec![]), Some(vec![0, 0])] {
            let mut sim = started();
            let published = published(&mut sim, |hops| {
                hops[hop].allowed_features = bits.clone();
            });
            assert_eq!(pay(&mut sim, &published), None, "{bits:?}");
        }
    }
}

/// The highest expiry and the least amount, at the hop that has the constraint: each at the limit, and one beyond it.
#[test]
fn the_limits_of_a_path_hold_at_each_hop() {
    // As the first edge of the path and the last one are, on this route at this height.
    let mut sim = started();
    let plain = published(&mut sim, |_| ());
    assert_eq!(pay(&mut sim, &plain), None);
    let edges: Vec<(u64, u32)> = sim.contracts[2..]
        .iter()
        .map(|contract| (contract.amount_msat, contract.terms().expiry))
        .collect();
    for (hop, by) in [(0, Who::Forwarder(3)), (1, Who::Receiver)] {
        let (amount_msat, expiry) = edges[hop];
        for (max_cltv_expiry, htlc_minimum_msat, accepted) in [
            (expiry, 0, true),
            (expiry, amount_msat, true),
            (expiry - 1, 0, false),
            (expiry, amount_msat + 1, false),
        ] {
            let mut sim = started();
            let published = published(&mut sim, |hops| {
                let constraints = PaymentConstraints { max_cltv_expiry, htlc_minimum_msat };
                hops[hop].payment_constraints = Some(constraints);
            });
            let refused = pay(&mut sim, &published);
            let reason = BlindingError::NotAllowed { amount_msat, cltv_expiry: expiry };
            let expected = (!accepted).then(|| (by, Refusal::from(reason)));
            assert_eq!(refused, expected, "{max_cltv_expiry} {htlc_minimum_msat}");
        }
    }
}

/// What the receiver wants to do about a contract that somebody makes with it directly, with the invoice's payment secret.
fn paid_in_the_clear(sim: &mut Simulation, published: &Published) -> NodeAction {
    let Opening::Static(secret) = &published.opening else { panic!("one secret") };
    let Lock::Point(payment_point) = secret.lock() else { panic!("a point") };
    let final_blind = Blind::new(sim.entropy.secret());
    let lock = Lock::Point(next_lock(&payment_point, &final_blind).unwrap());
    let expiry = HEIGHT + 100;
    let payload = FinalPayload {
        amount_msat: AMOUNT_MSAT,
        expiry,
        payment_secret: Some(PaymentSecret::of_invoice(&published.invoice.invoice_id())),
        total_msat: AMOUNT_MSAT,
        final_blind: Some(final_blind),
        part: None,
        withheld: None,
        payer: None,
        keysend: None,
    };
    let hops: [(Point, Vec<u8>); 1] = [(sim.node_id(Who::Receiver), payload.to_bytes().to_vec())];
    let (packet, _) = Packet::build(sim.entropy.secret(), &hops, b"").unwrap();
    let (offerer, claimer, amount_msat) = (Who::Sender(0), Who::Receiver, AMOUNT_MSAT);
    let to_lock = ToLock { offerer, claimer, amount_msat, expiry, lock };
    let contract = sim.make_contract(Place::default(), &to_lock).unwrap();
    sim.deliver(Delivery { contract, path_key: None, packet }).unwrap();
    let (by, action) = sim.tasks.pop_front().unwrap();
    assert!(by == Who::Receiver && sim.tasks.is_empty());
    action
}

/// Anyone has the invoice, and could pay every node with its payment secret to see which one takes it.
#[test]
fn an_invoice_with_paths_is_not_paid_by_its_payment_secret() {
    let mut sim = started();
    let with_paths = published(&mut sim, |_| ());
    match paid_in_the_clear(&mut sim, &with_paths) {
        NodeAction::Fail { reason, .. } => assert_eq!(reason, Refusal::UnknownPayment),
        other => panic!("{other:?}"),
    }
    // As one that the receiver never published.
    let mut sim = started();
    let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy).unwrap();
    let builder = opening.builder(NOW).description("tea");
    let in_the_clear = sim.sign(opening, builder, 0).unwrap();
    match paid_in_the_clear(&mut sim, &in_the_clear) {
        NodeAction::Fail { reason, .. } => assert_eq!(reason, Refusal::UnknownPayment),
        other => panic!("{other:?}"),
    }
    // The twin: without paths that is how it is paid.
    sim.receive(in_the_clear.event()).unwrap();
    let action = paid_in_the_clear(&mut sim, &in_the_clear);
    assert!(matches!(action, NodeAction::Claimable { .. }), "{action:?}");
}
