//! Batch norm: statistics of channels, normalization, and its gradients.
//!
//! Sums within an image are in single precision; sums over images are in double precision and in the
//! order of the images.

mod gradient;
mod statistics;
mod together;

pub(super) use gradient::gradients;
pub(super) use statistics::{combine, of_images, statistics};

use rayon::prelude::*;

use super::flat::Affine;
use super::tasks::images_of_a_task;

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
