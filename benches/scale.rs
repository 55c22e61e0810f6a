//! What an event costs a forwarder that has many payments open, and what an open payment costs it: `cargo bench --bench scale`.
//!
//! Each line is JSON. Costs are processor time; `exponent` is that of n in a fit through 1,000, 10,000 and 100,000 open payments (0: no
//! growth), `ratio` the cost at 100,000 over that at 1,000. Both sides of a ratio come from one run. `SCALE_MOST=10000` stops earlier.

use std::collections::BTreeMap;
use std::time::Duration;

use peak_alloc::PeakAlloc;
use pointlock::curve::{Point, SecretScalar, Tag};
use pointlock::edge::{Direction, Edge, EdgeId, IncomingEdge};
use pointlock::hold::{HeldBlind, HoldId, Limits, ReleaseSecret};
use pointlock::journal::Recordable;
use pointlock::lock::{Blind, Lock, LockSecret, next_lock};
use pointlock::onion::Packet;
use pointlock::onion::blinded::{BlindedPath, OnionMessage, RecipientData};
use pointlock::payment::{
    Deadlines, ForwardPayload, Forwarder, ForwarderAction, ForwarderConfig, ForwarderEvent,
    ForwardingPolicy, HoldOrder, ReleaseHeld, Role, Tweak,
};
use pointlock::wire::IntroductionNode;
use rustix::time::{ClockId, clock_gettime};

#[global_allocator]
static ALLOCATOR: PeakAlloc = PeakAlloc;

const HEIGHT: u32 = 800_000;
const CUTOFF: u32 = HEIGHT + 300;
const OUT_EXPIRY: u32 = HEIGHT + 400;
const IN_EXPIRY: u32 = OUT_EXPIRY + 100;
const AMOUNT_MSAT: u64 = 50_000_000;
/// So many payments are taken through each step, on top of those that are open.
const SAMPLE: usize = 2_000;

/// The time that this thread has had a processor.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec.unsigned_abs() as u32)
}

fn scalar(name: &str, number: u64) -> SecretScalar {
    let hash = Tag::new("pointlock/bench").hash(&[name.as_bytes(), &number.to_be_bytes()]);
    SecretScalar::from_hash(&hash).expect("a hash is not zero")
}

fn node_key() -> SecretScalar {
    scalar("node", 0)
}

/// A payment that a forwarder is asked to hold.
struct Held {
    number: u64,
    edge: Edge,
    from: Point,
    packet: Packet,
}

fn blind(number: u64) -> Blind {
    Blind::new(scalar("blind", number))
}

fn hold_id(number: u64) -> HoldId {
    HoldId(*scalar("hold", number).dangerous_to_bytes())
}

fn release(number: u64) -> ReleaseSecret {
    ReleaseSecret::new(scalar("release", number))
}

fn edge_id(number: u64) -> EdgeId {
    EdgeId::in_channel([1; 32], Direction::FromNode1, number)
}

impl Held {
    fn new(number: u64) -> Self {
        let release = release(number);
        let order = HoldOrder {
            id: hold_id(number),
            held_blind: Some(HeldBlind::new(&blind(number), &release).expect("no sum is zero")),
            release_hash: release.hash(),
            latest_release_height: CUTOFF,
        };
        let payload = ForwardPayload {
            short_channel_id: 1,
            amount_msat: AMOUNT_MSAT,
            expiry: OUT_EXPIRY,
            tweak: Tweak::Hold(order),
        };
        let (bytes, last) = (payload.to_bytes(), [2, 0]);
        let hops = [
            (node_key().to_point(), bytes.as_slice()),
            (scalar("next", 0).to_point(), last.as_slice()),
        ];
        let (packet, _) =
            Packet::build(scalar("session", number), &hops, &[]).expect("two short payloads");
        let lock = Lock::Point(scalar("lock", number).to_point());
        let amount_msat = AMOUNT_MSAT + 1_000;
        let edge = Edge { id: edge_id(2 * number), amount_msat, expiry: IN_EXPIRY, lock };
        Self { number, edge, from: scalar("neighbour", number % 500).to_point(), packet }
    }

    fn committed(self) -> ForwarderEvent {
        let edge = IncomingEdge::dangerous_committed(self.edge);
        ForwarderEvent::IncomingCommitted {
            from: self.from,
            edge,
            path_key: None,
            packet: self.packet,
        }
    }

