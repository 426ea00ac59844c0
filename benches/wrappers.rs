//! What each technique around aging evolution costs a trial: searches over SP-I on one thread, whose evaluations only
//! report four steps.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evonas::network::{MultiplyAddCount, NetworkConfig};
use evonas::prelude::*;
use evonas::spaces::nasnet::PairCrossover;
use evonas::stopper::{MedianRule, SuccessiveHalving};

const TRIALS: u64 = 2000;

type Cells = Box<dyn Algorithm<NasnetGenotype>>;
type Scored = Search<NasnetGenotype, Cells, Box<dyn Executor<NasnetGenotype>>>;

fn builder(
    mutation: impl Mutation<NasnetGenotype> + 'static,
) -> evonas::algorithm::EvolutionBuilder<NasnetGenotype> {
    Evolution::builder(NasnetSpace::sp1(), mutation)
        .population(50)
        .sample(25)
        .seed(0)
}

fn evolution() -> Evolution<NasnetGenotype> {
    let built = builder(NasnetSpace::sp1().mutation()).build();
    built.expect("25 is at most 50")
}

/// A search by an algorithm, whose evaluations report four steps.
fn search(algorithm: impl Algorithm<NasnetGenotype> + 'static) -> Scored {
    let score = |genotype: &NasnetGenotype, context: &Context<'_>| {
        let noise = context.seed() as f64 / u64::MAX as f64;
        let score = genotype.normal.pairs().len() as f64 + noise;
        for step in 1..=4 {
            context.report_with_metrics(IntermediateResult::new(step, score * step as f64).of(4));
        }
        Ok(Evaluation::new(score))
    };
    Search::new(
        Box::new(algorithm),
        Box::new(Serial::new(score)),
        Budget::trials(TRIALS),
    )
}

fn wrappers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("2,000 trials");
    group.throughput(Throughput::Elements(TRIALS));
    group.sample_size(10);
    let mut measure = |name: &str, search: &dyn Fn() -> Scored| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(search().run().expect("no evaluation fails")));
        });
    };
    measure("evolution", &|| search(evolution()));
    measure("no repeats by canonical form", &|| {
        search(evolution()).duplicates_by(Duplicates::Redraw(100), NasnetGenotype::canonical)
    });
    measure("crossover", &|| {
        let crossing = builder(NasnetSpace::sp1().mutation()).crossover(PairCrossover, 0.5);
        search(crossing.build().expect("25 is at most 50"))
    });
    measure("the best of ten mutants by multiply-adds", &|| {
        let network = NetworkConfig::new(ImageShape::gray(8, 8), 10).filters(4);
        let proxy = MultiplyAddCount::new(network);
        let mutation = BestOf::new(10, NasnetSpace::sp1().mutation(), proxy);
        let choosy = builder(mutation.expect("there are candidates")).build();
        search(choosy.expect("25 is at most 50"))
    });
    measure("promotion", &|| {
        let promotion = Promotion::builder(evolution(), Fidelity::PAUSE_AFTER).maximum(9);
        search(promotion.build().expect("9 is more than 1"))
    });
    measure("the median rule", &|| {
        search(evolution()).stopper(MedianRule::new())
    });
    measure("successive halving", &|| {
        let halving = SuccessiveHalving::builder().build();
        search(evolution()).stopper(halving.expect("the defaults are valid"))
    });
    group.finish();
}

criterion_group!(benches, wrappers);
criterion_main!(benches);
