//! Events are not Clone, for a seed is used once; a test reads the log as a driver reads its disk.

use pointlock::payment::{
    AttemptSeed, ForwarderEvent, PartOrder, Payment, ReceiverEvent, SenderEvent,
};

use super::payer_of;

pub(crate) fn copy_sender_log(log: &[SenderEvent], seeds: &[[u8; 32]]) -> Vec<SenderEvent> {
    let mut seeds = seeds.iter();
    let mut seed = || AttemptSeed::new(*seeds.next().unwrap());
    log.iter()
        .map(|event| match event {
            SenderEvent::Pay(payment) => SenderEvent::Pay(Payment {
                invoice: payment.invoice.clone(),
                payee: payment.payee.clone(),
                chain: payment.chain,
                rate: payment.rate.clone(),
                amount_msat: payment.amount_msat,
                parts: payment.parts.iter().map(|part| copy_order(part, seed())).collect(),
                min_final_delta: payment.min_final_delta,
                hold: payment.hold,
                hop_blinds: payment.hop_blinds,
                cancellable: payment.cancellable.clone(),
                height: payment.height,
                unix_time: payment.unix_time,
                payer: payment.payer.as_ref().map(|payer| payer_of(payer.note.as_deref())),
            }),
            SenderEvent::Retry { attempt, order, height } => SenderEvent::Retry {
                attempt: *attempt,
                order: copy_order(order, seed()),
                height: *height,
            },
            SenderEvent::MessageReceived { path_id, payload } => {
                SenderEvent::MessageReceived { path_id: path_id.clone(), payload: payload.clone() }
            }
            SenderEvent::Cancel { payment } => SenderEvent::Cancel { payment: *payment },
            SenderEvent::Announce { payment, .. } => {
                SenderEvent::Announce { payment: *payment, seed: seed() }
            }
            SenderEvent::OutgoingCommitted { attempt, edge } => {
                SenderEvent::OutgoingCommitted { attempt: *attempt, edge: *edge }
            }
            SenderEvent::OutgoingFulfilled { outgoing, secret } => {
                SenderEvent::OutgoingFulfilled { outgoing: *outgoing, secret: secret.clone() }
            }
            SenderEvent::OfferFailed { attempt } => SenderEvent::OfferFailed { attempt: *attempt },
            SenderEvent::OutgoingFailed { outgoing, failure } => {
                SenderEvent::OutgoingFailed { outgoing: *outgoing, failure: failure.clone() }
            }
            SenderEvent::Block { height } => SenderEvent::Block { height: *height },
        })
        .collect()
}

fn copy_order(order: &PartOrder, seed: AttemptSeed) -> PartOrder {
    PartOrder {
        amount_msat: order.amount_msat,
        forwarders: order.forwarders.clone(),
        tail: order.tail,
        seed,
    }
}

/// The seeds of found routes are 1, 2, … in every byte.
pub(crate) fn copy_forwarder_log(log: &[ForwarderEvent]) -> Vec<ForwarderEvent> {
    let mut routes = 0;
    log.iter()
        .map(|event| match event {
            ForwarderEvent::IncomingCommitted { from, edge, path_key, packet } => {
                ForwarderEvent::IncomingCommitted {
                    from: *from,
                    edge: *edge,
                    path_key: *path_key,
                    packet: packet.clone(),
                }
            }
            ForwarderEvent::RouteFound { incoming, forwarders, .. } => {
                routes += 1;
                ForwarderEvent::RouteFound {
                    incoming: *incoming,
                    forwarders: forwarders.clone(),
                    seed: AttemptSeed::new([routes; 32]),
                }
            }
            ForwarderEvent::NoRoute { incoming } => ForwarderEvent::NoRoute { incoming: *incoming },
            ForwarderEvent::OutgoingCommitted { incoming, edge } => {
                ForwarderEvent::OutgoingCommitted { incoming: *incoming, edge: *edge }
            }
            ForwarderEvent::OutgoingFulfilled { outgoing, secret } => {
                ForwarderEvent::OutgoingFulfilled { outgoing: *outgoing, secret: secret.clone() }
            }
            ForwarderEvent::OutgoingFailed { outgoing, failure } => {
                ForwarderEvent::OutgoingFailed { outgoing: *outgoing, failure: failure.clone() }
            }
            ForwarderEvent::OfferFailed { incoming } => {
                ForwarderEvent::OfferFailed { incoming: *incoming }
            }
            ForwarderEvent::IncomingClaimed { incoming } => {
                ForwarderEvent::IncomingClaimed { incoming: *incoming }
            }
            ForwarderEvent::IncomingFailed { incoming } => {
                ForwarderEvent::IncomingFailed { incoming: *incoming }
            }
            ForwarderEvent::MessageReceived { message, entropy } => {
                ForwarderEvent::MessageReceived { message: message.clone(), entropy: *entropy }
            }
            ForwarderEvent::Announce { hold, entropy } => {
                ForwarderEvent::Announce { hold: *hold, entropy: *entropy }
            }
            ForwarderEvent::Block { height } => ForwarderEvent::Block { height: *height },
        })
        .collect()
}

pub(crate) fn copy_receiver_log(log: &[ReceiverEvent]) -> Vec<ReceiverEvent> {
    log.iter()
        .map(|event| match event {
            ReceiverEvent::Published { invoice, secret, paths } => {
                let (invoice, secret, paths) = (invoice.clone(), secret.clone(), paths.clone());
                ReceiverEvent::Published { invoice, secret, paths }
            }
            ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths } => {
                let (invoice, polynomial) = (invoice.clone(), polynomial.clone());
                let paths = paths.clone();
                ReceiverEvent::PublishedPolynomial { invoice, polynomial, paths }
            }
            ReceiverEvent::Withdrawn { invoice } => ReceiverEvent::Withdrawn { invoice: *invoice },
            ReceiverEvent::RateGiven { rate } => ReceiverEvent::RateGiven { rate: rate.clone() },
            ReceiverEvent::Time { unix_time } => ReceiverEvent::Time { unix_time: *unix_time },
            ReceiverEvent::MessageReceived { message, entropy } => {
                ReceiverEvent::MessageReceived { message: message.clone(), entropy: *entropy }
            }
            ReceiverEvent::IncomingCommitted { edge, path_key, packet } => {
                let (edge, path_key) = (*edge, *path_key);
                ReceiverEvent::IncomingCommitted { edge, path_key, packet: packet.clone() }
            }
            ReceiverEvent::PartsTimedOut { incoming } => {
                ReceiverEvent::PartsTimedOut { incoming: *incoming }
            }
            ReceiverEvent::Settled { incoming } => ReceiverEvent::Settled { incoming: *incoming },
            ReceiverEvent::Block { height } => ReceiverEvent::Block { height: *height },
        })
        .collect()
}
