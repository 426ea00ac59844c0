//! Settings on the command line, each in the place of the preset's.

use clap::{Args, ValueEnum};
use evonas::network::{AuxiliaryHead, DropPath, NetworkConfig, Precision, Stem};
use evonas::training::images::LabeledImages;
use evonas::training::{OptimizerSettings, Preset, Schedule, TrainingConfig};

#[derive(Args)]
#[command(next_help_heading = "Network")]
pub struct NetworkSettings {
    /// Normal cells per stack N
    #[arg(long, default_value_t = 6)]
    cells: usize,
    /// Filters F of the first stack
    #[arg(long, default_value_t = 36)]
    filters: usize,
    /// The stem's convolution has so many filters, stride 2, and two reduction cells behind it (the
    /// ImageNet stem); the CIFAR stem if not given
    #[arg(long, value_name = "FILTERS")]
    imagenet_stem: Option<usize>,
    /// Drop path's lowest keep probability; 1 turns it off
    #[arg(long)]
    keep_path: Option<f64>,
    /// The share of features that is dropped before the classifier
    #[arg(long, value_name = "SHARE")]
    dropout: Option<f64>,
    /// The weight of the auxiliary head's loss; 0 leaves the head out
    #[arg(long)]
    auxiliary: Option<f64>,
    /// Compute convolutions in bfloat16
    #[arg(long)]
    bf16: bool,
}

impl NetworkSettings {
    pub fn config(&self, preset: Preset, images: &LabeledImages) -> NetworkConfig {
        let config = NetworkConfig::new(images.shape(), images.classes())
            .cells_per_stack(self.cells)
            .filters(self.filters);
        let mut config = preset.network(config);
        if let Some(filters) = self.imagenet_stem {
            config.stem = Stem::ImageNet { filters };
        }
        if let Some(keep) = self.keep_path {
            config.drop_path = DropPath::scheduled(keep);
        }
        if let Some(share) = self.dropout {
            config.dropout = share;
        }
        if let Some(weight) = self.auxiliary {
            let head = config.auxiliary.unwrap_or(AuxiliaryHead::new(1.0));
            config.auxiliary = (weight != 0.0).then_some(AuxiliaryHead {
                loss_weight: weight,
                ..head
            });
        }
        if self.bf16 {
            config.precision = Precision::BFloat16;
        }
        config
    }
}

#[derive(Clone, Copy, ValueEnum)]
enum OptimizerName {
    /// Stochastic gradient descent with momentum
    Sgd,
    /// The same with Nesterov's steps
    Nesterov,
    /// TensorFlow's RMSProp with the paper's ImageNet settings
    Rmsprop,
}

#[derive(Clone, Copy, ValueEnum)]
enum ScheduleName {
    Constant,
    Cosine,
    /// By a factor every so many epochs
    Exponential,
}

#[derive(Args)]
#[command(next_help_heading = "Training")]
pub struct TrainingSettings {
    /// Passes over the training images
    #[arg(long)]
    epochs: Option<usize>,
    /// Images in a step
    #[arg(long)]
    batch: Option<usize>,
    /// What follows the gradient
    #[arg(long, value_enum)]
    optimizer: Option<OptimizerName>,
    /// The optimizer's momentum
    #[arg(long)]
    momentum: Option<f64>,
    /// The learning rate that the schedule starts with
    #[arg(long)]
    learning_rate: Option<f64>,
    /// How the learning rate falls
    #[arg(long, value_enum)]
    schedule: Option<ScheduleName>,
    /// The factor of the exponential schedule; 0.97 if the preset has none
    #[arg(long, value_name = "FACTOR")]
    decay_factor: Option<f64>,
    /// Epochs between two falls of the exponential schedule; 2 if the preset has none
    #[arg(long, value_name = "EPOCHS")]
    decay_epochs: Option<f64>,
    /// Epochs in which the learning rate rises to its start
    #[arg(long, value_name = "EPOCHS")]
    warm_up: Option<f64>,
    /// L2 weight decay
    #[arg(long)]
    weight_decay: Option<f64>,
    /// Whether batch norm's parameters and biases decay too
    #[arg(long, value_name = "true|false")]
    decay_all: Option<bool>,
    /// The largest norm of the gradient; 0 for any
    #[arg(long, value_name = "NORM")]
    clip: Option<f64>,
    /// The share of a label that is spread over all classes
    #[arg(long, value_name = "SHARE")]
    label_smoothing: Option<f64>,
    /// Pixels by which training images are moved at random
    #[arg(long, value_name = "PIXELS")]
    crop_padding: Option<usize>,
    /// Mirror half of the training images
    #[arg(long, value_name = "true|false")]
    flip: Option<bool>,
    /// The side of a square that is cut out of each training image
    #[arg(long, value_name = "PIXELS")]
    cutout: Option<usize>,
    /// The decay of the weights' moving average, which is evaluated in their place; 0 for none
    #[arg(long, value_name = "DECAY")]
    average: Option<f64>,
}

impl TrainingSettings {
    /// An error if an option would do nothing.
    pub fn config(&self, preset: Preset) -> Result<TrainingConfig, String> {
        let preset = preset.training();
        let augmentation = preset.augmentation;
        // What 0 turns off, and what the preset may not have.
        let off = |given: Option<f64>, preset: Option<f64>| match given {
            Some(0.0) => None,
            Some(value) => Some(value),
            None => preset,
        };
        let augmentation = augmentation
            .crop_padding(self.crop_padding.unwrap_or(augmentation.crop_padding))
            .flip(self.flip.unwrap_or(augmentation.flip))
            .cutout(self.cutout.unwrap_or(augmentation.cutout));
        Ok(TrainingConfig::default()
            .epochs(self.epochs.unwrap_or(preset.epochs))
            .batch_size(self.batch.unwrap_or(preset.batch_size))
            .learning_rate(self.learning_rate.unwrap_or(preset.learning_rate))
            .schedule(self.schedule(preset.schedule)?)
            .warm_up_epochs(self.warm_up.unwrap_or(preset.warm_up_epochs))
            .optimizer(self.optimizer(preset.optimizer))
            .weight_decay(self.weight_decay.unwrap_or(preset.weight_decay))
            .decay_all(self.decay_all.unwrap_or(preset.decay_all))
            .gradient_clipping(off(self.clip, preset.gradient_clipping))
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
                let error = "--decay-factor and --decay-epochs go with --schedule exponential";
                return Err(error.to_owned());
            }
            _ => {}
        }
        Ok(schedule)
    }
}