    fn released(&self) -> ForwarderEvent {
        let tag = Tag::new("pointlock/release_path");
        let path_id = tag.hash(&[&*node_key().dangerous_to_bytes()]).to_vec();
        let data = RecipientData { path_id: Some(path_id), ..RecipientData::default() };
        let hops = [(node_key().to_point(), data.to_bytes())];
        let (path, _) =
            BlindedPath::build(scalar("path", self.number), &hops).expect("a path of one hop");
        let path: BlindedPath<IntroductionNode> = path.into();
        let released = ReleaseHeld { holds: vec![(hold_id(self.number), release(self.number))] };
        let session = scalar("message", self.number);
        let message = OnionMessage::build(session, &path, &released.to_tlv()).expect("it is short");
        ForwarderEvent::MessageReceived { message, entropy: [2; 32] }
    }

    fn outgoing(&self) -> Edge {
        let Lock::Point(lock) = self.edge.lock else { unreachable!("a point lock was made") };
        let lock = Lock::Point(next_lock(&lock, &blind(self.number)).expect("no sum is zero"));
        let id = edge_id(2 * self.number + 1);
        Edge { id, amount_msat: AMOUNT_MSAT, expiry: OUT_EXPIRY, lock }
    }

    fn signed(&self) -> ForwarderEvent {
        ForwarderEvent::OutgoingCommitted { incoming: self.edge.id, edge: self.outgoing() }
    }

    fn fulfilled(&self) -> ForwarderEvent {
        let secret = scalar("lock", self.number).add(blind(self.number).as_scalar());
        let secret = LockSecret::Scalar(secret.expect("no sum is zero"));
        ForwarderEvent::OutgoingFulfilled { outgoing: self.outgoing().id, secret }
    }

    fn failed(&self) -> ForwarderEvent {
        ForwarderEvent::OutgoingFailed { outgoing: self.outgoing().id, failure: None }
    }
}

fn config() -> ForwarderConfig {
    let policy = ForwardingPolicy {
        fee_base_msat: 1_000,
        fee_proportional_millionths: 0,
        cltv_expiry_delta: 40,
    };
    ForwarderConfig {
        node_key: node_key(),
        policy,
        deadlines: Deadlines::for_contracts(),
        limits: Limits { holds_per_neighbour: usize::MAX, holds: usize::MAX, value_msat: u64::MAX },
        hold_safety_margin: 43,
        hold_deltas_ahead: 0,
        hold_min_final_delta: 24,
        height: HEIGHT,
    }
}

/// The costs of each step, by the number of open payments, in nanoseconds.
type Costs = BTreeMap<&'static str, Vec<(usize, f64)>>;

struct Run {
    forwarder: Forwarder,
    open: usize,
    costs: Costs,
}

impl Run {
    fn apply(&mut self, event: &ForwarderEvent) -> Vec<ForwarderAction> {
        self.forwarder.apply(event).expect("the event is possible").actions
    }

    /// Opens payments until there are so many.
    fn fill(&mut self, open: usize) {
        for number in self.open..open {
            let event = Held::new(number as u64).committed();
            assert!(self.apply(&event).is_empty(), "held");
        }
        self.open = open;
    }

    fn time(&mut self, step: &'static str, events: &[ForwarderEvent], wants: usize) {
        let start = processor_time();
        let mut wanted = 0;
        for event in events {
            wanted += self.apply(event).len();
        }
        let cost = (processor_time() - start).as_nanos() as f64 / events.len() as f64;
        assert_eq!(wanted, wants, "{step}");
        self.costs.entry(step).or_default().push((self.open, cost));
    }

    /// Blocks, with which nothing is due. They are taken back, so that nothing ever is.
    fn time_blocks(&mut self) {
        let (rounds, blocks) = (20, 100);
        let mut taken = Duration::ZERO;
        for _ in 0..rounds {
            let start = processor_time();
            for height in HEIGHT + 1..=HEIGHT + blocks {
                assert!(self.apply(&ForwarderEvent::Block { height }).is_empty());
            }
            taken += processor_time() - start;
            for height in (HEIGHT + 1..=HEIGHT + blocks).rev() {
                self.apply(&ForwarderEvent::BlockDisconnected { height });
            }
        }
        let cost = taken.as_nanos() as f64 / f64::from(rounds * blocks);
        self.costs.entry("block").or_default().push((self.open, cost));
    }

