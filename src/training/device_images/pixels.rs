//! Packed pixels on a device.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use super::indices::places;
use crate::network::ImageShape;
use crate::training::images::ChannelStatistics;

/// Bytes packed into an element of an integer tensor, since not every device has tensors of bytes.
const PACKED: usize = 4;

/// Images on one device, one byte per pixel, with their normalization.
#[derive(Clone, Debug)]
pub(in crate::training) struct DevicePixels {
    /// `[images, channels * height * width / 4]`, rounded up: four pixels each, the first in the
    /// lowest byte.
    words: Tensor<2, Int>,
    shape: ImageShape,
    len: usize,
    statistics: ChannelStatistics,
    /// Factor and offset that normalize a byte, `[1, channels, 1, 1]` each.
    scale: Tensor<4>,
    shift: Tensor<4>,
}

impl DevicePixels {
    /// Copies whole images of this shape to a device.
    ///
    /// # Panics
    /// If the images have another number of channels than the statistics.
    pub(in crate::training) fn new(
        pixels: &[u8],
        shape: ImageShape,
        statistics: &ChannelStatistics,
        device: &Device,
    ) -> Self {
        let channels = statistics.channels();
        assert_eq!(
            channels.len(),
            shape.channels,
            "there must be a mean for each channel"
        );
        let factors = |factor: &dyn Fn(f32, f32) -> f32| {
            let values = channels
                .iter()
                .map(|&(mean, deviation)| factor(mean, deviation));
            let data = TensorData::new(values.collect::<Vec<f32>>(), [1, shape.channels, 1, 1]);
            Tensor::from_data(data, (device, DType::F32))
        };
        let words = packed(pixels, shape, device);
        let [len, _] = words.dims();
        Self {
            words,
            scale: factors(&|_, deviation| 1.0 / (255.0 * deviation)),
            shift: factors(&|mean, deviation| -mean / deviation),
            shape,
            len,
            statistics: statistics.clone(),
        }
    }

    pub(in crate::training) const fn len(&self) -> usize {
        self.len
    }

    pub(super) const fn shape(&self) -> ImageShape {
        self.shape
    }

    pub(super) const fn statistics(&self) -> &ChannelStatistics {
        &self.statistics
    }

    /// The images at these indices, normalized.
    ///
    /// # Shapes
    /// `[indices, channels, height, width]`
    pub(in crate::training) fn batch(&self, indices: &[usize]) -> Tensor<4> {
        self.normalize(self.gather(indices))
    }

    pub(super) fn normalize(&self, bytes: Tensor<4>) -> Tensor<4> {
        bytes * self.scale.clone() + self.shift.clone()
    }

    /// The images at these indices, with pixels from 0 to 255.
    ///
    /// # Shapes
    /// `[indices, channels, height, width]`
    pub(super) fn gather(&self, indices: &[usize]) -> Tensor<4> {
        let count = indices.len();
        let words = self.words.clone();
        let words = words.select(0, places(indices, &self.words.device()));
        let [_, width] = words.dims();
        let byte = |place: usize| {
            let shifted = words.clone().bitwise_right_shift_scalar(8 * place as i32);
            shifted.bitwise_and_scalar(0xff)
        };
        let ImageShape {
            channels,
            height,
            width: columns,
        } = self.shape;
        let pixels = channels * height * columns;
        Tensor::stack::<3>((0..PACKED).map(byte).collect(), 2)
            .reshape([count, width * PACKED])
            .slice([0..count, 0..pixels])
            .reshape([count, channels, height, columns])
            .float()
    }
}

/// Packs four pixels into an integer.
fn packed(pixels: &[u8], shape: ImageShape, device: &Device) -> Tensor<2, Int> {
    let size = shape.channels * shape.height * shape.width;
    let words: Vec<i32> = pixels
        .chunks(size)
        .flat_map(|image| image.chunks(PACKED))
        .map(|bytes| {
            let mut word = [0; PACKED];
            word[..bytes.len()].copy_from_slice(bytes);
            i32::from_le_bytes(word)
        })
        .collect();
    let shape = [pixels.len() / size, size.div_ceil(PACKED)];
    Tensor::from_data(TensorData::new(words, shape), (device, DType::I32))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pixel_takes_a_byte() {
        let pixels = vec![7; 10 * 3 * 32 * 32];
        let statistics = ChannelStatistics::from_channels(vec![(0.5, 0.5); 3]).unwrap();
        let shape = ImageShape::rgb(32, 32);
        let on_device = DevicePixels::new(&pixels, shape, &statistics, &Device::flex());
        assert_eq!(on_device.words.into_data().as_bytes().len(), pixels.len());
    }
}
