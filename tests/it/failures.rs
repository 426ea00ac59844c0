//! What becomes of trials that don't go well, and of genotypes that aren't worth one.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use evonas::objective::Direction;
use evonas::prelude::*;
use evonas::search::journal::read;
use evonas::search::{Duplicates, Retry, SearchError};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use evonas::stopper::{Decision, MedianRule, Stopper, SuccessiveHalving};
use evonas::trial::{EVALUATIONS, MEASURED_FITNESS};

type Bits = Vec<bool>;

fn evolution(bits: usize, seed: u64) -> Evolution<Bits> {
    Evolution::builder(BitsSpace { length: bits }, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(seed)
        .build()
        .unwrap()
}

fn ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(count(bits)))
}

fn count(bits: &Bits) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

#[test]
fn a_trial_that_is_over_time_has_timed_out_whether_or_not_it_looks() {
    let slow = |bits: &Bits, context: &Context<'_>| {
        let start = Instant::now();
        match context.trial().0 % 3 {
            // Hangs, but asks now and then.
            0 => loop {
                context.check_stop()?;
                assert!(start.elapsed() < Duration::from_secs(10));
                std::thread::sleep(Duration::from_millis(1));
            },
            // Never asks.
            1 => std::thread::sleep(Duration::from_millis(160)),
            _ => {}
        }
        ones(bits, context)
    };
    let executors: [Box<dyn Executor<Bits>>; 2] = [
        Box::new(Serial::new(slow)),
        Box::new(Threads::new(slow, 3).unwrap()),
    ];
    for executor in executors {
        let result = Search::new(evolution(8, 1), executor, Budget::trials(10))
            .timeout(Duration::from_millis(100))
            .run()
            .unwrap();
        for record in result.history.records() {
            let on_time = record.id.0 % 3 == 2;
            assert_eq!(record.outcome == Outcome::TimedOut, !on_time, "{record:?}");
            assert_eq!(record.fitness().is_some(), on_time);
        }
    }
}

#[test]
fn whatever_comes_too_late_has_timed_out() {
    let late = |bits: &Bits, context: &Context<'_>| {
        let end = Instant::now() + Duration::from_millis(30);
        while Instant::now() < end {
            std::thread::sleep(Duration::from_millis(5));
        }
        match context.trial().0 % 5 {
            0 => panic!("index out of bounds"),
            1 => Err(EvaluationError::failed("no luck")),
            2 => Err(EvaluationError::Infeasible("too large".to_owned())),
            3 => Err(EvaluationError::OutOfMemory("full".to_owned())),
            _ => ones(bits, context),
        }
    };
    let result = Search::new(evolution(8, 1), Serial::new(late), Budget::trials(10))
        .timeout(Duration::from_millis(20))
        .run()
        .unwrap();
    for record in result.history.records() {
        assert_eq!(record.outcome, Outcome::TimedOut, "{record:?}");
    }
}

#[test]
fn while_the_search_stops_a_late_score_has_timed_out_and_a_late_interruption_is_none() {
    for (asks, finished) in [(false, 1), (true, 0)] {
        let stop = StopSignal::new();
        let signal = stop.clone();
        let late = move |bits: &Bits, context: &Context<'_>| {
            std::thread::sleep(Duration::from_millis(30));
            signal.stop();
            if asks {
                context.check_stop()?;
            }
            ones(bits, context)
        };
        let executor = Serial::with_stop_signal(late, &stop);
        let result = Search::new(evolution(8, 1), executor, Budget::trials(10))
            .timeout(Duration::from_millis(20))
            .run()
            .unwrap();
        assert_eq!(result.termination, Termination::Stopped);
        assert_eq!(result.history.len(), finished);
        for record in result.history.records() {
            assert_eq!(record.outcome, Outcome::TimedOut);
        }
    }
}

#[test]
fn a_full_device_is_told_from_other_failures() {
    let full = |_: &Bits, context: &Context<'_>| -> Result<Evaluation, EvaluationError> {
        match context.trial().0 % 4 {
            0 => panic!("CUDA_ERROR_OUT_OF_MEMORY"),
            1 => Err(EvaluationError::failed("can't allocate buffer of size: 99")),
            2 => panic!("index out of bounds"),
            _ => Ok(Evaluation::new(1.0)),
        }
    };
    let result = Search::new(evolution(8, 1), Serial::new(full), Budget::trials(20))
        .run()
        .unwrap();
    for record in result.history.records() {
        let full = matches!(&record.outcome, Outcome::OutOfMemory { .. });
        assert_eq!(full, record.id.0 % 4 < 2, "{record:?}");
    }
}

