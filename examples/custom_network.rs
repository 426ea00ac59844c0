//! A search over networks of one's own: a few settings of a plain convolutional network, built of
//! Burn's layers and trained by the crate's trainer on the embedded digits. Nothing here is a cell.
//!
//!     cargo run --release --example custom_network -- --trials 40

use std::error::Error;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::module::max_pool2d;
use burn::tensor::ops::MaxPoolOptions;
use burn::tensor::{Device, Tensor};
use clap::Parser;
use evonas::prelude::*;
use evonas::report::ProgressBar;
use evonas::spaces::choices::{Choices, Decisions};
use evonas::training::images::digits;
use evonas::training::{
    Decoder, DeviceName, ImageClassifier, Progress, Trainer, TrainingConfig, TrainingEvaluator,
    draw_weights, train_fully,
};

type Failure = Box<dyn Error + Send + Sync>;

/// Evolve a plain convolutional network for handwritten digits.
#[derive(Parser)]
struct Options {
    /// Trials in all, the initial population included.
    #[arg(long, default_value_t = 40)]
    trials: u64,
    /// The root seed.
    #[arg(long, default_value_t = 0)]
    seed: u64,
    /// auto, cpu, cuda, cuda:N or wgpu.
    #[arg(long, default_value = "cpu")]
    device: DeviceName,
}

/// A convolution, batch norm and what follows them.
#[derive(Module, Debug)]
struct Block {
    convolution: Conv2d,
    norm: BatchNorm,
    pools: bool,
}

/// Blocks in a row, the mean over the image, and a classifier.
#[derive(Module, Debug)]
struct PlainNetwork {
    blocks: Vec<Block>,
    classifier: Linear,
}

impl ImageClassifier for PlainNetwork {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = images;
        for block in &self.blocks {
            x = relu(block.norm.forward(block.convolution.forward(x)));
            if block.pools {
                x = max_pool2d(x, MaxPoolOptions::new([2, 2]));
            }
        }
        let [batch, channels, ..] = x.dims();
        let features = x.mean_dim(2).mean_dim(3).reshape([batch, channels]);
        self.classifier.forward(features)
    }
}

/// What is searched.
fn space() -> Result<Choices, Failure> {
    let choices = Choices::builder()
        .decision("blocks", ["1", "2", "3", "4"])
        .decision("width", ["4", "8", "12", "16"])
        .decision("kernel", ["1", "3", "5"])
        .decision("pool after", ["none", "1", "2"]);
    Ok(choices.build()?)
}

/// How the decisions become a network.
struct PlainDecoder(Choices);

impl Decoder<Decisions> for PlainDecoder {
    type Network = PlainNetwork;

    fn decode(
        &self,
        genotype: &Decisions,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<PlainNetwork, Failure> {
        let text = |name| self.0.get(genotype, name).unwrap_or("none");
        let number = |name| text(name).parse::<usize>();
        let pool_after = text("pool after").parse().ok();
        let kernel = [number("kernel")?; 2];
        let width = number("width")?;
        let mut channels = 1;
        let mut blocks = Vec::new();
        for place in 1..=number("blocks")? {
            let convolution = Conv2dConfig::new([channels, width], kernel)
                .with_padding(PaddingConfig2d::Same)
                .with_bias(false);
            blocks.push(Block {
                convolution: convolution.init(device),
                norm: BatchNormConfig::new(width).init(device),
                pools: pool_after == Some(place),
            });
            channels = width;
        }
        let network = PlainNetwork {
            blocks,
            classifier: LinearConfig::new(channels, 10).init(device),
        };
        // By the trial's own seed, so that a trial scores the same whatever runs beside it.
        Ok(draw_weights(network, rng))
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let (space, dataset, device) = (space()?, digits(), options.device.open()?);
    let (decoder, seed) = (|| PlainDecoder(space.clone()), options.seed);
    let trainer = |epochs| Trainer::new(TrainingConfig::default().epochs(epochs));
    let (trials, last) = (trainer(2)?, trainer(10)?);
    let evolution = Evolution::builder(space.clone(), space.clone())
        .population(10)
        .sample(3)
        .seed(seed)
        .build()?;
    let evaluator = TrainingEvaluator::builder(decoder(), trials, &dataset.train)
        .split_seed(seed)
        .device(&device)
        .build()?;
    let budget = Budget::trials(options.trials);
    let search = Search::new(evolution, Serial::new(evaluator), budget);
    let result = search.observe(ProgressBar::new()).run()?;
    let best = result.best().ok_or("no trial has a score")?;
    let fitness = 100.0 * best.fitness().unwrap_or(0.0);
    println!("best validation accuracy in the search: {fitness:.2} %");
    println!("{}", space.to_json(&best.genotype));
    let watch = &mut Progress::ignore;
    let (genotype, seed) = (&best.genotype, best.seed);
    let found = train_fully(genotype, &decoder(), &last, &dataset, seed, &device, watch)?;
    let (accuracy, parameters) = (100.0 * found.test_accuracy, found.parameters);
    println!("test accuracy of {parameters} parameters: {accuracy:.2} %");
    Ok(())
}

fn main() {
    if let Err(error) = run(&Options::parse()) {
        eprintln!("error: {error}");
        std::process::exit(1);
    }
}
