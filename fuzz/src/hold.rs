use std::collections::BTreeMap;

use pointlock::hold::{
    Forward, Held, HeldBlind, HoldError, HoldId, HoldRequest, HoldState, HoldStore, Ledger, Limits,
    MemoryStore, Pending, ReleaseSecret, Released,
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
    ledger: Ledger<MemoryStore>,
    requests: BTreeMap<HoldId, HoldRequest>,
    outcomes: BTreeMap<HoldId, Outcome>,
    height: u32,
}

/// Input: steps, each a byte for what is done and a few for with what.
///
/// However requests, releases, blocks and restarts come: a hold is forwarded or failed and never both, forwarded only to whoever knows h and
/// with the y that its sender gave, failed at its cutoff at the latest; the caps hold; a ledger over the same store wants the same.
pub fn hold_ledger(data: &[u8]) -> bool {
    let mut input = Input::new(data);
    let mut driver = Driver {
        ledger: Ledger::new(MemoryStore::default(), LIMITS),
        requests: BTreeMap::new(),
        outcomes: BTreeMap::new(),
        height: 100,
    };
    let mut held = false;
    while !input.is_empty() {
        match input.below(6) {
            0 => held |= driver.hold(&mut input),
            1 => driver.release(&mut input),
            2 => driver.block(&mut input),
            3 => driver.confirm(&mut input),
            4 => driver.restart(),
            _ => driver.resume(),
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
        let request = HoldRequest {
            id: id(number),
            release_hash: secret(number).hash(),
            held_blind: HeldBlind::new(&blind(number), &secret(number)).ok(),
            amount_msat: 500 * input.below(6) as u64,
            cutoff_height: 100 + input.below(40) as u32,
            neighbour: [input.below(2) as u8; 32],
        };
        let taken = self.ledger.hold(request.clone(), self.height);
        match taken {
            Ok(Held::Waiting) => {
                let before = self.requests.insert(request.id, request.clone());
                assert!(before.is_none_or(|before| before == request), "an id has one hold");
                true
            }
            Ok(Held::Forward(forward)) => {
                assert_eq!(self.requests.get(&request.id), Some(&request), "a repetition");
                self.forward(&forward);
                true
            }
            Ok(Held::Finished) => {
                assert_eq!(self.requests.get(&request.id), Some(&request), "a repetition");
                true
            }
            Err(HoldError::IdTaken(_)) => {
                assert_ne!(self.requests.get(&request.id), Some(&request));
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
        assert!(!outcome.failed, "what is failed is not forwarded");
        outcome.forwarded = true;
        let number = usize::from(forward.id.0[0]);
        let given = forward.blind.as_ref().map(Blind::to_point);
        assert_eq!(given, Some(blind(number).to_point()), "y + h less h");
    }

    fn fail(&mut self, hold: &HoldId) {
        let outcome = self.outcomes.entry(*hold).or_default();
        assert!(!outcome.forwarded, "what is forwarded is not failed");
        outcome.failed = true;
    }

    fn block(&mut self, input: &mut Input<'_>) {
        self.height += input.below(12) as u32;
        for hold in self.ledger.block(self.height).expect("memory does not fail") {
            assert!(self.requests[&hold].cutoff_height <= self.height, "before its cutoff");
            self.fail(&hold);
        }
    }

    fn confirm(&mut self, input: &mut Input<'_>) {
        let hold = id(input.below(8));
        let outcome = self.outcomes.get(&hold).copied().unwrap_or_default();
        if input.below(2) == 0 {
            let confirmed = self.ledger.forwarded(&hold);
            assert!(confirmed.is_err() || outcome.forwarded, "nobody was told to forward it");
        } else {
            let confirmed = self.ledger.failed(&hold);
            assert!(confirmed.is_err() || outcome.failed, "nobody was told to fail it");
        }
    }

    /// The process is gone, and the store is there.
    fn restart(&mut self) {
        let wanted = |ledger: &Ledger<MemoryStore>| {
            format!("{:?}", ledger.resume().expect("memory does not fail"))
        };
        let again = Ledger::new(self.ledger.store().clone(), LIMITS);
        assert_eq!(wanted(&again), wanted(&self.ledger), "the store is all there is");
        self.ledger = again;
    }

    fn resume(&mut self) {
        for pending in self.ledger.resume().expect("memory does not fail") {
            match pending {
                Pending::Forward(forward) => self.forward(&forward),
                Pending::Fail(hold) => self.fail(&hold),
            }
        }
    }

    /// What holds at any time.
    fn check(&self) {
        let open = self.ledger.store().open().expect("memory does not fail");
        let sum: u64 = open.iter().map(|record| record.request.amount_msat).sum();
        assert!(open.len() <= LIMITS.holds && sum <= LIMITS.value_msat, "caps");
        for neighbour in [[0; 32], [1; 32]] {
            let of = open.iter().filter(|record| record.request.neighbour == neighbour);
            assert!(of.count() <= LIMITS.holds_per_neighbour, "caps of a neighbour");
        }
        for (hold, request) in &self.requests {
            let state = self.ledger.state(hold).expect("it was taken");
            let outcome = self.outcomes.get(hold).copied().unwrap_or_default();
            match state {
                HoldState::Held => assert!(!outcome.forwarded && !outcome.failed),
                HoldState::Releasing(secret) => {
                    assert!(outcome.forwarded && request.release_hash.is_of(&secret));
                }
                HoldState::Released => assert!(outcome.forwarded && !outcome.failed),
                HoldState::Failing | HoldState::Failed => {
                    assert!(outcome.failed && !outcome.forwarded);
                }
            }
        }
    }
}
