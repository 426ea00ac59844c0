//! Comparisons of algorithms through the public interface.

use std::time::Duration;

use evonas::comparison::contenders::{self, Aging, NonAging, Random, ReinforceContender};
use evonas::comparison::{
    AgingGrid, Axis, BitsBenchmark, Comparison, ComparisonBuilder, ComparisonError, Setup,
};

fn setup(runs: usize) -> Setup {
    Setup::new(&BitsBenchmark::default())
        .runs(runs)
        .budget(Duration::from_secs(300))
        .workers(2)
        .seed(4)
}

fn aging() -> Aging {
    Aging::new().population(20).sample(5)
}

fn non_aging() -> NonAging {
    NonAging::new().population(20).sample(5)
}

fn all_quick(benchmark: &BitsBenchmark) -> ComparisonBuilder<'_, BitsBenchmark> {
    Comparison::builder(benchmark)
        .contender(aging())
        .contender(non_aging())
        .contender(Random::new())
        .contender(ReinforceContender::new())
}

#[test]
fn the_number_of_workers_does_not_change_the_results() {
    let benchmark = BitsBenchmark::default();
    let compare = |workers| {
        let setup = setup(6).workers(workers);
        all_quick(&benchmark).setup(setup).run().unwrap()
    };
    let alone = compare(1);
    assert_eq!(alone, compare(3));
    assert_eq!(alone, compare(100));
}

#[test]
fn an_algorithms_runs_do_not_depend_on_what_it_is_compared_with() {
    let benchmark = BitsBenchmark::default();
    let all = all_quick(&benchmark).setup(setup(4)).run().unwrap();
    let one = Comparison::builder(&benchmark).contender(Random::new());
    let one = one.setup(setup(4)).run().unwrap();
    assert_eq!(all.entries()[2], one.entries()[0]);
    let seeds: std::collections::HashSet<u64> = all
        .entries()
        .iter()
        .flat_map(|entry| entry.runs.iter().map(|run| run.seed))
        .collect();
    assert_eq!(seeds.len(), 16, "every run has its own seed");
}

#[test]
fn evolution_beats_random_search_by_more_than_chance() {
    let benchmark = BitsBenchmark::default();
    let comparison = Comparison::builder(&benchmark)
        .contender(aging())
        .contender(Random::new())
        .setup(setup(40))
        .run()
        .unwrap();
    let pair = &comparison.pairs()[0];
    assert!(pair.difference > 0.02, "{pair:?}");
    assert!(pair.test.p < 1e-3, "{pair:?}");
    let summary = &comparison.summaries()[0];
    assert_eq!(summary.evaluations_mean, 300.0);
    for run in &comparison.entries()[0].runs {
        let rising = run
            .incumbents
            .windows(2)
            .all(|pair| pair[0].valid < pair[1].valid && pair[0].trials < pair[1].trials);
        assert!(rising);
    }
}

/// The means of 40 seeds of another implementation of the toy problem: aging 0.713 (standard
/// deviation 0.036), non-aging 0.671 (0.034), random 0.612 (0.036).
#[test]
fn the_toy_problem_has_the_means_of_another_implementation() {
    let benchmark = BitsBenchmark::default();
    let comparison = Comparison::builder(&benchmark)
        .contender(Aging::new())
        .contender(NonAging::new())
        .contender(Random::new())
        .setup(Setup::new(&benchmark).runs(60))
        .run()
        .unwrap();
    for (summary, expected) in comparison.summaries().iter().zip([0.713, 0.671, 0.612]) {
        // Three standard errors of the difference.
        assert!((summary.test_mean - expected).abs() < 0.023, "{summary:?}");
    }
}

#[test]
fn a_summary_is_a_line_of_json_with_the_documented_keys() {
    let benchmark = BitsBenchmark::default();
    let comparison = Comparison::builder(&benchmark)
        .contender(non_aging())
        .setup(setup(3))
        .run()
        .unwrap();
    let line = serde_json::to_string(&comparison.summaries()[0]).unwrap();
    let value: serde_json::Value = serde_json::from_str(&line).unwrap();
    let mut keys: Vec<&str> = value
        .as_object()
        .unwrap()
        .keys()
        .map(String::as_str)
        .collect();
    keys.sort_unstable();
    assert_eq!(
        keys,
        [
            "algorithm",
            "dataset",
            "evaluations_mean",
            "runs",
            "test_mean",
            "test_std",
            "valid_mean"
        ]
    );
    assert_eq!(value["algorithm"], "non-aging");
    assert_eq!(value["dataset"], "bits");
    assert_eq!(value["runs"], 3);
}

#[test]
fn invalid_comparisons_are_refused() {
    let benchmark = BitsBenchmark::default();
    let error = |setup: Setup| {
        let comparison = Comparison::builder(&benchmark).contender(aging());
        comparison.setup(setup).run().unwrap_err().to_string()
    };
    assert_eq!(error(setup(0)), "there are 0 runs; at least 1 is needed");
    assert_eq!(
        error(setup(2).workers(0)),
        "there are 0 workers; at least 1 is needed"
    );
    assert_eq!(
        Comparison::builder(&benchmark)
            .run()
            .unwrap_err()
            .to_string(),
        "there are no algorithms to compare; name at least one"
    );
    assert_eq!(
        error(setup(2).budget(Duration::from_millis(500))),
        "the budget of 0.5 s is smaller than one evaluation, which took 1 s"
    );
    assert_eq!(
        error(setup(2).budget(Duration::ZERO)),
        "the budget is 0 s, which is smaller than any evaluation"
    );
}

