//! When a search ends, on real and on virtual clocks, and how it runs without one.

// An evaluator of `Vec<bool>` takes a `&Vec<bool>`.
use std::collections::HashSet;
use std::time::{Duration, Instant};

use evonas::algorithm::TellError;
use evonas::executor::Simulated;
use evonas::prelude::*;
use evonas::search::SearchError;
use evonas::spaces::bits::{BitsSpace, FlipOneBit};

type Bits = Vec<bool>;

fn count(bits: &[bool]) -> f64 {
    bits.iter().filter(|&&bit| bit).count() as f64
}

fn ones(bits: &Bits, _: &Context<'_>) -> Result<Evaluation, EvaluationError> {
    Ok(Evaluation::new(count(bits)))
}

fn builder(length: usize) -> EvolutionBuilder<Bits> {
    Evolution::builder(BitsSpace { length }, FlipOneBit)
        .population(40)
        .sample(10)
        .seed(1)
}

/// A search over 20 bits on a virtual clock, where more ones cost more time.
fn simulated(workers: usize, budget: Budget) -> SearchResult<Bits> {
    let costly = |bits: &Bits, context: &Context<'_>| {
        let noise: f64 = context.rng(0).random();
        Ok(Evaluation::new(count(bits)).with_cost(10.0 + count(bits) + noise))
    };
    let executor = Simulated::new(costly, workers).unwrap();
    Search::new(builder(20).build().unwrap(), executor, budget)
        .run()
        .unwrap()
}

#[test]
fn simulated_workers_keep_busy_and_end_in_the_order_of_their_costs() {
    let start = Instant::now();
    let one = simulated(1, Budget::trials(400));
    let many = simulated(40, Budget::trials(400));
    assert!(start.elapsed() < Duration::from_secs(5));
    let busy = |result: &SearchResult<Bits>| -> f64 {
        result
            .history
            .records()
            .iter()
            .map(|record| record.seconds)
            .sum()
    };
    let time = |result: &SearchResult<Bits>| result.simulated.unwrap().as_secs_f64();
    assert!((time(&one) - busy(&one)).abs() < 1e-6);
    let idle = 1.0 - busy(&many) / (40.0 * time(&many));
    assert!((0.0..0.15).contains(&idle), "idle {idle}");
    let ids: Vec<u64> = many
        .history
        .records()
        .iter()
        .map(|record| record.id.0)
        .collect();
    assert!(!ids.is_sorted(), "a cheap trial overtakes a costly one");
    assert_eq!(
        simulated(40, Budget::trials(400)).history.records(),
        many.history.records()
    );
}

#[test]
fn any_number_of_simulated_workers_works() {
    let most = simulated(usize::MAX, Budget::trials(400));
    let enough = simulated(400, Budget::trials(400));
    assert_eq!(most.history.records(), enough.history.records());
}

#[test]
fn simulated_time_ends_a_search_and_needs_a_virtual_clock() {
    let hour = Budget::trials(1_000_000).simulated_time(Duration::from_secs(3600));
    let result = simulated(10, hour);
    assert_eq!(result.termination, Termination::SimulatedTime);
    let time = result.simulated.unwrap().as_secs_f64();
    assert!((3600.0..3640.0).contains(&time), "{time}");
    let real = Search::new(builder(20).build().unwrap(), Serial::new(ones), hour).run();
    assert!(matches!(real, Err(SearchError::NoVirtualClock)));
}

