//! Why a training ended early.

use crate::evaluator::EvaluationError;

/// Why a training ended early.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum TrainingError {
    /// The loss is NaN or infinite.
    #[error("the loss of epoch {epoch} is {loss}; a lower learning rate may help")]
    LossNotFinite {
        /// The epoch, from 1.
        epoch: usize,
        /// The loss.
        loss: f64,
    },
    /// What a trained network makes of images is NaN or infinite: it diverged in its last steps.
    #[error("the network's outputs are not finite; a lower learning rate may help")]
    OutputNotFinite,
    /// There are too few images for a batch.
    #[error("{images} training images are too few: batch norm needs at least 2")]
    TooFewImages {
        /// How many there are.
        images: usize,
    },
    /// A batch is larger than the data.
    #[error(
        "a batch of {batch_size} images can't be taken from {images}; choose at most {images} a batch"
    )]
    BatchTooLarge {
        /// Images in a step.
        batch_size: usize,
        /// How many there are.
        images: usize,
    },
    /// An augmentation would leave nothing of some images.
    #[error(
        "{what} of {pixels} pixels is too much for images of {height}x{width} (height x width)"
    )]
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
    /// Whoever watched the training ended it.
    #[error(transparent)]
    Stopped(EvaluationError),
}

impl From<TrainingError> for EvaluationError {
    fn from(error: TrainingError) -> Self {
        match error {
            TrainingError::Stopped(reason) => reason,
            other => Self::failed(other),
        }
    }
}
