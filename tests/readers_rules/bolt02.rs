//! BOLT 2: what the roles have to do with it. The messages of a channel are not theirs.

use pointlock::lock::LockSecret;
use pointlock::payment::{ForwarderEvent, SenderEvent};
use pointlock_sim::Who;

use crate::Answer::{NotOurs, Says};
use crate::Rule;
use crate::nodes::{
    Known, LockKind, Net, invoice_secret, number_of, secret_of, start, unknown_edge,
};
use crate::places::{Place, reach};
use crate::scene::{
    HOP, entropy, forward_case, forward_packet, forwarder_says, reach_hop, receiver_says,
};

const FORWARDING: &str = "BOLT 2, Forwarding HTLCs";
const DEADLINES: &str = "BOLT 2, cltv_expiry_delta Selection";
const ADDING: &str = "BOLT 2, Adding an HTLC";
const REMOVING: &str = "BOLT 2, Removing an HTLC";
const CHANNEL: &str =
    "a channel's own messages and state; a role sees edges, which the channel has verified";

const fn rule(source: &'static str, refuses: &'static str, answer: crate::Answer) -> Rule {
    Rule { source, refuses, answer }
}

pub(crate) const RULES: &[Rule] = &[
    rule(
        "BOLT 2, Channel Establishment v1",
        "what open_channel to channel_ready may not be",
        NotOurs(CHANNEL),
    ),
    rule(
        "BOLT 2, Interactive Transaction Construction",
        "what its messages may not be",
        NotOurs(CHANNEL),
    ),
    rule("BOLT 2, Channel Establishment v2", "what its messages may not be", NotOurs(CHANNEL)),
    rule(
        "BOLT 2, Channel Quiescence and Splicing",
        "what stfu and the splice messages may not be",
        NotOurs(CHANNEL),
    ),
    rule(
        "BOLT 2, Channel Close",
        "what shutdown, closing_complete, closing_sig and closing_signed may not be",
        NotOurs(CHANNEL),
    ),
    rule("BOLT 2, Batching channel messages", "what start_batch may not be", NotOurs(CHANNEL)),
    rule(
        "BOLT 2, Committing Updates So Far",
        "what commitment_signed may not be",
        NotOurs(CHANNEL),
    ),
    rule(
        "BOLT 2, Completing the Transition to the Updated State",
        "what revoke_and_ack may not be",
        NotOurs(CHANNEL),
    ),
    rule("BOLT 2, Updating Fees", "what update_fee may not be", NotOurs(CHANNEL)),
    rule("BOLT 2, Message Retransmission", "what channel_reestablish may not be", NotOurs(CHANNEL)),
    rule(
        FORWARDING,
        "an outgoing edge before the incoming one is committed",
        NotOurs(
            "there is no event for an edge that is not: an IncomingEdge is made by what has verified it",
        ),
    ),
    rule(
        FORWARDING,
        "the failure of an incoming edge before the outgoing one is gone",
        Says("edge (the incoming one): failure out of order", early_failure),
    ),
    rule(
        FORWARDING,
        "an incoming edge that ends too soon after the outgoing one",
        Says("expiry: 35 blocks between incoming and outgoing, 36 asked", || {
            said(forwarder_says(LockKind::Point, |case| case.expiry -= 1))
        }),
    ),
    rule(FORWARDING, "a secret of another edge", Says("wrong secret", wrong_secret)),
    rule(
        DEADLINES,
        "an edge whose deadline for a claim is past",
        Says("expiry: height 800023, but the receiver needs at least 800024", || {
            said(receiver_says(LockKind::Point, |case| {
                case.expiry -= 1;
                case.payload.expiry -= 1;
            }))
        }),
    ),
    rule(
        ADDING,
        "amounts of zero, below the minimum, or beyond what the channel has",
        NotOurs(CHANNEL),
    ),
    rule(ADDING, "more HTLCs or value in flight than was agreed", NotOurs(CHANNEL)),
    rule(ADDING, "an expiry of 500,000,000 or more, which is a time", NotOurs(CHANNEL)),
    rule(ADDING, "a number of an HTLC that is repeated or skipped", NotOurs(CHANNEL)),
    rule(
        ADDING,
        "an onion that does not open",
        Says("packet: packet has a wrong HMAC", || {
            crate::bolt04::packet_says(Place::Plain, |bytes| bytes[700] ^= 1)
        }),
    ),
    rule(
        ADDING,
        "a payload that is no stream",
        Says("blinded path: payload: record at byte 0 declares 9 bytes, 1 are left", || {
            crate::bolt04::raw_payload_says(Place::Plain, &[2, 9, 1])
        }),
    ),
    rule(
        ADDING,
        "a payload with an unknown even type",
        Says("payload: type 100: unknown and even", || {
            crate::bolt04::payload_says(Place::Plain, |f| {
                f.insert(100, vec![1]);
            })
        }),
    ),
    rule(
        ADDING,
        "under a hash lock: an onion for another hash",
        Says("blinded path: packet: packet has a wrong HMAC", other_hash),
    ),
    rule(REMOVING, "an HTLC that is not there", Says("unknown", unknown)),
    rule(REMOVING, "a preimage that is not the hash's", Says("wrong secret", wrong_preimage)),
    rule(
        REMOVING,
        "update_fail_malformed_htlc without BADONION",
        NotOurs(
            "the channel closes on it; a role that is told of one adds the bit before it passes it on",
        ),
    ),
];

