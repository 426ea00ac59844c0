//! What each wrapper around aging evolution costs a trial, in searches over SP-I without evaluations, and what keeping and
//! inheriting weights cost.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use evonas::network::{MultiplyAddCount, NetworkConfig};
use evonas::prelude::*;
use evonas::spaces::nasnet::PairCrossover;
use evonas::stopper::{MedianRule, Stopper, SuccessiveHalving};

const TRIALS: u64 = 2000;

type Cells = Evolution<NasnetGenotype>;

fn builder(mutation: impl Mutation<NasnetGenotype> + 'static) -> EvolutionBuilder<NasnetGenotype> {
    let space = NasnetSpace::sp1();
    Evolution::builder(space, mutation)
        .population(50)
        .sample(25)
        .seed(0)
}

fn evolution() -> Cells {
    let built = builder(NasnetSpace::sp1().mutation()).build();
    built.expect("25 is at most 50")
}

/// A search whose evaluations report four steps.
fn search(algorithm: impl Algorithm<NasnetGenotype> + 'static) -> Search<NasnetGenotype> {
    let score = |genotype: &NasnetGenotype, context: &Context<'_>| {
        let score = genotype.normal.pairs.len() as f64 + context.seed() as f64 / u64::MAX as f64;
        for step in 1..=4 {
            context.report_with_metrics(IntermediateResult::new(step, score * step as f64).of(4));
        }
        Ok(Evaluation::new(score))
    };
    Search::new(algorithm, Serial::new(score), Budget::trials(TRIALS))
}

fn proxy() -> MultiplyAddCount<NetworkConfig> {
    MultiplyAddCount::new(NetworkConfig::new(ImageShape::gray(8, 8), 10).filters(4))
}

fn wrappers(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("2,000 trials");
    group.throughput(Throughput::Elements(TRIALS));
    group.sample_size(10);
    let mut measure = |name: &str, search: &dyn Fn() -> Search<NasnetGenotype>| {
        group.bench_function(name, |bencher| {
            bencher.iter(|| black_box(search().run().expect("the evaluator doesn't fail")));
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
        let mutation = BestOf::new(10, NasnetSpace::sp1().mutation(), proxy());
        let choosy = builder(mutation.expect("there are candidates")).build();
        search(choosy.expect("25 is at most 50"))
    });
    measure("promotion", &|| {
        let promotion = Promotion::builder(evolution(), Fidelity::PAUSE_AFTER).maximum(9);
        search(promotion.build().expect("9 is more than 1"))
    });
    let stopper = |stopper: Box<dyn Stopper>| search(evolution()).stopper(stopper);
    measure("the median rule", &|| stopper(Box::new(MedianRule::new())));
    measure("successive halving", &|| {
        let halving = SuccessiveHalving::builder().build();
        stopper(Box::new(halving.expect("the defaults are valid")))
    });
    group.finish();
}

#[cfg(feature = "burn")]
fn weights(criterion: &mut Criterion) {
    use evonas::burn::tensor::Device;
    use evonas::training::{InheritedWeights, TrainingHook};

    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let hook = InheritedWeights::in_folder(folder.path()).expect("the folder is there");
    let device = Device::flex();
    let (stop, ignore) = (StopSignal::new(), |_: IntermediateResult| {});
    let mut group = criterion.benchmark_group("weights of AmoebaNet-A");
    for (cells, filters) in [(1, 8), (3, 24)] {
        let config = NetworkConfig::cifar()
            .cells_per_stack(cells)
            .filters(filters);
        let network = |trial| {
            let genotype = published::amoebanet_a();
            CellNetwork::new(&genotype, &config, &mut stream(trial, 0), &device)
                .expect("the network is valid")
        };
        let context = |trial| Context::new(TrialId(trial), 0, 0, &stop, &ignore);
        let parent = network(0);
        group.bench_function(format!("kept, ({cells}, {filters})"), |bencher| {
            bencher.iter(|| {
                hook.measure(&parent, &context(0))
                    .expect("it can be written")
            });
        });
        group.bench_function(format!("made, ({cells}, {filters})"), |bencher| {
            bencher.iter(|| black_box(network(1)));
        });
        group.bench_function(
            format!("made and inherited, ({cells}, {filters})"),
            |bencher| {
                bencher.iter(|| {
                    let context = context(1).with_parent(Some(TrialId(0)));
                    black_box(hook.prepare(network(1), &context)).expect("it fits")
                });
            },
        );
    }
    group.finish();
}

#[cfg(not(feature = "burn"))]
fn weights(_: &mut Criterion) {}

criterion_group!(benches, wrappers, weights);
criterion_main!(benches);
