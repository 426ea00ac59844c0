//! Depthwise convolution of images whose channels fill whole lanes, and its gradients.
//!
//! For every eight channels, the image is copied into a padded plane, through the ReLU if there is one, so
//! that no window leaves the plane.

mod convolution;
mod grid;
mod plane;
mod weights;

pub(super) use convolution::PlaneConvolution;
pub(super) use grid::Shape;
pub(super) use plane::{Held, Negative, Plain, Plane, Relu};
pub(super) use weights::WeightGradient;

use super::vector::{LANES, blocks_of};

/// Weights by blocks of channels, `[block, tap, lane]`, from `[channel, tap]`.
pub(super) fn by_blocks(weights: &[f32], taps: usize) -> Vec<f32> {
    let channels = weights.len() / taps;
    let mut result = vec![0.0; blocks_of(channels) * taps * LANES];
    for (channel, values) in weights.chunks_exact(taps).enumerate() {
        let start = channel / LANES * taps * LANES + channel % LANES;
        for (tap, &value) in values.iter().enumerate() {
            result[start + tap * LANES] = value;
        }
    }
    result
}

/// Weights `[channel, tap]` from `[block, tap, lane]`.
pub(super) fn by_channels(blocks: &[f32], taps: usize, weights: &mut [f32]) {
    for (channel, values) in weights.chunks_exact_mut(taps).enumerate() {
        let start = channel / LANES * taps * LANES + channel % LANES;
        for (tap, value) in values.iter_mut().enumerate() {
            *value = blocks[start + tap * LANES];
        }
    }
}
