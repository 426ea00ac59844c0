//! The gradient by the weights.

use super::convolution::Sums;
use super::grid::Shape;
use super::plane::{Held, Plain, Relu};
use crate::cpu::vector::{Kernel, LANES, Lanes, Vectors, lanes};
use crate::window::Window;

/// Adds up the gradient by the weights of a depthwise convolution, and computes its sums again.
pub(in crate::cpu) struct WeightGradient<'a> {
    pub(in crate::cpu) window: &'a Window,
    /// The shape of the convolution.
    pub(in crate::cpu) shape: &'a Shape,
    /// Whether the images are passed through a ReLU.
    pub(in crate::cpu) relu: bool,
    /// `[block, tap, lane]`
    pub(in crate::cpu) weights: &'a [f32],
    /// `[image, pixel, channel]`
    pub(in crate::cpu) images: &'a [f32],
    /// `[image, output pixel, channel]`
    pub(in crate::cpu) gradient: &'a [f32],
    /// The number of channels; they fill whole lanes.
    pub(in crate::cpu) stride: usize,
    pub(in crate::cpu) plane: &'a mut [f32],
    /// The gradient by the weights, `[block, tap, lane]`.
    pub(in crate::cpu) by_weights: &'a mut [f32],
    /// The sums of the convolution in the layout of `gradient`; empty if they aren't needed.
    pub(in crate::cpu) sums: Option<&'a mut [f32]>,
}

impl Kernel for WeightGradient<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        if self.relu {
            self.work::<S, Relu>(simd);
        } else {
            self.work::<S, Plain>(simd);
        }
    }
}

impl WeightGradient<'_> {
    #[inline(always)]
    fn work<S: Vectors, H: Held>(self, simd: S) {
        let (window, stride) = (self.window, self.stride);
        let Shape { plane: at, .. } = *self.shape;
        let (plane, _) = self.plane.as_chunks_mut::<LANES>();
        at.surround(0.0, plane);
        let out_size = window.out_pixels() * stride;
        let images = self.images.chunks_exact(window.pixels() * stride);
        let gradients = self.gradient.chunks_exact(out_size);
        let mut sums = self.sums;
        for (number, (image, gradient)) in images.zip(gradients).enumerate() {
            for block in 0..stride / LANES {
                let first = block * LANES;
                at.fill::<S, H>(simd, image, stride, first, plane);
                if let Some(sums) = &mut sums {
                    let weights = &self.weights[block * self.shape.weights()..];
                    let (mut weights, _) = weights.as_chunks::<LANES>();
                    for grid in &self.shape.grids {
                        let (of_grid, others) = weights.split_at(grid.taps());
                        weights = others;
                        Sums {
                            grid,
                            plane,
                            pitch: at.pitch,
                            weights: of_grid,
                            values: &mut sums[number * out_size..(number + 1) * out_size],
                            mask: &[],
                            stride,
                            first,
                        }
                        .work::<S, false>(simd);
                    }
                }
                let of_block = window.taps() * LANES;
                let by_weights = &mut self.by_weights[block * of_block..(block + 1) * of_block];
                let (by_weights, _) = by_weights.as_chunks_mut::<LANES>();
                let by_rows = by_weights.chunks_exact_mut(window.kernel[1]);
                for (row, by_row) in by_rows.enumerate() {
                    Row {
                        window,
                        plane: &plane[row * window.dilation * at.pitch..],
                        pitch: at.pitch,
                        gradient,
                        stride,
                        first,
                    }
                    .work(simd, by_row);
                }
            }
        }
    }
}

/// A row of taps.
struct Row<'a> {
    window: &'a Window,
    plane: &'a [Lanes],
    pitch: usize,
    gradient: &'a [f32],
    stride: usize,
    first: usize,
}

impl Row<'_> {
    #[inline(always)]
    fn work<S: Vectors>(self, simd: S, sums: &mut [Lanes]) {
        match (self.window.kernel[1], self.window.stride[1]) {
            (3, 1) => self.taps::<S, 3, 2, 2>(simd, sums),
            (3, 2) => self.taps::<S, 3, 2, 4>(simd, sums),
            (5, 1) => self.taps::<S, 5, 2, 2>(simd, sums),
            (5, 2) => self.taps::<S, 5, 2, 4>(simd, sums),
            (7, 1) => self.taps::<S, 7, 2, 2>(simd, sums),
            (7, 2) => self.taps::<S, 7, 2, 4>(simd, sums),
            _ => self.any(simd, sums),
        }
    }

    /// `K` neighboring taps, with `U` sums each so that additions don't wait for one another; `N` is
    /// `U` times the stride.
    #[inline(always)]
    fn taps<S: Vectors, const K: usize, const U: usize, const N: usize>(
        self,
        simd: S,
        target: &mut [Lanes],
    ) {
        let (step, width) = (N / U, self.window.out_width);
        let parts = width / U;
        let rows = self.plane.chunks(self.pitch * self.window.stride[0]);
        let gradients = self.gradient.chunks_exact(width * self.stride);
        let mut sums = [[simd.zero(); K]; U];
        for (values, gradient) in rows.zip(gradients) {
            // The pixels that each tap sees, `U` outputs at a time.
            let mut seen: [&[[Lanes; N]]; K] = [&[]; K];
            for k in 0..K {
                let (of_tap, _) = values[k * self.window.dilation..].as_chunks::<N>();
                seen[k] = &of_tap[..parts];
            }
            let (pairs, rest) = gradient.split_at(parts * U * self.stride);
            for (part, gradients) in pairs.chunks_exact(U * self.stride).enumerate().take(parts) {
                for u in 0..U {
                    let gradient = simd.load(lanes(gradients, u * self.stride + self.first));
                    for k in 0..K {
                        let values = simd.load(&seen[k][part][u * step]);
                        sums[u][k] = simd.mul_add(values, gradient, sums[u][k]);
                    }
                }
            }
            for (column, gradient) in rest.chunks_exact(self.stride).enumerate() {
                let gradient = simd.load(lanes(gradient, self.first));
                let start = (parts * U + column) * step;
                for k in 0..K {
                    let values = simd.load(&values[start + k * self.window.dilation]);
                    sums[0][k] = simd.mul_add(values, gradient, sums[0][k]);
                }
            }
        }
        let Some(target) = target.first_chunk_mut::<K>() else {
            return;
        };
        for k in 0..K {
            let mut sum = simd.load(&target[k]);
            for u in 0..U {
                sum = simd.add(sum, sums[u][k]);
            }
            target[k] = simd.store(sum);
        }
    }

    /// For all other kernel sizes and strides, tap by tap.
    #[inline(always)]
    fn any<S: Vectors>(self, simd: S, target: &mut [Lanes]) {
        let width = self.window.out_width;
        for (tap, target) in target.iter_mut().enumerate() {
            let rows = self.plane.chunks(self.pitch * self.window.stride[0]);
            let gradients = self.gradient.chunks_exact(width * self.stride);
            let mut sum = simd.zero();
            for (values, gradient) in rows.zip(gradients) {
                let values = values[tap * self.window.dilation..]
                    .iter()
                    .step_by(self.window.stride[1]);
                for (values, gradient) in values.zip(gradient.chunks_exact(self.stride)) {
                    let gradient = simd.load(lanes(gradient, self.first));
                    sum = simd.mul_add(simd.load(values), gradient, sum);
                }
            }
            *target = simd.store(simd.add(simd.load(target), sum));
        }
    }
}
