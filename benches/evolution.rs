//! The cost of the search itself, without evaluations: sampling, mutation, an ask-and-tell cycle.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::bits::{BitsSpace, FlipOneBit};
use evonas::spaces::nasnet::NasnetSpace;

fn samplers(criterion: &mut Criterion) {
    let space = NasnetSpace::sp1();
    let mutation = space.mutation();
    let mut rng = stream(0, 0);
    criterion.bench_function("nasnet sample", |bencher| {
        bencher.iter(|| black_box(space.sample(&mut rng)));
    });
    let parent = space.sample(&mut rng);
    criterion.bench_function("nasnet mutate", |bencher| {
        bencher.iter(|| black_box(mutation.mutate(&parent, &mut rng)));
    });
}

/// With the paper's sizes: a population of 100 and samples of 25.
fn cycle(criterion: &mut Criterion) {
    let space = BitsSpace { length: 32 };
    let mut evolution = Ledger::new(
        Evolution::builder(space, FlipOneBit)
            .build()
            .expect("the defaults are valid"),
    );
    criterion.bench_function("ask and tell, P = 100, S = 25", |bencher| {
        bencher.iter(|| {
            let trial = evolution.ask();
            let fitness = trial.genotype.iter().filter(|&&bit| bit).count() as f64;
            evolution
                .tell(trial.id, &Outcome::Completed(Evaluation::new(fitness)))
                .expect("the trial is in flight");
        });
    });
}

criterion_group!(benches, samplers, cycle);
criterion_main!(benches);
