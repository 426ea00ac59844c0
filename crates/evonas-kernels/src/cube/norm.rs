//! Batch norm in two launches, and its gradients in two. Rows are `[pixels, channels]`, everything else is
//! `[channels]`.
//!
//! A cube reduces a group of pixels; the cubes of the second launch combine the groups for themselves, which
//! costs less than a launch in between. All sums have an order that depends on sizes alone.

use burn::backend::TensorMetadata as _;
use burn::tensor::DType;
use burn_cubecl::CubeBackend;
use burn_cubecl::tensor::CubeTensor;
use cubecl::prelude::*;

use super::launch::{Groups, Tile, contiguous, element, empty, empty_like, lanes, own, threads};
use super::optional::{Factors, Optional, added, multiplied, optional};
use crate::operations::{Epilogue, NormNumbers};

/// The most groups whose results every cube of the second launch combines.
const MOST_GROUPS: usize = 256;
/// The most cubes in a column of the second launch.
const MOST_CUBES: usize = 1 << 10;

/// `moments` is `[groups, 3, channels]`: the number of pixels in a group, their mean, and the sum of their
/// squared distances from it.
#[cube(launch)]
fn moments_kernel<F: Float, N: Size>(
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
fn normalize_kernel<F: Float, N: Size>(
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
fn evaluate_kernel<F: Float, N: Size>(
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

/// `sums` is `[groups, 2, channels]`: the sums of the gradient, and of its products with the normalized input.
#[cube(launch)]
fn gradient_sums_kernel<F: Float, N: Size>(
    rows: &Tensor<Vector<F, N>>,
    gradient: &Tensor<Vector<F, N>>,
    factors: &Factors,
    statistics: &Tensor<Vector<f32, N>>,
    sums: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    of_image: usize,
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
fn input_gradient_kernel<F: Float, N: Size>(
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

/// What the gradients need.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    rows: CubeTensor,
    gamma: CubeTensor,
    /// `[2, channels]`: the means, and the deviations (with epsilon).
    statistics: CubeTensor,
    /// The epilogue's.
    factors: Option<CubeTensor>,
    /// The pixels of an image.
    of_image: usize,
}

/// Normalizes rows. Returns the output, and the running mean and variance, which are updated in place
/// if nothing else holds them.
pub(super) fn forward(
    rows: CubeTensor,
    [gamma, beta, running_mean, running_variance]: [CubeTensor; 4],
    numbers: NormNumbers,
    epilogue: Epilogue<CubeBackend>,
    of_image: usize,
) -> (CubeTensor, [CubeTensor; 2], Saved) {
    let [pixels, channels] = rows.shape().dims();
    let client = rows.client.clone();
    let dtype = element(&rows);
    let lanes = lanes(channels);
    let groups = Groups::at_most(MOST_GROUPS, pixels, channels / lanes);
    let moments = empty(&rows, [groups.count, 3, channels], DType::F32);
    moments_kernel::launch(
        &client,
        groups.cubes(),
        groups.tile.dim(),
        lanes,
        rows.clone().into_tensor_arg(),
        moments.clone().into_tensor_arg(),
        groups.of_each,
        groups.tile,
        dtype,
    );
    let parts = Groups::at_most(MOST_CUBES, pixels, channels / lanes);
    let output = empty_like(&rows, [pixels, channels]);
    let statistics = empty(&rows, [2, channels], DType::F32);
    let running = [running_mean, running_variance].map(own);
    let factors = epilogue.factors.map(contiguous);
    normalize_kernel::launch(
        &client,
        parts.cubes(),
        parts.tile.dim(),
        lanes,
        rows.clone().into_tensor_arg(),
        moments.into_tensor_arg(),
        gamma.clone().into_tensor_arg(),
        beta.into_tensor_arg(),
        optional(factors.clone()),
        optional(epilogue.plus),
        running[0].clone().into_tensor_arg(),
        running[1].clone().into_tensor_arg(),
        output.clone().into_tensor_arg(),
        statistics.clone().into_tensor_arg(),
        parts.of_each,
        of_image,
        numbers.epsilon as f32,
        numbers.momentum as f32,
        numbers.correction as f32,
        parts.tile,
        dtype,
    );
    let saved = Saved {
        rows,
        gamma,
        statistics,
        factors,
        of_image,
    };
    (output, running, saved)
}

/// The gradients by the input, by gamma and by beta.
pub(super) fn backward(saved: Saved, gradient: CubeTensor) -> [CubeTensor; 3] {
    let Saved {
        rows,
        gamma,
        statistics,
        factors,
        of_image,
    } = saved;

    let [pixels, channels] = rows.shape().dims();
    let client = rows.client.clone();
    let dtype = element(&rows);
    let lanes = lanes(channels);
    let groups = Groups::at_most(MOST_GROUPS, pixels, channels / lanes);
    let sums = empty(&rows, [groups.count, 2, channels], DType::F32);
    gradient_sums_kernel::launch(
        &client,
        groups.cubes(),
        groups.tile.dim(),
        lanes,
        rows.clone().into_tensor_arg(),
        gradient.clone().into_tensor_arg(),
        optional(factors.clone()),
        statistics.clone().into_tensor_arg(),
        sums.clone().into_tensor_arg(),
        groups.of_each,
        of_image,
        groups.tile,
        dtype,
    );
    let parts = Groups::at_most(MOST_CUBES, pixels, channels / lanes);
    let by_rows = empty_like(&rows, [pixels, channels]);
    let [by_gamma, by_beta] = [(); 2].map(|()| empty(&rows, [channels], DType::F32));
    input_gradient_kernel::launch(
        &client,
        parts.cubes(),
        parts.tile.dim(),
        lanes,
        rows.into_tensor_arg(),
        gradient.into_tensor_arg(),
        optional(factors),
        statistics.into_tensor_arg(),
        gamma.into_tensor_arg(),
        sums.into_tensor_arg(),
        by_rows.clone().into_tensor_arg(),
        by_gamma.clone().into_tensor_arg(),
        by_beta.clone().into_tensor_arg(),
        parts.of_each,
        of_image,
        parts.tile,
        dtype,
    );
    [by_rows, by_gamma, by_beta]
}

/// Normalizes rows by the running statistics.
pub(super) fn evaluate(
    rows: CubeTensor,
    [gamma, beta, running_mean, running_variance]: [CubeTensor; 4],
    epsilon: f64,
    epilogue: Epilogue<CubeBackend>,
    of_image: usize,
) -> CubeTensor {
    let [pixels, channels] = rows.shape().dims();
    let output = empty_like(&rows, [pixels, channels]);
    let lanes = lanes(channels);
    let (count, dim) = threads(&output, pixels * channels / lanes);
    evaluate_kernel::launch(
        &output.client,
        count,
        dim,
        lanes,
        rows.into_tensor_arg(),
        gamma.into_tensor_arg(),
        beta.into_tensor_arg(),
        running_mean.into_tensor_arg(),
        running_variance.into_tensor_arg(),
        optional(epilogue.factors),
        optional(epilogue.plus),
        output.clone().into_tensor_arg(),
        of_image,
        epsilon as f32,
        element(&output),
    );
    output
}
