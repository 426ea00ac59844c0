//! 1x1 convolution: at every pixel a matrix times the channels.
//!
//! Blocks of pixels are packed so that a channel's values lie together, with the ReLU applied; then
//! blocks of output channels are computed in registers.

use rayon::prelude::*;

use super::vector::{Kernel, axpy, lanes, multiply_accumulate, rectified, run};

/// Pixels of a packed block.
const PIXELS: usize = 16;
/// Output channels that are computed at once.
const ROWS: usize = 4;

/// `output[row][pixel] = sum over k of matrix[row][k] · input[k][pixel]` for one image.
struct Multiply<'a> {
    matrix: &'a [f32],
    inner: usize,
    input: &'a [f32],
    relu: bool,
    /// Where this is not positive, the output is 0.
    mask: Option<&'a [f32]>,
    packed: &'a mut [f32],
    output: &'a mut [f32],
    pixels: usize,
}

impl Kernel for Multiply<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        let mut start = 0;
        while start < self.pixels {
            let count = PIXELS.min(self.pixels - start);
            pack::<PIXELS>(
                self.input,
                self.pixels,
                start,
                count,
                self.relu,
                self.packed,
            );
            let rows = self.matrix.len() / self.inner;
            let mut row = 0;
            while row < rows {
                let matrix = &self.matrix[row * self.inner..];
                let place = row * self.pixels + start;
                if rows - row >= ROWS {
                    let sums = block::<FUSED, ROWS>(matrix, self.inner, self.packed);
                    for (i, sum) in sums.iter().enumerate() {
                        let place = place + i * self.pixels;
                        store(sum, self.output, self.mask, place, count);
                    }
                    row += ROWS;
                } else {
                    let [sum] = block::<FUSED, 1>(matrix, self.inner, self.packed);
                    store(&sum, self.output, self.mask, place, count);
                    row += 1;
                }
            }
            start += PIXELS;
        }
    }
}

#[inline(always)]
fn block<const FUSED: bool, const R: usize>(
    matrix: &[f32],
    inner: usize,
    packed: &[f32],
) -> [[f32; PIXELS]; R] {
    let mut sums = [[0.0; PIXELS]; R];
    let mut rows = [&matrix[..0]; R];
    for (i, row) in rows.iter_mut().enumerate() {
        *row = &matrix[i * inner..(i + 1) * inner];
    }
    for k in 0..inner {
        let values = lanes::<PIXELS>(packed, k * PIXELS);
        for i in 0..R {
            axpy::<FUSED, PIXELS>(&mut sums[i], rows[i][k], values);
        }
    }
    sums
}

#[inline(always)]
fn store(
    sum: &[f32; PIXELS],
    output: &mut [f32],
    mask: Option<&[f32]>,
    start: usize,
    count: usize,
) {
    let output = &mut output[start..start + count];
    match mask {
        None => output.copy_from_slice(&sum[..count]),
        Some(mask) => {
            for ((output, &sum), &mask) in
                output.iter_mut().zip(sum).zip(&mask[start..start + count])
            {
                *output = if mask > 0.0 { sum } else { 0.0 };
            }
        }
    }
}

fn multiply(
    matrix: &[f32],
    rows: usize,
    inner: usize,
    input: &[f32],
    pixels: usize,
    relu: bool,
    mask: Option<&[f32]>,
    output: &mut [f32],
) {
    output
        .par_chunks_exact_mut(rows * pixels)
        .enumerate()
        .for_each_init(
            || vec![0.0; inner * PIXELS],
            |packed, (n, output)| {
                let image = |channels: usize| n * channels * pixels..(n + 1) * channels * pixels;
                run(Multiply {
                    matrix,
                    inner,
                    input: &input[image(inner)],
                    relu,
                    mask: mask.map(|mask| &mask[image(rows)]),
                    packed,
                    output,
                    pixels,
                });
            },
        );
}

/// `output[n] = weight * relu(image[n])`; weight is `[output channels, input channels]`.
pub(crate) fn forward(
    image: &[f32],
    weight: &[f32],
    channels: usize,
    pixels: usize,
    relu: bool,
    output: &mut [f32],
) {
    multiply(
        weight,
        weight.len() / channels,
        channels,
        image,
        pixels,
        relu,
        None,
        output,
    );
}

