//! What a receiver says, to its own node and to those who pay.

use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::invoice::{Field, StaticInvoice, merkle};
use pointlock::lock::LockSecret;
use pointlock::payment::{
    HeightError, PublishError, Receiver, ReceiverAction, ReceiverError, ReceiverEvent,
    ReceiverPaths, Refusal, Role,
};
use pointlock::wire::{TlvStream, TlvWriter};
use pointlock_sim::{Fact, Keep, Opening, OpeningKind, Published, Who};

use crate::scene::{Simulation, kept, of_edge, order, published, signed, started, stuck};
use crate::variants::{Case, said};

const POINT: OpeningKind = OpeningKind::Point;
const POLYNOMIAL: OpeningKind = OpeningKind::Polynomial { k: 2 };

/// Publishes an invoice of this kind that `change` has altered.
fn publishes(kind: OpeningKind, change: impl Fn(&mut Simulation, &mut Published)) -> String {
    let mut sim = started();
    let mut published = signed(&mut sim, kind, |builder| builder);
    change(&mut sim, &mut published);
    of_publish(sim.tell_receiver(published.event()))
}

fn of_publish(told: Result<(), ReceiverError>) -> String {
    match told {
        Err(ReceiverError::Publish(error)) => said::<(), PublishError>(Err(error)),
        other => said(other),
    }
}

fn secret(sim: &mut Simulation) -> LockSecret {
    LockSecret::Scalar(sim.entropy.secret())
}

