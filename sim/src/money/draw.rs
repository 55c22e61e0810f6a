//! Random histories.

use std::collections::BTreeSet;

use pointlock::payment::ForwardingPolicy;

use super::world::LEAST_MSAT;
use super::{Ending, History, Pay, Setting, Step, Tamper};
use crate::{Entropy, OpeningKind, Who};

/// The numbers that a seed gives.
struct Dice(Entropy);

impl Dice {
    fn below(&mut self, count: usize) -> usize {
        let bytes = self.0.bytes();
        let number = bytes[..8].iter().fold(0_u64, |number, byte| number << 8 | u64::from(*byte));
        usize::try_from(number % count.max(1) as u64).unwrap_or(0)
    }

    fn one_in(&mut self, count: usize) -> bool {
        self.below(count) == 0
    }

    fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())]
    }
}

impl History {
    /// The history of this number.
    pub fn draw(seed: u64) -> Self {
        let mut dice = Dice(Entropy::from_seed(seed ^ 0x6d6f_6e65_7900_0000));
        let setting = draw_setting(&mut dice, seed);
        let mut steps = Vec::new();
        for _ in 0..=dice.below(3) {
            steps.push(Step::Pay(draw_pay(&mut dice, &setting)));
            match dice.below(3) {
                0 => steps.push(Step::Run),
                1 => steps.push(Step::RunSome(1 + dice.below(16))),
                _ => {}
            }
        }
        let siege = !setting.colluding.is_empty() && dice.one_in(2);
        for who in setting.colluding.iter().copied().collect::<Vec<_>>() {
            if dice.one_in(if siege { 2 } else { 4 }) {
                let at = dice.below(steps.len() + 1);
                steps.insert(at, Step::Stall(who));
            }
        }
        if !setting.colluding.is_empty() && dice.one_in(3) {
            let at = dice.below(steps.len());
            steps.insert(at, Step::Tamper(draw_tamper(&mut dice)));
        }
        for _ in 0..4 + dice.below(20) {
            let step = if siege && !dice.one_in(4) {
                draw_siege(&mut dice, &setting)
            } else {
                draw_step(&mut dice, &setting)
            };
            steps.push(step);
        }
        Self { setting, steps }
    }
}

fn draw_setting(dice: &mut Dice, seed: u64) -> Setting {
    let lock = match dice.below(8) {
        0 => OpeningKind::Hash,
        1..=3 => OpeningKind::Point,
        _ => OpeningKind::Polynomial { k: 1 + dice.below(3) },
    };
    let forwarders = (0..dice.of(&[1, 2, 2, 3, 3, 4, 5])).map(|_| ForwardingPolicy {
        fee_base_msat: dice.of(&[0, 1, 999, 1_000, 5_000]),
        fee_proportional_millionths: dice.of(&[0, 1, 100, 3_333, 10_000]),
        cltv_expiry_delta: dice.of(&[36, 36, 40, 54]),
    });
    let forwarders: Vec<ForwardingPolicy> = forwarders.collect();
    let on_path = if dice.one_in(2) { 0 } else { dice.below(forwarders.len().min(3)) };
    let mut setting = Setting {
        seed,
        lock,
        senders: 1 + dice.below(3),
        forwarders,
        on_path,
        colluding: BTreeSet::new(),
        ending: dice.of(&Ending::ALL),
    };
    let everybody = setting.everybody();
    // One against all, most of the time between two of them; or anybody with anybody.
    let forwarder = Who::Forwarder(1 + dice.below(setting.forwarders.len()));
    let alone = if dice.one_in(3) { dice.of(&everybody) } else { forwarder };
    let alone = dice.one_in(2).then_some(alone);
    let several = everybody.into_iter().filter(|who| match alone {
        Some(alone) => *who != alone,
        None => dice.one_in(3),
    });
    setting.colluding = several.collect();
    setting
}

fn draw_colluding(dice: &mut Dice, setting: &Setting) -> Option<Who> {
    let colluding: Vec<Who> = setting.colluding.iter().copied().collect();
    (!colluding.is_empty()).then(|| dice.of(&colluding))
}

/// Forwarders in any order, but none on the receiver's path.
fn draw_route(dice: &mut Dice, setting: &Setting, path: bool) -> Vec<usize> {
    let on_path = if path { setting.on_path } else { 0 };
    let count = setting.forwarders.len() - on_path;
    let mut route: Vec<usize> = (1..=count).filter(|_| !dice.one_in(4)).collect();
    if route.is_empty() {
        route.push(1 + dice.below(count));
    }
    if dice.one_in(3) {
        let (one, other) = (dice.below(route.len()), dice.below(route.len()));
        route.swap(one, other);
    }
    route
}

