//! The decisions, in every bracket: those of Algorithm 2 of Li et al. 2020 with a limit on promotions.

use std::collections::HashMap;

use evonas::SettingError;
use evonas::prelude::*;

use super::{Bits, FULL, epochs, promotion};

fn random() -> RandomSearch<Bits> {
    RandomSearch::new(BitsSpace { length: 12 }, 1)
}

/// Rungs of 1 and 2 epochs and the full evaluation.
fn halves() -> Ledger<Bits, Promotion<Bits, RandomSearch<Bits>>> {
    let promotion = Promotion::builder(random(), "epochs")
        .factor(2)
        .maximum(4)
        .build()
        .unwrap();
    Ledger::new(promotion)
}

/// Which trial a trial continues, and its epochs if it isn't a full evaluation.
fn job(trial: &Trial<Bits>) -> (Option<u64>, Option<f64>) {
    let continues = trial.continues.map(|earlier| earlier.0);
    (continues, trial.fidelity.amount("epochs"))
}

fn tell(ledger: &mut Ledger<Bits, impl Algorithm<Bits>>, trial: &Trial<Bits>, value: f64) {
    let told = ledger.tell(trial.id, &Outcome::Completed(value.into()));
    told.unwrap();
}

#[test]
fn a_small_search_promotes_what_algorithm_2_promotes() {
    let mut ledger = halves();
    let mut trials = Vec::new();
    for (value, expected) in [
        (0.1, (None, Some(1.0))),
        (0.5, (None, Some(1.0))),
        // The better half of the first rung is trial 1.
        (0.6, (Some(1), Some(2.0))),
        (0.4, (None, Some(1.0))),
        (0.3, (None, Some(1.0))),
        // Of four trials of the first rung the best are 1 and 3.
        (0.7, (Some(3), Some(2.0))),
        // The higher rung comes first: of 2 and 5 the better half is 5.
        (0.9, (Some(5), None)),
        // Nothing comes after the full evaluation.
        (0.2, (None, Some(1.0))),
        (0.2, (None, Some(1.0))),
        (0.1, (Some(4), Some(2.0))),
    ] {
        let trial = ledger.ask();
        assert_eq!(job(&trial), expected, "trial {}", trial.id);
        tell(&mut ledger, &trial, value);
        trials.push(trial);
    }
    let genotype_and_seed = |trial: usize| (&trials[trial].genotype, trials[trial].seed);
    for (continuing, first) in [(2, 1), (5, 3), (6, 3), (9, 4)] {
        assert_eq!(genotype_and_seed(continuing), genotype_and_seed(first));
    }
    assert_ne!(trials[0].seed, trials[1].seed);
    assert_eq!(trials[7].seed, trial_seed(1, TrialId(7)));
}

#[test]
fn promotions_are_decided_while_trials_are_in_flight() {
    let mut ledger = halves();
    let asked: Vec<_> = (0..4).map(|_| ledger.ask()).collect();
    assert!(asked.iter().all(|trial| job(trial) == (None, Some(1.0))));
    tell(&mut ledger, &asked[3], 0.2);
    tell(&mut ledger, &asked[0], 0.2);
    // Of equal ones, the first by number.
    assert_eq!(job(&ledger.ask()), (Some(0), Some(2.0)));
    assert_eq!(job(&ledger.ask()), (None, Some(1.0)));
    tell(&mut ledger, &asked[1], 0.1);
    tell(&mut ledger, &asked[2], 0.3);
    assert_eq!(job(&ledger.ask()), (Some(2), Some(2.0)));
    assert_eq!(job(&ledger.ask()), (None, Some(1.0)));
}

#[test]
fn a_promotion_that_fails_or_is_withdrawn_is_not_repeated() {
    for withdraws in [true, false] {
        let mut ledger = halves();
        for value in [0.1, 0.5] {
            let trial = ledger.ask();
            tell(&mut ledger, &trial, value);
        }
        let promoted = ledger.ask();
        assert_eq!(job(&promoted), (Some(1), Some(2.0)));
        match withdraws {
            true => ledger.withdraw(promoted.id).unwrap(),
            false => drop(ledger.tell(promoted.id, &Outcome::TimedOut).unwrap()),
        }
        if withdraws {
            // The next best takes its place.
            let next = ledger.ask();
            assert_eq!((next.id.0, job(&next)), (2, (Some(0), Some(2.0))));
        }
        let next = ledger.ask();
        assert_eq!((next.id.0, job(&next)), (3, (None, Some(1.0))));
    }
}

