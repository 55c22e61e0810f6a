//! The count of claims on a disk that fails and forgets.

use std::path::Path;

use pointlock::claims::{ClaimBook, ClaimError, Claimed, LockSet};
use pointlock::curve::SecretScalar;
use pointlock::edge::{Direction, EdgeId};

use super::*;
use crate::disk::simulated::{Dice, Fault, SimulatedDisk};

fn path() -> &'static Path {
    Path::new("/node/claims")
}

fn polynomial() -> PolynomialId {
    PolynomialId::from_bytes([1; 32])
}

fn invoice() -> InvoiceId {
    InvoiceId::from_bytes([2; 32])
}

fn x(number: u8) -> PayerScalar {
    PayerScalar::from_bytes(&[number + 1; 32]).unwrap()
}

fn locks(number: u8) -> LockSet {
    let lock = SecretScalar::from_bytes(&[9; 32]).unwrap().to_point();
    LockSet::new([(EdgeId::in_channel([0; 32], Direction::FromNode1, number.into()), lock)])
        .unwrap()
}

fn book(disk: &SimulatedDisk) -> ClaimBook<FileClaimStore> {
    ClaimBook::new(FileClaimStore::open_on(disk.disk(), path()).unwrap())
}

fn new_book(disk: &SimulatedDisk, k: usize) -> ClaimBook<FileClaimStore> {
    let mut book = ClaimBook::new(FileClaimStore::create_on(disk.disk(), path()).unwrap());
    book.open(polynomial(), invoice(), k).unwrap();
    book
}

/// A claim that a killed process wrote and never flushed: whoever answers "again", and so gives its secret out, has flushed it.
#[test]
fn again_is_said_of_what_is_durable() {
    for fault in [Fault::Crash, Fault::Error(std::io::ErrorKind::Other)] {
        let disk = SimulatedDisk::default();
        let mut first = new_book(&disk, 2);
        // Its write comes through, its flush doesn't.
        disk.fail_at(1, fault);
        let failed = first.claim(&polynomial(), &x(0), &locks(0));
        assert!(matches!(failed, Err(ClaimError::Store(_))));
        drop(first);
        let disk = disk.after_kill();
        let mut second = book(&disk);
        assert_eq!(second.claim(&polynomial(), &x(0), &locks(0)), Ok(Claimed::Again));
        // Now the power goes, and whatever was not flushed with it.
        let mut third = book(&disk.after_power_cut());
        assert_eq!(third.claim(&polynomial(), &x(0), &locks(0)), Ok(Claimed::Again));
        assert_eq!(third.slots_left(&polynomial()), Ok(1));
    }
}

/// A claim is durable before it is answered, and the folder is flushed when the file is made and when it is opened.
#[test]
fn what_is_answered_is_durable() {
    let disk = SimulatedDisk::default();
    let mut live = new_book(&disk, 3);
    for number in 0..3 {
        assert_eq!(live.claim(&polynomial(), &x(number), &locks(number)), Ok(Claimed::First));
        let left = book(&disk.after_power_cut());
        assert_eq!(left.slots_left(&polynomial()), Ok(2 - u32::from(number)));
    }
    drop(live);

    // Killed before the folder was flushed: the file is there, and its name is not durable before it was opened.
    let disk = SimulatedDisk::default();
    disk.fail_at(3, Fault::Crash);
    FileClaimStore::create_on(disk.disk(), path()).unwrap_err();
    let disk = disk.after_kill();
    assert!(FileClaimStore::open_on(disk.after_power_cut().disk(), path()).is_err());
    drop(book(&disk));
    assert!(FileClaimStore::open_on(disk.after_power_cut().disk(), path()).is_ok());
}

