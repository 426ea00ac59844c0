//! Searches over your own networks: settings of a plain convolutional network, built of Burn's layers. The
//! library trains them on the embedded digits as it trains cell networks.
//!
//! ```sh
//! cargo run --release --example custom_network -- 40      # trials; 30 by default
//! ```

use std::error::Error;
use std::io::{Write, stdout};

use burn::module::Module;
use burn::nn::conv::{Conv2d, Conv2dConfig};
use burn::nn::{BatchNorm, BatchNormConfig, Linear, LinearConfig, PaddingConfig2d};
use burn::tensor::activation::relu;
use burn::tensor::{Device, Tensor};
use evonas::prelude::*;

type Failure = Box<dyn Error + Send + Sync>;

/// Blocks of convolution, batch norm and ReLU; then the mean over the image, and a classifier.
#[derive(Module, Debug)]
struct PlainNetwork {
    blocks: Vec<(Conv2d, BatchNorm)>,
    classifier: Linear,
}

impl ImageClassifier for PlainNetwork {
    /// From `[batch, 1, height, width]` to `[batch, 10]`.
    fn logits(&self, images: Tensor<4>) -> Tensor<2> {
        let mut features = images;
        for (convolution, norm) in &self.blocks {
            features = relu(norm.forward(convolution.forward(features)));
        }
        let means: Tensor<2> = features.mean_dim(3).mean_dim(2).flatten(1, 3);
        self.classifier.forward(means)
    }
}

/// Builds the network that the decisions describe.
#[derive(Clone)]
struct PlainDecoder(Choices);

impl Decoder<Decisions> for PlainDecoder {
    type Network = PlainNetwork;

    fn decode(
        &self,
        genotype: &Decisions,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<PlainNetwork, Failure> {
        let number = |name| self.0.get(genotype, name).unwrap_or("1").parse::<usize>();
        let (blocks, width, kernel) = (number("blocks")?, number("width")?, number("kernel")?);
        let block = |place| {
            let input = if place == 0 { 1 } else { width };
            let convolution = Conv2dConfig::new([input, width], [kernel; 2])
                .with_padding(PaddingConfig2d::Same)
                .init(device);
            (convolution, BatchNormConfig::new(width).init(device))
        };
        let network = PlainNetwork {
            blocks: (0..blocks).map(block).collect(),
            classifier: LinearConfig::new(width, 10).init(device),
        };
        // From the trial's own seed, so that it scores the same whatever else is running.
        Ok(draw_weights(network, rng))
    }
}

fn main() -> Result<(), Failure> {
    let space = Choices::builder()
        .decision("blocks", ["1", "2", "3", "4"])
        .decision("width", ["4", "8", "12", "16"])
        .decision("kernel", ["1", "3", "5"])
        .build()?;
    let (decoder, dataset) = (PlainDecoder(space.clone()), digits());
    let trainer = |epochs| Trainer::new(TrainingConfig::default().epochs(epochs));
    let evaluator = TrainingEvaluator::builder(decoder.clone(), trainer(2)?, &dataset.train);
    let executor = Serial::new(evaluator.build()?);
    let evolution = Evolution::builder(space.clone(), space.clone());
    let evolution = evolution.population(10).sample(3).build()?;
    let trials = std::env::args()
        .nth(1)
        .map_or(Ok(30), |trials| trials.parse())?;
    let search = Search::new(evolution, executor, Budget::trials(trials));
    let result = search.observe(ProgressBar::new()).run()?;
    let best = result.best().ok_or("every trial failed")?;
    let mut out = stdout();
    writeln!(out, "best network: {}", space.to_json(&best.genotype))?;

    let (genotype, seed, last) = (&best.genotype, best.seed, trainer(10)?);
    let (cpu, watch) = (Device::flex(), &mut Progress::ignore);
    let found = train_fully(genotype, &decoder, &last, &dataset, seed, &cpu, watch)?;
    let (accuracy, parameters) = (100.0 * found.test_accuracy, found.parameters);
    writeln!(
        out,
        "test accuracy after 10 epochs: {accuracy:.2} % ({parameters} parameters)"
    )?;
    Ok(())
}
