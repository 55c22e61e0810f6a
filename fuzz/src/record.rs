use std::sync::LazyLock;

use pointlock::contract::{OfferedContract, ReceivedContract};
use pointlock::hold::Limits;
use pointlock::invoice::ktime::PaymentPolynomial;
use pointlock::journal::{RecordError, Recordable};
use pointlock::payment::{
    AttemptSeed, Deadlines, Forwarder, ForwarderConfig, ForwarderEvent, ForwardingPolicy, Node,
    NodeConfig, NodeEvent, PayerSeed, Receiver, ReceiverConfig, ReceiverEvent, ReceiverPaths,
    Sender, SenderEvent, UsedNumbers,
};

use crate::input::fixed_scalar;

/// Input: an event as it stands in a journal, of whichever role.
pub fn record_event(data: &[u8]) -> bool {
    let read = [
        written_again::<NodeEvent>(data),
        written_again::<SenderEvent>(data),
        written_again::<ForwarderEvent>(data),
        written_again::<ReceiverEvent>(data),
    ];
    read.contains(&true)
}

/// Input: what an owner keeps beside a journal: a configuration, a seed, a contract.
pub fn record_kept(data: &[u8]) -> bool {
    let read = [
        written_again::<NodeConfig>(data),
        written_again::<ForwarderConfig>(data),
        written_again::<ReceiverConfig>(data),
        written_again::<Deadlines>(data),
        written_again::<AttemptSeed>(data),
        written_again::<PayerSeed>(data),
        written_again::<ReceiverPaths>(data),
        written_again::<PaymentPolynomial>(data),
        written_again::<OfferedContract>(data),
        written_again::<ReceivedContract>(data),
        written_again::<UsedNumbers>(data),
    ];
    assert!(read.iter().filter(|read| **read).count() <= 1, "a record is of one kind");
    read.contains(&true)
}

/// Input: the state of a role, or of a node with one of two keys.
pub fn record_state(data: &[u8]) -> bool {
    let [first, second] = &*CONFIGS;
    let read = [
        state_again(data, |state| Node::restore(first.clone(), state), Node::snapshot),
        state_again(data, |state| Node::restore(second.clone(), state), Node::snapshot),
        state_again(data, |state| Sender::restore(first.deadlines, state), Sender::snapshot),
        state_again(data, |state| Forwarder::restore(forwarder(first), state), Forwarder::snapshot),
        state_again(data, |state| Receiver::restore(receiver(second), state), Receiver::snapshot),
    ];
    assert!(read.iter().filter(|read| **read).count() <= 1, "a state is somebody's");
    read.contains(&true)
}

fn written_again<T: Recordable>(data: &[u8]) -> bool {
    let Ok(value) = T::from_record(data) else { return false };
    let written = value.to_record();
    check_lost(data, &written);
    let again = T::from_record(&written).expect("what was written can be read");
    assert_eq!(*again.to_record(), *written);
    true
}

fn state_again<R, B: AsRef<[u8]>>(
    data: &[u8],
    restore: impl Fn(&[u8]) -> Result<R, RecordError>,
    snapshot: impl Fn(&R) -> B,
) -> bool {
    let Ok(role) = restore(data) else { return false };
    // Longer than what was read, where the y of its points stood beside none.
    let written = snapshot(&role);
    let again = restore(written.as_ref()).expect("what was written can be read");
    assert_eq!(snapshot(&again).as_ref(), written.as_ref());
    true
}

/// What was read is written again, but for odd fields that nobody knows: then there is less of it.
fn check_lost(read: &[u8], written: &[u8]) {
    assert!(written.len() < read.len() || written == read, "another encoding of the same");
}

/// Those of the nodes whose states are in the corpus.
static CONFIGS: LazyLock<[NodeConfig; 2]> = LazyLock::new(|| [config(2), config(4)]);

fn config(key: u8) -> NodeConfig {
    NodeConfig {
        node_key: fixed_scalar(key),
        height: 800_000,
        unix_time: 1_750_000_000,
        policy: ForwardingPolicy {
            fee_base_msat: 1_000,
            fee_proportional_millionths: 100,
            cltv_expiry_delta: 40,
        },
        deadlines: Deadlines::for_contracts(),
        limits: Limits::default(),
        hold_safety_margin: 43,
        hold_deltas_ahead: 40,
        hold_min_final_delta: 24,
        min_final_delta: 24,
    }
}

fn forwarder(config: &NodeConfig) -> ForwarderConfig {
    ForwarderConfig {
        node_key: config.node_key.clone(),
        policy: config.policy,
        deadlines: config.deadlines,
        limits: config.limits,
        hold_safety_margin: config.hold_safety_margin,
        hold_deltas_ahead: config.hold_deltas_ahead,
        hold_min_final_delta: config.hold_min_final_delta,
        height: config.height,
    }
}

fn receiver(config: &NodeConfig) -> ReceiverConfig {
    ReceiverConfig {
        node_key: config.node_key.clone(),
        min_final_delta: config.min_final_delta,
        deadlines: config.deadlines,
        height: config.height,
        unix_time: config.unix_time,
    }
}

/// The fixtures of the library's own tests: one record of each kind for each role, and a state of each.
const FIXTURES: &str = include_str!("../../tests/fixtures/records.txt");

/// The records of a node, one of each kind.
pub(crate) fn events() -> Vec<(&'static str, Vec<u8>)> {
    let mut files: Vec<_> = fixtures(|role, kind| {
        (role == "node" && !kind.starts_with("state")).then(|| format!("valid-{kind}"))
    });
    // Of a kind there may be a record of before, and one of today behind it.
    for at in 1..files.len() {
        if files[at].0 == files[at - 1].0 {
            files[at].0 = format!("{}-today", files[at].0).leak();
        }
    }
    files.push(("refused-version", vec![2, 1, 0, 4, 0, 12, 53, 0]));
    files
}

/// What an owner keeps beside its journal.
pub(crate) fn kept() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = fixtures(|role, kind| (role == "kept").then(|| format!("valid-{kind}")));
    files.push(("refused-empty", vec![1, 64]));
    files
}

/// The states.
pub(crate) fn states() -> Vec<(&'static str, Vec<u8>)> {
    let mut files: Vec<_> = fixtures(|role, kind| {
        kind.starts_with("state").then(|| {
            let before = kind.trim_start_matches("state").replace('_', "-");
            format!("valid-{}{before}", role.replace(' ', "-"))
        })
    });
    files.push(("refused-empty", vec![1, 99]));
    files
}

fn fixtures(name: impl Fn(&str, &str) -> Option<String>) -> Vec<(&'static str, Vec<u8>)> {
    let file = |line: &'static str| {
        let (rest, bytes) = line.rsplit_once(' ')?;
        let (role, kind) = rest.rsplit_once(' ')?;
        let name: &'static str = name(role, kind)?.leak();
        Some((name, from_hex(bytes)?))
    };
    FIXTURES.lines().filter_map(file).collect()
}

fn from_hex(digits: &str) -> Option<Vec<u8>> {
    let byte = |at: usize| u8::from_str_radix(digits.get(at..at + 2)?, 16).ok();
    (0..digits.len()).step_by(2).map(byte).collect()
}
