//! Real training by equal compute.
use std::time::Duration;

use evonas::comparison::contenders::{
    Aging, Inheriting, Promoted, PromotedRandom, Recommended, SizeProxy,
};
use evonas::comparison::{Benchmark, BitsBenchmark, Comparison, Setup, TrainingBenchmark};
use evonas::prelude::*;

fn benchmark() -> TrainingBenchmark {
    TrainingBenchmark::builder(digits())
        .images(100)
        .epochs(3)
        .final_epochs(1)
        .build()
        .unwrap()
}

#[test]
fn a_trial_costs_the_multiply_adds_of_the_epochs_that_it_trains() {
    let benchmark = benchmark();
    let genotype = published::amoebanet_a();
    let evaluator = benchmark.evaluator();
    let stop = StopSignal::new();
    let cost = |trial: u64, fidelity: Fidelity, continues: Option<TrialId>| {
        let mut trial = Trial::new(TrialId(trial), 7, genotype.clone());
        trial.fidelity = fidelity;
        trial.continues = continues;
        let context = Context::of(&trial, 0, &stop, &|_| ());
        evaluator.evaluate(&genotype, &context).unwrap()
    };
    let full = cost(0, Fidelity::full(), None);
    let multiply_adds = benchmark.multiply_adds(&genotype).unwrap();
    let expected = 3e-9 * multiply_adds * 80.0 * 3.0;
    assert!((full.cost.unwrap() / expected - 1.0).abs() < 1e-9);
    let first = Fidelity::full().with(Fidelity::PAUSE_AFTER, 1.0);
    let paused = cost(1, first, None);
    let rest = cost(2, Fidelity::full(), Some(TrialId(1)));
    let share = |evaluation: &Evaluation| evaluation.cost.unwrap() / expected;
    assert!((share(&paused) - 1.0 / 3.0).abs() < 1e-9);
    assert!((share(&rest) - 2.0 / 3.0).abs() < 1e-9);
    // The same seed, in one go or in two.
    assert_eq!(rest.fitness, full.fitness);
    assert_eq!(
        rest.metrics.get("parameters"),
        full.metrics.get("parameters")
    );
}

#[test]
fn contenders_that_train_less_have_more_trials_for_the_same_compute() {
    let benchmark = benchmark();
    let compare = || {
        Comparison::builder(&benchmark)
            .contender(Aging::new().population(4).sample(2))
            .contender(Recommended::new())
            .contender(Inheriting::new())
            .contender(Promoted::new())
            .contender(PromotedRandom::new())
            .contender(Promoted::by_size(SizeProxy::MultiplyAdds))
            .setup(
                Setup::new(&benchmark)
                    .runs(2)
                    .budget_seconds(benchmark.budget().as_secs_f64() * 0.3)
                    .unwrap(),
            )
            .run()
            .unwrap()
    };
    let comparison = compare();
    let evaluations: Vec<u64> = comparison
        .entries()
        .iter()
        .map(|entry| entry.runs.iter().map(|run| run.evaluations).sum())
        .collect();
    let [aging, recommended, less @ .., _] = &evaluations[..] else {
        panic!("there are six contenders")
    };
    assert!(
        less.len() == 3 && less.iter().all(|less| less > aging.max(recommended)),
        "{evaluations:?}"
    );
    for entry in comparison.entries() {
        for run in &entry.runs {
            assert!(run.incumbents.iter().all(|best| best.test > 0.05));
        }
    }
    let size = |entry: usize| -> f64 {
        let runs = &comparison.entries()[entry].runs;
        runs.iter().filter_map(|run| run.multiply_adds).sum()
    };
    assert!(size(5) > 1.5 * size(3), "{} {}", size(5), size(3));
    assert_eq!(comparison.entries(), compare().entries());
}

#[test]
fn contenders_of_trainings_are_refused_where_nothing_is_trained() {
    let bits = BitsBenchmark::default();
    let error = Comparison::builder(&bits)
        .contender(Promoted::new())
        .setup(Setup::new(&bits).runs(1).budget(Duration::from_secs(5)))
        .run()
        .unwrap_err();
    let text = format!("{error}: {:?}", std::error::Error::source(&error));
    assert!(text.contains("doesn't train networks"), "{text}");
}
