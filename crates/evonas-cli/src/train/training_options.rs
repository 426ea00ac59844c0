//! Options of a training, each of which replaces one setting of a preset or a recipe.

use clap::{Args, ValueEnum};
use evonas::training::{OptimizerSettings, Schedule, TrainingConfig};

use crate::ranges::{batch, count, within};

#[derive(Clone, Copy, Debug, ValueEnum)]
enum OptimizerName {
    /// Stochastic gradient descent with momentum
    Sgd,
    /// The same with Nesterov momentum
    Nesterov,
    /// TensorFlow's RMSProp with the paper's ImageNet settings
    Rmsprop,
    /// Adam with its paper's settings; --momentum is its first beta
    Adam,
    /// AdamW: Adam whose weight decay isn't part of the gradient
    Adamw,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum ScheduleName {
    /// The rate never changes
    Constant,
    /// It falls to 0 along a cosine
    Cosine,
    /// It is multiplied by --decay-factor every --decay-epochs epochs
    Exponential,
}

/// Without an option, the setting is that of --from or --preset.
#[derive(Args, Debug)]
#[command(next_help_heading = "Training (default of each: the setting of --from or --preset)")]
pub(super) struct TrainingOptions {
    /// Passes over the training images
    #[arg(long, value_parser = count)]
    epochs: Option<usize>,
    /// Images in a step, from 2 to 65536
    #[arg(long, value_name = "IMAGES", value_parser = batch)]
    batch: Option<usize>,
    /// The rule that turns gradients into steps
    #[arg(long, value_enum)]
    optimizer: Option<OptimizerName>,
    /// The optimizer's momentum, from 0 to below 1
    #[arg(long)]
    momentum: Option<f64>,
    /// The learning rate that the schedule starts with
    #[arg(long, value_name = "RATE")]
    learning_rate: Option<f64>,
    /// How the learning rate falls
    #[arg(long, value_enum)]
    schedule: Option<ScheduleName>,
    /// The factor of the exponential schedule [without one in the preset: 0.97]
    #[arg(long, value_name = "FACTOR")]
    decay_factor: Option<f64>,
    /// Epochs between two steps of the exponential schedule [without one in the preset: 2]
    #[arg(long, value_name = "EPOCHS")]
    decay_epochs: Option<f64>,
    /// Epochs in which the learning rate rises to its start
    #[arg(long, value_name = "EPOCHS")]
    warm_up: Option<f64>,
    /// L2 weight decay, as a factor of the weights
    #[arg(long, value_name = "FACTOR")]
    weight_decay: Option<f64>,
    /// Whether weight decay includes batch norm's parameters and biases
    #[arg(long, value_name = "true|false")]
    decay_all: Option<bool>,
    /// The largest L2 norm of the gradient; 0 for any
    #[arg(long, value_name = "NORM")]
    clip: Option<f64>,
    /// The share of a label that is spread over all classes, from 0 to 1
    #[arg(long, value_name = "SHARE")]
    label_smoothing: Option<f64>,
    /// Pixels by which training images are shifted at random; the preset's 4 shrink to an eighth of small
    /// images
    #[arg(long, value_name = "PIXELS", value_parser = within(0..=65_536))]
    crop_padding: Option<usize>,
    /// Mirror half of the training images; the presets mirror color images only
    #[arg(long, value_name = "true|false")]
    flip: Option<bool>,
    /// The side in pixels of a square that is cut out of each training image; 0 for none
    #[arg(long, value_name = "PIXELS", value_parser = within(0..=65_536))]
    cutout: Option<usize>,
    /// The decay of the weights' moving average, which is then evaluated and kept; 0 for none
    #[arg(long, value_name = "DECAY")]
    average: Option<f64>,
}

impl TrainingOptions {
    /// The settings of `preset` with the options applied.
    ///
    /// # Errors
    /// An option would have no effect.
    pub(super) fn config(&self, preset: TrainingConfig) -> Result<TrainingConfig, String> {
        let augmentation = preset.augmentation;
        // 0 turns these off; the preset may not have them.
        let off = |given: Option<f64>, preset: Option<f64>| match given {
            Some(0.0) => None,
            Some(value) => Some(value),
            None => preset,
        };
        let augmentation = augmentation
            .crop_padding(self.crop_padding.unwrap_or(augmentation.crop_padding))
            .flip(self.flip.unwrap_or(augmentation.flip))
            .cutout(self.cutout.unwrap_or(augmentation.cutout));
        let optimizer = self.optimizer(preset.optimizer);
        // AdamW's weight decay isn't part of the gradient, so it can't be clipped with it.
        let decoupled = matches!(optimizer, OptimizerSettings::AdamW { .. });
        let clips_decay = preset.clip_weight_decay && !decoupled;
        Ok(preset
            .clone()
            .epochs(self.epochs.unwrap_or(preset.epochs))
            .batch_size(self.batch.unwrap_or(preset.batch_size))
            .learning_rate(self.learning_rate.unwrap_or(preset.learning_rate))
            .schedule(self.schedule(preset.schedule)?)
            .warm_up_epochs(self.warm_up.unwrap_or(preset.warm_up_epochs))
            .optimizer(optimizer)
            .weight_decay(self.weight_decay.unwrap_or(preset.weight_decay))
            .decay_all(self.decay_all.unwrap_or(preset.decay_all))
            .gradient_clipping(off(self.clip, preset.gradient_clipping))
            .clip_weight_decay(clips_decay)
            .label_smoothing(self.label_smoothing.unwrap_or(preset.label_smoothing))
            .moving_average(off(self.average, preset.moving_average))
            .augmentation(augmentation))
    }

    fn optimizer(&self, preset: OptimizerSettings) -> OptimizerSettings {
        let settings = match self.optimizer {
            None => preset,
            Some(OptimizerName::Sgd) => OptimizerSettings::SGD,
            Some(OptimizerName::Nesterov) => OptimizerSettings::NESTEROV,
            Some(OptimizerName::Rmsprop) => OptimizerSettings::RMS_PROP,
            Some(OptimizerName::Adam) => OptimizerSettings::ADAM,
            Some(OptimizerName::Adamw) => OptimizerSettings::ADAM_W,
        };
        match self.momentum {
            Some(momentum) => settings.momentum(momentum),
            None => settings,
        }
    }

    fn schedule(&self, preset: Schedule) -> Result<Schedule, String> {
        let mut schedule = match self.schedule {
            None => preset,
            Some(ScheduleName::Constant) => Schedule::Constant,
            Some(ScheduleName::Cosine) => Schedule::Cosine,
            Some(ScheduleName::Exponential) => match preset {
                Schedule::Exponential { .. } => preset,
                _ => Schedule::IMAGENET,
            },
        };
        match &mut schedule {
            Schedule::Exponential {
                factor,
                every_epochs,
                ..
            } => {
                *factor = self.decay_factor.unwrap_or(*factor);
                *every_epochs = self.decay_epochs.unwrap_or(*every_epochs);
            }
            _ if self.decay_factor.is_some() || self.decay_epochs.is_some() => {
                let error = "--decay-factor and --decay-epochs need --schedule exponential";
                return Err(error.to_owned());
            }
            _ => {}
        }
        Ok(schedule)
    }
}
