//! Images on a device.

mod augment;
mod indices;
mod pixels;

pub(super) use pixels::DevicePixels;

use burn::tensor::{Device, Int, Tensor};
use rand::Rng;

use self::augment::Changes;
pub(super) use self::indices::Integers;
use self::indices::integers;
use super::Augmentation;
use super::images::{ChannelStatistics, LabeledImages};
use crate::network::ImageShape;

/// Images and labels on one device, to take batches from by index.
///
/// A pixel takes one byte, or the four of a float, as in [`LabeledImages`]. Batches are gathered, augmented and normalized on
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

    /// The same images on another device.
    #[must_use]
    pub fn to_device(&self, device: &Device) -> Self {
        Self {
            pixels: self.pixels.to_device(device),
            labels: self.labels.clone().to_device(device),
            classes: self.classes,
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
        let (integers, places) = Integers::of_images(indices);
        let places = integers.on(&self.device()).take(places);
        (self.pixels.batch(places.clone()), self.labels_at(places))
    }

    /// The images and labels at these indices, with the images augmented at random. The random
    /// numbers come from `rng` on every device. Where an image was shifted away, bytes are black, and floats the mean of
    /// their channel, since 0 may be far outside of their scale.
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
        let (images, places) = augmented(&self.pixels, indices, augmentation, rng);
        (images, self.labels_at(places))
    }

    fn labels_at(&self, places: Tensor<1, Int>) -> Tensor<1, Int> {
        self.labels.clone().select(0, places)
    }
}

/// The images at these indices, augmented at random, and the indices on the device. All that they need is copied there
/// at once.
pub(super) fn augmented(
    pixels: &DevicePixels,
    indices: &[usize],
    augmentation: &Augmentation,
    rng: &mut dyn Rng,
) -> (Tensor<4>, Tensor<1, Int>) {
    let (mut integers, places) = Integers::of_images(indices);
    let shape = pixels.shape();
    let changes = Changes::draw(augmentation, shape, indices.len(), &mut integers, rng);
    let integers = integers.on(&pixels.device());
    let places = integers.take(places);
    let moved = pixels.moved_batch(places.clone(), |images| changes.moved(images, &integers));
    (changes.cut_out(moved, &integers), places)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;
    use crate::training::images::Pixels;

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
        let bytes = images.image(index).bytes().unwrap();
        bytes.iter().enumerate().map(normalized).collect()
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
            let bytes = on_device.pixels.gather(integers(vec![0], &Device::flex()));
            let found: Vec<u8> = values(bytes).into_iter().map(|byte| byte as u8).collect();
            assert_eq!(Pixels::Bytes(&found), images.pixels());
        }
    }

    #[test]
    fn floats_are_normalized_from_their_own_scale_as_bytes_are_from_theirs() {
        let bytes = images();
        let pixels = bytes.pixels().bytes().unwrap();
        // Temperatures, say.
        let floats = pixels.iter().map(|&byte| 3.0 * f32::from(byte) - 400.0);
        let floats = LabeledImages::from_floats(bytes.shape(), 4, floats.collect(), vec![3, 1]);
        let floats = floats.unwrap();
        let normalized = |images: &LabeledImages| {
            let on_device = DeviceImages::new(images, images, &Device::flex());
            let (batch, labels) = on_device.batch(&[1, 0]);
            assert_eq!(batch.dims(), [2, 2, 2, 3]);
            (values(batch), labels.into_data())
        };
        let ((floats, labels), (bytes, same_labels)) = (normalized(&floats), normalized(&bytes));
        assert_eq!(labels, same_labels);
        for (float, byte) in floats.into_iter().zip(bytes) {
            assert!((float - byte).abs() < 1e-4, "{float} {byte}");
        }
    }

    #[test]
    fn shifted_floats_are_filled_with_their_mean_and_shifted_bytes_with_black() {
        let shape = ImageShape::gray(4, 4);
        let floats = LabeledImages::from_floats(shape, 1, vec![300.0; 160], vec![0; 10]).unwrap();
        let bytes = LabeledImages::new(shape, 1, vec![255; 160], vec![0; 10]).unwrap();
        let filled = |images: &LabeledImages| {
            let on_device = DeviceImages::new(images, images, &Device::flex());
            let all: Vec<usize> = (0..10).collect();
            let shifts = Augmentation::NONE.crop_padding(2);
            let (batch, _) = on_device.augmented_batch(&all, &shifts, &mut stream(8, 0));
            let mut found = values(batch);
            found.sort_by(f32::total_cmp);
            found.dedup();
            found
        };
        assert_eq!(filled(&floats), [0.0]);
        assert_eq!(filled(&bytes), [-1.0, 0.0]);
    }

    #[test]
    fn floats_of_all_kinds_are_gathered_bit_for_bit() {
        let pixels = vec![f32::MIN, -1.5, -0.0, f32::MIN_POSITIVE, 1.0 / 3.0, f32::MAX];
        let shape = ImageShape::gray(1, 3);
        let images = LabeledImages::from_floats(shape, 1, pixels.clone(), vec![0; 2]).unwrap();
        let on_device = DeviceImages::new(&images, &images, &Device::flex());
        let gathered = values(
            on_device
                .pixels
                .gather(integers(vec![0, 1], &Device::flex())),
        );
        let bits = |floats: Vec<f32>| floats.into_iter().map(f32::to_bits).collect::<Vec<_>>();
        assert_eq!(bits(gathered), bits(pixels));
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
