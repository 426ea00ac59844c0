//! What a search reaches in a given time.

use std::time::Duration;

use evonas::network::NetworkConfig;
use evonas::prelude::*;
use evonas::spaces::nasnet::NasnetSpace;
use evonas::training::images::{ImageDataset, ImageFolder, digits};
use evonas::training::{
    Augmentation, CellDecoder, Progress, Trainer, TrainingConfig, TrainingEvaluator, train_fully,
};
use serde_json::json;

use super::Bench;
use super::caught::caught;
use crate::Failure;

/// The most time for one search, whose best network is trained afterwards.
const MOST: Duration = Duration::from_secs(5 * 60);
const MOST_IF_QUICK: Duration = Duration::from_secs(1);

pub(super) fn measure(bench: &Bench<'_>) -> Result<bool, Failure> {
    let report = &bench.report;
    report.title("Searches")?;
    let most = match bench.options.quick {
        true => MOST_IF_QUICK,
        false => MOST,
    };
    let digits = digits();
    let config = TrainingConfig::default();
    // Some of the time is for the training of what was found. Whatever the digits take, CIFAR-10 gets its part.
    let share = if bench.options.cifar.is_some() {
        0.3
    } else {
        0.7
    };
    let limit = bench.clock.share(share).left().min(most);
    // A failed search on the digits doesn't prevent the one on CIFAR-10.
    let first = caught(|| search(bench, limit, &digits, (1, 4), config));
    let mut all_hold = match first {
        Ok(holds) => holds,
        Err(error) => {
            report.failure("search", &digits.name, &error.to_string())?;
            false
        }
    };
    if let Some(folder) = &bench.options.cifar {
        if bench.clock.is_over() {
            report.left_out("search", "no time is left for CIFAR-10")?;
            return Ok(all_hold);
        }
        let images = ImageFolder::new(folder).read()?;
        let config = TrainingConfig::default()
            .epochs(2)
            .batch_size(128)
            .augmentation(Augmentation::CIFAR);
        let limit = bench.clock.share(0.7).left().min(most);
        all_hold &= search(bench, limit, &images, (1, 16), config)?;
    }
    Ok(all_hold)
}

fn search(
    bench: &Bench<'_>,
    limit: Duration,
    dataset: &ImageDataset,
    (cells, filters): (usize, usize),
    training: TrainingConfig,
) -> Result<bool, Failure> {
    let device = &bench.device;
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
    bench.report.figure(
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
