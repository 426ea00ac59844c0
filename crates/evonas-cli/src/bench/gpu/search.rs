//! What a search reaches in a given time.

use burn::tensor::Device;
use evonas::network::NetworkConfig;
use evonas::prelude::*;
use evonas::spaces::nasnet::NasnetSpace;
use evonas::training::images::{ImageDataset, ImageFolder, digits};
use evonas::training::{
    Augmentation, CellDecoder, Progress, Trainer, TrainingConfig, TrainingEvaluator, train_fully,
};
use serde_json::json;

use super::caught::caught;
use super::options::GpuOptions;
use super::report::Report;
use crate::Failure;

pub(super) fn measure(
    options: &GpuOptions,
    device: &Device,
    report: &Report,
) -> Result<bool, Failure> {
    report.title("Searches")?;
    let digits = digits();
    let config = TrainingConfig::default();
    // A failed search on the digits doesn't prevent the one on CIFAR-10.
    let first = caught(|| search(options, device, report, &digits, (1, 4), config));
    let mut all_hold = match first {
        Ok(holds) => holds,
        Err(error) => {
            report.failure("search", &digits.name, &error.to_string())?;
            false
        }
    };
    if let Some(folder) = &options.cifar {
        let images = ImageFolder::new(folder).read()?;
        let config = TrainingConfig::default()
            .epochs(2)
            .batch_size(128)
            .augmentation(Augmentation::CIFAR);
        all_hold &= search(options, device, report, &images, (1, 16), config)?;
    }
    Ok(all_hold)
}

fn search(
    options: &GpuOptions,
    device: &Device,
    report: &Report,
    dataset: &ImageDataset,
    (cells, filters): (usize, usize),
    training: TrainingConfig,
) -> Result<bool, Failure> {
    let images = &dataset.train;
    let shape = images.shape();
    let config = NetworkConfig::new(shape, images.classes())
        .cells_per_stack(cells)
        .filters(filters);
    let epochs = training.epochs;
    let last = Trainer::new(training.clone().epochs(12 * epochs))?;
    let decoder = CellDecoder::new(config);
    let trainer = Trainer::new(training)?;
    let evaluator = TrainingEvaluator::builder(decoder.clone(), trainer, images).device(device);
    let space = NasnetSpace::sp1();
    let evolution = Evolution::builder(space.clone(), space.mutation());
    let limit = options.time_for_a_search();
    let executor = Threads::new(evaluator.build()?, 4)?;
    let budget = Budget::unlimited().wall_time(limit);
    let result = Search::new(
        evolution.population(20).sample(5).build()?,
        executor,
        budget,
    )
    .run()?;
    let best = result.best().ok_or("no trial has a score")?;
    let (genotype, seed) = (&best.genotype, best.seed);
    let found = train_fully(
        genotype,
        &decoder,
        &last,
        dataset,
        seed,
        device,
        &mut Progress::ignore,
    )?;
    let fitness = best.fitness().unwrap_or(f64::NAN);
    let (trials, seconds) = (result.history.len(), result.duration.as_secs_f64());
    report.figure(
        &format!(
            "{} (N = {cells}, F = {filters}): {trials} trials of {epochs} epochs in {seconds:.0} s \
             ({:.1} a minute), {} failed; best {:.2} %, and {:.2} % of the test images after {} epochs",
            dataset.name,
            60.0 * trials as f64 / seconds,
            result.history.failed(),
            100.0 * fitness,
            100.0 * found.test_accuracy,
            last.config().epochs,
        ),
        &json!({
            "check": "search", "dataset": dataset.name, "cells": cells, "filters": filters,
            "trials": trials, "failed": result.history.failed(), "seconds": seconds,
            "best_fitness": fitness, "test_accuracy": found.test_accuracy,
            "genotype": genotype.to_string(),
        }),
    )?;
    Ok(result.history.failed() == 0)
}
