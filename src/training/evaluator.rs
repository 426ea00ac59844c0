//! The fitness of a genotype: validation accuracy after a short training.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::images::{ChannelStatistics, LabeledImages, SplitError, stratified_split};
use super::{Decoder, DeviceImages, Progress, Trainer, TrainingError};
use crate::evaluator::{Context, EvaluationError, Evaluator, IntermediateResult};
use crate::network::trainable_parameters;
use crate::trial::Evaluation;
use evonas_kernels::runs_on_cpu;

/// The stream of a trial's seed for its network's weights; the next ones are its epochs'.
const WEIGHTS: u64 = 0;

/// Decodes a genotype, trains the network and returns its accuracy on held-out validation images,
/// from 0 to 1, with the metric `parameters`.
///
/// Everything random comes from the trial's seed, so the same (genotype, seed) scores the same on
/// any worker, whatever else runs, as far as the device's arithmetic is deterministic (the CPU's
/// is).
pub struct TrainingEvaluator<D> {
    decoder: D,
    trainer: Trainer,
    /// Of each device.
    images: Vec<DeviceImages>,
    training: Vec<usize>,
    validation: Vec<usize>,
    /// Of each device, or none.
    test: Vec<DeviceImages>,
    threads_per_worker: usize,
    pools: Mutex<HashMap<usize, Arc<ThreadPool>>>,
}

impl<D> std::fmt::Debug for TrainingEvaluator<D> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("TrainingEvaluator")
            .field("trainer", &self.trainer)
            .field("training", &self.training.len())
            .field("validation", &self.validation.len())
            .finish_non_exhaustive()
    }
}

impl<D> TrainingEvaluator<D> {
    /// The metric beside the loss that an epoch reports: the share of the training images, as they
    /// were augmented, that were classified correctly in its steps, from 0 to 1.
    pub const ACCURACY: &'static str = "accuracy";
    /// The metric of [`TrainingEvaluator::with_test_images`]: the share of the test images that the
    /// trial's network classifies correctly, from 0 to 1.
    pub const TEST_ACCURACY: &'static str = "test_accuracy";

    /// An evaluator that holds `validation_fraction` of `images` out of training, an equal share of
    /// each class, drawn by `split_seed`: the same for all trials.
    ///
    /// # Errors
    /// [`EvaluatorError`] if the fraction leaves one side empty, or the trainer can't train on what
    /// is left.
    pub fn new(
        decoder: D,
        trainer: Trainer,
        images: &LabeledImages,
        validation_fraction: f64,
        split_seed: u64,
        device: &Device,
    ) -> Result<Self, EvaluatorError> {
        let devices = std::slice::from_ref(device);
        Self::on_devices(
            decoder,
            trainer,
            images,
            validation_fraction,
            split_seed,
            devices,
        )
    }

    /// The same on several devices, at least one: worker `w` of the search trains on device
    /// `w mod n`, and all workers of a device share its copy of the images.
    ///
    /// # Errors
    /// [`EvaluatorError`] if the fraction leaves one side empty, the trainer can't train on what is
    /// left, or there is no device.
    pub fn on_devices(
        decoder: D,
        trainer: Trainer,
        images: &LabeledImages,
        validation_fraction: f64,
        split_seed: u64,
        devices: &[Device],
    ) -> Result<Self, EvaluatorError> {
        if devices.is_empty() {
            return Err(EvaluatorError::NoDevice);
        }
        let split = stratified_split(images.labels(), validation_fraction, split_seed)?;
        let statistics = ChannelStatistics::of_some(images, &split.kept);
        let images: Vec<DeviceImages> = devices
            .iter()
            .map(|device| DeviceImages::normalised_by(images, &statistics, device))
            .collect();
        trainer.check(images[0].shape(), split.kept.len())?;
        Ok(Self {
            decoder,
            trainer,
            images,
            training: split.kept,
            validation: split.held_out,
            test: Vec::new(),
            threads_per_worker: 0,
            pools: Mutex::new(HashMap::new()),
        })
    }

    /// Limits the threads that one trial's arithmetic takes on the CPU: with as many workers as
    /// cores, one each serves best. 0, the default, shares all cores among all workers. The score
    /// doesn't depend on it.
    #[must_use]
    pub fn threads_per_worker(mut self, threads: usize) -> Self {
        self.threads_per_worker = threads;
        self
    }

    /// Measures every trained network on test images too and keeps that as the metric
    /// [`TrainingEvaluator::TEST_ACCURACY`], so that a study can tell afterwards how good what a
    /// search found really is. A search must not go by it.
    #[must_use]
    pub fn with_test_images(mut self, images: &LabeledImages) -> Self {
        self.test = self.images.iter().map(|own| own.alike(images)).collect();
        self
    }

    /// How many images train and how many validate.
    #[must_use]
    pub fn split_sizes(&self) -> (usize, usize) {
        (self.training.len(), self.validation.len())
    }

    fn pool(&self, worker: usize) -> Result<Option<Arc<ThreadPool>>, EvaluationError> {
        // On a GPU a worker stays in its own thread, and so in its own stream of the device.
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

    fn score<G>(&self, genotype: &G, context: &Trial<'_>) -> Result<Evaluation, EvaluationError>
    where
        D: Decoder<G>,
    {
        let place = context.worker % self.images.len();
        let images = &self.images[place];
        let mut weights = crate::randomness::stream(context.seed, WEIGHTS);
        let network = self
            .decoder
            .decode(genotype, &mut weights, &images.device().autodiff())
            .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
        let parameters = trainable_parameters(&network);
        let mut watch = |progress| (context.watch)(progress);
        let network =
            self.trainer
                .train(network, images, &self.training, context.seed, &mut watch)?;
        let mut accuracy = |images: &DeviceImages, indices: &[usize]| {
            let trainer = &self.trainer;
            trainer.evaluate_watched(&network, images, indices, &mut watch)
        };
        let evaluation = Evaluation::new(accuracy(images, &self.validation)?);
        let evaluation = evaluation.with_metric("parameters", parameters as f64);
        Ok(match self.test.get(place) {
            Some(test) => {
                let all: Vec<usize> = (0..test.len()).collect();
                evaluation.with_metric(Self::TEST_ACCURACY, accuracy(test, &all)?)
            }
            None => evaluation,
        })
    }
}

/// What the training needs of a context; a pool's thread may borrow it.
struct Trial<'a> {
    seed: u64,
    worker: usize,
    watch: &'a (dyn Fn(Progress) -> Result<(), EvaluationError> + Sync),
}

impl<G: Sync, D: Decoder<G>> Evaluator<G> for TrainingEvaluator<D> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let watch = |progress: Progress| {
            if let Progress::Epoch(epoch) = progress {
                let result = IntermediateResult::new(epoch.number as u64, epoch.loss);
                context.report_with_metrics(result.with_metric(Self::ACCURACY, epoch.accuracy));
            }
            context.check_stop()
        };
        let trial = Trial {
            seed: context.seed(),
            worker: context.worker(),
            watch: &watch,
        };
        match self.pool(context.worker())? {
            Some(pool) => pool.install(|| self.score(genotype, &trial)),
            None => self.score(genotype, &trial),
        }
    }
}

/// Why there is no evaluator.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum EvaluatorError {
    /// No images are left to train on or to validate with.
    #[error(transparent)]
    Split(#[from] SplitError),
    /// The trainer can't train on what is left.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// There is no device to train on.
    #[error("there is no device to train on")]
    NoDevice,
}
