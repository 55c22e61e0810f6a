#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! The hold ledger against a model written from the rules alone, on a store that fails and crashes at any write.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use pointlock::StoreError;
use pointlock::curve::SecretScalar;
use pointlock::hold::{
    Announcement, Cap, Forward, Held, HeldBlind, HoldError, HoldId, HoldRecord, HoldRequest,
    HoldState, HoldStore, Ledger, Limits, Pending, ReleaseSecret, Released, cutoff_height,
};
use pointlock::lock::Blind;
use pointlock::onion::Packet;
use pointlock::wire::{BlindedHop, BlindedPath, IntroductionNode};
use proptest::prelude::*;

// ---- A store that fails ----

/// What goes wrong at a write.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fault {
    /// The write, counted from 0 from when the fault is set.
    write: usize,
    /// Whether the change is on the disk all the same.
    written: bool,
    /// Whether the process is gone, and everything in its memory.
    crash: bool,
}

fn broken_disk() -> StoreError {
    StoreError::new("broken")
}

/// What survives.
#[derive(Default)]
struct Disk {
    records: BTreeMap<HoldId, HoldRecord>,
    writes: usize,
    faults: Vec<Fault>,
}

/// A handle that a running process has on the disk.
struct TestStore {
    disk: Rc<RefCell<Disk>>,
    dead: bool,
}

impl TestStore {
    fn alive(&self) -> Result<(), StoreError> {
        if self.dead { Err(broken_disk()) } else { Ok(()) }
    }

    fn write(&mut self, change: impl FnOnce(&mut Disk) -> bool) -> Result<bool, StoreError> {
        self.alive()?;
        let mut disk = self.disk.borrow_mut();
        let number = disk.writes;
        disk.writes += 1;
        let Some(fault) = disk.faults.iter().find(|fault| fault.write == number).copied() else {
            return Ok(change(&mut disk));
        };
        if fault.written {
            change(&mut disk);
        }
        self.dead = fault.crash;
        Err(broken_disk())
    }
}

impl HoldStore for TestStore {
    fn get(&self, id: &HoldId) -> Result<Option<HoldRecord>, StoreError> {
        self.alive()?;
        Ok(self.disk.borrow().records.get(id).cloned())
    }

    fn open(&self) -> Result<Vec<HoldRecord>, StoreError> {
        self.alive()?;
        let disk = self.disk.borrow();
        Ok(disk.records.values().filter(|record| record.state.is_open()).cloned().collect())
    }

    fn insert(&mut self, record: HoldRecord) -> Result<bool, StoreError> {
        self.write(|disk| {
            let vacant = !disk.records.contains_key(&record.request.id);
            if vacant {
                disk.records.insert(record.request.id, record);
            }
            vacant
        })
    }

    fn compare_and_swap(
        &mut self,
        id: &HoldId,
        from: &HoldState,
        to: HoldState,
    ) -> Result<bool, StoreError> {
        self.write(|disk| match disk.records.get_mut(id) {
            Some(record) if record.state == *from => {
                record.state = to;
                true
            }
            _ => false,
        })
    }

    fn announce(
        &mut self,
        id: &HoldId,
        announcement: Announcement,
        number: u8,
    ) -> Result<bool, StoreError> {
        self.write(|disk| match disk.records.get_mut(id) {
            Some(record)
                if record.state == HoldState::Held && record.announcements + 1 == number =>
            {
                record.announcement = Some(announcement);
                record.announcements = number;
                true
            }
            _ => false,
        })
    }
}

fn start(disk: &Rc<RefCell<Disk>>, limits: Limits) -> Ledger<TestStore> {
    Ledger::new(TestStore { disk: disk.clone(), dead: false }, limits)
}

// ---- What is held ----

const LIMITS: Limits = Limits { holds_per_neighbour: 2, holds: 4, value_msat: 10_000 };

fn id(slot: u8) -> HoldId {
    HoldId([slot; 32])
}

fn scalar(name: &[u8], slot: u8) -> SecretScalar {
    let mut bytes = [slot + 1; 32];
    bytes[..name.len()].copy_from_slice(name);
    SecretScalar::from_bytes(&bytes).unwrap()
}

fn release_secret(slot: u8) -> ReleaseSecret {
    ReleaseSecret::new(scalar(b"release", slot))
}

fn wrong_secret(slot: u8) -> ReleaseSecret {
    ReleaseSecret::new(scalar(b"guess", slot))
}

fn blind(slot: u8) -> Blind {
    Blind::new(scalar(b"blind", slot))
}

