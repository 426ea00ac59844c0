//! Batch norm: statistics of channels, normalisation, and its gradients.
//!
//! Sums within an image are in single precision; sums over images are in double precision and in the
//! order of the images.

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

/// How many neighbouring pixels to treat as one with that many times the channels, so that the channels fill
/// whole lanes: a power of two; 1 if they do already or the number of pixels isn't a multiple.
fn pixels_together(channels: usize, pixels: usize) -> usize {
    let together = LANES >> channels.trailing_zeros().min(LANES.trailing_zeros());
    match pixels.is_multiple_of(together) {
        true => together,
        false => 1,
    }
}