/// Why the payment of one part is failed that `change` has altered.
fn fails(change: impl Fn(&mut Simulation, &Published)) -> String {
    let mut sim = started();
    let published = published(&mut sim, POINT);
    let order = order(&mut sim, &published, 1);
    change(&mut sim, &published);
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
    // A static invoice as in BOLT 12, without a field of ours.
    ("PublishError::Invoice", || {
        let mut sim = started();
        let published = crate::scene::with_paths(&mut sim, |path| path);
        let mut writer = TlvWriter::new();
        for record in TlvStream::parse(published.invoice.as_bytes()).unwrap().records() {
            if ![Field::SIGNATURE, Field::PAYMENT_POINTS]
                .map(|field| field.tlv_type())
                .contains(&record.tlv_type())
            {
                writer.set(record.tlv_type(), record.value());
            }
        }
        let root = merkle::root(&TlvStream::parse(&writer.to_bytes()).unwrap()).unwrap();
        let hash = merkle::signature_hash("static_invoice", "signature", &root);
        let signature = sim.key(Who::Receiver).sign_schnorr(&hash, &[0; 32]).serialize();
        writer.set(Field::SIGNATURE.tlv_type(), signature);
        let invoice = StaticInvoice::from_bytes(&writer.to_bytes()).unwrap();
        of_publish(sim.tell_receiver(Published { invoice, ..published }.event()))
    }),
    ("PublishError::Polynomial", || {
        publishes(POLYNOMIAL, |sim, published| published.opening = Opening::Static(secret(sim)))
    }),
    ("PublishError::NoPolynomial", || {
        publishes(POINT, |_, published| {
            let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap();
            published.opening = Opening::Polynomial(polynomial);
        })
    }),
    ("PublishError::NotTheInvoicePolynomial", || {
        publishes(POLYNOMIAL, |_, published| {
            let polynomial = PaymentPolynomial::from_entropy(&[1; 32], 2).unwrap();
            published.opening = Opening::Polynomial(polynomial);
        })
    }),
    ("PublishError::NotTheInvoiceSecret", || {
        publishes(POINT, |sim, published| published.opening = Opening::Static(secret(sim)))
    }),
    ("PublishError::NoMinimumAmount", || {
        let mut sim = started();
        let opening = Opening::draw(POLYNOMIAL, &mut sim.entropy).unwrap();
        let builder = opening.builder(1);
        let free = sim.sign(opening, builder.description("tea"), 0).unwrap();
        of_publish(sim.tell_receiver(free.event()))
    }),
    ("PublishError::PathsMismatch", || {
        publishes(POINT, |_, published| published.paths = ReceiverPaths::default())
    }),
    ("PublishError::NotPublished", || {
        let mut sim = started();
        let invoice = signed(&mut sim, POINT, |builder| builder).invoice.invoice_id();
        of_publish(sim.tell_receiver(ReceiverEvent::Withdrawn { invoice }))
    }),
    ("PublishError::Withdrawn", || {
        let mut sim = started();
        let published = published(&mut sim, POINT);
        let invoice = published.invoice.invoice_id();
        sim.receive(ReceiverEvent::Withdrawn { invoice }).unwrap();
        of_publish(sim.tell_receiver(published.event()))
    }),
    ("PublishError::PointInUse", || {
        let mut sim = started();
        let first = published(&mut sim, POLYNOMIAL);
        let builder = first.opening.builder(1);
        let builder = builder.amount_msat(1).description("more tea");
        let second = sim.sign(first.opening, builder, 0).unwrap();
        of_publish(sim.tell_receiver(second.event()))
    }),
    ("ReceiverError::Publish", || {
        let mut sim = started();
        let mut published = signed(&mut sim, POINT, |builder| builder);
        published.paths = ReceiverPaths::default();
        said(sim.tell_receiver(published.event()))
    }),
    ("ReceiverError::Edge", || {
        let incoming = stuck().contracts[0].edge_id();
        said(started().tell_receiver(ReceiverEvent::Settled { incoming }))
    }),
    ("ReceiverError::Message", || {
        let mut sim = kept(Keep { mail: true, ..Keep::default() });
        let message = crate::nodes::message_to(&mut sim, Who::Sender(0));
        said(sim.tell_receiver(ReceiverEvent::MessageReceived { message, entropy: [0; 32] }))
    }),
    ("ReceiverError::Height", || {
        said(started().tell_receiver(ReceiverEvent::BlockDisconnected { height: 1 }))
    }),
    // A claim is reported from a block that has not come.
    ("HeightError::NotConnected", || {
        let incoming = stuck().contracts[0].edge_id();
        let event = ReceiverEvent::ClaimConfirmed { incoming, height: u32::MAX };
        match started().tell_receiver(event) {
            Err(ReceiverError::Height(error)) => said::<(), HeightError>(Err(error)),
            other => said(other),
        }
    }),
    ("EdgeError::Unknown", || {
        let incoming = stuck().contracts[0].edge_id();
        of_edge(started().tell_receiver(ReceiverEvent::Settled { incoming }))
    }),
    // The receiver's clock is ahead of the payer's.
    ("Refusal::Invoice", || {
        fails(|sim, _| sim.receive(ReceiverEvent::Time { unix_time: u64::MAX }).unwrap())
    }),
    ("Refusal::UnknownPayment", || {
        fails(|sim, published| {
            let invoice = published.invoice.invoice_id();
            sim.receive(ReceiverEvent::Withdrawn { invoice }).unwrap();
        })
    }),
    // What is still to be failed after a restart keeps its reason, in words.
    ("Refusal::BeforeRestart", || {
        let mut sim = stuck();
        sim.mine(1).unwrap();
        let delivery = sim.intercepted.pop().unwrap();
        sim.deliver(delivery).unwrap();
        let snapshot = sim.receiver.role().snapshot();
        let restored = Receiver::restore(sim.receiver_config(), &snapshot).unwrap();
        let failed = restored.pending().into_iter().find_map(|action| match action {
            ReceiverAction::Fail { reason, .. } => Some(reason),
            _ => None,
        });
        said::<(), Refusal>(Err(failed.unwrap()))
    }),
    ("Refusal::FinalExpiryTooSoon", || {
        let mut sim = stuck();
        sim.mine(1).unwrap();
        sim.resume(|_| true).unwrap();
        reason(&sim)
    }),
];
