//! Depthwise convolution: each channel by itself.
//!
//! An image is padded into a flat slice; then every window's pixel lies at a fixed distance behind
//! the window's position, and blocks of positions are computed in registers, tap by tap. Positions
//! between rows and between strides are computed as well and not used.

use rayon::prelude::*;

use super::plane::{BLOCK, Window};
use super::vector::{Kernel, axpy, lanes, multiply_accumulate, run};

/// `output[position] = sum of weight[tap] · image[position + offset[tap]]` in blocks.
#[inline(always)]
fn correlate<const FUSED: bool>(
    image: &[f32],
    weights: &[f32],
    offsets: &[usize],
    output: &mut [f32],
    positions: usize,
) {
    let mut start = 0;
    while start < positions {
        let mut sum = [0.0; BLOCK];
        for (&weight, &offset) in weights.iter().zip(offsets) {
            axpy::<FUSED, BLOCK>(&mut sum, weight, lanes(image, start + offset));
        }
        output[start..start + BLOCK].copy_from_slice(&sum);
        start += BLOCK;
    }
}

struct Forward<'a> {
    window: &'a Window,
    offsets: &'a [usize],
    image: &'a [f32],
    weights: &'a [f32],
    relu: bool,
    padded: &'a mut [f32],
    sums: &'a mut [f32],
    output: &'a mut [f32],
}

impl Kernel for Forward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let window = self.window;
        window.pad(self.image, self.padded, self.relu);
        correlate::<FUSED>(
            self.padded,
            self.weights,
            self.offsets,
            self.sums,
            window.positions(),
        );
        window.gather(self.sums, self.output);
    }
}

/// `output[n][c] = weight[c] * relu(image[n][c])`.
pub(crate) fn forward(
    image: &[f32],
    weights: &[f32],
    channels: usize,
    window: &Window,
    relu: bool,
    output: &mut [f32],
) {
    let taps = window.kernel * window.kernel;
    let offsets = window.offsets();
    let size = window.height * window.width;
    output
        .par_chunks_exact_mut(window.out_height * window.out_width)
        .zip(image.par_chunks_exact(size))
        .enumerate()
        .for_each_init(
            || {
                (
                    vec![0.0; window.padded_length()],
                    vec![0.0; window.positions() + BLOCK],
                )
            },
            |(padded, sums), (plane, (output, image))| {
                let channel = plane % channels;
                run(Forward {
                    window,
                    offsets: &offsets,
                    image,
                    weights: &weights[channel * taps..(channel + 1) * taps],
                    relu,
                    padded,
                    sums,
                    output,
                });
            },
        );
}

struct Backward<'a> {
    window: &'a Window,
    offsets: &'a [usize],
    /// Offsets of the gradient's windows, for the image's gradient.
    back_offsets: &'a [usize],
    image: &'a [f32],
    gradient: &'a [f32],
    weights: &'a [f32],
    relu: bool,
    padded: &'a mut [f32],
    spread: &'a mut [f32],
    sums: &'a mut [f32],
    image_gradient: &'a mut [f32],
    weight_sums: &'a mut [[f32; BLOCK]],
}

impl Kernel for Backward<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let window = self.window;
        let front = window.front();
        window.pad(self.image, self.padded, self.relu);
        window.spread(self.gradient, self.spread, front);
        // The image's gradient, for the rows and columns within the padding.
        correlate::<FUSED>(
            &self.spread[window.image_start()..],
            self.weights,
            self.back_offsets,
            self.sums,
            window.image_positions(),
        );
        window.crop(self.sums, self.image_gradient);
        if self.relu {
            for (target, &value) in self.image_gradient.iter_mut().zip(self.image) {
                *target = if value > 0.0 { *target } else { 0.0 };
            }
        }
        let gradient = &self.spread[front..];
        let (padded, offsets, sums) = (&*self.padded, self.offsets, self.weight_sums);
        match window.kernel {
            3 => weights_by_rows::<FUSED, 3, 32>(window, gradient, padded, offsets, sums),
            5 => weights_by_rows::<FUSED, 5, 16>(window, gradient, padded, offsets, sums),
            7 => weights_by_rows::<FUSED, 7, 8>(window, gradient, padded, offsets, sums),
            _ => weights_by_rows::<FUSED, 1, BLOCK>(window, gradient, padded, offsets, sums),
        }
    }
}

/// The weights' gradient, `K` taps of a row at a time, as sums over `N` lanes: as many as fit into
/// registers.
#[inline(always)]
fn weights_by_rows<const FUSED: bool, const K: usize, const N: usize>(
    window: &Window,
    gradient: &[f32],
    padded: &[f32],
    offsets: &[usize],
    sums: &mut [[f32; BLOCK]],
) {
    let positions = window.positions();
    for (offsets, sums) in offsets.chunks_exact(K).zip(sums.chunks_exact_mut(K)) {
        let mut row = [[0.0; N]; K];
        for (lanes, sum) in row.iter_mut().zip(sums.iter()) {
            lanes.copy_from_slice(&sum[..N]);
        }
        let mut start = 0;
        while start < positions {
            let gradient = lanes::<N>(gradient, start);
            for tap in 0..K {
                multiply_accumulate::<FUSED, N>(
                    &mut row[tap],
                    gradient,
                    lanes(padded, start + offsets[tap]),
                );
            }
            start += N;
        }
        for (sum, lanes) in sums.iter_mut().zip(&row) {
            sum[..N].copy_from_slice(lanes);
        }
    }
}

/// The gradients by the image (the ReLU's included) and by the weights.
pub(crate) fn backward(
    image: &[f32],
    weights: &[f32],
    gradient: &[f32],
    channels: usize,
    window: &Window,
    relu: bool,
    image_gradient: &mut [f32],
    weight_gradient: &mut [f32],
) {
    let taps = window.kernel * window.kernel;
    let (offsets, back_offsets) = (window.offsets(), window.back_offsets());
    let size = window.height * window.width;
    let out_size = window.out_height * window.out_width;
    // A channel of all images at a time, so that its weights' gradient is summed in one place and in
    // one order, whatever the number of threads.
    let mut by_channel: Vec<Vec<&mut [f32]>> = (0..channels).map(|_| Vec::new()).collect();
    for (plane, target) in image_gradient.chunks_exact_mut(size).enumerate() {
        by_channel[plane % channels].push(target);
    }
    by_channel
        .into_par_iter()
        .zip(weight_gradient.par_chunks_exact_mut(taps))
        .enumerate()
        .for_each_init(
            || {
                (
                    vec![0.0; window.padded_length()],
                    vec![0.0; window.padded_length() + window.front()],
                    vec![0.0; window.height * window.pitch() + BLOCK],
                )
            },
            |(padded, spread, sums), (channel, (targets, weight_gradient))| {
                let mut weight_sums = vec![[0.0; BLOCK]; taps];
                for (n, target) in targets.into_iter().enumerate() {
                    let plane = n * channels + channel;
                    run(Backward {
                        window,
                        offsets: &offsets,
                        back_offsets: &back_offsets,
                        image: &image[plane * size..(plane + 1) * size],
                        gradient: &gradient[plane * out_size..(plane + 1) * out_size],
                        weights: &weights[channel * taps..(channel + 1) * taps],
                        relu,
                        padded,
                        spread,
                        sums,
                        image_gradient: target,
                        weight_sums: &mut weight_sums,
                    });
                }
                for (target, sums) in weight_gradient.iter_mut().zip(&weight_sums) {
                    *target = sums.iter().sum();
                }
            },
        );
}
