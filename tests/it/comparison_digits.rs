//! Comparisons by real training: the embedded digits, a few small trials.
use std::time::Duration;

use evonas::comparison::{
    Axis, Benchmark, Comparison, Contender, DigitsBenchmark, DigitsSettings, Setup,
};
use evonas::evaluator::{Context, StopSignal};
use evonas::prelude::*;
use evonas::spaces::nasnet::published;

fn benchmark() -> DigitsBenchmark {
    DigitsBenchmark::new(&DigitsSettings {
        images: Some(100),
        ..DigitsSettings::default()
    })
    .unwrap()
}

fn compare(workers: usize) -> Comparison {
    let benchmark = benchmark();
    let setup = Setup {
        runs: 1,
        population: 2,
        sample: 2,
        budget: Duration::from_secs(3),
        workers,
        seed: 1,
    };
    Comparison::run(&benchmark, &Contender::ALL, &setup).unwrap()
}

#[test]
fn every_algorithm_trains_as_many_networks_as_its_budget_whatever_the_workers() {
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
fn the_test_is_that_of_the_trained_network_and_no_part_of_the_reward() {
    let benchmark = benchmark();
    let genotype = published::amoebanet_c();
    let (stop, report) = (StopSignal::new(), |_| {});
    let context = Context::new(TrialId(0), 7, 0, &stop, &report);
    let evaluation = benchmark.evaluator().evaluate(&genotype, &context).unwrap();
    assert_eq!(evaluation.cost, Some(1.0), "a trial is a second");
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
fn other_settings_have_another_description() {
    let described = |change: fn(&mut DigitsSettings)| {
        let mut settings = DigitsSettings::default();
        change(&mut settings);
        DigitsBenchmark::new(&settings).unwrap().describe()
    };
    let default = described(|_| ());
    assert_eq!(default, described(|_| ()));
    for changed in [
        described(|settings| settings.filters = 4),
        described(|settings| settings.epochs = 2),
        described(|settings| settings.learning_rate = 0.2),
        described(|settings| settings.images = Some(100)),
    ] {
        assert_ne!(changed, default);
    }
}

#[test]
fn settings_that_can_not_be_are_refused_before_any_run() {
    let error = |change: fn(&mut DigitsSettings)| {
        let mut settings = DigitsSettings::default();
        change(&mut settings);
        DigitsBenchmark::new(&settings).unwrap_err().to_string()
    };
    let zero = error(|settings| settings.filters = 0);
    assert!(zero.contains("is 0; it must be at least 1"), "{zero}");
    let epochs = error(|settings| settings.epochs = 0);
    assert!(epochs.contains("number of epochs is 0"), "{epochs}");
    let images = error(|settings| settings.images = Some(1));
    assert!(images.contains("holds out none"), "{images}");
}
