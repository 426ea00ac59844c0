//! What a network learns.

use std::fmt;

use burn::module::Module;
use burn::tensor::Tensor;
use evonas_kernels::StepTensor;
use rand::Rng;

use super::{TrainingConfig, TrainingError};
use crate::network::TrainingPass;
use crate::objective::Objective;

/// What a network learns: its examples, the loss, the metrics, and what fitness is.
///
/// [`Trainer`](super::Trainer), [`Training`](super::Training) and
/// [`TrainingEvaluator`](super::TrainingEvaluator) train any network for any task: schedules, averaged weights,
/// clipping, checkpoints and stopping are theirs. [`DeviceImages`](super::DeviceImages) is the task of classifying
/// images. `examples/regression.rs` and `examples/segmentation.rs` are whole programs; the core of the first:
///
/// ```
/// use evonas::burn::module::Module;
/// use evonas::burn::nn::{Linear, LinearConfig};
/// use evonas::burn::tensor::{Device, Tensor, TensorData};
/// use evonas::network::TrainingPass;
/// use evonas::prelude::*;
/// use evonas::training::{StepLoss, Task};
///
/// #[derive(Module, Debug)]
/// struct Line {
///     layer: Linear,
/// }
///
/// /// Numbers and what is to be predicted from them, `[examples, 1]` each.
/// struct Pairs {
///     x: Vec<f32>,
///     y: Vec<f32>,
///     device: Device,
/// }
///
/// impl Pairs {
///     fn column(&self, values: &[f32], examples: &[usize]) -> Tensor<2> {
///         let chosen: Vec<f32> = examples.iter().map(|&example| values[example]).collect();
///         Tensor::from_data(TensorData::new(chosen, [examples.len(), 1]), &self.device)
///     }
/// }
///
/// impl Task<Line> for Pairs {
///     type Batch = [Tensor<2>; 2];
///
///     fn examples(&self) -> usize {
///         self.x.len()
///     }
///
///     fn metrics(&self) -> Vec<Objective> {
///         vec![Objective::minimize("mean squared error")]
///     }
///
///     fn batch(&self, examples: &[usize]) -> [Tensor<2>; 2] {
///         [self.column(&self.x, examples), self.column(&self.y, examples)]
///     }
///
///     fn loss(
///         &self,
///         network: &Line,
///         [x, y]: [Tensor<2>; 2],
///         _: &TrainingConfig,
///         _: &mut TrainingPass<'_>,
///     ) -> StepLoss {
///         let squares = (network.layer.forward(x) - y).square();
///         let total = squares.clone().sum();
///         StepLoss::new(squares.mean(), total.inner())
///     }
///
///     fn totals(&self, network: &Line, [x, y]: [Tensor<2>; 2]) -> Tensor<1> {
///         (network.layer.forward(x) - y).square().sum()
///     }
/// }
///
/// let device = Device::flex();
/// let x: Vec<f32> = (0..64).map(|number| number as f32 / 32.0 - 1.0).collect();
/// let y = x.iter().map(|x| 3.0 * x - 1.0).collect();
/// let task = Pairs { x, y, device: device.clone() };
/// let line = Line { layer: LinearConfig::new(1, 1).init(&device.autodiff()) };
/// let trainer = Trainer::new(TrainingConfig::default().epochs(20).batch_size(8))?;
/// let all: Vec<usize> = (0..64).collect();
/// let line = trainer.train(line, &task, &all, 0, &mut Progress::ignore)?;
/// assert!(trainer.evaluate(&line, &task, &all)? < 0.01);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
pub trait Task<M: Module>: Send + Sync {
    /// Examples on the device, with what is to be learned from them.
    type Batch;

    /// The number of examples, which have the numbers from 0.
    fn examples(&self) -> usize;

    /// The metrics, at least one, and in which direction each is better. The first decides: an epoch reports it, and
    /// the fitness of a trial is made from it. Their names must not be [reserved](crate::trial::RESERVED_METRICS).
    fn metrics(&self) -> Vec<Objective>;

    /// The examples of these numbers, for an evaluation.
    fn batch(&self, examples: &[usize]) -> Self::Batch;

