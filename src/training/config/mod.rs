//! How a network is trained.

mod augmentation;
mod optimizer;
mod presets;
mod schedule;

pub use augmentation::Augmentation;
pub use optimizer::OptimizerSettings;
pub use presets::{Preset, UnknownPreset};
pub use schedule::Schedule;

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
    /// L2 weight decay: this times a weight is added to its gradient.
    pub weight_decay: f64,
    /// Whether batch norm's parameters and biases decay too, not only the weights of convolutions
    /// and of the classifier. They don't by default.
    #[serde(default)]
    pub decay_all: bool,
    /// The largest L2 norm that all gradients together may have; longer ones are shortened to it.
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

    /// Checks every setting.
    ///
    /// # Errors
    /// [`InvalidTrainingConfig`] names the first one that can't be.
    pub fn validate(&self) -> Result<(), InvalidTrainingConfig> {
        let check = |setting, value: f64, allowed, holds: bool| {
            if holds {
                Ok(())
            } else {
                Err(InvalidTrainingConfig {
                    setting,
                    value,
                    allowed,
                })
            }
        };
        let positive = |value: f64| value.is_finite() && value > 0.0;
        let not_negative = |value: f64| value.is_finite() && value >= 0.0;
        check(
            "number of epochs",
            self.epochs as f64,
            "at least 1",
            self.epochs > 0,
        )?;
        // A batch of one image has no batch statistics where the image is down to one pixel.
        check(
            "batch size",
            self.batch_size as f64,
            "at least 2",
            self.batch_size >= 2,
        )?;
        check(
            "learning rate",
            self.learning_rate,
            "above 0",
            positive(self.learning_rate),
        )?;
        check(
            "number of warm-up epochs",
            self.warm_up_epochs,
            "at least 0 and below the number of epochs",
            not_negative(self.warm_up_epochs) && self.warm_up_epochs < self.epochs as f64,
        )?;
        check(
            "weight decay",
            self.weight_decay,
            "at least 0",
            not_negative(self.weight_decay),
        )?;
        if let Some(norm) = self.gradient_clipping {
            check("gradient clipping", norm, "above 0", positive(norm))?;
        }
        check(
            "label smoothing",
            self.label_smoothing,
            "from 0 to below 1",
            (0.0..1.0).contains(&self.label_smoothing),
        )?;
        if let Some(decay) = self.moving_average {
            check(
                "decay of the moving average",
                decay,
                "above 0 and below 1",
                decay > 0.0 && decay < 1.0,
            )?;
        }
        self.schedule.validate()?;
        self.optimizer.validate()
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
        let steps = (self.epochs * steps_per_epoch) as f64;
        let share = self.schedule.share(
            (step - warm_up) / (steps - warm_up).max(1.0),
            step / steps_per_epoch as f64,
        );
        self.learning_rate * share
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

#[cfg(test)]
mod tests {
    use super::*;

    fn close(a: f64, b: f64) -> bool {
        (a - b).abs() < 1e-12
    }

    #[test]
    fn the_cosine_falls_from_the_rate_to_nothing() {
        let config = TrainingConfig::new(4, 32);
        assert!(close(config.learning_rate_at(0, 10), 0.1));
        assert!(close(config.learning_rate_at(20, 10), 0.05));
        assert!(config.learning_rate_at(39, 10) < 0.001);
    }

    #[test]
    fn the_warm_up_rises_linearly_and_the_schedule_follows_it() {
        let config = TrainingConfig {
            warm_up_epochs: 0.5,
            ..TrainingConfig::new(2, 32)
        };
        assert!(close(config.learning_rate_at(0, 8), 0.025));
        assert!(close(config.learning_rate_at(3, 8), 0.1));
        assert!(close(config.learning_rate_at(4, 8), 0.1));
        // Half of the twelve steps after the warm-up.
        assert!(close(config.learning_rate_at(10, 8), 0.05));
    }

    #[test]
    fn exponential_steps_fall_at_once_and_no_lower_than_allowed() {
        let config = TrainingConfig {
            schedule: Schedule::Exponential {
                factor: 0.5,
                every_epochs: 2.0,
                lowest: 0.2,
            },
            ..TrainingConfig::new(9, 32)
        };
        assert!(close(config.learning_rate_at(7, 4), 0.1));
        assert!(close(config.learning_rate_at(8, 4), 0.05));
        assert!(close(config.learning_rate_at(16, 4), 0.025));
        assert!(close(config.learning_rate_at(24, 4), 0.02));
    }

    #[test]
    fn a_constant_rate_stays() {
        let config = TrainingConfig {
            schedule: Schedule::Constant,
            ..TrainingConfig::new(3, 32)
        };
        assert!(close(config.learning_rate_at(29, 10), 0.1));
    }

    #[test]
    fn every_setting_that_cannot_be_is_named() {
        let base = || TrainingConfig::new(1, 2);
        let wrong = [
            (
                "epochs",
                TrainingConfig {
                    epochs: 0,
                    ..base()
                },
            ),
            (
                "batch",
                TrainingConfig {
                    batch_size: 1,
                    ..base()
                },
            ),
            (
                "learning rate",
                TrainingConfig {
                    learning_rate: f64::NAN,
                    ..base()
                },
            ),
            (
                "learning rate",
                TrainingConfig {
                    learning_rate: 0.0,
                    ..base()
                },
            ),
            (
                "warm-up",
                TrainingConfig {
                    warm_up_epochs: 1.0,
                    ..base()
                },
            ),
            (
                "warm-up",
                TrainingConfig {
                    warm_up_epochs: -1.0,
                    ..base()
                },
            ),
            (
                "weight decay",
                TrainingConfig {
                    weight_decay: -1.0,
                    ..base()
                },
            ),
            (
                "clipping",
                TrainingConfig {
                    gradient_clipping: Some(0.0),
                    ..base()
                },
            ),
            (
                "smoothing",
                TrainingConfig {
                    label_smoothing: 1.0,
                    ..base()
                },
            ),
            (
                "average",
                TrainingConfig {
                    moving_average: Some(1.0),
                    ..base()
                },
            ),
            (
                "average",
                TrainingConfig {
                    moving_average: Some(f64::NAN),
                    ..base()
                },
            ),
            (
                "momentum",
                TrainingConfig {
                    optimizer: OptimizerSettings::Sgd {
                        momentum: 1.0,
                        nesterov: false,
                    },
                    ..base()
                },
            ),
            (
                "Nesterov",
                TrainingConfig {
                    optimizer: OptimizerSettings::Sgd {
                        momentum: 0.0,
                        nesterov: true,
                    },
                    ..base()
                },
            ),
            (
                "epsilon",
                TrainingConfig {
                    optimizer: OptimizerSettings::RmsProp {
                        decay: 0.9,
                        momentum: 0.9,
                        epsilon: 0.0,
                    },
                    ..base()
                },
            ),
            (
                "factor",
                TrainingConfig {
                    schedule: Schedule::Exponential {
                        factor: 1.5,
                        every_epochs: 1.0,
                        lowest: 0.0,
                    },
                    ..base()
                },
            ),
        ];
        for (name, config) in wrong {
            let error = config.validate().unwrap_err().to_string();
            assert!(error.contains(name), "{name}: {error}");
        }
        for preset in [Preset::Search, Preset::Cifar, Preset::ImageNet] {
            preset.training().validate().unwrap();
        }
        base().validate().unwrap();
    }
}
