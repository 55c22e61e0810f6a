//! Processes that are killed at any moment, while they write: what they had acknowledged, over a pipe, is compared with what stands there
//! after each restart. A [`Story`] is what such a process does, and how its books are compared; another story is another process.

#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Mutex;
use std::time::Duration;

use pointlock::claims::{ClaimBook, ClaimStore, LockSet};
use pointlock::curve::SecretScalar;
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::InvoiceId;
use pointlock::invoice::ktime::{PayerScalar, PolynomialId};
use pointlock::journal::History;
use pointlock_store::{FileClaimStore, FileJournal, Origin};

mod net;
mod payments;
mod peers;

use payments::Payments;

/// What a process does until it is killed, and how its books are compared.
trait Story: Default {
    const NAME: &'static str;

    /// Before the first process.
    fn begin(folder: &Path);

    /// What the process does, for ever. What it says has happened.
    fn play(folder: &Path);

    /// After a kill: what was said by the last process, line by line, against what is there.
    fn compare(&mut self, folder: &Path, said: &[String]);

    /// What there was to compare, in one line.
    fn counts(&self) -> String;
}

/// Which story the child plays, and where.
const STORY: &str = "POINTLOCK_KILLED_STORY";
const FOLDER: &str = "POINTLOCK_KILLED_FOLDER";

/// The process that is killed; in a run of its own it does nothing.
#[test]
fn child() {
    let (Ok(story), Some(folder)) = (std::env::var(STORY), std::env::var_os(FOLDER)) else {
        return;
    };
    match story.as_str() {
        Books::NAME => Books::play(Path::new(&folder)),
        Payments::NAME => Payments::play(Path::new(&folder)),
        other => panic!("no story {other}"),
    }
}

/// Tells the parent: past the harness, which captures what a test prints. One write, so that a line is there or not.
fn say(line: &str) {
    std::io::stderr().write_all(format!("said {line}\n").as_bytes()).unwrap();
}

/// Kills a process so many times, after some lines of it and a moment more.
fn kill<S: Story>(times: u64, folder: &Path) {
    let _ = std::fs::remove_dir_all(folder);
    std::fs::create_dir_all(folder).unwrap();
    S::begin(folder);
    let mut story = S::default();
    for round in 0..times {
        let said = live_and_die::<S>(folder, round);
        story.compare(folder, &said);
    }
    println!("{}: killed {times} times, {}", S::NAME, story.counts());
}

fn live_and_die<S: Story>(folder: &Path, round: u64) -> Vec<String> {
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--nocapture"])
        .env(STORY, S::NAME)
        .env(FOLDER, folder)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut pipe = BufReader::new(process.stderr.take().unwrap());
    let mut text = String::new();
    // Some processes live for a moment only, and are killed while they start.
    for _ in 0..(round * 7919) % 40 {
        if pipe.read_line(&mut text).unwrap() == 0 {
            panic!("the process has ended by itself: {text}");
        }
    }
    std::thread::sleep(Duration::from_micros((round * 104_729) % 9_000));
    process.kill().unwrap();
    process.wait().unwrap();
    let mut rest = Vec::new();
    pipe.read_to_end(&mut rest).unwrap();
    text.push_str(&String::from_utf8_lossy(&rest));
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    let said = whole.lines().filter_map(|line| line.strip_prefix("said "));
    assert!(!whole.contains("panicked"), "{whole}");
    said.map(str::to_owned).collect()
}

/// Threads that append to a journal, one that makes snapshots of it, and one that claims.
#[derive(Default)]
struct Books {
    acknowledged: u64,
    unknown: u64,
    claims: u64,
    snapshots: u64,
    cut: u64,
}

const THREADS: u64 = 3;
const JOURNAL: &str = "a node that is killed";

fn journal_path(folder: &Path) -> PathBuf {
    folder.join("journal")
}

fn claims_path(folder: &Path) -> PathBuf {
    folder.join("claims")
}

fn polynomial() -> PolynomialId {
    PolynomialId::from_bytes([1; 32])
}

fn x(number: u32) -> PayerScalar {
    let mut bytes = [1; 32];
    bytes[..4].copy_from_slice(&number.to_be_bytes());
    PayerScalar::from_bytes(&bytes).unwrap()
}

fn locks(number: u32) -> LockSet {
    let lock = SecretScalar::from_bytes(&[1; 32]).unwrap().to_point();
    let edge = |number| EdgeId::in_channel([0; 32], Direction::FromNode1, number);
    LockSet::new((0..=u64::from(number % 3)).map(|part| (edge(part), lock))).unwrap()
}

/// A thread's record of a number: long ones among them.
fn record(thread: u64, number: u64) -> Vec<u8> {
    let mut record = [thread.to_be_bytes(), number.to_be_bytes()].concat();
    record.resize(16 + (number * 131 % 1500) as usize, thread as u8 + 1);
    record
}

/// How many records each thread has written, by the journal. A snapshot's state is these counts.
fn counts(history: &History) -> [u64; THREADS as usize] {
    let mut counts = [0; THREADS as usize];
    if let Some(snapshot) = &history.snapshot {
        for (count, bytes) in counts.iter_mut().zip(snapshot.state.chunks(8)) {
            *count = u64::from_be_bytes(bytes.try_into().unwrap());
        }
        assert_eq!(counts.iter().sum::<u64>(), snapshot.before);
    }
    for (_, bytes) in history.numbered() {
        let thread = u64::from_be_bytes(bytes[..8].try_into().unwrap());
        let count = &mut counts[thread as usize];
        assert_eq!(bytes, record(thread, *count), "whole, in its order, and once");
        *count += 1;
    }
    counts
}