#[test]
fn a_budget_in_seconds_must_be_finite_and_not_negative() {
    let setup = setup(2).budget_seconds(0.25).unwrap();
    assert_eq!(setup.budget, Duration::from_millis(250));
    for (seconds, text) in [
        (-1.0, "-1"),
        (f64::NAN, "NaN"),
        (f64::INFINITY, "inf"),
        (1e30, "1e30"),
    ] {
        let error = setup.clone().budget_seconds(seconds).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(&format!("invalid budget of {text} seconds")),
            "{error}"
        );
    }
}

#[cfg(feature = "tabular")]
#[test]
fn an_unreadable_table_is_named() {
    use evonas::comparison::{NasBench201Benchmark, Protocol};
    use evonas::tabular::{Dataset, TableErrorKind};
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let error = NasBench201Benchmark::read(&path, Protocol::NatsBench, Dataset::Cifar10);
    let error = error.unwrap_err().to_string();
    assert_eq!(error.matches("table.csv").count(), 1, "{error}");
    std::fs::write(&path, "index,arch\n").unwrap();
    let error = NasBench201Benchmark::read(&path, Protocol::NatsBench, Dataset::Cifar10);
    let error = error.unwrap_err();
    assert_eq!(error.path(), Some(path.as_path()));
    assert!(
        matches!(error.kind(), TableErrorKind::MissingColumn { .. }),
        "{error}"
    );
    let error = error.to_string();
    assert!(
        error.contains("table.csv") && error.contains("no column"),
        "{error}"
    );
}

#[cfg(feature = "burn")]
#[test]
fn the_controllers_runs_depend_on_neither_the_workers_nor_its_rivals() {
    let benchmark = BitsBenchmark::default().length(12).noise(0.0);
    let setup = |workers| setup(3).workers(workers).budget(Duration::from_secs(50));
    let alone = Comparison::builder(&benchmark).contender(contenders::PpoContender::new());
    let alone = alone.setup(setup(1)).run().unwrap();
    let all = all_quick(&benchmark).contender(contenders::PpoContender::new());
    let all = all.setup(setup(4)).run().unwrap();
    assert_eq!(all.entries()[4], alone.entries()[0]);
    let seeds: std::collections::HashSet<u64> = all
        .entries()
        .iter()
        .flat_map(|entry| entry.runs.iter().map(|run| run.seed))
        .collect();
    assert_eq!(seeds.len(), 15, "every run has its own seed");
}

#[test]
fn curves_rise_and_end_with_the_runs() {
    let benchmark = BitsBenchmark::default().noise(0.0);
    let comparison = Comparison::builder(&benchmark).contender(aging());
    let comparison = comparison.setup(setup(10)).run().unwrap();
    for axis in Axis::ALL {
        let (contender, curve) = &comparison.curves(axis)[0];
        assert_eq!(contender, "aging");
        assert!(
            curve
                .points
                .windows(2)
                .all(|pair| pair[0].mean <= pair[1].mean)
        );
        let last = curve.points[curve.points.len() - 1];
        assert_eq!(last.x, 300.0);
        assert!((last.mean - comparison.summaries()[0].test_mean).abs() < 1e-12);
    }
}

#[test]
fn the_csv_files_have_a_line_for_each_run_pair_and_point() {
    let benchmark = BitsBenchmark::default();
    let comparison = Comparison::builder(&benchmark)
        .contender(aging())
        .contender(Random::new())
        .setup(setup(5))
        .run()
        .unwrap();
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("new/folder");
    comparison.write_csv(&inner).unwrap();
    let lines = |name: &str| std::fs::read_to_string(inner.join(name)).unwrap();
    assert_eq!(lines("runs.csv").lines().count(), 1 + 10);
    assert_eq!(lines("pairs.csv").lines().count(), 1 + 1);
    assert!(lines("curves.csv").lines().count() > 2 * 2 * 100);
    let blocked = folder.path().join("file");
    std::fs::write(&blocked, "").unwrap();
    let error = comparison.write_csv(&blocked).unwrap_err();
    assert!(matches!(error, ComparisonError::Write { .. }), "{error}");
}

#[test]
fn with_noise_aging_is_ahead_at_every_point_of_the_grid() {
    let benchmark = BitsBenchmark::default();
    let setup = setup(20).budget(Duration::from_secs(600));
    let grid = |populations: &[usize], samples: &[usize]| {
        AgingGrid::builder(&benchmark)
            .populations(populations)
            .samples(samples)
            .setup(setup.clone())
            .run()
    };
    let empty = grid(&[20], &[50]);
    assert!(matches!(empty, Err(ComparisonError::EmptyGrid)));
    let grid = grid(&[20, 50], &[5, 10, 30]).unwrap();
    assert_eq!(grid.points.len(), 5, "no tournament exceeds its population");
    assert_eq!(grid.aging_ahead(), 5, "{:?}", grid.points);
}

#[test]
fn too_many_runs_to_count_are_refused() {
    let benchmark = BitsBenchmark::default();
    let error = Comparison::builder(&benchmark)
        .contenders(contenders::quick())
        .setup(setup(usize::MAX))
        .run()
        .unwrap_err();
    assert!(
        matches!(error, ComparisonError::TooManyRuns(usize::MAX)),
        "{error}"
    );
}
