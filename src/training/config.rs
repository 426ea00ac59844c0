//! How a network is trained.

use serde::{Deserialize, Serialize};

/// The settings of stochastic gradient descent.
///
/// The defaults are those of the paper's CIFAR training (momentum 0.9, weight decay 5e-4, cosine
/// learning rate) but for the learning rate and the batch: those and the epochs of its search phase
/// are not published, and small images want larger steps.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct TrainingConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a step.
    pub batch_size: usize,
    /// The learning rate that the cosine schedule starts with; it ends at 0.
    pub learning_rate: f64,
    /// Momentum, without dampening.
    pub momentum: f64,
    /// L2 weight decay of convolution and classifier weights; not of batch norm and biases.
    pub weight_decay: f64,
}

impl TrainingConfig {
    /// The defaults with these epochs and this batch size.
    #[must_use]
    pub const fn new(epochs: usize, batch_size: usize) -> Self {
        Self {
            epochs,
            batch_size,
            learning_rate: 0.1,
            momentum: 0.9,
            weight_decay: 5e-4,
        }
    }

    /// Checks every setting.
    ///
    /// # Errors
    /// [`InvalidTrainingConfig`] names the first one that can't be.
    pub fn validate(&self) -> Result<(), InvalidTrainingConfig> {
        let invalid = |setting, value: f64, allowed| InvalidTrainingConfig {
            setting,
            value,
            allowed,
        };
        if self.epochs == 0 {
            return Err(invalid("number of epochs", 0.0, "at least 1"));
        }
        // A batch of one image has no batch statistics where the image is down to one pixel.
        if self.batch_size < 2 {
            return Err(invalid("batch size", self.batch_size as f64, "at least 2"));
        }
        if !(self.learning_rate.is_finite() && self.learning_rate > 0.0) {
            return Err(invalid("learning rate", self.learning_rate, "above 0"));
        }
        if !(0.0..1.0).contains(&self.momentum) {
            return Err(invalid("momentum", self.momentum, "from 0 to below 1"));
        }
        if !(self.weight_decay.is_finite() && self.weight_decay >= 0.0) {
            return Err(invalid("weight decay", self.weight_decay, "at least 0"));
        }
        Ok(())
    }

    /// The cosine learning rate of a step: `rate / 2 (1 + cos(pi step / steps))`.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize, steps: usize) -> f64 {
        let progress = step as f64 / steps.max(1) as f64;
        0.5 * self.learning_rate * (1.0 + (std::f64::consts::PI * progress).cos())
    }
}

/// A setting that can't be.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("the {setting} is {value}; it must be {allowed}")]
pub struct InvalidTrainingConfig {
    setting: &'static str,
    value: f64,
    allowed: &'static str,
}
