//! The gradient by the weight, in two passes.

use cubecl::prelude::*;

use super::affine::affine_of;
use crate::cube::launch::{Taps, Tile};
use crate::cube::optional::rectified;

/// `sums` is `[groups, taps, channels]`: the gradient by the weight of each group of pixels. Each layer of cubes computes
/// a row of the window, so that its sums stay in registers and the code is short. `norm` is what [`affine_of`] reads, if the
/// image is normalized.
#[cube(launch)]
pub(super) fn weight_gradient_kernel<F: Float, N: Size>(
    image: &Tensor<Vector<F, N>>,
    gradient: &Tensor<Vector<F, N>>,
    norm: &Sequence<Box<[Vector<f32, N>]>>,
    sums: &mut Tensor<Vector<f32, N>>,
    of_each: usize,
    #[comptime] taps: Taps,
    #[comptime] normalized: bool,
    #[comptime] relu: bool,
    #[comptime] tile: Tile,
    #[define(F)] _dtype: ElemType,
) {
    let channels = gradient.shape(3) / gradient.vector_size();
    let wide = comptime!(tile.channels as usize);
    let high = comptime!(tile.rows as usize);
    let across = UNIT_POS_X as usize;
    let below = UNIT_POS_Y as usize;
    let channel = CUBE_POS_X as usize * wide + across;
    let group = CUBE_POS_Y as usize;
    let row = CUBE_POS_Z;
    let height = image.shape(1) as i32;
    let width = image.shape(2) as i32;
    let columns = comptime!(taps.columns as usize);
    let mut own = Array::<Vector<f32, N>>::new(columns);
    #[unroll]
    for column in 0..columns {
        own[column] = Vector::zeroed();
    }
    if channel < channels {
        let affine = affine_of::<N>(norm, channel, channels, normalized);
        let pixels = gradient.shape(0) * gradient.shape(1) * gradient.shape(2);
        let end = min((group + 1) * of_each, pixels);
        let mut pixel = group * of_each + below;
        while pixel < end {
            let x = pixel % gradient.shape(2);
            let line = pixel / gradient.shape(2);
            let y = line % gradient.shape(1);
            let number = line / gradient.shape(1);
            let image_y = (y as u32 * taps.down + row * taps.dilation) as i32 - taps.above;
            if image_y >= 0 && image_y < height {
                let value = Vector::<f32, N>::cast_from(gradient[pixel * channels + channel]);
                let base = (number * image.shape(1) + image_y as usize) * image.shape(2);
                #[unroll]
                for column in 0..taps.columns {
                    let image_x =
                        (x as u32 * taps.right + column * taps.dilation) as i32 - taps.left;
                    if image_x >= 0 && image_x < width {
                        let place = (base + image_x as usize) * channels + channel;
                        let seen = affine.of(Vector::cast_from(image[place]), normalized);
                        own[comptime!(column as usize)] += value * rectified::<N>(seen, relu);
                    }
                }
            }
            pixel += high;
        }
    }
    let mut shared = Shared::<[Vector<f32, N>]>::new_slice(comptime!(wide * high));
    let first = (group * comptime!(taps.rows as usize) + row as usize) * columns;
    #[unroll]
    for column in 0..columns {
        shared[below * wide + across] = own[column];
        sync_cube();
        if below == 0 && channel < channels {
            let mut sum = own[column];
            let mut next = 1usize;
            while next < high {
                sum += shared[next * wide + across];
                next += 1;
            }
            sums[(first + column) * channels + channel] = sum;
        }
        sync_cube();
    }
}

/// The gradient by the weight of each group of pixels, `[groups, taps, channels]`, and their sum,
/// `[channels, 1, rows, columns]`.
#[derive(CubeType, CubeLaunch)]
pub(super) struct GroupSums {
    pub(super) sums: Box<[f32]>,
    pub(super) weight: Box<[f32]>,
}

/// Adds up the groups of one weight's gradient. Nothing happens after the last one.
#[cube]
pub(super) fn add_groups(sums: &[f32], weight: &mut [f32], number: usize, channels: usize) {
    let weights = weight.len();
    if number < weights {
        // Neighboring threads read neighboring channels.
        let channel = number % channels;
        let tap = number / channels;
        let mut sum = f32::new(0.0);
        for group in 0..sums.len() / weights {
            sum += sums[group * weights + number];
        }
        weight[channel * (weights / channels) + tap] = sum;
    }
}

/// One thread for each weight.
#[cube(launch)]
pub(super) fn add_groups_kernel(sums: &[f32], weight: &mut [f32], channels: usize) {
    add_groups(sums, weight, ABSOLUTE_POS, channels);
}
