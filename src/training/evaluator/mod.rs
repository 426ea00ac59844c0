//! The fitness of a genotype: validation accuracy after a short training.

mod builder;

pub use builder::TrainingEvaluatorBuilder;

use std::borrow::Cow;
use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use evonas_kernels::runs_on_cpu;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::{
    Decoder, DeviceImages, ImageClassifier, Progress, Trainer, Training, TrainingError,
    TrainingWatcher,
};
use crate::evaluator::{Context, EvaluationError, Evaluator, IntermediateResult};
use crate::network::trainable_parameters;
use crate::panics::caught;
use crate::randomness::stream;
use crate::trial::Evaluation;

/// The stream of a trial's seed for its network's weights; the streams after it are for its epochs.
const WEIGHTS: u64 = 0;

/// Decodes a genotype, trains the network and returns its accuracy on held-out validation images,
/// from 0 to 1, with the metric `parameters`.
///
/// Everything random comes from the trial's seed, so that the same (genotype, seed) scores the same
/// on any worker, regardless of other work, as far as the device's arithmetic is deterministic (the CPU's
/// is).
///
/// Each epoch reports an intermediate result with the metrics [`TrainingEvaluator::LOSS`] and
/// [`TrainingEvaluator::ACCURACY`]. Its value, by which a [stopper](crate::stopper) judges the trial, is
/// the accuracy on the validation images, measured after the epochs of
/// [`TrainingEvaluatorBuilder::validate_every`].
///
/// A trial's [fidelity](crate::trial::Fidelity) may set the `epochs`, a whole number, instead of the
/// trainer's configuration.
///
/// ```
/// use evonas::network::NetworkConfig;
/// use evonas::training::images::digits;
/// use evonas::training::{CellDecoder, Trainer, TrainingConfig, TrainingEvaluator};
///
/// let dataset = digits();
/// let network = NetworkConfig::new(dataset.train.shape(), 10)
///     .cells_per_stack(1)
///     .filters(4);
/// let trainer = Trainer::new(TrainingConfig::default().epochs(2))?;
/// let evaluator = TrainingEvaluator::builder(CellDecoder::new(network), trainer, &dataset.train)
///     .validation_fraction(0.25)
///     .threads_per_worker(1)
///     .build()?;
/// let (training, validation) = evaluator.split_sizes();
/// assert_eq!(training + validation, dataset.train.len());
/// # Ok::<(), evonas::training::TrainingError>(())
/// ```
pub struct TrainingEvaluator<D> {
    decoder: D,
    trainer: Trainer,
    /// One copy per device.
    images: Vec<DeviceImages>,
    training: Vec<usize>,
    validation: Vec<usize>,
    /// One copy per device, or empty.
    test: Vec<DeviceImages>,
    validate_every: usize,
    threads_per_worker: usize,
    pools: Mutex<HashMap<usize, Arc<ThreadPool>>>,
}

impl<D> fmt::Debug for TrainingEvaluator<D> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TrainingEvaluator")
            .field("trainer", &self.trainer)
            .field("training", &self.training.len())
            .field("validation", &self.validation.len())
            .finish_non_exhaustive()
    }
}

impl<D> TrainingEvaluator<D> {
    /// The metric that an epoch reports: the mean loss of its steps.
    pub const LOSS: &'static str = "loss";
    /// The metric that an epoch reports besides its loss: the share of its augmented training images
    /// that were classified correctly in its steps, from 0 to 1.
    pub const ACCURACY: &'static str = "accuracy";
    /// The amount of a trial's fidelity that sets how many epochs it is trained.
    pub const EPOCHS: &'static str = "epochs";
    /// The metric of [`TrainingEvaluatorBuilder::test_images`]: the share of the test images that
    /// the trial's network classifies correctly, from 0 to 1.
    pub const TEST_ACCURACY: &'static str = "test_accuracy";

    /// The number of training images and of validation images.
    #[must_use]
    pub fn split_sizes(&self) -> (usize, usize) {
        (self.training.len(), self.validation.len())
    }