    /// Takes more payments through all steps, beside those that are open.
    fn sample(&mut self, first: u64) {
        let numbers = || (0..SAMPLE as u64).map(|index| first + index);
        let events = |event: fn(&Held) -> ForwarderEvent, from: usize, to: usize| {
            numbers().skip(from).take(to - from).map(|n| event(&Held::new(n))).collect::<Vec<_>>()
        };
        let taken: Vec<ForwarderEvent> = numbers().map(|n| Held::new(n).committed()).collect();
        self.time("accept", &taken, 0);
        self.time("release", &events(Held::released, 0, SAMPLE), SAMPLE);
        self.time("commit", &events(Held::signed, 0, SAMPLE), 0);
        self.time("fulfil", &events(Held::fulfilled, 0, SAMPLE / 2), SAMPLE / 2);
        self.time("fail", &events(Held::failed, SAMPLE / 2, SAMPLE), SAMPLE / 2);
        let ended = numbers().enumerate().map(|(index, n)| {
            let incoming = Held::new(n).edge.id;
            if index < SAMPLE / 2 {
                ForwarderEvent::IncomingClaimed { incoming }
            } else {
                ForwarderEvent::IncomingFailed { incoming }
            }
        });
        let ended: Vec<ForwarderEvent> = ended.collect();
        self.time("end", &ended, 0);
    }
}

fn print_costs(costs: &Costs) {
    for (step, points) in costs {
        let (first, last) = (points[0], points[points.len() - 1]);
        let ratio = last.1 / first.1;
        let exponent = ratio.ln() / (last.0 as f64 / first.0 as f64).ln();
        let nanoseconds: BTreeMap<String, u64> =
            points.iter().map(|(open, cost)| (open.to_string(), cost.round() as u64)).collect();
        let line = serde_json::json!({
            "step": step, "nanoseconds": nanoseconds, "ratio": round(ratio), "exponent": round(exponent),
        });
        println!("{line}");
    }
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

fn main() {
    let most = std::env::var("SCALE_MOST").ok().and_then(|most| most.parse().ok());
    let most: usize = most.unwrap_or(100_000);
    let forwarder = Forwarder::new(config()).expect("the deltas leave time");
    let mut run = Run { forwarder, open: 0, costs: Costs::new() };
    let bytes_before = ALLOCATOR.current_usage();
    for open in [1_000, 10_000, 100_000].into_iter().filter(|open| *open <= most) {
        run.fill(open);
        // The first round warms caches and branch predictors up.
        for round in 0..2 {
            run.sample(1_000_000 * (open + round) as u64);
            run.time_blocks();
            if round == 0 {
                run.costs.values_mut().for_each(|points| {
                    points.pop();
                });
            }
        }
    }
    print_costs(&run.costs);
    let bytes = (ALLOCATOR.current_usage() - bytes_before) / run.open;
    println!("{}", serde_json::json!({ "bytes_for_an_open_payment": bytes, "open": run.open }));

    let event = Held::new(0).committed();
    println!(
        "{}",
        serde_json::json!({ "bytes_of_a_block_event":
        ForwarderEvent::Block { height: HEIGHT }.to_record().len(), "bytes_of_a_payment_event": event.to_record().len() })
    );

    restart(&run);
    end_all(&mut run, bytes_before);
}

/// From a snapshot and the events behind it.
fn restart(run: &Run) {
    let state = run.forwarder.snapshot();
    let start = processor_time();
    let restored = Forwarder::restore(config(), &state).expect("it is its own snapshot");
    let seconds = (processor_time() - start).as_secs_f64();
    assert_eq!(restored.payment_count(), run.forwarder.payment_count());
    let line = serde_json::json!({
        "restart_seconds": round(seconds), "open": run.open, "snapshot_bytes": state.len(),
    });
    println!("{line}");
}

/// All that is held fails at one height; what is left is what replay guards need until the expiry, and then nothing.
fn end_all(run: &mut Run, bytes_before: usize) {
    let start = processor_time();
    let failed = run.apply(&ForwarderEvent::Block { height: CUTOFF });
    let each = (processor_time() - start).as_nanos() as f64 / failed.len() as f64;
    assert_eq!(failed.len(), run.open);
    println!(
        "{}",
        serde_json::json!({ "due_at_one_block": failed.len(), "microseconds_each": round(each / 1_000.0) })
    );
    for action in failed {
        let ForwarderAction::Fail { incoming, .. } = action else { panic!("{action:?}") };
        run.apply(&ForwarderEvent::IncomingFailed { incoming });
    }
    let kept = (ALLOCATOR.current_usage().saturating_sub(bytes_before)) / run.open;
    run.apply(&ForwarderEvent::Block { height: IN_EXPIRY });
    let left = ALLOCATOR.current_usage().saturating_sub(bytes_before);
    println!(
        "{}",
        serde_json::json!({
            "bytes_for_a_finished_payment_until_its_expiry": kept,
            "bytes_for_all_finished_payments_after_it": left,
        })
    );
    assert_eq!(run.forwarder.payment_count(), 0);
}