/// The gradients by the image (the ReLU's included) and by the weights.
pub(crate) fn backward(
    image: &[f32],
    weight: &[f32],
    gradient: &[f32],
    channels: usize,
    pixels: usize,
    relu: bool,
    image_gradient: &mut [f32],
    weight_gradient: &mut [f32],
) {
    let outputs = weight.len() / channels;
    let mut transposed = vec![0.0; weight.len()];
    for (row, values) in weight.chunks_exact(channels).enumerate() {
        for (column, &value) in values.iter().enumerate() {
            transposed[column * outputs + row] = value;
        }
    }
    multiply(
        &transposed,
        channels,
        outputs,
        gradient,
        pixels,
        false,
        relu.then_some(image),
        image_gradient,
    );
    // Groups of output channels, one a thread; every weight's sum has the same order in any grouping.
    let groups = rayon::current_num_threads().min(outputs.div_ceil(4)).max(1);
    let rows = outputs.div_ceil(groups).next_multiple_of(4);
    weight_gradient
        .par_chunks_mut(rows * channels)
        .enumerate()
        .for_each(|(group, target)| {
            run(Weights {
                image,
                gradient,
                first: group * rows,
                outputs,
                channels,
                pixels,
                relu,
                target,
            });
        });
}

struct Weights<'a> {
    image: &'a [f32],
    gradient: &'a [f32],
    /// The first of this group's output channels.
    first: usize,
    outputs: usize,
    channels: usize,
    pixels: usize,
    relu: bool,
    target: &'a mut [f32],
}

/// Pixels that are summed before the sums go back to memory.
const CHUNK: usize = 64;

impl Kernel for Weights<'_> {
    type Output = ();

    #[inline(always)]
    fn run<const FUSED: bool>(self) {
        const W: usize = 8;
        let rows = self.target.len() / self.channels;
        let (row_blocks, column_blocks) = (rows.div_ceil(4), self.channels.div_ceil(3));
        let mut sums = vec![[[[0.0_f32; W]; 3]; 4]; row_blocks * column_blocks];
        let mut left = vec![0.0; row_blocks * 4 * CHUNK];
        let mut right = vec![0.0; column_blocks * 3 * CHUNK];
        for n in 0..self.image.len() / (self.channels * self.pixels) {
            let image =
                &self.image[n * self.channels * self.pixels..][..self.channels * self.pixels];
            let gradient = &self.gradient[(n * self.outputs + self.first) * self.pixels..]
                [..rows * self.pixels];
            let mut start = 0;
            while start < self.pixels {
                let count = CHUNK.min(self.pixels - start);
                pack::<CHUNK>(gradient, self.pixels, start, count, false, &mut left);
                pack::<CHUNK>(image, self.pixels, start, count, self.relu, &mut right);
                let used = count.next_multiple_of(W);
                for (i, sums) in sums.chunks_exact_mut(column_blocks).enumerate() {
                    let left = &left[i * 4 * CHUNK..(i + 1) * 4 * CHUNK];
                    for (right, sums) in right.chunks_exact(3 * CHUNK).zip(sums) {
                        let mut sum = *sums;
                        let mut p = 0;
                        while p < used {
                            let right = [
                                lanes::<W>(right, p),
                                lanes::<W>(right, CHUNK + p),
                                lanes::<W>(right, 2 * CHUNK + p),
                            ];
                            for i in 0..4 {
                                let left = lanes::<W>(left, i * CHUNK + p);
                                for j in 0..3 {
                                    multiply_accumulate::<FUSED, W>(&mut sum[i][j], left, right[j]);
                                }
                            }
                            p += W;
                        }
                        *sums = sum;
                    }
                }
                start += CHUNK;
            }
        }
        for (row, target) in self.target.chunks_exact_mut(self.channels).enumerate() {
            for (column, target) in target.iter_mut().enumerate() {
                let block = &sums[row / 4 * column_blocks + column / 3];
                *target = block[row % 4][column % 3].iter().sum();
            }
        }
    }
}

/// Copies `count` pixels from `start` on of every plane, or their ReLU, to `N` pixels each, the rest
/// of them 0.
#[inline(always)]
fn pack<const N: usize>(
    planes: &[f32],
    pixels: usize,
    start: usize,
    count: usize,
    relu: bool,
    packed: &mut [f32],
) {
    let each = planes.chunks_exact(pixels).zip(packed.chunks_exact_mut(N));
    for (plane, target) in each {
        if count == N {
            target.copy_from_slice(lanes::<N>(plane, start));
        } else {
            target[..count].copy_from_slice(&plane[start..start + count]);
            target[count..].fill(0.0);
        }
        if relu {
            for value in target {
                *value = rectified(*value);
            }
        }
    }
}
