//! The cost of the NAS-Bench-201 table: loading it, a query, and 500 runs of each quick algorithm. Needs the
//! table's path in the environment variable `EVONAS_NASBENCH201`.

use std::hint::black_box;
use std::sync::Arc;

use criterion::{Criterion, criterion_group, criterion_main};
use evonas::comparison::contenders::quick;
use evonas::comparison::{Comparison, Contender, NasBench201Benchmark, Protocol};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasbench201::{NasBench201Cell, NasBench201Space};
use evonas::tabular::{Dataset, Metric, NasBench201Table};

fn tabular(criterion: &mut Criterion) {
    let Some(path) = std::env::var_os("EVONAS_NASBENCH201") else {
        eprintln!("SKIPPED: set EVONAS_NASBENCH201 to the path of the NAS-Bench-201 table");
        return;
    };
    let read = || NasBench201Table::read(&path).expect("the table can be read");
    criterion.bench_function("load the table", |bencher| bencher.iter(read));

    let table = Arc::new(read());
    // In random order, so that the processor's caches help no more than in a search.
    let mut rng = stream(0, 0);
    let cells: Vec<NasBench201Cell> = (0..10_000)
        .map(|_| NasBench201Space.sample(&mut rng))
        .collect();
    let mut next = cells.iter().cycle();
    criterion.bench_function("query: accuracy and seconds", |bencher| {
        bencher.iter(|| {
            let cell = *next.next().expect("a cycle of cells has no end");
            let accuracy = table.accuracy(cell, Dataset::Cifar100, Metric::Valid12);
            black_box(accuracy + table.seconds(cell, Dataset::Cifar100, Metric::Valid12))
        });
    });
    let evaluator = table.clone().evaluator(Dataset::Cifar100, Metric::Valid12);
    let (stop, report) = (StopSignal::new(), |_| {});
    let context = Context::new(TrialId(0), 0, 0, &stop, &report);
    criterion.bench_function("query through the evaluator", |bencher| {
        bencher.iter(|| {
            let cell = next.next().expect("a cycle of cells has no end");
            black_box(evaluator.evaluate(cell, &context))
        });
    });

    for dataset in Dataset::ALL {
        let benchmark = NasBench201Benchmark::new(table.clone(), Protocol::NatsBench, dataset);
        for contender in quick::<NasBench201Benchmark>() {
            let name = format!("500 runs, {} on {dataset}", contender.name());
            let mut group = criterion.benchmark_group("comparison");
            group.sample_size(10);
            group.bench_function(name, |bencher| {
                bencher.iter(|| {
                    let comparison = Comparison::builder(&benchmark).contender(&contender);
                    comparison.run().expect("the setup can be run")
                });
            });
        }
    }
}

criterion_group!(benches, tabular);
criterion_main!(benches);
