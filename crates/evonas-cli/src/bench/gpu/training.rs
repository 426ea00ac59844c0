//! How long an epoch of CIFAR-10 takes, and what the epochs reach that there is time for.

use std::time::{Duration, Instant};

use evonas::network::NetworkConfig;
use evonas::spaces::nasnet::published;
use evonas::training::images::ImageFolder;
use evonas::training::{Augmentation, CellDecoder, Progress, Trainer, TrainingConfig, train_fully};
use serde_json::json;

use super::Bench;
use crate::Failure;

/// The epochs of a training in a search of the paper.
const MOST_EPOCHS: usize = 25;

pub(super) fn measure(bench: &Bench<'_>) -> Result<bool, Failure> {
    let (device, report) = (&bench.device, &bench.report);
    report.title("Training AmoebaNet-A on CIFAR-10")?;
    let Some(folder) = &bench.options.cifar else {
        report.left_out("training", "--cifar names no folder")?;
        return Ok(true);
    };
    let (cells, filters, most_epochs) = match bench.options.quick {
        true => (1, 4, 2),
        false => (3, 24, MOST_EPOCHS),
    };
    let dataset = ImageFolder::new(folder).read()?;
    let images = &dataset.train;
    let config = NetworkConfig::new(images.shape(), images.classes())
        .cells_per_stack(cells)
        .filters(filters);
    let decoder = CellDecoder::new(config);
    let genotype = published::amoebanet_a();
    let train = |epochs: usize| -> Result<Duration, Failure> {
        let config = TrainingConfig::default()
            .epochs(epochs)
            .batch_size(128)
            .augmentation(Augmentation::CIFAR);
        let trainer = Trainer::new(config)?.record_steps(true);
        let begin = Instant::now();
        let watch = &mut Progress::ignore;
        let found = train_fully(&genotype, &decoder, &trainer, &dataset, 0, device, watch)?;
        let time = begin.elapsed();
        let an_epoch = time.as_secs_f64() / epochs as f64;
        report.figure(
            &format!(
                "(N = {cells}, F = {filters}), {epochs} epochs: {an_epoch:.1} s an epoch with its part of the test, \
                 {:.2} % of the test images",
                100.0 * found.test_accuracy
            ),
            &json!({
                "check": "training", "dataset": dataset.name, "genotype": "amoebanet-a",
                "cells": cells, "filters": filters, "epochs": epochs, "training_images": images.len(),
                "seconds_an_epoch": an_epoch, "test_accuracy": found.test_accuracy,
            }),
        )?;
        Ok(time)
    };
    // With compiling and tuning; so what is left is enough for the epochs that it would fit.
    let first = train(1)?;
    let fit = bench.clock.left().div_duration_f64(first) as usize;
    match fit.min(most_epochs) {
        0 | 1 => report.left_out("training", "no time is left for more epochs")?,
        epochs => drop(train(epochs)?),
    }
    Ok(true)
}
