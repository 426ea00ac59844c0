//! The gradient by the image where there is a stride.

use cubecl::prelude::*;

use super::weight_gradient::add_groups;
use crate::cube::launch::Taps;
use crate::cube::optional::{Optional, added, masked};
use crate::cube::place::place_of;

/// One thread for each vector of the image, which gathers from the outputs that have seen it, for windows with
/// strides. Threads after the last one add up the groups of the weight's gradient.
#[cube(launch)]
pub(super) fn strided_gradient_kernel<F: Float, N: Size>(
    gradient: &Tensor<Vector<F, N>>,
    weight: &Tensor<f32>,
    mask: &Optional<F, N>,
    onto: &Optional<F, N>,
    image: &mut Tensor<Vector<F, N>>,
    sums: &[f32],
    by_weight: &mut [f32],
    #[comptime] taps: Taps,
    #[comptime] _given: u32,
    #[define(F)] _dtype: ElemType,
) {
    if ABSOLUTE_POS >= image.len() {
        add_groups(sums, by_weight, ABSOLUTE_POS - image.len(), image.shape(3));
        terminate!();
    }
    let channels = image.shape(3) / image.vector_size();
    let own = place_of(ABSOLUTE_POS, image.shape(1), image.shape(2), channels);
    let height = gradient.shape(1) as i32;
    let width = gradient.shape(2) as i32;
    let down = taps.down as i32;
    let right = taps.right as i32;
    let count = comptime!((taps.rows * taps.columns) as usize);
    let mut sum = Vector::<f32, N>::zeroed();
    #[unroll]
    for row in 0..taps.rows {
        let from_top = own.y as i32 + taps.above - (row * taps.dilation) as i32;
        if from_top >= 0 && from_top % down == 0 && from_top / down < height {
            #[unroll]
            for column in 0..taps.columns {
                let from_left = own.x as i32 + taps.left - (column * taps.dilation) as i32;
                if from_left >= 0 && from_left % right == 0 && from_left / right < width {
                    let line = own.image * gradient.shape(1) + (from_top / down) as usize;
                    let place = line * gradient.shape(2) + (from_left / right) as usize;
                    let mut by = Vector::<f32, N>::zeroed();
                    #[unroll]
                    for lane in 0..by.vector_size() {
                        let of_channel = (own.channel * by.vector_size() + lane) * count;
                        let tap = comptime!((row * taps.columns + column) as usize);
                        by.insert(lane, weight[of_channel + tap]);
                    }
                    sum += Vector::cast_from(gradient[place * channels + own.channel]) * by;
                }
            }
        }
    }
    let sum = masked::<F, N>(sum, mask, ABSOLUTE_POS);
    image[ABSOLUTE_POS] = Vector::cast_from(added::<F, N>(sum, onto, ABSOLUTE_POS));
}
