//! How a network is trained.

mod augmentation;
mod optimizer;
mod presets;
mod schedule;
mod validation;

pub use augmentation::Augmentation;
pub use optimizer::OptimizerSettings;
pub use presets::{Preset, UnknownPreset};
pub use schedule::Schedule;
pub use validation::InvalidTrainingConfig;

use serde::{Deserialize, Serialize};

/// The settings of a training. What belongs to the network and not to its training (auxiliary head,
/// drop path, dropout, batch norm, precision) is in
/// [`NetworkConfig`](crate::network::NetworkConfig); [`Preset`] has both.
///
/// [`TrainingConfig::new`] is for short trainings of small networks on small images. The paper's
/// settings are [`TrainingConfig::search`], [`TrainingConfig::cifar`] and
/// [`TrainingConfig::imagenet`].
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TrainingConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images in a step.
    pub batch_size: usize,
    /// The learning rate that the schedule starts with.
    pub learning_rate: f64,
    /// How the learning rate falls.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs, or parts of one, in which the learning rate rises linearly to its start.
    #[serde(default)]
    pub warm_up_epochs: f64,
    /// What follows the gradient.
    #[serde(default)]
    pub optimizer: OptimizerSettings,
    /// L2 weight decay: this times a weight is added to its gradient, after the clipping.
    pub weight_decay: f64,
    /// Whether batch norm's parameters and biases decay too, not only the weights of convolutions
    /// and of the classifier. They don't by default.
    #[serde(default)]
    pub decay_all: bool,
    /// The largest L2 norm that all gradients of the loss together may have; longer ones are
    /// shortened to it. Weight decay comes on top.
    #[serde(default)]
    pub gradient_clipping: Option<f64>,
    /// The share of a label that is spread over all classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The decay of an exponential moving average of the weights, which then stands for them in
    /// evaluation; see [`MovingAverage`](super::MovingAverage).
    #[serde(default)]
    pub moving_average: Option<f64>,
    /// What is done to training images at random.
    #[serde(default)]
    pub augmentation: Augmentation,
}

impl TrainingConfig {
    /// SGD with momentum 0.9, weight decay 5e-4 and a cosine learning rate from 0.1, as in the
    /// paper's CIFAR training but for the learning rate: the epochs of a quick search are few and
    /// its images small, and they want larger steps. No augmentation: digits and clothes have a
    /// left and a right.
    #[must_use]
    pub const fn new(epochs: usize, batch_size: usize) -> Self {
        Self {
            epochs,
            batch_size,
            learning_rate: 0.1,
            schedule: Schedule::Cosine,
            warm_up_epochs: 0.0,
            optimizer: OptimizerSettings::SGD,
            weight_decay: 5e-4,
            decay_all: false,
            gradient_clipping: None,
            label_smoothing: 0.0,
            moving_average: None,
            augmentation: Augmentation::NONE,
        }
    }

    /// The learning rate of step `step` (from 0) of a training of `epochs` epochs with
    /// `steps_per_epoch` steps each.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize, steps_per_epoch: usize) -> f64 {
        let steps_per_epoch = steps_per_epoch.max(1);
        let warm_up = self.warm_up_epochs * steps_per_epoch as f64;
        let step = step as f64;
        if step < warm_up {
            return self.learning_rate * ((step + 1.0) / warm_up).min(1.0);
        }
        let steps = self.epochs as f64 * steps_per_epoch as f64;
        let share = self.schedule.share(
            (step - warm_up) / (steps - warm_up).max(1.0),
            step / steps_per_epoch as f64,
        );
        self.learning_rate * share
    }
}

#[cfg(test)]
mod tests;
