//! One run of a comparison: a search on one virtual worker.

use std::time::Duration;

use super::benchmark::Benchmark;
use super::contender::Contender;
use super::error::ComparisonError;
use super::meter::{Meter, Paying};
use super::run::{Incumbent, Run};
use super::run_seed::run_seed;
use super::setup::Setup;
use super::sized::WithSize;
use super::standstill::{NoProgress, Watch};
use crate::evaluator::Evaluator;
use crate::executor::Simulated;
use crate::search::{Budget, Search, SearchError, Termination, TrialRecord};

/// Runs an algorithm on a benchmark until its budget is spent.
pub(super) fn single_run<B: Benchmark>(
    benchmark: &B,
    contender: &dyn Contender<B>,
    setup: &Setup,
    number: u64,
) -> Result<Run, ComparisonError> {
    let name = contender.name();
    let seed = run_seed(setup.seed, name, number);
    let meter = Meter::new();
    let algorithm = contender
        .metered_algorithm(benchmark, seed, &meter)
        .map_err(|source| ComparisonError::cant_set_up(name, source))?;
    let evaluator: Box<dyn Evaluator<B::Genotype>> = match benchmark.cost_model() {
        Some(model) if !algorithm.objectives().is_empty() => Box::new(WithSize {
            evaluator: benchmark.evaluator(),
            model,
        }),
        _ => benchmark.evaluator(),
    };
    let executor = Simulated::new(Paying { evaluator, meter }, 1)?;
    let budget = Budget::unlimited().simulated_time(setup.budget);
    let mut search = Search::new(algorithm, executor, budget)
        .duplicates_by(contender.duplicates(), benchmark.canonical())
        .observe(Watch::new());
    if let Some(constraint) = benchmark.constraint() {
        search = search.constraint(constraint);
    }
    let result = search
        .run()
        .map_err(|error| search_failed(error, name, number))?;
    if result.termination == Termination::Standstill {
        return Err(ComparisonError::NeverEnds {
            contender: name.to_owned(),
            run: number,
            why: result.termination.to_string(),
        });
    }

    let budget = setup.budget.as_secs_f64();
    let records = result.history.records();
    if let Some(first) = records.first()
        && first.seconds > budget
    {
        return Err(ComparisonError::BudgetBelowEvaluation {
            budget: setup.budget,
            evaluation: Duration::try_from_secs_f64(first.seconds).unwrap_or(Duration::MAX),
        });
    }
    let mut run = Run {
        seed,
        evaluations: 0,
        seconds: 0.0,
        incumbents: Vec::new(),
        genotype: String::new(),
        multiply_adds: None,
    };
    let mut best: Option<(&TrialRecord<B::Genotype>, f64)> = None;
    for record in records {
        // One worker that is never idle: a trial starts when the one before it ends.
        let ends = run.seconds + record.seconds;
        if ends > budget && !benchmark.overshooting_counts() {
            break;
        }
        run.seconds = ends;
        run.evaluations += 1;
        if let Some(evaluation) = record.outcome.evaluation()
            && best.is_none_or(|(_, highest)| evaluation.fitness > highest)
        {
            best = Some((record, evaluation.fitness));
            run.incumbents.push(Incumbent {
                trials: run.evaluations,
                seconds: ends,
                valid: evaluation.fitness,
                test: benchmark.test(&record.genotype, evaluation),
            });
        }
    }
    let not_finite = |what, value| ComparisonError::NotFinite {
        contender: name.to_owned(),
        run: number,
        what,
        value,
    };
    if let Some(incumbent) = run
        .incumbents
        .iter()
        .find(|incumbent| !incumbent.test.is_finite())
    {
        return Err(not_finite("test", incumbent.test));
    }
    let (best, _) = best.ok_or_else(|| ComparisonError::NoScore {
        contender: name.to_owned(),
        run: number,
    })?;
    run.genotype = benchmark.text(&best.genotype);
    run.multiply_adds = benchmark.multiply_adds(&best.genotype);
    match run.multiply_adds {
        Some(count) if !count.is_finite() => Err(not_finite("number of multiply-adds", count)),
        _ => Ok(run),
    }
}

/// Tells a search that its [`Watch`] ended from one that failed.
fn search_failed(error: SearchError, contender: &str, run: u64) -> ComparisonError {
    match error {
        SearchError::Observer(error) => match error.downcast::<NoProgress>() {
            Ok(why) => ComparisonError::NeverEnds {
                contender: contender.to_owned(),
                run,
                why: why.to_string(),
            },
            Err(error) => SearchError::Observer(error).into(),
        },
        error => error.into(),
    }
}
