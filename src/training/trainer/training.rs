//! A training between two epochs.

use std::fmt;

use rand::seq::SliceRandom;

use super::evaluate::Trainer;
use super::learner::{Learner, StepResult};
use super::progress::{Epoch, Progress, TrainingWatcher, tell};
use crate::network::TrainingPass;
use crate::randomness::stream;
use crate::training::{DeviceImages, ImageClassifier, TrainingError};

/// The stream of a training's seed for its first epoch; later epochs use the streams after it. The
/// stream before it is for the initial weights.
const FIRST_EPOCH: u64 = 1;

/// A training, one epoch at a time: network, optimizer, averaged weights and the results of its
/// epochs.
///
/// Everything random in epoch `n` (the order of the images, augmentation, drop path, dropout) comes
/// from stream `n` of the seed. A training that was saved between two epochs therefore resumes
/// exactly: see [`Training::save`].
pub struct Training<M> {
    pub(in crate::training) learner: Learner<M>,
    pub(in crate::training) trainer: Trainer,
    pub(in crate::training) seed: u64,
    pub(in crate::training) epochs: Vec<Epoch>,
    /// Whether an epoch ended early, so that the network isn't between two epochs.
    pub(in crate::training) unfinished: bool,
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
            unfinished: false,
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
        self.learner.network()
    }

    /// Measures the current network on the images at `indices`, which must not be training images:
    /// the share that it classifies correctly, from 0 to 1. The last epoch records it.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite. The last epoch
    /// then has no validation accuracy; the training can continue.
    pub fn validate(
        &mut self,
        images: &DeviceImages,
        indices: &[usize],
    ) -> Result<f64, TrainingError> {
        let accuracy = self.trainer.evaluate(&self.network(), images, indices)?;
        if let Some(epoch) = self.epochs.last_mut() {
            epoch.validation_accuracy = Some(accuracy);
        }
        Ok(accuracy)
    }

    /// Trains for one more pass over the images at `indices`.
    ///
    /// Their order is shuffled and cut into batches of equal size, as close to
    /// [`TrainingConfig::batch_size`](crate::training::TrainingConfig::batch_size) as possible, so
    /// that no image is left out and no batch is tiny. `watch` is called for every step and
    /// for the epoch. Nothing is read from the device before the epoch is over.
    ///
    /// # Errors
    /// - [`TrainingError`] if the images don't fit the settings. The training is unchanged.
    /// - [`TrainingError::LossNotFinite`] if the loss is not finite, and
    ///   [`TrainingError::Stopped`] if `watch` breaks at a step. The epoch stays unfinished: it can't
    ///   be saved, and further epochs return [`TrainingError::UnfinishedEpoch`]. Resume from what
    ///   [`Training::save`] wrote last.
    /// - [`TrainingError::Stopped`] if `watch` breaks at the end of the epoch, which is kept.
    pub fn next_epoch(
        &mut self,
        images: &DeviceImages,
        indices: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Epoch, TrainingError> {
        if self.unfinished {
            return Err(TrainingError::UnfinishedEpoch);
        }
        self.trainer.check(images.shape(), indices.len())?;
        self.unfinished = true;
        let epoch = self.run_epoch(images, indices, watch)?;
        self.epochs.push(epoch);
        self.unfinished = false;
        tell(watch, Progress::Epoch(epoch))?;
        Ok(epoch)
    }

    fn run_epoch(
        &mut self,
        images: &DeviceImages,
        indices: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Epoch, TrainingError> {
        let config = self.trainer.config();
        let number = self.epochs.len() + 1;
        let mut rng = stream(self.seed, FIRST_EPOCH + self.epochs.len() as u64);
        let mut order = indices.to_vec();
        order.shuffle(&mut rng);
        let steps = batch_count(order.len(), config.batch_size);
        let mut sums: Option<StepResult> = None;
        for step in 0..steps {
            let range = order.len() * step / steps..order.len() * (step + 1) / steps;
            let batch = images.augmented_batch(&order[range], &config.augmentation, &mut rng);
            let before = (number - 1) * steps + step;
            let progress = before as f64 / (config.epochs as f64 * steps as f64);
            let mut pass = TrainingPass::new(progress, &mut rng);
            let rate = config.learning_rate_at(before, steps);
            let result = self.learner.step(batch, &mut pass, rate);
            sums = Some(match sums {
                Some(sums) => sums.plus(result),
                None => result,
            });
            let step = Progress::Step {
                epoch: number,
                step: step + 1,
                steps,
            };
            tell(watch, step)?;
        }
        // The only read from the device in an epoch. A step's loss is from before its update, so
        // whether the last update was finite shows in the weights alone.
        let (loss, correct) =
            sums.map_or((f64::NAN, 0.0), |sums| sums.read(self.learner.trained()));
        let loss = loss / steps as f64;
        if !loss.is_finite() {
            return Err(TrainingError::LossNotFinite {
                epoch: number,
                loss,
            });
        }
        Ok(Epoch {
            number,
            loss,
            accuracy: correct / order.len() as f64,
            learning_rate: config.learning_rate_at(number * steps - 1, steps),
            validation_accuracy: None,
        })
    }
}

impl Trainer {
    /// Trains a network on the images at `indices`; their order, augmentation, drop path and dropout
    /// are drawn from streams of `seed`.
    ///
    /// `watch` is called for every step and every epoch. [`Training`] does the same one epoch at a
    /// time, and can be saved between epochs.
    ///
    /// # Errors
    /// [`TrainingError`] if the images don't fit the settings, a loss is not finite, or `watch`
    /// breaks.
    pub fn train<M: ImageClassifier>(
        &self,
        network: M,
        images: &DeviceImages,
        indices: &[usize],
        seed: u64,
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<M, TrainingError> {
        let mut training = Training::new(network, self, seed);
        while !training.is_over() {
            training.next_epoch(images, indices, watch)?;
        }
        Ok(training.network())
    }
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
