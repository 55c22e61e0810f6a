use std::collections::BTreeMap;

use pointlock::hold::{
    Forward, HeldBlind, Hold, HoldError, HoldId, HoldRequest, HoldState, Ledger, Limits,
    ReleaseSecret, Released,
};
use pointlock::lock::Blind;

use crate::input::{Input, fixed_scalar};

const LIMITS: Limits = Limits { holds_per_neighbour: 3, holds: 5, value_msat: 4_000 };

/// What the money of a hold has come to, as its driver sees it.
#[derive(Clone, Copy, Debug, Default)]
struct Outcome {
    /// It was told to forward.
    forwarded: bool,
    /// It was told to fail.
    failed: bool,
}

struct Driver {
    ledger: Ledger,
    requests: BTreeMap<HoldId, HoldRequest>,
    outcomes: BTreeMap<HoldId, Outcome>,
    height: u32,
}

/// Input: steps, each a byte for what is done and a few for with what.
///
/// However requests, releases, blocks and confirmations come: a hold is told to be forwarded or to be failed, once and never both, forwarded
/// only to whoever knows h and with the y that its sender gave, failed at its cutoff at the latest; the caps hold; an id is taken until the
/// incoming edge has expired, and no longer.
pub fn hold_ledger(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let mut driver = Driver {
        ledger: Ledger::new(LIMITS),
        requests: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        height: 100,
    };
    let mut held = false;
    while !input.is_empty() {
        match input.below(6) {
            0 | 4 => held |= driver.hold(&mut input),
            1 | 5 => driver.release(&mut input),
            2 => driver.block(&mut input),
            _ => driver.confirm(&mut input),
        }
        driver.check();
    }
    held
}

fn id(number: usize) -> HoldId {
    HoldId([number as u8; 32])
}

fn secret(number: usize) -> ReleaseSecret {
    ReleaseSecret::new(fixed_scalar(1 + number as u8))
}

/// y of each hold, so that what a release gives can be told from it.
fn blind(number: usize) -> Blind {
    Blind::new(fixed_scalar(101 + number as u8))
}

impl Driver {
    fn hold(&mut self, input: &mut Input<'_>) -> bool {
        let number = input.below(8);
        let cutoff_height = 100 + input.below(40) as u32;
        let request = HoldRequest {
            id: id(number),
            release_hash: secret(number).hash(),
            held_blind: HeldBlind::new(&blind(number), &secret(number)).ok(),
            amount_msat: 500 * input.below(6) as u64,
            expiry: cutoff_height + 10,
            cutoff_height,
            neighbour: [input.below(2) as u8; 32],
        };
        let taken = self.ledger.hold(request.clone(), self.height);
        match taken {
            Ok(()) => {
                assert!(self.requests.insert(request.id, request).is_none(), "an id has one hold");
                true
            }
            Err(HoldError::IdTaken(taken)) => {
                assert!(self.requests.contains_key(&taken));
                false
            }
            Err(_) => false,
        }
    }

    fn release(&mut self, input: &mut Input<'_>) {
        let (number, other) = (input.below(8), input.below(8));
        match self.ledger.release(&id(number), &secret(other), self.height) {
            Ok(released) => {
                assert_eq!(number, other, "by a wrong h");
                if let Released::Forward(forward) = released {
                    self.forward(&forward);
                }
            }
            Err(HoldError::WrongReleaseSecret(_)) => assert_ne!(number, other),
            Err(HoldError::Unknown(unknown)) => assert!(!self.requests.contains_key(&unknown)),
            Err(_) => {}
        }
    }

    fn forward(&mut self, forward: &Forward) {
        let outcome = self.outcomes.entry(forward.id).or_default();
        assert!(!outcome.failed && !outcome.forwarded, "neither failed nor forwarded before");
        outcome.forwarded = true;
        let number = usize::from(forward.id.0[0]);
        let given = forward.blind.as_ref().map(Blind::to_point);
        assert_eq!(given, Some(blind(number).to_point()), "y + h less h");
    }

    fn fail(&mut self, hold: &HoldId) {
        let outcome = self.outcomes.entry(*hold).or_default();
        assert!(!outcome.failed && !outcome.forwarded, "neither failed nor forwarded before");
        outcome.failed = true;
    }

    fn block(&mut self, input: &mut Input<'_>) {
        self.height += input.below(12) as u32;
        for hold in self.ledger.block(self.height) {
            assert!(self.requests[&hold].cutoff_height <= self.height, "before its cutoff");
            self.fail(&hold);
        }
        let (ledger, height) = (&self.ledger, self.height);
        self.requests.retain(|hold, request| {
            let kept = ledger.get(hold).is_some();
            assert!(kept || request.expiry <= height, "forgotten before its edge has expired");
            kept
        });
        let requests = &self.requests;
        self.outcomes.retain(|hold, _| requests.contains_key(hold));
    }

    fn confirm(&mut self, input: &mut Input<'_>) {
        let hold = id(input.below(8));
        let outcome = self.outcomes.get(&hold).copied().unwrap_or_default();
        if input.below(2) == 0 {
            let confirmed = self.ledger.forwarded(&hold);
            assert!(confirmed.is_err() || outcome.forwarded, "nobody was told to forward it");
        } else {
            let confirmed = self.ledger.failed(&hold);
            // What was to be forwarded is failed where it can't be offered.
            let told = outcome.failed || outcome.forwarded;
            assert!(confirmed.is_err() || told, "nobody was told to do anything");
        }
    }

    /// What holds at any time.
    fn check(&self) {
        let open: Vec<&Hold> = self.ledger.holds().filter(|hold| hold.state.is_open()).collect();
        let sum: u64 = open.iter().map(|hold| hold.request.amount_msat).sum();
        let counted = self.ledger.open();
        assert_eq!((counted.count, counted.value_msat), (open.len(), sum));
        assert!(open.len() <= LIMITS.holds && sum <= LIMITS.value_msat, "caps");
        for neighbour in [[0; 32], [1; 32]] {
            let of = open.iter().filter(|hold| hold.request.neighbour == neighbour);
            assert!(of.count() <= LIMITS.holds_per_neighbour, "caps of a neighbour");
        }
        for (hold, request) in &self.requests {
            let state = self.ledger.state(hold).expect("it was taken");
            let outcome = self.outcomes.get(hold).copied().unwrap_or_default();
            match state {
                HoldState::Held => assert!(!outcome.forwarded && !outcome.failed),
                HoldState::Releasing(secret) => {
                    assert!(outcome.forwarded && request.release_hash.is_of(secret));
                }
                HoldState::Released => assert!(outcome.forwarded && !outcome.failed),
                HoldState::Failing => assert!(outcome.failed && !outcome.forwarded),
                HoldState::Failed => assert!(outcome.failed != outcome.forwarded),
            }
        }
    }
}
