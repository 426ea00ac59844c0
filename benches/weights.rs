//! What inherited weights cost a trial: a network that is kept, and one that begins with its parent's.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use evonas::burn::tensor::Device;
use evonas::prelude::*;
use evonas::training::{InheritedWeights, TrainingHook};

fn weights(criterion: &mut Criterion) {
    let folder = tempfile::tempdir().expect("there is a folder for temporary files");
    let hook = InheritedWeights::in_folder(folder.path()).expect("the folder is there");
    let device = Device::flex();
    let (stop, ignore) = (StopSignal::new(), |_: IntermediateResult| {});
    let mut group = criterion.benchmark_group("weights of AmoebaNet-A");
    group.sample_size(10);
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

criterion_group!(benches, weights);
criterion_main!(benches);
