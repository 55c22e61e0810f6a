//! Messages to a receiver, and what it says itself.

use pointlock::lock::Lock;
use pointlock::onion::blinded::OnionMessage;
use pointlock::payment::{
    FinalPayload, MessagePath, NodeAction, PartShare, ReceiverAction, ReceiverEvent, Role,
    Withheld, WithheldShare,
};
use pointlock_sim::Who;

use crate::nodes::{AMOUNT_MSAT, Known, LockKind, Net, invoice_secret, node_id, secret_of, start};
use crate::scene::{FinalCase, blind, final_case, final_packet, message_to};

/// What a receiver says to a `withheld_share` along a path with this id; along its own it takes it, and has nothing to do.
pub(crate) fn says_receiver(path_id: Vec<u8>) -> String {
    let mut net = start(1, 0);
    net.publish(LockKind::Point, 0);
    let set_point = node_id(Who::Sender(1));
    let fields = WithheldShare { set_point, share: blind("share", 0) }.to_tlv();
    let mut receive = |path_id, session| {
        let message = message_to(Who::Receiver, path_id, &fields, session);
        net.tell_receiver(ReceiverEvent::MessageReceived { message, entropy: [1; 32] })
    };
    let own = secret_of("message path id", 0).dangerous_to_bytes().to_vec();
    receive(own, 0).unwrap();
    receive(path_id, 1).unwrap_err().to_string()
}

/// A cancellable payment in one part, whose arrival is to be told along the path of this number.
fn cancellable(case: &FinalCase, path: usize) -> FinalCase {
    let Lock::Point(z) = invoice_secret(LockKind::Point, 0).lock() else { panic!("a point") };
    let [y, q, kept] = ["final", "share", "withheld"].map(|name| blind(name, 0));
    let lock = [&y, &q, &kept].into_iter().fold(z, |sum, part| sum.add(&part.to_point()).unwrap());
    let (path, _) =
        MessagePath::build(secret_of("arrival path", path), [9; 32], &[], node_id(Who::Sender(0)))
            .unwrap();
    let payload = FinalPayload {
        final_blind: Some(y),
        part: Some(PartShare { secret: q, index: 1, count: 1 }),
        withheld: Some(Withheld { arrival_path: Some(path.into()) }),
        payer: None,
        ..case.payload_like()
    };
    FinalCase { payload, lock: Lock::Point(lock), amount_msat: AMOUNT_MSAT, expiry: case.expiry }
}

impl FinalCase {
    fn payload_like(&self) -> FinalPayload {
        FinalPayload {
            amount_msat: AMOUNT_MSAT,
            expiry: self.expiry,
            payment_secret: self.payload.payment_secret,
            total_msat: AMOUNT_MSAT,
            final_blind: None,
            part: None,
            withheld: None,
            payer: None,
            keysend: None,
        }
    }
}

/// The session's public key is in the packet behind type, path key, length and version.
fn session_key(message: &OnionMessage) -> Vec<u8> {
    message.to_bytes()[38..71].to_vec()
}

fn sent(net: &mut Net) -> OnionMessage {
    match net.tasks.pop_back() {
        Some((Who::Receiver, NodeAction::SendMessage { message, .. })) => message,
        other => panic!("{other:?}"),
    }
}

/// What is said again is the same message; what is another message, or of other edges, is under another key: the same set point
/// can come again, with a payment whose sender wants to hear of it elsewhere.
#[test]
fn each_arrival_has_a_key_of_its_own() {
    let (mut net, case) = final_case(LockKind::Point);
    let mut keys = Vec::new();
    for (session, path) in [(0, 0), (1, 1), (2, 0)] {
        let case = cancellable(&case, path);
        let edge =
            net.fund_terms(Who::Sender(0), Who::Receiver, case.lock, case.amount_msat, case.expiry);
        let incoming = edge.outgoing().unwrap().id;
        net.commit(edge, None, final_packet(&case, session));
        let message = sent(&mut net);
        let again = net.receiver.role().pending().into_iter().find_map(|action| match action {
            ReceiverAction::SendMessage { message, .. } => Some(message),
            _ => None,
        });
        assert_eq!(again.unwrap().to_bytes(), message.to_bytes());
        keys.push(session_key(&message));
        net.tell_receiver(ReceiverEvent::PartsTimedOut { incoming }).unwrap();
        net.tasks.clear();
    }
    // Another path, and the first path again with another edge.
    assert_ne!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2]);
    assert_ne!(keys[1], keys[2]);
}
