//! `evonas bench step`: forward, backward and the optimizer's step. Prints the same figures as `bench` of
//! `tests/pytorch/parity.py`, so that `benches/vs_pytorch.sh` can compare the two.

use burn::tensor::Device;
use clap::Args;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig, trainable_parameters};
use evonas::prelude::RngExt as _;
use evonas::randomness::stream;
use evonas::report::note;
use evonas::training::images::LabeledImages;
use evonas::training::{Augmentation, DeviceImages, DeviceName, Trainer, TrainingConfig};
use serde_json::json;

use super::step_times::StepTimes;
use crate::Failure;
use crate::naming::{RecordOption, genotype};
use crate::output::print_line;
use crate::precision::{PrecisionOptions, name_of};
use crate::progress_lines::ProgressLines;
use crate::ranges::{batch, count, steps, warm_up_steps, workers};

const CLASSES: usize = 10;

/// Images that batches are taken from.
const IMAGES: usize = 4096;

/// The most bytes of random images, as many as a data set may have.
const MOST_BYTES: u64 = 16 << 30;

/// Time training steps of a cell network on random images
#[derive(Args)]
#[command(after_help = "\
Examples:
  evonas bench step --cells 3 --filters 24 --batch 128 --threads 2
  evonas bench step --genotype found/best.json --device cuda --bf16 --json")]
pub(super) struct StepOptions {
    /// A published genotype, a genotype's text, or a file that holds one
    #[arg(long, value_name = "NAME|TEXT|FILE", default_value = "amoebanet-a")]
    genotype: String,
    /// Normal cells per stack, N
    #[arg(long, value_name = "N", value_parser = count, default_value_t = 3)]
    cells: usize,
    /// Filters of the first stack, F
    #[arg(long, value_name = "F", value_parser = count, default_value_t = 24)]
    filters: usize,
    /// Height and width of the images, in pixels
    #[arg(long, value_name = "PIXELS", value_parser = count, default_value_t = 32)]
    size: usize,
    /// Channels of the images
    #[arg(long, value_parser = count, default_value_t = 3)]
    channels: usize,
    /// Images in a step, from 2 to 65536
    #[arg(long, value_name = "IMAGES", value_parser = batch, default_value_t = 128)]
    batch: usize,
    /// Threads of the CPU to use, at most 4096
    #[arg(long, value_parser = workers, default_value_t = 2)]
    threads: usize,
    /// Steps to time, at most 1000000
    #[arg(long, value_parser = steps, default_value_t = 10)]
    steps: usize,
    /// Steps before them that are not timed, at most 1000000
    #[arg(long, value_name = "STEPS", value_parser = warm_up_steps, default_value_t = 2)]
    warmup: usize,
    /// Where to compute: auto, cpu, cuda, cuda:N or wgpu
    #[arg(long, default_value = "cpu")]
    device: DeviceName,
    #[command(flatten)]
    record: RecordOption,
    #[command(flatten)]
    precision: PrecisionOptions,
    /// Also time a step's data: gathering, cropping, mirroring, cutting out and normalizing a batch of images
    /// that are on the device [default: off]
    #[arg(long)]
    pipeline: bool,
    /// Print one JSON object [default: off]
    #[arg(long)]
    json: bool,
}

