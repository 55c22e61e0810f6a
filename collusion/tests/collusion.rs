//! The analysis of thefts against random scenarios, and against a second method.
#![allow(clippy::unwrap_used, reason = "tests may, their helpers too")]

#[path = "collusion/rank.rs"]
mod rank;
#[path = "collusion/scene.rs"]
mod scene;

use pointlock::curve::{PublicScalar, SecretScalar};
use pointlock::edge::{Direction, EdgeId};
use pointlock::invoice::InvoiceId;
use pointlock::lock::LockSecret;
use pointlock::payment::AttemptId;
use pointlock_collusion::{
    Atom, AttemptSymbols, Coalition, CollusionError, Form, InvoiceKind, Method, Model, PathSymbols,
    Symbols,
};
use proptest::prelude::*;

use self::scene::{Scene, scene};

fn coalitions(model: &Model) -> impl Iterator<Item = Coalition> {
    let parties = model.parties().len();
    (0u32..1 << parties)
        .map(move |mask| (0..parties).filter(|party| mask >> party & 1 == 1).collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every coalition is decided as comparing ranks decides it, mod another prime and for other x.
    #[test]
    fn ranks_agree(scene in scene(), entropy: u64) {
        let model = scene.model(entropy);
        let analysis = model.analyse().unwrap();
        let instance = rank::Instance::new(&scene, entropy);
        for coalition in coalitions(&model) {
            let able = analysis.minimal.iter().any(|minimal| minimal.is_subset(coalition));
            prop_assert_eq!(able, instance.able(coalition), "{:?}", model.names(coalition));
        }
    }

    /// Both searches find the same, and what they find is a border: one member less can't, one more than the largest can.
    #[test]
    fn searches_agree(scene in scene(), entropy: u64) {
        let model = scene.model(entropy);
        let enumerated = model.analyse().unwrap();
        let dualized = model.analyse_by_duality().unwrap();
        let all = Method::Enumeration { coalitions: 1 << model.parties().len() };
        prop_assert_eq!(enumerated.method, all);
        let by_duality = matches!(dualized.method, Method::Duality { .. });
        prop_assert!(by_duality);
        prop_assert_eq!(&enumerated.minimal, &dualized.minimal);
        prop_assert_eq!(&enumerated.maximal_unable, &dualized.maximal_unable);
        for coalition in coalitions(&model) {
            let able = enumerated.minimal.iter().any(|minimal| minimal.is_subset(coalition));
            let unable = enumerated.maximal_unable.iter().any(|most| coalition.is_subset(*most));
            prop_assert!(able != unable);
        }
    }

    /// The members' scalars, and nothing else, open the lock; each member is needed.
    #[test]
    fn thefts_open_the_lock(scene in scene(), entropy: u64) {
        let model = scene.model(entropy);
        let analysis = model.analyse().unwrap();
        for theft in &analysis.thefts {
            let target = &model.targets()[theft.target];
            let secret = theft.secret(&model).unwrap();
            prop_assert!(target.lock.is_opened_by(&secret));
            prop_assert_eq!(secret, model.lock_secret(theft.target).unwrap());
            prop_assert!(theft.coalition.contains(target.claimer));
            for member in theft.coalition.members() {
                let gives = theft.shares.iter().any(|share| share.party == member);
                prop_assert!(gives || member == target.claimer);
            }
            prop_assert!(theft.shares.iter().all(|share| theft.coalition.contains(share.party)));
        }
        for minimal in &analysis.minimal {
            prop_assert!(analysis.thefts.iter().any(|theft| theft.coalition == *minimal));
        }
    }

    /// The theorem, in parts, with trampolines and over blinded paths too: without leaks, and with no more than k claims of distinct x, nobody can steal; for k = 0 a thief has the
    /// sender and somebody who has paid.
    #[test]
    fn no_leak_no_theft(scene in scene(), entropy: u64) {
        let scene = Scene { leaks: Vec::new(), sum_leaks: Vec::new(), ..scene };
        let model = scene.model(entropy);
        let analysis = model.analyse().unwrap();
        let routes = scene.routes();
        let claims = scene.payments.iter().filter(|payment| payment.claimed).count();
        if scene.degree > 0 && claims <= scene.degree {
            prop_assert!(analysis.minimal.is_empty());
            prop_assert_eq!(&analysis.maximal_unable, &vec![Coalition::everybody(model.parties().len())]);
        }
        for theft in &analysis.thefts {
            let target = &model.targets()[theft.target];
            let payment = &scene.payments[routes[target.attempt].payment];
            prop_assert!(theft.coalition.contains(payment.payer), "the sender of what is stolen");
            let paid = |payment: &&scene::Paid| payment.claimed && theft.coalition.contains(payment.payer);
            prop_assert!(scene.payments.iter().filter(paid).count() > scene.degree);
        }
    }
}

fn scalar(byte: u8) -> LockSecret {
    LockSecret::Scalar(SecretScalar::from_bytes(&[byte; 32]).unwrap())
}

fn attempt(id: u8, x: Option<PublicScalar>) -> AttemptSymbols {
    AttemptSymbols {
        id: AttemptId([id; 32]),
        name: (id - 1).to_string(),
        invoice: 0,
        edges: 2,
        x,
        hold: None,
        parts: Vec::new(),
        path: None,
        tail_of: None,
    }
}

/// Two attempts over two edges under a static point.
fn small() -> (Model, [usize; 3]) {
    let mut symbols = Symbols::new();
    let kind = InvoiceKind::Points { coefficients: 1 };
    symbols.add_invoice(InvoiceId::from_bytes([1; 32]), kind);
    for id in [2, 3] {
        symbols.add_attempt(attempt(id, None)).unwrap();
    }
    let mut model = Model::new(symbols);
    let parties = ["payer", "sender", "hop"].map(|name| model.add_party(name));
    (model, parties)
}

const Z: Atom = Atom::Coefficient { invoice: 0, power: 0 };

fn y(attempt: usize, hop: usize) -> Atom {
    Atom::Blind { attempt, hop }
}

/// A scalar that is not what its equation says ends the analysis, which names whose it is; with the right one it goes on.
#[test]
fn a_wrong_equation_is_found() {
    for (l_1, ends) in [(7, false), (8, true)] {
        let (mut model, [payer, sender, hop]) = small();
        model.disclose(payer, "z", "", Form::atom(Z), scalar(3)).unwrap();
        model.disclose(sender, "y_0", "", Form::atom(y(0, 0)), scalar(4)).unwrap();
        let form = Form::atom(Z).plus(&Form::atom(y(0, 0)));
        model.disclose(hop, "l_1", "", form, scalar(l_1)).unwrap();
        match model.analyse() {
            Err(CollusionError::Mismatch { party, fact, form }) => {
                assert!(ends);
                assert_eq!([party, fact, form], ["hop", "l_1", "z + y_0[1]"].map(str::to_owned));
            }
            Ok(_) => assert!(!ends),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn a_wrong_lock_is_found() {
    for (lock, ends) in [(7, false), (8, true)] {
        let (mut model, [payer, sender, hop]) = small();
        model.disclose(payer, "z", "", Form::atom(Z), scalar(3)).unwrap();
        model.disclose(sender, "y_0", "", Form::atom(y(0, 0)), scalar(4)).unwrap();
        model.add_target(0, 1, scalar(lock).lock(), hop, None).unwrap();
        let result = model.analyse();
        assert_eq!(result.is_err(), ends);
        if let Err(error) = result {
            assert_eq!(error.to_string(), "attempt 0, edge 1: the lock is not z + y_0[1]");
        }
    }
}

/// What depends on a secret that nobody has can't be checked, and is refused.
#[test]
fn a_value_that_nobody_has() {
    let (mut model, [.., hop]) = small();
    let form = Form::atom(Z).plus(&Form::atom(y(0, 0)));
    model.disclose(hop, "l_1", "", form, scalar(7)).unwrap();
    let missing = model.analyse().unwrap_err();
    assert!(matches!(missing, CollusionError::ValueMissing { party, .. } if party == "hop"));
}

/// Nobody says that the y's of two attempts are the same: the analysis sees it, and the theft with it.
#[test]
fn reuse_is_found_by_value() {
    for (second, reused) in [(4, true), (5, false)] {
        let (mut model, [payer, sender, hop]) = small();
        model.disclose(payer, "z", "", Form::atom(Z), scalar(3)).unwrap();
        model.disclose(payer, "y_0[1]", "", Form::atom(y(0, 0)), scalar(4)).unwrap();
        model.disclose(sender, "y_0[2]", "", Form::atom(y(1, 0)), scalar(second)).unwrap();
        let l_1 = Form::atom(Z).plus(&Form::atom(y(0, 0)));
        model.disclose(hop, "l_1[1]", "", l_1, scalar(7)).unwrap();
        model.add_target(1, 1, scalar(3 + second).lock(), hop, None).unwrap();
        let analysis = model.analyse().unwrap();
        assert_eq!(analysis.same, if reused { vec![(y(1, 0), y(0, 0))] } else { vec![] });
        let thieves = if reused { vec!["hop"] } else { vec!["hop", "payer", "sender"] };
        assert_eq!(model.names(analysis.minimal[0]), thieves);
        if reused {
            assert_eq!(analysis.thefts[0].derivation[0], "hop gives l_1[1] = z + y_0[1] ()");
        }
    }
}

/// Whoever is robbed gives nothing away, not even as part of a larger coalition.
#[test]
fn the_victim_is_no_thief() {
    for (victim, able) in [(None, true), (Some(1), false)] {
        let (mut model, [payer, sender, hop]) = small();
        model.disclose(payer, "z", "", Form::atom(Z), scalar(3)).unwrap();
        model.disclose(sender, "y_0", "", Form::atom(y(0, 0)), scalar(4)).unwrap();
        model.add_target(0, 1, scalar(7).lock(), hop, victim).unwrap();
        assert_eq!(!model.analyse().unwrap().minimal.is_empty(), able);
    }
}

#[test]
fn numbers_that_do_not_exist() {
    let (mut model, _) = small();
    let form = Form::atom(Z);
    assert_eq!(
        model.disclose(3, "z", "", form, scalar(3)),
        Err(CollusionError::NoSuch { what: "party", number: 3 })
    );
    assert!(model.add_target(2, 1, scalar(3).lock(), 0, None).is_err());
    let mut symbols = Symbols::new();
    let attempt = |x| attempt(2, x);
    assert!(symbols.add_attempt(attempt(None)).is_err());
    symbols.add_invoice(InvoiceId::from_bytes([1; 32]), InvoiceKind::Points { coefficients: 2 });
    assert_eq!(
        symbols.add_attempt(attempt(None)),
        Err(CollusionError::NoPayerPoint { attempt: 0 })
    );
    assert_eq!(symbols.add_attempt(attempt(Some(PublicScalar::ONE))), Ok(0));
    let id = EdgeId::in_channel([0; 32], Direction::FromNode1, 1);
    for (edge, fits) in [(0, false), (1, true), (2, true), (3, false)] {
        assert_eq!(symbols.add_edge(id, 0, edge).is_ok(), fits);
    }
}

/// A path, a hop of it, an attempt that carries on another: each has to be there.
#[test]
fn ways_that_do_not_exist() {
    let (path, introduction) = (0, 1);
    let mut symbols = Symbols::new();
    assert!(symbols.add_path(0, 1).is_err());
    symbols.add_invoice(InvoiceId::from_bytes([1; 32]), InvoiceKind::Points { coefficients: 1 });
    let over = Some(PathSymbols { path, introduction });
    let on_path = || AttemptSymbols { path: over, ..attempt(2, None) };
    let no_path = Err(CollusionError::NoSuch { what: "path", number: 0 });
    assert_eq!(symbols.add_attempt(on_path()), no_path);
    assert_eq!(symbols.add_path(0, 1), Ok(0));
    assert_eq!(symbols.add_attempt(on_path()), Ok(0));
    let b_0 = Form::atom(Atom::PathOffset { invoice: 0, path, hop: 0 });
    let y_0_and_y_1 = Form::atom(y(0, 0)).plus(&Form::atom(y(0, 1)));
    assert_eq!(symbols.blinds(0, 1).unwrap(), Form::atom(y(0, 0)));
    assert_eq!(symbols.blinds(0, 2).unwrap(), y_0_and_y_1.plus(&b_0));

    // A tail of the second edge's claimer: edges 3 and 4.
    let tail = |tail_of| AttemptSymbols { edges: 4, tail_of, ..attempt(3, None) };
    assert!(symbols.add_attempt(tail(Some(1))).is_err());
    assert_eq!(symbols.add_attempt(attempt(3, None)), Ok(1));
    assert_eq!(symbols.add_attempt(tail(Some(1))), Ok(2));
    assert!(symbols.add_attempt(tail(Some(2))).is_err());
    let sum = [y(1, 0), y(1, 1), y(1, 2), y(2, 2), y(2, 3)];
    let sum = sum.into_iter().fold(Form::zero(), |sum, atom| sum.plus(&Form::atom(atom)));
    assert_eq!(symbols.blinds(2, 4).unwrap(), sum);
    let id = EdgeId::in_channel([0; 32], Direction::FromNode1, 1);
    for (edge, fits) in [(2, false), (3, true), (4, true), (5, false)] {
        assert_eq!(symbols.add_edge(id, 2, edge).is_ok(), fits);
    }
}

/// A model of as many parties as there can be, and of one more.
#[test]
fn many_parties() {
    for (more, fits) in [(Coalition::MAX_PARTIES - 3, true), (Coalition::MAX_PARTIES - 2, false)] {
        let (mut model, [payer, sender, hop]) = small();
        for number in 0..more {
            model.add_party(&format!("other_{number}"));
        }
        model.disclose(payer, "z", "", Form::atom(Z), scalar(3)).unwrap();
        model.disclose(sender, "y_0", "", Form::atom(y(0, 0)), scalar(4)).unwrap();
        model.add_target(0, 1, scalar(7).lock(), hop, None).unwrap();
        match model.analyse() {
            Ok(analysis) => {
                assert!(fits);
                assert_eq!(model.names(analysis.minimal[0]), ["hop", "payer", "sender"]);
                assert!(matches!(analysis.method, Method::Duality { tried } if tried < 1_000));
            }
            Err(error) => {
                assert!(!fits);
                assert_eq!(error, CollusionError::TooManyParties { parties: 129 });
            }
        }
    }
}
