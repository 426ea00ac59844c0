//! Products of rows, one for each pixel, with a matrix.

use super::depthwise::{Held, Plain, Relu};
use super::target::{Target, put};
use super::vector::{Kernel, LANES, Lanes, Vectors, blocks_of, lanes, lanes_mut};

/// A matrix `[inner, outputs]` in panels of 16 outputs (the last may have 8), padded with zeros.
pub(super) struct Panels {
    values: Vec<f32>,
    inner: usize,
    outputs: usize,
}

impl Panels {
    pub(super) fn new(inner: usize, outputs: usize, value: impl Fn(usize, usize) -> f32) -> Self {
        let mut panels = Self {
            values: vec![0.0; inner * blocks_of(outputs) * LANES],
            inner,
            outputs,
        };
        for output in 0..outputs {
            let (start, width) = panels.place(output);
            for k in 0..inner {
                panels.values[start + k * width] = value(k, output);
            }
        }
        panels
    }

    fn at(&self, k: usize, output: usize) -> f32 {
        let (start, width) = self.place(output);
        self.values[start + k * width]
    }

    /// Where the values of an output begin, and the distance between them.
    fn place(&self, output: usize) -> (usize, usize) {
        let panel = output / LANES / 2 * 2;
        let width = LANES * (blocks_of(self.outputs) - panel).min(2);
        (panel * LANES * self.inner + output - panel * LANES, width)
    }

    /// `[outputs, inner]`
    pub(super) fn transposed(&self) -> Self {
        Self::new(self.outputs, self.inner, |k, output| self.at(output, k))
    }
}

/// `target = rows · matrix`.
pub(super) struct Product<'a> {
    pub(super) matrix: &'a Panels,
    /// `[pixel, stride]`
    pub(super) rows: &'a [f32],
    pub(super) stride: usize,
    pub(super) pixels: usize,
    pub(super) target: Target<'a>,
}

impl Kernel for Product<'_> {
    type Output = ();

    #[inline(always)]
    fn run<S: Vectors>(self, simd: S) {
        match self.target.mask {
            Some(mask) => self.work::<S, true>(simd, mask),
            None => self.work::<S, false>(simd, &[]),
        }
    }
}

impl Product<'_> {
    #[inline(always)]
    fn work<S: Vectors, const MASKED: bool>(self, simd: S, mask: &[f32]) {
        let inner = self.matrix.inner;
        let blocks = blocks_of(self.matrix.outputs);
        let mut block = 0;
        while block < blocks {
            let panel = &self.matrix.values[block * LANES * inner..];
            let width = (blocks - block).min(2);
            let mut pixel = 0;
            while pixel < self.pixels {
                let rows = &self.rows[pixel * self.stride..];
                let left = self.pixels - pixel;
                let place = pixel * self.target.stride + block * LANES;
                macro_rules! tile {
                    ($p:literal, $b:literal) => {{
                        let (panel, _) = panel.as_chunks::<LANES>();
                        let (panel, _) = panel.as_chunks::<$b>();
                        let sums = tile::<S, $p, $b>(simd, &panel[..inner], rows, self.stride);
                        let mut place = place;
                        for p in 0..$p {
                            for b in 0..$b {
                                let place = place + b * LANES;
                                let values = &mut *self.target.values;
                                put::<S, MASKED>(simd, values, mask, place, sums[p][b]);
                            }
                            place += self.target.stride;
                        }
                        pixel += $p;
                    }};
                }
                // As many sums as stay in registers, and enough to hide the latency of an addition.
                match (width, left) {
                    (1, 10..) => tile!(10, 1),
                    (1, 6..) => tile!(6, 1),
                    (1, 4..) => tile!(4, 1),
                    (1, 2..) => tile!(2, 1),
                    (1, _) => tile!(1, 1),
                    (_, 6..) => tile!(6, 2),
                    (_, 4..) => tile!(4, 2),
                    (_, 2..) => tile!(2, 2),
                    _ => tile!(1, 2),
                }
            }
            block += width;
        }
    }
}

/// `P` pixels by `B` blocks of outputs.
#[inline(always)]
fn tile<S: Vectors, const P: usize, const B: usize>(
    simd: S,
    panel: &[[Lanes; B]],
    rows: &[f32],
    stride: usize,
) -> [[S::V; B]; P] {
    let mut sums = [[simd.zero(); B]; P];
    let inner = panel.len();
    let mut each = [&rows[..0]; P];
    for p in 0..P {
        each[p] = &rows[p * stride..p * stride + inner];
    }
    for k in 0..inner {
        let mut weights = [simd.zero(); B];
        for b in 0..B {
            weights[b] = simd.load(&panel[k][b]);
        }
        for p in 0..P {
            let value = simd.splat(each[p][k]);
            for b in 0..B {
                sums[p][b] = simd.mul_add(value, weights[b], sums[p][b]);
            }
        }
    }
    sums
}

/// `sums[l][r] += sum over pixels of left[pixel][l] · right[pixel][r]`, all strides whole lanes.
pub(super) struct Outer<'a> {
    pub(super) left: &'a [f32],
    pub(super) left_stride: usize,
    pub(super) right: &'a [f32],
    pub(super) right_stride: usize,
    /// Whether the right side is passed through a ReLU.
    pub(super) relu: bool,
    pub(super) sums: &'a mut [f32],
}

impl Kernel for Outer<'_> {
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

impl Outer<'_> {
    #[inline(always)]
    fn work<S: Vectors, H: Held>(self, simd: S) {
        let blocks = self.right_stride / LANES;
        let pairs = blocks / 2 * 2;
        for row in (0..self.left_stride).step_by(4) {
            for block in (0..pairs).step_by(2) {
                outer_tile::<S, H, 4, 2>(
                    simd,
                    self.left,
                    self.left_stride,
                    row,
                    self.right,
                    self.right_stride,
                    block * LANES,
                    self.sums,
                );
            }
        }
        if pairs == blocks {
            return;
        }
        for row in (0..self.left_stride).step_by(LANES) {
            outer_tile::<S, H, LANES, 1>(
                simd,
                self.left,
                self.left_stride,
                row,
                self.right,
                self.right_stride,
                pairs * LANES,
                self.sums,
            );
        }
    }
}

/// `L` values of the left, starting at `row`, times `B` blocks of the right, starting at `column`.
#[inline(always)]
fn outer_tile<S: Vectors, H: Held, const L: usize, const B: usize>(
    simd: S,
    left: &[f32],
    left_stride: usize,
    row: usize,
    right: &[f32],
    right_stride: usize,
    column: usize,
    target: &mut [f32],
) {
    let mut sums = [[simd.zero(); B]; L];
    let pixels = left.chunks_exact(left_stride);
    for (left, right) in pixels.zip(right.chunks_exact(right_stride)) {
        let left = &left[row..row + L];
        let right = &right[column..column + B * LANES];
        let mut values = [simd.zero(); B];
        for b in 0..B {
            values[b] = H::held(simd, simd.load(lanes(right, b * LANES)));
        }
        for i in 0..L {
            let left = simd.splat(left[i]);
            for b in 0..B {
                sums[i][b] = simd.mul_add(left, values[b], sums[i][b]);
            }
        }
    }
    for i in 0..L {
        for b in 0..B {
            let target = lanes_mut(target, (row + i) * right_stride + column + b * LANES);
            *target = simd.store(simd.add(simd.load(target), sums[i][b]));
        }
    }
}
