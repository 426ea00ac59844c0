//! The gradients of batch norm.

use rayon::prelude::*;

use super::statistics::total;
use super::together::pixels_together;
use crate::cpu::flat::Combination;
use crate::cpu::tasks::images_of_a_task;
use crate::cpu::vector::{ByLanes, LANES, Vectors, blocks_of, lanes, load, padded, run, store};

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
    fn work<S: Vectors, const WHOLE: bool>(self, simd: S) {
        let channels = self.channels;
        let size = channels * self.pixels;
        let images = self.gradient.chunks_exact(size);
        let images = images.zip(self.values.chunks_exact(size));
        let targets = self.target.chunks_exact_mut(2 * channels);
        for ((gradient, values), target) in images.zip(targets) {
            let fours = gradient.chunks_exact(4 * channels);
            let rest = fours.remainder();
            let values = values.chunks_exact(4 * channels);
            let rest = rest.chunks_exact(channels);
            let rest = rest.zip(values.remainder().chunks_exact(channels));
            let fours = fours.zip(values);
            for block in 0..blocks_of(channels) {
                let first = block * LANES;
                let count = LANES.min(channels - first);
                let mean = simd.load(lanes(self.mean, first));
                let mut sums = [simd.zero(); 4];
                let mut products = [simd.zero(); 4];
                for (gradient, values) in fours.clone() {
                    for i in 0..4 {
                        let place = i * channels + first;
                        let gradient = simd.load(&load::<WHOLE>(gradient, place, count));
                        let values = simd.load(&load::<WHOLE>(values, place, count));
                        let values = simd.sub(values, mean);
                        sums[i] = simd.add(sums[i], gradient);
                        products[i] = simd.mul_add(gradient, values, products[i]);
                    }
                }
                for (gradient, values) in rest.clone() {
                    let gradient = simd.load(&load::<WHOLE>(gradient, first, count));
                    let values = simd.load(&load::<WHOLE>(values, first, count));
                    let values = simd.sub(values, mean);
                    sums[0] = simd.add(sums[0], gradient);
                    products[0] = simd.mul_add(gradient, values, products[0]);
                }
                let [sum, product] = [sums, products].map(|of| simd.store(total(simd, &of)));
                store(target, first, count, &sum);
                store(target, channels + first, count, &product);
            }
        }
    }
}

/// The gradients of batch norm by gamma and beta, and how the gradient by its input follows from the
/// gradient by its output and from the input.
pub(in crate::cpu) fn gradients(
    gradient: &[f32],
    input: &[f32],
    gamma: &[f32],
    mean: &[f32],
    deviations: &[f32],
    pixels: usize,
) -> (Vec<f32>, Vec<f32>, Combination) {
    let channels = gamma.len();
    let size = channels * pixels;
    let count = input.len() / size;
    let images = images_of_a_task(count, 4 * size);
    let together = pixels_together(channels, pixels);
    let width = together * channels;
    let mut means: Vec<f32> = mean.iter().copied().cycle().take(width).collect();
    means.resize(padded(width), 0.0);
    let mut sums = vec![0.0; count * 2 * width];
    sums.par_chunks_mut(images * 2 * width)
        .zip(gradient.par_chunks(images * size))
        .zip(input.par_chunks(images * size))
        .for_each(|((target, gradient), values)| {
            run(GradientSums {
                gradient,
                values,
                mean: &means,
                channels: width,
                pixels: pixels / together,
                target,
            });
        });
    let mut totals = vec![0.0_f64; 2 * channels];
    for of_image in sums.chunks_exact(2 * width) {
        let kinds = of_image.chunks_exact(width);
        for (totals, sums) in totals.chunks_exact_mut(channels).zip(kinds) {
            for sums in sums.chunks_exact(channels) {
                for (total, &sum) in totals.iter_mut().zip(sums) {
                    *total += f64::from(sum);
                }
            }
        }
    }
    let (sums, products) = totals.split_at(channels);
    let values = (count * pixels) as f64;
    let mut by_channel = [const { Vec::new() }; 3];
    for channel in 0..channels {
        let inverse = 1.0 / f64::from(deviations[channel]);
        let scale = f64::from(gamma[channel]) * inverse;
        // scale · (gradient - sum / n - (input - mean) · product / (n · deviation²))
        let factor = -scale * products[channel] * inverse * inverse / values;
        let shift = -scale * sums[channel] / values - factor * f64::from(mean[channel]);
        for (target, value) in by_channel.iter_mut().zip([scale, factor, shift]) {
            target.push(value as f32);
        }
    }
    let [scale, factor, shift] = &by_channel;
    let by_input = Combination::new(scale, factor, shift);
    let by_gamma = products
        .iter()
        .zip(deviations)
        .map(|(product, &deviation)| (product / f64::from(deviation)) as f32)
        .collect();
    let by_beta = sums.iter().map(|&sum| sum as f32).collect();
    (by_gamma, by_beta, by_input)
}
