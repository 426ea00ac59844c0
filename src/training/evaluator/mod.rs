//! The fitness of a genotype: validation accuracy after a short training.

mod attempt;
mod builder;
mod hook;
mod paused;
mod trial_training;

pub use builder::{ImagesToEvaluate, TasksToEvaluate, TrainingEvaluatorBuilder};
pub use hook::{PreparedNetwork, TrainingHook};

use std::collections::HashMap;
use std::fmt;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use burn::module::Module;
use burn::tensor::Device;
use evonas_kernels::runs_on_cpu;
use rayon::{ThreadPool, ThreadPoolBuilder};

use self::attempt::Attempt;
use self::hook::joined;
use self::paused::PausedTrainings;
use super::{Decoder, DeviceImages, Progress, Task, Trainer, TrainingError, TrainingWatcher};
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::network::trainable_parameters;
use crate::randomness::stream;
use crate::trial::{Evaluation, Fidelity};

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
/// trainer's configuration, or `pause_after`, after how many of them the training pauses.
///
/// A GPU that runs out of memory gives back what its pools keep unused, and the trial is tried once more, without
/// [recorded steps](Trainer::record_steps), unless an epoch was reported. Pools are emptied after every trial.
///
/// Any other [`Task`] than classifying images is evaluated in the same way, by its own metrics and fitness: see
/// [`TrainingEvaluator::of_task`]. What else happens to a network, such as inheriting weights or measuring its latency,
/// is a [`TrainingHook`].
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
pub struct TrainingEvaluator<D, T = DeviceImages, H = ()> {
    decoder: D,
    trainer: Trainer,
    /// The devices, and the task's examples on each.
    places: Vec<(Device, T)>,
    training: Vec<usize>,
    validation: Vec<usize>,
    /// The test examples on each device, or none.
    test: Vec<T>,
    hook: H,
    paused: Option<PausedTrainings>,
    validate_every: usize,
    threads_per_worker: usize,
    pools: Mutex<HashMap<usize, Arc<ThreadPool>>>,
}

impl<D, T, H> fmt::Debug for TrainingEvaluator<D, T, H> {
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
    pub const LOSS: &'static str = LOSS;
    /// The metric that an epoch reports besides its loss, as any [`Task`] does with its first metric: the share of its
    /// augmented training images that were classified correctly in its steps, from 0 to 1.
    pub const ACCURACY: &'static str = "accuracy";
    /// The amount of a trial's fidelity that sets how many epochs it is trained, with a schedule of that length.
    pub const EPOCHS: &'static str = Fidelity::EPOCHS;
    /// The amount of a trial's fidelity that sets after how many epochs its training pauses: the schedule is that of the
    /// whole training, and a trial that [continues](Context::continues) this one goes on from there. See
    /// [`TrainingEvaluatorBuilder::pause_in`].
    pub const PAUSE_AFTER: &'static str = Fidelity::PAUSE_AFTER;
    /// The metric of [`TrainingEvaluatorBuilder::test_images`]: the share of the test images that
    /// the trial's network classifies correctly, from 0 to 1.
    pub const TEST_ACCURACY: &'static str = "test_accuracy";
}

const LOSS: &str = "loss";

impl<D, T, H> TrainingEvaluator<D, T, H> {
    /// The number of training examples and of validation examples.
    #[must_use]
    pub fn split_sizes(&self) -> (usize, usize) {
        (self.training.len(), self.validation.len())
    }

    /// The number of the device that a worker trains on.
    fn place(&self, worker: usize) -> usize {
        worker % self.places.len()
    }

    fn pool(&self, worker: usize) -> Result<Option<Arc<ThreadPool>>, EvaluationError> {
        // On a GPU a worker stays on its own thread, and so on its own stream of the device.
        let (device, _) = &self.places[self.place(worker)];
        if self.threads_per_worker == 0 || !runs_on_cpu(device) {
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

    fn score<G>(
        &self,
        genotype: &G,
        context: &Context<'_>,
        attempt: &Attempt,
    ) -> Result<Evaluation, EvaluationError>
    where
        D: Decoder<G>,
        T: Task<D::Network>,
        H: TrainingHook<D::Network>,
    {
        let (device, _) = &self.places[self.place(context.worker())];
        let network = self
            .decoder
            .decode(
                genotype,
                &mut stream(context.seed(), WEIGHTS),
                &device.clone().autodiff(),
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
        let prepared = self.hook.prepare(network, context)?;
        let trainer = self.trainer_of(context, prepared.epochs, attempt)?;
        let last_epoch = Self::last_epoch(context, &trainer)?;
        let network = prepared.network;
        let parameters = trainable_parameters(&network);
        let trained = self
            .train(&trainer, network, last_epoch, context, attempt, &mut watch)
            .and_then(|network| {
                let evaluation = self.evaluation(&trainer, &network, context, &mut watch)?;
                Ok((network, evaluation))
            });
        let (network, evaluation) = trained.map_err(|error| match (error, stopped) {
            (TrainingError::Stopped, Some(reason)) => reason,
            (error, _) => EvaluationError::failed(error),
        })?;
        let evaluation = evaluation.with_metric("parameters", parameters as f64);
        let measured = self.hook.measure(&network.valid(), context)?;
        let further = joined(prepared.metrics, &measured);
        Ok(Evaluation {
            metrics: joined(evaluation.metrics.clone(), &further),
            ..evaluation
        })
    }

    /// The fitness of a trained network on the validation examples, and its metrics there and on the test examples.
    /// The first metric on the validation examples is left out where it is the fitness itself.
    fn evaluation<M: Module>(
        &self,
        trainer: &Trainer,
        network: &M,
        context: &Context<'_>,
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<Evaluation, TrainingError>
    where
        T: Task<M>,
    {
        let place = self.place(context.worker());
        let (_, task) = &self.places[place];
        let values = trainer.metrics_watched(network, task, &self.validation, watch)?;
        let mut evaluation = Evaluation::new(task.fitness(&values));
        let metrics = task.metrics();
        for (number, (metric, &value)) in metrics.iter().zip(&values).enumerate() {
            if number > 0 || value != evaluation.fitness {
                evaluation.metrics.insert(metric.metric(), value);
            }
        }
        let Some(test) = self.test.get(place) else {
            return Ok(evaluation);
        };
        let all: Vec<usize> = (0..test.examples()).collect();
        let values = trainer.metrics_watched(network, test, &all, watch)?;
        for (metric, &value) in metrics.iter().zip(&values) {
            let name = format!("test_{}", metric.metric());
            evaluation.metrics.insert(name, value);
        }
        Ok(evaluation)
    }
}

impl<G, D, T, H> Evaluator<G> for TrainingEvaluator<D, T, H>
where
    G: Sync,
    D: Decoder<G>,
    T: Task<D::Network>,
    H: TrainingHook<D::Network>,
{
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let score = |attempt: &Attempt| self.score(genotype, context, attempt);
        let (device, _) = &self.places[self.place(context.worker())];
        match self.pool(context.worker())? {
            // Caught in the pool's thread, where it panics.
            Some(pool) => pool.install(|| attempt::panic_is_failure(|| score(&Attempt::default()))),
            None if runs_on_cpu(device) => score(&Attempt::default()),
            None => attempt::on_gpu(device, score),
        }
    }
}
