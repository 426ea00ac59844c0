//! How far proxies of untrained networks agree with real training, beside the number of multiply-adds: random genotypes of
//! SP-I, scored with one mini-batch, then trained as in a search's trial, and from scratch on all images of the search.
//!
//! ```sh
//! cargo run --release --example trained_proxies                   # 76 networks of the embedded digits
//! cargo run --release --example trained_proxies -- 40 100         # each the largest of 100 random genotypes
//! cargo run --release --example trained_proxies -- 39 1 fashion/  # IDX files: MNIST, Fashion-MNIST
//! ```
//!
//! Prints rank correlations with the validation accuracy of the trial and with the test accuracy.

use std::error::Error;
use std::io::{Write, stdout};
use std::ops::ControlFlow;

use evonas::burn::tensor::Device;
use evonas::comparison::statistics::rank_correlation;
use evonas::network::{CostModel, MultiplyAddCount, ParameterCount};
use evonas::prelude::*;
use evonas::training::images::{ChannelStatistics, IdxFolder};
use evonas::training::{GradientNorm, JacobianCovariance, MiniBatch, Synflow};

/// Of the trials, a fifth of which are for validation.
const IMAGES: usize = 300;
const TEST_IMAGES: usize = 1000;
/// Of the proxies' mini-batch.
const BATCH: usize = 32;
/// Of a trial, and of a training from scratch.
const EPOCHS: [usize; 2] = [6, 12];

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let number = |index: usize, default: usize| {
        let given = arguments.get(index);
        given.map_or(Ok(default), |number| number.parse())
    };
    let (count, candidates) = (number(0, 76)?, number(1, 1)?);
    if count < 2 || candidates == 0 {
        return Err("at least 2 networks, each of at least 1 genotype".into());
    }
    let mut dataset = match arguments.get(2) {
        Some(folder) => IdxFolder::new(folder).read()?,
        None => digits(),
    };
    dataset.train = dataset.train.limit(IMAGES, 0);
    dataset.test = dataset.test.limit(TEST_IMAGES, 0);

    let network = NetworkConfig::new(dataset.train.shape(), dataset.train.classes())
        .cells_per_stack(1)
        .filters(4)
        .classifier_fan(Fan::In);
    let decoder = CellDecoder::new(network.clone());
    let trainer = |epochs| Trainer::new(TrainingConfig::default().epochs(epochs));
    let [short, full] = [trainer(EPOCHS[0])?, trainer(EPOCHS[1])?];
    let evaluator = TrainingEvaluator::builder(decoder.clone(), short, &dataset.train)
        .validation_fraction(0.2)
        .build()?;

    let statistics = ChannelStatistics::of(&dataset.train);
    let images = dataset.train.limit(BATCH, 0);
    let batch = MiniBatch::new(&images, &statistics, &Device::flex());
    let proxies: [(&str, Box<dyn Proxy<NasnetGenotype>>); 5] = [
        (
            "multiply-adds",
            Box::new(MultiplyAddCount::new(network.clone())),
        ),
        ("parameters", Box::new(ParameterCount::new(network.clone()))),
        (
            "synflow",
            Box::new(Synflow::new(decoder.clone(), dataset.train.shape())),
        ),
        (
            "gradient norm",
            Box::new(GradientNorm::new(decoder.clone(), batch.clone())),
        ),
        (
            "jacobian covariance",
            Box::new(JacobianCovariance::new(decoder.clone(), batch)),
        ),
    ];

    let space = NasnetSpace::sp1();
    let size = |genotype: &NasnetGenotype| network.cost(genotype).map_or(0, |it| it.multiply_adds);
    let mut rng = stream(0, 0);
    let mut scores: [Vec<f64>; 5] = Default::default();
    let (mut validation, mut test) = (Vec::new(), Vec::new());
    let stop = StopSignal::new();
    for index in 0..count as u64 {
        let drawn = (0..candidates).map(|_| space.sample(&mut rng));
        let genotype = drawn.max_by_key(size).ok_or("there are candidates")?;
        for ((_, proxy), scores) in proxies.iter().zip(&mut scores) {
            scores.push(proxy.score(&genotype, &mut stream(1, index)));
        }
        let context = Context::new(TrialId(index), index, 0, &stop, &|_| ());
        validation.push(evaluator.evaluate(&genotype, &context)?.fitness);
        let found = train_fully(
            &genotype,
            &decoder,
            &full,
            &dataset,
            index,
            &Device::flex(),
            &mut |_| ControlFlow::Continue(()),
        )?;
        test.push(found.test_accuracy);
        eprintln!(
            "{} of {count}: validation {:.3}, test {:.3}",
            index + 1,
            validation[validation.len() - 1],
            found.test_accuracy
        );
    }

    let mut out = stdout();
    writeln!(out, "{:<20} {:>10} {:>6}", "", "validation", "test")?;
    for ((name, _), scores) in proxies.iter().zip(&scores) {
        let [validation, test] = [&validation, &test].map(|of| rank_correlation(scores, of));
        writeln!(out, "{name:<20} {validation:>10.2} {test:>6.2}")?;
    }
    Ok(())
}
