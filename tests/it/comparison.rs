//! Comparisons of algorithms through the public interface.

use std::time::Duration;

use evonas::comparison::{
    AgingGrid, Axis, BitsBenchmark, Comparison, ComparisonError, Contender, Setup,
};

fn setup(runs: usize) -> Setup {
    Setup::new(&BitsBenchmark::default())
        .runs(runs)
        .population(20)
        .sample(5)
        .budget(Duration::from_secs(300))
        .workers(2)
        .seed(4)
}

#[test]
fn the_number_of_workers_does_not_change_the_results() {
    let benchmark = BitsBenchmark::default();
    let compare = |workers| {
        let setup = setup(6).workers(workers);
        Comparison::run(&benchmark, &Contender::QUICK, &setup).unwrap()
    };
    let alone = compare(1);
    assert_eq!(alone, compare(3));
    assert_eq!(alone, compare(100));
}

#[test]
fn an_algorithms_runs_do_not_depend_on_what_it_is_compared_with() {
    let benchmark = BitsBenchmark::default();
    let all = Comparison::run(&benchmark, &Contender::QUICK, &setup(4)).unwrap();
    let one = Comparison::run(&benchmark, &[Contender::Random], &setup(4)).unwrap();
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
    let contenders = [Contender::Aging, Contender::Random];
    let comparison = Comparison::run(&benchmark, &contenders, &setup(40)).unwrap();
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
    let setup = Setup::new(&benchmark).runs(60);
    let contenders = [Contender::Aging, Contender::NonAging, Contender::Random];
    let comparison = Comparison::run(&benchmark, &contenders, &setup).unwrap();
    for (summary, expected) in comparison.summaries().iter().zip([0.713, 0.671, 0.612]) {
        // Three standard errors of the difference.
        assert!((summary.test_mean - expected).abs() < 0.023, "{summary:?}");
    }
}

#[test]
fn a_summary_is_a_line_of_json_with_the_documented_keys() {
    let benchmark = BitsBenchmark::default();
    let comparison = Comparison::run(&benchmark, &[Contender::NonAging], &setup(3)).unwrap();
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
    let error = |contenders: &[Contender], change: fn(Setup) -> Setup| {
        Comparison::run(&benchmark, contenders, &change(setup(2)))
            .unwrap_err()
            .to_string()
    };
    let aging = &[Contender::Aging];
    assert_eq!(
        error(aging, |setup| setup.runs(0)),
        "there are 0 runs; at least 1 is needed"
    );
    assert_eq!(
        error(aging, |setup| setup.workers(0)),
        "there are 0 workers; at least 1 is needed"
    );
    assert_eq!(
        error(&[], |setup| setup),
        "there are no algorithms to compare; name at least one"
    );
    assert_eq!(
        error(aging, |setup| setup.budget(Duration::from_millis(500))),
        "the budget of 0.5 s is smaller than one evaluation, which took 1 s"
    );
    assert_eq!(
        error(aging, |setup| setup.budget(Duration::ZERO)),
        "the budget is 0 s, which is smaller than any evaluation"
    );
    let error = error(aging, |setup| setup.sample(30));
    assert!(
        error.contains("sample size 30 exceeds the population size 20"),
        "{error}"
    );
}

#[test]
fn a_budget_in_seconds_must_be_finite_and_not_negative() {
    let setup = setup(2).budget_seconds(0.25).unwrap();
    assert_eq!(setup.budget, Duration::from_millis(250));
    for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
        let error = setup.clone().budget_seconds(seconds).unwrap_err();
        let error = error.to_string();
        assert!(
            error.contains(&format!("invalid budget of {seconds} seconds")),
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

#[cfg(not(feature = "burn"))]
#[test]
fn the_controller_needs_the_feature_burn_and_says_so() {
    let contenders = [Contender::Random, Contender::Ppo];
    let error = Comparison::run(&BitsBenchmark::default(), &contenders, &setup(1)).unwrap_err();
    assert!(matches!(error, ComparisonError::NotBuilt { .. }), "{error}");
    assert_eq!(
        error.to_string(),
        "this program was built without the algorithm ppo; build it with --features burn"
    );
}

#[cfg(feature = "burn")]
#[test]
fn the_controllers_runs_depend_on_neither_the_workers_nor_its_rivals() {
    let benchmark = BitsBenchmark::default().length(12).noise(0.0);
    let compare = |contenders: &[Contender], workers| {
        let setup = setup(3).workers(workers).budget(Duration::from_secs(50));
        Comparison::run(&benchmark, contenders, &setup).unwrap()
    };
    let alone = compare(&[Contender::Ppo], 1);
    let all = compare(&Contender::ALL, 4);
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
    let comparison = Comparison::run(&benchmark, &[Contender::Aging], &setup(10)).unwrap();
    for axis in Axis::ALL {
        let (contender, curve) = &comparison.curves(axis)[0];
        assert_eq!(*contender, Contender::Aging);
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
    let contenders = [Contender::Aging, Contender::Random];
    let comparison = Comparison::run(&benchmark, &contenders, &setup(5)).unwrap();
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
    let all = [Contender::Aging, Contender::Random];
    let error = Comparison::run(&benchmark, &all, &setup(usize::MAX)).unwrap_err();
    assert!(
        matches!(error, ComparisonError::TooManyRuns(usize::MAX)),
        "{error}"
    );
}
