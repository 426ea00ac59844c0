//! Evolves a classifier of handwritten digits: aging evolution over the cells of AmoebaNet, every candidate
//! trained for one epoch on the digits that come with the crate.
//!
//! ```sh
//! cargo run --release -p evonas --example search            # 50 trials: some 30 seconds on two cores
//! cargo run --release -p evonas --example search -- 1000
//! ```
//!
//! The program `evonas search` (`crates/evonas-cli`) does the same with your
//! own images, settings and devices.

use std::env::args;
use std::error::Error;
use std::io::{Write, stdout};
use std::ops::ControlFlow;
use std::thread::available_parallelism;

use burn::tensor::Device;
use evonas::network::MultiplyAddCount;
use evonas::prelude::*;
use evonas::report::TrainingProgress;

fn main() -> Result<(), Box<dyn Error + Send + Sync>> {
    let dataset = digits();
    let images = &dataset.train;

    // A genotype becomes a small network: one normal cell per stack, four filters. By the default rule its
    // first logits would be larger, which one epoch doesn't make up for.
    let network = NetworkConfig::new(images.shape(), images.classes())
        .cells_per_stack(1)
        .filters(4)
        .classifier_fan(Fan::In);
    let decoder = CellDecoder::new(network.clone());

    // Its fitness is its accuracy on a fifth of the training images, after one epoch on the others.
    let trainer = |epochs| Trainer::new(TrainingConfig::default().epochs(epochs));
    let evaluator = TrainingEvaluator::builder(decoder.clone(), trainer(1)?, images)
        .validation_fraction(0.2)
        .threads_per_worker(1)
        .build()?;
    let workers = available_parallelism()?.get();

    // Large networks are preferred: the first population is the largest of 250 random genotypes, and every child
    // the largest of ten mutants. Nothing is trained for that.
    let space = NasnetSpace::sp1();
    let size = MultiplyAddCount::new(network);
    let mutation = BestOf::new(10, space.mutation(), size.clone())?;
    let evolution = Evolution::builder(space, mutation)
        .warm_up(WarmUp::new(250, size))
        .population(25)
        .sample(8)
        .seed(0)
        .build()?;
    let trials = args().nth(1).map_or(Ok(50), |trials| trials.parse())?;
    // In the order of asking, so that another run finds the same.
    let executor = Ordered::new(Threads::new(evaluator, workers)?);
    let result = Search::new(evolution, executor, Budget::trials(trials))
        .duplicates_by(Duplicates::Redraw(100), NasnetGenotype::canonical)
        .observe(ProgressBar::new())
        .run()?;

    let best = result.best().ok_or("every trial failed")?;
    let mut out = stdout();
    writeln!(
        out,
        "best of {} trials: {}",
        result.history.len(),
        best.genotype
    )?;
    write!(out, "{}", best.genotype.in_words())?;
    let validation = 100.0 * best.fitness().unwrap_or(0.0);
    writeln!(out, "validation accuracy after 1 epoch: {validation:.2} %")?;

    // The test images have played no part so far.
    let mut progress = TrainingProgress::new(12);
    let mut watch = |step: Progress| {
        match &step {
            Progress::Epoch(epoch) => progress.epoch(epoch),
            step => progress.step(step),
        }
        ControlFlow::Continue(())
    };
    let found = train_fully(
        &best.genotype,
        &decoder,
        &trainer(12)?,
        &dataset,
        best.seed,
        &Device::flex(),
        &mut watch,
    )?;
    progress.finish();
    writeln!(out, "parameters: {}", found.parameters)?;
    let test = 100.0 * found.test_accuracy;
    writeln!(
        out,
        "test accuracy after 12 epochs on all training images: {test:.2} %"
    )?;
    Ok(())
}
