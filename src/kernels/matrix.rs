//! Products of a batch of rows, one a pixel, with a matrix.

use super::sink::Sink;
use super::vector::{LANES, Lanes, accumulate, axpy, blocks_of, lanes, lanes_mut};

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

    /// Where an output's values begin, and how far they lie apart.
    fn place(&self, output: usize) -> (usize, usize) {
        let panel = output / LANES / 2 * 2;
        let width = LANES * (blocks_of(self.outputs) - panel).min(2);
        (panel * LANES * self.inner + output - panel * LANES, width)
    }

    /// `[outputs, inner]`
    pub(super) fn transposed(&self) -> Self {
        Self::new(self.outputs, self.inner, |k, output| self.at(output, k))
    }

    /// Gives `rows · matrix`, the rows `stride` values apart.
    #[inline(always)]
    pub(super) fn product<const FUSED: bool>(
        &self,
        rows: &[f32],
        stride: usize,
        pixels: usize,
        sink: &mut impl Sink,
    ) {
        let blocks = blocks_of(self.outputs);
        let mut block = 0;
        while block < blocks {
            let panel = &self.values[block * LANES * self.inner..];
            if blocks - block >= 2 {
                self.panel::<FUSED, 2>(panel, rows, stride, pixels, block, sink);
                block += 2;
            } else {
                self.panel::<FUSED, 1>(panel, rows, stride, pixels, block, sink);
                block += 1;
            }
        }
    }

    #[inline(always)]
    fn panel<const FUSED: bool, const B: usize>(
        &self,
        panel: &[f32],
        rows: &[f32],
        stride: usize,
        pixels: usize,
        block: usize,
        sink: &mut impl Sink,
    ) {
        let panel = &panel[..self.inner * B * LANES];
        let mut pixel = 0;
        while pixel < pixels {
            let rows = &rows[pixel * stride..];
            let left = pixels - pixel;
            // So many sums as stay in registers, and enough of them to hide an addition's latency.
            if B == 1 && left >= 10 {
                tile::<FUSED, 10, B>(panel, rows, stride, self.inner, pixel, block, sink);
                pixel += 10;
            } else if left >= 6 {
                tile::<FUSED, 6, B>(panel, rows, stride, self.inner, pixel, block, sink);
                pixel += 6;
            } else if left >= 4 {
                tile::<FUSED, 4, B>(panel, rows, stride, self.inner, pixel, block, sink);
                pixel += 4;
            } else if left >= 2 {
                tile::<FUSED, 2, B>(panel, rows, stride, self.inner, pixel, block, sink);
                pixel += 2;
            } else {
                tile::<FUSED, 1, B>(panel, rows, stride, self.inner, pixel, block, sink);
                pixel += 1;
            }
        }
    }
}

/// `P` pixels by `B` blocks of outputs.
#[inline(always)]
fn tile<const FUSED: bool, const P: usize, const B: usize>(
    panel: &[f32],
    rows: &[f32],
    stride: usize,
    inner: usize,
    pixel: usize,
    block: usize,
    sink: &mut impl Sink,
) {
    let mut sums = [[[0.0; LANES]; B]; P];
    let mut each = [&rows[..0]; P];
    for p in 0..P {
        each[p] = &rows[p * stride..p * stride + inner];
    }
    for (k, weights) in panel.chunks_exact(B * LANES).enumerate().take(inner) {
        for p in 0..P {
            let value = each[p][k];
            for b in 0..B {
                axpy::<FUSED>(&mut sums[p][b], value, lanes(weights, b * LANES));
            }
        }
    }
    for p in 0..P {
        for b in 0..B {
            sink.put(pixel + p, block + b, &sums[p][b]);
        }
    }
}

/// `sums[l][r] += sum over pixels of left[pixel][l] · right[pixel][r]`, all strides whole lanes.
#[inline(always)]
pub(super) fn outer<const FUSED: bool>(
    left: &[f32],
    left_stride: usize,
    right: &[f32],
    right_stride: usize,
    pixels: usize,
    sums: &mut [f32],
) {
    let blocks = right_stride / LANES;
    let pairs = blocks / 2 * 2;
    for row in (0..left_stride).step_by(4) {
        let sums = &mut sums[row * right_stride..];
        for block in (0..pairs).step_by(2) {
            outer_tile::<FUSED, 4, 2>(
                &left[row..],
                left_stride,
                &right[block * LANES..],
                right_stride,
                pixels,
                &mut sums[block * LANES..],
            );
        }
    }
    if pairs == blocks {
        return;
    }
    for row in (0..left_stride).step_by(LANES) {
        outer_tile::<FUSED, LANES, 1>(
            &left[row..],
            left_stride,
            &right[pairs * LANES..],
            right_stride,
            pixels,
            &mut sums[row * right_stride + pairs * LANES..],
        );
    }
}

/// `L` values of the left by `B` blocks of the right.
#[inline(always)]
fn outer_tile<const FUSED: bool, const L: usize, const B: usize>(
    left: &[f32],
    left_stride: usize,
    right: &[f32],
    right_stride: usize,
    pixels: usize,
    target: &mut [f32],
) {
    let mut sums: [[Lanes; B]; L] = [[[0.0; LANES]; B]; L];
    let mut place = [0, 0];
    for _ in 0..pixels {
        let left = &left[place[0]..place[0] + L];
        let right = &right[place[1]..place[1] + B * LANES];
        place = [place[0] + left_stride, place[1] + right_stride];
        for i in 0..L {
            for b in 0..B {
                axpy::<FUSED>(&mut sums[i][b], left[i], lanes(right, b * LANES));
            }
        }
    }
    for i in 0..L {
        for b in 0..B {
            let target = lanes_mut(target, i * right_stride + b * LANES);
            accumulate(&mut sums[i][b], target);
            *target = sums[i][b];
        }
    }
}
