//! Batch norm over the images and pixels of a channel.

use rayon::prelude::*;

use super::vector::{Kernel, multiply_add, run};

const LANES: usize = 16;

/// One channel of all images.
#[derive(Clone, Copy)]
struct Channel<'a> {
    values: &'a [f32],
    channel: usize,
    channels: usize,
    pixels: usize,
}

impl<'a> Channel<'a> {
    #[inline(always)]
    fn planes(self) -> impl Iterator<Item = &'a [f32]> {
        self.values
            .chunks_exact(self.pixels)
            .skip(self.channel)
            .step_by(self.channels)
    }
}

/// Adds up the sums of planes in double precision.
#[inline(always)]
fn total(sums: impl Iterator<Item = [f32; LANES]>) -> f64 {
    sums.map(|sum| f64::from(sum.iter().sum::<f32>())).sum()
}

/// The sum of a channel.
struct Total<'a>(Channel<'a>);

impl Kernel for Total<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> f64 {
        total(self.0.planes().map(|plane| {
            let mut sum = [0.0; LANES];
            let (blocks, rest) = plane.as_chunks::<LANES>();
            for values in blocks {
                for i in 0..LANES {
                    sum[i] += values[i];
                }
            }
            sum[0] += rest.iter().sum::<f32>();
            sum
        }))
    }
}

/// The sum of `(a - a_centre) · (b - b_centre)` over the pixels of two channels.
struct Products<'a> {
    a: Channel<'a>,
    a_centre: f32,
    b: Channel<'a>,
    b_centre: f32,
}

impl Kernel for Products<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> f64 {
        let (of_a, of_b) = (self.a_centre, self.b_centre);
        total(self.a.planes().zip(self.b.planes()).map(|(a, b)| {
            let mut sum = [0.0; LANES];
            let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<LANES>(), b.as_chunks::<LANES>());
            for (a, b) in a.iter().zip(b) {
                for i in 0..LANES {
                    sum[i] = multiply_add::<FUSED>(a[i] - of_a, b[i] - of_b, sum[i]);
                }
            }
            for (a, b) in a_rest.iter().zip(b_rest) {
                sum[0] += (a - of_a) * (b - of_b);
            }
            sum
        }))
    }
}

/// `target = scale · a + shift`, or with `b`: `target = scale · a + factor · b + shift`.
struct Affine<'a> {
    a: &'a [f32],
    b: Option<(&'a [f32], f32)>,
    scale: f32,
    shift: f32,
    target: &'a mut [f32],
}

impl Kernel for Affine<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        match self.b {
            None => {
                for (target, &a) in self.target.iter_mut().zip(self.a) {
                    *target = multiply_add::<FUSED>(a, self.scale, self.shift);
                }
            }
            Some((b, factor)) => {
                for ((target, &a), &b) in self.target.iter_mut().zip(self.a).zip(b) {
                    let rest = multiply_add::<FUSED>(b, factor, self.shift);
                    *target = multiply_add::<FUSED>(a, self.scale, rest);
                }
            }
        }
    }
}

/// Means and variances of a batch, by channel.
pub(crate) fn statistics(input: &[f32], channels: usize, pixels: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (input.len() / channels) as f64;
    (0..channels)
        .into_par_iter()
        .map(|channel| {
            let input = Channel {
                values: input,
                channel,
                channels,
                pixels,
            };
            let mean = (run(Total(input)) / count) as f32;
            let squares = run(Products {
                a: input,
                a_centre: mean,
                b: input,
                b_centre: mean,
            });
            (mean, (squares / count) as f32)
        })
        .unzip()
}

/// `output = input · scale + shift` by channel.
pub(crate) fn normalise(
    input: &[f32],
    scale: &[f32],
    shift: &[f32],
    pixels: usize,
    output: &mut [f32],
) {
    let channels = scale.len();
    output
        .par_chunks_exact_mut(pixels)
        .zip(input.par_chunks_exact(pixels))
        .enumerate()
        .for_each(|(plane, (target, a))| {
            let channel = plane % channels;
            run(Affine {
                a,
                b: None,
                scale: scale[channel],
                shift: shift[channel],
                target,
            });
        });
}

/// The gradients by input, scale (gamma) and shift (beta) of a batch norm in training.
pub(crate) fn backward(
    input: &[f32],
    gradient: &[f32],
    gamma: &[f32],
    mean: &[f32],
    deviation: &[f32],
    pixels: usize,
    input_gradient: &mut [f32],
) -> (Vec<f32>, Vec<f32>) {
    let channels = gamma.len();
    let count = (input.len() / channels) as f64;
    let sums: Vec<(f64, f64)> = (0..channels)
        .into_par_iter()
        .map(|channel| {
            let of = |values| Channel {
                values,
                channel,
                channels,
                pixels,
            };
            let product = run(Products {
                a: of(gradient),
                a_centre: 0.0,
                b: of(input),
                b_centre: mean[channel],
            });
            (run(Total(of(gradient))), product)
        })
        .collect();
    input_gradient
        .par_chunks_exact_mut(pixels)
        .zip(
            gradient
                .par_chunks_exact(pixels)
                .zip(input.par_chunks_exact(pixels)),
        )
        .enumerate()
        .for_each(|(plane, (target, (a, b)))| {
            let channel = plane % channels;
            let (sum, product) = sums[channel];
            let inverse = 1.0 / f64::from(deviation[channel]);
            let scale = f64::from(gamma[channel]) * inverse;
            // scale · (gradient - sum / n - (input - mean) · product / (n · deviation²))
            let factor = -scale * product * inverse * inverse / count;
            let shift = -scale * sum / count - factor * f64::from(mean[channel]);
            run(Affine {
                a,
                b: Some((b, factor as f32)),
                scale: scale as f32,
                shift: shift as f32,
                target,
            });
        });
    let gamma_gradient = sums
        .iter()
        .zip(deviation)
        .map(|((_, product), &deviation)| (product / f64::from(deviation)) as f32)
        .collect();
    (
        gamma_gradient,
        sums.iter().map(|(sum, _)| *sum as f32).collect(),
    )
}
