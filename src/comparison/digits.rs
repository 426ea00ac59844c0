//! Real training on the embedded digits: the paper's small-compute setting.

use std::time::Duration;

use burn::tensor::Device;

use super::Benchmark;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::network::{Cost, Fan, NetworkConfig, NetworkError, NetworkPlan};
use crate::space::{CategoricalSpace, Mutation};
use crate::spaces::nasnet::{NasnetGenotype, NasnetSpace};
use crate::training::images::{ImageDataset, digits};
use crate::training::{CellDecoder, Trainer, TrainingConfig, TrainingError, TrainingEvaluator};
use crate::trial::Evaluation;

/// The share of the training images that is held out for validation, and the seed of that split: the
/// same for every trial of every run.
const VALIDATION: f64 = 0.2;
const SPLIT_SEED: u64 = 0;

/// How the networks of [`DigitsBenchmark`] are built and trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DigitsSettings {
    /// Normal cells per stack, `N`.
    pub cells: usize,
    /// Filters of the first stack, `F`.
    pub filters: usize,
    /// Epochs of a trial.
    pub epochs: usize,
    /// Images in a step.
    pub batch_size: usize,
    /// The learning rate that the cosine schedule starts with.
    pub learning_rate: f64,
    /// At most so many of the training images, validation images included; all 1,438 if none.
    pub images: Option<usize>,
}

impl Default for DigitsSettings {
    /// `N = 1` and `F = 8`, as in the small-compute experiments of Real et al. 2018 (figure 7); how
    /// those were trained is in a supplement that was not at hand. One epoch in batches of 32 from the
    /// learning rate 0.1 is what `examples/search` does.
    fn default() -> Self {
        Self {
            cells: 1,
            filters: 8,
            epochs: 1,
            batch_size: 32,
            learning_rate: 0.1,
            images: None,
        }
    }
}

/// The space SP-I on the digits ([`digits`]), every trial a training on the CPU.
///
/// The reward is the accuracy on the validation images, the test is the accuracy of the same trained
/// network on the test images; both are shares from 0 to 1. An evaluation costs one second,
/// so a budget in seconds is one in trials, as in the paper's figures: measured seconds would make a run
/// depend on the machine and on what else it does.
///
/// A trial's training takes one thread, so that as many runs as cores go on side by side.
#[derive(Clone, Debug)]
pub struct DigitsBenchmark {
    dataset: ImageDataset,
    network: NetworkConfig,
    trainer: Trainer,
}

/// Settings that no digits benchmark can have.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum DigitsError {
    /// The networks can't be.
    #[error(transparent)]
    Network(#[from] NetworkError),
    /// The training's settings are invalid, or there are too few images.
    #[error(transparent)]
    Training(#[from] TrainingError),
}

impl DigitsBenchmark {
    /// The benchmark with these settings.
    ///
    /// # Errors
    /// [`DigitsError`] if one of them can't be.
    pub fn new(settings: &DigitsSettings) -> Result<Self, DigitsError> {
        let mut dataset = digits();
        if let Some(images) = settings.images {
            dataset.train = dataset.train.limit(images, SPLIT_SEED);
        }
        let images = &dataset.train;
        let shape = images.shape();
        // Smaller initial logits than the released rule's: a trial of one epoch is short.
        let network = NetworkConfig::new(shape, images.classes())
            .cells_per_stack(settings.cells)
            .filters(settings.filters)
            .classifier_fan(Fan::In);
        network.validate()?;
        let config = TrainingConfig::default()
            .epochs(settings.epochs)
            .batch_size(settings.batch_size)
            .learning_rate(settings.learning_rate);
        let trainer = Trainer::new(config)?;
        let benchmark = Self {
            dataset,
            network,
            trainer,
        };
        benchmark.training()?;
        Ok(benchmark)
    }

    fn training(&self) -> Result<TrainingEvaluator<CellDecoder>, TrainingError> {
        let decoder = CellDecoder::new(self.network.clone());
        TrainingEvaluator::builder(decoder, self.trainer.clone(), &self.dataset.train)
            .validation_fraction(VALIDATION)
            .split_seed(SPLIT_SEED)
            .device(&Device::flex())
            .test_images(&self.dataset.test)
            .threads_per_worker(1)
            .build()
    }
}

/// An evaluation that costs one second, however long it takes.
struct OneSecond(TrainingEvaluator<CellDecoder>);

impl Evaluator<NasnetGenotype> for OneSecond {
    fn evaluate(
        &self,
        genotype: &NasnetGenotype,
        context: &Context<'_>,
    ) -> Result<Evaluation, EvaluationError> {
        Ok(self.0.evaluate(genotype, context)?.with_cost(1.0))
    }
}

impl Benchmark for DigitsBenchmark {
    type Genotype = NasnetGenotype;

    fn dataset(&self) -> String {
        self.dataset.name.clone()
    }

    fn describe(&self) -> String {
        let (train, test) = (&self.dataset.train, &self.dataset.test);
        format!(
            "digits {:08x} {:08x}, {:?}, {:?}",
            train.checksum(),
            test.checksum(),
            self.network,
            self.trainer
        )
    }

    fn space(&self) -> Box<dyn CategoricalSpace<Genotype = NasnetGenotype>> {
        Box::new(NasnetSpace::sp1())
    }

    fn mutation(&self) -> Box<dyn Mutation<NasnetGenotype>> {
        Box::new(NasnetSpace::sp1().mutation())
    }

    /// Every evaluator has threads of its own, so that runs don't wait for each other.
    fn evaluator(&self) -> Box<dyn Evaluator<NasnetGenotype>> {
        let evaluator = self
            .training()
            .expect("the images can be split: `new` has done so");
        Box::new(OneSecond(evaluator))
    }

    fn test_name(&self) -> &'static str {
        "test accuracy"
    }

    /// The test accuracy of the network that the evaluation trained; NaN if the evaluation isn't one
    /// of this benchmark's.
    fn test(&self, _: &NasnetGenotype, evaluation: &Evaluation) -> f64 {
        evaluation
            .metrics
            .get(TrainingEvaluator::<CellDecoder>::TEST_ACCURACY)
            .unwrap_or(f64::NAN)
    }

    fn text(&self, genotype: &NasnetGenotype) -> String {
        genotype.to_string()
    }

    fn multiply_adds(&self, genotype: &NasnetGenotype) -> Option<f64> {
        let plan = NetworkPlan::new(genotype, &self.network).ok()?;
        Some(Cost::of(&plan).multiply_adds as f64)
    }

    /// This crate's choice: the paper's 100 and 25 would leave a hundred trials no time to evolve.
    fn population_and_sample(&self) -> (usize, usize) {
        (20, 5)
    }

    /// A hundred trials.
    fn budget(&self) -> Duration {
        Duration::from_secs(100)
    }

    /// Three: a training takes about a second.
    fn runs(&self) -> usize {
        3
    }

    fn reward_scale(&self) -> f64 {
        100.0
    }
}