#[test]
fn a_simulated_search_resumes_at_the_time_of_its_clock() {
    let folder = tempfile::tempdir().unwrap();
    let search = |trials, folder: Option<&std::path::Path>| {
        let costly = |bits: &Bits, context: &Context<'_>| {
            let cost: f64 = context.rng(0).random();
            Ok(Evaluation::new(count(bits)).with_cost(1.0 + 9.0 * cost))
        };
        let executor = Simulated::new(costly, 7).unwrap();
        let search = Search::new(
            builder(20).build().unwrap(),
            executor,
            Budget::trials(trials),
        );
        match folder {
            Some(folder) => search.journal(Journal::open_or_create(folder).unwrap()),
            None => search,
        }
        .run()
        .unwrap()
    };
    let whole = search(200, None);
    search(200, Some(folder.path()));
    let file = folder.path().join("journal.jsonl");
    let journal = std::fs::read_to_string(&file).unwrap();
    // Cut in the middle, with seven trials in flight.
    let lines: Vec<&str> = journal.lines().collect();
    std::fs::write(&file, lines[..231].join("\n") + "\n").unwrap();
    let resumed = search(200, Some(folder.path()));
    let essence = |result: &SearchResult<Bits>| -> Vec<(u64, Bits, Option<f64>)> {
        let records = result.history.records().iter();
        records
            .map(|r| (r.id.0, r.genotype.clone(), r.fitness()))
            .collect()
    };
    assert_eq!(essence(&resumed), essence(&whole));
    assert_eq!(resumed.simulated, whole.simulated);
}

#[test]
fn a_simulated_search_resumes_as_if_it_had_not_been_stopped() {
    let search = |folder: &std::path::Path, stop_after: Option<usize>| {
        let costly = |bits: &Bits, context: &Context<'_>| {
            let cost: f64 = context.rng(0).random();
            Ok(Evaluation::new(count(bits)).with_cost(1.0 + 9.0 * cost))
        };
        let stop = StopSignal::new();
        let executor = Simulated::with_stop_signal(costly, 7, &stop).unwrap();
        Search::new(builder(20).build().unwrap(), executor, Budget::trials(200))
            .journal(Journal::open_or_create(folder).unwrap())
            .observe(move |event: &Event<'_, Bits>| {
                if let Event::Finished { history } = event
                    && Some(history.len()) == stop_after
                {
                    stop.stop();
                }
            })
            .run()
            .unwrap()
    };
    // Everything but the worker.
    let essence = |result: &SearchResult<Bits>| -> Vec<(u64, Bits, Option<f64>, f64)> {
        let records = result.history.records().iter();
        records
            .map(|r| (r.id.0, r.genotype.clone(), r.fitness(), r.seconds))
            .collect()
    };
    let folder = tempfile::tempdir().unwrap();
    let whole = search(folder.path(), None);
    for stop_after in [1, 60, 123] {
        let folder = tempfile::tempdir().unwrap();
        let stopped = search(folder.path(), Some(stop_after));
        assert_eq!(stopped.termination, Termination::Stopped);
        assert_eq!(essence(&stopped)[..], essence(&whole)[..stop_after]);
        let resumed = search(folder.path(), None);
        assert_eq!(essence(&resumed), essence(&whole));
        assert_eq!(resumed.simulated, whole.simulated);
    }
}

#[test]
fn the_real_time_of_a_simulated_search_resumes_too() {
    let folder = tempfile::tempdir().unwrap();
    let search = |trials, budget: fn(Budget) -> Budget| {
        let slow = |bits: &Bits, _: &Context<'_>| {
            std::thread::sleep(Duration::from_millis(2));
            Ok(Evaluation::new(count(bits)).with_cost(1.0))
        };
        let executor = Simulated::new(slow, 3).unwrap();
        Search::new(
            builder(20).build().unwrap(),
            executor,
            budget(Budget::trials(trials)),
        )
        .journal(Journal::open_or_create(folder.path()).unwrap())
        .run()
        .unwrap()
    };
    let first = search(50, |budget| budget);
    assert!(first.duration >= Duration::from_millis(100));
    // There is nothing left of this budget.
    let second = search(80, |budget| budget.wall_time(Duration::from_millis(90)));
    assert_eq!(second.termination, Termination::WallTime);
    assert_eq!(second.history.len(), 50);
    assert!(second.duration >= Duration::from_millis(96));
    assert_eq!(second.simulated, first.simulated);
    // Every ask and every tell has it.
    let file = folder.path().join("journal.jsonl");
    let journal = std::fs::read_to_string(&file).unwrap();
    assert_eq!(journal.matches(",\"real\":").count(), 100);
}