/// What is known to be durable, with whose it is: a snapshot stands for all before the first gap.
struct Durable {
    next: u64,
    counts: [u64; THREADS as usize],
    later: BTreeMap<u64, u64>,
}

impl Durable {
    fn add(&mut self, number: u64, thread: u64) {
        self.later.insert(number, thread);
        while let Some(thread) = self.later.remove(&self.next) {
            self.counts[thread as usize] += 1;
            self.next += 1;
        }
    }
}

impl Story for Books {
    const NAME: &'static str = "books";

    fn begin(folder: &Path) {
        drop(FileJournal::create(&journal_path(folder), JOURNAL).unwrap());
        let store = FileClaimStore::create(&claims_path(folder)).unwrap();
        let mut book = ClaimBook::new(store);
        book.open(polynomial(), InvoiceId::from_bytes([2; 32]), 10_000_000).unwrap();
    }

    fn play(folder: &Path) {
        let journal = FileJournal::open(&journal_path(folder), JOURNAL).unwrap();
        let history = journal.read().unwrap();
        let first = counts(&history);
        let durable = Durable { next: history.next(), counts: first, later: BTreeMap::new() };
        let durable = Mutex::new(durable);
        std::thread::scope(|scope| {
            for (thread, first) in (0..THREADS).zip(first) {
                let (journal, durable) = (&journal, &durable);
                scope.spawn(move || {
                    for number in (first..).step_by(2) {
                        let (one, two) = (record(thread, number), record(thread, number + 1));
                        let place = journal.append(&[&one, &two]).unwrap();
                        say(&format!("record {thread} {}", number + 1));
                        let mut durable = durable.lock().unwrap();
                        durable.add(place, thread);
                        durable.add(place + 1, thread);
                    }
                });
            }
            scope.spawn(|| claim(folder));
            scope.spawn(|| {
                loop {
                    let (before, counts) = {
                        let durable = durable.lock().unwrap();
                        (durable.next, durable.counts)
                    };
                    journal.snapshot(before, &counts.map(u64::to_be_bytes).concat()).unwrap();
                    say("snapshot");
                    std::thread::sleep(Duration::from_millis(11));
                }
            });
        });
    }

    fn compare(&mut self, folder: &Path, said: &[String]) {
        let journal = FileJournal::open(&journal_path(folder), JOURNAL).unwrap();
        self.cut += u64::from(journal.cut().is_some());
        let there = counts(&journal.read().unwrap());
        let mut last = [None; THREADS as usize];
        let mut claimed = None;
        for line in said {
            let words: Vec<&str> = line.split(' ').collect();
            match words.as_slice() {
                ["record", thread, number] => {
                    last[thread.parse::<usize>().unwrap()] = number.parse::<u64>().ok();
                    self.acknowledged += 2;
                }
                ["claimed", number] => claimed = number.parse::<u32>().ok(),
                ["snapshot"] => self.snapshots += 1,
                other => panic!("{other:?}"),
            }
        }
        for (last, there) in last.iter().zip(there) {
            assert!(there % 2 == 0, "a group is whole");
            if let Some(last) = last {
                assert!(there == last + 1 || there == last + 3, "{there} {last}");
                self.unknown += there - last - 1;
            }
        }
        let store = FileClaimStore::open(&claims_path(folder), Origin::Continued).unwrap();
        let count = store.polynomial(&polynomial()).unwrap().unwrap().claimed;
        if let Some(claimed) = claimed {
            assert!((claimed + 1..=claimed + 4).contains(&count), "{claimed}, {count}");
        }
        for number in 0..count {
            assert_eq!(store.claim(&polynomial(), &x(number)).unwrap(), Some(locks(number)));
        }
        self.claims = u64::from(count);
    }

    fn counts(&self) -> String {
        format!(
            "{} records acknowledged and {} more found, {} claims, {} snapshots, {} frames cut off",
            self.acknowledged, self.unknown, self.claims, self.snapshots, self.cut
        )
    }
}

/// Claims one x, and two, and three together; and says so when it is durable.
fn claim(folder: &Path) {
    let store = FileClaimStore::open(&claims_path(folder), Origin::Continued).unwrap();
    let mut book = ClaimBook::new(store);
    let mut next = book.store().polynomial(&polynomial()).unwrap().unwrap().claimed;
    loop {
        let group: Vec<_> = (next..next + next % 3 + 1)
            .map(|number| (polynomial(), x(number), locks(number)))
            .collect();
        let said = book.claim_all(&group).unwrap();
        assert!(said.iter().all(Result::is_ok));
        next += group.len() as u32;
        say(&format!("claimed {}", next - 1));
    }
}

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("killed-{name}"))
}

#[test]
fn nothing_is_lost_in_fifty_kills() {
    kill::<Books>(50, &folder("short"));
}

#[test]
fn no_payment_is_lost_in_fifty_kills() {
    kill::<Payments>(50, &folder("payments"));
}

/// `just long-crash`
#[test]
#[ignore = "five hundred kills take minutes: `just long-crash`"]
fn nothing_is_lost_in_five_hundred_kills() {
    kill::<Books>(500, &folder("long"));
}

/// `just long-crash`
#[test]
#[ignore = "five hundred kills take minutes: `just long-crash`"]
fn no_payment_is_lost_in_five_hundred_kills() {
    kill::<Payments>(500, &folder("payments-long"));
}
