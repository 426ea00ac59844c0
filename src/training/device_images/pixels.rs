//! Pixels on a device: packed bytes, or floats.

use burn::tensor::{DType, Device, Int, Tensor, TensorData};

use crate::network::ImageShape;
use crate::training::images::{ChannelStatistics, Pixels};

/// Bytes packed into an element of an integer tensor, since not every device has tensors of bytes.
const PACKED: usize = 4;

/// The pixels of images, on a device.
#[derive(Clone, Debug)]
enum StoredPixels {
    /// `[images, channels * height * width / 4]`, rounded up: four bytes each, the first in the
    /// lowest one.
    Packed(Tensor<2, Int>),
    /// `[images, channels * height * width]`
    Floats(Tensor<2>),
}

/// Images on one device with their normalization, one byte per pixel if they are bytes.
#[derive(Clone, Debug)]
pub(in crate::training) struct DevicePixels {
    stored: StoredPixels,
    shape: ImageShape,
    len: usize,
    statistics: ChannelStatistics,
    /// Factor and offset that normalize a pixel, `[1, channels, 1, 1]` each.
    scale: Tensor<4>,
    shift: Tensor<4>,
}

impl DevicePixels {
    /// Copies whole images of this shape to a device.
    ///
    /// # Panics
    /// If the images have another number of channels than the statistics.
    pub(in crate::training) fn new(
        pixels: Pixels<'_>,
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
        let size = shape.channels * shape.height * shape.width;
        // The statistics are those of bytes as numbers from 0 to 1.
        let (stored, white) = match pixels {
            Pixels::Bytes(bytes) => (StoredPixels::Packed(packed(bytes, size, device)), 255.0),
            Pixels::Floats(floats) => {
                let data = TensorData::new(floats.to_vec(), [floats.len() / size, size]);
                let floats = Tensor::from_data(data, (device, DType::F32));
                (StoredPixels::Floats(floats), 1.0)
            }
        };
        Self {
            stored,
            scale: factors(&|_, deviation| 1.0 / (white * deviation)),
            shift: factors(&|mean, deviation| -mean / deviation),
            shape,
            len: pixels.len() / size,
            statistics: statistics.clone(),
        }
    }

    pub(super) fn to_device(&self, device: &Device) -> Self {
        let stored = match self.stored.clone() {
            StoredPixels::Packed(packed) => StoredPixels::Packed(packed.to_device(device)),
            StoredPixels::Floats(floats) => StoredPixels::Floats(floats.to_device(device)),
        };
        Self {
            stored,
            shape: self.shape,
            len: self.len,
            statistics: self.statistics.clone(),
            scale: self.scale.clone().to_device(device),
            shift: self.shift.clone().to_device(device),
        }
    }

    pub(in crate::training) const fn len(&self) -> usize {
        self.len
    }

    pub(in crate::training) const fn shape(&self) -> ImageShape {
        self.shape
    }

    pub(in crate::training) fn device(&self) -> Device {
        self.scale.device()
    }

    pub(super) const fn statistics(&self) -> &ChannelStatistics {
        &self.statistics
    }

    /// The images at these places, normalized.
    ///
    /// # Shapes
    /// `[places, channels, height, width]`
    pub(in crate::training) fn batch(&self, places: Tensor<1, Int>) -> Tensor<4> {
        self.normalize(self.gather(places))
    }

    /// As [`batch`](Self::batch), with the images moved by a function that fills with zeros: black for bytes, and the mean
    /// of their channel for floats.
    pub(super) fn moved_batch(
        &self,
        places: Tensor<1, Int>,
        shift: impl FnOnce(Tensor<4>) -> Tensor<4>,
    ) -> Tensor<4> {
        match &self.stored {
            StoredPixels::Packed(_) => self.normalize(shift(self.gather(places))),
            StoredPixels::Floats(_) => shift(self.batch(places)),
        }
    }

    fn normalize(&self, pixels: Tensor<4>) -> Tensor<4> {
        pixels * self.scale.clone() + self.shift.clone()
    }

    /// The images at these places as they are, bytes from 0 to 255.
    ///
    /// # Shapes
    /// `[places, channels, height, width]`
    pub(super) fn gather(&self, places: Tensor<1, Int>) -> Tensor<4> {
        let ImageShape {
            channels,
            height,
            width,
        } = self.shape;
        let [count] = places.dims();
        match &self.stored {
            StoredPixels::Packed(words) => {
                let words = words.clone().select(0, places);
                unpacked(words, channels * height * width)
                    .reshape([count, channels, height, width])
                    .float()
            }
            StoredPixels::Floats(floats) => {
                let floats = floats.clone().select(0, places);
                floats.reshape([count, channels, height, width])
            }
        }
    }
}

/// The bytes of integers, of which the last ones are padding: `[images, size]`.
fn unpacked(words: Tensor<2, Int>, size: usize) -> Tensor<2, Int> {
    let [count, width] = words.dims();
    let byte = |place: usize| {
        let shifted = words.clone().bitwise_right_shift_scalar(8 * place as i32);
        shifted.bitwise_and_scalar(0xff)
    };
    Tensor::stack::<3>((0..PACKED).map(byte).collect(), 2)
        .reshape([count, width * PACKED])
        .slice([0..count, 0..size])
}

/// Packs four pixels into an integer.
fn packed(pixels: &[u8], size: usize, device: &Device) -> Tensor<2, Int> {
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
        let bytes = Pixels::Bytes(&pixels);
        let on_device = DevicePixels::new(bytes, shape, &statistics, &Device::flex());
        let StoredPixels::Packed(words) = on_device.stored else {
            panic!("bytes are packed");
        };
        assert_eq!(words.into_data().as_bytes().len(), pixels.len());
    }
}