/// Of this number: what is in it the ledger never looks at.
fn announcement(number: u8) -> Announcement {
    let point = scalar(b"node", 0).to_point();
    let hop = BlindedHop { blinded_node_id: point, encrypted_recipient_data: vec![number] };
    let path = BlindedPath::from_parts(IntroductionNode::NodeId(point), point, vec![hop]).unwrap();
    let bytes = [&[0][..], point.to_bytes().as_slice(), &[0; 20], &[number; 32]].concat();
    Announcement { path, packet: Packet::from_bytes_of_any_length(&bytes).unwrap() }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Point,
    Hash,
    /// The sender gave h itself, so that y would be zero.
    ZeroBlind,
}

fn request(slot: u8, kind: Kind, amount_msat: u64, cutoff: u32, from: u8) -> HoldRequest {
    let secret = release_secret(slot);
    let held_blind = match kind {
        Kind::Point => Some(HeldBlind::new(&blind(slot), &secret).unwrap()),
        Kind::Hash => None,
        Kind::ZeroBlind => Some(HeldBlind::from_bytes(&secret.dangerous_to_bytes()).unwrap()),
    };
    HoldRequest {
        id: id(slot),
        release_hash: secret.hash(),
        held_blind,
        amount_msat,
        cutoff_height: cutoff,
        neighbour: [from; 32],
    }
}

// ---- The model ----

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Held,
    Releasing,
    Released,
    Failing,
    Failed,
}

fn seen(state: &HoldState) -> State {
    match state {
        HoldState::Held => State::Held,
        HoldState::Releasing(_) => State::Releasing,
        HoldState::Released => State::Released,
        HoldState::Failing => State::Failing,
        HoldState::Failed => State::Failed,
    }
}

#[derive(Clone)]
struct ModelHold {
    request: HoldRequest,
    kind: Kind,
    state: State,
    announcement: Option<u8>,
}

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Waiting,
    Finished,
    AlreadyReleased,
    Done,
    /// With y, unless the lock is a hash.
    Forward(Option<SecretScalar>),
    Failing(BTreeSet<HoldId>),
    Refused(Reason),
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Reason {
    IdTaken,
    CutoffPassed,
    /// Any of these, and no other.
    Caps(Vec<Cap>),
    Wrong,
    TooLate,
    ZeroBlind,
    Unknown,
    OutOfOrder,
}

#[derive(Clone, Default)]
struct Model {
    holds: BTreeMap<u8, ModelHold>,
    height: u32,
}

impl Model {
    fn hold(&mut self, slot: u8, kind: Kind, request: &HoldRequest) -> Answer {
        if let Some(known) = self.holds.get(&slot) {
            if known.request != *request {
                return Answer::Refused(Reason::IdTaken);
            }
            match known.state {
                State::Held => {}
                State::Releasing => return forward(slot, kind),
                _ => return Answer::Finished,
            }
        } else {
            if request.cutoff_height <= self.height {
                return Answer::Refused(Reason::CutoffPassed);
            }
            let caps = self.caps_reached(request);
            if !caps.is_empty() {
                return Answer::Refused(Reason::Caps(caps));
            }
            let (state, announcement) = (State::Held, None);
            let hold = ModelHold { request: request.clone(), kind, state, announcement };
            self.holds.insert(slot, hold);
        }
        Answer::Waiting
    }

    /// As long as nobody announces a hold more often than it may be.
    fn announce(&mut self, slot: u8, number: u8) -> Answer {
        match self.holds.get_mut(&slot) {
            None => Answer::Refused(Reason::Unknown),
            Some(hold) if hold.state != State::Held => Answer::Refused(Reason::OutOfOrder),
            Some(hold) => {
                hold.announcement = Some(number);
                Answer::Done
            }
        }
    }

    fn caps_reached(&self, new: &HoldRequest) -> Vec<Cap> {
        let open: Vec<&HoldRequest> = self
            .holds
            .values()
            .filter(|hold| !matches!(hold.state, State::Released | State::Failed))
            .map(|hold| &hold.request)
            .collect();
        let value: u64 = open.iter().map(|request| request.amount_msat).sum();
        let caps = [
            (
                Cap::HoldsPerNeighbour,
                open.iter().filter(|other| other.neighbour == new.neighbour).count()
                    == LIMITS.holds_per_neighbour,
            ),
            (Cap::Holds, open.len() == LIMITS.holds),
            (Cap::Value, value + new.amount_msat > LIMITS.value_msat),
        ];
        caps.into_iter().filter(|(_, reached)| *reached).map(|(cap, _)| cap).collect()
    }

