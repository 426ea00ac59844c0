//! What a network is built for.

use serde::{Deserialize, Serialize};

use super::{DropPath, Precision};

/// Channels, height and width of an image or of a hidden state.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageShape {
    /// Channels: 1 for grey, 3 for colour.
    pub channels: usize,
    /// Height in pixels.
    pub height: usize,
    /// Width in pixels.
    pub width: usize,
}

impl ImageShape {
    /// An image shape.
    #[must_use]
    pub const fn new(channels: usize, height: usize, width: usize) -> Self {
        Self {
            channels,
            height,
            width,
        }
    }
}

/// What comes before the first cell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Stem {
    /// A 3x3 convolution to `3F` channels and batch norm: keeps the size.
    #[default]
    Cifar,
    /// A 3x3 convolution without padding and with stride 2, batch norm, and two reduction cells of
    /// `F / 4` and `F / 2` filters (rounded down): an eighth of the size.
    ImageNet {
        /// Channels of the convolution: 32 in AmoebaNet and NASNet-A mobile, 96 in NASNet-A large.
        filters: usize,
    },
}

/// Batch norm's settings.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BatchNormSettings {
    /// What is added to the variance.
    pub epsilon: f64,
    /// The share of a batch in the running statistics: 1 minus TensorFlow's decay. The running
    /// variance is that of the batch, divided by the number of values and not by one less.
    pub momentum: f64,
}

impl BatchNormSettings {
    /// Decay 0.9, epsilon 1e-5 (`slim/nets/nasnet`, `cifar_config`).
    pub const CIFAR: Self = Self {
        epsilon: 1e-5,
        momentum: 0.1,
    };
    /// Decay 0.9997, epsilon 1e-3 (`slim/nets/nasnet` and `amoeba_net`, ImageNet settings).
    pub const IMAGENET: Self = Self {
        epsilon: 1e-3,
        momentum: 0.0003,
    };
}

impl Default for BatchNormSettings {
    fn default() -> Self {
        Self::CIFAR
    }
}

/// A second classifier on the last normal cell of the second stack, for training only: ReLU, 5x5
/// average pooling with stride 3, a 1x1 convolution to 128 channels, a convolution of all that is
/// left of the image to 768 channels, each with batch norm and ReLU, and the classifier.
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
    /// A head with these channels and the loss weight 0.4.
    #[must_use]
    pub const fn new(channel_scale: f64) -> Self {
        Self {
            channel_scale,
            loss_weight: 0.4,
        }
    }

    /// Channels of its two convolutions.
    #[must_use]
    pub fn channels(&self) -> [usize; 2] {
        [128.0, 768.0].map(|channels: f64| (channels * self.channel_scale) as usize)
    }
}

/// The fan that scales a layer's initial weights, drawn from a normal distribution that is cut at
/// two deviations.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fan {
    /// By what a layer's inputs feed: variance `2 / fan_out` after the cut, the released code's rule.
    #[default]
    Out,
    /// By what feeds a layer's outputs: variance `1 / fan_in` before the cut.
    In,
}

/// How cells are put together: three stacks of `N` normal cells with a reduction cell between
/// stacks, `F` filters in the first stack and twice as many after each reduction.
///
/// ```
/// use evonas::network::{AuxiliaryHead, Cost, NetworkConfig, NetworkPlan, Stem};
/// use evonas::spaces::nasnet::published;
///
/// let config = NetworkConfig::cifar(6, 36).with_auxiliary(AuxiliaryHead::new(1.0));
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
    /// Classes of the classifier.
    pub classes: usize,
    /// The images.
    pub image: ImageShape,
    /// What comes before the first cell.
    #[serde(default)]
    pub stem: Stem,
    /// Whether the normal cell after a reduction cell takes as state 1 what the reduction cell took,
    /// and not the output of the cell before the reduction (`skip_reduction_layer_input`; only
    /// NASNet-A large does).
    #[serde(default)]
    pub skip_reduction_input: bool,
    /// The auxiliary head, if there is one.
    #[serde(default)]
    pub auxiliary: Option<AuxiliaryHead>,
    /// Drop path: off by default.
    #[serde(default)]
    pub drop_path: DropPath,
    /// The share of features that are set to 0 before the classifier in training: 0 by default, 0.5
    /// in the paper's ImageNet training.
    #[serde(default)]
    pub dropout: f64,
    /// Batch norm's settings.
    #[serde(default)]
    pub batch_norm: BatchNormSettings,
    /// How the classifier's weights are scaled; convolutions follow the released code's
    /// [`Fan::Out`].
    #[serde(default)]
    pub classifier_fan: Fan,
    /// What convolutions compute in.
    #[serde(default)]
    pub precision: Precision,
}

