//! A task of your own: networks that say of every pixel whether it belongs to a disk, in noisy pictures of disks and
//! bars. The metric, intersection over union, is one of the whole set of pictures, not a mean over them.
//!
//! ```sh
//! cargo run --release --example segmentation -- 40      # trials; 20 by default
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, PaddingConfig2d};
use burn::tensor::activation::{log_sigmoid, relu};
use burn::tensor::{Device, Tensor, TensorData};
use evonas::network::TrainingPass;
use evonas::prelude::*;
use evonas::training::{StepLoss, Task};

type Failure = Box<dyn Error + Send + Sync>;

/// The side of a picture, in pixels.
const SIDE: usize = 16;

/// Convolutions that keep the picture's size, and one output for each pixel.
#[derive(Module, Debug)]
struct PixelNetwork {
    blocks: Vec<(Conv2d, BatchNorm)>,
    output: Conv2d,
}

impl PixelNetwork {
    /// From `[batch, 1, 16, 16]` to `[batch, 1, 16, 16]`: positive for a disk.
    fn forward(&self, pictures: Tensor<4>) -> Tensor<4> {
        let features = self.blocks.iter().fold(pictures, |values, (layer, norm)| {
            relu(norm.forward(layer.forward(values)))
        });
        self.output.forward(features)
    }
}

struct PixelDecoder(Choices);

impl Decoder<Decisions> for PixelDecoder {
    type Network = PixelNetwork;

    fn decode(
        &self,
        genotype: &Decisions,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<PixelNetwork, Failure> {
        let number = |name| self.0.integer(genotype, name).ok_or(name);
        let (blocks, width) = (number("blocks")? as usize, number("width")? as usize);
        let dilation = number("dilation of the last block")? as usize;
        let block = |place| {
            let inputs = if place == 0 { 1 } else { width };
            let dilation = if place + 1 == blocks { dilation } else { 1 };
            // Burn's `Same` takes no account of dilation.
            let padding = PaddingConfig2d::Explicit(dilation, dilation, dilation, dilation);
            let layer = Conv2dConfig::new([inputs, width], [3, 3])
                .with_dilation([dilation; 2])
                .with_padding(padding)
                .init(device);
            (layer, BatchNormConfig::new(width).init(device))
        };
        let network = PixelNetwork {
            blocks: (0..blocks).map(block).collect(),
            output: Conv2dConfig::new([width, 1], [1, 1]).init(device),
        };
        Ok(draw_weights(network, rng))
    }
}

/// Pictures and their masks on a device, `[pictures, 1, 16, 16]` each.
struct Pictures {
    pictures: Tensor<4>,
    masks: Tensor<4>,
}

impl Pictures {
    /// Pictures with a disk and a bar of the same brightness, and as much noise.
    fn draw(count: usize, rng: &mut dyn Rng, device: &Device) -> Self {
        let (mut pictures, mut masks) = (Vec::new(), Vec::new());
        for _ in 0..count {
            let mut place = || rng.random_range(2.0..SIDE as f64 - 2.0);
            let (row, column, bar) = (place(), place(), place());
            let radius: f64 = rng.random_range(2.0..5.0);
            for pixel in 0..SIDE * SIDE {
                let (y, x) = ((pixel / SIDE) as f64, (pixel % SIDE) as f64);
                let disk = (y - row).hypot(x - column) < radius;
                let shape = disk || (x - bar).abs() < 1.5;
                pictures.push(f64::from(shape) + standard_normal(rng));
                masks.push(f64::from(disk));
            }
        }
        let on_device = |values| {
            let shape = [count, 1, SIDE, SIDE];
            Tensor::from_data(TensorData::new(values, shape), device)
        };
        Self {
            pictures: on_device(pictures),
            masks: on_device(masks),
        }
    }
}

/// `[pixels in both, pixels in either]`: where a disk is said to be, and where there is one.
fn overlap(outputs: Tensor<4>, masks: Tensor<4>) -> Tensor<1> {
    let found = outputs.greater_elem(0.0).float();
    let both = (found.clone() * masks.clone()).sum();
    let either = (found + masks).sum() - both.clone();
    Tensor::cat(vec![both, either], 0)
}

impl Task<PixelNetwork> for Pictures {
    type Batch = [Tensor<4>; 2];

    fn examples(&self) -> usize {
        self.pictures.dims()[0]
    }

    fn metrics(&self) -> Vec<Objective> {
        vec![Objective::maximize("intersection over union")]
    }

    fn batch(&self, examples: &[usize]) -> [Tensor<4>; 2] {
        let places: Vec<i32> = examples.iter().map(|&example| example as i32).collect();
        let places = Tensor::from_data(places.as_slice(), &self.masks.device());
        [&self.pictures, &self.masks].map(|images| images.clone().select(0, places.clone()))
    }

    /// The cross-entropy of every pixel.
    fn loss(
        &self,
        network: &PixelNetwork,
        [pictures, masks]: [Tensor<4>; 2],
        _: &TrainingConfig,
        _: &mut TrainingPass<'_>,
    ) -> StepLoss {
        let outputs = network.forward(pictures);
        let overlap = overlap(outputs.clone().inner(), masks.clone());
        let disk = log_sigmoid(outputs.clone()) * masks.clone();
        let other = log_sigmoid(outputs.neg()) * (masks.neg() + 1.0);
        StepLoss::new((disk + other).mean().neg(), overlap)
    }

    fn totals(&self, network: &PixelNetwork, [pictures, masks]: [Tensor<4>; 2]) -> Tensor<1> {
        overlap(network.forward(pictures), masks)
    }

    fn values(&self, totals: &[f64], _: usize) -> Vec<f64> {
        vec![totals[0] / totals[1].max(1.0)]
    }
}

fn main() -> Result<(), Failure> {
    let space = Choices::builder()
        .integer("blocks", 1..=4)
        .log_integer("width", 4..=16)
        .integer("dilation of the last block", 1..=3)
        .build()?;
    let device = Device::flex();
    let trainer = Trainer::new(TrainingConfig::default().epochs(8))?;
    let pictures = Pictures::draw(400, &mut stream(0, 0), &device);
    let decoder = PixelDecoder(space.clone());
    let evaluator = TrainingEvaluator::of_task(decoder, trainer, &device, pictures).build()?;
    let evolution = Evolution::builder(space.clone(), space.clone());
    let evolution = evolution.population(8).sample(3).build()?;
    let trials = std::env::args()
        .nth(1)
        .map_or(Ok(20), |trials| trials.parse())?;
    let search = Search::new(evolution, Serial::new(evaluator), Budget::trials(trials));
    let result = search.observe(ProgressBar::new()).run()?;
    let best = result.best().ok_or_else(|| {
        let first = result.history.records().first();
        first.map_or_else(String::new, |first| first.outcome.to_string())
    })?;
    let mut out = stdout();
    writeln!(out, "best network: {}", space.to_json(&best.genotype))?;
    let overlap = 100.0 * best.fitness().ok_or("it has one")?;
    writeln!(out, "intersection over union: {overlap:.1} %")?;
    Ok(())
}