    fn release(&mut self, slot: u8, right: bool) -> Answer {
        let Some(hold) = self.holds.get_mut(&slot) else {
            return Answer::Refused(Reason::Unknown);
        };
        if !right {
            return Answer::Refused(Reason::Wrong);
        }
        match hold.state {
            State::Held if self.height >= hold.request.cutoff_height => {
                Answer::Refused(Reason::TooLate)
            }
            State::Held if hold.kind == Kind::ZeroBlind => Answer::Refused(Reason::ZeroBlind),
            State::Held | State::Releasing => {
                hold.state = State::Releasing;
                forward(slot, hold.kind)
            }
            State::Released => Answer::AlreadyReleased,
            State::Failing | State::Failed => Answer::Refused(Reason::TooLate),
        }
    }

    fn confirm(&mut self, slot: u8, from: State, to: State) -> Answer {
        match self.holds.get_mut(&slot) {
            None => Answer::Refused(Reason::Unknown),
            Some(hold) if hold.state == from || hold.state == to => {
                hold.state = to;
                Answer::Done
            }
            Some(_) => Answer::Refused(Reason::OutOfOrder),
        }
    }

    fn block(&mut self, height: u32) -> Answer {
        self.height = height;
        let mut failing = BTreeSet::new();
        for (slot, hold) in &mut self.holds {
            if hold.state == State::Held && hold.request.cutoff_height <= height {
                hold.state = State::Failing;
                failing.insert(id(*slot));
            }
        }
        Answer::Failing(failing)
    }
}

fn forward(slot: u8, kind: Kind) -> Answer {
    Answer::Forward((kind == Kind::Point).then(|| blind(slot).as_scalar().clone()))
}

// ---- The ledger's answers in the model's words ----

fn told(forward: Forward) -> Answer {
    Answer::Forward(forward.blind.map(|blind| blind.as_scalar().clone()))
}

fn refused(error: HoldError) -> Result<Answer, StoreError> {
    let reason = match error {
        HoldError::CapReached(cap) => Reason::Caps(vec![cap]),
        HoldError::CutoffPassed { .. } => Reason::CutoffPassed,
        HoldError::IdTaken(_) => Reason::IdTaken,
        HoldError::Unknown(_) => Reason::Unknown,
        HoldError::WrongReleaseSecret(_) => Reason::Wrong,
        HoldError::TooLate(_) => Reason::TooLate,
        HoldError::ZeroBlind(_) => Reason::ZeroBlind,
        HoldError::OutOfOrder(_) => Reason::OutOfOrder,
        HoldError::Store(broken) => return Err(broken),
        other => panic!("{other:?}"),
    };
    Ok(Answer::Refused(reason))
}

fn agree(answer: &Answer, expected: &Answer) -> bool {
    match (answer, expected) {
        (Answer::Refused(Reason::Caps(named)), Answer::Refused(Reason::Caps(reached))) => {
            named.iter().all(|cap| reached.contains(cap))
        }
        _ => answer == expected,
    }
}

#[derive(Clone, Debug)]
enum Call {
    Hold {
        slot: u8,
        kind: Kind,
        amount: u64,
        blocks: u32,
        from: u8,
    },
    /// The request of this slot once more.
    HoldAgain {
        slot: u8,
    },
    Announce {
        slot: u8,
        number: u8,
    },
    Release {
        slot: u8,
        right: bool,
    },
    Forwarded {
        slot: u8,
    },
    Failed {
        slot: u8,
    },
    Block {
        blocks: u32,
    },
    Restart,
}

/// A call with everything in it that depends on what was before.
#[derive(Clone, Debug)]
enum Step {
    Hold(u8, Kind, HoldRequest),
    Announce(u8, u8),
    Release(u8, bool),
    Forwarded(u8),
    Failed(u8),
    Block(u32),
}

fn on_ledger(
    ledger: &mut Ledger<TestStore>,
    step: &Step,
    height: u32,
) -> Result<Answer, StoreError> {
    match step {
        Step::Hold(_, _, request) => match ledger.hold(request.clone(), height) {
            Ok(Held::Waiting) => Ok(Answer::Waiting),
            Ok(Held::Forward(forward)) => Ok(told(forward)),
            Ok(Held::Finished) => Ok(Answer::Finished),
            Err(error) => refused(error),
        },
        Step::Announce(slot, number) => match ledger.announce(&id(*slot), announcement(*number)) {
            Ok(_) => Ok(Answer::Done),
            Err(error) => refused(error),
        },
        Step::Release(slot, right) => {
            let secret = if *right { release_secret(*slot) } else { wrong_secret(*slot) };
            match ledger.release(&id(*slot), &secret, height) {
                Ok(Released::Forward(forward)) => Ok(told(forward)),
                Ok(Released::AlreadyReleased) => Ok(Answer::AlreadyReleased),
                Err(error) => refused(error),
            }
        }
        Step::Forwarded(slot) => match ledger.forwarded(&id(*slot)) {
            Ok(()) => Ok(Answer::Done),
            Err(error) => refused(error),
        },
        Step::Failed(slot) => match ledger.failed(&id(*slot)) {
            Ok(()) => Ok(Answer::Done),
            Err(error) => refused(error),
        },
        Step::Block(height) => match ledger.block(*height) {
            Ok(ids) => Ok(Answer::Failing(ids.into_iter().collect())),
            Err(error) => refused(error),
        },
    }
}

