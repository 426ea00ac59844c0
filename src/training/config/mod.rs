//! How a network is trained.

mod augmentation;
mod optimizer;
mod presets;
mod schedule;
mod settings;
mod validation;

pub use augmentation::{Augmentation, LargePadding};
pub use optimizer::OptimizerSettings;
pub use presets::Preset;
pub use schedule::Schedule;

use serde::{Deserialize, Serialize};

/// The settings of a training.
///
/// Start from [`TrainingConfig::default`], which suits short trainings of small networks on small
/// images, or from one of the paper's: [`TrainingConfig::search`], [`TrainingConfig::cifar`] and
/// [`TrainingConfig::imagenet`]. Then change settings by name:
///
/// ```
/// use evonas::training::{Augmentation, Trainer, TrainingConfig};
///
/// let config = TrainingConfig::default()
///     .epochs(12)
///     .learning_rate(0.05)
///     .augmentation(Augmentation::NONE.crop_padding(1));
/// let trainer = Trainer::new(config)?;
/// assert_eq!(trainer.config().batch_size, 32);
/// # Ok::<(), evonas::training::TrainingError>(())
/// ```
///
/// Settings of the network itself (auxiliary head, drop path, dropout, batch norm, precision) are in
/// [`NetworkConfig`](crate::network::NetworkConfig); a [`Preset`] covers both.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct TrainingConfig {
    /// Passes over the training images.
    pub epochs: usize,
    /// Images per step.
    pub batch_size: usize,
    /// The learning rate at the start of the schedule.
    pub learning_rate: f64,
    /// How the learning rate falls.
    #[serde(default)]
    pub schedule: Schedule,
    /// Epochs, possibly a fraction of one, over which the learning rate rises linearly to its
    /// starting value.
    #[serde(default)]
    pub warm_up_epochs: f64,
    /// The least share of the starting rate during a warm-up that begins at 0: step `n` of `w`, from 0, has the share
    /// `n / w`, or this one if it is larger. AmoebaNet's released program runs with 1e-4. `None`, the default, begins
    /// with the first step, at `1 / w`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub warm_up_floor: Option<f64>,
    /// The optimizer.
    #[serde(default)]
    pub optimizer: OptimizerSettings,
    /// L2 weight decay: this multiple of a weight is added to its gradient.
    pub weight_decay: f64,
    /// Whether batch norm's parameters and biases decay too, as well as the weights of convolutions
    /// and of the classifier. Off by default.
    #[serde(default)]
    pub decay_all: bool,
    /// The largest L2 norm of the gradient over all parameters; longer gradients are scaled down to
    /// it. Weight decay is added afterward, unless [`clip_weight_decay`](Self::clip_weight_decay) is on.
    #[serde(default)]
    pub gradient_clipping: Option<f64>,
    /// Whether weight decay is part of the gradient that is clipped, as in the released programs of NASNet and
    /// AmoebaNet, which clip the gradient of the total loss. Off by default.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub clip_weight_decay: bool,
    /// The share of each label that is spread evenly over all classes.
    #[serde(default)]
    pub label_smoothing: f64,
    /// The decay of an exponential moving average of the weights, which is evaluated and kept
    /// instead of the weights themselves; see [`MovingAverage`](super::MovingAverage).
    #[serde(default)]
    pub moving_average: Option<f64>,
    /// Random changes to the training images.
    #[serde(default)]
    pub augmentation: Augmentation,
}

impl TrainingConfig {
    /// SGD with momentum 0.9, weight decay 5e-4 and a cosine schedule from 0.1, in batches of 32.
    pub(super) const SHORT: Self = Self {
        epochs: 1,
        batch_size: 32,
        learning_rate: 0.1,
        schedule: Schedule::Cosine,
        warm_up_epochs: 0.0,
        warm_up_floor: None,
        optimizer: OptimizerSettings::SGD,
        weight_decay: 5e-4,
        decay_all: false,
        gradient_clipping: None,
        clip_weight_decay: false,
        label_smoothing: 0.0,
        moving_average: None,
        augmentation: Augmentation::NONE,
    };

    /// The learning rate of step `step` (from 0) with `steps_per_epoch` steps in an epoch.
    #[must_use]
    pub fn learning_rate_at(&self, step: usize, steps_per_epoch: usize) -> f64 {
        let steps_per_epoch = steps_per_epoch.max(1);
        let warm_up = self.warm_up_epochs * steps_per_epoch as f64;
        let step = step as f64;
        if step < warm_up {
            let share = match self.warm_up_floor {
                Some(floor) => (step / warm_up).max(floor),
                None => ((step + 1.0) / warm_up).min(1.0),
            };
            return self.learning_rate * share;
        }
        let steps = self.epochs as f64 * steps_per_epoch as f64;
        let share = self.schedule.share(
            (step - warm_up) / (steps - warm_up).max(1.0),
            step / steps_per_epoch as f64,
        );
        self.learning_rate * share
    }
}

impl Default for TrainingConfig {
    /// One epoch in batches of 32, with SGD, momentum 0.9, weight decay 5e-4, a cosine schedule and
    /// no augmentation.
    ///
    /// These are the paper's CIFAR settings except for the learning rate, which starts at 0.1: a
    /// quick search trains for few epochs on small images and needs larger steps. There is no
    /// augmentation because digits and clothes must not be mirrored.
    fn default() -> Self {
        Self::SHORT
    }
}

#[cfg(test)]
mod tests;
