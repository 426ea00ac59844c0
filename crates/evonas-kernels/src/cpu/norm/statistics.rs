//! Means and variances of channels.

use rayon::prelude::*;

use super::together::pixels_together;
use crate::cpu::scratch;
use crate::cpu::tasks::images_of_a_task;
use crate::cpu::vector::{ByLanes, LANES, Vectors, blocks_of, load, run, store};

/// The mean of every channel of one image, `[pixel, channel]`, and the sum of the squared differences
/// from it.
///
/// The sum of the differences corrects both for the rounding of the mean (the corrected two-pass
/// algorithm; Chan, Golub and LeVeque 1983). Without it large means lose digits.
#[inline(always)]
fn image_statistics<S: Vectors, const WHOLE: bool>(
    simd: S,
    image: &[f32],
    channels: usize,
    means: &mut [f32],
    squares: &mut [f32],
) {
    let pixels = image.len() / channels;
    let share = simd.splat(1.0 / pixels as f32);
    // Four sums each, so that additions don't wait for one another.
    let fours = image.chunks_exact(4 * channels);
    let rest = fours.remainder();
    for block in 0..blocks_of(channels) {
        let first = block * LANES;
        let count = LANES.min(channels - first);
        let mut sums = [simd.zero(); 4];
        for four in fours.clone() {
            for i in 0..4 {
                let values = simd.load(&load::<WHOLE>(four, i * channels + first, count));
                sums[i] = simd.add(sums[i], values);
            }
        }
        for pixel in rest.chunks_exact(channels) {
            let values = simd.load(&load::<WHOLE>(pixel, first, count));
            sums[0] = simd.add(sums[0], values);
        }
        let mean = simd.mul(total(simd, &sums), share);
        let mut sums = [simd.zero(); 4];
        let mut differences = [simd.zero(); 4];
        for four in fours.clone() {
            for i in 0..4 {
                let values = simd.load(&load::<WHOLE>(four, i * channels + first, count));
                let values = simd.sub(values, mean);
                differences[i] = simd.add(differences[i], values);
                sums[i] = simd.mul_add(values, values, sums[i]);
            }
        }
        for pixel in rest.chunks_exact(channels) {
            let values = simd.load(&load::<WHOLE>(pixel, first, count));
            let values = simd.sub(values, mean);
            differences[0] = simd.add(differences[0], values);
            sums[0] = simd.mul_add(values, values, sums[0]);
        }
        let difference = total(simd, &differences);
        let correction = simd.mul(simd.mul(difference, difference), share);
        let square = simd.sub(total(simd, &sums), correction);
        // NaN stays NaN, so that diverged training is noticed.
        let square = simd.where_greater(simd.zero(), square, simd.zero(), square);
        let mean = simd.mul_add(difference, share, mean);
        store(means, first, count, &simd.store(mean));
        store(squares, first, count, &simd.store(square));
    }
}

#[inline(always)]
pub(super) fn total<S: Vectors>(simd: S, sums: &[S::V; 4]) -> S::V {
    simd.add(simd.add(sums[0], sums[1]), simd.add(sums[2], sums[3]))
}

/// Means and variances of a batch from the means and squares of its images, `[image, 2, channel]`.
pub(in crate::cpu) fn combine(
    statistics: &[f32],
    channels: usize,
    pixels: usize,
) -> (Vec<f32>, Vec<f32>) {
    let images = statistics.chunks_exact(2 * channels);
    let count = images.len() as f64;
    let mut means = vec![0.0_f64; channels];
    for image in images.clone() {
        for (sum, &mean) in means.iter_mut().zip(image) {
            *sum += f64::from(mean);
        }
    }
    for mean in &mut means {
        *mean /= count;
    }
    let mut squares = vec![0.0_f64; channels];
    for image in images {
        let (of_image, inside) = image.split_at(channels);
        for (channel, square) in squares.iter_mut().enumerate() {
            let apart = f64::from(of_image[channel]) - means[channel];
            *square += f64::from(inside[channel]) + pixels as f64 * apart * apart;
        }
    }
    let total = count * pixels as f64;
    (
        means.iter().map(|&mean| mean as f32).collect(),
        squares.iter().map(|&sum| (sum / total) as f32).collect(),
    )
}

struct Statistics<'a> {
    images: &'a [f32],
    channels: usize,
    pixels: usize,
    target: &'a mut [f32],
}

impl ByLanes for Statistics<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<S: Vectors, const WHOLE: bool>(self, simd: S) {
        let images = self.images.chunks_exact(self.channels * self.pixels);
        let targets = self.target.chunks_exact_mut(2 * self.channels);
        for (image, target) in images.zip(targets) {
            let (means, squares) = target.split_at_mut(self.channels);
            image_statistics::<S, WHOLE>(simd, image, self.channels, means, squares);
        }
    }
}

