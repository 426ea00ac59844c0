//! The embedded digits as a benchmark: the paper's small-compute setting, with real training.

use std::time::Duration;

use burn::tensor::Device;
use serde_json::{Value, json};

use super::benchmark::{Benchmark, CanonicalForm};
use super::error::ComparisonError;
use crate::description;
use crate::evaluator::{Context, EvaluationError, Evaluator};
use crate::network::{Cost, CostModel, Fan, NetworkConfig, NetworkPlan};
use crate::space::{Crossover, Mutation};
use crate::spaces::nasnet::{NasnetGenotype, NasnetSpace, PairCrossover};
use crate::training::images::{ImageDataset, digits};
use crate::training::{CellDecoder, Trainer, TrainingConfig, TrainingError, TrainingEvaluator};
use crate::trial::Evaluation;

/// The share of the training images held out for validation, and the seed of that split. Both are the same
/// for every trial of every run.
const VALIDATION: f64 = 0.2;
const SPLIT_SEED: u64 = 0;

/// Real training on the embedded digits ([`digits`]): the space SP-I, with every trial trained on the CPU.
///
/// The reward is the accuracy on the validation images; the test is the accuracy of the same trained
/// network on the test images. Both are shares from 0 to 1. An evaluation costs one simulated second, so a
/// budget of `n` seconds is a budget of `n` trials, as in the paper's figures: measured seconds would make
/// a run depend on the machine and its load.
///
/// A trial trains on one thread, so that one run per core can proceed in parallel.
///
/// ```no_run
/// use evonas::comparison::contenders::{Aging, Random};
/// use evonas::comparison::{Comparison, DigitsBenchmark};
///
/// let benchmark = DigitsBenchmark::builder().images(400).epochs(2).build()?;
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new())
///     .contender(Random::new())
///     .run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct DigitsBenchmark {
    dataset: ImageDataset,
    network: NetworkConfig,
    trainer: Trainer,
}

/// How the networks of a [`DigitsBenchmark`] are built and trained.
///
/// The default network, `N = 1` and `F = 8`, is that of the small-compute experiments of Real et al. 2018
/// (figure 7). How those networks were trained is in a supplement that was not available; the default
/// training, one epoch in batches of 32 from the learning rate 0.1, is that of `evonas search`.
///
/// ```
/// use evonas::comparison::DigitsBenchmark;
///
/// let benchmark = DigitsBenchmark::builder().filters(4).images(200).build()?;
/// assert!(DigitsBenchmark::builder().filters(0).build().is_err());
/// # drop(benchmark);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
#[must_use]
pub struct DigitsBenchmarkBuilder {
    cells: usize,
    filters: usize,
    epochs: usize,
    batch_size: usize,
    learning_rate: f64,
    images: Option<usize>,
}

impl DigitsBenchmarkBuilder {
    /// The number of normal cells per stack, `N`. The default is 1.
    pub const fn cells(mut self, cells: usize) -> Self {
        self.cells = cells;
        self
    }

    /// The number of filters in the first stack, `F`. The default is 8.
    pub const fn filters(mut self, filters: usize) -> Self {
        self.filters = filters;
        self
    }

    /// The epochs of a trial. The default is 1.
    pub const fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// The number of images in a training step. The default is 32.
    pub const fn batch_size(mut self, batch_size: usize) -> Self {
        self.batch_size = batch_size;
        self
    }

    /// The initial learning rate of the cosine schedule. The default is 0.1.
    pub const fn learning_rate(mut self, learning_rate: f64) -> Self {
        self.learning_rate = learning_rate;
        self
    }

    /// Uses at most this many of the training images, validation images included. The default is all
    /// 1,438.
    pub const fn images(mut self, images: usize) -> Self {
        self.images = Some(images);
        self
    }

