//! Average and max pooling over windows; padding is never part of the result.

use rayon::prelude::*;

use super::plane::{BLOCK, Window};
use super::vector::{Kernel, lanes, run};

/// What a pooling takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    Average,
    Max,
}

/// 1 divided by the pixels of the image in every window.
fn shares(window: &Window) -> Vec<f32> {
    let inside = |position: usize, before: usize, size: usize| {
        (0..window.kernel)
            .filter(|tap| {
                let pixel = position * window.stride + tap * window.dilation;
                pixel >= before && pixel < before + size
            })
            .count()
    };
    let mut shares = Vec::with_capacity(window.out_height * window.out_width);
    for row in 0..window.out_height {
        let rows = inside(row, window.top, window.height);
        for column in 0..window.out_width {
            shares.push(1.0 / (rows * inside(column, window.left, window.width)) as f32);
        }
    }
    shares
}

/// Sums over the windows at all positions.
#[inline(always)]
fn sums_of(image: &[f32], offsets: &[usize], output: &mut [f32], positions: usize) {
    let mut start = 0;
    while start < positions {
        let mut result = *lanes::<BLOCK>(image, start + offsets[0]);
        for &offset in &offsets[1..] {
            let values = lanes::<BLOCK>(image, start + offset);
            for i in 0..BLOCK {
                result[i] += values[i];
            }
        }
        output[start..start + BLOCK].copy_from_slice(&result);
        start += BLOCK;
    }
}

/// The largest values of the windows at all positions.
#[inline(always)]
fn maxima_of(image: &[f32], offsets: &[usize], output: &mut [f32], positions: usize) {
    let mut start = 0;
    while start < positions {
        let mut result = *lanes::<BLOCK>(image, start + offsets[0]);
        for &offset in &offsets[1..] {
            let values = lanes::<BLOCK>(image, start + offset);
            for i in 0..BLOCK {
                // NaN is the largest of all, so that a training that diverges shows.
                let takes = values[i] > result[i] || values[i].is_nan();
                result[i] = if takes { values[i] } else { result[i] };
            }
        }
        output[start..start + BLOCK].copy_from_slice(&result);
        start += BLOCK;
    }
}

struct Forward<'a> {
    take: Take,
    window: &'a Window,
    offsets: &'a [usize],
    shares: &'a [f32],
    image: &'a [f32],
    padded: &'a mut [f32],
    results: &'a mut [f32],
    output: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let window = self.window;
        window.pad(self.image, self.padded, false);
        let positions = window.positions();
        match self.take {
            Take::Average => sums_of(self.padded, self.offsets, self.results, positions),
            Take::Max => maxima_of(self.padded, self.offsets, self.results, positions),
        }
        window.gather(self.results, self.output);
        if self.take == Take::Average {
            for (target, &share) in self.output.iter_mut().zip(self.shares) {
                *target *= share;
            }
        }
    }
}

const fn border(take: Take) -> f32 {
    match take {
        Take::Average => 0.0,
        Take::Max => f32::NEG_INFINITY,
    }
}

/// Pools every plane.
pub(crate) fn forward(take: Take, image: &[f32], window: &Window, output: &mut [f32]) {
    let offsets = window.offsets();
    let shares = match take {
        Take::Average => shares(window),
        Take::Max => Vec::new(),
    };
    output
        .par_chunks_exact_mut(window.out_height * window.out_width)
        .zip(image.par_chunks_exact(window.height * window.width))
        .for_each_init(
            || {
                (
                    vec![border(take); window.padded_length()],
                    vec![0.0; window.positions() + BLOCK],
                )
            },
            |(padded, results), (output, image)| {
                run(Forward {
                    take,
                    window,
                    offsets: &offsets,
                    shares: &shares,
                    image,
                    padded,
                    results,
                    output,
                });
            },
        );
}

