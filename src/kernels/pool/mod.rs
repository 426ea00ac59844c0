//! Average, max and min pooling over windows; padding is never part of the result.

mod average;
mod extreme;

use rayon::prelude::*;

use super::recycled;
use super::tasks::images_of_a_task;
use super::window::Window;

/// What a pooling takes of its window.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Take {
    Average,
    Max,
    Min,
}

impl Take {
    /// What average pooling multiplies sums with.
    fn shares(self, window: &Window) -> Vec<f32> {
        match self {
            Self::Average => average::shares(window),
            Self::Max | Self::Min => Vec::new(),
        }
    }

    /// What makes the extreme value the largest.
    const fn sign(self) -> f32 {
        match self {
            Self::Min => -1.0,
            Self::Average | Self::Max => 1.0,
        }
    }
}

/// Pools every image, `[image, pixel, channel]`.
pub(super) fn forward(
    take: Take,
    images: &[f32],
    channels: usize,
    window: &Window,
    output: &mut [f32],
) {
    let size = window.pixels() * channels;
    let of_a_task = images_of_a_task(images.len() / size, size * window.taps());
    let shares = take.shares(window);
    output
        .par_chunks_mut(of_a_task * window.out_pixels() * channels)
        .zip(images.par_chunks(of_a_task * size))
        .for_each(|(output, images)| match take {
            Take::Average => average::forward(images, channels, window, &shares, output),
            Take::Max | Take::Min => {
                extreme::forward(images, channels, window, take.sign(), output);
            }
        });
}

/// The gradient by the images. Of equal values in a window the first one gets it.
pub(super) fn backward(
    take: Take,
    images: &[f32],
    gradient: &[f32],
    channels: usize,
    window: &Window,
) -> Vec<f32> {
    let size = window.pixels() * channels;
    let mut by_images = recycled::values(images.len());
    let of_a_task = images_of_a_task(images.len() / size, size * window.taps());
    let shares = take.shares(window);
    by_images
        .par_chunks_mut(of_a_task * size)
        .zip(images.par_chunks(of_a_task * size))
        .zip(gradient.par_chunks(of_a_task * window.out_pixels() * channels))
        .for_each(|((by_images, images), gradient)| match take {
            Take::Average => average::backward(gradient, channels, window, &shares, by_images),
            Take::Max | Take::Min => {
                let sign = take.sign();
                extreme::backward(images, gradient, channels, window, sign, by_images);
            }
        });
    by_images
}
