//! The settings of a network: everything but the genotype.

use serde::{Deserialize, Serialize};

use super::drop_path::DropPath;
use super::precision::Precision;

/// The channels, height and width of an image or of a hidden state.
///
/// [`gray`](Self::gray) and [`rgb`](Self::rgb) cover most images; others are written as a literal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// Channels: 1 for grayscale, 3 for color.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
}

impl ImageShape {
    /// A grayscale image, of one channel.
    #[must_use]
    pub const fn gray(height: usize, width: usize) -> Self {
        Self {
            channels: 1,
            height,
            width,
        }
    }

    /// A color image, of three channels.
    #[must_use]
    pub const fn rgb(height: usize, width: usize) -> Self {
        Self {
            channels: 3,
            height,
            width,
        }
    }
}

/// The layers before the first cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Stem {
    /// A 3x3 convolution to `3F` channels and batch norm. Keeps height and width.
    #[default]
    Cifar,
    /// A 3x3 convolution without padding and with stride 2, batch norm, and two reduction cells of
    /// `F / 4` and `F / 2` filters (rounded down). Leaves an eighth of the height and width.
    ImageNet {
        /// Channels of the convolution: 32 in AmoebaNet and NASNet-A mobile, 96 in NASNet-A large.
        filters: usize,
    },
}

impl Stem {
    /// The name in files and reports.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Cifar => "cifar",
            Self::ImageNet { .. } => "imagenet",
        }
    }
}

/// Batch norm's settings.
///
/// ```
/// use evonas::network::BatchNormSettings;
/// use evonas::prelude::*;
///
/// let slow = BatchNormSettings { momentum: 0.01, ..BatchNormSettings::CIFAR };
/// let config = NetworkConfig::cifar().batch_norm(slow);
/// assert_eq!(config.batch_norm.momentum, 0.01);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNormSettings {
    /// Added to the variance before its square root is taken.
    pub epsilon: f64,
    /// The weight of each new batch in the running statistics: 1 minus TensorFlow's decay.
    pub momentum: f64,
    /// Whether a batch's variance is divided by one less than the number of values before it is added to the running
    /// one, as TensorFlow's fused batch norm and PyTorch do. Off by default. The released programs of NASNet and
    /// AmoebaNet run with it, and so do the CIFAR and ImageNet presets.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unbiased_variance: bool,
}

impl BatchNormSettings {
    /// Decay 0.9, epsilon 1e-5 (`slim/nets/nasnet`, `cifar_config`).
    pub const CIFAR: Self = Self {
        epsilon: 1e-5,
        momentum: 0.1,
        unbiased_variance: false,
    };
    /// Decay 0.9997, epsilon 1e-3 (`slim/nets/nasnet` and `amoeba_net`, ImageNet settings).
    pub const IMAGENET: Self = Self {
        epsilon: 1e-3,
        momentum: 0.0003,
        unbiased_variance: false,
    };

    /// Sets whether the running variance averages unbiased estimates.
    #[must_use]
    pub const fn unbiased_variance(mut self, unbiased: bool) -> Self {
        self.unbiased_variance = unbiased;
        self
    }
}

impl Default for BatchNormSettings {
    fn default() -> Self {
        Self::CIFAR
    }
}

/// A second classifier, used in training only, that reads the last normal cell of the second stack.
///
/// Its layers are ReLU, 5x5 average pooling with stride 3, a 1x1 convolution to 128 channels, a
/// convolution over the whole remaining image to 768 channels (both followed by batch norm and
/// ReLU), and the classifier.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct AuxiliaryHead {
    /// Scales the 128 and 768 channels, rounded down: 1 in NASNet's code, 0.4 in AmoebaNet's
    /// (`aux_scaling`: 51 and 307 channels).
    pub channel_scale: f64,
    /// The weight of its loss: 0.4 in both codes and in the paper's ImageNet training, 0.5 in its
    /// CIFAR training.
    pub loss_weight: f64,
}

