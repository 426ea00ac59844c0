//! Real training of cell networks as a benchmark, by equal compute.

mod charged;
mod scratch;
mod untrained;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use burn::tensor::Device;
use rayon::ThreadPoolBuilder;
use serde_json::{Value, json};

use self::charged::Charged;
use self::untrained::Charging;
use super::benchmark::{Benchmark, CanonicalForm};
use super::error::ComparisonError;
use super::meter::Meter;
use super::untrained::UntrainedProxy;
use crate::description;
use crate::evaluator::Evaluator;
use crate::network::{Cost, CostModel, Fan, NetworkConfig, NetworkError, NetworkPlan};
use crate::proxy::Proxy;
use crate::randomness::stream;
use crate::space::{Crossover, Mutation, SearchSpace};
use crate::spaces::nasnet::{NasnetGenotype, NasnetSpace, PairCrossover};
use crate::training::images::ImageDataset;
use crate::training::{CellDecoder, Progress, Trainer, TrainingConfig, train_fully};
use crate::trial::Evaluation;

/// The share of the training images held out for validation, and the seed of that split.
const VALIDATION: f64 = 0.2;
const SPLIT_SEED: u64 = 0;
/// The seed of the trainings that test what was found.
const TEST_SEED: u64 = 1;

/// Real training on images by equal compute: an evaluation costs what its training computes, so that a contender that
/// trains less for each trial has more trials.
///
/// The space is SP-I. The reward is the accuracy on validation images. The cost is the multiply-adds of the training,
/// forward and backward, in billions, as simulated seconds: 3 times those of the network for one image, times the images,
/// times the epochs that the trial trained. Measured seconds would make a run depend on the machine and its load.
///
/// Trials may inherit weights, pause and continue, as [`contenders::Inheriting`](super::contenders::Inheriting) and
/// [`contenders::Promoted`](super::contenders::Promoted) ask for by their fidelities. What a search has found at any
/// time is judged alike for all contenders: the genotype is trained from scratch on all training images, for as many
/// epochs each, and its accuracy on the test images counts.
///
/// ```no_run
/// use evonas::comparison::contenders::{Aging, Inheriting, Recommended};
/// use evonas::comparison::{Comparison, TrainingBenchmark};
/// use evonas::prelude::*;
///
/// let benchmark = TrainingBenchmark::builder(digits()).epochs(3).build()?;
/// let comparison = Comparison::builder(&benchmark)
///     .contender(Aging::new())
///     .contender(Recommended::new())
///     .contender(Inheriting::new())
///     .run()?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct TrainingBenchmark {
    dataset: ImageDataset,
    network: NetworkConfig,
    trainer: Trainer,
    final_trainer: Trainer,
    /// Test accuracies by genotype.
    tested: Mutex<HashMap<String, f64>>,
}

/// How the networks of a [`TrainingBenchmark`] are built and trained.
///
/// ```
/// use evonas::comparison::TrainingBenchmark;
/// use evonas::prelude::*;
///
/// let benchmark = TrainingBenchmark::builder(digits()).filters(4).images(200).build()?;
/// assert!(TrainingBenchmark::builder(digits()).filters(0).build().is_err());
/// # drop(benchmark);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct TrainingBenchmarkBuilder {
    dataset: ImageDataset,
    cells: usize,
    filters: usize,
    epochs: usize,
    final_epochs: usize,
    images: Option<usize>,
    test_images: Option<usize>,
}

impl TrainingBenchmarkBuilder {
    /// The number of normal cells per stack, `N`. The default is 1.
    pub const fn cells(mut self, cells: usize) -> Self {
        self.cells = cells;
        self
    }

    /// The number of filters in the first stack, `F`. The default is 4.
    pub const fn filters(mut self, filters: usize) -> Self {
        self.filters = filters;
        self
    }

    /// The epochs of a full trial. The default is 3.
    pub const fn epochs(mut self, epochs: usize) -> Self {
        self.epochs = epochs;
        self
    }

    /// The epochs of the training that tests what was found. The default is 12.
    pub const fn final_epochs(mut self, epochs: usize) -> Self {
        self.final_epochs = epochs;
        self
    }

    /// Uses at most this many of the training images, validation images included. The default is all.
    pub const fn images(mut self, images: usize) -> Self {
        self.images = Some(images);
        self
    }

    /// Judges what was found by at most this many of the test images. The default is all.
    pub const fn test_images(mut self, images: usize) -> Self {
        self.test_images = Some(images);
        self
    }

