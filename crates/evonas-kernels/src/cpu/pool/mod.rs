//! Average, max and min pooling over windows. Padding never contributes to the result.

mod average;
mod extreme;
mod whole;

use rayon::prelude::*;

use self::average::Average;
use self::extreme::Extreme;
use super::recycled::{self, Memory};
use super::tasks::images_of_a_task;
use crate::pooling::Pooling;
use crate::window::Window;

/// Max or min pooling.
fn extreme(pooling: Pooling, window: &Window, channels: usize) -> Extreme<'_> {
    Extreme {
        window,
        channels,
        smallest: pooling == Pooling::Min,
    }
}

/// Pools every image, `[image, pixel, channel]`.
pub(super) fn forward(
    pooling: Pooling,
    images: &[f32],
    channels: usize,
    window: &Window,
    output: &mut [f32],
) {
    let size = window.pixels() * channels;
    let of_a_task = images_of_a_task(images.len() / size, size * window.taps());
    let tasks = output
        .par_chunks_mut(of_a_task * window.out_pixels() * channels)
        .zip(images.par_chunks(of_a_task * size));
    match pooling {
        Pooling::Average => {
            let average = Average::forward(window, channels);
            tasks.for_each(|(output, images)| average.averages(images, output));
        }
        Pooling::Max | Pooling::Min => {
            let extreme = extreme(pooling, window, channels);
            tasks.for_each(|(output, images)| extreme.forward(images, output));
        }
    }
}

/// The gradient by the images. Of equal values in a window, the first gets it.
pub(super) fn backward(
    pooling: Pooling,
    images: &[f32],
    gradient: &[f32],
    channels: usize,
    window: &Window,
) -> Memory {
    let size = window.pixels() * channels;
    let mut by_images = recycled::values(images.len());
    let of_a_task = images_of_a_task(images.len() / size, size * window.taps());
    let tasks = by_images
        .par_chunks_mut(of_a_task * size)
        .zip(images.par_chunks(of_a_task * size))
        .zip(gradient.par_chunks(of_a_task * window.out_pixels() * channels));
    match pooling {
        Pooling::Average => {
            let average = Average::backward(window, channels);
            tasks.for_each(|((by_images, _), gradient)| average.gradients(gradient, by_images));
        }
        Pooling::Max | Pooling::Min => {
            let extreme = extreme(pooling, window, channels);
            tasks.for_each(|((by_images, images), gradient)| {
                extreme.backward(images, gradient, by_images);
            });
        }
    }
    by_images
}
