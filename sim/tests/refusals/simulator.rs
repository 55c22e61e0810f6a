//! What ends a scenario.

use pointlock::edge::EdgeId;
use pointlock::lock::Lock;
use pointlock::payment::{NodeAction, OfferOrigin, ReceiverEvent};
use pointlock_sim::{Delivery, Keep, Opening, OpeningKind, Place, SimError, ToLock, Who};

use crate::scene::{NOW, Simulation, first_offer, kept, order, published, started, stuck};
use crate::variants::{Case, said};

fn elsewhere() -> EdgeId {
    EdgeId::in_channel([1; 32], pointlock::edge::Direction::FromNode1, 1)
}

fn to_lock(sim: &mut Simulation, claimer: Who, amount_msat: u64) -> ToLock {
    let lock = Lock::Point(sim.entropy.secret().to_point());
    ToLock { offerer: Who::Forwarder(1), claimer, amount_msat, expiry: 900_100, lock }
}

pub(crate) const CASES: &[Case] = &[
    ("SimError::Role", || {
        said(started().receive(ReceiverEvent::Settled { incoming: elsewhere() }))
    }),
    ("SimError::Contract", || {
        let mut sim = started();
        let dust = to_lock(&mut sim, Who::Receiver, 1_000);
        said(sim.make_contract(Place::default(), &dust))
    }),
    // An output is spent once.
    ("SimError::Refused", || {
        let mut sim = kept(Keep { claims: true, ..Keep::default() });
        let published = published(&mut sim, OpeningKind::Point);
        let order = order(&mut sim, &published, 1);
        sim.pay(0, order).unwrap();
        let (contract, secret) = sim.claims.pop_front().unwrap();
        let claimed = &sim.contracts[contract];
        let claim = claimed.claim_unchecked(&secret, &claimed.claimer_key).unwrap();
        sim.settle_with(contract, &claim).unwrap();
        said(sim.settle_with(contract, &claim))
    }),
    // Paths for payments without a way to the vault.
    ("SimError::Invoice", || {
        let mut sim = started();
        let opening = Opening::draw(OpeningKind::Point, &mut sim.entropy).unwrap();
        let builder = opening.builder(NOW).description("tea");
        said(sim.sign(opening, builder, 1))
    }),
    ("SimError::Nobody", || {
        let mut sim = started();
        let published = published(&mut sim, OpeningKind::Point);
        let mut order = order(&mut sim, &published, 1);
        order.parts[0].forwarders[0].short_channel_id = 7;
        said(sim.pay(0, order))
    }),
    ("SimError::NoRole", || {
        let mut sim = stuck();
        let packet = sim.intercepted[0].packet.clone();
        let paid = to_lock(&mut sim, Who::Sender(0), 1_000_000);
        let contract = sim.make_contract(Place::default(), &paid).unwrap();
        said(sim.deliver(Delivery { contract, path_key: None, packet }))
    }),
    ("SimError::NoOrigin", || {
        let mut sim = started();
        let (_, action) = first_offer(&mut sim);
        let NodeAction::Offer { mut proposal, .. } = action else { panic!("an offer") };
        proposal.to = pointlock::onion::blinded::NextPeer::Node(sim.node_id(Who::Receiver));
        let origin = OfferOrigin::Incoming(elsewhere());
        sim.tasks.push_back((Who::Forwarder(1), NodeAction::Offer { origin, proposal }));
        said(sim.run())
    }),
    ("SimError::NoContract", || {
        let mut sim = started();
        sim.tasks.push_back((Who::Sender(0), NodeAction::TimeOut { outgoing: elsewhere() }));
        said::<_, SimError<_>>(sim.run())
    }),
];
