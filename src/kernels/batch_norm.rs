//! Batch norm over the images and pixels of a channel.

use rayon::prelude::*;

use super::vector::{Kernel, lanes, multiply_accumulate, multiply_add, run};

const LANES: usize = 16;

/// The planes of one channel in all images.
struct Sums<'a> {
    values: &'a [f32],
    other: &'a [f32],
    channel: usize,
    channels: usize,
    pixels: usize,
    centre: f32,
}

/// `(sum of values, sum of values · (other - centre))`, in double precision over planes.
impl Kernel for Sums<'_> {
    type Output = (f64, f64);

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> (f64, f64) {
        let mut total = (0.0, 0.0);
        let image = self.channels * self.pixels;
        let centre = [self.centre; LANES];
        for n in 0..self.values.len() / image {
            let start = n * image + self.channel * self.pixels;
            let values = &self.values[start..start + self.pixels];
            let others = &self.other[start..start + self.pixels];
            let mut sum = [0.0; LANES];
            let mut product = [0.0; LANES];
            let mut p = 0;
            while p + LANES <= self.pixels {
                let value = lanes::<LANES>(values, p);
                let other = lanes::<LANES>(others, p);
                let mut difference = [0.0; LANES];
                for i in 0..LANES {
                    sum[i] += value[i];
                    difference[i] = other[i] - centre[i];
                }
                multiply_accumulate::<FUSED, LANES>(&mut product, value, &difference);
                p += LANES;
            }
            for (value, other) in values[p..].iter().zip(&others[p..]) {
                sum[0] += value;
                product[0] += value * (other - self.centre);
            }
            total.0 += f64::from(sum.iter().sum::<f32>());
            total.1 += f64::from(product.iter().sum::<f32>());
        }
        total
    }
}

struct Squares<'a>(Sums<'a>);

/// The sum of `(values - centre)²`.
impl Kernel for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<const FUSED: bool>(self) -> f64 {
        let Sums {
            values,
            channel,
            channels,
            pixels,
            centre,
            ..
        } = self.0;
        let mut total = 0.0;
        let image = channels * pixels;
        for n in 0..values.len() / image {
            let start = n * image + channel * pixels;
            let values = &values[start..start + pixels];
            let mut sum = [0.0; LANES];
            let mut p = 0;
            while p + LANES <= pixels {
                let value = lanes::<LANES>(values, p);
                let mut difference = [0.0; LANES];
                for i in 0..LANES {
                    difference[i] = value[i] - centre;
                }
                multiply_accumulate::<FUSED, LANES>(&mut sum, &difference, &difference);
                p += LANES;
            }
            for value in &values[p..] {
                sum[0] += (value - centre) * (value - centre);
            }
            total += f64::from(sum.iter().sum::<f32>());
        }
        total
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
            let sums = |centre| Sums {
                values: input,
                other: input,
                channel,
                channels,
                pixels,
                centre,
            };
            let (sum, _) = run(sums(0.0));
            let mean = (sum / count) as f32;
            let squares = run(Squares(sums(mean)));
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
            run(Sums {
                values: gradient,
                other: input,
                channel,
                channels,
                pixels,
                centre: mean[channel],
            })
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