pub(crate) fn said(refusal: Option<pointlock::payment::Refusal>) -> String {
    refusal.map_or_else(|| "nothing".into(), |refusal| refusal.to_string())
}

fn early_failure() -> String {
    let (mut net, case) = forward_case(LockKind::Point);
    let edge = reach_hop(&mut net, &case, forward_packet(&case, 0));
    let incoming = edge.outgoing().unwrap().id;
    let event = ForwarderEvent::IncomingFailed { incoming };
    let said = net.tell_forwarder(number_of(HOP), event).unwrap_err().to_string();
    said.replacen(&incoming.to_string(), "(the incoming one)", 1)
}

/// A payment that has gone out from the sender.
fn offered(kind: LockKind) -> (Net, pointlock::edge::EdgeId) {
    let mut net = start(1, 1);
    let invoice = net.publish(kind, 0);
    net.pay_known(0, &invoice, None, entropy(1));
    let (edge, _) = reach(&mut net, HOP);
    (net, edge.outgoing().unwrap().id)
}

fn refused(kind: LockKind, wrong: LockSecret) -> String {
    let (mut net, outgoing) = offered(kind);
    let event = SenderEvent::OutgoingFulfilled { outgoing, secret: wrong };
    let error = net.tell_sender(0, event).unwrap_err();
    let expected = pointlock::payment::EdgeError::WrongSecret(outgoing);
    assert_eq!(error, expected.into());
    if kind == LockKind::Hash {
        let secret = invoice_secret(kind, 0);
        net.tell_sender(0, SenderEvent::OutgoingFulfilled { outgoing, secret }).unwrap();
    }
    "wrong secret".into()
}

fn wrong_secret() -> String {
    refused(LockKind::Point, LockSecret::Scalar(secret_of("other", 0)))
}

fn wrong_preimage() -> String {
    refused(LockKind::Hash, invoice_secret(LockKind::Hash, 1))
}

fn unknown() -> String {
    let (mut net, outgoing) = offered(LockKind::Hash);
    let failed = |outgoing| SenderEvent::OutgoingFailed { outgoing, failure: None };
    let error = net.tell_sender(0, failed(unknown_edge())).unwrap_err();
    assert_eq!(error, pointlock::payment::EdgeError::Unknown(unknown_edge()).into());
    net.tell_sender(0, failed(outgoing)).unwrap();
    "unknown".into()
}

fn other_hash() -> String {
    use crate::scene::{final_case, final_packet, receive_packet};
    let (mut net, mut case) = final_case(LockKind::Hash);
    let packet = final_packet(&case, 0);
    let right = case.lock;
    case.lock = invoice_secret(LockKind::Hash, 1).lock();
    let refused = receive_packet(&mut net, &case, packet.clone());
    case.lock = right;
    assert_eq!(receive_packet(&mut net, &case, final_packet(&case, 1)), None);
    assert!(matches!(net.receiver.log().len(), 3..), "{:?}", Who::Receiver);
    said(refused)
}
