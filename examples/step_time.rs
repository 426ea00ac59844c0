//! Times a training step: forward, backward, SGD. Prints the same figures as `bench` of
//! `tests/pytorch/parity.py`, so that the two can be laid side by side (`benches/vs_pytorch.sh`).
//!
//!     cargo run --release --example step_time -- --cells 3 --filters 24 --batch 128 --threads 2 --json

use std::error::Error;

use burn::tensor::Device;
use clap::Parser;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig, Precision, trainable_parameters};
use evonas::prelude::RngExt as _;
use evonas::randomness::stream;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::images::{ImagesError, LabeledImages};
use evonas::training::{
    Augmentation, DeviceImages, DeviceName, StepTimes, Trainer, TrainingConfig,
};
use serde_json::json;

const CLASSES: usize = 10;

/// Times training steps of a cell network.
#[derive(Parser)]
struct Options {
    /// A published genotype, a genotype's text, or a file that holds one.
    #[arg(long, default_value = "amoebanet-a")]
    genotype: String,
    /// Normal cells per stack, N.
    #[arg(long, default_value_t = 3)]
    cells: usize,
    /// Filters of the first stack, F.
    #[arg(long, default_value_t = 24)]
    filters: usize,
    /// Height and width of the images.
    #[arg(long, default_value_t = 32)]
    size: usize,
    /// Channels of the images.
    #[arg(long, default_value_t = 3)]
    channels: usize,
    /// Images in a step.
    #[arg(long, default_value_t = 128)]
    batch: usize,
    /// Threads of the CPU.
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Steps that are timed.
    #[arg(long, default_value_t = 10)]
    steps: usize,
    /// Steps before them.
    #[arg(long, default_value_t = 2)]
    warmup: usize,
    /// auto, cpu, cuda, cuda:N or wgpu.
    #[arg(long, default_value = "cpu")]
    device: DeviceName,
    /// Compute convolutions in bfloat16.
    #[arg(long)]
    bf16: bool,
    /// Times also what a step's data takes: gathering, cropping, mirroring, cutting out and
    /// normalising a batch of images that are on the device.
    #[arg(long)]
    pipeline: bool,
    /// Prints one JSON object instead.
    #[arg(long)]
    json: bool,
}

fn main() {
    let options = Options::parse();
    if let Err(error) = run(&options) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}

fn run(options: &Options) -> Result<(), Box<dyn Error>> {
    if options.steps == 0 || options.threads == 0 {
        return Err("steps and threads must be at least 1".into());
    }
    let genotype = NasnetGenotype::find(&options.genotype)?;
    let device = options.device.open()?;
    let precision = match options.bf16 {
        true => Precision::BFloat16,
        false => Precision::Float32,
    };
    let image = ImageShape {
        channels: options.channels,
        height: options.size,
        width: options.size,
    };
    let config = NetworkConfig::new(image, CLASSES)
        .cells_per_stack(options.cells)
        .filters(options.filters)
        .precision(precision);
    let autodiff = device.clone().autodiff();
    let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &autodiff)?;
    let parameters = trainable_parameters(&network);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()?;
    let trainer = Trainer::new(
        TrainingConfig::default()
            .batch_size(options.batch)
            .learning_rate(0.024)
            .decay_all(true),
    )?;
    let times = pool.install(|| {
        let warm_up = options.warmup.saturating_sub(1);
        StepTimes::of(network, &trainer, image, CLASSES, warm_up, options.steps)
    });
    let (median, shortest) = (times.median(), times.shortest());
    let batch_ms = match options.pipeline {
        true => Some(pool.install(|| batch_time(options, image, &device))?),
        false => None,
    };
    let images_per_second = 1e3 * options.batch as f64 / median;
    if options.json {
        let mut figures = json!({
            "engine": format!("evonas {}", env!("CARGO_PKG_VERSION")),
            "device": options.device.to_string(),
            "genotype": options.genotype,
            "cells": options.cells,
            "filters": options.filters,
            "size": options.size,
            "batch": options.batch,
            "threads": options.threads,
            "params": parameters,
            "precision": if options.bf16 { "bf16" } else { "f32" },
            "first_step_ms": times.first,
            "median_step_ms": median,
            "min_step_ms": shortest,
            "images_per_second": images_per_second,
        });
        if let Some(batch_ms) = batch_ms {
            figures["batch_ms"] = json!(batch_ms);
        }
        println!("{figures}");
    } else {
        println!("{parameters} parameters");
        println!("median step: {median:.2} ms, {images_per_second:.1} images a second");
        println!("fastest step: {shortest:.2} ms");
        if let Some(batch_ms) = batch_ms {
            let share = 100.0 * batch_ms / (median + batch_ms);
            println!("taking a batch: {batch_ms:.2} ms, {share:.1} % of both");
        }
    }
    Ok(())
}

/// The median time of taking a batch from 4,096 random images, in milliseconds.
fn batch_time(options: &Options, image: ImageShape, device: &Device) -> Result<f64, ImagesError> {
    const IMAGES: usize = 4096;
    let mut rng = stream(0, 3);
    let pixels = image.channels * image.height * image.width;
    let images = LabeledImages::new(
        image,
        CLASSES,
        (0..IMAGES * pixels).map(|_| rng.random()).collect(),
        (0..IMAGES)
            .map(|_| rng.random_range(0..CLASSES as u16))
            .collect(),
    )?;
    let images = DeviceImages::new(&images, &images, device);
    let augmentation = Augmentation::CIFAR.cutout(options.size / 2);
    let (warm_up, steps) = (options.warmup, options.steps);
    let times = StepTimes::of_batches(&images, options.batch, &augmentation, warm_up, steps);
    Ok(times.median())
}