#[test]
fn a_failed_trial_is_run_again_as_often_as_its_outcome_allows() {
    let calls = Arc::new(Mutex::new(Vec::<(TrialId, u64, Bits)>::new()));
    let log = calls.clone();
    let flaky = move |bits: &Bits, context: &Context<'_>| {
        let mut calls = log.lock().unwrap();
        let earlier = calls
            .iter()
            .filter(|&&(id, ..)| id == context.trial())
            .count();
        calls.push((context.trial(), context.seed(), bits.clone()));
        drop(calls);
        match (context.trial().0, earlier) {
            (3, 0 | 1) => Err(EvaluationError::failed("the network is down")),
            (5, _) => Err(EvaluationError::OutOfMemory("other work".to_owned())),
            (6, _) => Err(EvaluationError::Infeasible("too large".to_owned())),
            _ => ones(bits, context),
        }
    };
    let folder = tempfile::tempdir().unwrap();
    let retried = Arc::new(AtomicU64::new(0));
    let seen = retried.clone();
    let result = Search::new(evolution(8, 1), Serial::new(flaky), Budget::trials(20))
        .retry(Retry::none().failed(2).out_of_memory(1))
        .journal(Journal::create(folder.path()).unwrap())
        .observe(move |event: &Event<'_, Bits>| {
            if matches!(event, Event::Retried { .. }) {
                seen.fetch_add(1, Ordering::Relaxed);
            }
        })
        .run()
        .unwrap();
    let records = result.history.records();
    let attempts: Vec<u32> = records.iter().map(|record| record.attempts).collect();
    assert_eq!(attempts[..8], [1, 1, 1, 3, 1, 2, 1, 1]);
    assert!(records[3].fitness().is_some());
    assert!(matches!(records[5].outcome, Outcome::OutOfMemory { .. }));
    assert_eq!(retried.load(Ordering::Relaxed), 3);
    let calls = calls.lock().unwrap();
    let third: Vec<_> = calls.iter().filter(|(id, ..)| id.0 == 3).collect();
    assert!(
        third.len() == 3 && third.iter().all(|call| *call == third[0]),
        "same seed"
    );
    let journal = std::fs::read_to_string(folder.path().join("journal.jsonl")).unwrap();
    assert_eq!(journal.matches("{\"retry\":3,").count(), 2);
    assert_eq!(
        read::<Bits>(folder.path()).unwrap().history.records(),
        records
    );
}

#[test]
fn a_stopped_trial_is_an_outcome_of_its_own_and_no_parent() {
    let learning = |bits: &Bits, context: &Context<'_>| {
        for step in 1..=4 {
            context.report(step, count(bits) * step as f64);
            context.check_stop()?;
        }
        ones(bits, context)
    };
    let search = |trials, journal: Option<Journal>| {
        let search = Search::new(
            evolution(30, 1),
            Serial::new(learning),
            Budget::trials(trials),
        )
        .stopper(MedianRule::new(Direction::Maximize).minimum_trials(3));
        match journal {
            Some(journal) => search.journal(journal),
            None => search,
        }
        .run()
        .unwrap()
    };
    let result = search(200, None);
    let records = result.history.records();
    let stopped: HashSet<TrialId> = records
        .iter()
        .filter(|record| match record.outcome {
            Outcome::Stopped { step, value } => {
                assert_eq!(value, count(&record.genotype) * step as f64);
                true
            }
            _ => false,
        })
        .map(|record| record.id)
        .collect();
    assert!((20..180).contains(&stopped.len()), "{}", stopped.len());
    assert_eq!(result.history.failed(), 0);
    for record in records {
        assert!(
            record
                .parent
                .is_none_or(|parent| !stopped.contains(&parent))
        );
    }
    // The stopper is rebuilt when the search is resumed: the same trials are stopped.
    let folder = tempfile::tempdir().unwrap();
    for trials in [50, 120, 200] {
        let part = search(
            trials,
            Some(Journal::open_or_create(folder.path()).unwrap()),
        );
        for (ours, theirs) in part.history.records().iter().zip(records) {
            assert_eq!(
                (&ours.genotype, &ours.outcome),
                (&theirs.genotype, &theirs.outcome)
            );
        }
    }
}

