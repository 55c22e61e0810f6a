//! The model of the money: in no history does an honest node lose any.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

use std::ops::RangeInclusive;
use std::path::Path;
use std::sync::Mutex;
use std::time::{Duration, Instant};

use pointlock_sim::PlainChain;
use pointlock_sim::money::{History, HistoryError, Outcome};

/// How many histories a run has seen, and what happened in them.
#[derive(Debug, Default)]
struct Count {
    histories: usize,
    contracts: usize,
    claimed: usize,
    on_chain: usize,
    paid: usize,
}

impl Count {
    fn add(&mut self, outcome: &Outcome) {
        self.histories += 1;
        self.contracts += outcome.contracts;
        self.claimed += outcome.claimed;
        self.on_chain += outcome.on_chain;
        self.paid += outcome.paid;
    }
}

/// Plays one; if an honest node loses, gives what is left of the history.
fn play(seed: u64) -> Result<Outcome, String> {
    let history = History::draw(seed);
    let played = std::panic::catch_unwind(|| history.play(PlainChain::new(History::HEIGHT)));
    if let Ok((outcome, Ok(()))) = played {
        return Ok(outcome);
    }
    let smallest = history.shrink(History::fails);
    let verdict = std::panic::catch_unwind(|| smallest.play(PlainChain::new(History::HEIGHT)));
    let what = match verdict {
        Ok((outcome, Err(loss))) => format!("{}\n\n{loss}", outcome.story.join("\n")),
        _ => "it panics".to_owned(),
    };
    Err(format!("history {seed}: {what}\n\nin a file, for `pointlock history FILE`:\n\n{smallest}"))
}

/// Plays these, or as many of them as there is time for, up to the first in which somebody loses.
fn play_all(seeds: RangeInclusive<u64>, until: Option<Instant>) -> Count {
    let (next, count) = (Mutex::new(seeds), Mutex::new(Count::default()));
    let lost: Mutex<Option<String>> = Mutex::new(None);
    let workers = std::thread::available_parallelism().map_or(2, usize::from).min(8);
    let work = || {
        while until.is_none_or(|until| Instant::now() < until) && lost.lock().unwrap().is_none() {
            let Some(seed) = next.lock().unwrap().next() else { return };
            let outcome = match play(seed) {
                Ok(outcome) => outcome,
                Err(history) => return *lost.lock().unwrap() = Some(history),
            };
            let mut count = count.lock().unwrap();
            count.add(&outcome);
            if count.histories % 10_000 == 0 {
                println!("{count:?}");
            }
        }
    };
    std::thread::scope(|scope| (0..workers).for_each(|_| drop(scope.spawn(work))));
    if let Some(history) = lost.into_inner().unwrap() {
        panic!("{history}");
    }
    count.into_inner().unwrap()
}

#[test]
fn no_honest_node_loses_money() {
    let count = play_all(1..=1_000, None);
    println!("{count:?}");
    // The histories reach what they are for.
    assert_eq!(count.histories, 1_000);
    assert!(count.contracts > 2_000 && count.claimed > 500, "{count:?}");
    assert!(count.on_chain > 100 && count.paid > 100, "{count:?}");
}

/// `just long-money`
#[test]
#[ignore = "takes an hour: `just long-money`"]
fn no_honest_node_loses_money_for_long() {
    let number = |name: &str, default: u64| {
        std::env::var(name).map_or(default, |value| value.parse().unwrap())
    };
    let seconds = number("MONEY_SECONDS", 3_600);
    let first = number("MONEY_FROM", 1_001);
    let until = Instant::now() + Duration::from_secs(seconds);
    let count = play_all(first..=u64::MAX, Some(until));
    println!("from {first}, in {seconds} s: {count:?}");
    assert!(count.histories > 0);
}

/// Each of them was the smallest in which a planted fault lost money (`docs/mutants.md`).
#[test]
fn nobody_loses_in_the_examples() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/histories");
    let files: Vec<_> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(files.len() >= 10, "{files:?}");
    let losses = files.iter().filter_map(|file| {
        let history: History = std::fs::read_to_string(file).unwrap().parse().unwrap();
        let (outcome, verdict) = history.play(PlainChain::new(History::HEIGHT));
        let loss = verdict.err()?;
        Some(format!("{}: {loss}\n{}", file.display(), outcome.story.join("\n")))
    });
    let losses: Vec<String> = losses.collect();
    assert!(losses.is_empty(), "{}", losses.join("\n\n"));
}

/// What is printed can be read.
#[test]
fn a_history_is_the_one_of_its_text() {
    for seed in 1..=2_000 {
        let history = History::draw(seed);
        assert_eq!(history.to_string().parse::<History>().unwrap(), history, "{history}");
    }
}

#[test]
fn what_is_no_history_is_refused_by_what_is_wrong() {
    let honest = "forwarder 1000 100 40\n\npay s1 20000000 over n1\n";
    assert!(honest.parse::<History>().is_ok());
    let refused = |from, to| honest.replace(from, to).parse::<History>().unwrap_err();
    let what = "pay all 20000000 over n1".to_owned();
    assert_eq!(refused("s1", "all"), HistoryError::Line { line: 3, what });
    for (from, to, field) in [
        ("n1", "n2", "pay"),
        ("s1", "s2", "pay"),
        ("40", "4", "forwarder"),
        ("pay", "mine 5001\npay", "mine"),
    ] {
        let error = refused(from, to);
        assert!(matches!(error, HistoryError::OutOfRange { what, .. } if what == field), "{error}");
    }
}

/// Whatever is read is read to the end, and what is taken is a history.
#[test]
fn a_text_that_was_changed_is_refused_or_read() {
    let (mut refused, mut read) = (0, 0);
    for seed in 1..=300 {
        let text = History::draw(seed).to_string();
        for place in (seed as usize % 7..text.len()).step_by(7) {
            let other = [
                &text[..place],
                ["", "0", " ", "x", "99999999999999999999"][place % 5],
                &text[place + 1..],
            ];
            match other.concat().parse::<History>() {
                Ok(history) => {
                    assert_eq!(history.to_string().parse::<History>().unwrap(), history);
                    read += 1;
                }
                Err(_) => refused += 1,
            }
        }
    }
    assert!(refused > 1_000 && read > 1_000, "{refused}, {read}");
}
