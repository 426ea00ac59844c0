//! Images on a device.

mod augment;

use burn::tensor::{DType, Device, Int, Tensor, TensorData};
use rand::Rng;

use super::Augmentation;
use super::images::{ChannelStatistics, LabeledImages};
use crate::network::ImageShape;

/// Bytes in an element of an integer tensor: not every device has tensors of bytes.
const PACKED: usize = 4;

/// Images and labels on one device, to take batches from by index.
///
/// A pixel is a byte there, as it is in [`LabeledImages`]; a batch is gathered, augmented and
/// normalised on the device, so that a training moves no image. Clones share the images.
#[derive(Clone, Debug)]
pub struct DeviceImages {
    /// `[images, channels height width / 4]`, rounded up: four pixels each, the first lowest.
    words: Tensor<2, Int>,
    labels: Tensor<1, Int>,
    shape: ImageShape,
    len: usize,
    classes: usize,
    statistics: ChannelStatistics,
    /// What normalises a byte, `[1, channels, 1, 1]` each.
    scale: Tensor<4>,
    shift: Tensor<4>,
}

impl DeviceImages {
    /// Copies images to a device; each channel of a batch is shifted and scaled by the mean and
    /// deviation that it has in `reference` (the training images, for every split).
    #[must_use]
    pub fn new(images: &LabeledImages, reference: &LabeledImages, device: &Device) -> Self {
        Self::normalised_by(images, &ChannelStatistics::of(reference), device)
    }

    /// Copies other images to the same device, shifted and scaled as these are.
    #[must_use]
    pub fn alike(&self, images: &LabeledImages) -> Self {
        Self::normalised_by(images, &self.statistics, &self.device())
    }

    /// Copies images to a device, to be shifted and scaled by these means and deviations.
    ///
    /// # Panics
    /// If the images have other channels than the statistics.
    #[must_use]
    pub fn normalised_by(
        images: &LabeledImages,
        statistics: &ChannelStatistics,
        device: &Device,
    ) -> Self {
        let shape = ImageShape::new(images.channels(), images.height(), images.width());
        let of_channels = statistics.channels();
        assert_eq!(
            of_channels.len(),
            shape.channels,
            "as many means as channels"
        );
        let factors = |factor: &dyn Fn(f32, f32) -> f32| {
            let values: Vec<f32> = of_channels.iter().map(|&(m, d)| factor(m, d)).collect();
            Tensor::from_data(
                TensorData::new(values, [1, shape.channels, 1, 1]),
                (device, DType::F32),
            )
        };
        let len = images.len();
        Self {
            words: packed(images, shape, device),
            labels: integers(
                images.labels().iter().map(|&label| label.into()).collect(),
                device,
            ),
            scale: factors(&|_, deviation| 1.0 / (255.0 * deviation)),
            shift: factors(&|mean, deviation| -mean / deviation),
            shape,
            len,
            classes: images.classes(),
            statistics: statistics.clone(),
        }
    }