impl AuxiliaryHead {
    /// A head of this width whose loss has the weight 0.4.
    #[must_use]
    pub const fn new(channel_scale: f64) -> Self {
        Self {
            channel_scale,
            loss_weight: 0.4,
        }
    }

    /// The output channels of its two convolutions.
    #[must_use]
    pub fn channels(&self) -> [usize; 2] {
        [128.0, 768.0].map(|channels: f64| (channels * self.channel_scale) as usize)
    }
}

/// Which fan scales a layer's initial weights. They are drawn from a normal distribution truncated at
/// two standard deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// The number of outputs that an input feeds: variance `2 / fan_out` after the truncation, the
    /// rule of the released code.
    #[default]
    Out,
    /// The number of inputs that feed an output: variance `1 / fan_in` before the truncation.
    In,
}

/// How a genotype's cells are assembled into a network: three stacks of `N` normal cells with a
/// reduction cell between stacks, `F` filters in the first stack and twice as many after each
/// reduction.
///
/// Start from [`new`](Self::new), [`cifar`](Self::cifar) or [`imagenet`](Self::imagenet) and change
/// settings by name. [`validate`](Self::validate), which building a network calls, checks the result.
///
/// ```
/// use evonas::network::{AuxiliaryHead, Cost, NetworkConfig, NetworkPlan};
/// use evonas::spaces::nasnet::published;
///
/// let config = NetworkConfig::cifar()
///     .cells_per_stack(6)
///     .filters(36)
///     .auxiliary(AuxiliaryHead::new(1.0));
/// let plan = NetworkPlan::new(&published::amoebanet_a(), &config)?;
/// assert_eq!(Cost::of(&plan).parameters, 4_837_476);
/// assert_eq!(Cost::without_auxiliary(&plan).parameters, 3_218_266);
/// # Ok::<(), evonas::network::NetworkError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct NetworkConfig {
    /// Normal cells per stack, `N`.
    pub cells_per_stack: usize,
    /// Filters of the first stack, `F`.
    pub filters: usize,
    /// Classes to tell apart.
    pub classes: usize,
    /// The shape of the images.
    pub image: ImageShape,
    /// The layers before the first cell.
    #[serde(default)]
    pub stem: Stem,
    /// Whether the normal cell after a reduction cell reads, as state 1, the reduction cell's own
    /// input rather than the output of the cell before the reduction (`skip_reduction_layer_input`
    /// in the released code; true for NASNet-A large only).
    #[serde(default)]
    pub skip_reduction_input: bool,
    /// The auxiliary head, if there is one.
    #[serde(default)]
    pub auxiliary: Option<AuxiliaryHead>,
    /// Drop path; off by default.
    #[serde(default)]
    pub drop_path: DropPath,
    /// The share of features set to 0 before the classifier in training: 0 by default, 0.5 in the
    /// paper's ImageNet training.
    #[serde(default)]
    pub dropout: f64,
    /// Batch norm's settings.
    #[serde(default)]
    pub batch_norm: BatchNormSettings,
    /// How the classifier's initial weights are scaled. Convolutions follow the released code's
    /// [`Fan::Out`].
    #[serde(default)]
    pub classifier_fan: Fan,
    /// The precision in which it computes.
    #[serde(default)]
    pub precision: Precision,
}

impl NetworkConfig {
    /// A classifier of such images into this many classes: the paper's search network (`N = 3`,
    /// `F = 24`) with the CIFAR stem and batch norm settings, without auxiliary head, drop path and
    /// dropout.
    #[must_use]
    pub const fn new(image: ImageShape, classes: usize) -> Self {
        Self {
            cells_per_stack: 3,
            filters: 24,
            classes,
            image,
            stem: Stem::Cifar,
            skip_reduction_input: false,
            auxiliary: None,
            drop_path: DropPath::OFF,
            dropout: 0.0,
            batch_norm: BatchNormSettings::CIFAR,
            classifier_fan: Fan::Out,
            precision: Precision::Float32,
        }
    }

