//! Trials that go wrong, and genotypes that aren't worth a trial.

mod duplicates;
mod stoppers;

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use evonas::evaluator::IntermediateResult;
use evonas::prelude::*;
use evonas::search::journal::read;
use evonas::search::{Duplicates, Retry, SearchError, TrialRecord};
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use evonas::stopper::{MedianRule, Stopper, SuccessiveHalving, Verdict};
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
fn a_trial_past_its_deadline_times_out_whether_or_not_it_checks() {
    let slow = |bits: &Bits, context: &Context<'_>| {
        let start = Instant::now();
        match context.trial().0 % 3 {
            // Hangs, but checks now and then.
            0 => loop {
                context.check_stop()?;
                assert!(start.elapsed() < Duration::from_secs(10));
                std::thread::sleep(Duration::from_millis(1));
            },
            // Never checks.
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
fn an_attempt_that_ends_too_late_counts_as_timed_out() {
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
fn while_the_search_stops_a_late_score_times_out_and_a_late_interruption_does_not() {
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
fn a_broken_device_loses_its_trial_which_is_run_again_as_a_lost_one() {
    let broken = |_: &Bits, context: &Context<'_>| -> Result<Evaluation, EvaluationError> {
        match context.trial().0 % 4 {
            0 => panic!("CUDA_ERROR_ILLEGAL_ADDRESS"),
            1 => Err(EvaluationError::failed("Parent device is lost")),
            2 => Err(EvaluationError::DeviceLost("no answer".to_owned())),
            _ => Err(EvaluationError::failed("no luck")),
        }
    };
    let result = Search::new(evolution(8, 1), Serial::new(broken), Budget::trials(20))
        .retry(Retry::none().lost(2))
        .run()
        .unwrap();
    for record in result.history.records() {
        let lost = matches!(&record.outcome, Outcome::Lost { .. });
        assert_eq!(lost, record.id.0 % 4 < 3, "{record:?}");
        assert_eq!(record.attempts, if lost { 3 } else { 1 });
    }
    let third = &result.history.records()[2].outcome;
    assert_eq!(third.to_string(), "lost with its worker: no answer");
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