    /// Builds the benchmark.
    ///
    /// # Errors
    /// [`ComparisonError::Network`] or [`ComparisonError::Training`] if a setting is out of range or there are
    /// too few images.
    pub fn build(self) -> Result<DigitsBenchmark, ComparisonError> {
        let mut dataset = digits();
        if let Some(images) = self.images {
            dataset.train = dataset.train.limit(images, SPLIT_SEED);
        }
        let images = &dataset.train;
        let shape = images.shape();
        // Smaller initial logits than by the released rule, because a trial of one epoch is short.
        let network = NetworkConfig::new(shape, images.classes())
            .cells_per_stack(self.cells)
            .filters(self.filters)
            .classifier_fan(Fan::In);
        network.validate()?;
        let config = TrainingConfig::default()
            .epochs(self.epochs)
            .batch_size(self.batch_size)
            .learning_rate(self.learning_rate);
        let trainer = Trainer::new(config)?;
        let benchmark = DigitsBenchmark {
            dataset,
            network,
            trainer,
        };
        benchmark.training()?;
        Ok(benchmark)
    }
}

impl DigitsBenchmark {
    /// Starts a benchmark with the defaults of [`DigitsBenchmarkBuilder`].
    pub const fn builder() -> DigitsBenchmarkBuilder {
        DigitsBenchmarkBuilder {
            cells: 1,
            filters: 8,
            epochs: 1,
            batch_size: 32,
            learning_rate: 0.1,
            images: None,
        }
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

/// Evaluations that cost one simulated second, however long they take.
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
    type Space = NasnetSpace;

    fn dataset(&self) -> String {
        self.dataset.name.clone()
    }

    fn describe(&self) -> Value {
        let (train, test) = (&self.dataset.train, &self.dataset.test);
        json!({
            "type": "DigitsBenchmark",
            "training_images": format!("{:08x}", train.checksum()),
            "test_images": format!("{:08x}", test.checksum()),
            "network": description::of(&self.network),
            "training": description::of(self.trainer.config()),
        })
    }

    fn space(&self) -> NasnetSpace {
        NasnetSpace::sp1()
    }

    fn mutation(&self) -> Box<dyn Mutation<NasnetGenotype>> {
        Box::new(NasnetSpace::sp1().mutation())
    }

    fn crossover(&self) -> Option<Box<dyn Crossover<NasnetGenotype>>> {
        Some(Box::new(PairCrossover))
    }

    fn cost_model(&self) -> Option<Box<dyn CostModel<NasnetGenotype>>> {
        Some(Box::new(self.network.clone()))
    }

    /// Every evaluator has its own threads, so that runs don't wait for each other.
    fn evaluator(&self) -> Box<dyn Evaluator<NasnetGenotype>> {
        let evaluator = self
            .training()
            .expect("the images can be split: `build` has done so");
        Box::new(OneSecond(evaluator))
    }

    fn test_name(&self) -> &'static str {
        "test accuracy"
    }

    /// The test accuracy of the network that the evaluation trained; NaN if the evaluation isn't from this
    /// benchmark.
    fn test(&self, _: &NasnetGenotype, evaluation: &Evaluation) -> f64 {
        evaluation
            .metrics
            .get(TrainingEvaluator::<CellDecoder>::TEST_ACCURACY)
            .unwrap_or(f64::NAN)
    }

    fn text(&self, genotype: &NasnetGenotype) -> String {
        genotype.to_string()
    }

    fn canonical(&self) -> CanonicalForm<NasnetGenotype> {
        Box::new(|genotype| genotype.canonical().to_string())
    }

    fn multiply_adds(&self, genotype: &NasnetGenotype) -> Option<f64> {
        let plan = NetworkPlan::new(genotype, &self.network).ok()?;
        Some(Cost::of(&plan).multiply_adds as f64)
    }

    /// 20, chosen here: with the paper's 100, a hundred trials would only fill the population.
    fn population(&self) -> usize {
        20
    }

    /// 5, chosen here to suit a population of 20.
    fn sample(&self) -> usize {
        5
    }

    /// 100 s, which is a hundred trials.
    fn budget(&self) -> Duration {
        Duration::from_secs(100)
    }

    /// 3, because a trial takes about a second of real time.
    fn runs(&self) -> usize {
        3
    }

    fn reward_scale(&self) -> f64 {
        100.0
    }
}
