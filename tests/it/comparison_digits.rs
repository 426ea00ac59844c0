//! Comparisons with real training: a few small trials on the embedded digits.

use std::time::Duration;

use evonas::comparison::contenders::{Aging, NonAging, PpoContender, Random, ReinforceContender};
use evonas::comparison::{
    Axis, Benchmark, Comparison, DigitsBenchmark, DigitsBenchmarkBuilder, Setup,
};
use evonas::evaluator::{Context, StopSignal};
use evonas::prelude::*;
use evonas::spaces::nasnet::published;

fn benchmark() -> DigitsBenchmark {
    DigitsBenchmark::builder().images(100).build().unwrap()
}

fn compare(workers: usize) -> Comparison {
    let benchmark = benchmark();
    let setup = Setup::new(&benchmark)
        .runs(1)
        .budget(Duration::from_secs(3))
        .workers(workers)
        .seed(1);
    Comparison::builder(&benchmark)
        .contender(Aging::new().population(2).sample(2))
        .contender(NonAging::new().population(2).sample(2))
        .contender(Random::new())
        .contender(ReinforceContender::new())
        .contender(PpoContender::new())
        .setup(setup)
        .run()
        .unwrap()
}

#[test]
fn every_algorithm_trains_as_many_networks_as_its_budget_allows_on_any_number_of_workers() {
    let comparison = compare(1);
    assert_eq!(comparison, compare(2));
    assert_eq!(comparison.dataset(), "digits");
    for entry in comparison.entries() {
        let run = &entry.runs[0];
        assert_eq!((run.evaluations, run.seconds), (3, 3.0));
        let best = run.best();
        assert!((0.0..=1.0).contains(&best.valid), "{best:?}");
        assert!((0.0..=1.0).contains(&best.test), "{best:?}");
        assert!(run.multiply_adds.unwrap() > 1e5, "{run:?}");
        assert!(run.genotype.contains('@'), "{run:?}");
    }
    for (_, curve) in comparison.curves(Axis::Trials) {
        let ends: Vec<f64> = curve.points.iter().map(|point| point.x).collect();
        assert_eq!(ends, [1.0, 2.0, 3.0]);
    }
    let folder = tempfile::tempdir().unwrap();
    comparison.write_csv(folder.path()).unwrap();
    let runs = std::fs::read_to_string(folder.path().join("runs.csv")).unwrap();
    assert_eq!(runs.lines().count(), 1 + 5);
    assert!(
        runs.lines().nth(5).unwrap().starts_with("ppo,digits,0,"),
        "{runs}"
    );
}

#[test]
fn the_test_accuracy_is_the_trained_networks_and_not_part_of_the_reward() {
    let benchmark = benchmark();
    let genotype = published::amoebanet_c();
    let (stop, report) = (StopSignal::new(), |_| {});
    let context = Context::new(TrialId(0), 7, 0, &stop, &report);
    let evaluation = benchmark.evaluator().evaluate(&genotype, &context).unwrap();
    assert_eq!(evaluation.cost, Some(1.0), "a trial costs a second");
    let test = benchmark.test(&genotype, &evaluation);
    assert_eq!(evaluation.metrics.get("test_accuracy"), Some(test));
    // 359 test images, 20 validation images.
    assert!(
        (test * 359.0 - (test * 359.0).round()).abs() < 1e-9,
        "{test}"
    );
    let hits = evaluation.fitness * 20.0;
    assert!((hits - hits.round()).abs() < 1e-9, "{evaluation:?}");
    assert!(benchmark.test(&genotype, &Evaluation::new(1.0)).is_nan());
}

#[test]
fn different_settings_have_different_descriptions() {
    let described = |builder: DigitsBenchmarkBuilder| builder.build().unwrap().describe();
    let default = described(DigitsBenchmark::builder());
    assert_eq!(default, described(DigitsBenchmark::builder()));
    for changed in [
        described(DigitsBenchmark::builder().filters(4)),
        described(DigitsBenchmark::builder().epochs(2)),
        described(DigitsBenchmark::builder().learning_rate(0.2)),
        described(DigitsBenchmark::builder().images(100)),
    ] {
        assert_ne!(changed, default);
    }
}

#[test]
fn invalid_settings_are_refused_before_any_run() {
    let error = |builder: DigitsBenchmarkBuilder| builder.build().unwrap_err().to_string();
    let zero = error(DigitsBenchmark::builder().filters(0));
    assert!(zero.contains("is 0; it must be at least 1"), "{zero}");
    let epochs = error(DigitsBenchmark::builder().epochs(0));
    assert!(epochs.contains("number of epochs is 0"), "{epochs}");
    let images = error(DigitsBenchmark::builder().images(1));
    assert!(images.contains("holds out none"), "{images}");
}
