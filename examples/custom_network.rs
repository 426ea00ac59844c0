//! A search over networks of one's own: a few settings of a plain convolutional network, built of
//! Burn's layers and trained by the crate's trainer on the embedded digits. Nothing here is a cell.
//!
//!     cargo run --release --example custom_network -- --trials 40

use std::error::Error;
use std::process::ExitCode;

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::pool::{MaxPool2d, MaxPool2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::{Device, Tensor, activation};
use clap::Parser;
use evonas::prelude::*;
use evonas::report::ProgressBar;
use evonas::spaces::choices::{Choices, Decisions};
use evonas::training::images::digits;
use evonas::training::{
    Decoder, DeviceName, ImageClassifier, Trainer, TrainingConfig, TrainingEvaluator, draw_weights,
    train_fully,
};

type Failure = Box<dyn Error + Send + Sync>;

/// Evolve a plain convolutional network for handwritten digits.
#[derive(Parser)]
struct Options {
    /// Trials in all, the initial population included.
    #[arg(long, default_value_t = 40)]
    trials: u64,
    /// Epochs of a trial; the best network is trained for five times as many.
    #[arg(long, default_value_t = 2)]
    epochs: usize,
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
    pool: Option<MaxPool2d>,
}

/// Blocks in a row, the mean over the image, and a classifier.
#[derive(Module, Debug)]
struct PlainNetwork {
    blocks: Vec<Block>,
    classifier: Linear,
    gelu: bool,
}

impl ImageClassifier for PlainNetwork {
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let mut x = images;
        for block in &self.blocks {
            x = block.norm.forward(block.convolution.forward(x));
            x = match self.gelu {
                true => activation::gelu(x),
                false => activation::relu(x),
            };
            if let Some(pool) = &block.pool {
                x = pool.forward(x);
            }
        }
        let [batch, channels, ..] = x.dims();
        let features = x.mean_dim(2).mean_dim(3).reshape([batch, channels]);
        self.classifier.forward(features)
    }
}

/// The decisions, and how they become a network.
struct PlainSpace(Choices);

impl PlainSpace {
    fn new() -> Result<Self, Failure> {
        let choices = Choices::builder()
            .decision("blocks", ["1", "2", "3", "4"])
            .decision("width", ["4", "8", "12", "16"])
            .decision("growth", ["1", "1.5", "2"])
            .decision("kernel", ["1", "3", "5"])
            .decision("pool after", ["none", "1", "2"])
            .decision("activation", ["relu", "gelu"]);
        Ok(Self(choices.build()?))
    }
}

impl Decoder<Decisions> for PlainSpace {
    type Network = PlainNetwork;

    fn decode(
        &self,
        genotype: &Decisions,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<PlainNetwork, Failure> {
        let text = |name| self.0.get(genotype, name).unwrap_or("none");
        let number = |name| text(name).parse::<f64>();
        let pool_after = text("pool after").parse().ok();
        let kernel = [number("kernel")? as usize; 2];
        let (mut channels, mut width) = (1, number("width")?);
        let mut blocks = Vec::new();
        for place in 1..=number("blocks")? as usize {
            let output = width as usize;
            let convolution = Conv2dConfig::new([channels, output], kernel)
                .with_padding(PaddingConfig2d::Same)
                .with_bias(false);
            blocks.push(Block {
                convolution: convolution.init(device),
                norm: BatchNormConfig::new(output).init(device),
                pool: (pool_after == Some(place))
                    .then(|| MaxPool2dConfig::new([2, 2]).with_strides([2, 2]).init()),
            });
            channels = output;
            width *= number("growth")?;
        }
        let network = PlainNetwork {
            blocks,
            classifier: LinearConfig::new(channels, 10).init(device),
            gelu: text("activation") == "gelu",
        };
        // By the trial's own seed, so that a trial scores the same whatever runs beside it.
        Ok(draw_weights(network, rng))
    }
}

fn run(options: &Options) -> Result<(), Failure> {
    let (space, dataset, device) = (PlainSpace::new()?, digits(), options.device.open()?);
    let choices = space.0.clone();
    let trainer = |epochs| Trainer::new(TrainingConfig::new(epochs, 32));
    let (trials, last) = (trainer(options.epochs)?, trainer(5 * options.epochs)?);
    let evolution = Evolution::aging(choices.clone(), choices.clone(), 10, 3, options.seed)?;
    let evaluator =
        TrainingEvaluator::new(space, trials, &dataset.train, 0.2, options.seed, &device)?;
    let search = Search::new(
        evolution,
        Serial::new(evaluator),
        Budget::trials(options.trials),
    );
    let result = search.observe(ProgressBar::new()).run()?;
    let best = result.best().ok_or("no trial has a score")?;
    let fitness = 100.0 * best.fitness().unwrap_or(0.0);
    println!("best validation accuracy in the search: {fitness:.2} %");
    println!("{}", choices.to_json(&best.genotype));
    let space = PlainSpace::new()?;
    let found = train_fully(
        &best.genotype,
        &space,
        &last,
        &dataset,
        best.seed,
        &device,
        &mut |_| Ok(()),
    )?;
    let accuracy = 100.0 * found.test_accuracy;
    println!(
        "test accuracy of {} parameters: {accuracy:.2} %",
        found.parameters
    );
    Ok(())
}

fn main() -> ExitCode {
    run(&Options::parse()).map_or_else(
        |error| {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        },
        |()| ExitCode::SUCCESS,
    )
}
