use proptest::prelude::*;

use super::*;
use crate::disk::simulated::{Dice, Fault};

/// What a node does to its journal.
#[derive(Clone, Copy, Debug)]
enum Step {
    Append {
        records: u64,
    },
    /// Before the record of this number, counted from the end.
    Snapshot {
        back: u64,
    },
    Restart,
}

/// How far a node has come, as it knows itself.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    created: bool,
    /// What was acknowledged.
    acknowledged: u64,
    /// What was tried at most.
    tried: u64,
    /// The oldest record that must be there, if a snapshot doesn't stand for it.
    snapshot: u64,
}

/// Goes on until something fails.
fn run(disk: &SimulatedDisk, steps: &[Step], known: &mut Known) -> Result<(), FileStoreError> {
    let mut journal = create(disk)?;
    known.created = true;
    for step in steps {
        let next = known.acknowledged;
        match *step {
            Step::Append { records } => {
                known.tried = next + records;
                append(&journal, next, records)?;
                known.acknowledged = known.tried;
                // Whatever is acknowledged survives the power cut that comes now.
                let lost = open(&disk.after_power_cut())?;
                assert_eq!(check(&lost.read()?), known.acknowledged);
            }
            Step::Snapshot { back } => {
                let before = next.saturating_sub(back);
                let before = before.max(known.snapshot);
                journal.snapshot(before, &state(before))?;
                known.snapshot = before;
            }
            Step::Restart => {
                drop(journal);
                journal = open(disk)?;
            }
        }
    }
    Ok(())
}

/// Opens what a crash has left; all that is found was tried, in its order, and all that was acknowledged is found. What is found
/// once is found again, whatever happens.
fn check_after_crash(disk: &SimulatedDisk, known: &Known, dice: &mut Dice) -> bool {
    let journal = match open(disk) {
        Ok(journal) => journal,
        Err(FileStoreError::NotAJournal | FileStoreError::Io { .. }) if !known.created => {
            drop(create(disk).unwrap());
            return false;
        }
        Err(other) => panic!("{other} {known:?}"),
    };
    let history = journal.read().unwrap();
    let next = check(&history);
    assert!(next == known.acknowledged || next == known.tried, "{next} {known:?}");
    assert!(history.first() <= known.acknowledged);
    let again = disk.after_crash(dice);
    let again = open(&again).expect("what was believed is durable").read().unwrap();
    assert_eq!(again, history);
    append(&journal, next, 1).unwrap();
    next > known.acknowledged
}

const STORY: [Step; 9] = [
    Step::Append { records: 1 },
    Step::Append { records: 6 },
    Step::Snapshot { back: 2 },
    Step::Append { records: 4 },
    Step::Restart,
    Step::Append { records: 2 },
    Step::Snapshot { back: 0 },
    Step::Append { records: 5 },
    Step::Restart,
];

/// A crash before every call, and a failure of it; of what was not flushed, anything may be left.
#[test]
fn a_crash_at_every_call() {
    let whole = SimulatedDisk::default();
    run(&whole, &STORY, &mut Known::default()).unwrap();
    let calls = whole.calls().len();
    assert!(calls > 30, "{calls}");
    let mut found_more = 0;
    for call in 0..calls {
        for fault in [Fault::Crash, Fault::Error(std::io::ErrorKind::StorageFull)] {
            let disk = SimulatedDisk::default();
            disk.fail_at(call, fault);
            let mut known = Known::default();
            run(&disk, &STORY, &mut known).unwrap_err();
            for seed in 0..24 {
                let mut dice = Dice::new(seed);
                let left = disk.after_crash(&mut dice);
                found_more += usize::from(check_after_crash(&left, &known, &mut dice));
            }
            for left in [disk.after_kill(), disk.after_power_cut()] {
                check_after_crash(&left, &known, &mut Dice::new(call as u64));
            }
        }
    }
    assert!(found_more > 0, "a group that nobody was told of may be there");
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        6 => (1_u64..8).prop_map(|records| Step::Append { records }),
        1 => (0_u64..5).prop_map(|back| Step::Snapshot { back }),
        1 => Just(Step::Restart),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn what_was_acknowledged_is_there(
        steps in prop::collection::vec(step(), 1..16),
        call in 0_usize..60,
        fails: bool,
        seed: u64,
    ) {
        let disk = SimulatedDisk::default();
        let fault = if fails { Fault::Error(std::io::ErrorKind::Other) } else { Fault::Crash };
        disk.fail_at(call, fault);
        let mut known = Known::default();
        let _ = run(&disk, &steps, &mut known);
        let mut dice = Dice::new(seed);
        check_after_crash(&disk.after_crash(&mut dice), &known, &mut dice);
    }
}
