//! The images that a proxy shows to networks.

use burn::tensor::{Device, Int, Tensor};
use serde_json::{Value, json};

use crate::training::device_images::DeviceImages;
use crate::training::images::{ChannelStatistics, LabeledImages};

/// A few images with their labels, on the device on which a proxy builds its networks.
///
/// A search that resumes scores its genotypes again, and scores differ by rounding between devices and kinds of
/// processors. Where a search may be resumed elsewhere, take the CPU, and the same kind.
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
        // Other statistics change every score.
        let mut checksum = crc32fast::Hasher::new();
        checksum.update(&images.checksum().to_le_bytes());
        for (mean, deviation) in statistics.channels() {
            checksum.update(&mean.to_le_bytes());
            checksum.update(&deviation.to_le_bytes());
        }
        Self {
            images: tensor,
            labels,
            checksum: checksum.finalize(),
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

    /// The number of images, and a CRC-32 of them, their labels and the statistics.
    pub(super) fn describe(&self) -> Value {
        json!({"images": self.len(), "checksum": format!("{:08x}", self.checksum)})
    }
}
