//! The paper's training settings.

use std::fmt;

use super::{Augmentation, OptimizerSettings, Schedule, TrainingConfig};
use crate::network::{AuxiliaryHead, BatchNormSettings, DropPath, ImageShape, NetworkConfig, Stem};

impl TrainingConfig {
    /// The paper's search phase: 25 epochs on the training images that remain when 5,000 are held
    /// out for validation (Real et al. 2018, section "Experimental Setup", with N = 3 and F = 24).
    ///
    /// The paper doesn't give the optimizer and learning rate of its search. These are those of
    /// [`TrainingConfig::cifar`], since the search follows the same baseline study.
    #[must_use]
    pub const fn search() -> Self {
        Self {
            epochs: 25,
            ..Self::cifar()
        }
    }

    /// The paper's CIFAR-10 training of the networks its search found:
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | epochs | 600 | paper |
    /// | batch | 128 | paper |
    /// | optimizer | SGD, momentum 0.9 | paper |
    /// | learning rate | 0.024, cosine | paper |
    /// | weight decay | 5e-4 | paper |
    /// | gradient norm | at most 5, with weight decay | NASNet's code, `slim/nets/nasnet` |
    /// | augmentation | 4 pixels of padding, flip | the baseline study (Zoph et al. 2018) |
    ///
    /// [`Preset::Cifar`] adds the network's settings: drop path and the auxiliary head.
    #[must_use]
    pub const fn cifar() -> Self {
        Self {
            learning_rate: 0.024,
            gradient_clipping: Some(5.0),
            clip_weight_decay: true,
            augmentation: Augmentation::CIFAR,
            epochs: 600,
            batch_size: 128,
            ..Self::SHORT
        }
    }

    /// The paper's ImageNet training:
    ///
    /// | setting | value | source |
    /// |---|---|---|
    /// | epochs | 100 | AmoebaNet's code, `imagenet_hparams`; the paper doesn't say |
    /// | batch | 32 | per replica in that code; the paper has 100 workers |
    /// | optimizer | RMSProp, decay 0.9, momentum 0.9, epsilon 0.1 | paper; momentum: that code |
    /// | learning rate | 0.001, x 0.97 every 2 epochs, down to 1e-4 of it | paper; lower bound: that code |
    /// | weight decay | 4e-5 | paper |
    /// | label smoothing | 0.1 | paper |
    /// | gradient norm | at most 10, with weight decay | that code |
    /// | warm-up | 3 epochs, step `n` of `w` at `n / w` of the rate, at least 1e-4 of it | that code |
    /// | moving average | 0.9999 | that code |
    /// | augmentation | flip | that code's random resized crops and color changes aren't implemented |
    ///
    /// [`Preset::ImageNet`] adds the network's settings: drop path, dropout, auxiliary head, batch
    /// norm.
    #[must_use]
    pub const fn imagenet() -> Self {
        Self {
            learning_rate: 0.001,
            schedule: Schedule::IMAGENET,
            optimizer: OptimizerSettings::RMS_PROP,
            weight_decay: 4e-5,
            gradient_clipping: Some(10.0),
            clip_weight_decay: true,
            warm_up_epochs: 3.0,
            warm_up_floor: Some(1e-4),
            label_smoothing: 0.1,
            moving_average: Some(0.9999),
            augmentation: Augmentation::NONE.flip(true),
            epochs: 100,
            batch_size: 32,
            ..Self::SHORT
        }
    }
}

