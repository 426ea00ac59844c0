//! Mean and standard deviation of each channel, to normalize images by.

use serde::{Deserialize, Serialize};

use super::{LabeledImages, Pixels};
use crate::network::ImageShape;

const WHITE: f64 = u8::MAX as f64;

/// Mean and standard deviation of each channel over all pixels of all images. Bytes are scaled to 0 to 1; floats are taken
/// as they are.
///
/// They are computed from the training images, then used for every split and for later predictions.
///
/// # Example
///
/// ```
/// use evonas::network::ImageShape;
/// use evonas::training::images::{ChannelStatistics, LabeledImages};
///
/// let shape = ImageShape::gray(1, 2);
/// let images = LabeledImages::new(shape, 1, vec![0, 255], vec![0])?;
/// assert_eq!(ChannelStatistics::of(&images).channels(), [(0.5, 0.5)]);
/// # Ok::<(), evonas::training::images::ImagesError>(())
/// ```
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ChannelStatistics(Vec<(f32, f32)>);

impl ChannelStatistics {
    /// The statistics of all images, with the population's standard deviation.
    ///
    /// A constant channel gets a deviation of 1, so that it can be divided by. Without any images, each
    /// channel has mean 0 and deviation 1.
    #[must_use]
    pub fn of(images: &LabeledImages) -> Self {
        Self::of_each(images.pixels(), images.shape(), 0..images.len())
    }

    /// The statistics of the images at `indices`, for example the training part of a split.
    ///
    /// # Panics
    ///
    /// If an index is not below [`LabeledImages::len`].
    #[must_use]
    pub fn of_subset(images: &LabeledImages, indices: &[usize]) -> Self {
        Self::of_each(images.pixels(), images.shape(), indices.iter().copied())
    }

    /// The statistics of the pixels of whole images of this shape.
    pub(in crate::training) fn of_pixels(pixels: Pixels<'_>, shape: ImageShape) -> Self {
        let size = shape.channels * shape.height * shape.width;
        Self::of_each(pixels, shape, 0..pixels.len() / size)
    }

    fn of_each(
        pixels: Pixels<'_>,
        shape: ImageShape,
        indices: impl ExactSizeIterator<Item = usize> + Clone,
    ) -> Self {
        let plane = shape.height * shape.width;
        let count = (indices.len() * plane) as u64;
        let channels = shape.channels;
        Self(match pixels {
            Pixels::Bytes(bytes) => {
                let mut sums = vec![ChannelSums::default(); channels];
                for index in indices {
                    let planes = planes(bytes, index, channels, plane);
                    for (sums, pixels) in sums.iter_mut().zip(planes) {
                        sums.add(pixels);
                    }
                }
                let sums = sums.iter();
                sums.map(|sums| sums.mean_and_deviation(count)).collect()
            }
            Pixels::Floats(floats) => (0..channels)
                .map(|channel| {
                    let planes = indices
                        .clone()
                        .filter_map(|index| planes(floats, index, channels, plane).nth(channel));
                    float_mean_and_deviation(planes, count)
                })
                .collect(),
        })
    }

    /// Statistics from the mean and deviation of each channel; `None` unless all are finite and every
    /// deviation is above 0.
    #[must_use]
    pub fn from_channels(channels: Vec<(f32, f32)>) -> Option<Self> {
        let is_valid = |&(mean, deviation): &(f32, f32)| {
            mean.is_finite() && deviation.is_finite() && deviation > 0.0
        };
        channels.iter().all(is_valid).then_some(Self(channels))
    }

    /// `(mean, standard deviation)` of each channel. The deviation is never 0.
    #[must_use]
    pub fn channels(&self) -> &[(f32, f32)] {
        &self.0
    }
}

/// The channels of an image: `[height, width]` each, flattened.
fn planes<P>(
    pixels: &[P],
    image: usize,
    channels: usize,
    plane: usize,
) -> std::slice::ChunksExact<'_, P> {
    let size = channels * plane;
    pixels[image * size..][..size].chunks_exact(plane)
}

/// In double precision, and from the deviations themselves, which numbers far from 0 need.
fn float_mean_and_deviation<'a>(
    planes: impl Iterator<Item = &'a [f32]> + Clone,
    count: u64,
) -> (f32, f32) {
    let mut pixels = planes.clone().flatten();
    let Some(&first) = pixels.next() else {
        return (0.0, 1.0);
    };
    if pixels.all(|&pixel| pixel == first) {
        return (first, 1.0);
    }
    let pixels = planes.flatten().map(|&pixel| f64::from(pixel));
    let mean = pixels.clone().sum::<f64>() / count as f64;
    let squares: f64 = pixels.map(|pixel| (pixel - mean).powi(2)).sum();
    let deviation = (squares / count as f64).sqrt() as f32;
    // The inverse of a smaller number is infinite.
    (mean as f32, deviation.max(f32::MIN_POSITIVE))
}