fn on_model(model: &mut Model, step: &Step) -> Answer {
    match step {
        Step::Hold(slot, kind, request) => model.hold(*slot, *kind, request),
        Step::Announce(slot, number) => model.announce(*slot, *number),
        Step::Release(slot, right) => model.release(*slot, *right),
        Step::Forwarded(slot) => model.confirm(*slot, State::Releasing, State::Released),
        Step::Failed(slot) => model.confirm(*slot, State::Failing, State::Failed),
        Step::Block(height) => model.block(*height),
    }
}

fn announcements(disk: &RefCell<Disk>) -> BTreeMap<HoldId, Option<Announcement>> {
    let disk = disk.borrow();
    disk.records.iter().map(|(id, record)| (*id, record.announcement.clone())).collect()
}

fn model_announcements(model: &Model) -> BTreeMap<HoldId, Option<Announcement>> {
    let kept = |hold: &ModelHold| hold.announcement.map(announcement);
    model.holds.iter().map(|(slot, hold)| (id(*slot), kept(hold))).collect()
}

fn states(disk: &RefCell<Disk>) -> BTreeMap<HoldId, State> {
    disk.borrow().records.iter().map(|(id, record)| (*id, seen(&record.state))).collect()
}

fn model_states(model: &Model) -> BTreeMap<HoldId, State> {
    model.holds.iter().map(|(slot, hold)| (id(*slot), hold.state)).collect()
}

/// One hold may have been taken, or have gone a step or two further.
fn is_on_the_way(before: Option<State>, now: Option<State>, after: Option<State>) -> bool {
    now == before || now == after || (before.is_none() && now == Some(State::Held))
}

/// What resume must name: everything that is under way, and nothing else.
fn check_resume(ledger: &Ledger<TestStore>, model: &Model) -> Result<(), TestCaseError> {
    let mut named = BTreeMap::new();
    for pending in ledger.resume().unwrap() {
        let (id, answer) = match pending {
            Pending::Forward(forward) => (forward.id, told(forward)),
            Pending::Fail(id) => (id, Answer::Done),
        };
        prop_assert!(named.insert(id, answer).is_none());
    }
    let expected: BTreeMap<HoldId, Answer> = model
        .holds
        .iter()
        .filter_map(|(slot, hold)| match hold.state {
            State::Releasing => Some((id(*slot), forward(*slot, hold.kind))),
            State::Failing => Some((id(*slot), Answer::Done)),
            _ => None,
        })
        .collect();
    prop_assert_eq!(named, expected);
    Ok(())
}

struct Run {
    disk: Rc<RefCell<Disk>>,
    ledger: Ledger<TestStore>,
    model: Model,
    /// To whom an action was given out, ever.
    forwarded: BTreeSet<HoldId>,
    failed: BTreeSet<HoldId>,
}

impl Run {
    fn new() -> Self {
        let disk = Rc::new(RefCell::new(Disk::default()));
        Self {
            ledger: start(&disk, LIMITS),
            disk,
            model: Model { height: 100, ..Model::default() },
            forwarded: BTreeSet::new(),
            failed: BTreeSet::new(),
        }
    }

    fn step(&self, call: &Call) -> Option<Step> {
        Some(match *call {
            Call::Hold { slot, kind, amount, blocks, from } => {
                let cutoff = self.model.height + blocks;
                let request = request(slot, kind, amount, cutoff, from);
                // A kind that differs shows in the request, unless both have no blind.
                Step::Hold(slot, kind, request)
            }
            Call::HoldAgain { slot } => {
                let hold = self.model.holds.get(&slot)?;
                Step::Hold(slot, hold.kind, hold.request.clone())
            }
            Call::Announce { slot, number } => Step::Announce(slot, number),
            Call::Release { slot, right } => Step::Release(slot, right),
            Call::Forwarded { slot } => Step::Forwarded(slot),
            Call::Failed { slot } => Step::Failed(slot),
            Call::Block { blocks } => Step::Block(self.model.height + blocks),
            Call::Restart => return None,
        })
    }

    fn restart(&mut self) {
        self.ledger = start(&self.disk, LIMITS);
    }

