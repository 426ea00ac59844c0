//! The latency of trained networks.

use std::sync::{Mutex, PoisonError};

use burn::tensor::Tensor;

use super::ImageClassifier;
use super::evaluator::TrainingHook;
use crate::evaluator::{Context, EvaluationError};
use crate::network::{CellNetwork, ImageShape, LatencyTable, NetworkPlan, Repetitions};
use crate::trial::Metrics;

/// The metric of a latency, in milliseconds for a batch.
const LATENCY: &str = "latency";

/// Measures how long a network takes to classify a batch of images on its device: the median after a warm-up, as the
/// metric `latency` in milliseconds. One worker measures at a time.
///
/// Other workers train meanwhile, in this process or in others, and slow it down. Search with one worker, or with a
/// [`LatencyTable`], which is measured before.
///
/// ```
/// use evonas::prelude::*;
/// use evonas::training::Latency;
///
/// let dataset = digits();
/// let network = NetworkConfig::new(dataset.train.shape(), 10).cells_per_stack(1).filters(4);
/// let trainer = Trainer::new(TrainingConfig::default())?;
/// let evaluator = TrainingEvaluator::builder(CellDecoder::new(network), trainer, &dataset.train)
///     .hook(Latency::new(dataset.train.shape()).batch(8))
///     .build()?;
/// let space = NasnetSpace::sp1();
/// let evolution = Evolution::builder(space.clone(), space.mutation())
///     .pareto([Objective::fitness(), Objective::minimize("latency")])
///     .build()?;
/// # drop((evaluator, evolution));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Latency {
    image: ImageShape,
    batch: usize,
    repetitions: Repetitions,
    /// Held while a network is measured.
    turn: Mutex<()>,
}

impl Latency {
    /// The latency for a batch of one image of this shape.
    #[must_use]
    pub fn new(image: ImageShape) -> Self {
        Self {
            image,
            batch: 1,
            repetitions: Repetitions::default(),
            turn: Mutex::new(()),
        }
    }

    /// Sets the number of images in a batch, at least one.
    #[must_use]
    pub fn batch(mut self, images: usize) -> Self {
        self.batch = images.max(1);
        self
    }

    /// Sets how often a batch is classified.
    #[must_use]
    pub const fn repetitions(mut self, repetitions: Repetitions) -> Self {
        self.repetitions = repetitions;
        self
    }

    /// The median time of a batch, in milliseconds, on the network's device.
    pub fn of<M: ImageClassifier>(&self, network: &M) -> f64 {
        let network = network.valid();
        let device = network.devices().into_iter().next().unwrap_or_default();
        let ImageShape {
            channels,
            height,
            width,
        } = self.image;
        let images = Tensor::ones([self.batch, channels, height, width], &device);
        let _turn = self.turn.lock().unwrap_or_else(PoisonError::into_inner);
        self.repetitions.milliseconds(|| {
            let _ = network.logits(images.clone()).into_data();
        })
    }
}

impl<M: ImageClassifier> TrainingHook<M> for Latency {
    fn measure(&self, network: &M, _: &Context<'_>) -> Result<Metrics, EvaluationError> {
        Ok(metrics(self.of(network)))
    }
}

/// The latency by the table, as the metric `latency` in milliseconds.
impl TrainingHook<CellNetwork> for LatencyTable {
    fn measure(&self, network: &CellNetwork, _: &Context<'_>) -> Result<Metrics, EvaluationError> {
        let plan = NetworkPlan::new(network.genotype(), network.config())
            .map_err(|error| EvaluationError::Infeasible(error.to_string()))?;
        Ok(metrics(self.latency(&plan)))
    }
}

fn metrics(milliseconds: f64) -> Metrics {
    let mut metrics = Metrics::new();
    metrics.insert(LATENCY, milliseconds);
    metrics
}
