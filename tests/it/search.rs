//! The search loop and its executors: failures, budgets, seeds, records.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::sync::{Arc, Mutex};
use std::time::Duration;

use evonas::prelude::*;
use evonas::search::SearchError;
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

const SPACE: BitsSpace = BitsSpace { length: 16 };

fn evolution(seed: u64) -> Evolution<Vec<bool>> {
    Evolution::builder(SPACE, FlipOneBit)
        .population(10)
        .sample(3)
        .seed(seed)
        .build()
        .unwrap()
}

fn ones(bits: &Vec<bool>, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(
        bits.iter().filter(|&&bit| bit).count() as f64
    ))
}

fn misbehaving(bits: &Vec<bool>, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    match context.trial().0 % 5 {
        0 => panic!("this candidate is bad"),
        1 => Err(EvaluationError::failed("no luck")),
        2 => Ok(Evaluation::new(f64::NAN)),
        3 => Err(EvaluationError::Infeasible("too large".to_owned())),
        _ => ones(bits, context),
    }
}

#[test]
fn a_bad_candidate_does_not_end_the_search() {
    for workers in [1, 3] {
        let executor = Threads::new(misbehaving, workers).unwrap();
        let result = Search::new(evolution(1), executor, Budget::trials(50))
            .run()
            .unwrap();
        assert_eq!(result.history.len(), 50);
        assert_eq!(result.history.failed(), 30);
        assert_eq!(result.termination, Termination::Trials);
        for record in result.history.records() {
            match (record.id.0 % 5, &record.outcome) {
                (0, Outcome::Failed { reason }) => {
                    let expected = format!("panic: this candidate is bad ({}:", file!());
                    assert!(reason.starts_with(&expected), "{reason}");
                }
                (1, Outcome::Failed { reason }) => assert_eq!(reason, "no luck"),
                (2, Outcome::Failed { reason }) => assert!(reason.contains("NaN"), "{reason}"),
                (3, Outcome::Infeasible { reason }) => assert_eq!(reason, "too large"),
                (4, Outcome::Completed(_)) => {}
                (_, outcome) => panic!("trial {} {outcome}", record.id),
            }
        }
    }
}

#[test]
fn too_many_failures_in_a_row_end_the_search_and_show_the_last_three() {
    let broken = |_: &Vec<bool>, _: &Context<'_>| Err(EvaluationError::failed("no data"));
    let error = Search::new(evolution(1), Serial::new(broken), Budget::trials(100))
        .max_consecutive_failures(7)
        .run()
        .unwrap_err();
    let SearchError::TooManyFailures { count: 7, last } = &error else {
        panic!("{error}");
    };
    assert_eq!(last.len(), 3);
    assert!(
        error.to_string().contains("trial 6 failed: no data"),
        "{error}"
    );
}

#[test]
fn a_budget_below_the_population_is_refused() {
    let error = Search::new(evolution(1), Serial::new(ones), Budget::trials(9))
        .run()
        .unwrap_err();
    assert!(matches!(
        error,
        SearchError::BudgetTooSmall {
            trials: 9,
            minimum: 10
        }
    ));
    // Without a population too, the message is about what is wrong.
    let random = RandomSearch::new(BitsSpace { length: 8 }, 1);
    let error = Search::new(random, Serial::new(ones), Budget::trials(0))
        .run()
        .unwrap_err();
    let message = error.to_string();
    assert!(
        message.starts_with("a budget of 0 trials is too small: the algorithm needs at least 1"),
        "{message}"
    );
    assert!(Threads::new(ones, 0).is_err());
}

#[test]
fn no_trial_starts_after_the_time_limit() {
    let slow = |bits: &Vec<bool>, context: &Context<'_>| {
        std::thread::sleep(Duration::from_millis(20));
        ones(bits, context)
    };
    let budget = Budget::trials(10_000).wall_time(Duration::from_millis(200));
    let result = Search::new(evolution(1), Threads::new(slow, 2).unwrap(), budget)
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::WallTime);
    assert!(
        (2..=22).contains(&result.history.len()),
        "{}",
        result.history.len()
    );
}

#[test]
fn the_stop_signal_interrupts_running_trials_and_keeps_finished_ones() {
    let signal = Arc::new(Mutex::new(None::<StopSignal>));
    let seen = signal.clone();
    let evaluator = move |bits: &Vec<bool>, context: &Context<'_>| {
        if context.trial().0 == 12 {
            seen.lock().unwrap().as_ref().unwrap().stop();
        }
        context.check_stop()?;
        ones(bits, context)
    };
    let search = Search::new(evolution(1), Serial::new(evaluator), Budget::trials(100));
    *signal.lock().unwrap() = Some(search.stop_signal());
    let result = search.run().unwrap();
    assert_eq!(result.termination, Termination::Stopped);
    assert_eq!(result.history.len(), 12);
}