#[test]
fn a_simulated_trial_that_takes_too_long_times_out_at_the_limit() {
    let costly = |bits: &Bits, context: &Context<'_>| {
        let evaluation = Evaluation::new(count(bits));
        match context.trial().0 % 3 {
            0 => Ok(evaluation.with_cost(100.0)),
            1 => Ok(evaluation.with_cost(5.0)),
            _ => Ok(evaluation),
        }
    };
    let executor = Simulated::new(costly, 2).unwrap();
    let result = Search::new(builder(20).build().unwrap(), executor, Budget::trials(60))
        .timeout(Duration::from_secs(30))
        .run()
        .unwrap();
    for record in result.history.records() {
        match record.id.0 % 3 {
            0 => assert_eq!(
                (record.outcome.clone(), record.seconds),
                (Outcome::TimedOut, 30.0)
            ),
            1 => assert_eq!(record.seconds, 5.0),
            _ => assert!(record.outcome.to_string().contains("no cost"), "{record:?}"),
        }
    }
}

#[test]
fn the_target_and_patience_end_a_search_with_the_reason() {
    let run = |budget| {
        Search::new(builder(16).build().unwrap(), Serial::new(ones), budget)
            .run()
            .unwrap()
    };
    let target = run(Budget::trials(100_000).target_fitness(12.0));
    assert_eq!(target.termination, Termination::TargetFitness);
    assert_eq!(target.history.last().unwrap().id, target.best().unwrap().id);
    assert!(target.best().unwrap().fitness().unwrap() >= 12.0);
    let patience = run(Budget::trials(100_000).patience(150));
    assert_eq!(patience.termination, Termination::NoImprovement);
    assert_eq!(patience.history.since_improvement(), 150);
}

#[test]
fn each_worker_may_have_its_own_evaluator() {
    struct Device(usize);
    impl Evaluator<Bits> for Device {
        fn evaluate(
            &self,
            bits: &Bits,
            context: &Context<'_>,
        ) -> Result<Evaluation, EvaluationError> {
            assert_eq!(self.0, context.worker());
            std::thread::sleep(Duration::from_millis(1));
            Ok(Evaluation::new(count(bits)).with_metric("device", self.0 as f64))
        }
    }
    let executor = Threads::with_evaluators((0..3).map(Device), &StopSignal::new()).unwrap();
    let result = Search::new(builder(10).build().unwrap(), executor, Budget::trials(60))
        .run()
        .unwrap();
    assert_eq!(result.history.failed(), 0);
    let used: HashSet<u64> = result
        .history
        .records()
        .iter()
        .map(|record| record.metric("device").unwrap() as u64)
        .collect();
    assert_eq!(used.len(), 3);
    assert!(Threads::<Bits>::with_evaluators(Vec::<Device>::new(), &StopSignal::new()).is_err());
}

/// The algorithm alone, in your own loop.
#[test]
fn ask_and_tell_need_no_search() {
    let mut evolution = Ledger::new(builder(10).build().unwrap());
    let mut best: Option<(f64, Bits)> = None;
    for _ in 0..1000 {
        let trial = evolution.ask();
        let fitness = count(&trial.genotype);
        if best.as_ref().is_none_or(|(so_far, _)| fitness > *so_far) {
            best = Some((fitness, trial.genotype.clone()));
        }
        let outcome = Outcome::Completed(fitness.into());
        evolution.tell(trial.id, &outcome).unwrap();
    }
    assert_eq!(best.unwrap().0, 10.0);
}

#[test]
fn a_withdrawn_trial_leaves_no_trace_but_in_the_random_stream() {
    let algorithms: [Box<dyn Algorithm<Bits>>; 2] = [
        Box::new(builder(10).build().unwrap()),
        Box::new(RandomSearch::new(BitsSpace { length: 10 }, 1)),
    ];
    for algorithm in algorithms {
        let mut algorithm = Ledger::new(algorithm);
        for id in 0..100 {
            let withdrawn = algorithm.ask();
            algorithm.withdraw(withdrawn.id).unwrap();
            assert_eq!(
                algorithm.withdraw(withdrawn.id),
                Err(TellError::NotInFlight(withdrawn.id))
            );
            let trial = algorithm.ask();
            assert_eq!((trial.id.0, trial.seed), (id, withdrawn.seed));
            let outcome = Outcome::Completed(count(&trial.genotype).into());
            algorithm.tell(trial.id, &outcome).unwrap();
        }
    }
}
