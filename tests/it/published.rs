//! The published results on NAS-Bench-201, reproduced with the real table.

use std::time::Duration;

use crate::real_table::real_table;
use evonas::comparison::contenders::{Aging, Random, Recommended, ReinforceContender};
use evonas::comparison::{
    Comparison, ComparisonBuilder, ComparisonError, NasBench201Benchmark, Protocol, Setup,
};
use evonas::tabular::Dataset;

fn compare(benchmark: &NasBench201Benchmark) -> ComparisonBuilder<'_, NasBench201Benchmark> {
    Comparison::builder(benchmark)
        .contender(Aging::new())
        .contender(ReinforceContender::new())
        .contender(Random::new())
}

/// The mean test accuracies of 500 runs of aging evolution, REINFORCE and random search.
fn means(protocol: Protocol, dataset: Dataset) -> Option<[f64; 3]> {
    let benchmark = NasBench201Benchmark::new(real_table()?, protocol, dataset);
    let summaries = compare(&benchmark).run().unwrap().summaries();
    Some([0, 1, 2].map(|position| summaries[position].test_mean))
}

#[test]
fn by_the_nats_bench_protocol_aging_reaches_the_published_means_ahead_of_reinforce_ahead_of_random()
{
    for (dataset, low) in [
        (Dataset::Cifar10, 94.03),
        (Dataset::Cifar100, 71.40),
        (Dataset::ImageNet16, 44.76),
    ] {
        let Some([aging, reinforce, random]) = means(Protocol::NatsBench, dataset) else {
            return;
        };
        assert!(aging >= low, "{dataset}: {aging} is below {low}");
        assert!(aging > reinforce, "{dataset}: {aging}, {reinforce}");
        assert!(reinforce > random, "{dataset}: {reinforce}, {random}");
    }
}

#[test]
fn by_the_nas_bench_201_protocol_aging_is_within_a_quarter_point_of_the_published_means() {
    for (dataset, published) in [
        (Dataset::Cifar10, 93.92),
        (Dataset::Cifar100, 71.84),
        (Dataset::ImageNet16, 45.54),
    ] {
        let Some([aging, ..]) = means(Protocol::NasBench201, dataset) else {
            return;
        };
        assert!(
            (aging - published).abs() < 0.25,
            "{dataset}: {aging}, not {published}"
        );
    }
}

#[test]
fn only_one_protocol_counts_the_evaluation_that_overshoots() {
    let Some(table) = real_table() else { return };
    for protocol in Protocol::ALL {
        let benchmark = NasBench201Benchmark::new(table.clone(), protocol, Dataset::Cifar10);
        let setup = Setup::new(&benchmark).runs(50);
        let comparison = Comparison::builder(&benchmark).contender(Random::new());
        let comparison = comparison.setup(setup.clone()).run().unwrap();
        for run in &comparison.entries()[0].runs {
            let over = run.seconds >= setup.budget.as_secs_f64();
            assert_eq!(over, protocol == Protocol::NatsBench, "{}", run.seconds);
        }
    }
}

#[test]
fn a_budget_below_one_evaluation_is_refused() {
    let Some(table) = real_table() else { return };
    let benchmark = NasBench201Benchmark::new(table, Protocol::NatsBench, Dataset::Cifar10);
    let setup = Setup::new(&benchmark)
        .runs(3)
        .budget(Duration::from_secs(20));
    let error = compare(&benchmark).setup(setup.clone()).run().unwrap_err();
    assert!(
        matches!(error, ComparisonError::BudgetBelowEvaluation { evaluation, .. }
            if evaluation > setup.budget),
        "{error}"
    );
}

#[test]
fn the_recommended_contender_beats_the_published_evolution_on_the_real_table() {
    let Some(table) = real_table() else { return };
    for (protocol, published) in [
        (Protocol::NatsBench, [94.13, 71.40, 44.76]),
        (Protocol::NasBench201, [93.92, 71.84, 45.54]),
    ] {
        let datasets = [Dataset::Cifar10, Dataset::Cifar100, Dataset::ImageNet16];
        for (dataset, published) in datasets.into_iter().zip(published) {
            let benchmark = NasBench201Benchmark::new(table.clone(), protocol, dataset);
            let comparison = Comparison::builder(&benchmark)
                .contender(Recommended::new())
                .setup(Setup::new(&benchmark).runs(100))
                .run()
                .unwrap();
            let mean = comparison.summaries()[0].test_mean;
            assert!(mean > published, "{protocol}, {dataset}: {mean}");
        }
    }
}
