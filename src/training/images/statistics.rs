//! Mean and deviation of channels.

use super::LabeledImages;

/// Mean and standard deviation of each channel, of pixels from 0 to 1.
#[derive(Clone, Debug, PartialEq)]
pub struct ChannelStatistics(Vec<(f32, f32)>);

impl ChannelStatistics {
    /// Those of these images.
    #[must_use]
    pub fn of(images: &LabeledImages) -> Self {
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

    /// These means and deviations; none if one is not finite, or a deviation not above 0.
    #[must_use]
    pub fn from_channels(channels: Vec<(f32, f32)>) -> Option<Self> {
        let can_be = |&(mean, deviation): &(f32, f32)| {
            mean.is_finite() && deviation.is_finite() && deviation > 0.0
        };
        channels.iter().all(can_be).then_some(Self(channels))
    }

    /// Mean and deviation of each channel.
    #[must_use]
    pub fn channels(&self) -> &[(f32, f32)] {
        &self.0
    }
}
