use pointlock::hold::{
    Cap, HeldBlind, HoldError, HoldId, HoldRequest, Ledger, Limits, ReleaseSecret,
};

use crate::curve::{blind, scalar};
use crate::variants::{Case, said};

const ID: HoldId = HoldId([1; 32]);

fn release() -> ReleaseSecret {
    ReleaseSecret::new(scalar(5))
}

fn request(id: u8) -> HoldRequest {
    HoldRequest {
        id: HoldId([id; 32]),
        release_hash: release().hash(),
        held_blind: HeldBlind::new(&blind(6), &release()).ok(),
        amount_msat: 1_000,
        expiry: 200,
        cutoff_height: 100,
        neighbour: [1; 32],
    }
}

fn ledger_with(request: HoldRequest) -> Ledger {
    let limits = Limits { holds: 1, ..Limits::default() };
    let mut ledger = Ledger::new(limits);
    ledger.hold(request, 10).unwrap();
    ledger
}

fn ledger() -> Ledger {
    ledger_with(request(1))
}

pub(crate) const CASES: &[Case] = &[
    ("HoldError::CapReached", || {
        let refused = ledger().hold(request(2), 10);
        assert_eq!(refused.as_ref().unwrap_err(), &HoldError::CapReached(Cap::Holds));
        said(refused)
    }),
    ("HoldError::CutoffPassed", || said(ledger().hold(request(2), 100))),
    ("HoldError::IdTaken", || {
        said(ledger().hold(HoldRequest { amount_msat: 2_000, ..request(1) }, 10))
    }),
    ("HoldError::Unknown", || said(ledger().state(&HoldId([2; 32])))),
    ("HoldError::WrongReleaseSecret", || {
        said(ledger().release(&ID, &ReleaseSecret::new(scalar(7)), 10))
    }),
    ("HoldError::TooLate", || {
        let mut ledger = ledger();
        let _ = ledger.block(100);
        said(ledger.release(&ID, &release(), 101))
    }),
    // y + h is h: y would be zero.
    ("HoldError::ZeroBlind", || {
        let held_blind = HeldBlind::from_bytes(&release().dangerous_to_bytes()).ok();
        said(ledger_with(HoldRequest { held_blind, ..request(1) }).release(&ID, &release(), 10))
    }),
    ("HoldError::OutOfOrder", || said(ledger().forwarded(&ID))),
];
