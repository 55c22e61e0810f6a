//! Measuring in turns: A B C A B C …, so that a machine that slows down slows all rows down.

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use rustix::time::{ClockId, clock_gettime};

/// How often each row has its turn.
const ROUNDS: usize = 301;

/// How many rounds go by from one turn of a batch to the next: the largest takes 100 turns' time.
const BATCH_ROUNDS: usize = 6;

/// How long a turn lasts, about: long against the clock's resolution, short against a change of clock speed.
const TURN: Duration = Duration::from_millis(2);

/// The time that this thread has had a processor: what other programs take from it does not count.
fn processor_time() -> Duration {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Something to measure.
pub(super) struct Row<'a> {
    name: String,
    /// Every how many rounds it has its turn.
    rounds: usize,
    /// Runs so many items, and says how long they took.
    run: Box<dyn FnMut(usize) -> Duration + 'a>,
}

impl<'a> Row<'a> {
    /// An item is one call of `verb`, on one case after the other.
    pub(super) fn new<C, T>(name: &str, cases: &'a [C], verb: impl Fn(&C) -> T + 'a) -> Self {
        let run = move |items| {
            let start = processor_time();
            for case in cases.iter().cycle().take(items) {
                black_box(verb(black_box(case)));
            }
            processor_time() - start
        };
        Self { name: name.to_owned(), rounds: 1, run: Box::new(run) }
    }

    /// The same for a verb that uses an input up: `input` makes it anew for each call, outside the clock.
    pub(super) fn with_input<C, I, T>(
        name: &str,
        cases: &'a [C],
        input: impl Fn(&C) -> I + 'a,
        verb: impl Fn(&C, I) -> T + 'a,
    ) -> Self {
        let run = move |items| {
            let cases = cases.iter().cycle().take(items);
            let with_inputs: Vec<(&C, I)> = cases.map(|case| (case, input(case))).collect();
            let start = processor_time();
            for (case, input) in with_inputs {
                black_box(verb(black_box(case), input));
            }
            processor_time() - start
        };
        Self { name: name.to_owned(), rounds: 1, run: Box::new(run) }
    }

    /// A batch of `size` items at a time, never fewer.
    pub(super) fn batch<T>(name: String, size: usize, verb: impl Fn() -> T + 'a) -> Self {
        Self::batch_by(processor_time, name, size, verb)
    }

    /// The same by the clock on the wall, for what several threads do: the processor's time is of one.
    pub(super) fn batch_on_the_wall<T>(
        name: String,
        size: usize,
        verb: impl Fn() -> T + 'a,
    ) -> Self {
        let start = Instant::now();
        Self::batch_by(move || start.elapsed(), name, size, verb)
    }

    fn batch_by<T>(
        now: impl Fn() -> Duration + 'a,
        name: String,
        size: usize,
        verb: impl Fn() -> T + 'a,
    ) -> Self {
        let run = move |items: usize| {
            let batches = items.div_ceil(size);
            let start = now();
            for _ in 0..batches {
                black_box(verb());
            }
            (now() - start).mul_f64(items as f64 / (batches * size) as f64)
        };
        Self { name, rounds: BATCH_ROUNDS, run: Box::new(run) }
    }

    /// The same with a turn as seldom as a batch has one: for what takes longer to prepare than to measure.
    pub(super) fn seldom(self) -> Self {
        Self { rounds: BATCH_ROUNDS, ..self }
    }

    /// The row's name in the machine interface.
    pub(super) fn name(&self) -> &str {
        &self.name
    }
}

/// The median time of an item in microseconds, for each row. `watch` is told the round, and how many there are.
pub(super) fn medians_us(
    rows: &mut [Row<'_>],
    mut watch: impl FnMut(usize, usize),
) -> Result<Vec<f64>, Box<dyn Error>> {
    let items: Vec<usize> = rows.iter_mut().map(items_of_a_turn).collect();
    let mut samples = vec![Vec::with_capacity(ROUNDS); rows.len()];
    for round in 0..ROUNDS {
        watch(round, ROUNDS);
        for ((row, items), samples) in rows.iter_mut().zip(&items).zip(&mut samples) {
            if round % row.rounds == 0 {
                samples.push((row.run)(*items));
            }
        }
    }
    let median = |(samples, items): (&mut Vec<Duration>, &usize)| {
        samples.sort_unstable();
        let median = samples.get(samples.len() / 2).ok_or("bench: nothing was measured")?;
        Ok(median.as_secs_f64() * 1e6 / *items as f64)
    };
    samples.iter_mut().zip(&items).map(median).collect()
}

/// The median time of one run in milliseconds, of so many: for what takes longer than a turn.
pub(super) fn median_ms<T>(
    runs: usize,
    mut run: impl FnMut() -> Result<T, Box<dyn Error>>,
) -> Result<f64, Box<dyn Error>> {
    let mut samples = Vec::with_capacity(runs);
    for _ in 0..runs.max(1) {
        let start = processor_time();
        black_box(run()?);
        samples.push(processor_time() - start);
    }
    samples.sort_unstable();
    Ok(samples[samples.len() / 2].as_secs_f64() * 1e3)
}

/// Doubles the items until a turn is long enough. It warms caches up, too.
fn items_of_a_turn(row: &mut Row<'_>) -> usize {
    let mut items = 1;
    while (row.run)(items) < TURN {
        items *= 2;
    }
    items
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;

    use super::*;

    #[test]
    fn rows_take_turns() {
        let order = RefCell::new(String::new());
        let row = |name: &'static str| Row {
            name: name.to_owned(),
            rounds: 1,
            run: Box::new(|_| {
                order.borrow_mut().push_str(name);
                TURN
            }),
        };
        let mut rows = [row("a"), row("b"), row("c")];
        let medians = medians_us(&mut rows, |_, _| ()).unwrap();
        assert_eq!(*order.borrow(), "abc".repeat(1 + ROUNDS));
        assert_eq!(medians, [2000.0; 3]);
    }

    #[test]
    fn a_batch_is_whole_and_counted_by_the_item() {
        let calls = RefCell::new(0);
        let mut row = Row::batch("batch".to_owned(), 8, || *calls.borrow_mut() += 1);
        (row.run)(1);
        (row.run)(8);
        (row.run)(9);
        assert_eq!(*calls.borrow(), 4);
        let work = || (0..200_000u64).map(black_box).sum::<u64>();
        let mut row = Row::batch("batch".to_owned(), 8, work);
        // One of eight items takes an eighth of the time.
        assert!((row.run)(1) < (row.run)(8));
    }

    #[test]
    fn cases_take_turns_too() {
        let seen = RefCell::new(Vec::new());
        let cases = [1, 2, 3];
        let mut row = Row::new("row", &cases, |case| seen.borrow_mut().push(*case));
        (row.run)(5);
        let mut row = Row::with_input(
            "row",
            &cases,
            |case| 10 * case,
            |case, input| seen.borrow_mut().push(case + input),
        );
        (row.run)(4);
        assert_eq!(*seen.borrow(), [1, 2, 3, 1, 2, 11, 22, 33, 11]);
    }
}
