//! The depthwise convolution itself: sums over windows.

use super::grid::{Grid, Shape};
use super::plane::{Held, Plain, Relu};
use crate::cpu::target::{Target, put};
use crate::cpu::vector::{Kernel, LANES, Lanes, Vectors};

/// A depthwise convolution of images.
pub(in crate::cpu) struct PlaneConvolution<'a> {
    pub(in crate::cpu) shape: &'a Shape,
    /// Whether the images are passed through a ReLU.
    pub(in crate::cpu) relu: bool,
    /// `[block, tap, lane]`, the taps in the shape's order.
    pub(in crate::cpu) weights: &'a [f32],
    /// `[image, pixel, channel]`, with as many channels as the target has.
    pub(in crate::cpu) images: &'a [f32],
    pub(in crate::cpu) plane: &'a mut [f32],
    pub(in crate::cpu) target: Target<'a>,
}

impl Kernel for PlaneConvolution<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        match (self.target.mask, self.relu) {
            (None, false) => self.work::<S, false, Plain>(simd, &[]),
            (None, true) => self.work::<S, false, Relu>(simd, &[]),
            (Some(mask), false) => self.work::<S, true, Plain>(simd, mask),
            (Some(mask), true) => self.work::<S, true, Relu>(simd, mask),
        }
    }
}

impl PlaneConvolution<'_> {
    #[inline(always)]
    fn work<S: Vectors, const MASKED: bool, H: Held>(self, simd: S, mask: &[f32]) {
        let Shape {
            plane: at, pixels, ..
        } = *self.shape;
        let stride = self.target.stride;
        let (plane, _) = self.plane.as_chunks_mut::<LANES>();
        at.surround(0.0, plane);
        let size = pixels * stride;
        let images = self.images.chunks_exact(at.pixels() * stride);
        let targets = self.target.values.chunks_exact_mut(size);
        for (number, (image, target)) in images.zip(targets).enumerate() {
            let mask = if MASKED {
                &mask[number * size..(number + 1) * size]
            } else {
                &[]
            };
            for block in 0..stride / LANES {
                let first = block * LANES;
                let weights = &self.weights[block * self.shape.weights()..];
                at.fill::<S, H>(simd, image, stride, first, plane);
                let (mut weights, _) = weights.as_chunks::<LANES>();
                for grid in &self.shape.grids {
                    let (of_grid, others) = weights.split_at(grid.taps());
                    weights = others;
                    Sums {
                        grid,
                        plane,
                        pitch: at.pitch,
                        weights: of_grid,
                        values: target,
                        mask,
                        stride,
                        first,
                    }
                    .work::<S, MASKED>(simd);
                }
            }
        }
    }
}

/// Sums computed together: enough to hide the latency of an addition, few enough to stay in registers.
const MOST_SUMS: usize = 8;

/// The sums of a grid for eight channels.
pub(super) struct Sums<'a> {
    pub(super) grid: &'a Grid,
    pub(super) plane: &'a [Lanes],
    pub(super) pitch: usize,
    pub(super) weights: &'a [Lanes],
    /// Where the sums are written, `[pixel, stride]`.
    pub(super) values: &'a mut [f32],
    pub(super) mask: &'a [f32],
    pub(super) stride: usize,
    /// The first of the channels.
    pub(super) first: usize,
}

