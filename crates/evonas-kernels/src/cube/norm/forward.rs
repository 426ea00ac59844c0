//! The kernels of the forward pass.

use cubecl::prelude::*;

use super::columns::column_sums;
use crate::cube::launch::Tile;
use crate::cube::optional::{Factors, Optional, added, multiplied, multiplied_by, rectified};

/// A layer of cubes for each of several inputs. Of input `n`, `moments` is `[groups, 3, channels]`, from group
/// `n · groups` on: the number of pixels in a group, their mean, and the sum of their squared distances from it.
#[cube(launch)]
pub(super) fn moments_kernel<F: Float, N: Size>(
    rows: &Sequence<Box<[Vector<F, N>]>>,
    moments: &mut Tensor<Vector<f32, N>>,
    pixels: usize,
    of_each: usize,
    #[comptime] inputs: usize,
    #[comptime] tile: Tile,
    #[define(F)] _dtype: ElemType,
) {
    let channels = moments.shape(2) / moments.vector_size();
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + UNIT_POS_X as usize;
    let begin = CUBE_POS_Y as usize * of_each;
    let end = min(begin + of_each, pixels);
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(2 * wide * high));
    let mut first = Vector::<f32, N>::zeroed();
    let mut sum = Vector::<f32, N>::zeroed();
    let mut square = Vector::<f32, N>::zeroed();
    #[unroll]
    for input in 0..inputs {
        if CUBE_POS_Z as usize == input && channel < channels {
            let rows = rows.index(input);
            // Distances from the first value keep their digits, whatever the mean.
            first = Vector::cast_from(rows[begin * channels + channel]);
            let mut pixel = begin + down;
            while pixel < end {
                let value = Vector::<f32, N>::cast_from(rows[pixel * channels + channel]);
                let distance = value - first;
                sum += distance;
                square += distance * distance;
                pixel += high;
            }
        }
    }
    let (sum, square) = column_sums::<N>(sum, square, &mut shared, tile);
    if down == 0 && channel < channels {
        let count = Vector::<f32, N>::new(f32::cast_from(end - begin));
        let mean = sum / count;
        let group = CUBE_POS_Z as usize * CUBE_COUNT_Y as usize + CUBE_POS_Y as usize;
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

/// The mean and the variance of a thread's channels, which all threads of a cube combine from groups. `shared` has room for
/// three values of each thread; other threads read it until the next [`sync_cube`].
#[cube]
pub(in crate::cube) fn statistics_of<N: Size>(
    moments: &[Vector<f32, N>],
    shared: &mut [Vector<f32, N>],
    first: usize,
    groups: usize,
    channel: usize,
    channels: usize,
    #[comptime] tile: Tile,
) -> (Vector<f32, N>, Vector<f32, N>) {
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let threads = comptime!(tile.threads());
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let mut count = Vector::<f32, N>::zeroed();
    let mut mean = Vector::<f32, N>::zeroed();
    let mut square = Vector::<f32, N>::zeroed();
    if channel < channels {
        let mut group = down;
        while group < groups {
            let from = (first + group) * 3;
            let (next_count, next_mean, next_square) = combined::<N>(
                count,
                mean,
                square,
                moments[from * channels + channel],
                moments[(from + 1) * channels + channel],
                moments[(from + 2) * channels + channel],
            );
            count = next_count;
            mean = next_mean;
            square = next_square;
            group += high;
        }
    }
    let own = down * wide + across;
    shared[own] = count;
    shared[own + threads] = mean;
    shared[own + comptime!(2 * threads)] = square;
    sync_cube();
    count = shared[across];
    mean = shared[across + threads];
    square = shared[across + comptime!(2 * threads)];
    let mut row = 1usize;
    while row < min(high, groups) {
        let from = row * wide + across;
        let (next_count, next_mean, next_square) = combined::<N>(
            count,
            mean,
            square,
            shared[from],
            shared[from + threads],
            shared[from + comptime!(2 * threads)],
        );
        count = next_count;
        mean = next_mean;
        square = next_square;
        row += 1;
    }
    (mean, square / count)
}

/// Adds a batch's statistics to the running ones.
#[cube]
pub(in crate::cube) fn add_to_running<N: Size>(
    running_mean: &mut [Vector<f32, N>],
    running_variance: &mut [Vector<f32, N>],
    channel: usize,
    mean: Vector<f32, N>,
    variance: Vector<f32, N>,
    momentum: f32,
    correction: f32,
) {
    let weight = Vector::<f32, N>::new(momentum);
    let kept = Vector::<f32, N>::new(f32::new(1.0) - momentum);
    let unbiased = variance * Vector::new(correction);
    running_mean[channel] = running_mean[channel] * kept + mean * weight;
    running_variance[channel] = running_variance[channel] * kept + unbiased * weight;
}

/// The numbers of a batch norm.
#[derive(CubeType, CubeLaunch)]
pub(in crate::cube) struct Numbers {
    pub(in crate::cube) epsilon: f32,
    pub(in crate::cube) momentum: f32,
    pub(in crate::cube) correction: f32,
}

/// Normalizes the pixels of each group of one or several inputs, adds these up, and takes the ReLU if `relu`. The first group's cubes also write the
/// statistics of each, and add them to the running ones.
#[cube(launch)]
pub(super) fn normalize_kernel<F: Float, N: Size>(
    rows: &Sequence<Box<[Vector<F, N>]>>,
    moments: &Tensor<Vector<f32, N>>,
    gamma: &Sequence<Box<[Vector<f32, N>]>>,
    beta: &Sequence<Box<[Vector<f32, N>]>>,
    factors: &Sequence<Box<[f32]>>,
    plus: &Optional<F, N>,
    running_mean: &mut Sequence<Box<[Vector<f32, N>]>>,
    running_variance: &mut Sequence<Box<[Vector<f32, N>]>>,
    output: &mut Tensor<Vector<F, N>>,
    statistics: &mut Sequence<Box<[Vector<f32, N>]>>,
    numbers: &Sequence<Numbers>,
    of_each: usize,
    of_image: usize,
    #[comptime] inputs: usize,
    #[comptime] has_factors: bool,
    #[comptime] relu: bool,
    #[comptime] tile: Tile,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    let channels = output.shape(1) / output.vector_size();
    let pixels = output.shape(0);
    let groups = moments.shape(0) / inputs;
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let down = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(3 * wide * high));
    let mut means = Array::<Vector<f32, N>>::new(inputs);
    let mut scales = Array::<Vector<f32, N>>::new(inputs);
    let mut shifts = Array::<Vector<f32, N>>::new(inputs);
    #[unroll]
    for input in 0..inputs {
        let (mean, variance) = statistics_of::<N>(
            moments,
            &mut shared,
            comptime!(input) * groups,
            groups,
            channel,
            channels,
            tile,
        );
        means[input] = mean;
        if channel < channels {
            let numbers = numbers.index(input);
            let deviation = (variance + Vector::new(numbers.epsilon)).sqrt();
            scales[input] = gamma.index(input)[channel] / deviation;
            // Without factors, one vector holds all shifts, since registers are few.
            if comptime!(has_factors || input == 0) {
                shifts[input] = beta.index(input)[channel];
            } else {
                shifts[0] += beta.index(input)[channel];
            }
            if CUBE_POS_Y == 0 && down == 0 {
                let statistics = statistics.index_mut(input);
                statistics[channel] = mean;
                statistics[channels + channel] = deviation;
                add_to_running::<N>(
                    running_mean.index_mut(input),
                    running_variance.index_mut(input),
                    channel,
                    mean,
                    variance,
                    numbers.momentum,
                    numbers.correction,
                );
            }
        }
        if comptime!(input + 1 < inputs) {
            sync_cube();
        }
    }
    if channel < channels {
        let begin = CUBE_POS_Y as usize * of_each;
        let end = min(begin + of_each, pixels);
        let mut pixel = begin + down;
        while pixel < end {
            let place = pixel * channels + channel;
            let mut sum = Vector::<f32, N>::zeroed();
            #[unroll]
            for input in 0..inputs {
                let distance = Vector::<f32, N>::cast_from(rows.index(input)[place]) - means[input];
                let mut value = distance * scales[input];
                if comptime!(has_factors || input == 0) {
                    value += shifts[input];
                }
                let value =
                    multiplied_by::<N>(value, factors, input, pixel / of_image, has_factors);
                if comptime!(input == 0) {
                    sum = value;
                } else {
                    sum += value;
                }
            }
            let sum = added::<F, N>(sum, plus, place);
            output[place] = Vector::cast_from(rectified::<N>(sum, relu));
            pixel += high;
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