    fn call(&mut self, call: &Call, fault: Option<Fault>) -> Result<(), TestCaseError> {
        let Some(step) = self.step(call) else {
            if matches!(call, Call::Restart) {
                self.restart();
            }
            return check_resume(&self.ledger, &self.model);
        };
        {
            let mut disk = self.disk.borrow_mut();
            disk.writes = 0;
            disk.faults = fault.into_iter().collect();
        }
        let before = model_states(&self.model);
        let mut after = self.model.clone();
        let mut expected = on_model(&mut after, &step);
        let height = self.model.height;
        let mut first = on_ledger(&mut self.ledger, &step, height);
        if first.is_err() {
            let fault = fault.unwrap();
            self.disk.borrow_mut().faults.clear();
            let now = states(&self.disk);
            let then = model_states(&after);
            for id in now.keys().chain(before.keys()) {
                let (before, now, then) = (before.get(id), now.get(id), then.get(id));
                prop_assert!(is_on_the_way(before.copied(), now.copied(), then.copied()));
            }
            if fault.crash {
                // What the disk has is what there is.
                self.restart();
                self.adopt(&step);
                check_resume(&self.ledger, &self.model)?;
                after = self.model.clone();
                expected = on_model(&mut after, &step);
            }
            if let (Step::Block(_), Answer::Failing(ids)) = (&step, &mut expected) {
                // Those that were reached before the fault are named by resume, and by it alone.
                let resumed: Vec<HoldId> = now
                    .iter()
                    .filter(|(_, state)| **state == State::Failing)
                    .map(|(id, _)| *id)
                    .collect();
                self.failed.extend(&resumed);
                ids.retain(|id| !resumed.contains(id));
            }
            // The driver repeats its call, and nothing is lost.
            first = on_ledger(&mut self.ledger, &step, height);
        }
        let answer = first.unwrap();
        prop_assert!(agree(&answer, &expected), "{step:?}: {answer:?}, expected {expected:?}");
        self.model = after;
        prop_assert_eq!(states(&self.disk), model_states(&self.model));
        prop_assert_eq!(announcements(&self.disk), model_announcements(&self.model));
        match (&step, answer) {
            (Step::Hold(slot, ..) | Step::Release(slot, _), Answer::Forward(_)) => {
                self.forwarded.insert(id(*slot));
            }
            (_, Answer::Failing(ids)) => self.failed.extend(ids),
            _ => {}
        }
        prop_assert!(self.forwarded.is_disjoint(&self.failed));
        check_resume(&self.ledger, &self.model)
    }

    /// Takes over into the model what the disk has.
    fn adopt(&mut self, step: &Step) {
        for (id, state) in states(&self.disk) {
            let slot = id.0[0];
            match (self.model.holds.get_mut(&slot), step) {
                (Some(hold), _) => hold.state = state,
                (None, Step::Hold(_, kind, request)) => {
                    let (request, kind, announcement) = (request.clone(), *kind, None);
                    let hold = ModelHold { request, kind, state, announcement };
                    self.model.holds.insert(slot, hold);
                }
                _ => panic!("a hold that nobody asked for"),
            }
        }
    }
}

fn slots() -> impl Strategy<Value = u8> {
    0u8..7
}

fn calls() -> impl Strategy<Value = Call> {
    let kinds =
        prop_oneof![6 => Just(Kind::Point), 2 => Just(Kind::Hash), 1 => Just(Kind::ZeroBlind)];
    let hold = (slots(), kinds, 1u64..5, 0u32..8, 0u8..3).prop_map(
        |(slot, kind, amount, blocks, from)| Call::Hold {
            slot,
            kind,
            amount: amount * 1_000,
            blocks,
            from,
        },
    );
    prop_oneof![
        6 => hold,
        2 => slots().prop_map(|slot| Call::HoldAgain { slot }),
        2 => (slots(), 0u8..3).prop_map(|(slot, number)| Call::Announce { slot, number }),
        6 => (slots(), prop::bool::weighted(0.8)).prop_map(|(slot, right)| Call::Release { slot, right }),
        3 => slots().prop_map(|slot| Call::Forwarded { slot }),
        3 => slots().prop_map(|slot| Call::Failed { slot }),
        3 => (0u32..4).prop_map(|blocks| Call::Block { blocks }),
        1 => Just(Call::Restart),
    ]
}

fn faults() -> impl Strategy<Value = Option<Fault>> {
    let fault = (0usize..3, any::<bool>(), any::<bool>())
        .prop_map(|(write, written, crash)| Fault { write, written, crash });
    prop::option::weighted(0.3, fault)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_does_what_the_model_does(
        calls in prop::collection::vec((calls(), faults()), 1..60),
    ) {
        let mut run = Run::new();
        for (call, fault) in &calls {
            run.call(call, *fault)?;
        }
    }
}

// ---- One scenario, crashed at every write ----

