//! A training between two epochs.

use std::fmt;

use burn::module::{Module, ModuleVisitor, Param};
use burn::nn::loss::CrossEntropyLossConfig;
use burn::optim::GradientsParams;
use burn::tensor::{Int, Tensor};
use rand::seq::SliceRandom;
use serde::{Deserialize, Serialize};

use super::clipping::clip;
use super::optimizer::NetworkOptimizer;
use super::{MovingAverage, Trainer, TrainingError, correct};
use crate::evaluator::EvaluationError;
use crate::network::TrainingPass;
use crate::randomness::stream;
use crate::training::{DeviceImages, ImageClassifier, TrainingConfig};

/// The stream of a training's seed that its first epoch draws from; the next ones draw from the
/// next streams. The stream before is for the initial weights.
const FIRST_EPOCH: u64 = 1;

/// A pass over the training images.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Epoch {
    /// Its number, from 1.
    pub number: usize,
    /// The mean loss of its steps, without the auxiliary head's.
    pub loss: f64,
    /// The share of its images, as they were augmented, that the network classified correctly in the
    /// steps that learnt from them, from 0 to 1.
    pub accuracy: f64,
    /// The learning rate of its last step.
    pub learning_rate: f64,
    /// The share of held-out images that the network classified correctly after it, from 0 to 1, if
    /// [`Training::validate`] was asked.
    #[serde(default)]
    pub validation_accuracy: Option<f64>,
}

/// What a training is told by as it goes on.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Progress {
    /// A step is over (or under way on the device, which nobody waits for).
    Step {
        /// Its epoch, from 1.
        epoch: usize,
        /// Its number in the epoch, from 1.
        step: usize,
        /// Steps of an epoch.
        steps: usize,
    },
    /// An epoch is over.
    Epoch(Epoch),
    /// So many images have been evaluated (or are under way on the device).
    Evaluation {
        /// So many.
        images: usize,
        /// Of so many.
        of: usize,
    },
}

/// A training between two epochs: network, optimizer, averaged weights and what the epochs brought.
///
/// All that is random in epoch `n` (the order of the images, augmentation, drop path, dropout) comes
/// from stream `n` of the seed, so nothing else has to be kept to go on later: see
/// [`Training::save`].
pub struct Training<M> {
    pub(in crate::training) learner: Learner<M>,
    pub(in crate::training) trainer: Trainer,
    pub(in crate::training) seed: u64,
    pub(in crate::training) epochs: Vec<Epoch>,
}

impl<M> fmt::Debug for Training<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Training")
            .field("trainer", &self.trainer)
            .field("seed", &self.seed)
            .field("epochs", &self.epochs)
            .finish_non_exhaustive()
    }
}

impl<M: ImageClassifier> Training<M> {
    /// The training of a network before its first epoch.
    #[must_use]
    pub fn new(network: M, trainer: &Trainer, seed: u64) -> Self {
        Self {
            learner: Learner::new(network, trainer.config()),
            trainer: trainer.clone(),
            seed,
            epochs: Vec::new(),
        }
    }

    /// The epochs so far.
    #[must_use]
    pub fn epochs(&self) -> &[Epoch] {
        &self.epochs
    }

    /// Whether all epochs of the configuration are over.
    #[must_use]
    pub const fn is_over(&self) -> bool {
        self.epochs.len() >= self.trainer.config().epochs
    }

    /// The network to evaluate and to keep: with averaged weights if the configuration says so.
    #[must_use]
    pub fn network(&self) -> M {
        match &self.learner.average {
            Some(average) => average.network(),
            None => self.learner.network.clone(),
        }
    }

    /// The share of the images at `indices`, which it doesn't train on, that the network as it is
    /// now classifies correctly, from 0 to 1; kept with the last epoch.
    pub fn validate(&mut self, images: &DeviceImages, indices: &[usize]) -> f64 {
        let accuracy = self.trainer.evaluate(&self.network(), images, indices);
        if let Some(epoch) = self.epochs.last_mut() {
            epoch.validation_accuracy = Some(accuracy);
        }
        accuracy
    }