#[test]
fn a_stopped_trial_has_the_last_value_that_it_reported() {
    /// Says stop once.
    #[derive(Debug)]
    struct AfterOneStep;
    impl Stopper for AfterOneStep {
        fn reported(&mut self, _: TrialId, step: u64, _: f64) -> Decision {
            match step {
                1 => Decision::Stop,
                _ => Decision::Continue,
            }
        }
        fn ended(&mut self, _: TrialId, _: &Outcome) {}
    }
    let seldom = |bits: &Bits, context: &Context<'_>| {
        for (step, value) in [(1, 0.1), (2, 0.9), (3, f64::NAN)] {
            context.report(step, value);
        }
        context.check_stop()?;
        ones(bits, context)
    };
    let result = Search::new(evolution(8, 1), Serial::new(seldom), Budget::trials(10))
        .stopper(AfterOneStep)
        .run()
        .unwrap();
    let last = Outcome::Stopped {
        step: 2,
        value: 0.9,
    };
    for record in result.history.records() {
        assert_eq!(record.outcome, last);
    }
}

#[test]
fn halving_spends_fewer_steps_and_still_finds_the_best() {
    let steps = Arc::new(AtomicU64::new(0));
    let spent = steps.clone();
    let learning = move |bits: &Bits, context: &Context<'_>| {
        let noise: f64 = context.rng(0).random();
        for step in 1..=9 {
            spent.fetch_add(1, Ordering::Relaxed);
            context.report(step, count(bits) + noise);
            context.check_stop()?;
        }
        ones(bits, context)
    };
    let halving = SuccessiveHalving::new(Direction::Maximize, 1, 3).unwrap();
    let executor = Threads::new(learning, 2).unwrap();
    let result = Search::new(evolution(12, 1), executor, Budget::trials(600))
        .stopper(halving)
        .run()
        .unwrap();
    assert_eq!(result.best().unwrap().fitness(), Some(12.0));
    let steps = steps.load(Ordering::Relaxed);
    assert!(steps < 600 * 9 * 2 / 3, "{steps}");
}

#[test]
fn constraints_are_checked_before_a_trial_is_spent() {
    let even = |bits: &Bits| match count(bits) as u64 % 2 {
        0 => Ok(()),
        odd => Err(format!("{odd} bit too many")),
    };
    let folder = tempfile::tempdir().unwrap();
    let search = |trials| {
        Search::new(evolution(8, 1), Serial::new(ones), Budget::trials(trials))
            .constraint(even)
            .constraint(|bits: &Bits| match bits[0] && bits[1] && bits[2] {
                true => panic!("a predicate that breaks on some"),
                false => Ok(()),
            })
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
    };
    // Children differ by one bit, so that none of an even parent is even.
    let Err(SearchError::TooManyRefused {
        trial,
        refused: 1000,
        drawn: 1000,
        reason,
    }) = search(50)
    else {
        panic!("children can't fulfil the constraint");
    };
    assert_eq!(trial, TrialId(10));
    assert!(
        reason == "1 bit too many" || reason.contains("breaks on some"),
        "{reason}"
    );
    // What was refused cost nothing; the numbers have no gaps.
    let recorded = read::<Bits>(folder.path()).unwrap();
    let ids: Vec<u64> = recorded.history.records().iter().map(|r| r.id.0).collect();
    assert_eq!(ids, (0..10).collect::<Vec<_>>());
    assert!(
        recorded
            .history
            .records()
            .iter()
            .all(|r| count(&r.genotype) % 2.0 == 0.0)
    );
    // Resumed, the recorded trials are found again behind the refused draws, and it ends as before.
    assert!(matches!(
        search(50),
        Err(SearchError::TooManyRefused { .. })
    ));
    assert_eq!(
        search(10).unwrap().history.records(),
        recorded.history.records()
    );
}

#[test]
fn a_predicate_that_refuses_everything_is_an_error_with_numbers() {
    let error = Search::new(evolution(8, 1), Serial::new(ones), Budget::trials(50))
        .constraint(|bits: &Bits| Err(format!("{} bits are too many", bits.len())))
        .max_refused(25)
        .run()
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the constraints refused 25 of 25 genotypes drawn for trial 0; the last: 8 bits are too many"
    );
}

