//! Sets of training and network settings by name.

use clap::ValueEnum;
use evonas::network::{Fan, ImageShape, NetworkConfig};
use evonas::training::{Preset, TrainingConfig};

/// Settings of a training and its network together.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PresetName {
    /// The settings of `evonas search`: 12 epochs, batches of 32, a learning rate of 0.1, no augmentation
    Short,
    /// The paper's search: 25 epochs, batches of 128, a learning rate of 0.024, shifted and mirrored images
    Search,
    /// The paper's CIFAR training: the same for 600 epochs, with drop path and an auxiliary head
    Cifar,
    /// The paper's ImageNet training: 100 epochs of RMSProp, label smoothing, averaged weights
    Imagenet,
}

impl PresetName {
    const fn published(self) -> Option<Preset> {
        match self {
            Self::Short => None,
            Self::Search => Some(Preset::Search),
            Self::Cifar => Some(Preset::Cifar),
            Self::Imagenet => Some(Preset::ImageNet),
        }
    }

    /// The settings of the training, their augmentation fitted to images of this shape.
    pub(crate) fn training(self, image: ImageShape) -> TrainingConfig {
        match self.published() {
            None => TrainingConfig::default().epochs(12),
            Some(preset) => preset.training_for(image),
        }
    }

    /// A configuration with the preset's settings for networks; its size stays.
    pub(crate) fn network(self, config: NetworkConfig) -> NetworkConfig {
        match self.published() {
            // Smaller initial logits than the released rule's: a trial of one epoch is short.
            None => config.classifier_fan(Fan::In),
            Some(preset) => preset.network(config),
        }
    }
}