impl NetworkConfig {
    /// A configuration with the CIFAR stem and batch norm settings, without auxiliary head, drop
    /// path and dropout.
    #[must_use]
    pub const fn new(
        cells_per_stack: usize,
        filters: usize,
        classes: usize,
        image: ImageShape,
    ) -> Self {
        Self {
            cells_per_stack,
            filters,
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

    /// The networks of the paper's CIFAR-10 tables: 32x32 pixels in colour, ten classes.
    #[must_use]
    pub const fn cifar(cells_per_stack: usize, filters: usize) -> Self {
        Self::new(cells_per_stack, filters, 10, ImageShape::new(3, 32, 32))
    }

    /// The networks of the paper's ImageNet tables: colour images of `size` by `size` pixels (331
    /// for the large ones, 224 for the mobile ones), 1000 classes, a stem of 32 filters.
    #[must_use]
    pub const fn imagenet(cells_per_stack: usize, filters: usize, size: usize) -> Self {
        Self {
            stem: Stem::ImageNet { filters: 32 },
            batch_norm: BatchNormSettings::IMAGENET,
            ..Self::new(
                cells_per_stack,
                filters,
                1000,
                ImageShape::new(3, size, size),
            )
        }
    }

    /// For other images.
    #[must_use]
    pub const fn with_image(mut self, image: ImageShape) -> Self {
        self.image = image;
        self
    }

    /// For another number of classes.
    #[must_use]
    pub const fn with_classes(mut self, classes: usize) -> Self {
        self.classes = classes;
        self
    }

    /// With another stem.
    #[must_use]
    pub const fn with_stem(mut self, stem: Stem) -> Self {
        self.stem = stem;
        self
    }

    /// With or without `skip_reduction_layer_input`.
    #[must_use]
    pub const fn with_skip_reduction_input(mut self, skip: bool) -> Self {
        self.skip_reduction_input = skip;
        self
    }

    /// With an auxiliary head.
    #[must_use]
    pub const fn with_auxiliary(mut self, auxiliary: AuxiliaryHead) -> Self {
        self.auxiliary = Some(auxiliary);
        self
    }

    /// With drop path.
    #[must_use]
    pub const fn with_drop_path(mut self, drop_path: DropPath) -> Self {
        self.drop_path = drop_path;
        self
    }

    /// With this share of the classifier's features dropped in training.
    #[must_use]
    pub const fn with_dropout(mut self, dropout: f64) -> Self {
        self.dropout = dropout;
        self
    }

    /// With other batch norm settings.
    #[must_use]
    pub const fn with_batch_norm(mut self, batch_norm: BatchNormSettings) -> Self {
        self.batch_norm = batch_norm;
        self
    }

    /// With another scaling of the classifier's initial weights.
    #[must_use]
    pub const fn with_classifier_fan(mut self, fan: Fan) -> Self {
        self.classifier_fan = fan;
        self
    }

    /// With convolutions that compute in another precision.
    #[must_use]
    pub const fn with_precision(mut self, precision: Precision) -> Self {
        self.precision = precision;
        self
    }

    /// How many cells belong to the stem.
    #[must_use]
    pub const fn stem_cells(&self) -> usize {
        match self.stem {
            Stem::Cifar => 0,
            Stem::ImageNet { .. } => 2,
        }
    }

    /// How many cells a network has, the stem's and the reduction cells included.
    #[must_use]
    pub const fn total_cells(&self) -> usize {
        self.stem_cells() + 3 * self.cells_per_stack + 2
    }
}