struct AverageBackward<'a> {
    window: &'a Window,
    back_offsets: &'a [usize],
    shares: &'a [f32],
    gradient: &'a [f32],
    scaled: &'a mut [f32],
    spread: &'a mut [f32],
    sums: &'a mut [f32],
    image_gradient: &'a mut [f32],
}

impl Kernel for AverageBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let window = self.window;
        let scaled = self.scaled.iter_mut().zip(self.gradient).zip(self.shares);
        for ((scaled, &gradient), &share) in scaled {
            *scaled = gradient * share;
        }
        window.spread(self.scaled, self.spread, window.front());
        sums_of(
            &self.spread[window.image_start()..],
            self.back_offsets,
            self.sums,
            window.image_positions(),
        );
        window.crop(self.sums, self.image_gradient);
    }
}

struct MaxBackward<'a> {
    window: &'a Window,
    offsets: &'a [usize],
    image: &'a [f32],
    gradient: &'a [f32],
    padded: &'a mut [f32],
    maxima: &'a mut [f32],
    spread: &'a mut [f32],
    sums: &'a mut [f32],
    image_gradient: &'a mut [f32],
}

impl Kernel for MaxBackward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let (window, positions) = (self.window, self.window.positions());
        window.pad(self.image, self.padded, false);
        maxima_of(self.padded, self.offsets, self.maxima, positions);
        window.spread(self.gradient, self.spread, 0);
        self.sums.fill(0.0);
        // The first pixel of a window that has its maximum takes the gradient.
        for &offset in self.offsets {
            take_gradient(
                &self.padded[offset..],
                self.maxima,
                self.spread,
                &mut self.sums[offset..],
                positions,
            );
        }
        window.crop(&self.sums[window.image_start()..], self.image_gradient);
    }
}

/// Moves the gradient of every window whose result the value is to the value's sum.
#[inline(always)]
fn take_gradient(
    values: &[f32],
    results: &[f32],
    gradient: &mut [f32],
    sums: &mut [f32],
    positions: usize,
) {
    let each = values[..positions].iter().zip(&results[..positions]);
    let targets = gradient[..positions].iter_mut().zip(&mut sums[..positions]);
    for ((&value, &result), (gradient, sum)) in each.zip(targets) {
        let taken = if value == result { *gradient } else { 0.0 };
        *sum += taken;
        *gradient -= taken;
    }
}

/// The gradient by the image.
pub(crate) fn backward(
    take: Take,
    image: &[f32],
    gradient: &[f32],
    window: &Window,
    image_gradient: &mut [f32],
) {
    let out_size = window.out_height * window.out_width;
    let planes = image_gradient
        .par_chunks_exact_mut(window.height * window.width)
        .zip(gradient.par_chunks_exact(out_size));
    match take {
        Take::Average => {
            let (back_offsets, shares) = (window.back_offsets(), shares(window));
            planes.for_each_init(
                || {
                    (
                        vec![0.0; out_size],
                        vec![0.0; window.padded_length() + window.front()],
                        vec![0.0; window.image_positions() + BLOCK],
                    )
                },
                |(scaled, spread, sums), (image_gradient, gradient)| {
                    run(AverageBackward {
                        window,
                        back_offsets: &back_offsets,
                        shares: &shares,
                        gradient,
                        scaled,
                        spread,
                        sums,
                        image_gradient,
                    });
                },
            );
        }
        Take::Max => {
            let offsets = window.offsets();
            let images = image.par_chunks_exact(window.height * window.width);
            planes.zip(images).for_each_init(
                || {
                    (
                        vec![border(take); window.padded_length()],
                        vec![0.0; window.positions() + BLOCK],
                        vec![0.0; window.padded_length()],
                        vec![0.0; window.padded_length()],
                    )
                },
                |(padded, maxima, spread, sums), ((image_gradient, gradient), image)| {
                    run(MaxBackward {
                        window,
                        offsets: &offsets,
                        image,
                        gradient,
                        padded,
                        maxima,
                        spread,
                        sums,
                        image_gradient,
                    });
                },
            );
        }
    }
}
