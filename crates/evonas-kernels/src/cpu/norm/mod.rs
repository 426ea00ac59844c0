//! Batch norm: statistics of channels, normalisation, and its gradients.
//!
//! Sums of one image are of single precision, sums over images of double precision and in the
//! images' order.

mod gradient;
mod statistics;

pub(super) use gradient::gradients;
pub(super) use statistics::{combine, of_images, statistics};

use rayon::prelude::*;

use super::flat::Affine;
use super::tasks::images_of_a_task;
use super::vector::LANES;

/// `target = scale · values + shift` by channel.
pub(super) fn apply(
    values: &[f32],
    affine: &Affine,
    channels: usize,
    pixels: usize,
    target: &mut [f32],
) {
    let size = channels * pixels;
    let images = images_of_a_task(values.len() / size, 2 * size);
    target
        .par_chunks_mut(images * size)
        .zip(values.par_chunks(images * size))
        .for_each(|(target, values)| affine.apply(values, target));
}

/// How many neighbouring pixels are taken for one with as many times the channels, so that these fill whole
/// lanes: 1 if they do or if the pixels don't come out even. A power of two.
fn pixels_together(channels: usize, pixels: usize) -> usize {
    let together = LANES >> channels.trailing_zeros().min(LANES.trailing_zeros());
    match pixels.is_multiple_of(together) {
        true => together,
        false => 1,
    }
}
