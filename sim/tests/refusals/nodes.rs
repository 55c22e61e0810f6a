//! What forwarders say, and nodes that are all three.

use pointlock::onion::blinded::{BlindedPath, OnionMessage, RecipientData};
use pointlock::payment::{
    AttemptSeed, Deadlines, ForwarderEvent, HoldPlan, Node, NodeAction, NodeConfig, NodeEvent,
    Payment, Refusal, Role, SenderEvent,
};
use pointlock::wire::TlvWriter;
use pointlock_sim::{Fact, Keep, OpeningKind, Scenario, SimError, Way, Who};

use crate::scene::{
    AMOUNT_MSAT, HEIGHT, NOW, Simulation, kept, of_message, order, published, started, stuck,
};
use crate::variants::{Case, said};

/// A message that nobody but this node can read, along a path of one hop.
pub(crate) fn message_to(sim: &mut Simulation, who: Who) -> OnionMessage {
    let data = RecipientData { path_id: Some(vec![1; 32]), ..RecipientData::default() };
    let hops = [(sim.node_id(who), data.to_bytes())];
    let (path, _) = BlindedPath::build(sim.entropy.secret(), &hops).unwrap();
    OnionMessage::build(sim.entropy.secret(), &path, &TlvWriter::new()).unwrap()
}

fn forwarder_reads(to: Who) -> Result<(), pointlock::payment::ForwarderError> {
    let mut sim = started();
    let message = message_to(&mut sim, to);
    sim.tell_forwarder(1, ForwarderEvent::MessageReceived { message, entropy: [0; 32] })
}

fn node() -> Node {
    Node::new(NodeConfig {
        node_key: started().key(Who::Forwarder(1)).secret_key().clone(),
        height: HEIGHT,
        unix_time: NOW,
        policy: Scenario::POLICY,
        deadlines: Deadlines::for_contracts(),
        limits: pointlock::hold::Limits::default(),
        hold_safety_margin: 43,
        hold_deltas_ahead: 80,
        hold_min_final_delta: 24,
        min_final_delta: 24,
    })
    .unwrap()
}

fn of_node(event: &NodeEvent) -> String {
    said(node().apply(event))
}

/// Why the first forwarder that fails something does, once `change` has altered the order.
fn fails(change: impl Fn(&mut Simulation, &mut Payment)) -> String {
    let mut sim = started();
    let published = published(&mut sim, OpeningKind::Point);
    let mut order = order(&mut sim, &published, 1);
    change(&mut sim, &mut order);
    sim.pay(0, order).unwrap();
    reason(&sim)
}

fn reason(sim: &Simulation) -> String {
    let reason = sim.facts().find_map(|fact| match fact {
        Fact::Failed { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    said::<(), Refusal>(Err(reason.expect("it is failed")))
}

pub(crate) const CASES: &[Case] = &[
    ("MessageError::Onion", || of_message(forwarder_reads(Who::Receiver))),
    ("MessageError::UnknownPath", || of_message(forwarder_reads(Who::Forwarder(1)))),
    ("ForwarderError::Message", || said(forwarder_reads(Who::Receiver))),
    ("ForwarderError::Edge", || {
        let incoming = stuck().contracts[0].edge_id();
        said(started().tell_forwarder(1, ForwarderEvent::IncomingClaimed { incoming }))
    }),
    ("ForwarderError::Hold", || {
        // A handover of a hold that is not there.
        let mut sim = started();
        let published = published(&mut sim, OpeningKind::Point);
        let hold = Some(HoldPlan { hop: 1, blocks: 10 });
        let order = Payment { hold, ..order(&mut sim, &published, 1) };
        sim.tell_sender(0, SenderEvent::Pay(order)).unwrap();
        sim.step().unwrap();
        let message = sim.tasks.drain(..).find_map(|(_, action)| match action {
            NodeAction::SendMessage { message, .. } => Some(message),
            _ => None,
        });
        let event = ForwarderEvent::MessageReceived { message: message.unwrap(), entropy: [0; 32] };
        said(started().tell_forwarder(1, event))
    }),
    // The route that is found costs more than the sender has left for it.
    ("ForwarderError::Route", || {
        let mut sim = started();
        let published = published(&mut sim, OpeningKind::Point);
        let way = Way { path: None, finder: Some(1) };
        let mut parts = sim.parts(AMOUNT_MSAT, 1, way);
        if let pointlock::payment::Tail::Trampoline { budget, .. } = &mut parts[0].tail {
            budget.fee_base_msat = 1_001;
            budget.fee_proportional_millionths = 0;
        }
        let order = sim.order(published.invoice, parts, NOW);
        match sim.pay(0, order) {
            Err(SimError::Role { source, .. }) => match *source {
                pointlock::payment::NodeError::Forwarder(error) => said::<(), _>(Err(error)),
                other => said::<(), _>(Err(other)),
            },
            other => said(other),
        }
    }),
    ("NodeError::Message", || {
        let message = message_to(&mut started(), Who::Receiver);
        of_node(&NodeEvent::MessageReceived { message, entropy: [0; 32] })
    }),
    ("NodeError::Sender", || {
        let payment = stuck().payments[0].id;
        of_node(&NodeEvent::Announce { payment, seed: AttemptSeed::new([1; 32]) })
    }),
    ("NodeError::Receiver", || {
        let invoice = published(&mut started(), OpeningKind::Point).invoice.invoice_id();
        of_node(&NodeEvent::Withdrawn { invoice })
    }),
    ("NodeError::Forwarder", || {
        let incoming = stuck().contracts[0].edge_id();
        of_node(&NodeEvent::IncomingClaimed { incoming })
    }),
    ("NodeError::Height", || of_node(&NodeEvent::Block { height: HEIGHT - 1 })),
    ("Refusal::FeeInsufficient", || {
        fails(|_, order| order.parts[0].forwarders[1].policy.fee_base_msat = 0)
    }),
    ("Refusal::ExpiryDelta", || {
        fails(|_, order| order.parts[0].forwarders[1].policy.cltv_expiry_delta -= 1)
    }),
    ("Refusal::CutoffReached", || {
        let mut sim = kept(Keep { mail: true, ..Keep::default() });
        let published = published(&mut sim, OpeningKind::Point);
        let hold = Some(HoldPlan { hop: 1, blocks: 10 });
        let order = Payment { hold, ..order(&mut sim, &published, 1) };
        sim.pay(0, order).unwrap();
        sim.mine(11).unwrap();
        sim.run().unwrap();
        reason(&sim)
    }),
    ("Refusal::AnnouncementVoid", || {
        let mut sim = kept(Keep { mail: true, ..Keep::default() });
        let published = published(&mut sim, OpeningKind::Point);
        let hold = Some(HoldPlan { hop: 1, blocks: 10 });
        let order = Payment { hold, ..order(&mut sim, &published, 1) };
        sim.pay(0, order).unwrap();
        sim.mine(11).unwrap();
        sim.read_mail().unwrap();
        sim.run().unwrap();
        let reason = sim.facts().find_map(|fact| match fact {
            Fact::ReleaseRefused { reason, .. } => Some(reason.clone()),
            _ => None,
        });
        said::<(), Refusal>(Err(reason.unwrap()))
    }),
];