#[test]
fn a_trial_that_failed_or_was_stopped_is_not_promoted() {
    let mut ledger = halves();
    for outcome in [
        Outcome::Completed(0.1.into()),
        Outcome::Stopped {
            step: 1,
            value: 0.9,
        },
        Outcome::lost("its process died"),
        Outcome::Completed(0.2.into()),
    ] {
        let trial = ledger.ask();
        assert_eq!(job(&trial), (None, Some(1.0)));
        ledger.tell(trial.id, &outcome).unwrap();
    }
    assert_eq!(job(&ledger.ask()), (Some(3), Some(2.0)));
}

#[test]
fn brackets_get_the_same_share_within_one_job() {
    let promotion = Promotion::builder(random(), "epochs").brackets(3).build();
    let mut ledger = Ledger::new(promotion.unwrap());
    let (mut given, mut bracket_of) = ([0_u64; 3], HashMap::new());
    let mut started: HashMap<TrialId, u64> = HashMap::new();
    for number in 0..5000_u64 {
        let trial = ledger.ask();
        let amount = epochs(&trial.fidelity);
        let (bracket, added) = match trial.continues {
            Some(earlier) => (bracket_of[&earlier], amount - started[&earlier]),
            None => (amount.ilog(3) as usize, amount),
        };
        given[bracket] += added;
        bracket_of.insert(trial.id, bracket);
        started.insert(trial.id, amount);
        let (most, least) = (given.iter().max(), given.iter().min());
        assert!(most.unwrap() - least.unwrap() <= FULL, "{given:?}");
        tell(&mut ledger, &trial, (number as f64 * 0.618).fract());
    }
    assert_eq!(given.iter().filter(|&&share| share > 4000).count(), 3);
}

#[test]
fn two_hundred_thousand_trials_take_seconds() {
    // A scan of all trials at each ask would take minutes.
    let mut ledger = Ledger::new(promotion(random()));
    let start = std::time::Instant::now();
    let mut full = 0;
    for number in 0..200_000_u64 {
        let trial = ledger.ask();
        full += u64::from(trial.fidelity.is_full());
        tell(&mut ledger, &trial, (number as f64 * 0.618).fract());
    }
    assert!(start.elapsed().as_secs() < 20);
    // A 27th of the genotypes, which are a little over two thirds of the trials.
    assert!((4990..=5010).contains(&full), "{full}");
}

#[test]
fn settings_that_make_no_rungs_are_refused_by_typed_errors() {
    let of = |amount: &str| Promotion::builder(random(), amount);
    let error = |builder: PromotionBuilder<RandomSearch<Bits>>| builder.build::<Bits>().err();
    let rungs = |first, factor| Some(SettingError::Rungs { first, factor });
    let brackets = |brackets| Some(SettingError::Brackets { brackets, rungs: 4 });
    assert_eq!(error(of("")), Some(SettingError::NoAmount));
    assert_eq!(error(of("epochs").first_rung(0)), rungs(0, 3));
    assert_eq!(error(of("epochs").factor(1)), rungs(1, 1));
    assert_eq!(
        error(of("epochs").first_rung(27)),
        Some(SettingError::OneRung {
            first: 27,
            maximum: 27
        })
    );
    assert_eq!(error(of("epochs").brackets(0)), brackets(0));
    assert_eq!(error(of("epochs").brackets(5)), brackets(5));
    assert_eq!(error(of("epochs").brackets(4)), None);
    let vast = of("images").first_rung(u64::MAX / 2).maximum(u64::MAX);
    assert_eq!(
        vast.build::<Bits>().unwrap().rungs(),
        [u64::MAX / 2, u64::MAX]
    );
}
