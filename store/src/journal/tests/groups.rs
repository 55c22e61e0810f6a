use std::sync::{Arc, Barrier, OnceLock};

use super::*;
use crate::disk::simulated::Fault;

const THREADS: usize = 100;

/// So many threads append a record each; the disk's first flush waits until all others are waiting as well.
fn together(disk: &SimulatedDisk, journal: &FileJournal) -> Vec<Result<u64, FileStoreError>> {
    let waits: Arc<OnceLock<()>> = Arc::new(OnceLock::new());
    let handle = journal.clone();
    disk.on_sync(Arc::new(move || {
        if waits.set(()).is_ok() {
            while handle.waiting() < THREADS - 1 {
                std::thread::yield_now();
            }
        }
    }));
    let barrier = Barrier::new(THREADS);
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..THREADS)
            .map(|thread| {
                let barrier = &barrier;
                scope.spawn(move || {
                    barrier.wait();
                    journal.append(&[&[thread as u8; 40], b"and another"])
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    })
}

#[test]
fn a_hundred_appends_that_wait_together_cost_two_flushes() {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    let before = disk.syncs();
    let numbers = together(&disk, &journal);
    assert_eq!(disk.syncs() - before, 2);
    drop(journal);

    // Each group is where it was said to be, and whole.
    let journal = open(&disk.after_power_cut()).unwrap();
    let history = journal.read().unwrap();
    assert_eq!(history.next(), 2 * THREADS as u64);
    let mut seen: Vec<u64> = numbers.into_iter().map(Result::unwrap).collect();
    for (thread, number) in (0..).zip(&seen) {
        let place = *number as usize;
        assert_eq!(history.records[place].as_slice(), [thread; 40]);
        assert_eq!(history.records[place + 1].as_slice(), b"and another");
    }
    seen.sort_unstable();
    assert!(seen.iter().copied().eq((0..THREADS as u64).map(|place| place * 2)));
}

/// The flush that fails fails for all who waited for it, and for nobody before.
#[test]
fn a_failed_flush_is_told_to_everyone_who_waited() {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    // The first write and flush are one thread's, the second ones all others'.
    disk.fail_at(3, Fault::Error(std::io::ErrorKind::StorageFull));
    let said = together(&disk, &journal);
    let (done, failed): (Vec<_>, Vec<_>) = said.into_iter().partition(Result::is_ok);
    assert_eq!((done.len(), failed.len()), (1, THREADS - 1));
    for error in failed {
        let error = error.unwrap_err();
        assert!(
            matches!(&error, FileStoreError::Io { action: "flush a frame", source }
                if source.kind() == std::io::ErrorKind::StorageFull),
            "{error}"
        );
    }
    assert!(matches!(journal.append(&[b"more"]), Err(FileStoreError::FailedBefore)));
}

/// Snapshots come between, and lose nothing.
#[test]
fn appends_and_snapshots_of_several_threads() {
    let disk = SimulatedDisk::default();
    let journal = create(&disk).unwrap();
    std::thread::scope(|scope| {
        for thread in 0..4_u8 {
            let journal = &journal;
            scope.spawn(move || {
                for number in 0..50_u8 {
                    journal.append(&[&[thread, number]]).unwrap();
                }
            });
        }
        let journal = &journal;
        scope.spawn(move || {
            for _ in 0..10 {
                let before = journal.head().records;
                journal.snapshot(before, b"").unwrap();
            }
        });
    });
    assert_eq!(journal.head().records, 200);
    drop(journal);
    let history = open(&disk.after_power_cut()).unwrap().read().unwrap();
    assert_eq!(history.next(), 200);
    // Of each thread, an end of what it wrote, in its order.
    for thread in 0..4 {
        let of = history.records.iter().filter(|record| record[0] == thread);
        let numbers: Vec<u8> = of.map(|record| record[1]).collect();
        assert!(numbers.iter().copied().eq(50 - numbers.len() as u8..50), "{numbers:?}");
    }
}