    /// [`new`](Self::new) for CIFAR-10: color images of 32x32 pixels, ten classes.
    #[must_use]
    pub const fn cifar() -> Self {
        Self::new(ImageShape::rgb(32, 32), 10)
    }

    /// [`new`](Self::new) for ImageNet: color images of `side` by `side` pixels (331 for the paper's
    /// large networks, 224 for the mobile ones), 1000 classes, the ImageNet stem with 32 filters and
    /// ImageNet's batch norm settings.
    #[must_use]
    pub const fn imagenet(side: usize) -> Self {
        Self::new(ImageShape::rgb(side, side), 1000)
            .stem(Stem::ImageNet { filters: 32 })
            .batch_norm(BatchNormSettings::IMAGENET)
    }

    /// Sets the number of normal cells per stack, `N` (default 3).
    #[must_use]
    pub const fn cells_per_stack(mut self, cells: usize) -> Self {
        self.cells_per_stack = cells;
        self
    }

    /// Sets the filters of the first stack, `F` (default 24).
    #[must_use]
    pub const fn filters(mut self, filters: usize) -> Self {
        self.filters = filters;
        self
    }

    /// Sets the shape of the images.
    #[must_use]
    pub const fn image(mut self, image: ImageShape) -> Self {
        self.image = image;
        self
    }

    /// Sets the number of classes.
    #[must_use]
    pub const fn classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }

    /// Sets the layers before the first cell.
    #[must_use]
    pub const fn stem(mut self, stem: Stem) -> Self {
        self.stem = stem;
        self
    }

    /// Sets whether the normal cell after a reduction cell reads the reduction cell's input; see the
    /// field.
    #[must_use]
    pub const fn skip_reduction_input(mut self, skip: bool) -> Self {
        self.skip_reduction_input = skip;
        self
    }

    /// Adds an auxiliary head.
    #[must_use]
    pub const fn auxiliary(mut self, auxiliary: AuxiliaryHead) -> Self {
        self.auxiliary = Some(auxiliary);
        self
    }

    /// Sets drop path (default off).
    #[must_use]
    pub const fn drop_path(mut self, drop_path: DropPath) -> Self {
        self.drop_path = drop_path;
        self
    }

    /// Sets the share of the classifier's features dropped in training (default 0).
    #[must_use]
    pub const fn dropout(mut self, share: f64) -> Self {
        self.dropout = share;
        self
    }

    /// Sets batch norm's settings.
    #[must_use]
    pub const fn batch_norm(mut self, batch_norm: BatchNormSettings) -> Self {
        self.batch_norm = batch_norm;
        self
    }

    /// Sets how the classifier's initial weights are scaled (default [`Fan::Out`]).
    #[must_use]
    pub const fn classifier_fan(mut self, fan: Fan) -> Self {
        self.classifier_fan = fan;
        self
    }

    /// Sets the precision in which it computes (default single precision).
    #[must_use]
    pub const fn precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// The number of cells in the stem.
    #[must_use]
    pub const fn stem_cells(&self) -> usize {
        match self.stem {
            Stem::Cifar => 0,
            Stem::ImageNet { .. } => 2,
        }
    }

    /// The number of cells in the network, including the stem's and the reduction cells.
    #[must_use]
    pub const fn total_cells(&self) -> usize {
        self.stem_cells() + 3 * self.cells_per_stack + 2
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stems_have_the_names_that_files_have() {
        let json = |stem: Stem| serde_json::to_value(stem).unwrap();
        assert_eq!(json(Stem::Cifar), Stem::Cifar.name());
        let stem = Stem::ImageNet { filters: 32 };
        assert_eq!(json(stem)[stem.name()]["filters"], 32);
    }
}
