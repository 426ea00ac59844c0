//! Images on a device.

mod augment;
mod indices;
mod pixels;

pub(super) use pixels::DevicePixels;

use burn::tensor::{Device, Int, Tensor};
use rand::Rng;

use self::indices::{integers, places};
use super::Augmentation;
use super::images::{ChannelStatistics, LabeledImages};
use crate::network::ImageShape;

/// Images and labels on one device, to take batches from by index.
///
/// A pixel takes one byte, as in [`LabeledImages`]. Batches are gathered, augmented and normalized on
/// the device, so that training copies no images to it. Clones share the images.
#[derive(Clone, Debug)]
pub struct DeviceImages {
    pixels: DevicePixels,
    labels: Tensor<1, Int>,
    classes: usize,
}

impl DeviceImages {
    /// Copies images to a device. Each channel of a batch is shifted and scaled by the mean and
    /// standard deviation that it has in `reference`: the training images, for every split.
    #[must_use]
    pub fn new(images: &LabeledImages, reference: &LabeledImages, device: &Device) -> Self {
        Self::normalized_by(images, &ChannelStatistics::of(reference), device)
    }

    /// Copies other images to the same device, to be shifted and scaled like these.
    #[must_use]
    pub fn alike(&self, images: &LabeledImages) -> Self {
        Self::normalized_by(images, self.statistics(), &self.device())
    }

    /// Copies images to a device, to be shifted and scaled by these means and standard deviations.
    ///
    /// # Panics
    /// If the images have another number of channels than the statistics.
    #[must_use]
    pub fn normalized_by(
        images: &LabeledImages,
        statistics: &ChannelStatistics,
        device: &Device,
    ) -> Self {
        let shape = images.shape();
        let labels = images.labels().iter().map(|&label| label.into());
        Self {
            pixels: DevicePixels::new(images.pixels(), shape, statistics, device),
            labels: integers(labels.collect(), device),
            classes: images.classes(),
        }
    }

    /// The number of images.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.pixels.len()
    }

    /// Whether there are no images.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The number of classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// The shape of an image.
    #[must_use]
    pub const fn shape(&self) -> ImageShape {
        self.pixels.shape()
    }

    /// The means and standard deviations that normalize the images.
    #[must_use]
    pub const fn statistics(&self) -> &ChannelStatistics {
        self.pixels.statistics()
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> Device {
        self.labels.device()
    }

    /// The images and labels at these indices.
    ///
    /// # Shapes
    /// - images: `[indices, channels, height, width]`, normalized
    /// - labels: `[indices]`
    #[must_use]
    pub fn batch(&self, indices: &[usize]) -> (Tensor<4>, Tensor<1, Int>) {
        (self.pixels.batch(indices), self.labels_of(indices))
    }

    /// The images and labels at these indices, with the images augmented at random. The random
    /// numbers come from `rng` on every device.
    ///
    /// # Shapes
    /// - images: `[indices, channels, height, width]`, normalized
    /// - labels: `[indices]`
    #[must_use]
    pub fn augmented_batch(
        &self,
        indices: &[usize],
        augmentation: &Augmentation,
        rng: &mut dyn Rng,
    ) -> (Tensor<4>, Tensor<1, Int>) {
        let bytes = self.pixels.gather(indices);
        let moved = augment::crop_and_flip(bytes, augmentation, rng);
        let images = augment::cut_out(self.pixels.normalize(moved), augmentation, rng);
        (images, self.labels_of(indices))
    }

    fn labels_of(&self, indices: &[usize]) -> Tensor<1, Int> {
        let places = places(indices, &self.device());
        self.labels.clone().select(0, places)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    /// Two images of two channels, 2x3: twelve different bytes each.
    fn images() -> LabeledImages {
        let pixels = (0..24).map(|pixel| pixel * 10 + 5).collect();
        let shape = ImageShape {
            channels: 2,
            height: 2,
            width: 3,
        };
        LabeledImages::new(shape, 4, pixels, vec![3, 1]).unwrap()
    }

    fn values(images: Tensor<4>) -> Vec<f32> {
        images.into_data().try_to_vec().unwrap()
    }

    /// The normalized image by definition.
    fn expected(images: &LabeledImages, index: usize) -> Vec<f32> {
        let statistics = ChannelStatistics::of(images);
        let plane = images.height() * images.width();
        let normalized = |(place, &byte): (usize, &u8)| {
            let (mean, deviation) = statistics.channels()[place / plane];
            (f32::from(byte) / 255.0 - mean) / deviation
        };
        images
            .image(index)
            .iter()
            .enumerate()
            .map(normalized)
            .collect()
    }

    #[test]
    fn a_batch_has_normalized_images_in_order() {
        let images = images();
        let on_device = DeviceImages::new(&images, &images, &Device::flex());
        let (batch, labels) = on_device.batch(&[1, 0, 1]);
        assert_eq!(batch.dims(), [3, 2, 2, 3]);
        let labels: Vec<i32> = labels.into_data().try_to_vec().unwrap();
        assert_eq!(labels, [1, 3, 1]);
        let wanted = [1, 0, 1].map(|index| expected(&images, index)).concat();
        for (value, wanted) in values(batch).into_iter().zip(wanted) {
            assert!((value - wanted).abs() < 1e-5, "{value} {wanted}");
        }
    }

    #[test]
    fn bytes_of_all_values_survive_packing() {
        let pixels: Vec<u8> = (0..=255).chain(0..=255).collect();
        // 257 pixels don't fill whole words.
        let one = LabeledImages::new(ImageShape::gray(1, 256), 1, pixels[..256].to_vec(), vec![0])
            .unwrap();
        let odd = LabeledImages::new(ImageShape::gray(1, 257), 1, pixels[..257].to_vec(), vec![0])
            .unwrap();
        for images in [one, odd] {
            let on_device = DeviceImages::new(&images, &images, &Device::flex());
            let bytes = on_device.pixels.gather(&[0]);
            let found: Vec<u8> = values(bytes).into_iter().map(|byte| byte as u8).collect();
            assert_eq!(found, images.pixels());
        }
    }

    #[test]
    fn no_augmentation_changes_nothing_and_draws_nothing() {
        let images = images();
        let on_device = DeviceImages::new(&images, &images, &Device::flex());
        let mut rng = stream(5, 0);
        let (augmented, _) = on_device.augmented_batch(&[0, 1], &Augmentation::NONE, &mut rng);
        let (plain, _) = on_device.batch(&[0, 1]);
        assert_eq!(values(augmented), values(plain));
        assert_eq!(rng.next_u64(), stream(5, 0).next_u64());
    }
}
