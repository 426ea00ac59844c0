//! The cost of a journal: searches of 10,000 trials with an evaluation that takes no time.

use std::hint::black_box;
use std::path::Path;

use criterion::{BatchSize, Criterion, Throughput, criterion_group, criterion_main};
use evonas::prelude::*;
use evonas::spaces::choices::{Choices, Decisions};

const TRIALS: u64 = 10_000;

/// A search over ten decisions with ten alternatives each: population 100, samples of 25.
fn search(folder: Option<&Path>) -> SearchResult<Decisions> {
    let space = (0..10)
        .fold(Choices::builder(), |builder, decision| {
            let alternatives = (0..10).map(|alternative| alternative.to_string());
            builder.decision(decision.to_string(), alternatives)
        })
        .build()
        .expect("the decisions have different names");
    let evolution = Evolution::builder(space.clone(), space)
        .population(100)
        .sample(25)
        .seed(0)
        .build()
        .expect("25 is at most 100");
    let score = |decisions: &Decisions, _: &Context<'_>| {
        let sum: u16 = decisions.places().unwrap_or_default().iter().sum();
        Ok(Evaluation::new(f64::from(sum)))
    };
    let mut search = Search::new(evolution, Serial::new(score), Budget::trials(TRIALS));
    if let Some(folder) = folder {
        search =
            search.journal(Journal::open_or_create(folder).expect("the journal can be opened"));
    }
    search.run().expect("the evaluator doesn't fail")
}

fn journal(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("10,000 trials");
    group.throughput(Throughput::Elements(TRIALS));
    group.sample_size(10);
    group.bench_function("without a journal", |bencher| {
        bencher.iter(|| black_box(search(None)));
    });
    let new_folder = || tempfile::tempdir().expect("there is a folder for temporary files");
    group.bench_function("with a journal", |bencher| {
        bencher.iter_batched(
            new_folder,
            |folder| black_box(search(Some(folder.path()))),
            BatchSize::PerIteration,
        );
    });
    let folder = new_folder();
    search(Some(folder.path()));
    group.bench_function("replayed", |bencher| {
        bencher.iter(|| black_box(search(Some(folder.path()))));
    });
    group.finish();
}

criterion_group!(benches, journal);
criterion_main!(benches);
