//! The images that a proxy shows to networks.

use burn::tensor::{Device, Int, Tensor};

use crate::training::device_images::DeviceImages;
use crate::training::images::{ChannelStatistics, LabeledImages};

/// A few images with their labels, on the device on which a proxy builds its networks.
#[derive(Clone, Debug)]
pub struct MiniBatch {
    /// On a device without autodiff, as the labels.
    images: Tensor<4>,
    labels: Tensor<1, Int>,
    checksum: u32,
}

impl MiniBatch {
    /// All of these images, shifted and scaled by the means and standard deviations of the training images. A
    /// mini-batch usually has 64: `train.limit(64, seed)`.
    ///
    /// # Panics
    /// If the images have another number of channels than the statistics.
    #[must_use]
    pub fn new(images: &LabeledImages, statistics: &ChannelStatistics, device: &Device) -> Self {
        let device = device.clone().inner();
        let on_device = DeviceImages::normalized_by(images, statistics, &device);
        let all: Vec<usize> = (0..images.len()).collect();
        let (tensor, labels) = on_device.batch(&all);
        Self {
            images: tensor,
            labels,
            checksum: images.checksum(),
        }
    }

    /// The device to build networks on, with autodiff.
    pub(super) fn device(&self) -> Device {
        self.images.device().autodiff()
    }

    /// The images, `[images, channels, height, width]`, with autodiff. They are new leaves each time: Burn locks the
    /// graph of a backward pass, and threads that share a leaf share the graph.
    pub(super) fn images(&self) -> Tensor<4> {
        self.images.clone().autodiff()
    }

    /// The labels, `[images]`, with autodiff.
    pub(super) fn labels(&self) -> Tensor<1, Int> {
        self.labels.clone().autodiff()
    }

    /// The number of images.
    #[must_use]
    pub fn len(&self) -> usize {
        let [images, ..] = self.images.dims();
        images
    }

    /// Whether there are no images.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it is in a description: the CRC-32 of its images and labels.
    pub(super) const fn checksum(&self) -> u32 {
        self.checksum
    }
}
