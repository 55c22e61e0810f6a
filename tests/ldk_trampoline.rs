//! What LDK's packet code makes of a sender's packet for a trampoline, and what a sender makes of its failures. LDK forwards no such payment
//! yet; it reads the packet within as far as that, and says so.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use lightning::ln::msgs::UpdateAddHTLC;
use lightning::ln::onion_payment::peel_payment_onion;
use lightning::sign::{KeysManager, NodeSigner, Recipient};
use lightning::util::logger::{Logger, Record};
use lightning::util::ser::LengthReadable;
use pointlock::curve::{Keypair, Point, SecretScalar};
use pointlock::edge::{Direction, Edge, EdgeId};
use pointlock::invoice::{ChainHash, PaymentLock, StaticInvoiceBuilder};
use pointlock::lock::{Lock, PaymentHash};
use pointlock::onion::FailurePacket;
use pointlock::onion::blinded::PaymentRelay;
use pointlock::payment::{
    AttemptId, AttemptSeed, FailureMessage, ForwardingPolicy, HopBlinds, MessagePath, PartOrder,
    PathRelay, Payee, Payment, Proposal, ReceiverPath, Role, RouteHop, Sender, SenderAction,
    SenderEvent, Tail, Unobserved,
};
use pointlock::wire::Features;
use secp256k1::Secp256k1;

const HEIGHT: u32 = 800_000;
const TIME: u64 = 1_750_000_000;
const AMOUNT_MSAT: u64 = 50_000_000;
const HASH: [u8; 32] = [9; 32];
/// What LDK says to a payment that it is to find the rest of the route of.
const READ: &str = "Got Trampoline non final data with an HMAC of 0";
/// What LDK says to a packet that it cannot read.
const NOT_READ: &str = "Failed to decode update add htlc onion";

struct Silent;

impl Logger for Silent {
    fn log(&self, _: Record) {}
}

fn ldk() -> KeysManager {
    KeysManager::new(&[5; 32], 1, 1, true)
}

fn ldk_id() -> Point {
    Point::from_slice(&ldk().get_node_id(Recipient::Node).unwrap().serialize()).unwrap()
}

fn scalar(byte: u8) -> SecretScalar {
    SecretScalar::from_bytes(&[byte; 32]).unwrap()
}

/// A sender that has ordered a payment over LDK's node, which is the trampoline, and what it offers to it.
fn ordered(by_path: bool) -> (Sender, AttemptId, Proposal) {
    let (receiver, last) = (scalar(8), scalar(6).to_point());
    let relay = PathRelay {
        node_id: last,
        short_channel_id: 7,
        relay: PaymentRelay {
            cltv_expiry_delta: 40,
            fee_proportional_millionths: 100,
            fee_base_msat: 1_000,
        },
    };
    let (path, _) = ReceiverPath::build(
        scalar(11),
        [12; 32],
        &[relay],
        receiver.to_point(),
        24,
        HEIGHT + 5_000,
    )
    .unwrap();
    let (message_path, _) =
        MessagePath::build(scalar(13), [14; 32], &[last], receiver.to_point()).unwrap();
    let builder = StaticInvoiceBuilder::new(PaymentLock::Hash(PaymentHash(HASH)), TIME)
        .amount_msat(AMOUNT_MSAT)
        .description("tea")
        .message_paths(&[message_path]);
    let builder = match by_path {
        true => builder.offer_paths(std::slice::from_ref(&path.path)).paths(&[path]),
        false => builder.interim_route(&[receiver.to_point()]),
    };
    let invoice = builder.sign(&Keypair::new(receiver.clone()), &[0; 32]).unwrap();
    let budget = ForwardingPolicy {
        fee_base_msat: 200_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 200,
    };
    let trampoline = RouteHop {
        node_id: ldk_id(),
        short_channel_id: 42,
        policy: budget,
        features: Features::of_node(),
    };
    let payment = Payment {
        invoice,
        payee: Payee::Known(receiver.to_point()),
        chain: ChainHash::BITCOIN,
        amount_msat: AMOUNT_MSAT,
        rate: None,
        parts: vec![PartOrder {
            amount_msat: AMOUNT_MSAT,
            forwarders: vec![trampoline],
            tail: Tail::Trampoline { budget, path: by_path.then_some(0) },
            seed: AttemptSeed::new([3; 32]),
        }],
        min_final_delta: 24,
        hold: None,
        hop_blinds: HopBlinds::Derived,
        cancellable: None,
        height: HEIGHT,
        unix_time: TIME + 1,
        payer: None,
    };
    let mut sender = Sender::new();
    let actions = sender.process(&SenderEvent::Pay(payment), &mut Unobserved).unwrap().actions;
    let offer = actions.into_iter().find_map(|action| match action {
        SenderAction::Offer { attempt, proposal } => Some((attempt, proposal)),
        _ => None,
    });
    let (attempt, proposal) = offer.unwrap();
    (sender, attempt, proposal)
}

/// What LDK's node says to the proposal: its words, and its failure.
fn by_ldk(proposal: &Proposal) -> (&'static str, Vec<u8>) {
    // BOLT 2, `update_add_htlc`.
    let mut message = vec![3; 32];
    message.extend(1u64.to_be_bytes());
    message.extend(proposal.amount_msat.to_be_bytes());
    let Lock::Hash(hash) = proposal.lock else { panic!("a point") };
    message.extend(hash.0);
    message.extend(proposal.expiry.to_be_bytes());
    message.extend(proposal.packet.to_bytes());
    let message = UpdateAddHTLC::read_from_fixed_length_buffer(&mut &message[..]).unwrap();
    let secp = Secp256k1::new();
    let error = peel_payment_onion(&message, &ldk(), &Silent, &secp, HEIGHT, false).err().unwrap();
    (error.msg, error.err_data)
}

#[test]
fn ldk_reads_an_order_to_a_node() {
    let (_, _, mut proposal) = ordered(false);
    assert_eq!(by_ldk(&proposal).0, READ, "LDK has changed: docs/wire.md says that it reads it");
    // Under another hash nothing in it is valid, neither packet.
    proposal.lock = Lock::Hash(PaymentHash([10; 32]));
    assert_eq!(by_ldk(&proposal).0, NOT_READ);
}

/// LDK has no type 22 yet and refuses the payload. Its failure (0.2.7) is not under the secret of the packet around, so the sender reads nobody's
/// words in it; the attempt has failed all the same.
#[test]
fn ldk_refuses_an_order_to_a_path() {
    let (mut sender, attempt, proposal) = ordered(true);
    let (words, failure) = by_ldk(&proposal);
    assert_eq!(words, NOT_READ);
    let edge = Edge {
        id: EdgeId::in_channel([7; 32], Direction::FromNode1, 1),
        amount_msat: proposal.amount_msat,
        expiry: proposal.expiry,
        lock: proposal.lock,
    };
    let committed = SenderEvent::OutgoingCommitted { attempt, edge };
    let _ = sender.process(&committed, &mut Unobserved).unwrap();
    let failure =
        Some(FailureMessage::Encrypted(FailurePacket::from_bytes(&failure).unwrap().into()));
    let failed = SenderEvent::OutgoingFailed { outgoing: edge.id, failure };
    let actions = sender.process(&failed, &mut Unobserved).unwrap().actions;
    let failed = actions.iter().any(
        |action| matches!(action, SenderAction::AttemptFailed { attempt: of, failure: None, .. } if *of == attempt),
    );
    assert!(failed, "{actions:?}");
}
