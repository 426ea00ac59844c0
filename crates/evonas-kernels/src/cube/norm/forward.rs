//! The kernels of the forward pass.

use cubecl::prelude::*;

use crate::cube::launch::Tile;
use crate::cube::optional::{Factors, Optional, added, multiplied};

/// `moments` is `[groups, 3, channels]`: the number of pixels in a group, their mean, and the sum of their
/// squared distances from it.
#[cube(launch)]
pub(super) fn moments_kernel<F: Float, N: Size>(
    rows: &Tensor<Vector<F, N>>,
    moments: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    #[comptime] tile: Tile,
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
    let mut sums = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut squares = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut first = Vector::<f32, N>::zeroed();
    let mut sum = Vector::<f32, N>::zeroed();
    let mut square = Vector::<f32, N>::zeroed();
    if channel < channels {
        // Distances from the first value keep their digits, whatever the mean.
        first = Vector::cast_from(rows[begin * channels + channel]);
        let mut pixel = begin + down;
        while pixel < end {
            let distance = Vector::<f32, N>::cast_from(rows[pixel * channels + channel]) - first;
            sum += distance;
            square += distance * distance;
            pixel += high;
        }
    }
    sums[down * wide + across] = sum;
    squares[down * wide + across] = square;
    sync_cube();
    if down == 0 && channel < channels {
        let mut row = 1usize;
        while row < high {
            sum += sums[row * wide + across];
            square += squares[row * wide + across];
            row += 1;
        }
        let count = Vector::<f32, N>::new(f32::cast_from(end - begin));
        let mean = sum / count;
        moments[group * 3 * channels + channel] = count;
        moments[(group * 3 + 1) * channels + channel] = first + mean;
        moments[(group * 3 + 2) * channels + channel] = square - sum * mean;
    }
}

/// Combines two sets of moments (Chan, Golub and LeVeque 1979).
#[cube]
fn combined<N: Size>(
    count: Vector<f32, N>,
    mean: Vector<f32, N>,
    squares: Vector<f32, N>,
    own: Vector<f32, N>,
    own_mean: Vector<f32, N>,
    own_squares: Vector<f32, N>,
) -> (Vector<f32, N>, Vector<f32, N>, Vector<f32, N>) {
    let all = count + own;
    let share = own / max(all, Vector::new(f32::new(1.0)));
    let distance = own_mean - mean;
    (
        all,
        mean + distance * share,
        squares + own_squares + distance * distance * count * share,
    )
}

/// Normalizes the pixels of each group. The first group's cubes also write the statistics, and add them to the
/// running ones.
#[cube(launch)]
pub(super) fn normalize_kernel<F: Float, N: Size>(
    rows: &Tensor<Vector<F, N>>,
    moments: &Tensor<Vector<f32, N>>,
    gamma: &Tensor<Vector<f32, N>>,
    beta: &Tensor<Vector<f32, N>>,
    factors: &Factors,
    plus: &Optional<F, N>,
    running_mean: &mut Tensor<Vector<f32, N>>,
    running_variance: &mut Tensor<Vector<f32, N>>,
    output: &mut Tensor<Vector<F, N>>,
    statistics: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    of_image: usize,
    epsilon: f32,
    momentum: f32,
    correction: f32,
    #[comptime] tile: Tile,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let channels = rows.shape(1) / rows.vector_size();
    let pixels = rows.shape(0);
    let groups = moments.shape(0);
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let mut counts = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut means = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut squares = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let mut count = Vector::<f32, N>::zeroed();
    let mut mean = Vector::<f32, N>::zeroed();
    let mut square = Vector::<f32, N>::zeroed();
    if channel < channels {
        let mut group = down;
        while group < groups {
            let (next_count, next_mean, next_square) = combined::<N>(
                count,
                mean,
                square,
                moments[group * 3 * channels + channel],
                moments[(group * 3 + 1) * channels + channel],
                moments[(group * 3 + 2) * channels + channel],
            );
            count = next_count;
            mean = next_mean;
            square = next_square;
            group += high;
        }
    }
    counts[down * wide + across] = count;
    means[down * wide + across] = mean;
    squares[down * wide + across] = square;
    sync_cube();
    if channel < channels {
        count = counts[across];
        mean = means[across];
        square = squares[across];
        let mut row = 1usize;
        while row < min(high, groups) {
            let (next_count, next_mean, next_square) = combined::<N>(
                count,
                mean,
                square,
                counts[row * wide + across],
                means[row * wide + across],
                squares[row * wide + across],
            );
            count = next_count;
            mean = next_mean;
            square = next_square;
            row += 1;
        }
        let variance = square / count;
        let deviation = (variance + Vector::new(epsilon)).sqrt();
        let scale = gamma[channel] / deviation;
        let shift = beta[channel];
        let begin = CUBE_POS_Y as usize * of_each;
        let end = min(begin + of_each, pixels);
        let mut pixel = begin + down;
        while pixel < end {
            let place = pixel * channels + channel;
            let distance = Vector::<f32, N>::cast_from(rows[place]) - mean;
            let value = multiplied::<N>(distance * scale + shift, factors, pixel / of_image);
            output[place] = Vector::cast_from(added::<F, N>(value, plus, place));
            pixel += high;
        }
        if CUBE_POS_Y == 0 && down == 0 {
            statistics[channel] = mean;
            statistics[channels + channel] = deviation;
            let weight = Vector::<f32, N>::new(momentum);
            let kept = Vector::<f32, N>::new(f32::new(1.0) - momentum);
            let unbiased = variance * Vector::new(correction);
            running_mean[channel] = running_mean[channel] * kept + mean * weight;
            running_variance[channel] = running_variance[channel] * kept + unbiased * weight;
        }
    }
}

/// One thread for each vector; normalizes by the running statistics.
#[cube(launch)]
pub(super) fn evaluate_kernel<F: Float, N: Size>(
    rows: &Tensor<Vector<F, N>>,
    gamma: &Tensor<Vector<f32, N>>,
    beta: &Tensor<Vector<f32, N>>,
    running_mean: &Tensor<Vector<f32, N>>,
    running_variance: &Tensor<Vector<f32, N>>,
    factors: &Factors,
    plus: &Optional<F, N>,
    output: &mut Tensor<Vector<F, N>>,
    of_image: usize,
    epsilon: f32,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= output.len() {
        terminate!();
    }
    let channels = output.shape(1) / output.vector_size();
    let channel = ABSOLUTE_POS % channels;
    let deviation = (running_variance[channel] + Vector::new(epsilon)).sqrt();
    let scale = gamma[channel] / deviation;
    let distance = Vector::<f32, N>::cast_from(rows[ABSOLUTE_POS]) - running_mean[channel];
    let image = ABSOLUTE_POS / channels / of_image;
    let value = multiplied::<N>(distance * scale + beta[channel], factors, image);
    output[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(value, plus, ABSOLUTE_POS));
}
