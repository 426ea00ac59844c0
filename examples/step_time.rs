//! Times a training step: forward, backward, SGD. Prints the same figures as `bench` of
//! `tests/pytorch/parity.py`, so that the two can be laid side by side (`benches/vs_pytorch.sh`).
//!
//!     cargo run --release --example step_time -- --cells 3 --filters 24 --batch 128 --threads 2 --json

use std::error::Error;
use std::time::Instant;

use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{Device, ElementConversion as _, Int, Tensor, TensorData};
use clap::Parser;
use evonas::network::{CellNetwork, ImageShape, NetworkConfig, TrainingPass, trainable_parameters};
use evonas::prelude::*;
use evonas::randomness::stream;
use evonas::spaces::nasnet::NasnetGenotype;
use evonas::training::DeviceName;
use serde_json::json;

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
    if options.batch == 0 || options.steps == 0 || options.threads == 0 {
        return Err("batch, steps and threads must be at least 1".into());
    }
    let genotype = NasnetGenotype::find(&options.genotype)?;
    let device = options.device.open()?;
    let image = ImageShape::new(options.channels, options.size, options.size);
    let config = NetworkConfig::new(options.cells, options.filters, 10, image);
    let autodiff = device.clone().autodiff();
    let network = CellNetwork::new(&genotype, &config, &mut stream(0, 0), &autodiff)?;
    let parameters = trainable_parameters(&network);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.threads)
        .build()?;
    let mut milliseconds = pool.install(|| time(network, options, image, &device));
    milliseconds.sort_by(f64::total_cmp);
    let middle = milliseconds.len() / 2;
    let median = if milliseconds.len() % 2 == 1 {
        milliseconds[middle]
    } else {
        (milliseconds[middle - 1] + milliseconds[middle]) / 2.0
    };
    let images_per_second = 1e3 * options.batch as f64 / median;
    if options.json {
        let figures = json!({
            "engine": format!("evonas {}", env!("CARGO_PKG_VERSION")),
            "device": options.device.to_string(),
            "genotype": options.genotype,
            "cells": options.cells,
            "filters": options.filters,
            "size": options.size,
            "batch": options.batch,
            "threads": options.threads,
            "params": parameters,
            "median_step_ms": median,
            "min_step_ms": milliseconds[0],
            "images_per_second": images_per_second,
        });
        println!("{figures}");
    } else {
        println!("{parameters} parameters");
        println!("median step: {median:.2} ms, {images_per_second:.1} images a second");
        println!("fastest step: {:.2} ms", milliseconds[0]);
    }
    Ok(())
}

/// The times of all steps but the warm-up's, in milliseconds.
fn time(
    mut network: CellNetwork,
    options: &Options,
    image: ImageShape,
    device: &Device,
) -> Vec<f64> {
    let mut rng = stream(0, 1);
    let shape = [options.batch, image.channels, image.height, image.width];
    let pixels: Vec<f32> = (0..shape.iter().product())
        .map(|_| rng.random::<f32>() - 0.5)
        .collect();
    let labels: Vec<i32> = (0..options.batch)
        .map(|_| rng.random_range(0..10))
        .collect();
    let images = Tensor::<4>::from_data(TensorData::new(pixels, shape), device);
    let labels = Tensor::<1, Int>::from_data(TensorData::new(labels, [options.batch]), device);
    let momentum = MomentumConfig::new().with_momentum(0.9).with_dampening(0.0);
    let sgd = SgdConfig::new()
        .with_momentum(Some(momentum))
        .with_weight_decay(Some(WeightDecayConfig::new(5e-4)));
    let mut optimizer = ModuleOptimizer::from(sgd.build());
    let cross_entropy = CrossEntropyLossConfig::new().init(device);
    let mut milliseconds = Vec::new();
    for step in 0..options.warmup + options.steps {
        let start = Instant::now();
        let mut pass = TrainingPass::new(0.0, &mut rng);
        let output = network.forward_training(images.clone(), &mut pass);
        let loss = cross_entropy.forward(output.logits, labels.clone());
        let value = loss.clone().inner();
        let gradients = GradientsParams::from_grads(loss.backward(), &network);
        network = optimizer.step(0.024, network, gradients);
        // Reading the loss waits for the device.
        let _ = value.into_scalar::<f32>().elem::<f64>();
        if step >= options.warmup {
            milliseconds.push(1e3 * start.elapsed().as_secs_f64());
        }
    }
    milliseconds
}
