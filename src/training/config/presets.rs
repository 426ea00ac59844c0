//! The paper's trainings.

use std::fmt;
use std::str::FromStr;

use super::{Augmentation, OptimizerSettings, Schedule, TrainingConfig};
use crate::network::{AuxiliaryHead, BatchNormSettings, DropPath, NetworkConfig};

impl TrainingConfig {
    /// The paper's search phase: 25 epochs on the training images that are left when 5,000 are held
    /// out for validation (Real et al. 2018, section "Experimental Setup", with N = 3 and F = 24).
    ///
    /// Its optimizer and learning rate are not published; these are those of
    /// [`TrainingConfig::cifar`], since the paper's search follows the same baseline study.
    #[must_use]
    pub const fn search() -> Self {
        Self {
            epochs: 25,
            ..Self::cifar()
        }
    }

    /// The paper's CIFAR-10 training of the networks that were found:
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | epochs | 600 | paper |
    /// | batch | 128 | paper |
    /// | optimizer | SGD, momentum 0.9 | paper |
    /// | learning rate | 0.024, cosine | paper |
    /// | weight decay | 5e-4 | paper |
    /// | gradient norm | at most 5 | NASNet's code, `slim/nets/nasnet` |
    /// | augmentation | 4 pixels of padding, flip | the baseline study (Zoph et al. 2018) |
    ///
    /// [`Preset::Cifar`] has the network's part: drop path and the auxiliary head.
    #[must_use]
    pub const fn cifar() -> Self {
        Self {
            learning_rate: 0.024,
            gradient_clipping: Some(5.0),
            augmentation: Augmentation::CIFAR,
            ..Self::new(600, 128)
        }
    }

    /// The paper's ImageNet training:
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | epochs | 100 | AmoebaNet's code, `imagenet_hparams`; the paper doesn't say |
    /// | batch | 32 | a replica's, in that code; the paper has 100 workers |
    /// | optimizer | RMSProp, decay 0.9, momentum 0.9, epsilon 0.1 | paper; momentum: that code |
    /// | learning rate | 0.001, x 0.97 every 2 epochs, no lower than 1e-4 of it | paper; lowest: that code |
    /// | weight decay | 4e-5 | paper |
    /// | label smoothing | 0.1 | paper |
    /// | gradient norm | at most 10 | that code |
    /// | moving average | 0.9999 | that code |
    /// | augmentation | flip | random crops of other sizes and colours, as there, are not offered |
    ///
    /// [`Preset::ImageNet`] has the network's part: drop path, dropout, auxiliary head, batch norm.
    #[must_use]
    pub const fn imagenet() -> Self {
        Self {
            learning_rate: 0.001,
            schedule: Schedule::Exponential {
                factor: 0.97,
                every_epochs: 2.0,
                lowest: 1e-4,
            },
            optimizer: OptimizerSettings::RmsProp {
                decay: 0.9,
                momentum: 0.9,
                epsilon: 0.1,
            },
            weight_decay: 4e-5,
            gradient_clipping: Some(10.0),
            label_smoothing: 0.1,
            moving_average: Some(0.9999),
            augmentation: Augmentation {
                flip: true,
                ..Augmentation::NONE
            },
            ..Self::new(100, 32)
        }
    }
}

/// A training of the paper by its name: settings of the training and of the network together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preset {
    /// `search`: many short trainings; see [`TrainingConfig::search`].
    Search,
    /// `cifar`: one long training on small images; see [`TrainingConfig::cifar`].
    Cifar,
    /// `imagenet`: one long training on large images; see [`TrainingConfig::imagenet`].
    ImageNet,
}

impl Preset {
    /// All presets.
    pub const ALL: [Self; 3] = [Self::Search, Self::Cifar, Self::ImageNet];

    /// The settings of the training.
    #[must_use]
    pub const fn training(self) -> TrainingConfig {
        match self {
            Self::Search => TrainingConfig::search(),
            Self::Cifar => TrainingConfig::cifar(),
            Self::ImageNet => TrainingConfig::imagenet(),
        }
    }

    /// A network's configuration with the preset's regularisation; size, stem and classes stay.
    ///
    /// | | search | CIFAR | ImageNet |
    /// |---|---|---|---|
    /// | drop path, lowest keep probability | off | 0.7, by time and layer | 0.7, by time and layer |
    /// | auxiliary head, loss weight | none | 0.5 | 0.4 |
    /// | auxiliary head, channels | | x 1 (NASNet's code) | x 0.4 (AmoebaNet's code) |
    /// | dropout before the classifier | 0 | 0 | 0.5 |
    /// | batch norm | CIFAR | CIFAR | ImageNet |
    ///
    /// The weights, keep probabilities and the dropout are the paper's, batch norm is the released
    /// codes'. Whether a search regularises is not published; 25 epochs leave little to overfit.
    ///
    /// An image that is too small for the auxiliary head (it pools 5x5 at a quarter of a CIFAR
    /// image's size) is an error of the network's plan.
    #[must_use]
    pub fn network(self, config: NetworkConfig) -> NetworkConfig {
        let head = |channel_scale, loss_weight| AuxiliaryHead {
            channel_scale,
            loss_weight,
        };
        match self {
            Self::Search => config,
            Self::Cifar => config
                .drop_path(DropPath::scheduled(0.7))
                .auxiliary(head(1.0, 0.5)),
            Self::ImageNet => config
                .drop_path(DropPath::scheduled(0.7))
                .auxiliary(head(0.4, 0.4))
                .dropout(0.5)
                .batch_norm(BatchNormSettings::IMAGENET),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Search => "search",
            Self::Cifar => "cifar",
            Self::ImageNet => "imagenet",
        }
    }
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// No preset has this name.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a preset; choose search, cifar or imagenet")]
pub struct UnknownPreset(String);

impl FromStr for Preset {
    type Err = UnknownPreset;

    fn from_str(name: &str) -> Result<Self, UnknownPreset> {
        Self::ALL
            .into_iter()
            .find(|preset| preset.name() == name)
            .ok_or_else(|| UnknownPreset(name.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn presets_parse_back() {
        for preset in Preset::ALL {
            assert_eq!(preset.to_string().parse(), Ok(preset));
        }
        let error = "cifar10".parse::<Preset>().unwrap_err();
        assert!(error.to_string().contains("search, cifar or imagenet"));
    }

    #[test]
    fn a_preset_keeps_the_networks_size() {
        let config = NetworkConfig::cifar().cells_per_stack(6).filters(36);
        let trained = Preset::Cifar.network(config.clone());
        assert_eq!(trained.filters, 36);
        assert_eq!(trained.auxiliary.map(|head| head.loss_weight), Some(0.5));
        assert_eq!(Preset::Search.network(config.clone()), config);
    }
}