    fn pool(&self, worker: usize) -> Result<Option<Arc<ThreadPool>>, EvaluationError> {
        // On a GPU a worker stays on its own thread, and so on its own stream of the device.
        let device = self.images[worker % self.images.len()].device();
        if self.threads_per_worker == 0 || !runs_on_cpu(&device) {
            return Ok(None);
        }
        let mut pools = self.pools.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pool) = pools.get(&worker) {
            return Ok(Some(pool.clone()));
        }
        let pool = ThreadPoolBuilder::new()
            .num_threads(self.threads_per_worker)
            .build()
            .map_err(EvaluationError::failed)?;
        let pool = Arc::new(pool);
        pools.insert(worker, pool.clone());
        Ok(Some(pool))
    }

    fn score<G>(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError>
    where
        D: Decoder<G>,
    {
        let images = &self.images[context.worker() % self.images.len()];
        let network = self
            .decoder
            .decode(
                genotype,
                &mut stream(context.seed(), WEIGHTS),
                &images.device().autodiff(),
            )
            .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
        let mut stopped = None;
        let mut watch = |_: Progress| match context.check_stop() {
            Ok(()) => ControlFlow::Continue(()),
            Err(reason) => {
                stopped = Some(reason);
                ControlFlow::Break(())
            }
        };
        let trainer = self.trainer_of(context)?;
        let measured = self.measure::<G>(&trainer, network, context, &mut watch);
        measured.map_err(|error| match (error, stopped) {
            (TrainingError::Stopped, Some(reason)) => reason,
            (error, _) => EvaluationError::failed(error),
        })
    }

    /// The trainer, with the epochs of the trial's fidelity.
    fn trainer_of(&self, context: &Context<'_>) -> Result<Cow<'_, Trainer>, EvaluationError> {
        let Some(epochs) = context.fidelity().amount(Self::EPOCHS) else {
            return Ok(Cow::Borrowed(&self.trainer));
        };
        if epochs.fract() != 0.0 || !(1.0..=f64::from(u32::MAX)).contains(&epochs) {
            return Err(EvaluationError::Infeasible(format!(
                "the fidelity asks for {epochs} epochs; it must be a whole number of at least 1"
            )));
        }
        let config = self.trainer.config().clone().epochs(epochs as usize);
        let trainer = Trainer::new(config).map_err(EvaluationError::failed)?;
        Ok(Cow::Owned(trainer))
    }

    fn train<M: ImageClassifier>(
        &self,
        trainer: &Trainer,
        network: M,
        context: &Context<'_>,
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<M, TrainingError> {
        let images = &self.images[context.worker() % self.images.len()];
        let mut training = Training::new(network, trainer, context.seed());
        while !training.is_over() {
            let epoch = training.next_epoch(images, &self.training, watch)?;
            let step = epoch.number as u64;
            // The accuracy after the last epoch is the fitness itself.
            let judged = context.is_judged()
                && self.validate_every > 0
                && epoch.number.is_multiple_of(self.validate_every)
                && !training.is_over();
            let result = match judged {
                true => {
                    let network = training.network();
                    let validation = &self.validation;
                    let accuracy = trainer.evaluate_watched(&network, images, validation, watch)?;
                    IntermediateResult::new(step, accuracy)
                }
                false => IntermediateResult::without_value(step),
            };
            context.report_with_metrics(
                result
                    .of(trainer.config().epochs as u64)
                    .with_metric(Self::LOSS, epoch.loss)
                    .with_metric(Self::ACCURACY, epoch.accuracy),
            );
            if watch(Progress::Epoch(epoch)).is_break() {
                return Err(TrainingError::Stopped);
            }
        }
        Ok(training.network())
    }

    fn measure<G>(
        &self,
        trainer: &Trainer,
        network: D::Network,
        context: &Context<'_>,
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Evaluation, TrainingError>
    where
        D: Decoder<G>,
    {
        let device = context.worker() % self.images.len();
        let images = &self.images[device];
        let parameters = trainable_parameters(&network);
        let network = self.train(trainer, network, context, watch)?;
        let accuracy = trainer.evaluate_watched(&network, images, &self.validation, watch)?;
        let evaluation = Evaluation::new(accuracy).with_metric("parameters", parameters as f64);
        let Some(test) = self.test.get(device) else {
            return Ok(evaluation);
        };
        let all: Vec<usize> = (0..test.len()).collect();
        let accuracy = trainer.evaluate_watched(&network, test, &all, watch)?;
        Ok(evaluation.with_metric(Self::TEST_ACCURACY, accuracy))
    }
}

impl<G: Sync, D: Decoder<G>> Evaluator<G> for TrainingEvaluator<D> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        match self.pool(context.worker())? {
            // Caught in the pool's thread, where it panics.
            Some(pool) => pool
                .install(|| caught(|| self.score(genotype, context)))
                .unwrap_or_else(|message| {
                    Err(EvaluationError::Failed(format!("panic: {message}")))
                }),
            None => self.score(genotype, context),
        }
    }
}