impl Sums<'_> {
    #[inline(always)]
    pub(super) fn work<S: Vectors, const MASKED: bool>(self, simd: S) {
        // Constant numbers of taps and steps make bounds checks of each load unnecessary.
        match (
            self.grid.kernel[1],
            self.grid.dilation[1],
            self.grid.step[1],
        ) {
            (1, _, 1) => self.rows::<S, MASKED, 1, 1>(simd),
            (2, 1, 1) => self.rows::<S, MASKED, 2, 1>(simd),
            (3, 1, 1) => self.rows::<S, MASKED, 3, 1>(simd),
            (4, 1, 1) => self.rows::<S, MASKED, 4, 1>(simd),
            (5, 1, 1) => self.rows::<S, MASKED, 5, 1>(simd),
            (7, 1, 1) => self.rows::<S, MASKED, 7, 1>(simd),
            (3, 1, 2) => self.rows::<S, MASKED, 3, 2>(simd),
            (5, 1, 2) => self.rows::<S, MASKED, 5, 2>(simd),
            (7, 1, 2) => self.rows::<S, MASKED, 7, 2>(simd),
            _ => self.any::<S, MASKED>(simd),
        }
    }

    /// The sums of a row in parts of nearly equal size, at most eight. A sum waits for its previous
    /// addition, so a part of one sum takes as long as a part of eight.
    #[inline(always)]
    fn rows<S: Vectors, const MASKED: bool, const K: usize, const STEP: usize>(self, simd: S) {
        let Grid {
            size: [height, width],
            ..
        } = *self.grid;
        let (weights, _) = self.weights.as_chunks::<K>();
        let apart = self.pitch * self.grid.dilation[0];
        let parts = width.div_ceil(MOST_SUMS);
        let step = self.grid.apart[1] * self.stride;
        for row in 0..height {
            let line = &self.plane[self.grid.start + row * self.grid.step[0] * self.pitch..];
            let pixel = self.grid.pixel + row * self.grid.apart[0];
            let mut place = pixel * self.stride + self.first;
            let mut column = 0;
            for part in 0..parts {
                let end = width * (part + 1) / parts;
                let line = &line[column * STEP..];
                macro_rules! sums {
                    ($p:literal) => {{
                        let sums = windows::<S, $p, STEP, K>(simd, line, apart, weights);
                        for p in 0..$p {
                            put::<S, MASKED>(simd, self.values, self.mask, place, sums[p]);
                            place += step;
                        }
                    }};
                }
                match end - column {
                    1 => sums!(1),
                    2 => sums!(2),
                    3 => sums!(3),
                    4 => sums!(4),
                    5 => sums!(5),
                    6 => sums!(6),
                    7 => sums!(7),
                    _ => sums!(8),
                }
                column = end;
            }
        }
    }

    /// For all other kernel sizes, dilations and steps.
    #[inline(always)]
    fn any<S: Vectors, const MASKED: bool>(self, simd: S) {
        let Grid {
            size: [height, width],
            kernel: [_, columns],
            step,
            dilation,
            ..
        } = *self.grid;
        for row in 0..height {
            let line = self.grid.start + row * step[0] * self.pitch;
            let pixel = self.grid.pixel + row * self.grid.apart[0];
            let mut place = pixel * self.stride + self.first;
            let mut column = 0;
            while column < width {
                let start = line + column * step[1];
                let count = MOST_SUMS.min(width - column);
                let mut sums = [simd.zero(); MOST_SUMS];
                for (tap, weights) in self.weights.iter().enumerate() {
                    let weights = simd.load(weights);
                    let down = tap / columns * dilation[0] * self.pitch;
                    let start = start + down + tap % columns * dilation[1];
                    let values = self.plane[start..].iter().step_by(step[1]);
                    for (sum, values) in sums[..count].iter_mut().zip(values) {
                        *sum = simd.mul_add(weights, simd.load(values), *sum);
                    }
                }
                for sum in &sums[..count] {
                    put::<S, MASKED>(simd, self.values, self.mask, place, *sum);
                    place += self.grid.apart[1] * self.stride;
                }
                column += count;
            }
        }
    }
}

/// Sums over the windows of step `STEP` and `K` columns of `P` neighboring outputs.
#[inline(always)]
fn windows<S: Vectors, const P: usize, const STEP: usize, const K: usize>(
    simd: S,
    plane: &[Lanes],
    apart: usize,
    weights: &[[Lanes; K]],
) -> [S::V; P] {
    let mut sums = [simd.zero(); P];
    let mut rows = plane;
    for weights in weights {
        let values = &rows[..(P - 1) * STEP + K];
        for column in 0..K {
            let weights = simd.load(&weights[column]);
            for p in 0..P {
                let values = simd.load(&values[p * STEP + column]);
                sums[p] = simd.mul_add(weights, values, sums[p]);
            }
        }
        rows = rows.get(apart..).unwrap_or_default();
    }
    sums
}
