//! The kernels of the gradients. Several inputs that were added up after they were normalized have one gradient by the output;
//! where the output went through a ReLU, it is the mask.

use cubecl::prelude::*;

use super::columns::column_sums;
use crate::cube::launch::Tile;
use crate::cube::optional::{Optional, masked, multiplied_by};

/// A layer of cubes for each input. Of input `n`, `sums` is `[groups, 2, channels]`, from group `n · groups` on: the sums
/// of the gradient, and of its products with the normalized input.
#[cube(launch)]
pub(super) fn gradient_sums_kernel<F: Float, N: Size>(
    rows: &Sequence<Box<[Vector<F, N>]>>,
    gradient: &[Vector<F, N>],
    mask: &Optional<F, N>,
    factors: &Sequence<Box<[f32]>>,
    statistics: &Sequence<Box<[Vector<f32, N>]>>,
    sums: &mut Tensor<Vector<f32, N>>,
    pixels: usize,
    of_each: usize,
    of_image: usize,
    #[comptime] inputs: usize,
    #[comptime] has_factors: bool,
    #[comptime] tile: Tile,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let channels = sums.shape(2) / sums.vector_size();
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let begin = CUBE_POS_Y as usize * of_each;
    let end = min(begin + of_each, pixels);
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(2 * wide * high));
    let mut sum = Vector::<f32, N>::zeroed();
    let mut products = Vector::<f32, N>::zeroed();
    let mut deviation = Vector::<f32, N>::zeroed();
    #[unroll]
    for input in 0..inputs {
        if CUBE_POS_Z as usize == input && channel < channels {
            let rows = rows.index(input);
            let mean = statistics.index(input)[channel];
            deviation = statistics.index(input)[channels + channel];
            let mut pixel = begin + down;
            while pixel < end {
                let place = pixel * channels + channel;
                let by_output = masked::<F, N>(Vector::cast_from(gradient[place]), mask, place);
                let value =
                    multiplied_by::<N>(by_output, factors, input, pixel / of_image, has_factors);
                sum += value;
                products += value * (Vector::cast_from(rows[place]) - mean);
                pixel += high;
            }
        }
    }
    let (sum, products) = column_sums::<N>(sum, products, &mut shared, tile);
    if down == 0 && channel < channels {
        let group = CUBE_POS_Z as usize * CUBE_COUNT_Y as usize + CUBE_POS_Y as usize;
        sums[group * 2 * channels + channel] = sum;
        sums[(group * 2 + 1) * channels + channel] = products / deviation;
    }
}

/// The gradient by each input, for the pixels of each group. The first group's cubes also write the gradients by
/// gamma and beta.
#[cube(launch)]
pub(super) fn input_gradient_kernel<F: Float, N: Size>(
    rows: &Sequence<Box<[Vector<F, N>]>>,
    gradient: &[Vector<F, N>],
    mask: &Optional<F, N>,
    factors: &Sequence<Box<[f32]>>,
    statistics: &Sequence<Box<[Vector<f32, N>]>>,
    gamma: &Sequence<Box<[Vector<f32, N>]>>,
    sums: &Tensor<Vector<f32, N>>,
    by_rows: &mut Sequence<Box<[Vector<F, N>]>>,
    by_gamma: &mut Sequence<Box<[Vector<f32, N>]>>,
    by_beta: &mut Sequence<Box<[Vector<f32, N>]>>,
    pixels: usize,
    of_each: usize,
    of_image: usize,
    #[comptime] inputs: usize,
    #[comptime] has_factors: bool,
    #[comptime] tile: Tile,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let channels = sums.shape(2) / sums.vector_size();
    let groups = sums.shape(0) / inputs;
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let threads = comptime!(tile.threads());
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(2 * wide * high));
    let mut sum = Vector::<f32, N>::zeroed();
    let mut products = Vector::<f32, N>::zeroed();
    if channel < channels {
        let mut group = down;
        while group < groups {
            let from = (CUBE_POS_Z as usize * groups + group) * 2;
            sum += sums[from * channels + channel];
            products += sums[(from + 1) * channels + channel];
            group += high;
        }
    }
    shared[down * wide + across] = sum;
    shared[down * wide + across + threads] = products;
    sync_cube();
    #[unroll]
    for input in 0..inputs {
        if CUBE_POS_Z as usize == input && channel < channels {
            sum = shared[across];
            products = shared[across + threads];
            let mut row = 1usize;
            while row < min(high, groups) {
                sum += shared[row * wide + across];
                products += shared[row * wide + across + threads];
                row += 1;
            }
            let rows = rows.index(input);
            let by_rows = by_rows.index_mut(input);
            let mean = statistics.index(input)[channel];
            let deviation = statistics.index(input)[channels + channel];
            let scale = gamma.index(input)[channel] / deviation;
            let count = Vector::<f32, N>::new(f32::cast_from(pixels));
            let constant = sum / count;
            let slope = products / count / deviation;
            let begin = CUBE_POS_Y as usize * of_each;
            let end = min(begin + of_each, pixels);
            let mut pixel = begin + down;
            while pixel < end {
                let place = pixel * channels + channel;
                let by_output = masked::<F, N>(Vector::cast_from(gradient[place]), mask, place);
                let value =
                    multiplied_by::<N>(by_output, factors, input, pixel / of_image, has_factors);
                let distance = Vector::<f32, N>::cast_from(rows[place]) - mean;
                by_rows[place] = Vector::cast_from(scale * (value - constant - distance * slope));
                pixel += high;
            }
            if CUBE_POS_Y == 0 && down == 0 {
                by_gamma.index_mut(input)[channel] = products;
                by_beta.index_mut(input)[channel] = sum;
            }
        }
    }
}
