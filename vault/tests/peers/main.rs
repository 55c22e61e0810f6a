//! BOLT 12 over onion messages, with real nodes of LDK's over TCP on this machine: a receiver leaves its invoice and goes, a payer fetches it; and
//! a pointlock receiver and payer do the same with points.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "../common/mod.rs"]
mod common;
mod node;
mod pointlock_peer;
mod table;

use std::time::{Duration, Instant};

use common::{Folder, Running, builder, now, options, points};
use lightning::offers::offer::Offer as LdkOffer;
use lightning::util::ser::Readable as _;
use node::Node;
use pointlock::invoice::{BlindedPayInfo, ChainHash, PaymentPath};
use pointlock::wire::{BlindedPath, Features, IntroductionNode};
use pointlock_peer::PointlockPeer;
use pointlock_vault::client::Expected;
use pointlock_vault::config::Options;
use pointlock_vault::store::Terms;
use pointlock_vault::{Chain, PeerPaths};

pub(crate) fn until<T>(what: &str, mut look: impl FnMut() -> Option<T>) -> T {
    let began = Instant::now();
    loop {
        if let Some(found) = look() {
            return found;
        }
        assert!(began.elapsed() < Duration::from_secs(30), "waited in vain for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

pub(crate) fn with_peers(folder: &Folder) -> Options {
    Options { peer_listen: Some("127.0.0.1:0".parse().unwrap()), ..options(folder.path()) }
}

/// A receiver that the vault knows, and what it needs to use the peers' door.
pub(crate) fn known(running: &Running, name: &str, byte: u8) -> PeerPaths {
    let (client, name, key) = running.receiver(name, byte, &Terms::default());
    client.list(&key, &name).unwrap().peer.unwrap()
}

fn handed_out(running: &Running, name: &str, byte: u8) -> Vec<(String, u64)> {
    let listing = running.client().list(&common::key(byte), &name.parse().unwrap()).unwrap();
    listing.statics.into_iter().map(|row| (row.door, row.handed_out)).collect()
}

#[test]
fn ldk_leaves_an_invoice_and_goes_and_ldk_fetches_it() {
    let folder = Folder::new("ldk");
    let running = Running::start(with_peers(&folder));
    let paths = known(&running, "alice", 2);

    let receiver = Node::start(11);
    receiver.connect(&paths);
    receiver.use_server(&paths);
    // It is there once the vault has said that the invoice is durable.
    let offer: LdkOffer = until("an offer", || receiver.offer());
    receiver.stop();
    assert_eq!(handed_out(&running, "alice", 2)[0], ("peer".to_owned(), 0));

    let payer = Node::start(12);
    payer.connect(&paths);
    payer.pay(&offer, Some(5_000));
    let invoice = until("the invoice", || payer.fetched().pop());
    assert_eq!(invoice.issuer_signing_pubkey(), offer.issuer_signing_pubkey());
    assert_eq!(invoice.offer_message_paths(), offer.paths());
    payer.stop();
    assert!(
        handed_out(&running, "alice", 2).iter().any(|(door, count)| door == "peer" && *count > 0)
    );
    // A payer that comes by HTTP asks for what the receiver's own key has signed, and there is no such thing.
    let expected = Expected { chain: Chain::new(bitcoin::Network::Regtest), key: None, now: now() };
    assert!(running.client().fetch_static(&"alice".parse().unwrap(), &expected).is_err());

    // The vault starts again, and has it still.
    running.stop();
    let again = Running::start(with_peers(&folder));
    let paths = known(&again, "alice", 2);
    let payer = Node::start(13);
    payer.connect(&paths);
    payer.pay(&offer, Some(6_000));
    until("the invoice", || payer.fetched().pop());
    payer.stop();
}

#[test]
fn a_pointlock_receiver_leaves_points_by_onion_messages_and_both_fetch_them() {
    let folder = Folder::new("points");
    let running = Running::start(with_peers(&folder));
    let paths = known(&running, "alice", 2);
    let receiver = PointlockPeer::start(21, &paths);
    let left = receiver.leave(&paths, 2, points(8, 1));
    receiver.stop();

    let payer = PointlockPeer::start(15, &paths);
    let fetched = payer.fetch(left.offer());
    // What a payer looks at before it pays.
    fetched.verify_offer(left.offer()).unwrap();
    fetched.verify_issuer(&common::key(2).public_key()).unwrap();
    fetched.check_chain(ChainHash::REGTEST).unwrap();
    fetched.check_not_expired(now()).unwrap();
    assert_eq!(fetched, left);
    assert_eq!(fetched.lock(), Some(&points(8, 1)));
    payer.stop();
    // LDK's payers read it as well.
    let payer = Node::start(12);
    payer.connect(&paths);
    payer.pay(&left.offer().to_string().parse().unwrap(), None);
    let fetched = until("the invoice", || payer.fetched().pop());
    assert_eq!(node::encoded(&fetched), left.as_bytes());
    payer.stop();
}

#[test]
fn what_was_left_over_http_is_fetched_by_onion_messages() {
    let folder = Folder::new("both");
    let running = Running::start(with_peers(&folder));
    let paths = known(&running, "alice", 2);
    let key = common::key(2);
    let path = |text: &String| {
        BlindedPath::<IntroductionNode>::read(&hex::decode(text).unwrap()).unwrap().0
    };
    let offer_paths: Vec<_> = paths.offer_paths.iter().map(path).collect();
    let pay_info = BlindedPayInfo {
        fee_base_msat: 0,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 144,
        htlc_minimum_msat: 1,
        htlc_maximum_msat: 1_000_000_000,
        features: Features::of(&[]),
    };
    let invoice = builder(&key, points(8, 1))
        .offer_paths(&offer_paths)
        .paths(&[PaymentPath::new(offer_paths[0].clone(), pay_info)])
        .message_paths(&offer_paths)
        .sign(&key, &[9; 32])
        .unwrap();
    running.client().leave_invoice(&key, &"alice".parse().unwrap(), &invoice.to_string()).unwrap();

    let payer = Node::start(12);
    payer.connect(&paths);
    payer.pay(&invoice.offer().to_string().parse().unwrap(), None);
    let fetched = until("the invoice", || payer.fetched().pop());
    assert_eq!(node::encoded(&fetched), invoice.as_bytes());
    payer.stop();
    // LDK asks more than once.
    let handed = handed_out(&running, "alice", 2);
    assert!(matches!(handed.as_slice(), [(door, 1..)] if door == "web"), "{handed:?}");
}

#[test]
fn a_flood_of_onion_messages_is_held_off() {
    let folder = Folder::new("flood");
    let running = Running::start(with_peers(&folder));
    let paths = known(&running, "alice", 2);
    let receiver = PointlockPeer::start(21, &paths);
    let left = receiver.leave(&paths, 2, points(8, 1));
    receiver.stop();
    let offer: LdkOffer = left.offer().to_string().parse().unwrap();

    let refused = |reason: &str| running.vault.metrics.refused.with_label_values(&[reason]).get();
    let flooder = Node::start(14);
    flooder.connect(&paths);
    for _ in 0..200 {
        flooder.pay(&offer, None);
    }
    until("refusals", || (refused("onion-flood") > 5).then_some(()));
    // Somebody else is served meanwhile.
    let payer = Node::start(12);
    payer.connect(&paths);
    payer.pay(&offer, None);
    until("the invoice", || payer.fetched().pop());
    flooder.stop();
    payer.stop();
}

#[test]
fn paths_of_nobody_lead_nowhere() {
    let folder = Folder::new("nobody");
    let running = Running::start(with_peers(&folder));
    let paths = known(&running, "alice", 2);
    // Another vault's paths, with this one's address.
    let elsewhere = Folder::new("elsewhere");
    let other = Running::start(with_peers(&elsewhere));
    let foreign = known(&other, "alice", 2);
    let mixed = PeerPaths { recipient_paths: foreign.recipient_paths.clone(), ..paths.clone() };
    let receiver = PointlockPeer::start(21, &paths);
    let refused = |paths: &PeerPaths| {
        receiver.leave_within(Duration::from_secs(1), paths, 2, points(8, 1)).is_none()
    };
    assert!(refused(&mixed));
    receiver.leave(&paths, 2, points(8, 2));
    // They end with the receiver's key.
    let (client, name) = (running.client(), "alice".parse().unwrap());
    client.change_key(&common::key(2), &name, &common::key(3)).unwrap();
    assert!(refused(&paths));
    let paths = client.list(&common::key(3), &name).unwrap().peer.unwrap();
    receiver.leave(&paths, 3, points(8, 4));
    receiver.stop();
}

/// Blinded paths as they are written in [`PeerPaths`].
pub(crate) fn ldk_paths(
    paths: &[String],
) -> Vec<lightning::blinded_path::message::BlindedMessagePath> {
    let read = |text: &String| {
        lightning::blinded_path::message::BlindedMessagePath::read(
            &mut hex::decode(text).unwrap().as_slice(),
        )
        .unwrap()
    };
    paths.iter().map(read).collect()
}