    /// The examples of these numbers, for a training step: augmented, with random numbers from `rng` alone. By default
    /// the same as in an evaluation.
    fn training_batch(
        &self,
        examples: &[usize],
        config: &TrainingConfig,
        rng: &mut dyn Rng,
    ) -> Self::Batch {
        let _ = (config, rng);
        self.batch(examples)
    }

    /// The loss of a training step. `network` is differentiated; what is random comes from `pass`. Nothing should be
    /// read from the device.
    fn loss(
        &self,
        network: &M,
        batch: Self::Batch,
        config: &TrainingConfig,
        pass: &mut TrainingPass<'_>,
    ) -> StepLoss;

    /// The tensors of a training batch, if a step on it may be [recorded](super::Trainer::record_steps) and repeated on other
    /// batches of the same shapes. By default, it may not.
    ///
    /// It may if the loss of this network depends on nothing but the weights, these tensors, the configuration, and what
    /// [`TrainingPass`] gives to cell networks: not on the progress, on random numbers of the device's, or on what is copied
    /// to it during the step. Nobody checks that: CUDA would repeat the step with what was copied when it was recorded.
    fn recorded_batch(
        &self,
        network: &M,
        batch: &Self::Batch,
    ) -> Option<RecordedBatch<Self::Batch>> {
        let _ = (network, batch);
        None
    }

    /// What the metrics are computed from, in an evaluation: numbers that are added up over the batches, `[totals]`.
    /// NaN where the network's outputs aren't finite. A training step's totals are as many.
    fn totals(&self, network: &M, batch: Self::Batch) -> Tensor<1>;

    /// The value of each metric, from the totals over so many examples, at least one. By default, the means.
    fn values(&self, totals: &[f64], examples: usize) -> Vec<f64> {
        totals.iter().map(|total| total / examples as f64).collect()
    }

    /// The fitness of a network with these values of the metrics: higher is better. By default the first value, or
    /// its negation if lower is better.
    fn fitness(&self, values: &[f64]) -> f64 {
        let (metrics, first) = (self.metrics(), values.first());
        match (metrics.first(), first) {
            (Some(metric), Some(&value)) => metric.direction().oriented(value),
            _ => f64::NAN,
        }
    }

    /// Checks whether the settings suit the task, before a training. By default, they do.
    ///
    /// # Errors
    /// [`TrainingError`] with what doesn't fit.
    fn check(&self, config: &TrainingConfig) -> Result<(), TrainingError> {
        let _ = config;
        Ok(())
    }
}

/// The tensors of a training batch, and how they make one.
#[non_exhaustive]
pub struct RecordedBatch<B> {
    /// The tensors of the batch, always in the same order.
    pub tensors: Vec<StepTensor>,
    /// Makes a batch of as many tensors of the same shapes.
    pub assemble: Box<dyn Fn(Vec<StepTensor>) -> B>,
}

impl<B> fmt::Debug for RecordedBatch<B> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordedBatch")
            .field("tensors", &self.tensors)
            .finish_non_exhaustive()
    }
}

impl<B> RecordedBatch<B> {
    /// These tensors, of which `assemble` makes a batch.
    #[must_use]
    pub fn new(
        tensors: Vec<StepTensor>,
        assemble: impl Fn(Vec<StepTensor>) -> B + 'static,
    ) -> Self {
        Self {
            tensors,
            assemble: Box::new(assemble),
        }
    }
}

/// The loss of a training step, on the device.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct StepLoss {
    /// What is differentiated, `[1]`.
    pub differentiated: Tensor<1>,
    /// What is reported, without autodiff, `[1]`.
    pub reported: Tensor<1>,
    /// The totals of the metrics over the batch before the step, without autodiff, `[totals]`.
    pub totals: Tensor<1>,
}

impl StepLoss {
    /// The mean loss of a batch, `[1]`, and the [totals](Task::totals) of its metrics, without autodiff.
    #[must_use]
    pub fn new(loss: Tensor<1>, totals: Tensor<1>) -> Self {
        Self {
            reported: loss.clone().inner(),
            differentiated: loss,
            totals,
        }
    }

    /// Adds a loss, `[1]`, that is differentiated but not reported, such as that of an auxiliary head.
    #[must_use]
    pub fn with_auxiliary(mut self, loss: Tensor<1>) -> Self {
        self.differentiated = self.differentiated + loss;
        self
    }
}
