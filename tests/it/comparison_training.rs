//! Real training by equal compute.
use std::time::Duration;

use evonas::comparison::contenders::{
    Aging, EvolutionByProxy, Inheriting, Promoted, PromotedRandom, Recommended, SizeProxy,
};
use evonas::comparison::{
    Benchmark, BitsBenchmark, Capped, Comparison, Contender, Meter, Setup, TrainingBenchmark,
    UntrainedProxy,
};
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
fn proxies_of_untrained_networks_charge_what_they_compute() {
    let benchmark = benchmark();
    let genotype = published::amoebanet_a();
    let multiply_adds = benchmark.multiply_adds(&genotype).unwrap();
    let mut scores = Vec::new();
    for (kind, images) in [
        (UntrainedProxy::Synflow, 1.0),
        (UntrainedProxy::GradientNorm, 16.0),
        (UntrainedProxy::LowGradientNorm, 16.0),
        (UntrainedProxy::JacobianCovariance, 16.0),
    ] {
        let meter = Meter::new();
        let proxy = benchmark.untrained_proxy(kind, &meter).unwrap();
        let score = proxy.score(&genotype, &mut stream(0, 0));
        assert!(score.is_finite(), "{kind:?}");
        scores.push(score);
        let expected = 3e-9 * multiply_adds * images;
        assert!((meter.pending() / expected - 1.0).abs() < 1e-9, "{kind:?}");
        let capped = Capped::new(self::benchmark(), 1000).unwrap();
        let beyond = capped.untrained_proxy(kind, &Meter::new()).unwrap();
        let score = beyond.score(&genotype, &mut stream(0, 0));
        assert_eq!(score, f64::NEG_INFINITY);
    }
    assert_eq!(scores[1], -scores[2]);
}

#[test]
fn evolution_by_a_proxy_pays_for_its_first_population_first() {
    let benchmark = benchmark();
    let compare = |contender: &dyn Contender<TrainingBenchmark>| {
        Comparison::builder(&benchmark)
            .contender(contender)
            .setup(
                Setup::new(&benchmark)
                    .runs(1)
                    .budget_seconds(benchmark.budget().as_secs_f64() * 0.3)
                    .unwrap(),
            )
            .run()
            .unwrap()
    };
    let by_proxy = EvolutionByProxy::new(UntrainedProxy::LowGradientNorm);
    let first = compare(&by_proxy);
    let run = &first.entries()[0].runs[0];
    // 200 random networks with 16 images each, before the first trial of 80 images and 3 epochs.
    let of_a_trial = benchmark.budget().as_secs_f64() / 100.0;
    let paid = run.incumbents[0].seconds / of_a_trial;
    let scores = 200.0 * 16.0 / 240.0;
    assert!((0.7 * scores..1.5 * scores + 3.0).contains(&paid), "{paid}");
    // Where large networks are preferred, the space says so.
    let described = by_proxy.of_large().describe(&benchmark).unwrap();
    assert_eq!(described["space"]["candidates"], 100, "{described}");
    let unpaid = compare(&Recommended::new());
    assert!(run.evaluations < unpaid.entries()[0].runs[0].evaluations);
    assert_eq!(first.entries(), compare(&by_proxy).entries());
}

#[test]
fn contenders_of_trainings_are_refused_where_nothing_is_trained() {
    let bits = BitsBenchmark::default();
    let proxy = EvolutionByProxy::new(UntrainedProxy::Synflow);
    let error = Comparison::builder(&bits).contender(proxy).run();
    assert_eq!(
        error.unwrap_err().to_string(),
        "can't set up evolution-by-synflow: the benchmark has no such proxy of untrained networks"
    );
    let error = Comparison::builder(&bits)
        .contender(Promoted::new())
        .setup(Setup::new(&bits).runs(1).budget(Duration::from_secs(5)))
        .run()
        .unwrap_err();
    let text = format!("{error}: {:?}", std::error::Error::source(&error));
    assert!(text.contains("doesn't train networks"), "{text}");
}
