//! What an event costs a forwarder that has many payments open, what an open payment costs it, and what a finished one leaves:
//! `cargo bench --bench scale`.
//!
//! Lines are JSON. With 1,000, 10,000 and 100,000 open payments, a forwarder each time: `{"name": …, "open": N, "cpu_us": …}` for `accept`, `release`,
//! `commit`, `fulfil`, `fail`, `end`, `block`, `due` (a hold that fails at its cutoff, of N at one block) and `restart` (all of it: a snapshot,
//! and a thousand events behind it); `{"name": …, "open": N, "bytes": …}` for `memory_open` and `memory_finished`, of each payment. Then
//! a summary for each name that has a bound: `ratio` is the cost at most over that at fewest, `exponent` that of n in between (0: no growth).
//!
//! Costs are processor time, the least of seven rounds. The forwarders take turns, so that what else the machine does falls on all of
//! them. `SCALE_MOST=10000` stops earlier.

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
const SAMPLE: usize = 1_000;
/// So often.
const ROUNDS: u64 = 7;

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

    /// The same payment, once more in hand.
    fn again(&self) -> Self {
        Self { packet: self.packet.clone(), ..*self }
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

/// What each name costs, by the number of open payments.
type Costs = BTreeMap<&'static str, Vec<(usize, f64)>>;

struct Run {
    forwarder: Forwarder,
    open: usize,
    /// Of each round, in microseconds.
    rounds: BTreeMap<&'static str, Vec<f64>>,
}

impl Run {
    /// With so many open payments.
    fn new(open: usize) -> Self {
        let forwarder = Forwarder::new(config()).expect("the deltas leave time");
        let mut run = Self { forwarder, open, rounds: BTreeMap::new() };
        for number in 0..open {
            let event = Held::new(number as u64).committed();
            assert!(run.apply(&event).is_empty(), "held");
        }
        run
    }

    fn apply(&mut self, event: &ForwarderEvent) -> Vec<ForwarderAction> {
        self.forwarder.apply(event).expect("the event is possible").actions
    }

    fn time(&mut self, step: &'static str, events: &[ForwarderEvent], wants: usize) {
        let start = processor_time();
        let mut wanted = 0;
        for event in events {
            wanted += self.apply(event).len();
        }
        let cost = (processor_time() - start).as_secs_f64() * 1e6 / events.len() as f64;
        assert_eq!(wanted, wants, "{step}");
        self.rounds.entry(step).or_default().push(cost);
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
        let cost = taken.as_secs_f64() * 1e6 / f64::from(rounds * blocks);
        self.rounds.entry("block").or_default().push(cost);
    }

    /// Takes more payments through all steps, beside those that are open.
    fn sample(&mut self, first: u64) {
        let held: Vec<Held> = (0..SAMPLE as u64).map(|index| Held::new(first + index)).collect();
        let (fulfilled, failed) = held.split_at(SAMPLE / 2);
        let events = |event: fn(&Held) -> ForwarderEvent, of: &[Held]| -> Vec<ForwarderEvent> {
            of.iter().map(event).collect()
        };
        self.time("accept", &events(|held| held.again().committed(), &held), 0);
        self.time("release", &events(Held::released, &held), SAMPLE);
        self.time("commit", &events(Held::signed, &held), 0);
        self.time("fulfil", &events(Held::fulfilled, fulfilled), SAMPLE / 2);
        self.time("fail", &events(Held::failed, failed), SAMPLE / 2);
        let claimed = fulfilled.iter().map(|held| held.edge.id);
        let claimed = claimed.map(|incoming| ForwarderEvent::IncomingClaimed { incoming });
        let given_back = failed.iter().map(|held| held.edge.id);
        let given_back = given_back.map(|incoming| ForwarderEvent::IncomingFailed { incoming });
        let ended: Vec<ForwarderEvent> = claimed.chain(given_back).collect();
        self.time("end", &ended, 0);
    }

    /// The least of all rounds, for each step.
    fn least(&mut self) -> Vec<(&'static str, f64)> {
        let least = |costs: Vec<f64>| costs.into_iter().fold(f64::INFINITY, f64::min);
        let rounds = std::mem::take(&mut self.rounds);
        rounds.into_iter().map(|(step, costs)| (step, least(costs))).collect()
    }

    /// From a snapshot and the events behind it, in microseconds.
    fn restart(&self) -> f64 {
        let state = self.forwarder.snapshot();
        let steps: [fn(&Held) -> ForwarderEvent; 4] =
            [|held| held.again().committed(), Held::released, Held::signed, Held::fulfilled];
        let of_payment = |number: u64| {
            let held = Held::new(900_000_000 + number);
            steps.map(|event| event(&held))
        };
        let tail: Vec<ForwarderEvent> = (0..250).flat_map(of_payment).collect();
        let start = processor_time();
        let restored = Forwarder::restore(config(), &state).expect("it is its own snapshot");
        let restarted = restored.replay(&tail).expect("the events are possible");
        let cost = (processor_time() - start).as_secs_f64() * 1e6;
        assert_eq!(restarted.payment_count(), self.forwarder.payment_count() + 250);
        cost
    }

    /// All that is held fails at one height: what each costs, in microseconds.
    fn fail_all(&mut self) -> f64 {
        let start = processor_time();
        let failed = self.apply(&ForwarderEvent::Block { height: CUTOFF });
        let cost = (processor_time() - start).as_secs_f64() * 1e6 / failed.len() as f64;
        assert_eq!(failed.len(), self.open);
        for action in failed {
            let ForwarderAction::Fail { incoming, .. } = action else { panic!("{action:?}") };
            self.apply(&ForwarderEvent::IncomingFailed { incoming });
        }
        assert_eq!(self.forwarder.payment_count(), 0);
        cost
    }
}

/// The bounds: of the ratio of a cost, or of the cost at the most payments, in microseconds or bytes.
const RATIOS: [(&str, f64); 5] =
    [("accept", 1.3), ("release", 1.3), ("fulfil", 1.3), ("fail", 1.3), ("block", 1.3)];
const MOST: [(&str, f64); 4] =
    [("memory_open", 4_000.0), ("memory_finished", 1.0), ("due", 10.0), ("restart", 2e6)];

fn print(costs: &mut Costs, name: &'static str, open: usize, unit: &str, value: f64) {
    println!("{}", serde_json::json!({ "name": name, "open": open, unit: round(value) }));
    costs.entry(name).or_default().push((open, value));
}

/// Each name with a bound, and whether it is kept.
fn print_summary(costs: &Costs) {
    let ends = |name| {
        let points: &Vec<(usize, f64)> = &costs[name];
        (points[0], points[points.len() - 1])
    };
    for (name, bound) in RATIOS {
        let (first, last) = ends(name);
        let ratio = last.1 / first.1;
        let growth = (last.0 as f64 / first.0 as f64).ln();
        let exponent = if growth > 0.0 { ratio.ln() / growth } else { 0.0 };
        let line = serde_json::json!({
            "name": name, "ratio": round(ratio), "exponent": round(exponent), "bound": bound,
            "within": ratio <= bound,
        });
        println!("{line}");
    }
    for (name, bound) in MOST {
        let (_, (open, value)) = ends(name);
        let line = serde_json::json!({
            "name": name, "open": open, "value": round(value), "bound": bound,
            "within": value <= bound,
        });
        println!("{line}");
    }
}

fn round(value: f64) -> f64 {
    (value * 1_000.0).round() / 1_000.0
}

/// Restarts it, lets all fail at one block, and looks at what is left.
fn end(costs: &mut Costs, mut run: Run) {
    let open = run.open;
    print(costs, "restart", open, "cpu_us", run.restart());
    let due = run.fail_all();
    print(costs, "due", open, "cpu_us", due);
    let until_expiry = ALLOCATOR.current_usage();
    run.apply(&ForwarderEvent::Block { height: IN_EXPIRY });
    let finished = ALLOCATOR.current_usage();
    drop(run);
    let each = |usage: usize| usage.saturating_sub(ALLOCATOR.current_usage()) as f64 / open as f64;
    // What is kept of a finished payment until its edge's expiry: that its onion and its hold's id were seen.
    print(costs, "memory_until_expiry", open, "bytes", each(until_expiry));
    print(costs, "memory_finished", open, "bytes", each(finished));
}

fn main() {
    let most = std::env::var("SCALE_MOST").ok().and_then(|most| most.parse().ok());
    let most: usize = most.unwrap_or(100_000);
    let mut costs = Costs::new();
    let mut runs = Vec::new();
    for open in [1_000, 10_000, 100_000].into_iter().filter(|open| *open <= most) {
        let before = ALLOCATOR.current_usage();
        let run = Run::new(open);
        let bytes = (ALLOCATOR.current_usage() - before) as f64 / open as f64;
        print(&mut costs, "memory_open", open, "bytes", bytes);
        runs.push(run);
    }
    for round in 1..=ROUNDS {
        for run in &mut runs {
            run.sample(1_000_000 * round);
            run.time_blocks();
        }
    }
    for run in &mut runs {
        for (step, cost) in run.least() {
            print(&mut costs, step, run.open, "cpu_us", cost);
        }
    }
    for run in runs {
        end(&mut costs, run);
    }
    print_summary(&costs);
    for (name, event) in
        [("block", ForwarderEvent::Block { height: HEIGHT }), ("payment", Held::new(0).committed())]
    {
        println!("{}", serde_json::json!({ "record_of": name, "bytes": event.to_record().len() }));
    }
}
