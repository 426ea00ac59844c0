//! Cell networks under Burn's own training: its `Learner`, metrics, checkpoints and terminal dashboard.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use burn::data::dataloader::{DataLoader, DataLoaderIterator, Progress};
use burn::data::dataset::DatasetError;
use burn::tensor::{Device, Int, Tensor};
use burn::train::{ClassificationOutput, InferenceStep, TrainOutput, TrainStep};
use rand::Rng;
use rand::seq::SliceRandom;

use super::trainer::batch_count;
use super::{DeviceImages, StepLoss, TrainingConfig};
use crate::network::{CellNetwork, TrainingPass};
use crate::randomness::stream;

/// Images and labels for a step of Burn's `Learner`, with what is random in the step.
///
/// [`ImageLoader`] makes them.
#[derive(Clone, Debug)]
pub struct ImageBatch {
    /// `[batch, channels, height, width]`, normalized.
    pub images: Tensor<4>,
    /// `[batch]`
    pub labels: Tensor<1, Int>,
    /// The share of each label that is spread evenly over all classes.
    pub label_smoothing: f64,
    /// The share of the training that is over, from 0 to 1: scheduled drop path depends on it.
    pub progress: f64,
    /// The seed of drop path and dropout.
    pub seed: u64,
}

impl TrainStep for CellNetwork {
    type Input = ImageBatch;
    type Output = ClassificationOutput;

    /// Cross-entropy with label smoothing, drop path, dropout and the auxiliary head.
    fn step(&self, batch: ImageBatch) -> TrainOutput<ClassificationOutput> {
        let mut rng = stream(batch.seed, 0);
        let mut pass = TrainingPass::new(batch.progress, &mut rng);
        let output = self.forward_training(batch.images, &mut pass);
        let logits = output.logits.clone();
        let labels = batch.labels.clone();
        let smoothing = batch.label_smoothing;
        let loss = StepLoss::of_logits(output, batch.labels, smoothing);
        let item = ClassificationOutput::new(loss.reported, logits.inner(), labels);
        TrainOutput::new(self, loss.differentiated.backward(), item)
    }
}

impl InferenceStep for CellNetwork {
    type Input = ImageBatch;
    type Output = ClassificationOutput;

    fn step(&self, batch: ImageBatch) -> ClassificationOutput {
        let logits = self.forward(batch.images);
        let smoothed = StepLoss::cross_entropy(logits.clone(), batch.labels.clone(), 0.0);
        ClassificationOutput::new(smoothed, logits, batch.labels)
    }
}

/// Batches of images on a device, for Burn's `SupervisedTraining`.
///
/// Every pass over a training loader is an epoch: images are shuffled and augmented anew, from a stream of the seed for
/// each epoch, as in [`Training`](super::Training). A validation loader takes the images in order and unchanged.
pub struct ImageLoader {
    images: DeviceImages,
    /// The images that it takes.
    chosen: Vec<usize>,
    batch_size: usize,
    training: Option<TrainingPasses>,
}

/// What a training loader has besides.
struct TrainingPasses {
    config: TrainingConfig,
    seed: u64,
    /// How many passes have begun.
    begun: AtomicU64,
}

impl fmt::Debug for ImageLoader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ImageLoader")
            .field("images", &self.chosen.len())
            .field("batch_size", &self.batch_size)
            .finish_non_exhaustive()
    }
}

impl ImageLoader {
    /// Batches to train on: `chosen` are the numbers of the images. Of the configuration, it uses the batch size, the
    /// epochs (for the progress of a training), label smoothing and augmentation; optimizer and schedule are Burn's.
    #[must_use]
    pub fn training(
        images: &DeviceImages,
        chosen: Vec<usize>,
        config: &TrainingConfig,
        seed: u64,
    ) -> Arc<dyn DataLoader<ImageBatch>> {
        Arc::new(Self {
            images: images.clone(),
            chosen,
            batch_size: config.batch_size,
            training: Some(TrainingPasses {
                config: config.clone(),
                seed,
                begun: AtomicU64::new(0),
            }),
        })
    }

