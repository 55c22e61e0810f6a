#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]
//! The hold ledger against a model written from the rules alone.

use std::collections::{BTreeMap, BTreeSet};

use pointlock::curve::SecretScalar;
use pointlock::hold::{
    Announcement, Cap, Forward, HeldBlind, HoldError, HoldId, HoldRequest, HoldState, Ledger,
    Limits, OpenHolds, ReleaseSecret, Released, cutoff_height,
};
use pointlock::lock::Blind;
use pointlock::onion::Packet;
use pointlock::wire::{BlindedHop, BlindedPath, IntroductionNode};
use proptest::prelude::*;

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

/// How long after its cutoff an incoming edge expires in these tests.
const BLOCKS_AFTER_CUTOFF: u32 = 4;

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
        expiry: cutoff + BLOCKS_AFTER_CUTOFF,
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
    announcements: u8,
}

/// What a call answers.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Answer {
    Held,
    AlreadyReleased,
    Announced {
        new: bool,
    },
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
    TooManyAnnouncements,
}

#[derive(Clone, Default)]
struct Model {
    holds: BTreeMap<u8, ModelHold>,
    height: u32,
}

impl Model {
    fn hold(&mut self, slot: u8, kind: Kind, request: &HoldRequest) -> Answer {
        if self.holds.contains_key(&slot) {
            return Answer::Refused(Reason::IdTaken);
        }
        if request.cutoff_height <= self.height {
            return Answer::Refused(Reason::CutoffPassed);
        }
        let caps = self.caps_reached(request);
        if !caps.is_empty() {
            return Answer::Refused(Reason::Caps(caps));
        }
        let (request, state) = (request.clone(), State::Held);
        self.holds
            .insert(slot, ModelHold { request, kind, state, announcement: None, announcements: 0 });
        Answer::Held
    }

    fn announce(&mut self, slot: u8, number: u8) -> Answer {
        match self.holds.get_mut(&slot) {
            None => Answer::Refused(Reason::Unknown),
            Some(hold) if hold.state != State::Held => Answer::Refused(Reason::OutOfOrder),
            Some(hold) if hold.announcement == Some(number) => Answer::Announced { new: false },
            Some(hold) if hold.announcements == 8 => Answer::Refused(Reason::TooManyAnnouncements),
            Some(hold) => {
                hold.announcement = Some(number);
                hold.announcements += 1;
                Answer::Announced { new: true }
            }
        }
    }

    fn open(&self) -> Vec<&HoldRequest> {
        let ended = |hold: &&ModelHold| matches!(hold.state, State::Released | State::Failed);
        self.holds.values().filter(|hold| !ended(hold)).map(|hold| &hold.request).collect()
    }