#[test]
fn a_hundred_claims_together_cost_one_flush() {
    let disk = SimulatedDisk::default();
    let mut live = new_book(&disk, 99);
    let before = disk.syncs();
    let group: Vec<_> = (0..100).map(|number| (polynomial(), x(number), locks(number))).collect();
    let said = live.claim_all(&group).unwrap();
    assert_eq!(disk.syncs() - before, 1);
    assert!(said[..99].iter().all(|said| *said == Ok(Claimed::First)));
    assert_eq!(said[99], Err(ClaimError::NoSlotLeft { polynomial: polynomial(), k: 99 }));
    drop(live);
    let mut left = book(&disk.after_power_cut());
    assert_eq!(left.slots_left(&polynomial()), Ok(0));
    let again = left.claim_all(&group[..99]).unwrap();
    assert!(again.iter().all(|said| *said == Ok(Claimed::Again)));
}

/// A crash before every call, with claims one by one and together: no more than k, and none forgotten that was answered.
#[test]
fn a_crash_at_every_call() {
    let story = |disk: &SimulatedDisk, answered: &mut Vec<u8>| -> Result<(), ClaimError> {
        let store = FileClaimStore::create_on(disk.disk(), path()).map_err(StoreError::from)?;
        let mut live = ClaimBook::new(store);
        live.open(polynomial(), invoice(), 6)?;
        for number in 0..3 {
            live.claim(&polynomial(), &x(number), &locks(number))?;
            answered.push(number);
        }
        let group: Vec<_> = (3..6).map(|number| (polynomial(), x(number), locks(number))).collect();
        live.claim_all(&group)?;
        answered.extend(3..6);
        Ok(())
    };
    let whole = SimulatedDisk::default();
    story(&whole, &mut Vec::new()).unwrap();
    let calls = whole.calls().len();
    assert_eq!(calls, 4 + 2 * 5);
    for call in 0..calls {
        for seed in 0..40 {
            let disk = SimulatedDisk::default();
            disk.fail_at(call, Fault::Crash);
            let mut answered = Vec::new();
            story(&disk, &mut answered).unwrap_err();
            let disk = disk.after_crash(&mut Dice::new(seed));
            let store = match FileClaimStore::open_on(disk.disk(), path()) {
                Ok(store) => store,
                Err(error) => {
                    assert!(call < 4, "created, and not there: {error}");
                    continue;
                }
            };
            let mut left = ClaimBook::new(store);
            match left.slots_left(&polynomial()) {
                Ok(slots) => {
                    let claimed = 6 - slots as usize;
                    let most = if answered.len() < 3 { answered.len() + 1 } else { 6 };
                    assert!(claimed == answered.len() || claimed == most, "{claimed}");
                }
                Err(ClaimError::UnknownPolynomial(_)) => assert!(call < 6),
                Err(other) => panic!("{other}"),
            }
            for number in answered {
                let again = left.claim(&polynomial(), &x(number), &locks(number));
                assert_eq!(again, Ok(Claimed::Again));
            }
        }
    }
}

/// A polynomial of a life that is lost comes in retired, or it does not come in: whatever call fails.
#[test]
fn a_restored_polynomial_is_never_open() {
    for fault in [Fault::Crash, Fault::Error(std::io::ErrorKind::Other)] {
        for call in 0..4 {
            let disk = SimulatedDisk::default();
            let mut first = ClaimBook::new(FileClaimStore::create_on(disk.disk(), path()).unwrap());
            disk.fail_at(call, fault);
            let entered = first.open_retired(polynomial(), invoice(), 2);
            drop(first);
            for disk in [disk.after_kill(), disk.after_power_cut()] {
                let state = book(&disk).store().polynomial(&polynomial()).unwrap();
                assert!(state.is_none_or(|state| state.retired), "{call}: {state:?}");
                assert!(entered.is_err() || state.is_some(), "{call}");
                // The same again, and now it is there.
                let mut second = book(&disk);
                second.open_retired(polynomial(), invoice(), 2).unwrap();
                let refused = second.claim(&polynomial(), &x(0), &locks(0));
                assert_eq!(refused, Err(ClaimError::Retired(polynomial())));
            }
        }
    }
    // The twin, which is published.
    let mut published = new_book(&SimulatedDisk::default(), 2);
    assert_eq!(published.claim(&polynomial(), &x(0), &locks(0)), Ok(Claimed::First));
}
