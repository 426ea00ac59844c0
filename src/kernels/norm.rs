//! Batch norm: statistics of channels, normalisation, and its gradient.
//!
//! Sums of one image are of single precision, sums over images of double precision and in the
//! images' order.

use rayon::prelude::*;

use super::tasks::images_of_a_task;
use super::vector::{
    ByLanes, LANES, Lanes, accumulate, blocks_of, lanes, lanes_mut, load, multiply_accumulate,
    multiply_add, padded, run, store,
};

/// What channels are multiplied with and what is added, padded to whole lanes.
pub(super) struct Affine {
    scale: Vec<f32>,
    shift: Vec<f32>,
}

impl Affine {
    /// Of as many channels as `scale` has.
    pub(super) fn new(scale: &[f32], shift: &[f32]) -> Self {
        let pad = |values: &[f32]| {
            let mut values = values.to_vec();
            values.resize(padded(values.len()), 0.0);
            values
        };
        Self {
            scale: pad(scale),
            shift: pad(shift),
        }
    }
}

/// The mean of every channel of one image, `[pixel, channel]`, and the sum of the squares of the
/// differences from it.
///
/// The sum of the differences corrects both for what rounding did to the mean (the corrected
/// two-pass algorithm; Chan, Golub and LeVeque 1983): large means lose digits otherwise.
#[inline(always)]
pub(super) fn image_statistics<const FUSED: bool, const WHOLE: bool>(
    image: &[f32],
    channels: usize,
    means: &mut [f32],
    squares: &mut [f32],
) {
    let pixels = image.len() / channels;
    let share = 1.0 / pixels as f32;
    for block in 0..blocks_of(channels) {
        let first = block * LANES;
        let count = LANES.min(channels - first);
        let mut sums = [[0.0; LANES]; 4];
        for pixel in 0..pixels {
            let values = load::<WHOLE>(image, pixel * channels + first, count);
            accumulate(&mut sums[pixel % 4], &values);
        }
        let mut mean = total(&sums);
        for value in &mut mean {
            *value *= share;
        }
        let mut sums = [[0.0; LANES]; 4];
        let mut differences = [[0.0; LANES]; 4];
        for pixel in 0..pixels {
            let mut values = load::<WHOLE>(image, pixel * channels + first, count);
            for i in 0..LANES {
                values[i] -= mean[i];
            }
            accumulate(&mut differences[pixel % 4], &values);
            multiply_accumulate::<FUSED>(&mut sums[pixel % 4], &values, &values);
        }
        let difference = total(&differences);
        let mut square = total(&sums);
        for i in 0..LANES {
            mean[i] += difference[i] * share;
            square[i] = (square[i] - difference[i] * difference[i] * share).max(0.0);
        }
        store::<WHOLE>(means, first, count, &mean);
        store::<WHOLE>(squares, first, count, &square);
    }
}

#[inline(always)]
fn total(sums: &[Lanes; 4]) -> Lanes {
    let mut total = sums[0];
    for i in 0..LANES {
        total[i] = (total[i] + sums[1][i]) + (sums[2][i] + sums[3][i]);
    }
    total
}

/// Means and variances of a batch from every image's means and squares, `[image, 2, channel]`.
pub(super) fn combine(statistics: &[f32], channels: usize, pixels: usize) -> (Vec<f32>, Vec<f32>) {
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

struct Apply<'a> {
    values: &'a [f32],
    affine: &'a Affine,
    channels: usize,
    target: &'a mut [f32],
}

impl ByLanes for Apply<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let channels = self.channels;
        let blocks = blocks_of(channels);
        let (scales, shifts) = (&*self.affine.scale, &*self.affine.shift);
        for pixel in 0..self.values.len() / channels {
            for block in 0..blocks {
                let first = block * LANES;
                let count = LANES.min(channels - first);
                let place = pixel * channels + first;
                let mut values = load::<WHOLE>(self.values, place, count);
                let (scale, shift) = (lanes(scales, first), lanes(shifts, first));
                for i in 0..LANES {
                    values[i] = multiply_add::<FUSED>(values[i], scale[i], shift[i]);
                }
                store::<WHOLE>(self.target, place, count, &values);
            }
        }
    }
}

/// `target = scale · values + shift` by channel.
pub(super) fn apply(
    values: &[f32],
    affine: &Affine,
    channels: usize,
    pixels: usize,
    target: &mut [f32],
) {
    let size = channels * pixels;
    let images = images_of_a_task(values.len() / size, 2 * size);
    target
        .par_chunks_mut(images * size)
        .zip(values.par_chunks(images * size))
        .for_each(|(target, values)| {
            run(Apply {
                values,
                affine,
                channels,
                target,
            });
        });
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
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let images = self.images.chunks_exact(self.channels * self.pixels);
        let targets = self.target.chunks_exact_mut(2 * self.channels);
        for (image, target) in images.zip(targets) {
            let (means, squares) = target.split_at_mut(self.channels);
            image_statistics::<FUSED, WHOLE>(image, self.channels, means, squares);
        }
    }
}

/// Every image's means and squares, `[image, 2, channel]`.
pub(super) fn statistics(values: &[f32], channels: usize, pixels: usize) -> Vec<f32> {
    let size = channels * pixels;
    let count = values.len() / size;
    let images = images_of_a_task(count, 2 * size);
    let mut result = vec![0.0; count * 2 * channels];
    result
        .par_chunks_mut(images * 2 * channels)
        .zip(values.par_chunks(images * size))
        .for_each(|(target, images)| {
            run(Statistics {
                images,
                channels,
                pixels,
                target,
            });
        });
    result
}

struct GradientSums<'a> {
    gradient: &'a [f32],
    values: &'a [f32],
    /// Padded to whole lanes.
    mean: &'a [f32],
    channels: usize,
    pixels: usize,
    target: &'a mut [f32],
}

