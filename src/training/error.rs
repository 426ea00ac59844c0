//! Why a network can't be trained, or why its training ended early.

use super::images::ImagesError;
use crate::excerpt::passage;
use crate::figure::figure;

/// Why a network can't be trained, or why its training ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// A setting is out of range.
    #[error("the {setting} is {}; it must be {allowed}", figure(*value))]
    InvalidSetting {
        /// The setting in words.
        setting: &'static str,
        /// Its value.
        value: f64,
        /// The values that are allowed, in words.
        allowed: &'static str,
    },
    /// There are too few training examples for a batch.
    #[error("there must be at least 2 training examples for batch norm, not {examples}")]
    TooFewExamples {
        /// How many there are.
        examples: usize,
    },
    /// A batch is larger than the training set.
    #[error("the batch size is {batch_size}, but there are only {examples} training examples")]
    BatchTooLarge {
        /// The batch size.
        batch_size: usize,
        /// How many training examples there are.
        examples: usize,
    },
    /// The augmentation could remove an entire image.
    #[error("{what} of {pixels} pixels is too large for {height}x{width} images (height x width)")]
    AugmentationTooLarge {
        /// Crop padding or cutout.
        what: &'static str,
        /// Its size.
        pixels: usize,
        /// The images' height.
        height: usize,
        /// The images' width.
        width: usize,
    },
    /// The images can't be split into training and validation images.
    #[error(transparent)]
    Images(#[from] ImagesError),
    /// An evaluator was given no device.
    #[error("there is no device to train on")]
    NoDevice,
    /// The genotype can't be decoded to a network.
    #[error("the genotype can't be decoded: {}", passage(reason))]
    Decoding {
        /// The decoder's error.
        reason: String,
    },
    /// The loss became NaN or infinite.
    #[error("the loss of epoch {epoch} is {loss}; a lower learning rate may help")]
    LossNotFinite {
        /// The epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// The trained network's outputs, and so its metrics, are NaN or infinite: it diverged in its last steps.
    #[error("the network's outputs are not finite; a lower learning rate may help")]
    OutputNotFinite,
    /// A training that pauses can't be kept.
    #[error("the training can't be kept: {}", passage(reason))]
    Pausing {
        /// Why.
        reason: String,
    },
    /// The watcher ended the training or the evaluation.
    #[error("the training was stopped")]
    Stopped,
    /// An earlier epoch ended with an error, so the network is in the middle of that epoch.
    #[error("an epoch ended early; resume the training from its last checkpoint")]
    UnfinishedEpoch,
}