/// Exact sums of a channel's bytes and of their squares.
#[derive(Clone, Default)]
struct ChannelSums {
    bytes: u64,
    squares: u64,
}

impl ChannelSums {
    fn add(&mut self, pixels: &[u8]) {
        for &pixel in pixels {
            self.bytes += u64::from(pixel);
            self.squares += u64::from(pixel) * u64::from(pixel);
        }
    }

    fn mean_and_deviation(&self, count: u64) -> (f32, f32) {
        if count == 0 {
            return (0.0, 1.0);
        }
        let mean = self.bytes as f64 / count as f64 / WHITE;
        // In integers, which distinguish a constant channel from a nearly constant one.
        let scaled_variance = u128::from(count) * u128::from(self.squares)
            - u128::from(self.bytes) * u128::from(self.bytes);
        if scaled_variance == 0 {
            return (mean as f32, 1.0);
        }
        let deviation = (scaled_variance as f64).sqrt() / count as f64 / WHITE;
        (mean as f32, deviation as f32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::network::ImageShape;

    /// Images of one row.
    fn row(channels: usize, width: usize) -> ImageShape {
        ImageShape {
            channels,
            height: 1,
            width,
        }
    }

    fn statistics(channels: usize, width: usize, pixels: &[u8]) -> Vec<(f32, f32)> {
        let labels = vec![0; pixels.len() / (channels * width)];
        let images = LabeledImages::new(row(channels, width), 1, pixels.to_vec(), labels).unwrap();
        ChannelStatistics::of(&images).channels().to_vec()
    }

    #[test]
    fn each_channel_has_its_own_mean_and_deviation_over_all_images() {
        // Two images of two channels of two pixels.
        let found = statistics(2, 2, &[0, 255, 51, 51, 255, 0, 153, 153]);
        assert_eq!(found, [(0.5, 0.5), (0.4, 0.2)]);
    }

    #[test]
    fn constant_images_have_a_deviation_of_one() {
        for value in [0, 1, 77, 254, 255] {
            let found = statistics(1, 3, &[value; 9_999]);
            assert_eq!(found, [(f32::from(value) / 255.0, 1.0)]);
        }
    }

    #[test]
    fn a_subset_has_the_statistics_of_its_images_alone() {
        let pixels: Vec<u8> = (0..60).map(|pixel| pixel * 4).collect();
        let images = LabeledImages::new(row(2, 3), 1, pixels, vec![0; 10]).unwrap();
        for indices in [vec![], vec![3], vec![9, 0, 4, 0]] {
            let subset = images.subset(&indices).unwrap();
            assert_eq!(
                ChannelStatistics::of_subset(&images, &indices),
                ChannelStatistics::of(&subset)
            );
        }
    }

    #[test]
    fn floats_have_the_statistics_of_their_own_scale() {
        let floats = |channels, width, pixels: &[f32]| {
            let labels = vec![0; pixels.len() / (channels * width)];
            let shape = row(channels, width);
            let images = LabeledImages::from_floats(shape, 1, pixels.to_vec(), labels).unwrap();
            ChannelStatistics::of(&images).channels().to_vec()
        };
        let pixels = [0.0, 1.0, 20.0, 20.0, 1.0, 0.0, 60.0, 60.0];
        assert_eq!(floats(2, 2, &pixels), [(0.5, 0.5), (40.0, 20.0)]);
        assert_eq!(floats(1, 1, &[]), [(0.0, 1.0)]);
        for value in [0.0, 0.1, -3e30, 1e-40] {
            assert_eq!(floats(1, 3, &[value; 9_999]), [(value, 1.0)]);
        }
        // Far from 0, where the difference of sums of squares would be all rounding.
        let near = floats(1, 1, &[1_000_000.0, 1_000_001.0]);
        assert_eq!(near, [(1_000_000.5, 0.5)]);
        let largest = floats(1, 1, &[f32::MAX, f32::MIN]);
        assert_eq!(largest, [(0.0, f32::MAX)]);
    }

    #[test]
    fn a_single_different_pixel_shows_in_the_deviation() {
        let mut pixels = vec![200; 1_000_000];
        pixels[0] = 201;
        let [(_, deviation)] = statistics(1, 1, &pixels)[..] else {
            panic!("one channel");
        };
        assert!((deviation * 255.0 - 0.001).abs() < 1e-6, "{deviation}");
    }

    #[test]
    fn no_images_have_a_mean_of_zero_and_a_deviation_of_one() {
        assert_eq!(statistics(3, 1, &[]), [(0.0, 1.0); 3]);
    }

    #[test]
    fn statistics_survive_json_bit_for_bit() {
        let images = LabeledImages::new(row(1, 3), 1, vec![1, 2, 4], vec![0]).unwrap();
        let statistics = ChannelStatistics::of(&images);
        let json = serde_json::to_string(&statistics).unwrap();
        assert_eq!(
            serde_json::from_str::<ChannelStatistics>(&json).unwrap(),
            statistics
        );
    }
}