impl ByLanes for GradientSums<'_> {
    fn is_whole(&self) -> bool {
        self.channels.is_multiple_of(LANES)
    }

    #[inline(always)]
    fn work<const FUSED: bool, const WHOLE: bool>(self) {
        let channels = self.channels;
        let size = channels * self.pixels;
        let images = self.gradient.chunks_exact(size);
        let images = images.zip(self.values.chunks_exact(size));
        let targets = self.target.chunks_exact_mut(2 * channels);
        for ((gradient, values), target) in images.zip(targets) {
            for block in 0..blocks_of(channels) {
                let first = block * LANES;
                let count = LANES.min(channels - first);
                let mean = lanes(self.mean, first);
                let mut sums = [[0.0; LANES]; 4];
                let mut products = [[0.0; LANES]; 4];
                for pixel in 0..self.pixels {
                    let place = pixel * channels + first;
                    let gradient = load::<WHOLE>(gradient, place, count);
                    let mut values = load::<WHOLE>(values, place, count);
                    for i in 0..LANES {
                        values[i] -= mean[i];
                    }
                    accumulate(&mut sums[pixel % 4], &gradient);
                    multiply_accumulate::<FUSED>(&mut products[pixel % 4], &gradient, &values);
                }
                store::<WHOLE>(target, first, count, &total(&sums));
                store::<WHOLE>(target, channels + first, count, &total(&products));
            }
        }
    }
}

/// How the gradient by a batch norm's input follows from the one by its output: by channel
/// `scale · gradient + factor · input + shift`, padded to whole lanes.
pub(super) struct InputGradient {
    scale: Vec<f32>,
    factor: Vec<f32>,
    shift: Vec<f32>,
}

impl InputGradient {
    /// Writes a block of `[pixel, padded channels]`.
    #[inline(always)]
    pub(super) fn write<const FUSED: bool, const WHOLE: bool>(
        &self,
        gradient: &[f32],
        input: &[f32],
        channels: usize,
        target: &mut [f32],
    ) {
        let stride = padded(channels);
        let (scales, factors, shifts) = (&*self.scale, &*self.factor, &*self.shift);
        for pixel in 0..gradient.len() / channels {
            for block in 0..stride / LANES {
                let first = block * LANES;
                let count = LANES.min(channels - first);
                let gradient = load::<WHOLE>(gradient, pixel * channels + first, count);
                let input = load::<WHOLE>(input, pixel * channels + first, count);
                let (scale, factor) = (lanes(scales, first), lanes(factors, first));
                let mut result = *lanes(shifts, first);
                for i in 0..LANES {
                    result[i] = multiply_add::<FUSED>(input[i], factor[i], result[i]);
                    result[i] = multiply_add::<FUSED>(gradient[i], scale[i], result[i]);
                }
                *lanes_mut(target, pixel * stride + first) = result;
            }
        }
    }
}

/// A batch norm's gradients by gamma and beta, and what makes the one by its input.
pub(super) fn gradients(
    gradient: &[f32],
    input: &[f32],
    gamma: &[f32],
    mean: &[f32],
    deviations: &[f32],
    pixels: usize,
) -> (Vec<f32>, Vec<f32>, InputGradient) {
    let channels = gamma.len();
    let size = channels * pixels;
    let count = input.len() / size;
    let images = images_of_a_task(count, 4 * size);
    let mut means = mean.to_vec();
    means.resize(padded(channels), 0.0);
    let mut sums = vec![0.0; count * 2 * channels];
    sums.par_chunks_mut(images * 2 * channels)
        .zip(gradient.par_chunks(images * size))
        .zip(input.par_chunks(images * size))
        .for_each(|((target, gradient), values)| {
            run(GradientSums {
                gradient,
                values,
                mean: &means,
                channels,
                pixels,
                target,
            });
        });
    let mut totals = vec![0.0_f64; 2 * channels];
    for image in sums.chunks_exact(2 * channels) {
        for (total, &sum) in totals.iter_mut().zip(image) {
            *total += f64::from(sum);
        }
    }
    let (sums, products) = totals.split_at(channels);
    let values = (count * pixels) as f64;
    let mut result = InputGradient {
        scale: vec![0.0; padded(channels)],
        factor: vec![0.0; padded(channels)],
        shift: vec![0.0; padded(channels)],
    };
    for channel in 0..channels {
        let inverse = 1.0 / f64::from(deviations[channel]);
        let scale = f64::from(gamma[channel]) * inverse;
        // scale · (gradient - sum / n - (input - mean) · product / (n · deviation²))
        let factor = -scale * products[channel] * inverse * inverse / values;
        let shift = -scale * sums[channel] / values - factor * f64::from(mean[channel]);
        result.scale[channel] = scale as f32;
        result.factor[channel] = factor as f32;
        result.shift[channel] = shift as f32;
    }
    let by_gamma = products
        .iter()
        .zip(deviations)
        .map(|(product, &deviation)| (product / f64::from(deviation)) as f32)
        .collect();
    let by_beta = sums.iter().map(|&sum| sum as f32).collect();
    (by_gamma, by_beta, result)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_channel_that_is_the_same_everywhere_has_its_value_as_mean_and_varies_not_at_all() {
        for (value, pixels) in [(1000.1_f32, 32 * 32), (100.1, 31 * 33), (-10.1, 7)] {
            let image = vec![value; pixels * LANES];
            let (mut means, mut squares) = (vec![0.0; LANES], vec![0.0; LANES]);
            image_statistics::<false, true>(&image, LANES, &mut means, &mut squares);
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
        image_statistics::<false, true>(&image, LANES, &mut means, &mut squares);
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
}