    /// One more pass over the images at `indices`.
    ///
    /// It shuffles them and takes batches of equal size (as near to
    /// [`TrainingConfig::batch_size`] as goes, so that no image is left out and no batch is tiny).
    /// `watch` is told of every step and of the epoch, and says whether to go on; an epoch that is
    /// over is kept only if it says so. Nothing is read from the device before the epoch is over.
    ///
    /// # Errors
    /// [`TrainingError`] if the images don't fit the settings, the loss is not finite, or `watch`
    /// returns an error. The training is lost then; keep what [`Training::save`] wrote.
    pub fn next_epoch(
        mut self,
        images: &DeviceImages,
        indices: &[usize],
        watch: &mut dyn FnMut(Progress) -> Result<(), EvaluationError>,
    ) -> Result<Self, TrainingError> {
        self.trainer.check(images.shape(), indices.len())?;
        let config = self.trainer.config();
        let number = self.epochs.len() + 1;
        let mut rng = stream(self.seed, FIRST_EPOCH + self.epochs.len() as u64);
        let mut order = indices.to_vec();
        order.shuffle(&mut rng);
        let steps = batch_count(order.len(), config.batch_size);
        let mut sums: Option<Sums> = None;
        for step in 0..steps {
            let range = order.len() * step / steps..order.len() * (step + 1) / steps;
            let batch = images.augmented_batch(&order[range], &config.augmentation, &mut rng);
            let before = (number - 1) * steps + step;
            let progress = before as f64 / (config.epochs as f64 * steps as f64);
            let mut pass = TrainingPass::new(progress, &mut rng);
            let rate = config.learning_rate_at(before, steps);
            let made;
            (self.learner, made) = self.learner.step(batch, config, &mut pass, rate);
            sums = Some(match sums {
                Some(sums) => sums.plus(made),
                None => made,
            });
            watch(Progress::Step {
                epoch: number,
                step: step + 1,
                steps,
            })
            .map_err(TrainingError::Stopped)?;
        }
        // The only read from the device in an epoch. The losses are of the steps before their updates: the
        // last one's shows in the weights.
        let spoilt = spoilt(&self.learner.network);
        let (loss, hits) = sums.map_or((f64::NAN, 0.0), |sums| sums.read(spoilt));
        let loss = loss / steps as f64;
        if !loss.is_finite() {
            return Err(TrainingError::LossNotFinite {
                epoch: number,
                loss,
            });
        }
        let epoch = Epoch {
            number,
            loss,
            accuracy: hits / order.len() as f64,
            learning_rate: config.learning_rate_at(number * steps - 1, steps),
            validation_accuracy: None,
        };
        self.epochs.push(epoch);
        watch(Progress::Epoch(epoch)).map_err(TrainingError::Stopped)?;
        Ok(self)
    }
}

/// What a step changes.
pub(in crate::training) struct Learner<M> {
    pub(in crate::training) network: M,
    pub(in crate::training) optimizer: NetworkOptimizer,
    pub(in crate::training) average: Option<MovingAverage<M>>,
}

impl<M: ImageClassifier> Learner<M> {
    pub(in crate::training) fn new(network: M, config: &TrainingConfig) -> Self {
        let network = network.train();
        Self {
            optimizer: NetworkOptimizer::new(config),
            average: config
                .moving_average
                .map(|decay| MovingAverage::new(&network, decay)),
            network,
        }
    }

    /// Forward, backward, and a step of the optimizer.
    pub(in crate::training) fn step(
        mut self,
        (inputs, labels): (Tensor<4>, Tensor<1, Int>),
        config: &TrainingConfig,
        pass: &mut TrainingPass<'_>,
        rate: f64,
    ) -> (Self, Sums) {
        let smoothing = config.label_smoothing as f32;
        let loss_function = CrossEntropyLossConfig::new()
            .with_smoothing((smoothing > 0.0).then_some(smoothing))
            .init(&inputs.device());
        let output = self.network.training_output(inputs, pass);
        let hits = correct(output.logits.clone().inner(), labels.clone());
        let mut loss = loss_function.forward(output.logits, labels.clone());
        let sums = Sums {
            loss: loss.clone().inner(),
            hits: hits.float(),
        };
        if let Some((logits, weight)) = output.auxiliary {
            loss = loss + loss_function.forward(logits, labels) * weight;
        }
        let mut gradients = GradientsParams::from_grads(loss.backward(), &self.network);
        if let Some(norm) = config.gradient_clipping {
            gradients = clip(gradients, &self.network, norm);
        }
        self.network = self.optimizer.step(rate, self.network, gradients);
        self.average = self.average.map(|average| average.update(&self.network));
        (self, sums)
    }
}

/// Sums over steps, on the device.
pub(in crate::training) struct Sums {
    pub(in crate::training) loss: Tensor<1>,
    hits: Tensor<1>,
}

impl Sums {
    fn plus(self, other: Self) -> Self {
        Self {
            loss: self.loss + other.loss,
            hits: self.hits + other.hits,
        }
    }

    /// Both at once, since every read waits for the device; `spoilt` is added to the loss.
    fn read(self, spoilt: Option<Tensor<1>>) -> (f64, f64) {
        let loss = match spoilt {
            Some(spoilt) => self.loss + spoilt,
            None => self.loss,
        };
        let both = Tensor::cat(vec![loss, self.hits], 0).into_data();
        let mut values = both.iter::<f64>();
        let mut next = || values.next().unwrap_or(f64::NAN);
        (next(), next())
    }
}

/// 0, or NaN if a parameter of a network is not finite.
fn spoilt<M: Module>(network: &M) -> Option<Tensor<1>> {
    struct Spoilt(Option<Tensor<1>>);

    impl ModuleVisitor for Spoilt {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let own = param.val().inner().sum() * 0.0;
            self.0 = Some(match self.0.take() {
                Some(sum) => sum + own,
                None => own,
            });
        }
    }

    let mut spoilt = Spoilt(None);
    network.visit(&mut spoilt);
    spoilt.0
}

/// How many batches of about `size` an epoch has, none of a single image.
fn batch_count(images: usize, size: usize) -> usize {
    images.div_ceil(size).min(images / 2).max(1)
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