/// One of the paper's trainings: the settings of the training together with those of the network.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

    /// The paper's training settings, meant for the paper's images.
    #[must_use]
    pub const fn training(self) -> TrainingConfig {
        match self {
            Self::Search => TrainingConfig::search(),
            Self::Cifar => TrainingConfig::cifar(),
            Self::ImageNet => TrainingConfig::imagenet(),
        }
    }

    /// The training settings for images of this shape: the paper's, with their augmentation
    /// [fitted](Augmentation::fitted_to) to the images.
    ///
    /// ```
    /// use evonas::network::ImageShape;
    /// use evonas::training::{Augmentation, Preset};
    ///
    /// let digits = ImageShape::gray(8, 8);
    /// let config = Preset::Cifar.training_for(digits);
    /// assert_eq!(config.augmentation, Augmentation::NONE.crop_padding(1));
    /// ```
    #[must_use]
    pub fn training_for(self, image: ImageShape) -> TrainingConfig {
        let mut config = self.training();
        config.augmentation = config.augmentation.fitted_to(image);
        config
    }

    /// A network configuration with the preset's regularization; size, stem and classes stay.
    ///
    /// | | search | CIFAR | ImageNet |
    /// |---|---|---|---|
    /// | drop path, lowest keep probability | off | 0.7, by time and layer | 0.7, by time and layer |
    /// | auxiliary head, loss weight | none | 0.5 | 0.4 |
    /// | auxiliary head, channels | | x 1 (NASNet's code) | x 0.4 (AmoebaNet's code) |
    /// | dropout before the classifier | 0 | 0 | 0.5 |
    /// | batch norm | CIFAR | CIFAR | ImageNet |
    /// | running variance | of the batch | unbiased | unbiased |
    ///
    /// The weights, keep probabilities and the dropout are the paper's, batch norm is the released
    /// codes' (whose running variance is `n / (n - 1)` times the batch's: they were run beside this crate). Whether a search regularizes is not published; 25 epochs leave little to overfit.
    ///
    /// Images that are too small for the auxiliary head, which pools 5x5 pixels after the second
    /// stack, train without one: 8x8 digits with the CIFAR stem, for example.
    #[must_use]
    pub fn network(self, config: NetworkConfig) -> NetworkConfig {
        let (channel_scale, loss_weight, config) = match self {
            Self::Search => return config,
            Self::Cifar => {
                let batch_norm = config.batch_norm.unbiased_variance(true);
                let config = config.batch_norm(batch_norm);
                (1.0, 0.5, config.drop_path(DropPath::scheduled(0.7)))
            }
            Self::ImageNet => (
                0.4,
                0.4,
                config
                    .drop_path(DropPath::scheduled(0.7))
                    .dropout(0.5)
                    .batch_norm(BatchNormSettings::IMAGENET.unbiased_variance(true)),
            ),
        };
        match takes_auxiliary_head(&config) {
            true => config.auxiliary(AuxiliaryHead {
                channel_scale,
                loss_weight,
            }),
            false => config,
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

/// Whether the hidden states of the second stack are at least 5x5, as the auxiliary head needs.
fn takes_auxiliary_head(config: &NetworkConfig) -> bool {
    let ImageShape { height, width, .. } = config.image;
    [height, width].into_iter().all(|side| {
        let side = match config.stem {
            Stem::Cifar => side,
            // A 3x3 convolution of stride 2 without padding, and two reduction cells.
            _ => (side.saturating_sub(1) / 2).div_ceil(4),
        };
        side.div_ceil(2) >= 5
    })
}

impl fmt::Display for Preset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::NetworkPlan;
    use crate::spaces::nasnet::published;

    #[test]
    fn presets_have_the_names_of_their_functions() {
        let names = Preset::ALL.map(|preset| preset.to_string());
        assert_eq!(names, ["search", "cifar", "imagenet"]);
    }

    #[test]
    fn a_preset_keeps_the_networks_size() {
        let config = NetworkConfig::cifar().cells_per_stack(6).filters(36);
        let trained = Preset::Cifar.network(config.clone());
        assert_eq!(trained.filters, 36);
        assert_eq!(trained.auxiliary.map(|head| head.loss_weight), Some(0.5));
        assert_eq!(Preset::Search.network(config.clone()), config);
    }

    #[test]
    fn a_preset_has_an_auxiliary_head_exactly_where_one_fits() {
        let stems = [Stem::Cifar, Stem::ImageNet { filters: 32 }];
        for (stem, smallest) in stems.into_iter().zip([9, 67]) {
            for side in [smallest - 1, smallest] {
                let image = ImageShape::rgb(side, side + 3);
                let config = NetworkConfig::cifar()
                    .cells_per_stack(1)
                    .filters(32)
                    .image(image)
                    .stem(stem);
                let fitted = Preset::Cifar.network(config.clone());
                assert_eq!(fitted.auxiliary.is_some(), side == smallest);
                let forced = config.auxiliary(AuxiliaryHead::new(1.0));
                let plan = NetworkPlan::new(&published::amoebanet_a(), &forced);
                assert_eq!(plan.is_ok(), side == smallest, "{side}");
            }
        }
    }

    #[test]
    fn the_papers_images_keep_the_papers_settings() {
        let image = |size| ImageShape::rgb(size, size);
        for preset in Preset::ALL {
            assert_eq!(preset.training_for(image(32)), preset.training());
            assert_eq!(preset.training_for(image(224)), preset.training());
        }
    }
}