    fn caps_reached(&self, new: &HoldRequest) -> Vec<Cap> {
        let open = self.open();
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
            State::Held => {
                hold.state = State::Releasing;
                hold.announcement = None;
                forward(slot, hold.kind)
            }
            State::Releasing | State::Released => Answer::AlreadyReleased,
            State::Failing | State::Failed => Answer::Refused(Reason::TooLate),
        }
    }

    fn forwarded(&mut self, slot: u8) -> Answer {
        self.confirm(slot, |state| match state {
            State::Releasing | State::Released => Some(State::Released),
            State::Held | State::Failing | State::Failed => None,
        })
    }

    /// Said of the incoming edge: of a payment that went on it changes nothing here.
    fn failed(&mut self, slot: u8) -> Answer {
        self.confirm(slot, |state| match state {
            State::Releasing | State::Failing | State::Failed => Some(State::Failed),
            State::Released => Some(State::Released),
            State::Held => None,
        })
    }

    fn confirm(&mut self, slot: u8, to: fn(State) -> Option<State>) -> Answer {
        match self.holds.get_mut(&slot) {
            None => Answer::Refused(Reason::Unknown),
            Some(hold) => match to(hold.state) {
                Some(to) => {
                    hold.state = to;
                    Answer::Done
                }
                None => Answer::Refused(Reason::OutOfOrder),
            },
        }
    }

    fn block(&mut self, height: u32) -> Answer {
        self.height = height;
        let mut failing = BTreeSet::new();
        for (slot, hold) in &mut self.holds {
            if hold.state == State::Held && hold.request.cutoff_height <= height {
                hold.state = State::Failing;
                hold.announcement = None;
                failing.insert(id(*slot));
            }
        }
        // Nobody else gets an id while the incoming edge may stand.
        let ended = |hold: &ModelHold| matches!(hold.state, State::Released | State::Failed);
        self.holds.retain(|_, hold| !ended(hold) || hold.request.expiry > height);
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

fn refused(error: HoldError) -> Answer {
    let reason = match error {
        HoldError::CapReached(Cap::Announcements) => Reason::TooManyAnnouncements,
        HoldError::CapReached(cap) => Reason::Caps(vec![cap]),
        HoldError::CutoffPassed { .. } => Reason::CutoffPassed,
        HoldError::IdTaken(_) => Reason::IdTaken,
        HoldError::Unknown(_) => Reason::Unknown,
        HoldError::WrongReleaseSecret(_) => Reason::Wrong,
        HoldError::TooLate(_) => Reason::TooLate,
        HoldError::ZeroBlind(_) => Reason::ZeroBlind,
        HoldError::OutOfOrder(_) => Reason::OutOfOrder,
        other => panic!("{other:?}"),
    };
    Answer::Refused(reason)
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

fn on_ledger(ledger: &mut Ledger, step: &Step, height: u32) -> Answer {
    let done = |done: Result<(), HoldError>| done.map_or_else(refused, |()| Answer::Done);
    match step {
        Step::Hold(_, _, request) => {
            ledger.hold(request.clone(), height).map_or_else(refused, |()| Answer::Held)
        }
        Step::Announce(slot, number) => ledger
            .announce(&id(*slot), announcement(*number))
            .map_or_else(refused, |new| Answer::Announced { new }),
        Step::Release(slot, right) => {
            let secret = if *right { release_secret(*slot) } else { wrong_secret(*slot) };
            match ledger.release(&id(*slot), &secret, height) {
                Ok(Released::Forward(forward)) => told(forward),
                Ok(Released::AlreadyReleased) => Answer::AlreadyReleased,
                Err(error) => refused(error),
            }
        }
        Step::Forwarded(slot) => done(ledger.forwarded(&id(*slot))),
        Step::Failed(slot) => done(ledger.failed(&id(*slot))),
        Step::Block(height) => Answer::Failing(ledger.block(*height).into_iter().collect()),
    }
}

fn on_model(model: &mut Model, step: &Step) -> Answer {
    match step {
        Step::Hold(slot, kind, request) => model.hold(*slot, *kind, request),
        Step::Announce(slot, number) => model.announce(*slot, *number),
        Step::Release(slot, right) => model.release(*slot, *right),
        Step::Forwarded(slot) => model.forwarded(*slot),
        Step::Failed(slot) => model.failed(*slot),
        Step::Block(height) => model.block(*height),
    }
}

/// The ledger's holds as the model knows them: by id, with what is open of them and what is to be sent.
fn check_same(ledger: &Ledger, model: &Model) -> Result<(), TestCaseError> {
    prop_assert_eq!(ledger.holds().len(), model.holds.len());
    for (slot, expected) in &model.holds {
        let kept = ledger.get(&id(*slot)).unwrap();
        prop_assert_eq!(&kept.request, &expected.request);
        prop_assert_eq!(seen(&kept.state), expected.state);
        prop_assert_eq!(seen(ledger.state(&id(*slot)).unwrap()), expected.state);
        prop_assert_eq!(&kept.announcement, &expected.announcement.map(announcement));
        let waits = expected.state == State::Held && expected.request.cutoff_height > model.height;
        let sent = expected.announcement.filter(|_| waits).map(announcement);
        prop_assert_eq!(ledger.announcement(&id(*slot), model.height), sent.as_ref());
        let listed = ledger.announced(model.height).any(|hold| hold == id(*slot));
        prop_assert_eq!(listed, sent.is_some());
    }
    let open = model.open();
    let value_msat = open.iter().map(|request| request.amount_msat).sum();
    prop_assert_eq!(ledger.open(), OpenHolds { count: open.len(), value_msat });
    Ok(())
}

struct Run {
    ledger: Ledger,
    model: Model,
    /// To whom an action was given out, ever, by which hold of that id it was.
    forwarded: BTreeSet<HoldId>,
    failed: BTreeSet<HoldId>,
}

impl Run {
    fn new() -> Self {
        Self {
            ledger: Ledger::new(LIMITS),
            model: Model { height: 100, ..Model::default() },
            forwarded: BTreeSet::new(),
            failed: BTreeSet::new(),
        }
    }

    fn step(&self, call: &Call) -> Option<Step> {
        Some(match *call {
            Call::Hold { slot, kind, amount, blocks, from } => {
                let cutoff = self.model.height + blocks;
                Step::Hold(slot, kind, request(slot, kind, amount, cutoff, from))
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
        })
    }

    fn call(&mut self, call: &Call) -> Result<(), TestCaseError> {
        let Some(step) = self.step(call) else { return Ok(()) };
        let height = self.model.height;
        let expected = on_model(&mut self.model, &step);
        let answer = on_ledger(&mut self.ledger, &step, height);
        prop_assert!(agree(&answer, &expected), "{step:?}: {answer:?}, expected {expected:?}");
        check_same(&self.ledger, &self.model)?;
        // An id that is free again is another hold's.
        let model = &self.model;
        let is_taken = |id: &HoldId| model.holds.contains_key(&id.0[0]);
        self.forwarded.retain(is_taken);
        self.failed.retain(is_taken);
        match (&step, answer) {
            (Step::Release(slot, _), Answer::Forward(_)) => {
                prop_assert!(self.forwarded.insert(id(*slot)), "forwarded twice");
            }
            (_, Answer::Failing(ids)) => {
                for id in ids {
                    prop_assert!(self.failed.insert(id), "failed twice");
                }
            }
            _ => {}
        }
        prop_assert!(self.forwarded.is_disjoint(&self.failed));
        Ok(())
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
        6 => (slots(), 0u8..20).prop_map(|(slot, number)| Call::Announce { slot, number }),
        6 => (slots(), prop::bool::weighted(0.8)).prop_map(|(slot, right)| Call::Release { slot, right }),
        3 => slots().prop_map(|slot| Call::Forwarded { slot }),
        3 => slots().prop_map(|slot| Call::Failed { slot }),
        3 => (0u32..4).prop_map(|blocks| Call::Block { blocks }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_ledger_does_what_the_model_does(
        calls in prop::collection::vec(calls(), 1..120),
    ) {
        let mut run = Run::new();
        for call in &calls {
            run.call(call)?;
        }
    }
}

// ---- Borders ----

/// The last height before the cutoff, and the cutoff itself.
#[test]
fn a_release_counts_below_the_cutoff_only() {
    for (height, released) in [(109, true), (110, false), (111, false)] {
        let mut ledger = Ledger::new(LIMITS);
        ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
        let result = ledger.release(&id(0), &release_secret(0), height);
        assert_eq!(matches!(result, Ok(Released::Forward(_))), released);
        if !released {
            assert_eq!(result.unwrap_err(), HoldError::TooLate(id(0)));
            // No block was needed for that, and the block fails it.
            assert_eq!(ledger.block(height), [id(0)]);
        }
        assert!(matches!(
            ledger.hold(request(1, Kind::Point, 1_000, 110, 0), height),
            Ok(()) | Err(HoldError::CutoffPassed { cutoff: 110, .. })
        ));
        assert_eq!(ledger.state(&id(1)).is_ok(), released);
    }
}

#[test]
fn each_cap_is_named_by_itself() {
    let of = |slot, amount, from| request(slot, Kind::Point, amount, 200, from);
    let refusal = |limits: Limits, taken: &[HoldRequest], next: HoldRequest| {
        let mut ledger = Ledger::new(limits);
        for request in taken {
            assert_eq!(ledger.hold(request.clone(), 100), Ok(()));
        }
        ledger.hold(next, 100).err()
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
    let mut ledger = Ledger::new(Limits { holds: 1, ..Limits::default() });
    ledger.hold(request(0, Kind::Point, 1, 110, 0), 100).unwrap();
    ledger.release(&id(0), &release_secret(0), 100).unwrap();
    let full = ledger.hold(request(1, Kind::Point, 1, 110, 0), 100).unwrap_err();
    assert_eq!(full, HoldError::CapReached(Cap::Holds));
    ledger.forwarded(&id(0)).unwrap();
    ledger.hold(request(1, Kind::Point, 1, 110, 0), 100).unwrap();
    assert_eq!(ledger.block(110), [id(1)]);
    let full = ledger.hold(request(2, Kind::Point, 1, 120, 0), 110).unwrap_err();
    assert_eq!(full, HoldError::CapReached(Cap::Holds));
    ledger.failed(&id(1)).unwrap();
    ledger.hold(request(2, Kind::Point, 1, 120, 0), 110).unwrap();
}

/// However it ended: until the incoming edge has expired the id is taken, by the same request too.
#[test]
fn an_id_is_taken_until_the_incoming_edge_has_expired() {
    for released in [true, false] {
        let mut ledger = Ledger::new(LIMITS);
        let first = request(0, Kind::Point, 1_000, 110, 0);
        ledger.hold(first.clone(), 100).unwrap();
        let end = if released {
            ledger.release(&id(0), &release_secret(0), 100).unwrap();
            ledger.forwarded(&id(0)).unwrap();
            State::Released
        } else {
            assert_eq!(ledger.block(110), [id(0)]);
            ledger.failed(&id(0)).unwrap();
            State::Failed
        };
        let again = |cutoff| request(0, Kind::Hash, 2_000, cutoff, 1);
        let last = 110 + BLOCKS_AFTER_CUTOFF - 1;
        assert_eq!(ledger.block(last), []);
        assert_eq!(seen(ledger.state(&id(0)).unwrap()), end);
        assert_eq!(ledger.hold(again(200), last), Err(HoldError::IdTaken(id(0))));
        assert_eq!(ledger.hold(first, last), Err(HoldError::IdTaken(id(0))));
        assert_eq!(ledger.block(last + 1), []);
        assert_eq!(ledger.state(&id(0)), Err(HoldError::Unknown(id(0))));
        assert_eq!(ledger.hold(again(200), last + 1), Ok(()));
    }
}

/// A hold that is still under way keeps its id beyond the expiry of its edge.
#[test]
fn an_open_hold_is_not_forgotten() {
    let mut ledger = Ledger::new(LIMITS);
    ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
    ledger.hold(request(1, Kind::Point, 1_000, 110, 0), 100).unwrap();
    ledger.release(&id(0), &release_secret(0), 100).unwrap();
    assert_eq!(ledger.block(1_000), [id(1)]);
    assert_eq!(ledger.holds().len(), 2);
    ledger.forwarded(&id(0)).unwrap();
    ledger.failed(&id(1)).unwrap();
    assert_eq!(ledger.block(1_001), []);
    assert_eq!(ledger.holds().len(), 0);
}

/// Of a release for a hold that is not here nothing is kept: it has to come again.
#[test]
fn no_release_is_ahead_of_its_hold() {
    let mut ledger = Ledger::new(LIMITS);
    for _ in 0..1_000 {
        let early = ledger.release(&id(0), &release_secret(0), 100).unwrap_err();
        assert_eq!(early, HoldError::Unknown(id(0)));
    }
    assert_eq!(ledger.holds().len(), 0);
    ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
    assert_eq!(seen(ledger.state(&id(0)).unwrap()), State::Held);
    assert!(matches!(ledger.release(&id(0), &release_secret(0), 100), Ok(Released::Forward(_))));
}

/// The newest counts, the same again is none, and there is a last one; as long as it waits, and below the cutoff.
#[test]
fn a_hold_keeps_its_newest_announcement_while_it_waits() {
    let mut ledger = Ledger::new(LIMITS);
    let early = ledger.announce(&id(0), announcement(1)).unwrap_err();
    assert_eq!((early, ledger.holds().len()), (HoldError::Unknown(id(0)), 0));
    ledger.hold(request(0, Kind::Point, 1_000, 110, 0), 100).unwrap();
    let announced = |ledger: &Ledger, height| -> Vec<HoldId> { ledger.announced(height).collect() };
    assert_eq!(announced(&ledger, 100), []);
    for number in 1..=Ledger::MAX_ANNOUNCEMENTS {
        assert_eq!(ledger.announce(&id(0), announcement(number)), Ok(true));
        assert_eq!(ledger.announce(&id(0), announcement(number)), Ok(false));
        assert_eq!(ledger.announcement(&id(0), 100), Some(&announcement(number)));
    }
    let capped = Err(HoldError::CapReached(Cap::Announcements));
    assert_eq!(ledger.announce(&id(0), announcement(99)), capped);
    let last = announcement(Ledger::MAX_ANNOUNCEMENTS);
    assert_eq!(ledger.announcement(&id(0), 109), Some(&last));
    assert_eq!(announced(&ledger, 109), [id(0)]);
    assert_eq!(announced(&ledger, 110), []);
    assert_eq!(ledger.announcement(&id(0), 110), None);
    assert_eq!(ledger.announcement(&id(1), 100), None);
    ledger.release(&id(0), &release_secret(0), 100).unwrap();
    assert_eq!(announced(&ledger, 100), []);
    assert_eq!(ledger.announce(&id(0), announcement(1)), Err(HoldError::OutOfOrder(id(0))));
}

/// y_1 + h says nothing of y_1, and only the right h gives it.
#[test]
fn the_blind_comes_out_with_the_right_secret_only() {
    let held = HeldBlind::new(&blind(0), &release_secret(0)).unwrap();
    assert_ne!(held.as_scalar(), blind(0).as_scalar());
    assert_eq!(held.open(&release_secret(0)).unwrap().as_scalar(), blind(0).as_scalar());
    assert_ne!(held.open(&wrong_secret(0)).unwrap().as_scalar(), blind(0).as_scalar());

    let mut ledger = Ledger::new(LIMITS);
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