    /// How many images.
    #[must_use]
    pub const fn len(&self) -> usize {
        self.len
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// How many classes.
    #[must_use]
    pub const fn classes(&self) -> usize {
        self.classes
    }

    /// The size of the images.
    #[must_use]
    pub const fn shape(&self) -> ImageShape {
        self.shape
    }

    /// The means and deviations that images are normalised by.
    #[must_use]
    pub const fn statistics(&self) -> &ChannelStatistics {
        &self.statistics
    }

    /// The device.
    #[must_use]
    pub fn device(&self) -> Device {
        self.words.device()
    }

    /// The images and labels at these indices.
    ///
    /// # Shapes
    /// - images: `[indices, channels, height, width]`, normalised
    /// - labels: `[indices]`
    #[must_use]
    pub fn batch(&self, indices: &[usize]) -> (Tensor<4>, Tensor<1, Int>) {
        let (bytes, labels) = self.gather(indices);
        (self.normalise(bytes), labels)
    }

    /// The images and labels at these indices, the images changed at random; the random numbers
    /// come from `rng`, whatever the device.
    ///
    /// # Shapes
    /// - images: `[indices, channels, height, width]`, normalised
    /// - labels: `[indices]`
    #[must_use]
    pub fn augmented_batch(
        &self,
        indices: &[usize],
        augmentation: &Augmentation,
        rng: &mut dyn Rng,
    ) -> (Tensor<4>, Tensor<1, Int>) {
        let (bytes, labels) = self.gather(indices);
        let moved = augment::crop_and_flip(bytes, augmentation, rng);
        let images = augment::cut_out(self.normalise(moved), augmentation, rng);
        (images, labels)
    }

    fn normalise(&self, bytes: Tensor<4>) -> Tensor<4> {
        bytes * self.scale.clone() + self.shift.clone()
    }

    /// Pixels from 0 to 255, and labels.
    fn gather(&self, indices: &[usize]) -> (Tensor<4>, Tensor<1, Int>) {
        let count = indices.len();
        let indices = indices
            .iter()
            .map(|&index| i32::try_from(index).expect("an image's index is far below 2^31"))
            .collect();
        let indices = integers(indices, &self.device());
        let words = self.words.clone().select(0, indices.clone());
        let [_, width] = words.dims();
        let bytes: Vec<Tensor<2, Int>> = (0..PACKED)
            .map(|byte| {
                words
                    .clone()
                    .bitwise_right_shift_scalar(8 * byte as i32)
                    .bitwise_and_scalar(0xff)
            })
            .collect();
        let ImageShape {
            channels,
            height,
            width: columns,
        } = self.shape;
        let pixels = channels * height * columns;
        let images = Tensor::stack::<3>(bytes, 2)
            .reshape([count, width * PACKED])
            .slice([0..count, 0..pixels])
            .reshape([count, channels, height, columns])
            .float();
        (images, self.labels.clone().select(0, indices))
    }
}

/// Four pixels to an integer.
fn packed(images: &LabeledImages, shape: ImageShape, device: &Device) -> Tensor<2, Int> {
    let pixels = shape.channels * shape.height * shape.width;
    let words: Vec<i32> = images
        .pixels()
        .chunks(pixels)
        .flat_map(|image| image.chunks(PACKED))
        .map(|bytes| {
            let mut word = [0; PACKED];
            word[..bytes.len()].copy_from_slice(bytes);
            i32::from_le_bytes(word)
        })
        .collect();
    Tensor::from_data(
        TensorData::new(words, [images.len(), pixels.div_ceil(PACKED)]),
        (device, DType::I32),
    )
}

fn integers(values: Vec<i32>, device: &Device) -> Tensor<1, Int> {
    let count = values.len();
    Tensor::from_data(TensorData::new(values, [count]), (device, DType::I32))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::randomness::stream;

    /// Two images of two channels, 2x3: twelve bytes, none of them alike.
    fn images() -> LabeledImages {
        let pixels = (0..24).map(|pixel| pixel * 10 + 5).collect();
        LabeledImages::new(2, 2, 3, 4, pixels, vec![3, 1]).unwrap()
    }

    fn values(images: Tensor<4>) -> Vec<f32> {
        images.into_data().try_to_vec().unwrap()
    }

    /// What [`DeviceImages`] must give, straight from the definition.
    fn expected(images: &LabeledImages, index: usize) -> Vec<f32> {
        let statistics = ChannelStatistics::of(images);
        let plane = images.height() * images.width();
        let normalised = |(place, &byte): (usize, &u8)| {
            let (mean, deviation) = statistics.channels()[place / plane];
            (f32::from(byte) / 255.0 - mean) / deviation
        };
        images
            .image(index)
            .iter()
            .enumerate()
            .map(normalised)
            .collect()
    }

    #[test]
    fn a_batch_has_the_images_normalised_and_in_order() {
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
    fn bytes_of_all_values_survive_the_packing() {
        let pixels: Vec<u8> = (0..=255).chain(0..=255).collect();
        // 257 pixels don't fill whole words.
        let one = LabeledImages::new(1, 1, 256, 1, pixels[..256].to_vec(), vec![0]).unwrap();
        let odd = LabeledImages::new(1, 1, 257, 1, pixels[..257].to_vec(), vec![0]).unwrap();
        for images in [one, odd] {
            let on_device = DeviceImages::new(&images, &images, &Device::flex());
            let (bytes, _) = on_device.gather(&[0]);
            let found: Vec<u8> = values(bytes).into_iter().map(|byte| byte as u8).collect();
            assert_eq!(found, images.pixels());
        }
    }

    #[test]
    fn a_pixel_takes_a_byte() {
        let pixels = vec![7; 10 * 3 * 32 * 32];
        let images = LabeledImages::new(3, 32, 32, 1, pixels, vec![0; 10]).unwrap();
        let on_device = DeviceImages::new(&images, &images, &Device::flex());
        let data = on_device.words.into_data();
        assert_eq!(data.as_bytes().len(), 10 * 3 * 32 * 32);
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