impl StepOptions {
    pub(super) fn run(&self) -> Result<(), Failure> {
        self.check()?;
        let genotype = genotype::find(&self.genotype)?;
        let device = self.device.open()?;
        let precision = self.precision.chosen().unwrap_or_default();
        let image = ImageShape {
            channels: self.channels,
            height: self.size,
            width: self.size,
        };
        let config = NetworkConfig::new(image, CLASSES)
            .cells_per_stack(self.cells)
            .filters(self.filters)
            .precision(precision);
        let autodiff = device.clone().autodiff();
        let training = TrainingConfig::default()
            .epochs(1)
            .batch_size(self.batch)
            .learning_rate(0.024)
            .decay_all(true);
        let trainer = self.record.apply(Trainer::new(training)?, true);
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(self.threads)
            .build()?;
        let warm_up = self.warmup.saturating_sub(1);
        let steps = 1 + warm_up + self.steps;
        note(format_args!("running {steps} steps on {}", self.device));
        let (mut done, mut progress) = (0, ProgressLines::new());
        let step_done = || {
            done += 1;
            progress.show(|| format!("{done} of {steps} steps are done"));
        };
        // A GPU orders work by threads: the one that trains a network builds it.
        let (parameters, times) = pool.install(|| {
            let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &autodiff)?;
            let parameters = trainable_parameters(&network);
            let times = StepTimes::of(
                network, &trainer, image, CLASSES, warm_up, self.steps, step_done,
            );
            Ok::<_, Failure>((parameters, times))
        })?;
        let batch_ms = match self.pipeline {
            true => Some(pool.install(|| self.batch_time(image, &device))?),
            false => None,
        };
        self.print(parameters, &times, batch_ms)
    }

    /// Refuses images that no memory would hold.
    fn check(&self) -> Result<(), Failure> {
        let values = [self.channels, self.size, self.size];
        let values = values.map(|count| count as u64).into_iter();
        let values = values.fold(1, u64::saturating_mul);
        let of_batch = values.saturating_mul(4 * self.batch as u64);
        let of_all = values.saturating_mul(IMAGES as u64);
        let bytes = if self.pipeline {
            of_batch.max(of_all)
        } else {
            of_batch
        };
        match bytes > MOST_BYTES {
            true => Err(format!(
                "the images need {bytes} bytes, and at most 16 GiB are supported: give a smaller --batch or --size, or \
                 fewer --channels"
            )
            .into()),
            false => Ok(()),
        }
    }

    fn print(
        &self,
        parameters: usize,
        times: &StepTimes,
        batch_ms: Option<f64>,
    ) -> Result<(), Failure> {
        let (median, shortest) = (times.median(), times.shortest());
        let images_per_second = 1e3 * self.batch as f64 / median;
        if self.json {
            let mut figures = json!({
                "engine": format!("evonas {}", env!("CARGO_PKG_VERSION")),
                "device": self.device.to_string(),
                "genotype": self.genotype,
                "cells": self.cells,
                "filters": self.filters,
                "size": self.size,
                "batch": self.batch,
                "threads": self.threads,
                "params": parameters,
                "precision": name_of(self.precision.chosen().unwrap_or_default()),
                "repeated_steps": times.repeated,
                "first_step_ms": times.first,
                "median_step_ms": median,
                "min_step_ms": shortest,
                "images_per_second": images_per_second,
            });
            if let Some(batch_ms) = batch_ms {
                figures["batch_ms"] = json!(batch_ms);
            }
            return print_line(figures);
        }
        print_line(format_args!("{parameters} parameters"))?;
        print_line(format_args!(
            "median step: {median:.2} ms, {images_per_second:.1} images a second"
        ))?;
        print_line(format_args!("fastest step: {shortest:.2} ms"))?;
        if let Some(batch_ms) = batch_ms {
            let share = 100.0 * batch_ms / (median + batch_ms);
            print_line(format_args!(
                "preparing a batch: {batch_ms:.2} ms, {share:.1} % of both"
            ))?;
        }
        Ok(())
    }

    /// The median time of taking a batch from 4,096 random images, in milliseconds.
    fn batch_time(&self, image: ImageShape, device: &Device) -> Result<f64, Failure> {
        let mut rng = stream(0, 3);
        let pixels = IMAGES * image.channels * image.height * image.width;
        let pixels = (0..pixels).map(|_| rng.random::<u8>()).collect();
        let labels = (0..IMAGES)
            .map(|_| rng.random_range(0..CLASSES as u16))
            .collect();
        let images = LabeledImages::new(image, CLASSES, pixels, labels)?;
        let images = DeviceImages::new(&images, &images, device);
        let augmentation = Augmentation::CIFAR.cutout(self.size / 2);
        let (warm_up, steps) = (self.warmup, self.steps);
        let times = StepTimes::of_batches(&images, self.batch, &augmentation, warm_up, steps);
        Ok(times.median())
    }
}
