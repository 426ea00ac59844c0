//! The kernels of the gradients.

use cubecl::prelude::*;

use crate::cube::launch::Tile;
use crate::cube::optional::{Factors, multiplied};

/// `sums` is `[groups, 2, channels]`: the sums of the gradient, and of its products with the normalized input.
#[cube(launch)]
pub(super) fn gradient_sums_kernel<F: Float, N: Size>(
    rows: &Tensor<Vector<F, N>>,
    gradient: &Tensor<Vector<F, N>>,
    factors: &Factors,
    statistics: &Tensor<Vector<f32, N>>,
    sums: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    of_image: usize,
    #[comptime] tile: Tile,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let channels = rows.shape(1) / rows.vector_size();
    let pixels = rows.shape(0);
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let group = CUBE_POS_Y as usize;
    let begin = group * of_each;
    let end = min(begin + of_each, pixels);
    let mut plain = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut weighted = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut sum = Vector::<f32, N>::zeroed();
    let mut products = Vector::<f32, N>::zeroed();
    if channel < channels {
        let mean = statistics[channel];
        let mut pixel = begin + down;
        while pixel < end {
            let place = pixel * channels + channel;
            let by_output = Vector::cast_from(gradient[place]);
            let value = multiplied::<N>(by_output, factors, pixel / of_image);
            sum += value;
            products += value * (Vector::cast_from(rows[place]) - mean);
            pixel += high;
        }
    }
    plain[down * wide + across] = sum;
    weighted[down * wide + across] = products;
    sync_cube();
    if down == 0 && channel < channels {
        let mut row = 1usize;
        while row < high {
            sum += plain[row * wide + across];
            products += weighted[row * wide + across];
            row += 1;
        }
        sums[group * 2 * channels + channel] = sum;
        sums[(group * 2 + 1) * channels + channel] = products / statistics[channels + channel];
    }
}

/// The gradient by the input, for the pixels of each group. The first group's cubes also write the gradients by
/// gamma and beta.
#[cube(launch)]
pub(super) fn input_gradient_kernel<F: Float, N: Size>(
    rows: &Tensor<Vector<F, N>>,
    gradient: &Tensor<Vector<F, N>>,
    factors: &Factors,
    statistics: &Tensor<Vector<f32, N>>,
    gamma: &Tensor<Vector<f32, N>>,
    sums: &Tensor<Vector<f32, N>>,
    by_rows: &mut Tensor<Vector<F, N>>,
    by_gamma: &mut Tensor<Vector<f32, N>>,
    by_beta: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    of_image: usize,
    #[comptime] tile: Tile,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let channels = rows.shape(1) / rows.vector_size();
    let pixels = rows.shape(0);
    let groups = sums.shape(0);
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let mut plain = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut weighted = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut sum = Vector::<f32, N>::zeroed();
    let mut products = Vector::<f32, N>::zeroed();
    if channel < channels {
        let mut group = down;
        while group < groups {
            sum += sums[group * 2 * channels + channel];
            products += sums[(group * 2 + 1) * channels + channel];
            group += high;
        }
    }
    plain[down * wide + across] = sum;
    weighted[down * wide + across] = products;
    sync_cube();
    if channel < channels {
        sum = plain[across];
        products = weighted[across];
        let mut row = 1usize;
        while row < min(high, groups) {
            sum += plain[row * wide + across];
            products += weighted[row * wide + across];
            row += 1;
        }
        let mean = statistics[channel];
        let deviation = statistics[channels + channel];
        let scale = gamma[channel] / deviation;
        let count = Vector::<f32, N>::new(f32::cast_from(pixels));
        let constant = sum / count;
        let slope = products / count / deviation;
        let begin = CUBE_POS_Y as usize * of_each;
        let end = min(begin + of_each, pixels);
        let mut pixel = begin + down;
        while pixel < end {
            let place = pixel * channels + channel;
            let by_output = Vector::cast_from(gradient[place]);
            let value = multiplied::<N>(by_output, factors, pixel / of_image);
            let distance = Vector::<f32, N>::cast_from(rows[place]) - mean;
            by_rows[place] = Vector::cast_from(scale * (value - constant - distance * slope));
            pixel += high;
        }
        if CUBE_POS_Y == 0 && down == 0 {
            by_gamma[channel] = products;
            by_beta[channel] = sum;
        }
    }
}