/// The driver and the world around it, which no crash undoes.
#[derive(Default)]
struct World {
    /// Outgoing contracts, with the y they were made with.
    outgoing: BTreeMap<HoldId, Option<SecretScalar>>,
    /// Incoming contracts that were failed.
    failed_back: BTreeSet<HoldId>,
    /// Releases that the receiver has sent.
    sent: Vec<u8>,
}

struct Driver {
    disk: Rc<RefCell<Disk>>,
    ledger: Ledger<TestStore>,
    world: World,
    height: u32,
}

/// What the driver is told from outside.
#[derive(Clone, Copy, Debug)]
enum Told {
    Incoming { slot: u8, kind: Kind, cutoff: u32 },
    Release { slot: u8 },
    Guess { slot: u8 },
    Block { height: u32 },
}

const SCENARIO: &[Told] = &[
    Told::Incoming { slot: 0, kind: Kind::Point, cutoff: 110 },
    Told::Incoming { slot: 1, kind: Kind::Point, cutoff: 110 },
    Told::Incoming { slot: 2, kind: Kind::Hash, cutoff: 103 },
    Told::Release { slot: 1 },
    Told::Guess { slot: 0 },
    Told::Incoming { slot: 3, kind: Kind::Point, cutoff: 103 },
    Told::Block { height: 102 },
    Told::Release { slot: 0 },
    Told::Release { slot: 0 },
    Told::Release { slot: 3 },
    Told::Block { height: 103 },
    Told::Release { slot: 2 },
    Told::Incoming { slot: 4, kind: Kind::Hash, cutoff: 120 },
    Told::Incoming { slot: 5, kind: Kind::Point, cutoff: 120 },
    Told::Block { height: 119 },
    Told::Release { slot: 4 },
    Told::Block { height: 120 },
    Told::Release { slot: 5 },
];

impl Driver {
    fn new(faults: Vec<Fault>) -> Self {
        let disk = Rc::new(RefCell::new(Disk { faults, ..Disk::default() }));
        let limits = Limits::default();
        Self { ledger: start(&disk, limits), disk, world: World::default(), height: 100 }
    }

    /// Until the store lets it through; a dead process is started again.
    fn tell(&mut self, told: Told) {
        for _ in 0..100 {
            if self.try_tell(told).is_ok() {
                return;
            }
            while self.recover().is_err() {}
        }
        panic!("the store was broken for too long");
    }

    fn recover(&mut self) -> Result<(), StoreError> {
        if self.ledger.store().dead {
            self.ledger = start(&self.disk, Limits::default());
        }
        for pending in self.ledger.resume().map_err(broken)? {
            match pending {
                Pending::Forward(forward) => self.forward(forward)?,
                Pending::Fail(id) => self.fail(id)?,
            }
        }
        // A receiver that hears nothing sends its releases again.
        for slot in self.world.sent.clone() {
            self.release(slot, &release_secret(slot))?;
        }
        Ok(())
    }

    fn try_tell(&mut self, told: Told) -> Result<(), StoreError> {
        match told {
            Told::Incoming { slot, kind, cutoff } => {
                match self.ledger.hold(request(slot, kind, 1_000, cutoff, 0), self.height) {
                    Ok(Held::Forward(forward)) => self.forward(forward),
                    Ok(Held::Waiting | Held::Finished) => Ok(()),
                    Err(error) => Err(broken(error)),
                }
            }
            Told::Release { slot } => {
                if !self.world.sent.contains(&slot) {
                    self.world.sent.push(slot);
                }
                self.release(slot, &release_secret(slot))
            }
            Told::Guess { slot } => self.release(slot, &wrong_secret(slot)),
            Told::Block { height } => {
                self.height = height;
                for id in self.ledger.block(height).map_err(broken)? {
                    self.fail(id)?;
                }
                Ok(())
            }
        }
    }

    fn release(&mut self, slot: u8, secret: &ReleaseSecret) -> Result<(), StoreError> {
        match self.ledger.release(&id(slot), secret, self.height) {
            Ok(Released::Forward(forward)) => self.forward(forward),
            Ok(Released::AlreadyReleased)
            | Err(
                HoldError::TooLate(_) | HoldError::WrongReleaseSecret(_) | HoldError::Unknown(_),
            ) => Ok(()),
            Err(error) => Err(broken(error)),
        }
    }

    fn forward(&mut self, forward: Forward) -> Result<(), StoreError> {
        let y = forward.blind.map(|blind| blind.as_scalar().clone());
        assert!(!self.world.failed_back.contains(&forward.id), "forwarded and failed");
        if let Some(before) = self.world.outgoing.insert(forward.id, y.clone()) {
            assert_eq!(before, y);
        }
        self.ledger.forwarded(&forward.id).map_err(broken)
    }

    fn fail(&mut self, id: HoldId) -> Result<(), StoreError> {
        assert!(!self.world.outgoing.contains_key(&id), "failed and forwarded");
        self.world.failed_back.insert(id);
        self.ledger.failed(&id).map_err(broken)
    }

