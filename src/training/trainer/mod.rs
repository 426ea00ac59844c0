//! Gradient descent, for a search's candidates and for full training alike.

mod clipping;
mod error;
mod moving_average;
mod optimizer;
mod rms_prop;
mod training;

pub use error::TrainingError;
pub use moving_average::MovingAverage;
pub use rms_prop::{RmsProp, RmsPropState};
pub(in crate::training) use training::Learner;
pub use training::{Epoch, Progress, Training};

use burn::tensor::{Int, Tensor};

use super::{Augmentation, DeviceImages, ImageClassifier, InvalidTrainingConfig, TrainingConfig};
use crate::evaluator::EvaluationError;
use crate::network::ImageShape;

/// Trains networks by one configuration.
#[derive(Clone, Debug)]
pub struct Trainer {
    config: TrainingConfig,
}

impl Trainer {
    /// A trainer of this configuration.
    ///
    /// # Errors
    /// [`InvalidTrainingConfig`] names a setting that can't be.
    pub fn new(config: TrainingConfig) -> Result<Self, InvalidTrainingConfig> {
        config.validate()?;
        Ok(Self { config })
    }

    /// Its configuration.
    #[must_use]
    pub const fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Whether so many images of this size can be trained on.
    ///
    /// # Errors
    /// [`TrainingError`] if they are fewer than a batch, or smaller than what the augmentation takes
    /// away.
    pub fn check(&self, shape: ImageShape, images: usize) -> Result<(), TrainingError> {
        if images < 2 {
            return Err(TrainingError::TooFewImages { images });
        }
        let batch_size = self.config.batch_size;
        if batch_size > images {
            return Err(TrainingError::BatchTooLarge { batch_size, images });
        }
        let Augmentation {
            crop_padding,
            cutout,
            ..
        } = self.config.augmentation;
        let smallest = shape.height.min(shape.width);
        let too_large = [("a crop padding", crop_padding), ("a cutout", cutout)]
            .into_iter()
            .find(|&(_, pixels)| pixels >= smallest);
        match too_large {
            Some((what, pixels)) => Err(TrainingError::AugmentationTooLarge {
                what,
                pixels,
                height: shape.height,
                width: shape.width,
            }),
            None => Ok(()),
        }
    }

    /// Trains a network on the images at `indices`; their order, augmentation, drop path and dropout
    /// are drawn from streams of `seed`.
    ///
    /// `watch` is told of every step and every epoch, and says whether to go on. [`Training`] does
    /// the same an epoch at a time, and can be saved between two of them.
    ///
    /// # Errors
    /// [`TrainingError`] if the images don't fit the settings, a loss is not finite, or `watch`
    /// returns an error.
    pub fn train<M: ImageClassifier>(
        &self,
        network: M,
        images: &DeviceImages,
        indices: &[usize],
        seed: u64,
        watch: &mut dyn FnMut(Progress) -> Result<(), EvaluationError>,
    ) -> Result<M, TrainingError> {
        let mut training = Training::new(network, self, seed);
        while !training.is_over() {
            training = training.next_epoch(images, indices, watch)?;
        }
        Ok(training.network())
    }

    /// The share of the images at `indices` that the network classifies correctly, from 0 to 1.
    ///
    /// Batch norm uses its running statistics. NaN if the network's outputs are not finite.
    #[must_use]
    pub fn evaluate<M: ImageClassifier>(
        &self,
        network: &M,
        images: &DeviceImages,
        indices: &[usize],
    ) -> f64 {
        self.evaluate_watched(network, images, indices, &mut |_| Ok(()))
            .unwrap_or(f64::NAN)
    }

    /// [`Trainer::evaluate`] in which `watch` is told of every batch, and says whether to go on.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite, and what `watch`
    /// returns.
    pub fn evaluate_watched<M: ImageClassifier>(
        &self,
        network: &M,
        images: &DeviceImages,
        indices: &[usize],
        watch: &mut dyn FnMut(Progress) -> Result<(), EvaluationError>,
    ) -> Result<f64, TrainingError> {
        let network = network.valid();
        let mut counts: Option<Tensor<1, Int>> = None;
        let mut done = 0;
        for batch in indices.chunks(self.config.batch_size) {
            let (inputs, labels) = images.batch(batch);
            let logits = network.logits(inputs);
            let broken = logits.clone().is_finite().bool_not().int().sum();
            let found = Tensor::cat(vec![correct(logits, labels), broken], 0);
            counts = Some(match counts {
                Some(sum) => sum + found,
                None => found,
            });
            done += batch.len();
            watch(Progress::Evaluation {
                images: done,
                of: indices.len(),
            })
            .map_err(TrainingError::Stopped)?;
        }
        let counts = counts.map(|counts| counts.into_data().iter::<i64>().collect::<Vec<_>>());
        match counts.as_deref() {
            None => Ok(0.0),
            Some(&[correct, 0]) => Ok(correct as f64 / indices.len() as f64),
            Some(_) => Err(TrainingError::OutputNotFinite),
        }
    }
}

/// How many of the labels have the largest logit of their image.
fn correct(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1, Int> {
    let [count, _] = logits.dims();
    let predicted = logits.argmax(1).reshape([count]);
    predicted.equal(labels).int().sum()
}