#[test]
fn a_whole_search_is_value_stable_and_the_first_of_equals_is_best() {
    let run = |seed| {
        let result = Search::new(evolution(seed), Serial::new(ones), Budget::trials(60))
            .run()
            .unwrap();
        let sum: u64 = result
            .history
            .records()
            .iter()
            .map(|r| (r.id.0 + 1) * r.fitness().unwrap() as u64)
            .sum();
        (sum, result.best().unwrap().id.0)
    };
    assert_eq!(run(3), run(3));
    assert_ne!(run(3), run(4));
    assert_eq!(
        run(3),
        (20528, 22),
        "changing this changes every recorded search"
    );
}

#[test]
fn events_come_in_order() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let log = seen.clone();
    let evaluator = |bits: &Vec<bool>, context: &Context<'_>| {
        context.report(1, 0.5);
        ones(bits, context)
    };
    Search::new(
        evolution(1),
        Threads::new(evaluator, 1).unwrap(),
        Budget::trials(10),
    )
    .observe(move |event: &Event<'_, Vec<bool>>| {
        log.lock().unwrap().push(match event {
            Event::Began { .. } => 'b',
            Event::Asked { .. } => 'a',
            Event::Started { .. } => 's',
            Event::Reported { .. } => 'r',
            Event::Finished { .. } => 'f',
            Event::Ended { .. } => 'e',
            _ => '?',
        });
    })
    .run()
    .unwrap();
    let expected: String = format!("b{}e", "asrf".repeat(10));
    assert_eq!(seen.lock().unwrap().iter().collect::<String>(), expected);
}

/// Panics again when it is dropped.
struct Grenade;

impl Drop for Grenade {
    fn drop(&mut self) {
        panic!("dropped");
    }
}

#[test]
fn a_panic_whose_payload_panics_ends_its_trial_alone() {
    let evaluator = |bits: &Vec<bool>, context: &Context<'_>| {
        if context.trial().0 == 3 {
            std::panic::panic_any(Grenade);
        }
        ones(bits, context)
    };
    let result = Search::new(
        evolution(1),
        Threads::new(evaluator, 2).unwrap(),
        Budget::trials(20),
    )
    .run()
    .unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (20, 1));
}

#[test]
fn an_evaluator_that_gives_up_unasked_or_at_nan_fails_its_trial() {
    let evaluator = |bits: &Vec<bool>, context: &Context<'_>| match context.trial().0 % 4 {
        1 => Err(EvaluationError::Interrupted),
        2 => Err(EvaluationError::Stopped {
            step: 1,
            value: f64::NAN,
        }),
        _ => ones(bits, context),
    };
    let result = Search::new(
        evolution(1),
        Threads::new(evaluator, 2).unwrap(),
        Budget::trials(20),
    )
    .run()
    .unwrap();
    assert_eq!((result.history.len(), result.history.failed()), (20, 10));
}

#[test]
fn a_search_without_a_limit_on_trials_ends_when_nothing_new_comes() {
    let exhausted = |executor: Box<dyn Executor<Vec<bool>>>| {
        let random = RandomSearch::new(BitsSpace { length: 3 }, 1);
        let budget = Budget::unlimited().simulated_time(Duration::from_secs(1_000_000));
        Search::new(random, executor, budget)
            .duplicates(Duplicates::Reuse)
            .run()
            .unwrap()
    };
    let second = |bits: &Vec<bool>, context: &Context<'_>| Ok(ones(bits, context)?.with_cost(1.0));
    let result = exhausted(Box::new(Simulated::new(second, 2).unwrap()));
    assert_eq!(result.termination, Termination::Standstill);
    let evaluated = result.history.records().iter();
    let evaluated = evaluated.filter(|record| record.reused.is_none()).count();
    assert!((8..12).contains(&evaluated), "{evaluated}");

    let infeasible =
        |_: &Vec<bool>, _: &Context<'_>| Err(EvaluationError::Infeasible("never".to_owned()));
    let result = exhausted(Box::new(Simulated::new(infeasible, 2).unwrap()));
    assert_eq!(result.termination, Termination::Standstill);
    let target = Budget::unlimited().target_fitness(1.0);
    let result = Search::new(evolution(1), Serial::new(infeasible), target)
        .run()
        .unwrap();
    assert_eq!(result.termination, Termination::Standstill);
    assert_eq!(result.history.len(), 1000);
    // A limit on trials is a limit, and takes precedence.
    let result = Search::new(evolution(1), Serial::new(infeasible), Budget::trials(1500));
    assert_eq!(result.run().unwrap().termination, Termination::Trials);
}
