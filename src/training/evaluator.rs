//! The fitness of a genotype: validation accuracy after a short training.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use burn::tensor::Device;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::images::{LabeledImages, SplitError, stratified_split};
use super::{Decoder, DeviceImages, Epoch, Trainer};
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::network::trainable_parameters;
use crate::trial::Evaluation;

/// Streams of a trial's seed.
const WEIGHTS: u64 = 0;
const ORDER: u64 = 1;

/// Decodes a genotype, trains the network and returns its accuracy on held-out validation images,
/// from 0 to 1, with the metric `parameters`.
///
/// Everything random comes from the trial's seed, so the same (genotype, seed) scores the same on
/// any worker, whatever else runs, as far as the device's arithmetic is deterministic (the CPU's
/// is).
pub struct TrainingEvaluator<D> {
    decoder: D,
    trainer: Trainer,
    device: Device,
    images: DeviceImages,
    training: Vec<usize>,
    validation: Vec<usize>,
    test: Option<DeviceImages>,
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
    /// The metric of [`TrainingEvaluator::with_test_images`]: the share of the test images that the
    /// trial's network classifies correctly, from 0 to 1.
    pub const TEST_ACCURACY: &'static str = "test_accuracy";

    /// An evaluator that holds `validation_fraction` of `images` out of training, an equal share of
    /// each class, drawn by `split_seed`: the same for all trials.
    ///
    /// # Errors
    /// [`SplitError`] if the fraction leaves one side empty.
    pub fn new(
        decoder: D,
        trainer: Trainer,
        images: &LabeledImages,
        validation_fraction: f64,
        split_seed: u64,
        device: &Device,
    ) -> Result<Self, SplitError> {
        let split = stratified_split(images.labels(), validation_fraction, split_seed)?;
        let reference = images
            .subset(&split.kept)
            .expect("the split's indices come from these images");
        Ok(Self {
            decoder,
            trainer,
            device: device.clone(),
            images: DeviceImages::new(images, &reference, device),
            training: split.kept,
            validation: split.held_out,
            test: None,
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
        self.test = Some(self.images.alike(images));
        self
    }

    /// How many images train and how many validate.
    #[must_use]
    pub fn split_sizes(&self) -> (usize, usize) {
        (self.training.len(), self.validation.len())
    }

    fn pool(&self, worker: usize) -> Result<Option<Arc<ThreadPool>>, EvaluationError> {
        if self.threads_per_worker == 0 {
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
        let mut weights = crate::randomness::stream(context.seed, WEIGHTS);
        let network = self
            .decoder
            .decode(genotype, &mut weights, &self.device.clone().autodiff())
            .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
        let parameters = trainable_parameters(&network);
        let network = self.trainer.train(
            network,
            &self.images,
            &self.training,
            &mut crate::randomness::stream(context.seed, ORDER),
            &mut |epoch| (context.after_step)(epoch),
        )?;
        let accuracy = self
            .trainer
            .evaluate(&network, &self.images, &self.validation);
        let evaluation = Evaluation::new(accuracy).with_metric("parameters", parameters as f64);
        Ok(match &self.test {
            Some(test) => {
                let all: Vec<usize> = (0..test.len()).collect();
                let accuracy = self.trainer.evaluate(&network, test, &all);
                evaluation.with_metric(Self::TEST_ACCURACY, accuracy)
            }
            None => evaluation,
        })
    }
}

/// What the training needs of a context; a pool's thread may borrow it.
struct Trial<'a> {
    seed: u64,
    after_step: &'a (dyn Fn(Option<Epoch>) -> Result<(), EvaluationError> + Sync),
}

impl<G: Sync, D: Decoder<G>> Evaluator<G> for TrainingEvaluator<D> {
    fn evaluate(&self, genotype: &G, context: &Context<'_>) -> Result<Evaluation, EvaluationError> {
        let after_step = |epoch: Option<Epoch>| {
            if let Some(epoch) = epoch {
                context.report(epoch.number as u64, epoch.loss);
            }
            context.check_stop()
        };
        let trial = Trial {
            seed: context.seed(),
            after_step: &after_step,
        };
        match self.pool(context.worker())? {
            Some(pool) => pool.install(|| self.score(genotype, &trial)),
            None => self.score(genotype, &trial),
        }
    }
}