    /// Batches to validate with.
    #[must_use]
    pub fn validation(
        images: &DeviceImages,
        chosen: Vec<usize>,
        batch_size: usize,
    ) -> Arc<dyn DataLoader<ImageBatch>> {
        Arc::new(Self {
            images: images.clone(),
            chosen,
            batch_size: batch_size.max(1),
            training: None,
        })
    }

    /// The same loader of other images, or on another device.
    fn with(&self, images: DeviceImages, chosen: Vec<usize>) -> Arc<dyn DataLoader<ImageBatch>> {
        let training = self.training.as_ref().map(|passes| TrainingPasses {
            config: passes.config.clone(),
            seed: passes.seed,
            begun: AtomicU64::new(passes.begun.load(Ordering::Relaxed)),
        });
        Arc::new(Self {
            images,
            chosen,
            batch_size: self.batch_size,
            training,
        })
    }
}

impl DataLoader<ImageBatch> for ImageLoader {
    fn iter<'a>(&'a self) -> Box<dyn DataLoaderIterator<ImageBatch> + 'a> {
        let mut order = self.chosen.clone();
        let (steps, epoch) = match &self.training {
            None => (order.len().div_ceil(self.batch_size), None),
            Some(passes) => {
                let number = passes.begun.fetch_add(1, Ordering::Relaxed);
                // As in a training of this crate's own: stream 0 is for the initial weights.
                let mut rng = stream(passes.seed, number + 1);
                order.shuffle(&mut rng);
                let epoch = Epoch {
                    config: &passes.config,
                    number,
                    rng: Box::new(rng),
                };
                (batch_count(order.len(), self.batch_size), Some(epoch))
            }
        };
        Box::new(Batches {
            images: &self.images,
            order,
            steps,
            step: 0,
            epoch,
        })
    }

    fn num_items(&self) -> usize {
        self.chosen.len()
    }

    fn to_device(&self, device: &Device) -> Arc<dyn DataLoader<ImageBatch>> {
        self.with(self.images.to_device(device), self.chosen.clone())
    }

    fn slice(&self, start: usize, end: usize) -> Arc<dyn DataLoader<ImageBatch>> {
        let end = end.min(self.chosen.len());
        let part = self.chosen[start.min(end)..end].to_vec();
        self.with(self.images.clone(), part)
    }
}

/// A pass over the images of a loader.
struct Batches<'a> {
    images: &'a DeviceImages,
    order: Vec<usize>,
    steps: usize,
    step: usize,
    epoch: Option<Epoch<'a>>,
}

/// An epoch of a training.
struct Epoch<'a> {
    config: &'a TrainingConfig,
    /// From 0.
    number: u64,
    rng: Box<dyn Rng + Send>,
}

impl Iterator for Batches<'_> {
    type Item = Result<ImageBatch, DatasetError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.step == self.steps {
            return None;
        }
        let (images, steps) = (self.order.len(), self.steps);
        let range = images * self.step / steps..images * (self.step + 1) / steps;
        let chosen = &self.order[range];
        let batch = match &mut self.epoch {
            None => {
                let (images, labels) = self.images.batch(chosen);
                ImageBatch {
                    images,
                    labels,
                    label_smoothing: 0.0,
                    progress: 0.0,
                    seed: 0,
                }
            }
            Some(Epoch {
                config,
                number,
                rng,
            }) => {
                let augmentation = &config.augmentation;
                let (images, labels) = self.images.augmented_batch(chosen, augmentation, rng);
                let epochs = *number as f64 + self.step as f64 / steps as f64;
                ImageBatch {
                    images,
                    labels,
                    label_smoothing: config.label_smoothing,
                    progress: epochs / config.epochs as f64,
                    seed: rng.next_u64(),
                }
            }
        };
        self.step += 1;
        Some(Ok(batch))
    }
}

impl DataLoaderIterator<ImageBatch> for Batches<'_> {
    fn progress(&self) -> Progress {
        let done = self.order.len() * self.step / self.steps.max(1);
        Progress::new(done, self.order.len(), Some("images".to_owned()))
    }
}