fn draw_pay(dice: &mut Dice, setting: &Setting) -> Pay {
    let path = setting.on_path > 0 && !dice.one_in(8);
    let parts = if setting.lock == OpeningKind::Hash { 1 } else { dice.of(&[1, 1, 2, 3]) };
    let hold = dice.one_in(3).then(|| 20 + dice.below(150) as u32);
    let mut routes: Vec<Vec<usize>> = (0..parts).map(|_| draw_route(dice, setting, path)).collect();
    if hold.is_some() {
        // The same node holds all parts.
        let holder = routes[0][0];
        for route in &mut routes {
            route.retain(|number| *number != holder);
            route.insert(0, holder);
        }
    }
    Pay {
        sender: dice.below(setting.senders),
        amount_msat: LEAST_MSAT + dice.below(LEAST_MSAT as usize) as u64,
        routes,
        path,
        trampoline: dice.one_in(3),
        hold,
        explicit: dice.one_in(3),
    }
}

fn draw_step(dice: &mut Dice, setting: &Setting) -> Step {
    let everybody = setting.everybody();
    let colluding = draw_colluding(dice, setting);
    let number = dice.below(64);
    if let (Some(who), true) = (colluding, dice.one_in(2)) {
        return draw_trick(dice, who);
    }
    match dice.below(26) {
        0 => Step::Pay(draw_pay(dice, setting)),
        1 => Step::Retry { attempt: number, over: draw_route(dice, setting, true) },
        2..=5 => Step::Do(number),
        6 => Step::Run,
        7 | 8 => Step::RunSome(1 + dice.below(16)),
        9 | 10 => Step::Mine { blocks: 1 + dice.below(6) as u32, slow: dice.one_in(2) },
        11 | 12 => Step::Mine { blocks: 1 + dice.below(60) as u32, slow: dice.one_in(2) },
        13..=15 => {
            let offset =
                dice.of(&[-60, -40, -36, -25, -22, -21, -19, -18, -17, -12, -3, 0, 1, 3, 4, 15]);
            Step::MineTo { contract: number, offset }
        }
        16..=18 => Step::Reorganise(1 + dice.below(2) as u32),
        19 | 20 => Step::Crash(dice.of(&everybody)),
        21 => Step::Read,
        22 => Step::Answers,
        23 => match dice.below(4) {
            0 => Step::LoseMail,
            1 => Step::MailTwice,
            2 => Step::LoseAnswers,
            _ => Step::PartsTimeOut,
        },
        24 => Step::Read,
        _ => Step::Answers,
    }
}

fn draw_tamper(dice: &mut Dice) -> Tamper {
    match dice.below(6) {
        0 => Tamper::Less(dice.of(&[1, 2, 1_000, 10_000, 10_000_000])),
        1 => Tamper::Less(1 + dice.below(20_000) as u64),
        2 | 3 => Tamper::Earlier(dice.of(&[1, 2, 18, 36, 40, 60])),
        4 => Tamper::Later(dice.of(&[1, 40, 2_000])),
        _ => Tamper::Lock,
    }
}

/// What is done around the last moments of a payment.
fn draw_siege(dice: &mut Dice, setting: &Setting) -> Step {
    let number = dice.below(64);
    match dice.below(26) {
        0..=7 => {
            let offset =
                dice.of(&[-57, -36, -25, -22, -21, -19, -18, -17, -12, -3, -1, 0, 1, 3, 4, 9, 15]);
            Step::MineTo { contract: number, offset }
        }
        8 | 9 => Step::Mine { blocks: 1 + dice.below(4) as u32, slow: true },
        10 => Step::Mine { blocks: 13, slow: true },
        11..=13 => Step::Claim { on_chain: true },
        14 => Step::Claim { on_chain: false },
        15..=17 => Step::Reorganise(1 + dice.below(2) as u32),
        18..=20 => Step::Answer(number),
        21 => Step::Take(number),
        22 | 23 => Step::TakeBack,
        24 => Step::Crash(dice.of(&setting.everybody())),
        _ => Step::Fail(number),
    }
}

fn draw_trick(dice: &mut Dice, who: Who) -> Step {
    let number = dice.below(64);
    match dice.below(24) {
        0..=4 => Step::Stall(who),
        5 | 6 => Step::GoOn(who),
        7..=9 => Step::Answer(number),
        10 => Step::Decline(number),
        11 | 12 => Step::Take(number),
        13 => Step::Lose(number),
        14 | 15 => Step::Claim { on_chain: false },
        16 | 17 => Step::Claim { on_chain: true },
        18 => Step::TakeBack,
        19 => Step::Fail(number),
        20 | 21 => Step::Tamper(draw_tamper(dice)),
        22 => Step::Again { offer: number, by: who },
        _ => {
            let offset = dice.of(&[-36, -22, -21, -18, -1, 0, 3, 4]);
            Step::MineTo { contract: number, offset }
        }
    }
}