    fn run(mut self) -> (BTreeMap<HoldId, State>, World, usize) {
        for told in SCENARIO {
            self.tell(*told);
        }
        let writes = self.disk.borrow().writes;
        (states(&self.disk), self.world, writes)
    }
}

fn broken(error: HoldError) -> StoreError {
    match error {
        HoldError::Store(broken) => broken,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_crash_at_any_write_changes_nothing_in_the_end() {
    let (expected, world, writes) = Driver::new(Vec::new()).run();
    assert_eq!(
        expected.values().copied().collect::<Vec<_>>(),
        [
            State::Released,
            State::Released,
            State::Failed,
            State::Released,
            State::Released,
            State::Failed,
        ]
    );
    // Each hold is inserted and goes two steps.
    assert_eq!(writes, 18);

    let faults =
        |write| {
            [(false, false), (false, true), (true, false), (true, true)]
                .map(|(written, crash)| Fault { write, written, crash })
        };
    for first in (0..writes).flat_map(faults) {
        for second in (first.write + 1..first.write + 5).flat_map(faults) {
            let (end, after, _) = Driver::new(vec![first, second]).run();
            assert_eq!(end, expected, "{first:?} {second:?}");
            assert_eq!(after.outgoing, world.outgoing, "{first:?} {second:?}");
            assert_eq!(after.failed_back, world.failed_back, "{first:?} {second:?}");
        }
    }
}

// ---- Borders ----

/// The last height before the cutoff, and the cutoff itself.
#[test]
fn a_release_counts_below_the_cutoff_only() {
    for (height, released) in [(109, true), (110, false), (111, false)] {
        let disk = Rc::default();
        let mut ledger = start(&disk, LIMITS);
        ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
        let result = ledger.release(&id(0), &release_secret(0), height);
        assert_eq!(matches!(result, Ok(Released::Forward(_))), released);
        if !released {
            assert_eq!(result.unwrap_err(), HoldError::TooLate(id(0)));
            // No block was needed for that, and the block fails it.
            assert_eq!(ledger.block(height).unwrap(), [id(0)]);
        }
        assert!(matches!(
            ledger.hold(request(1, Kind::Point, 1_000, 110, 0), height),
            Ok(Held::Waiting) | Err(HoldError::CutoffPassed { cutoff: 110, .. })
        ));
        assert_eq!(ledger.state(&id(1)).is_ok(), released);
    }
}

#[test]
fn each_cap_is_named_by_itself() {
    let of = |slot, amount, from| request(slot, Kind::Point, amount, 200, from);
    let refusal = |limits: Limits, taken: &[HoldRequest], next: HoldRequest| {
        let mut ledger = start(&Rc::default(), limits);
        for request in taken {
            assert!(matches!(ledger.hold(request.clone(), 100), Ok(Held::Waiting)));
        }
        ledger.hold(next, 100).map(|_| ()).err()
    };
    let wide = Limits::default();
    let taken = [of(0, 1_000, 0), of(1, 2_000, 0)];
    let capped = |cap| Some(HoldError::CapReached(cap));

    let limits = Limits { holds_per_neighbour: 2, ..wide };
    assert_eq!(refusal(limits, &taken, of(2, 1, 0)), capped(Cap::HoldsPerNeighbour));
    assert_eq!(refusal(limits, &taken, of(2, 1, 1)), None);
    let limits = Limits { holds: 2, ..wide };
    assert_eq!(refusal(limits, &taken, of(2, 1, 1)), capped(Cap::Holds));
    assert_eq!(refusal(Limits { holds: 3, ..wide }, &taken, of(2, 1, 1)), None);
    let limits = Limits { value_msat: 3_005, ..wide };
    assert_eq!(refusal(limits, &taken, of(2, 6, 1)), capped(Cap::Value));
    assert_eq!(refusal(limits, &taken, of(2, 5, 1)), None);
    // A sum beyond 64 bits is not a small one.
    let limits = Limits { value_msat: u64::MAX, ..wide };
    assert_eq!(refusal(limits, &taken, of(2, u64::MAX, 1)), capped(Cap::Value));
}

#[test]
fn a_slot_is_free_again_after_either_end() {
    let mut ledger = start(&Rc::default(), Limits { holds: 1, ..Limits::default() });
    ledger.hold(request(0, Kind::Point, 1, 110, 0), 100).unwrap();
    ledger.release(&id(0), &release_secret(0), 100).unwrap();
    let full = ledger.hold(request(1, Kind::Point, 1, 110, 0), 100).unwrap_err();
    assert_eq!(full, HoldError::CapReached(Cap::Holds));
    ledger.forwarded(&id(0)).unwrap();
    ledger.hold(request(1, Kind::Point, 1, 110, 0), 100).unwrap();
    ledger.block(110).unwrap();
    let full = ledger.hold(request(2, Kind::Point, 1, 120, 0), 110).unwrap_err();
    assert_eq!(full, HoldError::CapReached(Cap::Holds));
    ledger.failed(&id(1)).unwrap();
    ledger.hold(request(2, Kind::Point, 1, 120, 0), 110).unwrap();
}

/// Of a release for a hold that is not here nothing is kept: it has to come again.
#[test]
fn no_release_is_ahead_of_its_hold() {
    let disk = Rc::default();
    let mut ledger = start(&disk, LIMITS);
    for _ in 0..1_000 {
        let early = ledger.release(&id(0), &release_secret(0), 100).unwrap_err();
        assert_eq!(early, HoldError::Unknown(id(0)));
    }
    assert_eq!(disk.borrow().writes, 0);
    let held = ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
    assert!(matches!(held, Held::Waiting));
    assert!(matches!(ledger.release(&id(0), &release_secret(0), 100), Ok(Released::Forward(_))));
}

/// The newest counts, the same again is none, and there is a last one; as long as it waits, and below the cutoff.
#[test]
fn a_hold_keeps_its_newest_announcement_while_it_waits() {
    let disk = Rc::default();
    let mut ledger = start(&disk, LIMITS);
    let early = ledger.announce(&id(0), announcement(1)).unwrap_err();
    assert_eq!((early, disk.borrow().writes), (HoldError::Unknown(id(0)), 0));
    ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
    assert_eq!(ledger.announced(100), Ok(vec![]));
    for number in 1..=Ledger::<TestStore>::MAX_ANNOUNCEMENTS {
        assert_eq!(ledger.announce(&id(0), announcement(number)), Ok(true));
        assert_eq!(ledger.announce(&id(0), announcement(number)), Ok(false));
        assert_eq!(ledger.announcement(&id(0), 100), Ok(Some(announcement(number))));
    }
    let capped = Err(HoldError::CapReached(Cap::Announcements));
    assert_eq!(ledger.announce(&id(0), announcement(99)), capped);
    let last = announcement(Ledger::<TestStore>::MAX_ANNOUNCEMENTS);
    assert_eq!(ledger.announcement(&id(0), 109), Ok(Some(last)));
    assert_eq!((ledger.announced(109), ledger.announced(110)), (Ok(vec![id(0)]), Ok(vec![])));
    assert_eq!(ledger.announcement(&id(0), 110), Ok(None));
    assert_eq!(ledger.announcement(&id(1), 100), Ok(None));
    ledger.release(&id(0), &release_secret(0), 100).unwrap();
    assert_eq!(ledger.announced(100), Ok(vec![]));
    assert_eq!(ledger.announce(&id(0), announcement(1)), Err(HoldError::OutOfOrder(id(0))));
}

/// y_1 + h says nothing of y_1, and only the right h gives it.
#[test]
fn the_blind_comes_out_with_the_right_secret_only() {
    let held = HeldBlind::new(&blind(0), &release_secret(0)).unwrap();
    assert_ne!(held.as_scalar(), blind(0).as_scalar());
    assert_eq!(held.open(&release_secret(0)).unwrap().as_scalar(), blind(0).as_scalar());
    assert_ne!(held.open(&wrong_secret(0)).unwrap().as_scalar(), blind(0).as_scalar());

    let mut ledger = start(&Rc::default(), LIMITS);
    ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
    let wrong = ledger.release(&id(0), &wrong_secret(0), 100).unwrap_err();
    assert_eq!(wrong, HoldError::WrongReleaseSecret(id(0)));
    // Another hold's secret is as wrong as any.
    let other = ledger.release(&id(0), &release_secret(1), 100).unwrap_err();
    assert_eq!(other, HoldError::WrongReleaseSecret(id(0)));
    let Ok(Released::Forward(forward)) = ledger.release(&id(0), &release_secret(0), 100) else {
        panic!("right secret");
    };
    assert_eq!(forward.blind.unwrap().as_scalar(), blind(0).as_scalar());
}

#[test]
fn cutoff_is_the_earlier_of_what_sender_and_contract_allow() {
    assert_eq!(cutoff_height(500, 1_000, 10, 100, 18), 500);
    assert_eq!(cutoff_height(900, 1_000, 10, 100, 18), 872);
    assert_eq!(cutoff_height(872, 1_000, 10, 100, 18), 872);
    assert_eq!(cutoff_height(900, 1_000, 2_000, 100, 18), 0);
    assert_eq!(cutoff_height(u32::MAX, u32::MAX, 0, 0, u32::MAX), 0);
}
