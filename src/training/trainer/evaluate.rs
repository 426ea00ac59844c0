//! A trainer and its evaluation of networks.

use burn::tensor::{Int, Tensor};

use super::progress::{Progress, TrainingWatcher, tell};
use crate::network::ImageShape;
use crate::training::{Augmentation, DeviceImages, ImageClassifier, TrainingConfig, TrainingError};

/// Trains and evaluates networks with one configuration.
#[derive(Clone, Debug)]
pub struct Trainer {
    config: TrainingConfig,
}

impl Trainer {
    /// A trainer with this configuration.
    ///
    /// # Errors
    /// [`TrainingError::InvalidSetting`] with the first setting that is out of range.
    pub fn new(config: TrainingConfig) -> Result<Self, TrainingError> {
        config.validate()?;
        Ok(Self { config })
    }

    /// The configuration.
    #[must_use]
    pub const fn config(&self) -> &TrainingConfig {
        &self.config
    }

    /// Checks whether `images` images of this shape can be trained on.
    ///
    /// # Errors
    /// [`TrainingError`] if they are fewer than a batch, or if crop padding or cutout could remove
    /// an entire image.
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

    /// The share of the images at `indices` that the network classifies correctly, from 0 to 1; 0
    /// if there are none. Batch norm uses its running statistics.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite.
    pub fn evaluate<M: ImageClassifier>(
        &self,
        network: &M,
        images: &DeviceImages,
        indices: &[usize],
    ) -> Result<f64, TrainingError> {
        self.evaluate_watched(network, images, indices, &mut Progress::ignore)
    }

    /// Like [`Trainer::evaluate`]; `watch` is called for every batch.
    ///
    /// # Errors
    /// [`TrainingError::OutputNotFinite`] if the network's outputs are not finite, and
    /// [`TrainingError::Stopped`] if `watch` breaks.
    pub fn evaluate_watched<M: ImageClassifier>(
        &self,
        network: &M,
        images: &DeviceImages,
        indices: &[usize],
        watch: &mut TrainingWatcher<'_>,
    ) -> Result<f64, TrainingError> {
        let network = network.valid();
        let mut counts: Option<Tensor<1, Int>> = None;
        let mut done = 0;
        for batch in indices.chunks(self.config.batch_size) {
            let (inputs, labels) = images.batch(batch);
            let logits = network.logits(inputs);
            let non_finite = logits.clone().is_finite().bool_not().int().sum();
            let found = Tensor::cat(vec![correct(logits, labels), non_finite], 0);
            counts = Some(match counts {
                Some(sum) => sum + found,
                None => found,
            });
            done += batch.len();
            let progress = Progress::Evaluation {
                images: done,
                of: indices.len(),
            };
            tell(watch, progress)?;
        }
        let counts = counts.map(|counts| counts.into_data().iter::<i64>().collect::<Vec<_>>());
        match counts.as_deref() {
            None => Ok(0.0),
            Some(&[correct, 0]) => Ok(correct as f64 / indices.len() as f64),
            Some(_) => Err(TrainingError::OutputNotFinite),
        }
    }
}

/// How many images have their largest logit at their label.
pub(super) fn correct(logits: Tensor<2>, labels: Tensor<1, Int>) -> Tensor<1, Int> {
    let [count, _] = logits.dims();
    let predicted = logits.argmax(1).reshape([count]);
    predicted.equal(labels).int().sum()
}
