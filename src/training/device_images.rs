//! Images on a device.

use burn::tensor::{Device, Int, Tensor, TensorData};

use super::images::LabeledImages;

/// Images and labels as tensors on one device, normalised, to take batches from by index.
#[derive(Clone, Debug)]
pub struct DeviceImages {
    images: Tensor<4>,
    labels: Tensor<1, Int>,
    len: usize,
    classes: usize,
    statistics: ChannelStatistics,
}

/// Mean and standard deviation of each channel, of pixels from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
struct ChannelStatistics(Vec<(f32, f32)>);

impl ChannelStatistics {
    fn of(images: &LabeledImages) -> Self {
        let plane = images.height() * images.width();
        let channels = images.channels();
        let mut sums = vec![(0_u64, 0_u64); channels];
        for (index, pixels) in images.pixels().chunks_exact(plane).enumerate() {
            let (sum, squares) = &mut sums[index % channels];
            for &pixel in pixels {
                *sum += u64::from(pixel);
                *squares += u64::from(pixel) * u64::from(pixel);
            }
        }
        let count = (images.len() * plane).max(1) as f64;
        Self(
            sums.into_iter()
                .map(|(sum, squares)| {
                    let mean = sum as f64 / count;
                    let variance = (squares as f64 / count - mean * mean).max(0.0);
                    // A constant channel stays constant: divide by 1 instead of 0.
                    let deviation = if variance > 0.0 {
                        variance.sqrt()
                    } else {
                        255.0
                    };
                    ((mean / 255.0) as f32, (deviation / 255.0) as f32)
                })
                .collect(),
        )
    }
}

impl DeviceImages {
    /// Copies images to a device, each channel shifted and scaled by the mean and deviation that it
    /// has in `reference` (the training images, for every split).
    #[must_use]
    pub fn new(images: &LabeledImages, reference: &LabeledImages, device: &Device) -> Self {
        Self::normalised(images, ChannelStatistics::of(reference), device)
    }

    /// Copies other images to the same device, shifted and scaled as these are.
    #[must_use]
    pub fn alike(&self, images: &LabeledImages) -> Self {
        Self::normalised(images, self.statistics.clone(), &self.device())
    }

    fn normalised(images: &LabeledImages, statistics: ChannelStatistics, device: &Device) -> Self {
        let (channels, height, width) = (images.channels(), images.height(), images.width());
        let plane = height * width;
        let mut values = Vec::with_capacity(images.pixels().len());
        for (index, pixels) in images.pixels().chunks_exact(plane).enumerate() {
            let (mean, deviation) = statistics.0[index % channels % statistics.0.len()];
            values.extend(
                pixels
                    .iter()
                    .map(|&pixel| (f32::from(pixel) / 255.0 - mean) / deviation),
            );
        }
        let labels: Vec<i32> = images.labels().iter().map(|&label| label.into()).collect();
        let len = images.len();
        Self {
            images: Tensor::from_data(
                TensorData::new(values, [len, channels, height, width]),
                device,
            ),
            labels: Tensor::from_data(TensorData::new(labels, [len]), device),
            len,
            classes: images.classes(),
            statistics,
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

    /// The device.
    #[must_use]
    pub fn device(&self) -> Device {
        self.images.device()
    }

    /// The images and labels at these indices.
    ///
    /// # Shapes
    /// - images: `[indices, channels, height, width]`
    /// - labels: `[indices]`
    #[must_use]
    pub fn batch(&self, indices: &[usize]) -> (Tensor<4>, Tensor<1, Int>) {
        let indices: Vec<i32> = indices
            .iter()
            .map(|&index| i32::try_from(index).expect("an image's index is far below 2^31"))
            .collect();
        let count = indices.len();
        let indices: Tensor<1, Int> =
            Tensor::from_data(TensorData::new(indices, [count]), &self.device());
        (
            self.images.clone().select(0, indices.clone()),
            self.labels.clone().select(0, indices),
        )
    }
}