/// Means and squares of several images, one after the other.
pub(in crate::cpu) fn of_images(
    images: &[f32],
    channels: usize,
    pixels: usize,
    target: &mut [f32],
) {
    let together = pixels_together(channels, pixels);
    let (width, count) = (together * channels, pixels / together);
    let work = |target: &mut [f32]| {
        run(Statistics {
            images,
            channels: width,
            pixels: count,
            target,
        });
    };
    if together == 1 {
        return work(target);
    }
    let parts = 2 * width * (images.len() / (channels * pixels));
    scratch::with([parts], |[parts]| {
        work(parts);
        let of_images = target.chunks_exact_mut(2 * channels);
        for (target, parts) in of_images.zip(parts.chunks_exact(2 * width)) {
            let (means, squares) = target.split_at_mut(channels);
            fold(parts, count, means, squares);
        }
    });
}

/// Means and squares of channels from those of parts with equally many pixels, `[2, part, channel]`.
fn fold(parts: &[f32], pixels: usize, means: &mut [f32], squares: &mut [f32]) {
    let (part_means, part_squares) = parts.split_at(parts.len() / 2);
    let channels = means.len();
    let of_channel = |values: &[f32], channel: usize| -> f32 {
        values.iter().skip(channel).step_by(channels).sum()
    };
    let share = channels as f32 / part_means.len() as f32;
    for (channel, (mean, square)) in means.iter_mut().zip(squares).enumerate() {
        *mean = of_channel(part_means, channel) * share;
        let apart = part_means.iter().skip(channel).step_by(channels);
        let apart: f32 = apart.map(|part| (part - *mean) * (part - *mean)).sum();
        *square = of_channel(part_squares, channel) + pixels as f32 * apart;
    }
}

/// The means and squares of every image, `[image, 2, channel]`.
pub(in crate::cpu) fn statistics(values: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let size = channels * pixels;
    let count = values.len() / size;
    let images = images_of_a_task(count, 2 * size);
    let mut result = vec![0.0; count * 2 * channels];
    result
        .par_chunks_mut(images * 2 * channels)
        .zip(values.par_chunks(images * size))
        .for_each(|(target, images)| of_images(images, channels, pixels, target));
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cpu::vector::Portable;

    #[test]
    fn a_channel_that_is_the_same_everywhere_has_its_value_as_mean_and_varies_not_at_all() {
        for (value, pixels) in [(1000.1_f32, 32 * 32), (100.1, 31 * 33), (-10.1, 7)] {
            let image = vec![value; pixels * LANES];
            let (mut means, mut squares) = (vec![0.0; LANES], vec![0.0; LANES]);
            image_statistics::<_, true>(Portable::<false>, &image, LANES, &mut means, &mut squares);
            assert!(
                means.iter().all(|mean| *mean == value),
                "{means:?}, not {value}"
            );
            // A rounding of the mean's last digit, squared.
            let least = 1e-7 * f64::from(value);
            let variance = f64::from(squares[0]) / pixels as f64;
            assert!(variance <= least * least, "{variance} of {value}");
        }
    }

    #[test]
    fn a_large_mean_costs_the_variance_no_digits() {
        let pixels = 1024;
        let image: Vec<f32> = (0..pixels * LANES)
            .map(|place| {
                1000.1
                    + if (place / LANES).is_multiple_of(2) {
                        0.5
                    } else {
                        -0.5
                    }
            })
            .collect();
        let (mut means, mut squares) = (vec![0.0; LANES], vec![0.0; LANES]);
        image_statistics::<_, true>(Portable::<false>, &image, LANES, &mut means, &mut squares);
        let exact = |of: &dyn Fn(f64) -> f64| {
            let values = image
                .iter()
                .step_by(LANES)
                .map(|&value| of(f64::from(value)));
            values.sum::<f64>() / pixels as f64
        };
        let mean = exact(&|value| value);
        let variance = exact(&|value| (value - mean).powi(2));
        assert!((f64::from(means[0]) - mean).abs() < 1e-4, "{}", means[0]);
        let found = f64::from(squares[0]) / pixels as f64;
        assert!((found - variance).abs() < 1e-6, "{found}, not {variance}");
    }

    #[test]
    fn few_channels_are_taken_together_and_apart_again() {
        // Two images of twelve channels, of which two pixels fill whole lanes.
        let (channels, pixels) = (12, 30);
        let value = |place: usize| (place * 7919 % 101) as f32 - 50.0 + 1e3 * (place % 3) as f32;
        let images: Vec<f32> = (0..2 * channels * pixels).map(value).collect();
        assert_eq!(pixels_together(channels, pixels), 2);
        assert_eq!(pixels_together(channels, pixels + 1), 1);
        let mut found = vec![0.0; 2 * 2 * channels];
        of_images(&images, channels, pixels, &mut found);
        let of_one = images.chunks(channels * pixels);
        for (image, found) in of_one.zip(found.chunks(2 * channels)) {
            for channel in 0..channels {
                let values = || image.iter().skip(channel).step_by(channels);
                let mean = values().map(|&value| f64::from(value)).sum::<f64>() / pixels as f64;
                let squares = values().map(|&value| (f64::from(value) - mean).powi(2));
                let square: f64 = squares.sum();
                assert!((f64::from(found[channel]) - mean).abs() < 1e-4 * mean.abs());
                let apart = f64::from(found[channels + channel]) - square;
                assert!(apart.abs() < 1e-5 * square, "{apart} of {square}");
            }
        }
    }
}
