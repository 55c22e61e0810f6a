//! The vault's part of `docs/interop.md`. `cargo test -p pointlock-vault --test peers -- --ignored write_the_table` writes it.

use std::path::PathBuf;

use pointlock::invoice::{Offer, StaticInvoice};

use crate::common::{Folder, Running, points};
use crate::node::{self, Node};
use crate::pointlock_peer::PointlockPeer;
use crate::{known, until, with_peers};

/// Where it begins; what stands before is written elsewhere.
const MARK: &str = "<!-- by vault/tests/peers -->\n";

const HEAD: &str = "
The same with this project's vault as the server, over TCP (`vault/tests/peers`). LDK is `ChannelManager` and `PeerManager`, `lightning` 0.2.7, the version that the
vault has in it; of ours, LDK carries the messages and opens none. The receiver of ours leaves an invoice with a payment point.

| receiver | payer | server: ours |
| --- | --- | --- |
";

fn name(is_ldk: bool) -> &'static str {
    if is_ldk { "LDK" } else { "ours" }
}

/// A receiver leaves an invoice and goes, and a payer gets it.
fn conversation(receiver_is_ldk: bool, payer_is_ldk: bool) -> &'static str {
    let folder = Folder::new(&format!("table-{receiver_is_ldk}-{payer_is_ldk}"));
    let running = Running::start(with_peers(&folder));
    let paths = known(&running, "alice", 2);
    let (offer, left): (Offer, Option<StaticInvoice>) = if receiver_is_ldk {
        let receiver = Node::start(11);
        receiver.connect(&paths);
        receiver.use_server(&paths);
        let offer = until("an offer", || receiver.offer());
        receiver.stop();
        (offer.to_string().parse().unwrap(), None)
    } else {
        let receiver = PointlockPeer::start(21, &paths);
        let left = receiver.leave(&paths, 2, points(0, 1));
        receiver.stop();
        (left.offer().clone(), Some(left))
    };
    let got = if payer_is_ldk {
        let payer = Node::start(12);
        payer.connect(&paths);
        payer.pay(&offer.to_string().parse().unwrap(), Some(5_000));
        let got = until("the invoice", || payer.fetched().pop());
        payer.stop();
        StaticInvoice::from_bytes(&node::encoded(&got)).unwrap()
    } else {
        let payer = PointlockPeer::start(22, &paths);
        let got = payer.fetch(&offer);
        payer.stop();
        got
    };
    got.verify_offer(&offer).unwrap();
    match left {
        Some(left) if left != got => "another invoice",
        _ => "kept and handed out",
    }
}

fn table() -> String {
    let mut text = HEAD.to_owned();
    for (receiver, payer) in [(false, false), (false, true), (true, false), (true, true)] {
        let said = conversation(receiver, payer);
        text.push_str(&format!("| {} | {} | {said} |\n", name(receiver), name(payer)));
    }
    text
}

fn path() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../docs/interop.md")
}

#[test]
fn the_table_is_what_happens() {
    let table = table();
    let kept = std::fs::read_to_string(path()).unwrap();
    let kept = kept.split_once(MARK).map(|(_, kept)| kept);
    assert!(kept == Some(&table), "docs/interop.md is stale; it should end in:\n{MARK}{table}");
    assert_eq!(table.matches("kept and handed out").count(), 4, "{table}");
}

#[test]
#[ignore = "it writes the vault's part of docs/interop.md; by hand, when LDK or the vault has changed"]
fn write_the_table() {
    let kept = std::fs::read_to_string(path()).unwrap();
    let before = kept.split_once(MARK).map_or(kept.as_str(), |(before, _)| before);
    std::fs::write(path(), format!("{before}{MARK}{}", table())).unwrap();
}
