//! Gradient descent, for a search's candidates and for full training alike.

use burn::module::{Module, ModuleVisitor, Param, ParamGroup, ParamId};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::decay::WeightDecayConfig;
use burn::optim::momentum::MomentumConfig;
use burn::optim::{GradientsParams, ModuleOptimizer, SgdConfig};
use burn::tensor::{ElementConversion, Tensor};
use rand::Rng;
use rand::seq::SliceRandom;

use super::{DeviceImages, ImageClassifier, InvalidTrainingConfig, TrainingConfig};
use crate::evaluator::EvaluationError;
use crate::network::TrainingPass;

/// Trains networks by one configuration.
#[derive(Clone, Debug)]
pub struct Trainer {
    config: TrainingConfig,
}

/// One pass over the training images.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The mean loss of its steps, without the auxiliary head's.
    pub loss: f64,
}

/// Why a training ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The loss is NaN or infinite.
    #[error("the loss of epoch {epoch} is {loss}; a lower learning rate may help")]
    LossNotFinite {
        /// The epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// There are too few images for a batch.
    #[error("{images} training images are too few: batch norm needs at least 2")]
    TooFewImages {
        /// How many there are.
        images: usize,
    },
    /// Whoever watched the training ended it.
    #[error(transparent)]
    Stopped(EvaluationError),
}

impl From<TrainingError> for EvaluationError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Stopped(reason) => reason,
            other => Self::failed(other),
        }
    }
}

impl Trainer {
    /// A trainer of this configuration.
    ///
    /// # Errors
    /// [`InvalidTrainingConfig`] names a setting that can't be.
    pub fn new(config: TrainingConfig) -> Result<Self, InvalidTrainingConfig> {
        config.validate()?;
        Ok(Self { config })
    }

    /// Its configuration.
    #[must_use]
    pub const fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Trains a network on the images at `indices`; their order, drop path and dropout are drawn
    /// from `rng`.
    ///
    /// Each epoch shuffles the images and takes batches of equal size (as near to
    /// [`TrainingConfig::batch_size`] as goes, so that no image is left out and no batch is tiny).
    /// `after_step` is asked after every step whether to go on, and told the epoch when one is over.
    ///
    /// # Errors
    /// [`TrainingError`] if a loss is not finite, or `after_step` returns an error.
    pub fn train<M: ImageClassifier>(
        &self,
        network: M,
        images: &DeviceImages,
        indices: &[usize],
        rng: &mut dyn Rng,
        after_step: &mut dyn FnMut(Option<Epoch>) -> Result<(), EvaluationError>,
    ) -> Result<M, TrainingError> {
        if indices.len() < 2 {
            return Err(TrainingError::TooFewImages {
                images: indices.len(),
            });
        }
        let mut network = network.train();
        let mut optimizer = self.optimizer(&network);
        let device = images.device();
        let loss_function = CrossEntropyLossConfig::new().init(&device);
        let mut order = indices.to_vec();
        let batches = batch_count(order.len(), self.config.batch_size);
        let steps = self.config.epochs * batches;
        let mut step = 0;
        for number in 1..=self.config.epochs {
            order.shuffle(rng);
            let mut epoch_loss: Option<Tensor<1>> = None;
            for batch in 0..batches {
                let range = order.len() * batch / batches..order.len() * (batch + 1) / batches;
                let (inputs, labels) = images.batch(&order[range]);
                let mut pass = TrainingPass::new(step as f64 / steps as f64, rng);
                let output = network.training_output(inputs, &mut pass);
                let mut loss = loss_function.forward(output.logits, labels.clone());
                let value = loss.clone().inner();
                if let Some((logits, weight)) = output.auxiliary {
                    loss = loss + loss_function.forward(logits, labels) * weight;
                }
                let gradients = GradientsParams::from_grads(loss.backward(), &network);
                let rate = self.config.learning_rate_at(step, steps);
                network = optimizer.step(rate, network, gradients);
                epoch_loss = Some(match epoch_loss {
                    Some(sum) => sum + value,
                    None => value,
                });
                step += 1;
                after_step(None).map_err(TrainingError::Stopped)?;
            }
            // The only read from the device in an epoch.
            let loss = epoch_loss.map_or(f64::NAN, |sum| {
                sum.into_scalar::<f32>().elem::<f64>() / batches as f64
            });
            if !loss.is_finite() {
                return Err(TrainingError::LossNotFinite {
                    epoch: number,
                    loss,
                });
            }
            after_step(Some(Epoch { number, loss })).map_err(TrainingError::Stopped)?;
        }
        Ok(network)
    }

    /// The share of the images at `indices` that the network classifies correctly, from 0 to 1.
    ///
    /// Batch norm uses its running statistics.
    #[must_use]
    pub fn evaluate<M: ImageClassifier>(
        &self,
        network: &M,
        images: &DeviceImages,
        indices: &[usize],
    ) -> f64 {
        let network = network.valid();
        let mut correct = 0_i64;
        for batch in indices.chunks(self.config.batch_size) {
            let (inputs, labels) = images.batch(batch);
            let count = batch.len();
            let predicted = network.logits(inputs).argmax(1).reshape([count]);
            let hits = predicted.equal(labels).int().sum().into_scalar::<i32>();
            correct += hits.elem::<i64>();
        }
        correct as f64 / indices.len().max(1) as f64
    }

    /// SGD with weight decay on weights, and without it on batch norm and biases.
    fn optimizer<M: Module>(&self, network: &M) -> ModuleOptimizer {
        let momentum = MomentumConfig::new()
            .with_momentum(self.config.momentum)
            .with_dampening(0.0);
        let sgd = SgdConfig::new().with_momentum(Some(momentum));
        let decayed = sgd.clone().with_weight_decay(Some(WeightDecayConfig::new(
            self.config.weight_decay as f32,
        )));
        let mut vectors = Vectors(Vec::new());
        network.visit(&mut vectors);
        ModuleOptimizer::from(decayed.build()).with_group(
            ParamGroup::from_ids(vectors.0),
            sgd.build(),
            None,
        )
    }
}

/// How many batches of at most `size` an epoch has, none of a single image.
fn batch_count(images: usize, size: usize) -> usize {
    images.div_ceil(size).min(images / 2).max(1)
}

/// Collects the parameters of rank 1: batch norm's and biases.
struct Vectors(Vec<ParamId>);

impl ModuleVisitor for Vectors {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        if D == 1 {
            self.0.push(param.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_batch_holds_a_single_image() {
        for images in 2..200 {
            for size in 2..40 {
                let batches = batch_count(images, size);
                for batch in 0..batches {
                    let length = images * (batch + 1) / batches - images * batch / batches;
                    assert!((2..=size + 1).contains(&length), "{images} {size} {length}");
                }
            }
        }
    }
}