/// Runs with a policy; returns the records and how many evaluations there were.
fn with_duplicates(
    policy: Duplicates,
    trials: u64,
    folder: Option<&std::path::Path>,
) -> (Vec<evonas::search::TrialRecord<Bits>>, u64) {
    let evaluations = Arc::new(AtomicU64::new(0));
    let counter = evaluations.clone();
    let noisy = move |bits: &Bits, context: &Context<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        Ok(Evaluation::new(
            count(bits) + context.rng(0).random::<f64>(),
        ))
    };
    let mut search =
        Search::new(evolution(5, 1), Serial::new(noisy), Budget::trials(trials)).duplicates(policy);
    if let Some(folder) = folder {
        search = search.journal(Journal::open_or_create(folder).unwrap());
    }
    let result = search.run().unwrap();
    (
        result.history.records().to_vec(),
        evaluations.load(Ordering::Relaxed),
    )
}

#[test]
fn duplicates_are_evaluated_again_unless_a_policy_says_otherwise() {
    assert_eq!(with_duplicates(Duplicates::Allow, 100, None).1, 100);

    let (records, evaluations) = with_duplicates(Duplicates::Reuse, 100, None);
    let distinct: HashSet<&Bits> = records.iter().map(|record| &record.genotype).collect();
    assert_eq!(records.len(), 100);
    assert_eq!(evaluations, distinct.len() as u64);
    for record in &records {
        let first = records
            .iter()
            .find(|other| other.genotype == record.genotype)
            .unwrap();
        let expected = (first.id != record.id).then_some(first.id);
        assert_eq!(record.reused, expected);
        assert_eq!(record.attempts, u32::from(expected.is_none()));
        assert_eq!(record.fitness(), first.fitness());
    }

    let (records, evaluations) = with_duplicates(Duplicates::Average, 100, None);
    assert_eq!(evaluations, 100);
    for (index, record) in records.iter().enumerate() {
        let measured: Vec<f64> = records[..=index]
            .iter()
            .filter(|other| other.genotype == record.genotype)
            .map(|other| other.metric(MEASURED_FITNESS).or(other.fitness()).unwrap())
            .collect();
        let mean = measured.iter().sum::<f64>() / measured.len() as f64;
        assert!((record.fitness().unwrap() - mean).abs() < 1e-12);
        let evaluations = record.metric(EVALUATIONS).unwrap_or(1.0);
        assert_eq!(evaluations, measured.len() as f64);
    }

    let (records, _) = with_duplicates(Duplicates::Redraw(200), 32, None);
    let distinct: HashSet<&Bits> = records.iter().map(|record| &record.genotype).collect();
    assert!(distinct.len() >= 25, "{} of 32 genotypes", distinct.len());
    let ids: Vec<u64> = records.iter().map(|record| record.id.0).collect();
    assert_eq!(ids, (0..32).collect::<Vec<_>>());
}

#[test]
fn every_policy_survives_a_resume() {
    for policy in [
        Duplicates::Reuse,
        Duplicates::Average,
        Duplicates::Redraw(3),
    ] {
        let (whole, _) = with_duplicates(policy, 60, None);
        let folder = tempfile::tempdir().unwrap();
        for trials in [15, 33, 60] {
            let (part, _) = with_duplicates(policy, trials, Some(folder.path()));
            for (ours, theirs) in part.iter().zip(&whole) {
                assert_eq!(
                    (&ours.genotype, ours.reused, &ours.outcome),
                    (&theirs.genotype, theirs.reused, &theirs.outcome),
                    "{policy:?}"
                );
            }
        }
        // And cut behind any line, it goes on as if it had not been.
        let file = folder.path().join("journal.jsonl");
        let journal = std::fs::read_to_string(&file).unwrap();
        for (end, _) in journal.match_indices('\n') {
            std::fs::write(&file, &journal[..=end]).unwrap();
            let (again, _) = with_duplicates(policy, 60, Some(folder.path()));
            let essence = |record: &evonas::search::TrialRecord<Bits>| {
                (
                    record.id,
                    record.reused,
                    record.attempts,
                    record.outcome.clone(),
                )
            };
            assert!(
                again.iter().map(essence).eq(whole.iter().map(essence)),
                "{policy:?} {end}"
            );
        }
    }
}

