//! A task of your own: networks that predict a number from a table of numbers, here Friedman's first function (1991),
//! of whose ten inputs five matter. The trainer, its schedules, checkpoints and the search are those of image networks.
//!
//! ```sh
//! cargo run --release --example regression -- 40      # trials; 30 by default
//! ```

use std::error::Error;
use std::f64::consts::PI;
use std::io::{Write, stdout};

use burn::module::Module;
use burn::nn::{Linear, LinearConfig};
use burn::tensor::activation::{gelu, relu, tanh};
use burn::tensor::{Device, Tensor, TensorData};
use evonas::network::TrainingPass;
use evonas::prelude::*;
use evonas::training::{OptimizerSettings, StepLoss, Task};

type Failure = Box<dyn Error + Send + Sync>;

const INPUTS: usize = 10;

/// Layers of one width with an activation between them, and one output.
#[derive(Module, Debug)]
struct Perceptron {
    layers: Vec<Linear>,
    output: Linear,
    #[module(skip)]
    activation: String,
}

impl Perceptron {
    /// From `[batch, 10]` to `[batch, 1]`.
    fn forward(&self, inputs: Tensor<2>) -> Tensor<2> {
        let hidden = self.layers.iter().fold(inputs, |values, layer| {
            let values = layer.forward(values);
            match self.activation.as_str() {
                "relu" => relu(values),
                "gelu" => gelu(values),
                _ => tanh(values),
            }
        });
        self.output.forward(hidden)
    }
}

struct PerceptronDecoder(Choices);

impl Decoder<Decisions> for PerceptronDecoder {
    type Network = Perceptron;

    fn decode(
        &self,
        genotype: &Decisions,
        rng: &mut dyn Rng,
        device: &Device,
    ) -> Result<Perceptron, Failure> {
        let number = |name| self.0.integer(genotype, name).ok_or(name);
        let (layers, width) = (number("layers")? as usize, number("width")? as usize);
        let layer = |place| {
            let inputs = if place == 0 { INPUTS } else { width };
            LinearConfig::new(inputs, width).init(device)
        };
        let network = Perceptron {
            layers: (0..layers).map(layer).collect(),
            output: LinearConfig::new(width, 1).init(device),
            activation: self.0.get(genotype, "activation").ok_or("none")?.to_owned(),
        };
        Ok(draw_weights(network, rng))
    }
}

/// Rows of a table on a device.
struct Table {
    /// `[rows, 10]`
    inputs: Tensor<2>,
    /// `[rows, 1]`
    outputs: Tensor<2>,
    /// Of the outputs.
    variance: f64,
}

impl Table {
    /// Rows with inputs from 0 to 1, and noise of standard deviation 1 on the output.
    fn draw(rows: usize, rng: &mut dyn Rng, device: &Device) -> Self {
        let (mut inputs, mut outputs) = (Vec::new(), Vec::new());
        for _ in 0..rows {
            let x: [f64; INPUTS] = [(); INPUTS].map(|()| rng.random());
            let y = 10.0 * (PI * x[0] * x[1]).sin() + 20.0 * (x[2] - 0.5).powi(2);
            outputs.push(y + 10.0 * x[3] + 5.0 * x[4] + standard_normal(rng));
            inputs.extend(x);
        }
        let mean = outputs.iter().sum::<f64>() / rows as f64;
        let squares = outputs.iter().map(|y| (y - mean).powi(2));
        Self {
            variance: squares.sum::<f64>() / rows as f64,
            inputs: Tensor::from_data(TensorData::new(inputs, [rows, INPUTS]), device),
            outputs: Tensor::from_data(TensorData::new(outputs, [rows, 1]), device),
        }
    }
}

impl Task<Perceptron> for Table {
    type Batch = [Tensor<2>; 2];

    fn examples(&self) -> usize {
        self.outputs.dims()[0]
    }

    /// The share of the variance that is explained, and the mean squared error.
    fn metrics(&self) -> Vec<Objective> {
        vec![Objective::maximize("r2"), Objective::minimize("mse")]
    }

    fn batch(&self, examples: &[usize]) -> [Tensor<2>; 2] {
        let rows: Vec<i32> = examples.iter().map(|&example| example as i32).collect();
        let rows = Tensor::from_data(rows.as_slice(), &self.inputs.device());
        [&self.inputs, &self.outputs].map(|table| table.clone().select(0, rows.clone()))
    }

    fn loss(
        &self,
        network: &Perceptron,
        [inputs, outputs]: [Tensor<2>; 2],
        _: &TrainingConfig,
        _: &mut TrainingPass<'_>,
    ) -> StepLoss {
        let squares = (network.forward(inputs) - outputs).square();
        StepLoss::new(squares.clone().mean(), squares.sum().inner())
    }

    /// The sum of the squared errors.
    fn totals(&self, network: &Perceptron, [inputs, outputs]: [Tensor<2>; 2]) -> Tensor<1> {
        (network.forward(inputs) - outputs).square().sum()
    }

    fn values(&self, totals: &[f64], examples: usize) -> Vec<f64> {
        let error = totals[0] / examples as f64;
        vec![1.0 - error / self.variance, error]
    }
}

fn main() -> Result<(), Failure> {
    let space = Choices::builder()
        .integer("layers", 1..=4)
        .log_integer("width", 4..=64)
        .decision("activation", ["relu", "gelu", "tanh"])
        .build()?;
    let device = Device::flex();
    let config = TrainingConfig::default()
        .optimizer(OptimizerSettings::ADAM_W)
        .learning_rate(0.03)
        .epochs(20);
    let trainer = Trainer::new(config)?;
    let table = Table::draw(1000, &mut stream(0, 0), &device);
    let decoder = PerceptronDecoder(space.clone());
    let evaluator = TrainingEvaluator::of_task(decoder, trainer, &device, table).build()?;
    let evolution = Evolution::builder(space.clone(), space.clone());
    let evolution = evolution.population(10).sample(3).build()?;
    let trials = std::env::args()
        .nth(1)
        .map_or(Ok(30), |trials| trials.parse())?;
    let search = Search::new(evolution, Serial::new(evaluator), Budget::trials(trials));
    let result = search.observe(ProgressBar::new()).run()?;
    let best = result.best().ok_or_else(|| {
        let first = result.history.records().first();
        first.map_or_else(String::new, |first| first.outcome.to_string())
    })?;
    let mut out = stdout();
    writeln!(out, "best network: {}", space.to_json(&best.genotype))?;
    let error = best.metric("mse").ok_or("it has one")?;
    let explained = 100.0 * best.fitness().ok_or("it has one")?;
    writeln!(
        out,
        "explained variance: {explained:.1} %, mean squared error: {error:.2} (the noise alone: 1)"
    )?;
    Ok(())
}
