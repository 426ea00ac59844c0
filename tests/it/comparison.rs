//! Comparisons of algorithms through the public interface.

use std::time::Duration;

use evonas::comparison::{
    AgingGrid, Axis, BenchmarkName, BitsBenchmark, Comparison, ComparisonError, Contender, Setup,
};

fn setup(runs: usize) -> Setup {
    Setup {
        runs,
        population: 20,
        sample: 5,
        budget: Duration::from_secs(300),
        workers: 2,
        seed: 4,
    }
}

#[test]
fn the_number_of_workers_changes_nothing() {
    let benchmark = BitsBenchmark::default();
    let compare = |workers| {
        let setup = Setup {
            workers,
            ..setup(6)
        };
        Comparison::run(&benchmark, &Contender::QUICK, &setup).unwrap()
    };
    let alone = compare(1);
    assert_eq!(alone, compare(3));
    assert_eq!(alone, compare(100));
}

#[test]
fn an_algorithms_runs_are_the_same_whatever_it_is_compared_with() {
    let benchmark = BitsBenchmark::default();
    let all = Comparison::run(&benchmark, &Contender::QUICK, &setup(4)).unwrap();
    let one = Comparison::run(&benchmark, &[Contender::Random], &setup(4)).unwrap();
    assert_eq!(all.entries()[2], one.entries()[0]);
    let seeds: std::collections::HashSet<u64> = all
        .entries()
        .iter()
        .flat_map(|entry| entry.runs.iter().map(|run| run.seed))
        .collect();
    assert_eq!(seeds.len(), 16, "every run has a seed of its own");
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
    let setup = Setup {
        runs: 60,
        ..Setup::new(&benchmark)
    };
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
fn what_can_not_be_compared_is_refused() {
    let benchmark = BitsBenchmark::default();
    let error = |contenders: &[Contender], change: fn(&mut Setup)| {
        let mut setup = setup(2);
        change(&mut setup);
        Comparison::run(&benchmark, contenders, &setup)
            .unwrap_err()
            .to_string()
    };
    let aging = &[Contender::Aging];
    assert_eq!(
        error(aging, |setup| setup.runs = 0),
        "there are 0 runs; at least 1 is needed"
    );
    assert_eq!(
        error(aging, |setup| setup.workers = 0),
        "there are 0 workers; at least 1 is needed"
    );
    assert_eq!(
        error(&[], |_| ()),
        "there are no algorithms to compare; name at least one"
    );
    assert_eq!(
        error(aging, |setup| setup.budget = Duration::from_millis(500)),
        "the budget of 0.5 s is smaller than one evaluation, which took 1 s"
    );
    assert_eq!(
        error(aging, |setup| setup.budget = Duration::ZERO),
        "the budget is 0 s, which is smaller than any evaluation"
    );
    let error = error(aging, |setup| setup.sample = 30);
    assert!(
        error.contains("sample size 30 exceeds the population size 20"),
        "{error}"
    );
    assert_eq!(
        "annealing".parse::<Contender>().unwrap_err().to_string(),
        "there is no algorithm 'annealing'; there are aging, non-aging, random, reinforce, ppo"
    );
}

#[test]
fn budgets_are_seconds_that_can_be() {
    let mut setup = setup(2);
    setup.set_budget_seconds(0.25).unwrap();
    assert_eq!(setup.budget, Duration::from_millis(250));
    for seconds in [-1.0, f64::NAN, f64::INFINITY, 1e30] {
        let error = setup.set_budget_seconds(seconds).unwrap_err().to_string();
        assert!(
            error.contains(&format!("a budget of {seconds} seconds")),
            "{error}"
        );
    }
    assert_eq!(setup.budget, Duration::from_millis(250), "as it was");
}

#[test]
fn benchmarks_have_the_names_that_they_parse_from() {
    for name in BenchmarkName::ALL {
        assert_eq!(name.to_string().parse::<BenchmarkName>(), Ok(name));
    }
    assert_eq!(
        "mnist".parse::<BenchmarkName>().unwrap_err().to_string(),
        "there is no benchmark 'mnist'; there are bits, nasbench201, digits"
    );
}

#[cfg(feature = "tabular")]
#[test]
fn a_table_that_can_not_be_used_is_named() {
    use evonas::comparison::{NasBench201Benchmark, Protocol};
    use evonas::tabular::Dataset;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("table.csv");
    let error = NasBench201Benchmark::read(&path, Protocol::NatsBench, Dataset::Cifar10);
    let error = error.unwrap_err().to_string();
    assert_eq!(error.matches("table.csv").count(), 1, "{error}");
    std::fs::write(&path, "index,arch\n").unwrap();
    let error = NasBench201Benchmark::read(&path, Protocol::NatsBench, Dataset::Cifar10);
    let error = error.unwrap_err();
    assert!(matches!(error, ComparisonError::Table { .. }), "{error}");
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
fn the_controllers_runs_are_its_own_and_the_same_on_any_number_of_workers() {
    let benchmark = BitsBenchmark {
        length: 12,
        noise: 0.0,
    };
    let compare = |contenders: &[Contender], workers| {
        let setup = Setup {
            workers,
            budget: Duration::from_secs(50),
            ..setup(3)
        };
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
    assert_eq!(seeds.len(), 15, "every run has a seed of its own");
}

#[test]
fn curves_rise_and_end_with_the_runs() {
    let benchmark = BitsBenchmark {
        length: 100,
        noise: 0.0,
    };
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
fn the_csv_files_have_a_line_for_every_run_pair_and_point() {
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
fn with_noise_aging_is_ahead_over_the_grid() {
    let benchmark = BitsBenchmark::default();
    let setup = Setup {
        budget: Duration::from_secs(600),
        ..setup(20)
    };
    let grid = AgingGrid::run(&benchmark, &[20, 50], &[5, 10, 30], &setup).unwrap();
    assert_eq!(grid.points.len(), 5, "no tournament exceeds its population");
    assert_eq!(grid.aging_ahead(), 5, "{:?}", grid.points);
    let empty = AgingGrid::run(&benchmark, &[20], &[50], &setup);
    assert!(matches!(empty, Err(ComparisonError::EmptyGrid)));
}

#[test]
fn more_runs_than_can_be_counted_are_refused() {
    let benchmark = BitsBenchmark::default();
    let all = [Contender::Aging, Contender::Random];
    let error = Comparison::run(&benchmark, &all, &setup(usize::MAX)).unwrap_err();
    assert!(
        matches!(error, ComparisonError::TooManyRuns(usize::MAX)),
        "{error}"
    );
}