#[test]
fn an_average_of_figures_that_are_too_large_to_be_added_is_one() {
    let folder = tempfile::tempdir().unwrap();
    for trials in [40, 80] {
        let huge = |bits: &Bits, context: &Context<'_>| {
            let sign = if context.seed() % 2 == 0 { 1.0 } else { -1.0 };
            let large = if bits[0] { f64::MAX } else { f64::MAX * sign };
            Ok(Evaluation::new(large))
        };
        let result = Search::new(evolution(2, 1), Serial::new(huge), Budget::trials(trials))
            .duplicates(Duplicates::Average)
            .journal(Journal::open_or_create(folder.path()).unwrap())
            .run()
            .unwrap();
        assert_eq!(result.history.failed(), 0);
        for record in result.history.records() {
            let fitness = record.fitness().unwrap();
            // The mean of equal values is that value.
            assert!(!record.genotype[0] || fitness == f64::MAX, "{record:?}");
        }
        let means = result.history.records().iter().filter_map(|r| r.fitness());
        assert!(means.clone().any(|fitness| fitness.abs() < 0.5 * f64::MAX));
    }
}

#[test]
fn the_stop_signal_ends_a_search_that_finds_nothing_to_try() {
    let stop = StopSignal::new();
    let (signal, draws) = (stop.clone(), Arc::new(AtomicU64::new(0)));
    let seen = draws.clone();
    let folder = tempfile::tempdir().unwrap();
    let executor = Serial::with_stop_signal(ones, &stop);
    let result = Search::new(evolution(8, 1), executor, Budget::trials(50))
        .constraint(move |_: &Bits| {
            if seen.fetch_add(1, Ordering::Relaxed) + 1 == 40 {
                signal.stop();
            }
            Err("too large".to_owned())
        })
        .max_refused(u64::MAX)
        .journal(Journal::create(folder.path()).unwrap())
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::Stopped);
    assert_eq!(draws.load(Ordering::Relaxed), 40);
    // Nothing of it is on record; the search begins anew.
    let result = Search::new(evolution(8, 1), Serial::new(ones), Budget::trials(50))
        .journal(Journal::open(folder.path()).unwrap())
        .run()
        .unwrap();
    assert_eq!(result.history.len(), 50);
}

#[test]
fn the_time_ends_a_search_that_finds_nothing_to_try() {
    let budget = Budget::trials(50).wall_time(Duration::from_millis(100));
    let search = || Search::new(evolution(2, 1), Serial::new(ones), budget);
    let refusing = search()
        .constraint(|_: &Bits| {
            std::thread::sleep(Duration::from_millis(1));
            Err("too large".to_owned())
        })
        // Enough to end the test if the time does not.
        .max_refused(5000);
    // Two bits have four forms.
    let redrawing = search().duplicates(Duplicates::Redraw(u32::MAX));
    for (search, most) in [(refusing, 0), (redrawing, 4)] {
        let start = Instant::now();
        let result = search.run().unwrap();
        assert_eq!(result.termination, Termination::WallTime);
        assert!(result.history.len() <= most, "{}", result.history.len());
        assert!(start.elapsed() < Duration::from_secs(4));
    }
}

#[test]
fn a_canonical_form_says_what_is_equal() {
    let evaluations = Arc::new(AtomicU64::new(0));
    let counter = evaluations.clone();
    let evaluator = move |bits: &Bits, context: &Context<'_>| {
        counter.fetch_add(1, Ordering::Relaxed);
        ones(bits, context)
    };
    Search::new(
        evolution(12, 1),
        Serial::new(evaluator),
        Budget::trials(300),
    )
    .duplicates_by(Duplicates::Reuse, |bits: &Bits| count(bits) as u64)
    .run()
    .unwrap();
    assert!(evaluations.load(Ordering::Relaxed) <= 13);
}

#[test]
fn policies_have_names() {
    use evonas::search::journal::SyncPolicy;
    let duplicates = |text: &str| text.parse::<Duplicates>().ok();
    assert_eq!(duplicates("average"), Some(Duplicates::Average));
    assert_eq!(duplicates("redraw:7"), Some(Duplicates::Redraw(7)));
    assert_eq!(duplicates("redraw"), None);
    let sync = |text: &str| text.parse::<SyncPolicy>().ok();
    assert_eq!(sync("always"), Some(SyncPolicy::Always));
    assert_eq!(sync("100"), Some(SyncPolicy::EveryN(100)));
    assert_eq!(sync("0"), None);
}