    /// Builds the benchmark.
    ///
    /// # Errors
    /// [`ComparisonError::Network`] or [`ComparisonError::Training`] if a setting is out of range or there are
    /// too few images.
    pub fn build(self) -> Result<TrainingBenchmark, ComparisonError> {
        let mut dataset = self.dataset;
        if let Some(images) = self.images {
            dataset.train = dataset.train.limit(images, SPLIT_SEED);
        }
        if let Some(images) = self.test_images {
            dataset.test = dataset.test.limit(images, SPLIT_SEED);
        }
        let images = &dataset.train;
        // Smaller initial logits than by the released rule, because a trial is short.
        let network = NetworkConfig::new(images.shape(), images.classes())
            .cells_per_stack(self.cells)
            .filters(self.filters)
            .classifier_fan(Fan::In);
        network.validate()?;
        let trainer = |epochs| Trainer::new(TrainingConfig::default().epochs(epochs));
        let benchmark = TrainingBenchmark {
            network,
            trainer: trainer(self.epochs)?,
            final_trainer: trainer(self.final_epochs)?,
            dataset,
            tested: Mutex::default(),
        };
        Charged::new(&benchmark)?;
        Ok(benchmark)
    }
}

impl TrainingBenchmark {
    /// A benchmark on these images, with the defaults of [`TrainingBenchmarkBuilder`].
    pub const fn builder(dataset: ImageDataset) -> TrainingBenchmarkBuilder {
        TrainingBenchmarkBuilder {
            dataset,
            cells: 1,
            filters: 4,
            epochs: 3,
            final_epochs: 12,
            images: None,
            test_images: None,
        }
    }

    /// The test accuracy of a network that is trained from scratch on all training images.
    fn trained_anew(&self, genotype: &NasnetGenotype) -> f64 {
        let decoder = CellDecoder::new(self.network.clone());
        let train = || {
            train_fully(
                genotype,
                &decoder,
                &self.final_trainer,
                &self.dataset,
                TEST_SEED,
                &Device::flex(),
                &mut Progress::ignore,
            )
        };
        // One thread, since several runs go on at a time.
        let trained = match ThreadPoolBuilder::new().num_threads(1).build() {
            Ok(pool) => pool.install(train),
            Err(_) => train(),
        };
        // A network whose training diverges knows nothing.
        trained.map_or(0.0, |trained| trained.test_accuracy)
    }
}

/// The multiply-adds of one epoch of a genotype's training, in billions.
fn epoch_cost(
    network: &NetworkConfig,
    genotype: &NasnetGenotype,
    images: usize,
) -> Result<f64, NetworkError> {
    let plan = NetworkPlan::new(genotype, network)?;
    // Backward, each is done once for the input's gradient and once for the weight's.
    Ok(3e-9 * Cost::of(&plan).multiply_adds as f64 * images as f64)
}

impl Benchmark for TrainingBenchmark {
    type Genotype = NasnetGenotype;
    type Space = NasnetSpace;

    fn dataset(&self) -> String {
        self.dataset.name.clone()
    }

    fn describe(&self) -> Value {
        let (train, test) = (&self.dataset.train, &self.dataset.test);
        json!({
            "type": "TrainingBenchmark",
            "training_images": format!("{:08x}", train.checksum()),
            "test_images": format!("{:08x}", test.checksum()),
            "network": description::of(&self.network),
            "training": description::of(self.trainer.config()),
            "final_training": description::of(self.final_trainer.config()),
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

    /// Every evaluator has its own threads and files, so that runs don't wait for each other.
    fn evaluator(&self) -> Box<dyn Evaluator<NasnetGenotype>> {
        let evaluator = Charged::new(self).expect("`build` has built one");
        Box::new(evaluator)
    }

    fn test_name(&self) -> &'static str {
        "test accuracy"
    }

    /// The test accuracy after a training from scratch, which is done once for each genotype.
    fn test(&self, genotype: &NasnetGenotype, _: &Evaluation) -> f64 {
        let key = genotype.canonical().to_string();
        let tested = || self.tested.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(&accuracy) = tested().get(&key) {
            return accuracy;
        }
        let accuracy = self.trained_anew(&genotype.canonical());
        tested().insert(key, accuracy);
        accuracy
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

    fn untrained_proxy(
        &self,
        kind: UntrainedProxy,
        meter: &Meter,
    ) -> Option<Box<dyn Proxy<NasnetGenotype>>> {
        Some(Box::new(Charging::new(self, kind, meter)))
    }

    fn training_epochs(&self) -> Option<u64> {
        Some(self.trainer.config().epochs as u64)
    }

    /// 20, as on the digits.
    fn population(&self) -> usize {
        20
    }

    /// 5, as on the digits.
    fn sample(&self) -> usize {
        5
    }

    /// What a hundred full trials of a network of medium size compute.
    fn budget(&self) -> Duration {
        let images = (self.dataset.train.len() as f64 * (1.0 - VALIDATION)) as usize;
        let mut rng = stream(SPLIT_SEED, 0);
        let mut costs: Vec<f64> = (0..101)
            .filter_map(|_| {
                let genotype = self.space().sample(&mut rng);
                epoch_cost(&self.network, &genotype, images).ok()
            })
            .collect();
        costs.sort_by(f64::total_cmp);
        let median = costs.get(costs.len() / 2).copied().unwrap_or(1.0);
        Duration::from_secs_f64(100.0 * median * self.trainer.config().epochs as f64)
    }

    /// 10, with which a p below 0.01 is possible.
    fn runs(&self) -> usize {
        10
    }

    fn reward_scale(&self) -> f64 {
        100.0
    }
}
