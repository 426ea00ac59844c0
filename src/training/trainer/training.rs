//! A training between two epochs.

use std::fmt;

use burn::module::Module;
use rand::seq::SliceRandom;

use super::evaluate::Trainer;
use super::learner::{Learner, StepResult};
use super::progress::{Epoch, Progress, TrainingWatcher, tell};
use crate::network::TrainingPass;
use crate::randomness::stream;
use crate::training::{Task, TrainingError};

/// The stream of a training's seed for its first epoch; later epochs use the streams after it. The
/// stream before it is for the initial weights.
const FIRST_EPOCH: u64 = 1;

/// A training, one epoch at a time: network, optimizer, averaged weights and the results of its
/// epochs.
///
/// Everything random in epoch `n` (the order of the examples, augmentation, drop path, dropout) comes
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

impl<M: Module> Training<M> {
    /// The training of a network before its first epoch.
    #[must_use]
    pub fn new(network: M, trainer: &Trainer, seed: u64) -> Self {
        Self {
            learner: Learner::new(network, trainer),
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

    /// Measures the current network on a task's examples of these numbers, which must not be training examples: the
    /// first metric, for images the share that it classifies correctly, from 0 to 1. The last epoch records it.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite. The last epoch
    /// then has no validation metric; the training can continue.
    pub fn validate<T: Task<M>>(
        &mut self,
        task: &T,
        examples: &[usize],
    ) -> Result<f64, TrainingError> {
        let metric = self.trainer.evaluate(&self.network(), task, examples)?;
        if let Some(epoch) = self.epochs.last_mut() {
            epoch.validation_metric = Some(metric);
        }
        Ok(metric)
    }

    /// Trains for one more pass over a task's examples of these numbers.
    ///
    /// Their order is shuffled and cut into batches of equal size, as close to
    /// [`TrainingConfig::batch_size`](crate::training::TrainingConfig::batch_size) as possible, so
    /// that no example is left out and no batch is tiny. `watch` is called for every step and
    /// for the epoch. Nothing is read from the device before the epoch is over.
    ///
    /// # Errors
    /// - [`TrainingError`] if the examples don't fit the settings. The training is unchanged.
    /// - [`TrainingError::LossNotFinite`] if the loss is not finite, [`TrainingError::OutputNotFinite`] if the metric
    ///   isn't, and [`TrainingError::Stopped`] if `watch` breaks at a step. The epoch stays unfinished: it can't
    ///   be saved, and further epochs return [`TrainingError::UnfinishedEpoch`]. Resume from what
    ///   [`Training::save`] wrote last.
    /// - [`TrainingError::Stopped`] if `watch` breaks at the end of the epoch, which is kept.
    pub fn next_epoch<T: Task<M>>(
        &mut self,
        task: &T,
        examples: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Epoch, TrainingError> {
        if self.unfinished {
            return Err(TrainingError::UnfinishedEpoch);
        }
        self.trainer.check_task(task, examples.len())?;
        self.unfinished = true;
        let epoch = self.run_epoch(task, examples, watch)?;
        self.epochs.push(epoch);
        self.unfinished = false;
        tell(watch, Progress::Epoch(epoch))?;
        Ok(epoch)
    }

    fn run_epoch<T: Task<M>>(
        &mut self,
        task: &T,
        examples: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Epoch, TrainingError> {
        let config = self.trainer.config();
        let number = self.epochs.len() + 1;
        let mut rng = stream(self.seed, FIRST_EPOCH + self.epochs.len() as u64);
        let mut order = examples.to_vec();
        order.shuffle(&mut rng);
        let steps = batch_count(order.len(), config.batch_size);
        let mut sums: Option<StepResult> = None;
        for step in 0..steps {
            let range = order.len() * step / steps..order.len() * (step + 1) / steps;
            let batch = task.training_batch(&order[range], config, &mut rng);
            let before = (number - 1) * steps + step;
            let progress = before as f64 / (config.epochs as f64 * steps as f64);
            let mut pass = TrainingPass::new(progress, &mut rng);
            let rate = config.learning_rate_at(before, steps);
            let result = self.learner.step(task, batch, &mut pass, rate);
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
        let (loss, totals) = sums.map_or_else(
            || (f64::NAN, Vec::new()),
            |sums| sums.read(self.learner.trained()),
        );
        let loss = loss / steps as f64;
        if !loss.is_finite() {
            return Err(TrainingError::LossNotFinite {
                epoch: number,
                loss,
            });
        }
        let metric = match task.values(&totals, order.len()).first() {
            Some(metric) if metric.is_finite() => *metric,
            _ => return Err(TrainingError::OutputNotFinite),
        };
        Ok(Epoch {
            number,
            loss,
            metric,
            learning_rate: config.learning_rate_at(number * steps - 1, steps),
            validation_metric: None,
        })
    }
}

impl Trainer {
    /// Trains a network on a task's examples of these numbers; their order, augmentation, drop path and dropout
    /// are drawn from streams of `seed`.
    ///
    /// `watch` is called for every step and every epoch. [`Training`] does the same one epoch at a
    /// time, and can be saved between epochs.
    ///
    /// # Errors
    /// [`TrainingError`] if the examples don't fit the settings, a loss is not finite, or `watch`
    /// breaks.
    pub fn train<M: Module, T: Task<M>>(
        &self,
        network: M,
        task: &T,
        examples: &[usize],
        seed: u64,
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<M, TrainingError> {
        let mut training = Training::new(network, self, seed);
        while !training.is_over() {
            training.next_epoch(task, examples, watch)?;
        }
        Ok(training.network())
    }
}

/// How many batches of about `size` an epoch has, none of a single example.
pub(in crate::training) fn batch_count(examples: usize, size: usize) -> usize {
    examples.div_ceil(size).min(examples / 2).max(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_batch_holds_a_single_example() {
        for examples in 2..200 {
            for size in 2..40 {
                let batches = batch_count(examples, size);
                for batch in 0..batches {
                    let end = |batch| examples * batch / batches;
                    let length = end(batch + 1) - end(batch);
                    let fits = (2..=size + 1).contains(&length);
                    assert!(fits, "{examples} {size} {length}");
                }
            }
        }
    }
}
